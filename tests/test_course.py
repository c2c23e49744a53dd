"The course: every chapter has its parts, and says only what its runs showed."
import ast, base64, io, json, re, shutil, subprocess, sys
from pathlib import Path

import pytest
from conftest import root
from nbdev.process import read_nb
from PIL import Image

from mixcourse._modidx import d
from mixcourse.teach.bank import find
from mixcourse.teach.chapters import minutes
from mixcourse.teach.items import Question
from mixcourse.teach.terms import read_glossary

folder = root/'nbs/chapters'
chapters = sorted(folder.glob('*.ipynb'))
lessons = [p for p in chapters if p.stem[3:] not in ('capstone', 'cards')]
drawn = [p for p in sorted((root/'nbs').rglob('*.ipynb')) if '.ipynb_checkpoints' not in p.parts and '<svg' in p.read_text(encoding='utf-8')]
name = dict(ids=lambda p: p.stem)


def cells(path, kind=None): return [c for c in json.loads(path.read_text(encoding='utf-8'))['cells'] if kind in (None, c['cell_type'])]
def source(c): return ''.join(c['source'])
def prose(path): return '\n\n'.join(source(c) for c in cells(path, 'markdown'))
def section(path, title): return re.split(r'^## ', prose(path).partition(f'## {title}\n')[2], flags=re.M)[0]


# parts

def test_chapters_are_in_order():
    assert [p.stem[:2] for p in chapters] == [f'{i:02}' for i in range(1, len(chapters)+1)] and len(lessons) >= 10
    for p, after in zip(chapters, chapters[1:]): assert f']({after.name})' in prose(p).splitlines()[-1], f'{p.name} does not lead on'


@pytest.mark.parametrize('path', chapters, **name)
def test_import_cells_hold_imports_only(path):
    "nbdev executes them when it builds the site"
    for c in cells(path, 'code')[1:]:
        lines = [o for o in source(c).splitlines() if o and not o.startswith('#') and o != 'figure_style()']
        imports = [re.match(r'(from [\w.]+ )?import ', o) is not None for o in lines]
        assert all(imports) or not any(imports), source(c)


@pytest.mark.parametrize('path', lessons, **name)
def test_lesson_has_its_parts(path):
    aims = re.search(r'\*\*After this chapter you can\*\*\n\n((?:- .+\n?)+)', prose(path))
    assert aims and 3 <= len(aims[1].strip().splitlines()) <= 5
    parts = [o for o in re.findall(r'^## (.+)', prose(path), re.M)]
    assert parts[-5:] == ['Quiz', 'Recap', 'Key insight', 'Exercises', 'Papers'] and len(parts) >= 8
    assert re.fullmatch(r'\*\*[^.]+(\.\d[^.]*)*\.\*\*', section(path, 'Key insight').strip()), 'one sentence, in bold'
    assert section(path, 'Exercises').count('<summary>Solution</summary>') == len(re.findall(r'^\*\*\d\. ', section(path, 'Exercises'), re.M)) >= 3
    assert 'https://arxiv.org/abs/' in section(path, 'Papers')


@pytest.mark.parametrize('path', chapters[:-1], **name)
def test_chapter_closes_with_five_sentences(path): assert len(re.findall(r'^- ', section(path, 'Recap'), re.M)) == 5


@pytest.mark.parametrize('path', lessons, **name)
def test_lesson_ends_in_a_quiz_of_eight(path):
    names = [s for c in cells(path, 'code') for args in re.findall(r'^quiz\((.*)\)$', source(c), re.M) for s in re.findall(r"'([\w.]+)'", args)]
    assert len(find(*names, cls=Question)) >= 8


@pytest.mark.parametrize('path', chapters, **name)
def test_lesson_holds_no_tests(path):
    "What a page says of its run is checked from tests/course, in the file of its name, after the cell of an id"
    hidden = [source(c) for c in cells(path, 'code')[1:] if source(c).startswith('#| hide') or re.search(r'^ *assert ', source(c), re.M)]
    assert hidden == []
    checks = root/f'tests/course/{path.stem}.py'
    asked = re.findall(r'^# %% after ([\w-]+)$', checks.read_text(encoding='utf-8'), re.M) if checks.exists() else []
    assert set(asked) <= {c['id'] for c in cells(path, 'code')}
    assert len(set(asked)) == len(asked)


@pytest.mark.parametrize('path', chapters, **name)
def test_cells_are_short(path):
    long = [source(c) for c in cells(path, 'code') if sum(bool(o.strip()) and not o.startswith(('#|', '%')) for o in source(c).splitlines()) > 10]
    assert long == []


@pytest.mark.parametrize('path', chapters, **name)
def test_code_fits_the_column(path):
    "88 columns, so that no line wraps on the page, those of solutions included; links in what is hidden may be longer"
    shown = [source(c) for c in cells(path, 'code') if not source(c).startswith('#| hide')] + re.findall(r'^```python\n(.*?)^```', prose(path), re.M | re.S)
    assert [o for code in shown for o in code.splitlines() if len(o) > 88 and not o.startswith('#| ')] == []


def test_what_can_run_on_other_data_says_whose_results_the_text_tells():
    switches = [source(c) for p in chapters for c in cells(p, 'code') if re.search("^DATA = '", source(c), re.M)]
    assert len(switches) == 13
    assert all('# The text tells of the digits. With other data, believe your own output.\nDATA = ' in o for o in switches)


@pytest.mark.parametrize('path', chapters, **name)
def test_chapter_is_small_and_was_executed(path):
    assert path.stat().st_size <= 1_500_000
    assert any(c['outputs'] for c in cells(path, 'code'))


@pytest.mark.parametrize('path', chapters, **name)
def test_pictures_have_alt_text(path):
    for c in cells(path, 'code'):
        kinds = {k for o in c['outputs'] for k in o.get('data', {})}
        if kinds & {'image/png', 'image/jpeg', 'image/svg+xml'}:
            alt = re.match(r'(?:#\|.*\n)*#\| fig-alt: "(.+)"\n', source(c))
            assert alt and len(alt[1]) > 40 and not re.match(r'(an? )?(image|picture|plot|figure)\b', alt[1], re.I), source(c)
        for o in c['outputs']:
            imgs = re.findall(r'<img\b[^>]*>', ''.join(o.get('data', {}).get('text/html', '')))
            assert all(re.search(r'\balt="[^"]+"', o) for o in imgs), source(c)
    for c in cells(path, 'markdown'): assert not re.search(r'!\[\]', source(c))


@pytest.mark.parametrize('path', chapters, **name)
def test_tones_of_a_figure_follow_the_page(path):
    "A tone computed from two others is a number in the figure: on a dark page it stays that of the light one"
    for c in cells(path, 'code'):
        figures = [''.join(o['data']['image/svg+xml']) for o in c['outputs'] if 'image/svg+xml' in o.get('data', {})]
        assert not any(re.search(r'(fill|stroke): ?#\w+', o) for o in figures), source(c)


@pytest.mark.parametrize('path', chapters, **name)
def test_questions_are_those_of_the_bank(path):
    "A chapter was executed again after its questions changed"
    from mixcourse.teach.questions import cards, myth, predict, quiz, repair
    makers = dict(cards=cards, myth=myth, predict=predict, quiz=quiz, repair=repair)
    for c in cells(path, 'code'):
        if not (m := re.fullmatch(r"(\w+)\(('[\w.]+'(?:, '[\w.]+')*)?\)", source(c).strip())) or m[1] not in makers: continue
        shown = [''.join(o['data']['text/html']) for o in c['outputs']]
        assert shown == [makers[m[1]](*re.findall(r"'([\w.]+)'", m[2] or '')).html(script_too=False)], source(c)


@pytest.mark.parametrize('page', ['exam', 'teaching'])
def test_exam_is_that_of_the_bank(page):
    from mixcourse.teach.exam import exam
    made = [c for c in cells(root/f'nbs/{page}.ipynb', 'code') if source(c).rstrip().endswith('exam()')]
    assert [''.join(c['outputs'][0]['data']['text/html']) for c in made] == [exam().html(script_too=False)]


def test_a_lesson_plan_names_what_is_there():
    "A call with its arguments, and a section, stand in a chapter as the plan writes them"
    plans = [o for c in cells(root/'nbs/teaching.ipynb', 'markdown') for o in source(c).splitlines() if o.startswith('|')]
    rows = [o for o in plans if 'chapters/' in o or 'quiz(' in o]
    calls = [o for row in rows for o in re.findall(r'`(\w+\([^`]+\))`', row)]
    sections = [o for row in rows for o in re.findall(r'\*([A-Z][^*]+)\*', row)]
    assert len(rows) > 15 and len(calls) >= 3 and len(sections) >= 2
    code = '\n'.join(source(c) for path in chapters for c in cells(path, 'code'))
    assert [o for o in calls if o not in code] == []
    assert [o for o in sections if not any(f'## {o}\n' in prose(path) for path in chapters)] == []


def struck(svg):
    "Words of a figure with a horizontal grid line behind them"
    lines = [tuple(map(float, o)) for o in re.findall(r'<path d="M ([\d.]+) ([\d.]+) \s*L ([\d.]+) \2 \s*"[^>]*stroke: var\(--line', svg)]
    for style, at, text in re.findall(r'<text style="([^"]*)"([^>]*)>([^<]*)</text>', svg):
        place = re.search(r' x="([\d.]+)" y="([\d.]+)"', at) or re.search(r'translate\(([\d.]+) ([\d.]+)\)', at)
        if 'rotate(-90' in at: continue
        x, y, size = float(place[1]), float(place[2]), float(re.search(r'font-size: ([\d.]+)px', style)[1])
        width = .55*size*len(text)
        left = x - width*(('text-anchor: middle' in style)/2 + ('text-anchor: end' in style))
        if any(min(x1, left+width)-max(x0, left) > size/2 and y-.8*size < y0 < y+.1*size for x0, y0, x1 in lines): yield text


def drawings(path):
    for c in cells(path, 'code'):
        for o in c['outputs']:
            if 'image/svg+xml' in o.get('data', {}): yield c['id'], ''.join(o['data']['image/svg+xml'])


@pytest.mark.parametrize('path', drawn, **name)
def test_no_grid_line_runs_through_a_word(path):
    assert {k: words for k, svg in drawings(path) if (words := list(struck(svg)))} == {}


@pytest.mark.parametrize('path', drawn, **name)
def test_letters_of_a_figure_can_be_read_on_a_phone(path):
    "It is 358 pixels wide there. What is set smaller than 8 points is an exponent"
    for id, svg in drawings(path):
        width, points = (float(re.search(o, svg)[1]) for o in (r'\bwidth="([\d.]+)', r'viewBox="0 0 ([\d.]+)'))
        sizes = [s for o in re.findall(r'font-size: ([\d.]+)px', svg) if (s := float(o)) >= 8]
        assert min(sizes, default=99)*min(358, width)/points >= 7, id


def test_a_grid_line_through_a_word_is_seen():
    line = '<path d="M 10 50 \nL 200 50 \n" style="stroke: var(--line,#d5dae2)"/>'
    def word(y): return f'<text style="font-size: 11px; text-anchor: end" x="90" y="{y}">plain</text>'
    assert list(struck(line+word(54))) == ['plain'] and not list(struck(line+word(45)))


@pytest.mark.parametrize('path', chapters[10:], **name)
def test_drawings_follow_a_dark_page(path):
    "Their colors are the palette's, or one of it let through; photographs alone are made of dots"
    for id, svg in drawings(path):
        own = set(re.findall(r'(?:fill|stroke): *(#[0-9a-f]{6})', svg))
        assert not own, f'{id}: {len(own)} colors stay as they are'
        if '<image' in svg: assert 'imshow' in next(source(c) for c in cells(path, 'code') if c['id'] == id), id


def test_no_seed_hides_behind_another():
    "Each dot of the capstone's figure is to be seen, also where two runs got equally far"
    svg = dict(drawings(chapters[12]))['scores']
    in_axes = re.findall(r'<g clip-path="[^"]*">\s*((?:<use[^>]*/>\s*)+)</g>', svg)
    dots = re.findall(r' x="([\d.]+)" y="([\d.]+)"', ''.join(in_axes))
    assert len(set(dots)) == len(dots) == 18


@pytest.mark.parametrize('path', chapters, **name)
def test_photographs_are_large(path):
    "What is cut out of them, and digits, may be smaller"
    for c in cells(path, 'code'):
        html = ''.join(''.join(o.get('data', {}).get('text/html', '')) for o in c['outputs'])
        for width, uri in re.findall(r'<figure style="[^"]*max-width:(\d+)px">\s*<img src="data:image/webp;base64,([^"]+)"', html.partition('class="mx-photos"')[2]):
            assert int(width) >= 300 or min(Image.open(io.BytesIO(base64.b64decode(uri))).size) < 256, source(c)


# what is introduced before it is used

def test_a_term_is_explained_where_it_first_stands():
    "The first chapter that uses a word of the glossary leads there, if it does not stand in a title or among the aims"
    new, late = dict.fromkeys(t for t in read_glossary(root/'nbs/glossary.ipynb') if t not in ('mixup', 'cutmix', 'cutout', 'lam', 'alpha')), []
    for p in chapters:
        text = re.sub(r'^(#|> |- |You need:).*|<[^>]*>', '', prose(p).partition('\n## Quiz')[0], flags=re.M)
        for term in [*new]:
            if re.search(rf'(?<![\w`-]){term.replace("-", "[- ]")}s?(?![\w`-])(?!\]\(\d)', text, re.I) or f'#{term})' in text:
                new.pop(term)
                if f'glossary.ipynb#{term})' not in prose(p): late.append((p.name, term))
    assert late == []


def library():
    return {o.rpartition('.')[2] for module, names in d['syms'].items() for o in names if o.count('.') == module.count('.')+1}


def test_a_name_of_the_library_is_introduced_before_it_is_used():
    "By the text around the cell that uses it first; what asks, and what a chapter opens with, speaks for itself"
    known, silent = {'predict', 'myth', 'repair', 'quiz', 'check', 'cards', 'progress', 'figure_style', 'example_images', 'Playground', 'Stage'}, []
    known |= {o for o in library() if o.endswith('Explorer')}
    for p in chapters:
        every = cells(p)
        for i, c in enumerate(every):
            if c['cell_type'] == 'markdown': known |= said(source(c))
            elif not source(c).startswith(('#| code-fold', '#| hide')):
                after = next((said(source(o)) for o in every[i+1:] if o['cell_type'] == 'markdown'), set())
                nodes = [*ast.walk(ast.parse(re.sub(r'^(\s*)[%!].*', r'\1pass', source(c), flags=re.M)))]
                own = {o.name for o in nodes if isinstance(o, ast.FunctionDef)} | {o.id for o in nodes if isinstance(o, ast.Name) and isinstance(o.ctx, ast.Store)}
                known |= own | {o.arg for o in nodes if isinstance(o, ast.arg)}
                used = {o.id for o in nodes if isinstance(o, ast.Name)} & library()
                silent += [(p.name, i, o) for o in sorted(used - known - after)]
                known |= used
    assert silent == []


def said(text): return set(re.findall(r'`([A-Za-z_]\w*)', re.sub(r'```.*?```', '', text, flags=re.S)))


# the page before them

def test_start_page_says_what_the_chapters_are():
    "Title, sentence and minutes of each, as its own head has them"
    rows = re.findall(r'^\| (\d+) \| \[(.+)\]\((.+)\): (.+) \| (\d+) \| [●○]{3} \|$', prose(root/'nbs/start.ipynb'), re.M)
    assert [o[2] for o in rows] == [f'chapters/{p.name}' for p in chapters]
    for number, title, link, about, time in rows:
        path = root/'nbs'/link
        head = source(cells(path)[0])
        said = re.search('^> (.+)', head, re.M)[1]
        assert head.startswith(f'# {title}\n')
        assert about in (said, said[0].lower()+said[1:])
        assert re.match(r'[a-z]+\b|[A-Z]\w*[A-Z]', about), 'a sentence goes on after the colon; names keep their capitals'
        assert (int(number), int(time)) == (int(path.stem[:2]), minutes(read_nb(path).cells)), path.stem


@pytest.mark.parametrize('page', ['draw', 'exam'])
def test_a_page_for_a_widget_shows_no_call_above_it(page):
    shown = [source(c) for c in cells(root/f'nbs/{page}.ipynb', 'code') if not source(c).startswith(('#| echo: false\n', '#| hide\n', '#| code-fold: true\n'))]
    assert shown == []


# numbers

def typed(text):
    "Percentages and decimals in prose, outside code, maths, links and what quotes a paper"
    text = text.partition('\n## Papers')[0]
    text = re.sub(r'```.*?```|`[^`]*`|\$[^$]*\$|\]\([^)]*\)|arXiv:[\d.]+|[Ss]ections? [\d.]+', '', text, flags=re.S)
    paragraphs = [o for o in re.split(r'\n\s*\n', text) if not re.search(r'\b(paper|Table|arXiv|quoted?)\b', o)]
    return [(n, o) for o in paragraphs for n in re.findall(r'(?<![\w.])\d+(?:\.\d+)? ?%|(?<![\w.])\d*\.\d+(?!\w|\.\d)', o)]


@pytest.mark.parametrize('path', chapters, **name)
def test_numbers_in_prose_are_settings_of_a_run(path):
    "What a run gave is printed by the run; prose may name what the code sets"
    code = ' '.join(source(c) for c in cells(path, 'code'))
    def number(s): return float(s.rstrip(' %'))/(100 if '%' in s else 1)
    settings = {float(o) for o in re.findall(r'(?<![\w.])\d*\.?\d+(?![\w.])', code)} | {0., .5, 1., .95}  # 95% is the interval that `versus` gives
    bad = [(n, o) for n, o in typed(prose(path)) if not any(abs(number(n)-s) < 1e-9 for s in settings)]
    assert bad == []


def test_typed_numbers_are_seen():
    assert [n for n, _ in typed('It is 97.3 % right, or .97.\n\nThe paper says 3 %.\n\n`x = .5` and 2 of 3.')] == ['97.3 %', '.97']


# spelling

texts = [*root.glob('*.md'), *(root/'mixcourse/teach/questions').glob('*.json'), *(root/'nbs').rglob('*.ipynb')]


def words(p): return p.read_text(encoding='utf-8') if p.suffix != '.ipynb' else '\n'.join(source(c) for c in cells(p))


def test_a_word_is_written_as_in_the_glossary():
    "A quiz that says over-fit where a chapter says overfit looks as if it asked for something else"
    hyphenated = re.compile(r'\b(?:over|under)-(?:fit|confid)\w*', re.I)
    assert hyphenated.findall('It over-fits, Under-confident.') == ['over-fits', 'Under-confident']
    assert {p.name: o for p in texts if (o := hyphenated.findall(words(p)))} == {}


def test_spelling(tmp_path):
    "All texts in one go: a start of the checker takes longer than what it reads"
    codespell = shutil.which('codespell', path=Path(sys.executable).parent)
    assert codespell, 'pip install codespell'
    def misspelled(name, texts):
        folder = tmp_path/name
        folder.mkdir()
        for path, text in texts.items(): (folder/path).write_text(text, encoding='utf-8')
        options = '--builtin', 'clear,rare,en-GB_to_en-US', '--ignore-words-list', 'maths,occured'
        return subprocess.run([codespell, *options, '.'], cwd=folder, capture_output=True, text=True).stdout
    assert misspelled('wrong', {'a.txt': 'the colour of teh label'}).count('==>') == 2
    assert len(texts) > 50
    assert misspelled('right', {p.relative_to(root).as_posix().replace('/', '-')+'.txt': words(p) for p in texts}) == ''


@pytest.mark.parametrize('path', chapters, **name)
def test_a_name_of_the_chapter_is_not_taken_for_one_of_the_library(path):
    "The site links each name of the library in the text. A variable or a column of that name is something else: write it in another way"
    code = re.sub(r'^(\s*)[%!].*', r'\1pass', '\n'.join(source(c) for c in cells(path, 'code')), flags=re.M)
    nodes = [*ast.walk(ast.parse(code))]
    bound = {o.id for o in nodes if isinstance(o, ast.Name) and isinstance(o.ctx, ast.Store)}
    columns = {k.value for o in nodes if isinstance(o, ast.Dict) for k in o.keys if isinstance(k, ast.Constant)}
    library = {o.removeprefix(module+'.') for module,names in d['syms'].items() for o in names}
    said = set(re.findall(r'(?<!`)`([a-z_]+)`', re.sub(r'<details.*?</details>', '', prose(path), flags=re.S)))
    assert said & library & (bound | columns) == set()
