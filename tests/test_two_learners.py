"One callback in two learners: whoever runs it, is mixed for."
import copy

import pytest, torch
from fastai.callback.core import Callback
from helpers import cnn, digits, learner, mixers, spy

from mixcourse.callback import CutMix, Cutout, MixUp, RandomMix


class Count(Callback):
    "Batches that reach the model changed"
    order = 40
    def __init__(self, cb): self.cb, self.n, self.of = cb, 0, 0
    def before_batch(self):
        if not self.training: return
        self.of += 1
        self.n += self.cb.mixed is not None


def share(learn, cb):
    "Share of a fit's batches that were mixed"
    cb.mixed = None
    count = Count(cb)
    learn.fit(1, cbs=count)
    return count.n/count.of


sure = {k: v for k, v in mixers().items() if k != 'random'} | {'random': lambda: RandomMix([MixUp(.4), CutMix(1.)])}


@pytest.mark.parametrize('name', sure)
def test_both_are_mixed_in_turn(name):
    cb = sure[name]()
    a, b = learner(cb, digits(16)), learner(cb, digits(16))
    assert [share(o, cb) for o in (a, b, a, b)] == [1]*4


@pytest.mark.parametrize('name', sure)
def test_a_copy_is_mixed_as_well(name):
    "A shallow copy of a chooser has the same mixers in it"
    cb = sure[name]()
    first = learner(cb, digits(16))
    other = copy.copy(cb)
    second = learner(other, digits(16))
    assert share(first, cb) == 1
    assert share(second, other) == 1
    assert share(first, cb) == 1


def test_one_mixer_in_two_choosers_and_alone():
    cut = CutMix(1.)
    alone, one, two = cut, RandomMix([cut]), RandomMix([cut, cut])
    learners = [(learner(cb, digits(16)), cb) for cb in (alone, one, two)]
    for learn, cb in [*learners, *learners]: assert share(learn, cb) == 1


def test_a_cell_that_is_run_again():
    "The learner is made anew with the callback of an earlier cell; nobody complains, and it mixes"
    cb = MixUp(.4)
    for _ in range(3):
        learn = learner(cb, digits(16))
        assert share(learn, cb) == 1


def test_taken_out_of_one_it_still_works_in_the_other():
    cb = MixUp(.4)
    a, b = learner(cb, digits(16)), learner(cb, digits(16))
    b.remove_cb(cb)
    assert share(a, cb) == 1
    a.add_cb(Cutout(3))
    c = learner(None, digits(16))
    c.fit(1, cbs=cb)
    assert share(a, cb) == 1


def test_what_the_learners_draw_is_what_they_would_draw_alone():
    def losses(cb, n): return [torch.stack([b['mixed'][0].sum() for b in spy(learner(cb(), digits(16, shuffle=False)))]) for _ in range(n)]
    one = MixUp(1., seed=3)
    a, b = learner(one, digits(16, shuffle=False)), learner(one, digits(16, shuffle=False))
    together = [torch.stack([o['mixed'][0].sum() for o in spy(learn)]) for learn in (a, b)]
    for x, y in zip(together, losses(lambda: MixUp(1., seed=3), 2)): assert torch.equal(x, y)


@pytest.mark.parametrize('when', ['before', 'within'])
def test_two_at_once_are_refused(when):
    "A callback that trains another learner in mid-epoch cannot share the mixer"
    cb = MixUp(.4)
    other = [learner(cb, digits(16))] if when == 'before' else []
    class Nested(Callback):
        order, run_valid = 50, False
        def before_batch(self): (other or [learner(cb, digits(16))])[0].fit(1)
    learn = learner(cb, digits(16))
    with pytest.raises(ValueError, match='MixUp must not train two learners at once: give each its own'): learn.fit(1, cbs=Nested())


def test_prediction_in_the_other_learner_is_not_mixed():
    cb = MixUp(.4)
    a, b = learner(cb, digits(16)), learner(cb, digits(16))
    a.fit(1)
    twin = cnn()
    twin.load_state_dict(b.model.state_dict())
    x = torch.stack([o[0].as_subclass(torch.Tensor) for o in b.dls.valid_ds])
    with torch.no_grad(): assert torch.allclose(b.get_preds()[0], twin.eval()(x).softmax(1), atol=1e-5)
