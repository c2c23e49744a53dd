"Targets and cross-entropy: the formulas of the papers, one target at a time."
import math
from functools import partial

import pytest, torch, torch.nn.functional as F
from fastai.losses import CrossEntropyLossFlat
from hypothesis import given, settings, strategies as st
from torch import nn

from mixcourse.mixing.targets import mix_targets, mixed_accuracy, mixed_loss, soft_targets

quick = settings(max_examples=40, deadline=None)
C = 5
w = torch.tensor([.2, 3., 1., .5, 2.])


def batch(n=6, c=C, rest=(), seed=0):
    "Predictions, two columns of class ids, shares"
    g = torch.Generator().manual_seed(seed)
    return torch.randn(n, c, *rest, generator=g), *torch.randint(c, (2, n, *rest), generator=g), torch.rand(n, generator=g)


def close(a, b, rtol=1e-5): assert a.shape == b.shape and torch.allclose(a.double(), b.double(), rtol=rtol, atol=1e-7), (a, b)
def exact(a, b): close(torch.as_tensor(a), torch.as_tensor(b), rtol=3e-7)


# cross-entropy: Σ(lam·w[y_a]·l_a + (1-lam)·w[y_b]·l_b) / Σ(lam·w[y_a] + (1-lam)·w[y_b]), ignored targets in neither sum

def paper(pred, y_a, y_b, lam, weight, ignore, smoothing, reduction):
    "The formula, one target at a time"
    logp, weight = pred.double().log_softmax(1), (torch.ones(pred.shape[1]) if weight is None else weight).double()
    up, down, each = 0., 0., []
    for i, l in enumerate(lam.double().tolist()):
        flat = logp[i].reshape(logp.shape[1], -1)
        for j in range(flat.shape[1]):
            v = 0.
            for y, share in ((y_a, l), (y_b, 1-l)):
                k = y[i].reshape(-1)[j].item()
                if k == ignore: continue
                v += share*(-(1-smoothing)*weight[k]*flat[k, j] - smoothing/len(flat)*(weight*flat[:, j]).sum())
                down += share*weight[k]
            each.append(v)
            up += v
    if reduction == 'none': return torch.tensor(each).view(y_a.shape)
    return torch.as_tensor(up/down if reduction == 'mean' else up)


@pytest.mark.parametrize('rest', [(), (2, 3)], ids=['classes', 'pixels'])
@pytest.mark.parametrize('reduction', ['mean', 'sum', 'none'])
@pytest.mark.parametrize('smoothing', [0., .2])
@pytest.mark.parametrize('ignore', [-100, 1])
@pytest.mark.parametrize('weight', [None, w], ids=['plain', 'weighted'])
def test_cross_entropy_is_the_papers(rest, reduction, smoothing, ignore, weight):
    pred, y_a, y_b, lam = batch(rest=rest, seed=3)
    y_a[0], y_b[1], y_a[2], y_b[2] = ignore, ignore, ignore, ignore  # in one target, in the other, in both
    kw = dict(weight=weight, ignore_index=ignore, label_smoothing=smoothing, reduction=reduction)
    loss = nn.CrossEntropyLoss(**kw)
    for lf in (loss, partial(F.cross_entropy, **kw)):
        close(mixed_loss(pred, y_a, y_b, lam, lf), paper(pred, y_a, y_b, lam, weight, ignore, smoothing, reduction).float())
        close(mixed_loss(pred, y_a, y_b, .3, lf), paper(pred, y_a, y_b, torch.full((6,), .3), weight, ignore, smoothing, reduction).float())
        exact(mixed_loss(pred, y_a, y_b, torch.ones(6), lf), lf(pred, y_a))
        exact(mixed_loss(pred, y_a, y_b, torch.zeros(6), lf), lf(pred, y_b))
    assert loss.reduction == reduction


@pytest.mark.parametrize('weight, ignore', [(None, -100), (w, -100), (None, 1), (w, 1)])
def test_fastai_flat_cross_entropy_is_the_papers(weight, ignore):
    for rest, lf in (((), CrossEntropyLossFlat(weight=weight, ignore_index=ignore)), ((2, 3), CrossEntropyLossFlat(axis=1, weight=weight, ignore_index=ignore))):
        pred, y_a, y_b, lam = batch(rest=rest, seed=1)
        y_a[0], y_b[1] = ignore, ignore
        got = mixed_loss(pred, y_a, y_b, lam, lf)
        close(got.as_subclass(torch.Tensor), paper(pred, y_a, y_b, lam, weight, ignore, 0., 'mean').float())
        exact(mixed_loss(pred, y_a, y_b, torch.ones(6), lf), lf(pred, y_a))


@pytest.mark.parametrize('smoothing', [0., .1])
def test_cross_entropy_on_soft_targets_is_the_same(smoothing):
    pred, y_a, y_b, lam = batch(16)
    soft = soft_targets(y_a, y_b, lam, C, smoothing)
    close(mixed_loss(pred, y_a, y_b, lam, nn.CrossEntropyLoss(label_smoothing=smoothing)), F.cross_entropy(pred, soft))
    close(mixed_loss(pred, soft, soft, 1.), F.cross_entropy(pred, soft))
    close(mixed_loss(pred, F.one_hot(y_a, C).float(), F.one_hot(y_b, C).float(), lam), mixed_loss(pred, y_a, y_b, lam))


def test_all_ignored_is_what_the_plain_loss_says():
    pred, y, lam = torch.randn(4, C), torch.full((4,), 2), torch.rand(4)
    assert mixed_loss(pred, y, y, lam, nn.CrossEntropyLoss(ignore_index=2)).isnan()
    assert mixed_loss(pred, y, y, lam, nn.CrossEntropyLoss(ignore_index=2, reduction='sum')) == 0
    one = mixed_loss(pred, y, torch.ones_like(y), torch.zeros(4), nn.CrossEntropyLoss(ignore_index=2))
    exact(one, F.cross_entropy(pred, torch.ones_like(y)))


# soft targets

@quick
@given(st.integers(1, 9), st.integers(1, 9), st.floats(0, 1), st.integers(0, 99))
def test_soft_targets_are_shares(n, c, smoothing, seed):
    _, y_a, y_b, lam = batch(n, c, seed=seed)
    t = soft_targets(y_a, y_b, lam, c, smoothing)
    assert t.shape == (n, c) and t.dtype == torch.float32 and torch.allclose(t.sum(1), torch.ones(n)) and (t >= 0).all()
    for row, a, b, l in zip(t, y_a, y_b, lam):
        want = torch.full((c,), smoothing/c)
        want[a] += (1-smoothing)*l
        want[b] += (1-smoothing)*(1-l)
        assert torch.allclose(row, want, atol=1e-6)
    assert torch.equal(soft_targets(y_a, y_b, 1., c), F.one_hot(y_a, c).float())


@pytest.mark.parametrize('args, match', [
    (dict(smoothing=-.1), '`smoothing`.*-0.1'), (dict(smoothing=1.1), '`smoothing`'), (dict(smoothing=math.nan), '`smoothing`'), (dict(num_classes=0), '`num_classes`'),
    (dict(num_classes=2.), '`num_classes`'), (dict(y_a=torch.rand(3)), '`y_a` must be class ids'), (dict(y_b=torch.tensor([1, 0])), '`y_b`')])
def test_soft_targets_refuse(args, match):
    with pytest.raises(ValueError, match=match):
        soft_targets(**{**dict(y_a=torch.tensor([0, 1, 2]), y_b=torch.tensor([1, 1, 0]), lam=torch.rand(3), num_classes=3), **args})


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16, torch.float64], ids=str)
def test_blended_targets_keep_their_type(dtype):
    y_a, y_b = torch.rand(2, 3, 2).to(dtype)
    t = mix_targets(y_a, y_b, torch.tensor([1., 0., .5]))
    assert t.dtype == dtype and torch.equal(t[0], y_a[0]) and torch.equal(t[1], y_b[1])


# accuracy

@quick
@given(st.integers(1, 9), st.integers(2, 6), st.integers(0, 99), st.sampled_from(['shares', 'half', 'ends']), st.booleans())
def test_a_perfect_model_scores_one(n, c, seed, kind, soft):
    _, y_a, y_b, lam = batch(n, c, seed=seed)
    lam = dict(shares=lam, half=torch.full((n,), .5), ends=lam.round())[kind]
    perfect = soft_targets(y_a, y_b, lam, c).clamp(min=1e-9).log()
    if soft: y_a, y_b = F.one_hot(y_a, c).float(), F.one_hot(y_b, c).float()
    assert mixed_accuracy(perfect, y_a, y_b, lam) == 1
    worst = torch.where(perfect > -20, -1e3, 0.) if c > 2 else None
    if worst is not None: assert mixed_accuracy(worst, y_a, y_b, lam) == 0 or (worst == -1e3).all(1).any()


def test_accuracy_by_hand():
    pred = F.one_hot(torch.tensor([0, 1, 2, 0, 1]), 3).float()
    y_a, y_b, lam = torch.tensor([0, 0, 0, 1, 1]), torch.tensor([1, 1, 1, 0, 1]), torch.tensor([.7, .7, .7, .4, .1])
    assert mixed_accuracy(pred, y_a, y_b, lam) == torch.tensor(.6)  # right, the lesser one, neither, right, both
    assert mixed_accuracy(pred, y_a) == mixed_accuracy(pred, y_a, y_b, 1.) == torch.tensor(.4) and mixed_accuracy(pred, y_a, y_b, 0.) == mixed_accuracy(pred, y_b)


def test_accuracy_wants_the_share_of_a_partner():
    pred, y_a, y_b, _ = batch(4, 3)
    with pytest.raises(ValueError, match='`lam` must be given where `y_b` is, got None'): mixed_accuracy(pred, y_a, y_b)


def test_accuracy_of_pixels():
    pred, y_a, y_b, lam = batch(4, 3, (5, 6))
    right = torch.where((lam > .5).view(-1, 1, 1), y_a, y_b)
    assert torch.isclose(mixed_accuracy(pred, y_a, y_b, lam), (pred.argmax(1) == right).float().mean())
