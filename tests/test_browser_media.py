"The pad, the replay, the exam and questions with lines and pictures: one page, in forced colors, without motion, printed, read."
import pytest
from browser.harness import Site, axe, small_targets, wide

from mixcourse.teach.digits import DrawIt
from mixcourse.teach.exam import exam
from mixcourse.teach.questions import quiz
from mixcourse.teach.replay import Replay

curves = dict(none=[.3, .5, .6], mixup=[.2, .5, .7])
losses = [1.5, 1.2, 1.]
runs = [dict(method=k, task='clean', seed=seed, epochs=[1, 2, 3], curve=v, test_loss=losses, train_loss=losses) for k, v in curves.items() for seed in (0, 1)]
plain = dict(forced_colors='none', reduced_motion='reduce', color_scheme='light', media='screen')
schemes = ['light', 'dark']


def widgets():
    lines_and_pictures = quiz('cutmix.line_lam', 'cutmix.which_label', 'cutmix.which_picture')
    return DrawIt(), Replay(dict(settings=dict(epochs=3), runs=runs), notes={(3, 2): 'Look here.'}), exam(), lines_and_pictures


@pytest.fixture(scope='module')
def used(chrome):
    "All of them, each with something drawn, answered or begun"
    shown = Site(chrome)
    page = shown.open(*widgets())
    page.locator('.dg-cell').nth(20).click()
    page.get_by_role('button', name='Begin').click()
    for q in page.locator('.mx[data-kind=quiz] fieldset').all():
        q.locator('input').first.check()
        q.get_by_role('button', name='Check').click()
    yield page
    for o in shown.contexts: o.close()
    assert (shown.asked, shown.errors) == ([], [])


@pytest.fixture
def page(used):
    used.emulate_media(**plain)
    used.set_viewport_size(dict(width=1280, height=900))
    yield used
    used.emulate_media(**plain)


def colors(page, el, what='backgroundColor'):
    return page.evaluate('([el, what]) => [...document.querySelectorAll(el)].map(o => getComputedStyle(o)[what])', [el, what])


@pytest.mark.parametrize('scheme', schemes)
def test_axe_finds_nothing(page, scheme):
    page.emulate_media(color_scheme=scheme)
    assert axe(page) == []


@pytest.mark.parametrize('scheme', schemes)
def test_axe_finds_nothing_in_forced_colors(page, scheme):
    "Contrast is the system's there, and axe reads the color of a text before it was forced"
    page.emulate_media(color_scheme=scheme, forced_colors='active')
    assert [o for o in axe(page) if o[0] != 'color-contrast'] == []
    assert set(colors(page, '.mx-main', 'color')).isdisjoint(colors(page, '.mx-main'))


def test_targets_can_be_hit(page): assert small_targets(page) == []


@pytest.mark.parametrize('scheme', schemes)
def test_what_is_drawn_is_seen_in_forced_colors(page, scheme):
    page.emulate_media(color_scheme=scheme, forced_colors='active')
    assert len(set(colors(page, '.dg-cell'))) >= 2


@pytest.mark.parametrize('scheme', schemes)
def test_lines_of_the_replay_differ_in_forced_colors(page, scheme):
    page.emulate_media(color_scheme=scheme, forced_colors='active')
    lines = colors(page, '.rp-mean:not(.rp-later)', 'stroke')
    ground = colors(page, 'body')[0]
    assert len(set(lines)) == 2
    assert ground not in lines
    assert len(set(colors(page, '.rp-mean:not(.rp-later)', 'strokeDasharray'))) == 2, 'by dashes, too'


def test_right_and_wrong_are_said_in_words(page):
    "Not by a color alone"
    page.emulate_media(forced_colors='active')
    verdicts = page.locator('.mx[data-kind=quiz] fieldset').evaluate_all("o => o.map(q => q.querySelector('[role=status], .mx-why, .mx-say')?.textContent ?? '')")
    assert len(verdicts) == 3
    assert all(o.strip() for o in verdicts)


@pytest.mark.parametrize('motion,moving', [('reduce', False), ('no-preference', True)])
def test_nothing_moves_for_those_who_ask(page, motion, moving):
    page.emulate_media(reduced_motion=motion)
    found = page.evaluate('''() => [...document.querySelectorAll('.mx *')].some(o => {
        const look = getComputedStyle(o)
        return look.transitionDuration.split(',').some(s => parseFloat(s)) || look.animationName !== 'none' })''')
    assert found == moving


@pytest.mark.parametrize('kind', ['digits', 'replay', 'exam', 'quiz'])
def test_on_paper_each_can_be_read(page, kind):
    "What stands there without scripts, as a pen cannot press a button"
    page.emulate_media(media='print')
    box = page.locator(f'.mx[data-kind={kind}]')
    assert box.locator('.mx-fb').first.is_visible()
    assert box.get_by_role('button').locator('visible=true').count() == 0
    read = box.inner_text()
    expected = dict(digits='Four small networks learn', replay='MixUp: test accuracy 0.700', exam='of these questions make an exam', quiz='label')
    assert expected[kind] in read


@pytest.mark.parametrize('scheme', schemes)
def test_paper_is_light(page, scheme):
    page.emulate_media(media='print', color_scheme=scheme)
    assert set(colors(page, '.mx', 'colorScheme')) == {'light'}


@pytest.mark.parametrize('width', [1280, 390, 320])
def test_no_widget_is_wider_than_the_page(page, width):
    page.set_viewport_size(dict(width=width, height=900))
    assert wide(page) <= 0
