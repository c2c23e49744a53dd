"Small comparisons, on digits and on made-up photographs."
from dataclasses import replace

import torch
from fastai.callback.core import Callback

from mixcourse.compare import run
from mixcourse.compare.learner import make_mixer
from mixcourse.compare.pictures import Pictures, digits
from mixcourse.compare.run import Comparison
from mixcourse.compare.settings import Settings


def few(n=96, m=40):
    d = digits()
    return replace(d, x_train=d.x_train[:n], y_train=d.y_train[:n], x_test=d.x_test[:m], y_test=d.y_test[:m], few=40)


def photos(n=80, m=20, side=16):
    g = torch.Generator().manual_seed(0)
    x = torch.randint(0, 256, (n+m, 3, side, side), generator=g, dtype=torch.uint8)
    y = torch.arange(n+m) % 4
    return Pictures(x[:n], y[:n], x[n:], y[n:], list('abcd'), 'photos')


def tiny(pics=None, **kw):
    small = dict(seeds=2, epochs=1, methods=['none', 'cutmix'], device='cpu', bs=16)
    return Comparison(pics or few(), Settings(**{**small, **kw}))


def untimed(runs): return [{k: v for k, v in r.items() if 'seconds' not in k} for r in runs]


def stop_in(monkeypatch, number, ex=KeyboardInterrupt):
    "Let training of the run of that number end with an exception"
    class Stop(Callback):
        def before_batch(self): raise ex('stop')
    count = iter(range(99))
    monkeypatch.setattr(run, 'make_mixer', lambda *a, **kw: [Stop()] if next(count) == number else make_mixer(*a, **kw))
