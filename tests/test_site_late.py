"Scripts that come late, as on a slow machine: the page was read before, and what is read stays where it is."
import pytest
from browser.harness import host as server
from built import Visit, host, html, pages, urls
from visits import desk, phone, shifts

pytestmark = [pytest.mark.slow, pytest.mark.alone]

late = '/late.js'
painted = "document.readyState !== 'loading' && performance.getEntriesByType('paint').length > 0"
next_frame = 'new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))'


class LateVisit(Visit):
    "Scripts of a page wait for one in its head, which comes when the page was painted"
    def __init__(self, browser, folder, **kwargs):
        super().__init__(browser, folder, **kwargs)
        self.page.add_init_script(shifts)

    def answer(self, route):
        url = route.request.url
        if url == server+late: self.held = route
        elif url == self.url: route.fulfill(body=self.source, content_type='text/html; charset=utf-8')
        else: super().answer(route)

    def shift(self, url):
        "How much moved since the page was painted for the first time"
        self.url = host+url
        self.source = html(self.folder, url).replace('<head>', f'<head><script defer src="{late}"></script>', 1)
        self.page.goto(self.url, wait_until='commit')
        self.page.wait_for_function(painted)
        self.page.evaluate(f'{next_frame}.then(() => shift = 0)')
        self.held.fulfill(body='', content_type='text/javascript')
        self.page.wait_for_selector('.mx[data-on]')
        self.page.evaluate(next_frame)
        return self.page.evaluate('shift')


@pytest.mark.parametrize('size', [desk, phone])
def test_late_scripts_move_nothing(chrome, pages, size):
    "Of all pages with widgets"
    visit = LateVisit(chrome, pages, viewport=size)
    found = {url: visit.shift(url) for url in urls if '<div class="mx"' in html(pages, url)}
    visit.window.close()
    assert len(found) > 20
    assert {url: o for url, o in found.items() if o >= .1} == {}
