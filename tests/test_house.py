"What the house promises: imports that point one way, documented parameters, clean notebooks, a README that is true."
import ast, importlib, inspect, json, os, re, shutil, subprocess, sys, sysconfig
from dataclasses import fields, is_dataclass

import pytest
from conftest import root
from fastcore.docments import docments

package = root/'mixcourse'
notebooks = sorted(p for p in (root/'nbs').rglob('*.ipynb') if '.ipynb_checkpoints' not in p.parts)
wings = 'mixing', 'callback', 'compare', 'teach', 'bench', ''  # '' stands for what belongs to no wing: the command, and `all`
after = dict(callback=['mixing'], compare=['mixing', 'callback'], teach=['mixing', 'callback', 'compare'], bench=['mixing', 'callback', 'compare'])
after[''] = wings[:-1]


def default_exp(path): return re.search(r'#\| default_exp ([\w.]+)', path.read_text(encoding='utf-8'))[1]


library = sorted((p for p in (root/'nbs/api').rglob('*.ipynb') if p in notebooks and '#| default_exp' in p.read_text(encoding='utf-8')), key=lambda p: (wings.index('' if p.parent.name == 'api' else p.parent.name), p.name))
modules = [default_exp(p) for p in library]  # in the order of wings, and in a wing in that of its notebooks
trees = {o: ast.parse((package/f'{o.replace(".", "/")}.py').read_text(encoding='utf-8')) for o in modules}


def imported(tree, name=''):
    "Modules that `tree`, of the module `name`, imports, anywhere in it; those of the package with their full name"
    res, here = set(), ['mixcourse', *name.split('.')]
    for o in ast.walk(tree):
        if isinstance(o, ast.Import): res |= {a.name for a in o.names}
        elif isinstance(o, ast.ImportFrom):
            base = '.'.join([*here[:len(here)-o.level]*bool(o.level), *filter(None, [o.module])])
            inside = [f'{base}.{a.name}' for a in o.names]
            res |= {i for i in inside if i.removeprefix('mixcourse.') in known_modules} or {base}
    return res


known_modules = {*modules, *wings}


def own(names): return {o.removeprefix('mixcourse.').removesuffix('.__init__') for o in names if o.startswith('mixcourse.')}
def wing(name): return name.partition('.')[0] if name.partition('.')[0] in wings else ''
def drawn(tree): return {o.attr for o in ast.walk(tree) if isinstance(o, ast.Attribute) and re.match('rand|normal|multinomial|Generator', o.attr)}


def test_every_module_has_a_notebook():
    found = {'.'.join(p.relative_to(package).with_suffix('').parts) for p in package.rglob('*.py') if p.read_text(encoding='utf-8').strip()}
    assert found - {'__init__', '_modidx'} == set(modules)


@pytest.mark.parametrize('name', modules)
def test_imports_point_one_way(name):
    "A module imports those of its wing whose notebook comes before its own, and wings that are below it"
    for o in own(imported(trees[name], name)):
        if wing(o) != wing(name): assert wing(o) in after.get(wing(name), [])
        elif not name.endswith('__init__'): assert modules.index(o) < modules.index(name)


def rooms_of(wing):
    "Notebooks that the picture of a wing leads to, and those of each chain, in which arrows lead from one to the next"
    cells = json.loads((root/f'nbs/api/{wing}/00_{wing}.ipynb').read_text(encoding='utf-8'))['cells']
    picture, = re.findall(r'<div class="mx-rooms">(.*?)</div>', '\n'.join(''.join(o['source']) for o in cells), re.S)
    chains = re.findall(r'(?:^ +\d\. \[.*\n.*\n)+', picture, re.M)
    return [re.findall(r'\]\((.+?\.ipynb)\)', o) for o in (picture, *chains)]


@pytest.mark.parametrize('wing', wings[:-1])
def test_the_picture_of_a_wing_has_each_room_once(wing):
    there = [p.name for p in notebooks if p.parent == root/'nbs/api'/wing and p.name != f'00_{wing}.ipynb']
    assert sorted(rooms_of(wing)[0]) == there


@pytest.mark.parametrize('wing', wings[:-1])
def test_arrows_between_rooms_follow_their_order(wing):
    for chain in rooms_of(wing)[1:]: assert chain == sorted(chain)


@pytest.mark.parametrize('name', [o for o in modules if wing(o) == 'mixing' and o != 'mixing.schedule'])
def test_tensor_functions_do_not_need_fastai(name):
    assert not {o for o in imported(trees[name], name) if o.startswith(('fastai', 'fastcore'))}
    assert 'mixing.schedule' not in own(imported(trees[name], name))


@pytest.mark.parametrize('name', ['mixing.ops', 'mixing.schedule'])
def test_what_is_deterministic_does_not_draw(name): assert not drawn(trees[name])


def test_readers_of_imports_and_draws_see():
    tree = ast.parse('from .core import MixUp\nfrom ..mixing import sampling, mixup\nimport mixcourse.cli\ndef f():\n    import fastai.vision\n    torch.rand(2)')
    assert imported(tree, 'callback.show') == {'mixcourse.callback.core', 'mixcourse.mixing.sampling', 'mixcourse.cli', 'fastai.vision'}
    assert drawn(tree) == {'rand'}


@pytest.mark.parametrize('name', modules)
def test_no_assert_in_exported_code(name):
    assert [o.lineno for o in ast.walk(trees[name]) if isinstance(o, ast.Assert)] == []


def undocumented(fn, owner=''):
    "Parameters of `fn` without a docment (or a field's metadata), and its return where it is annotated"
    docs = docments(fn, full=True, returns=True)
    told = {o.name for o in fields(fn) if o.metadata} if is_dataclass(fn) else set()
    skip = {'self', 'cls', *told, *(k for k, v in inspect.signature(fn).parameters.items() if v.kind in (v.VAR_KEYWORD, v.VAR_POSITIONAL))}
    returns = fn.__annotations__.get('return') is not None
    return [f'{owner}{fn.__name__}: {k}' for k, v in docs.items() if k not in skip and not v['docment'] and (k != 'return' or returns)]


def patched(tree):
    return [o for o in tree.body if isinstance(o, ast.FunctionDef) and 'patch' in [getattr(d, 'id', None) for d in o.decorator_list]]


def exported(name):
    "What a user of module `name` can call: its functions, its classes, and the methods that it adds to fastai's"
    mod = importlib.import_module(f'mixcourse.{name}')
    for o in patched(trees[name]):
        cls = getattr(mod, o.args.args[0].annotation.id)
        yield getattr(cls, o.name), f'{cls.__name__}.'
    for o in (getattr(mod, k) for k in mod.__all__):
        if getattr(o, '__module__', None) != mod.__name__: continue
        if inspect.isfunction(o): yield o, ''
        elif is_dataclass(o): yield o, ''
        elif inspect.isclass(o) and '__init__' in vars(o): yield o.__init__, f'{o.__name__}.'


@pytest.mark.parametrize('name', modules)
def test_every_parameter_is_documented(name):
    assert [s for fn, owner in exported(name) for s in undocumented(fn, owner)] == []


def test_undocumented_parameter_is_seen():
    def f(
        a,  # Documented
        b, **kwargs): return a
    assert undocumented(f) == ['f: b']


def test_all_replaces_only_the_mixers_of_fastai():
    "After both star imports every name of fastai is fastai's, but MixUp and CutMix"
    fastai, ours = {}, {}
    exec('from fastai.vision.all import *', fastai)
    exec('from mixcourse.all import *', ours)
    assert {k for k in ours.keys() & fastai.keys() if ours[k] is not fastai[k]} - {'__builtins__'} == {'MixUp', 'CutMix'}


first_edition = '''
BatchOp COLORS Comparison CutMix CutMixExplorer Cutout CutoutExplorer Draw Explorer HATCHES ImageDL Images MARKERS ManifoldMixUp MixUp
MixUpExplorer Mixed MixedAccuracy Mixer Pictures Playground RandomMix Settings Stage StageTrace TrainingTrace box_lam calibration_error
cards check check_alpha check_images check_int check_prob cutmix cutmix_data cutout digits example_images explore few_labels fgsm
hidden_layers image_dls light_figures load_data load_folder load_npz loss_rule make_model mix_targets mixed_accuracy mixed_loss mixup
mixup_data myth new_generator paste plot_bars plot_curves predict quiz rand_bbox rand_crop_flip rand_holes rand_lam rand_perm
record_pipeline record_prediction record_training repair soft_targets switch_off tiles to_unit unreduced value_at warm_up wrong_labels
'''.split()


def test_all_keeps_every_name_that_it_ever_had():
    ours = importlib.import_module('mixcourse.all')
    assert set(first_edition) - set(ours.__all__) == set()


def test_names_of_all_are_there_and_said_once():
    ours = importlib.import_module('mixcourse.all')
    assert len(set(ours.__all__)) == len(ours.__all__)
    assert [o for o in ours.__all__ if not hasattr(ours, o)] == []


def blemishes(nb):
    "What must not be committed in a notebook: saved widgets, ids that change with each run, a figure twice, failed cells"
    if 'widgets' in nb['metadata']: yield 'widget state'
    for i, c in enumerate(nb['cells']):
        if isinstance(c['source'], str): yield f'cell {i}: source is one string, Quarto loses its line ends'
        for o in c.get('outputs', []):
            if o['output_type'] == 'error': yield f'cell {i}: error'
            if o.get('name') == 'stderr': yield f'cell {i}: a warning of another package'
            data = {'text': o.get('text', ''), **o.get('data', {})}
            if any('widget' in k for k in data): yield f'cell {i}: widget view'
            if {'image/svg+xml', 'image/png'} <= set(data): yield f'cell {i}: a drawing, and its dots, which are not for dark pages'
            if '<script type="module">' in ''.join(data.get('text/html', '')): yield f'cell {i}: a script, which the page brings'
            text = ' '.join(''.join(v) if isinstance(v, list) else str(v) for k, v in data.items() if not k.startswith('image/'))
            if re.search(r'\b(0x[0-9a-f]{8,}|[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})\b', text): yield f'cell {i}: random id'


@pytest.mark.parametrize('path', notebooks, ids=lambda p: p.name)
def test_notebook_is_clean(path):
    assert list(blemishes(json.loads(path.read_text(encoding='utf-8')))) == []


def test_blemishes_are_seen():
    def out(data): return dict(source=[], outputs=[dict(output_type='display_data', data=data)])
    nb = dict(metadata=dict(widgets={}), cells=[
        out({'application/vnd.jupyter.widget-view+json': {}}), out({'text/plain': ['<f at 0x7f0123456789>']}), out({'text/html': f'id="{"ab"*16}"'}), out({'text/html': ['<script type="module">', '</script>']}),
        out({'image/png': 'eA==', 'image/svg+xml': ['<svg/>']}), dict(source='x', outputs=[dict(output_type='error'), dict(output_type='stream', name='stderr')])])
    assert len(list(blemishes(nb))) == 9


def text_files():
    tops = [p for p in root.iterdir() if p.is_file() and p.name != '.git']  # a file in a linked work tree
    inner = [p for o in ('nbs', 'mixcourse', 'tests', '.ci', '.github') for p in (root/o).rglob('*') if p.is_file()]
    return [p for p in tops+inner if '__pycache__' not in p.parts and '.ipynb_checkpoints' not in p.parts]


machine_path = re.compile(r'(?<![\w.~/])/(?:work|home|root|tmp|Users|opt|mnt)/\w|[A-Z]:\\\\?Users')


def test_no_machine_paths():
    found = [p.relative_to(root).as_posix() for p in text_files() if machine_path.search(p.read_text(encoding='utf-8', errors='ignore'))]
    assert found == []
    assert machine_path.search('File "' + '/ho' + 'me/ada/x.py"')
    assert not machine_path.search('https://host.org/work/a')


registry = re.compile(r'\b(?:pypi|pythonhosted|npmjs|anaconda)\.(?:org|com)\b')


def test_no_registry_hosts():
    "Packages are named, not where they come from"
    found = [p.relative_to(root).as_posix() for p in text_files() if registry.search(p.read_text(encoding='utf-8', errors='ignore'))]
    assert found == []
    assert registry.search('https://pypi' + '.org/project/x')
    assert not registry.search('to PyPI by pypa/gh-action-pypi-publish')


# README.md, CONTRIBUTING.md

pages = {o: (root/o).read_text(encoding='utf-8') for o in ('README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'SECURITY.md')}


def blocks(text, lang): return re.findall(rf'^```{lang}\n(.*?)^```', text, re.M | re.S)
def commands(text): return [o.partition('#')[0].strip() for b in blocks(text, 'sh') for o in b.splitlines() if o.partition('#')[0].strip()]


@pytest.mark.parametrize('page', pages)
def test_links_lead_somewhere(page):
    links = re.findall(r'\]\(([^)\s]+)\)', pages[page])
    assert [o for o in links if '://' not in o and not (root/o.partition('#')[0]).exists()] == []


@pytest.mark.parametrize('path', notebooks, ids=lambda p: p.name)
def test_links_of_notebooks_lead_somewhere(path):
    text = '\n'.join(''.join(c['source']) for c in json.loads(path.read_text(encoding='utf-8'))['cells'] if c['cell_type'] == 'markdown')
    links = re.findall(r'\]\(([^)\s]+)\)', text)
    assert [o for o in links if '://' not in o and o[0] != '#' and not (path.parent/o.partition('#')[0]).exists()] == []


@pytest.mark.parametrize('path', notebooks, ids=lambda p: p.name)
def test_pages_have_title_and_description(path):
    "nbdev makes them from a first cell `# title` with a line `> description`"
    first = ''.join(json.loads(path.read_text(encoding='utf-8'))['cells'][0]['source'])
    assert re.match(r'# .+\n+> .+', first)


@pytest.mark.parametrize('path', library, ids=lambda p: p.name)
def test_import_cells_hold_imports_only(path):
    "The site executes cells that import when it shows documentation, and no others: the rest would miss what they need"
    for c in json.loads(path.read_text(encoding='utf-8'))['cells']:
        src = ''.join(c['source'])
        if c['cell_type'] != 'code' or re.search(r'#\|\s*(export|eval: false)', src): continue
        lines = [o for o in src.splitlines() if o and not o.startswith(('#', ' ', ')'))]
        imports = [re.match(r'(from [\w.]+ )?import ', o) is not None for o in lines]
        assert all(imports) or not any(imports), src


def known(command):
    "Whether `command` is one that the repository answers"
    prog, *args = command.removeprefix('.venv/bin/').split()
    if prog == 'make': return args[0] in re.findall(r'^([\w-]+):', (root/'Makefile').read_text(), re.M)
    if prog == 'mixcourse': return subprocess.run([sys.executable, '-m', 'mixcourse.cli', *args[:1], '--help'], capture_output=True).returncode == 0
    if prog == 'pip': return args[-1].strip("'") in ('.', '.[dev]', '.[learn]', '.[bench]', '.[teach]', 'git+https://github.com/mixcourse/mixcourse')
    if prog.startswith('nbdev-'): return shutil.which(prog, path=sysconfig.get_path('scripts'))
    return command in ('python3 -m venv .venv', '. .venv/bin/activate', 'pytest', 'ruff check', 'git clone https://github.com/mixcourse/mixcourse')


@pytest.mark.parametrize('page', pages)
def test_commands_are_true(page): assert [o for o in commands(pages[page]) if not known(o)] == []


def test_first_screen_names_the_two_commands():
    head = '\n'.join(pages['README.md'].splitlines()[:40])
    assert {'make compare', 'make test'} <= set(commands(head))
    assert blocks(head, 'python')


@pytest.mark.slow
def test_recipe_runs(forks, tmp_path):
    "README's recipe has six lines, is the one on the landing page, and runs as it stands"
    recipe, = blocks(pages['README.md'], 'python')
    assert len(recipe.splitlines()) == 6
    cells = json.loads((root/'nbs/index.ipynb').read_text(encoding='utf-8'))['cells']
    code = [''.join(c['source']) for c in cells if c['cell_type'] == 'code']
    shown = [o for o in code if '#| echo: false' not in o and '#| hide' not in o]
    assert recipe.splitlines() == [o.rstrip(';') for o in '\n'.join(shown).splitlines() if not o.startswith('#|')]
    res = forks.run('-c', recipe, cwd=tmp_path)
    assert not res.returncode, res.stderr


def test_what_cannot_run_fails_on_ci(tmp_path):
    "Unless it lacks a GPU or Quarto"
    shutil.copy(root/'tests/conftest.py', tmp_path)
    shutil.copytree(root/'tests/browser', tmp_path/'browser')  # its fixtures
    (tmp_path/'pyproject.toml').write_text('[tool.pytest.ini_options]\nmarkers = ["gpu", "quarto"]\n')
    (tmp_path/'test_it.py').write_text('''
import pytest
def test_skip(): pytest.skip('no such tool')
@pytest.mark.quarto
def test_quarto(): pass
@pytest.mark.xfail
def test_known(): assert 0
''')
    def run(ci):
        env = {**os.environ, 'CI': ci, 'PATH': '', 'PYTEST_DISABLE_PLUGIN_AUTOLOAD': '1'}  # none is needed, and they are slow to load
        return subprocess.run([sys.executable, '-m', 'pytest', '-q', '-ra'], cwd=tmp_path, env=env, capture_output=True, text=True).stdout
    here, ci = run(''), run('true')
    assert '2 skipped, 1 xfailed' in here
    assert 'no such tool' in here
    assert '1 failed, 1 skipped, 1 xfailed' in ci
    assert 'cannot run here' in ci
