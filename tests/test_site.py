"What stands on the pages of the site, and what lies beside them."
import json, os, re, subprocess, zipfile
from pathlib import Path

import pytest
from built import chapters, html, lessons, marks, pages, reference, site_url, soup, sources, stems, urls
from conftest import root
from PIL import Image

pytestmark = pytest.mark.slow


def test_every_notebook_has_its_page(pages):
    assert [o for o in [*urls, 'card.png', 'favicon.svg', 'site.css'] if not (pages/o).is_file()] == []


@pytest.mark.parametrize('url', urls)
def test_page_tells_what_it_is(pages, url):
    s = html(pages, url)
    title, about = re.search(r'<title>(.+?)</title>', s, re.S), re.search(r'<meta[^>]* name="description"[^>]*>', s, re.S)
    assert title and about and len(about[0]) > 50


@pytest.mark.parametrize('url', urls)
def test_every_page_has_the_same_card(pages, url):
    "Quarto would take a page's first picture, data and all"
    cards = [o['content'] for o in soup(pages, url).select('meta[property="og:image"], meta[name="twitter:image"]')]
    assert cards and set(cards) == {f'{site_url}card.png'}


@pytest.mark.parametrize('url', urls)
def test_no_directive_shows(pages, url):
    s = re.sub(r'<(script|pre|code|style)\b.*?</\1>', '', html(pages, url), flags=re.S)
    text = re.sub(r'<[^>]+>', ' ', s)
    assert re.findall(r'#\| ?\w+|:::|\{=html\}|```|output-file:|\{\.\w+|^---$|\]\(', text, re.M) == []
    assert '#| ' not in re.sub(r'<[^>]+>', '', html(pages, url)) or 'api/' in url, 'a directive in code'


@pytest.mark.parametrize('url', urls)
def test_no_markup_is_read(pages, url):
    "Neither tags that were escaped twice nor attributes within code"
    said = [o.get_text() for o in soup(pages, url).select('main :is(p, li, td, .mx-fb)') if not o.find_parent('pre')]
    assert [o for o in said if re.search(r'</(?:p|b|i|em|div|span|a|li)>|\{[.#][\w-]+ ', o)] == []


def is_white_box(path):
    with Image.open(path) as im: corners = [im.convert('RGBA').getpixel((x, y)) for x in (0, im.width-1) for y in (0, im.height-1)]
    return all(min(o) > 250 for o in corners)


@pytest.mark.parametrize('url', urls)
def test_no_figure_is_a_white_box_on_a_dark_page(pages, url):
    found = [o['src'] for o in soup(pages, url).select('main img[src$=".png"]') if not o.find_parent(class_='mx')]
    assert [o for o in found if is_white_box((pages/url).parent/o)] == []


def test_an_exam_leads_to_chapters_of_its_own_copy(pages):
    "So the site can be read offline, and in a preview"
    for url in ('exam.html', 'teaching.html'):
        state = json.loads(soup(pages, url).select_one('.mx[data-kind=exam]')['data-state'])
        assert [o['href'] for o in state['chapters'].values() if not (pages/url).parent.joinpath(o['href']).is_file()] == []


def links(s): return [o for o in re.findall(r'<a\b[^>]*\bhref="([^"]+)"', s)]


def is_dead(pages, url, link):
    path, _, mark = link.partition('#')
    target = os.path.normpath(Path(url).parent/path) if path else url
    if not (pages/target).is_file(): return True
    return bool(mark) and target.endswith('.html') and mark not in marks(pages, target)


@pytest.mark.parametrize('url', [o for o in urls if o != '404.html'])
def test_links_lead_somewhere(pages, url):
    inner = [o for o in links(html(pages, url)) if not re.match(r'[a-z]+:', o)]
    assert [o for o in inner if is_dead(pages, url, o)] == []


def test_the_page_for_lost_readers_links_from_the_top(pages):
    "It is shown at any depth, so its links are whole paths, or it is found where it stands"
    path = '/' + site_url.split('/', 3)[3]
    for o in links(html(pages, '404.html')):
        if re.match(r'[a-z]+:|#', o): continue
        assert (pages/o.removeprefix(path).partition('#')[0]).is_file(), o


@pytest.mark.parametrize('url', urls)
def test_links_to_the_site_stay_on_this_copy(pages, url):
    inner = [o for o in links(html(pages, url)) if o.startswith(site_url)]
    assert [o for o in inner if (pages/(o.removeprefix(site_url).partition('#')[0] or 'index.html')).is_file()] == []


def module_of(notebook):
    "The file that it exports, as a path without its suffix; None for a page that exports nothing"
    exported = re.search(r'#\| ?default_exp ([\w.]+)', notebook.read_text(encoding='utf-8'))
    return exported and exported[1].replace('.', '/')


modules = {url: name for url, o in zip(urls, sources) if (name := module_of(o))}


@pytest.mark.parametrize('url', modules)
def test_source_links_lead_to_the_function(pages, url):
    "The page of a module shows its own functions"
    hrefs = [o['href'] for o in soup(pages, url).select('main a') if o.get_text() == 'source']
    found = {re.search(r'/blob/\w+/mixcourse/([\w/]+)\.py#L\d+$', o)[1] for o in hrefs}
    assert found <= {modules[url]}


# What a reader meets first

@pytest.mark.parametrize('url', urls)
def test_results_come_before_the_code_that_is_folded(pages, url):
    cells = [o for o in soup(pages, url).select('main .cell') if o.select(':scope > .code-fold') and o.select(':scope > .cell-output')]
    assert [o.get_text()[:60] for o in cells if o.find_all(recursive=False)[-1].name != 'details'] == []


@pytest.mark.parametrize('url', urls)
def test_no_heading_stands_for_nothing(pages, url):
    assert [o.get_text() for o in soup(pages, url).select('main section') if not o.select(':scope > :not(h2, h3, h4, h5)')] == []


def announces_nothing(paragraph):
    "It ends with a colon, and words or the end follow"
    after = paragraph.find_next_sibling()
    return after is None or (after.name in ('p', 'section') and not after.select('math'))


@pytest.mark.parametrize('url', reference)
def test_what_is_announced_comes(pages, url):
    "What a notebook exports and keeps private is not on its page"
    said = [o for o in soup(pages, url).select('main section > p, main > p') if o.get_text().rstrip().endswith(':')]
    assert [o.get_text() for o in said if announces_nothing(o)] == []


@pytest.mark.parametrize('url', urls)
def test_diagrams_of_signs_fit_on_a_phone(pages, url):
    "Where lines wrap, nothing is left of them"
    drawn = [o.get_text() for o in soup(pages, url).select('main pre') if re.search('[─│]', o.get_text())]
    assert [line for o in drawn for line in o.splitlines() if len(line) > 42] == []


@pytest.mark.parametrize('url', urls)
def test_titles_have_no_marks(pages, url):
    page = soup(pages, url)
    assert [o.get_text() for o in page.select('title, h1, #quarto-sidebar a, .page-navigation a') if '`' in o.get_text()] == []


# Navigation

def test_chapters_follow_each_other(pages):
    "Forward by the link at the end, which stands there once"
    for url, after in zip(chapters, chapters[1:]):
        page = soup(pages, url)
        assert Path(page.select_one('.nav-page-next a')['href']).name == Path(after).name
        tail = page.select_one('main').get_text(' ')[-400:]
        assert 'Next:' not in tail, url


def sidebar(pages, url): return soup(pages, url).select_one('#quarto-sidebar')


def test_sidebar_follows_the_wings(pages):
    "A section for each wing, with each of its pages"
    side = sidebar(pages, chapters[0])
    hrefs = {Path(o['href']).as_posix().removeprefix('../') for o in side.select('a[href]')}
    assert set(reference) <= hrefs


def test_the_bar_leads_to_each_place_once(pages):
    hrefs = [o['href'] for o in soup(pages, 'index.html').select('#quarto-header .nav-link, #quarto-header .mx-row > a[href]')]
    assert len(hrefs) > 3
    assert sorted(hrefs) == sorted(set(hrefs))


def test_chapters_are_numbered(pages):
    side = sidebar(pages, 'performance.html')
    numbers = [o.select_one('.mx-n').get_text() for o in side.select('a[href*="chapters/"]') if o.select_one('.mx-n')]
    assert numbers == [str(i) for i in range(1, len(lessons)+1)]


@pytest.mark.quarto
def test_only_the_section_of_the_page_is_open(pages):
    side = sidebar(pages, chapters[0])
    opened = [o for o in side.select('ul.collapse.show')]
    assert len(opened) == 1 and opened[0].select_one('.active')


@pytest.mark.parametrize('url', chapters)
def test_headings_stand_below_the_chapters_own_link(pages, url):
    page = soup(pages, url)
    toc = page.select_one('#TOC')
    if toc is None or not toc.select('a'): return
    assert toc.find_parent('li').select_one('.active')


@pytest.mark.parametrize('url', lessons)
def test_head_of_a_chapter(pages, url):
    "Number, minutes, Colab with a name, and the notebook itself"
    page = soup(pages, url)
    number = lessons.index(url)+1
    assert page.select_one('.subtitle').get_text().strip() == f'Chapter {number}'
    meta = page.select_one('.mx-meta')
    assert re.match(r'\s*\d+ minutes', meta.get_text())
    assert meta.select_one('img')['alt'] == 'Open in Colab'
    assert (pages/url).parent.joinpath(meta.select_one('a[download]')['href']).is_file()


@pytest.mark.parametrize('url', lessons)
def test_setup_is_folded(pages, url):
    "What only prepares takes one line"
    fold = soup(pages, url).select_one('main details.code-fold')
    assert re.match(r'Set-up, \d+ lines?$', fold.summary.get_text().strip())
    assert 'import' in fold.get_text()


def test_first_page_lists_every_chapter(pages):
    found = [o['href'].removeprefix('./') for o in soup(pages, 'index.html').select('.mx-chapters a')]
    assert found == lessons


# Reference

@pytest.mark.parametrize('url', reference)
def test_a_heading_stands_once(pages, url):
    found = [o.get_text(' ', strip=True) for o in soup(pages, url).select('main h3')]
    assert [a for a, b in zip(found, found[1:]) if a == b] == []


def signatures(page):
    "Those of functions and classes, without their comments"
    code = [re.sub('#.*', '', o.get_text()).strip() for o in page.select('main pre')]
    return [o for o in code if re.match(r'(def|class) \w+\($', o.partition('\n')[0])]


@pytest.mark.parametrize('url', reference)
def test_signatures_read_well(pages, url):
    unread = r'__main__|\b0x[0-9a-f]{6}|^def [A-Z]|\(\s*\*args, \*\*kwargs\s*\)|P\.args|:(NoneType|function)=|=\(_\w+,'
    assert [o for o in signatures(soup(pages, url)) if re.search(unread, o)] == []


@pytest.mark.parametrize('url', reference)
def test_no_rule_stands_for_nothing(pages, url):
    assert soup(pages, url).select('main hr + p > a[href*="/blob/"]') == []


def test_reference_and_course_know_each_other(pages):
    page = next(o for o in reference if re.search(r'callback/\w+\.html', o) and 'id="cutmix"' in html(pages, o))
    used = [o['href'] for o in soup(pages, page).select('.mx-used a[href*="chapters/"]')]
    assert any(o.endswith('cutmix.html') for o in used)
    back = [o['href'] for o in soup(pages, 'chapters/cutmix.html').select('.mx-used a')]
    assert any(o.endswith('#cutmix') for o in back)


def test_chapters_use_what_they_import(pages):
    "Not what has the same name in another module"
    for url, name in ('api/compare/measures.html', 'predict'), ('api/mixing/kernels.html', 'mixup'):
        heading = next(o for o in soup(pages, url).select('main :is(h2, h3, h4)') if o.get_text().strip() == name)
        told = heading.find_parent('section').select('.mx-used')
        assert 'chapter' not in ' '.join(o.get_text() for o in told)


def test_names_of_fastai_lead_to_its_documentation(pages):
    hrefs = [o for url in urls for o in links(html(pages, url))]
    assert any(o.startswith('https://docs.fast.ai/') for o in hrefs)


# Beside the pages

def entries(pages): return json.loads((pages/'search.json').read_text(encoding='utf-8'))


def test_search_has_every_page(pages):
    assert {o['href'].partition('#')[0] for o in entries(pages)} == set(urls) - {'404.html'}


def test_search_gives_no_answers(pages):
    "What a question says of each option stands in no snippet, unless the prose of the page says the same"
    prose = ' '.join(o.read_text(encoding='utf-8') for o in sources)
    found = ' '.join(o['text'] for o in entries(pages))
    bank = [json.loads(o.read_text(encoding='utf-8')) for o in (root/'mixcourse/teach/questions').glob('*.json') if o.stem != 'schema']
    whys = [o for o in re.findall(r'"why": "((?:[^"\\]|\\.){25,})"', json.dumps(bank, ensure_ascii=False)) if not re.search(r'[`$\\]', o)]
    assert len(whys) > 50 and [o for o in whys if o in found and o not in prose] == []


def code_of(pages, url): return ' '.join(o.get_text() for o in soup(pages, url).select('code'))


def test_search_snippets_are_words(pages):
    "Sentences do not run together"
    text = ' '.join(o['text'] for o in entries(pages) if o['href'].startswith('chapters/'))
    code = ' '.join(code_of(pages, o) for o in chapters)
    joined = re.findall(r'\w*[a-z]{3}\.[A-Z][a-z]{2}\w*', text)
    assert [o for o in joined if o not in code] == []


def test_search_finds_words_and_not_what_was_recorded(pages):
    "The numbers of a trace would stand for the section"
    texts = {o['href']: o['text'] for o in entries(pages)}
    for url in chapters:
        rows = [' '.join(o.get_text(' ').split()) for o in soup(pages, url).select('.mx:is([data-kind=trace], [data-kind=replay]) :is(li, tr, p)')]
        found = ' '.join(text for href, text in texts.items() if href.startswith(url))
        assert [o for o in rows if len(o) > 40 and o in found] == [], url


def test_search_keeps_code_whole(pages):
    text = ' '.join(o['text'] for o in entries(pages) if o['href'].startswith('chapters/'))
    assert re.search(r'\b\w+\(\w+\.\w+', text)


def twin(pages, url): return (pages/f'{url}.md').read_text(encoding='utf-8')


@pytest.mark.parametrize('url', [o for o in urls if o != '404.html'])
def test_twin_brings_no_pictures_and_no_scripts(pages, url):
    text = re.sub(r'^(`{3,}).*?^\1$', '', twin(pages, url), flags=re.M | re.S)  # a page may show such code
    assert re.findall(r'data:image|<script', text) == []


def bare(text):
    "Words without marks, and with straight quotes"
    return re.sub(r'[\s*_\\]+', ' ', text).translate(str.maketrans('’“”', '\'""'))


@pytest.mark.parametrize('url', [o for o in urls if o != '404.html'])
def test_twin_holds_the_prose(pages, url):
    "The words of the page, below its title"
    text = bare(twin(pages, url))
    prose = [o.get_text(' ', strip=True) for o in soup(pages, url).select('main section > p') if not o.select('code, math, a, img, span')]
    missing = [o for o in prose if len(o) > 60 and bare(o)[:60] not in text]
    assert text.startswith('# ')
    assert len(missing) <= len(prose)//10, missing[:3]


def test_llms_txt_names_every_twin(pages):
    text = (pages/'llms.txt').read_text(encoding='utf-8')
    named = set(re.findall(rf'\]\({re.escape(site_url)}(\S+?)\.md\)', text))
    assert named == set(urls) - {'404.html', 'index.html'}
    assert text.startswith('# mixcourse\n')


def test_notebooks_can_be_taken_along(pages):
    with zipfile.ZipFile(pages/'mixcourse-notebooks.zip') as z: names = z.namelist()
    notebooks = {f'mixcourse-notebooks/{o}.ipynb' for o, s in zip(stems, sources) if s.suffix == '.ipynb'}
    assert set(names) == notebooks


def test_site_can_be_taken_along(pages):
    with zipfile.ZipFile(pages/'mixcourse-site.zip') as z: names = set(z.namelist())
    assert {f'mixcourse/{o}' for o in (*urls, 'site.css', 'README.txt')} <= names


def test_makefile_builds_it():
    res = subprocess.run(['make', '-n', 'site'], cwd=root, capture_output=True, text=True)
    assert 'nbs/site.py' in res.stdout


@pytest.mark.quarto
def test_quarto_made_it(pages): assert 'name="generator"' in html(pages, 'index.html')


@pytest.mark.quarto
def test_icons_are_those_that_are_used(pages):
    assert (pages/'site_libs/bootstrap/bootstrap-icons.woff').stat().st_size < 20_000
