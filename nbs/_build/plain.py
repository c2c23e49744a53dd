"Pages without Quarto: pandoc and one template, with the names that Quarto gives to the parts of a page."
import os, re, shutil
from html import escape
from pathlib import Path

from texts import Site, convert, leaves, markdown

here = Path(__file__).parent
template = (here/'page.html').read_text(encoding='utf-8')


def code_in(text): return re.sub('`(.+?)`', r'<code>\1</code>', escape(text))


def nav(site, page):
    "The sidebar, as seen from `page`"
    def link(p):
        href = os.path.relpath(site.url[p], Path(page).parent)
        active = ' active" aria-current="page' if p == page else ''
        return f'<li class="sidebar-item"><a class="sidebar-link{active}" href="{href}"><span class="menu-text">{code_in(site.title(p))}</span></a></li>'
    def section(o):
        if isinstance(o, str): return link(o)
        title, parts = o
        opened = ' open' if page in leaves(parts) else ''
        return f'<li><details{opened}><summary>{escape(title)}</summary><ul class="sidebar-section">{"".join(map(section, parts))}</ul></details></li>'
    return f'<div class="sidebar-menu-container"><ul>{"".join(map(section, site.tree))}</ul></div>'


def bar(site, page):
    "Links on top"
    def link(o):
        target = site.url.get(o['href'], o['href'])
        href = target if ':' in target else os.path.relpath(target, Path(page).parent)
        return f'<a href="{href}">{escape(o["text"])}</a>'
    return ''.join(link(o) for o in site.config['navbar']['left'] if o['href'] in site.url or ':' in o['href'])


def beside(site, page, step):
    "The page before or after, as variables of the template"
    i = site.order.index(page)+step if page in site.order else -1
    if not 0 <= i < len(site.order): return {}
    o, name = site.order[i], 'next' if step > 0 else 'previous'
    return {name: os.path.relpath(site.url[o], Path(page).parent), f'{name}-title': code_in(site.title(o))}


def local_links(site, html, page):
    "Links between notebooks lead to pages"
    def local(m):
        path, mark = re.fullmatch(r'([^#]*)(#.*)?', m[1]).groups()
        target = os.path.normpath(Path(page).parent/path)
        return f'href="{os.path.relpath(site.url[target], Path(page).parent)}{mark or ""}"' if target in site.url else m[0]
    return re.sub(r'href="([^":]+\.ipynb(?:#[^"]*)?)"', local, html)


def page_job(site, page):
    "For pandoc: a page in the template, its pictures beside it"
    path = site.out/site.url[page]
    path.parent.mkdir(parents=True, exist_ok=True)
    n = 0
    def picture(data, suffix):
        nonlocal n
        n += 1
        (path.parent/(o := f'{path.stem}-{n}.{suffix}')).write_bytes(data)
        return o
    meta, md = markdown(site.pages[page], picture)
    options = {'template': template, 'variables': variables(site, page, meta), 'section_divs': True, 'html_math_method': 'mathml',
               'table_of_contents': meta.get('toc', True), 'toc_depth': 2}
    source = 'markdown-yaml_metadata_block+autolink_bare_uris-implicit_figures'
    return {'text': md, 'from': source, 'to': 'html5', 'options': options}


def variables(site, page, meta):
    "What the template asks for"
    about = meta.get('description', site.config['description'])
    found = dict(title=code_in(str(meta['title'])), name=escape(str(meta['title']).replace('`', '')), description=escape(about.replace('`', '')), lead=code_in(about),
                 subtitle=escape(meta.get('subtitle', '')), kind=meta.get('body-classes', ''), nav='' if meta.get('sidebar') is False else nav(site, page),
                 bar=bar(site, page), head=(here.parent/'head.html').read_text(encoding='utf-8'), root=os.path.relpath('.', Path(page).parent),
                 site=site.config['title'], url=site.config['site-url'], page=site.url[page], **beside(site, page, -1), **beside(site, page, 1))
    return {k: v for k, v in found.items() if v}


def build(proc, out):
    site = Site(proc, out)
    jobs = [page_job(site, o) for o in site.pages]
    for page, html in zip(site.pages, convert(jobs)): (out/site.url[page]).write_text(local_links(site, html, page), encoding='utf-8')
    for o in [here/'plain.css', *(p for s in ('svg', 'png', 'json', 'css') for p in site.proc.rglob(f'*.{s}'))]:
        to = site.out/(o.relative_to(site.proc) if site.proc in o.parents else o.name)
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(o, to)
