"Losses as people write them: some are means of single images, some are not and do not say so."
import math
from enum import Enum
from functools import partial

import torch, torch.nn.functional as F
from fastai.losses import DiceLoss, FocalLossFlat, LabelSmoothingCrossEntropyFlat
from timm import loss as timm
from torch import nn


class Loss(nn.Module):
    "A loss of `c` classes, made from values of single rows"
    def __init__(self, c, reduction='mean'):
        super().__init__()
        self.c, self.reduction = c, reduction
        self.register_buffer('per_class', torch.linspace(.1, 3, c))

    def values(self, p, y): return F.cross_entropy(p, y.long(), reduction='none')
    def reduce(self, v, y): return v.mean()

    def forward(self, p, y):
        v = self.values(p, y)
        return v if self.reduction == 'none' else v.sum() if self.reduction == 'sum' else self.reduce(v, y)


# means of rows: a `lam` for each image must be possible

class Alpha(Loss):
    "Focal loss with a weight for each class"
    def values(self, p, y):
        logp = p.log_softmax(1).gather(1, y.long()[:, None]).squeeze(1)
        return -self.per_class[y.long()]*(1-logp.exp())**2*logp


class Poly(Loss):
    "PolyLoss"
    def values(self, p, y): return super().values(p, y) + 1-p.softmax(1).gather(1, y.long()[:, None]).squeeze(1)


class OneHot(Loss):
    def values(self, p, y): return -(F.one_hot(y.long(), self.c)*p.log_softmax(1)).sum(1)


class Smooth(OneHot):
    "Smoothed by hand"
    def values(self, p, y): return -((.9*F.one_hot(y.long(), self.c)+.1/self.c)*p.log_softmax(1)).sum(1)


class OneHotBinary(Loss):
    "A binary cross-entropy for each class"
    def values(self, p, y): return F.binary_cross_entropy_with_logits(p, F.one_hot(y.long(), self.c).float(), reduction='none').sum(1)


class Broadcast(OneHot):
    "A one-hot matrix that a single column of predictions would fit, too"
    def values(self, p, y): return (F.one_hot(y.long(), self.c)*F.softplus(-p)).sum(1)


class FromShares(Loss):
    "Wants probabilities"
    def values(self, p, y):
        if (p < 0).any() or (p > 1).any(): raise ValueError('no probabilities')
        return F.nll_loss(p.log(), y.long(), reduction='none')


class Symmetric(OneHot):
    "Cross-entropy both ways"
    def values(self, p, y): return Loss.values(self, p, y) - (p.softmax(1)*F.one_hot(y.long(), self.c).clamp(1e-4).log()).sum(1)


class GeneralizedCE(Loss):
    def values(self, p, y): return (1-p.softmax(1).gather(1, y.long()[:, None]).squeeze(1)**.7)/.7


class LogitAdjusted(Loss):
    "Adds the prior of each class to its logit"
    def values(self, p, y): return F.cross_entropy(p+self.per_class.log(), y.long(), reduction='none')


class Margin(Loss):
    "A margin for each class"
    def values(self, p, y): return F.cross_entropy(p-self.per_class*F.one_hot(y.long(), self.c), y.long(), reduction='none')


class Flattening(Loss):
    "Values as a column"
    def values(self, p, y): return super().values(p, y)[:, None]


class Kind(Enum): MEAN, NONE = 'mean', 'none'


class Enumerated(Loss):
    def __init__(self, c): super().__init__(c, Kind.MEAN)
    def forward(self, p, y):
        v = self.values(p, y)
        return v.mean() if self.reduction is Kind.MEAN else v if self.reduction is Kind.NONE else None


class InForward(nn.Module):
    "`reduction` is an argument of `forward`"
    def forward(self, p, y, reduction='mean'): return F.cross_entropy(p, y.long(), reduction=reduction)


class Noisy(Loss):
    def values(self, p, y): return super().values(p+.1*torch.rand(p.shape), y)


class Learned(Loss):
    "Has a parameter"
    def __init__(self, c):
        super().__init__(c)
        self.t = nn.Parameter(torch.tensor(2.))
    def values(self, p, y): return super().values(self.t*p, y)


def function(p, y, reduction='mean', alpha=1.): return alpha*F.cross_entropy(p, y.long(), reduction=reduction)
def words(p, y, **kw): return F.cross_entropy(p, y.long(), **kw)


def closure(c):
    alpha = torch.linspace(.1, 3, c)
    def f(p, y, reduction='mean'):
        v = alpha[y.long()]*F.cross_entropy(p, y.long(), reduction='none')
        return v.mean() if reduction == 'mean' else v
    return f


class Model(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.loss_of, self.body = Alpha(c), nn.Linear(3, 3)
    def loss(self, p, y, reduction='mean'):
        v = self.loss_of.values(p, y)
        return v.mean() if reduction == 'mean' else v


def long(f, **kw):
    def g(p, y, reduction='mean'): return f(p, y.long(), reduction=reduction, **kw)
    return g


means = {o.__name__: o for o in (Alpha, Poly, OneHot, Smooth, OneHotBinary, Broadcast, FromShares, Symmetric, GeneralizedCE, LogitAdjusted, Margin, Flattening,
                                 Enumerated, Learned)}
means |= {'in forward': lambda c: InForward(), 'function': lambda c: function, 'words': lambda c: words, 'partial': lambda c: partial(function, alpha=2.), 'closure': closure,
          'mean by partial': lambda c: partial(function, reduction='mean'), 'partial of a module': lambda c: partial(Alpha(c)), 'method': lambda c: Model(c).loss,
          'forward of a module': lambda c: Alpha(c).forward, 'nll of logits': lambda c: long(lambda p, y, reduction: F.nll_loss(p.log_softmax(1), y, reduction=reduction)),
          'margins': lambda c: long(F.multi_margin_loss), 'focal': lambda c: FocalLossFlat(), 'smoothing': lambda c: LabelSmoothingCrossEntropyFlat(),
          'partial of focal': lambda c: partial(FocalLossFlat(gamma=1.)), 'timm binary': lambda c: timm.BinaryCrossEntropy(smoothing=.1)}


# one number a batch: these must be found out

class Balanced(Loss):
    "Divides by the weights of the batch"
    def values(self, p, y): return super().values(p, y)*self.per_class[y.long()]
    def reduce(self, v, y): return v.sum()/self.per_class[y.long()].sum()


class OneHotBalanced(OneHot):
    def values(self, p, y): return super().values(p, y)*(F.one_hot(y.long(), self.c)*self.per_class).sum(1)
    def reduce(self, v, y): return v.sum()/(F.one_hot(y.long(), self.c)*self.per_class).sum()


class RarelyBalanced(Balanced):
    "Only the last class weighs more"
    def __init__(self, c):
        super().__init__(c)
        self.per_class = torch.ones(c)
        self.per_class[-1] = 5.


class TopHalf(Loss):
    def reduce(self, v, y): return v.topk(len(v)//2).values.mean()


class TopShare(OneHot):
    "Needs as many predictions as it has classes"
    def reduce(self, v, y): return v.topk(max(1, int(.7*len(v)))).values.mean()


class TopFew(Loss):
    "A fixed number, more than a small batch has"
    def reduce(self, v, y): return v.topk(min(len(v), 40)).values.mean()


class Ohem(Loss):
    "Leaves out what is surely right"
    def reduce(self, v, y): return v[v > -math.log(.7)].mean()


class Easy(Loss):
    "Leaves out what is hopelessly wrong"
    def reduce(self, v, y): return v[v < 5].mean()


class Median(Loss):
    def reduce(self, v, y): return v.median()


class Root(Loss):
    def reduce(self, v, y): return (v**2).mean().sqrt()


class Softmaxed(Loss):
    def reduce(self, v, y): return (v*v.detach().softmax(0)).sum()


class LogSum(Loss):
    def reduce(self, v, y): return v.logsumexp(0)


class Ranked(Loss):
    "Values in order of size"
    def values(self, p, y): return super().values(p, y).sort().values


class Chosen(Loss):
    "Even its values are those of the largest half"
    def values(self, p, y):
        v = super().values(p, y)
        return v.topk(len(v)//2).values


class PerClass(Loss):
    "A mean for each class, and the mean of these"
    def reduce(self, v, y): return torch.stack([v[y == i].mean() for i in y.unique()]).mean()


class Counting(Loss):
    "Grows with each call"
    def __init__(self, c):
        super().__init__(c)
        self.calls = 0
    def reduce(self, v, y):
        self.calls += 1
        return v.mean()*(1+.01*self.calls)


class Averaging(Loss):
    "Divides by a running mean"
    def __init__(self, c):
        super().__init__(c)
        self.register_buffer('running', torch.tensor(1.))
    def values(self, p, y):
        v = super().values(p, y)
        self.running.lerp_(v.detach().mean(), .1)
        return v/self.running


class Unset(Loss):
    "Its `reduction` can only be read"
    reduction = property(lambda self: 'mean', lambda self, v: None)


class Combined:
    "Two of fastai's, as in its tutorial on segmentation"
    def __init__(self, c): self.focal, self.dice = FocalLossFlat(axis=1), DiceLoss(axis=1)
    def __call__(self, p, y): return self.focal(p, y) + self.dice(p, y)


batches = {o.__name__: o for o in (Balanced, OneHotBalanced, RarelyBalanced, TopHalf, TopShare, TopFew, Ohem, Easy, Median, Root, Softmaxed, LogSum, Ranked, Chosen, PerClass,
                                   Counting, Averaging, Unset)}
batches |= {'lambda': lambda c: lambda p, y: F.cross_entropy(p, y.long()), 'timm smoothing': lambda c: timm.LabelSmoothingCrossEntropy(),
            'smoothing with weights': lambda c: LabelSmoothingCrossEntropyFlat(weight=torch.linspace(.1, 3, c)),
            'partial of a mean': lambda c: partial(timm.LabelSmoothingCrossEntropy()), 'multiplied': lambda c: lambda p, y, reduction='mean': 2*F.cross_entropy(p, y.long())}
