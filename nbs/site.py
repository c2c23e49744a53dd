"""Build the site into `_docs`: with Quarto where it is on the PATH, else with pandoc alone, page by page and just as readable.

python nbs/site.py [FOLDER]    # of the notebooks; default: this repository"""
import os, shutil, subprocess, sys
from pathlib import Path

here = Path(__file__).resolve().parent
sys.path.insert(0, str(here/'_build'))


def main(root=here.parent):
    from nbdev.serve import proc_nbs

    import downloads, finish, plain, styles, texts
    root = Path(root).resolve()
    os.chdir(root)
    out = root/'_docs'
    shutil.rmtree(out, ignore_errors=True)
    if shutil.which('quarto'):
        subprocess.run(['nbdev-docs'], check=True)
        proc = root/'_proc'
    else:
        proc = proc_nbs(force=True, n_workers=1)  # torch is imported once
        plain.build(proc, out)
    site = texts.Site(proc, out)
    found = {o: texts.snippets(site, o, finish.finish_page(site, o)) for o in site.pages}
    finish.icons(out)
    styles.write(out)
    texts.write(site, found)
    downloads.write(site, root/'nbs')
    print(f'{len(site.pages)} pages, with{"" if shutil.which("quarto") else "out"} Quarto: {out/"index.html"}')


if __name__ == '__main__': main(*sys.argv[1:])
