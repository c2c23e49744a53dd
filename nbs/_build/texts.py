"The pages as text: processed notebooks in pandoc's Markdown, a Markdown twin for each page, llms.txt, and what the search finds."
import base64, json, os, re, subprocess
from html import unescape
from pathlib import Path

import pypandoc, yaml
from bs4 import BeautifulSoup

images = {'image/png': 'png', 'image/jpeg': 'jpeg', 'image/webp': 'webp', 'image/svg+xml': 'svg'}


def text(o): return ''.join(o or '')


def notebook(path):
    "A notebook, or a text with front matter as one"
    s = path.read_text(encoding='utf-8')
    if path.suffix == '.ipynb': return json.loads(s)
    _, meta, md = s.split('---\n', 2)
    return dict(cells=[dict(cell_type='raw', source=meta), dict(cell_type='markdown', source=md)])


def options(code):
    "Directives of a cell, and its code without them"
    lines = code.splitlines()
    found = yaml.safe_load('\n'.join(o[2:] for o in lines if re.match(r'#\| [\w-]+: ', o))) or {}
    return found, '\n'.join(o for o in lines if not o.startswith('#|'))


def convert(jobs):
    "What pandoc makes of texts; see `convert.lua`"
    cmd = [pypandoc.get_pandoc_path(), 'lua', Path(__file__).with_name('convert.lua')]
    res = subprocess.run(cmd, input=json.dumps(jobs), stdout=subprocess.PIPE, text=True, encoding='utf-8', check=True)
    return json.loads(res.stdout)


def fenced(text, kind):
    "A block of code in a fence that its own fences do not close"
    longest = max(map(len, re.findall('`+', text)), default=0)
    fence = '`'*max(3, longest+1)
    return f'{fence}{kind}\n{text}\n{fence}'


def output(o, alt, picture):
    "One output of a cell"
    if o['output_type'] == 'stream': return fenced(text(o['text']).rstrip(), '{.output}')
    data = o.get('data', {})
    for kind, suffix in images.items():
        if kind not in data: continue
        size = o.get('metadata', {}).get(kind, {})
        size = f" width={size['width']} height={size['height']}" if 'width' in size else ''
        raw = text(data[kind]).encode()
        return f"![{alt}]({picture(raw if suffix == 'svg' else base64.b64decode(raw), suffix)}){{.figure{size}}}"
    if 'text/markdown' in data: return text(data['text/markdown']).removeprefix('---\n')
    return fenced(text(data.get('text/plain')).rstrip(), '{.output}')


def code_block(code, opts):
    "Code, open or folded to one line"
    block = fenced(code, 'python')
    if not opts.get('code-fold'): return block
    return f'<details class="code-fold">\n<summary>{opts.get("code-summary", "Code")}</summary>\n\n{block}\n\n</details>'


def cell_markdown(c, picture):
    "A code cell and its outputs, as Quarto groups them: a guess covers the output of the next cell"
    opts, code = options(text(c['source']))
    alt = str(opts.get('fig-alt', '')).replace(']', r'\]')
    outs = [output(o, alt, picture) for o in c['outputs'] if o['output_type'] != 'error']
    inner = [code_block(code, opts)] if code.strip() and opts.get('echo', True) else []
    if outs: inner.append('::: {.cell-output}\n' + '\n\n'.join(outs) + '\n:::')
    return ':::: {.cell}\n' + '\n\n'.join(inner) + '\n::::' if inner else ''


def markdown(nb, picture):
    "A processed notebook as front matter and Markdown"
    meta, parts = {}, []
    for c in nb['cells']:
        src = text(c['source'])
        if c['cell_type'] == 'raw': meta |= yaml.safe_load(src.strip().strip('-')) or {}
        elif c['cell_type'] == 'markdown': parts.append(src)
        else: parts.append(cell_markdown(c, picture))
    return meta, '\n\n'.join(filter(None, parts))


class Site:
    "Pages of the notebooks under `proc`, in the order of the sidebar, and where they lie in `out`."
    def __init__(self, proc, out):
        self.proc, self.out = Path(proc), Path(out)
        self.config = yaml.safe_load((self.proc/'_quarto.yml').read_text(encoding='utf-8'))['website']
        found = [p for s in ('ipynb', 'qmd') for p in sorted(self.proc.rglob(f'*.{s}'))]
        self.pages = {p.relative_to(self.proc).as_posix(): notebook(p) for p in found if '_docs' not in p.parts}
        self.meta = {k: markdown(nb, lambda *_: '')[0] for k, nb in self.pages.items()}
        self.url = {k: (Path(k).parent/m.get('output-file', Path(k).stem+'.html')).as_posix() for k, m in self.meta.items()}
        self.tree = list(self.sections(self.config['sidebar']['contents']))
        self.order = list(leaves(self.tree))

    def sections(self, contents):
        "(title, its parts): a part is a section again, or the path of a page"
        for o in [contents] if isinstance(contents, str) else contents:
            glob = o if isinstance(o, str) else o.get('auto')
            if glob: yield from [p for p in sorted(self.pages) if Path(p).match(glob) and p.count('/') == glob.count('/')]
            elif inner := list(self.sections(o['contents'])): yield o['section'], inner

    def trail(self, page, parts=None):
        "Titles of the sections that a page lies in"
        for o in self.tree if parts is None else parts:
            if o == page: return []
            if isinstance(o, tuple) and (found := self.trail(page, o[1])) is not None: return [o[0], *found]

    def title(self, page): return str(self.meta[page]['title'])


def leaves(tree):
    for o in tree:
        if isinstance(o, str): yield o
        else: yield from leaves(o[1])


# Markdown twins

def fallback(html):
    "What a widget says without scripts; questions without their answers"
    soup = BeautifulSoup(html, 'html.parser')
    for o in soup.select('script, style, img'): o.decompose()
    return str(soup)


def twin_job(site, page):
    "For pandoc: a page as Markdown, with what its widgets say"
    _, md = markdown(site.pages[page], lambda *_: '')
    md = re.sub(r'^(`{3,})\{=html\}\n(.*?)^\1$', lambda m: f'{m[1]}{{=widget}}\n{fallback(m[2])}\n{m[1]}', md, flags=re.M | re.S)
    md = re.sub(r'!\[((?:[^\]\\]|\\.)*)\]\(\)(\{[^}]*\})?', lambda m: f'*Figure: {m[1]}*' if m[1] else '', md)
    source = 'markdown-implicit_figures-yaml_metadata_block'
    return {'text': md, 'from': source, 'to': 'gfm-raw_html', 'options': {'wrap_text': 'wrap-none'}}


def twin(site, page, body):
    "A page as Markdown that needs no other file"
    meta = site.meta[page]
    body = re.sub(r'\]\((?!\w+:|#)([^)#]+)\.ipynb', lambda m: f']({linked(site, page, m[1])}', body)
    body = re.sub(r'!\[([^\]]*)\]\(data:[^)]*\)|<img[^>]*src="data:[^>]*>', lambda m: f'*Figure: {m[1]}*' if m[1] else '', body)
    return f"# {meta['title']}\n\n> {meta.get('description', '')}\n\n{body}"


def linked(site, page, stem):
    path = os.path.normpath(Path(page).parent/f'{stem}.ipynb')
    return site.config['site-url'] + site.url[path] + '.md' if path in site.url else f'{stem}.ipynb'


def llms(site):
    "An index of the twins, in the form of llmstxt.org"
    lines = [f"# {site.config['title']}", f"> {site.config['description']}",
             'Each page has a Markdown twin, linked here; all of them in one file: ' + site.config['site-url'] + 'llms-full.txt']
    def part(tree, level):
        for o in tree:
            if isinstance(o, tuple):
                yield f'\n{"#"*level} {o[0]}\n'
                yield from part(o[1], level+1)
            else: yield f"- [{site.title(o)}]({site.config['site-url']}{site.url[o]}.md): {site.meta[o].get('description', '')}"
    return '\n\n'.join(lines) + '\n' + '\n'.join(part(site.tree, 2)) + '\n'


# Search

hidden = 'script, style, svg, annotation, .mx details, .mx-said, [type="application/json"], .visually-hidden, .code-copy-button, details:not(.code-fold)'
recorded = '.mx:is([data-kind=trace], [data-kind=replay])'  # rows of numbers


def snippets(site, page, soup):
    "A page's sections as the search shows them: words with spaces between, no answers of questions; takes the page apart"
    main = soup.select_one('main')
    for o in main.select(f'{hidden}, {recorded}, #title-block-header, .page-navigation, .mx-meta'): o.decompose()
    for o in main.select('code'): o.string = o.get_text()
    url, title, crumbs = site.url[page], site.title(page), [*(site.trail(page) or []), site.title(page)]
    def entry(mark, section, parts):
        words = ' '.join(' '.join(o.split()) for o in parts if o.strip())
        return dict(objectID=url+mark, href=url+mark, title=title, section=section, text=unescape(words), crumbs=crumbs)
    found = []
    for section in main.select('section.level2[id], section[id]'):
        if section.decomposed or section.find_parent('section', id=True): continue
        head = section.find(['h1', 'h2', 'h3'])
        name = ' '.join(head.get_text(' ').split()) if head else ''
        if head: head.decompose()
        found.append(entry('#'+section['id'], name, section.stripped_strings))
        section.decompose()
    about = site.meta[page].get('description', '')
    return [entry('', '', [about, *main.stripped_strings]), *found]


def write(site, found):
    "Twins, llms.txt, and the index of the search: `found` are the snippets of each page"
    full = []
    bodies = convert([twin_job(site, o) for o in site.pages])
    for page, body in zip(site.pages, bodies):
        md = twin(site, page, body)
        (site.out/f'{site.url[page]}.md').write_text(md, encoding='utf-8')
        if page in site.order: full.append(md)
    (site.out/'llms.txt').write_text(llms(site), encoding='utf-8')
    (site.out/'llms-full.txt').write_text('\n\n---\n\n'.join(full), encoding='utf-8')
    index = [o for page in ['index.ipynb', *site.order] if page in found for o in found[page]]
    (site.out/'search.json').write_text(json.dumps(index, ensure_ascii=False), encoding='utf-8')
