"`make learn` opens the first chapter in JupyterLab."
import json, os, re, shutil, signal, socket, subprocess, sys, sysconfig, time
from urllib.request import Request, urlopen

import pytest
from browser.jupyter import answering
from conftest import root
from test_packaging import settings

pytestmark = pytest.mark.slow

# without what a make that runs the tests hands down
env = {k: v for k, v in os.environ.items() if k != 'IN_TEST' and not k.startswith(('MAKE', 'MFLAGS'))}
first = min(p.name for p in (root/'nbs/chapters').glob('*.ipynb'))


@pytest.fixture
def learn(tmp_path):
    "`make learn`, started; all that make, JupyterLab and the kernels leave ends with it"
    if not shutil.which('make'): pytest.skip('no make')
    args = '--no-browser --allow-root --ServerApp.ip=127.0.0.1 --ServerApp.port=0 --LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate'
    dirs = {f'JUPYTER_{o}_DIR': str(tmp_path/o.lower()) for o in ('CONFIG', 'DATA', 'RUNTIME')}
    dirs |= {f'JUPYTERLAB_{o}_DIR': str(tmp_path/o.lower()) for o in ('SETTINGS', 'WORKSPACES')}
    # set up already (-o): by what runs this test
    cmd = ['make', 'learn', '-o', '.venv/learn.stamp', f'BIN={sysconfig.get_path("scripts")}', f'ARGS={args}']
    with (tmp_path/'log').open('w') as log:
        process = subprocess.Popen(cmd, cwd=root, env={**env, **dirs, 'PYTHONWARNINGS': 'ignore'}, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
        yield tmp_path, process
        try: os.killpg(process.pid, signal.SIGTERM)
        except ProcessLookupError: pass
        try: process.wait(15)
        except subprocess.TimeoutExpired: os.killpg(process.pid, signal.SIGKILL)


def wait_for(what, learn, seconds=60):
    tmp, process = learn
    end = time.time()+seconds
    while not (found := what()):
        text = (tmp/'log').read_text()
        if process.poll() is not None or time.time() > end: pytest.fail(text)
        time.sleep(.1)
    return found


def test_learn_opens_the_first_chapter(learn):
    "Its address is in the log, and the server finds it"
    tmp, _ = learn
    url = wait_for(lambda: re.search(r'http://\S+/lab/tree/(\S+)\?token=\w+', (tmp/'log').read_text()), learn)
    assert url[1] == f'chapters/{first}'
    server = wait_for(lambda: answering(tmp/'runtime'), learn)
    with urlopen(Request(f'{server["url"]}api/contents/{url[1]}?content=0', headers={'Authorization': f'token {server["token"]}'})) as res:
        assert json.load(res)['type'] == 'notebook'


def test_learn_installs_what_it_needs():
    "The extra has JupyterLab; dev, which has it too, spares that step"
    assert 'jupyterlab' in settings['learn_requirements'].split()
    assert set(settings['learn_requirements'].split()) <= set(settings['dev_requirements'].split())
    make = ['make', '-n', '-W', 'settings.ini', f'PYTHON={sys.executable}']
    def steps(goal): return subprocess.run([*make, goal], cwd=root, env=env, capture_output=True, text=True, check=True).stdout
    assert "pip install -q -e '.[learn]'" in steps('learn')
    assert '.venv/learn.stamp' in steps('.venv/dev.stamp')


def test_a_server_is_waited_for(tmp_path):
    "It tells its port before it listens there"
    note = tmp_path/'jpserver-1.json'
    assert answering(tmp_path) is None
    note.write_text('{"port": ')
    assert answering(tmp_path) is None
    with socket.socket() as server:
        server.bind(('127.0.0.1', 0))
        note.write_text(json.dumps(dict(port=server.getsockname()[1])))
        assert answering(tmp_path) is None
        server.listen()
        assert answering(tmp_path)
