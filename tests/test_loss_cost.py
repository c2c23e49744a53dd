"What the mixed loss costs the host: operators, time beside the plain loss, and copies to the device."
import time
from functools import partial

import pytest, torch, torch.nn.functional as F
from fastai.callback.core import Callback
from fastai.losses import CrossEntropyLossFlat
from fastai.torch_core import TensorBase
from helpers import digits_x, digits_y, learner, loaders
from torch import nn
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from mixcourse.callback import MixUp
from mixcourse.mixing import loss_rule, mixed_loss, reduction, targets, why_one_lam

n, c = 128, 10
losses = dict(plain=CrossEntropyLossFlat, weighted=lambda: CrossEntropyLossFlat(weight=torch.arange(c)+1.))


class Seen(TorchDispatchMode):
    "Names of the operators, and those that bring numbers from the CPU to another device"
    def __init__(self):
        super().__init__()
        self.names, self.copies = [], []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        res = func(*args, **(kwargs or {}))
        self.names.append(func.overloadpacket.__name__)
        devices = {o.device.type for o in (*args, res) if isinstance(o, torch.Tensor)}
        if len(devices) > 1: self.copies.append(self.names[-1])
        return res


def batch():
    g = torch.Generator().manual_seed(0)
    return torch.randn(n, c, generator=g, requires_grad=True), *torch.randint(c, (2, n), generator=g), torch.rand(n, generator=g)


def operators(f):
    "How many there are in `f` and back"
    with Seen() as seen: f().backward()
    return len(seen.names)


def seconds(f, repeats=40):
    "Of this thread, `f` and back; the least of some rounds"
    def once():
        start = time.thread_time()
        for _ in range(repeats): f().backward()
        return time.thread_time()-start
    return min(once() for _ in range(7))


@pytest.fixture(params=losses)
def ways(request):
    "The plain loss and the mixed one, tried already"
    (pred, y_a, y_b, lam), loss = batch(), losses[request.param]()
    def plain(): return loss(pred, y_a)
    def mixed(): return mixed_loss(pred, y_a, y_b, lam, loss)
    mixed()
    return plain, mixed


def test_few_operators(ways):
    plain, mixed = ways
    assert operators(mixed) <= operators(plain)+20


class OfSubclass(TorchFunctionMode):
    "Counts calls on fastai's tensors, each of which takes a way through Python"
    n = 0
    def __torch_function__(self, func, types, args=(), kwargs=None):
        self.n += any(issubclass(o, TensorBase) for o in types)
        return func(*args, **(kwargs or {}))


def test_few_calls_on_fastais_tensors(ways):
    "Those of the loss itself, and the one that makes a tensor of torch"
    plain, mixed = ways
    with OfSubclass() as of_plain: plain()
    with OfSubclass() as of_mixed: mixed()
    assert 0 < of_plain.n
    assert of_mixed.n <= of_plain.n+1


def test_time_beside_the_plain_loss(ways):
    "2.5 is the aim; twice that leaves room for a busy machine"
    plain, mixed = ways
    assert seconds(mixed) < 5*seconds(plain)


def test_later_batches_are_not_tried(ways, monkeypatch):
    "Each costs a trial otherwise"
    monkeypatch.setattr(reduction, '_try', None)
    ways[1]()


def two_targets(pred, y, z): return F.cross_entropy(pred, y) + F.mse_loss(pred[:, 0], z)


one_number = dict(whole=(lambda pred, y: F.cross_entropy(pred, y), (digits_y[:16],)), several=(two_targets, (digits_y[:16], digits_y[:16]/10)))


@pytest.mark.parametrize('name', one_number)
def test_a_loss_of_one_number_is_called_once_a_half(name):
    "What the learner has computed is the first half of the mix"
    (loss, y), called, seen = one_number[name], [], []
    def counted(*args):
        called.append(args)
        return loss(*args)
    class Note(Callback):
        order, run_valid = 0, False
        def after_loss(self):
            m, n = cb.mixed, len(called)
            seen.append((n, m.draw.lam, self.loss, loss(self.pred, *m.y_a), loss(self.pred, *m.y_b)))
            called.clear()
    cb = MixUp(seed=1)
    learn = learner([cb, Note()], loaders(digits_x[:16], *y, n_inp=1), loss=counted)
    with pytest.warns(UserWarning, match='one `lam` a batch'): learn.fit(1)
    assert len(seen) == 2
    for n, lam, got, a, b in seen:
        assert n == 2
        assert torch.allclose(got, lam*a+(1-lam)*b)


def own_class(values=F.cross_entropy):
    "A class of the same name, made anew"
    class Own(nn.Module):
        reduction = 'mean'
        def forward(self, pred, y): return {'mean': torch.mean, 'sum': torch.sum}.get(self.reduction, lambda o: o)(values(pred, y, reduction='none'))
    return Own


class Unweighted(nn.CrossEntropyLoss):
    "Divides by the number of all targets, whether they count or not"
    def forward(self, pred, y):
        values = F.cross_entropy(pred, y, reduction='none', ignore_index=self.ignore_index)
        return values.mean() if self.reduction == 'mean' else values


def learned(value=1.):
    loss = nn.CrossEntropyLoss()
    loss.scale = nn.Parameter(torch.tensor(value))
    return loss


@pytest.fixture
def tried(monkeypatch):
    "Losses that were tried, in order"
    seen, really = [], reduction._try
    monkeypatch.setattr(reduction, '_memory', reduction.Memory())
    monkeypatch.setattr(reduction, '_try', lambda loss, *args: seen.append(loss) or really(loss, *args))
    return seen


Own = own_class()
made_anew = dict(module=nn.CrossEntropyLoss, flat=CrossEntropyLossFlat, weighted=lambda: nn.CrossEntropyLoss(weight=torch.arange(c)+1.),
                 partial=lambda: partial(F.cross_entropy, label_smoothing=.1), own=Own)


@pytest.mark.parametrize('make', made_anew.values(), ids=made_anew)
def test_a_loss_made_anew_in_each_batch_is_tried_once(make, tried):
    pred, *rest = batch()
    alone = [mixed_loss(pred, *rest, make()) for _ in range(3)]
    assert len(tried) == 1
    assert alone[0] == alone[1] == alone[2]


others = {'reduction': (nn.CrossEntropyLoss(), nn.CrossEntropyLoss(reduction='sum')), 'weights': (nn.CrossEntropyLoss(torch.ones(c)), nn.CrossEntropyLoss(torch.arange(c)+1.)),
          'type of numbers': (nn.CrossEntropyLoss(torch.ones(c)), nn.CrossEntropyLoss(torch.ones(c).double())), 'class of the same name': (own_class()(), own_class()()),
          'parameters': (learned(), learned()), 'function': (partial(own_class(F.cross_entropy)().forward), partial(own_class(F.cross_entropy)().forward))}


@pytest.mark.parametrize('losses', others.values(), ids=others)
def test_a_loss_made_of_something_else_is_tried(losses, tried):
    for loss in losses: why_one_lam(loss, batch()[1], batch()[0])
    assert len(tried) == 2


def test_what_a_class_sets_counts(tried):
    pred, y_a, *_ = batch()
    assert loss_rule(Own(), y_a, pred).how == 'mean'
    try:
        Own.reduction = 'sum'
        assert loss_rule(Own(), y_a, pred).how == 'sum'
    finally: Own.reduction = 'mean'


def test_a_class_that_was_changed_is_another_one(tried):
    changed = own_class()
    for gamma in (None, 2., torch.ones(2)):
        changed.gamma = gamma
        for _ in range(2): loss_rule(changed(), *batch()[1::-1])
    assert len(tried) == 3


def test_a_loss_that_chooses_what_to_write_is_tried_each_time(tried):
    class Secretive(nn.CrossEntropyLoss):
        def __reduce__(self): return Secretive, ()
    for o in ('mean', 'sum'): loss_rule(Secretive(reduction=o), *batch()[1::-1])
    assert len(tried) == 2


def test_what_a_loss_became_is_not_what_it_was(tried):
    "One that was changed by hand says nothing of a new one"
    pred, y_a, *_ = batch()
    first = CrossEntropyLossFlat()
    first.func = Unweighted()
    assert loss_rule(first, y_a, pred).how == 'mean'
    assert loss_rule(CrossEntropyLossFlat(), y_a, pred).how == 'weighted'


def test_few_losses_are_remembered():
    memory = reduction.Memory(size=3)
    for i in range(9): memory.put(i, (b'', ()), i)
    assert len(memory.answers) == 3


@pytest.mark.parametrize('lam', [.3, torch.tensor(.3), torch.tensor([.3])], ids=['number', 'tensor', 'tensor of one'])
@pytest.mark.parametrize('kind', ['ids', 'numbers'])
def test_one_lam_is_made_on_the_device(kind, lam, monkeypatch):
    "A meta device stands for any other"
    monkeypatch.setattr(targets, 'loss_rule', lambda loss_func, y, pred: loss_rule(loss_func, torch.zeros(n, dtype=torch.long), torch.randn(n, c)))
    pred = torch.empty(n, c, device='meta')
    y = torch.empty(n, dtype=torch.long, device='meta') if kind == 'ids' else torch.empty(n, c, device='meta')
    with Seen() as seen: mixed_loss(pred, y, y, lam, F.cross_entropy)
    assert seen.copies == []


def test_copies_are_seen():
    with Seen() as seen: torch.ones(2).to('meta')
    assert seen.copies != []
