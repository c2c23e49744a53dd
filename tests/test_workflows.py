"What runs on GitHub: valid, pinned, with no more rights than it needs, and true to the repository."
import re, subprocess, sys, sysconfig
from pathlib import Path

import pytest
from conftest import root
from ruamel.yaml import YAML
from test_packaging import settings

pytestmark = pytest.mark.slow
folder = root/'.github/workflows'


def load(path): return YAML(typ='safe', pure=True).load(path.read_text(encoding='utf-8'))


paths = sorted(folder.glob('*.yml'))
flows = {p.stem: load(p) for p in paths}
jobs = {f'{k}.{name}': job for k, o in flows.items() for name, job in o['jobs'].items()}
steps = [(k, step) for k, job in jobs.items() for step in job['steps']]
runs = [(k, step['run']) for k, step in steps if 'run' in step]
scripts = Path(sysconfig.get_path('scripts'))


def tool(name, *args): return subprocess.run([str(scripts/name), *map(str, args)], capture_output=True, text=True)


@pytest.mark.parametrize('schema,files', [('vendor.github-workflows', paths), ('vendor.dependabot', [root/'.github/dependabot.yml'])])
def test_schema(schema, files, tmp_path):
    res = tool('check-jsonschema', '--builtin-schema', schema, *files)
    assert not res.returncode, res.stdout+res.stderr
    bad = tmp_path/'bad.yml'
    bad.write_text(files[0].read_text(encoding='utf-8').replace('runs-on', 'run-on').replace('interval', 'intervall'))
    assert tool('check-jsonschema', '--builtin-schema', schema, bad).returncode


def test_zizmor(tmp_path):
    "Nothing is found here, and something in a workflow that runs the title of a pull request"
    res = tool('zizmor', '--offline', '--no-progress', root/'.github')
    assert not res.returncode, res.stdout+res.stderr
    assert 'No findings to report' in res.stdout, res.stdout+res.stderr
    bad = tmp_path/'.github/workflows/bad.yml'
    bad.parent.mkdir(parents=True)
    bad.write_text((folder/'test.yml').read_text(encoding='utf-8').replace('.ci/run', 'echo ${{ github.event.pull_request.title }}'))
    assert tool('zizmor', '--offline', '--no-progress', tmp_path/'.github').returncode


def unpinned(text):
    return [o for o in re.findall(r'^[\s-]*uses: *(.*)$', text, re.M) if not re.fullmatch(r'[\w.-]+(/[\w.-]+)+@[0-9a-f]{40} # v\d+\.\d+\.\d+', o)]


@pytest.mark.parametrize('path', paths, ids=lambda p: p.name)
def test_actions_are_pinned(path):
    text = path.read_text(encoding='utf-8')
    assert unpinned(text) == []
    assert text.count('uses:') == sum('uses' in step for k, step in steps if k.startswith(f'{path.stem}.'))


def test_unpinned_action_is_seen():
    sha = 'a'*40
    bad = ['a/b@v1', f'a/b@{sha}', f'a/b@{sha[1:]} # v1.0.0', f'a/b@{sha} # v1']
    assert unpinned('\n'.join(f'  - uses: {o}' for o in [*bad, f'a/b/c@{sha} # v1.0.0'])) == bad


def test_one_version_of_each_action():
    "A bump that forgot a file would leave two"
    used = {o for p in paths for o in re.findall(r'uses: (.*)', p.read_text(encoding='utf-8'))}
    assert len(used) == len({o.partition('@')[0] for o in used})


def test_rights():
    "None by default; a job may read the source, and only the two that publish may write, what they publish and nothing else"
    may = {'docs.deploy': {'pages': 'write', 'id-token': 'write'}, 'release.publish': {'id-token': 'write'}}
    assert {k: o['permissions'] for k, o in flows.items()} == dict.fromkeys(flows, {})
    assert {k: o['permissions'] for k, o in jobs.items()} == {k: may.get(k, {'contents': 'read'}) for k in jobs}
    for k in may: assert {'docs.deploy': 'github-pages', 'release.publish': 'pypi'}[k] == jobs[k]['environment']['name']
    assert [k for k in may if any('run' in step or 'checkout' in step['uses'] for step in jobs[k]['steps'])] == []


def test_no_secrets_kept():
    assert [p.name for p in paths if 'secrets' in p.read_text(encoding='utf-8') or 'password' in p.read_text(encoding='utf-8')] == []
    kept = [k for k, step in steps if 'checkout' in step.get('uses', '') and step.get('with', {}).get('persist-credentials') is not False]
    assert kept == []


def test_nothing_runs_for_ever_or_twice():
    assert [k for k, o in jobs.items() if not 0 < o.get('timeout-minutes', 0) <= 60] == []
    assert all(o['concurrency']['group'] for o in flows.values())
    assert [k for k in ('docs', 'release') if flows[k]['concurrency']['cancel-in-progress']] == []  # half a release is none


def test_when():
    assert set(flows['test']['on']) == {'push', 'pull_request'}
    assert flows['docs']['on'] == {'push': {'branches': ['main']}}
    assert flows['release']['on'] == {'push': {'tags': ['v*']}}
    assert flows['release']['jobs']['publish']['needs'] == ['test', 'build']


def test_pythons():
    "Each one from `min_python`; where one is enough, the newest"
    pythons = jobs['test.all']['strategy']['matrix']['python']
    minor = [int(o.removeprefix('3.')) for o in pythons]
    assert pythons[0] == settings['min_python']
    assert minor == list(range(minor[0], minor[-1]+1))
    used = {step['with']['python-version'] for _, step in steps if 'setup-python' in step.get('uses', '')}
    assert used == {'${{ matrix.python }}', pythons[-1]}


def test_all_runs_what_contributors_run():
    assert [step['run'] for step in jobs['test.all']['steps'] if 'run' in step] == ['.ci/run']
    assert (root/'.ci/run').stat().st_mode & 0o111
    assert 'exec make test' in (root/'.ci/run').read_text()


def unknown(run):
    "Files, extras and programs named in a command that are not there"
    for line in run.splitlines():
        for o in line.split():
            if o.startswith(('tests/', '.ci/')) and not (root/o).exists(): yield o
            elif (extra := re.fullmatch(r"'?\.\[(\w+)\]'?", o)) and f'{extra[1]}_requirements' not in settings: yield o
        if line.startswith('nbdev-') and not (scripts/line.split()[0]).exists(): yield line
        if (module := re.match(r'python -m (\w+)', line)) and subprocess.run([sys.executable, '-c', f'import {module[1]}']).returncode: yield line


def test_commands_are_true():
    assert [(k, o) for k, run in runs for o in unknown(run)] == []
    assert list(unknown('.ci/walk\npython -m pytest tests/test_no.py\npip install .[no]\nnbdev-no\npython -m nono')) == [
        '.ci/walk', 'tests/test_no.py', '.[no]', 'nbdev-no', 'python -m nono']


def test_library_tests_need_no_browser():
    run, = [o for k, o in runs if k == 'test.library' and 'pytest' in o]
    files = re.findall(r'tests/\w+\.py', run)
    assert len(files) > 5
    needs = r'def \w+\([^)]*\b(chrome|site|jupyter)\b|\bimportorskip\b|\bos\.(fork|kill|getuid)|^import .*\b(signal|resource)\b'
    assert [o for o in files if re.search(needs, (root/o).read_text(encoding='utf-8'), re.M)] == []
    assert re.search(needs, (root/'tests/test_browser.py').read_text(encoding='utf-8'))


def test_site_goes_where_nbdev_puts_it():
    from nbdev.config import get_config
    upload, = [step for _, step in steps if 'upload-pages-artifact' in step.get('uses', '')]
    assert upload['with']['path'] == get_config(root).doc_path.name


@pytest.mark.parametrize('tag,entry,right', [('v1.2.0', '## 1.2.0 (2030-01-02)', True), ('v1.2.1', '## 1.2.1 (2030-01-02)', False),
                                             ('v1.2.0', '## 1.2.0 (unreleased)', False), ('v1.2.0', '## 1.1.0 (2030-01-02)', False)])
def test_tag_must_be_the_version(tag, entry, right, tmp_path):
    "The step itself, run beside what a build of 1.2.0 leaves"
    step, = [step for _, step in steps if 'TAG' in step.get('env', {})]
    (tmp_path/'dist').mkdir()
    for o in ('1.2.0.tar.gz', '1.2.0-py3-none-any.whl'): (tmp_path/f'dist/mixcourse-{o}').touch()
    (tmp_path/'CHANGELOG.md').write_text(f'# Changes\n\n{entry}\n\n- Something.\n')
    res = subprocess.run(['bash', '-eo', 'pipefail', '-c', step['run']], cwd=tmp_path, env={'TAG': tag, 'PATH': '/usr/bin:/bin'}, capture_output=True)
    assert (res.returncode == 0) == right


def test_dependabot_watches_both():
    updates = load(root/'.github/dependabot.yml')['updates']
    assert {o['package-ecosystem']: o['schedule']['interval'] for o in updates} == {'github-actions': 'weekly', 'pip': 'weekly'}
