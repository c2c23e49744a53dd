"Promises about releases: a changelog that tells what broke and what to use instead, and what SECURITY.md says."
import re
from functools import reduce
from importlib import import_module

import mixcourse
import mixcourse.all
import numpy as np, pytest
from conftest import root
from mixcourse.compare.pictures import load_npz

changelog = (root/'CHANGELOG.md').read_text(encoding='utf-8')


def entries(text):
    "(version, date or 'unreleased', lines), the newest first; what has another form is an error"
    for part in re.split(r'^## ', text, flags=re.M)[1:]:
        head, *lines = part.splitlines()
        m = re.fullmatch(r'(\d+\.\d+\.\d+) \((unreleased|\d{4}-\d\d-\d\d)\)', head)
        if not m: raise ValueError(f'entry must be `## 1.2.0 (2030-01-31)` or (unreleased), got {head!r}')
        yield *m.groups(), lines


def exists(name):
    "Is there such a public name, an attribute of one, or a name in a module?"
    first, *rest = name.split('.')
    try: start = getattr(mixcourse.all, first) if first in mixcourse.all.__all__ else import_module(f'mixcourse.{first}')
    except ModuleNotFoundError: return False
    try: reduce(getattr, rest, start)
    except AttributeError: return False
    return True


def faults(text, version):
    found = list(entries(text))
    if found[0][0] != version: yield f'newest entry is {found[0][0]}, the version {version}'
    numbers = [tuple(map(int, o[0].split('.'))) for o in found]
    if numbers != sorted(set(numbers), reverse=True): yield 'entries are not in order'
    if 'unreleased' in [o[1] for o in found[1:]]: yield 'an older entry has no date'
    for i, (_, _, lines) in enumerate(found):
        for o in lines:
            if 'breaking' not in o.lower(): continue
            m = re.fullmatch(r'- \*\*Breaking\*\*: `([\w.]+)` is removed, use `([\w.]+)`\.', o)
            if not m: yield f'form: {o}'
            elif i == 0 and exists(m[1]): yield f'{m[1]} is still there'
            elif i == 0 and not exists(m[2]): yield f'{m[2]} is not there'


def test_changelog(): assert list(faults(changelog, mixcourse.__version__)) == []


def test_changelog_tells_the_form():
    form, = re.findall(r'"(- \*\*Breaking\*\*: .+)"', changelog)
    assert list(faults(f'## 1.0.0 (unreleased)\n{form}\n', '1.0.0')) == ['new_name is not there']


@pytest.mark.parametrize('text,wrong', [
    ('## 1.1.0 (unreleased)\n- **Breaking**: `mix` is removed, use `mixup`.\n## 1.0.0 (2030-01-31)\n- **Breaking**: `mixup` is removed, use `mix`.', []),
    ('## 1.1.0 (2030-01-31)\n- **Breaking**: `MixUp.mix` is removed, use `MixUp.draw`.\n- **Breaking**: `plot.draw` is removed, use `mixing.schedule.value_at`.', []),
    ('## 1.0.0 (unreleased)', ['newest entry is 1.0.0, the version 1.1.0']),
    ('## 1.1.0 (unreleased)\n## 1.2.0 (2030-01-31)', ['entries are not in order']),
    ('## 1.1.0 (2030-01-31)\n## 1.0.0 (unreleased)', ['an older entry has no date']),
    ('## 1.1.0 (unreleased)\n- Breaking: mix is gone', ['form: - Breaking: mix is gone']),
    ('## 1.1.0 (unreleased)\n- **Breaking**: `mixup` is removed, use `cutmix`.', ['mixup is still there']),
    ('## 1.1.0 (unreleased)\n- **Breaking**: `mix` is removed, use `mixer`.', ['mixer is not there']),
    ('## 1.1.0 (unreleased)\n- **Breaking**: `mix` is removed, use `MixUp.mixer`.', ['MixUp.mixer is not there']),
])
def test_faults_are_seen(text, wrong): assert list(faults(text, '1.1.0')) == wrong


def test_other_headings_are_seen():
    with pytest.raises(ValueError, match='entry must be'): list(faults('## Next\n', '1.0.0'))


# SECURITY.md

def test_pickles_are_refused(tmp_path):
    "An array of objects would run code when read"
    class Evil:
        def __reduce__(self): return (tmp_path/'ran').touch, ()
    objects, y = np.empty(4, object), np.arange(4) % 2
    objects[:] = [Evil()]*4
    for bad in ('x_train', 'y_test'):
        np.savez(tmp_path/'a.npz', **{**dict(x_train=np.zeros((4, 8, 8)), y_train=y, x_test=np.zeros((4, 8, 8)), y_test=y), bad: objects})
        with pytest.raises(ValueError, match=f'`{bad}` must be a readable array'): load_npz(tmp_path/'a.npz')
    assert not (tmp_path/'ran').exists()


def test_package_unpickles_nothing():
    code = ''.join(p.read_text(encoding='utf-8') for p in (root/'mixcourse').rglob('*.py'))
    assert re.findall(r'\b(load_learner|torch\.load|pickle\.loads?|allow_pickle|load_pickle|joblib)\b', code) == []


def test_widgets_run_their_own_script_only():
    js = '\n'.join(p.read_text(encoding='utf-8') for p in (root/'mixcourse/teach/static').rglob('*.js'))
    ways = r'\beval\b|new Function|\bfetch\b|XMLHttpRequest|sendBeacon|WebSocket|EventSource|\bimport\(|document\.write|createElement\([\'"](script|iframe|img|link)'
    assert re.findall(ways, js) == []


def test_hooks_do_what_is_said():
    from inspect import getsource
    from nbdev import clean
    assert 'nbdev-trust' in getsource(clean.nbdev_install_hooks)
    assert '.jupyter' in getsource(clean.nbdev_install_hooks)
