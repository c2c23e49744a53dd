"Widgets as they are stored and shipped: bytes, escaping, what the scripts may hold, how large they are."
import gzip, json, os, re, subprocess, sys
from types import SimpleNamespace

import pytest
from conftest import root
from pages import Elements, state_in

from mixcourse.teach.pages import WidgetPages, kinds_of, raw_block, tidy_table, with_script
from mixcourse.teach.bank import bank
from mixcourse.teach.items import Claim, Fault, Line, Option, Prompt, Question
from mixcourse.teach.questions import Cards, Myth, Predict, Quiz, Repair, cards, myth, predict, quiz, repair
from mixcourse.teach.widget import Widget, rich, script

static = root/'mixcourse/teach/static'
scripts = sorted(static.glob('*.js'))
evil = '<img src=x onerror=alert(1)>'


def wicked():
    "One widget of each kind, of nothing but markup"
    q = Question('q', 'single', evil, options=(Option(evil, evil, True), Option(evil+'2', evil)), hint=evil)
    n = Question('n', 'number', evil, answer=1., tolerance=0., why=evil)
    return [Quiz({'e.q': q, 'e.n': n}), Predict('e.p', Prompt('p', evil, (evil, evil+'2'), evil)), Myth('e.c', Claim('c', evil, evil, evil, evil)), Cards({'e.q': q}),
            Repair('e.f', Fault('f', evil, (Line(evil, evil, True), Line(evil, evil)), evil, (evil,), evil, setup=evil))]


@pytest.mark.parametrize('w', wicked(), ids=repr)
def test_text_stays_text(w):
    html = w.html(script_too=False)
    assert '<img' not in html
    assert '&lt;img' in html


@pytest.mark.parametrize('w', [*wicked(), Widget(s='</div><script>alert(1)</script> "\'&quot;')], ids=repr)
def test_state_is_an_attribute(w):
    html = w.html(script_too=False)
    assert state_in(html) == w.state
    assert not {'script', 'style', 'img'} & {tag for tag, _ in Elements(html).found}


@pytest.mark.parametrize('tex', [r'\text{<img/src=x/onerror=alert(1)>}', r'\text{<b>x</b>}', r'\href{javascript:alert(1)}{x}', r'\style{color:red}{x}', r'\class{a}{x}', '{', '&'])
def test_maths_holds_nothing_but_maths(tex):
    assert re.fullmatch(r'<code>[^<]*</code>|<math[^<]*>(</?m\w+[^<]*>|[^<])*</math>', rich(f'${tex}$')) and 'href' not in re.sub('<code>.*', '', rich(f'${tex}$'))


def texts(o):
    if isinstance(o, str): yield o
    elif isinstance(o, dict): yield from (t for v in o.values() for t in texts(v))
    elif isinstance(o, list | tuple): yield from (t for v in o for t in texts(v))


def test_all_maths_of_the_bank_is_maths():
    from dataclasses import asdict
    found = [m for o in bank().values() for t in texts({k: v for k, v in asdict(o).items() if k not in ('code', 'output', 'setup', 'lines', 'fixed', 'fixed_output')})
             for m in re.findall(r'\$[^$\n]+\$', t)]
    assert len(found) > 5 and all(rich(m).startswith('<math') for m in found)


# what is stored

def shown(w, **env):
    "The output of a cell that shows `w`, as another process makes it"
    code = f'import json; from mixcourse.teach.questions import *; print(json.dumps({w}._repr_mimebundle_()))'
    return subprocess.run([sys.executable, '-W', 'ignore', '-c', code], env={**os.environ, **env}, capture_output=True, text=True, check=True, cwd=root).stdout


@pytest.mark.slow
def test_same_bytes_each_time():
    w = 'quiz("mixup")'
    assert shown(w, PYTHONHASHSEED='1') == shown(w, PYTHONHASHSEED='2')


def shells(): return dict(python=None, nbdev=SimpleNamespace(), jupyter=SimpleNamespace(kernel=1))


@pytest.mark.parametrize('shell', shells())
def test_script_comes_where_there_is_a_kernel(monkeypatch, shell):
    "`shell` stands for what IPython says of its surroundings; test_exports runs the real ones"
    from mixcourse.teach import widget
    monkeypatch.setattr(widget, 'get_ipython', lambda: shells()[shell])
    html = quiz('mixup.target')._repr_mimebundle_()['text/html']
    assert ('type="module"' in html) == (shell == 'jupyter')


def test_saved_output_is_small():
    out = quiz('mixup.target')._repr_mimebundle_()
    assert set(out) == {'text/plain', 'text/html'}
    assert len(out['text/html']) < 4000


@pytest.mark.parametrize('w', [quiz('why'), predict('why.noise'), myth('alpha.constant'), cards('why'), repair('mixup.labels')], ids=repr)
def test_no_table_and_no_address_in_the_html(w):
    html = w.html()
    assert '<table' not in html and '://' not in html and ' at 0x' not in html + repr(w)


# the scripts

@pytest.mark.parametrize('path', scripts, ids=lambda p: p.name)
def test_script_keeps_the_rules(path):
    js = path.read_text(encoding='utf-8')
    assert not re.search(r'^\s*import\b|\bimport\(|\bfetch\(|XMLHttpRequest|https?://', js, re.M) and '</script' not in js
    assert js.count('export ') == (path.stem != 'core') and (path.stem == 'core') == (not re.search(r'^export default', js, re.M))
    assert set(re.findall(r'\bmodel\.(\w+)', js)) <= {'get', 'set', 'save_changes', 'on', 'off'}
    assert all(line.count('`') % 2 == 0 for line in js.splitlines()), 'a string over several lines'


chapters = sorted((root/'nbs/chapters').glob('*.ipynb'))


def size(*kinds): return len(gzip.compress(script(*kinds).encode(), 9))


@pytest.mark.parametrize('path', chapters, ids=lambda p: p.stem)
def test_scripts_of_a_chapter_are_small(path):
    "All that a chapter loads for its widgets, as a server sends it"
    assert size(*kinds_of(path.read_text(encoding='utf-8').replace('\\"', '"'))) <= 25_000


def test_the_pad_of_digits_has_a_page_of_its_own():
    "Its script brings 1,200 digits along, so no chapter loads it"
    pages = [p for p in (root/'nbs').glob('**/*.ipynb') if 'digits' in kinds_of(p.read_text(encoding='utf-8').replace('\\"', '"'))]
    assert {p.relative_to(root/'nbs').as_posix() for p in pages} == {'draw.ipynb', 'api/teach/12_digits.ipynb'}
    assert size('digits') <= 48_000


def test_the_budget_sees_the_widgets_of_a_chapter():
    found = [kinds_of(p.read_text(encoding='utf-8').replace('\\"', '"')) for p in chapters]
    assert {'quiz', 'explorer', 'trace', 'playground'} <= {k for o in found for k in o}


def test_script_is_javascript(tmp_path):
    import shutil
    node = shutil.which('node')
    if not node: pytest.skip('no node')
    for live in (False, True):
        path = tmp_path/'a.mjs'
        path.write_text(script('quiz', 'predict', 'myth', 'cards', 'repair', live=live), encoding='utf-8')
        subprocess.run([node, '--check', path], check=True)


# pages

def test_a_page_gets_one_script():
    widgets = quiz('mixup.target').html(script_too=False) + myth('alpha.constant').html(script_too=False)
    page = with_script(f'<html><body><script type="module">mine()</script>{widgets}</body></html>')
    assert kinds_of(page) == ['myth', 'quiz']
    assert page.count('type="module"') == 2
    assert 'mine()' in page
    assert page.endswith('</script></body></html>')
    assert 'mx.kinds.myth' in page
    assert 'mx.kinds.cards' not in page


def test_a_page_without_widgets_stays(): assert with_script('<p>none</p>') == '<p>none</p>'


def processed(folder, *cells):
    "Cells of a notebook as nbdev hands them to Quarto"
    from nbdev.process import NBProcessor
    nb = dict(cells=[dict(o, id=f'c{i}', metadata={}) for i, o in enumerate(cells)], nbformat=4, nbformat_minor=5,
              metadata=dict(kernelspec=dict(language='python')))
    (folder/'a.ipynb').write_text(json.dumps(nb), encoding='utf-8')
    return NBProcessor(folder/'a.ipynb', procs=WidgetPages, process=True).nb.cells


def code_cell(source, html):
    output = dict(output_type='execute_result', data={'text/html': html, 'text/plain': 'x'}, metadata={}, execution_count=None)
    return dict(cell_type='code', source=source, execution_count=None, outputs=[output])


def test_nbdev_makes_raw_blocks_of_widgets(tmp_path):
    asked = code_cell("quiz('mixup.target')", quiz('mixup.target').html(script_too=False))
    first, other, last = processed(tmp_path, asked, code_cell('b', '<p>other</p>'))
    for c in (first, other): assert set(c.outputs[0]['data']) == {'text/markdown'}, 'Quarto adds scripts of another host to a page with text/html'
    assert first.outputs[0]['data']['text/markdown'].startswith('```{=html}\n<div class="mx"')
    assert first.source == "#| echo: false\nquiz('mixup.target')"
    assert other.source == 'b'
    assert last.source.count('mx.start()') == 1
    assert 'mx.kinds.quiz' in last.source


def test_a_page_without_widgets_gets_marks_of_progress_alone(tmp_path):
    first, last = processed(tmp_path, dict(cell_type='markdown', source='# T'))
    assert '"mixup": ' in last.source
    assert 'mx.kinds' not in last.source


def test_tables_have_no_empty_headings_and_no_style_sheet():
    import pandas as pd
    html = tidy_table(pd.DataFrame({'a': [1], 'b': [2]}, index=['x'])._repr_html_())
    assert '<style' not in html and 'border=' not in html and re.findall(r'<th>(.*?)</th>', html) == ['a', 'b', 'x']


def test_fence_is_longer_than_what_it_holds():
    assert raw_block('a ```` b').splitlines()[0] == '`````{=html}'
