"How questions look: themes, contrast, narrow pages, motion, and what a guess hides."
import pytest
from browser.harness import axe, page_of, small_targets, ui, wide
from browser.questions import all_kinds, guess, small, use

from mixcourse.teach.bank import bank
from mixcourse.teach.items import Claim, Fault, Prompt
from mixcourse.teach.questions import Predict, cards, myth, predict, quiz, repair


def brightness(page, el='.mx'):
    rgb = page.evaluate('''o => { const c = document.createElement('canvas').getContext('2d'); c.fillStyle = getComputedStyle(document.querySelector(o)).backgroundColor
        c.fillRect(0, 0, 1, 1); return [...c.getImageData(0, 0, 1, 1).data].slice(0, 3) }''', el)
    return sum(rgb)/3


@pytest.mark.parametrize('mark,system,dark', [('', 'light', False), ('', 'dark', True), ('data-jp-theme-light=true', 'dark', False), ('data-jp-theme-light=false', 'light', True),
                                              ('class=quarto-dark', 'light', True), ('class=quarto-light', 'dark', False), ('data-bs-theme=dark', 'light', True)])
def test_theme_is_that_of_the_page(site, mark, system, dark):
    page = site.open(page=page_of(small['c']).replace('<body class="">', f'<body {mark}>'), color_scheme=system)
    assert (brightness(page) < 128) == dark


@pytest.mark.parametrize('scheme', ['light', 'dark'])
def test_accessible(site, scheme):
    page = site.open(*all_kinds(), color_scheme=scheme, reduced_motion='reduce')
    assert axe(page) == []
    use(page)
    assert axe(page) == []
    assert small_targets(page) == []


def test_axe_and_targets_see(site):
    page = site.open(small['c'])
    page.evaluate("document.querySelector('.mx-ui').append(Object.assign(document.createElement('button'), {style: 'color:#ccc;min-height:9px;width:9px;padding:0;background:#fff'}))")
    assert axe(page) and small_targets(page)


def test_narrow(site):
    names = {p: [k for k, v in bank().items() if isinstance(v, p)] for p in (Claim, Fault, Prompt)}
    parts = [quiz(c) for c in sorted({k.partition('.')[0] for k in bank()})] + [predict(k) for k in names[Prompt]] + [myth(k) for k in names[Claim]]
    page = site.open(*parts, *(repair(k) for k in names[Fault]), cards(), viewport=dict(width=390, height=800))
    assert wide(page) <= 0
    use(page)
    assert wide(page) <= 0
    page.add_style_tag(content='body { font-size: 32px }')
    assert wide(page) <= 0
    page.evaluate("document.querySelector('.mx-ui').append(Object.assign(document.createElement('div'), {style: 'width:500px', textContent: 'x'}))")
    assert wide(page) > 0  # so it would have been seen


def test_reduced_motion(site):
    for motion, moving in (('reduce', False), ('no-preference', True)):
        page = site.open(small['c'], reduced_motion=motion)
        assert page.evaluate("[...document.querySelectorAll('.mx *')].some(o => parseFloat(getComputedStyle(o).transitionDuration) || getComputedStyle(o).animationName !== 'none')") == moving


# predict

def test_predict_is_neutral_and_shows_both(site):
    page = site.open(guess)
    p = ui(page, 'predict')
    p.get_by_role('button', name='Commit').click()
    assert p.get_by_text('Guess first').is_visible() and not p.get_by_text('It stands on its edge.').is_visible()
    p.get_by_label('tails').check()
    p.get_by_role('button', name='Commit').click()
    pair = p.locator('.mx-pair')
    assert pair.get_by_text('tails').is_visible() and pair.get_by_text('It stands on its edge.').is_visible()
    assert page.locator('.mx[data-kind=predict] :is(.mx-yes, .mx-no)').count() == 0
    boxes = page.evaluate("[...document.querySelectorAll('.mx-guess')].map(o => getComputedStyle(o).backgroundColor)")
    assert boxes[0] == boxes[1]
    tops = page.evaluate("[...document.querySelectorAll('.mx-guess')].map(o => o.getBoundingClientRect().top)")
    assert tops[0] == tops[1]
    page.reload()
    assert ui(page, 'predict').locator('.mx-pair').get_by_text('tails').is_visible()
    ui(page, 'predict').get_by_role('button', name='Guess again').click()
    assert not ui(page, 'predict').get_by_text('It stands on its edge.').is_visible()


@pytest.mark.parametrize('cell,output,prose', [('jp-Cell jp-CodeCell', 'jp-Cell-outputArea', '<div class="jp-Cell jp-MarkdownCell"><div>{}</div></div>'), ('cell', 'cell-output', '{}')])
def test_predict_covers_the_next_output(site, cell, output, prose):
    "And the paragraph below it, which speaks of it"
    def one(inner): return f'<div class="{cell}"><div class="{output}"><div>{inner}</div></div></div>'
    tall = '<b>the result</b><p style="height:800px">picture</p>'
    w = Predict('t.next', Prompt('next', 'What comes?', ('a', 'b')))
    html = one('before')+one(w.html(script_too=False))+'<p>prose</p>'+one(tall)+prose.format('<p>It was a.</p><p>Go on.</p>')+one('after')
    page = site.open(page=page_of(html))
    def seen(): return [page.get_by_text(o, exact=True).is_visible() for o in ('before', 'prose', 'the result', 'It was a.', 'Go on.', 'after')]
    assert seen() == [True, True, False, False, True, True]
    locked = page.evaluate("o => { const e = document.querySelectorAll(o)[2]; return [getComputedStyle(e, '::before').content, e.getBoundingClientRect().height] }", f'.{output}')
    assert locked[0] == '"Locked until you guess."'
    assert locked[1] < 90, 'a veil takes no empty space'
    page.emulate_media(media='print')
    assert all(seen())
    page.emulate_media(media='screen')
    use(page)
    for _ in range(2):
        assert all(seen())
        beside = page.evaluate("o => getComputedStyle(document.querySelectorAll(o)[2], '::before').content", f'.{output}')
        assert beside == '"Your guess: a"'
        page.reload()
        page.wait_for_selector('.mx[data-on]')
    plain = site.open(page=page_of(html), java_script_enabled=False)
    assert plain.get_by_text('the result').is_visible()
    if cell == 'cell':  # a list belongs to its paragraph
        page = site.open(page=page_of(html.replace('<p>Go on.</p>', '<ul><li>Never b.</li></ul>')))
        assert not page.get_by_text('Never b.').is_visible()


@pytest.mark.parametrize('cell,output', [('jp-Cell jp-CodeCell', 'jp-Cell-outputArea'), ('cell', 'cell-output')])
def test_predict_covers_all_that_the_cells_below_show(site, cell, output):
    "A cell that only trains lies between a guess and its figure; the next words or the next question end it"
    def one(inner): return f'<div class="{cell}">{inner and f"""<div class="{output}"><div>{inner}</div></div>"""}</div>'
    first = Predict('t.first', Prompt('first', 'What comes?', ('a', 'b'))).html(script_too=False)
    second = Predict('t.second', Prompt('second', 'And then?', ('c', 'd'))).html(script_too=False)
    html = one(first)+one('')+one('<b>a table</b>')+one('<b>a figure</b>')+one(second)+one('<b>the rest</b>')+'<p>prose</p>'+one('<b>after</b>')
    page = site.open(page=page_of(html))
    def seen(): return [page.get_by_text(o, exact=True).is_visible() for o in ('a table', 'a figure', 'the rest', 'after')]
    assert seen() == [False, False, False, True]
    assert page.get_by_role('radio', name='d').is_visible()
    locks = page.evaluate("[...document.querySelectorAll('.mx-veil')].length")
    assert locks == 2, 'one line for a guess, however many outputs it covers'
    page.get_by_label('a', exact=True).check()
    page.get_by_role('button', name='Commit').first.click()
    assert seen() == [True, True, False, True]
