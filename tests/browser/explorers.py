"Small widgets with pictures for the tests in a browser, and what is read from them and moved on them."
import torch

from mixcourse.teach.explorer import CutMixExplorer, CutoutExplorer, MixUpExplorer
from mixcourse.teach.playground import Playground
from mixcourse.teach.trace import Stage, StageTrace, TrainingTrace


def picture(seed, size=40): return torch.rand(3, size, size, generator=torch.Generator().manual_seed(seed))
def pair(): return {'cat': picture(0), 'cup': picture(1)}


def trace():
    stages = [Stage('Input', (3, 40, 40), 'What comes `in`.', [(picture(0), 'a cat')]), Stage('Maps', (2, 8, 8), '', [(picture(2, 8), '0')] * 2, 80),
              Stage('Softmax', (2,), 'They sum to 1.', shares=[('cat', .75), ('cup', .25)])]
    return StageTrace(stages)


def training():
    run = dict(train_loss=[2., 1., .5], valid_loss=[2., 1.5, 1.], accuracy=[.1, .5, .75])
    return TrainingTrace(dict(plain=run, MixUp={**run, 'accuracy': [.2, .6, .875]}), {1: 'They start.', 3: '`MixUp` is ahead.'})


makers = dict(mixup=lambda: MixUpExplorer(pair()), cutmix=lambda: CutMixExplorer(pair(), (20, 28), 16), cutout=lambda: CutoutExplorer(pair(), 12, ((10, 10), (30, 20))),
              trace=trace, training=training, playground=Playground)


def canvas(page):
    "Pixels of the mixed picture, (3,H,W) uint8"
    page.wait_for_selector('.mx[data-ready]')
    shot = page.evaluate("async () => { const c = document.querySelector('.ex-out canvas'); return [c.width, c.height, ...c.getContext('2d').getImageData(0, 0, c.width, c.height).data] }")
    return torch.tensor(shot[2:], dtype=torch.uint8).view(shot[1], shot[0], 4)[..., :3].permute(2, 0, 1)


def slide(page, label, value):
    page.get_by_label(label, exact=True).evaluate('(e, v) => { e.value = v; e.dispatchEvent(new Event("input", {bubbles: true})) }', value)
