"""Build the site into `_docs`: with Quarto where it is on the PATH, else with pandoc alone, page by page and just as readable.

python nbs/site.py [FOLDER]    # of the notebooks; default: this repository"""
import gc, os, shutil, subprocess, sys
from functools import cache
from pathlib import Path
from unittest.mock import patch

here = Path(__file__).resolve().parent
sys.path.insert(0, str(here/'_build'))


def process():
    "Notebooks as nbdev would show them, in this process; its settings are read once, not for each cell"
    from nbdev.config import get_config
    from nbdev.serve import proc_nbs
    with patch('nbdev.processors.get_config', cache(get_config)): proc = proc_nbs(force=True, n_workers=0)
    gc.freeze()  # each notebook had a shell, which at the end would look through all that is in memory
    return proc


def main(root=here.parent):
    import downloads, finish, plain, styles, texts
    root = Path(root).resolve()
    os.chdir(root)
    out = root/'_docs'
    shutil.rmtree(out, ignore_errors=True)
    if shutil.which('quarto'):
        subprocess.run(['nbdev-docs'], check=True)
        proc = root/'_proc'
    else:
        proc = process()
        plain.build(proc, out)
    site = texts.Site(proc, out)
    found = {o: texts.snippets(site, o, finish.finish_page(site, o)) for o in site.pages}
    finish.icons(out)
    styles.write(out)
    texts.write(site, found)
    downloads.write(site, root/'nbs')
    print(f'{len(site.pages)} pages, with{"" if shutil.which("quarto") else "out"} Quarto: {out/"index.html"}')


if __name__ == '__main__': main(*sys.argv[1:])
