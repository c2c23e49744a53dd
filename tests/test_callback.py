"Callbacks in a real Learner: what the model sees, what the loss says, and what stays as it was."
import copy, pickle, random, warnings
from contextlib import nullcontext
from functools import partial

import matplotlib, numpy as np, pytest, torch, torch.nn.functional as F
from fastai.callback.core import Callback
from fastai.callback.mixup import MixUp as FastaiMixUp
from fastai.callback.schedule import SchedCos, SchedExp, SchedLin, combine_scheds
from fastai.data.core import Datasets
from fastai.data.transforms import Categorize
from fastai.losses import (BCEWithLogitsLossFlat, CrossEntropyLossFlat, DiceLoss, FocalLossFlat, LabelSmoothingCrossEntropyFlat, MSELossFlat)
from fastai.metrics import accuracy
from fastai.optimizer import SGD
from fastai.torch_core import TensorImage
from fastai.vision.core import TensorBBox, TensorMask, TensorPoint
from helpers import (cnn, digits, digits_x, digits_y, dots, hooks, learner, loaders, mixers, plains, random_states, read_dots,
                     read_plains, same_states, segmenter, spy, state)
from torch import nn

from mixcourse.callback import CutMix, Cutout, ManifoldMixUp, MixedAccuracy, MixUp, RandomMix, hidden_layers

matplotlib.use('Agg')
CE = nn.CrossEntropyLoss


def fit(cbs, *data, loss=None, model=None, bs=8, n_inp=None, valid=None, cb=(), epochs=1, **kwargs):
    "What happened in each batch of a fit on `data`, whose loader hands out views"
    learn = learner(cbs, loaders(*data, bs=bs, n_inp=n_inp, valid=valid), model, loss or CE(), **kwargs)
    return spy(learn, epochs, cb)


def flat_net(c_out, size=(8, 8), c=1): return nn.Sequential(nn.Flatten(), nn.Linear(c*size[0]*size[1], c_out))


def readers(): return [(MixUp, dots(16), read_dots), (CutMix, plains(16), read_plains)]


# what the model sees is what the loss says

weight = torch.linspace(.2, 3, 16)
weighed = {'module': CE(), 'function': F.cross_entropy, 'partial': partial(F.cross_entropy, label_smoothing=.1), 'flat': CrossEntropyLossFlat(), 'focal': FocalLossFlat(),
           'smoothing': LabelSmoothingCrossEntropyFlat(), 'sum': CE(reduction='sum'), 'weighted': CE(weight=weight), 'flat-weighted': CrossEntropyLossFlat(weight=weight),
           'ignore': CE(ignore_index=3), 'opaque': lambda p, y: F.cross_entropy(p, y)}


def expected(name, loss, pred, y_a, y_b, lam):
    "The loss of each picture alone, weighed by the shares read from its pixels"
    if name == 'opaque': return lam[0]*loss(pred, y_a)+(1-lam[0])*loss(pred, y_b)
    if name in ('weighted', 'flat-weighted', 'ignore'):
        w = weight if 'weighted' in name else (torch.arange(16) != 3).float()
        each, up, down = F.cross_entropy, 0., 0.
        for i, l in enumerate(lam):
            for y, share in ((y_a[i], l), (y_b[i], 1-l)): up, down = up+share*w[y]*each(pred[i:i+1], y[None]), down+share*w[y]
        return up/down
    one = [l*loss(pred[i:i+1], y_a[i:i+1])+(1-l)*loss(pred[i:i+1], y_b[i:i+1]) for i, l in enumerate(lam)]
    return sum(one)/(1 if name == 'sum' else len(one))


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
        assert torch.equal(b['loss'], b['grad']) and torch.equal(b['y_after'][0], b['y'][0])
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


# kinds of targets

onehot = F.one_hot(torch.arange(16), 16).float()


@pytest.mark.parametrize('cls, data, read', readers(), ids=['mixup', 'cutmix'])
@pytest.mark.parametrize('name', ['soft', 'multilabel', 'regression', 'column', 'multi-int', 'binary'])
def test_every_kind_of_target(cls, data, read, name):
    x, y = data
    target = dict(soft=onehot, multilabel=(onehot+onehot.roll(1, 0)).double().float(), regression=y/16., column=y[:, None]/16., binary=(y % 2).float()[:, None])
    target['multi-int'] = target['multilabel'].long()
    t, c = target[name], 16 if name in ('soft', 'multilabel', 'multi-int') else 1
    loss = dict(soft=CE(), multilabel=nn.BCEWithLogitsLoss(), regression=MSELossFlat(), column=nn.MSELoss(), binary=BCEWithLogitsLossFlat()).get(name, BCEWithLogitsLossFlat())
    for b in fit(cls(1., seed=1), x, t, loss=loss, model=flat_net(c)):
        own = b['y'][0]
        at = (x.flatten(1)[:, None] == x.flatten(1)[None]).all(2).float().argmax(1)  # pictures are told apart
        assert len(at.unique()) == 16
        ids = torch.stack([(t == o).view(16, -1).all(1).nonzero().flatten()[0] for o in own]) if name != 'binary' else None
        if ids is None: continue
        y_b, lam = read(b['mixed'][0], ids)
        share = lam.view(-1, *[1]*(t.ndim-1))
        assert torch.isclose(b['loss'], torch.as_tensor(loss(b['pred'], (share*own+(1-share)*t[y_b]).to(own.dtype if own.is_floating_point() else torch.float))).as_subclass(torch.Tensor), rtol=1e-4)
        assert torch.equal(b['y_after'][0], own)


def pictures_of(n=12, size=(6, 8)):
    "Plain pictures with a mask that says the same"
    x, y = plains(n, size)
    return x, y.view(n, 1, 1).expand(n, *size).clone()


@pytest.mark.parametrize('kind', [lambda m: m, TensorMask, lambda m: m[:, None].float()], ids=['long', 'mask', 'float'])
def test_cutmix_pastes_masks_like_pictures(kind):
    "The target of every pixel is that of the picture it is from; nothing is left to weigh"
    x, m = pictures_of()
    loss = CE() if not kind(m).is_floating_point() else nn.MSELoss()
    seen = fit(CutMix(1., seed=1), x, kind(m), loss=loss, model=nn.Conv2d(1, 12 if loss.__class__ is CE else 1, 1))
    for b in seen:
        want = b['mixed'][0][:, 0].long()-1
        assert torch.equal(b['y_after'][0].view_as(want).long().as_subclass(torch.Tensor), want)
        assert torch.isclose(b['loss'], loss(b['pred'], want if loss.__class__ is CE else want[:, None].float()).as_subclass(torch.Tensor))
    assert (seen[0]['mixed'][0] != seen[0]['x'][0]).any() and torch.equal(m, pictures_of()[1])


def test_mixup_weighs_two_masks():
    x, m = dots(16)[0], torch.arange(16).view(16, 1, 1).expand(16, 8, 8).clone()
    for b in fit(MixUp(1., seed=1), x, TensorMask(m), model=nn.Conv2d(1, 16, 1)):
        y_b, lam = read_dots(b['mixed'][0], b['y'][0][:, 0, 0].as_subclass(torch.Tensor))
        l_a, l_b = (F.cross_entropy(b['pred'], m[o], reduction='none').mean((1, 2)) for o in (b['y'][0][:, 0, 0].as_subclass(torch.Tensor), y_b))
        assert torch.isclose(b['loss'], (lam*l_a+(1-lam)*l_b).mean(), rtol=1e-4)


@pytest.mark.parametrize('cls', [MixUp, CutMix])
@pytest.mark.parametrize('loss', [DiceLoss(), CrossEntropyLossFlat(axis=1, weight=torch.rand(12), ignore_index=4), FocalLossFlat(axis=1)], ids=['dice', 'weighted', 'focal'])
def test_segmentation_trains(cls, loss):
    x, m = pictures_of()
    assert all(b['loss'].isfinite() for b in fit(cls(), TensorImage(x), TensorMask(m), loss=loss, model=segmenter(12)))


def test_several_inputs_share_partners_and_shares():
    "Images with images; what is no image is left alone"
    x, y = dots(16)
    table, tokens = torch.rand(16, 5), torch.randint(9, (16, 3))
    class Net(nn.Module):
        def __init__(self): super().__init__(); self.a = flat_net(16)
        def forward(self, x, z, table, tokens): return self.a(x+z)+table.sum()
    for b in fit(MixUp(1., seed=1), x, x.flip(-1), table, tokens, y, model=Net(), n_inp=4):
        y_b, lam = read_dots(b['mixed'][0], b['y'][0])
        assert torch.equal(b['mixed'][1], b['mixed'][0].flip(-1)) and torch.equal(b['mixed'][2], b['x'][2]) and torch.equal(b['mixed'][3], b['x'][3])
        assert torch.isclose(b['loss'], expected('', F.cross_entropy, b['pred'], b['y'][0], y_b, lam), rtol=1e-4)


@pytest.mark.parametrize('cls, kw', [(MixUp, {}), (CutMix, {}), (Cutout, dict(length=4)), (RandomMix, dict(mixers=[MixUp(1., inputs=[1])]))])
@pytest.mark.parametrize('inputs', [[1], [-2]])
def test_inputs_are_named(cls, kw, inputs):
    class Net(nn.Module):
        def __init__(self): super().__init__(); self.a = flat_net(16, (9, 7))
        def forward(self, x, z, t): return self.a(z)
    x, y = plains(16)
    z = plains(16, (9, 7))[0]
    b = fit(cls(**kw, **({} if cls is RandomMix else dict(inputs=inputs))), x, z, torch.rand(16, 3), y, model=Net(), n_inp=3)[0]
    assert torch.equal(b['mixed'][0], b['x'][0]) and torch.equal(b['mixed'][2], b['x'][2]) and not torch.equal(b['mixed'][1], b['x'][1])


def test_two_sizes_share_no_box():
    x, y = plains(16)
    class Net(nn.Module):
        def __init__(self): super().__init__(); self.a = flat_net(16)
        def forward(self, x, z): return self.a(x)
    with pytest.raises(ValueError, match='one size.*`inputs`'): fit(CutMix(), x, plains(16, (9, 7))[0], y, model=Net(), n_inp=2)
    fit(MixUp(), x, plains(16, (9, 7))[0], y, model=Net(), n_inp=2)


@pytest.mark.parametrize('cls, data, read', readers(), ids=['mixup', 'cutmix'])
def test_several_targets(cls, data, read):
    "Two losses, one `lam`; numbers among them are paired as the ids are"
    x, y = data
    z, first = y/16., []
    def two(p, y, z): first.append(1); return F.cross_entropy(p, y)+F.mse_loss(p[:, 0], z)
    with pytest.warns(UserWarning, match='one `lam` a batch'): seen = fit(cls(1., seed=1), x, y, z, loss=two, model=flat_net(16), n_inp=1)
    for b in seen:
        y_b, lam = read(b['mixed'][0], b['y'][0])
        lam = lam[y_b != b['y'][0]][0] if (y_b != b['y'][0]).any() else torch.tensor(1.)
        ends = [F.cross_entropy(b['pred'], i)+F.mse_loss(b['pred'][:, 0], v) for i, v in ((b['y'][0], b['y'][1]), (y_b, z[y_b]))]
        assert torch.isclose(b['loss'], lam*ends[0]+(1-lam)*ends[1], rtol=1e-3)
        assert torch.equal(b['y_after'][0], b['y'][0]) and torch.equal(b['y_after'][1], b['y'][1])


@pytest.mark.parametrize('event', ['before_batch', 'after_pred'])
@pytest.mark.parametrize('data', [dots(16)[:1], dots(16)], ids=['none', 'replaced'])
@pytest.mark.parametrize('mixer', [partial(MixUp, 1.), lambda: RandomMix([MixUp(1.)])], ids=['mixup', 'random'])
def test_targets_that_another_callback_supplies(event, data, mixer):
    "An autoencoder: its loss, and its step, are those of its own targets; somebody else hears that the partners' do not count"
    class Own(Callback):
        pass
    setattr(Own, event, lambda self: setattr(self.learn, 'yb', self.xb))
    model = nn.Conv2d(1, 1, 1)
    was = model.weight.detach().clone()
    with pytest.warns(UserWarning, match='another callback replaced the targets') if data[1:] else nullcontext():
        seen = fit([mixer(), Own()], *data, model=model, loss=nn.MSELoss(), n_inp=1)
    for b in seen:
        assert torch.isclose(b['loss'], F.mse_loss(b['pred'], b['mixed'][0])) and (b['mixed'][0] != b['x'][0]).any()
    assert not torch.equal(was, model.weight)


class OneBatch:
    "Loaders of a batch that no loader would make"
    device, n_inp = torch.device('cpu'), 1
    def __init__(self, *b): self.train = self.valid = [b]
    def __getitem__(self, i): return self.train


@pytest.mark.parametrize('mixer', [MixUp(), CutMix()], ids=['mixup', 'cutmix'])
@pytest.mark.parametrize('y, match', [(TensorBBox(torch.rand(8, 2, 4)), 'bounding boxes'), (torch.arange(4), 'one row per image'), (['a']*8, 'list')])
def test_what_cannot_be_mixed_says_what_can(mixer, y, match):
    learn = learner(mixer, OneBatch(plains(8)[0], y), cnn(), CE())
    with pytest.raises(ValueError, match=f'(?s){match}' + ('' if len(y) == 4 else '.*class ids.*masks')): learn.fit(1)


def test_cutmix_refuses_maps_of_another_size():
    with pytest.raises(ValueError, match='cut and pasted'): fit(CutMix(), plains(8)[0], torch.zeros(8, 4, 4).long(), model=segmenter())


@pytest.mark.parametrize('name', ['mixup', 'cutmix', 'cutout'])
def test_bytes_are_refused(name):
    with pytest.raises(ValueError, match='must be float, got torch.uint8'): fit(mixers()[name](), (digits_x[:8]*99).byte(), digits_y[:8], model=cnn())


# shapes and types

@pytest.mark.parametrize('name', mixers())
@pytest.mark.parametrize('n, bs', [(1, 8), (3, 8), (9, 4)])
def test_small_and_odd_batches(name, n, bs):
    seen = fit(mixers()[name](), digits_x[:n], digits_y[:n], bs=bs)
    assert len(seen) == -(-n//bs) and all(b['loss'].isfinite() and b['mixed'][0].shape == b['x'][0].shape for b in seen)


def test_a_batch_of_one_stays_itself():
    for cls in (MixUp, CutMix):
        b, = fit(cls(), digits_x[:1], digits_y[:1])
        assert torch.equal(b['mixed'][0], b['x'][0]) and torch.isclose(b['loss'], F.cross_entropy(b['pred'], b['y'][0]))


class ToFloat(nn.Module):
    def forward(self, x): return x.float()


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16, torch.float64], ids=str)
@pytest.mark.parametrize('name', mixers())
def test_types_of_numbers(name, dtype):
    model = nn.Sequential(cnn().to(dtype), ToFloat())  # fastai's recorder wants float32
    b = fit(mixers()[name](), digits_x[:8].to(dtype), digits_y[:8], model=model, lr=1e-4)[0]
    assert b['mixed'][0].dtype == dtype and b['loss'].isfinite()


@pytest.mark.parametrize('name', ['mixup', 'cutmix', 'cutout'])
def test_type_and_layout_of_pictures_are_kept(name):
    x = TensorImage(digits_x[:8].expand(-1, 3, -1, -1).contiguous(memory_format=torch.channels_last))
    layout = []
    class Look(Callback):
        order, run_valid = 40, False
        def before_batch(self): layout.append(self.x.is_contiguous(memory_format=torch.channels_last))
    b = fit(mixers()[name](), x, digits_y[:8], model=cnn(c_in=3), cb=[Look()])[0]
    assert layout == [True] and not torch.equal(b['mixed'][0].as_subclass(torch.Tensor), b['x'][0].as_subclass(torch.Tensor))
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
    assert torch.equal(b['mixed'][0], torch.where(hidden, 0., x)) and torch.equal(hidden[:, 0], hidden[:, 1])
    assert len({tuple(o.flatten().tolist()) for o in hidden}) > 10 and ((4 <= (n := hidden[:, 0].sum((1, 2)))) & (n <= 32)).all()
    assert torch.isclose(b['loss'], F.cross_entropy(b['pred'], y))
    b, = fit(Cutout(4, per_batch=True), x, y, model=flat_net(16, (9, 7), 2), bs=16)
    assert len({tuple((o == 0).flatten().tolist()) for o in b['mixed'][0]}) == 1


def test_cutout_goes_with_one_mixer():
    x, y = plains(16)
    for cbs in ([Cutout(3, seed=1), MixUp(seed=2)], [MixUp(seed=2), Cutout(3, seed=1)]):
        b = fit(cbs, x, y, model=flat_net(16))[0]
        hidden, rest = b['mixed'][0] == 0, fit(MixUp(seed=2), x, y, model=flat_net(16))[0]['mixed'][0]
        assert hidden.any((1, 2, 3)).all() and torch.equal(b['mixed'][0], torch.where(hidden, 0., rest))


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
    for i, (a, b, loss, want) in enumerate(seen): assert torch.equal(a, x[i % 2*8:][:8]) and torch.equal(b, y[i % 2*8:][:8]) and torch.equal(loss, want)
    assert len(seen) == 4
    p = learn.get_preds(dl=learn.dls.valid)[0]
    with torch.no_grad(): assert torch.allclose(p, learn.model.eval()(x), atol=1e-5) or torch.allclose(p, learn.model(x).softmax(1), atol=1e-5)


# nothing of the user's is written to

@pytest.mark.parametrize('name', mixers())
def test_data_in_memory_stays(name):
    x, y, onehot = digits_x[:24].clone(), digits_y[:24].clone(), F.one_hot(digits_y[:24], 10).float()
    was = x.clone(), y.clone(), onehot.clone()
    for t in (y, onehot): assert any(not torch.equal(b['x'][0], b['mixed'][0]) for b in fit(mixers()[name](), x, t, epochs=2)) or name == 'manifold'
    assert torch.equal(x, was[0]) and torch.equal(y, was[1]) and torch.equal(onehot, was[2])


@pytest.mark.parametrize('cls', [MixUp, CutMix, partial(Cutout, 4)])
def test_inplace_writes_the_same_pixels(cls):
    x, y = plains(16)
    a, b = (fit(cls(seed=1, inplace=o), x.clone(), y, model=flat_net(16))[0] for o in (False, True))
    assert torch.equal(a['mixed'][0], b['mixed'][0]) and torch.equal(a['loss'], b['loss'])
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
    assert len(a) == len(b) == 24 and all(torch.equal(o, p) for o, p in zip(a, b)) and same_states(s, t)
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
    assert torch.equal(a, b) and all(torch.equal(o, p) for o, p in zip(l.model.parameters(), m.model.parameters()))
    assert not torch.equal(a, trace(partial(make, seed=4))[0][0])
    (a,), _ = trace(partial(make, seed=None))
    assert torch.equal(a, trace(partial(make, seed=None))[0][0]) and not torch.equal(a, trace(partial(make, seed=None), 1)[0][0])


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


def changed(seen): return [not torch.equal(b['x'][0], b['mixed'][0]) for b in seen]


@pytest.mark.parametrize('make', [lambda p: MixUp(p=p), lambda p: CutMix(p=p), lambda p: Cutout(3, p=p), lambda p: RandomMix([MixUp(1.)], p=[p])],
                         ids=['mixup', 'cutmix', 'cutout', 'random'])
def test_p_follows_progress(make):
    def run(p, epochs=1): return changed(fit(make(p), digits_x[:32], digits_y[:32], bs=2, model=flat_net(10), epochs=epochs))
    step = run(combine_scheds([.5, .5], [SchedLin(1, 1), SchedLin(0, 0)]))
    assert sum(step[:8]) >= 7 and not any(step[8:])
    some = run(SchedLin(1, 0), 3)
    assert sum(some[:16]) > sum(some[-16:]) and sum(some[:16]) >= 9 and sum(some[-16:]) <= 7


@pytest.mark.parametrize('p', [SchedCos(0, 1), SchedExp(.1, 1.), SchedExp(.3, 1.), lambda pct: np.float64(pct), lambda pct: int(pct > .5)])
def test_schedules_of_p(p): fit(MixUp(p=p), *dots(16), model=flat_net(16))


def test_alpha_follows_progress():
    "From half and half to nothing"
    seen = fit(MixUp(lambda pct: 1e5*(pct < .5)), *dots(16), model=flat_net(16), bs=4, epochs=2)
    for b in seen:
        _, lam = read_dots(b['mixed'][0], b['y'][0])
        assert (abs(lam-.5) < .05).all() if b['pct'] < .5 else (lam == 1).all()
    learn = learner(MixUp(SchedLin(0, 1)), loaders(*dots(16)), flat_net(16), CE())
    assert not changed(spy(learn))[0] and changed(spy(learn))[-1]


def test_p_is_a_chance_for_each_batch():
    n = sum(changed(fit(CutMix(1., p=.3, seed=1), *plains(16), bs=2, epochs=10, model=flat_net(16))))
    assert 8 <= n <= 36  # of 80, some of them with an empty box


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
        assert torch.isclose(b['loss'], want, rtol=1e-4) and torch.equal(b['y_after'][0], b['y'][0])


def test_random_mix_follows_its_chances():
    x, y = plains(16)
    seen = fit(RandomMix([Cutout(3), MixUp(1.)], p=[.2, .3], seed=2), x, y, model=flat_net(16), bs=2, epochs=15)
    holes, none = sum(bool((b['mixed'][0] == 0).any()) for b in seen), sum(not o for o in changed(seen))
    assert 12 <= holes <= 38 and 45 <= none <= 80  # of 120: 24 and 60 expected
    assert all(changed(fit(RandomMix([Cutout(3)], p=[1.]), x, y, model=flat_net(16))))


def test_a_mixer_works_alone_after_random_mix():
    cut = CutMix(seed=1)
    fit(RandomMix([cut, None]), *plains(16), model=flat_net(16))
    a, b = (fit(o, *plains(16), model=flat_net(16)) for o in (cut, CutMix(seed=1)))
    assert all(torch.equal(o['mixed'][0], p['mixed'][0]) for o, p in zip(a, b))


# opaque losses

def test_opaque_loss_is_said_once():
    def opaque(p, y): return F.cross_entropy(p, y)
    with warnings.catch_warnings(record=True) as w:
        warnings.simplefilter('always')
        learn = learner(MixUp(), digits(), loss=opaque)
        learn.fit(2)
    said = [str(o.message) for o in w if 'one `lam` a batch' in str(o.message)]
    assert len(said) == 1 and 'opaque' in said[0] and 'MixUp' in said[0] and learn.loss_func is opaque


@pytest.mark.parametrize('name', ['mixup', 'cutmix', 'cutout'])
def test_loss_keeps_its_extras(name):
    "Callable objects with their own activation and attributes are handed to no wrapper"
    class Mine(CrossEntropyLossFlat):
        def __init__(self): super().__init__(); self.extra, self.list = {'a': 1}, [1, 2]
    loss = Mine()
    before = state(loss)
    learn = learner(mixers()[name](), digits(), loss=loss)
    learn.fit(1)
    assert learn.loss_func is loss and state(loss) == before and loss.reduction == 'mean'
    assert torch.allclose(learn.get_preds()[0].sum(1), torch.ones(20), atol=1e-5)


def test_parameters_of_the_loss_get_gradients():
    class Scaled(nn.Module):
        def __init__(self): super().__init__(); self.s, self.reduction = nn.Parameter(torch.tensor(1.)), 'mean'
        def forward(self, p, y): return F.cross_entropy(p*self.s, y, reduction=self.reduction)
    loss = Scaled()
    learner(CutMix(), digits(), loss=loss).fit(1)
    assert loss.s.grad is not None and loss.s.grad.abs() > 0


# metrics

def perfect(cls):
    "A net that says what is in a picture of dots, or of plain colors"
    class Net(nn.Module):
        def __init__(self): super().__init__(); self.w = nn.Parameter(torch.zeros(1))
        def forward(self, x):
            if cls is CutMix: return torch.stack([(x.round() == i+1).float().mean((1, 2, 3)) for i in range(16)], 1)+0*self.w
            return x.flatten(1)[:, :16]+0*self.w
    return Net()


@pytest.mark.parametrize('cls, data, read', readers(), ids=['mixup', 'cutmix'])
@pytest.mark.parametrize('kw', [dict(), dict(per_batch=True), dict(p=.5)])
def test_a_perfect_model_scores_one_under_any_mixing(cls, data, read, kw):
    for make in (lambda: cls(1., **kw), lambda: RandomMix([cls(1., **kw), None])):
        learn = learner(make(), loaders(*data), perfect(cls), CE(), metrics=[MixedAccuracy(), accuracy])
        learn.recorder.train_metrics = True
        learn.fit(2)
        values = dict(zip(learn.recorder.metric_names[1:-1], zip(*learn.recorder.values)))
        mixed = [v for k, v in values.items() if 'mixed' in k]
        assert len(mixed) == 2 and all(o == 1 for v in mixed for o in v), values
        if not kw: assert any(v < 1 for k, vs in values.items() if k == 'train_accuracy' for v in vs)  # scored against the first target alone


def test_ordinary_metrics_see_ordinary_targets():
    seen = []
    def note(pred, y): seen.append(y.clone()); return (pred.argmax(1) == y).float().mean()
    for name in mixers():
        learn = learner(mixers()[name](), loaders(digits_x[:16], digits_y[:16]), loss=CE(), metrics=note)
        learn.recorder.train_metrics = True
        learn.fit(1)
    assert torch.equal(torch.cat(seen), digits_y[:16].repeat(2*len(mixers())))


# manifold MixUp

def shares(layer, cb=None, **kw):
    "Output of `layer` for a batch with and without mixing; loss"
    x, y = digits_x[:8], digits_y[:8]
    model, _out = cnn(), []
    b, = fit(ManifoldMixUp(2., layers=[layer], seed=1, **kw), x, y, model=model)
    return model, b


@pytest.mark.parametrize('layer', ['input', '0', '2', '3', '7'])
@pytest.mark.parametrize('by', ['name', 'module'])
def test_manifold_mixes_features_and_labels_alike(layer, by):
    "The answer is that of the net cut in two at the layer, with what lies between mixed as the labels are"
    x, y = digits_x[:8], torch.arange(8)
    torch.manual_seed(1)
    model = cnn()
    twin, k = copy.deepcopy(model), -1 if layer == 'input' else int(layer)
    b, = fit(ManifoldMixUp(2., layers=[layer if by == 'name' or layer == 'input' else model[k]], seed=1), x, y, model=model)
    with torch.no_grad():
        h = twin[:k+1](x)
        # shares by least squares: each answer of the rest of the net must be met by one partner and one share
        best = None
        for j in range(8):
            lam = torch.linspace(0, 1, 2001)
            out = twin[k+1:](lam.view(-1, *[1]*(h.ndim-1))*h[0]+(1-lam).view(-1, *[1]*(h.ndim-1))*h[j])
            d = (out-b['pred'][0]).abs().amax(1)
            if best is None or d.min() < best[0]: best = d.min(), j, lam[d.argmin()]
    assert best[0] < 2e-3
    m = ManifoldMixUp(2., layers=['input'], seed=1)
    b2, = fit(m, dots(8)[0], y, model=flat_net(8))  # the same seed draws the same partners and shares
    y_b, lam = read_dots(b2['mixed'][0], y)
    assert y_b[0] == best[1] and abs(lam[0]-best[2]) < 2e-2
    assert torch.isclose(b['loss'], expected('', F.cross_entropy, b['pred'], y, y_b, lam), rtol=1e-4)
    assert layer == 'input' or torch.equal(b['mixed'][0], x)
    assert hooks(model) == []


def test_manifold_chooses_among_its_layers():
    x, y, hit = digits_x[:8], digits_y[:8], []
    model = cnn()
    class Mark(Callback):
        order, run_valid = 41, False
        def before_batch(self): hit.append(tuple(hooks(self.learn.model)) or (('input',) if not torch.equal(self.x, x) else ()))
    fit(ManifoldMixUp(2., layers=['input', '0', '2'], seed=1), x, y, model=model, epochs=30, cb=[Mark()])
    chosen = [next((o for o in h if o), None) for h in hit]
    assert {'input', '0', '2'} == set(chosen) and min(chosen.count(o) for o in set(chosen)) >= 3
    assert hooks(model) == []


def test_hidden_layers_are_early_blocks():
    assert hidden_layers(cnn()) == ['0'] and hidden_layers(nn.Sequential(cnn()[:4], cnn()[4:])) == ['0.0']
    deep = nn.Sequential(*[nn.Sequential(nn.Conv2d(1, 1, 3), nn.BatchNorm2d(1)) for _ in range(6)])
    assert hidden_layers(deep) == ['0.0', '1.0', '2.0'] and hidden_layers(nn.Linear(2, 2)) == [] and hidden_layers(nn.DataParallel(cnn())) == ['module.0']
    class Wrap(nn.Module):
        def __init__(self): super().__init__(); self.net = cnn()
        def forward(self, x): return self.net(x)
    assert [o.split('.')[-1] for o in hidden_layers(Wrap())] == ['0']
    class Listed(nn.Module):
        def __init__(self): super().__init__(); self.blocks = nn.ModuleList([nn.Linear(64, 64) for _ in range(5)]); self.end = nn.Linear(64, 10)
        def forward(self, x):
            x = x.flatten(1)
            for o in self.blocks: x = o(x).relu()
            return self.end(x)
    assert hidden_layers(Listed()) == ['blocks.0', 'blocks.1', 'blocks.2']
    fit(ManifoldMixUp(seed=0), digits_x[:64], digits_y[:64], model=Listed())  # a list does not run, what is in it does
    fit(ManifoldMixUp(), digits_x[:8], digits_y[:8], model=Wrap())
    fit(ManifoldMixUp(), digits_x[:8], digits_y[:8], model=nn.DataParallel(cnn()))


@pytest.mark.parametrize('layers', [['nope'], [3], [nn.Linear(2, 2)], [], ['0', 'nope'], 3, nn.Linear(2, 2)])
def test_unknown_layers_are_refused(layers):
    with pytest.raises(ValueError, match='`layers` must be'): fit(ManifoldMixUp(layers=layers), digits_x[:8], digits_y[:8])


class Odd(nn.Module):
    "A layer that does not run, one that returns a tuple, one that runs twice, one that changes the order of its rows"
    def __init__(self):
        super().__init__()
        self.idle, self.pair, self.twice, self.rows, self.end = nn.Linear(64, 64), Pair(), nn.Linear(64, 64), Rows(), nn.Linear(64, 10)
    def forward(self, x):
        x = self.pair(x.flatten(1))[0]
        return self.end(self.rows(self.twice(self.twice(x))).view(len(x), -1))


class Pair(nn.Module):
    def forward(self, x): return x, x


class Rows(nn.Module):
    def forward(self, x): return x.view(-1, 32)


@pytest.mark.parametrize('layer, match', [('idle', 'did not run'), ('pair', 'row for each of 8 images, Pair does not'), ('rows', 'row for each of 8 images, Rows does not')])
def test_layers_that_cannot_be_mixed(layer, match):
    model = Odd()
    learn = learner(ManifoldMixUp(layers=[layer]), loaders(digits_x[:8], digits_y[:8]), model, CE())
    with pytest.raises(ValueError, match=match): learn.fit(1)
    learn.model(digits_x[:3])
    assert learn.get_preds(dl=learn.dls.valid)[0].isfinite().all()
    assert hooks(model) == []


def test_a_layer_that_runs_twice_is_mixed_once():
    model = Odd()
    twin = copy.deepcopy(model)
    x, y = digits_x[:8], torch.arange(8)
    b, = fit(ManifoldMixUp(2., layers=['twice'], seed=1), x, y, model=model)
    b2, = fit(ManifoldMixUp(2., layers=['input'], seed=1), dots(8)[0], y, model=flat_net(8))
    y_b, lam = read_dots(b2['mixed'][0], y)
    with torch.no_grad():
        h = twin.twice(x.flatten(1))
        h = lam[:, None]*h+(1-lam)[:, None]*h[y_b]
        assert torch.allclose(b['pred'], twin.end(twin.twice(h)), atol=1e-5)


@pytest.mark.parametrize('how', [copy.deepcopy, lambda o: pickle.loads(pickle.dumps(o))], ids=['deepcopy', 'pickle'])
def test_a_copy_made_in_mid_batch_mixes_nothing(how):
    "An EMA or a checkpoint takes the model while the hook is on it"
    copies = []
    class Ema(Callback):
        order, run_valid = 41, False
        def before_batch(self): copies.append((how(self.learn.model), self.learn.x.clone()))
    model = cnn()
    fit(ManifoldMixUp(layers=['2']), digits_x[:16], digits_y[:16], model=model, cb=[Ema()])
    for m, x in copies:
        ref = cnn()
        ref.load_state_dict(m.state_dict())
        with torch.no_grad():
            for _ in range(2): assert torch.allclose(m(x), ref(x), atol=1e-6)


def run_on_others(model, x): return model(digits_x[50:58])
def run_without_learning(model, x):
    with torch.no_grad(): return model(x)
def run_a_part(model, x): return model[2](model[0](x))


@pytest.mark.parametrize('run', [run_on_others, run_without_learning, run_a_part])
def test_the_model_run_by_others_in_mid_batch(run):
    "What a callback makes of the model before the batch's turn is not mixed; the batch is, as its targets are"
    clean = []
    def twin(model):
        o = cnn()
        o.load_state_dict(model.state_dict())
        return o
    class Other(Callback):
        order, run_valid = 41, False
        def before_batch(self): clean.append(torch.allclose(run(self.learn.model, self.x), run(twin(self.learn.model), self.x), atol=1e-6))
        def after_pred(self): clean.append(not torch.allclose(twin(self.learn.model)(self.x), self.pred, atol=1e-3))
    fit(ManifoldMixUp(layers=['2'], seed=0), digits_x[:16], digits_y[:16], model=cnn(), cb=[Other()])
    assert clean == [True]*4


# showing

def _image(i): return TensorImage(digits_x[i])
def _name(i): return f'digit {digits_y[i]}'
def _points(i): return TensorPoint([[1., 2.], [3., i]])
def titles(axs): return [o.get_title() for o in axs]


@pytest.mark.parametrize('name', ['mixup', 'cutmix', 'cutout', 'random'])
def test_show_mix_leaves_everything_as_it_was(name):
    cb = mixers()[name]()
    learn = learner(cb, digits())
    x, y = random_states(), learn.dls.train.rng.getstate()
    attrs, params = dict(vars(cb)), {k: v.clone() for k, v in learn.model.state_dict().items()}
    own = dict(vars(learn))
    axs = learn.show_mix(max_n=5)
    assert same_states(x, random_states()) and learn.dls.train.rng.getstate() == y and len(axs) == 5
    assert vars(learn).keys() == own.keys() and all(vars(learn)[k] is own[k] for k in own)
    assert {k: v for k, v in vars(cb).items() if not k.startswith('_')} == {k: v for k, v in attrs.items() if not k.startswith('_')}
    assert all(torch.equal(v, params[k]) for k, v in learn.model.state_dict().items())
    def loss(show):
        random.seed(0)
        learn = learner(mixers()[name](), digits(n=16))
        if show: learn.show_mix(1)
        return torch.stack([b['loss'] for b in spy(learn)])
    assert torch.equal(loss(True), loss(False))
    matplotlib.pyplot.close('all')


def test_show_mix_leaves_data_in_memory():
    x, y = plains(16)
    for cb in (MixUp(inplace=True), CutMix(inplace=True), Cutout(3, inplace=True)):
        learner(cb, loaders(x, y), flat_net(16), CE()).show_mix()
        assert torch.equal(x, plains(16)[0])
    matplotlib.pyplot.close('all')


def test_captions_name_both_pictures():
    learn = learner(MixUp(1., seed=1), digits())
    for o in titles(learn.show_mix()):
        if '+' not in o: assert o in [f'digit {i}' for i in range(10)]; continue
        a, b = o.split(' + ')
        assert abs(float(a.split()[0])+float(b.split()[0])-1) < .011 and a[4:] == ' '+a.split(' ', 1)[1] and a.split(' ', 1)[1].startswith('digit')
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
    assert len(axs) == 4 and all(bool(o) and len(ax.images) == 1 for o, ax in zip(titles(axs), axs))
    assert ('digit' in titles(axs)[0]) == (targets[0] is _name)
    matplotlib.pyplot.close('all')


def test_show_mix_with_progress():
    learn = learner(MixUp(SchedLin(0, 1.)), digits())
    assert not any('+' in o for o in titles(learn.show_mix(pct=0.))) and any('+' in o for o in titles(learn.show_mix(pct=1.)))
    matplotlib.pyplot.close('all')
