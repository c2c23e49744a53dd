"Callbacks in a real Learner: what the model sees, what the loss says, and what stays as it was."
import copy, random, warnings
from functools import partial

import numpy as np, pytest, torch, torch.nn.functional as F
from fastai.callback.core import Callback
from fastai.callback.mixup import MixUp as FastaiMixUp
from fastai.losses import CrossEntropyLossFlat, FocalLossFlat, LabelSmoothingCrossEntropyFlat
from fastai.metrics import accuracy
from fastai.optimizer import SGD
from helpers import CE, cnn, digits, digits_x, digits_y, dots, expected, fit, flat_net, learner, loaders, mixers, plains, random_states, read_dots, readers, same_states, spy, state, weight
from torch import nn

from mixcourse.callback import CutMix, Cutout, ManifoldMixUp, MixUp, RandomMix


# what the model sees is what the loss says

weighed = {'module': CE(), 'function': F.cross_entropy, 'partial': partial(F.cross_entropy, label_smoothing=.1), 'flat': CrossEntropyLossFlat(), 'focal': FocalLossFlat(),
           'smoothing': LabelSmoothingCrossEntropyFlat(), 'sum': CE(reduction='sum'), 'weighted': CE(weight=weight), 'flat-weighted': CrossEntropyLossFlat(weight=weight),
           'ignore': CE(ignore_index=3), 'opaque': lambda p, y: F.cross_entropy(p, y)}


@pytest.mark.parametrize('name', weighed)
@pytest.mark.parametrize('cls, data, read', readers(), ids=['mixup', 'cutmix'])
def test_loss_agrees_with_pixels(cls, data, read, name):
    "Each picture shows whose it is: the loss must weigh exactly that"
    loss = weighed[name]
    before = state(loss) if hasattr(loss, '__dict__') else None
    with warnings.catch_warnings():
        warnings.simplefilter('error' if name != 'opaque' else 'ignore')
        warnings.filterwarnings('ignore', 'An output with one or more elements was resized')
        seen = fit(cls(1., seed=1), *data, loss=loss, model=flat_net(16))
    for b in seen:
        y_b, lam = read(b['mixed'][0], b['y'][0])
        assert lam.unique().numel() == 1 if name == 'opaque' else lam.unique().numel() > 3
        assert torch.isclose(b['loss'], expected(name, loss, b['pred'], b['y'][0], y_b, lam).as_subclass(torch.Tensor).squeeze(), rtol=1e-4)
        assert torch.equal(b['loss'], b['grad'])
        assert torch.equal(b['y_after'][0], b['y'][0])
    assert before is None or state(loss) == before


@pytest.mark.parametrize('cls, data, read', readers(), ids=['mixup', 'cutmix'])
@pytest.mark.parametrize('kind', ['sample', 'batch'])
def test_one_share_for_each_picture_or_for_all(cls, data, read, kind):
    for b in fit(cls(1., per_batch=kind == 'batch', seed=1), *data, model=flat_net(16), bs=16):
        y_b, lam = read(b['mixed'][0], b['y'][0])
        assert lam[y_b != b['y'][0]].unique().numel() == 1 if kind == 'batch' else lam.unique().numel() > 8
        if cls is CutMix and kind == 'batch': assert len({tuple((b['mixed'][0][i, 0] == i+1).flatten().tolist()) for i in range(16)}) == 1


def test_gradient_is_that_of_the_mixed_loss():
    "The step is made with it, not with the plain loss"
    x, y = dots(8)
    model = flat_net(8)
    learn = learner(MixUp(1., seed=1), loaders(x, y), copy.deepcopy(model), CE(), opt_func=SGD, lr=.1)
    b, = spy(learn, wd=0.)
    y_b, lam = read_dots(b['mixed'][0], y)
    pred = model(b['mixed'][0])
    (lam*F.cross_entropy(pred, y, reduction='none')+(1-lam)*F.cross_entropy(pred, y_b, reduction='none')).mean().backward()
    assert torch.allclose(learn.model[1].weight, model[1].weight-.1*model[1].weight.grad, atol=1e-6)


# only in training

@pytest.mark.parametrize('name', mixers())
def test_never_outside_training(name):
    x, y, seen = digits_x[:16], digits_y[:16], []
    class Look(Callback):
        order = 40
        def before_batch(self):
            if not self.training: seen.append((self.x.clone(), self.y.clone()))
        def after_loss(self):
            if not self.training: seen[-1] += (self.loss.clone(), F.cross_entropy(self.pred, self.y))
    learn = learner([mixers()[name](), Look()], loaders(x, y), loss=CE(), metrics=accuracy)
    learn.fit(1)
    learn.validate()
    for i, (a, b, loss, want) in enumerate(seen):
        assert torch.equal(a, x[i % 2*8:][:8])
        assert torch.equal(b, y[i % 2*8:][:8])
        assert torch.equal(loss, want)
    assert len(seen) == 4
    p = learn.get_preds(dl=learn.dls.valid)[0]
    with torch.no_grad(): assert torch.allclose(p, learn.model.eval()(x), atol=1e-5) or torch.allclose(p, learn.model(x).softmax(1), atol=1e-5)


# nothing of the user's is written to

@pytest.mark.parametrize('name', mixers())
def test_data_in_memory_stays(name):
    x, y, onehot = digits_x[:24].clone(), digits_y[:24].clone(), F.one_hot(digits_y[:24], 10).float()
    was = x.clone(), y.clone(), onehot.clone()
    for t in (y, onehot): assert any(not torch.equal(b['x'][0], b['mixed'][0]) for b in fit(mixers()[name](), x, t, epochs=2)) or name == 'manifold'
    assert torch.equal(x, was[0])
    assert torch.equal(y, was[1])
    assert torch.equal(onehot, was[2])


@pytest.mark.parametrize('cls', [MixUp, CutMix, partial(Cutout, 4)])
def test_inplace_writes_the_same_pixels(cls):
    x, y = plains(16)
    a, b = (fit(cls(seed=1, inplace=o), x.clone(), y, model=flat_net(16))[0] for o in (False, True))
    assert torch.equal(a['mixed'][0], b['mixed'][0])
    assert torch.equal(a['loss'], b['loss'])
    fit(cls(seed=1, inplace=True), x, y, model=flat_net(16))
    assert not torch.equal(x, plains(16)[0])


class Note(Callback):
    "What random numbers decide in training: dropout masks and the order of pictures"
    order, run_valid = -40, False
    def before_fit(self): self.got = []
    def before_batch(self): self.got.append(self.y.clone()); self.handle = self.learn.model[6].register_forward_hook(lambda m, i, o: self.got.append(o == 0) or self.handle.remove())


def course(cbs, seed=0):
    "Order and dropout masks of two epochs, and the random states after them"
    note = Note()
    random.seed(seed)
    learn = learner(cbs, digits(), nn.Sequential(*cnn()[:5], nn.Flatten(), nn.Dropout(.5), nn.Linear(32, 10)))
    for m in learn.model[:5]: m.requires_grad_(False)
    learn.model[4] = nn.Sequential(nn.AdaptiveAvgPool2d(2), Ones())
    torch.manual_seed(seed), np.random.seed(seed)
    learn.fit(2, cbs=note)
    return note.got, random_states()


class Ones(nn.Module):
    "So that a zero after dropout is one that it made"
    def forward(self, x): return x.abs()+1


@pytest.mark.parametrize('name', mixers())
def test_random_numbers_of_others_stay_as_they_were(name):
    "Dropout masks and shuffling are those of a run without the callback, and so are the states afterwards"
    (a, s), (b, t) = course(None), course(mixers()[name]())
    assert len(a) == len(b) == 24
    assert all(torch.equal(o, p) for o, p in zip(a, b))
    assert same_states(s, t)
    assert not all(torch.equal(o, p) for o, p in zip(a, course(None, 1)[0]))


@pytest.mark.parametrize('name', mixers())
def test_off_is_plain_training(name):
    "p=0 ends with the weights of a run without the callback"
    def weights(cbs):
        random.seed(0), torch.manual_seed(0)
        learn = learner(cbs, digits(), cnn(dropout=.5))
        learn.fit(1)
        return torch.cat([o.flatten() for o in learn.model.parameters()])
    off = dict(mixup=[MixUp(p=0), MixUp(0)], cutmix=[CutMix(p=0.), CutMix(0.)], cutout=[Cutout(3, p=0)], random=[RandomMix([MixUp()], p=[0]), RandomMix([None, MixUp(0)])],
               manifold=[ManifoldMixUp(p=0), ManifoldMixUp(0)])[name]
    plain = weights(None)
    for cb in off: assert torch.equal(weights(cb), plain)
    assert not torch.equal(weights(mixers()[name]()), plain)


# seeds

def trace(make, global_seed=0, fits=1, **kwargs):
    "Pictures and losses of all batches"
    random.seed(0)
    learn = learner(make(), digits(n=24), **kwargs)
    torch.manual_seed(global_seed)
    return [torch.stack([b['mixed'][0].sum((1, 2, 3))-b['x'][0].sum((1, 2, 3)) for b in spy(learn)]) for _ in range(fits)], learn


@pytest.mark.parametrize('make', [partial(MixUp), partial(CutMix), partial(Cutout, 3), lambda seed: RandomMix([MixUp(), CutMix(), Cutout(3)], seed=seed)],
                         ids=['mixup', 'cutmix', 'cutout', 'random'])
def test_a_seed_repeats_bit_by_bit(make):
    (a,), l = trace(partial(make, seed=3))
    (b,), m = trace(partial(make, seed=3))
    assert torch.equal(a, b)
    assert all(torch.equal(o, p) for o, p in zip(l.model.parameters(), m.model.parameters()))
    assert not torch.equal(a, trace(partial(make, seed=4))[0][0])
    (a,), _ = trace(partial(make, seed=None))
    assert torch.equal(a, trace(partial(make, seed=None))[0][0])
    assert not torch.equal(a, trace(partial(make, seed=None), 1)[0][0])


def test_without_a_seed_the_next_fit_mixes_anew():
    x, y = plains(16)
    learn = learner(CutMix(), loaders(x, y, bs=16), flat_net(16), CE())
    learn.dls.train.new_epoch = None
    learn = learner(CutMix(), digits(shuffle=False))
    a, b = spy(learn), spy(learn)
    assert not torch.equal(a[0]['mixed'][0], b[0]['mixed'][0])


def test_partners_and_shares_are_drawn_anew_for_each_batch():
    x, y = dots(8)
    shares = torch.stack([torch.stack(read_dots(b['mixed'][0], b['y'][0])) for b in fit(MixUp(1.), x, y, model=flat_net(8), epochs=4)])
    assert len(shares.unique(dim=0)) == 4


# two mixers

@pytest.mark.parametrize('other', [MixUp, CutMix, ManifoldMixUp, FastaiMixUp, lambda: RandomMix([MixUp()])], ids=['mixup', 'cutmix', 'manifold', 'fastai', 'random'])
@pytest.mark.parametrize('where', ['learner', 'fit'])
def test_two_mixers_are_refused_before_the_first_batch(other, where):
    ran = []
    class Ran(Callback):
        order = -40
        def before_batch(self): ran.append(1)
    learn = learner([CutMix(), Ran()], digits())
    with pytest.raises(ValueError, match='RandomMix'):
        if where == 'fit': learn.fit(1, cbs=other())
        else: learn.add_cb(other()).fit(1)
    assert not ran
    learn.remove_cb(learn.cbs[-1]) if where == 'learner' else None
    learn.fit(1)
