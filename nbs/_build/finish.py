"What both ways of building leave to do: navigation, pictures, links, the toggle of light and dark, and icons that nobody needs."
import base64, os, re
from io import BytesIO
from itertools import pairwise
from pathlib import Path

from bs4 import BeautifulSoup, NavigableString
from mixcourse.teach.pages import progress_tag
from mixcourse.teach.widget import as_html
from PIL import Image

toggle = '<button class="mx-theme" type="button" hidden aria-label="Light or dark"></button>'
# A long list begins where the page's own link, and the headings below it, can be seen
scroll = '''<script>(s => {
  const a = s.querySelector('.active'), li = a?.closest('li').getBoundingClientRect(), box = s.getBoundingClientRect()
  if (li && li.bottom > box.bottom - 48) s.scrollTop = Math.min(li.bottom - box.bottom + 48, li.top - box.top - 48)
})(document.getElementById('quarto-sidebar'))</script>'''
names = {'#quarto-header .navbar': 'Site', '#quarto-sidebar': 'Pages', '.quarto-secondary-nav': 'Toolbar', '.page-navigation': 'Before and after',
         '#TOC': 'On this page', '.nav-footer': 'About'}


def number(path):
    "Of a chapter, as its file has it; None for other pages"
    found = re.match(r'chapters/(\d+)[a-z]?_(?!cards)', path)
    return int(found[1]) if found else None


def relative(site, page, target): return os.path.relpath(target, Path(site.url[page]).parent)


def inner_links(site, page, soup):
    "A link to the published site stays on this copy of it"
    url = site.config['site-url']

    def inner(address):
        path, _, mark = address.removeprefix(url).partition('#')
        if not (site.out/(path or 'index.html')).is_file(): return address
        return relative(site, page, path or 'index.html') + ('#'+mark if mark else '')
    for a in soup.select(f'a[href^="{url}"]'): a['href'] = inner(a['href'])
    for o in soup.select(f'.mx[data-state*="{url}"]'):
        o['data-state'] = re.sub(f'(?<="href": "){re.escape(url)}[^"]*', lambda found: inner(found[0]), o['data-state'])


def chapter_numbers(site, page, soup):
    "In front of each chapter's title"
    numbers = {url: n for p, url in site.url.items() if (n := number(p))}
    for a in soup.select('#quarto-sidebar a[href]'):
        n = numbers.get(os.path.normpath(os.path.join(os.path.dirname(site.url[page]), a['href'])))
        if n and not a.select_one('.mx-n'): a.insert(0, BeautifulSoup(f'<span class="mx-n">{n}</span>', 'html.parser'))


def headings_in_sidebar(soup):
    "The table of contents stands below the page's own link, and leaves the margin to what is wide"
    toc, here = soup.select_one('#TOC'), soup.select_one('#quarto-sidebar .sidebar-link.active')
    if not toc: return
    toc.extract()
    if title := toc.select_one('h2#toc-title'): title.name = 'p'
    for o in toc.select('ul.collapse'): o['class'].remove('collapse')  # a script of Quarto would open it, and all below would jump
    if here and toc.select_one('a'): here.find_parent('li').append(toc)


def scroll_to_here(soup):
    "The sidebar stands where the page is"
    if side := soup.select_one('#quarto-sidebar'): side.insert_after(BeautifulSoup(scroll, 'html.parser'))


def here_in_bar(page, soup):
    "Which link on top the page belongs to; Quarto marks each that shares a sidebar"
    prefix = {'Course': 'chapters/', 'Does it work?': 'evidence', 'Library': 'api/', 'Speed': 'performance'}
    for a in soup.select('#quarto-header .nav-link, #quarto-header .mx-row > a'):
        of = prefix.get(a.get_text().strip())
        a['class'] = [c for c in a.get('class', []) if c != 'active'] + ['active']*bool(of and page.startswith(of))
        if a.get('aria-current'): del a['aria-current']


def open_sections(soup):
    "Of the sidebar: those that hold the page, and no others"
    for o in soup.select('#quarto-sidebar ul.collapse[id]'):
        holds = o.select_one('.sidebar-link.active') is not None
        o['class'] = [c for c in o['class'] if c != 'show'] + ['show']*holds
        for b in soup.select(f'[data-bs-target="#{o["id"]}"]'):
            b['aria-expanded'] = str(holds).lower()
            b['class'] = [c for c in b.get('class', []) if c != 'collapsed'] + ['collapsed']*(not holds)


def own_style(soup):
    "The site's own style sheet has the last word, and its colors follow the page, not the bar"
    for o in soup.select('link[href$="site.css"], link[href$="plain.css"]'): soup.head.append(o.extract())
    for o in soup.select('body [data-bs-theme]'): del o['data-bs-theme']


def landmarks(soup):
    "Names for a screen reader, and buttons where Quarto has links without an address"
    for which, name in names.items():
        for o in soup.select(which):
            if not o.get('aria-label') and not o.get('aria-labelledby'): o['aria-label'] = name
    for o in soup.select('a[data-bs-toggle]:not([href])'):
        o.name = 'button'
        o['type'] = 'button'
        o['class'] = [*o.get('class', []), 'mx-bare']
        del o['role']
    for o in soup.select('[role=menu].navbar-toggler, header[role], button[role=navigation], button[role=button]'): del o['role']
    for o in soup.select('.quarto-secondary-nav > div > button.flex-grow-1'): o.decompose()  # says the same as the button before it


def size_of(path):
    "(width, height) of a picture, as the page will show it"
    if path.suffix == '.svg':
        found = re.search(r'<svg[^>]*?\bwidth="([\d.]+)(?:px|pt)?"[^>]*?\bheight="([\d.]+)', path.read_text(encoding='utf-8')[:2000], re.S)
        return tuple(round(float(o)) for o in found.groups()) if found else None
    with Image.open(path) as im: return im.size


def size_in(url):
    "(width, height) of a picture that is data; None where it is no image of pixels"
    kind, _, data = url.partition(';base64,')
    if not data or 'svg' in kind: return None
    with Image.open(BytesIO(base64.b64decode(data))) as im: return im.size


def picture_size(folder, src):
    if src.startswith('data:'): return size_in(src)
    return size_of(folder/src) if (folder/src).is_file() else None


def unpack(path, soup):
    "Pictures that are data become files, which a page does not wait for; a widget reads its own, also from a disk"
    found = [o for o in soup.select('main img[src^="data:image/"]') if 'svg' not in o['src'][:20] and not o.find_parent(class_='mx')]
    for i, o in enumerate(found, 1):
        kind, _, data = o['src'].removeprefix('data:image/').partition(';base64,')
        file = path.with_name(f'{path.stem}-photo-{i}.{kind}')
        file.write_bytes(base64.b64decode(data))
        o['src'] = file.name


def pictures(site, page, soup):
    "Each has its size, so that nothing jumps; those further down wait until they are needed"
    folder = (site.out/site.url[page]).parent
    unpack(site.out/site.url[page], soup)
    found = soup.select('main img')
    for i, o in enumerate(found):
        src = o.get('src', '')
        if i > 1 and not src.startswith('data:'): o['loading'] = 'lazy'
        o['decoding'] = 'async'
        if not o.get('width') and (size := picture_size(folder, src)): o['width'], o['height'] = size


def result_before_code(soup):
    "What is folded stands below what it made: the picture first, then how it was drawn"
    for fold in soup.select('main .cell > details.code-fold'):
        if fold.parent.select_one(':scope > .cell-output'): fold.parent.append(fold.extract())


def is_number(text): return re.fullmatch(r'[✓✗] \w+|[-+−]?\d[\d.,]*\s?(%|ms|px|±.*|[(\[].*[)\]])?', text.strip()) is not None


def whole(soup):
    "A number with its spread stays on one line, a mark with its word, 8 × 8 too, the name and number of a row, and a formula with the comma behind it"
    for o in soup.select('main')[:1]:
        for text in o.find_all(string=re.compile(r'\d × \d')):
            if not text.find_parent(['script', 'pre', 'code']): text.replace_with(re.sub(r'(?<=\d) × (?=\d)', '\u00a0×\u00a0', text))
    for o in soup.select('main :is(td, th)'):
        if is_number(o.get_text()): o['class'] = [*o.get('class', []), 'mx-num']
    for o in soup.select('main table.dataframe tbody th'):
        if re.fullmatch(r'\w+ [\d.]+', o.get_text(strip=True)): o['class'] = [*o.get('class', []), 'mx-whole']
    for o in soup.select('main math:not([display=block])'):
        mark = re.match(r'[.,;:!?)’”]+', o.next_sibling) if isinstance(o.next_sibling, NavigableString) else None
        if not mark: continue
        o.next_sibling.replace_with(o.next_sibling[mark.end():])
        o.wrap(soup.new_tag('span', attrs={'class': 'mx-whole'})).append(mark[0])


def code_lines(soup):
    "What is left of a line of code stands below its first word, and so does a remark; an option keeps its dashes"
    for line in soup.select('main pre > code.sourceCode > span'):
        remark = line.select_one(':scope > span.co:last-child')
        if remark and line.get_text().strip() != remark.get_text().strip(): remark['class'].append('mx-remark')
        text = next((o for o in line.contents if o.name != 'a'), None)
        indent = re.match(' +', text) if isinstance(text, NavigableString) else None
        if not indent or not line.get_text().strip(): continue
        text.replace_with(text[indent.end():])
        line['style'] = f'--in: {indent.end()}ch'
        line.insert(len(line.select(':scope > a:first-child')), soup.new_tag('span', attrs={'class': 'mx-in'}, string=indent[0]))
    for code in soup.select('main :not(pre) > code'):
        for text in code.find_all(string=re.compile(r'(?<!\S)--\w')):
            for part in re.split(r'(?<!\S)(--[\w-]+)', text):
                option = soup.new_tag('span', attrs={'class': 'mx-whole'}, string=part)
                text.insert_before(option if part.startswith('--') else part)
            text.extract()


def where_to_break(soup):
    "A long line of code may break behind a comma, an opening bracket or an equals sign, and before a dot, and not within a name; what is copied stays as it is"
    behind, ahead = r'[,(\[]|(?<=\w)[=/]', r'[^\s)\],=]'
    for line in soup.select('main pre > code.sourceCode > span'):
        texts = list(line.find_all(string=True)) if len(line.get_text()) > 30 else []
        for text, after in pairwise([*texts, '']):
            *parts, last = re.sub(rf'((?:{behind})(?={ahead})|[\w)\]](?=\.[A-Za-z]))', r'\1\n', text).split('\n')
            for part in parts: text.insert_before(part, soup.new_tag('wbr'))
            ends = re.search(rf'(?:{behind})$', last) and re.match(ahead, after) or re.search(r'[\w)\]]$', last) and re.match(r'\.([A-Za-z]|$)', after)
            if ends: text.insert_after(soup.new_tag('wbr'))
            if parts: text.replace_with(last)


def stacked(soup):
    "A table of several columns with sentences: on a phone a row becomes a paragraph, and each cell says what it is"
    roles = {'thead': 'rowgroup', 'tbody': 'rowgroup', 'tr': 'row', 'th': 'columnheader', 'td': 'cell'}
    for table in soup.select('main table'):
        names = [o.get_text(' ', strip=True) for o in table.select('thead :is(th, td)')]
        cells = [(names[i], o) for row in table.select('tbody tr') for i, o in enumerate(row.select('td')) if i < len(names)]
        told = [o for _, o in cells if len(o.get_text()) > 40]
        if len(names) < 3 or not told: continue
        table['class'] = [*table.get('class', []), 'mx-stack']
        table['role'] = 'table'
        for o in table.find_all(list(roles)): o['role'] = roles[o.name]
        for name, o in cells: o['data-name'] = name
        column = {name for name, o in cells if o in told}
        for name, o in cells:
            if name in column: o['class'] = [*o.get('class', []), 'mx-told']


def keep_name(cell, short):
    "A name of up to `short` letters stays on one line, a longer one has two"
    n = len(cell.get_text(strip=True))
    if n <= short: cell['class'] = [*cell.get('class', []), 'mx-whole']
    elif n <= 34: cell['style'] = f'{cell.get("style", "")};min-width:{min(n//2+4, 20)}ch'.strip(';')


def names_of_rows(soup):
    "A table scrolls before the name of a row or of a column takes three lines"
    for o in soup.select('main table:not(.mx-stack) thead th'): keep_name(o, 9)
    for o in soup.select('main table:not(.mx-stack) tbody tr > :first-child'): keep_name(o, 14)


def beside_a_note(cell):
    "Is it no wider than the text, so that it may stand beside what hangs down from above?"
    code = [line for o in cell.select('pre') if not o.find_parent('details') for line in o.get_text().splitlines()]
    return not cell.select('table, svg, video, audio, img, .mx') and max(map(len, code), default=0) <= 74


def notes_in_the_margin(soup):
    "Of a term, where they leave no hole: what is wide begins below a note, so one that is longer than its paragraph begins higher, or waits until it is pointed at"
    wide = '.cell, .sourceCode, .code-copy-outer-scaffold, table, [role=group]'
    def tall(text, column, line): return (len(text)//column+1)*line
    for p in soup.select('main section > p:has(.term-meaning)'):
        after, before = p.find_next_sibling(), p.find_previous_sibling()
        if after is None or not after.css.match(wide): continue
        if beside_a_note(after):
            after['class'] = [*after.get('class', []), 'mx-slim']
            continue
        note, word = p.select_one('.term-meaning').get_text(' ', strip=True), p.select_one('.term a').get_text()
        own = ''.join(o for o in p.find_all(string=True) if not o.find_parent(class_='term-meaning'))
        over = tall(note, 24, 21) + len(own.partition(word)[0])//72*30 - tall(own, 72, 30)
        room = dict(h2=85, h3=65).get(before.name, 0) if before else 0
        if before and before.name == 'p' and not before.select('.term-meaning'): room = tall(before.get_text(), 80, 30)
        if 5 < over <= room: p['style'] = f'--up:{over}px'
        elif over > 5: p['class'] = [*p.get('class', []), 'mx-brief']


def ways_to_take_along(soup):
    "What stands last below a chapter's title, its badge and its download, goes to the next line together"
    for link in soup.select('.mx-meta .mx-item + .mx-item > a[download]'):
        download = link.parent
        badge = download.find_previous_sibling()
        badge.wrap(soup.new_tag('span', attrs={'class': 'mx-along'})).append(download)


def in_columns(text):
    "Have two lines that follow one another three columns: gaps of several spaces, or numbers that end below each other? Or does a second column go on below itself?"
    lines = text.splitlines()
    gaps = [len(re.findall(r'(?<=\S) {2,}(?=\S)', o)) for o in lines]
    ends = [{m.end() for m in re.finditer(r'\d[\d.]*', o)} for o in lines]
    starts = [{m.end() for m in re.finditer(r'(?<=\S) {2,}', o)} for o in lines]
    goes_on = any(len(line) - len(line.lstrip()) in above for above, line in zip(starts, lines[1:]))
    return goes_on or any(min(a) > 1 or len(b & c) > 2 for a, (b, c) in zip(pairwise(gaps), pairwise(ends)))


def printed_columns(soup):
    "What was printed in columns scrolls by itself: where its lines wrap, nothing is left of them"
    for o in soup.select('main :is(.cell-output > pre, pre.output)'):
        if in_columns(o.get_text()): o.attrs |= {'class': [*o.get('class', []), 'mx-columns'], 'role': 'group', 'aria-label': 'Columns', 'tabindex': '0'}


def scroll_areas(soup):
    "What scrolls sideways can be reached by a keyboard"
    for o in soup.select('main math[display=block]'):
        o['tabindex'] = '0'
        o['role'] = 'math'


def add_toggle(soup):
    "For light and dark, last in the bar"
    bar = soup.select_one('#quarto-header .navbar-container, #quarto-header .mx-row')
    if bar and not soup.select_one('.mx-theme'): bar.append(BeautifulSoup(toggle, 'html.parser'))


def add_scripts(soup):
    "For a page that was no notebook: light and dark, and what was done"
    if any('mixcourse:done' in o.get_text() for o in soup.select('script')): return
    soup.body.append(BeautifulSoup(as_html(*progress_tag()), 'html.parser'))


def order_headings(soup):
    "No level is left out: pages of the library begin with headings of the third"
    last = 1
    for o in soup.select('main :is(h2, h3, h4, h5)'):
        last = min(int(o.name[1]), last+1)
        o.name = f'h{last}'


def finish_page(site, page):
    "Its elements, as they are written"
    path = site.out/site.url[page]
    soup = BeautifulSoup(path.read_text(encoding='utf-8'), 'html.parser')
    inner_links(site, page, soup)
    order_headings(soup)
    chapter_numbers(site, page, soup)
    headings_in_sidebar(soup)
    scroll_to_here(soup)
    here_in_bar(page, soup)
    open_sections(soup)
    own_style(soup)
    landmarks(soup)
    pictures(site, page, soup)
    result_before_code(soup)
    whole(soup)
    code_lines(soup)
    where_to_break(soup)
    stacked(soup)
    names_of_rows(soup)
    notes_in_the_margin(soup)
    ways_to_take_along(soup)
    printed_columns(soup)
    scroll_areas(soup)
    add_toggle(soup)
    add_scripts(soup)
    for o in soup.select('#quarto-sidebar-glass, #quarto-margin-sidebar, .quarto-color-scheme-toggle'): o.decompose()
    path.write_text(str(soup), encoding='utf-8')
    return soup


def icons(out):
    "Bootstrap's font has two thousand icons; a page needs those few whose class is said somewhere"
    folder = out/'site_libs/bootstrap'
    style, font = folder/'bootstrap-icons.css', folder/'bootstrap-icons.woff'
    if not font.is_file(): return
    from fontTools import subset
    said = ''.join(o.read_text(encoding='utf-8') for s in ('html', 'js', 'css') for o in out.rglob(f'*.{s}') if o != style)
    used = set(re.findall(r'\bbi-[\w-]+', said))
    css = style.read_text(encoding='utf-8')
    rules = re.findall(r'\.(bi-[\w-]+)::before\s*\{\s*content:\s*"\\([0-9a-f]+)";?\s*\}', css)
    head = re.sub(r'\.bi-[\w-]+::before\s*\{[^}]*\}\s*', '', css)
    kept = [(name, code) for name, code in rules if name in used]
    # Quarto's own style sheet names some by their code
    codes = {int(code, 16) for _, code in kept} | {int(o, 16) for o in re.findall(r'\\(f[0-9a-f]{3})\b', said.lower())}
    opts = subset.Options(flavor='woff')
    ttf = subset.load_font(font, opts)
    chosen = subset.Subsetter(opts)
    chosen.populate(unicodes=codes)
    chosen.subset(ttf)
    subset.save_font(ttf, font, opts)
    style.write_text(head + '\n'.join(f'.{name}::before{{content:"\\{code}"}}' for name, code in kept), encoding='utf-8')
