"What may be set of a mixer: alpha, p, schedules, a choice; and the shapes and types that it takes."
from functools import partial

import numpy as np, pytest, torch, torch.nn.functional as F
from fastai.callback.core import Callback
from fastai.callback.mixup import MixUp as FastaiMixUp
from fastai.callback.schedule import SchedCos, SchedExp, SchedLin, combine_scheds
from fastai.torch_core import TensorImage
from helpers import CE, changed, cnn, digits_x, digits_y, dots, expected, fit, flat_net, learner, loaders, mixers, plains, read_dots, read_plains, spy
from torch import nn

from mixcourse.callback import CutMix, Cutout, ManifoldMixUp, MixUp, RandomMix


# shapes and types

@pytest.mark.parametrize('name', mixers())
@pytest.mark.parametrize('n, bs', [(1, 8), (3, 8), (9, 4)])
def test_small_and_odd_batches(name, n, bs):
    seen = fit(mixers()[name](), digits_x[:n], digits_y[:n], bs=bs)
    assert len(seen) == -(-n//bs)
    assert all(b['loss'].isfinite() for b in seen)
    assert all(b['mixed'][0].shape == b['x'][0].shape for b in seen)


def test_a_batch_of_one_stays_itself():
    for cls in (MixUp, CutMix):
        b, = fit(cls(), digits_x[:1], digits_y[:1])
        assert torch.equal(b['mixed'][0], b['x'][0])
        assert torch.isclose(b['loss'], F.cross_entropy(b['pred'], b['y'][0]))


class ToFloat(nn.Module):
    def forward(self, x): return x.float()


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16, torch.float64], ids=str)
@pytest.mark.parametrize('name', mixers())
def test_types_of_numbers(name, dtype):
    model = nn.Sequential(cnn().to(dtype), ToFloat())  # fastai's recorder wants float32
    b = fit(mixers()[name](), digits_x[:8].to(dtype), digits_y[:8], model=model, lr=1e-4)[0]
    assert b['mixed'][0].dtype == dtype
    assert b['loss'].isfinite()


@pytest.mark.parametrize('name', ['mixup', 'cutmix', 'cutout'])
def test_type_and_layout_of_pictures_are_kept(name):
    x = TensorImage(digits_x[:8].expand(-1, 3, -1, -1).contiguous(memory_format=torch.channels_last))
    layout = []
    class Look(Callback):
        order, run_valid = 40, False
        def before_batch(self): layout.append(self.x.is_contiguous(memory_format=torch.channels_last))
    b = fit(mixers()[name](), x, digits_y[:8], model=cnn(c_in=3), cb=[Look()])[0]
    assert layout == [True]
    assert not torch.equal(b['mixed'][0].as_subclass(torch.Tensor), b['x'][0].as_subclass(torch.Tensor))
    kept = []
    class Kind(Callback):
        order, run_valid = 1.5, False
        def before_batch(self): kept.append(type(self.x))
    fit(mixers()[name](), x, digits_y[:8], model=cnn(c_in=3), cb=[Kind()])
    assert kept == [TensorImage]


def test_videos_and_rows():
    fit(CutMix(), torch.rand(8, 1, 3, 4, 4), digits_y[:8], model=flat_net(10, (3, 16)))
    fit(MixUp(), torch.rand(8, 64), digits_y[:8], model=nn.Linear(64, 10))
    with pytest.raises(ValueError, match='3 dimensions'): fit(CutMix(), torch.rand(8, 64), digits_y[:8], model=nn.Linear(64, 10))


# Cutout

def test_cutout_hides_its_own_squares_and_keeps_labels():
    x, y = plains(16, (9, 7), 2)
    b, = fit(Cutout(4, 2, seed=1), x, y, model=flat_net(16, (9, 7), 2), bs=16)
    hidden = b['mixed'][0] == 0
    assert torch.equal(b['mixed'][0], torch.where(hidden, 0., x))
    assert torch.equal(hidden[:, 0], hidden[:, 1])
    assert len({tuple(o.flatten().tolist()) for o in hidden}) > 10
    assert ((4 <= (n := hidden[:, 0].sum((1, 2)))) & (n <= 32)).all()
    assert torch.isclose(b['loss'], F.cross_entropy(b['pred'], y))
    b, = fit(Cutout(4, per_batch=True), x, y, model=flat_net(16, (9, 7), 2), bs=16)
    assert len({tuple((o == 0).flatten().tolist()) for o in b['mixed'][0]}) == 1


def test_cutout_goes_with_one_mixer():
    x, y = plains(16)
    for cbs in ([Cutout(3, seed=1), MixUp(seed=2)], [MixUp(seed=2), Cutout(3, seed=1)]):
        b = fit(cbs, x, y, model=flat_net(16))[0]
        hidden, rest = b['mixed'][0] == 0, fit(MixUp(seed=2), x, y, model=flat_net(16))[0]['mixed'][0]
        assert hidden.any((1, 2, 3)).all()
        assert torch.equal(b['mixed'][0], torch.where(hidden, 0., rest))


# alpha, p and their schedules

@pytest.mark.parametrize('cls', [MixUp, CutMix, ManifoldMixUp])
@pytest.mark.parametrize('alpha', [-1., float('nan'), '1', None, True, lambda pct: -pct, lambda pct: 'x'])
def test_bad_alpha(cls, alpha):
    with pytest.raises(ValueError, match='`alpha`'): cls(alpha)


@pytest.mark.parametrize('cls', [MixUp, CutMix, partial(Cutout, 3), ManifoldMixUp])
@pytest.mark.parametrize('p', [-.1, 1.1, float('nan'), '1', None, True, lambda pct: 2*pct])
def test_bad_p(cls, p):
    with pytest.raises(ValueError, match='`p`'): cls(p=p)


@pytest.mark.parametrize('args', [(0,), (-3,), (2.,), ('3',), (None,), (True,), (3, 0), (3, 1.5)])
def test_bad_holes(args):
    with pytest.raises(ValueError, match='`(length|n_holes)` must be a positive int'): Cutout(*args)


@pytest.mark.parametrize('kw, match', [(dict(mixers=[]), '`mixers`'), (dict(mixers=[MixUp]), '`mixers`'), (dict(mixers=[FastaiMixUp()]), '`mixers`'),
                                       (dict(mixers=[RandomMix([None])]), '`mixers`'), (dict(mixers=[MixUp()], p=[.5, .5]), '`p` must have one entry'),
                                       (dict(mixers=[MixUp(), None], p=[.7, .7]), '`p` must add up'), (dict(mixers=[MixUp()], p=[1.5]), '`p`'),
                                       (dict(mixers=[MixUp()], p=[lambda pct: pct*2]), '`p`'), (dict(mixers=[MixUp()], seed=-1), '`seed`'),
                                       (dict(mixers=MixUp()), '`mixers`'), (dict(mixers=None), '`mixers`'), (dict(mixers=[MixUp()], p=.5), '`p` must be a list')])
def test_bad_random_mix(kw, match):
    with pytest.raises(ValueError, match=match): RandomMix(**kw)


@pytest.mark.parametrize('inputs', [0, [.5], '0', [None]])
@pytest.mark.parametrize('cls', [MixUp, CutMix, partial(Cutout, 3), ManifoldMixUp])
def test_bad_inputs(cls, inputs):
    with pytest.raises(ValueError, match='`inputs` must be a list of positions'): cls(inputs=inputs)


def test_alpha_as_any_number():
    for alpha in (1, np.float32(.5), np.int64(2), lambda pct: np.float64(pct), lambda pct: int(pct < .5), SchedLin(1, 0), SchedCos(0., 1.)): fit(MixUp(alpha), *dots(16), model=flat_net(16))
    for b in fit(MixUp(float('inf')), *dots(16), model=flat_net(16)): assert (b['mixed'][0].amax((1, 2, 3)) == .5).all()


@pytest.mark.parametrize('make', [lambda p: MixUp(p=p), lambda p: CutMix(p=p), lambda p: Cutout(3, p=p), lambda p: RandomMix([MixUp(1.)], p=[p])],
                         ids=['mixup', 'cutmix', 'cutout', 'random'])
def test_p_follows_progress(make):
    def run(p, epochs=1): return changed(fit(make(p), digits_x[:32], digits_y[:32], bs=2, model=flat_net(10), epochs=epochs))
    step = run(combine_scheds([.5, .5], [SchedLin(1, 1), SchedLin(0, 0)]))
    assert sum(step[:8]) >= 7
    assert not any(step[8:])
    some = run(SchedLin(1, 0), 3)
    assert sum(some[:16]) > sum(some[-16:])
    assert sum(some[:16]) >= 9
    assert sum(some[-16:]) <= 7


@pytest.mark.parametrize('p', [SchedCos(0, 1), SchedExp(.1, 1.), SchedExp(.3, 1.), lambda pct: np.float64(pct), lambda pct: int(pct > .5)])
def test_schedules_of_p(p): fit(MixUp(p=p), *dots(16), model=flat_net(16))


def test_alpha_follows_progress():
    "From half and half to nothing"
    seen = fit(MixUp(lambda pct: 1e5*(pct < .5)), *dots(16), model=flat_net(16), bs=4, epochs=2)
    for b in seen:
        _, lam = read_dots(b['mixed'][0], b['y'][0])
        assert (abs(lam-.5) < .05).all() if b['pct'] < .5 else (lam == 1).all()
    learn = learner(MixUp(SchedLin(0, 1)), loaders(*dots(16)), flat_net(16), CE())
    assert not changed(spy(learn))[0]
    assert changed(spy(learn))[-1]


def test_p_is_a_chance_for_each_batch():
    n = sum(changed(fit(CutMix(1., p=.3, seed=1), *plains(16), bs=2, epochs=10, model=flat_net(16))))
    assert 8 <= n <= 36  # of 80, some of them with an empty box


# RandomMix

def test_random_mix_chooses_among_all():
    "On plain pictures each mixer leaves its own traces"
    x, y = plains(16)
    seen = fit(RandomMix([MixUp(1.), CutMix(1.), Cutout(3), None], seed=1), x, y, model=flat_net(16), bs=16, epochs=40)
    def kind(b):
        m = b['mixed'][0]
        return 'none' if torch.equal(m, b['x'][0]) else 'cutout' if (m == 0).any() else 'cutmix' if (m == m.round()).all() else 'mixup'
    n = {k: [kind(b) for b in seen].count(k) for k in ('none', 'cutout', 'cutmix', 'mixup')}
    assert min(n.values()) >= 3
    for b in seen:
        if kind(b) in ('none', 'cutout'): want = F.cross_entropy(b['pred'], b['y'][0])
        elif kind(b) == 'cutmix':
            y_b, lam = read_plains(b['mixed'][0], b['y'][0])
            want = expected('', F.cross_entropy, b['pred'], b['y'][0], y_b, lam)
        else: continue
        assert torch.isclose(b['loss'], want, rtol=1e-4)
        assert torch.equal(b['y_after'][0], b['y'][0])


def test_random_mix_follows_its_chances():
    x, y = plains(16)
    seen = fit(RandomMix([Cutout(3), MixUp(1.)], p=[.2, .3], seed=2), x, y, model=flat_net(16), bs=2, epochs=15)
    holes, none = sum(bool((b['mixed'][0] == 0).any()) for b in seen), sum(not o for o in changed(seen))
    assert 12 <= holes <= 38
    assert 45 <= none <= 80  # of 120: 24 and 60 expected
    assert all(changed(fit(RandomMix([Cutout(3)], p=[1.]), x, y, model=flat_net(16))))


def test_a_mixer_works_alone_after_random_mix():
    cut = CutMix(seed=1)
    fit(RandomMix([cut, None]), *plains(16), model=flat_net(16))
    a, b = (fit(o, *plains(16), model=flat_net(16)) for o in (cut, CutMix(seed=1)))
    assert all(torch.equal(o['mixed'][0], p['mixed'][0]) for o, p in zip(a, b))
