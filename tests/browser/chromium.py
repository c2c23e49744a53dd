"""Chromium for the tests in a browser: the one that is there, else apt's (Debian, as root), else Playwright's.

    python tests/browser/chromium.py    installs it if need be
"""
import os, shutil, subprocess, sys
from pathlib import Path

# The first has no window at all and opens a page in a third of the time
names = 'chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'


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


def apt_get(*args):
    "Does it work?"
    env = {**os.environ, 'DEBIAN_FRONTEND': 'noninteractive'}
    return subprocess.run(['apt-get', '-qy', *args], env=env, stdout=subprocess.DEVNULL).returncode == 0


def install():
    root = hasattr(os, 'geteuid') and os.geteuid() == 0
    if root and is_debian() and apt_get('update'):
        if any(apt_get('install', '--no-install-recommends', o) for o in names[:2]): return  # an old Debian has the second alone
    subprocess.run([sys.executable, '-m', 'playwright', 'install', *(['--with-deps'] if root else []), 'chromium'], check=True)


if __name__ == '__main__':
    if not find():
        print('Installing Chromium for the tests in a browser: some minutes, once')
        install()
    if not find(): sys.exit('No Chromium: install one (Debian: apt install chromium) for the tests in a browser')
