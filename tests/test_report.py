"Results: complete, right, and no more said than was measured."
import csv, json, os, re, subprocess, sys

import numpy as np
import pytest
from scipy import stats

from comparisons import tiny
from mixcourse.compare import report
from mixcourse.compare.keep import sweep
from mixcourse.compare.report import results_figure, results_table, save_results, show_number, titles
from mixcourse.compare.settings import TASKS
from mixcourse.compare.statistics import MEASURES, summarize, values, verdict

pytestmark = pytest.mark.slow


@pytest.fixture(scope='module')
def done():
    comp = tiny(seeds=2, epochs=2, methods=['none', 'mixup', 'cutout'])
    assert comp.run()
    return comp


def test_results_say_all(done):
    res = json.loads(json.dumps(done.results(), allow_nan=False))
    assert {(r['method'], r['task'], r['seed']) for r in res['runs']} == {(m, t, s) for m in ('none', 'mixup', 'cutout') for t in TASKS for s in (0, 1)}
    for r in res['runs']:
        assert len(r['curve']) == 2
        assert r['curve'][-1] == r['accuracy']
        assert 0 < r['seconds_per_epoch'] < r['seconds'] < res['seconds']
        assert ('fgsm' in r) == (r['task'] == 'clean')
        assert {'ece', 'nll', 'ece_scaled', 'nll_scaled', 'temperature', 'train_loss', 'test_loss'} <= r.keys()
    assert res['finished']
    assert res['settings']['labels'] == 40
    assert res['settings']['bs'] == 16
    assert res['settings']['device'] == 'cpu'
    assert {'torch', 'fastai', 'mixcourse', 'python'} <= res['versions'].keys()
    assert res['machine'].keys() == {'device', 'name', 'threads', 'system'}
    assert all(res['machine'].values())


def test_summary_is_what_scipy_says(done):
    for r in done.results()['summary']:
        v, base = ([*values(done.runs, m, r['measure']).values()] for m in (r['method'], 'none'))
        assert r['mean'] == pytest.approx(np.mean(v))
        assert r['sd'] == pytest.approx(np.std(v, ddof=1))
        assert r['n'] == 2
        if r['method'] == 'none': assert r['verdict'] is None
        elif v != base:
            low, high = stats.ttest_rel(v, base).confidence_interval(.95)
            assert (r['low'], r['high']) == pytest.approx((low, high))
            assert (r['verdict'] == 'no clear difference') == (low <= 0 <= high)


@pytest.mark.parametrize('diffs, better, says', [([.1, .11, .12], 1, 'better'), ([.1, .11, .12], -1, 'worse'), ([-.1, -.11], -1, 'better'), ([0, 0, 0], 1, 'no clear difference'),
                                                 ([.1, 0, .2], 1, 'no clear difference'), ([.3], 1, None), ([], 1, None)])
def test_verdict(diffs, better, says): assert verdict(diffs, better)['verdict'] == says


def table_numbers(text):
    "Method -> numbers of its rows, in all parts of the table"
    res = {}
    for method, row in re.findall(r'^(\w+) +(\d+\.\d+(?: ± \d+\.\d+)?(?: {2,}.*)?)$', text, re.M):
        res.setdefault(method, []).extend(re.findall(r'(\d+\.\d+) ± (\d+\.\d+)', row))
    return res


def test_table_json_and_csv_agree(done, tmp_path):
    files = save_results(done.results(), tmp_path/'new')
    assert [f.name for f in files] == ['compare.json', 'compare.csv', 'compare.png']
    assert sorted(files) == sorted((tmp_path/'new').iterdir())
    saved = json.loads(files[0].read_text())
    rows = list(csv.DictReader(files[1].open()))
    assert [{k: '' if v is None else str(v) for k, v in r.items()} for r in saved['summary']] == rows
    printed = table_numbers(results_table(saved))
    def cells(m): return [(show_number(k, float(r['mean'])), show_number(k, float(r['sd']))) for k in MEASURES for r in rows if (r['method'], r['measure']) == (m, k)]
    assert printed == {m: cells(m) for m in ('none', 'mixup', 'cutout')}
    assert files[2].read_bytes()[:8] == b'\x89PNG\r\n\x1a\n'


def made_up(**means):
    "Runs of three seeds, each as far from the mean as the last"
    runs = [dict(method=m, task=t, seed=s, curve=[.1, v['clean']], seconds=1., seconds_per_epoch=1., **{key: v[k]+.001*s*(1+(m != 'none')) for k, (task, key, _) in MEASURES.items() if task == t and k in v})
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
    assert 'One seed shows no spread' in text
    assert '±' not in text


def test_figure_has_every_method(done):
    res = done.results()
    fig = results_figure(res)
    assert [ax.get_title('left') for ax in fig.axes[2:]] == list(titles(res).values())
    for ax, task in zip(fig.axes, TASKS):
        assert [o.get_label() for o in ax.lines] == ['none', 'mixup', 'cutout']
        mean = np.mean([r['curve'] for r in res['runs'] if (r['method'], r['task']) == ('cutout', task)], 0)
        np.testing.assert_allclose(ax.lines[2].get_ydata(), mean)
        assert ax.get_xlabel() == 'epoch'
        assert ax.get_ylabel() == 'test accuracy'
    for ax, k in zip(fig.axes[2:], MEASURES):
        np.testing.assert_allclose([b.get_height() for b in ax.patches], [r['mean'] for r in res['summary'] if r['measure'] == k])
    looks = [(o.get_color(), o.get_marker()) for o in fig.axes[0].lines]
    assert len(set(looks)) == len({a for a, _ in looks}) == len({b for _, b in looks}) == 3  # told apart by color, and without


@pytest.mark.parametrize('broken', ['results_figure', 'write'])
def test_nothing_half_written_stays(done, tmp_path, monkeypatch, broken):
    save_results(done.results(), tmp_path)
    before = {f.name: f.read_bytes() for f in tmp_path.iterdir()}
    def fail(*a, **kw): raise OSError('disk full')
    if broken == 'write': monkeypatch.setattr('os.replace', fail)
    else: monkeypatch.setattr(report, broken, fail)
    with pytest.raises(OSError): save_results(done.results(), tmp_path)
    assert {f.name: f.read_bytes() for f in tmp_path.iterdir()} == before


def test_numbers_are_kept_before_the_picture(done, tmp_path, monkeypatch):
    def fail(*a, **kw): raise OSError('no font')
    monkeypatch.setattr(report, 'results_figure', fail)
    with pytest.raises(OSError): save_results(done.results(), tmp_path)
    assert sorted(f.name for f in tmp_path.iterdir()) == ['compare.csv', 'compare.json']


@pytest.mark.parametrize('tasks', [['clean'], ['noisy']])
def test_one_task_alone_is_reported(tasks):
    comp = tiny(tasks=tasks, seeds=1)
    comp.run()
    res = comp.results()
    assert {r['task'] for r in res['runs']} == set(tasks)
    assert ('wrong labels' in results_table(res)) == (tasks == ['noisy'])
    assert len(results_figure(res).axes[0].lines) == 2


def test_curves_stand_at_the_epochs_that_were_measured():
    comp = tiny(tasks=['noisy'], seeds=1, epochs=5, points=2)
    comp.run()
    assert results_figure(comp.results()).axes[0].lines[0].get_xdata().tolist() == [2, 5]


def test_likelihood_is_no_percentage():
    res = made_up(none=dict(clean=.9, noisy=.7, fgsm=.4, ece=.02, nll=.31), mixup=dict(clean=.9, noisy=.7, fgsm=.4, ece=.02, nll=.512))
    assert 'NLL (+0.203)' in results_table(res)


def test_stale_files_are_swept_and_those_of_others_stay(tmp_path):
    "A process that runs may be writing; what belongs to no process is left over"
    ended = subprocess.Popen([sys.executable, '-c', ''])
    ended.wait()
    for name in (f'.compare.json.{ended.pid}', f'.compare.png.{os.getpid()}', f'.compare.csv.{os.getppid()}', '.compare.notes.txt', 'compare.json'): (tmp_path/name).touch()
    sweep(tmp_path)
    assert sorted(f.name for f in tmp_path.iterdir()) == sorted([f'.compare.csv.{os.getppid()}', '.compare.notes.txt', 'compare.json'])
