"What all tests share."
import gc, os, random, shutil, sys
from pathlib import Path

import pytest
from browser.harness import chrome, site  # noqa: F401  fixtures
from browser.jupyter import jupyter  # noqa: F401

os.environ.setdefault('OMP_NUM_THREADS', '1')  # read by torch when it is imported

root = Path(__file__).resolve().parent.parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    "What opens a browser is slow. A file stays with one worker, which makes its fixtures once, but for tests marked `alone`, or with a group of their own"
    for item in items:
        if {'chrome', 'jupyter'} & set(getattr(item, 'fixturenames', ())): item.add_marker(pytest.mark.slow)
    if not config.getoption('loadgroup', False): return
    for item in items:
        if not any(item.get_closest_marker(o) for o in ('alone', 'xdist_group')): item.add_marker(pytest.mark.xdist_group(item.path.stem))


def pytest_collection_finish():
    "What was imported stays until the end: the collector need not look through all of it again and again"
    gc.freeze()


def pytest_runtest_setup(item):
    if item.get_closest_marker('quarto') and not shutil.which('quarto'): pytest.skip('no quarto on the PATH')
    if item.get_closest_marker('gpu'):
        import torch
        if not torch.cuda.is_available(): pytest.skip('no CUDA device')


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    "On CI a check that cannot run is a failure, unless what it lacks is a GPU or Quarto."
    rep = yield
    excused = any(item.get_closest_marker(o) for o in ('gpu', 'quarto')) or hasattr(rep, 'wasxfail')
    if rep.skipped and not excused and os.environ.get('CI') == 'true':
        rep.outcome, rep.longrepr = 'failed', f'cannot run here: {call.excinfo.value}'
    return rep


@pytest.fixture(autouse=True)
def seed():
    "Each test starts from the same random state, whichever tests ran before it."
    random.seed(0)
    if 'numpy' in sys.modules: sys.modules['numpy'].random.seed(0)
    if 'torch' in sys.modules: sys.modules['torch'].manual_seed(0)


@pytest.fixture(scope='session')
def once(tmp_path_factory, request):
    "`once(name, make)` is a path that `make(folder)` returned: for all workers of a session, one of them calls it"
    from filelock import FileLock
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if hasattr(request.config, 'workerinput') else base
    def get(name, make):
        with FileLock(shared/f'{name}.lock'):
            note = shared/f'{name}.path'
            if not note.exists():
                (shared/name).mkdir()
                note.write_text(str(make(shared/name)))
        return Path(note.read_text())
    return get


@pytest.fixture(scope='session')
def forks(tmp_path_factory):
    "This Python with fastai imported: `forks.run('-c', code, cwd=folder)` is as quick as `code`"
    from forks import Forks
    res = Forks(sys.executable, ['fastai.vision.all'], tmp_path_factory.mktemp('forks'), dict(os.environ))
    yield res
    res.close()
