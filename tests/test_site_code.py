"Code and tables of the site on a phone: what wraps can still be read."
import pytest
from built import Visit, pages, urls
from visits import phone

pytestmark = pytest.mark.slow

left = '''all => all.flatMap(line => {
    const words = document.createRange(), start = line.querySelector('.mx-in')
    words.setStartAfter(start)
    words.setEndAfter(line.lastChild)
    const from = Math.min(start.getBoundingClientRect().right, line.getBoundingClientRect().left + 8 * start.getBoundingClientRect().width / start.textContent.length)
    return Math.min(...[...words.getClientRects()].filter(o => o.width).map(o => o.left)) < from - 1 ? [line.textContent] : []
})'''
beside = '''all => all.filter(o => o.getClientRects().length && o.offsetHeight > 1.5 * parseFloat(getComputedStyle(o).lineHeight))
    .filter(o => o.offsetTop < o.parentElement.offsetTop + parseFloat(getComputedStyle(o).lineHeight) / 2).map(o => o.parentElement.textContent)'''
empty = '''all => all.filter(o => o.getClientRects().length && o.querySelector('.mx-in').nextSibling).filter(line => {
    const words = document.createRange()
    words.setStartAfter(line.querySelector('.mx-in'))
    words.setEndAfter(line.lastChild)
    return Math.min(...[...words.getClientRects()].filter(o => o.width).map(o => o.top)) > line.getBoundingClientRect().top + parseFloat(getComputedStyle(line).lineHeight) / 2
}).map(o => o.textContent)'''
nameless = '''all => all.filter(row => row.querySelectorAll('.mx-told').length > 1)
    .flatMap(row => [...row.cells].slice(1)).filter(o => o.textContent && getComputedStyle(o, '::before').content.slice(1, -3) !== o.dataset.name).map(o => o.textContent)'''


@pytest.fixture(scope='module')
def told(chrome, pages):
    "`told(url)`: what a phone makes of the page, its faults by their kind"
    visit = Visit(chrome, pages, viewport=phone)
    def look(url):
        page = visit.open(url)
        lines = page.locator('main pre > code.sourceCode > span:has(> .mx-in)')
        return dict(left=lines.evaluate_all(left), empty=lines.evaluate_all(empty), beside=page.locator('.mx-remark').evaluate_all(beside),
                    nameless=page.locator('main .mx-stack tbody tr').evaluate_all(nameless))
    yield look
    visit.window.close()


@pytest.mark.parametrize('url', urls)
def test_what_wraps_on_a_phone_can_be_read(told, url):
    "Code keeps its indentation and leaves no line empty, a remark stays in one piece, and each cell of a row says what it is"
    assert told(url) == dict(left=[], empty=[], beside=[], nameless=[])
