"Labels left out or made wrong, loaders that do a batch at a time, data sets known by name."
import numpy as np
import pytest, torch
from hypothesis import given, settings, strategies as st
from PIL import Image
from fastai.callback.schedule import Learner
from fastai.data.external import URLs
from fastai.torch_core import get_random_states
from fastcore.test import equals
from torch import nn

from mixcourse.callback import CutMix
from mixcourse.compare import pictures
from mixcourse.compare.loader import Images, image_dls, rand_crop_flip, to_unit
from mixcourse.compare.pictures import Pictures, digits, few_labels, load_folder, load_npz, wrong_labels
from test_files import arrays, folder, npz  # noqa: F401

# ruff: noqa: F811  npz is a fixture


def numbered(n=20, shape=(1, 4, 6)):
    "Pictures that say which they are: number `i` is gray value `i` all over, and its label is `i`"
    x = torch.arange(n, dtype=torch.uint8).view(n, 1, 1, 1).expand(n, *shape).clone()
    return Pictures(x, torch.arange(n), x, torch.arange(n), [f'no{i}' for i in range(n)], 'numbered')


def number(x, dls):
    m, s = dls.train_ds.stats
    return ((x*s + m)*255).mean((1, 2, 3)).round().long()


# labels

@given(n=st.integers(1, 60), c=st.integers(2, 12), noise=st.floats(0, .99), seed=st.integers(0, 2**32))
@settings(max_examples=80, deadline=None)
def test_wrong_labels(n, c, noise, seed):
    y = torch.arange(n) % c
    before, out = y.clone(), wrong_labels(y, noise, c, seed)
    assert torch.equal(y, before)
    assert torch.equal(out, wrong_labels(y, noise, c, seed))
    assert (out != y).sum() == round(noise*n)
    assert 0 <= out.min()
    assert out.max() < c


@pytest.mark.parametrize('noise', [-.1, 1., float('nan')])
def test_impossible_share_of_wrong_labels_is_refused(noise):
    with pytest.raises(ValueError, match='`noise` must be in'): wrong_labels(torch.arange(10), noise, 10, 0)


def test_every_wrong_class_is_as_likely():
    y = torch.zeros(6000, dtype=torch.long)
    counts = wrong_labels(y, .5, 4, seed=0).bincount(minlength=4)
    assert counts[0] == 3000
    assert ((counts[1:]-1000).abs() < 120).all()
    assert not torch.equal(wrong_labels(y, .5, 4, seed=0), wrong_labels(y, .5, 4, seed=1))


@given(per=st.integers(1, 5), c=st.integers(2, 6), seed=st.integers(0, 2**31))
@settings(max_examples=40, deadline=None)
def test_few_labels(per, c, seed):
    y = (torch.arange(10*c)*7) % c
    i = few_labels(y, per*c, seed)
    assert len(set(i.tolist())) == per*c
    assert y[i].bincount(minlength=c).tolist() == [per]*c
    assert torch.equal(i, few_labels(y, per*c, seed))
    assert few_labels(y, 10*c, seed).tolist() == list(range(10*c))


def test_few_labels_differ_between_seeds():
    y = digits().y_train
    assert set(few_labels(y, 50, 0).tolist()) != set(few_labels(y, 50, 1).tolist())


@pytest.mark.parametrize('n', [0, 3, 37, 41])
def test_impossible_number_of_labels_is_refused(n):
    with pytest.raises(ValueError, match='`labels` must be between 4 and 36, or 40 for all'): few_labels(torch.arange(40) % 4, n, 0)


def test_random_state_is_left_alone(npz, tmp_path):
    before = list(get_random_states().values())
    p = digits()
    few_labels(p.y_train, 50, 7), wrong_labels(p.y_train, .4, 10, 7), load_npz(npz()), load_folder(folder(tmp_path/'f'))
    assert equals(before, list(get_random_states().values()))


def test_digits_in_two_parts_that_share_nothing():
    p = digits(n_train=300)
    x = torch.cat([p.x_train, p.x_test]).flatten(1)
    assert len(p.x_train) == 300
    assert len(x.unique(dim=0)) == len(x) == 1797
    assert p.y_train.bincount().min() >= 29
    assert 0 <= x.min()
    assert x.max() <= 1


# loaders

def test_every_picture_once_with_its_label():
    dls = image_dls(numbered(), bs=6)
    orders = []
    for _ in range(2):
        xs, ys = zip(*dls.train)
        assert [len(y) for y in ys] == [6]*3  # the last two pictures wait for another epoch
        y = torch.cat(ys)
        assert torch.equal(number(torch.cat(xs), dls), y)
        assert len(set(y.tolist())) == 18
        orders.append(y.tolist())
    assert orders[0] != orders[1]
    assert torch.cat([y for _, y in dls.valid]).tolist() == list(range(20))


def test_chosen_pictures_and_other_labels():
    dls = image_dls(numbered(), bs=4, idx=torch.tensor([3, 5, 8, 9]), y=torch.arange(20)+100)
    assert sorted(dls.one_batch()[1].tolist()) == [103, 105, 108, 109]
    assert sorted(number(dls.one_batch()[0], dls).tolist()) == [3, 5, 8, 9]


@pytest.mark.parametrize('dtype', [np.uint8, np.float16, np.float32])
def test_normalized_with_what_the_training_pictures_have(npz, dtype):
    p = load_npz(npz(**arrays((3, 7, 5), dtype, n=60)))
    dls = image_dls(p, bs=60)
    assert dls.train_ds.tensors[0].dtype == p.x_train.dtype  # bytes stay bytes until they are needed
    x = dls.one_batch()[0]
    assert x.dtype == torch.float32
    assert x.is_contiguous(memory_format=torch.channels_last)
    assert x.mean((0, 2, 3)).abs().max() < 1e-5
    assert (x.std((0, 2, 3))-1).abs().max() < 1e-4
    m, s = dls.train_ds.stats
    torch.testing.assert_close(next(iter(dls.valid))[0]*s + m, to_unit(p.x_test), atol=1e-5, rtol=0)


def test_constant_channel_is_no_division_by_zero():
    p = numbered()
    x = torch.zeros_like(p.x_train)
    assert Images(x, p.y_train, p.vocab).normalize(x).abs().max() == 0


def test_pixels_are_not_written_to():
    p = numbered(shape=(3, 8, 8))
    before = p.x_train.clone()
    dls = image_dls(p, bs=4, augment=True)
    for x, _ in dls.train: x.zero_()
    assert torch.equal(p.x_train, before)


@pytest.mark.parametrize('h, w', [(16, 16), (8, 24), (5, 3)])
def test_each_picture_is_shifted_and_flipped_by_itself(h, w):
    x = torch.rand(100, 2, h, w) + 1
    p = max(h, w)//8
    padded = torch.nn.functional.pad(x, [p]*4)
    out, seen = rand_crop_flip(x), set()
    for o, big in zip(out, padded):
        ways = {(dy, dx, flip): big[:, dy:dy+h, dx:dx+w].flip(-1) if flip else big[:, dy:dy+h, dx:dx+w]
                for dy in range(2*p+1) for dx in range(2*p+1) for flip in (0, 1)}
        found = [k for k, v in ways.items() if torch.equal(o, v)]
        assert found
        seen.add(found[0])
    assert len(seen) > (2*p+1)**2  # of twice as many
    torch.manual_seed(3)
    a = rand_crop_flip(x)
    torch.manual_seed(3)
    assert torch.equal(a, rand_crop_flip(x))


def test_only_training_pictures_are_augmented():
    p = numbered(shape=(3, 16, 16))
    p.x_train[:, :, :, :8] = 200
    p.x_test = p.x_train
    dls = image_dls(p, bs=20, augment=True)
    def plain(dl):
        x, y = next(iter(dl))
        return (x == dls.train_ds.normalize(p.x_train[y])).flatten(1).all(1)
    assert plain(dls.valid).all()
    assert not plain(dls.train).all()
    assert not plain(dls.train.new(shuffle=False)).all()  # a copy of a loader does the same
    assert plain(dls.train.new(augment=False)).all()


def test_learner_has_all_it_needs(tmp_path):
    "Loss, predictions in order, a mixer shown, export and a batch as people read it"
    p = numbered()
    dls = image_dls(p, bs=6)
    learn = Learner(dls, nn.Sequential(nn.Flatten(), nn.Linear(24, dls.c)), path=tmp_path, cbs=CutMix(seed=0))
    with learn.no_bar(), learn.no_logging(): learn.fit(1)
    probs, targs = learn.get_preds()
    assert targs.tolist() == list(range(20))
    assert torch.allclose(probs.sum(1), torch.ones(20))
    assert torch.equal(number(learn.get_preds(ds_idx=0, with_input=True)[0], dls), learn.get_preds(ds_idx=0)[1])
    assert 'no' in learn.show_mix(max_n=4)[0].get_title()
    x, label = dls.valid.decode_batch(next(iter(dls.valid)))[7]
    assert label == 'no7'
    assert abs(x.mean().item() - 7/255) < 1e-6
    learn.export('model.pkl')
    assert (tmp_path/'model.pkl').exists()


def test_no_worker_processes():
    dls = image_dls(numbered())
    assert [dl.fake_l.num_workers for dl in dls] == [0, 0]
    assert dls.train.new().fake_l.num_workers == 0


# data sets known by name: the loading code, on folders of the same build

def folder_of(path, classes, parts, side=6):
    for part, n in parts.items():
        for i, cls in enumerate(classes):
            (path/part/cls).mkdir(parents=True)
            for k in range(n): Image.new('RGB', (side, side+k), (40*i, 10*k, 0)).save(path/part/cls/f'{k}.png')
    return path


def fetched(monkeypatch, path):
    "What fastai would have downloaded lies in `path`; its address is noted"
    urls = []
    monkeypatch.setattr(pictures, 'untar_data', lambda url: urls.append(url) or path)
    return urls


def test_cifar10_and_imagenette_come_from_folders(tmp_path, monkeypatch):
    urls = fetched(monkeypatch, folder_of(tmp_path/'a', ['airplane', 'cat'], dict(train=2, test=1)))
    pics = pictures.load_data('cifar10')
    assert (pics.name, pics.vocab, len(pics.x_train), len(pics.x_test)) == ('cifar10', ['airplane', 'cat'], 4, 2)
    assert urls == [URLs.CIFAR]
    urls = fetched(monkeypatch, folder_of(tmp_path/'b', ['n01440764', 'n03888257'], dict(train=2, val=1)))
    pics = pictures.load_data('imagenette', size=6)
    assert (pics.name, pics.vocab, pics.y_test.tolist()) == ('imagenette', ['tench', 'parachute'], [0, 1])
    assert urls == [URLs.IMAGENETTE_160]


def test_pets_keep_the_published_split(tmp_path, monkeypatch):
    (tmp_path/'images').mkdir()
    (tmp_path/'annotations').mkdir()
    names = {'trainval': ['Abyssinian_1', 'great_pyrenees_2'], 'test': ['great_pyrenees_7', 'Abyssinian_30']}
    for part, files in names.items():
        (tmp_path/f'annotations/{part}.txt').write_text('#Image CLASS-ID\n' + ''.join(f'{o} 1 1 1\n' for o in files))
        for o in files: Image.new('RGB', (9, 7), (int(o.rpartition('_')[2]), 0, 0)).save(tmp_path/f'images/{o}.jpg')
    Image.new('RGB', (9, 7)).save(tmp_path/'images/left_out_1.jpg')
    urls = fetched(monkeypatch, tmp_path)
    pics = pictures.load_data('pets')
    assert urls == [URLs.PETS]
    assert (pics.vocab, pics.y_train.tolist(), pics.y_test.tolist()) == (['Abyssinian', 'great_pyrenees'], [0, 1], [1, 0])
    assert abs(int(pics.x_test[1, 0].float().mean())-30) < 3
    assert pics.x_train.shape == (2, 3, 7, 9)


@pytest.mark.parametrize('channels', [1, 2, 3, 4, 6])
def test_pictures_of_any_number_of_channels_are_shown(channels):
    x, y = torch.rand(24, channels, 16, 16), torch.arange(24) % 3
    dls = image_dls(Pictures(x, y, x, y, ['a', 'b', 'c'], 'made up'), bs=8)
    dls.show_batch(max_n=2)
