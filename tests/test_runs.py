"Runs that can be compared in pairs, that repeat, that stop and go on."
import json

import numpy as np
import pytest, torch
from fastai.callback.core import Callback
from fastai.torch_core import get_random_states
from fastcore.test import equals

from comparisons import few, photos, stop_in, tiny, untimed
from mixcourse.compare import run
from mixcourse.compare.learner import make_mixer
from mixcourse.compare.measures import evaluate
from mixcourse.compare.pictures import digits
from mixcourse.compare.report import results_figure, results_table
from mixcourse.compare.run import Comparison
from mixcourse.compare.settings import METHODS, TASKS, Settings

pytestmark = pytest.mark.slow


# runs

class Spy(Callback):
    "Sees a run as the mixer gets it"
    order = -90
    def __init__(self, seen): self.seen = seen
    def before_fit(self): self.seen.append(dict(weights=[p.detach().clone() for p in self.model.parameters()], x=[], y=[]))
    def before_batch(self):
        if self.training: self.seen[-1]['x'].append(self.x.clone()), self.seen[-1]['y'].append(self.y.clone())


def spy(monkeypatch):
    seen = []
    monkeypatch.setattr(run, 'make_mixer', lambda *a, **kw: [Spy(seen), *make_mixer(*a, **kw)])
    return seen


def same(a, b): return all(torch.equal(p, q) for k in a for p, q in zip(a[k], b[k]))


@pytest.mark.parametrize('pics', [few(64, 10), photos(32, 4)], ids=['digits', 'photos'])
def test_all_methods_see_the_same(monkeypatch, pics):
    "Weights, order, crops, flips and wrong labels are the seed's, not the method's"
    seen = spy(monkeypatch)
    comp = tiny(pics, lr=1e-3)
    for task in TASKS:
        seen.clear()
        for seed in (0, 1):
            for m in METHODS: comp.train(m, task, seed)
        first, second = seen[:len(METHODS)], seen[len(METHODS):]
        assert len(first[0]['x']) == ((comp.settings.labels if task == 'clean' else len(pics.x_train))//16)
        assert all(same(first[0], o) for o in first[1:])
        assert all(same(second[0], o) for o in second[1:])
        a, b = first[0], second[0]
        assert not any(torch.equal(p, q) for p, q in zip(a['x'], b['x']))
        assert not torch.equal(a['weights'][0], b['weights'][0])


def test_each_method_does_something():
    comp = tiny(lr=1e-3)
    ends = [torch.cat([p.detach().flatten() for p in comp.train(m, 'noisy', 0).model.parameters()]) for m in METHODS]
    assert all(not torch.equal(a, b) for i, a in enumerate(ends) for b in ends[:i])


def test_a_run_repeats():
    runs = []
    for _ in range(2):
        comp = tiny(methods=['randommix', 'manifold'], seeds=1)
        comp.run()
        runs.append([{k: v for k, v in r.items() if 'seconds' not in k} for r in comp.runs])
        torch.rand(3), np.random.rand(3)
    assert runs[0] == runs[1]


def test_random_state_and_threads_are_left_alone():
    before, n = list(get_random_states().values()), torch.get_num_threads()
    tiny(methods=['randommix'], seeds=1).run()
    assert equals(before, list(get_random_states().values()))
    assert torch.get_num_threads() == n


def test_tasks_have_the_labels_they_say():
    comp = tiny(labels=30, noise=.25)
    ds = {t: comp.train('none', t, 3).dls.train_ds.tensors for t in TASKS}
    assert len(ds['clean'][1]) == 30
    assert len(ds['noisy'][1]) == 96
    true = {tuple(x.flatten().tolist()): int(y) for x, y in zip(comp.pics.x_train, comp.pics.y_train)}
    wrong = {t: sum(true[tuple(a.flatten().tolist())] != int(b) for a, b in zip(x, y)) for t, (x, y) in ds.items()}
    assert wrong == dict(clean=0, noisy=24)
    other = {t: comp.train('none', t, 4).dls.train_ds.tensors for t in TASKS}  # another seed has other labels
    assert not equals(ds['clean'][0], other['clean'][0])
    assert not equals(ds['noisy'][1], other['noisy'][1])


def test_tested_on_clean_labels():
    comp = tiny()
    assert torch.equal(comp.train('none', 'noisy', 0).dls.valid_ds.tensors[1], comp.pics.y_test)


def test_only_color_pictures_are_cropped_and_flipped():
    assert tiny(photos()).augment
    assert not tiny(few()).augment
    assert tiny(photos()).train('none', 'clean', 0).dls.train.augment


@pytest.mark.parametrize('alpha, mixup, manifold', [(None, 1, 2), (.3, .3, .3)])
def test_alpha_reaches_every_mixer(alpha, mixup, manifold):
    def get(m): return make_mixer(m, (8, 8), alpha)[0]
    assert get('mixup').alpha == get('cutmix').alpha == mixup
    assert get('manifold').alpha == manifold
    assert [m.alpha for m in get('randommix').mixers] == [mixup]*2


def test_resnet_on_bytes():
    "What `--data cifar10.npz --arch resnet18` does, on few pictures and a CPU"
    comp = tiny(photos(32, 8), arch='resnet18', methods=['cutmix'], seeds=1)
    learn = comp.train('cutmix', 'clean', 0)
    x, _ = learn.dls.one_batch()
    assert learn.dls.train_ds.tensors[0].dtype == torch.uint8
    assert learn.dls.train.fake_l.num_workers == 0
    assert x.is_contiguous(memory_format=torch.channels_last)
    assert next(learn.model.parameters()).is_contiguous(memory_format=torch.channels_last)
    assert len(learn.dls.train_ds) == 32
    assert learn.dls.train.augment  # all labels, where there is no reason for fewer
    assert evaluate(learn, 8/255).keys() == {'fgsm', 'ece', 'nll', 'ece_scaled', 'nll_scaled', 'temperature'}


@pytest.mark.gpu
def test_resnet_on_a_gpu():
    comp = tiny(photos(side=32), arch='resnet18', methods=['none', 'cutmix'], device='cuda', bf16=True)
    assert comp.run()
    assert comp.results()['machine']['device'] == 'cuda'
    assert comp.train('cutmix', 'clean', 0).dls.train_ds.tensors[0].device.type == 'cuda'


def test_mixing_withstands_wrong_labels():
    "The effect that the course is about, on real digits: far beyond what a seed can do"
    comp = Comparison(digits(), Settings(device='cpu'))
    accs = {m: comp.train(m, 'noisy', 0).watch.accs[-1] for m in ('none', 'mixup', 'cutmix')}
    assert accs['mixup'] > accs['none'] + .05
    assert accs['cutmix'] > accs['none'] + .1


# stopped

def test_stop_keeps_what_is_finished(monkeypatch):
    comp = tiny()
    assert comp.run()
    stop_in(monkeypatch, 2)
    part = tiny()
    assert part.run() is False
    assert [(r['method'], r['task'], r['accuracy']) for r in part.runs] == [(r['method'], r['task'], r['accuracy']) for r in comp.runs[:2]]
    res = part.results()
    assert not res['finished']
    assert 'Stopped: 2 of 8 runs were finished.' in results_table(res)
    assert results_figure(res)


def test_other_exceptions_are_not_hidden(monkeypatch):
    stop_in(monkeypatch, 1, RuntimeError)
    comp = tiny()
    with pytest.raises(RuntimeError): comp.run()
    assert len(comp.runs) == 1


def test_two_seeds_of_one_and_one_of_another(monkeypatch):
    "Stopped where methods have different numbers of runs, only pairs are compared"
    stop_in(monkeypatch, 6)
    comp = tiny()
    comp.run()
    rows = {(r['method'], r['measure']): r for r in comp.results()['summary']}
    assert (rows['none', 'clean']['n'], rows['cutmix', 'clean']['n']) == (2, 1)
    assert rows['cutmix', 'clean']['verdict'] is None
    assert rows['cutmix', 'clean']['sd'] is None


# gone on with

def saved(comp): return json.loads(json.dumps(comp.results()))


def test_results_need_not_have_been_written():
    again = tiny(seeds=1)
    again.resume(tiny(seeds=1).results())
    assert again.runs == []


@pytest.mark.parametrize('pics', [few(), photos(32, 8)], ids=['digits', 'photos'])
@pytest.mark.parametrize('after', [1, 5])
def test_resumed_runs_are_those_of_a_run_without_a_break(monkeypatch, pics, after):
    whole = tiny(pics, methods=['none', 'randommix'])
    whole.run()
    with monkeypatch.context() as patched:
        stop_in(patched, after)
        part = tiny(pics, methods=['none', 'randommix'])
        part.run()
    rest = tiny(pics, methods=['none', 'randommix'])
    rest.resume(saved(part))
    torch.rand(3)
    assert rest.run()
    assert untimed(rest.runs) == untimed(whole.runs)
    assert [o['runs'] for o in rest.sittings] == [after, 8-after]


def test_run_goes_on_by_itself(monkeypatch):
    with monkeypatch.context() as patched:
        stop_in(patched, 2)
        comp = tiny()
        assert not comp.run()
    assert comp.run()
    assert len(comp.runs) == 8


def test_nothing_is_done_twice():
    comp = tiny(seeds=1)
    comp.run()
    again = tiny(seeds=1)
    again.resume(saved(comp))
    assert again.finished
    assert again.run()
    assert len(again.sittings) == 1


@pytest.mark.parametrize('kw, rule', [(dict(epochs=2), '`epochs` must be 1 as in'), (dict(seeds=3), '`seeds` must be 2'), (dict(methods=['none']), '`methods`'),
                                      (dict(lr=.02), '`lr`'), (dict(noise=.2), '`noise`'), (dict(tasks=['clean']), '`tasks`'), (dict(wd=0.), '`wd`')])
def test_other_settings_are_refused(kw, rule):
    res = saved(tiny())
    with pytest.raises(ValueError, match=rule): tiny(**kw).resume(res)


def test_other_pictures_are_refused():
    "Of the same name, number and size"
    other = few()
    other.y_train[0] = (other.y_train[0]+1) % 10
    res = saved(tiny())
    with pytest.raises(ValueError, match='`fingerprint` must be'): tiny(other).resume(res)


@pytest.mark.parametrize('runs', [[dict(seed=9, method='none', task='clean')], [dict(seed=0, method='none', task='clean')]*2, [{}]])
def test_strange_runs_are_refused(runs):
    with pytest.raises(ValueError, match='`resume` must hold runs that are planned'): tiny().resume(dict(saved(tiny()), runs=runs))


def test_kept_after_every_run():
    kept = []
    tiny(seeds=1).run(keep=lambda comp: kept.append(comp.results()))
    assert [len(res['runs']) for res in kept] == [1, 2, 3, 4]
    assert [res['finished'] for res in kept] == [False, False, False, True]


# few pictures for both tasks

def test_both_tasks_draw_from_the_same_few_pictures():
    comp = tiny(pictures=50, labels=30, noise=.2)
    clean, noisy = (comp.training_set(task, 1) for task in TASKS)
    assert len(clean['idx']) == 30
    assert len(noisy['idx']) == 50
    assert set(clean['idx'].tolist()) <= set(noisy['idx'].tolist())
    assert (noisy['y'] != comp.pics.y_train).sum() == 10
    assert set((noisy['y'] != comp.pics.y_train).nonzero()[:, 0].tolist()) <= set(noisy['idx'].tolist())
    assert not torch.equal(comp.training_set('noisy', 2)['idx'], noisy['idx'])


def test_only_so_many_pictures_are_trained_on():
    comp = tiny(pictures=50)
    assert [len(comp.train('none', task, 0).dls.train_ds) for task in TASKS] == [40, 50]
    assert comp.results()['data']['training'] == 50
