"A chance for each image, a choice for each image, partners by rule: the law of each is counted."
from functools import partial

import pytest, torch, torch.nn.functional as F
from helpers import dots, expected, fit, flat_net, pictures_of, plains, read_dots, read_plains
from scipy import stats
from torch import nn

from mixcourse.callback import CutMix, Cutout, ManifoldMixUp, MixUp, RandomMix, RegMixup, ResizeMix, near, other_class, same_class
from mixcourse.mixing import new_generator

def touched(mixed, x): return (mixed.xb[0] != x).flatten(1).any(1)


def likely(n, of, p): return stats.binomtest(int(n), of, p).pvalue > 1e-4


# p of each image

rounds = 150

@pytest.mark.parametrize('p', [.1, .5, .9])
@pytest.mark.parametrize('make', [partial(MixUp, float('inf')), partial(Cutout, 3), partial(ResizeMix, 1., scale=(.5, .8))], ids=['mixup', 'cutout', 'resizemix'])
def test_each_image_is_changed_with_chance_p(make, p):
    "Not p*p, not p of a batch, and one image tells nothing of another"
    x, y = plains(16)
    cb, g = make(p=p, per_image=True), new_generator(0)
    hits = torch.zeros(rounds, 16)
    for i in range(rounds):
        mixed = cb.mix_batch((x,), (y,), .5, g)
        if mixed is not None: hits[i] = touched(mixed, x)
    assert likely(hits.sum(), 16*rounds, p)
    counts = hits.sum(1)  # binomial, if images are independent of each other
    assert stats.chisquare(*binned(counts, stats.binom(16, p))).pvalue > 1e-4


def binned(counts, law):
    "Observed and expected numbers, of values that are rare in one bin"
    observed, wanted = [0.], [0.]
    for k in range(17):
        observed[-1] += (counts == k).sum().item()
        wanted[-1] += rounds*law.pmf(k)
        if wanted[-1] > 5: observed.append(0.), wanted.append(0.)
    observed[-2] += observed.pop()
    wanted[-2] += wanted.pop()
    return observed, [o*sum(observed)/sum(wanted) for o in wanted]


@pytest.mark.parametrize('inplace', [False, True])
@pytest.mark.parametrize('cls, data, read', [(MixUp, dots(16), read_dots), (CutMix, plains(16), read_plains)], ids=['mixup', 'cutmix'])
def test_loss_knows_who_was_left_alone(cls, data, read, inplace):
    x, y = data
    alone = 0
    for seed in range(4):
        b, = fit(cls(1., p=.5, per_image=True, inplace=inplace, seed=seed), x.clone(), y, model=flat_net(16), bs=16)
        y_b, lam = read(b['mixed'][0], b['y'][0])
        alone += (lam == 1).sum().item()
        assert torch.isclose(b['loss'], expected('', F.cross_entropy, b['pred'], b['y'][0], y_b, lam), rtol=1e-4)
    assert 12 < alone < 60


def test_hidden_features_of_some_images():
    "What is left alone leaves the model as it would without mixing"
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 16), nn.Linear(16, 16))
    twin = nn.Sequential(nn.Flatten(), nn.Linear(64, 16), nn.Linear(16, 16))
    twin.load_state_dict(model.state_dict())
    b, = fit(ManifoldMixUp(float('inf'), layers=['1'], p=.5, per_image=True, seed=2), *dots(16), model=model, bs=16)
    with torch.no_grad(): same = torch.isclose(twin(b['x'][0]), b['pred'], atol=1e-6).all(1)
    assert 3 <= same.sum() <= 13


def test_an_opaque_loss_gets_all_images_or_none():
    "One number a batch can weigh only one `lam`; p stays the chance"
    def opaque(p, y): return F.cross_entropy(p, y)
    with pytest.warns(UserWarning, match='one `lam` a batch'):
        seen = fit(MixUp(float('inf'), p=.5, per_image=True, seed=1), *dots(16), loss=opaque, model=flat_net(16), bs=2, epochs=12)
    n = [(b['mixed'][0] != b['x'][0]).flatten(1).any(1).sum().item() for b in seen]
    assert set(n) == {0, 2}
    assert likely(n.count(2), len(n), .5)


# a choice for each image

def kinds(mixed, x):
    "What happened to each plain picture"
    pics = mixed.xb[0].flatten(1)
    def kind(pic, was): return 'none' if (pic == was).all() else 'cutout' if (pic == 0).any() else 'resize' if len(pic.unique()) == 2 else 'mixup'
    return [kind(pic, was) for pic, was in zip(pics, x.flatten(1))]


def test_each_image_gets_its_choice():
    x, y = plains(16)
    cb, g = RandomMix([MixUp(float('inf')), ResizeMix(1., scale=(.5, .8)), Cutout(3)], p=[.2, .3, .1], per_image=True), new_generator(0)
    found = []
    for _ in range(100): found += kinds(cb.mix_batch((x,), (y,), .5, g), x)
    for kind, p in dict(mixup=.2, resize=.3, cutout=.1, none=.4).items(): assert likely(found.count(kind), 1600, p)


def test_loss_of_a_batch_of_all_kinds():
    x, y = plains(16)
    seen = fit(RandomMix([CutMix(1.), Cutout(2), None], per_image=True, seed=3), x, y, model=flat_net(16), bs=16, epochs=5)
    for b in seen:
        hidden = (b['mixed'][0] == 0).flatten(1).any(1)
        y_b, lam = read_plains(torch.where(b['mixed'][0] == 0, b['x'][0], b['mixed'][0]), b['y'][0])
        assert hidden.any()
        assert (lam < 1).any()
        assert (lam[hidden] == 1).all()
        assert torch.isclose(b['loss'], expected('', F.cross_entropy, b['pred'], b['y'][0], y_b, lam), rtol=1e-4)


def test_masks_of_a_batch_of_all_kinds():
    "Some are pasted, some are weighed"
    x, m = pictures_of()
    seen = fit(RandomMix([CutMix(1.), MixUp(1.)], per_image=True, seed=1), x, m, model=nn.Conv2d(1, 12, 1), bs=12, epochs=3)
    for b in seen:
        cut = (b['mixed'][0] == b['mixed'][0].round()).flatten(1).all(1)
        assert torch.equal(b['y_after'][0][cut], b['mixed'][0][cut][:, 0].long()-1)
        assert torch.equal(b['y_after'][0][~cut], b['y'][0][~cut])
        assert b['loss'].isfinite()


def test_schedules_and_opaque_losses_of_a_choice():
    def opaque(p, y): return F.cross_entropy(p, y)
    cb = RandomMix([MixUp(1.), CutMix(1.)], p=[lambda pct: 1-pct, lambda pct: pct], per_image=True, seed=1)
    with pytest.warns(UserWarning, match='chooses for a batch'): fit(cb, *plains(16), loss=opaque, model=flat_net(16), epochs=2)


@pytest.mark.parametrize('kw, match', [(dict(mixers=[ManifoldMixUp()]), '`per_image` must be False for ManifoldMixUp'), (dict(mixers=[RegMixup()]), '`per_image` must be False for RegMixup'),
                                       (dict(mixers=[MixUp(inplace=True)]), '`inplace` must be False')])
def test_what_cannot_be_chosen_for_an_image(kw, match):
    with pytest.raises(ValueError, match=match): RandomMix(**kw, per_image=True)
    RandomMix(**kw)


# who is paired with whom

ids = torch.tensor([0, 0, 1, 1, 1, 2, 2, 2])


@pytest.mark.parametrize('make', [MixUp, CutMix, ResizeMix, ManifoldMixUp, RegMixup])
@pytest.mark.parametrize('pair', [same_class, other_class])
def test_partners_are_of_the_class_wanted(make, pair):
    mixed = make(1., pair=pair).mix_batch((torch.rand(8, 1, 6, 6),), (ids,), .5, new_generator(0))
    same = mixed.y_a[0] == mixed.y_b[0]
    assert same.all() if pair is same_class else not same.any()


def test_every_other_of_the_class_is_as_likely():
    g = new_generator(0)
    drawn = torch.stack([same_class(ids, g) for _ in range(500)])[:, 2]
    assert set(drawn.tolist()) == {3, 4}
    assert likely((drawn == 3).sum(), 500, .5)
    drawn = torch.stack([other_class(ids, g) for _ in range(500)])[:, 0]
    assert stats.chisquare(torch.bincount(drawn, minlength=8)[2:].numpy()).pvalue > 1e-4


def test_shares_of_classes_and_several_targets():
    soft = F.one_hot(ids).float()
    assert (ids[same_class(soft)] == ids).all()
    assert (ids[same_class((ids, torch.rand(8)))] == ids).all()


def test_one_of_its_kind_stays_alone():
    assert same_class(torch.tensor([0, 1, 1])).tolist() == [0, 2, 1]
    assert other_class(torch.tensor([1, 1, 1])).tolist() == [0, 1, 2]


@pytest.mark.parametrize('shape', [(3,), (3, 1), (3, 2)], ids=str)
def test_near_follows_the_gaussian(shape):
    "C-Mixup: a partner's chance is proportional to exp(-d**2/(2*bandwidth**2))"
    y = torch.tensor([0., 1., 3.]).view(3, *[1]*(len(shape)-1)).expand(shape)/(shape[-1]**.5 if len(shape) > 1 else 1)
    g, w = new_generator(0), torch.tensor([1., 9.]).neg().div(2*2**2).exp()
    drawn = torch.stack([near(y, g, bandwidth=2.) for _ in range(800)])[:, 0]
    assert likely((drawn == 1).sum(), 800, (w[0]/w.sum()).item())


def test_a_rule_of_ones_own():
    b, = fit(MixUp(float('inf'), pair=lambda y, g: torch.arange(len(y)).roll(1)), *dots(16), model=flat_net(16), bs=16)
    y_b, _ = read_dots(b['mixed'][0], b['y'][0])
    assert torch.equal(y_b, b['y'][0].roll(1))


@pytest.mark.parametrize('inplace', [False, True])
def test_partners_that_do_not_swap(inplace):
    x, y = plains(16)
    for b in fit(CutMix(1., seed=1, pair=lambda y, g: (y+1) % len(y), inplace=inplace), x.clone(), y, model=flat_net(16), bs=16):
        y_b, lam = read_plains(b['mixed'][0], b['y'][0])
        assert torch.isclose(b['loss'], expected('', F.cross_entropy, b['pred'], b['y'][0], y_b, lam), rtol=1e-4)


@pytest.mark.parametrize('pair, match', [(3, '`pair` must be a function'), (lambda y, g: torch.arange(3), '`perm` must have shape')])
def test_bad_rules(pair, match):
    with pytest.raises(ValueError, match=match): fit(MixUp(pair=pair), *dots(16), model=flat_net(16))


def test_regression_trains_with_near_partners():
    x, y = dots(16)
    for b in fit(MixUp(2., pair=partial(near, bandwidth=2.), seed=0), x, y.float()[:, None], loss=nn.MSELoss(), model=flat_net(1), bs=16): assert b['loss'].isfinite()
