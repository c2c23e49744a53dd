"What all tests share."
import os, random, shutil, sys
from pathlib import Path

import pytest
from browser.harness import chrome, site  # noqa: F401  fixtures
from browser.jupyter import jupyter  # noqa: F401

os.environ.setdefault('OMP_NUM_THREADS', '1')  # read by torch when it is imported

root = Path(__file__).resolve().parent.parent


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
