"The command: answers at once, refuses in one line, leaves nothing behind or everything that was finished."
import json, os, re, subprocess, sys

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from mixcourse.compare import run, statistics
from mixcourse.cli import main
from mixcourse.compare.settings import Settings

from mixcourse.compare.report import show_number
from test_report import table_numbers


@pytest.fixture
def here(tmp_path, monkeypatch):
    "An empty current folder"
    (tmp_path/'here').mkdir()
    monkeypatch.chdir(tmp_path/'here')
    return tmp_path/'here'


@pytest.fixture
def npz(tmp_path):
    def save(**kw):
        x, y = load_digits(return_X_y=True)
        x = (x.reshape(-1, 8, 8)*15).astype(np.uint8)
        np.savez(tmp_path/'my.npz', **{**dict(x_train=x[:96], y_train=y[:96], x_test=x[96:146], y_test=y[96:146]), **kw})
        return str(tmp_path/'my.npz')
    return save


quick = '--epochs', '1', '--seeds', '2', '--methods', 'none,cutmix', '--device', 'cpu', '--bs', '16'


def refused(capsys, *args):
    "The one line that `mixcourse` says"
    with pytest.raises(SystemExit) as e: main(list(args))
    out, err = capsys.readouterr()
    assert e.value.code == 2 and not out and re.fullmatch(r'mixcourse( compare)?: .+\n', err), err
    return err.partition(': ')[2].strip()


# at once

loaded = 'import sys, mixcourse.cli as c\ntry: c.main({})\nexcept SystemExit: pass\nprint(sorted({{"torch", "fastai", "numpy", "matplotlib", "fastcore"}} & sys.modules.keys()), file=sys.stderr)'


@pytest.mark.parametrize('args', [['--help'], ['--version'], ['compare', '--help'], ['compare', '--epochs', '0'], ['compare', '--data', 'none.npz']])
def test_nothing_heavy_is_imported(args):
    res = subprocess.run([sys.executable, '-c', loaded.format(args)], capture_output=True, text=True)
    assert res.stderr.splitlines()[-1] == '[]', res.stderr


def test_help_names_every_setting(capsys):
    with pytest.raises(SystemExit) as e: main(['compare', '--help'])
    text = capsys.readouterr().out
    assert e.value.code == 0
    assert all(f'--{o}' in text for o in [*Settings.__dataclass_fields__, 'data', 'out', 'json'])


def test_version(capsys):
    with pytest.raises(SystemExit) as e: main(['--version'])
    assert e.value.code == 0
    assert re.fullmatch(r'mixcourse \d+\.\d+\.\d+\n', capsys.readouterr().out)


# refused

wrong = [
    ([], 'the following arguments are required: command'), (['train'], "invalid choice: 'train'"), (['compare', 'mixup'], 'unrecognized arguments: mixup'),
    (['compare', '--epoch', '3'], 'unrecognized arguments: --epoch 3'), (['compare', '--epochs', 'x'], "invalid int value: 'x'"),
    (['compare', '--epochs', '0'], '`epochs` must be a positive int, got 0'), (['compare', '--seeds', '-1'], '`seeds`'), (['compare', '--noise', '1'], '`noise` must be in [0,1), got 1.0'),
    (['compare', '--noise', 'nan'], '`noise`'), (['compare', '--alpha', '-1'], '`alpha` must be finite and >= 0, got -1.0'), (['compare', '--lr', '0'], '`lr`'),
    (['compare', '--methods', 'none,mixap'], "`methods` must be of none, mixup, cutmix, cutout, randommix, manifold, got 'mixap'"), (['compare', '--methods', ''], '`methods`'),
    (['compare', '--arch', 'resnet19'], "`arch` must be cnn or a model of"), (['compare', '--device', 'tpu'], '`device`'), (['compare', '--labels', '5'], '`labels` must be between 10 and'),
    (['compare', '--bf16', '--device', 'cpu'], '`bf16`'), (['compare', '--data', 'none.npz'], 'none.npz: no such file or folder'),
    (['compare', '--data', ''], "'': no such file or folder"), (['compare', '--data', 'a'*5000], 'no such file or folder'),
]


@pytest.mark.parametrize('args, says', wrong, ids=[' '.join(a)[:40] for a, _ in wrong])
def test_wrong_options(capsys, here, args, says):
    assert says in refused(capsys, *args)
    assert not list(here.iterdir())


@pytest.mark.parametrize('kw, says', [(dict(y_test=np.zeros(3, int)), '`y_test` must have a label for each picture'), (dict(x_train=np.zeros((96, 8, 8), int)), '`x_train` must be uint8 or float'),
                                      (dict(x_train=np.array([None])), '`x_train` must be a readable array')])
def test_wrong_arrays(capsys, here, npz, kw, says):
    assert says in refused(capsys, 'compare', '--data', npz(**kw))
    assert not list(here.iterdir())


def test_wrong_files_and_folders(capsys, here):
    (here/'text.npz').write_text('x')
    (here/'photos').mkdir()
    assert 'must be an .npz file' in refused(capsys, 'compare', '--data', 'text.npz')
    assert 'must have a folder `train`' in refused(capsys, 'compare', '--data', 'photos')
    assert sorted(o.name for o in here.iterdir()) == ['photos', 'text.npz']


@pytest.mark.parametrize('out', ['text', 'text/new', '/proc/new' if os.path.exists('/proc/self') else 'text/x'])
def test_out_that_cannot_be_written(capsys, here, out, monkeypatch):
    (here/'text').touch()
    monkeypatch.setattr(run.Comparison, 'run', lambda self: pytest.fail('trained'))
    assert '`out` must be a folder that can be written to' in refused(capsys, 'compare', '--out', out)
    assert [o.name for o in here.iterdir()] == ['text']


@pytest.mark.slow
def test_one_line_from_a_real_process(here, npz):
    "Nothing of what other packages have to say when they are imported"
    res = subprocess.run([sys.executable, '-m', 'mixcourse.cli', 'compare', '--data', npz(y_train=np.zeros(96, int))], capture_output=True, text=True)
    assert res.returncode == 2
    assert not res.stdout
    assert not list(here.iterdir())
    assert re.fullmatch(r'mixcourse compare: \S+my.npz: `y_train` must have two classes or more, got \[0\]\n', res.stderr)


# runs

@pytest.mark.slow
def test_compare(capsys, here, npz):
    assert main(['compare', *quick, '--data', npz(), '--out', 'a/b']) == 0
    out, err = capsys.readouterr()
    assert sorted(o.name for o in (here/'a/b').iterdir()) == ['compare.csv', 'compare.json', 'compare.png']
    res = json.loads((here/'a/b/compare.json').read_text())
    assert res['finished']
    assert len(res['runs']) == 8
    assert res['data']['name'] == 'my.npz'
    assert res['settings']['labels'] == 96
    means = {(r['method'], r['measure']): show_number(r['measure'], r['mean']) for r in res['summary']}
    assert {m: [v for v, _ in row] for m, row in table_numbers(out).items()} == {m: [means[m, k] for k in statistics.MEASURES] for m in ('none', 'cutmix')}
    assert 'seed 2 of 2: cutmix, noisy' in err
    assert 'a/b/compare.png' in out


@pytest.mark.slow
def test_compare_on_a_folder(capsys, here):
    rng = np.random.default_rng(0)
    for part, n in (('train', 12), ('val', 4)):
        for cls in ('ant', 'bee'):
            (here/'photos'/part/cls).mkdir(parents=True)
            for i in range(n): Image.fromarray(rng.integers(0, 256, (9, 8, 3), dtype=np.uint8)).save(here/'photos'/part/cls/f'{i}.png')
    assert main(['compare', *quick, '--seeds', '1', '--data', 'photos', '--noise', '0.25']) == 0
    out, _ = capsys.readouterr()
    assert out.startswith('photos, cnn, 1 epoch, 1 seed, ')
    assert 'all 24 labels' in out
    assert '25% wrong labels' in out
    assert 'FGSM 0.031' in out


@pytest.mark.slow
def test_json_alone_on_standard_output(capsys, here, npz):
    assert main(['compare', *quick, '--data', npz(), '--json']) == 0
    out, err = capsys.readouterr()
    assert json.loads(out) == json.loads((here/'compare/compare.json').read_text())
    assert 'seed 1 of 2' in err


@pytest.mark.slow
def test_results_replace_older_ones(here, npz):
    (here/'compare').mkdir()
    (here/'compare/compare.csv').write_text('old')
    (here/'compare/mine.txt').write_text('mine')
    main(['compare', *quick, '--data', npz()])
    assert 'old' not in (here/'compare/compare.csv').read_text()
    assert (here/'compare/mine.txt').read_text() == 'mine'
