"A browser for the tests: pages of a host that exists only here, and no way to any other."
import os

import pytest

from browser import chromium

host = 'http://course.test'


def page_of(*parts, body_class='', head=''):
    "A page with widgets or HTML on it, much as a site would have it"
    from mixcourse.teach.pages import with_script
    inner = '\n'.join(o if isinstance(o, str) else o.html(script_too=False) for o in parts)
    look = ('body{font:16px/1.5 sans-serif;margin:1rem} @media (prefers-color-scheme:dark){body{background:#111;color:#eee} a{color:#9bf}} '
            '@media print{.mx ::details-content{content-visibility:visible;block-size:auto}}')
    return with_script(f'<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
                       f'<title>Page</title><style>{look}</style>{head}</head><body class="{body_class}"><main><h1>Page</h1>{inner}</main></body></html>')


@pytest.fixture(scope='session')
def chrome():
    from playwright.sync_api import sync_playwright
    path = chromium.find()
    if not path: pytest.skip('no Chromium: run python tests/browser/chromium.py')
    with sync_playwright() as p:
        root = hasattr(os, 'geteuid') and os.geteuid() == 0
        res = p.chromium.launch(executable_path=path, args=['--no-sandbox'] if root else [])
        yield res
        res.close()


class Site:
    "Opens pages; `asked` and `errors` are what they should not have done."
    def __init__(self, browser): self.browser, self.contexts, self.asked, self.errors = browser, [], [], []

    def context(self, pages, **kwargs):
        "A browser of its own, with storage of its own, that knows these pages (path -> HTML)"
        ctx = self.browser.new_context(**{'viewport': {'width': 1280, 'height': 900}, **kwargs})
        self.contexts.append(ctx)

        def answer(route):
            path = route.request.url.removeprefix(host)
            if path in pages: return route.fulfill(content_type='text/html; charset=utf-8', body=pages[path])
            if not path.endswith('/favicon.ico'): self.asked.append(route.request.url)
            route.abort()
        ctx.route('**/*', answer)
        return ctx

    def watch(self, page):
        page.on('pageerror', lambda e: self.errors.append(str(e)))
        page.on('console', lambda m: self.errors.append(m.text) if m.type == 'error' else None)
        page.on('dialog', lambda d: (self.errors.append(f'dialog {d.message}'), d.dismiss()))
        return page

    def open(self, *parts, page=None, path='/', wait=True, **kwargs):
        "A page with these widgets, or with the HTML `page`"
        html = page or page_of(*parts)
        res = self.watch(self.context({path: html}, **kwargs).new_page())
        res.set_default_timeout(5000)
        res.goto(host+path)
        if wait and kwargs.get('java_script_enabled', True): res.wait_for_selector('.mx[data-on]')
        return res


@pytest.fixture
def site(chrome):
    "No page may ask anything of another host, or have an error in a script"
    res = Site(chrome)
    yield res
    for o in res.contexts: o.close()
    assert (res.asked, res.errors) == ([], [])


def ui(page, kind, nth=0): return page.locator(f'.mx[data-kind={kind}]').nth(nth).locator('> .mx-ui')


def load_axe(page):
    from axe_playwright_python.sync_playwright import Axe
    if page.evaluate('!window.axe'): page.evaluate(Axe().axe_script)


def axe(page, rules=(), skip=()):
    "Violations of WCAG 2.2 AA, or of these rules alone: rule and elements"
    load_axe(page)
    tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa', 'best-practice']
    only = {'type': 'rule', 'values': rules} if rules else {'type': 'tag', 'values': tags}
    options = {'runOnly': only, 'resultTypes': ['violations'], 'rules': {o: {'enabled': False} for o in skip}}
    found = page.evaluate('o => axe.run(o)', options)['violations']
    return [(o['id'], [n['html'][:160] for n in o['nodes']]) for o in found]


def wide(page): return page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')


def small_targets(page):
    "Buttons, inputs and summaries that are smaller than 24 by 24 pixels"
    return page.evaluate('''() => [...document.querySelectorAll('.mx-ui :is(button, input, summary, select), .mx-ui [tabindex="0"]')].filter(o => o.checkVisibility()).map(o => {
        const label = o.matches('[type=radio], [type=checkbox]') && o.closest('label'), r = (label || o).getBoundingClientRect()
        return [o.outerHTML.slice(0, 80), r.width, r.height] }).filter(([_, w, h]) => w < 24 || h < 24)''')
