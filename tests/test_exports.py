"What becomes of a chapter elsewhere: slides, a script, a page, the view of a code host, a kernel of its own."
import ast, json, re

import bleach
import pytest
from conftest import root
from nbconvert import HTMLExporter, PythonExporter, SlidesExporter, export
from nbconvert.exporters import get_exporter
from nbformat import read, v4
from pages import Elements

from mixcourse.teach.questions import quiz
from mixcourse.teach.slides import mark, slide_type

pytestmark = pytest.mark.slow
chapters = sorted((root/'nbs/chapters').glob('*.ipynb'))
name = dict(ids=lambda p: p.stem)
chapter = root/'nbs/chapters/02_mixup.ipynb'


def notebook(): return read(chapter, as_version=4)
def convert(exporter, nb=None): return exporter().from_notebook_node(notebook() if nb is None else nb)[0]


@pytest.mark.parametrize('path', chapters, **name)
def test_chapter_is_marked(path):
    "If it is not: python -m mixcourse.teach.slides nbs/chapters/*.ipynb"
    nb = json.loads(path.read_text(encoding='utf-8'))
    assert mark(json.loads(json.dumps(nb))) == nb


# slides

def headings(nb): return [c for c in nb.cells if slide_type(c) == 'slide']


def test_slides_begin_at_headings():
    html = convert(SlidesExporter)
    nb = notebook()
    starts = len(re.findall(r'<section ?>\s*<section ?>', re.sub(r'<section[^>]*>', '<section>', html)))
    assert starts == len(headings(nb)) >= 5


def test_slides_leave_out_what_the_page_hides():
    assert "find_spec('mixcourse')" in json.dumps(notebook(), ensure_ascii=False)
    assert 'find_spec' not in Elements(convert(SlidesExporter)).text


def test_without_marks_there_is_one_slide():
    nb = notebook()
    for c in nb.cells: c.metadata.pop('slideshow', None)
    html = re.sub(r'<section[^>]*>', '<section>', convert(SlidesExporter, nb))
    assert len(re.findall(r'<section ?>\s*<section ?>', html)) == 1


# a script

@pytest.mark.parametrize('path', chapters, **name)
def test_script_is_python(path):
    "`--to script` asks the notebook for its language"
    nb = read(path, as_version=4)
    exporter = get_exporter(nb.metadata.language_info.nbconvert_exporter)
    assert exporter is PythonExporter
    text, resources = export(exporter, nb)
    ast.parse(text)
    assert resources['output_extension'] == '.py'


# a page

def test_page_shows_questions_and_their_answers():
    html = convert(HTMLExporter)
    text = Elements(html).text
    assert 'What is the target?' in text
    assert 'Labels are blended with the very' in text


def test_page_shows_no_state_as_text():
    text = Elements(convert(HTMLExporter)).text
    assert '"ids"' not in text
    assert '"items"' not in text


def test_live_widget_without_its_state_is_a_question(monkeypatch):
    data, _ = quiz('mixup.pixel').live()._repr_mimebundle_()
    nb = v4.new_notebook(cells=[v4.new_code_cell('w', outputs=[v4.new_output('execute_result', data=data)])])
    assert 'A pixel is 0.2 in the cat' in Elements(convert(HTMLExporter, nb)).text


# a code host: tags that it does not know go, their text stays

host_tags = '''h1 h2 h3 h4 h5 h6 br b i strong em a pre code img tt div ins del sup sub p ol ul table thead tbody tfoot blockquote dl dt dd kbd q samp var hr
ruby rt rp li tr td th s strike summary details caption figure figcaption abbr bdo cite dfn mark small span time wbr'''.split()
host_attributes = {'*': ['align', 'alt', 'height', 'width', 'title', 'src', 'href', 'open', 'tabindex']}


def as_host_shows(html): return bleach.clean(html, tags=host_tags, attributes=host_attributes, protocols=['http', 'https', 'data'], strip=True)


def outputs(path):
    for c in read(path, as_version=4).cells:
        for o in c.get('outputs', []):
            if 'text/html' in o.get('data', {}): yield o.data['text/html']


@pytest.mark.parametrize('path', chapters, **name)
def test_code_host_shows_no_json_no_css_and_no_script(path):
    for html in outputs(path):
        if 'class="mx"' not in html: continue
        text = Elements(as_host_shows(html)).text
        assert not re.search(r'"\w+": ?[\[{"\d]', text)
        assert '@media' not in text
        assert 'const ' not in text


def test_code_host_shows_the_question():
    html = as_host_shows(quiz('mixup.target').html(script_too=False))
    assert [tag for tag, _ in Elements(html).found].count('details') == 5
    assert 'Labels are blended with the very lam' in Elements(html).text


# a kernel

@pytest.fixture(scope='module')
def executed(tmp_path_factory):
    "Outputs of cells that a real kernel ran"
    from nbclient import NotebookClient
    from traitlets.config import Config
    # a port is chosen before the kernel listens on it: another test's server may take it in between
    sockets = str(tmp_path_factory.mktemp('kernel')/'k')
    no_ports = Config(KernelManager=dict(transport='ipc', ip=sockets))
    sources = ['from mixcourse.teach.questions import quiz', "quiz('mixup.pixel')", "quiz('mixup.pixel').live()"]
    nb = v4.new_notebook(cells=[v4.new_code_cell(o) for o in sources])
    NotebookClient(nb, kernel_name='python3', store_widget_state=False, config=no_ports).execute(cwd=str(root))
    return [c.outputs for c in nb.cells]


def test_a_kernel_brings_the_script(executed): assert 'type="module"' in executed[1][0].data['text/html']


def test_live_gives_a_view_a_name_and_a_page(executed):
    assert set(executed[2][0].data) == {'application/vnd.jupyter.widget-view+json', 'text/plain', 'text/html'}


def test_live_has_a_readable_name_and_a_fallback(executed):
    data = executed[2][0].data
    assert data['text/plain'] == 'Quiz(mixup.pixel).live()'
    assert 'A pixel is 0.2 in the cat' in data['text/html']
