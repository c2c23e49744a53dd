"What one visit of a page finds: it is loaded once and looked at on a desk, in the dark, on a phone and on paper."
from dataclasses import dataclass, field

import pytest
from browser.harness import axe, wide
from built import Visit

desk, phone = {'width': 1280, 'height': 900}, {'width': 390, 'height': 844}
colors = ['color-contrast', 'link-in-text-block']  # rules of axe that see a color: the others find the same in the dark

shifts = '''window.shift = 0
new PerformanceObserver(list => list.getEntries().forEach(o => { if (!o.hadRecentInput) shift += o.value }))
    .observe({ type: 'layout-shift', buffered: true })'''
nameless = "[...document.images].filter(o => !o.alt.trim()).map(o => o.outerHTML.slice(0, 120))"
broken = "[...document.images].filter(o => o.src && !o.naturalWidth).map(o => o.src.slice(0, 120))"
complete = "[...document.images].every(o => { o.loading = 'eager'; return o.complete })"
small = '''[...document.querySelectorAll(`#quarto-header :is(a, button), #quarto-sidebar :is(a, button, summary),
        .page-navigation a, .mx-meta a, .nav-footer a, summary`)]
    .filter(o => o.checkVisibility() && !o.matches('.skip')).map(o => [o.outerHTML.slice(0, 90), o.getBoundingClientRect()])
    .filter(([_, r]) => r.width && (r.width < 24 || r.height < 24)).map(([s, r]) => `${s} ${r.width}x${r.height}`)'''
cut = '''[...document.querySelectorAll('main pre')].filter(o => o.checkVisibility() && o.scrollWidth > o.clientWidth + 1)
    .map(o => o.textContent.slice(0, 60))'''
tall = "[...document.images].filter(o => o.height > innerHeight).map(o => o.alt)"
furniture = "['#quarto-header', '#quarto-sidebar', '.page-navigation'].filter(o => document.querySelector(o)?.checkVisibility())"
share_of_paper = "document.querySelector('main').getBoundingClientRect().width / innerWidth"


@dataclass
class Found:
    "Of one page; a list is empty where all is well"
    asked: list = field(default_factory=list)  # addresses of others
    errors: list = field(default_factory=list)  # of scripts
    weight: int = 0  # bytes that came before anyone scrolled, without pictures
    shift: float = 0.  # how much moved, as the browser counts it
    nameless: list = field(default_factory=list)  # pictures without words
    broken: list = field(default_factory=list)  # pictures that did not come
    violations: dict = field(default_factory=dict)  # look -> what axe says
    small: list = field(default_factory=list)  # what a finger misses
    tall: list = field(default_factory=list)  # pictures longer than a sheet
    furniture: list = field(default_factory=list)  # what would be printed beside the text
    paper: float = 0.  # share of its width that the text has
    overflow: int = 0  # pixels wider than a phone
    cut: list = field(default_factory=list)  # code that a phone hides


def on_a_desk(v, found):
    page = v.page
    found.violations['light'] = axe(page)
    found.shift, found.weight = page.evaluate('shift'), v.weight()
    found.nameless, found.small = page.evaluate(nameless), page.evaluate(small)
    page.wait_for_function(complete)
    found.broken = page.evaluate(broken)


def in_the_dark(v, found, look):
    v.page.emulate_media(color_scheme='dark')
    found.violations[look] = axe(v.page, colors)
    v.page.emulate_media(color_scheme='light')


def on_paper(v, found):
    page = v.page
    page.emulate_media(media='print')
    found.tall, found.furniture = page.evaluate(tall), page.evaluate(furniture)
    found.paper = page.evaluate(share_of_paper)
    page.emulate_media(media='screen')


def on_a_phone(v, found):
    page = v.page
    page.set_viewport_size(phone)
    found.violations['phone'] = axe(page)
    found.overflow, found.cut = wide(page), page.evaluate(cut)


def look_at(chrome, pages, url):
    "Everything that is asked of a page which is only looked at"
    v, found = Visit(chrome, pages, viewport=desk), Found()
    v.page.add_init_script(shifts)
    v.open(url)
    on_a_desk(v, found)
    in_the_dark(v, found, 'dark')
    on_paper(v, found)
    on_a_phone(v, found)
    in_the_dark(v, found, 'dark phone')
    found.asked, found.errors = v.asked, v.errors
    v.window.close()
    return found


@pytest.fixture(scope='session')
def found(chrome, pages):
    "`found(url)`: each page is visited once"
    known = {}
    def get(url):
        if url not in known: known[url] = look_at(chrome, pages, url)
        return known[url]
    return get
