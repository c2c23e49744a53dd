"Pages without Quarto: pandoc and one template, with the names that Quarto gives to the parts of a page."
import os, re, shutil
from html import escape
from pathlib import Path

import pypandoc
from texts import Site, leaves, markdown

here = Path(__file__).parent


def nav(site, page):
    "The sidebar, as seen from `page`"
    def link(p):
        href = os.path.relpath(site.url[p], Path(page).parent)
        active = ' active" aria-current="page' if p == page else ''
        return f'<li class="sidebar-item"><a class="sidebar-link{active}" href="{href}"><span class="menu-text">{escape(site.title(p))}</span></a></li>'
    def section(o):
        if isinstance(o, str): return link(o)
        title, parts = o
        opened = ' open' if page in leaves(parts) or title == 'Course' else ''
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
    if not 0 <= i < len(site.order): return []
    o, name = site.order[i], 'next' if step > 0 else 'previous'
    return ['-V', f'{name}={os.path.relpath(site.url[o], Path(page).parent)}', '-V', f'{name}-title={site.title(o)}']


def local_links(site, html, page):
    "Links between notebooks lead to pages"
    def local(m):
        path, mark = re.fullmatch(r'([^#]*)(#.*)?', m[1]).groups()
        target = os.path.normpath(Path(page).parent/path)
        return f'href="{os.path.relpath(site.url[target], Path(page).parent)}{mark or ""}"' if target in site.url else m[0]
    return re.sub(r'href="([^":]+\.ipynb(?:#[^"]*)?)"', local, html)


def build_page(site, page):
    path = site.out/site.url[page]
    path.parent.mkdir(parents=True, exist_ok=True)
    n = 0
    def picture(data, suffix):
        nonlocal n
        n += 1
        (path.parent/(o := f'{path.stem}-{n}.{suffix}')).write_bytes(data)
        return o
    meta, md = markdown(site.pages[page], picture)
    root, about = os.path.relpath('.', Path(page).parent), meta.get('description', site.config['description'])
    lead = re.sub('`(.+?)`', r'<code>\1</code>', escape(about))
    variables = dict(nav='' if meta.get('sidebar') is False else nav(site, page), bar=bar(site, page), root=root, lead=lead, site=site.config['title'], url=site.config['site-url'], page=site.url[page],
                     subtitle=meta.get('subtitle', ''), head=(here.parent/'head.html').read_text(encoding='utf-8'), kind=meta.get('body-classes', ''))
    args = ['--standalone', f'--template={here/"page.html"}', '--mathml', *(['--toc', '--toc-depth=2'] if meta.get('toc', True) else []), '--section-divs', '--syntax-highlighting=pygments',
            '-M', f'title={meta["title"]}', '-M', f'description={about.replace("`", "")}', *beside(site, page, -1), *beside(site, page, 1)]
    for k, v in variables.items():
        if v: args += ['-V', f'{k}={v}']
    html = pypandoc.convert_text(md, 'html5', format='markdown-yaml_metadata_block+autolink_bare_uris-implicit_figures', extra_args=args)
    path.write_text(local_links(site, html, page), encoding='utf-8')


def build(proc, out):
    site = Site(proc, out)
    for o in site.pages: build_page(site, o)
    for o in [here/'plain.css', *(p for s in ('svg', 'png', 'json', 'css') for p in site.proc.rglob(f'*.{s}'))]:
        to = site.out/(o.relative_to(site.proc) if site.proc in o.parents else o.name)
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(o, to)
