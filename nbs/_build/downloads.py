"What a reader may take along: each executed notebook, all of them in one file, and the site to read offline."
import shutil, zipfile
from pathlib import Path

readme = """The pages of mixcourse, to read without a network: open index.html in a browser.
The search needs a server; `python -m http.server` in this folder is one."""


def archive(path, files, extra=()):
    "A zip whose bytes depend on the files alone"
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as z:
        for name, data in sorted([(name, o.read_bytes()) for name, o in files] + list(extra)):
            z.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)


def write(site, nbs):
    "Notebooks as they stand in the repository, with their outputs"
    folder = site.out/'notebooks'
    for page in site.pages:
        if not page.endswith('.ipynb'): continue
        to = folder/page
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(Path(nbs)/page, to)
    notebooks = [(f'mixcourse-notebooks/{o.relative_to(folder).as_posix()}', o) for o in folder.rglob('*.ipynb')]
    archive(site.out/'mixcourse-notebooks.zip', notebooks)
    pages = [(f'mixcourse/{o.relative_to(site.out).as_posix()}', o) for o in site.out.rglob('*') if o.is_file() and o.suffix != '.zip']
    archive(site.out/'mixcourse-site.zip', pages, [('mixcourse/README.txt', readme.encode())])
