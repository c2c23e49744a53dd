"""Build the site into `_docs`: with Quarto where it is on the PATH, else with pandoc alone, page by page and just as readable.

python nbs/site.py [FOLDER]    # of the notebooks; default: this repository"""
import base64, json, os, re, shutil, subprocess, sys
from html import escape
from pathlib import Path

import pypandoc, yaml

here = Path(__file__).parent
images = {'image/png': 'png', 'image/jpeg': 'jpeg', 'image/svg+xml': 'svg'}


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
    return yaml.safe_load('\n'.join(o[2:] for o in lines if re.match(r'#\| [\w-]+: ', o))) or {}, '\n'.join(o for o in lines if not o.startswith('#|'))


def output(o, alt, picture):
    "One output of a cell in pandoc's Markdown"
    if o['output_type'] == 'stream': return f"```{{.output}}\n{text(o['text']).rstrip()}\n```"
    data = o.get('data', {})
    for kind, suffix in images.items():
        if kind in data:
            size = o.get('metadata', {}).get(kind, {})
            size = f" width={size['width']} height={size['height']}" if 'width' in size else ''
            raw = text(data[kind]).encode()
            return f"![{alt}]({picture(raw if suffix == 'svg' else base64.b64decode(raw), suffix)}){{.figure{size}}}"
    if 'text/markdown' in data: return text(data['text/markdown']).removeprefix('---\n')
    return f"```{{.output}}\n{text(data['text/plain']).rstrip()}\n```"


def markdown(nb, picture):
    "A processed notebook as front matter and Markdown"
    meta, parts = {}, []
    for c in nb['cells']:
        src = text(c['source'])
        if c['cell_type'] == 'raw': meta |= yaml.safe_load(src.strip().strip('-')) or {}
        elif c['cell_type'] == 'markdown': parts.append(src)
        else:
            opts, code = options(src)
            outs = [output(o, str(opts.get('fig-alt', '')).replace(']', r'\]'), picture) for o in c['outputs'] if o['output_type'] != 'error']
            inner = [f'```python\n{code}\n```'] if code.strip() and opts.get('echo', True) else []
            if outs: inner.append('::: {.cell-output}\n' + '\n\n'.join(outs) + '\n:::')
            if inner: parts.append(':::: {.cell}\n' + '\n\n'.join(inner) + '\n::::')  # as Quarto does: a guess covers the output of the next cell
    return meta, '\n\n'.join(parts)


class Site:
    "Pages of the notebooks under `proc`, in the order of the sidebar."
    def __init__(self, proc, out):
        self.proc, self.out = Path(proc), Path(out)
        self.config = yaml.safe_load((self.proc/'_quarto.yml').read_text(encoding='utf-8'))['website']
        self.pages = {p.relative_to(self.proc).as_posix(): notebook(p) for s in ('ipynb', 'qmd') for p in sorted(self.proc.rglob(f'*.{s}'))}
        self.meta = {k: markdown(nb, lambda *_: '')[0] for k, nb in self.pages.items()}
        self.url = {k: (Path(k).parent/m.get('output-file', Path(k).stem+'.html')).as_posix() for k, m in self.meta.items()}
        self.order = [p for _, ps in self.sections() for p in ps]

    def sections(self):
        "Titles of the sidebar's sections, and their pages"
        for o in self.config['sidebar']['contents']:
            if isinstance(o, str): yield None, [o]
            else:
                globs = [o['contents']] if isinstance(o['contents'], str) else o['contents']
                yield o['section'], [p for c in globs for p in sorted(self.pages) if Path(p).match(c)]

    def nav(self, page):
        "The sidebar, as seen from `page`"
        def link(p):
            here = ' aria-current="page"' if p == page else ''
            return f'<li><a href="{os.path.relpath(self.url[p], Path(page).parent)}"{here}>{escape(str(self.meta[p]["title"]))}</a></li>'
        def section(title, pages):
            links = f'<ul>{"".join(map(link, pages))}</ul>'
            opened = ' open' if page in pages or title == 'Course' else ''
            return f'<details{opened}><summary>{escape(title)}</summary>{links}</details>' if title else links
        return ''.join(section(*o) for o in self.sections())

    def beside(self, page, step):
        "The page before or after, as variables of the template"
        i = self.order.index(page)+step if page in self.order else -1
        if not 0 <= i < len(self.order): return []
        o, name = self.order[i], 'next' if step > 0 else 'previous'
        return ['-V', f'{name}={os.path.relpath(self.url[o], Path(page).parent)}', '-V', f'{name}-title={self.meta[o]["title"]}']

    def links(self, html, page):
        "Links between notebooks lead to pages; those to the published site stay on this one"
        def local(m):
            path, mark = re.fullmatch(r'([^#]*)(#.*)?', m[1]).groups()
            target = os.path.normpath(Path(page).parent/path)
            return f'href="{os.path.relpath(self.url[target], Path(page).parent)}{mark or ""}"' if target in self.url else m[0]
        html = html.replace(f'href="{self.config["site-url"]}', f'href="{os.path.relpath(".", Path(page).parent)}/')
        return re.sub(r'href="([^":]+\.ipynb(?:#[^"]*)?)"', local, html)

    def build(self, page):
        path = self.out/self.url[page]
        path.parent.mkdir(parents=True, exist_ok=True)
        n = 0
        def picture(data, suffix):
            nonlocal n
            n += 1
            (path.parent/(o := f'{path.stem}-{n}.{suffix}')).write_bytes(data)
            return o
        meta, md = markdown(self.pages[page], picture)
        root, about = os.path.relpath('.', Path(page).parent), meta.get('description', self.config['description'])
        plain = about.replace('`', '')
        lead = re.sub('`(.+?)`', r'<code>\1</code>', escape(about))
        args = ['--standalone', f'--template={here/"site.html"}', '--mathml', '--toc', '--toc-depth=2', '--syntax-highlighting=pygments', '-V', f'nav={self.nav(page)}', '-V', f'root={root}',
                '-M', f'title={meta["title"]}', '-M', f'description={plain}', '-V', f'lead={lead}', '-V', f'site={self.config["title"]}',
                '-V', f'url={self.config["site-url"]}', '-V', f'page={self.url[page]}', *self.beside(page, -1), *self.beside(page, 1)]
        html = pypandoc.convert_text(md, 'html5', format='markdown-yaml_metadata_block+autolink_bare_uris-implicit_figures', extra_args=args)
        path.write_text(self.links(html, page), encoding='utf-8')


def main(root=here.parent):
    root = Path(root).resolve()
    os.chdir(root)
    if shutil.which('quarto'): return subprocess.run(['nbdev-docs'], check=True)
    from nbdev.serve import proc_nbs
    proc, out = proc_nbs(force=True), root/'_docs'
    shutil.rmtree(out, ignore_errors=True)
    site = Site(proc, out)
    for o in site.pages: site.build(o)
    for o in [here/'site.css', *(p for s in ('svg', 'png', 'json') for p in proc.rglob(f'*.{s}'))]:
        to = out/(o.relative_to(proc) if proc in o.parents else o.name)
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(o, to)
    print(f'{len(site.pages)} pages, without Quarto: {out/"index.html"}')


if __name__ == '__main__': main(*sys.argv[1:])
