"The host never waits for the device: it reads no number that was calculated there."
from functools import partial
from types import SimpleNamespace

import pytest, torch
import torch.nn.functional as F
from fastai.callback.core import Callback
from fastai.losses import CrossEntropyLossFlat
from fastai.torch_core import to_detach
from helpers import learner, mixers
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode

from mixcourse.callback import core as callback, manifold
from mixcourse.mixing import targets
from mixcourse.callback import CutMix, Cutout, ManifoldMixUp, MixedAccuracy, MixUp, RegMixup, ResizeMix
from mixcourse.mixing import _torch, cutmix_data, mixup, mixup_data, sampling, soft_targets, why_one_lam
from mixcourse.mixing.ops import at_seam
from mixcourse.mixing.targets import loss_rule, mixed_accuracy, mixed_loss

every = {**mixers(), 'per batch': partial(CutMix, per_batch=True), 'now and then': partial(MixUp, p=.5), 'in place': partial(Cutout, 3, n_holes=2, inplace=True)}
losses = dict(weighted=lambda: CrossEntropyLossFlat(weight=torch.arange(10)+1.), function=lambda: F.cross_entropy)


class Reads(TorchDispatchMode):
    "Notes the operators by which a host learns what a tensor holds."
    def __init__(self):
        super().__init__()
        self.seen, self.ops = [], 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        name, self.ops = func.overloadpacket.__name__, self.ops+1
        by_mask = name in ('index', 'index_put_') and any(o is not None and o.dtype == torch.bool for o in args[1])
        if by_mask or name in ('_local_scalar_dense', 'nonzero', 'equal', 'masked_select', '_unique2'): self.seen.append(name)
        return func(*args, **kwargs or {})


def watch(cb, events, mode):
    "Run `events` of `cb` under `mode`"
    def under(f, *args):
        with mode: return f(*args)
    for o in events:
        if hasattr(cb, o): setattr(cb, o, partial(under, getattr(cb, o)))


@pytest.mark.parametrize('loss', losses)
@pytest.mark.parametrize('name', every)
def test_reads_nothing_in_training(name, loss):
    "On a CPU: in every batch of an epoch but the first, where the loss is tried"
    cb, metric, mode = every[name](), MixedAccuracy(), Reads()

    class Start(Callback):
        order = 60
        def after_batch(self):
            if self.training and self.iter == 0: watch(cb, ['before_batch', 'after_pred', 'after_loss'], mode), watch(metric, ['accumulate'], mode)
    learner([cb, Start()], loss=losses[loss](), metrics=metric).fit(1)
    assert mode.seen == [] and mode.ops > 0


def test_reads_are_seen():
    mode = Reads()
    with mode:
        x = torch.arange(3.)
        bool((x > 1).any()), x.sum().item(), x.nonzero(), x[x > 1]
    assert mode.seen == ['_local_scalar_dense', '_local_scalar_dense', 'nonzero', 'index']


@pytest.fixture
def tried_on_cpu(monkeypatch):
    "A meta tensor holds nothing, so the one trial of the loss is made elsewhere"
    def elsewhere(f): return lambda loss_func, y, *args, **kwargs: f(loss_func, torch.zeros(y.shape, dtype=y.dtype), n_classes=10)
    monkeypatch.setattr(targets, 'loss_rule', elsewhere(loss_rule))
    monkeypatch.setattr(callback, 'why_one_lam', elsewhere(why_one_lam))
    monkeypatch.setattr(manifold, 'is_at_work', lambda learn: True)  # `step` stands in for a Learner that fits


def step(learn, cb, x, y):
    "A training step as fastai takes it, from batch to loss"
    learn.xb, learn.yb, learn.training, learn.pct_train = (x,), (y,), True, .5
    cb.before_batch()
    learn.pred = learn.model(*learn.xb)
    if hasattr(cb, 'after_pred'): cb.after_pred()
    learn.loss_grad = learn.loss_func(learn.pred, *learn.yb)
    learn.loss = learn.loss_grad.clone()
    if hasattr(cb, 'after_loss'): cb.after_loss()
    return learn.loss


def ready(cb):
    "A learner on a device whose tensors hold nothing to read"
    learn = learner(cb)
    cb.before_fit()
    for o in getattr(cb, 'mixers', []):
        if o is not None: o.learn = learn
    learn.model.to('meta')
    return learn, torch.empty(8, 1, 8, 8, device='meta'), torch.empty(8, dtype=torch.long, device='meta')


@pytest.mark.parametrize('name', every)
def test_every_number_is_drawn_on_the_host_and_none_comes_back(name, tried_on_cpu):
    "On a meta device any read, any copy to the host, and any operator that needs a value to go on, raises"
    cb = every[name]()
    learn, x, y = ready(cb)
    for _ in range(8): assert step(learn, cb, x, y).device.type == 'meta'


def test_a_read_raises_there(tried_on_cpu):
    class Bad(MixUp):
        def draw(self, x, alpha, n, generator):
            d = super().draw(x, alpha, n, generator)
            if d.lam.max() > .9: d.lam = 1-d.lam
            return d
    cb = Bad(1.)
    learn, x, y = ready(cb)
    with pytest.raises((RuntimeError, NotImplementedError), match='meta'): step(learn, cb, x, y)


def test_loss_and_accuracy_need_no_numbers(tried_on_cpu):
    pred, y, lam = torch.empty(8, 10, device='meta'), torch.empty(8, dtype=torch.long, device='meta'), torch.empty(8, device='meta')
    for loss in (F.cross_entropy, CrossEntropyLossFlat()): assert mixed_loss(pred, y, y, lam, loss).device.type == 'meta'
    assert mixed_accuracy(pred, y, y, lam).device.type == mixed_accuracy(pred, y).device.type == 'meta'


class Copies(TorchDispatchMode):
    "Counts the copies from the host to CUDA, those of either way for which the host waits, and what CUDA calculates."
    n, waits, launches = 0, 0, 0
    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        res, name = func(*args, **kwargs), func.overloadpacket.__name__
        if name in ('_to_copy', 'copy_'):
            there, back = args[name == 'copy_'].is_cpu and res.is_cuda, args[name == 'copy_'].is_cuda and res.is_cpu
            self.n += there
            self.waits += back or there and not (kwargs.get('non_blocking') or args[2:] == (True,))
        elif isinstance(res, torch.Tensor) and res.is_cuda: self.launches += name not in ('empty', 'view', 'detach', 'expand')
        return res


@pytest.fixture
def cuda(monkeypatch):
    "Tensors that say they are on CUDA"
    monkeypatch.setattr(torch.Tensor, 'pin_memory', lambda t: t)
    monkeypatch.setattr(sampling, '_box_by_hand', lambda size, *_: torch.zeros(1, 2*len(size), dtype=torch.long))  # nobody knows numbers here
    with FakeTensorMode(), at_seam(lambda way: _torch): yield torch.device('cuda')


@pytest.mark.parametrize('per_batch', [False, True])
@pytest.mark.parametrize('cls', [MixUp, CutMix, ResizeMix, RegMixup, ManifoldMixUp])
def test_what_is_drawn_for_a_batch_is_one_copy(cls, per_batch, cuda):
    x, y = torch.empty(9, 3, 8, 8, device=cuda), torch.empty(9, dtype=torch.long, device=cuda)
    with Copies() as copies: mixed = cls(1., per_batch=per_batch).mix_batch((x,), (y,), .5, None)
    assert (copies.n, copies.waits) == (1, 0)
    assert mixed.draw.perm.is_cuda
    assert mixed.draw.lam.is_cuda


@pytest.mark.parametrize('cls', [MixUp, CutMix, ResizeMix, RegMixup, ManifoldMixUp])
def test_a_draw_is_calculated_on_the_host(cls, cuda):
    "Boxes are clipped there, and their areas measured: a launch for so few numbers costs more"
    with Copies() as copies: cls(1.).draw(torch.empty(9, 3, 8, 8, device=cuda), 1., 9, None)
    assert copies.launches == 0


own_shares = dict(mixup=lambda x, y, pred, lam: mixup(x, y, lam), accuracy=lambda x, y, pred, lam: mixed_accuracy(pred, y, y, lam),
                  soft=lambda x, y, pred, lam: soft_targets(y, y, lam, 10))


@pytest.mark.parametrize('f', own_shares.values(), ids=own_shares)
@pytest.mark.parametrize('n', [None, 1, 9], ids=['number', 'one', 'rows'])
def test_a_share_of_your_own_is_not_waited_for(f, n, cuda):
    x, y, pred = torch.empty(9, 3, 8, 8, device=cuda), torch.empty(9, dtype=torch.long, device=cuda), torch.empty(9, 10, device=cuda)
    with Copies() as copies: f(x, y, pred, .3 if n is None else torch.rand(n))
    assert (copies.n, copies.waits) == (int(n is not None), 0)


@pytest.mark.parametrize('per_batch', [False, True])
@pytest.mark.parametrize('f', [mixup_data, cutmix_data])
def test_a_loop_without_fastai_sends_one_copy(f, per_batch, cuda):
    x, y = torch.empty(9, 3, 8, 8, device=cuda), torch.empty(9, dtype=torch.long, device=cuda)
    with Copies() as copies: mixed = f(x, y, per_batch=per_batch)
    assert (copies.n, copies.waits) == (1, 0)
    assert all(o.is_cuda for o in mixed)


@pytest.mark.parametrize('training', [False, True])
def test_accuracy_stays_on_the_device(training, cuda):
    "Until the epoch ends"
    y, metric, cb = torch.empty(9, dtype=torch.long, device=cuda), MixedAccuracy(), MixUp()
    cb.mixed = cb.mix_batch((torch.empty(9, 3, 8, 8, device=cuda),), (y,), .5, None)
    learn = SimpleNamespace(pred=torch.empty(9, 10, device=cuda), yb=(y,), cbs=[cb], training=training, to_detach=to_detach)
    metric.reset()
    with Copies() as copies: metric.accumulate(learn), metric.accumulate(learn)
    assert (copies.n, copies.waits) == (0, 0)
    assert metric.total.is_cuda


def test_copies_are_seen(cuda):
    with Copies() as copies: torch.rand(3).to(cuda), torch.empty(3, device=cuda).copy_(torch.rand(3), non_blocking=True), torch.rand(3, device=cuda).half().cpu()
    assert (copies.n, copies.waits, copies.launches) == (2, 2, 1)


def test_a_mixer_of_your_own_gets_partners_on_the_device(cuda): assert MixUp().partners(torch.empty(9, 3, 8, 8, device=cuda), None).is_cuda


@pytest.mark.gpu
@pytest.mark.parametrize('name', every)
def test_cuda_would_complain(name):
    "CUDA itself watches: from the batch to the loss and back"
    cb = every[name]()
    learn = learner(cb)
    cb.before_fit()
    for o in getattr(cb, 'mixers', []):
        if o is not None: o.learn = learn
    learn.model.cuda()
    x, y = torch.randn(8, 1, 8, 8).cuda(), torch.randint(10, (8,)).cuda()
    for _ in range(2): step(learn, cb, x, y).backward()  # the loss is tried, kernels are compiled
    torch.cuda.set_sync_debug_mode('error')
    try:
        for _ in range(4): step(learn, cb, x, y).backward()
    finally: torch.cuda.set_sync_debug_mode('default')
