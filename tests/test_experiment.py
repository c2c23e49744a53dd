"The comparison: runs that can be compared in pairs, measures that are right, and no more said than was measured."
import csv, json, re
from dataclasses import replace
from importlib.util import find_spec
from types import SimpleNamespace

import numpy as np
import pytest, torch
import torch.nn.functional as F
from fastai.callback.core import Callback
from fastai.torch_core import get_random_states
from fastcore.test import equals
from scipy import stats
from torch import nn

from mixcourse.compare import run as experiment
from mixcourse.compare.pictures import Pictures, digits
from mixcourse.compare.run import (MEASURES, TASKS, Comparison, calibration_error, check_model, fgsm, make_mixer, make_model, measure, results_figure,
                                  results_table, save_results, summarize, titles, values, verdict)
from mixcourse.compare.settings import METHODS, Settings


def few(n=96, m=40):
    d = digits()
    return replace(d, x_train=d.x_train[:n], y_train=d.y_train[:n], x_test=d.x_test[:m], y_test=d.y_test[:m], few=40)


def photos(n=80, m=20, side=16):
    g = torch.Generator().manual_seed(0)
    x = torch.randint(0, 256, (n+m, 3, side, side), generator=g, dtype=torch.uint8)
    y = torch.arange(n+m) % 4
    return Pictures(x[:n], y[:n], x[n:], y[n:], list('abcd'), 'photos')


def tiny(pics=None, **kw): return Comparison(pics or few(), Settings(**{**dict(seeds=2, epochs=1, methods=['none', 'cutmix'], device='cpu', bs=16), **kw}))


@pytest.fixture(scope='module')
def done():
    comp = tiny(seeds=2, epochs=2, methods=['none', 'mixup', 'cutout'])
    assert comp.run()
    return comp


# settings

@pytest.mark.parametrize('kw, rule', [
    (dict(methods=['mixap']), "`methods` must be of none, mixup"), (dict(methods=[]), '`methods` must be a list'), (dict(methods='none'), '`methods` must be a list'),
    (dict(methods=['none', 'none']), 'each named once'), (dict(seeds=0), '`seeds` must be a positive int, got 0'), (dict(seeds=True), '`seeds`'),
    (dict(epochs=1.5), '`epochs` must be a positive int, got 1.5'), (dict(epochs=None), '`epochs`'), (dict(bs=0), '`bs`'), (dict(labels=-1), '`labels`'),
    (dict(noise=1), '`noise` must be in [0,1), got 1'), (dict(noise=float('nan')), '`noise`'), (dict(alpha=-1.), '`alpha` must be finite and >= 0, got -1.0'),
    (dict(alpha=float('inf')), '`alpha`'), (dict(alpha='1'), '`alpha`'), (dict(epsilon=2), '`epsilon` must be in [0,1]'), (dict(lr=0), '`lr` must be > 0')])
def test_settings_are_checked(kw, rule):
    with pytest.raises(ValueError, match=re.escape(rule)): Settings(**kw)


def test_what_depends_on_the_pictures_is_settled():
    a, b = Comparison(few(), Settings(device='cpu')).settings, Comparison(photos(), Settings(device='cpu')).settings
    assert (a.labels, a.bs, a.epsilon) == (40, 64, .1) and (b.labels, b.epsilon) == (80, 8/255)
    assert Comparison(few(), Settings(device='cpu', labels=50, bs=7, epsilon=.2)).settings.labels == 50
    many = few()
    many = replace(many, x_train=many.x_train[:1].expand(10_000, -1, -1, -1), y_train=torch.arange(10_000) % 10)
    assert Comparison(many, Settings(device='cpu')).settings.bs == 512


@pytest.mark.parametrize('kw, rule', [(dict(labels=95), '`labels` must be between 10 and 86, or 96 for all, got 95'), (dict(arch='resnet19'), 'did you mean resnet18'),
                                      (dict(device='tpu'), "`device` must be cuda, mps or cpu, and be there, got 'tpu'"), (dict(device='meta'), '`device`'),
                                      (dict(bf16=True), '`bf16` must be left out')])
def test_what_cannot_run_is_refused_before_training(kw, rule):
    with pytest.raises(ValueError, match=re.escape(rule)): tiny(**kw)


# models

@pytest.mark.parametrize('arch', ['cnn', 'resnet18', 'xresnet18', 'mobilenet_v3_small', *(['resnet10t'] if find_spec('timm') else [])])
@pytest.mark.parametrize('c', [1, 3])
def test_models_by_name(arch, c):
    check_model(arch, c, 7, (32, 32))
    assert make_model(arch, c, 7, (32, 32)).eval()(torch.zeros(2, c, 32, 32)).shape == (2, 7)


def test_resnet_sees_small_pictures_in_full():
    small, big = (make_model('resnet18', 3, 10, (s, s)) for s in (32, 128))
    assert small.conv1(torch.zeros(1, 3, 32, 32)).shape[-2:] == (32, 32) and isinstance(small.maxpool, nn.Identity)
    assert big.conv1.kernel_size == (7, 7) and isinstance(big.maxpool, nn.MaxPool2d)


def test_unknown_model_without_timm(monkeypatch):
    monkeypatch.setattr(experiment, '_timm', lambda: None)
    with pytest.raises(ValueError, match=r'timm \(which is not installed\), got \'resnet10t\''): make_model('resnet10t', 3, 10, (32, 32))


def test_timm_is_asked_for_what_others_do_not_have(monkeypatch):
    made = []
    def create_model(name, **kw): made.append((name, kw)); return nn.Flatten()
    monkeypatch.setattr(experiment, '_timm', lambda: SimpleNamespace(is_model=lambda o: o == 'mine', create_model=create_model, list_models=list))
    make_model('mine', 2, 5, (8, 8))
    assert made == [('mine', dict(pretrained=False, num_classes=5, in_chans=2))]


def test_model_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match='`arch` must take pictures of 1×32×32, vit_b_16 does not'): check_model('vit_b_16', 1, 10, (32, 32))
    with pytest.raises(ValueError, match='`arch` must take pictures of 3×8×8, alexnet does not'): check_model('alexnet', 3, 10, (8, 8))
    with pytest.raises(ValueError, match='`arch` must give a score for each class, googlenet does not'): check_model('googlenet', 3, 10, (64, 64))


# measures

def test_fgsm_is_the_formula():
    torch.manual_seed(0)
    model, x, y = nn.Sequential(nn.Flatten(), nn.Linear(12, 3)), torch.rand(5, 3, 2, 2), torch.tensor([0, 1, 2, 0, 1])
    out = fgsm(model, x, y, .3)
    for xi, yi, o in zip(x, y, out):
        xi = xi[None].clone().requires_grad_()
        F.cross_entropy(model(xi), yi[None]).backward()
        torch.testing.assert_close(o, (xi + .3*xi.grad.sign()).clamp(0, 1).detach()[0])
    assert model[1].weight.grad is not None  # from the loop; fgsm itself leaves none:
    model.zero_grad()
    fgsm(model, x, y, .3)
    assert model[1].weight.grad is None and not x.requires_grad


def test_calibration_error_is_the_papers(n=500):
    g = torch.Generator().manual_seed(0)
    probs, y = torch.rand(n, 4, generator=g).pow(3).softmax(1), torch.randint(4, (n,), generator=g)
    conf, pred = probs.max(1)
    expected = 0
    for lo in range(15):
        inside = (conf > lo/15) & (conf <= (lo+1)/15)
        if inside.any(): expected += inside.sum()/n * ((pred == y)[inside].float().mean() - conf[inside].mean()).abs()
    assert calibration_error(probs, y) == pytest.approx(float(expected), abs=1e-5)
    assert calibration_error(F.one_hot(y, 4).float(), y) == 0
    assert calibration_error(F.one_hot((y+1) % 4, 4).float(), y) == 1


def test_measures_of_a_trained_model():
    comp = tiny(epochs=4)
    learn = comp.train('none', 'clean', 0)
    acc, at = learn.watch.accs[-1], {e: measure(learn, e)['fgsm'] for e in (0, .05, .3)}
    assert at[0] == acc and at[.3] < at[.05] <= acc
    probs, y = learn.get_preds()
    assert (probs.argmax(1) == y).float().mean() == pytest.approx(acc)
    assert measure(learn, .1)['ece'] == pytest.approx(calibration_error(probs, y), abs=1e-6)
    assert len(learn.watch.accs) == len(learn.watch.secs) == 4  # measuring is not an epoch


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
    monkeypatch.setattr(experiment, 'make_mixer', lambda *a, **kw: [Spy(seen), *make_mixer(*a, **kw)])
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
        assert all(same(first[0], o) for o in first[1:]) and all(same(second[0], o) for o in second[1:])
        a, b = first[0], second[0]
        assert not any(torch.equal(p, q) for p, q in zip(a['x'], b['x'])) and not torch.equal(a['weights'][0], b['weights'][0])


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
    assert equals(before, list(get_random_states().values())) and torch.get_num_threads() == n


def test_tasks_have_the_labels_they_say():
    comp = tiny(labels=30, noise=.25)
    ds = {t: comp.train('none', t, 3).dls.train_ds.tensors for t in TASKS}
    assert len(ds['clean'][1]) == 30 and len(ds['noisy'][1]) == 96
    true = {tuple(x.flatten().tolist()): int(y) for x, y in zip(comp.pics.x_train, comp.pics.y_train)}
    wrong = {t: sum(true[tuple(a.flatten().tolist())] != int(b) for a, b in zip(x, y)) for t, (x, y) in ds.items()}
    assert wrong == dict(clean=0, noisy=24)
    other = {t: comp.train('none', t, 4).dls.train_ds.tensors for t in TASKS}  # another seed has other labels
    assert not equals(ds['clean'][0], other['clean'][0]) and not equals(ds['noisy'][1], other['noisy'][1])


def test_tested_on_clean_labels():
    comp = tiny()
    assert torch.equal(comp.train('none', 'noisy', 0).dls.valid_ds.tensors[1], comp.pics.y_test)


def test_only_color_pictures_are_cropped_and_flipped():
    assert tiny(photos()).augment and not tiny(few()).augment
    assert tiny(photos()).train('none', 'clean', 0).dls.train.augment


@pytest.mark.parametrize('alpha, mixup, manifold', [(None, 1, 2), (.3, .3, .3)])
def test_alpha_reaches_every_mixer(alpha, mixup, manifold):
    def get(m): return make_mixer(m, (8, 8), alpha)[0]
    assert get('mixup').alpha == get('cutmix').alpha == mixup and get('manifold').alpha == manifold
    assert [m.alpha for m in get('randommix').mixers] == [mixup]*2


def test_resnet_on_bytes():
    "What `--data cifar10.npz --arch resnet18` does, on few pictures and a CPU"
    comp = tiny(photos(32, 8), arch='resnet18', methods=['cutmix'], seeds=1)
    learn = comp.train('cutmix', 'clean', 0)
    x, _ = learn.dls.one_batch()
    assert learn.dls.train_ds.tensors[0].dtype == torch.uint8 and learn.dls.train.fake_l.num_workers == 0
    assert x.is_contiguous(memory_format=torch.channels_last) and next(learn.model.parameters()).is_contiguous(memory_format=torch.channels_last)
    assert len(learn.dls.train_ds) == 32 and learn.dls.train.augment  # all labels, where there is no reason for fewer
    assert measure(learn, 8/255).keys() == {'fgsm', 'ece'}


@pytest.mark.gpu
def test_resnet_on_a_gpu():
    comp = tiny(photos(side=32), arch='resnet18', methods=['none', 'cutmix'], device='cuda', bf16=True)
    assert comp.run() and comp.results()['machine']['device'] == 'cuda'
    assert comp.train('cutmix', 'clean', 0).dls.train_ds.tensors[0].device.type == 'cuda'


@pytest.mark.slow
def test_mixing_withstands_wrong_labels():
    "The effect that the course is about, on real digits: far beyond what a seed can do"
    comp = Comparison(digits(), Settings(device='cpu'))
    accs = {m: comp.train(m, 'noisy', 0).watch.accs[-1] for m in ('none', 'mixup', 'cutmix')}
    assert accs['mixup'] > accs['none'] + .05 and accs['cutmix'] > accs['none'] + .1


# stopped

def stop_in(monkeypatch, run, ex=KeyboardInterrupt):
    "Let training of the run of that number end with an exception"
    class Stop(Callback):
        def before_batch(self): raise ex('stop')
    count = iter(range(99))
    monkeypatch.setattr(experiment, 'make_mixer', lambda *a, **kw: [Stop()] if next(count) == run else make_mixer(*a, **kw))


def test_stop_keeps_what_is_finished(monkeypatch):
    comp = tiny()
    assert comp.run()
    stop_in(monkeypatch, 2)
    part = tiny()
    assert part.run() is False
    assert [(r['method'], r['task'], r['accuracy']) for r in part.runs] == [(r['method'], r['task'], r['accuracy']) for r in comp.runs[:2]]
    res = part.results()
    assert not res['finished'] and 'Stopped: 2 of 8 runs were finished.' in results_table(res) and results_figure(res)


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
    assert (rows['none', 'clean']['n'], rows['cutmix', 'clean']['n']) == (2, 1) and rows['cutmix', 'clean']['verdict'] is None
    assert rows['cutmix', 'clean']['sd'] is None


# results

def test_results_say_all(done):
    res = json.loads(json.dumps(done.results(), allow_nan=False))
    assert {(r['method'], r['task'], r['seed']) for r in res['runs']} == {(m, t, s) for m in ('none', 'mixup', 'cutout') for t in TASKS for s in (0, 1)}
    for r in res['runs']:
        assert len(r['curve']) == 2 and r['curve'][-1] == r['accuracy'] and 0 < r['seconds_per_epoch'] < r['seconds'] < res['seconds']
        assert ('fgsm' in r and 'ece' in r) == (r['task'] == 'clean')
    assert res['finished'] and res['settings']['labels'] == 40 and res['settings']['bs'] == 16 and res['settings']['device'] == 'cpu'
    assert {'torch', 'fastai', 'mixcourse', 'python'} <= res['versions'].keys()
    assert res['machine'].keys() == {'device', 'name', 'threads', 'system'} and all(res['machine'].values())


def test_summary_is_what_scipy_says(done):
    for r in done.results()['summary']:
        v, base = ([*values(done.runs, m, r['measure']).values()] for m in (r['method'], 'none'))
        assert r['mean'] == pytest.approx(np.mean(v)) and r['sd'] == pytest.approx(np.std(v, ddof=1)) and r['n'] == 2
        if r['method'] == 'none': assert r['verdict'] is None
        elif v != base:
            low, high = stats.ttest_rel(v, base).confidence_interval(.95)
            assert (r['low'], r['high']) == pytest.approx((low, high))
            assert (r['verdict'] == 'no clear difference') == (low <= 0 <= high)


@pytest.mark.parametrize('diffs, better, says', [([.1, .11, .12], 1, 'better'), ([.1, .11, .12], -1, 'worse'), ([-.1, -.11], -1, 'better'), ([0, 0, 0], 1, 'no clear difference'),
                                                 ([.1, 0, .2], 1, 'no clear difference'), ([.3], 1, None), ([], 1, None)])
def test_verdict(diffs, better, says): assert verdict(diffs, better)['verdict'] == says


def table_numbers(text):
    "Method -> numbers of its row"
    rows = re.findall(r'^(\w+) +(\d+\.\d(?: ± \d+\.\d)?(?: {2,}.*)?)$', text, re.M)
    return {m: re.findall(r'(\d+\.\d) ± (\d+\.\d)', row) for m, row in rows}


def test_table_json_and_csv_agree(done, tmp_path):
    files = save_results(done.results(), tmp_path/'new')
    assert [f.name for f in files] == ['compare.json', 'compare.csv', 'compare.png'] and sorted(files) == sorted((tmp_path/'new').iterdir())
    saved = json.loads(files[0].read_text())
    rows = list(csv.DictReader(files[1].open()))
    assert [{k: '' if v is None else str(v) for k, v in r.items()} for r in saved['summary']] == rows
    printed = table_numbers(results_table(saved))
    assert printed == {m: [(f"{100*float(r['mean']):.1f}", f"{100*float(r['sd']):.1f}") for k in MEASURES for r in rows if (r['method'], r['measure']) == (m, k)]
                       for m in ('none', 'mixup', 'cutout')}
    assert files[2].read_bytes()[:8] == b'\x89PNG\r\n\x1a\n'


def made_up(**means):
    "Runs of three seeds, each as far from the mean as the last"
    runs = [dict(method=m, task=t, seed=s, curve=[.1, v['clean']], seconds=1., seconds_per_epoch=1., **{key: v[k]+.001*s*(1+(m != 'none')) for k, (task, key, _) in MEASURES.items() if task == t})
            for s in range(3) for m, v in means.items() for t in TASKS]
    return dict(finished=True, seconds=1., machine=dict(device='cpu', name='CPU'), data=dict(name='some', training=100), runs=runs, summary=summarize(runs),
                settings=dict(methods=list(means), arch='cnn', epochs=2, seeds=3, labels=100, noise=.4, epsilon=.1))


def test_table_says_where_mixing_does_not_help():
    res = made_up(none=dict(clean=.9, noisy=.7, fgsm=.4, ece=.02), mixup=dict(clean=.899, noisy=.8, fgsm=.3, ece=.12))
    line = next(o for o in results_table(res).splitlines() if o.startswith('mixup') and 'better' in o)
    assert line.split(None, 1)[1] == 'better: 40% wrong labels (+10.1); worse: FGSM 0.1 (-9.9), calibration error (+10.1); no clear difference: all 100 labels'


def test_table_says_nothing_that_it_cannot_know():
    v = dict(clean=.9, noisy=.7, fgsm=.4, ece=.02)
    assert 'better' not in results_table(made_up(mixup=v, cutmix=v))  # none was not run
    res = made_up(none=v, mixup=v)
    res['runs'] = [r for r in res['runs'] if r['seed'] == 0]
    res['settings']['seeds'], res['summary'] = 1, summarize(res['runs'])
    text = results_table(res)
    assert 'One seed shows no spread' in text and '±' not in text


def test_figure_has_every_method(done):
    res = done.results()
    fig = results_figure(res)
    assert [ax.get_title() for ax in fig.axes[2:]] == list(titles(res).values())
    for ax, task in zip(fig.axes, TASKS):
        assert [o.get_label() for o in ax.lines] == ['none', 'mixup', 'cutout']
        mean = np.mean([r['curve'] for r in res['runs'] if (r['method'], r['task']) == ('cutout', task)], 0)
        np.testing.assert_allclose(ax.lines[2].get_ydata(), mean)
        assert ax.get_xlabel() == 'epoch' and ax.get_ylabel() == 'accuracy'
    for ax, k in zip(fig.axes[2:], MEASURES):
        np.testing.assert_allclose([b.get_height() for b in ax.patches], [r['mean'] for r in res['summary'] if r['measure'] == k])
    looks = [(o.get_color(), o.get_marker()) for o in fig.axes[0].lines]
    assert len(set(looks)) == len({a for a, _ in looks}) == len({b for _, b in looks}) == 3  # told apart by color, and without


@pytest.mark.parametrize('broken', ['results_figure', 'write'])
def test_nothing_half_written_stays(done, tmp_path, monkeypatch, broken):
    save_results(done.results(), tmp_path)
    before = {f.name: f.read_bytes() for f in tmp_path.iterdir()}
    def fail(*a, **kw): raise OSError('disk full')
    if broken == 'write': monkeypatch.setattr('pathlib.Path.replace', fail)
    else: monkeypatch.setattr(experiment, broken, fail)
    with pytest.raises(OSError): save_results({**done.results(), 'seconds': -1}, tmp_path)
    assert {f.name: f.read_bytes() for f in tmp_path.iterdir()} == before
