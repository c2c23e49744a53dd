"`explore`: sliders for a callback, with a kernel."
import io
from types import SimpleNamespace

import pytest
from fastai.data.core import DataLoaders
from helpers import threes
from PIL import Image

from mixcourse.callback import CutMix, Cutout, MixUp, explore


@pytest.fixture
def dls(): return threes(['ant', 'bee', 'cow'])


@pytest.fixture
def ui(dls):
    pytest.importorskip('ipywidgets')
    cb = MixUp(.4)
    box = explore(dls, cb, max_n=4)
    *sliders, button = box.children[0].children
    return SimpleNamespace(cb=cb, pic=box.children[1], button=button, **{o.description: o for o in sliders})


@pytest.mark.slow
def test_explore_shows_the_next_batch(ui, dls):
    "Other pictures, and other draws"
    def clicked(ui):
        was = ui.pic.value
        ui.button.click()
        return ui.pic.value != was
    assert clicked(ui) and clicked(ui) and Image.open(io.BytesIO(ui.pic.value)).size[0] > 100
    ui.p.value = 0
    assert clicked(ui)
    same = explore(DataLoaders(dls.valid, dls.valid), MixUp(.4), 4)  # does not shuffle
    assert clicked(SimpleNamespace(pic=same.children[1], button=same.children[0].children[-1]))


@pytest.mark.slow
def test_explore_follows_its_sliders(ui, monkeypatch):
    captions = []
    from mixcourse.callback import show as c
    show = c.show_example
    monkeypatch.setattr(c, 'show_example', lambda x, y, ax, caption: (captions.append(caption), show(x, y, ax, caption)))
    ui.alpha.value = 0
    assert len(captions) == 4 and not any('+' in o for o in captions)
    captions.clear()
    ui.alpha.value = 4
    assert any('+' in o for o in captions)
    captions.clear()
    ui.p.value = 0
    assert not any('+' in o for o in captions)
    assert (ui.cb.alpha, ui.cb.p, ui.cb.seed) == (.4, 1., None)  # the callback that was passed stays as it was


def test_explore_knows_cutout(dls):
    assert [o.description for o in explore(dls, Cutout(3, 2), 2).children[0].children] == ['p', 'length', 'n_holes', 'Next batch']


def test_explore_leaves_no_figure(dls):
    import matplotlib.pyplot as plt
    n = len(plt.get_fignums())
    explore(dls, CutMix(), 2)
    assert len(plt.get_fignums()) == n


