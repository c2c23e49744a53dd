"ResizeMix, RegMixup, CutMix of series and volumes, Cutout's holes: each against its paper's equation."
import pickle

import pytest, torch, torch.nn.functional as F
from fastai.callback.core import Callback
from fastai.data.core import DataLoaders
from fastai.losses import CrossEntropyLossFlat
from fastai.metrics import accuracy
from fastai.optimizer import SGD
from helpers import CE, Batches, cnn, digits, digits_x, digits_y, dots, expected, fit, flat_net, learner, loaders, pictures_of, plains, read_dots, read_plains, spy
from torch import nn

from mixcourse.callback import CutMix, Cutout, MixedAccuracy, MixUp, RandomMix, RegMixup, ResizeMix
from mixcourse.mixing import new_generator


# ResizeMix (Qin et al. 2020): paste the whole of the partner, resized by tau ~ U(.1,.8); lam is the area that is left

def test_resizemix_loss_is_the_area_of_the_paper():
    for b in fit(ResizeMix(seed=1), *plains(16, (20, 20)), model=flat_net(16, (20, 20)), bs=16, epochs=3):
        y_b, lam = read_plains(b['mixed'][0], b['y'][0])
        assert torch.isclose(b['loss'], expected('', F.cross_entropy, b['pred'], b['y'][0], y_b, lam), rtol=1e-4)


def test_resizemix_pastes_the_whole_partner():
    "What is in the box is the partner as `interpolate` makes it smaller"
    torch.manual_seed(0)
    x = torch.rand(8, 3, 24, 30)
    mixed = ResizeMix(seed=1).mix_batch((x,), (torch.arange(8),), .5, new_generator(1))
    new, perm = mixed.xb[0], mixed.draw.perm
    for i in range(8):
        rows, cols = (new[i] != x[i]).any(0).any(1).nonzero().flatten(), (new[i] != x[i]).any(0).any(0).nonzero().flatten()
        if len(rows) == 0: continue
        y1, y2, x1, x2 = rows[0], rows[-1]+1, cols[0], cols[-1]+1
        small = F.interpolate(x[perm[i]][None], size=(int(y2-y1), int(x2-x1)), mode='bilinear', align_corners=False)[0]
        assert torch.allclose(new[i, :, y1:y2, x1:x2], small, atol=1e-4)
        assert torch.isclose(mixed.draw.lam[i], 1-(y2-y1)*(x2-x1)/(24.*30))


def test_resizemix_sides_are_uniform():
    x = torch.empty(400, 1, 100, 100)
    lam = ResizeMix().draw(x, 1., 400, new_generator(0)).lam
    side = (1-lam).sqrt()
    assert side.min() >= .09
    assert side.max() <= .8
    assert abs(side.mean()-.445) < .03  # rounded down to pixels
    narrow = ResizeMix(scale=(.5, .5)).draw(x, 1., 400, new_generator(0)).lam
    assert torch.allclose(narrow, torch.tensor(.75))


def test_resizemix_takes_masks_along():
    x, m = pictures_of()
    for b in fit(ResizeMix(seed=1), x, m, model=nn.Conv2d(1, 12, 1)): assert torch.equal(b['y_after'][0], b['mixed'][0][:, 0].round().long()-1)


@pytest.mark.parametrize('scale', [(.5,), (.8, .1), (-.1, .5), (0, 2), .5, 'x', (None, 1)])
def test_bad_scales(scale):
    with pytest.raises(ValueError, match='`scale` must be a pair'): ResizeMix(scale=scale)


# RegMixup (Pinto et al. 2022): CE(f(x), y) + eta*CE(f(x'), y')

@pytest.mark.parametrize('weight', [0., .5, 1.])
@pytest.mark.parametrize('loss', [CE(), F.cross_entropy, CrossEntropyLossFlat(), CE(reduction='sum')], ids=['module', 'function', 'flat', 'sum'])
def test_regmixup_adds_the_mixed_loss(weight, loss):
    x, y = dots(16)
    b, = fit(RegMixup(1., weight, seed=1), x, y, loss=loss, model=flat_net(16), bs=16)
    assert torch.equal(b['mixed'][0][:16], x)
    blend = b['mixed'][0][16:]
    y_b, lam = read_dots(blend, y)
    assert (lam < 1).any()
    name = 'sum' if getattr(loss, 'reduction', '') == 'sum' else ''
    blended = lam[:, None]*b['pred']+(1-lam)[:, None]*b['pred'][y_b]  # what a linear net says of a blend
    want = loss(b['pred'], y)+weight*expected(name, loss, blended, y, y_b, lam)
    assert torch.isclose(b['loss'], torch.as_tensor(want).as_subclass(torch.Tensor).squeeze(), rtol=1e-4)


def test_metrics_and_predictions_are_those_of_the_plain_half():
    seen = []
    def note(pred, y): seen.append((len(pred), y.clone())); return (pred.argmax(1) == y).float().mean()
    learn = learner(RegMixup(seed=1), loaders(digits_x[:16], digits_y[:16]), loss=CE(), metrics=[note, MixedAccuracy(), accuracy])
    learn.recorder.train_metrics = True
    learn.fit(1)
    assert {n for n, _ in seen} == {8}
    assert torch.equal(torch.cat([y for _, y in seen]), digits_y[:16].repeat(2))
    values = dict(zip(learn.recorder.metric_names[1:-1], learn.recorder.values[0]))
    assert values['train_mixed_accuracy'] == values['train_accuracy']


def test_gradient_of_regmixup():
    x, y = dots(16)
    torch.manual_seed(0)
    learn = learner(RegMixup(1., seed=1), loaders(x, y, bs=16), flat_net(16), CE(), opt_func=SGD, lr=1.)
    first = [p.detach().clone() for p in learn.model.parameters()]
    b, = spy(learn, wd=0.)
    model = flat_net(16)
    for p, q in zip(model.parameters(), first): p.data = q
    y_b, lam = read_dots(b['mixed'][0][16:], y)
    pred = model(b['mixed'][0][16:])
    mixed = (lam*F.cross_entropy(pred, y, reduction='none')+(1-lam)*F.cross_entropy(pred, y_b, reduction='none')).mean()
    (F.cross_entropy(model(x), y)+mixed).backward()
    for p, q in zip(model.parameters(), learn.model.parameters()): assert torch.allclose(p-p.grad, q, atol=1e-5)


@pytest.mark.parametrize('make', [lambda: RegMixup(p=.5, seed=1), lambda: RandomMix([RegMixup(), CutMix(), None], seed=1), lambda: RegMixup(0.)], ids=['sometimes', 'chosen', 'off'])
def test_regmixup_now_and_then(make):
    learn = learner(make(), digits(48), metrics=accuracy)
    for b in spy(learn, 2):
        assert len(b['pred']) == 8
        assert b['loss'].isfinite()
    pickle.loads(pickle.dumps(learn.cbs[-1]))


@pytest.mark.parametrize('y, loss, c', [(torch.rand(16, 1), nn.MSELoss(), 1), (torch.eye(16), nn.BCEWithLogitsLoss(), 16)], ids=['regression', 'multilabel'])
def test_regmixup_of_numbers(y, loss, c):
    for b in fit(RegMixup(1., seed=1), dots(16)[0], y, loss=loss, model=flat_net(c), bs=16): assert b['loss'] > loss(b['pred'], y)


def test_regmixup_keeps_other_inputs_in_step():
    class Net(nn.Module):
        def __init__(self): super().__init__(); self.a, self.b = flat_net(16), nn.Linear(3, 16)
        def forward(self, x, table): return self.a(x)+self.b(table)
    for b in fit(RegMixup(seed=1), dots(16)[0], torch.rand(16, 3), dots(16)[1], model=Net(), n_inp=2): assert torch.equal(b['mixed'][1], b['x'][1].repeat(2, 1))


@pytest.mark.parametrize('weight', [-1, None, 'x', True])
def test_bad_weights(weight):
    with pytest.raises(ValueError, match='`weight` must be a number >= 0'): RegMixup(weight=weight)


# CutMix where there are no rows

@pytest.mark.parametrize('shape, kw', [((1, 40), {}), ((3, 40), {}), ((1, 9, 9), {}), ((2, 3, 9, 9), {}), ((1, 8, 9, 7), dict(axes=3)), ((3, 40), dict(axes=1)), ((4, 9, 9), dict(axes=1))], ids=str)
def test_loss_is_the_share_that_was_cut(shape, kw):
    "Series along time, pictures and videos by rows and columns, volumes by all three"
    y = torch.arange(16)
    x = (y+1.).view(16, *[1]*len(shape)).expand(16, *shape).clone()
    n_cut = 0
    for b in fit(CutMix(1., seed=1, **kw), x, y, model=flat_net(16, shape), bs=16, epochs=3):
        y_b, lam = read_plains(b['mixed'][0].flatten(2)[:, :1, None], b['y'][0])
        kept = (b['mixed'][0] == b['x'][0]).flatten(1).float().mean(1)
        n_cut += (kept < 1).sum().item()
        y_b = torch.where(b['mixed'][0].flatten(1).amax(1) == y+1, b['mixed'][0].flatten(1).amin(1), b['mixed'][0].flatten(1).amax(1)).long()-1
        assert torch.isclose(b['loss'], expected('', F.cross_entropy, b['pred'], y, y_b, kept), rtol=1e-4)
    assert n_cut > 24


def test_all_channels_are_cut_at_the_same_time():
    x = torch.rand(8, 4, 50)
    new = CutMix(1.).mix_batch((x,), (torch.arange(8),), .5, new_generator(0)).xb[0]
    there = new != x
    assert torch.equal(there.any(1), there.all(1))
    assert there.any()


@pytest.mark.parametrize('axes', [0, 4, 1.5, 'x'])
def test_bad_axes(axes):
    with pytest.raises(ValueError, match='`axes`'): fit(CutMix(axes=axes), *plains(16), model=flat_net(16))


# Cutout

@pytest.mark.parametrize('size', [16, 32], ids=str)
def test_a_share_follows_the_size_of_pictures(size):
    x, y = torch.ones(64, 1, size, size), torch.arange(64) % 10
    b, = fit(Cutout(.5, seed=1), x, y, model=flat_net(10, (size, size)), bs=64)
    hidden = b['mixed'][0] == 0
    assert hidden.flatten(1).sum(1).max() == (size//2)**2
    assert hidden.any(2).sum(2).max() == size//2


def test_noise_is_drawn_anew_and_repeats_with_the_seed():
    x, y = torch.zeros(16, 3, 12, 12), torch.arange(16) % 10
    def run(seed): return [b['mixed'][0] for b in fit(Cutout(6, value='noise', seed=seed), x, y, model=flat_net(10, (3, 12, 12)), bs=16, epochs=2)]
    a, b = run(1), run(1)
    assert torch.equal(a[0], b[0])
    assert not torch.equal(a[0], a[1])
    assert not torch.equal(a[0], run(2)[0])
    inside = a[0][a[0] != 0]
    assert abs(inside.mean()) < .2
    assert abs(inside.std()-1) < .2


def test_rectangles_and_values():
    x, y = torch.zeros(32, 1, 40, 40), torch.arange(32) % 10
    b, = fit(Cutout(8, value=3., ratio=(.25, 4.), seed=1), x, y, model=flat_net(10, (40, 40)), bs=32)
    there = b['mixed'][0][:, 0] == 3
    heights, widths = there.any(2).sum(1), there.any(1).sum(1)
    assert set(b['mixed'][0].unique().tolist()) == {0., 3.}
    assert (heights != widths).any()
    assert heights.max() <= 17


@pytest.mark.parametrize('kw', [dict(value='black'), dict(value=None), dict(value=True)])
def test_bad_values(kw):
    with pytest.raises(ValueError, match="`value` must be a number or 'noise'"): Cutout(3, **kw)


# one input that is a tuple, a list, or a dict

class Siamese(nn.Module):
    def __init__(self): super().__init__(); self.net = cnn()
    def forward(self, o):
        a, b = (o['left'], o['right']) if isinstance(o, dict) else o
        return self.net(a)+self.net(b)


wraps = {'tuple': lambda a, b: (a, b), 'list': lambda a, b: [a, b], 'dict': lambda a, b: {'left': a, 'right': b, 'name': ['x']*len(a)}}


class Wrapped(Batches):
    wrap = None
    def __iter__(self): return ((self.wrap(x, x.flip(-1)), y) for x, y in super().__iter__())


class Look(Callback):
    order, run_valid = 40, False
    def before_batch(self): self.learn.seen.append(self.xb[0])


@pytest.mark.parametrize('make', [lambda: MixUp(1., seed=1), lambda: CutMix(1., seed=1), lambda: Cutout(3), lambda: ResizeMix(seed=1), lambda: RegMixup(seed=1),
                                  lambda: RandomMix([MixUp(), CutMix()], per_image=True)], ids=['mixup', 'cutmix', 'cutout', 'resizemix', 'regmixup', 'each'])
@pytest.mark.parametrize('kind', wraps)
def test_pictures_in_one_input_share_partners_and_shares(kind, make):
    dl = Wrapped(digits_x[:16], digits_y[:16])
    dl.wrap = wraps[kind]
    cb = make()
    learn = learner(cb, DataLoaders(dl, dl), Siamese(), CE())
    learn.seen = []
    learn.fit(1, cbs=Look())
    assert {type(o).__name__ for o in learn.seen} == {kind}
    both = [(o['left'], o['right']) if isinstance(o, dict) else o for o in learn.seen]
    if isinstance(cb, MixUp):
        for a, b in both: assert torch.allclose(b, a.flip(-1), atol=1e-6)
    for i, (a, _) in enumerate(both): assert not torch.equal(a[-8:], digits_x[i*8:i*8+8])


@pytest.mark.parametrize('make', [MixUp, CutMix, lambda: Cutout(3)], ids=['mixup', 'cutmix', 'cutout'])
@pytest.mark.parametrize('inp, match', [(dict(input_ids=torch.zeros(8, 5).long(), attention_mask=torch.zeros(8, 5).long()), 'must name inputs to mix.*torch.int64'),
                                        (dict(pixel_values=torch.zeros(8, 1, 8, 8), labels=torch.zeros(8).long()), "must not hold labels, got \\['labels'\\]"),
                                        (('a',)*8, 'must be a tensor, got tuple')], ids=['words', 'labels', 'strings'])
def test_what_cannot_be_mixed_is_said(make, inp, match):
    with pytest.raises(ValueError, match=match): make().mix_batch((inp,), (torch.arange(8),), .5, new_generator(0))
