"A chapter opened in Colab installs the state of the repository that its badge names."
import json, os, re, shutil, subprocess, sys, venv
from pathlib import Path

import pytest
from conftest import root
from test_packaging import copy_project, settings, version

repo = '{user}/{repo}'.format(**settings)
chapters = sorted((root/'nbs/chapters').glob('*.ipynb'))
ids = [o.stem for o in chapters]


def cells(path): return json.loads(path.read_text(encoding='utf-8'))['cells']


def source(cell): return ''.join(cell['source'])


def badge(path): return source(cells(path)[1]).splitlines()[0]


def install(path): return source(next(o for o in cells(path) if o['cell_type'] == 'code'))


def ref_of(path): return re.search(r'@(\S+)$', install(path))[1]


def lead(project, *args): return subprocess.run([sys.executable, project/'nbs/colab.py', *args], capture_output=True, text=True)


def test_the_ref_is_main_or_this_release(): assert ref_of(chapters[0]) in ('main', f'v{version()}')


@pytest.mark.parametrize('path', chapters, ids=ids)
def test_badge_opens_this_chapter(path):
    url = f'https://colab.research.google.com/github/{repo}/blob/{ref_of(chapters[0])}/nbs/chapters/{path.name}'
    assert badge(path) == f'<a href="{url}"><img src="colab.svg" alt="Open in Colab"></a>'


@pytest.mark.parametrize('path', chapters, ids=ids)
def test_first_cell_installs_what_the_badge_names(path):
    assert install(path) == f"""#| hide
from importlib.util import find_spec
if not find_spec('mixcourse'):
    %pip install -q git+https://github.com/{repo}@{ref_of(chapters[0])}"""


def test_other_pages_name_the_same_address():
    said = re.findall(r'pip install (?:-q )?(git\+\S+?)(?:@\w+)?[`\s"]', (root/'nbs/index.ipynb').read_text(encoding='utf-8') + (root/'README.md').read_text(encoding='utf-8'))
    assert said and set(said) == {f'git+https://github.com/{repo}'}


def test_a_release_leads_to_its_tag(tmp_path):
    project = copy_project(tmp_path/'project')
    assert lead(project, 'v9.8.7').returncode == 0
    path = project/'nbs/chapters'/chapters[0].name
    assert ref_of(path) == 'v9.8.7' and '/blob/v9.8.7/nbs/' in badge(path)
    assert lead(project, ref_of(chapters[0])).returncode == 0
    assert path.read_bytes() == chapters[0].read_bytes(), 'and back, to the byte'


@pytest.mark.parametrize('args', [[], ['main', 'again'], ["main'; import os"]])
def test_a_slip_changes_nothing(args):
    before = [o.read_bytes() for o in chapters]
    assert lead(root, *args).returncode
    assert [o.read_bytes() for o in chapters] == before


@pytest.fixture(scope='module')
def github(tmp_path_factory):
    "What the network answers: a repository whose tag and branch hold different versions"
    project = copy_project(tmp_path_factory.mktemp('github')/'project')
    init = project/'mixcourse/__init__.py'
    def git(*args):
        who = ['-c', 'user.name=a', '-c', 'user.email=a@b', '-c', 'commit.gpgsign=false']
        subprocess.run(['git', *who, *args], cwd=project, check=True, capture_output=True)
    def commit(number):
        init.write_text(re.sub('__version__ = ".+"', f'__version__ = "{number}"', init.read_text()))
        git('add', '-A')
        git('commit', '-qm', number)
    git('init', '-qb', 'main')
    commit('9.8.7')
    git('tag', 'v9.8.7')
    commit('9.9.0')
    return project


@pytest.fixture(scope='module')
def clean(tmp_path_factory):
    "A Python that has all that mixcourse needs, and not mixcourse"
    folder = tmp_path_factory.mktemp('clean')
    venv.create(folder/'env', with_pip=True)
    python = folder/'env/bin/python' if os.name != 'nt' else folder/'env/Scripts/python.exe'
    site = Path(subprocess.run([python, '-c', 'import sysconfig; print(sysconfig.get_path("purelib"))'], capture_output=True, text=True, check=True).stdout.strip())
    for o in site.glob('*setuptools*'): shutil.rmtree(o)  # Python 3.11 brings one that is too old
    for path in map(Path, sys.path):
        if path.name != 'site-packages': continue
        for o in path.iterdir():
            ours = 'mixcourse' in o.name or o.name.startswith('__editable__')
            if not ours and o.suffix != '.pth' and not (site/o.name).exists(): (site/o.name).symlink_to(o)
    return python


@pytest.mark.slow
@pytest.mark.parametrize('ref,number', [('main', '9.9.0'), ('v9.8.7', '9.8.7')])
def test_the_cell_installs_that_state(clean, github, tmp_path, ref, number):
    "The cell as it stands in the notebook, run by IPython; git is told where the address leads"
    project = copy_project(tmp_path/'project')
    assert lead(project, ref).returncode == 0
    path = project/'nbs/chapters'/chapters[0].name
    (tmp_path/'cell.ipy').write_text(install(path) + '\nimport mixcourse; print("has", mixcourse.__version__)')
    subprocess.run([clean, '-m', 'pip', 'uninstall', '-qy', 'mixcourse'], capture_output=True)
    env = {k: v for k, v in os.environ.items() if not k.startswith(('PYTHON', 'PIP_', 'IN_TEST'))}
    env |= {'PIP_NO_INDEX': '1', 'PIP_NO_DEPS': '1', 'PIP_NO_BUILD_ISOLATION': '0', 'PIP_DISABLE_PIP_VERSION_CHECK': '1', 'IPYTHONDIR': str(tmp_path),
            'GIT_CONFIG_COUNT': '1', 'GIT_CONFIG_KEY_0': f'url.{github.as_uri()}.insteadOf', 'GIT_CONFIG_VALUE_0': f'https://github.com/{repo}'}
    res = subprocess.run([clean, '-m', 'IPython', tmp_path/'cell.ipy'], cwd=tmp_path, env=env, capture_output=True, text=True)
    assert f'has {number}' in res.stdout, res.stdout[-2000:] + res.stderr[-2000:]
