"The mixed loss with every loss that fastai users have, and with losses that do not do what they say."
import copy, warnings
from dataclasses import dataclass
from functools import partial

import pytest, torch, torch.nn.functional as F
from fastai.losses import (BCEWithLogitsLossFlat, CrossEntropyLossFlat, DiceLoss, FocalLoss, FocalLossFlat, L1LossFlat, LabelSmoothingCrossEntropy,
                           LabelSmoothingCrossEntropyFlat, MSELossFlat)
from fastai.torch_core import TensorBase, TensorCategory, TensorMask
from helpers import random_states, same_states, state
from hypothesis import given, strategies as st
from test_targets import C, batch, close, exact, paper, quick, w
from torch import nn

from mixcourse.mixing import loss_rule, mixed_loss, soft_targets


class InnerWeight(nn.Module):
    "An honest loss of a user's, its weights where nobody looks"
    def __init__(self):
        super().__init__()
        self.secret, self.reduction = w, 'mean'
    def forward(self, p, y): return F.cross_entropy(p, y, weight=self.secret, reduction=self.reduction)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(2.))
    def loss(self, p, y, reduction='mean'): return F.cross_entropy(p*self.scale, y, reduction=reduction)
    def weighted(self, p, y, weight=w, reduction='mean'): return F.cross_entropy(p, y, weight=weight, reduction=reduction)


def opaque(p, y): return F.cross_entropy(p, y)
def own(p, y, reduction='mean'): return F.cross_entropy(p, y, reduction=reduction)
def ordinary(p, y, weight=w, reduction='mean'): return F.cross_entropy(p, y, weight=weight, reduction=reduction)


ids = dict(y_a=torch.tensor([0, 3, 1, 4, 2, 2]), y_b=torch.tensor([1, 3, 0, 2, 4, 2]))
multi = dict(y_a=torch.randint(2, (6, C), generator=torch.Generator().manual_seed(1)), y_b=torch.randint(2, (6, C), generator=torch.Generator().manual_seed(2)))
mask = dict(y_a=torch.randint(3, (4, 5, 6), generator=torch.Generator().manual_seed(1)), y_b=torch.randint(3, (4, 5, 6), generator=torch.Generator().manual_seed(2)))
whole = {o: (f, ids, (6, C)) for o, f in {
    'focal': FocalLossFlat(), 'focal-gamma': FocalLossFlat(gamma=1., weight=w), 'focal-sum': FocalLoss(reduction='sum'),
    'smoothing': LabelSmoothingCrossEntropyFlat(), 'smoothing-sum': LabelSmoothingCrossEntropy(reduction='sum'),
    'smoothing-weighted': LabelSmoothingCrossEntropyFlat(weight=w), 'flat-none': CrossEntropyLossFlat(reduction='none'),
    'function': F.cross_entropy, 'partial': partial(F.cross_entropy, weight=w), 'partial-twice': partial(partial(F.cross_entropy, weight=w), label_smoothing=.1),
    'partial-of-module': partial(nn.CrossEntropyLoss(weight=w)), 'partial-of-flat': partial(CrossEntropyLossFlat(weight=w)), 'own': own, 'ordinary': ordinary,
    'opaque': opaque, 'lambda': lambda p, y: F.cross_entropy(p, y), 'method': Net().loss, 'method-weighted': Net().weighted, 'inner-weight': InnerWeight(),
    'double': nn.CrossEntropyLoss(weight=w.double()), 'margin': nn.MultiMarginLoss(weight=w), 'margin-2': nn.MultiMarginLoss(p=2)}.items()}
whole |= {'nll': (nn.NLLLoss(weight=w), ids, (6, C)), 'int32': (CrossEntropyLossFlat(), {k: v.int() for k, v in ids.items()}, (6, C)),
          'category': (CrossEntropyLossFlat(weight=w), {k: TensorCategory(v) for k, v in ids.items()}, (6, C)),
          'bce-multi': (BCEWithLogitsLossFlat(), multi, (6, C)), 'bce-bool': (BCEWithLogitsLossFlat(), {k: v.bool() for k, v in multi.items()}, (6, C)),
          'bce-sum': (BCEWithLogitsLossFlat(reduction='sum'), multi, (6, C)), 'bce-pos': (BCEWithLogitsLossFlat(pos_weight=torch.tensor(3.)), multi, (6, C)),
          'bce-one': (BCEWithLogitsLossFlat(), {k: v[:, 0] for k, v in multi.items()}, (6, 1)), 'margin-multi': (nn.MultiLabelMarginLoss(), multi, (6, C)),
          'mse-int': (MSELossFlat(), ids, (6, 1)), 'poisson': (nn.PoissonNLLLoss(), ids, (6,)), 'last-axis': (CrossEntropyLossFlat(), mask, (4, 5, 6, 3)),
          'dice': (DiceLoss(), mask, (4, 3, 5, 6)), 'dice-mean': (DiceLoss(reduction='mean'), mask, (4, 3, 5, 6)),
          'mask': (CrossEntropyLossFlat(axis=1, weight=w[:3], ignore_index=1), {k: TensorMask(v) for k, v in mask.items()}, (4, 3, 5, 6)),
          'mask-none': (CrossEntropyLossFlat(axis=1, reduction='none'), mask, (4, 3, 5, 6)), 'focal-pixels': (FocalLossFlat(axis=1), mask, (4, 3, 5, 6))}


def prediction(name, shape):
    p = torch.randn(shape, generator=torch.Generator().manual_seed(4)).to(torch.float64 if name == 'double' else torch.float32)
    return TensorBase(p) if name in ('category', 'mask') else p


@pytest.mark.parametrize('name', whole)
def test_any_loss(name):
    "With lam 1 it is the plain loss, with lam 0 that of the partners, else in between; and the loss is left as it was"
    lf, y, shape = whole[name]
    pred, n, before = prediction(name, shape), shape[0], state(whole[name][0])
    a, b = lf(pred, y['y_a']), lf(pred, y['y_b'])
    lams = (1., 0., .3) if loss_rule(lf, y['y_a']) is None else (1., 0., .3, torch.ones(n), torch.zeros(n))
    for lam in lams:
        got, share = mixed_loss(pred, **y, lam=lam, loss_func=lf), torch.as_tensor(lam).mean()
        if share in (0, 1): exact(got, a if share == 1 else b)
        else: assert ((got >= torch.minimum(a, b)-1e-6) & (got <= torch.maximum(a, b)+1e-6)).all()
    assert state(lf) == before


@pytest.mark.parametrize('name', [o for o in whole if not {'none', 'weighted', 'double', 'ordinary', 'opaque', 'lambda', 'method', 'inner', 'nll', 'category', 'mask', 'gamma',
                                                           'partial', 'sum'} & set(o.split('-')) and 'dice' not in o])
def test_mean_of_single_images(name):
    "A loss that averages, and weighs no class, is the mean of what it says of each image alone"
    lf, y, shape = whole[name]
    pred, lam = prediction(name, shape), torch.rand(shape[0])
    one = [l*lf(pred[i:i+1], y['y_a'][i:i+1]) + (1-l)*lf(pred[i:i+1], y['y_b'][i:i+1]) for i, l in enumerate(lam)]
    close(mixed_loss(pred, **y, lam=lam, loss_func=lf), torch.stack(one).mean())


@pytest.mark.parametrize('name', ['flat-none', 'mask-none', 'focal-sum', 'smoothing-sum', 'bce-sum'])
def test_values_of_single_images(name):
    lf, y, shape = whole[name]
    pred, lam = prediction(name, shape), torch.rand(shape[0])
    one = torch.stack([l*lf(pred[i:i+1], y['y_a'][i:i+1]) + (1-l)*lf(pred[i:i+1], y['y_b'][i:i+1]) for i, l in enumerate(lam)])
    close(mixed_loss(pred, **y, lam=lam, loss_func=lf), one.sum() if name.endswith('sum') else one.flatten())


def test_a_mean_over_pixels_that_are_ignored_counts_those_left():
    "Pixels, weights and an ignored class, against the mean over all pixels at once"
    pred, y_a, y_b, _ = batch(4, 3, (5, 6))
    y_a[:, 0], y_b[0] = 255, 255
    lf, flat = nn.CrossEntropyLoss(weight=w[:3], ignore_index=255), nn.CrossEntropyLoss(weight=w[:3], ignore_index=255, reduction='sum')
    ws = [torch.where(y == 255, 0., w[:3][y.clamp(max=2)]).sum() for y in (y_a, y_b)]
    close(mixed_loss(pred, y_a, y_b, .4, lf), (.4*flat(pred, y_a)+.6*flat(pred, y_b))/(.4*ws[0]+.6*ws[1]))


@pytest.mark.parametrize('lf, c', [(MSELossFlat(), 1), (nn.MSELoss(), 1), (L1LossFlat(), 1), (nn.SmoothL1Loss(reduction='none'), 1), (BCEWithLogitsLossFlat(), C),
                                   (nn.BCEWithLogitsLoss(pos_weight=w), C), (nn.KLDivLoss(reduction='batchmean'), C), (nn.CrossEntropyLoss(weight=w), C), (opaque, C)])
def test_targets_that_are_numbers_are_blended(lf, c):
    pred, y_a, y_b, lam = torch.randn(6, c), torch.rand(6, c), torch.rand(6, c), torch.rand(6)
    close(mixed_loss(pred, y_a, y_b, lam, lf), lf(pred, lam[:, None]*y_a + (1-lam)[:, None]*y_b))
    exact(mixed_loss(pred, y_a, y_b, torch.ones(6), lf), lf(pred, y_a))


def test_several_targets_share_one_lam():
    def two(pred, y, z): return F.cross_entropy(pred, y) + F.mse_loss(pred[:, 0], z)
    pred, y_a, y_b, _ = batch()
    z_a, z_b = torch.rand(2, 6)
    close(mixed_loss(pred, (y_a, z_a), (y_b, z_b), .3, two), .3*two(pred, y_a, z_a)+.7*two(pred, y_b, z_b))
    close(mixed_loss(pred, (y_a,), (y_b,), torch.full((6,), .3)), mixed_loss(pred, y_a, y_b, .3))
    with pytest.raises(ValueError, match='`lam` must be one number'): mixed_loss(pred, (y_a, z_a), (y_b, z_b), torch.rand(6), two)


# losses that do not do what they say

class Mean(nn.Module):
    "Has `reduction`, returns the mean"
    reduction = 'mean'
    def forward(self, p, y): return F.cross_entropy(p, y.argmax(1) if y.ndim > 1 else y)


class MeanOne(Mean):
    "Likewise, as a vector of one"
    def forward(self, p, y): return super().forward(p, y).view(1)


class PerClass(nn.Module):
    "Returns a value for each class"
    reduction = 'mean'
    def forward(self, p, y):
        y = y.float() if y.ndim > 1 else F.one_hot(y, p.shape[1]).float()
        return F.binary_cross_entropy_with_logits(p, y, reduction='none').mean(0)


class PerClassWeighted(PerClass):
    def __init__(self, c):
        super().__init__()
        self.weight = torch.rand(c)+.1


class Through(nn.Module):
    "Writes `reduction` through to a loss that its copies share"
    def __init__(self):
        super().__init__()
        self.inner = nn.CrossEntropyLoss(weight=w)
    @property
    def reduction(self): return self.inner.reduction
    @reduction.setter
    def reduction(self, v): self.inner.reduction = v
    def forward(self, p, y): return self.inner(p, y)


class Late(nn.Module):
    "Writes it through when called"
    def __init__(self):
        super().__init__()
        self.inner, self.reduction = nn.CrossEntropyLoss(weight=w), 'mean'
    def forward(self, p, y):
        self.inner.reduction = self.reduction
        return self.inner(p, y)


class Coupled(nn.Module):
    "The loss of an image depends on the others"
    reduction = 'mean'
    def forward(self, p, y):
        v = F.cross_entropy(p, y, reduction='none')
        v = v*v.detach().softmax(0)*len(v)
        return v if self.reduction == 'none' else v.mean()


class Hardest(nn.Module):
    "Averages the larger half only"
    reduction = 'mean'
    def forward(self, p, y):
        v = F.cross_entropy(p, y, reduction='none')
        return v if self.reduction == 'none' else v.topk(len(v)//2).values.mean()


class NoneLiar(Mean): reduction = 'none'


class Odd(nn.Module):
    "Returns rubbish for 'none'"
    reduction = 'mean'
    def forward(self, p, y): return None if self.reduction == 'none' else F.cross_entropy(p, y)


class Float(Odd):
    def forward(self, p, y): return F.cross_entropy(p, y).item() if self.reduction == 'none' else F.cross_entropy(p, y)


class Fussy(nn.Module):
    "Refuses 'none'"
    reduction = 'mean'
    def forward(self, p, y):
        if self.reduction != 'mean': raise NotImplementedError(self.reduction)
        return F.cross_entropy(p, y)


class Turned(nn.Module):
    "Values in an order of its own: pixels first"
    reduction = 'mean'
    def forward(self, p, y):
        v = F.cross_entropy(p, y, reduction='none')
        return v.mean() if self.reduction == 'mean' else v.flatten(1).T if v.ndim > 1 else v


class ReadOnly(nn.Module):
    @property
    def reduction(self): return 'mean'
    def forward(self, p, y): return F.cross_entropy(p, y)


@dataclass(frozen=True)
class Frozen:
    reduction: str = 'mean'
    def __call__(self, p, y): return F.cross_entropy(p, y, reduction=self.reduction)


class Slots:
    __slots__ = 'reduction',
    def __init__(self): self.reduction = 'mean'
    def __call__(self, p, y): return F.cross_entropy(p, y)


def never(p, y, reduction='mean'): return F.cross_entropy(p, y)


def hard(p, y, reduction='mean'):
    v = F.cross_entropy(p, y, reduction='none')
    return v if reduction == 'none' else v[v > .7].mean()


def scripted():
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        return torch.jit.script(nn.CrossEntropyLoss(weight=w))


wide = {c: {k: torch.randint(2, (6, c), generator=torch.Generator().manual_seed(i)) for i, k in enumerate(ids)} for c in (5, 7, 11, 22)}
liars = {'mean': (Mean, ids), 'mean-one': (MeanOne, ids), 'mean-multi': (Mean, multi), 'never': (lambda: never, ids), 'hard': (lambda: hard, ids), 'none': (NoneLiar, ids), 'per-class': (PerClass, ids),
         'through': (Through, ids), 'late': (Late, ids), 'coupled': (Coupled, ids), 'hardest': (Hardest, ids), 'odd': (Odd, ids), 'float': (Float, ids),
         'fussy': (Fussy, ids), 'turned': (Turned, mask)}
liars |= {f'per-class-{c}': (PerClass, y) for c, y in wide.items()}
liars |= {f'per-class-weighted-{c}': (partial(PerClassWeighted, c), {k: v.argmax(1) for k, v in wide[c].items()}) for c in (5, 11)}
unset = {'read-only': (ReadOnly, ids), 'frozen': (Frozen, ids), 'slots': (Slots, ids), 'scripted': (scripted, ids)}


def shape_for(y): return (*y.shape[:1], 3, *y.shape[1:]) if y.ndim == 3 else (*y.shape[:1], y.shape[1] if y.ndim == 2 else 11 if y.max() > C else C)


def is_opaque(make, y, seed=5):
    "It gets one `lam`, nothing of it is changed, and a `lam` for each image is refused"
    lf = make()
    before = state(lf) if hasattr(lf, '__dict__') else lf.reduction
    pred = torch.randn(shape_for(y['y_a']), generator=torch.Generator().manual_seed(seed))
    a, b = lf(pred, y['y_a']), lf(pred, y['y_b'])
    exact(mixed_loss(pred, **y, lam=1., loss_func=lf), a)
    close(mixed_loss(pred, **y, lam=torch.tensor([.3]), loss_func=lf), .3*a+.7*b)
    with pytest.raises(ValueError, match='`lam` must be one number'): mixed_loss(pred, **y, lam=torch.rand(len(pred)), loss_func=lf)
    assert (state(lf) if hasattr(lf, '__dict__') else lf.reduction) == before


@pytest.mark.parametrize('name', liars)
def test_liars(name): is_opaque(*liars[name])


@pytest.mark.parametrize('name', unset)
def test_reduction_that_cannot_be_set_is_opaque(name):
    lf, pred = unset[name][0](), torch.randn(6, C)
    exact(mixed_loss(pred, **ids, lam=1., loss_func=lf), lf(pred, ids['y_a']))
    close(mixed_loss(pred, **ids, lam=.3, loss_func=lf), .3*lf(pred, ids['y_a'])+.7*lf(pred, ids['y_b']))


@pytest.mark.parametrize('ignore', [255, -1, C, 1])
def test_hidden_ignore_index(ignore):
    "A loss that ignores an id without saying so"
    def hidden(p, y, reduction='mean'): return F.cross_entropy(p, y, ignore_index=ignore, reduction=reduction)
    pred, y = torch.randn(6, C), torch.tensor([0, 2, 3, 4, ignore, ignore])
    exact(mixed_loss(pred, y, y.flip(0), 1., hidden), hidden(pred, y))


def test_lam_one_survives_an_infinite_partner_loss():
    "Logits of classes that cannot be are masked with -inf"
    pred, y_a, y_b = torch.randn(4, C), torch.tensor([0, 1, 2, 3]), torch.full((4,), 4)
    pred[:, 4] = -torch.inf
    for reduction in ('mean', 'sum', 'none'):
        lf = nn.CrossEntropyLoss(reduction=reduction)
        exact(mixed_loss(pred, y_a, y_b, torch.ones(4), lf), lf(pred, y_a))
        exact(mixed_loss(pred, y_b, y_a, torch.zeros(4), lf), lf(pred, y_a))


def test_half_precision_does_not_overflow():
    pred, y_a, y_b, _ = batch(2, 3, (256, 256))
    for dtype in (torch.float16, torch.bfloat16):
        half = (3*pred).to(dtype)
        assert torch.isclose(mixed_loss(half, y_a, y_b, torch.ones(2)).float(), F.cross_entropy(half.float(), y_a), rtol=2e-2)


def counted(calls):
    def f(p, y, reduction='mean'): calls.append(1); return F.cross_entropy(p, y, reduction=reduction)
    return f


def method(calls):
    class O(nn.Module):
        def loss(self, p, y, reduction='mean'): calls.append(1); return F.cross_entropy(p, y, reduction=reduction)
    o = O()
    return lambda: o.loss


@pytest.mark.parametrize('kind', ['function', 'bound-method'])
def test_a_loss_is_tried_once(kind):
    calls = []
    f = counted(calls)
    get = method(calls) if kind == 'bound-method' else lambda: f
    loss_rule(get(), ids['y_a'])
    tried = len(calls)
    for _ in range(3): loss_rule(get(), ids['y_a'])
    assert tried and len(calls) == tried


def test_trying_a_loss_disturbs_nothing():
    "Neither its state, nor the random numbers, nor the settings made after the first try"
    class Noisy(nn.Module):
        def __init__(self):
            super().__init__()
            self.reduction, self.name, self.weight = 'mean', 'mine', w.clone()
            self.seen = []
        def forward(self, p, y):
            self.seen.append(len(y))
            return F.cross_entropy(F.dropout(p, .0) + 0*torch.rand(1), y, weight=self.weight, reduction=self.reduction)
    lf, before = Noisy(), random_states()
    loss_rule(lf, ids['y_a'])
    assert same_states(before, random_states()) and not lf.seen and vars(lf).keys() == vars(Noisy()).keys()
    pred, lam = torch.randn(6, C), torch.rand(6)
    for weight, reduction in ((w, 'mean'), (w.flip(0), 'mean'), (w, 'sum'), (None, 'mean')):
        lf.weight, lf.reduction = weight, reduction
        close(mixed_loss(pred, **ids, lam=lam, loss_func=lf), paper(pred, ids['y_a'], ids['y_b'], lam, weight, None, 0., reduction).float())


def test_settings_made_later_count():
    "fastai's losses keep stale copies of them"
    flat, pred, lam = CrossEntropyLossFlat(weight=w), torch.randn(6, C), torch.rand(6)
    y_a, y_b = ids.values()
    for weight, ignore, reduction in ((w, -100, 'mean'), (w, 1, 'mean'), (w.flip(0), 2, 'mean'), (w, 1, 'sum'), (w, 1, 'none'), (None, 1, 'mean')):
        flat.func.weight, flat.func.ignore_index, flat.reduction = weight, ignore, reduction
        close(mixed_loss(pred, y_a, y_b, lam, flat), paper(pred, y_a, y_b, lam, weight, ignore, 0., reduction).float())


def test_parameters_of_a_loss_are_trained():
    net, pred, lam = Net(), torch.randn(6, C), torch.rand(6)
    twin = copy.deepcopy(net)
    mixed_loss(pred, **ids, lam=lam, loss_func=net.loss).backward()
    one = [l*twin.loss(pred[i:i+1], ids['y_a'][i:i+1]) + (1-l)*twin.loss(pred[i:i+1], ids['y_b'][i:i+1]) for i, l in enumerate(lam)]
    torch.stack(one).mean().backward()
    close(net.scale.grad, twin.scale.grad)


@quick
@given(st.integers(1, 6), st.integers(2, 7), st.integers(0, 99), st.booleans())
def test_gradients_are_those_of_soft_targets(n, c, seed, smooth):
    pred, y_a, y_b, lam = batch(n, c, seed=seed)
    p, q = pred.clone().requires_grad_(), pred.clone().requires_grad_()
    s = .1*smooth
    mixed_loss(p, y_a, y_b, lam, nn.CrossEntropyLoss(label_smoothing=s)).backward()
    F.cross_entropy(q, soft_targets(y_a, y_b, lam, c, s)).backward()
    assert torch.allclose(p.grad, q.grad, atol=1e-6)
