"Pictures from arrays and folders, labels left out or made wrong, loaders that do a batch at a time."
import numpy as np
import pytest, torch
from hypothesis import given, settings, strategies as st
from PIL import Image
from fastai.callback.schedule import Learner
from fastai.data.external import URLs
from fastai.torch_core import get_random_states
from fastcore.test import equals
from torch import nn


from mixcourse.compare import pictures as data
from mixcourse.callback import CutMix
from mixcourse.compare.pictures import Images, Pictures, digits, few_labels, image_dls, load_folder, load_npz, rand_crop_flip, to_unit, wrong_labels


def arrays(shape=(7, 5, 3), dtype=np.uint8, n=12, m=6, seed=0):
    rng = np.random.default_rng(seed)
    def x(k): return rng.integers(0, 256, (k, *shape)).astype(np.uint8) if dtype == np.uint8 else rng.random((k, *shape)).astype(dtype)
    return dict(x_train=x(n), y_train=np.arange(n) % 3, x_test=x(m), y_test=np.arange(m) % 3)


@pytest.fixture
def npz(tmp_path):
    def save(**kw):
        np.savez(tmp_path/'pics.npz', **{k: v for k, v in {**arrays(), **kw}.items() if v is not None})
        return tmp_path/'pics.npz'
    return save


def numbered(n=20, shape=(1, 4, 6)):
    "Pictures that say which they are: number `i` is gray value `i` all over, and its label is `i`"
    x = torch.arange(n, dtype=torch.uint8).view(n, 1, 1, 1).expand(n, *shape).clone()
    return Pictures(x, torch.arange(n), x, torch.arange(n), [f'no{i}' for i in range(n)], 'numbered')


def number(x, dls):
    m, s = dls.train_ds.stats
    return ((x*s + m)*255).mean((1, 2, 3)).round().long()


# files

@pytest.mark.parametrize('c', [1, 3, 4, 13])
def test_channels_first_and_last_are_the_same_pictures(npz, c):
    last = arrays((15, 14, c))
    first = {k: v.transpose(0, 3, 1, 2) if k[0] == 'x' else v for k, v in last.items()}
    a, b = load_npz(npz(**last)), load_npz(npz(**first))
    assert a.x_train.shape == (12, c, 15, 14) and torch.equal(a.x_train, b.x_train) and torch.equal(a.x_test, b.x_test)
    assert (a.x_train[5, c-1, 2, 3] == last['x_train'][5, 2, 3, c-1]).all()


@pytest.mark.parametrize('dtype, kept', [(np.uint8, torch.uint8), (np.float16, torch.float16), (np.float32, torch.float32), (np.float64, torch.float32)])
def test_types(npz, dtype, kept):
    raw = arrays((7, 5), dtype)
    p = load_npz(npz(**raw))
    assert p.x_train.dtype == kept and p.x_train.shape == (12, 1, 7, 5)
    np.testing.assert_allclose(p.x_train[:, 0].numpy(), raw['x_train'], rtol=1e-6)


def test_class_ids_become_positions_in_vocab(npz):
    p = load_npz(npz(y_train=np.array([30, -4, 9]*4), y_test=np.array([[9], [30], [-4]]*2)))
    assert p.vocab == ['-4', '9', '30'] and p.y_train[:3].tolist() == [2, 0, 1] and p.y_test[:3].tolist() == [1, 2, 0]


f4 = np.zeros((12, 7, 5, 3), np.float32)
bad = [
    (dict(y_test=None), 'must hold x_train, y_train, x_test, y_test, lacks y_test'),
    (dict(x_train=np.zeros((12, 7, 5), int)), '`x_train` must be uint8 or float, got int64'),
    (dict(x_train=np.array([None]*12)), '`x_train` must be a readable array'),
    (dict(x_test=np.zeros((6, 35), np.uint8)), '`x_test` must have shape'),
    (dict(x_train=np.zeros((12, 3, 9, 3), np.uint8)), '`x_train` must have fewer channels than pixels in a row'),
    (dict(x_train=f4[:0], y_train=np.zeros(0, int)), '`x_train` must hold pictures'),
    (dict(x_train=f4+255), 'must have floats in [0,1], got 255 to 255'),
    (dict(x_train=f4-.5), 'must have floats in [0,1], got -0.5'),
    (dict(x_train=f4*np.nan), 'must have floats in [0,1], got nan'),
    (dict(x_test=np.zeros((6, 7, 5), np.uint8)), '`x_test` must be like `x_train`'),
    (dict(x_test=np.zeros((6, 7, 5, 3))), '`x_test` must be like `x_train`'),
    (dict(y_train=np.zeros(11, int)), '`y_train` must have a label for each picture, shape (12,), got (11,)'),
    (dict(y_train=np.zeros((12, 3), int)), '`y_train` must have a label for each picture'),
    (dict(y_test=np.array(['a']*6)), '`y_test` must be ints'),
    (dict(y_train=np.zeros(12, int)), '`y_train` must have two classes or more, got [0]'),
    (dict(y_test=np.full(6, 7)), '`y_test` must have the classes of `y_train`, got 7'),
]


@pytest.mark.parametrize('kw, rule', bad, ids=[r[:40] for _, r in bad])
def test_wrong_arrays_are_refused(npz, kw, rule):
    path = npz(**kw)
    with pytest.raises(ValueError) as e: load_npz(path)
    assert rule in str(e.value) and str(e.value).startswith(f'{path}: ')


@pytest.mark.parametrize('content, rule', [(None, 'no such file'), (b'', 'must be an .npz file'), (b'PK\x03\x04 nothing', 'must be an .npz file')])
def test_what_is_no_npz_is_refused(tmp_path, content, rule):
    if content is not None: (tmp_path/'x.npz').write_bytes(content)
    with pytest.raises(ValueError, match=rule): load_npz(tmp_path/'x.npz')


def test_damaged_npz_is_refused(npz):
    path = npz()
    raw = bytearray(path.read_bytes())
    raw[200:260] = bytes(60)
    path.write_bytes(raw)
    with pytest.raises(ValueError, match='`x_train` must be a readable array'): load_npz(path)


def folder(path, test='valid', sizes=((9, 8),), modes=('RGB',), classes=('ant', 'bee')):
    for part, n in (('train', 4), (test, 2)):
        for k, cls in enumerate(classes):
            (path/part/cls).mkdir(parents=True)
            for i in range(n): Image.new(modes[i % len(modes)], sizes[i % len(sizes)], 50*k+i if modes[i % len(modes)] == 'L' else (50*k+i,)*3).save(path/part/cls/f'{i}.png')
    return path


@pytest.mark.parametrize('test', ['valid', 'val', 'test'])
def test_folder(tmp_path, test):
    p = load_folder(folder(tmp_path, test))
    assert p.x_train.shape == (8, 3, 8, 9) and p.x_train.dtype == torch.uint8 and p.x_test.shape[0] == 4 and p.vocab == ['ant', 'bee']
    assert p.x_train[:, 0, 0, 0].tolist() == [0, 1, 2, 3, 50, 51, 52, 53] and p.y_train.tolist() == [0]*4 + [1]*4


def test_folder_of_gray_and_of_mixed_sizes(tmp_path):
    assert load_folder(folder(tmp_path/'gray', modes='L')).x_train.shape == (8, 1, 8, 9)
    assert load_folder(folder(tmp_path/'both', modes=('L', 'RGB'))).x_train.shape == (8, 3, 8, 9)
    assert load_folder(folder(tmp_path/'sizes', sizes=((9, 8), (20, 10))), size=16).x_train.shape == (8, 3, 16, 16)


def test_wrong_folders_are_refused(tmp_path):
    def refused(rule, path):
        with pytest.raises(ValueError, match=rule): load_folder(path)
    refused('must have a folder `train`', tmp_path)
    refused('must have two classes', folder(tmp_path/'one', classes=('ant',)))
    path = folder(tmp_path/'new')
    (path/'valid/ant').rename(path/'valid/cat')
    refused('must have the classes of `train`, got cat', path)
    (path/'empty/train').mkdir(parents=True)
    (path/'empty/valid').mkdir()
    refused('must hold pictures', path/'empty')
    path = folder(tmp_path/'torn')
    f = path/'train/bee/3.png'
    f.write_bytes(f.read_bytes()[:-30])
    refused('3.png: must be a picture that can be read', path)
    flat = tmp_path/'flat'
    for part in ('train', 'valid'):
        (flat/part).mkdir(parents=True)
        for i in range(3): Image.new('L', (9, 8)).save(flat/part/f'{i}.png')
    refused('train: must hold pictures, <class>', flat)


def test_a_picture_beside_the_classes_is_no_class(tmp_path):
    path = folder(tmp_path)
    Image.new('L', (9, 8)).save(path/'train/all.png')
    assert load_folder(path).vocab == ['ant', 'bee']


@pytest.mark.parametrize('dtype, mode', [(np.uint16, 'I;16'), (np.int32, 'I'), (np.float32, 'F')])
def test_pictures_of_more_than_eight_bits_are_refused(tmp_path, dtype, mode):
    "Pillow would make all of them white, or black"
    path = folder(tmp_path)
    Image.fromarray(np.full((8, 9), 1000, dtype)).save(path/'train/ant/0.tif')
    with pytest.raises(ValueError, match=f'0.tif: must have 8 bits a channel, got mode {mode}'): load_folder(path)


# labels

@given(n=st.integers(1, 60), c=st.integers(2, 12), noise=st.floats(0, .99), seed=st.integers(0, 2**32))
@settings(max_examples=80, deadline=None)
def test_wrong_labels(n, c, noise, seed):
    y = torch.arange(n) % c
    before, out = y.clone(), wrong_labels(y, noise, c, seed)
    assert torch.equal(y, before) and torch.equal(out, wrong_labels(y, noise, c, seed))
    assert (out != y).sum() == round(noise*n) and 0 <= out.min() and out.max() < c


@pytest.mark.parametrize('noise', [-.1, 1., float('nan')])
def test_impossible_share_of_wrong_labels_is_refused(noise):
    with pytest.raises(ValueError, match='`noise` must be in'): wrong_labels(torch.arange(10), noise, 10, 0)


def test_every_wrong_class_is_as_likely():
    y = torch.zeros(6000, dtype=torch.long)
    counts = wrong_labels(y, .5, 4, seed=0).bincount(minlength=4)
    assert counts[0] == 3000 and ((counts[1:]-1000).abs() < 120).all()
    assert not torch.equal(wrong_labels(y, .5, 4, seed=0), wrong_labels(y, .5, 4, seed=1))


@given(per=st.integers(1, 5), c=st.integers(2, 6), seed=st.integers(0, 2**31))
@settings(max_examples=40, deadline=None)
def test_few_labels(per, c, seed):
    y = (torch.arange(10*c)*7) % c
    i = few_labels(y, per*c, seed)
    assert len(set(i.tolist())) == per*c and y[i].bincount(minlength=c).tolist() == [per]*c
    assert torch.equal(i, few_labels(y, per*c, seed)) and few_labels(y, 10*c, seed).tolist() == list(range(10*c))


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
    assert len(p.x_train) == 300 and len(x.unique(dim=0)) == len(x) == 1797
    assert p.y_train.bincount().min() >= 29 and 0 <= x.min() and x.max() <= 1


# loaders

def test_every_picture_once_with_its_label():
    dls = image_dls(numbered(), bs=6)
    orders = []
    for _ in range(2):
        xs, ys = zip(*dls.train)
        assert [len(y) for y in ys] == [6]*3  # the last two pictures wait for another epoch
        y = torch.cat(ys)
        assert torch.equal(number(torch.cat(xs), dls), y) and len(set(y.tolist())) == 18
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
    assert x.dtype == torch.float32 and x.is_contiguous(memory_format=torch.channels_last)
    assert x.mean((0, 2, 3)).abs().max() < 1e-5 and (x.std((0, 2, 3))-1).abs().max() < 1e-4
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
    assert plain(dls.valid).all() and not plain(dls.train).all()
    assert not plain(dls.train.new(shuffle=False)).all()  # a copy of a loader does the same
    assert plain(dls.train.new(augment=False)).all()


def test_learner_has_all_it_needs(tmp_path):
    "Loss, predictions in order, a mixer shown, export and a batch as people read it"
    p = numbered()
    dls = image_dls(p, bs=6)
    learn = Learner(dls, nn.Sequential(nn.Flatten(), nn.Linear(24, dls.c)), path=tmp_path, cbs=CutMix(seed=0))
    with learn.no_bar(), learn.no_logging(): learn.fit(1)
    probs, targs = learn.get_preds()
    assert targs.tolist() == list(range(20)) and torch.allclose(probs.sum(1), torch.ones(20))
    assert torch.equal(number(learn.get_preds(ds_idx=0, with_input=True)[0], dls), learn.get_preds(ds_idx=0)[1])
    assert 'no' in learn.show_mix(max_n=4)[0].get_title()
    x, label = dls.valid.decode_batch(next(iter(dls.valid)))[7]
    assert label == 'no7' and abs(x.mean().item() - 7/255) < 1e-6
    learn.export('model.pkl')
    assert (tmp_path/'model.pkl').exists()


def test_no_worker_processes():
    dls = image_dls(numbered())
    assert [dl.fake_l.num_workers for dl in dls] == [0, 0] and dls.train.new().fake_l.num_workers == 0


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
    monkeypatch.setattr(data, 'untar_data', lambda url: urls.append(url) or path)
    return urls


def test_cifar10_and_imagenette_come_from_folders(tmp_path, monkeypatch):
    urls = fetched(monkeypatch, folder_of(tmp_path/'a', ['airplane', 'cat'], dict(train=2, test=1)))
    pics = data.load_data('cifar10')
    assert (pics.name, pics.vocab, len(pics.x_train), len(pics.x_test)) == ('cifar10', ['airplane', 'cat'], 4, 2)
    assert urls == [URLs.CIFAR]
    urls = fetched(monkeypatch, folder_of(tmp_path/'b', ['n01440764', 'n03888257'], dict(train=2, val=1)))
    pics = data.load_data('imagenette', size=6)
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
    pics = data.load_data('pets')
    assert urls == [URLs.PETS]
    assert (pics.vocab, pics.y_train.tolist(), pics.y_test.tolist()) == (['Abyssinian', 'great_pyrenees'], [0, 1], [1, 0])
    assert abs(int(pics.x_test[1, 0].float().mean())-30) < 3 and pics.x_train.shape == (2, 3, 7, 9)
