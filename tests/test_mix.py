"`Mix`: without fastai, in a loop, in a loader, in Lightning and in Hugging Face's Trainer, in several processes."
import copy, json, os, pickle, subprocess, sys
from functools import partial
from pathlib import Path

import pytest, torch, torch.nn.functional as F
from conftest import root
from helpers import dots, plains, read_dots, read_plains
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from mixcourse.mixing import Mix, MixedTargets, cutmix_data, mixed_loss, mixup_data

page = json.loads((root/'nbs/without_fastai.ipynb').read_text(encoding='utf-8'))['cells']
trained = {'A plain loop': lambda names: names['model'], 'In the loader': lambda names: names['model'],
           'In Lightning': lambda names: names['classifier'].model, "In Hugging Face's Trainer": lambda names: names['trainer'].model.model}


def cells(title=None):
    "Code of the page under `title`, or before all titles"
    under, res = None, []
    for cell in page:
        text = ''.join(cell['source'])
        if cell['cell_type'] == 'markdown' and text.startswith('## '): under = text[3:].split('\n')[0]
        if cell['cell_type'] == 'code' and under == title: res.append(text)
    return res


@pytest.mark.slow
@pytest.mark.parametrize('title', trained)
def test_recipe_learns(title):
    names = {}
    for code in (*cells(), *cells(title)): exec(code, names)
    assert names['accuracy'](trained[title](names)) > .8


@pytest.mark.slow
@pytest.mark.parametrize('title', trained)
def test_recipe_mixes(title):
    "More than half of the batches have shares between 0 and 1"
    names, shares = {}, []
    for code in cells(): exec(code, names)
    call = Mix.__call__

    class Spied(Mix):
        def __call__(self, x, y):
            x, targets = call(self, x, y)
            shares.append(targets.lam if isinstance(targets, MixedTargets) else targets.amax(1))
            return x, targets
    names['Mix'] = Spied
    for code in cells(title): exec(code, names)
    assert sum(((o > .01) & (o < .99)).any().item() for o in shares) > len(shares)/2 > 4


def test_every_recipe_of_the_page_is_here():
    titled = [''.join(c['source'])[3:].split('\n')[0] for c in page if c['cell_type'] == 'markdown' and c['source'][0].startswith('## ')]
    assert set(trained) == {o for o in titled if cells(o)}


# one `Mix`

def shares(mix, n=8, size=8, times=6):
    x, y = torch.zeros(n, 1, size, size), torch.arange(n)
    return [mix(x, y)[1].lam.tolist() for _ in range(times)]


def test_a_blend_is_what_its_targets_say():
    (x, y), mix = dots(), Mix(mixup_data, seed=0)
    mixed, targets = mix(x, y)
    y_b, lam = read_dots(mixed, targets.y_a)
    assert torch.equal(y_b, targets.y_b) and torch.allclose(lam, targets.lam)


def test_a_collage_is_what_its_targets_say():
    (x, y), mix = plains(), Mix(cutmix_data, seed=0)
    mixed, targets = mix(x, y)
    assert torch.allclose(read_plains(mixed, targets.y_a)[1], targets.lam)


def test_the_batch_stays_as_it_was():
    x, y = dots()
    before = x.clone()
    Mix([mixup_data, cutmix_data], seed=0)(x, y)
    assert torch.equal(x, before)


def test_one_seed_repeats(): assert shares(Mix([mixup_data, cutmix_data], seed=3)) == shares(Mix([mixup_data, cutmix_data], seed=3))
def test_another_seed_does_not(): assert shares(Mix([mixup_data, cutmix_data], seed=3)) != shares(Mix([mixup_data, cutmix_data], seed=4))


@pytest.mark.parametrize('seed', [None, 3])
def test_global_randomness_stays(seed):
    before = torch.get_rng_state()
    shares(Mix([mixup_data, cutmix_data], seed=seed))
    assert torch.equal(torch.get_rng_state(), before)


def test_without_a_seed_the_global_one_decides():
    def run():
        torch.manual_seed(7)
        return shares(Mix(mixup_data))
    assert run() == run()


def pickled(o): return pickle.loads(pickle.dumps(o))


@pytest.mark.parametrize('twin', [copy.deepcopy, pickled])
def test_a_copy_starts_anew(twin):
    mix = Mix([mixup_data, cutmix_data], seed=3)
    first = shares(mix)
    assert shares(twin(mix)) == first


def test_chances_are_kept():
    mix = Mix([mixup_data, None], p=[.3, .2], seed=0)
    mixed = sum(len(o) > 1 for o in shares(mix, n=2, size=2, times=2000))
    assert abs(mixed-600) < 80  # four standard deviations


def test_soft_targets_are_those_of_pairs():
    x, y = dots()
    soft, pairs = (Mix(mixup_data, num_classes=c, seed=0)(x, y)[1] for c in (16, None))
    pred = torch.randn(16, 16)
    torch.testing.assert_close(F.cross_entropy(pred, soft), mixed_loss(pred, *pairs))


@pytest.mark.parametrize('loss_func', [F.cross_entropy, nn.CrossEntropyLoss(torch.rand(16)+.1), partial(F.cross_entropy, reduction='sum')])
def test_loss_is_the_mixed_loss(loss_func):
    mix, pred = Mix(mixup_data, seed=0), torch.randn(16, 16)
    targets = mix(*dots())[1]
    torch.testing.assert_close(mix.loss(loss_func)(pred, targets), mixed_loss(pred, *targets, loss_func=loss_func))


def test_loss_of_ordinary_targets_is_the_plain_one():
    pred, y = torch.randn(4, 3), torch.arange(4) % 3
    assert torch.equal(Mix(mixup_data).loss()(pred, y), F.cross_entropy(pred, y))


def test_loss_of_an_unmixed_batch_is_the_plain_one():
    (x, y), mix, pred = dots(), Mix([None]), torch.randn(16, 16)
    torch.testing.assert_close(mix.loss()(pred, mix(x, y)[1]), F.cross_entropy(pred, y))


def test_one_lam_for_a_loss_of_one_number():
    mix, pred = Mix(partial(mixup_data, per_batch=True), seed=0), torch.randn(16, 16)
    def plain(p, y): return F.cross_entropy(p, y)
    y_a, y_b, lam = targets = mix(*dots())[1]
    torch.testing.assert_close(mix.loss(plain)(pred, targets), lam[0]*plain(pred, y_a) + (1-lam[0])*plain(pred, y_b))


def test_numbers_are_blended():
    mix, (x, _), pred = Mix(mixup_data, seed=0), dots(), torch.randn(16)
    y_a, y_b, lam = targets = mix(x, torch.rand(16))[1]
    torch.testing.assert_close(mix.loss(F.mse_loss)(pred, targets), F.mse_loss(pred, lam*y_a + (1-lam)*y_b))


@pytest.mark.parametrize('args, match', [
    (dict(mixers=[]), '`mixers`.*got'), (dict(mixers=[3]), '`mixers`.*3'), (dict(p=[.5]), '`p` must be a list of 2 chances'), (dict(p=.5), '`p` must be a list'),
    (dict(p=[.6, .6]), '`p` must add up to 1'), (dict(p=[-.1, .1]), '`p`.*-0.1'), (dict(seed=-1), '`seed`'), (dict(num_classes=0), '`num_classes`')])
def test_refuses(args, match):
    with pytest.raises(ValueError, match=match): Mix(**{**dict(mixers=[mixup_data, cutmix_data]), **args})


# workers and processes

def loaded(mix, epochs=2, **kwargs):
    "Shares of all batches of each epoch"
    torch.manual_seed(0)
    loader = DataLoader(TensorDataset(*dots(16)), batch_size=4, collate_fn=mix.collate, **kwargs)
    return [[tuple(t.lam.tolist()) for _, t in loader] for _ in range(epochs)]


@pytest.fixture(scope='module')
def by_workers(): return loaded(Mix(mixup_data, seed=1), num_workers=2)


def test_workers_draw_apart(by_workers): assert len(set(by_workers[0])) == 4
def test_epochs_of_workers_differ(by_workers): assert not set(by_workers[0]) & set(by_workers[1])
def test_workers_repeat(by_workers): assert loaded(Mix(mixup_data, seed=1), epochs=1, num_workers=2)[0] == by_workers[0]


def work(path):
    "What each of two processes does: a plain loop on its half of the data, gradients shared"
    torch.set_num_threads(1)
    rank = torch.distributed.get_rank()
    torch.manual_seed(0)
    model = nn.parallel.DistributedDataParallel(nn.Sequential(nn.Flatten(), nn.Linear(64, 16)))
    mix, opt, lams = Mix([mixup_data, cutmix_data], seed=1), torch.optim.SGD(model.parameters(), lr=.1), []
    x, y = (o[rank::2] for o in dots())
    for _ in range(6):
        mixed, targets = mix(x, y)
        mix.loss()(model(mixed), targets).backward()
        opt.step()
        opt.zero_grad()
        lams.append(targets.lam.tolist())
    Path(f'{path}{rank}').write_text(json.dumps(dict(lams=lams, weights=sum(p.double().sum().item() for p in model.parameters()))))


@pytest.fixture(scope='module')
def ranks(tmp_path_factory):
    path = tmp_path_factory.mktemp('mix')/'rank'
    code = f"from accelerate import debug_launcher; from test_mix import start; debug_launcher(start, ({str(path)!r},), 2)"
    subprocess.run([sys.executable, '-W', 'ignore', '-c', code], cwd=Path(__file__).parent, check=True, timeout=300, env={**os.environ, 'CUDA_VISIBLE_DEVICES': ''})
    return [json.loads(Path(f'{path}{i}').read_text()) for i in range(2)]


def start(path):
    from accelerate import PartialState
    PartialState(cpu=True)
    work(path)


@pytest.mark.slow
def test_processes_draw_apart(ranks): assert not {tuple(o) for o in ranks[0]['lams']} & {tuple(o) for o in ranks[1]['lams']}


@pytest.mark.slow
def test_processes_end_with_one_model(ranks): assert ranks[0]['weights'] == pytest.approx(ranks[1]['weights'], rel=1e-6)
