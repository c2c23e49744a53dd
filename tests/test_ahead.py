"Numbers of the next batch are drawn while the device is at work on this one, and are the same as without."
import time
from functools import partial
from types import SimpleNamespace

import pytest, torch
from fastai.callback.core import Callback
from helpers import digits_x, digits_y, learner, loaders

from mixcourse.callback import CutMix, ManifoldMixUp, MixUp, RandomMix, RegMixup, ResizeMix, manifold, mixers
from mixcourse.callback.pairs import other_class
from mixcourse.mixing import sampling


def early(cls, *args, **kwargs):
    "A mixer that does on a CPU what it does on a GPU"
    class Early(cls):
        def draws_ahead(self, device): return True
    Early.__name__ = cls.__name__
    return Early(*args, **kwargs)


class Note(Callback):
    "What each batch is like when the model sees it, and what became of the one before"
    order = 50
    def __init__(self): self.seen = []
    def after_pred(self):
        if self.training: self.seen.append(torch.cat([self.xb[0].flatten(1), self.pred.repeat(len(self.x)//len(self.pred), 1)], 1).detach())


def batches(cb, *others, bs=8):
    "Of two epochs of 28 digits"
    torch.manual_seed(0)
    note = Note()
    learner([cb, note, *others], loaders(digits_x[:28], digits_y[:28], bs=bs)).fit(2)
    return note.seen


made = dict(mixup=partial(MixUp, .4), cutmix=CutMix, resizemix=ResizeMix, regmixup=RegMixup, manifold=ManifoldMixUp, one=partial(CutMix, per_batch=True), halves=partial(MixUp, p=.5),
            images=partial(CutMix, p=.5, per_image=True), pairs=partial(MixUp, pair=other_class), schedule=partial(MixUp, lambda pct: 1-pct))


@pytest.mark.parametrize('name', made)
def test_the_draws_are_the_same(name):
    make = made[name]
    cls, args, kwargs = (make.func, make.args, make.keywords) if isinstance(make, partial) else (make, (), {})
    plain, ahead = batches(make(seed=3)), batches(early(cls, *args, **kwargs, seed=3))
    assert len(plain) > 6 and len({len(o) for o in plain}) == 2
    assert all(torch.equal(a, b) for a, b in zip(plain, ahead, strict=True))


def test_the_draws_of_a_chooser_are_the_same():
    plain, ahead = batches(RandomMix([MixUp(.4), CutMix()], seed=3)), batches(RandomMix([early(MixUp, .4), early(CutMix)], seed=3))
    assert all(torch.equal(a, b) for a, b in zip(plain, ahead, strict=True))


@pytest.mark.parametrize('name', made)
def test_the_draws_are_the_same_in_one_copy(name, monkeypatch):
    "Of batches of nine, and of one"
    plain = batches(made[name](seed=3), bs=9)
    for o in (mixers, manifold): monkeypatch.setattr(o, 'send_all', lambda device, *tensors: sampling.send_all(SimpleNamespace(type='cuda'), *tensors))
    monkeypatch.setattr(sampling, 'send', lambda t, device: t.clone())
    packed = batches(made[name](seed=3), bs=9)
    assert all(torch.equal(a, b) for a, b in zip(plain, packed, strict=True))


def watched(cls, *args):
    "A mixer that notes what it draws before its batch is there"
    class Watched(cls):
        late, early, waits = 0, 0, False
        def draws_ahead(self, device): return True

        def before_batch(self):
            self.waits = True
            super().before_batch()
            self.waits = False

        def draw(self, *args):
            if self.waits: self.late += 1
            else: self.early += 1
            return super().draw(*args)
        draw.looks_at_shapes = getattr(cls.draw, 'looks_at_shapes', False)
    return Watched(*args)


@pytest.mark.parametrize('cls', [MixUp, CutMix, ResizeMix, RegMixup, ManifoldMixUp])
def test_batches_of_one_size_find_their_draw_ready(cls):
    "All but the first of a training"
    cb = watched(cls, .4)
    seen = batches(cb, bs=7)
    assert len({len(o) for o in seen}) == 1
    assert cb.late == 1
    assert cb.early == len(seen)


def test_a_mixer_that_is_chosen_draws_nothing_in_vain():
    "The choice is drawn before its numbers, so that none drawn ahead would fit"
    cb = watched(MixUp, .4)
    seen = batches(RandomMix([cb]))
    assert cb.early == 0
    assert cb.late == len(seen)


@pytest.mark.parametrize('change', [dict(alpha=.1), dict(p=.5), dict(generator=torch.Generator())], ids=['alpha', 'p', 'generator'])
def test_what_changed_meanwhile_counts(change):
    "The same batches as if nothing had been drawn ahead"
    class Change(Callback):
        order = 60
        def __init__(self, cb): self.cb = cb
        def after_batch(self):
            if not self.training or self.train_iter != 2: return
            for k, v in change.items(): setattr(self.cb, k, v.manual_seed(5) if k == 'generator' else v)
    seen = [batches(cb, Change(cb)) for cb in (MixUp(.4, seed=3), early(MixUp, .4, seed=3))]
    assert all(torch.equal(a, b) for a, b in zip(*seen, strict=True))


def test_who_else_draws_is_seen():
    "A callback that takes numbers from the mixer's generator between two batches"
    class Thief(Callback):
        order = 60
        def __init__(self, cb): self.cb = cb
        def after_batch(self):
            if self.training: torch.rand(1, generator=self.cb.generator)
    seen = [batches(cb, Thief(cb)) for cb in (MixUp(.4, seed=3), early(MixUp, .4, seed=3))]
    assert all(torch.equal(a, b) for a, b in zip(*seen, strict=True))


def test_a_draw_of_your_own_sees_its_batch():
    "Whatever it inherits from: it may look at the pictures"
    means = []
    class Own(MixUp):
        def draws_ahead(self, device): return True
        def draw(self, x, alpha, n, generator):
            means.append(x.mean())
            return super().draw(x, alpha, n, generator)
    class Loaded(Callback):
        order = -1
        def __init__(self): self.means = []
        def before_batch(self):
            if self.training: self.means.append(self.x.mean())
    loaded = Loaded()
    batches(Own(.4), loaded)
    assert torch.equal(torch.stack(means), torch.stack(loaded.means))


def test_where_it_is_done():
    "A CPU would do one after the other"
    assert MixUp().draws_ahead(torch.device('cuda'))
    assert not MixUp().draws_ahead(torch.device('cpu'))


def test_nothing_is_kept_after_a_training():
    cb = early(MixUp, .4)
    batches(cb)
    assert cb.ahead is None


def test_a_batch_waits_less():
    "Time of the host before a batch of small pictures, where drawing is most of it"
    def before(cb):
        spent, really = [], cb.before_batch
        def timed():
            start = time.thread_time()
            really()
            spent.append(time.thread_time()-start)
        cb.before_batch = timed
        for _ in range(6): batches(cb)
        return min(spent)
    assert before(early(CutMix)) < .9*before(CutMix())
