"Real digits, tiny learners, and pictures from which any mix can be read."
import math
from functools import partial

import numpy as np, torch, torch.nn.functional as F
from fastai.callback.progress import ProgressCallback
from fastai.data.core import DataLoaders, Datasets
from fastai.data.load import DataLoader
from fastai.data.transforms import Categorize
from fastai.learner import Learner
from fastai.losses import CrossEntropyLossFlat
from fastai.callback.core import Callback
from fastai.torch_core import TensorImage
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import TensorDataset

from mixcourse.callback import CutMix, Cutout, ManifoldMixUp, MixUp, RandomMix

torch.set_num_threads(1)

_x, _y = load_digits(return_X_y=True)
digits_x, digits_y = torch.tensor(_x, dtype=torch.float32).view(-1, 1, 8, 8)/8 - 1, torch.tensor(_y)
digits_x[:, :, 0, 0] = .25*torch.arange(len(_x)).view(-1, 1).remainder(4)  # a corner that no hidden digit leaves black


class Batches:
    "A loader whose batches are views of the data in memory."
    device, drop_last, num_workers = torch.device('cpu'), False, 0

    def __init__(self, *data, bs=8): self.data, self.bs, self.n, self.dataset = data, bs, len(data[0]), list(zip(*data))
    def __len__(self): return -(-self.n//self.bs)
    def __iter__(self): return (tuple(o[i:i+self.bs] for o in self.data) for i in range(0, self.n, self.bs))
    def new(self, *args, **kwargs): return self
    def to(self, device): return self


def loaders(*data, valid=None, bs=8, n_inp=None):
    "`DataLoaders` of views of `data`: inputs, then targets"
    dls = DataLoaders(Batches(*data, bs=bs), Batches(*(valid or data), bs=bs))
    if n_inp is not None: dls.n_inp = n_inp
    return dls


def _image(i): return TensorImage(digits_x[i])
def _name(i): return f'digit {digits_y[i]}'


def digits(n=48, n_valid=20, bs=8, shuffle=True, **kwargs):
    "Digits as a user of fastai has them: shuffled, with a vocabulary"
    dsets = Datasets(range(n+n_valid), [[_image], [_name, Categorize([f'digit {i}' for i in range(10)])]], splits=[range(n), range(n, n+n_valid)])
    return dsets.dataloaders(bs=bs, num_workers=0, device='cpu', shuffle=shuffle, **kwargs)


def cnn(c_out=10, c_in=1, dropout=0.):
    return nn.Sequential(nn.Conv2d(c_in, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 8, 3, 2, padding=1), nn.ReLU(),
                         nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Dropout(dropout), nn.Linear(32, c_out))


def segmenter(c_out=3): return nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, c_out, 1))


def learner(cbs=None, dls=None, model=None, loss=None, **kwargs):
    "A quiet learner on digits"
    torch.manual_seed(0)
    loss = CrossEntropyLossFlat() if loss is None else loss
    learn = Learner(digits() if dls is None else dls, cnn() if model is None else model, loss_func=loss, cbs=cbs, **kwargs)
    learn.remove_cb(ProgressCallback)
    learn.logger = _silent
    return learn


def _silent(*args): pass


class Spy(Callback):
    "Notes what the loader gave, what the model saw, and the loss, for each training batch."
    order, run_valid = 0, False  # after the mixers

    class First(Callback):
        order, run_valid = -40, False
        def __init__(self, seen): self.seen = seen
        def before_batch(self): self.seen.append(dict(x=[o.clone() for o in self.xb], y=[o.clone() for o in self.yb], pct=self.pct_train))

    class Last(Callback):
        order, run_valid = 45, False
        def __init__(self, seen): self.seen = seen
        def before_batch(self): self.seen[-1].update(mixed=[o.detach().clone() for o in self.xb], types=[type(o) for o in self.xb])
        def after_loss(self):
            self.seen[-1].update(pred=self.pred.detach().clone(), y_after=[o.clone() for o in self.yb])
            if len(self.yb): self.seen[-1].update(loss=self.loss.detach().clone(), grad=self.loss_grad.detach().clone())

    def __init__(self): self.seen = []
    @property
    def cbs(self): return [Spy.First(self.seen), Spy.Last(self.seen)]


def spy(learn, n_epoch=1, cbs=(), **kwargs):
    "What happened in each batch of a fit"
    o = Spy()
    learn.fit(n_epoch, cbs=[*o.cbs, *cbs], **kwargs)
    return o.seen


def dots(n=16, size=8):
    "Picture `i` is white at pixel `i` alone: a blend shows which pictures it is of, and their shares"
    return torch.eye(size*size)[:n].view(n, 1, size, size), torch.arange(n)


def plains(n=16, size=(8, 8), c=1):
    "Picture `i` has the color `i+1` all over: a collage shows whose pixel each one is"
    return (torch.arange(n)+1.).view(n, 1, 1, 1).expand(n, c, *size).clone(), torch.arange(n)


def read_dots(mixed, y_a):
    "`y_b` and `lam` of blended dots"
    flat = mixed.flatten(1)
    lam = flat.gather(1, y_a[:, None]).squeeze(1)
    y_b = flat.scatter(1, y_a[:, None], -1).argmax(1)
    alone = flat.count_nonzero(1) == 1
    return torch.where(alone, torch.where(lam > 0, y_a, y_b), y_b), torch.where(alone & (lam > 0), 1., lam)


def read_plains(mixed, y_a):
    "`y_b` and `lam` of collages of plain pictures"
    ids = mixed[:, 0].flatten(1).round().long() - 1
    own = ids == y_a[:, None]
    return torch.where(own, -1, ids).amax(1).where(~own.all(1), y_a), own.float().mean(1)


class Raise(Callback):
    "Raises at `event` of training, once the batches before it are through."
    run_valid = False
    def __init__(self, event, exc, order=0, at=1):
        def f(self):
            if self.training and self.train_iter >= at: raise exc
        setattr(self, event, partial(f, self))
        self.order = order


class BadModel(nn.Module):
    "Breaks off in its `at`-th training pass, half way through."
    def __init__(self, exc, at=2):
        super().__init__()
        self.a, self.b, self.exc, self.left = nn.Sequential(*cnn()[:4]), nn.Sequential(*cnn()[4:]), exc, at

    def forward(self, x):
        x = self.a(x)
        if self.training and self.exc is not None:
            self.left -= 1
            if self.left == 0: raise self.exc
        return self.b(x)


def mixers():
    "One of each mixer that a user may put in `cbs`, by name"
    return {'mixup': partial(MixUp, .4), 'cutmix': partial(CutMix, 1.), 'cutout': partial(Cutout, 4),
            'random': lambda: RandomMix([MixUp(.4), CutMix(1.), Cutout(3), ManifoldMixUp(2.), None]),
            'manifold': partial(ManifoldMixUp, 2.)}


def state(o):
    "Everything a loss object holds, in a form that `==` compares"
    if isinstance(o, torch.Tensor): return o.tolist()
    if isinstance(o, partial): return state(o.func), state(o.keywords)
    if isinstance(o, dict): return {k: state(v) for k, v in o.items() if not k.startswith('__')}
    if isinstance(o, (list, tuple, set)): return [state(v) for v in o]
    if hasattr(o, '__dict__') and not isinstance(o, type) and not callable(getattr(o, '__code__', None)): return type(o).__name__, state(vars(o))
    return o if isinstance(o, (int, float, str, bool, type(None))) else repr(o)


def hooks(model): return [n for n, m in model.named_modules() if m._forward_hooks or m._forward_pre_hooks]


def random_states(): return torch.get_rng_state().clone(), np.random.get_state()[1].copy(), __import__('random').getstate()


def same_states(a, b): return torch.equal(a[0], b[0]) and (a[1] == b[1]).all() and a[2] == b[2]


def threes(vocab):
    "Loaders of 48 and 16 random pictures of three classes, in batches of 16"
    x, y = torch.rand(64, 1, 8, 8, generator=torch.Generator().manual_seed(0)), torch.arange(64) % 3
    train, valid = TensorDataset(x[:48], y[:48]), TensorDataset(x[48:], y[48:])
    dls = DataLoaders(DataLoader(train, bs=16, shuffle=True), DataLoader(valid, bs=16))
    dls.vocab = vocab
    return dls


CE = nn.CrossEntropyLoss


def fit(cbs, *data, loss=None, model=None, bs=8, n_inp=None, valid=None, cb=(), epochs=1, **kwargs):
    "What happened in each batch of a fit on `data`, whose loader hands out views"
    learn = learner(cbs, loaders(*data, bs=bs, n_inp=n_inp, valid=valid), model, loss or CE(), **kwargs)
    return spy(learn, epochs, cb)


def flat_net(c_out, size=(8, 8), c=1): return nn.Sequential(nn.Flatten(), nn.Linear(c*math.prod(size), c_out))


def readers(): return [(MixUp, dots(16), read_dots), (CutMix, plains(16), read_plains)]


def pictures_of(n=12, size=(6, 8)):
    "Plain pictures with a mask that says the same"
    x, y = plains(n, size)
    return x, y.view(n, 1, 1).expand(n, *size).clone()


def changed(seen): return [not torch.equal(b['x'][0], b['mixed'][0]) for b in seen]


weight = torch.linspace(.2, 3, 16)  # of classes


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
