"The site, page by page in a browser with no way out: built with Quarto where there is one, else without."
import gzip, os, re, shutil, subprocess, sys
from pathlib import Path

import pytest
from browser.harness import Site, axe, wide
from conftest import root
from test_packaging import copy_project

pytestmark = pytest.mark.slow

sources = sorted(o for s in ('ipynb', 'qmd') for o in (root/'nbs').rglob(f'*.{s}') if '.ipynb_checkpoints' not in o.parts)
stems = [o.relative_to(root/'nbs').with_suffix('').as_posix() for o in sources]
urls = [re.sub(r'(^|/)\d+[a-z]?_', r'\1', o)+'.html' for o in stems]
chapters = [o for o in urls if o.startswith('chapters/')]
types = {'.css': 'text/css', '.js': 'text/javascript', '.svg': 'image/svg+xml', '.png': 'image/png', '.jpeg': 'image/jpeg', '.json': 'application/json'}
host = 'http://course.test/'
site_url = re.search(r'site-url: (.+)', (root/'_quarto.yml').read_text(encoding='utf-8'))[1]


@pytest.fixture(scope='module')
def pages(tmp_path_factory):
    "Folder of the site, built from a copy as `make site` does"
    project = copy_project(tmp_path_factory.mktemp('site')/'project')
    env = os.environ | {'PATH': f'{Path(sys.executable).parent}{os.pathsep}{os.environ["PATH"]}', 'PYTHONPATH': str(project)}
    res = subprocess.run([sys.executable, '-W', 'ignore', project/'nbs/site.py', project], env=env, capture_output=True, text=True)
    assert not res.returncode, res.stdout + res.stderr
    return project/'_docs'


class Visit(Site):
    "Opens pages of the folder; notes what they asked of others, what failed, and how much came"
    def __init__(self, browser, folder, **kwargs):
        super().__init__(browser)
        self.folder, self.sizes, self.js = folder, {}, kwargs.get('java_script_enabled', True)
        self.window = browser.new_context(**{'viewport': {'width': 1280, 'height': 900}, 'reduced_motion': 'reduce', **kwargs})
        self.window.route('**/*', self.answer)
        self.page = self.watch(self.window.new_page())

    def answer(self, route):
        url = route.request.url
        file = self.folder/url.removeprefix(host).partition('?')[0].partition('#')[0]
        if not url.startswith(host) or not file.is_file():
            self.asked.append(url)
            return route.abort()
        body = file.read_bytes()
        self.sizes[url] = len(gzip.compress(body))  # as a server sends it
        route.fulfill(body=body, content_type=types.get(file.suffix, 'text/html; charset=utf-8'))

    def open(self, url):
        self.sizes.clear()
        self.page.goto(host+url)
        if self.page.query_selector('.mx') and self.js: self.page.wait_for_selector('.mx[data-on]')
        return self.page


@pytest.fixture(scope='module')
def visit(chrome, pages):
    res = Visit(chrome, pages)
    yield res
    res.window.close()


@pytest.fixture
def calm(visit):
    "Nothing was asked of another host, nothing failed"
    visit.asked.clear()
    visit.errors.clear()
    yield visit
    assert (visit.asked, visit.errors) == ([], [])


def html(pages, url): return (pages/url).read_text(encoding='utf-8')


def test_every_notebook_has_its_page(pages):
    assert [o for o in [*urls, 'card.png', 'favicon.svg'] if not (pages/o).is_file()] == []


@pytest.mark.parametrize('url', urls)
def test_page_tells_what_it_is(pages, url):
    s = html(pages, url)
    title, about = re.search(r'<title>(.+?)</title>', s, re.S), re.search(r'<meta name="description" content="(.+?)">', s, re.S)
    assert title and about and len(about[1]) > 15
    assert f'<meta property="og:image" content="{site_url}card.png"' in s


@pytest.mark.parametrize('url', urls)
def test_no_directive_shows(pages, url):
    s = re.sub(r'<(script|pre|code|style)\b.*?</\1>', '', html(pages, url), flags=re.S)
    text = re.sub(r'<[^>]+>', ' ', s)
    assert re.findall(r'#\| ?\w+|:::|\{=html\}|```|output-file:|\{\.\w+|^---$|\]\(', text, re.M) == []
    assert '#| ' not in re.sub(r'<[^>]+>', '', html(pages, url)) or 'api/' in url, 'a directive in code'


def links(s): return [o for o in re.findall(r'<a\b[^>]*\bhref="([^"]+)"', s)]


@pytest.mark.parametrize('url', urls)
def test_links_lead_somewhere(pages, url):
    dead = []
    for o in links(html(pages, url)):
        if re.match(r'[a-z]+:', o): continue
        path, _, mark = o.partition('#')
        target = (pages/url).parent/path if path else pages/url
        if path and not target.is_file(): dead.append(o)
        elif mark and target.suffix == '.html' and not re.search(rf'\bid="{re.escape(mark)}"', target.read_text(encoding='utf-8')): dead.append(o)
    assert dead == []


@pytest.mark.parametrize('url', urls)
def test_page_is_readable_by_all(calm, url):
    "No outside request, no error, alt texts, WCAG 2.2 AA, no overflow"
    page = calm.open(url)
    assert page.evaluate("[...document.images].filter(o => !o.alt.trim()).map(o => o.outerHTML.slice(0, 120))") == []
    assert page.evaluate("[...document.images].filter(o => o.complete && !o.naturalWidth && o.src).map(o => o.src.slice(0, 120))") == []
    for scheme in ('light', 'dark'):
        page.emulate_media(color_scheme=scheme)
        assert axe(page) == []
    page.emulate_media(color_scheme='light')
    page.set_viewport_size({'width': 390, 'height': 800})
    over, narrow = wide(page), axe(page)
    page.set_viewport_size({'width': 1280, 'height': 900})
    assert over <= 0 and narrow == []
    page.emulate_media(media='print')
    tall = page.evaluate("[...document.images].filter(o => o.height > innerHeight).map(o => o.alt)")
    page.emulate_media(media='screen')
    assert tall == [], 'a picture that is longer than a page is cut'


@pytest.mark.parametrize('url', chapters)
def test_chapter_is_light(calm, url):
    calm.open(url)
    assert sum(v for k, v in calm.sizes.items() if not k.endswith(('.png', '.jpeg', '.svg'))) <= 400_000


@pytest.mark.parametrize('url', ['index.html', *chapters])
def test_nothing_jumps(chrome, pages, url):
    "Widgets come to life without moving what is being read"
    v = Visit(chrome, pages)
    v.page.add_init_script('window.shift = 0; new PerformanceObserver(l => l.getEntries().forEach(o => { if (!o.hadRecentInput) shift += o.value })).observe({ type: "layout-shift", buffered: true })')
    page = v.open(url)
    page.wait_for_timeout(300)
    shift = page.evaluate('shift')
    v.window.close()
    assert shift < .1


@pytest.mark.parametrize('url', chapters)
def test_chapter_without_scripts(chrome, pages, url):
    "Questions, their answers and all pictures are there"
    v = Visit(chrome, pages, java_script_enabled=False)
    page = v.open(url)
    assert v.asked == []
    assert page.locator('main h1').count() == 1 and page.locator('.mx-fb').first.is_visible()
    assert page.locator('.mx-fb details').count() > (0 if 'capstone' in url else 5)
    v.window.close()


def test_chapters_follow_each_other(pages):
    order = [re.search(r'href="([^"]+)"[^>]*rel="next"|rel="next"[^>]*href="([^"]+)"|class="nav-page nav-page-next">\s*<a\s+href="([^"]+)"', html(pages, o)) for o in chapters]
    nexts = [Path(next(filter(None, o.groups()))).name if o else None for o in order]
    assert nexts[:-1] == [Path(o).name for o in chapters[1:]]


def test_landing_page_has_three_doors_and_a_live_explorer(calm):
    page = calm.open('index.html')
    box = page.locator('.mx[data-kind=explorer]').bounding_box()
    assert box['y'] + 100 < 900, 'the explorer starts above the fold'
    for o in ('Learn', 'Use', 'Contribute'): assert page.get_by_role('link', name=o, exact=True).first.is_visible()
    page.get_by_role('link', name='Learn', exact=True).first.click()
    assert page.url.endswith(chapters[0])


def test_progress_is_marked(chrome, pages):
    v = Visit(chrome, pages)
    page = v.open('chapters/mixup.html')
    mark = page.locator('#quarto-sidebar a[href*="mixup.html"], #site-nav a[href*="mixup.html"]').locator('.mx-progress')
    assert mark.count() == 0
    quiz = page.locator('.mx[data-kind=quiz] .mx-ui')
    quiz.locator('input[type=radio]').first.check()
    quiz.get_by_role('button', name='Check').first.click()
    page.wait_for_timeout(50)
    assert re.fullmatch(r' ?1 of \d+ answered', mark.first.text_content())
    quiz.get_by_role('textbox').first.fill('1')
    quiz.get_by_role('textbox').first.press('Enter')
    page.wait_for_timeout(50)
    assert re.fullmatch(r' ?2 of \d+ answered', mark.first.text_content()), 'by keyboard as well'
    v.open('index.html')
    assert re.fullmatch(r' ?2 of \d+ answered', mark.first.text_content()), 'on every page'
    v.window.close()


def test_source_links_lead_to_the_function(pages):
    "The page of a module shows its own functions"
    for url in (o for o in urls if o.startswith('api/')):
        module = Path(url).stem
        for o in re.findall(r'<a href="[^"]+/mixcourse/(\w+)\.py#L\d+"', html(pages, url)): assert o == module, url


def around(extra=''):
    "A page with the navigation that Quarto 1.10 writes around it, in short"
    toggle = 'data-bs-toggle="collapse" role="navigation" aria-expanded="true"'
    return f'''<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Page</title><style>a,button{{display:block;padding:1em}}</style></head><body>
<header id="quarto-header"><nav class="navbar navbar-expand-lg"><a class="navbar-brand" href="/">mixcourse</a>
<button class="navbar-toggler" type="button" data-bs-toggle="collapse" role="menu" aria-expanded="false" aria-label="Toggle navigation">=</button></nav>
<nav class="quarto-secondary-nav"><a {toggle} class="flex-grow-1" aria-label="Toggle sidebar navigation">Here</a></nav></header>
<nav id="quarto-sidebar"><ul><li><a {toggle} class="sidebar-item-text"><span class="menu-text">Course</span></a><a {toggle} aria-label="Toggle section">v</a>
<ul><li><a href="a.html">A</a></li></ul></li></ul></nav><main><h1>Page</h1></main><nav class="page-navigation"><a href="b.html">Next</a></nav>{extra}</body></html>'''


def test_navigation_by_quarto_is_mended(chrome):
    site = Site(chrome)
    assert {o for o, _ in axe(site.open(page=around(), wait=False))} >= {'aria-allowed-role', 'landmark-unique'}, 'what it lacks'
    page = site.open(page=around((root/'nbs/quarto.html').read_text(encoding='utf-8')), wait=False)
    assert axe(page) == []
    page.evaluate("document.addEventListener('click', e => document.title = e.target.textContent)")
    for key, name in (('Enter', 'Course'), (' ', 'Toggle section')):
        page.get_by_role('button', name=name, exact=True).press(key)
        assert page.title() == dict(Enter='Course').get(key, 'v')
    assert site.errors == []


def test_makefile_builds_it():
    res = subprocess.run(['make', '-n', 'site'], cwd=root, capture_output=True, text=True)
    assert 'nbs/site.py' in res.stdout


@pytest.mark.quarto
def test_quarto_made_it(pages):
    assert shutil.which('quarto') and 'name="generator" content="quarto' in html(pages, 'index.html')
