"The pages of the site in a browser with no way out: readable by all, light, at rest, and with a memory."
import re
from itertools import combinations

import pytest
from browser.harness import axe
from built import Visit, by_quarto, calm, chapters, lessons, pages, reader, reference, urls, visit
from visits import desk, found, phone

pytestmark = pytest.mark.slow


# What one visit of each page finds

@pytest.mark.parametrize('url', urls)
def test_page_keeps_to_itself(found, url):
    "It asks nothing of another host"
    assert found(url).asked == []


@pytest.mark.parametrize('url', urls)
def test_page_has_no_error(found, url): assert found(url).errors == []


@pytest.mark.parametrize('look', ['light', 'dark', 'phone', 'dark phone'])
@pytest.mark.parametrize('url', urls)
def test_page_is_readable_by_all(found, url, look):
    "WCAG 2.2 AA"
    assert found(url).violations[look] == []


@pytest.mark.parametrize('url', urls)
def test_pictures_have_words(found, url): assert found(url).nameless == []


@pytest.mark.parametrize('url', urls)
def test_pictures_are_there(found, url): assert found(url).broken == []


@pytest.mark.parametrize('url', urls)
def test_nothing_is_wider_than_the_window(found, url): assert max(found(url).overflow.values()) <= 0


@pytest.mark.parametrize('url', urls)
def test_notes_in_the_margin_cover_nothing(found, url): assert found(url).covered == []


@pytest.mark.parametrize('url', urls)
def test_no_code_hides_a_part_of_itself_on_a_phone(found, url): assert found(url).cut == []


@pytest.mark.parametrize('url', urls)
def test_printed_columns_stay_columns_on_a_phone(found, url): assert found(url).crumpled == []


@pytest.mark.parametrize('url', chapters)
def test_notes_in_the_margin_leave_no_hole(found, url): assert found(url).holes == []


@pytest.mark.parametrize('url', lessons)
def test_pictures_of_a_row_are_of_one_size(found, url): assert [o for look in found(url).uneven.values() for o in look] == []


@pytest.mark.parametrize('url', lessons)
def test_no_picture_stands_alone_below_its_row(found, url): assert [o for look in found(url).lonely.values() for o in look] == []


@pytest.mark.parametrize('url', lessons)
def test_nothing_is_seen_before_the_guess(found, url): assert found(url).leaks == []


@pytest.mark.parametrize('url', urls)
def test_a_table_that_scrolls_looks_so(found, url): assert found(url).silent == []


@pytest.mark.parametrize('url', urls)
def test_a_number_stays_with_its_spread_and_its_name(found, url): assert found(url).torn == []


@pytest.mark.parametrize('url', urls)
def test_a_short_name_is_no_tower(found, url): assert found(url).towers == []


@pytest.mark.parametrize('url', urls)
def test_code_breaks_between_names_on_a_phone(found, url): assert found(url).halved == []


@pytest.mark.parametrize('url', urls)
def test_buttons_and_links_share_a_line(found, url): assert found(url).piled + found(url).astray == []


@pytest.mark.parametrize('url', urls)
def test_sentences_in_a_table_have_room_on_a_phone(found, url): assert found(url).narrow == []


@pytest.mark.parametrize('url', urls)
def test_words_look_alike_in_both_builds(found, url):
    "What Quarto's style sheet does to links in bold, to paragraphs that a cell made, above a widget and below a table"
    assert found(url).thin + found(url).sprawling + found(url).adrift == []
    assert found(url).crowded == 0


@pytest.mark.parametrize('url', urls)
def test_the_sidebar_shows_where_the_page_is(found, url): assert found(url).lost == 0


@pytest.mark.parametrize('url', urls)
def test_figures_are_as_large_as_they_were_drawn_and_have_an_edge(found, url): assert found(url).shrunk + found(url).edgeless == []


@pytest.mark.parametrize('url', urls)
def test_print_is_black_and_says_what_words_mean(found, url): assert found(url).inked + found(url).unsaid == []


@pytest.mark.parametrize('url', urls)
def test_blocks_of_code_stand_apart(found, url): assert found(url).touching == 0


@pytest.mark.parametrize('url', urls)
def test_88_columns_of_code_fit_on_a_desk(found, url):
    "As many as a chapter may have, and large enough to read"
    assert found(url).wrapped == []
    assert found(url).letters >= 13


@pytest.mark.parametrize('url', urls)
def test_targets_can_be_hit(found, url):
    "24 by 24 pixels, but for links within a sentence"
    assert found(url).small == []


@pytest.mark.parametrize('url', urls)
def test_no_picture_is_longer_than_a_sheet(found, url): assert found(url).tall == []


@pytest.mark.parametrize('url', urls)
def test_the_text_alone_is_printed(found, url): assert found(url).furniture == []


@pytest.mark.parametrize('url', urls)
def test_a_dark_page_is_printed_light(found, url): assert found(url).dark == []


@pytest.mark.parametrize('url', urls)
def test_a_sheet_cuts_no_table(found, url): assert found(url).split == 0


@pytest.mark.parametrize('url', urls)
def test_what_announces_goes_along_to_the_next_sheet(found, url): assert found(url).alone == []


@pytest.mark.parametrize('url', urls)
def test_printed_tables_can_be_read(found, url): assert found(url).small_print == []


@pytest.mark.parametrize('url', urls)
def test_print_takes_the_whole_paper(found, url): assert found(url).paper > .9


@pytest.mark.parametrize('url', chapters)
def test_chapter_is_light(found, pages, url):
    "Of the 320 kB that a chapter may weigh, Quarto brings 140 itself"
    assert found(url).weight <= (320_000 if by_quarto(pages) else 180_000)


@pytest.mark.parametrize('url', urls)
def test_nothing_jumps(found, url):
    "Widgets come to life without moving what is being read"
    assert found(url).shift < .1


# What a visitor does

@pytest.mark.parametrize('url', ['index.html', chapters[0]])
def test_print_has_no_blank_page(calm, url):
    page = calm.open(url)
    pdf = page.pdf(format='A4')
    empty = [o for o in re.findall(rb'/Type /Page\b.*?endobj', pdf, re.S) if b'/Contents' not in o]
    assert empty == []


@pytest.fixture(scope='module')
def plain_visit(chrome, pages):
    "A browser that runs no scripts"
    res = Visit(chrome, pages, java_script_enabled=False)
    yield res
    res.window.close()


@pytest.mark.parametrize('url', chapters)
def test_chapter_without_scripts(plain_visit, url):
    "Questions, their answers and all pictures are there"
    page = plain_visit.open(url)
    assert plain_visit.asked == []
    assert page.locator('main h1').count() == 1
    assert page.locator('.mx-fb').first.is_visible()
    assert page.locator('.mx-fb details').count() > (0 if 'capstone' in url else 5)


def test_what_a_chapter_needs_is_a_sentence(calm):
    "Its links stand within it, with spaces around"
    page = calm.open('chapters/cutmix.html')
    said = [o for o in page.locator('.mx-meta .mx-item').all_inner_texts() if o.startswith('You need')]
    assert len(said) == 1
    assert re.fullmatch(r'You need \w[^\n]* and \w[^\n]*', said[0])


def test_a_chapter_has_the_whole_width(calm):
    "Nothing that a script adds takes a column of its own"
    page = calm.open('chapters/cutmix.html')
    page.get_by_role('button', name='Mark this chapter as done').wait_for()
    assert page.locator('main').bounding_box()['width'] > 800


def test_wide_widgets_use_the_width(calm):
    page = calm.open('chapters/cutmix.html')
    text = page.locator('main section > p').first.bounding_box()['width']
    widget = page.locator('.mx:is([data-kind=explorer], [data-kind=trace])').first.bounding_box()['width']
    assert widget > 1.2*text


def test_a_figure_can_be_seen_as_large_as_it_was_drawn(reader):
    "On a phone, by a button below it"
    page = reader(viewport=phone).open('chapters/why.html')
    figure = page.locator('main img[src$=".svg"]:not(.mx-meta *):visible').first
    drawn = int(figure.get_attribute('width'))
    larger = page.get_by_role('button', name='Larger', exact=True).first
    larger.click()
    shown = page.get_by_role('dialog').get_by_role('img')
    assert shown.bounding_box()['width'] > drawn > figure.bounding_box()['width']
    assert shown.get_attribute('alt') == figure.get_attribute('alt')
    assert axe(page) == []
    page.keyboard.press('Escape')
    assert page.get_by_role('dialog').count() == 0
    assert larger.evaluate('o => o === document.activeElement')


def test_a_desk_needs_no_such_button(calm):
    page = calm.open('chapters/why.html')
    assert not page.locator('.mx-larger').first.is_visible()


def test_a_small_table_is_no_wider_than_it_needs(calm):
    "Bootstrap would stretch it over the page"
    page = calm.open('chapters/tuning.html')
    few = page.locator('main table.dataframe').evaluate_all('all => all.filter(o => o.rows[0].cells.length < 4).map(o => o.offsetWidth)')
    assert few and max(few) < 500


def test_the_text_keeps_off_the_head_of_a_page(reader):
    page = reader(viewport=phone).open('evidence.html')
    head, after = page.locator('#title-block-header'), page.locator('#title-block-header + *')
    assert after.bounding_box()['y'] - head.bounding_box()['y'] - head.bounding_box()['height'] > 8


@pytest.mark.parametrize('size', [desk, phone])
@pytest.mark.parametrize('url', [o for o in reference if re.fullmatch(r'api/(\w+)/\1.html', o)])
def test_rooms_are_a_picture(reader, url, size):
    "Each is a box of its own within the page, all of which is a link; words stay in their box, an arrow leads from each stage to the next"
    page = reader(viewport=size).open(url)
    rooms, boxes = page.locator('.mx-rooms li li'), """all => all.map(o => o.getBoundingClientRect()).map(o => [o.left, o.top, o.right, o.bottom])"""
    places = rooms.evaluate_all(boxes)
    assert len(places) > 8
    assert all(0 <= left and right <= size['width'] for left, _, right, _ in places)
    assert [(a, b) for a, b in combinations(places, 2) if a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]] == []
    assert rooms.evaluate_all('all => all.filter(o => o.scrollWidth > o.clientWidth + 1 && !o.nextElementSibling).map(o => o.textContent)') == []
    arrows = page.locator('.mx-rooms ol > li:not(:last-child)').evaluate_all("all => all.map(o => getComputedStyle(o, '::after').content[1])")
    assert set(arrows) <= {'↓', '→'} and arrows
    rooms.last.scroll_into_view_if_needed()
    left, top, right, bottom = rooms.evaluate_all(boxes)[-1]
    page.mouse.click(right-4, bottom-4)
    page.wait_for_url(lambda o: not o.endswith(url))


# The first page

@pytest.mark.parametrize('size', [desk, phone])
def test_landing_page_shows_at_once_what_it_is_about(reader, size):
    "Above the fold: a sentence, one button, and a picture that moves under the hand"
    page = reader(viewport=size).open('index.html')
    fold = size['height']
    assert page.locator('h1').bounding_box()['y'] < fold/2
    button = page.get_by_role('link', name='Start the course', exact=True)
    assert button.count() == 1
    assert button.bounding_box()['y'] + button.bounding_box()['height'] < fold
    stage = page.locator('.mx[data-kind=explorer]').bounding_box()
    assert stage['y'] + 100 < fold


def test_landing_page_has_three_doors(calm):
    page = calm.open('index.html')
    assert page.locator('.mx-doors b').all_text_contents() == ['Learn', 'Use', 'Contribute']
    page.get_by_role('link', name='Start the course', exact=True).click()
    assert page.url.endswith(lessons[0])


def test_picture_moves_under_the_hand(calm):
    page = calm.open('index.html')
    slider = page.locator('.mx[data-kind=explorer] input[type=range]').first
    before = page.locator('.mx[data-kind=explorer]').inner_text()
    slider.focus()
    for _ in range(8): slider.press('ArrowLeft')
    assert page.locator('.mx[data-kind=explorer]').inner_text() != before


# What a reader did

def mark(page, chapter): return page.locator(f'#quarto-sidebar a[href*="{chapter}.html"] .mx-progress')


def test_progress_is_marked(reader):
    v = reader()
    page = v.open('chapters/mixup.html')
    assert mark(page, 'mixup').count() == 0
    quiz = page.locator('.mx[data-kind=quiz] .mx-ui')
    quiz.locator('input[type=radio]').first.check()
    quiz.get_by_role('button', name='Check').first.click()
    page.wait_for_timeout(50)
    assert re.fullmatch(r'begun, 1 of \d+ answered', mark(page, 'mixup').get_attribute('title'))
    quiz.get_by_role('textbox').first.fill('1')
    quiz.get_by_role('textbox').first.press('Enter')
    page.wait_for_timeout(50)
    assert re.fullmatch(r'begun, 2 of \d+ answered', mark(page, 'mixup').get_attribute('title')), 'by keyboard as well'
    page = v.open('chapters/alpha.html')
    assert mark(page, 'mixup').count() == 1, 'on every page'


def test_a_chapter_can_be_called_done(reader):
    v = reader()
    page = v.open('chapters/mixup.html')
    page.get_by_role('button', name='Mark this chapter as done').click()
    assert mark(page, 'mixup').get_attribute('title') == 'done'
    page = v.open('index.html')
    assert page.locator('.mx-chapters a[href*="mixup"] .mx-progress').get_attribute('title') == 'done'
    page = v.open('chapters/mixup.html')
    page.get_by_role('button', name='Done. Take it back').click()
    assert mark(page, 'mixup').get_attribute('title') == 'begun', 'the button stands at its end'


def test_reader_continues_where_he_was(reader):
    v = reader()
    page = v.open('index.html')
    assert not page.locator('.mx-continue').is_visible()
    page = v.open('chapters/cutmix.html')
    heading = page.locator('main section.level2 > h2').nth(2)
    heading.evaluate('o => o.scrollIntoView()')
    page.wait_for_timeout(500)
    name = heading.text_content().strip()
    page = v.open('index.html')
    link = page.locator('.mx-continue a')
    assert link.text_content() == f'CutMix: {name}'
    link.click()
    page.wait_for_url('**/chapters/cutmix.html#*')
    assert mark(page, 'cutmix').get_attribute('title').startswith('begun')


@pytest.mark.parametrize('left', ['{"href": "javascript:alert(1)"}', '{"href": "chapters/x.html#<b>"}', 'null', '[', '7'])
def test_a_spoiled_memory_is_no_link(reader, left):
    v = reader()
    v.page.add_init_script(f'localStorage.setItem("mixcourse:place", {left!r})')
    page = v.open('index.html')
    assert not page.locator('.mx-continue').is_visible()
    assert v.errors == []


@pytest.mark.parametrize('url', ['chapters/mixup.html', 'index.html', '404.html'])
def test_light_and_dark_can_be_chosen(reader, url):
    "The choice holds on all pages, and for widgets"
    v = reader(color_scheme='light')
    page = v.open(url)
    def ground(which): return page.evaluate(f"getComputedStyle(document.querySelector('{which}')).backgroundColor")
    light = ground('body')
    page.get_by_role('button', name='Dark page').click()
    dark = ground('body')
    assert dark != light
    page = v.open('chapters/alpha.html')
    assert ground('body') == ground('.mx[data-on]') == dark
    page.get_by_role('button', name='Light page').click()
    assert ground('body') == light


def test_dark_comes_without_scripts(reader):
    page = reader(color_scheme='dark', java_script_enabled=False).open('chapters/mixup.html')
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == 'rgb(20, 24, 30)'


def test_pages_open_from_a_disk(chrome, pages):
    "The site as it was taken along: no server, no error"
    window = chrome.new_context()
    page, errors = window.new_page(), []
    page.on('pageerror', lambda e: errors.append(str(e)))
    page.goto((pages/'chapters/mixup.html').as_uri())
    page.wait_for_selector('.mx[data-on]')
    page.locator('.nav-page-next a').click()
    title = page.locator('h1').text_content()
    window.close()
    assert title and errors == []


def test_a_finger_asks_for_a_meaning_and_stays(reader):
    page = reader(viewport=phone, is_mobile=True, has_touch=True).open('chapters/why.html')
    word = page.locator('main a.term-link').first
    word.scroll_into_view_if_needed()
    box = word.bounding_box()
    page.touchscreen.tap(box['x'] + box['width']/2, box['y'] + box['height']/2)
    page.locator('main .term-meaning').first.wait_for()
    assert page.url.endswith('chapters/why.html')


@pytest.mark.quarto
@pytest.mark.parametrize('look', ['light', 'dark'])
def test_search_finds_words(reader, look):
    page = reader(color_scheme=look).open('index.html')
    page.locator('#quarto-search button').first.click()
    page.keyboard.type('cutmix')
    page.wait_for_selector('.aa-Item a')
    page.locator('mark').first.wait_for()
    assert page.locator('.aa-Item').count() > 2
    assert axe(page, ['color-contrast']) == []


@pytest.mark.quarto
def test_sidebar_opens_on_a_phone(reader):
    page = reader(viewport=phone).open('chapters/mixup.html')
    assert not page.locator('#quarto-sidebar').is_visible()
    page.get_by_role('button', name='Toggle sidebar navigation').click()
    page.wait_for_timeout(500)
    assert page.locator('#quarto-sidebar').is_visible()
    assert axe(page) == []


@pytest.mark.quarto
def test_sections_open_by_keyboard(calm):
    page = calm.open('chapters/mixup.html')
    page.get_by_role('button', name='Library', exact=True).press('Enter')
    page.wait_for_timeout(500)
    assert page.get_by_role('button', name='In a Learner', exact=True).is_visible()
