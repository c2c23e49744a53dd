"A Jupyter server for the tests: its own folders, a port of its choice, JupyterLab and Notebook in one."
import json, os, secrets, signal, socket, subprocess, sys, time

import pytest


def answering(runtime):
    "What a server wrote of itself into the folder `runtime`, once it answers: it writes before it listens"
    for file in runtime.glob('jpserver-*.json'):
        try:
            info = json.loads(file.read_text())
            socket.create_connection(('127.0.0.1', info['port']), 5).close()
            return info
        except (ValueError, OSError): pass  # half written, or not yet listening


class Server:
    def __init__(self, root, timeout=60):
        self.root, self.token = root/'work', secrets.token_hex(16)
        self.root.mkdir()
        dirs = {f'JUPYTER_{o}_DIR': str(root/o.lower()) for o in ('CONFIG', 'DATA', 'RUNTIME')}
        dirs |= {f'JUPYTERLAB_{o}_DIR': str(root/o.lower()) for o in ('SETTINGS', 'WORKSPACES')}
        args = dict(ServerApp=dict(ip='127.0.0.1', port=0, root_dir=str(self.root), open_browser=False, allow_root=True),
                    IdentityProvider=dict(token=self.token), LabApp=dict(expose_app_in_browser=True, check_for_updates_class='jupyterlab.NeverCheckForUpdate'),
                    JupyterNotebookApp=dict(expose_app_in_browser=True))
        flags = [f'--{k}.{kk}={vv}' for k, v in args.items() for kk, vv in v.items()]
        self.log = (root/'log').open('w')
        # a process group of its own, so that the kernels end with it
        self.process = subprocess.Popen([sys.executable, '-m', 'jupyterlab', *flags], env={**os.environ, **dirs, 'PYTHONWARNINGS': 'ignore'}, cwd=self.root,
                                        stdout=self.log, stderr=subprocess.STDOUT, start_new_session=True)
        end = time.time()+timeout
        while not (info := answering(root/'runtime')):
            if self.process.poll() is not None or time.time() > end: raise RuntimeError((root/'log').read_text())
            time.sleep(.2)
        self.url = info['url']

    def write(self, name, cells):
        "A notebook of code cells; a cell is its source, or source and HTML output"
        def cell(o, i):
            source, html = o if isinstance(o, tuple) else (o, None)
            outputs = [dict(output_type='execute_result', execution_count=1, metadata={}, data={'text/html': html, 'text/plain': 'x'})] if html else []
            return dict(cell_type='code', id=f'c{i}', metadata={}, execution_count=None, source=source, outputs=outputs)
        nb = dict(cells=[cell(o, i) for i, o in enumerate(cells)], nbformat=4, nbformat_minor=5,
                  metadata=dict(kernelspec=dict(name='python3', display_name='Python 3', language='python')))
        (self.root/name).write_text(json.dumps(nb), encoding='utf-8')

    def close(self):
        try: os.killpg(self.process.pid, signal.SIGTERM)
        except ProcessLookupError: pass
        try: self.process.wait(15)
        except subprocess.TimeoutExpired: os.killpg(self.process.pid, signal.SIGKILL)
        self.log.close()


@pytest.fixture(scope='module')
def jupyter(tmp_path_factory):
    pytest.importorskip('jupyterlab')
    pytest.importorskip('notebook')
    res = Server(tmp_path_factory.mktemp('jupyter'))
    yield res
    res.close()
