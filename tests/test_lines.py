"How the source looks: lines that one reads at a glance, cells that hold one thing, modules that fit in a head."
import ast, json, re, statistics

import pytest
from conftest import root

package = root/'mixcourse'
modules = sorted(p for p in package.rglob('*.py') if p.name != '_modidx.py')
scripts = sorted(package.rglob('*.js'))
notebooks = sorted(p for p in (root/'nbs/api').rglob('*.ipynb') if '.ipynb_checkpoints' not in p.parts)
rooms = [p for p in modules if p.name != '__init__.py' and p != package/'all.py']  # those that hold functions

# The names that a list of public names spreads over are written by nbdev, as wide as it likes
of_nbdev = re.compile(r"__all__ = \[|^ +'[\w', ]+\]?$")


def name(path): return path.relative_to(root).as_posix()
def lines(path): return path.read_text(encoding='utf-8').splitlines()
def wider(path, columns): return [f'{name(path)}:{i}' for i, line in enumerate(lines(path), 1) if len(line) > columns and not of_nbdev.match(line)]


# wide lines

def test_no_line_of_python_is_endless(): assert [o for p in modules for o in wider(p, 140)] == []


def test_no_line_of_a_script_is_endless(): assert [o for p in scripts for o in wider(p, 120)] == []


front = sorted((root/'nbs').glob('*.ipynb'))  # tests/test_course.py looks at chapters


def shown_wide(path, columns):
    "Lines of code on a page, directives aside"
    cells = [o for o in json.loads(path.read_text(encoding='utf-8'))['cells'] if o['cell_type'] == 'code']
    found = [line for o in cells for line in ''.join(o['source']).splitlines() if len(line) > columns]
    return [line for line in found if not line.startswith('#| ')]


@pytest.mark.parametrize('path', front, ids=name)
def test_no_line_of_a_page_is_wide(path): assert shown_wide(path, 100) == []


def test_few_lines_are_wide():
    wide = [o for p in modules for o in wider(p, 100)]
    assert len(wide) <= .05*sum(len(lines(p)) for p in modules), wide


def test_wide_lines_are_seen(tmp_path, monkeypatch):
    monkeypatch.setitem(globals(), 'root', tmp_path)
    (tmp_path/'a.py').write_text("__all__ = ['" + 'a'*150 + "']\nx = 1\ny = '" + 'b'*150 + "'\n")
    assert wider(tmp_path/'a.py', 140) == ['a.py:3']


# wide lines of pages: what is not exported, but shows and tests

def is_exported(source): return bool(re.match(r'#\s*\|\s*exporti?\b', source))
def columns(source): return 100 if re.search(r'^#\s*\|\s*hide\b', source, re.M) else 88


def wraps(path):
    "Lines, of cells that are not exported, that are wider than a page, or hidden and wider than the library"
    for cell in json.loads(path.read_text(encoding='utf-8'))['cells']:
        source = ''.join(cell['source']).strip()
        if cell['cell_type'] != 'code' or is_exported(source): continue
        for line in source.splitlines():
            if len(line) > columns(source) and not re.match(r'#\s*\|', line): yield f'{cell["id"]}: {line}'


@pytest.mark.parametrize('path', notebooks, ids=name)
def test_no_line_of_a_page_wraps(path): assert list(wraps(path)) == []


@pytest.mark.parametrize('source,found', [
    ('x'*88, 0), ('x'*89, 1), ('#| hide\n' + 'x'*100, 0), ('#| hide\n' + 'x'*101, 1),
    ('#| fig-alt: ' + 'x'*100, 0), ('#| export\n' + 'x'*101, 0)])
def test_lines_that_wrap_are_seen(tmp_path, source, found):
    cell = dict(cell_type='code', id='a', source=source.splitlines(keepends=True))
    (tmp_path/'a.ipynb').write_text(json.dumps(dict(cells=[cell])))
    assert len(list(wraps(tmp_path/'a.ipynb'))) == found


# dense lines

def is_code(line): return bool(line.strip()) and not line.strip().startswith('#')
def parts(node): return sum(isinstance(o, (ast.expr, ast.stmt)) for o in ast.walk(node))


def functions(tree):
    "Name of each function -> statements and expressions in it, without its docstring"
    found = [o for o in ast.walk(tree) if isinstance(o, (ast.FunctionDef, ast.AsyncFunctionDef))]
    return [(o.name, sum(map(parts, o.body[1:] if ast.get_docstring(o) else o.body))) for o in found]


def density(text):
    "Statements and expressions of functions for each line of code; fastcore has 5.6"
    total = sum(n for _, n in functions(ast.parse(text)))
    return total/sum(map(is_code, text.splitlines()))


@pytest.mark.parametrize('path', rooms, ids=name)
def test_one_idea_a_line(path):
    text = path.read_text(encoding='utf-8')
    largest = sorted(functions(ast.parse(text)), key=lambda o: -o[1])[:3]
    assert density(text) < 5.65, f'the largest functions are {largest}'


def test_dense_lines_are_seen():
    assert density('def f(a, b, c): return g(h(a) if b else [i+1 for i in c], *(b,)*2)') > 5.6
    assert density('def f(a):\n    found = h(a)\n    return g(found)') < 5.6


# names

def bound(tree):
    "Names that a module gives to values and parameters"
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store): yield node.id
        elif isinstance(node, ast.arg): yield node.arg


def test_names_explain_themselves():
    names = [o for p in modules for o in bound(ast.parse(p.read_text(encoding='utf-8')))]
    assert sum(len(o) == 1 for o in names) <= .25*len(names)


# modules and cells

@pytest.mark.parametrize('path', modules, ids=name)
def test_module_fits_in_a_head(path): assert len(lines(path)) <= 250


def exported(path):
    "Id of each exported cell, and its lines without the directive"
    for cell in json.loads(path.read_text(encoding='utf-8'))['cells']:
        source = ''.join(cell['source']).strip()
        if cell['cell_type'] == 'code' and is_exported(source): yield cell['id'], source.splitlines()[1:]


def test_exported_cells_are_short():
    sizes = {f'{name(p)} {i}': len(found) for p in notebooks for i, found in exported(p)}
    longest = sorted(sizes, key=sizes.get)[-10:]
    assert statistics.median(sizes.values()) <= 10, longest
