"A mixer that a user writes in ten lines works wherever those of the library do."
import copy, pickle

import matplotlib, pytest, torch, torch.nn.functional as F
from helpers import CE, changed, digits, expected, fit, flat_net, learner, loaders, pictures_of, plains, read_plains, spy
from torch import nn

from mixcourse.callback import Draw, MixedAccuracy, Mixer, MixUp, RandomMix, explore
from mixcourse.mixing import rand_lam
from mixcourse.teach.pipeline import record_pipeline

matplotlib.use('Agg')


class Rows(Mixer):
    "The lower rows come from the partner"
    moves_pixels = True
    def draw(self, x, alpha, n, generator):
        perm, h = self.partners(x, generator), x.shape[-2]
        top = (rand_lam(n, alpha, generator)*h).round()
        stays = (torch.arange(h) < top[:, None])[:, None, :, None]
        return Draw(lambda o: torch.where(stays, o, o[perm]), perm, top/h)


ways = {'alone': lambda: Rows(1., seed=1), 'chosen': lambda: RandomMix([Rows(1.)], seed=1), 'for each image': lambda: RandomMix([Rows(1.)], seed=1, per_image=True),
        'p for each image': lambda: Rows(1., p=.5, per_image=True, seed=1), 'per batch': lambda: Rows(1., per_batch=True, seed=1)}


@pytest.mark.parametrize('name', ways)
def test_loss_agrees_with_pixels(name):
    seen = fit(ways[name](), *plains(16), model=flat_net(16))
    assert any(changed(seen))
    for b in seen:
        y_b, lam = read_plains(b['mixed'][0], b['y'][0])
        assert torch.isclose(b['loss'], expected('', F.cross_entropy, b['pred'], b['y'][0], y_b, lam), rtol=1e-4)
        assert torch.equal(b['y_after'][0], b['y'][0])


@pytest.mark.parametrize('name', ways)
@pytest.mark.parametrize('kind', [lambda m: m, lambda m: m[:, None].float()], ids=['ids', 'channel'])
def test_masks_follow_the_pixels(name, kind):
    "Without a `place`, `op` moves them"
    x, m = pictures_of()
    floats = kind(m).is_floating_point()
    seen = fit(ways[name](), x, kind(m), loss=nn.MSELoss() if floats else CE(), model=nn.Conv2d(1, 1 if floats else 12, 1))
    for b in seen: assert torch.equal(b['y_after'][0].view_as(m[:len(b['x'][0])]).long(), b['mixed'][0][:, 0].long()-1)


def test_show_mix_names_both():
    learn = learner(Rows(1., seed=1), digits())
    assert any('+' in ax.get_title() for ax in learn.show_mix())
    assert any('+' in ax.get_title() for ax in learner(RandomMix([Rows(1.)], seed=1), digits()).show_mix())
    matplotlib.pyplot.close('all')


def test_explore_has_its_sliders():
    assert [o.description for o in explore(digits(), Rows(1.), 2).children[0].children] == ['alpha', 'p', 'Next batch']
    matplotlib.pyplot.close('all')


def test_trace_shows_it():
    stages = record_pipeline(learner(Rows(1., seed=1), digits()))
    assert [o.title for o in stages][-3:] == ['Mixed batch', 'Soft labels', 'Loss']


def test_metrics_seeds_and_pickles():
    torch.manual_seed(0)
    learn = learner(Rows(1., seed=1), loaders(*plains(16)), flat_net(16), CE(), metrics=MixedAccuracy())
    a, b = ([o['mixed'][0] for o in spy(learn)] for _ in range(2))
    for x, y in zip(a, b): assert torch.equal(x, y)
    copy.deepcopy(learn)
    assert type(pickle.loads(pickle.dumps(learn.cbs[-1]))) is type(learn.cbs[-1])


def test_it_is_one_mixer_among_others():
    with pytest.raises(ValueError, match='RandomMix'): learner([Rows(1.), MixUp()], digits()).fit(1)
