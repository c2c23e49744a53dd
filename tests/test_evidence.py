"Committed measurements: whole, of settings that can be repeated, and without a trace of where they were made."
import json
import re
from dataclasses import fields

import pytest
from conftest import root
from matplotlib.figure import Figure
from pages import state_in

from mixcourse.compare.evidence import by_length, load_evidence, plot_learning, plot_lengths, tell, turning_point
from mixcourse.compare.report import results_figure, results_table
from mixcourse.compare.settings import Settings
from mixcourse.compare.statistics import MEASURES, summarize

folder = root/'mixcourse/compare/measured'
committed = sorted(folder.glob('*.json'))


def test_the_same_evidence_is_read_by_name_and_in_order():
    epochs = [res['settings']['epochs'] for res in load_evidence('cifar10-*.json')]
    assert epochs == sorted(epochs)


@pytest.mark.parametrize('path', committed, ids=lambda p: p.stem)
def test_evidence_is_whole(path):
    res = json.loads(path.read_text(encoding='utf-8'))
    planned = {(s, m, t) for s in range(res['settings']['seeds']) for m in res['settings']['methods'] for t in res['settings']['tasks']}
    done = [(r['seed'], r['method'], r['task']) for r in res['runs']]
    assert len(set(done)) == len(done)
    assert set(done) <= planned
    assert res['finished'] == (set(done) == planned)
    assert {o.name for o in fields(Settings)} >= res['settings'].keys()
    assert Settings(**res['settings'])
    assert sum(o['runs'] for o in res['sittings']) == len(done)
    assert {'torch', 'fastai', 'mixcourse', 'python'} <= res['versions'].keys()


@pytest.mark.parametrize('path', committed, ids=lambda p: p.stem)
def test_every_run_has_its_curves(path):
    res = json.loads(path.read_text(encoding='utf-8'))
    for r in res['runs']:
        assert r['epochs'][-1] == res['settings']['epochs']
        assert r['curve'][-1] == r['accuracy']
        assert len(r['epochs']) == len(r['curve']) == len(r['train_loss']) == len(r['test_loss'])


@pytest.mark.parametrize('path', committed, ids=lambda p: p.stem)
def test_summary_follows_from_the_runs(path):
    res = json.loads(path.read_text(encoding='utf-8'))
    now, then = ({(r['method'], r['measure']): r['mean'] for r in rows} for rows in (summarize(res['runs']), res['summary']))
    assert {k: now[k] for k in then} == pytest.approx(then)


@pytest.mark.parametrize('path', committed, ids=lambda p: p.stem)
def test_evidence_can_be_shown(path):
    res = json.loads(path.read_text(encoding='utf-8'))
    res['summary'] = summarize(res['runs'])
    assert res['data']['name'] in results_table(res)
    assert results_figure(res).axes


def test_no_file_of_evidence_is_large(): assert [p.name for p in committed if p.stat().st_size > 200_000] == []


def test_evidence_of_several_lengths_lines_up():
    found = load_evidence('cifar10-clean-*.json')
    for measure in MEASURES:
        assert {row['epochs'] for row in by_length(found, measure)} <= {res['settings']['epochs'] for res in found}


# the page

page = root/'nbs/evidence.ipynb'


def outputs(kind):
    "What the cells of the page gave, by their ids"
    cells = json.loads(page.read_text(encoding='utf-8'))['cells']
    found = {c['id']: [o['data'][kind] for o in c.get('outputs', []) if kind in o.get('data', {})] for c in cells}
    return {k: ''.join(''.join(o) for o in v) for k, v in found.items() if v}


both = pytest.mark.parametrize('task,counted,told', [('clean', 'runs-in', 'said'), ('noisy', 'wrong-runs', 'wrong-said')])


@both
def test_the_page_counts_the_runs_that_are_committed(task, counted, told):
    for res in load_evidence(f'cifar10-{task}-*.json'):
        planned = len(res['settings']['methods'])*len(res['settings']['tasks'])*res['settings']['seeds']
        assert f"{res['settings']['epochs']} epochs: {len(res['runs'])} of {planned} runs" in outputs('text/markdown')[counted]


def test_the_page_replays_what_is_committed():
    from mixcourse.teach.replay import Replay
    replay = Replay(*load_evidence('cifar10-clean-*.json'))
    assert state_in(outputs('text/html')['replay'])['parts'] == state_in(replay.html(script_too=False))['parts']


def test_the_page_notes_who_leads_at_the_end_of_each_length():
    html = outputs('text/html')['replay']
    for res in load_evidence('cifar10-clean-*.json'):
        ends = {m: [r['curve'][-1] for r in res['runs'] if r['method'] == m] for m in res['settings']['methods']}
        best = max(sum(o)/len(o) for o in ends.values() if o)
        length = res['settings']['epochs']
        assert re.search(rf'Epoch {length} of {length}: \S+ has {100*best:.1f}% right', html)


@both
def test_the_page_says_of_each_length_what_its_plain_run_did(task, counted, told):
    for res in load_evidence(f'cifar10-{task}-*.json'):
        mean = next(o['mean'] for o in summarize(res['runs']) if (o['method'], o['measure']) == ('none', task))
        assert f"plain {100*mean:.1f}% right" in outputs('text/markdown')[told]


def test_the_page_names_the_command_of_every_comparison():
    said = outputs('text/markdown')['command']
    for res in load_evidence('cifar10-*.json'):
        s = res['settings']
        assert re.search(rf"--tasks {s['tasks'][0]} [^`]*--epochs {s['epochs']} [^`]*--out {s['tasks'][0]}-{s['epochs']:03}", said)


def test_prose_of_the_page_claims_no_result():
    "A sentence about a result is printed by the run; typed numbers are settings or quoted"
    cells = json.loads(page.read_text(encoding='utf-8'))['cells']
    prose = '\n'.join(''.join(c['source']) for c in cells if c['cell_type'] == 'markdown')
    assert re.findall(r'\d+\.\d+', re.sub(r'\]\([^)]*\)', '', prose)) == []


@pytest.mark.parametrize('gain,verdict', [(.1, 'clearly ahead: MixUp'), (-.1, 'clearly behind: MixUp')])
def test_it_is_said_where_it_turns(gain, verdict, tmp_path):
    short = json.loads((folder/'cifar10-clean-015.json').read_text(encoding='utf-8'))
    plain = {r['seed']: r['accuracy'] for r in short['runs'] if r['method'] == 'none'}
    long = json.loads(json.dumps(short))
    long['settings']['epochs'] = 150
    for r in long['runs']:
        if r['method'] != 'none': r['accuracy'] = plain[r['seed']] + gain + r['seed']/1000
    for res in (short, long): (tmp_path/f"{res['settings']['epochs']:03}.json").write_text(json.dumps(res))
    results = load_evidence(folder=tmp_path)
    assert turning_point(results) == (150 if gain > 0 else None)
    said = tell(results)
    assert verdict in said.partition('**150 epochs**')[2]
    assert ('at 150 epochs, for the first time, two mixers or more are clearly ahead' in said) == (gain > 0)


def test_methods_with_one_run_each_get_no_verdict(tmp_path):
    res = json.loads((folder/'cifar10-clean-015.json').read_text(encoding='utf-8'))
    res['runs'] = [r for r in res['runs'] if r['seed'] == 0 or r['method'] in ('none', 'mixup')]
    (tmp_path/'a.json').write_text(json.dumps(res))
    said = tell(load_evidence(folder=tmp_path))
    assert 'one run each, so no difference can be told from chance: CutMix, Cutout, RandomMix' in said
    assert 'clearly behind: MixUp' in said


def test_plain_runs_may_come_last_and_must_be_there(tmp_path):
    res = json.loads((folder/'cifar10-clean-015.json').read_text(encoding='utf-8'))
    said = tell(load_evidence('cifar10-clean-015.json'))
    (tmp_path/'a.json').write_text(json.dumps({**res, 'runs': sorted(res['runs'], key=lambda r: r['method'])}))
    assert tell(load_evidence(folder=tmp_path)).partition('right.')[0] == said.partition('right.')[0]
    (tmp_path/'a.json').write_text(json.dumps({**res, 'runs': [r for r in res['runs'] if r['method'] != 'none']}))
    with pytest.raises(ValueError, match='must have plain runs'): tell(load_evidence(folder=tmp_path))


def heights(results, **kwargs):
    ax = Figure().subplots()
    plot_lengths(results, ax, **kwargs)
    plot_learning(results[0], ax, **kwargs)
    return [line.get_ydata().tolist() for line in ax.lines]


def test_runs_with_wrong_labels_are_not_among_those_with_right_ones(tmp_path):
    res = json.loads((folder/'cifar10-clean-015.json').read_text(encoding='utf-8'))
    wrong = [{**r, 'task': 'noisy', 'accuracy': .1, 'curve': [.1]*len(r['curve'])} for r in res['runs']]
    (tmp_path/'a.json').write_text(json.dumps({**res, 'runs': res['runs'] + wrong}))
    assert heights(load_evidence(folder=tmp_path)) == heights(load_evidence('cifar10-clean-015.json'))


def test_runs_with_wrong_labels_are_drawn_and_told_by_name(tmp_path):
    res = json.loads((folder/'cifar10-clean-015.json').read_text(encoding='utf-8'))
    wrong = [{**r, 'task': 'noisy'} for r in res['runs']]
    right = [{**r, 'accuracy': .1, 'curve': [.1]*len(r['curve'])} for r in res['runs']]
    (tmp_path/'a.json').write_text(json.dumps({**res, 'runs': right + wrong}))
    found, plain = load_evidence(folder=tmp_path), load_evidence('cifar10-clean-015.json')
    assert heights(found, task='noisy') == heights(plain)
    assert tell(found, 'noisy') == tell(plain)


def test_replay_shows_what_the_runs_drew():
    "Its pictures come from the callbacks of the comparison and change from epoch to epoch"
    cells = {c['id']: c for c in json.loads((root/'nbs/evidence.ipynb').read_text(encoding='utf-8'))['cells']}
    assert 'make_mixer(' in ''.join(cells['seen']['source'])
    shown = ''.join(cells['replay']['outputs'][0]['data']['text/html'])
    found = [(o, src) for src, o in re.findall(r'<img src="([^"]+)"[^>]*data-method="(\w+)"', shown)]
    different = {method: len({src for o, src in found if o == method}) for method, _ in found}
    assert different.pop('none') == 1 and len(different) == 4 and min(different.values()) >= 8
