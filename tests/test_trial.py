"A trial of one's own Learner: pairs that differ by the mixer alone, a stop when it is decided, nothing of the user's changed."
from functools import partial

import pytest, torch
from fastai.callback.core import Callback
from fastai.data.core import DataLoaders
from fastai.data.load import DataLoader
from fastai.learner import Learner
from fastai.losses import CrossEntropyLossFlat, MSELossFlat
from fastai.metrics import accuracy, error_rate, mse
from torch import nn
from torch.utils.data import TensorDataset

from helpers import cnn, digits, learner, random_states, same_states, segmenter
from mixcourse.callback import CutMix, Cutout, MixUp, RandomMix
from mixcourse.compare.trial import Trial, mix_trial


def table(n=60, n_valid=40, n_out=2):
    g = torch.Generator().manual_seed(0)
    x = torch.randn(n+n_valid, 6, generator=g)
    y = (x[:, 0] > 0).long() if n_out == 2 else x[:, :1].clone()
    def part(s, **kw): return DataLoader(TensorDataset(x[s], y[s]), bs=10, num_workers=0, **kw)
    return DataLoaders(part(slice(n), shuffle=True), part(slice(n, None)))


def tabular(dls, metrics=accuracy, loss=None, n_out=2):
    model = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, n_out))
    return Learner(dls, model, loss_func=loss or CrossEntropyLossFlat(), metrics=metrics)


def trial(make=None, methods=('none', MixUp(.4)), **kw):
    return mix_trial(make or partial(tabular, table()), list(methods), **{**dict(seeds=2, epochs=1), **kw})


def masks(bs=8):
    x = torch.rand(32, 1, 8, 8)
    return DataLoaders(*(DataLoader(TensorDataset(x, (x[:, 0] > .5).long()), bs=bs, num_workers=0) for _ in range(2)))


# every kind of Learner

def test_a_table_of_numbers():
    res = trial(methods=['none', MixUp(.4), MixUp(1.)])
    assert res.metric == 'accuracy'
    assert [r['method'] for r in res.runs] == ['none', 'MixUp(0.4)', 'MixUp(1)']*2


def test_regression():
    res = trial(partial(tabular, table(n_out=1), metrics=mse, loss=MSELossFlat(), n_out=1))
    assert res.metric == 'mse'
    assert res.less


@pytest.mark.slow
def test_pictures():
    res = trial(lambda: learner(), ['none', MixUp(.4), CutMix(1.), Cutout(3), RandomMix([MixUp(.4), CutMix(1.)])])
    assert res.metric == 'valid_loss'
    assert [*res.mixers] == ['none', 'MixUp(0.4)', 'CutMix(1)', 'Cutout(3)', 'RandomMix(MixUp, CutMix)']
    assert len(res.runs) == 10


def test_segmentation():
    dls = masks()
    res = trial(lambda: Learner(dls, segmenter(2), loss_func=CrossEntropyLossFlat(axis=1)), ['none', CutMix(1.)])
    assert len(res.runs) == 4
    assert 'CutMix(1)' in res.table()


# pairs

class Spy(Callback):
    order = -90
    def __init__(self, seen): self.seen = seen
    def before_train(self): self.seen.append([p.detach().clone() for p in self.model.parameters()])
    def before_batch(self):
        if self.training: self.seen[-1].append(self.x.clone())


@pytest.mark.parametrize('shared', [True, False], ids=['one loader for all', 'a loader each'])
def test_runs_of_one_seed_differ_by_the_mixer_alone(shared):
    "Weights and order of batches; also where the loaders have run before"
    seen, dls = [], table()
    def make():
        learn = tabular(dls if shared else table())
        learn.add_cb(Spy(seen))
        return learn
    trial(make, ['none', MixUp(.4)])
    def same(a, b): return all(torch.equal(p, q) for p, q in zip(a, b))
    assert len(seen) == 4
    assert same(seen[0], seen[1])
    assert same(seen[2], seen[3])
    assert not torch.equal(seen[0][0], seen[2][0])
    assert not torch.equal(seen[0][-1], seen[2][-1])


def test_a_trial_repeats():
    dls = table()
    first = trial(partial(tabular, dls))
    torch.rand(7)
    assert [r['value'] for r in trial(partial(tabular, dls)).runs] == [r['value'] for r in first.runs]


def test_mixers_do_mix():
    plain, mixed = (r['value'] for r in trial(metric='valid_loss').runs[:2])
    assert plain != mixed


# the user's things

def test_random_state_loaders_and_mixers_are_left_alone():
    dls, mixer, before = table(), MixUp(.4), random_states()
    rngs, held = [dl.rng for dl in dls.loaders], dict(vars(mixer))
    trial(partial(tabular, dls), ['none', mixer])
    assert same_states(random_states(), before)
    assert all(a is dl.rng for a, dl in zip(rngs, dls.loaders))
    assert vars(mixer) == held


# when it is decided

def toss(values, methods=('none', MixUp(.4)), seeds=6, less=None, metric='accuracy'):
    "A trial whose numbers are given: name of a method -> its values, seed by seed"
    res = Trial(lambda: None, list(methods), seeds, 1, None, None, metric, less)
    res.do = lambda seed, method, task, step: dict(value=values[method][seed])
    res.run()
    return res


def test_it_stops_when_it_is_decided():
    res = toss({'none': [.5, .52, .51, .5, .5, .5], 'MixUp(0.4)': [.7, .72, .711, .7, .7, .7]}, less=False)
    assert res.finished
    assert 4 <= len(res.runs) < 12
    assert res.advice('MixUp(0.4)') == 'keep it'


def test_worse_is_left_out():
    res = toss({'none': [.5, .52, .51, .5, .5, .5], 'MixUp(0.4)': [.3, .32, .311, .3, .3, .3]}, less=False)
    assert res.advice('MixUp(0.4)') == 'leave it out'


def test_less_of_a_loss_is_better():
    res = toss({'none': [.5, .52, .51, .5, .5, .5], 'MixUp(0.4)': [.3, .32, .311, .3, .3, .3]}, less=True)
    assert res.advice('MixUp(0.4)') == 'keep it'


def test_no_clear_difference_is_left_out_after_all_seeds():
    res = toss({'none': [.5, .6, .5, .6, .5, .6], 'MixUp(0.4)': [.6, .5, .6, .5, .6, .5]}, less=False)
    assert len(res.runs) == 12
    assert res.advice('MixUp(0.4)') == 'leave it out: no clear difference'
    assert 'leave it out: no clear difference' in res.table()
    assert 'leave it out: no clear difference' in res._repr_html_()


def test_what_is_decided_is_not_run_again_and_the_rest_is():
    names = 'none', 'MixUp(0.4)', 'CutMix(1)'
    clear, open_ = [.7, .72, .711, .7, .7, .7], [.6, .5, .6, .5, .6, .5]
    res = toss(dict(zip(names, ([.5, .52, .51, .5, .6, .5], clear, open_))), ['none', MixUp(.4), CutMix(1.)], less=False)
    counts = {name: sum(r['method'] == name for r in res.runs) for name in names}
    assert counts['none'] == counts['CutMix(1)'] == 6
    assert counts['MixUp(0.4)'] < 6


@pytest.mark.slow
def test_many_looks_are_paid_for():
    "Of many trials without any difference at most one in twenty finds one"
    g = torch.Generator().manual_seed(0)
    found = 0
    for _ in range(300):
        noise = torch.randn(2, 6, generator=g).tolist()
        found += toss({'none': noise[0], 'MixUp(0.4)': noise[1]}, less=False).advice('MixUp(0.4)') in ('keep it', 'leave it out')
    assert found/300 < .06


def test_a_stop_goes_on(monkeypatch):
    stopped = []
    def make():
        if len(stopped) == 2:
            stopped.append(0)
            raise KeyboardInterrupt
        stopped.append(0)
        return tabular(dls)
    dls = table()
    res = trial(make)
    assert not res.finished
    assert res.advice('MixUp(0.4)') == 'not decided yet'
    assert res.run()
    assert [r['value'] for r in res.runs] == [r['value'] for r in trial(partial(tabular, dls)).runs]


# metrics

@pytest.mark.parametrize('metric, less', [('accuracy', False), ('error_rate', True), ('valid_loss', True)])
def test_direction_follows_the_name(metric, less):
    res = trial(partial(tabular, table(), metrics=[accuracy, error_rate]), metric=metric)
    assert res.metric == metric
    assert res.less is less


def test_direction_can_be_said(): assert trial(less=True).less


def test_own_way_of_training():
    def fit(learn): learn.fit(2, .01)
    res = trial(fit=fit)
    assert len(res.runs) == 4


# refused

@pytest.mark.parametrize('methods', [[MixUp(.4)], ['none'], 'none', ['none', 'none', MixUp(.4)], [], None])
def test_methods_without_a_pair_are_refused(methods):
    with pytest.raises(ValueError, match="`methods` must be a list of 'none', once, and mixers"): mix_trial(partial(tabular, table()), methods)


@pytest.mark.parametrize('other', ['mixup', MixUp, 3])
def test_what_is_no_mixer_is_refused(other):
    with pytest.raises(ValueError, match="`methods` must hold 'none' and mixers such as"): trial(methods=['none', other])


@pytest.mark.parametrize('kw, rule', [(dict(seeds=1), '`seeds` must be an int >= 2, got 1'), (dict(epochs=0), '`epochs` must be an int >= 1'),
                                      (dict(metric='f1'), "`metric` must be one of valid_loss, accuracy, got 'f1'")])
def test_wrong_numbers_and_names_are_refused(kw, rule):
    with pytest.raises(ValueError, match=rule): trial(**kw)


def test_a_trained_learner_is_refused():
    learn = tabular(table())
    with pytest.raises(ValueError, match='`make_learner` must return new weights each time'): trial(lambda: learn)


def test_a_learner_that_mixes_already_is_refused():
    def make():
        learn = tabular(table())
        learn.add_cb(MixUp(.4))
        return learn
    with pytest.raises(ValueError, match='`make_learner` must return a Learner without mixers, got one with MixUp'): trial(make)


def test_what_is_no_learner_is_refused():
    with pytest.raises(ValueError, match='`make_learner` must return a Learner, got'): trial(lambda: cnn())


def test_the_same_mixer_twice_has_two_names():
    assert [*trial(methods=['none', MixUp(.4), MixUp(.4, p=.5)]).mixers] == ['none', 'MixUp(0.4)', 'MixUp(0.4) #2']


# what is shown

def test_table_card_and_figure_have_every_method():
    res = trial(lambda: learner(dls=digits(n=16)), ['none', MixUp(.4), CutMix(1.)])
    for name in res.mixers:
        assert name in res.table()
        assert name in res._repr_html_()
    assert [t.get_text() for t in res.figure().axes[0].get_xticklabels()] == [*res.mixers]
