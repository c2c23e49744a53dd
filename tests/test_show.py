"`show_mix` tells the truth of a batch, whatever is in it, and leaves all as it was."
import random
from itertools import combinations

import matplotlib, numpy as np, pytest, torch
from fastai.callback.mixup import MixUp as FastaiMixUp
from fastai.callback.schedule import SchedLin
from fastai.data.core import DataLoaders, Datasets
from fastai.data.transforms import Categorize
from fastai.torch_core import TensorImage
from fastai.vision.core import TensorMask, TensorPoint
from helpers import Batches, CE, digits, digits_x, digits_y, flat_net, learner, loaders, mixers, pictures_of, plains, random_states, same_states, segmenter, spy

from mixcourse.callback import CutMix, Cutout, ManifoldMixUp, MixUp, RandomMix, explore
from mixcourse.callback.pictures import picture_of
from mixcourse.compare.figures import STYLE

matplotlib.use('Agg')


def _image(i): return TensorImage(digits_x[i])
def _name(i): return f'digit {digits_y[i]}'
def _points(i): return TensorPoint([[1., 2.], [3., i]])
def titles(axs): return [o.get_title(matplotlib.rcParams['axes.titlelocation']) for o in axs]


@pytest.mark.parametrize('name', ['mixup', 'cutmix', 'cutout', 'random'])
def test_show_mix_leaves_everything_as_it_was(name):
    cb = mixers()[name]()
    learn = learner(cb, digits())
    x, y = random_states(), learn.dls.train.rng.getstate()
    attrs, params = dict(vars(cb)), {k: v.clone() for k, v in learn.model.state_dict().items()}
    own = dict(vars(learn))
    axs = learn.show_mix(max_n=5)
    assert same_states(x, random_states())
    assert learn.dls.train.rng.getstate() == y
    assert len(axs) == 5
    assert vars(learn).keys() == own.keys()
    assert all(vars(learn)[k] is own[k] for k in own)
    assert {k: v for k, v in vars(cb).items() if not k.startswith('_')} == {k: v for k, v in attrs.items() if not k.startswith('_')}
    assert all(torch.equal(v, params[k]) for k, v in learn.model.state_dict().items())
    def loss(show):
        random.seed(0)
        learn = learner(mixers()[name](), digits(n=16))
        if show: learn.show_mix(1)
        return torch.stack([b['loss'] for b in spy(learn)])
    assert torch.equal(loss(True), loss(False))
    matplotlib.pyplot.close('all')


@pytest.mark.slow
def test_show_mix_leaves_data_in_memory():
    x, y = plains(16)
    for cb in (MixUp(inplace=True), CutMix(inplace=True), Cutout(3, inplace=True)):
        learner(cb, loaders(x, y), flat_net(16), CE()).show_mix()
        assert torch.equal(x, plains(16)[0])
    matplotlib.pyplot.close('all')


def run_into_each_other(axs):
    "Pairs of titles that overlap, and titles that lie over a picture"
    axs[0].figure.canvas.draw()
    words = [t.get_window_extent() for ax, title in zip(axs, titles(axs)) for t in ax.findobj(lambda o: title and getattr(o, 'get_text', str)() == title)]
    found = [(a, b) for a, b in combinations(words, 2) if a.overlaps(b)]
    return found + [o for o in words for ax in axs if ax.get_window_extent().overlaps(o)]


@pytest.mark.slow
@pytest.mark.parametrize('style', [{}, STYLE], ids=['matplotlib', 'course'])
@pytest.mark.parametrize('n, figsize', [(9, None), (3, (6.9, 2.6)), (4, (4, 4))])
@pytest.mark.parametrize('name', ['cat', 'German short-haired pointer', 'Donaudampfschiffahrtsgesellschaft'])
def test_titles_stay_apart(name, n, figsize, style):
    "However long the names of classes are"
    items = [*range(32)]
    dsets = Datasets(items, [[_image], [lambda i: f'{name} {i%8}', Categorize()]], splits=[items, items])
    dls = dsets.dataloaders(bs=16, device='cpu')
    with matplotlib.rc_context(style):
        axs = learner(MixUp(1., seed=1), dls, flat_net(16), CE()).show_mix(n, figsize=figsize)
        assert run_into_each_other(axs) == []
        assert len([o for o in titles(axs) if '+ 0.' in o]) > n//2
    matplotlib.pyplot.close('all')


def test_captions_name_both_pictures():
    learn = learner(MixUp(1., seed=1), digits())
    for o in titles(learn.show_mix()):
        if '+' not in o: assert o in [f'digit {i}' for i in range(10)]; continue
        a, b = o.split(' + ')
        assert abs(float(a.split()[0])+float(b.split()[0])-1) < .011
        assert a[4:] == ' '+a.split(' ', 1)[1]
        assert a.split(' ', 1)[1].startswith('digit')
    assert any('+' in o for o in titles(learn.show_mix()))
    assert not any('+' in o for o in titles(learner(Cutout(3), digits()).show_mix()))
    matplotlib.pyplot.close('all')


def test_captions_tell_the_truth():
    "Read from the pictures shown"
    x, y = plains(9)
    for ax in learner(CutMix(1., seed=1), loaders(x, y, bs=9), flat_net(9), CE()).show_mix():
        shown = np.asarray(ax.images[0].get_array(), dtype=float)
        title = ax.get_title()
        values, n = np.unique(shown.round(5), return_counts=True)
        assert len(values) == (2 if '+' in title else 1)
        if '+' in title: assert sorted(float(o.split()[0]) for o in title.split(' + ')) == pytest.approx(sorted(n/n.sum()), abs=.006)
    matplotlib.pyplot.close('all')


def test_show_mix_of_masks_and_of_nothing():
    x, m = pictures_of()
    assert len(learner(CutMix(), loaders(x, TensorMask(m)), segmenter(12), CE()).show_mix(4)) == 4
    for cbs in (None, ManifoldMixUp()):
        with pytest.raises(ValueError, match='`cbs` must hold a mixer'): learner(cbs, digits()).show_mix()
    matplotlib.pyplot.close('all')


@pytest.mark.parametrize('targets', [(_name,), (_name, _points), (_points,)], ids=['class', 'class and points', 'points'])
def test_show_mix_of_what_fastai_decodes(targets):
    "Two pictures in, one target or several out"
    dsets = Datasets(range(16), [[_image], [_image], *([o, Categorize()] if o is _name else [o] for o in targets)], splits=[range(12), range(12, 16)], n_inp=2)
    learn = learner(MixUp(1., seed=1), dsets.dataloaders(bs=4, num_workers=0, device='cpu'), loss=CE())
    axs = learn.show_mix()
    assert len(axs) == 4
    assert all(titles(axs))
    assert [len(ax.images) for ax in axs] == [1]*4
    assert ('digit' in titles(axs)[0]) == (targets[0] is _name)
    matplotlib.pyplot.close('all')


def test_show_mix_with_progress():
    learn = learner(MixUp(SchedLin(0, 1.)), digits())
    assert not any('+' in o for o in titles(learn.show_mix(pct=0.)))
    assert any('+' in o for o in titles(learn.show_mix(pct=1.)))
    matplotlib.pyplot.close('all')


@pytest.mark.parametrize('shape', [(1, 8, 8), (2, 8, 8), (3, 8, 8), (4, 8, 8), (6, 8, 8), (3, 50), (1, 50), (40, 50), (7,), (4, 3, 8, 8), (1, 6, 8, 8), (3, 5, 8, 8), (5, 2, 8, 8)], ids=str)
@pytest.mark.parametrize('values', [torch.rand, torch.randn, lambda s: torch.full(s, 3.)], ids=['unit', 'normal', 'flat'])
def test_show_mix_of_every_shape_that_trains(shape, values):
    "Channels of any number, series, videos, volumes, tables"
    learn = learner(MixUp(1., seed=1), loaders(values((8, *shape)), torch.arange(8) % 3), flat_net(3, shape, 1), CE())
    axs = learn.show_mix(max_n=3)
    assert len(axs) == 3
    assert all(titles(axs))
    assert all(ax.images or ax.lines for ax in axs)
    matplotlib.pyplot.close('all')


def test_channels_side_by_side_are_those_of_the_picture():
    x = torch.rand(6, 4, 5)
    shown = picture_of(x)
    for i in range(6): assert torch.equal(shown[0, :, i*6:i*6+5], x[i])


def test_rgb_stays_rgb():
    x = torch.rand(3, 4, 5)
    assert torch.equal(picture_of(x), x)
    assert picture_of(torch.rand(4, 3, 6, 6)).shape == (3, 6, 6*4+3)  # frames of a video
    assert picture_of(torch.rand(3, 9, 6, 6)).shape == (3, 6, 6*4+3)  # slices of a volume


@pytest.mark.parametrize('wrap', [lambda a, b: (a, b), lambda a, b: [a, b], lambda a, b: {'left': a, 'right': b}], ids=['tuple', 'list', 'dict'])
def test_show_mix_of_pictures_in_a_container(wrap):
    class Both(Batches):
        def __iter__(self): return ((wrap(x, x.flip(-1)), y) for x, y in super().__iter__())
    dl = Both(torch.rand(8, 3, 6, 6), torch.arange(8) % 3)
    learn = learner(MixUp(1., seed=1), DataLoaders(dl, dl), flat_net(3), CE())
    assert any('+' in o for o in titles(learn.show_mix(max_n=4)))
    matplotlib.pyplot.close('all')


# explore

def test_explore_leaves_the_callback_to_its_learner(monkeypatch):
    "Also the mixers inside of a chooser"
    cb = RandomMix([MixUp(.4), CutMix(1.)])
    learn = learner(cb, digits())
    ui = explore(learn.dls, cb, max_n=2)
    ui.children[0].children[-1].click()
    assert [m.learn is learn for m in cb.mixers] == [True, True]
    assert cb.seed is None
    learn.fit(1)


@pytest.mark.parametrize('cb', [FastaiMixUp(), ManifoldMixUp(), None, 'MixUp'], ids=['fastai', 'manifold', 'none', 'name'])
def test_explore_refuses_what_it_cannot_show(cb):
    with pytest.raises(ValueError, match='`cb` must be a mixer of images of mixcourse'): explore(digits(), cb)
