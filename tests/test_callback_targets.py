"Every kind of target, loss and metric in a real Learner."
import warnings
from contextlib import nullcontext
from functools import partial

import pytest, torch, torch.nn.functional as F
from fastai.callback.core import Callback
from fastai.losses import BCEWithLogitsLossFlat, CrossEntropyLossFlat, DiceLoss, FocalLossFlat, MSELossFlat
from fastai.metrics import accuracy
from fastai.torch_core import TensorImage
from fastai.vision.core import TensorBBox, TensorMask
from helpers import CE, cnn, digits, digits_x, digits_y, dots, expected, fit, flat_net, learner, loaders, mixers, pictures_of, plains, read_dots, readers, segmenter, state
from fastai.optimizer import SGD
from torch import nn

from mixcourse.callback import CutMix, Cutout, MixedAccuracy, MixUp, RandomMix


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
    whose = {tuple(o.flatten().tolist()): i for i, o in enumerate(x)}
    assert len(whose) == 16  # pictures are told apart
    for b in fit(cls(1., seed=1), x, t, loss=loss, model=flat_net(c)):
        own, ids = b['y'][0], torch.tensor([whose[tuple(o.flatten().tolist())] for o in b['x'][0]])
        assert torch.equal(own, t[ids])
        y_b, lam = read(b['mixed'][0], ids)
        assert (y_b != ids).any()
        share = lam.view(-1, *[1]*(t.ndim-1))
        blend = (share*own+(1-share)*t[y_b]).float()
        assert torch.isclose(b['loss'], torch.as_tensor(loss(b['pred'], blend)).as_subclass(torch.Tensor), rtol=1e-4)
        assert torch.equal(b['y_after'][0], own)


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
    assert (seen[0]['mixed'][0] != seen[0]['x'][0]).any()
    assert torch.equal(m, pictures_of()[1])


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
        assert torch.equal(b['mixed'][1], b['mixed'][0].flip(-1))
        assert torch.equal(b['mixed'][2], b['x'][2])
        assert torch.equal(b['mixed'][3], b['x'][3])
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
    assert torch.equal(b['mixed'][0], b['x'][0])
    assert torch.equal(b['mixed'][2], b['x'][2])
    assert not torch.equal(b['mixed'][1], b['x'][1])


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
        assert torch.equal(b['y_after'][0], b['y'][0])
        assert torch.equal(b['y_after'][1], b['y'][1])


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
        assert torch.isclose(b['loss'], F.mse_loss(b['pred'], b['mixed'][0]))
        assert (b['mixed'][0] != b['x'][0]).any()
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


# opaque losses

def test_opaque_loss_is_said_once():
    def opaque(p, y): return F.cross_entropy(p, y)
    with warnings.catch_warnings(record=True) as w:
        warnings.simplefilter('always')
        learn = learner(MixUp(), digits(), loss=opaque)
        learn.fit(2)
    said = [str(o.message) for o in w if 'one `lam` a batch' in str(o.message)]
    assert len(said) == 1
    assert 'opaque' in said[0]
    assert 'MixUp' in said[0]
    assert learn.loss_func is opaque


@pytest.mark.parametrize('name', ['mixup', 'cutmix', 'cutout'])
def test_loss_keeps_its_extras(name):
    "Callable objects with their own activation and attributes are handed to no wrapper"
    class Mine(CrossEntropyLossFlat):
        def __init__(self): super().__init__(); self.extra, self.list = {'a': 1}, [1, 2]
    loss = Mine()
    before = state(loss)
    learn = learner(mixers()[name](), digits(), loss=loss)
    learn.fit(1)
    assert learn.loss_func is loss
    assert state(loss) == before
    assert loss.reduction == 'mean'
    assert torch.allclose(learn.get_preds()[0].sum(1), torch.ones(20), atol=1e-5)


def test_parameters_of_the_loss_get_gradients():
    class Scaled(nn.Module):
        def __init__(self): super().__init__(); self.s, self.reduction = nn.Parameter(torch.tensor(1.)), 'mean'
        def forward(self, p, y): return F.cross_entropy(p*self.s, y, reduction=self.reduction)
    loss = Scaled()
    learner(CutMix(), digits(), loss=loss).fit(1)
    assert loss.s.grad is not None
    assert loss.s.grad.abs() > 0


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
        assert len(mixed) == 2
        assert all(o == 1 for v in mixed for o in v), values
        if not kw: assert any(v < 1 for k, vs in values.items() if k == 'train_accuracy' for v in vs)  # scored against the first target alone


def test_ordinary_metrics_see_ordinary_targets():
    seen = []
    def note(pred, y): seen.append(y.clone()); return (pred.argmax(1) == y).float().mean()
    for name in mixers():
        learn = learner(mixers()[name](), loaders(digits_x[:16], digits_y[:16]), loss=CE(), metrics=note)
        learn.recorder.train_metrics = True
        learn.fit(1)
    assert torch.equal(torch.cat(seen), digits_y[:16].repeat(2*len(mixers())))


# several targets

class Scores(nn.Module):
    "The same answer for every picture, to be learned"
    def __init__(self):
        super().__init__()
        self.score = nn.Parameter(torch.zeros(2))
    def forward(self, x): return self.score.expand(len(x), 2)


def ids_loss(p, y, w): return (F.cross_entropy(p, y, reduction='none')*w).mean()
def soft_loss(p, y, w): return (-(p.log_softmax(1)*y).sum(1)*w).mean()
def squares(p, y, w): return ((p[:, 0]-y).square()*w).mean()


weighted_targets = {'ids': (ids_loss, lambda y: y), 'soft': (soft_loss, lambda y: F.one_hot(y, 2).float()), 'numbers': (squares, lambda y: y.float())}


@pytest.mark.parametrize('first', [False, True], ids=['behind', 'in front'])
@pytest.mark.parametrize('kind', weighted_targets)
@pytest.mark.parametrize('mixer', [lambda: MixUp(1., seed=0), lambda: CutMix(1., seed=0), lambda: RandomMix([MixUp(1.), CutMix(1.)], seed=0)], ids=['mixup', 'cutmix', 'random'])
def test_a_label_without_weight_is_not_learned(mixer, kind, first):
    "The weights of examples, a target like the others, stay with their labels"
    loss, make = weighted_targets[kind]
    y = torch.arange(16) % 2
    w = y.float()  # class 0 counts nothing
    targets = (w, make(y)) if first else (make(y), w)
    in_order = (lambda p, w, y: loss(p, y, w)) if first else loss
    with pytest.warns(UserWarning, match='takes several targets'):
        seen = fit(mixer(), torch.rand(16, 1, 4, 4), *targets, loss=in_order, model=Scores(), n_inp=1, bs=16, epochs=40, opt_func=SGD, lr=1.)
    pred = seen[-1]['pred'][0]
    assert pred[0] > .9 if kind == 'numbers' else pred.softmax(0)[0] < .1


@pytest.mark.parametrize('mixer', [MixUp, CutMix])
def test_a_mask_with_weights_of_pixels(mixer):
    "Masks and maps that go with the pixels are pasted with them"
    x, m = pictures_of()
    w = (m % 2).float()
    loss = lambda p, y, w: (F.cross_entropy(p, y, reduction='none')*w).mean()  # noqa: E731
    with nullcontext() if mixer is CutMix else pytest.warns(UserWarning, match='several targets'):
        seen = fit(mixer(1., seed=1), x, m, w, loss=loss, model=nn.Conv2d(1, 12, 1), n_inp=1)
    for b in seen:
        if mixer is CutMix:
            want = b['mixed'][0][:, 0].long()-1
            assert torch.isclose(b['loss'], loss(b['pred'], want, (want % 2).float()))
        assert b['loss'].isfinite()
