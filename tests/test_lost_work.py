"Whatever stops the command, what is finished is kept and printed."
import io, json, os, re, signal, subprocess, sys
from functools import partial

import pytest
from matplotlib.figure import Figure

from comparisons import stop_in, untimed
from mixcourse import cli
from mixcourse.cli import main
from mixcourse.compare import report, run
from test_cli import here, npz, quick, refused  # noqa: F401

pytestmark = pytest.mark.slow

# ruff: noqa: F811  fixtures

brief = *quick, '--seeds', '1'  # four runs


@pytest.fixture(autouse=True)
def small_picture(monkeypatch):
    "A true one takes most of the time; tests/test_cli.py and tests/test_report.py draw it"
    monkeypatch.setattr(report, 'results_figure', lambda res: Figure(figsize=(1, 1)))


def kept(folder): return json.loads((folder/'compare/compare.json').read_text())


def test_stop_saves_and_prints_what_is_finished(capsys, here, npz, monkeypatch):
    stop_in(monkeypatch, 1)
    assert main(['compare', *quick, '--data', npz()]) == 130
    out, _ = capsys.readouterr()
    res = json.loads((here/'compare/compare.json').read_text())
    assert not res['finished']
    assert [(r['method'], r['task']) for r in res['runs']] == [('none', 'clean')]
    assert 'Stopped: 1 of 8 runs were finished.' in out
    assert f"{100*res['runs'][0]['accuracy']:.1f}" in out
    assert len(list((here/'compare').iterdir())) == 3


def test_stop_before_anything_is_finished(capsys, here, npz, monkeypatch):
    stop_in(monkeypatch, 0)
    assert main(['compare', *brief, '--data', npz()]) == 130
    out, err = capsys.readouterr()
    assert not out
    assert 'nothing is saved' in err
    assert not list(here.iterdir())


def test_crash_saves_what_is_finished_and_is_not_hidden(here, npz, monkeypatch):
    stop_in(monkeypatch, 3, RuntimeError)
    with pytest.raises(RuntimeError): main(['compare', *brief, '--data', npz()])
    assert len(json.loads((here/'compare/compare.json').read_text())['runs']) == 3
    stop_in(monkeypatch, 1, ValueError)  # not taken for a wrong option
    with pytest.raises(ValueError): main(['compare', *brief, '--data', npz()])


@pytest.mark.skipif(os.name == 'nt', reason='no SIGINT for a child')
def test_control_c(here, npz):
    "A real one, in the second run of a process"
    cmd = [sys.executable, '-m', 'mixcourse.cli', 'compare', '--data', npz(), '--device', 'cpu', '--epochs', '50']
    heard = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # a shell's background job would hand on that it is ignored
    with subprocess.Popen(cmd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=heard) as p:
        seen = b''
        while b'none, noisy' not in seen:
            more = p.stderr.read1()
            assert more, seen
            seen += more
        p.send_signal(signal.SIGINT)
        out, err = p.communicate(timeout=60)
    assert p.returncode == 130
    assert b'Traceback' not in err
    assert b'Stopped: 1 of 30 runs' in out
    assert len(json.loads((here/'compare/compare.json').read_text())['runs']) == 1


# signals

command = [sys.executable, '-m', 'mixcourse.cli', 'compare', '--device', 'cpu', '--methods', 'none,mixup', '--seeds', '50', '--epochs', '3', '--bs', '16', '--data']
needs_signals = pytest.mark.skipif(os.name == 'nt', reason='no such signals')


@needs_signals
@pytest.mark.parametrize('name', ['SIGTERM', 'SIGHUP'])
def test_time_limits_and_closed_terminals_are_control_c(here, npz, name):
    number = getattr(signal, name)
    heard = partial(signal.signal, number, signal.SIG_DFL)
    with subprocess.Popen([*command, npz()], stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=heard) as p:
        for line in p.stderr:
            if line.startswith(b'seed 1 of 50: none, noisy:'): break
        p.send_signal(number)
        out, err = p.communicate(timeout=120)
    assert p.returncode == 130
    assert b'Traceback' not in err
    assert b'Stopped: ' in out
    assert sorted(o.name for o in (here/'compare').iterdir()) == ['compare.csv', 'compare.json', 'compare.png']
    assert len(kept(here)['runs']) >= 2


@needs_signals
def test_killed_outright_keeps_every_finished_run(here, npz):
    "Power cut, out of memory: nothing can be done at the end, so it is done all along"
    with subprocess.Popen([*command, npz()], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as p:
        for line in p.stderr:
            if line.startswith(b'seed 1 of 50: mixup, clean:'): break
        p.kill()
        p.communicate()
    assert len(kept(here)['runs']) >= 2


@needs_signals
def test_what_is_to_be_ignored_is_ignored():
    "As under nohup"
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with cli.heed_signals(): assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally: signal.signal(signal.SIGHUP, before)


@needs_signals
def test_signals_are_as_before_afterwards():
    before = signal.getsignal(signal.SIGTERM)
    with cli.heed_signals():
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before


# disks, pictures, terminals

def test_table_is_printed_though_nothing_can_be_written(capsys, here, npz, monkeypatch):
    def full(path, data): raise OSError(28, 'No space left on device')
    monkeypatch.setattr(report, '_write', full)
    assert main(['compare', *brief, '--data', npz()]) == 1
    out, err = capsys.readouterr()
    assert 'cutmix' in out
    assert 'mixcourse compare: compare.json could not be saved: No space left on device' in err
    assert 'Traceback' not in err


@pytest.mark.parametrize('error', [RuntimeError('Failed to process string with tex\nbecause latex could not be found'), MemoryError(), OSError(28, 'No space left on device')])
def test_a_picture_that_cannot_be_drawn_costs_a_line(capsys, here, npz, monkeypatch, error):
    def fail(res): raise error
    monkeypatch.setattr(report, 'results_figure', fail)
    assert main(['compare', *brief, '--data', npz()]) == 1
    out, err = capsys.readouterr()
    assert 'cutmix' in out
    assert len(kept(here)['runs']) == 4
    assert (here/'compare/compare.csv').exists()
    assert len([o for o in err.splitlines() if 'compare.png could not be saved' in o]) == 1


def test_control_c_while_drawing(capsys, here, npz, monkeypatch):
    def interrupted(res): raise KeyboardInterrupt
    monkeypatch.setattr(report, 'results_figure', interrupted)
    assert main(['compare', *brief, '--data', npz()]) == 130
    out, err = capsys.readouterr()
    assert 'cutmix' in out
    assert kept(here)['finished']
    assert not list((here/'compare').glob('.*'))


def test_a_letter_that_the_terminal_lacks_costs_nothing(here, npz, monkeypatch):
    out = io.TextIOWrapper(io.BytesIO(), encoding='ascii')
    monkeypatch.setattr(sys, 'stdout', out)
    assert main(['compare', *brief, '--data', npz()]) == 0
    assert b'cutmix' in out.buffer.getvalue()


class Unwritable(io.StringIO):
    "A full disk, a closed terminal"
    def write(self, text): raise OSError(28, 'No space left on device')


class Watched(Unwritable):
    def isatty(self): return True


@pytest.mark.parametrize('stream', [Unwritable, Watched])
def test_news_that_cannot_be_written_does_not_end_a_run(capsys, here, npz, monkeypatch, stream):
    monkeypatch.setattr(sys, 'stderr', stream())
    assert main(['compare', *brief, '--data', npz()]) == 0
    assert len(kept(here)['runs']) == 4


def test_no_streams_at_all(here, npz, monkeypatch):
    "As in a process without a console"
    monkeypatch.setattr(sys, 'stdout', None)
    monkeypatch.setattr(sys, 'stderr', None)
    assert main(['compare', *brief, '--data', npz()]) == 0
    assert kept(here)['finished']


def test_results_that_cannot_be_printed_are_saved(capsys, here, npz, monkeypatch):
    monkeypatch.setattr(sys, 'stdout', Unwritable())
    assert main(['compare', *brief, '--data', npz()]) == 1
    assert 'the results could not be printed: No space left on device' in capsys.readouterr().err
    assert kept(here)['finished']


@pytest.mark.skipif(os.name == 'nt', reason='other pipes')
def test_a_reader_who_closes_the_pipe_is_no_error(here, npz):
    args = [sys.executable, '-m', 'mixcourse.cli', 'compare', *quick, '--seeds', '1', '--data', npz()]
    with subprocess.Popen(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as p:
        p.stdout.close()
        err = p.stderr.read()
    assert p.returncode == 0
    assert 'Traceback' not in err
    assert 'BrokenPipe' not in err


@pytest.mark.skipif(os.name == 'nt', reason='other pipes')
@pytest.mark.parametrize('args', [['--help'], ['compare', '--help'], ['--version']])
def test_nor_one_who_wants_no_help(args):
    with subprocess.Popen([sys.executable, '-m', 'mixcourse.cli', *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as p:
        p.stdout.close()
        err = p.stderr.read()
    assert p.returncode == 0
    assert not err


def test_a_log_has_a_line_a_run(capsys, here, npz):
    main(['compare', *quick, '--data', npz()])
    lines = [o for o in capsys.readouterr().err.splitlines() if o.startswith('seed')]
    assert len(lines) == 8
    assert all(re.fullmatch(r'seed \d of 2: (none|cutmix), (clean|noisy): 0\.\d{3} in \d+ s', o) for o in lines)


def test_a_terminal_has_a_bar(here, npz, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self): return True
    terminal = Terminal()
    monkeypatch.setattr(sys, 'stderr', terminal)
    main(['compare', *quick, '--data', npz()])
    assert '100.00%' in terminal.getvalue()


def test_stale_files_are_swept(here, npz):
    (here/'compare').mkdir()
    (here/'compare/.compare.json.999999999').write_text('half')
    main(['compare', *brief, '--data', npz()])
    assert sorted(o.name for o in (here/'compare').iterdir()) == ['compare.csv', 'compare.json', 'compare.png']


# gone on with

def test_resume_is_bit_equal(capsys, here, npz, monkeypatch):
    args = ['compare', *brief, '--data', npz()]
    assert main([*args, '--out', 'whole']) == 0
    with monkeypatch.context() as patched:
        stop_in(patched, 3)
        assert main(args) == 130
    assert 'mixcourse compare --resume compare' in capsys.readouterr().err
    assert main(['compare', '--resume', 'compare', '--data', npz()]) == 0
    assert untimed(kept(here)['runs']) == untimed(json.loads((here/'whole/compare.json').read_text())['runs'])
    assert 'Stopped' not in capsys.readouterr().out


def test_resume_of_what_is_finished_prints_it_again(capsys, here, npz, monkeypatch):
    main(['compare', *brief, '--data', npz()])
    capsys.readouterr()
    monkeypatch.setattr(run.Comparison, 'do', lambda *a: pytest.fail('trained'))
    assert main(['compare', '--resume', 'compare', '--data', npz()]) == 0
    assert 'cutmix' in capsys.readouterr().out


def test_resume_refuses_other_settings_and_leaves_what_was(capsys, here, npz):
    main(['compare', *brief, '--data', npz()])
    capsys.readouterr()
    before = {o.name: o.read_bytes() for o in (here/'compare').iterdir()}
    for args, rule in ((['--epochs', '2'], '`epochs` must be 1 as in the comparison'), (['--seeds', '3'], '`seeds` must be 1'), (['--arch', 'resnet9'], '`arch`'),
                       (['--methods', 'none'], '`methods`'), (['--out', 'new'], '`out` must be left out with `resume`')):
        assert rule in refused(capsys, 'compare', '--resume', 'compare', '--data', npz(), *args)
    assert '`name` must be' in refused(capsys, 'compare', '--resume', 'compare')
    assert {o.name: o.read_bytes() for o in (here/'compare').iterdir()} == before


@pytest.mark.parametrize('content, rule', [(None, 'No such file'), ('', 'Expecting value'), ('[]', 'it lacks settings'), ('{"settings": {}}', 'it lacks settings'),
                                           ('{"settings": 1, "data": {}, "runs": [], "sittings": []}', 'it lacks settings'), ('\xff', ''),
                                           ('{"settings": {"color": 1}, "data": {}, "runs": [], "sittings": []}', 'color is no setting'),
                                           ('{"settings": {"epochs": "x"}, "data": {}, "runs": [], "sittings": []}', '`epochs` must be a positive int')])
def test_resume_of_what_is_no_comparison_is_refused(capsys, here, content, rule):
    (here/'old').mkdir()
    if content is not None: (here/'old/compare.json').write_text(content, encoding='latin-1')
    assert rule in refused(capsys, 'compare', '--resume', 'old')
    assert [o.name for o in here.rglob('*')] == ['old'] + ['compare.json']*(content is not None)


def test_layout_reaches_the_arrays(capsys, here, npz):
    import numpy as np
    x = np.random.default_rng(0).integers(0, 256, (96, 8, 8, 16), dtype=np.uint8)
    path = npz(x_train=x, x_test=x[:50])
    assert 'or a `layout` of NCHW or NHWC' in refused(capsys, 'compare', *quick, '--data', path)
    assert main(['compare', *quick, '--seeds', '1', '--methods', 'none', '--data', path, '--layout', 'NHWC']) == 0
    assert kept(here)['data']['shape'] == [16, 8, 8]


def test_layout_without_arrays_is_refused(capsys, here):
    assert '`layout` must be left out where `data` is no .npz file' in refused(capsys, 'compare', '--layout', 'NHWC')


def test_a_stopped_comparison_is_not_written_over(capsys, here, npz, monkeypatch):
    args = ['compare', *brief, '--data', npz()]
    with monkeypatch.context() as patched:
        stop_in(patched, 3)
        main(args)
    stopped = kept(here)
    assert main(args) == 0
    assert json.loads((here/'compare/compare.stopped.json').read_text()) == stopped
    assert kept(here)['finished']
    assert 'its numbers are in compare.stopped.json now' in capsys.readouterr().err
