"""A Python that imported what is slow to import once: every run is a fork of it, as quick as the code that it runs.

    python tests/forks.py fastai.vision.all matplotlib.pyplot
"""
import atexit, importlib, json, os, runpy, subprocess, sys, traceback
from pathlib import Path


# in the process that forks: it has the standard library, and what it is asked to import

def leave(code):
    "End as Python does, but for taking apart all that was imported: that would take seconds"
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def wait_for_runs(answers):
    "Fork for each run that is asked for; what was asked is returned in the fork alone"
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if not child: return asked
        status = os.waitpid(child, 0)[1]
        print(os.waitstatus_to_exitcode(status), file=answers, flush=True)
    leave(0)


def move_in(cwd, env, out, err):
    "Be in the folder, the environment and the streams of a process that was just started"
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    for stream, path in ((sys.stdout, out), (sys.stderr, err)):
        with open(path, 'wb') as f: os.dup2(f.fileno(), stream.fileno())
    with open(os.devnull) as f: os.dup2(f.fileno(), sys.stdin.fileno())


def run(args):
    "What `python *args` would do"
    if args[0] == '-c':
        sys.argv, sys.path[0] = ['-c', *args[2:]], ''
        exec(args[1], {'__name__': '__main__'})
    else:
        sys.argv, sys.path[0] = args, str(Path(args[0]).parent)
        runpy.run_path(args[0], run_name='__main__')


def exit_code(args):
    "Run, and say what went wrong"
    try: run(args)
    except SystemExit as e:
        if e.code is None or isinstance(e.code, int): return e.code or 0
        print(e.code, file=sys.stderr)
        return 1
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def serve(modules):
    answers = os.fdopen(os.dup(1), 'w')
    for name in modules: importlib.import_module(name)
    threads = len(os.listdir('/proc/self/task')) if os.path.exists('/proc/self/task') else 1
    if threads > 1: sys.exit(f'a process that forks must have one thread, got {threads}')
    print('ready', file=answers, flush=True)
    asked = wait_for_runs(answers)
    answers.close()
    move_in(**asked['place'])
    leave(exit_code(asked['args']))


# in the tests

class Forks:
    "Runs of `python`, which has imported `modules`"
    def __init__(self, python, modules, tmp, env):
        self.tmp, self.env, self.n = tmp, env, 0
        args = [str(python), __file__, *modules]
        with (tmp/'log').open('w') as log:
            self.process = subprocess.Popen(args, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, cwd=tmp, env=env, text=True)
        self.answer()

    def answer(self):
        line = self.process.stdout.readline()
        if not line: raise RuntimeError(f"the process that forks is gone: {(self.tmp/'log').read_text(encoding='utf-8')}")
        return line.strip()

    def run(self, *args, cwd, env=()):
        "`subprocess.run` of `python *args`: its return code, what it printed, what it complained of"
        self.n += 1
        out, err = (self.tmp/f'{self.n}.{o}' for o in ('out', 'err'))
        place = dict(cwd=str(cwd), env={**self.env, **dict(env)}, out=str(out), err=str(err))
        print(json.dumps(dict(args=[str(o) for o in args], place=place)), file=self.process.stdin, flush=True)
        code = int(self.answer())
        return subprocess.CompletedProcess(args, code, out.read_text(encoding='utf-8'), err.read_text(encoding='utf-8'))

    def close(self):
        self.process.stdin.close()
        self.process.wait()


if __name__ == '__main__': serve(sys.argv[1:])
