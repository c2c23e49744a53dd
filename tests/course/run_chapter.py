"""Run a chapter as Colab would, then the solutions of its exercises: run_chapter.py NOTEBOOK [DATA FOLDER]

What the chapter says of its run stands in the file of its name beside this one, `# %% after ID` for the cell with that id:
those lines are executed in the chapter's namespace when the cell is through. With DATA the chapter's switch is set to it, and
FOLDER is what fastai would have downloaded. All trainings are brief then, of other pictures, too: what the cells make of a training
is asked, not what it learned; what a check says of that stands below `if not briefly`."""
import json, re, sys, warnings
from pathlib import Path

import matplotlib
matplotlib.use('agg')
warnings.filterwarnings('ignore', category=FutureWarning)
from IPython.core.interactiveshell import InteractiveShell  # noqa: E402

path, *switch = sys.argv[1:]
cells = json.load(open(path, encoding='utf-8'))['cells']
shell = InteractiveShell.instance()


def run(code, what):
    res = shell.run_cell(code, silent=False)
    if res.error_before_exec or res.error_in_exec: sys.exit(f'{what} failed:\n{code}')
    return res.result


def read_checks(stem):
    "Id of a cell -> the lines that check it, numbered as in their file"
    file = Path(__file__).parent/f'{stem}.py'
    if not file.exists(): return {}
    _, *parts = re.split(r'^# %% after ([\w-]+)\n', text := file.read_text(encoding='utf-8'), flags=re.M)
    checks = {}
    for id, code in zip(parts[::2], parts[1::2]):
        before = text[:text.index(f'# %% after {id}\n')].count('\n')+1
        checks[id] = compile('\n'*before+code, file.name, 'exec')
    return checks


def solutions(text): return re.findall(r'<details><summary>Solution</summary>\n\n```python\n(.*?)^```\n\n</details>', text, re.M | re.S)


if switch:
    import mixcourse.compare.pictures
    from fastai.vision.all import Learner
    mixcourse.compare.pictures.untar_data = lambda url: Path(switch[1])
    fit = Learner.fit_one_cycle  # what chapters learn by; a plain `fit` is there to be looked at, batch by batch

    def fit_briefly(self, *args, **kwargs):
        "One small batch an epoch, for training and for validation"
        loaders = self.dls.train, self.dls.valid
        was = [(dl.n, dl.bs) for dl in loaders]
        for dl in loaders: dl.n = dl.bs = min(dl.n, dl.bs, 16)
        try: fit(self, *args, **kwargs)
        finally:
            for dl, (n, bs) in zip(loaders, was): dl.n, dl.bs = n, bs

    Learner.fit_one_cycle = fit_briefly
checks = read_checks(Path(path).stem)
shell.user_ns['briefly'] = bool(switch)
for i, c in enumerate(cells):
    code = ''.join(c['source'])
    if switch: code = re.sub(r"^DATA = '\w+'", f"DATA = '{switch[0]}'", code, flags=re.M)
    if c['cell_type'] != 'code': continue
    run(code, f'cell {i}')
    if c['id'] in checks: exec(checks[c['id']], shell.user_ns)
n = 0
for o in ([] if switch else solutions('\n'.join(''.join(c['source']) for c in cells if c['cell_type'] == 'markdown'))):
    res, n = run(o, 'solution'), n+1
    if o.rstrip().splitlines()[-1].startswith('check(') and not res: sys.exit(f'solution is not right:\n{o}\n{res}')
print(f'{n} solutions')
