"Slides that ask nothing of any other host: what is in the file, and what a browser without a network shows of it."
import json, re, subprocess, sys

import pytest
from browser.harness import axe
from conftest import root
from nbformat import read, v4
from pages import Elements

from mixcourse.teach.deck import Deck

pytestmark = pytest.mark.slow

chapters = sorted((root/'nbs/chapters').glob('*.ipynb'))
formulas, widgets = chapters[1], chapters[6]


def deck_of(*cells, **kwargs):
    "Slides of these cells, each of them a slide"
    for c in cells: c.metadata.slideshow = dict(slide_type='slide')
    return Deck(**kwargs).from_notebook_node(v4.new_notebook(cells=list(cells)))[0]


def md(text): return v4.new_markdown_cell(text)
def code(text, **data): return v4.new_code_cell(text, outputs=[v4.new_output('display_data', data=data)] if data else [])


# the file

def fetched(html):
    "Addresses that a browser would ask for by itself"
    for tag, attributes in Elements(html).found:
        for name in ('src', 'srcset', 'poster', 'data', *(['href'] if tag in ('link', 'use', 'image', 'base') else [])):
            if not (value := attributes.get(name) or '').startswith('data:') and value: yield tag, value
    yield from re.findall(r'@import[^;]*|url\((?!["\']?(?:data:|#))[^)]*', html)
    yield from re.findall(r'\bimport\b[^;\n]*["\'](?:https?:)?//[^"\']*', html)


def test_what_would_be_fetched_is_seen():
    page = '<link href="a.css"><img src="//b/c.png"><a href="https://d"></a><style>@import "e"; p{background:url(f.png)}</style><script src="g.js"></script>'
    assert len(list(fetched(page))) == 5


@pytest.mark.parametrize('path', chapters, ids=lambda p: p.stem)
def test_slides_fetch_nothing(path):
    html, resources = Deck().from_filename(str(path))
    assert list(fetched(html)) == []
    assert resources['output_extension'] == '.slides.html'


def test_formulas_are_mathml():
    html = deck_of(md(r'It is $\lambda$, so' '\n\n' r'$$x = \lambda x_a + (1-\lambda) x_b$$'))
    assert html.count('<math') == 2 and '$' not in Elements(html[html.index('<main'):html.index('</main')]).text


def test_a_formula_that_nobody_knows_is_shown_as_it_was_written():
    assert r'\begin{array}' in Elements(deck_of(md(r'$\begin{array}{c}1\end{array}$'))).text


def test_directives_imports_and_calls_of_questions_are_left_out():
    "What they show is not"
    cells = code('import torch'), code("quiz('mixup')", **{'text/html': '<p>A question</p>'}), code('#| fig-alt: "A box"\nshow(box)')
    text = Elements(deck_of(md('# Title'), *cells)).text
    assert 'A question' in text and 'show(box)' in text
    assert not any(o in text for o in ('import torch', 'quiz(', 'fig-alt'))


def test_the_notebook_stays_as_it_was():
    nb = v4.new_notebook(cells=[md('# Title'), code('#| fold\nimport torch')])
    before = str(nb)
    Deck().from_notebook_node(nb)
    assert str(nb) == before


def test_a_widget_with_a_kernel_shows_its_page():
    data = {'application/vnd.jupyter.widget-view+json': {'model_id': 'a'}, 'text/html': '<p>As a page</p>', 'text/plain': 'w'}
    state = {'application/vnd.jupyter.widget-state+json': {'state': {'a': {}}, 'version_major': 2, 'version_minor': 0}}
    nb = v4.new_notebook(cells=[md('# Title'), code('w', **data)], metadata={'widgets': state})
    html, _ = Deck().from_notebook_node(nb)
    assert 'As a page' in Elements(html).text and list(fetched(html)) == []


@pytest.mark.parametrize('link, leads', [
    ('03_alpha.ipynb', '03_alpha.slides.html'), ('../glossary.ipynb#lam', 'https://mixcourse.github.io/mixcourse/glossary.html#lam'),
    ('../api/teach/18_deck.ipynb', 'https://mixcourse.github.io/mixcourse/api/teach/18_deck.html'), ('https://a.b/c.ipynb', 'https://a.b/c.ipynb'), ('#x', '#x')])
def test_links(link, leads):
    assert f'href="{leads}"' in deck_of(md(f'[word]({link})'))


def test_a_picture_of_the_notebook_is_in_the_file(tmp_path):
    "Also inside of a link or a fold"
    (tmp_path/'a.svg').write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    text = '<details><summary>More</summary>\n\n![A](a.svg) and <a href="https://b.c"><img src="a.svg" alt="B"></a>\n\n</details>'
    (tmp_path/'n.ipynb').write_text(json.dumps(v4.new_notebook(cells=[md('# Title'), md(text)])))
    html, _ = Deck().from_filename(str(tmp_path/'n.ipynb'))
    assert list(fetched(html)) == [] and html.count('src="data:image/svg+xml') == 2
    assert re.search(r'<a href="https://b.c"><img', html) and re.search(r'<details>.*<img.*</details>', html, re.S)


def test_the_title_is_the_first_heading(): assert '<title>Mix &amp; match</title>' in deck_of(md('# Mix & match\n\n> About'))


def test_make_slides_makes_them():
    lines = subprocess.run(['make', '-n', 'slides', f'PYTHON={sys.executable}'], cwd=root, capture_output=True, text=True, check=True).stdout
    exporter = re.search(r'nbconvert --to (\S+)', lines)[1]
    from nbconvert.exporters import get_exporter
    assert get_exporter(exporter) is Deck


# in a browser; `site` refuses all that a page asks for, and complains

@pytest.fixture(scope='module')
def html(): return Deck().from_filename(str(formulas))[0]


def seen(page):
    "Headings of the slides that are in the window"
    return page.evaluate('''() => [...document.querySelectorAll('section > section')].filter(o => {
        const { left, right } = o.getBoundingClientRect(); return right > 5 && left < innerWidth - 5 }).map(o => o.querySelector('h1, h2, h3').textContent)''')


def headings(path): return [c.source.partition('\n')[0].lstrip('# ') for c in read(path, as_version=4).cells if c.cell_type == 'markdown' and c.source.startswith(('# ', '## '))]


def test_arrows_move(site, html):
    page, names = site.open(page=html), headings(formulas)
    assert seen(page) == names[:1]
    for key, i in [('ArrowRight', 1), ('ArrowRight', 2), ('ArrowLeft', 1), ('End', len(names)-1), ('ArrowRight', len(names)-1), ('Home', 0), ('ArrowLeft', 0)]:
        page.keyboard.press(key)
        page.wait_for_function(f'location.hash === "#{i+1}"')
        assert seen(page) == [names[i]]


def test_page_down_shows_all_of_a_slide_before_the_next(site):
    page = site.open(page=deck_of(md('# Long\n\n' + 'line\n\n'*60), md('# Next\n')), wait=False)
    page.keyboard.press('PageDown')
    assert seen(page) == ['Long'] and page.evaluate("document.querySelector('section > section').scrollTop") > 100
    for _ in range(20): page.keyboard.press('PageDown')
    assert seen(page) == ['Next']


def test_buttons_and_address(site, html):
    page, names = site.open(page=html), headings(formulas)
    assert page.get_by_role('button', name='Previous slide').is_disabled()
    page.get_by_role('button', name='Next slide').click()
    assert seen(page) == [names[1]] and page.evaluate('document.activeElement.ariaLabel') == f'2 of {len(names)}'
    page.reload()
    assert seen(page) == [names[1]]


def test_keys_inside_of_a_widget_are_its_own(site, html):
    page, names = site.open(page=html), headings(formulas)
    page.get_by_role('slider').first.focus()
    page.keyboard.press('ArrowRight')
    assert seen(page) == names[:1]
    page.keyboard.press('Escape')
    page.keyboard.press('ArrowRight')
    assert seen(page) == [names[1]]


@pytest.mark.parametrize('path', [formulas, widgets], ids=lambda p: p.stem)
def test_widgets_and_formulas_are_seen(site, path):
    page = site.open(page=Deck().from_filename(str(path))[0])
    n = page.locator('.mx[data-kind]').count()
    assert n and page.locator('.mx[data-on] > .mx-ui').count() == n
    for o in [*page.locator('.mx > .mx-ui').all(), *page.locator('.mx-ui canvas').all(), *page.locator('math').all()]:
        if not o.is_visible(): continue
        box = o.bounding_box()
        assert min(box['width'], box['height']) > 5
    assert path != formulas or page.locator('section math').count() >= 3


def test_a_resized_window_stays_on_its_slide(site, html):
    page, names = site.open(page=html), headings(formulas)
    for _ in range(3): page.keyboard.press('ArrowRight')
    page.set_viewport_size({'width': 390, 'height': 700})
    page.wait_for_function("() => Math.abs(document.querySelector('.deck').scrollLeft - 3*innerWidth) < 2")
    assert seen(page) == [names[3]]
    assert page.evaluate("[...document.querySelectorAll('section > section')].filter(o => o.scrollWidth > o.clientWidth + 1).length") == 0


def test_without_scripts_all_slides_are_there(site, html):
    page = site.open(page=html, java_script_enabled=False)
    last = page.get_by_role('heading', level=2).last
    last.scroll_into_view_if_needed()
    assert 0 <= last.bounding_box()['x'] < 1280
    assert not page.locator('.deck-nav').is_visible()


def test_on_paper_each_slide_has_a_page(site, html):
    page = site.open(page=html)
    page.emulate_media(media='print')
    tops = page.evaluate("[...document.querySelectorAll('section > section')].map(o => o.getBoundingClientRect()).map(r => [r.left, r.top])")
    assert len({x for x, _ in tops}) == 1 and [y for _, y in tops] == sorted(y for _, y in tops)
    assert not page.locator('.deck-nav').is_visible()


@pytest.mark.parametrize('scheme', ['light', 'dark'])
def test_no_violations(site, html, scheme):
    assert axe(site.open(page=html, color_scheme=scheme)) == []
