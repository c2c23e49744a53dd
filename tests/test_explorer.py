"Explorers, traces and the playground from Python: what is recorded, what is refused, and what a page holds."
import base64, io, json, re
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from fastai.data.core import DataLoaders
from fastai.data.load import DataLoader
from fastai.learner import Learner
from fastai.losses import CrossEntropyLossFlat
from fastai.metrics import accuracy
from mixcourse.callback import Cutout, CutMix, ManifoldMixUp, MixUp, explore
from mixcourse.teach.explorer import CutMixExplorer, CutoutExplorer, MixUpExplorer
from mixcourse.teach.images import example_images
from mixcourse.teach.playground import Playground
from mixcourse.teach.record import record_pipeline, record_prediction, record_training
from mixcourse.teach.trace import Stage, StageTrace, TrainingTrace
from mixcourse.mixing import box_lam, cutmix, cutout, mixup
from mixcourse.mixing.targets import mixed_loss, soft_targets
from PIL import Image
from torch import nn
from torch.utils.data import TensorDataset

evil = '<img src=x onerror=alert(1)>'


def picture(seed, size=24): return torch.rand(3, size, size, generator=torch.Generator().manual_seed(seed))
def pair(): return {'cat': picture(0), 'cup': picture(1)}


explorers = dict(mixup=lambda: MixUpExplorer(pair(), .3), cutmix=lambda: CutMixExplorer(pair(), (3, 20), 12), cutout=lambda: CutoutExplorer(pair(), 9, ((3, 20), (12, 12))),
                 black=lambda: CutoutExplorer(pair(), 9, ((3, 3),), 'black'), white=lambda: CutoutExplorer(pair(), 9, ((3, 3),), 'white'))


def images_in(html):
    "Pictures of a page by their alternative text, (3,H,W) in [0,1]"
    def read(uri): return torch.tensor(np.array(Image.open(io.BytesIO(base64.b64decode(uri.split(',')[1]))).convert('RGB'))).permute(2, 0, 1) / 255
    return [(alt, read(src)) for src, alt in re.findall(r'<img src="([^"]+)" alt="([^"]*)"', html)]


# Explorers

@pytest.mark.parametrize('name', explorers)
def test_the_line_of_python_makes_the_picture(name):
    e = explorers[name]()
    mean = torch.tensor([.485, .456, .406])[:, None, None]
    code = e.caption()[1]
    x = e.x[:1] if 'cutout' in code else e.x[:2]
    names = dict(torch=torch, mixup=mixup, cutmix=cutmix, cutout=cutout, box_lam=box_lam, soft_targets=soft_targets, x=x, y=torch.arange(2), perm=torch.tensor([1, 0]))
    exec(code, names | {'normalize': lambda o: o-mean}, out := {})
    assert torch.allclose(out['mixed'][0] + (mean if 'normalize' in code else 0), e.mixed(), atol=1e-6)
    if name == 'cutmix': assert out['lam'] == box_lam(e.box, (24, 24)) == 1 - 9*10/576 and e.caption()[0] == '0.84 cat + 0.16 cup'


@pytest.mark.parametrize('name', explorers)
def test_page_shows_the_very_pixels(name):
    "The tensor `x` is what a reader sees, not what was compressed to get there"
    e = explorers[name]()
    pics = images_in(e.html())
    assert [n for n, _ in pics[:2]] == e.names and all((p - x).abs().max() == 0 for (_, p), x in zip(pics, e.x))
    assert (pics[-1][1] - e.mixed()).abs().max() <= 1/255  # small pictures are kept as they are


def test_kinds_of_images_are_one():
    t = (picture(0)*255).round() / 255
    a = (t*255).byte().permute(1, 2, 0).numpy()
    one, two, three = (MixUpExplorer({'a': o, 'b': o}).x for o in (t, a, Image.fromarray(a)))
    assert one.equal(two) and two.equal(three)


@pytest.mark.parametrize('make,rule', [
    (lambda: MixUpExplorer({'a': picture(0)}), '`images` must hold 2 or more pictures of one size, got 1'),
    (lambda: MixUpExplorer({'a': picture(0), 'b': picture(1, 30)}), 'of one size, got 2 of sizes [(24, 24), (30, 30)]'),
    (lambda: CutoutExplorer({}), '`images` must hold 1 or more'),
    (lambda: MixUpExplorer(pair(), 1.5), '`lam` must be in [0,1], got 1.5'),
    (lambda: MixUpExplorer(pair(), alpha=-1), '`alpha` must be >= 0, got -1'),
    (lambda: CutMixExplorer(pair(), (24, 0)), 'a center must be a pixel of the picture of 24×24, got (24, 0)'),
    (lambda: CutMixExplorer(pair(), (0, 0), 0), '`length` must be a positive int, got 0'),
    (lambda: CutoutExplorer(pair(), 5, ()), '`centers` must hold one to four pixels, got 0'),
    (lambda: CutoutExplorer(pair(), 5, ((1, 1),), 'red'), "`fill` must be one of ('mean', 'black', 'white'), got 'red'"),
    (lambda: example_images('dog'), "got ['dog']"),
    (lambda: example_images(size=0), '`size` must be a positive int, got 0'),
    (lambda: Playground('rings'), "`data` must be one of ('moons', 'spirals', 'blobs'), got 'rings'"),
    (lambda: Playground(points=501), '`points` must be between 50 and 500, got 501'),
    (lambda: Playground(flip=.6), '`flip` must be in [0,.5], got 0.6'),
    (lambda: Playground(alpha=-.1), '`alpha` must be >= 0, got -0.1'),
    (lambda: Playground(speed=7), '`speed` must be 1, 5, 10 or 30, got 7'),
    (lambda: StageTrace([]), '`stages` must hold one or more'),
    (lambda: TrainingTrace({}), '`runs` must hold one or two, got 0'),
    (lambda: TrainingTrace({'a': dict(x=[1.]), 'b': dict(x=[1., 2.])}), 'same number of epochs, got [1, 2]'),
    (lambda: TrainingTrace({'a': dict(x=[1.])}, {2: 'late'}), '`notes` must be of epochs from 1 to 1, got [2]')])
def test_refused(make, rule):
    with pytest.raises(ValueError, match=re.escape(rule)): make()


def test_example_images():
    pics = example_images(size=20)
    assert list(pics) == ['cat', 'coffee', 'rocket', 'astronaut'] and all(o.shape == (20, 20, 3) and o.std() > 20 for o in pics.values())


def widgets():
    stage = Stage(evil, (1, 2), evil, [(picture(0), evil)], shares=[(evil, .5)])
    return [MixUpExplorer({evil: picture(0), f'"{evil}\'': picture(1)}), CutoutExplorer({evil: picture(0)}, 5, ((1, 1),)), StageTrace([stage]),
            TrainingTrace({evil: {evil: [1., 2.]}}, {1: evil}), Playground()]


@pytest.mark.parametrize('i', range(5))
def test_what_a_page_holds(i):
    "Names are text; no table for Quarto to rewrite, no other host; the same bytes each time"
    html = widgets()[i].html(script_too=False)
    assert '<img src=x' not in html and '</script' not in html.partition('type="application/json">')[2].partition('</script>')[0]
    assert '<table' not in html and not re.search(r'(src|href)="(?!data:)', html) and html == widgets()[i].html(script_too=False)
    state = json.loads(re.search(r'<script type="application/json">(.*?)</script>', html, re.S)[1])
    assert state == json.loads(json.dumps(widgets()[i].state))


def test_live():
    pytest.importorskip('anywidget')
    for w in (*widgets(), CutMixExplorer(pair(), (3, 3), 5)):
        live = w.live()
        assert live.state == w.state and live.fallback == w.fallback() and 'export default' in live._esm


# Recordings

@pytest.fixture
def dls():
    x, y = torch.rand(64, 1, 8, 8, generator=torch.Generator().manual_seed(0)), torch.arange(64) % 3
    train, valid = (DataLoader(TensorDataset(x[s], y[s]), bs=16, shuffle=s.start == 0) for s in (slice(0, 48), slice(48, 64)))
    res = DataLoaders(train, valid)
    res.vocab = ['ant', 'bee', evil]
    return res


@pytest.fixture
def model(): return nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Dropout(.5), nn.Linear(64, 3))


def learner(dls, model, cb): return Learner(dls, model, loss_func=CrossEntropyLossFlat(), cbs=cb, metrics=accuracy)


@pytest.mark.parametrize('cb', [MixUp(1., seed=5), CutMix(1., seed=5), MixUp(1., seed=5, per_batch=True), MixUp(1., seed=5, inplace=True)])
def test_pipeline_is_one_real_batch(dls, model, cb, monkeypatch):
    learn = learner(dls, model.train(), cb)
    batch = dls.train.one_batch()
    monkeypatch.setattr(dls.train, 'one_batch', lambda: batch)
    was = {k: v.clone() for k, v in model.state_dict().items()}
    stages = {o.title: o for o in record_pipeline(learn, 4)}
    x, y = batch
    assert [o.shape for o in stages.values()] == [(48, 1, 8, 8), (16, 1, 8, 8), (16,), (16,), (16, 1, 8, 8), (16, 3), ()]
    assert all(v.equal(was[k]) for k, v in model.state_dict().items()) and model.training and dls.train.one_batch()[0] is x

    cb.before_fit()  # the same draws again
    cb.learn = learn
    m = cb.mix_batch((x.clone(),), (y,), .5, cb.generator)
    lam, perm = m.draw.lam.expand(16), m.draw.perm
    with torch.no_grad(): pred = model.eval()(m.xb[0])
    assert f'it is {mixed_loss(pred, y, y[perm], lam, learn.loss_func).item():.3f}' in stages['Loss'].text
    assert [v for _, v in stages['λ'].shares] == pytest.approx(lam[:4].tolist())
    lo = min(x.min(), m.xb[0].min())
    for (pic, caption), mixed, i in zip(stages['Mixed batch'].pics, m.xb[0], range(4)):
        assert (pic - mixed).abs().max() < 1e-6 and lo >= 0
        a, b = dls.vocab[y[i]], dls.vocab[y[perm[i]]]
        assert caption == (a if a == b else f'{lam[i]:.2f} {a} + {1-lam[i]:.2f} {b}')
    assert sum(v for _, v in stages['Soft labels'].shares) == pytest.approx(1)
    assert evil not in StageTrace(list(stages.values())).html(script_too=False)


def test_pipeline_needs_pairs(dls, model):
    for cb, rule in ((None, 'must have a mixer'), (ManifoldMixUp(), 'must have a mixer'), (Cutout(2), 'a batch must be mixed'), (MixUp(0.), 'a batch must be mixed')):
        with pytest.raises(ValueError, match=rule): record_pipeline(learner(dls, model, cb))


def test_prediction_is_what_the_layers_gave(model):
    x = torch.rand(1, 8, 8)
    seen = []
    hook = model[2].register_forward_hook(lambda m, i, o: seen.append(o[0]))
    model.train()
    stages = record_prediction(model, x, ['ant', 'bee', 'cow'], n_maps=3)
    hook.remove()
    assert [o.title for o in stages] == ['Input', 'Conv2d', 'ReLU', 'MaxPool2d', 'Linear', 'Softmax'] and [o.shape for o in stages] == [(1, 8, 8), (4, 8, 8), (4, 8, 8), (4, 4, 4), (3,), (3,)]
    assert model.training and not any(m._forward_hooks for m in model.modules())
    p = model.eval()(x[None]).softmax(1)[0].tolist()
    assert [k for k, _ in stages[-1].shares] == ['ant', 'bee', 'cow'] and [v for _, v in stages[-1].shares] == pytest.approx(p, abs=1e-5)
    maps, relu = [o for o, _ in stages[2].pics], seen[0][:3]
    assert len(maps) == 3
    light = np.stack(maps).astype(int).sum(-1)  # brighter where it is larger, on one scale for the layer
    order = np.argsort(relu.detach().numpy().ravel())
    assert (np.diff(light.ravel()[order]) >= -30).all() and light.ravel()[order[-1]] > 400 > light.ravel()[order[0]]
    assert f'to {seen[0].max():.2f} (bright)' in stages[2].text


def test_prediction_of_chosen_layers_and_bad_input(model):
    assert [o.title for o in record_prediction(model, torch.rand(1, 8, 8), layers=['6'])] == ['Input', 'Linear', 'Softmax']
    with pytest.raises(ValueError, match=re.escape("`layers` must be names of layers of the model, got ['head']")): record_prediction(model, torch.rand(1, 8, 8), layers=['head'])
    with pytest.raises(ValueError, match='`x` must be one image'): record_prediction(model, torch.rand(2, 1, 8, 8))
    with pytest.raises(RuntimeError): record_prediction(model.train(), torch.rand(3, 8, 8))
    assert model.training and not any(m._forward_hooks for m in model.modules())


def test_long_vectors_and_many_classes():
    model = nn.Sequential(nn.Flatten(), nn.Linear(16, 70), nn.Linear(70, 12))
    stages = record_prediction(model, torch.rand(1, 4, 4))
    assert stages[1].pics[0][0].shape == (3, 32, 3) and len(stages[-1].shares) == 10
    shares = [v for _, v in stages[-1].shares]
    assert shares == sorted(shares, reverse=True)


def test_training_is_what_the_recorder_noted(dls, model):
    learn = learner(dls, model, MixUp(1.))
    with pytest.raises(ValueError, match='must have been trained'): record_training(learner(dls, model, None))
    with learn.no_bar(), learn.no_logging(): learn.fit(2, 1e-2)
    rec = record_training(learn)
    assert list(rec) == ['train_loss', 'valid_loss', 'accuracy'] and [list(o) for o in zip(*rec.values())] == [list(o) for o in learn.recorder.values]
    html = TrainingTrace(dict(MixUp=rec)).html(script_too=False)
    assert f'accuracy {rec["accuracy"][-1]:.3f}' in html and html.count('<polyline') == 3


def test_epochs_without_validation_are_gaps(dls, model):
    learn = learner(dls, model, None)
    with learn.no_bar(), learn.no_logging(): learn.fit(1)
    learn.recorder.values = [[.9], [.8, .7, .5], [.6]]
    rec = {k: v for k, v in record_training(learn).items() if k != 'accuracy'}
    assert rec['train_loss'] == [.9, .8, .6] and rec['valid_loss'] == [None, .7, None]
    html = TrainingTrace({'a': rec}).html()
    assert re.findall(r'text-anchor="end"[^>]*>(\d+)<', html) == ['3']*len(rec), 'the axis ends at the last epoch'



def test_curves_rise_with_their_values():
    html = TrainingTrace(dict(a=dict(acc=[0., 1., .5]))).html(script_too=False)
    xs, ys = zip(*(map(float, o.split(',')) for o in re.search(r'points="([^"]+)"', html)[1].split()))
    assert 'flex:1 1' in html, 'without scripts a curve has a width of its own, or it shrinks to its title'
    assert ys[1] < ys[2] < ys[0] and ys[2] - ys[1] == pytest.approx(ys[0] - ys[2]) and xs[1] - xs[0] == pytest.approx(xs[2] - xs[1])


# Kernel side

@pytest.fixture
def ui(dls):
    pytest.importorskip('ipywidgets')
    cb = MixUp(.4)
    box = explore(dls, cb, max_n=4)
    *sliders, button = box.children[0].children
    return SimpleNamespace(cb=cb, pic=box.children[1], button=button, **{o.description: o for o in sliders})


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


def test_explore_follows_its_sliders(ui, monkeypatch):
    captions = []
    from mixcourse.callback import show as c
    show = c._show
    monkeypatch.setattr(c, '_show', lambda x, y, ax, caption: (captions.append(caption), show(x, y, ax, caption)))
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


@pytest.mark.parametrize('kind', [MixUpExplorer, CutMixExplorer, CutoutExplorer])
@pytest.mark.parametrize('size', [(2, 2), (8, 5), (300, 40)])
def test_pictures_of_any_size_need_no_settings(kind, size):
    o = kind({c: Image.new('RGB', size[::-1], c) for c in ('red', 'blue')})
    assert o.mixed().shape == (3, *size) and o.caption()
