"Every chapter runs from the wheel, in an empty folder, with nothing but what users get."
import os, re, shutil, subprocess, sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import numpy as np
import pytest
from conftest import root
from forks import Forks
from packaging.requirements import Requirement
from PIL import Image
from test_course import cells, chapters, lessons, source
from test_packaging import build, copy_project, settings

pytestmark = pytest.mark.slow
hidden = 'PYTHONPATH', 'IN_TEST'  # from users


def needed(requirements, seen):
    "Installed distributions that `requirements` come to, with all that those need"
    for o in map(Requirement, requirements):
        key = o.name.lower().replace('_', '-')
        if key in seen or o.marker and not o.marker.evaluate({'extra': ''}): continue
        try: seen[key] = distribution(o.name)
        except PackageNotFoundError: continue  # for another system
        needed(seen[key].requires or [], seen)
    return seen


def link_packages(site):
    "What the package requires, as links to what is installed here"
    for d in needed(settings['requirements'].split(), {}).values():
        tops = {o.parts[0] for o in d.files or [] if o.parts[0] not in ('..', '__pycache__')}
        for o in tops:
            if not (site/o).exists(): (site/o).symlink_to(d.locate_file(o))


def make_environment(tmp):
    "A fresh one with the wheel and what it requires, and nothing else; its `python`"
    wheel = next(build(copy_project(tmp/'project'), tmp/'out', '--wheel').glob('*.whl'))
    subprocess.run([sys.executable, '-m', 'venv', '--without-pip', tmp/'env'], check=True)
    python = tmp/'env/bin/python'
    site = Path(subprocess.check_output([python, '-c', 'import sysconfig; print(sysconfig.get_path("purelib"))'], text=True).strip())
    link_packages(site)
    subprocess.run([sys.executable, '-m', 'pip', '--python', python, 'install', '-q', '--no-deps', '--no-index', wheel], check=True)
    (site/'google').mkdir(exist_ok=True)
    (site/'google/colab.py').write_text('class output:\n    @staticmethod\n    def enable_custom_widget_manager(): pass\n')
    return python


@pytest.fixture(scope='session')
def user_python(once):
    "Made by one of the workers, for all"
    return once('user', make_environment)


@pytest.fixture(scope='session')
def user_forks(user_python, tmp_path_factory):
    "That Python with what chapters import, ready for one"
    tmp = tmp_path_factory.mktemp('forks')
    env = {k: v for k, v in os.environ.items() if k not in hidden} | dict(OMP_NUM_THREADS='1', HOME=str(tmp))
    res = Forks(user_python, ['fastai.vision.all', 'mixcourse.all', 'mixcourse.teach.lesson', 'IPython.core.interactiveshell'], tmp, env)
    yield res
    res.close()


def save_noise(file, i, k):
    "The same in every run: what a chapter makes of it must not be luck"
    noise = np.random.default_rng([i, k]).normal(128, 60, (16, 16)).clip(0, 255).astype('uint8')
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(noise).convert('RGB').point(lambda v: (v*(i+3)//12 + k) % 256).save(file)


def small_pets(path):
    (path/'annotations').mkdir(parents=True)
    for part, n in (('trainval', 28), ('test', 3)):
        rows = [f'class{i}_{part}{k}' for i in range(10) for k in range(n)]
        (path/f'annotations/{part}.txt').write_text('\n'.join(f'{o} 1 1 1' for o in rows))
        for j, o in enumerate(rows): save_noise(path/f'images/{o}.jpg', j//n, j)


def small_folders(path, test):
    for part, n in (('train', 28), (test, 3)):
        for i in range(10):
            for k in range(n): save_noise(path/part/f'class{i}'/f'{k}.png', i, k)


def small_data(kind, path):
    "A few pictures in the folders that fastai would have downloaded"
    if kind == 'pets': small_pets(path)
    else: small_folders(path, 'val' if kind == 'imagenette' else 'test')
    return path


def attempts():
    "Each chapter on its own data, and on one of the others"
    for i, p in enumerate(chapters):
        yield p, None
        if re.search(r"^DATA = '", '\n'.join(source(c) for c in cells(p, 'code')), re.M): yield p, ('cifar10', 'imagenette', 'pets')[i % 3]


@pytest.fixture
def run_chapter(user_forks, tmp_path):
    def run(path, data):
        args = [data, small_data(data, tmp_path/'data')] if data else []
        shutil.copy(path, tmp_path)
        (tmp_path/'empty').mkdir()
        script = root/'tests/course/run_chapter.py'
        return user_forks.run(script, tmp_path/path.name, *args, cwd=tmp_path/'empty', env=dict(HOME=str(tmp_path/'empty')))
    return run


@pytest.mark.alone
@pytest.mark.parametrize('path,data', list(attempts()), ids=lambda o: getattr(o, 'stem', o))
def test_chapter_runs_from_the_wheel(run_chapter, path, data):
    "With the packages that a user gets; then each solution passes its own check"
    res = run_chapter(path, data)
    assert not res.returncode, (res.stdout+res.stderr)[-3000:]
    if path in lessons and not data: assert int(re.findall(r'(\d+) solutions', res.stdout)[-1]) >= 3


def test_user_environment_is_bare(user_python):
    "It has neither the tools of the developer nor the repository"
    code = 'import importlib.util as u, mixcourse; print([o for o in ("nbdev", "pytest", "playwright", "timm") if u.find_spec(o)], mixcourse.__file__)'
    out = subprocess.check_output([user_python, '-c', code], text=True, cwd=user_python.parent, env={k: v for k, v in os.environ.items() if k not in hidden})
    assert out.startswith('[] ')
    assert str(root) not in out


def test_a_chapter_that_fails_is_seen(user_forks, tmp_path):
    (tmp_path/'bad.ipynb').write_text('{"cells": [{"cell_type": "code", "id": "a", "source": ["1/0"]}]}')
    res = user_forks.run(root/'tests/course/run_chapter.py', tmp_path/'bad.ipynb', cwd=tmp_path)
    assert res.returncode == 1
    assert 'cell 0 failed' in res.stderr
    assert 'ZeroDivisionError' in res.stdout
