"Pictures from arrays and folders: read as a viewer shows them, or refused by name."
import numpy as np
import pytest, torch
from PIL import Image

from mixcourse.compare.pictures import load_folder, load_npz


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


# files

@pytest.mark.parametrize('c', [1, 3, 4, 13])
def test_channels_first_and_last_are_the_same_pictures(npz, c):
    last = arrays((15, 14, c))
    first = {k: v.transpose(0, 3, 1, 2) if k[0] == 'x' else v for k, v in last.items()}
    a, b = load_npz(npz(**last)), load_npz(npz(**first))
    assert a.x_train.shape == (12, c, 15, 14)
    assert torch.equal(a.x_train, b.x_train)
    assert torch.equal(a.x_test, b.x_test)
    assert (a.x_train[5, c-1, 2, 3] == last['x_train'][5, 2, 3, c-1]).all()


@pytest.mark.parametrize('dtype, kept', [(np.uint8, torch.uint8), (np.float16, torch.float16), (np.float32, torch.float32), (np.float64, torch.float32)])
def test_types(npz, dtype, kept):
    raw = arrays((7, 5), dtype)
    p = load_npz(npz(**raw))
    assert p.x_train.dtype == kept
    assert p.x_train.shape == (12, 1, 7, 5)
    np.testing.assert_allclose(p.x_train[:, 0].numpy(), raw['x_train'], rtol=1e-6)


def test_class_ids_become_positions_in_vocab(npz):
    p = load_npz(npz(y_train=np.array([30, -4, 9]*4), y_test=np.array([[9], [30], [-4]]*2)))
    assert p.vocab == ['-4', '9', '30']
    assert p.y_train[:3].tolist() == [2, 0, 1]
    assert p.y_test[:3].tolist() == [1, 2, 0]


f4 = np.zeros((12, 7, 5, 3), np.float32)
bad = [
    (dict(y_test=None), 'must hold x_train, y_train, x_test, y_test, lacks y_test'),
    (dict(x_train=np.zeros((12, 7, 5), int)), '`x_train` must be uint8 or float, got int64'),
    (dict(x_train=np.array([None]*12)), '`x_train` must be a readable array'),
    (dict(x_test=np.zeros((6, 35), np.uint8)), '`x_test` must have shape'),
    (dict(x_train=np.zeros((12, 3, 9, 3), np.uint8)), '`x_train` must have fewer channels than pixels in a row and in a column, or a `layout` of NCHW or NHWC'),
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
    assert rule in str(e.value)
    assert str(e.value).startswith(f'{path}: ')


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
    assert p.x_train.shape == (8, 3, 8, 9)
    assert p.x_train.dtype == torch.uint8
    assert p.x_test.shape[0] == 4
    assert p.vocab == ['ant', 'bee']
    assert p.x_train[:, 0, 0, 0].tolist() == [0, 1, 2, 3, 50, 51, 52, 53]
    assert p.y_train.tolist() == [0]*4 + [1]*4


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
