"Importing costs next to nothing beside fastai, and the command line answers at once. Ratios, for machines differ."
import json, os, subprocess, sys

import pytest

pytestmark = pytest.mark.slow
env = {**os.environ, 'PYTHONWARNINGS': 'ignore'}


def cpu_seconds(*args):
    "Processor time of a Python process: what else the machine does hardly counts"
    before = os.times()
    subprocess.run([sys.executable, *args], check=True, env=env, capture_output=True)
    after = os.times()
    return after.children_user+after.children_system-before.children_user-before.children_system


def imports(code):
    "Seconds of processor time of fastai's star import and of `code` after it, in one process"
    code = f'import time, json; t0 = time.process_time(); from fastai.vision.all import *; t1 = time.process_time(); {code}; print(json.dumps([t1-t0, time.process_time()-t1]))'
    return json.loads(subprocess.run([sys.executable, '-c', code], check=True, env=env, capture_output=True, text=True).stdout.splitlines()[-1])


def test_star_import_adds_a_twentieth_at_most():
    shares = (b/a for a, b in (imports('from mixcourse.all import *') for _ in range(3)))
    assert any(o < .05 for o in shares)  # one quiet moment of three


heavy = 'timm', 'kornia', 'keras', 'triton', 'mixcourse.mixing._cuda', 'mixcourse.mixing._kernels', 'mixcourse.bench', 'accelerate'


def test_no_compiler_is_imported():
    "Triton and the other libraries of the benchmark come in when they are used"
    look = f'print(*[o for o in {heavy} if o in sys.modules]); '
    code = f"import sys, mixcourse.mixing; {look} print('fastai' in sys.modules); import mixcourse.callback; {look}"
    out = subprocess.run([sys.executable, '-c', code], check=True, env=env, capture_output=True, text=True).stdout
    assert out.splitlines() == ['', 'False', '']


def test_help_answers_at_once():
    "In less than half the time in which Python imports PyTorch, and that without it"
    assert min(cpu_seconds('-m', 'mixcourse.cli', '--help') for _ in range(3)) < cpu_seconds('-c', 'import torch')/4
    code = "import sys; sys.argv = ['mixcourse', '--help']\ntry: from mixcourse.cli import main; main()\nexcept SystemExit: pass\nprint('torch' in sys.modules, 'fastai' in sys.modules)"
    assert subprocess.run([sys.executable, '-c', code], check=True, env=env, capture_output=True, text=True).stdout.split()[-2:] == ['False', 'False']
