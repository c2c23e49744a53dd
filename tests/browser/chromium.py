"""Chromium for the tests in a browser: the one that is there, else apt's (Debian, as root), else Playwright's.

    python tests/browser/chromium.py    installs it if need be
"""
import os, shutil, subprocess, sys
from pathlib import Path

names = 'chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'


def find():
    "Path of a Chromium, or None"
    for name in names:
        if found := shutil.which(name): return found
    from playwright.sync_api import sync_playwright
    with sync_playwright() as p: path = Path(p.chromium.executable_path)
    return str(path) if path.exists() else None


def is_debian():
    release = Path('/etc/os-release')
    return release.exists() and 'ID=debian' in release.read_text().splitlines() and shutil.which('apt-get') is not None


def install():
    root = hasattr(os, 'geteuid') and os.geteuid() == 0
    if root and is_debian():
        env = {**os.environ, 'DEBIAN_FRONTEND': 'noninteractive'}
        if all(subprocess.run(['apt-get', *o], env=env, stdout=subprocess.DEVNULL).returncode == 0
               for o in (['update', '-q'], ['install', '-qy', '--no-install-recommends', 'chromium'])): return
    subprocess.run([sys.executable, '-m', 'playwright', 'install', *(['--with-deps'] if root else []), 'chromium'], check=True)


if __name__ == '__main__':
    if not find():
        print('Installing Chromium for the tests in a browser: some minutes, once')
        install()
    if not find(): sys.exit('No Chromium: install one (Debian: apt install chromium) for the tests in a browser')
