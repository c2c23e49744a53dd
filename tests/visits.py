"What one visit of a page finds: it is loaded once and looked at on a desk, in the dark, on a phone and on paper."
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from browser.harness import axe, load_axe, wide
from built import Visit, chapters, reference

desk, phone = {'width': 1280, 'height': 900}, {'width': 390, 'height': 844}
colors = ['color-contrast', 'link-in-text-block']  # rules of axe that see a color
layout = ['target-size', 'scrollable-region-focusable']  # rules that see a width; all others are asked on a phone of one page of each kind
kinds = ['index.html', 'start.html', 'glossary.html', 'performance.html', '404.html', chapters[0], reference[0]]
contrast = (Path(__file__).parent/'browser/contrast.js').read_text(encoding='utf-8')

still = '*, ::before, ::after { transition: none !important }'  # or colors are read on their way from light to dark
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
cut = '''[...document.querySelectorAll('main pre:not(.mx-columns)')].filter(o => o.checkVisibility() && o.scrollWidth > o.clientWidth + 1)
    .map(o => o.textContent.slice(0, 60))'''
crumpled = '''[...document.querySelectorAll('main :is(.cell-output > pre, pre.output)')]
    .filter(o => o.checkVisibility() && /\\S {2,}(?=\\S).*\\S {2,}(?=\\S).*\\n.*\\S {2,}(?=\\S).*\\S {2,}(?=\\S)/.test(o.textContent))
    .filter(o => {
        const words = document.createRange(), lines = o.textContent.trimEnd().split('\\n').length
        words.selectNodeContents(o)
        return words.getBoundingClientRect().height > (lines + .6) * parseFloat(getComputedStyle(o).lineHeight)
    }).map(o => o.textContent)'''
wrapped = '''[...document.querySelectorAll('main pre > code.sourceCode > span')].filter(o => o.checkVisibility() && o.textContent.trimEnd().length <= 88)
    .filter(o => o.getBoundingClientRect().height > 1.5 * parseFloat(getComputedStyle(o).lineHeight)).map(o => o.textContent)'''
letters = '''Math.min(...[...document.querySelectorAll('main pre > code')].filter(o => o.checkVisibility()).map(o => parseFloat(getComputedStyle(o).fontSize)), 99)'''
split = '''[...document.querySelectorAll('main :is(tr, table, .mx-chapters li)')]
    .filter(o => (getComputedStyle(o).breakInside !== 'avoid') !== (o.tBodies?.[0]?.rows.length > 12)).length'''
small_print = '''[...document.querySelectorAll('main table')].filter(o => o.rows[0]?.cells.length < 7)
    .map(o => parseFloat(getComputedStyle(o).fontSize)).filter(size => size < 10.5)'''
alone = "[...document.querySelectorAll('main :is(summary, p:has(+ ul))')].filter(o => getComputedStyle(o).breakAfter !== 'avoid').map(o => o.textContent.slice(0, 40))"
tall = "[...document.images].filter(o => o.height > innerHeight).map(o => o.alt)"
furniture = "['#quarto-header', '#quarto-sidebar', '.page-navigation', '.mx-act', '.mx-sounds', '.mx-larger'].filter(o => document.querySelector(o)?.checkVisibility())"
dark = "[...document.querySelectorAll('.mx')].filter(o => getComputedStyle(o).colorScheme !== 'light').map(o => o.dataset.kind)"
covered = '''[...document.querySelectorAll('main :is(aside, .term-meaning)')].filter(o => o.checkVisibility() && getComputedStyle(o).float === 'right')
    .filter(note => [...document.querySelectorAll('main :is(table, img, pre, .mx)')].some(o => {
        const [a, b] = [note, o].map(e => e.getBoundingClientRect())
        return !note.contains(o) && o.checkVisibility() && b.width && a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom
    })).map(o => o.textContent.slice(0, 60))'''
holes = '''[...document.querySelectorAll('main p:has(.term-meaning)')].filter(o => o.checkVisibility() && o.nextElementSibling?.checkVisibility())
    .filter(o => o.nextElementSibling.getBoundingClientRect().top - o.getBoundingClientRect().bottom > 60).map(o => o.textContent.slice(0, 60))'''
uneven = '''[...document.querySelectorAll('main .mx-photos')].map(o => [...o.children].map(e => Math.round(e.getBoundingClientRect().width)))
    .filter(widths => Math.max(...widths) > Math.min(...widths) + 1)'''
lonely = '''[...document.querySelectorAll('main .mx-photos')].filter(o => o.checkVisibility())
    .map(o => [...o.children].map(e => Math.round(e.getBoundingClientRect().top)))
    .filter(tops => tops[0] < tops.at(-1) && tops[0] === tops[1] && tops.at(-2) < tops.at(-1))'''
leaks = "[...document.querySelectorAll('.mx-veiled > *')].filter(o => o.checkVisibility()).map(o => o.outerHTML.slice(0, 80))"
silent = '''[...document.querySelectorAll('main [role=group]')].filter(o => o.scrollWidth > o.clientWidth + 1)
    .filter(o => getComputedStyle(o).backgroundImage === 'none').map(o => o.textContent.slice(0, 40))'''
torn = '''[...document.querySelectorAll('main :is(td, th)')]
    .filter(o => o.checkVisibility() && (o.matches('tbody th') ? /^\\w+ [0-9.]+$/ : /^[-+−]?[0-9.,]+ ±|^[✓✗] /).test(o.textContent.trim()))
    .filter(o => {
        const words = document.createRange()
        words.selectNodeContents(o)
        return words.getBoundingClientRect().height > 1.6 * parseFloat(getComputedStyle(o).lineHeight)
    }).map(o => o.textContent)'''
halved = r'''[...document.querySelectorAll('main pre > code.sourceCode > span')]
    .filter(o => o.checkVisibility() && o.offsetHeight > 1.5 * parseFloat(getComputedStyle(o).lineHeight)).flatMap(line => {
        const texts = document.createTreeWalker(line, NodeFilter.SHOW_TEXT), words = document.createRange(), found = []
        while (texts.nextNode()) for (const word of texts.currentNode.data.matchAll(/(?<!\w)\w{2,16}(?!\w)/g)) {
            words.setStart(texts.currentNode, word.index)
            words.setEnd(texts.currentNode, word.index + word[0].length)
            if (words.getBoundingClientRect().height > 1.5 * parseFloat(getComputedStyle(line).lineHeight)) found.push(word[0])
        }
        return found
    })'''
towers = '''[...document.querySelectorAll('main table:not(.mx-stack) :is(thead th, tbody tr > :first-child)')].filter(o => o.checkVisibility())
    .filter(o => {
        const words = document.createRange(), n = o.textContent.trim().length
        words.selectNodeContents(o)
        return n && n < 35 && words.getBoundingClientRect().height > (n < 10 ? 1.6 : 3.2) * parseFloat(getComputedStyle(o).lineHeight)
    }).map(o => o.textContent)'''
piled = '''[...document.querySelectorAll('.mx .mx-row')].filter(o => o.checkVisibility() && o.querySelectorAll('button').length > 3)
    .map(o => [...o.querySelectorAll('button')].map(e => Math.round(e.getBoundingClientRect().top)))
    .filter(tops => new Set(tops).size > (tops.length + 1) / 2)'''
astray = '''[...document.querySelectorAll('.mx-meta .mx-item:last-child')]
    .filter(o => o.previousElementSibling && o.getBoundingClientRect().top > o.previousElementSibling.getBoundingClientRect().bottom).map(o => o.textContent)'''
edgeless = '''[...document.querySelectorAll('main .mx-photos img, main msqrt > :only-child')]
    .filter(o => o.matches('img') ? getComputedStyle(o).outlineStyle === 'none' : parseFloat(getComputedStyle(o).paddingTop) < 1)
    .map(o => o.outerHTML.slice(0, 60))'''
touching = '''[...document.querySelectorAll('main div.sourceCode')].filter(o => o.checkVisibility()).map(o => o.getBoundingClientRect())
    .filter((box, i, all) => i && box.top > all[i - 1].top && box.top - all[i - 1].bottom < 6).length'''
shrunk = '''[...document.querySelectorAll('main img[src$=svg]')].filter(o => o.checkVisibility() && o.width < .75 * o.getAttribute('width')).map(o => o.alt)
    .concat([...document.querySelectorAll('main .mx-photos > figure')].filter(o => o.checkVisibility() && o.offsetWidth < .95 * parseFloat(o.style.maxWidth)).map(o => o.innerText))'''
thin = "[...document.querySelectorAll('main :is(strong, b) a')].filter(o => o.checkVisibility() && getComputedStyle(o).fontWeight < 500).map(o => o.textContent.slice(0, 40))"
sprawling = '''[...document.querySelectorAll('main p')].filter(o => o.checkVisibility() && !o.closest('.mx, table') && o.getBoundingClientRect().width > 700)
    .filter(o => o.textContent.trim().length > 60 && !o.querySelector('img')).map(o => o.textContent.slice(0, 60))'''
lost = '''[...document.querySelectorAll('#quarto-sidebar')].filter(o => o.checkVisibility() && o.querySelector('.active'))
    .map(o => [...[o, o.querySelector('.active')].map(e => e.getBoundingClientRect()), o.scrollHeight - o.clientHeight - o.scrollTop])
    .filter(([side, link, below]) => link.top < side.top || link.bottom > side.bottom - Math.min(40, below)).length'''
crowded = '''[...document.querySelectorAll('main table')].filter(o => o.checkVisibility() && parseFloat(getComputedStyle(o).marginBottom) < 16).length'''
adrift = '''[...document.querySelectorAll('main .cell > .cell-output > .mx:first-child')].filter(o => o.checkVisibility())
    .map(o => [o, o.closest('.cell')]).filter(([o, cell]) => cell.firstElementChild === o.parentElement && cell.previousElementSibling?.matches('p:not(:has(.term-meaning)):not(aside + p)'))
    .filter(([o, cell]) => cell.previousElementSibling.checkVisibility())
    .map(([o, cell]) => o.getBoundingClientRect().top - cell.previousElementSibling.getBoundingClientRect().bottom).filter(gap => gap > 40)'''
narrow = '''[...document.querySelectorAll('main :is(td, th)')].filter(o => o.checkVisibility() && o.textContent.length > 40)
    .filter(o => { const box = o.getBoundingClientRect(); return box.height > 2 * box.width }).map(o => o.textContent)'''
inked = '''[...document.querySelectorAll('main :is(summary, a, a > code)')].filter(o => o.checkVisibility())
    .filter(o => getComputedStyle(o).color !== getComputedStyle(o.parentElement).color).map(o => o.textContent.slice(0, 60))'''
unsaid = "[...document.querySelectorAll('main .term-meaning')].filter(o => !o.checkVisibility()).map(o => o.id)"
flush = '''all => all.flatMap(line => {
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
unnamed = '''all => all.filter(row => row.querySelectorAll('.mx-told').length > 1)
    .flatMap(row => [...row.cells].slice(1)).filter(o => o.textContent && getComputedStyle(o, '::before').content.slice(1, -3) !== o.dataset.name).map(o => o.textContent)'''
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
    alone: list = field(default_factory=list)  # what announces the next and may stay behind at the foot of a sheet
    tall: list = field(default_factory=list)  # pictures longer than a sheet
    split: int = 0  # rows, small tables and cards that a sheet may cut, and large tables that it may not
    small_print: list = field(default_factory=list)  # sizes of letters in tables that have room for larger ones
    furniture: list = field(default_factory=list)  # what would be printed beside the text
    dark: list = field(default_factory=list)  # widgets that a dark page would print as black boxes
    inked: list = field(default_factory=list)  # links and headings of what folds that print in a color
    unsaid: list = field(default_factory=list)  # terms whose meaning is not printed
    paper: float = 0.  # share of its width that the text has
    overflow: dict = field(default_factory=dict)  # look -> pixels wider than the window
    covered: list = field(default_factory=list)  # notes in the margin that lie over a table or a picture
    holes: list = field(default_factory=list)  # paragraphs whose notes hold off what comes next
    uneven: dict = field(default_factory=dict)  # look -> widths of pictures in a row that differ
    lonely: dict = field(default_factory=dict)  # look -> rows of pictures whose last one stands alone
    leaks: list = field(default_factory=list)  # what can be seen before the guess
    shrunk: list = field(default_factory=list)  # figures that a desk shows much smaller than they were drawn
    thin: list = field(default_factory=list)  # links in bold words that are not bold
    sprawling: list = field(default_factory=list)  # paragraphs too wide to be read
    adrift: list = field(default_factory=list)  # pixels between words and a widget that stands far below them
    lost: int = 0  # sidebars whose link to the page is out of sight
    crowded: int = 0  # tables that touch what follows
    narrow: list = field(default_factory=list)  # sentences in a column of a table that a phone makes a word wide
    halved: list = field(default_factory=list)  # names in code that a phone breaks in two
    towers: list = field(default_factory=list)  # short names of rows and columns that take many lines
    piled: list = field(default_factory=list)  # rows of buttons of which a phone makes a pile
    astray: list = field(default_factory=list)  # the last word below a chapter's title, alone on its line
    silent: list = field(default_factory=list)  # tables that scroll and do not look so
    torn: list = field(default_factory=list)  # numbers that a phone breaks before their spread, or off the name they belong to
    edgeless: list = field(default_factory=list)  # pictures that may melt into the page, and roots whose bar touches the letter
    touching: int = 0  # blocks of code that look like one
    cut: list = field(default_factory=list)  # code that a phone hides
    crumpled: list = field(default_factory=list)  # printed columns whose lines a phone breaks
    wrapped: list = field(default_factory=list)  # lines of code within 88 columns that a desk breaks
    flush: list = field(default_factory=list)  # lines of code that a phone breaks to the left of their indentation
    empty: list = field(default_factory=list)  # lines of code that a phone starts with an empty one
    beside: list = field(default_factory=list)  # remarks that a phone breaks beside their code
    unnamed: list = field(default_factory=list)  # cells of a stacked row without the name of their column
    letters: float = 0.  # pixels, of the smallest code


class Visitor:
    "Goes from page to page in one browser, and remembers which looks of text axe has judged"
    def __init__(self, chrome, pages):
        self.visit = Visit(chrome, pages, viewport=desk)
        self.page, self.judged = self.visit.page, {}
        self.page.add_init_script(shifts)

    def colors(self):
        "Violations of rules about colors, as the page looks now"
        looks = self.page.evaluate('looks()')
        if new := [o for o in looks if o not in self.judged]:
            self.judged |= {o: [] for o in new}
            for look, *violation in self.page.evaluate('([looks, rules]) => judge(looks, rules)', [new, colors]): self.judged[look].append(violation)
        return [violation for o in looks for violation in self.judged[o]]

    def on_a_desk(self, found, skip):
        page = self.page
        found.shift, found.weight = page.evaluate('shift'), self.visit.weight()
        found.violations['light'] = axe(page, skip=colors+skip) + self.colors()
        found.overflow['desk'], found.covered = wide(page), page.evaluate(covered)
        found.nameless, found.small = page.evaluate(nameless), page.evaluate(small)
        found.holes, found.leaks, found.touching = page.evaluate(holes), page.evaluate(leaks), page.evaluate(touching)
        found.uneven['desk'], found.lonely['desk'] = page.evaluate(uneven), page.evaluate(lonely)
        found.shrunk, found.edgeless, found.astray = page.evaluate(shrunk), page.evaluate(edgeless), page.evaluate(astray)
        found.wrapped, found.letters = page.evaluate(wrapped), page.evaluate(letters)
        found.lost, found.crowded = page.evaluate(lost), page.evaluate(crowded)
        found.thin, found.sprawling, found.adrift = page.evaluate(thin), page.evaluate(sprawling), page.evaluate(adrift)
        page.wait_for_function(complete)
        found.broken = page.evaluate(broken)

    def in_the_dark(self, found, look):
        self.page.emulate_media(color_scheme='dark')
        found.violations[look] = self.colors()
        self.page.emulate_media(color_scheme='light')

    def on_paper(self, found):
        page = self.page
        page.emulate_media(media='print', color_scheme='dark')
        found.tall, found.furniture, found.dark = page.evaluate(tall), page.evaluate(furniture), page.evaluate(dark)
        found.inked, found.unsaid = page.evaluate(inked), page.evaluate(unsaid)
        found.paper, found.split, found.small_print = page.evaluate(share_of_paper), page.evaluate(split), page.evaluate(small_print)
        page.emulate_media(media='screen', color_scheme='light')

    def on_a_phone(self, found, rules):
        page = self.page
        page.set_viewport_size(phone)
        found.violations['phone'] = axe(page, rules, skip=colors) + self.colors()
        found.overflow['phone'], found.cut = wide(page), page.evaluate(cut)
        found.uneven['phone'], found.silent, found.torn = page.evaluate(uneven), page.evaluate(silent), page.evaluate(torn)
        found.halved, found.towers, found.piled = page.evaluate(halved), page.evaluate(towers), page.evaluate(piled)
        found.narrow, found.crumpled, found.lonely['phone'] = page.evaluate(narrow), page.evaluate(crumpled), page.evaluate(lonely)
        lines = page.locator('main pre > code.sourceCode > span:has(> .mx-in)')
        found.flush, found.empty = lines.evaluate_all(flush), lines.evaluate_all(empty)
        found.beside = page.locator('.mx-remark').evaluate_all(beside)
        found.unnamed = page.locator('main .mx-stack tbody tr').evaluate_all(unnamed)

    def look_at(self, url):
        "Everything that is asked of a page which is only looked at"
        v, found = self.visit, Found()
        v.asked, v.errors = found.asked, found.errors
        self.page.set_viewport_size(desk)
        v.open(url)
        self.page.add_style_tag(content=still)
        load_axe(self.page)
        self.page.evaluate(contrast)
        self.on_a_desk(found, [] if url in kinds else ['target-size'])  # half of axe's time; a phone has the same targets, and less room
        self.in_the_dark(found, 'dark')
        self.on_paper(found)
        self.on_a_phone(found, () if url in kinds else layout)
        self.in_the_dark(found, 'dark phone')
        return found


@pytest.fixture(scope='session')
def found(chrome, pages):
    "`found(url)`: each page is visited once"
    visitor, known = Visitor(chrome, pages), {}
    def get(url):
        if url not in known: known[url] = visitor.look_at(url)
        return known[url]
    yield get
    visitor.visit.window.close()
