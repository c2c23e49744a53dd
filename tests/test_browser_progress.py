"What a reader did is kept: across tabs, copies of a widget, Back, a wrong clock, and where the browser keeps nothing."
import json

import pytest
from browser.harness import host, page_of, ui

from mixcourse.teach.items import Fault, Line, Option, Prompt, Question
from mixcourse.teach.questions import Cards, Predict, Quiz, Repair


def yes_no(name): return Question(name, 'single', name, options=(Option('no', 'It is not.'), Option('yes', 'It is.', True)))


def deck(*names): return Cards({f't.{o}': yes_no(o) for o in names})


both = Quiz({'t.a': yes_no('a'), 't.b': yes_no('b')})
guess = Predict('t.guess', Prompt('guess', 'Heads or tails?', ('heads', 'tails'), 'It stands on its edge.'))
faulty = Repair('t.fault', Fault('fault', 'What fails?', (Line('x = 1', 'Fine.'), Line('y = 2', 'Wrong.', True)), 'out', ('y = 3',), 'out'))


def tabs(site, *parts, count=2):
    "Tabs of one browser that show the same page"
    ctx = site.context({'/': page_of(*parts), '/other': page_of('<p>elsewhere</p>')})
    res = [site.watch(ctx.new_page()) for _ in range(count)]
    for page in res:
        page.set_default_timeout(5000)
        page.goto(host+'/')
        page.wait_for_selector('.mx[data-on]')
    return res


def answer(page, nth, text='yes'):
    field = page.locator('fieldset').nth(nth)
    field.get_by_label(text, exact=True).check()
    field.get_by_role('button', name='Check').click()


def know(page):
    page.get_by_role('button', name='Show the answer').first.click()
    page.get_by_role('button', name='I knew it').first.click()


def stored(page, kind): return json.loads(page.evaluate('key => localStorage.getItem(key)', f'mixcourse:{kind}') or '{}')


def boxes(page, nth=0): return [int(o) for o in ui(page, 'cards', nth).locator('.mx-boxes b').all_inner_texts()]


# two tabs

def test_two_tabs_keep_both_answers(site):
    a, b = tabs(site, both)
    answer(a, 0)
    answer(b, 1, 'no')
    assert stored(a, 'quiz') == {'t.a': 1, 't.b': 0}


def test_a_tab_shows_what_another_wrote(site):
    a, b = tabs(site, both)
    answer(a, 0)
    b.get_by_text('1 of 2 right').wait_for()
    assert b.locator('fieldset').first.get_by_label('yes').is_checked()
    a.get_by_role('button', name='Start this page over').click()
    b.get_by_text('0 of 2 right').wait_for()
    assert not b.locator('fieldset').first.get_by_label('yes').is_checked()


def test_a_choice_that_was_not_checked_survives_another_tab(site):
    a, b = tabs(site, both, guess)
    b.locator('fieldset').nth(1).get_by_label('no', exact=True).check()
    b.get_by_label('tails').check()
    answer(a, 0)
    b.get_by_text('1 of 2 right').wait_for()
    assert b.locator('fieldset').nth(1).get_by_label('no', exact=True).is_checked()
    assert b.get_by_label('tails').is_checked()


def test_two_tabs_keep_the_cards_of_both(site):
    a, b = tabs(site, deck('c', 'd', 'e'))
    for _ in range(3): know(a)
    b.locator('.mx-boxes b', has_text='3').wait_for()
    look_again(b)
    assert b.get_by_text('Done for today').is_visible()
    b.get_by_role('button', name='Practice all cards').click()
    know(b)
    assert sorted(o[0] for o in stored(a, 'cards').values()) == [1, 1, 2]
    assert boxes(b) == [0, 2, 1, 0, 0]


def test_a_card_in_the_hand_can_be_answered_though_another_tab_knew_it(site):
    a, b = tabs(site, deck('c', 'd', 'e'))
    for _ in range(3): know(a)
    b.get_by_role('button', name='Show the answer').click()
    b.get_by_role('button', name='Once more').click()
    assert sorted(o[0] for o in stored(a, 'cards').values()) == [0, 1, 1]


def test_two_tabs_keep_guesses_and_repairs(site):
    a, b = tabs(site, guess, faulty)
    a.get_by_label('heads').check()
    a.get_by_role('button', name='Commit').click()
    ui(b, 'repair').get_by_role('radio').nth(1).check()
    ui(b, 'repair').get_by_role('button', name='Check this line').click()
    a.wait_for_function("localStorage.getItem('mixcourse:repair')")  # what one tab wrote reaches the other a moment later
    assert stored(a, 'predict') == {'t.guess': 0}
    assert stored(a, 'repair') == {'t.fault': 1}
    assert ui(b, 'predict').get_by_text('It stands on its edge.').is_visible()


def test_a_page_leaves_alone_what_belongs_to_others(site):
    page, = tabs(site, both, count=1)
    page.evaluate("localStorage.setItem('mixcourse:quiz', JSON.stringify({'other.q': 2}))")
    answer(page, 0)
    assert stored(page, 'quiz') == {'other.q': 2, 't.a': 1}
    page.get_by_role('button', name='Start this page over').click()
    assert stored(page, 'quiz') == {'other.q': 2}


# two copies on a page

def test_copies_of_a_quiz_are_one(site):
    page, = tabs(site, both, both, count=1)
    answer(page, 0)
    assert page.get_by_text('1 of 2 right').count() == 2
    assert page.locator('fieldset').nth(2).get_by_label('yes').is_checked()
    answer(page, 3)
    assert stored(page, 'quiz') == {'t.a': 1, 't.b': 1}
    assert page.get_by_text('2 of 2 right').count() == 2
    page.locator('fieldset').nth(2).get_by_label('no', exact=True).check()  # takes the answer back, in both
    assert stored(page, 'quiz') == {'t.b': 1}
    assert page.locator('fieldset').nth(2).get_by_label('no', exact=True).is_checked()


def test_copies_of_a_deck_are_one(site):
    page, = tabs(site, deck('c', 'd'), deck('d', 'e'), count=1)
    know(page)
    know(page)
    assert boxes(page) == [0, 2, 0, 0, 0]
    assert boxes(page, 1) == [1, 1, 0, 0, 0]
    assert ui(page, 'cards', 1).locator('.mx-front').inner_text().startswith('e')


def test_outputs_with_scripts_of_their_own_share_what_is_kept(site):
    page = site.open(page='<!doctype html><html lang=en><title>t</title><body>'+both.html()+both.html())
    page.wait_for_function("document.querySelectorAll('.mx[data-on]').length === 2")
    answer(page, 0)
    assert page.get_by_text('1 of 2 right').count() == 2


# Back

def test_a_page_that_comes_back_knows_what_happened(site):
    a, b = tabs(site, both, deck('c'))
    a.goto(host+'/other')
    answer(b, 0)
    know(b)
    a.go_back()
    a.get_by_text('1 of 2 right').wait_for()
    answer(a, 1)
    assert stored(a, 'quiz') == {'t.a': 1, 't.b': 1}
    assert boxes(a) == [0, 1, 0, 0, 0]


def test_pageshow_reads_anew(site):
    "Chromium keeps no page of a test alive, so what it would do is done by hand"
    page, = tabs(site, both, count=1)
    page.evaluate("localStorage.setItem('mixcourse:quiz', JSON.stringify({'t.b': 1}))")
    page.evaluate("window.dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    assert page.get_by_text('1 of 2 right').is_visible()


# storage that refuses

refuse = '''<script>Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError') }</script>'''
forbid = '''<script>Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('no', 'SecurityError') }})</script>'''


@pytest.mark.parametrize('head', [refuse, forbid], ids=['quota full', 'storage throws'])
def test_where_nothing_can_be_kept_the_page_remembers_and_says_so(site, head):
    page = site.open(page=page_of(both, deck('c', 'd'), guess, head=head))
    assert not page.locator('.mx-note').count()
    answer(page, 0)
    answer(page, 1)
    assert page.get_by_text('2 of 2 right').is_visible()
    assert page.locator('.mx[data-kind=quiz] > .mx-note').inner_text().startswith('This browser keeps no more')
    know(page)
    know(page)
    assert boxes(page) == [0, 2, 0, 0, 0]
    page.get_by_label('tails').check()
    page.get_by_role('button', name='Commit').click()
    assert ui(page, 'predict').get_by_text('It stands on its edge.').is_visible()


def test_room_that_is_found_again_takes_all_of_it(site):
    page = site.open(page=page_of(both, head='<script>window.put = Storage.prototype.setItem</script>'+refuse))
    answer(page, 0)
    assert stored(page, 'quiz') == {}
    page.evaluate('void (Storage.prototype.setItem = put)')
    answer(page, 1)
    assert stored(page, 'quiz') == {'t.a': 1, 't.b': 1}
    assert not page.locator('.mx-note').is_visible()


# the clock

def at(page, time): page.clock.set_fixed_time(time)


def look_again(page): page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


@pytest.fixture
def practiced(site):
    "Two cards that were known on 1 January"
    page = site.watch(site.context({'/': page_of(deck('c', 'd'))}).new_page())
    at(page, '2026-01-01T08:00:00')
    page.goto(host+'/')
    know(page)
    know(page)
    return page


def test_cards_come_back_in_a_tab_left_open(practiced):
    assert practiced.get_by_text('Done for today').is_visible()
    at(practiced, '2026-01-02T09:00:00')
    look_again(practiced)
    assert practiced.get_by_text('2 cards to go today').is_visible()
    know(practiced)
    assert boxes(practiced) == [0, 1, 1, 0, 0]


@pytest.mark.parametrize('now', ['2020-06-01T08:00:00', '2025-12-31T20:00:00'])
def test_a_clock_that_was_ahead_keeps_no_card_waiting(practiced, now):
    at(practiced, now)
    look_again(practiced)
    assert practiced.get_by_text('2 cards to go today').is_visible()
    know(practiced)
    know(practiced)
    assert practiced.get_by_text('Done for today').is_visible()
    assert boxes(practiced) == [0, 0, 2, 0, 0]


def test_a_card_in_the_hand_stays_there(practiced):
    practiced.get_by_role('button', name='Practice all cards').click()
    practiced.get_by_role('button', name='Show the answer').click()
    front = practiced.locator('.mx-front').inner_text()
    at(practiced, '2026-01-03T09:00:00')
    look_again(practiced)
    assert practiced.locator('.mx-front').inner_text() == front
    assert practiced.get_by_role('button', name='I knew it').is_visible()


def test_all_cards_can_be_practiced_at_the_same_instant(practiced):
    practiced.get_by_role('button', name='Practice all cards').click()
    for left in (2, 1):
        assert practiced.get_by_text(f'{left} card').is_visible()
        know(practiced)
    assert practiced.get_by_text('Done for today').is_visible()


# the order of the options

def test_options_have_an_order_of_the_reader(site):
    many = Quiz({f't.{i}': Question(f'{i}', 'single', f'{i}', options=tuple(Option(o, 'why', o == 'c') for o in 'abcde')) for i in range(6)})

    def orders(page): return [o.locator('.mx-opt').all_inner_texts() for o in page.locator('fieldset').all()]
    a, b = tabs(site, many)
    first = orders(a)
    assert orders(b) == first
    a.reload()
    assert orders(a) == first
    assert all(sorted(o) == list('abcde') for o in first)
    assert len({tuple(o) for o in first}) > 1
    stranger, = tabs(site, many, count=1)
    assert orders(stranger) != first


def test_an_answer_is_the_same_in_every_order(site):
    q = Question('q', 'single', 'Which?', options=tuple(Option(o, f'why {o}', o == 'c') for o in 'abcd'))
    for seed in range(4):
        page, = tabs(site, Quiz({'t.q': q}), count=1)
        page.evaluate("seed => localStorage.setItem('mixcourse:reader', JSON.stringify({seed}))", seed)
        page.reload()
        answer(page, 0, 'c')
        assert stored(page, 'quiz') == {'t.q': 2}
        assert page.get_by_text('1 of 1 right').is_visible()
