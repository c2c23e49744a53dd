"Settings and models: what is refused, what a name stands for, what a model has to be able to."
import re
from dataclasses import replace
from importlib.util import find_spec
from types import SimpleNamespace

import pytest, torch
from fastai.callback.core import Callback
from torch import nn

from comparisons import few, photos, tiny
from mixcourse.compare import learner, models
from mixcourse.compare.models import check_model, make_model
from mixcourse.compare.run import Comparison
from mixcourse.compare.settings import Settings


# settings

@pytest.mark.parametrize('kw, rule', [
    (dict(methods=['mixap']), "`methods` must be of none, mixup"), (dict(methods=[]), '`methods` must be a list'), (dict(methods='none'), '`methods` must be a list'),
    (dict(methods=['none', 'none']), 'each named once'), (dict(seeds=0), '`seeds` must be a positive int, got 0'), (dict(seeds=True), '`seeds`'),
    (dict(epochs=1.5), '`epochs` must be a positive int, got 1.5'), (dict(epochs=None), '`epochs`'), (dict(bs=0), '`bs`'), (dict(labels=-1), '`labels`'),
    (dict(noise=1), '`noise` must be in [0,1), got 1'), (dict(noise=float('nan')), '`noise`'), (dict(alpha=-1.), '`alpha` must be finite and >= 0, got -1.0'),
    (dict(alpha=float('inf')), '`alpha`'), (dict(alpha='1'), '`alpha`'), (dict(epsilon=2), '`epsilon` must be in [0,1]'), (dict(lr=0), '`lr` must be > 0')])
def test_settings_are_checked(kw, rule):
    with pytest.raises(ValueError, match=re.escape(rule)): Settings(**kw)


@pytest.mark.slow
def test_what_depends_on_the_pictures_is_settled():
    a, b = Comparison(few(), Settings(device='cpu')).settings, Comparison(photos(), Settings(device='cpu')).settings
    assert (a.labels, a.bs, a.epsilon) == (40, 64, .1)
    assert (b.labels, b.epsilon) == (80, 8/255)
    assert Comparison(few(), Settings(device='cpu', labels=50, bs=7, epsilon=.2)).settings.labels == 50
    many = few()
    many = replace(many, x_train=many.x_train[:1].expand(10_000, -1, -1, -1), y_train=torch.arange(10_000) % 10)
    assert Comparison(many, Settings(device='cpu')).settings.bs == 512


@pytest.mark.parametrize('kw, rule', [(dict(labels=95), '`labels` must be between 10 and 86, or 96 for all, got 95'), (dict(pictures=9), '`pictures` must be between 10 and 86, or 96 for all, got 9'),
                                      (dict(arch='resnet19'), 'did you mean resnet18'),
                                      (dict(device='tpu'), "`device` must be cuda, mps or cpu, and be there, got 'tpu'"), (dict(device='meta'), '`device`'),
                                      (dict(bf16=True), '`bf16` must be left out')])
def test_what_cannot_run_is_refused_before_training(kw, rule):
    with pytest.raises(ValueError, match=re.escape(rule)): tiny(**kw)


# models

@pytest.mark.parametrize('arch', ['cnn', 'resnet18', 'xresnet18', 'mobilenet_v3_small', *(['resnet10t'] if find_spec('timm') else [])])
@pytest.mark.parametrize('c', [1, 3])
def test_models_by_name(arch, c):
    check_model(arch, c, 7, (32, 32))
    assert make_model(arch, c, 7, (32, 32)).eval()(torch.zeros(2, c, 32, 32)).shape == (2, 7)


def test_resnet_sees_small_pictures_in_full():
    small, big = (make_model('resnet18', 3, 10, (s, s)) for s in (32, 128))
    assert small.conv1(torch.zeros(1, 3, 32, 32)).shape[-2:] == (32, 32)
    assert isinstance(small.maxpool, nn.Identity)
    assert big.conv1.kernel_size == (7, 7)
    assert isinstance(big.maxpool, nn.MaxPool2d)


def test_unknown_model_without_timm(monkeypatch):
    monkeypatch.setattr(models, '_timm', lambda: None)
    with pytest.raises(ValueError, match=r'timm \(which is not installed\), got \'resnet10t\''): make_model('resnet10t', 3, 10, (32, 32))


def test_timm_is_asked_for_what_others_do_not_have(monkeypatch):
    made = []
    def create_model(name, **kw): made.append((name, kw)); return nn.Flatten()
    monkeypatch.setattr(models, '_timm', lambda: SimpleNamespace(is_model=lambda o: o == 'mine', create_model=create_model, list_models=list))
    make_model('mine', 2, 5, (8, 8))
    assert made == [('mine', dict(pretrained=False, num_classes=5, in_chans=2))]


@pytest.mark.slow
def test_model_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match='`arch` must take pictures of 1×32×32, vit_b_16 does not'): check_model('vit_b_16', 1, 10, (32, 32))
    with pytest.raises(ValueError, match='`arch` must take pictures of 3×8×8, alexnet does not'): check_model('alexnet', 3, 10, (8, 8))
    with pytest.raises(ValueError, match='`arch` must give a score for each class, googlenet does not'): check_model('googlenet', 3, 10, (64, 64))


def slow(*names): return [pytest.param(name, marks=pytest.mark.slow) for name in names]


@pytest.mark.parametrize('arch', ['shufflenet_v2_x1_0', 'squeezenet1_1', 'mnasnet0_5', *slow(
    'googlenet', 'inception_v3', 'densenet121', 'efficientnet_b0', 'regnet_y_400mf', 'convnext_tiny', 'swin_t', 'maxvit_t', 'vit_b_32', 'alexnet', 'vgg11')])
def test_every_family_works_or_is_refused_in_one_line(arch):
    try: check_model(arch, 1, 10, (8, 8))
    except ValueError as e: assert re.fullmatch(f'`arch` must .*{arch} does not.*', str(e))


@pytest.mark.skipif(not find_spec('timm'), reason='no timm')
@pytest.mark.parametrize('arch', ['levit_128s', 'mobilevit_xxs', *slow(
    'vit_tiny_patch16_224', 'mixer_s16_224', 'ghostnet_050', 'dla34', 'hrnet_w18_small', 'edgenext_xx_small', 'selecsls42', 'tresnet_m', 'coat_tiny')])
def test_every_family_of_timm_works_or_is_refused_in_one_line(arch):
    try: check_model(arch, 1, 10, (8, 8))
    except ValueError as e: assert re.fullmatch(f'`arch` must .*{arch}.*', str(e))


def test_only_a_resnet_gets_the_small_stem():
    assert make_model('shufflenet_v2_x1_0', 3, 10, (32, 32)).conv1[0].out_channels == 24
    assert make_model('shufflenet_v2_x1_0', 1, 10, (64, 64))(torch.zeros(2, 1, 64, 64)).shape == (2, 10)


def test_a_name_that_is_no_constructor_is_no_model():
    with pytest.raises(ValueError, match='`arch` must be cnn or a model of'): make_model('xresnet', 3, 10, (32, 32))


@pytest.mark.parametrize('side', [1, 2, 8, 33])
def test_resnet9_takes_any_size(side):
    assert make_model('resnet9', 3, 10, (side, side), 4).eval()(torch.zeros(2, 3, side, side)).shape == (2, 10)


def test_resnet9_leaves_pictures_their_size_at_first():
    assert make_model('resnet9', 3, 10, (32, 32), 32)[0](torch.zeros(1, 3, 32, 32)).shape == (1, 32, 32, 32)


def test_width_is_settled_for_resnet9_alone():
    assert tiny(photos(), arch='resnet9').settings.width == 24
    assert tiny(photos(), arch='resnet9', width=8).settings.width == 8
    assert tiny(photos()).settings.width is None


# what will run is what is tried

@pytest.mark.parametrize('method', ['mixup', 'cutmix', 'randommix', 'manifold'])
def test_batches_of_one_are_refused_where_they_cannot_be_mixed(method):
    rule = '`bs` must be 2 or more where pictures are mixed with each other, got 1'
    with pytest.raises(ValueError, match=rule): tiny(bs=1, methods=['none', method])


def test_batches_of_one_are_refused_where_they_cannot_be_normalized():
    rule = 'resnet18 does not, 1 at a time: Expected more than 1 value per channel'
    with pytest.raises(ValueError, match=rule): tiny(bs=1, methods=['none'], arch='resnet18')


@pytest.mark.slow
def test_batches_of_one_are_taken_where_they_do_no_harm():
    assert tiny(bs=1, methods=['none', 'cutout'], seeds=1).run()


def test_a_method_that_a_model_cannot_do_is_found_out_first(monkeypatch):
    "A hook, a layer, memory: whatever it is"
    class Fails(Callback):
        def after_pred(self): raise RuntimeError('no such layer\nand more')
    monkeypatch.setattr(learner, 'make_mixer', lambda method, *a, **kw: [Fails()] if method == 'manifold' else [])
    rule = '`methods` must be able to train cnn 16 pictures at a time, manifold is not: no such layer$'
    with pytest.raises(ValueError, match=rule): tiny(methods=['none', 'manifold'])


def test_the_rehearsal_leaves_no_trace():
    before = torch.get_rng_state()
    tiny()
    assert torch.equal(before, torch.get_rng_state())
