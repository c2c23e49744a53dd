"The course: every chapter has its parts, runs from the wheel with nothing but what users get, and says only what its runs showed."
import json, os, re, shutil, subprocess, sys
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from conftest import root
from packaging.requirements import Requirement
from PIL import Image
from test_packaging import build, copy_project, settings

from mixcourse.teach.bank import Question, find

folder = root/'nbs/chapters'
chapters = sorted(folder.glob('*.ipynb'))
lessons = [p for p in chapters if p.stem[3:] not in ('capstone', 'cards')]
name = dict(ids=lambda p: p.stem)


def cells(path, kind=None): return [c for c in json.loads(path.read_text(encoding='utf-8'))['cells'] if kind in (None, c['cell_type'])]
def source(c): return ''.join(c['source'])
def prose(path): return '\n\n'.join(source(c) for c in cells(path, 'markdown'))
def section(path, title): return re.split(r'^## ', prose(path).partition(f'## {title}\n')[2], flags=re.M)[0]


# parts

def test_chapters_are_in_order():
    assert [p.stem[:2] for p in chapters] == [f'{i:02}' for i in range(1, len(chapters)+1)] and len(lessons) >= 10
    for p, after in zip(chapters, chapters[1:]): assert f']({after.name})' in prose(p).splitlines()[-1], f'{p.name} does not lead on'


@pytest.mark.parametrize('path', chapters, **name)
def test_import_cells_hold_imports_only(path):
    "nbdev executes them when it builds the site"
    for c in cells(path, 'code')[1:]:
        lines = [o for o in source(c).splitlines() if o and not o.startswith('#') and o != 'figure_style()']
        imports = [re.match(r'(from [\w.]+ )?import ', o) is not None for o in lines]
        assert all(imports) or not any(imports), source(c)


@pytest.mark.parametrize('path', lessons, **name)
def test_lesson_has_its_parts(path):
    aims = re.search(r'\*\*After this chapter you can\*\*\n\n((?:- .+\n?)+)', prose(path))
    assert aims and 3 <= len(aims[1].strip().splitlines()) <= 5
    parts = [o for o in re.findall(r'^## (.+)', prose(path), re.M)]
    assert [o for o in parts if o != 'Recap'][-4:] == ['Quiz', 'Key insight', 'Exercises', 'Papers'] and len(parts) >= 7
    if 'Recap' in parts: assert len(re.findall(r'^- ', section(path, 'Recap'), re.M)) == 5, 'five sentences to recite'
    assert re.fullmatch(r'\*\*[^.]+(\.\d[^.]*)*\.\*\*', section(path, 'Key insight').strip()), 'one sentence, in bold'
    assert section(path, 'Exercises').count('<summary>Solution</summary>') == len(re.findall(r'^\*\*\d\. ', section(path, 'Exercises'), re.M)) >= 3
    assert 'https://arxiv.org/abs/' in section(path, 'Papers')


@pytest.mark.parametrize('path', lessons, **name)
def test_lesson_ends_in_a_quiz_of_eight(path):
    names = [s for c in cells(path, 'code') for args in re.findall(r'^quiz\((.*)\)$', source(c), re.M) for s in re.findall(r"'([\w.]+)'", args)]
    assert len(find(*names, cls=Question)) >= 8


@pytest.mark.parametrize('path', chapters, **name)
def test_lesson_holds_no_tests(path):
    "What a page says of its run is checked from tests/course, in the file of its name, after the cell of an id"
    hidden = [source(c) for c in cells(path, 'code')[1:] if source(c).startswith('#| hide') or re.search(r'^ *assert ', source(c), re.M)]
    assert hidden == []
    checks = root/f'tests/course/{path.stem}.py'
    asked = re.findall(r'^# %% after ([\w-]+)$', checks.read_text(encoding='utf-8'), re.M) if checks.exists() else []
    assert set(asked) <= {c['id'] for c in cells(path, 'code')}
    assert len(set(asked)) == len(asked)


@pytest.mark.parametrize('path', chapters, **name)
def test_cells_are_short(path):
    long = [source(c) for c in cells(path, 'code') if sum(bool(o.strip()) and not o.startswith(('#|', '%')) for o in source(c).splitlines()) > 10]
    assert long == []


@pytest.mark.parametrize('path', chapters, **name)
def test_code_fits_the_column(path):
    "88 columns, so that no line wraps on the page; links in what is hidden may be longer"
    wide = [o for c in cells(path, 'code') if not source(c).startswith('#| hide') for o in source(c).splitlines() if len(o) > 88 and not o.startswith('#| ')]
    assert wide == []


@pytest.mark.parametrize('path', chapters, **name)
def test_chapter_is_small_and_was_executed(path):
    assert path.stat().st_size <= 1_500_000
    assert any(c['outputs'] for c in cells(path, 'code'))


@pytest.mark.parametrize('path', chapters, **name)
def test_pictures_have_alt_text(path):
    for c in cells(path, 'code'):
        kinds = {k for o in c['outputs'] for k in o.get('data', {})}
        if kinds & {'image/png', 'image/jpeg', 'image/svg+xml'}:
            alt = re.match(r'(?:#\|.*\n)*#\| fig-alt: "(.+)"\n', source(c))
            assert alt and len(alt[1]) > 40 and not re.match(r'(an? )?(image|picture|plot|figure)\b', alt[1], re.I), source(c)
        for o in c['outputs']:
            imgs = re.findall(r'<img\b[^>]*>', ''.join(o.get('data', {}).get('text/html', '')))
            assert all(re.search(r'\balt="[^"]+"', o) for o in imgs), source(c)
    for c in cells(path, 'markdown'): assert not re.search(r'!\[\]', source(c))


@pytest.mark.parametrize('path', chapters, **name)
def test_questions_are_those_of_the_bank(path):
    "A chapter was executed again after its questions changed"
    from mixcourse.teach.questions import cards, myth, predict, quiz, repair
    makers = dict(cards=cards, myth=myth, predict=predict, quiz=quiz, repair=repair)
    for c in cells(path, 'code'):
        if not (m := re.fullmatch(r"(\w+)\(('[\w.]+'(?:, '[\w.]+')*)?\)", source(c).strip())) or m[1] not in makers: continue
        shown = [''.join(o['data']['text/html']) for o in c['outputs']]
        assert shown == [makers[m[1]](*re.findall(r"'([\w.]+)'", m[2] or '')).html(script_too=False)], source(c)


# numbers

def typed(text):
    "Percentages and decimals in prose, outside code, maths, links and what quotes a paper"
    text = text.partition('\n## Papers')[0]
    text = re.sub(r'```.*?```|`[^`]*`|\$[^$]*\$|\]\([^)]*\)|arXiv:[\d.]+|[Ss]ections? [\d.]+', '', text, flags=re.S)
    paragraphs = [o for o in re.split(r'\n\s*\n', text) if not re.search(r'\b(paper|Table|arXiv|quoted?)\b', o)]
    return [(n, o) for o in paragraphs for n in re.findall(r'(?<![\w.])\d+(?:\.\d+)? ?%|(?<![\w.])\d*\.\d+(?!\w|\.\d)', o)]


@pytest.mark.parametrize('path', chapters, **name)
def test_numbers_in_prose_are_settings_of_a_run(path):
    "What a run gave is printed by the run; prose may name what the code sets"
    code = ' '.join(source(c) for c in cells(path, 'code'))
    def number(s): return float(s.rstrip(' %'))/(100 if '%' in s else 1)
    settings = {float(o) for o in re.findall(r'(?<![\w.])\d*\.?\d+(?![\w.])', code)} | {0., .5, 1., .95}  # 95% is the interval that `versus` gives
    bad = [(n, o) for n, o in typed(prose(path)) if not any(abs(number(n)-s) < 1e-9 for s in settings)]
    assert bad == []


def test_typed_numbers_are_seen():
    assert [n for n, _ in typed('It is 97.3 % right, or .97.\n\nThe paper says 3 %.\n\n`x = .5` and 2 of 3.')] == ['97.3 %', '.97']


# spelling

def test_spelling():
    codespell = shutil.which('codespell', path=Path(sys.executable).parent)
    assert codespell, 'pip install codespell'
    texts = [*root.glob('*.md'), *(root/'mixcourse/teach/questions').glob('*.json'), *(root/'nbs').rglob('*.ipynb')]
    def words(p):
        if p.suffix != '.ipynb': return p.read_text(encoding='utf-8')
        return '\n'.join(source(c) for c in json.loads(p.read_text(encoding='utf-8'))['cells'])
    def misspelled(text):
        res = subprocess.run([codespell, '--builtin', 'clear,rare,en-GB_to_en-US', '--ignore-words-list', 'maths', '-'], input=text, capture_output=True, text=True)
        return res.stdout
    assert misspelled('the colour of teh labell') != ''
    assert {p.name: o for p in texts if (o := misspelled(words(p)))} == {}


# runs

def needed(requirements, seen):
    "Installed distributions that `requirements` come to, with all that those need"
    for o in map(Requirement, requirements):
        key = o.name.lower().replace('_', '-')
        if key in seen or o.marker and not o.marker.evaluate({'extra': ''}): continue
        try: seen[key] = distribution(o.name)
        except PackageNotFoundError: continue  # for another system
        needed(seen[key].requires or [], seen)
    return seen


@pytest.fixture(scope='module')
def user_python(tmp_path_factory):
    "A fresh environment with the wheel and what it requires, and nothing else"
    tmp = tmp_path_factory.mktemp('user')
    env, wheel = tmp/'env', next(build(copy_project(tmp/'project'), tmp/'out', '--wheel').glob('*.whl'))
    subprocess.run([sys.executable, '-m', 'venv', env], check=True)
    python = env/'bin/python'
    site = Path(subprocess.check_output([python, '-c', 'import sysconfig; print(sysconfig.get_path("purelib"))'], text=True).strip())
    for d in needed(settings['requirements'].split(), {}).values():
        tops = {o.parts[0] for o in d.files or [] if o.parts[0] not in ('..', '__pycache__')}
        for o in tops:
            if not (site/o).exists(): (site/o).symlink_to(d.locate_file(o))
    subprocess.run([python, '-m', 'pip', 'install', '-q', '--no-deps', '--no-index', wheel], check=True)
    (site/'google').mkdir(exist_ok=True)
    (site/'google/colab.py').write_text('class output:\n    @staticmethod\n    def enable_custom_widget_manager(): pass\n')
    return python


def small_data(kind, path):
    "A few pictures in the folders that fastai would have downloaded"
    classes = [f'class{i}' for i in range(10)]
    def save(file, i, k):
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.effect_noise((16, 16), 60).convert('RGB').point(lambda v: (v*(i+3)//12 + k) % 256).save(file)
    if kind == 'pets':
        for part, n in (('trainval', 28), ('test', 3)):
            rows = [f'{c}_{part}{k}' for c in classes for k in range(n)]
            (path/'annotations').mkdir(parents=True, exist_ok=True)
            (path/f'annotations/{part}.txt').write_text('\n'.join(f'{o} 1 1 1' for o in rows))
            for j, o in enumerate(rows): save(path/f'images/{o}.jpg', j//n, j)
    else:
        for part, n in (('train', 28), ('val' if kind == 'imagenette' else 'test', 3)):
            for i, c in enumerate(classes):
                for k in range(n): save(path/part/c/f'{k}.png', i, k)
    return path


def attempts():
    "Each chapter on its own data, and on one of the others"
    for i, p in enumerate(chapters):
        yield p, None
        if re.search(r"^DATA = '", '\n'.join(source(c) for c in cells(p, 'code')), re.M): yield p, ('cifar10', 'imagenette', 'pets')[i % 3]


attempts = list(attempts())


@pytest.fixture(scope='module')
def running(user_python, tmp_path_factory, request):
    "The chapters that this session asks for, two at a time"
    def run(path, data):
        tmp = tmp_path_factory.mktemp(path.stem, numbered=True)
        args = [data, str(small_data(data, tmp/'data'))] if data else []
        shutil.copy(path, tmp)
        (tmp/'empty').mkdir()
        env = {k: v for k, v in os.environ.items() if k not in ('PYTHONPATH', 'IN_TEST')} | dict(OMP_NUM_THREADS='1', HOME=str(tmp/'empty'))
        return subprocess.run([user_python, root/'tests/course/run_chapter.py', tmp/path.name, *args], cwd=tmp/'empty', env=env, capture_output=True, text=True)
    asked = [(o.callspec.params['path'], o.callspec.params['data']) for o in request.session.items if getattr(o, 'originalname', '') == 'test_chapter_runs_from_the_wheel']
    with ThreadPoolExecutor(2) as pool:
        yield {o: pool.submit(run, *o) for o in asked}
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize('path,data', attempts, ids=lambda o: getattr(o, 'stem', o))
def test_chapter_runs_from_the_wheel(running, path, data):
    "In an empty folder, with the packages that a user gets; then each solution passes its own check"
    res = running[path, data].result()
    assert not res.returncode, (res.stdout+res.stderr)[-3000:]
    if path in lessons and not data: assert int(re.findall(r'(\d+) solutions', res.stdout)[-1]) >= 3


def test_user_environment_is_bare(user_python):
    "It has neither the tools of the developer nor the repository"
    code = 'import importlib.util as u, mixcourse; print([o for o in ("nbdev", "pytest", "playwright", "timm") if u.find_spec(o)], mixcourse.__file__)'
    out = subprocess.check_output([user_python, '-c', code], text=True, cwd=user_python.parent, env={k: v for k, v in os.environ.items() if k != 'PYTHONPATH'})
    assert out.startswith('[] ') and str(root) not in out
