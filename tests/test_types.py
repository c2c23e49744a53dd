"Types: mypy has nothing to say about the package, and helps who uses it."
import ast, re, shutil, subprocess, sys, sysconfig, venv
from pathlib import Path

import pytest
from conftest import root
from mypy import api

pytestmark = pytest.mark.slow
cases = root/'tests/cases'
cache = root/'.mypy_cache'  # of both: most of the time goes into reading torch


def mypy(*args):
    out, err, rc = api.run([f'--cache-dir={cache}', '--no-error-summary', '--hide-error-context', *map(str, args)])
    assert rc < 2, out+err
    assert not err, out+err
    return out.splitlines()


def test_package():
    assert mypy(f'--config-file={root/"pyproject.toml"}', root/'mixcourse') == []


@pytest.fixture(scope='module')
def python(tmp_path_factory):
    "Python with the package installed, and all else from here"
    home = tmp_path_factory.mktemp('types')/'venv'
    venv.create(home, symlinks=sys.platform != 'win32')
    python = home/('Scripts/python.exe' if sys.platform == 'win32' else 'bin/python')
    site = Path(subprocess.run([python, '-c', 'import sysconfig; print(sysconfig.get_path("purelib"))'], capture_output=True, text=True, check=True).stdout.strip())
    project = home.parent/'project'
    project.mkdir()
    for o in ('settings.ini', 'setup.py', 'pyproject.toml', 'README.md', 'LICENSE', 'MANIFEST.in'): shutil.copy(root/o, project)
    shutil.copytree(root/'mixcourse', project/'mixcourse', ignore=shutil.ignore_patterns('__pycache__'))
    cmd = [sys.executable, '-m', 'pip', 'install', '-q', '--no-deps', '--no-build-isolation', '--no-index', '--target', site, project]
    subprocess.run([str(o) for o in cmd], check=True)
    (site/'here.pth').write_text(sysconfig.get_path('purelib'))
    return python


# What `mypy --strict` sets, for these files only, so that torch and others are read once for all tests
strict_options = ('disallow_any_generics', 'disallow_subclassing_any', 'disallow_untyped_calls', 'disallow_untyped_defs', 'disallow_incomplete_defs',
                  'check_untyped_defs', 'disallow_untyped_decorators', 'warn_return_any', 'no_implicit_reexport', 'strict_equality', 'extra_checks')


@pytest.fixture(scope='module')
def said(python, tmp_path_factory):
    "What mypy says of all cases, line by line"
    config = python.parent/'mypy.ini'
    config.write_text(f'[mypy]\npython_executable = {python}\nignore_missing_imports = true\n[mypy-mixcourse.*]\nignore_missing_imports = false\n[mypy-anywidget.*]\nfollow_imports = skip\n'
                      '[mypy-typed,mistyped]\n' + ''.join(f'{o} = true\n' for o in strict_options))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp('empty'))  # mypy takes what lies in the current folder first
        return mypy(f'--config-file={config}', cases/'typed.py', cases/'mistyped.py')


def test_users_get_types(said):
    "From what is installed: py.typed is there, and star imports are understood"
    assert [o for o in said if 'mistyped.py' not in o] == []


def test_users_are_told(said):
    wanted = [(i, o.rpartition('# ')[2]) for i, o in enumerate((cases/'mistyped.py').read_text().splitlines(), 1) if '  # ' in o]
    found = [re.fullmatch(r'.+?mistyped\.py:(\d+): error: .+ \[([\w-]+)\]', o) for o in said if ': error:' in o]
    assert [(int(o[1]), o[2]) for o in found] == wanted


def imports(path):
    return {(o.module, a.name) for o in ast.walk(ast.parse(path.read_text(encoding='utf-8'))) if isinstance(o, ast.ImportFrom) and o.module for a in o.names}


def test_stub_says_what_the_module_does():
    "mypy reads all.pyi, Python reads all.py, which also names modules, for their `__all__`"
    names = {(module, o) for module, o in imports(root/'mixcourse/all.py') if not (root/'mixcourse'/module/f'{o}.py').exists()}
    assert imports(root/'mixcourse/all.pyi') == names
