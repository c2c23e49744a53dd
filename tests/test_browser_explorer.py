"The explorers, traces and the playground in a real browser: pixels, pointers, keys, and the network against PyTorch."
import base64, io

import numpy as np
import pytest
import torch
from browser.explorers import canvas, makers, pair, picture, slide, trace, training
from browser.harness import axe, small_targets, wide
from browser.twin import parts_of
from mixcourse.teach.explorer import CutMixExplorer, CutoutExplorer, MixUpExplorer
from mixcourse.teach.images import example_images
from mixcourse.teach.playground import Playground
from mixcourse.teach.trace import Stage, StageTrace, TrainingTrace
from mixcourse.mixing import box_lam, cutmix, cutout, mixup
from mixcourse.mixing.targets import soft_targets
from PIL import Image


@pytest.fixture
def show(site): return site.open


evil = '<img src=x onerror=alert(1)>'


every = pytest.mark.parametrize('name', makers)


def by_hand(page, e):
    "What the line of Python on the page gives, and the names it leaves"
    mean = torch.tensor(e.state.get('mean', [0, 0, 0]))[:, None, None] / 255
    code = page.inner_text('.ex pre')
    names = dict(torch=torch, mixup=mixup, cutmix=cutmix, cutout=cutout, box_lam=box_lam, soft_targets=soft_targets, x=e.x[:2], y=torch.arange(2), perm=torch.tensor([1, 0]))
    if 'cutout' in code: names['x'] = e.x[:1]
    exec(code.replace('normalize(x)', 'x-mean'), names | {'mean': mean}, out := {})
    mixed = out['mixed'][0] + (mean if 'normalize' in code else 0)
    return (mixed * 255).round(), out


def same(page, e):
    mixed, _ = by_hand(page, e)
    return (canvas(page).float() - mixed).abs().max() <= 1


# Pixels

@pytest.mark.parametrize('lam', [0, 37, 50, 100])
def test_mixup_pixels(show, lam):
    e = MixUpExplorer(example_images('cat', 'coffee', size=64))
    page = show(e)
    slide(page, 'λ', lam)
    expected = mixup(e.x, torch.tensor([1, 0]), lam / 100)[0] * 255
    assert (canvas(page).float() - expected).abs().max() <= 1
    assert same(page, e)
    assert by_hand(page, e)[1]['soft'][0].tolist() == pytest.approx([lam / 100, 1 - lam / 100])
    assert page.locator('.ex-bars b').all_inner_texts() == [f'{lam/100:.2f}', f'{1-lam/100:.2f}']


@pytest.mark.parametrize('length,center', [(16, (20, 20)), (15, (0, 39)), (40, (39, 39)), (0, (5, 5))])
def test_cutmix_pixels_and_exact_area(show, length, center):
    e = CutMixExplorer(pair(), (20, 20), 16)
    page = show(e)
    for k, v in zip(('Side of the box', 'Row of the center', 'Column'), (length, *center)): slide(page, k, v)
    (cy, cx), h = center, length // 2
    box = torch.tensor([max(cy - h, 0), max(cx - h, 0), min(cy - h + length, 40), min(cx - h + length, 40)])
    assert (canvas(page).float() - cutmix(e.x, torch.tensor([1, 0]), box)[0] * 255).abs().max() <= 1
    lam = box_lam(box, (40, 40)).item()
    assert same(page, e) and by_hand(page, e)[1]['lam'].item() == lam
    facts = page.inner_text('.ex-facts')
    assert f'= {round((1-lam)*1600):,} of 1,600 pixels' in facts and ('The border cuts' in facts) == (round((1 - lam) * 1600) < length**2)
    assert page.locator('.ex-bars b').all_inner_texts() == [f'{lam:.3f}', f'{1-lam:.3f}']


@pytest.mark.parametrize('fill', [0, 1, 2])
def test_cutout_pixels(show, fill):
    e = CutoutExplorer(pair(), 12, ((10, 10), (30, 20)))
    page = show(e)
    slide(page, 'n_holes', 3)
    slide(page, 'length', 21)
    page.locator('.ex-fill input').nth(fill).check()
    assert same(page, e) and canvas(page)[:, 10, 10].tolist() == [e.state['mean'], [0] * 3, [255] * 3][fill]
    holes = by_hand(page, e)[1]['box'].tolist()[0]
    hidden = torch.zeros(40, 40)
    for y1, x1, y2, x2 in holes: hidden[y1:y2, x1:x2] = 1
    assert len(holes) == 3 and page.inner_text('.ex-facts').startswith(f'{int(hidden.sum()):,} of 1,600 pixels')
    assert page.locator('.ex-bars b').all_inner_texts() == ['1.000', '0.000']


def test_pictures_are_chosen(show):
    e = CutMixExplorer({**pair(), 'rocket': picture(2)}, (20, 20), 16)
    page = show(e)
    page.get_by_label('Partner').select_option('rocket')
    box = e.box
    assert (canvas(page).float() - cutmix(e.x, torch.tensor([2, 0, 1]), box)[0] * 255).abs().max() <= 1
    assert page.locator('.ex-bars b').all_inner_texts() == ['0.840', '0.000', '0.160']


def test_draw_follows_beta(show):
    "Mean 1/2 and variance 1/(4(2·alpha+1)), and the curve is its density"
    page = show(MixUpExplorer(pair()))
    for alpha in (.1, 1, 8):
        lams, rows = page.evaluate("""async ([src, a]) => {
            const { draw, table } = (await import(URL.createObjectURL(new Blob([src], {type: 'text/javascript'})))).default.beta
            return [Array.from({length: 600}, () => draw(a)), table(a)] }""", [parts_of('explorer'), alpha])
        assert abs(np.mean(lams) - .5) < .08 and np.var(lams) == pytest.approx(1 / (4 * (2 * alpha + 1)), rel=.3) and min(lams) >= 0 and max(lams) <= 1
        x, weight, density = torch.tensor([o for o in rows if .001 < o[0] < .999], dtype=torch.double).T
        assert torch.allclose(density, torch.distributions.Beta(alpha, alpha).log_prob(x).exp(), rtol=1e-3) and sum(o[1] for o in rows) == pytest.approx(1)
    slide(page, 'α of Beta(α, α)', 0)
    page.get_by_role('button', name='Draw a λ').click()
    assert page.locator('.ex-bars b').first.inner_text() == '1.00'


# Pointers and keys

def centers(page): return [list(map(int, [b.split('row ')[1].split(',')[0], b.split('column ')[1].split(',')[0], b.split('side ')[1].split('.')[0]]))
                           for b in page.locator('.ex-box').evaluate_all('o => o.map(e => e.getAttribute("aria-label"))')]


def at(page, y, x):
    r = page.locator('.ex-out canvas').bounding_box()
    return r['x'] + r['width'] * x / 40, r['y'] + r['height'] * y / 40


def test_box_follows_the_mouse(show):
    e = CutMixExplorer(pair(), (20, 20), 16)
    page = show(e)
    page.mouse.move(*at(page, 20, 20)); page.mouse.down(); page.mouse.move(*at(page, 10, 33), steps=3); page.mouse.up()
    assert centers(page) == [[10, 33, 16]]
    page.mouse.move(*at(page, 30, 5))
    assert centers(page) == [[10, 33, 16]]  # let go
    page.mouse.move(*at(page, 18, 40)); page.mouse.down(); page.mouse.move(*at(page, 20, 40), steps=3); page.mouse.up()
    assert centers(page) == [[10, 33, 20]] and same(page, e)  # the corner, clipped at the right border
    page.mouse.click(*at(page, 35, 4))
    assert centers(page)[0][2] == 20 and abs(centers(page)[0][0] - 35) < 2 and abs(centers(page)[0][1] - 4) < 2


def test_box_follows_a_finger(show):
    page = show(CutMixExplorer(pair(), (20, 20), 16), has_touch=True)
    cdp = page.context.new_cdp_session(page)
    page.locator('.ex-out').scroll_into_view_if_needed()
    def touch(kind, *p): cdp.send('Input.dispatchTouchEvent', dict(type=kind, touchPoints=[dict(x=p[0], y=p[1])] if p else []))
    touch('touchStart', *at(page, 20, 20)); touch('touchMove', *at(page, 15, 15)); touch('touchMove', *at(page, 8, 12)); touch('touchEnd')
    assert centers(page) == [[8, 12, 16]]


def test_box_follows_keys(show):
    e = CutMixExplorer(pair(), (20, 20), 16)
    page = show(e)
    page.locator('.ex-box').focus()
    for k in ('ArrowUp', 'ArrowUp', 'ArrowRight', 'Shift+ArrowLeft', '+', '+', '-', 'PageUp'): page.keyboard.press(k)
    assert centers(page) == [[18, 13, 25]] and same(page, e)
    for _ in range(6): page.keyboard.press('Shift+ArrowUp')
    assert centers(page)[0][0] == 0
    for _ in range(9): page.keyboard.press('PageDown')
    assert centers(page)[0][2] == 0 and page.locator('.ex-bars b').first.inner_text() == '1.000'


def test_each_hole_is_moved_by_itself(show):
    page = show(makers['cutout']())
    page.locator('.ex-box').nth(1).focus()
    slide(page, 'Column', 3)
    page.locator('.ex-box').nth(0).focus()
    assert page.get_by_label('Column', exact=True).input_value() == '10'
    page.keyboard.press('ArrowDown')
    assert centers(page) == [[11, 10, 12], [30, 3, 12]]


@every
def test_keyboard_reaches_everything(show, name):
    "Tab visits every control that is not reached by arrows from another"
    page = show(makers[name]())
    want = page.evaluate("[...document.querySelectorAll('.mx-ui :is(button, input, select)')].filter(e => e.tabIndex >= 0 && e.type !== 'radio' && !e.disabled && e.checkVisibility()).length")
    seen = set()
    for _ in range(60):
        page.keyboard.press('Tab')
        seen.add(page.evaluate("e => (e = document.activeElement, e.closest('.mx-ui') && e.type !== 'radio' && e.matches('button, input, select') ? [...document.querySelectorAll('*')].indexOf(e) : -1)"))
    assert len(seen - {-1}) == want > 0


# Everywhere

@every
def test_narrow_page_does_not_overflow(show, name):
    "Nor with text of twice the size"
    w = makers[name]()
    page = show(StageTrace(w.stages*3) if name == 'trace' else w, viewport=dict(width=390, height=800))
    assert wide(page) == 0
    page.add_style_tag(content='body { font-size: 32px }')
    assert wide(page) == 0


@every
def test_touch_targets(show, name):
    page = show(makers[name](), viewport=dict(width=390, height=800))
    corners = page.locator('.ex-corner').evaluate_all('o => o.map(e => e.getBoundingClientRect().width)')
    assert small_targets(page) == [] and all(o >= 24 for o in corners)


@every
@pytest.mark.parametrize('scheme', ['light', 'dark'])
def test_axe(show, name, scheme): assert axe(show(makers[name](), color_scheme=scheme)) == []


@every
def test_readable_without_scripts(show, name):
    page = show(makers[name](), java_script_enabled=False)
    text = page.inner_text('.mx')
    words = dict(mixup=['cat', 'cup', '0.70 cat + 0.30 cup', 'mixup('], cutmix=['cutmix(', '0.84 cat + 0.16 cup'], cutout=['cutout(', 'cat'],
                 trace=['What comes in', 'They sum to 1', '0.750'], training=['Epoch 3: MixUp is ahead.', 'accuracy 0.875'], playground=['needs scripts', 'moons'])
    assert all(o in text for o in words[name]), text
    pics = page.locator('.mx img')
    assert pics.count() == dict(mixup=3, cutmix=3, cutout=3, trace=3).get(name, 0) and all(pics.nth(i).bounding_box()['width'] > 40 for i in range(pics.count()))


def test_fallback_shows_what_the_library_made(show):
    e = CutMixExplorer()
    page = show(e, java_script_enabled=False)
    uri = page.locator('.mx img').nth(2).get_attribute('src')
    got = torch.tensor(np.array(Image.open(io.BytesIO(base64.b64decode(uri.split(',')[1]))).convert('RGB'))).permute(2, 0, 1) / 255
    assert (got - e.mixed()).abs().mean() < .03 < (got - e.x[1]).abs().mean()


def test_names_and_captions_are_text(show):
    page = show(MixUpExplorer({evil: picture(0), f'"{evil}': picture(1), 'c': picture(2)}))
    page.wait_for_selector('.mx[data-ready]')
    assert evil in page.inner_text('.ex-bars') and page.locator('img[src=x]').count() == 0
    trace = StageTrace([Stage(evil, (1,), evil, [(picture(0), evil)], shares=[(evil, .5)])] * 2)
    page = show(trace)
    page.get_by_role('button', name='Next').click()
    assert page.inner_text('.tr-show').count(evil) == 4 and page.locator('img[src=x]').count() == 0
    run = {evil: [1., 2.]}
    page = show(TrainingTrace({evil: run}, {1: evil}))
    assert page.inner_text('.tr').count(evil) == 4 and page.locator('img[src=x]').count() == 0


def test_reduced_motion(show):
    "Nothing moves by itself, and the playground redraws twice a second"
    page = show(Playground(speed=1), reduced_motion='reduce')
    page.evaluate("() => { window.draws = 0; const put = CanvasRenderingContext2D.prototype.putImageData; CanvasRenderingContext2D.prototype.putImageData = function (...a) { draws++; return put.apply(this, a) } }")
    page.get_by_role('button', name='Run').click()
    page.wait_for_function("+document.querySelector('.pg-count').textContent >= 60", timeout=20000)
    assert page.evaluate('draws') <= 2 * (int(page.inner_text('.pg-count').replace(',', '')) // 30 + 1)


def test_forced_colors(show):
    "What only a color tells stays: how long a bar is, and on the playground which labels are wrong"
    page = show(MixUpExplorer(pair()), Playground(), forced_colors='active', color_scheme='dark')
    assert len(set(page.evaluate("['.ex-bar', '.ex-bar i'].map(o => getComputedStyle(document.querySelector(o)).backgroundColor)"))) == 2
    red = page.evaluate("(c => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data])(document.querySelector('.pg-panel canvas'))")[::4]
    assert sum(red)/len(red) < 128, 'white outlines are seen on a dark ground'


def test_trace_steps(show):
    page = show(trace())
    def state(): return page.evaluate("[...document.querySelectorAll('[role=tab]')].findIndex(e => e.getAttribute('aria-selected') === 'true')"), page.inner_text('.tr-show .tr-title')
    assert state() == (0, 'Input · 3×40×40') and page.get_by_role('button', name='Back').is_disabled()
    page.get_by_role('button', name='Next').click()
    assert state() == (1, 'Maps · 2×8×8')
    page.get_by_role('tab').nth(1).focus()
    page.keyboard.press('ArrowRight')
    assert state() == (2, 'Softmax · 2') and '0.750' in page.inner_text('.tr-show') and page.get_by_role('button', name='Next').is_disabled()
    page.keyboard.press('ArrowRight')
    page.keyboard.press('Home')
    assert state() == (0, 'Input · 3×40×40') and page.evaluate("document.activeElement.textContent").startswith('1')


@pytest.mark.parametrize('width', [1280, 638, 390])
def test_trace_is_never_wider_than_its_box(show, width):
    names = 'Data set', 'Batch', 'Pairs', 'λ', 'Mixed batch', 'Soft labels', 'Loss', 'Step', 'Metric'
    page = show(StageTrace([Stage(o, (64, 3, 160, 160)) for o in names]), viewport=dict(width=width, height=800))
    tabs, box = page.evaluate("[[...document.querySelectorAll('.tr-tab')].map(e => e.getBoundingClientRect().right), document.querySelector('.tr').getBoundingClientRect().right]")
    assert max(tabs) <= box + 6  # the margin in which an outline has room
    assert page.evaluate("(o => o.scrollWidth - o.clientWidth)(document.querySelector('.tr-tabs'))") <= 0
    assert page.get_by_role('tab', name='Metric').count() == 1, 'a tab that shows its number only keeps its name'


def test_pictures_of_a_stage_stand_in_pairs_on_a_phone(show):
    page = show(StageTrace([Stage('Batch', pics=[(picture(i), 'a picture') for i in range(3)], width=160)]), viewport=dict(width=390, height=800))
    first, second, third = page.evaluate("[...document.querySelectorAll('.tr-show figure')].map(e => e.getBoundingClientRect().top)")
    assert first == second < third


def test_trace_scrubs_epochs(show):
    page = show(training())
    def values(): return page.locator('.tr-values b').all_inner_texts()
    assert values() == ['2.000', '2.000', '2.000', '2.000', '0.100', '0.200'] and page.inner_text('.tr-note') == 'Epoch 1: They start.'
    page.get_by_label('Epoch', exact=True).focus()
    page.keyboard.press('ArrowRight')
    assert values()[-2:] == ['0.500', '0.600'] and page.inner_text('.tr-note') == 'Epoch 1: They start.'
    page.get_by_role('button', name='Epoch 3').click()
    assert values()[-2:] == ['0.750', '0.875'] and page.inner_text('.tr-note') == 'Epoch 3: MixUp is ahead.'
    def cursors(): return page.evaluate("[...document.querySelectorAll('.tr-now')].map(p => p.getBBox().x)")
    def curves(right): return page.evaluate("right => [...document.querySelectorAll('.tr-chart .tr-l0')].map(p => p.getBBox().x + right * p.getBBox().width)", right)
    assert cursors() == pytest.approx(curves(1), abs=.5)
    page.get_by_role('button', name='Epoch 1').click()
    assert cursors() == pytest.approx(curves(0), abs=.5)
