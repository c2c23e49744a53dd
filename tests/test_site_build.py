"What is left to do once pages are built, on pages and style sheets made up for it: it needs no Quarto."
import sys

import pytest
from bs4 import BeautifulSoup
from conftest import root

sys.path.insert(0, str(root/'nbs/_build'))
import finish, styles


@pytest.mark.parametrize('css, kept', [
    ('.gone{color:red}', ''), ('.used{color:red}', '.used{color:red}'), ('a{color:red}', 'a{color:red}'),
    ('.used,.gone{color:red}', '.used{color:red}'), ('.used .gone{color:red}', ''), ('.used:not(.gone){color:red}', '.used:not(.gone){color:red}'),
    ('@media print{.gone{color:red}}.used{top:0}', '.used{top:0}'), ('@media print{.gone{top:0}.used{top:0}}', '@media print{.used{top:0}}'),
    ('@charset "UTF-8";/* .gone{} */.used{top:0}', '@charset "UTF-8";/* .gone{} */.used{top:0}'), ('.used\\:x{top:0}', '.used\\:x{top:0}'),
    ('@keyframes turn{0%{top:0}to{top:1px}}', '@keyframes turn{0%{top:0}to{top:1px}}'), ('.used[href=".gone"]{top:0}', '.used[href=".gone"]{top:0}')])
def test_rules_that_no_page_needs_are_left_out(css, kept): assert styles.trim(css, {'used', 'x'}) == kept


def test_rules_for_classes_of_pages_and_scripts_stay(tmp_path):
    folder = tmp_path/'site_libs/bootstrap'
    folder.mkdir(parents=True)
    sheet = folder/'bootstrap-1.min.css'
    sheet.write_text('.page{top:0}.script{top:0}.aa-Made{top:0}.neither{top:0}')
    (tmp_path/'index.html').write_text('<p class="page">')
    (folder/'bootstrap.min.js').write_text("o.classList.add('script')")
    styles.write(tmp_path)
    assert sheet.read_text() == '.page{top:0}.script{top:0}.aa-Made{top:0}'


def test_headings_in_the_sidebar_are_open_from_the_start():
    "Quarto writes them folded and unfolds them by a script, which moves all that stands below"
    page = BeautifulSoup('''<div id="quarto-sidebar"><ul><li><a class="sidebar-link active">Here</a></li></ul></div>
        <nav id="TOC"><h2 id="toc-title">On this page</h2><ul class="collapse"><li><a href="#one">One</a><ul class="collapse"></ul></li></ul></nav>''', 'html.parser')
    finish.headings_in_sidebar(page)
    assert page.select('#quarto-sidebar li > #TOC a') != []
    assert page.select('#TOC .collapse') == []


@pytest.mark.parametrize('text, columns', [
    ('alpha   nearly alone   half\n  0.1            76%     4%', True), ('tensor([[ 9, 10, 11],\n        [17, 18, 19]])', True),
    ('alpha 0.1:  0.00 0.08 0.50\nalpha 0.4:  0.01 0.33 0.51', True), ('mixed: 3 of 4 in 2 s', False),
    ('yes  each picture keeps its own share\nno   the batch itself is left alone', False), ('methods  what to run\nseeds    runs of each', False),
    ('--lr LR  Highest learning rate of the\n         schedule', True), ('tensor([1, 2,\n        3])', False)])
def test_printed_columns_are_told_from_sentences(text, columns):
    page = BeautifulSoup(f'<main><div class="cell-output"><pre>{text}</pre></div></main>', 'html.parser')
    finish.printed_columns(page)
    assert bool(page.select('pre.mx-columns[tabindex="0"]')) == columns


@pytest.mark.parametrize('name, stays', [('cutmix 1', True), ('mixup 0.4', True), ('wrong labels repeated', False), ('few mistakes: plain', False)])
def test_the_number_of_a_row_stays_with_its_name(name, stays):
    page = BeautifulSoup(f'<main><table class="dataframe"><tbody><tr><th>{name}</th><td>4.4</td></tr></tbody></table></main>', 'html.parser')
    finish.whole(page)
    assert bool(page.select('th.mx-whole')) == stays


def code_page(line):
    page = BeautifulSoup(f'<main><pre><code class="sourceCode"><span><a href="#1"></a>{line}</span></code></pre><p>With <code>grade *.json --csv a.csv</code></p></main>', 'html.parser')
    text = page.get_text()
    finish.code_lines(page)
    assert page.get_text() == text  # what is copied
    return page


@pytest.mark.parametrize('line, style', [('x = 1', None), ('    return x', '--in: 4ch'), ('        <span class="cf">return</span> x', '--in: 8ch')])
def test_a_line_of_code_knows_where_it_begins(line, style):
    line = code_page(line).select_one('pre span')
    assert line.get('style') == style
    assert [o.get_text() for o in line.select('.mx-in')] == ([' '*int(style[6])] if style else [])


@pytest.mark.parametrize('line, remark', [
    ('x <span class="co"># why</span>', True), ('    <span class="co"># why</span>', False), ('<span class="co"># why</span>', False)])
def test_a_remark_behind_code_is_told_from_a_line_of_its_own(line, remark): assert bool(code_page(line).select('.co.mx-remark')) == remark


@pytest.mark.parametrize('line, parts', [
    ('x,y = torch.randn(32,3),torch.arange(8)', ['x,', 'y = torch', '.randn(', '32,', '3),', 'torch', '.arange(', '8)']), ('x = f(3,2).mean()', ['x = f(3,2).mean()']),
    ('<span class="bu">print</span>(learn.validate()[:-1], <span class="dv">.5</span>)', ['print(', 'learn', '.validate()[', ':-1], .5)']),
    ('<span class="va">__name__</span><span class="sc">.</span>rpartition(<span class="st">"a"</span>) + 10000', ['__name__', '.rpartition(', '"a") + 10000'])])
def test_a_long_line_of_code_may_break_between_names(line, parts):
    page = code_page(line)
    finish.where_to_break(page)
    for o in page.select('wbr'): o.replace_with('|')
    assert page.select_one('pre').get_text().split('|') == parts


def test_an_option_keeps_its_dashes(): assert [o.get_text() for o in code_page('x').select('p .mx-whole')] == ['--csv']
