"How losses reduce: learned from examples that differ, with the true number of classes, whatever the loss keeps inside."
import pytest, torch, torch.nn.functional as F
from fastai.losses import CrossEntropyLossFlat, DiceLoss, FocalLossFlat
from helpers import random_states, same_states
from losses import Alpha, Chosen, Combined, Counting, Loss, Noisy, Ranked, TopHalf, batches, means
from torch import nn

from mixcourse.mixing import loss_rule, mixed_loss, why_one_lam

n = 48


def rows(c, seen=None, name=''):
    "Predictions, and ids of the first `seen` classes"
    g = torch.Generator().manual_seed(c)
    p = 2*torch.randn(n, c, generator=g)
    return p.softmax(1) if name == 'FromShares' else p, *torch.randint(seen or c, (2, n), generator=g), torch.rand(n, generator=g)


def close(a, b): torch.testing.assert_close(a.as_subclass(torch.Tensor), b.as_subclass(torch.Tensor), rtol=1e-5, atol=1e-6)


def seeded(f, *args, **kwargs):
    torch.manual_seed(0)
    return f(*args, **kwargs)


counts = pytest.mark.parametrize('c, seen', [(2, 2), (5, 4), (10, 9), (37, 20)], ids=lambda o: str(o))


@counts
@pytest.mark.parametrize('name', means)
def test_a_mean_is_linear_in_the_losses_of_single_images(name, c, seen):
    loss, (pred, y_a, y_b, lam) = means[name](c), rows(c, seen, name)
    alone = [l*loss(pred[i:i+1], y_a[i:i+1]) + (1-l)*loss(pred[i:i+1], y_b[i:i+1]) for i, l in enumerate(lam)]
    close(mixed_loss(pred, y_a, y_b, lam, loss), torch.stack(alone).mean())


@pytest.mark.parametrize('name', means)
def test_a_mean_is_known_before_the_model_ran(name):
    "From targets that lack the last class"
    assert loss_rule(means[name](10), torch.arange(9)) is not None


@counts
@pytest.mark.parametrize('name', batches)
def test_whole_batch_with_lam_one_is_the_plain_loss(name, c, seen):
    loss, twin, (pred, y_a, y_b, _) = batches[name](c), batches[name](c), rows(c, seen)
    close(mixed_loss(pred, y_a, y_b, torch.ones(1), loss), twin(pred, y_a))


@pytest.mark.parametrize('name', batches)
def test_whole_batch_refuses_a_lam_for_each_image(name):
    pred, y_a, y_b, lam = rows(10, 9)
    with pytest.raises(ValueError, match='`lam` must be one number for a loss that'): mixed_loss(pred, y_a, y_b, lam, batches[name](10))


@pytest.mark.parametrize('name', batches)
def test_whole_batch_is_known_before_the_model_ran(name):
    assert loss_rule(batches[name](10), rows(10, 9)[1], n_classes=10) is None


@pytest.mark.parametrize('name', ['Balanced', 'OneHotBalanced', 'RarelyBalanced', 'TopHalf', 'TopShare', 'Ohem'])
def test_whole_batch_is_known_without_the_number_of_classes(name): assert loss_rule(batches[name](10), rows(10, 9)[1]) is None


def test_noise_is_that_of_the_plain_loss():
    pred, y_a, y_b, _ = rows(5)
    close(seeded(mixed_loss, pred, y_a, y_b, torch.ones(n), Noisy(5)), seeded(Noisy(5), pred, y_a))


small = [torch.uint8, torch.int8, torch.int16, torch.int32]
of_bytes = {o: small for o in ['Alpha', 'OneHot', 'Poly', 'function', 'TopHalf', 'Balanced']}
of_ids = {**of_bytes, 'focal': small[1:], 'smoothing': small[1:]}  # fastai hands bytes on to torch, which refuses them: plain, too


@pytest.mark.parametrize('name,dtype', [(name, dtype) for name, dtypes in of_ids.items() for dtype in dtypes], ids=str)
def test_ids_of_every_type_are_as_good_as_long_ones(name, dtype):
    make, (pred, y_a, y_b, lam) = {**means, **batches}[name], rows(10, 9)
    lam = lam[:1] if name in batches else lam
    close(mixed_loss(pred, y_a.to(dtype), y_b.to(dtype), lam, make(10)), mixed_loss(pred, y_a, y_b, lam, make(10)))


@pytest.mark.parametrize('loss', [nn.CrossEntropyLoss(), nn.CrossEntropyLoss(torch.linspace(.1, 3, 10)), CrossEntropyLossFlat(), nn.CrossEntropyLoss(ignore_index=255)],
                         ids=['plain', 'weighted', 'flat', 'void'])
def test_cross_entropy_takes_bytes(loss):
    pred, y_a, y_b, lam = rows(10, 9)
    close(mixed_loss(pred, y_a.byte(), y_b.byte(), lam, loss), mixed_loss(pred, y_a, y_b, lam, loss))


@pytest.mark.parametrize('dtype', [torch.bool, torch.uint8, torch.int8], ids=str)
def test_several_labels_of_every_type(dtype):
    g = torch.Generator().manual_seed(0)
    pred, y_a, y_b, lam = torch.randn(n, 4, generator=g), *torch.randint(2, (2, n, 4), generator=g), torch.rand(n, generator=g)
    def binary(p, y, reduction='mean'): return F.binary_cross_entropy_with_logits(p, y.float(), reduction=reduction)
    close(mixed_loss(pred, y_a.to(dtype), y_b.to(dtype), lam, binary), binary(pred, torch.lerp(y_b.float(), y_a.float(), lam[:, None])))


def test_the_largest_hundred_thousand_pixels():
    "A batch of training has more than that, an example has not"
    class Hard(Loss):
        def reduce(self, v, y): return v.flatten().topk(min(v.numel(), 100_000)).values.mean()
    y = torch.randint(3, (4, 200, 200))
    assert loss_rule(Hard(3), y, n_classes=3) is None


def test_a_larger_batch_is_tried_again():
    class Hard(Loss):
        def reduce(self, v, y): return v.topk(min(len(v), 200)).values.mean()
    loss = Hard(3)
    small, large = torch.randn(64, 3), torch.randn(300, 3)
    before = loss_rule(loss, torch.arange(64) % 3, small)
    assert before is not None and loss_rule(loss, torch.arange(300) % 3, large) is None


def test_equal_weights_that_change_are_looked_at_again():
    loss, (pred, y_a, y_b, _) = FocalLossFlat(weight=torch.ones(5)), rows(5)
    mixed_loss(pred, y_a, y_b, torch.ones(n), loss)
    loss.func.weight.copy_(torch.linspace(.1, 3, 5))
    close(mixed_loss(pred, y_a, y_b, torch.ones(n), loss), loss(pred, y_a))


def test_a_share_that_changes_is_looked_at_again():
    class Share(Loss):
        share = 1.
        def __init__(self, c):
            super().__init__(c)
            self.share = 1.
        def reduce(self, v, y): return v.topk(int(self.share*len(v))).values.mean()
    loss, y = Share(5), rows(5)[1]
    assert loss_rule(loss, y) is not None
    loss.share = .5
    assert loss_rule(loss, y) is None


def test_real_predictions_are_remembered():
    "What they showed counts for the next batch, before its predictions are there"
    def picky(p, y, reduction='mean'):
        if not torch.equal(p.sum(1), torch.zeros(len(p))): raise ValueError('rows must sum to 0')
        return F.cross_entropy(p, y, reduction=reduction)
    pred = torch.randint(-3, 4, (n, 2)).float().cumsum(0)
    pred[:, 1] = -pred[:, 0]
    y = torch.arange(n) % 2
    assert loss_rule(picky, y) is None
    assert loss_rule(picky, y, pred) == loss_rule(picky, y)


@pytest.mark.parametrize('loss, why', [
    (lambda p, y: F.cross_entropy(p, y), 'gives one number a batch'), (TopHalf(5), 'averages in a way of its own'), (Counting(5), 'keeps a state from call to call'),
    (Ranked(5), 'lets pictures of a batch depend on each other'), (Chosen(5), 'gives no value for each picture'), (Alpha(5), None)])
def test_reasons(loss, why): assert why_one_lam(loss, torch.arange(8) % 5) == why


@pytest.mark.parametrize('name', ['Ohem', 'Easy', 'TopHalf', 'RarelyBalanced'])
def test_a_small_batch_is_enough(name): assert loss_rule(batches[name](5), torch.arange(2)) is None


def test_a_constant_loss_proves_nothing():
    class Zero(Loss):
        def values(self, p, y): return 0*super().values(p, y)
    assert why_one_lam(Zero(5), torch.arange(8) % 5) == 'could not be tried (it gives all made-up pictures the same loss)'


def test_a_refused_example_is_no_property_of_the_loss():
    def picky(p, y, reduction='mean'): raise TypeError('never')
    assert why_one_lam(picky, torch.arange(8)) == 'could not be tried (never)'


def test_predictions_that_are_no_tensor_take_one_lam():
    "As of a network with a second head"
    def two(p, y, reduction='mean'): return F.cross_entropy(p[0], y, reduction=reduction) + .4*F.cross_entropy(p[1], y, reduction=reduction)
    pred, y_a, y_b, _ = rows(5)
    close(mixed_loss((pred, -pred), y_a, y_b, .3, two), .3*two((pred, -pred), y_a) + .7*two((pred, -pred), y_b))


@pytest.mark.parametrize('name', ['Combined', 'dice'])
def test_losses_of_masks(name):
    loss = Combined(3) if name == 'Combined' else DiceLoss()
    pred, y_a, y_b = torch.randn(4, 3, 8, 8), *torch.randint(3, (2, 4, 8, 8))
    close(mixed_loss(pred, y_a, y_b, torch.ones(1), loss), loss(pred, y_a))


def test_random_numbers_of_python_and_numpy_stay():
    class Rolls(Loss):
        def values(self, p, y):
            import random, numpy as np
            return super().values(p, y)*(1 + 0*random.random() + 0*float(np.random.rand()))
    before = random_states()
    loss_rule(Rolls(5), torch.arange(8) % 5)
    assert same_states(before, random_states())
