"What is installed: the metadata and its one source, wheel and sdist from the inside, the wheel in a fresh place."
import email, os, re, shutil, subprocess, sys, tarfile, zipfile
from configparser import ConfigParser

import pytest
from conftest import root
from nbdev.config import get_config
from packaging.licenses import canonicalize_license_expression

try: import tomllib
except ImportError: import tomli as tomllib

pytestmark = pytest.mark.slow
settings = ConfigParser(delimiters=['='])
settings.read(root/'settings.ini', encoding='utf-8')
settings = dict(settings['DEFAULT'])
pyproject = tomllib.loads((root/'pyproject.toml').read_text(encoding='utf-8'))
name = settings['lib_name']


def copy_project(dest):
    "The files that a build may see, without what git ignores"
    passing = shutil.ignore_patterns('.*', '__pycache__', '_proc', '_docs', 'build', 'dist', '*.egg-info')
    results = {'compare'}  # of `mixcourse compare`, in the top folder alone: a wing has that name, too
    def ignore(folder, names): return passing(folder, names) | (results if type(root)(folder) == root else set())
    return shutil.copytree(root, dest, ignore=ignore, symlinks=True)


def build(project, out, *args):
    cmd = [sys.executable, '-m', 'build', '--no-isolation', '--outdir', out, *args, project]
    res = subprocess.run([str(o) for o in cmd], capture_output=True, text=True)
    assert not res.returncode, res.stdout + res.stderr
    return out


@pytest.fixture(scope='module')
def project(tmp_path_factory):
    "A copy that has a file in each data folder"
    project = copy_project(tmp_path_factory.mktemp('dist')/'project')
    for o in ('teach/static', 'teach/questions'):
        (project/name/o).mkdir(exist_ok=True)
        (project/name/o/'probe.json').write_text('{}')
    return project


@pytest.fixture(scope='module')
def sources(project):
    "Its files, before anything was built"
    return {p.relative_to(project).as_posix() for p in project.rglob('*') if not p.is_dir()}


@pytest.fixture(scope='module')
def dist(project, sources): return build(project, project.parent/'out')


@pytest.fixture(scope='module')
def wheel(dist): return next(dist.glob('*.whl'))


@pytest.fixture(scope='module')
def meta(wheel):
    with zipfile.ZipFile(wheel) as z: return email.message_from_bytes(z.read(f'{name}-{version()}.dist-info/METADATA'))


def version(): return re.search(r'__version__ = "(.+)"', (root/name/'__init__.py').read_text())[1]


def members(wheel):
    with zipfile.ZipFile(wheel) as z: return {o for o in z.namelist() if not o.endswith('/')}


def test_metadata_comes_from_settings(meta):
    assert meta['Name'] == name
    assert meta['Version'] == version()
    assert meta['Summary'] == settings['description']
    assert meta['License-Expression'] == settings['license'] == canonicalize_license_expression(settings['license'])
    assert meta['Author'] == settings['author']
    assert meta['Keywords'].split(',') == settings['keywords'].split()
    blob = 'https://github.com/{user}/{repo}/blob/main/'.format(**settings)
    text = meta.get_payload(decode=True).decode('utf-8')
    links = re.findall(r'\]\((.+?)\)', text)
    assert f'{blob}CHANGELOG.md' in links, 'PyPI knows no files'
    assert all(o.startswith('https://') for o in links), 'PyPI knows no files'
    raw = blob.replace('/blob/', '/raw/')
    assert f'{raw}nbs/mixed.webp' in links, 'a picture, not the page about it'
    assert text.replace(blob, '').replace(raw, '').strip() == (root/'README.md').read_text(encoding='utf-8').strip()
    needs = [o.split('; extra == ') for o in meta.get_all('Requires-Dist')]
    assert [o for o, *extra in needs if not extra] == settings['requirements'].split()
    for extra in meta.get_all('Provides-Extra'):
        assert [o for o, *e in needs if e == [f'"{extra}"']] == settings[f'{extra}_requirements'].split()


def test_a_changed_setting_reaches_the_wheel(tmp_path):
    "`settings.ini` and `__version__` are read, not repeated"
    project = copy_project(tmp_path/'project')
    p = project/'settings.ini'
    p.write_text(p.read_text().replace(settings['description'], 'Another description'))
    (project/name/'__init__.py').write_text('__version__ = "9.8.7"\n')
    wheel = next(build(project, tmp_path/'out', '--wheel').glob('*.whl'))
    with zipfile.ZipFile(wheel) as z: meta = email.message_from_bytes(z.read(f'{name}-9.8.7.dist-info/METADATA'))
    assert (meta['Version'], meta['Summary']) == ('9.8.7', 'Another description')


def test_version_stands_once():
    texts = {o: (root/o).read_text(encoding='utf-8') for o in ('settings.ini', 'setup.py', 'pyproject.toml', '_quarto.yml', 'Makefile', 'README.md')}
    assert [o for o, text in texts.items() if re.search(rf'(?<![\d.]){re.escape(version())}(?![\d.])', text)] == []
    assert 'version' not in settings
    assert 'version' in pyproject['project']['dynamic']


def test_values_that_stand_twice_agree():
    project, repo = pyproject['project'], '{user}/{repo}'.format(**settings)
    site = (root/'_quarto.yml').read_text(encoding='utf-8')
    urls = project['urls']
    assert project['name'] == name
    assert project['requires-python'] == f">={settings['min_python']}"
    assert urls['Repository'] == f'https://github.com/{repo}'
    assert urls['Documentation'] == 'https://{user}.github.io/{repo}/'.format(**settings)
    for o in (f"title: {name}", f"description: {settings['description']}", f"site-url: {urls['Documentation']}",
              f"repo-url: {urls['Repository']}", f"output-dir: {get_config(root).doc_path.name}"): assert f'  {o}\n' in site
    assert f"\nimage: {urls['Documentation']}card.png\n" in site


def test_each_setting_is_read():
    "By setup.py, or by the test above because pyproject.toml cannot read it there"
    setup = (root/'setup.py').read_text(encoding='utf-8')
    twice = {'min_python', 'user', 'repo'}
    unread = [k for k in settings if k not in twice and f"'{k}'" not in setup and not k.endswith('_requirements')]
    assert not unread
    extras = re.search(r"for o in (\(.+?\))", setup)[1]
    assert {f'{o}_requirements' for o in re.findall(r"'(\w+)'", extras)} == {o for o in settings if o.endswith('_requirements')}


def test_each_nbdev_key_is_read():
    "A misspelt key of [tool.nbdev] would be passed over in silence"
    import nbdev
    source = ''.join(p.read_text(encoding='utf-8') for p in type(root)(nbdev.__file__).parent.glob('*.py'))
    assert [k for k in pyproject['tool']['nbdev'] if not re.search(rf"\b{k}\b", source)] == []


def test_git_drivers_are_those_that_nbdev_installs():
    from nbdev import clean
    source = type(root)(clean.__file__).read_text(encoding='utf-8')
    for line in (root/'.gitattributes').read_text().splitlines():
        kind, driver = line.split()[1].split('=')
        assert f"'{line}'" in source
        assert f'{kind}.{driver}.' in source


def test_wheel_holds_the_package_and_nothing_else(wheel):
    files = members(wheel)
    package = {p.relative_to(root).as_posix() for p in (root/name).rglob('*') if p.is_file() and '__pycache__' not in p.parts}
    probes = {f'{name}/{o}/probe.json' for o in ('teach/static', 'teach/questions')}
    info = f'{name}-{version()}.dist-info/'
    assert {o for o in files if not o.startswith(info)} == package | probes
    assert f'{name}/py.typed' in files
    assert f'{info}licenses/LICENSE' in files


def test_sdist_holds_the_source(dist, sources):
    sdist = next(dist.glob('*.tar.gz'))
    with tarfile.open(sdist) as t: files = {o.name.partition('/')[2] for o in t.getmembers() if not o.isdir()}
    tops = {o.partition('/')[0] for o in files}
    assert tops == {'nbs', 'tests', name, f'{name}.egg-info', 'settings.ini', 'setup.py', 'setup.cfg', 'pyproject.toml', '_quarto.yml',
                    'README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md', 'LICENSE', 'Makefile', 'MANIFEST.in', 'PKG-INFO'}
    made = {o for o in files if o.startswith(f'{name}.egg-info/')} | {'PKG-INFO', 'setup.cfg'}
    assert files - made == {o for o in sources if o.partition('/')[0] in tops}
    assert {f'{name}/py.typed', f'{name}/all.pyi', 'nbs/chapters/colab.svg', 'nbs/_quarto.yml'} <= files
    assert not [o for o in files if 'checkpoints' in o or '__pycache__' in o]


def test_twine_accepts_both(dist):
    res = subprocess.run([sys.executable, '-m', 'twine', 'check', '--strict', *map(str, dist.iterdir())], capture_output=True, text=True)
    assert not res.returncode, res.stdout


def test_wheel_in_a_fresh_place(forks, wheel, tmp_path):
    "Installed away from the repository it imports, and the command answers"
    pip = [sys.executable, '-m', 'pip', 'install', '-q', '--no-deps', '--no-index', '--target', tmp_path/'site', wheel]
    subprocess.run([str(o) for o in pip], check=True)
    code = f'import sys; sys.path.insert(0, {str(tmp_path/"site")!r}); import mixcourse, mixcourse.all as m; print(mixcourse.__file__, len(m.__all__))'
    res = forks.run('-c', code, cwd=tmp_path)
    assert not res.returncode, res.stderr
    path, n_names = res.stdout.split()
    assert path == str(tmp_path/'site/mixcourse/__init__.py')
    assert int(n_names) > 9
    env = {**os.environ, 'PYTHONPATH': str(tmp_path/'site')}
    res = subprocess.run([tmp_path/'site/bin/mixcourse', '--help'], cwd=tmp_path, env=env, capture_output=True, text=True)
    assert not res.returncode, res.stderr
    assert 'compare' in res.stdout
