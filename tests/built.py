"The site, built once from a copy as `make site` does; `SITE=_docs pytest` takes one that was built before."
import gzip, os, re, subprocess, sys
from functools import cache
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from browser.harness import Site
from conftest import root
from test_packaging import copy_project

sources = sorted(o for s in ('ipynb', 'qmd') for o in (root/'nbs').rglob(f'*.{s}') if '.ipynb_checkpoints' not in o.parts)
stems = [o.relative_to(root/'nbs').with_suffix('').as_posix() for o in sources]
urls = [re.sub(r'(^|/)\d+[a-z]?_', r'\1', o)+'.html' for o in stems]
chapters = [o for o in urls if o.startswith('chapters/')]
lessons = [o for o in chapters if not o.endswith('cards.html')]
reference = [o for o in urls if o.startswith('api/')]
types = {'.css': 'text/css', '.js': 'text/javascript', '.svg': 'image/svg+xml', '.png': 'image/png', '.jpeg': 'image/jpeg', '.json': 'application/json',
         '.webp': 'image/webp', '.woff': 'font/woff'}
# below the path that the site is published under: the page for lost readers links from there
site_url = re.search(r'site-url: (.+)', (root/'_quarto.yml').read_text(encoding='utf-8'))[1]
host = 'http://course.test/' + site_url.split('/', 3)[3]


def build(folder):
    project = copy_project(folder/'project')
    env = os.environ | {'PATH': f'{Path(sys.executable).parent}{os.pathsep}{os.environ["PATH"]}', 'PYTHONPATH': str(project)}
    res = subprocess.run([sys.executable, '-W', 'ignore', project/'nbs/site.py', project], env=env, capture_output=True, text=True)
    assert not res.returncode, res.stdout + res.stderr
    return project/'_docs'


@pytest.fixture(scope='session')
def pages(once):
    "Folder of the site"
    return Path(os.environ['SITE']).resolve() if os.environ.get('SITE') else once('site', build)


@cache
def html(pages, url): return (pages/url).read_text(encoding='utf-8')


@cache
def soup(pages, url):
    "Parsed once for all tests: none of them changes it"
    return BeautifulSoup(html(pages, url), 'html.parser')


@cache
def marks(pages, url):
    "Places of a page that a link can lead to"
    return set(re.findall(r'\bid="([^"]*)"', html(pages, url)))


@cache
def sent(path):
    "Bytes of a file, as a server sends it"
    return len(gzip.compress(path.read_bytes()))


def by_quarto(pages): return 'name="generator"' in html(pages, 'index.html')


class Visit(Site):
    "Opens pages of the folder; notes what they asked of others, what failed, and which files came"
    def __init__(self, browser, folder, **kwargs):
        super().__init__(browser)
        self.folder, self.came, self.js = folder, set(), kwargs.get('java_script_enabled', True)
        self.window = browser.new_context(**{'viewport': {'width': 1280, 'height': 900}, 'reduced_motion': 'reduce', **kwargs})
        self.window.route('**/*', self.answer)
        self.page = self.watch(self.window.new_page())

    def answer(self, route):
        url = route.request.url
        file = self.folder/url.removeprefix(host).partition('?')[0].partition('#')[0]
        if not url.startswith(host) or not file.is_file():
            self.asked.append(url)
            return route.abort()
        self.came.add(file)
        route.fulfill(body=file.read_bytes(), content_type=types.get(file.suffix, 'text/html; charset=utf-8'))

    def weight(self):
        "Bytes of what came, without pictures"
        return sum(sent(o) for o in self.came if o.suffix not in ('.png', '.jpeg', '.svg', '.webp'))

    def open(self, url):
        self.came.clear()
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
    assert visit.asked == []
    assert visit.errors == []


@pytest.fixture
def reader(chrome, pages):
    "`reader(...)` is a browser of its own, with storage of its own"
    opened = []
    def new(**kwargs):
        opened.append(Visit(chrome, pages, **kwargs))
        return opened[-1]
    yield new
    for o in opened: o.window.close()
