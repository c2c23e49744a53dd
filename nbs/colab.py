"""Lead the Colab badge and the first cell of every chapter to one state of the repository, so that a page and what it runs agree.

python nbs/colab.py main      # the branch: how the chapters stand in the repository
python nbs/colab.py v1.2.0    # a release: its tag names what is installed"""
import json, re, sys
from configparser import ConfigParser
from pathlib import Path

nbs = Path(__file__).parent
settings = ConfigParser(delimiters=['='])
settings.read(nbs.parent/'settings.ini', encoding='utf-8')
repo = '{user}/{repo}'.format(**settings['DEFAULT'])


def badge(path, ref):
    "HTML: as a Markdown picture it would become a figure with a caption"
    url = f'https://colab.research.google.com/github/{repo}/blob/{ref}/{path.relative_to(nbs.parent).as_posix()}'
    return f'<a href="{url}"><img src="colab.svg" alt="Open in Colab"></a>'


def install(ref):
    "A cell that installs mixcourse where it is missing, as in Colab"
    return f"""#| hide
from importlib.util import find_spec
if not find_spec('mixcourse'):
    %pip install -q git+https://github.com/{repo}@{ref}"""


def lead(path, ref):
    "Rewrite one chapter; its second cell holds the badge, its first code cell installs"
    nb = json.loads(path.read_text(encoding='utf-8'))
    head = nb['cells'][1]
    setup = next(o for o in nb['cells'] if o['cell_type'] == 'code')
    first, *rest = ''.join(head['source']).splitlines()
    if 'colab' not in first or 'find_spec' not in ''.join(setup['source']): raise ValueError(f'{path.name} has no badge or no first cell')
    head['source'] = '\n'.join([badge(path, ref), *rest]).splitlines(keepends=True)
    setup['source'] = install(ref).splitlines(keepends=True)
    path.write_text(json.dumps(nb, ensure_ascii=False, indent=1) + '\n', encoding='utf-8')


def main(*args):
    if len(args) != 1 or not re.fullmatch(r'[\w.-]+', args[0]): sys.exit('usage: python nbs/colab.py main (or a tag, as v1.2.0)')
    for path in sorted((nbs/'chapters').glob('*.ipynb')): lead(path, args[0])


if __name__ == '__main__': main(*sys.argv[1:])
