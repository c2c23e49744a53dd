"Measures of a trained model, against their formulas."
import pytest, torch
import torch.nn.functional as F
from torch import nn

from comparisons import photos, tiny
from mixcourse.compare.measures import calibration, calibration_error, due_epochs, evaluate, fgsm, fit_temperature


def test_fgsm_is_the_formula():
    torch.manual_seed(0)
    model, x, y = nn.Sequential(nn.Flatten(), nn.Linear(12, 3)), torch.rand(5, 3, 2, 2), torch.tensor([0, 1, 2, 0, 1])
    out = fgsm(model, x, y, .3)
    for xi, yi, o in zip(x, y, out):
        xi = xi[None].clone().requires_grad_()
        F.cross_entropy(model(xi), yi[None]).backward()
        torch.testing.assert_close(o, (xi + .3*xi.grad.sign()).clamp(0, 1).detach()[0])
    assert model[1].weight.grad is not None  # from the loop; fgsm itself leaves none:
    model.zero_grad()
    fgsm(model, x, y, .3)
    assert model[1].weight.grad is None
    assert not x.requires_grad


def test_calibration_error_is_the_papers(n=500):
    g = torch.Generator().manual_seed(0)
    probs, y = torch.rand(n, 4, generator=g).pow(3).softmax(1), torch.randint(4, (n,), generator=g)
    conf, pred = probs.max(1)
    expected = 0
    for lo in range(15):
        inside = (conf > lo/15) & (conf <= (lo+1)/15)
        if inside.any(): expected += inside.sum()/n * ((pred == y)[inside].float().mean() - conf[inside].mean()).abs()
    assert calibration_error(probs, y) == pytest.approx(float(expected), abs=1e-5)
    assert calibration_error(F.one_hot(y, 4).float(), y) == 0
    assert calibration_error(F.one_hot((y+1) % 4, 4).float(), y) == 1


def test_measures_of_a_trained_model():
    comp = tiny(epochs=4)
    learn = comp.train('none', 'clean', 0)
    acc, at = learn.watch.accs[-1], {e: evaluate(learn, e)['fgsm'] for e in (0, .05, .3)}
    assert at[0] == acc
    assert at[.3] < at[.05] <= acc
    probs, y = learn.get_preds()
    assert (probs.argmax(1) == y).float().mean() == pytest.approx(acc)
    assert evaluate(learn, .1)['ece'] == pytest.approx(calibration_error(probs, y), abs=1e-6)
    assert len(learn.watch.accs) == len(learn.watch.secs) == 4  # measuring is not an epoch


def labels_of(logits): return torch.multinomial(logits.softmax(1), 1)[:, 0]


@pytest.mark.parametrize('factor', [.25, 1., 4.])
def test_temperature_is_found(factor):
    logits = torch.randn(5000, 4)
    assert fit_temperature(factor*logits, labels_of(logits)) == pytest.approx(factor, rel=.1)


def test_scaled_numbers_are_of_pictures_that_did_not_choose_the_temperature():
    "By hand: each half gets the temperature of the other"
    logits = 3*torch.randn(301, 4)
    y = labels_of(logits/3)
    halves = [torch.arange(301) % 2 == i for i in (0, 1)]
    loss = 0
    for own, other in (halves, halves[::-1]):
        t = fit_temperature(logits[other], y[other])
        loss += F.cross_entropy(logits[own]/t, y[own], reduction='sum').item()/301
    assert calibration(logits, y)['nll_scaled'] == pytest.approx(loss, rel=1e-5)


def test_scaling_changes_no_decision_and_helps_the_overconfident():
    logits = torch.randn(2000, 4)
    y = labels_of(logits)
    sure = calibration(5*logits, y)
    assert sure['temperature'] == pytest.approx(5, rel=.1)
    assert sure['ece_scaled'] < .2*sure['ece']
    assert sure['nll_scaled'] < sure['nll']


@pytest.mark.parametrize('value', [float('nan'), float('inf')])
def test_a_model_that_went_astray_is_measured_without_an_error(value):
    assert 0 <= calibration(torch.full((10, 3), value), torch.arange(10) % 3)['ece'] <= 1


@pytest.mark.parametrize('n, points, due', [(5, None, [1, 2, 3, 4, 5]), (5, 1, [5]), (5, 2, [2, 5]), (5, 9, [1, 2, 3, 4, 5]), (150, 3, [50, 100, 150])])
def test_due_epochs(n, points, due): assert due_epochs(n, points) == due


def test_losses_are_those_of_pictures_as_they_are():
    "The loss on training pictures is without mixing, or a mixer's could not be compared with anybody's"
    comp = tiny()
    learn = comp.train('cutmix', 'clean', 0)
    ds = learn.dls.train_ds
    with torch.no_grad(): loss = F.cross_entropy(learn.model.eval()(ds.normalize(ds.tensors[0])), ds.tensors[1]).item()
    assert learn.watch.train_loss[-1] == pytest.approx(loss, rel=1e-4)


@pytest.mark.parametrize('pics', [None, photos()], ids=['digits', 'photos'])
def test_how_often_is_measured_changes_no_training(pics):
    often, seldom = (tiny(pics, epochs=4, points=p).train('mixup', 'noisy', 0) for p in (None, 1))
    assert len(often.watch.accs) == 4
    assert len(seldom.watch.accs) == 1
    assert all(torch.equal(a, b) for a, b in zip(often.model.parameters(), seldom.model.parameters()))
