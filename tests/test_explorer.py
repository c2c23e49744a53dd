"Explorers, traces and the playground from Python: what is refused, and what a page holds."
import base64, io, json, re

import numpy as np
import pytest
import torch
from pages import Elements, state_in
from PIL import Image

from mixcourse.mixing import box_lam, cutmix, cutout, mixup, soft_targets
from mixcourse.teach.explorer import CutMixExplorer, CutoutExplorer, MixUpExplorer
from mixcourse.teach.images import example_images
from mixcourse.teach.playground import Playground
from mixcourse.teach.trace import Stage, StageTrace, TrainingTrace

evil = '<img src=x onerror=alert(1)>'


def picture(seed, size=24): return torch.rand(3, size, size, generator=torch.Generator().manual_seed(seed))
def pair(): return {'cat': picture(0), 'cup': picture(1)}


explorers = dict(mixup=lambda: MixUpExplorer(pair(), .3), cutmix=lambda: CutMixExplorer(pair(), (3, 20), 12), cutout=lambda: CutoutExplorer(pair(), 9, ((3, 20), (12, 12))),
                 black=lambda: CutoutExplorer(pair(), 9, ((3, 3),), 'black'), white=lambda: CutoutExplorer(pair(), 9, ((3, 3),), 'white'))


def images_in(html):
    "Pictures of a page by their alternative text, (3,H,W) in [0,1]"
    def read(uri):
        file = io.BytesIO(base64.b64decode(uri.split(',')[1]))
        return torch.tensor(np.array(Image.open(file).convert('RGB'))).permute(2, 0, 1) / 255
    return [(attrs['alt'], read(attrs['src'])) for tag, attrs in Elements(html).found if tag == 'img']


# Explorers

@pytest.mark.parametrize('name', explorers)
def test_the_line_of_python_makes_the_picture(name):
    e = explorers[name]()
    mean = torch.tensor([.485, .456, .406])[:, None, None]
    code = e.caption()[1]
    x = e.x[:1] if 'cutout' in code else e.x[:2]
    functions = dict(mixup=mixup, cutmix=cutmix, cutout=cutout, box_lam=box_lam, soft_targets=soft_targets, normalize=lambda o: o-mean)
    exec(code, dict(torch=torch, x=x, y=torch.arange(2), perm=torch.tensor([1, 0]), **functions), out := {})
    added = mean if 'normalize' in code else 0
    assert torch.allclose(out['mixed'][0] + added, e.mixed(), atol=1e-6)


def test_lam_of_a_box_is_its_area():
    e = explorers['cutmix']()
    assert box_lam(e.box, (24, 24)) == 1 - 9*10/576
    assert e.caption()[0] == '0.84 cat + 0.16 cup'


@pytest.mark.parametrize('name', explorers)
def test_page_shows_the_very_pixels(name):
    "The tensor `x` is what a reader sees, not what was compressed to get there"
    e = explorers[name]()
    *sources, (_, result) = images_in(e.html())
    assert [n for n, _ in sources] == e.names
    for (_, pixels), x in zip(sources, e.x): assert (pixels - x).abs().max() == 0
    assert (result - e.mixed()).abs().max() <= 1/255  # small pictures are kept as they are


def test_kinds_of_images_are_one():
    t = (picture(0)*255).round() / 255
    a = (t*255).byte().permute(1, 2, 0).numpy()
    one, two, three = (MixUpExplorer({'a': o, 'b': o}).x for o in (t, a, Image.fromarray(a)))
    assert one.equal(two)
    assert two.equal(three)


@pytest.mark.parametrize('make,rule', [
    (lambda: MixUpExplorer({'a': picture(0)}), '`images` must hold 2 or more pictures of one size, got 1'),
    (lambda: MixUpExplorer({'a': picture(0), 'b': picture(1, 30)}), 'of one size, got 2 of sizes [(24, 24), (30, 30)]'),
    (lambda: CutoutExplorer({}), '`images` must hold 1 or more'),
    (lambda: MixUpExplorer(pair(), 1.5), '`lam` must be in [0,1], got 1.5'),
    (lambda: MixUpExplorer(pair(), alpha=-1), '`alpha` must be >= 0, got -1'),
    (lambda: CutMixExplorer(pair(), (24, 0)), 'a center must be a pixel of the picture of 24×24, got (24, 0)'),
    (lambda: CutMixExplorer(pair(), (0, 0), 0), '`length` must be a positive int, got 0'),
    (lambda: CutoutExplorer(pair(), 5, ()), '`centers` must hold one to four pixels, got 0'),
    (lambda: CutoutExplorer(pair(), 5, ((1, 1),), 'red'), "`fill` must be one of ('mean', 'black', 'white'), got 'red'"),
    (lambda: example_images('dog'), "got ['dog']"),
    (lambda: example_images(size=0), '`size` must be a positive int, got 0'),
    (lambda: Playground('rings'), "`data` must be one of ('moons', 'spirals', 'blobs'), got 'rings'"),
    (lambda: Playground(points=501), '`points` must be between 50 and 500, got 501'),
    (lambda: Playground(flip=.6), '`flip` must be in [0,.5], got 0.6'),
    (lambda: Playground(alpha=-.1), '`alpha` must be >= 0, got -0.1'),
    (lambda: Playground(speed=7), '`speed` must be one of (1, 5, 10, 30), got 7'),
    (lambda: StageTrace([]), '`stages` must hold one or more'),
    (lambda: TrainingTrace({}), '`runs` must hold one or two, got 0'),
    (lambda: TrainingTrace({'a': dict(x=[1.]), 'b': dict(x=[1., 2.])}), 'same number of epochs, got [1, 2]'),
    (lambda: TrainingTrace({'a': dict(x=[1.])}, {2: 'late'}), '`notes` must be of epochs from 1 to 1, got [2]')])
def test_refused(make, rule):
    with pytest.raises(ValueError, match=re.escape(rule)): make()


def test_example_images():
    pics = example_images(size=20)
    assert list(pics) == ['cat', 'coffee', 'rocket', 'astronaut']
    assert {o.shape for o in pics.values()} == {(20, 20, 3)}
    assert min(o.std() for o in pics.values()) > 20


def widgets():
    stage = Stage(evil, (1, 2), evil, [(picture(0), evil)], shares=[(evil, .5)])
    return [MixUpExplorer({evil: picture(0), f'"{evil}\'': picture(1)}), CutoutExplorer({evil: picture(0)}, 5, ((1, 1),)), StageTrace([stage]),
            TrainingTrace({evil: {evil: [1., 2.]}}, {1: evil}), Playground()]


@pytest.mark.parametrize('i', range(5))
def test_what_a_page_holds(i):
    "Names are text; no table for Quarto to rewrite, no other host; the same bytes each time"
    html = widgets()[i].html(script_too=False)
    assert '<img src=x' not in html
    assert '<table' not in html
    assert not re.search(r'(src|href)="(?!data:)', html)
    assert html == widgets()[i].html(script_too=False)
    assert state_in(html) == json.loads(json.dumps(widgets()[i].state))


def test_live():
    pytest.importorskip('anywidget')
    for w in (*widgets(), CutMixExplorer(pair(), (3, 3), 5)):
        live = w.live()
        assert live.state == w.state
        assert live.fallback == w.fallback()
        assert 'export default' in live._esm


@pytest.mark.parametrize('kind', [MixUpExplorer, CutMixExplorer, CutoutExplorer])
@pytest.mark.parametrize('size', [(2, 2), (8, 5), (300, 40)])
def test_pictures_of_any_size_need_no_settings(kind, size):
    o = kind({c: Image.new('RGB', size[::-1], c) for c in ('red', 'blue')})
    assert o.mixed().shape == (3, *size)
    assert o.caption()
