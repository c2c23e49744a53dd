"Traces: what is recorded of a run is what happened in it, and a page shows it."
import re

import numpy as np
import pytest
import torch
from fastai.learner import Learner
from fastai.losses import CrossEntropyLossFlat
from fastai.metrics import accuracy
from helpers import threes
from pages import Elements
from torch import nn

from mixcourse.callback import Cutout, CutMix, Draw, ManifoldMixUp, Mixer, MixUp, RandomMix
from mixcourse.mixing import mixed_loss, mixup, rand_lam
from mixcourse.teach.pipeline import record_pipeline
from mixcourse.teach.record import record_prediction, record_training
from mixcourse.teach.trace import StageTrace, TrainingTrace

evil = '<img src=x onerror=alert(1)>'


@pytest.fixture
def dls(): return threes(['ant', 'bee', evil])


@pytest.fixture
def model():
    return nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2),
                         nn.Flatten(), nn.Dropout(.5), nn.Linear(64, 3))


def learner(dls, model, cb): return Learner(dls, model, loss_func=CrossEntropyLossFlat(), cbs=cb, metrics=accuracy)


# the pipeline

class Neighbors(Mixer):
    "A mixer of a user's own: each picture meets the next one."
    def draw(self, x, alpha, n, generator):
        lam, perm = rand_lam(n, alpha, generator, x.device), torch.arange(len(x)).roll(-1)
        return Draw(lambda o: mixup(o, perm, lam), perm, lam)


mixers = dict(mixup=lambda: MixUp(1., seed=5), cutmix=lambda: CutMix(1., seed=5), per_batch=lambda: MixUp(1., seed=5, per_batch=True),
              inplace=lambda: MixUp(1., seed=5, inplace=True), own=lambda: Neighbors(1., seed=5),
              chooser=lambda: RandomMix([MixUp(1.)], seed=5), own_in_a_chooser=lambda: RandomMix([Neighbors(1.)], seed=5))


@pytest.fixture
def batch(dls, monkeypatch):
    batch = dls.train.one_batch()
    monkeypatch.setattr(dls.train, 'one_batch', lambda: batch)
    return batch


def mixed_again(cb, learn, batch):
    "The same draws again"
    x, y = batch
    cb.learn = learn
    cb.before_fit()
    return cb.mix_batch((x.clone(),), (y,), .5, cb.generator)


@pytest.mark.parametrize('name', mixers)
def test_pipeline_is_one_real_batch(dls, model, batch, name):
    cb = mixers[name]()
    learn = learner(dls, model, cb)
    stages = {o.title: o for o in record_pipeline(learn, 4)}
    mixed = mixed_again(cb, learn, batch)
    x, y = batch
    lam, perm = mixed.draw.lam.expand(16), mixed.draw.perm
    assert [v for _, v in stages['λ'].shares] == pytest.approx(lam[:4].tolist())
    for (pic, _), pixels in zip(stages['Mixed batch'].pics, mixed.xb[0]): assert (pic - pixels).abs().max() < 1e-6
    with torch.no_grad(): pred = model.eval()(mixed.xb[0])
    loss = mixed_loss(pred, y, y[perm], lam, learn.loss_func)
    assert f'it is {loss.item():.3f}' in stages['Loss'].text


def test_pipeline_names_labels_and_shares(dls, model, batch):
    cb = MixUp(1., seed=5)
    learn = learner(dls, model, cb)
    stages = {o.title: o for o in record_pipeline(learn, 4)}
    draw, y = mixed_again(cb, learn, batch).draw, batch[1]
    for i, (_, caption) in enumerate(stages['Mixed batch'].pics):
        a, b = dls.vocab[y[i]], dls.vocab[y[draw.perm[i]]]
        assert caption == (a if a == b else f'{draw.lam[i]:.2f} {a} + {1-draw.lam[i]:.2f} {b}')
    assert sum(v for _, v in stages['Soft labels'].shares) == pytest.approx(1)


def test_pipeline_shapes(dls, model):
    stages = record_pipeline(learner(dls, model, MixUp(1.)), 4)
    assert [o.shape for o in stages] == [(48, 1, 8, 8), (16, 1, 8, 8), (16,), (16,), (16, 1, 8, 8), (16, 3), ()]


@pytest.mark.parametrize('name', mixers)
def test_pipeline_changes_nothing(dls, model, batch, name):
    x = batch[0].clone()
    was = {k: v.clone() for k, v in model.state_dict().items()}
    record_pipeline(learner(dls, model.train(), mixers[name]()), 4)
    assert all(v.equal(was[k]) for k, v in model.state_dict().items())
    assert model.training
    assert batch[0].equal(x)


def test_pipeline_on_a_page_is_text(dls, model):
    html = StageTrace(record_pipeline(learner(dls, model, MixUp(1.)))).html(script_too=False)
    assert 'onerror' not in {k for _, attrs in Elements(html).found for k in attrs}


@pytest.mark.parametrize('cb,rule', [
    (None, 'must have a mixer'), (ManifoldMixUp(), 'must have a mixer'), (Cutout(2), 'a batch must be mixed'), (MixUp(0.), 'a batch must be mixed')])
def test_pipeline_needs_pairs(dls, model, cb, rule):
    with pytest.raises(ValueError, match=rule): record_pipeline(learner(dls, model, cb))


# a prediction

@pytest.fixture
def picture(): return torch.rand(1, 8, 8)


def test_prediction_is_what_the_layers_gave(model, picture):
    stages = record_prediction(model, picture, ['ant', 'bee', 'cow'], n_maps=3)
    assert [o.title for o in stages] == ['Input', 'Conv2d', 'ReLU', 'MaxPool2d', 'Linear', 'Softmax']
    assert [o.shape for o in stages] == [(1, 8, 8), (4, 8, 8), (4, 8, 8), (4, 4, 4), (3,), (3,)]
    shares = dict(stages[-1].shares)
    assert list(shares) == ['ant', 'bee', 'cow']
    assert list(shares.values()) == pytest.approx(model.eval()(picture[None]).softmax(1)[0].tolist(), abs=1e-5)


def test_prediction_leaves_the_model(model, picture):
    record_prediction(model.train(), picture)
    assert model.training
    assert not any(m._forward_hooks for m in model.modules())


def test_false_colors_keep_order(model, picture):
    "Brighter where it is larger, on one scale for the layer"
    relu = record_prediction(model, picture, n_maps=3)[2]
    values = model.eval()[:3](picture[None])[0, :3]
    light = np.stack([pic for pic, _ in relu.pics]).astype(int).sum(-1).ravel()
    order = values.detach().numpy().ravel().argsort()
    assert np.diff(light[order]).min() >= -30
    assert light[order[-1]] > 400 > light[order[0]]
    assert f'to {model[:3](picture[None]).max():.2f} (bright)' in relu.text


def test_prediction_of_chosen_layers(model, picture):
    assert [o.title for o in record_prediction(model, picture, layers=['6'])] == ['Input', 'Linear', 'Softmax']


def test_prediction_refuses(model, picture):
    with pytest.raises(ValueError, match=re.escape("`layers` must be names of layers of the model, got ['head']")):
        record_prediction(model, picture, layers=['head'])
    with pytest.raises(ValueError, match='`x` must be one image'): record_prediction(model, picture[None])


def test_prediction_that_fails_leaves_the_model(model):
    with pytest.raises(RuntimeError): record_prediction(model.train(), torch.rand(3, 8, 8))
    assert model.training
    assert not any(m._forward_hooks for m in model.modules())


def test_long_vectors_and_many_classes():
    model = nn.Sequential(nn.Flatten(), nn.Linear(16, 70), nn.Linear(70, 12))
    stages = record_prediction(model, torch.rand(1, 4, 4))
    assert stages[1].pics[0][0].shape == (3, 32, 3)
    shares = [v for _, v in stages[-1].shares]
    assert len(shares) == 10
    assert shares == sorted(shares, reverse=True)


# a training

def trained(dls, model, cb, n_epoch=2):
    learn = learner(dls, model, cb)
    with learn.no_bar(), learn.no_logging(): learn.fit(n_epoch, 1e-2)
    return learn


def test_training_is_what_the_recorder_noted(dls, model):
    learn = trained(dls, model, MixUp(1.))
    rec = record_training(learn)
    assert list(rec) == ['train_loss', 'valid_loss', 'accuracy']
    assert [list(o) for o in zip(*rec.values())] == [list(o) for o in learn.recorder.values]


def test_training_on_a_page(dls, model):
    rec = record_training(trained(dls, model, MixUp(1.)))
    html = TrainingTrace(dict(MixUp=rec)).html(script_too=False)
    assert f'accuracy {rec["accuracy"][-1]:.3f}' in html
    assert html.count('<polyline') == 3


def test_training_must_have_happened(dls, model):
    with pytest.raises(ValueError, match='must have been trained'): record_training(learner(dls, model, None))


def test_epochs_without_validation_are_gaps(dls, model):
    learn = trained(dls, model, None, 1)
    learn.recorder.values = [[.9], [.8, .7, .5], [.6]]
    rec = record_training(learn)
    assert rec['train_loss'] == [.9, .8, .6]
    assert rec['valid_loss'] == [None, .7, None]
    html = TrainingTrace({'a': {k: rec[k] for k in ('train_loss', 'valid_loss')}}).html()
    assert re.findall(r'text-anchor="end"[^>]*>(\d+)<', html) == ['3']*2, 'the axis ends at the last epoch'


def test_curves_rise_with_their_values():
    html = TrainingTrace(dict(a=dict(acc=[0., 1., .5]))).html(script_too=False)
    points = re.search(r'points="([^"]+)"', html)[1].split()
    xs, ys = zip(*(map(float, o.split(',')) for o in points))
    assert ys[1] < ys[2] < ys[0]
    assert ys[2] - ys[1] == pytest.approx(ys[0] - ys[2])
    assert xs[1] - xs[0] == pytest.approx(xs[2] - xs[1])


def test_a_curve_has_a_width_of_its_own():
    "Without scripts, too, or it shrinks to its title"
    assert 'flex:1 1' in TrainingTrace(dict(a=dict(acc=[0., 1.]))).html(script_too=False)
