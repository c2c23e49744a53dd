"The playground's further panels, its line, own points, questions and address."
import numpy as np
import pytest
from browser.harness import axe, host, page_of, small_targets, wide

from mixcourse.teach.playground import Playground
from browser.explorers import slide
from browser.twin import in_browser, parts_of

kit = dict(data='moons', points=100, noise=.2, flip=.2, seed=3, alpha=1)


def steps(page, n=1):
    for _ in range(n): page.get_by_role('button', name='Step').click()


def names(page): return page.locator('.pg-name').all_inner_texts()


def open_at(site, address, **kwargs):
    page = site.watch(site.context({'/': page_of(Playground(**kwargs))}).new_page())
    page.set_default_timeout(5000)
    page.goto(f'{host}/{address}')
    page.wait_for_selector('.mx[data-on]')
    return page


def open_tools(page): page.locator('.pg-tools summary').click()


# panels

def test_further_panels_leave_the_first_two_as_they_are(site):
    page = site.open(Playground())
    two, _ = in_browser(page, 20, **kit)
    four, _ = in_browser(page, 20, **kit, third=.2, hidden=True)
    assert len(two) == 2
    assert len(four) == 4
    assert four[:2] == two
    assert four[2] not in two
    assert four[3] not in four[:3]


def test_hidden_inputs_are_half_of_them(site):
    page = site.open(Playground())
    seen = page.evaluate("""async ([src, set]) => {
        const { lab } = (await import(URL.createObjectURL(new Blob([src], {type: 'text/javascript'})))).default.points
        const me = lab({...set, hidden: true}), rows = []
        for (let i = 0; i < 40; i++) {
            me.step()
            for (let row = 0; row < 32; row++) rows.push([0, 1].map(axis => me.x[2][2 * row + axis] === me.x[0][2 * row + axis] ? 1 : me.x[2][2 * row + axis]))
        }
        return rows }""", [parts_of('playground'), kit])
    kept = np.array(seen)
    assert set(np.unique(kept)) == {0, 1}
    assert (kept == 0).any(1).mean() == pytest.approx(.5, abs=.06)
    assert not (kept == 0).all(1).any()


def test_panels_come_and_go(site):
    page = site.open(Playground())
    page.get_by_label('Another MixUp beside it').select_option('α = 0.1')
    page.get_by_label('A network with hidden inputs').check()
    assert names(page) == ['Plain', 'MixUp', 'MixUp, α = 0.1', 'Hidden inputs']
    steps(page, 2)
    assert 'with MixUp, α = 0.1' in page.inner_text('.pg-said')
    page.get_by_label('Another MixUp beside it').select_option('none')
    page.get_by_label('A network with hidden inputs').uncheck()
    assert names(page) == ['Plain', 'MixUp']


def test_python_asks_for_panels(site):
    assert names(site.open(Playground(third=0, hidden=True))) == ['Plain', 'MixUp', 'MixUp, α = 0', 'Hidden inputs']


# the line

def click(page, x, y):
    r = page.locator('.pg-panel canvas').first.bounding_box()
    page.mouse.click(r['x']+r['width']*(x+1)/2, r['y']+r['height']*(1-y)/2)


def told(page): return page.locator('.pg-along canvas').get_attribute('aria-label')


def test_two_clicks_make_a_line(site):
    page = site.open(Playground('blobs', flip=0., noise=.1))
    assert not page.locator('.pg-along').is_visible()
    click(page, -.45, -.45)
    click(page, .45, -.45)
    page.evaluate("for (let i = 0; i < 300; i++) [...document.querySelectorAll('button')].find(b => b.textContent === 'Step').click()")
    assert told(page).startswith('Probability of the disks from start to end: Plain ')
    for part in told(page).split(': ')[1].split('; '):
        start, middle, end = (float(o.split()[0]) for o in part.split(' ', 1)[1].split(', '))
        assert start > .9 > middle > .02
        assert end < .1


def test_probabilities_along_the_line_are_those_of_the_network(site):
    page = site.open(Playground())
    probs, ends = page.evaluate("""async ([src, set]) => {
        const kinds = (await import(URL.createObjectURL(new Blob([src], {type: 'text/javascript'})))).default
        const { lab, along } = kinds.points, me = lab(set)
        for (let i = 0; i < 50; i++) me.step()
        const ends = []
        kinds.network.each(me.nets[1], Float64Array.of(-.5, .2, .7, -.4), 2, (i, p, o) => ends.push([...p.slice(o, o + 2)]))
        return [along(me.nets[1], [-.5, .2], [.7, -.4], 9), ends] }""", [parts_of('playground'), kit])
    assert np.array([probs[0], probs[-1]]) == pytest.approx(np.array(ends))
    assert np.array(probs).sum(1) == pytest.approx(np.ones(9))


def test_a_line_without_a_pointer(site):
    page = site.open(Playground())
    open_tools(page)
    page.get_by_label('Left to right').focus()
    for _ in range(4): page.keyboard.press('ArrowLeft')
    page.get_by_role('button', name='Set it there').press('Enter')
    assert page.get_by_label('end of a line').is_checked()
    page.get_by_label('Bottom to top').press('End')
    page.get_by_role('button', name='Set it there').press('Enter')
    assert told(page)
    page.get_by_role('button', name='Take all of it away').click()
    assert not page.locator('.pg-along').is_visible()


# points of one's own

def count_of(page):
    "Points on the first panel, counted as its caller would: through the address"
    page.evaluate("Object.defineProperty(navigator, 'clipboard', {configurable: true, value: {writeText: async text => { window.copied = text }}})")
    page.get_by_role('button', name='Copy link').click()
    page.get_by_text('Copied.').wait_for()
    return page.evaluate('copied')


def test_a_click_sets_a_point(site):
    page = open_at(site, '')
    open_tools(page)
    page.get_by_label('a diamond').check()
    click(page, 0, .5)
    click(page, .5, .5)
    link = count_of(page)
    assert link.endswith('own=0,0.5,1;0.5,0.5,1') or 'own=0,0.5,1%3B0.5,0.5,1' in link
    page.get_by_role('button', name='Take all of it away').click()
    assert 'own=' not in count_of(page)


def test_own_points_are_learned(site):
    page = site.open(Playground())
    own = [[.9, .9, 1]]*60
    without, _ = in_browser(page, 100, **{**kit, 'flip': 0})
    with_them, _ = in_browser(page, 100, **{**kit, 'flip': 0}, own=own)
    assert with_them != without
    said = page.evaluate("""async ([src, set]) => {
        const kinds = (await import(URL.createObjectURL(new Blob([src], {type: 'text/javascript'})))).default, me = kinds.points.lab(set), res = []
        for (let i = 0; i < 300; i++) me.step()
        kinds.network.each(me.nets[0], Float64Array.of(.9, .9), 1, (i, p, o) => res.push(p[o + 1]))
        return res[0] }""", [parts_of('playground'), {**kit, 'flip': 0, 'own': own}])
    assert said > .9


# questions and addresses

def test_every_question_brings_its_settings(site):
    page = site.open(Playground())
    chooser = page.get_by_label('Something to find out')
    for name in chooser.locator('option').all_inner_texts()[1:]:
        chooser.select_option(name)
        assert page.inner_text('.pg-question').count('?') >= 1
        steps(page)
        assert page.inner_text('.pg-count') == '1'
    chooser.select_option('Arms of a spiral')
    assert page.get_by_label('spirals').is_checked()
    assert page.get_by_label('α of MixUp').input_value() == '8'
    assert names(page)[2] == 'MixUp, α = 0.1'


def test_a_link_brings_back_the_settings(site):
    page = open_at(site, '')
    page.get_by_label('blobs').check()
    slide(page, 'Wrong labels', .35)
    page.get_by_label('A network with hidden inputs').check()
    click(page, 0, 0)
    click(page, .5, .5)
    link = count_of(page)
    other = open_at(site, link.removeprefix(f'{host}/'))
    assert other.get_by_label('blobs').is_checked()
    assert other.get_by_label('Wrong labels').input_value() == '0.35'
    assert names(other)[-1] == 'Hidden inputs'
    assert other.locator('.pg-along').is_visible()


@pytest.mark.parametrize('address', ['data=rings', 'data=toString', 'points=7', 'flip=9', 'line=0,0', 'line=a;b', 'own=1,1', 'own=0,0,1.5', 'own=9,9,9', 'seed=-1', 'third=x', 'points=&noise='])
def test_an_address_is_not_believed(site, address):
    page = open_at(site, f'#mx=playground-1&{address}')
    assert page.get_by_label('moons').is_checked()
    assert page.get_by_label('Points', exact=True).input_value() == '150'
    assert names(page) == ['Plain', 'MixUp']
    steps(page)


@pytest.mark.parametrize('width,scheme', [(1280, 'dark'), (390, 'light')])
def test_all_of_it_is_for_everybody(site, width, scheme):
    page = site.open(Playground(third=.1, hidden=True), viewport=dict(width=width, height=800), color_scheme=scheme)
    page.get_by_label('Something to find out').select_option('From blob to blob')
    page.get_by_label('Another MixUp beside it').select_option('α = 4')
    open_tools(page)
    assert axe(page) == []
    assert small_targets(page) == []
    assert wide(page) <= 0
    page.add_style_tag(content='body { font-size: 32px }')
    assert wide(page) <= 0
