"Supplies what pyproject.toml calls dynamic: the metadata from settings.ini, the version from the package."
import re
from configparser import ConfigParser
from pathlib import Path

from setuptools import setup

root = Path(__file__).parent
cfg = ConfigParser(delimiters=['='])
cfg.read(root/'settings.ini', encoding='utf-8')
s = cfg['DEFAULT']
name = s['lib_name']
init = (root/name/'__init__.py').read_text(encoding='utf-8')
# PyPI shows the README far from the files that it links to and the pictures that it shows
readme, repo = (root/'README.md').read_text(encoding='utf-8'), f"https://github.com/{s['user']}/{s['repo']}"
readme = re.sub(r'(!\[[^]]*\]\()(?!\w+:)', rf'\1{repo}/raw/main/', readme)
readme = re.sub(r'\]\((?!\w+:|#)', f']({repo}/blob/main/', readme)

setup(
    version=re.search(r'^__version__ = "(.+)"', init, re.M)[1],
    description=s['description'], keywords=s['keywords'].split(), author=s['author'], license_expression=s['license'],
    long_description=readme, long_description_content_type='text/markdown',
    install_requires=s['requirements'].split(),
    extras_require={o: s[f'{o}_requirements'].split() for o in ('dev', 'learn', 'bench', 'teach')},
    entry_points={'console_scripts': s['console_scripts'].split(), 'nbdev': [f'{name}={name}._modidx:d']},
)
