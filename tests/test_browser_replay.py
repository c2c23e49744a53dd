"Committed runs played again: epochs, lengths, measures, methods and seeds."
import json
from statistics import mean, stdev

import pytest
import torch
from browser.harness import axe, small_targets, wide

from mixcourse.teach.replay import Replay
from mixcourse.teach.trace import TrainingTrace

tops = dict(none=.8, mixup=.9, cutmix=.85)


def invented(length, task='noisy', methods=tops, every=1):
    def run(method, seed):
        epochs = list(range(every, length+1, every))
        curve = [tops[method]*(1-.7**e)+seed/50 for e in epochs]
        return dict(method=method, task=task, seed=seed, epochs=epochs, curve=curve, test_loss=[1-o for o in curve], train_loss=[.5-o/2 for o in curve])
    return dict(settings=dict(epochs=length), runs=[run(m, s) for s in range(3) for m in methods])


short, long = invented(4), invented(8)


@pytest.fixture
def page(site): return site.open(Replay(short, long, notes={(8, 2): 'They start.', (8, 6): '`MixUp` <b>leads</b>.'}))


def values(page): return [o.split('\n') for o in page.locator('.rp-values li').all_inner_texts()]


def expected(result, method, at, key='curve'): return [r[key][at] for r in result['runs'] if r['method'] == method]


def to(page, place):
    page.get_by_label('Epoch', exact=True).evaluate('(e, v) => { e.value = v; e.dispatchEvent(new Event("input", {bubbles: true})) }', place)


def shown(page): return page.inner_text('.rp-values')


def test_a_method_is_one_line_on_a_phone(site):
    "The longest name, too; the letters of the test page are smaller than those of the site, so the phone is"
    runs = [r | dict(method='randommix' if r['method'] == 'mixup' else r['method']) for r in short['runs'] if r['method'] != 'cutmix']
    page = site.open(Replay(dict(short, runs=runs)), viewport={'width': 336, 'height': 844})
    heights = page.locator('.rp-values li').evaluate_all('all => all.map(o => o.offsetHeight)')
    assert len(heights) == 2
    assert max(heights) < 40


def test_values_are_those_of_the_runs(page):
    for place in (0, 3, 1):
        to(page, place)
        text = shown(page)
        for method, name in (('none', 'Plain'), ('mixup', 'MixUp'), ('cutmix', 'CutMix')):
            found = expected(short, method, place)
            assert name in text
            assert f'{mean(found):.3f}' in text
            assert f'± {stdev(found):.3f}, 3 seeds' in text


def test_the_best_stands_first(page):
    to(page, 3)
    assert [o[0] for o in values(page)] == ['MixUp', 'CutMix', 'Plain']
    lead = mean(expected(short, 'mixup', 3))-mean(expected(short, 'cutmix', 3))
    assert page.inner_text('.rp-leader') == f'Epoch 4: MixUp leads CutMix by {lead:.3f}.'
    page.get_by_label('test loss').check()
    assert [o[0] for o in values(page)] == ['MixUp', 'CutMix', 'Plain'], 'the least loss is the best'


def test_another_length_goes_on_at_the_same_share(page):
    to(page, 1)
    page.get_by_label('8 epochs').check()
    assert page.locator('.rp-time .mx-slide span').inner_text() == '4 of 8'
    assert f"{mean(expected(long, 'none', 3)):.3f}" in shown(page)


def test_methods_can_be_left_out(page):
    def lines(): return page.locator('.rp-chart .rp-mean').count()
    before = lines()
    page.get_by_label('CutMix', exact=True).uncheck()
    assert lines() == before*2/3
    assert 'CutMix' not in shown(page)
    for name in ('Plain', 'MixUp'): page.get_by_label(name, exact=True).uncheck()
    assert shown(page).strip() == ''


def test_every_seed_is_drawn(page):
    to(page, 2)
    assert page.locator('.rp-chart .rp-seed:not(.rp-later)').count() == 9
    assert page.locator('.rp-chart .rp-mean:not(.rp-later)').count() == 3


def test_notes_belong_to_their_length(page):
    assert not page.locator('.rp-note').is_visible()
    page.get_by_role('button', name='Epoch 6 of 8').click()
    assert page.get_by_label('8 epochs').is_checked()
    assert page.inner_text('.rp-note') == 'Epoch 6 of 8: MixUp <b>leads</b>.'
    to(page, 2)
    assert page.inner_text('.rp-note').endswith('They start.')
    page.get_by_label('4 epochs').check()
    assert not page.locator('.rp-note').is_visible()


def test_play_runs_to_the_end_and_can_be_stopped(page):
    page.get_by_role('button', name='Play').click()
    page.wait_for_function("document.querySelector('.rp-time .mx-slide span').textContent === '4 of 4'")
    page.wait_for_function("document.querySelector('.rp-time button').textContent === 'Play'")
    page.get_by_label('8 epochs').check()
    page.get_by_role('button', name='Play').click()
    page.get_by_role('button', name='Pause').click()
    at = page.inner_text('.rp-time .mx-slide span')
    page.wait_for_timeout(300)
    assert page.inner_text('.rp-time .mx-slide span') == at


def test_keys_move_the_cursor(page):
    page.get_by_label('Epoch', exact=True).focus()
    page.keyboard.press('End')
    assert page.locator('.rp-chart').get_attribute('aria-label') == 'test accuracy of Plain, MixUp, CutMix, epoch 4 of 4'


def test_epochs_that_were_not_measured_are_left_out(site):
    page = site.open(Replay(invented(8, every=4)))
    to(page, 1)
    assert page.inner_text('.rp-leader').startswith('Epoch 8:')
    assert page.get_by_label('8 epochs').count() == 0, 'there is nothing to choose'


def test_tasks_and_an_unfinished_comparison(site):
    clean = invented(4, 'clean', methods=['none'])
    clean['runs'] += short['runs'][:4]
    page = site.open(Replay(json.loads(json.dumps(clean))))
    page.get_by_label('4 epochs, noisy').check()
    to(page, 3)
    assert '2 seeds' in shown(page)
    assert '1 seed' in shown(page)


def test_pictures_stand_with_their_methods(site):
    page = site.open(Replay(short, pictures=dict(mixup=torch.rand(3, 8, 8))))
    assert page.locator('.rp-methods label', has=page.locator('img')).inner_text().strip() == 'MixUp'


def test_a_method_without_runs_says_so(site):
    "Of this length; its box waits for one where it has some"
    page = site.open(Replay(invented(4, methods=['none', 'mixup']), long))
    box = page.locator('.rp-methods label', has_text='CutMix')
    assert box.locator('input').is_disabled() and 'no runs of this kind' in box.inner_text()
    assert page.get_by_label('MixUp', exact=True).is_enabled()
    page.get_by_label('8 epochs').check()
    assert box.locator('input').is_enabled() and 'no runs' not in box.inner_text()
    box.locator('input').uncheck()
    page.get_by_label('4 epochs').check()
    page.get_by_label('8 epochs').check()
    assert not box.locator('input').is_checked(), 'as the reader left it'


def test_several_pictures_of_a_method_take_turns(site):
    page = site.open(Replay(long, pictures=dict(mixup=[torch.zeros(3, 8, 8), torch.ones(3, 8, 8)], cutmix=torch.rand(3, 8, 8), unknown=torch.rand(3, 8, 8))))
    def sources(): return [page.locator('.rp-methods label', has_text=o).locator('img').get_attribute('src') for o in ('MixUp', 'CutMix')]
    seen = []
    for place in range(3):
        to(page, place)
        seen.append(sources())
    assert seen[0] == seen[2] and seen[0][0] != seen[1][0] and seen[0][1] == seen[1][1]
    assert page.locator('.rp-methods img').count() == 2, 'a method without a run has none'


def test_different_epochs_are_refused():
    bad = invented(4)
    bad['runs'][0]['epochs'] = [1, 2, 3, 5]
    with pytest.raises(ValueError, match='measured at the same epochs'): Replay(bad)


@pytest.mark.parametrize('width,scheme', [(1280, 'light'), (390, 'dark')])
def test_a_replay_is_for_everybody(site, width, scheme):
    w = Replay(short, long, notes={(8, 2): 'They start.'}, pictures=dict(mixup=torch.rand(3, 8, 8)))
    page = site.open(w, viewport=dict(width=width, height=800), color_scheme=scheme)
    page.get_by_role('button', name='Epoch 2').click()
    assert axe(page) == []
    assert small_targets(page) == []
    assert wide(page) <= 0
    page.add_style_tag(content='body { font-size: 32px }')
    assert wide(page) <= 0


def test_without_scripts_the_ends_are_read(site):
    pictures = dict(mixup=[torch.zeros(3, 8, 8), torch.ones(3, 8, 8)], cutmix=torch.rand(3, 8, 8))
    page = site.open(Replay(short, notes={(4, 2): 'Look.'}, pictures=pictures), java_script_enabled=False)
    text = page.inner_text('.mx')
    assert f"Plain: test accuracy {mean(round(o, 4) for o in expected(short, 'none', 3)):.3f}, 3 seeds" in text
    assert 'Epoch 2 of 4: Look.' in text
    assert [o.is_visible() for o in page.locator('.mx img').all()] == [True, True, False], 'one of each method'


contrast = '''([line, veil]) => {
    const paper = document.createElement('canvas').getContext('2d'), look = o => getComputedStyle(document.querySelector(o))
    const paint = (color, alpha) => { paper.globalAlpha = alpha; paper.fillStyle = color; paper.fillRect(0, 0, 1, 1) }
    const light = () => {
        const [r, g, b] = [...paper.getImageData(0, 0, 1, 1).data].map(o => o / 255).map(o => o <= .04045 ? o / 12.92 : ((o + .055) / 1.055) ** 2.4)
        return .2126 * r + .7152 * g + .0722 * b + .05
    }
    paint(look('.mx').backgroundColor, 1)
    const ground = light()
    paint(look(line).stroke, look(line).strokeOpacity)
    if (veil) paint(look(veil).fill, look(veil).fillOpacity)
    return Math.max(light() / ground, ground / light())
}'''


@pytest.mark.parametrize('widget, line, veil', [
    (Replay(short), '.rp-mean.rp-later', None), (TrainingTrace(dict(plain=dict(loss=[3, 2, 1]))), '.tr-l0', '.tr-now')], ids=['replay', 'trace'])
@pytest.mark.parametrize('scheme', ['light', 'dark'])
def test_what_is_still_to_come_can_be_seen(site, scheme, widget, line, veil):
    "It is all that there is to see before anything moves"
    assert 1.8 < site.open(widget, color_scheme=scheme).evaluate(contrast, [line, veil]) < 4
