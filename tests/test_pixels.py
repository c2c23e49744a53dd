"Pixels are what a viewer shows: turned as tags say, on a white page; layouts are not guessed; folders are read as they are."
import os, struct, zlib

import numpy as np
import pytest, torch
from PIL import Image

from mixcourse.compare import files
from mixcourse.compare.files import find_layout, on_white, read_header, read_picture
from mixcourse.compare.pictures import load_folder, load_npz
from test_files import arrays, folder, npz  # noqa: F401

# ruff: noqa: F811  npz is a fixture


# orientation

# where the first row and the first column of what is stored are seen, as the standard has it (Exif 2.32, tag 0x0112)
seen = {1: ('top', 'left'), 2: ('top', 'right'), 3: ('bottom', 'right'), 4: ('bottom', 'left'),
        5: ('left', 'top'), 6: ('right', 'top'), 7: ('right', 'bottom'), 8: ('left', 'bottom')}


def oriented(path, orientation):
    "A picture of 24 by 16, stored with a white first row and a gray first column"
    stored = np.zeros((16, 24, 3), np.uint8)
    stored[:, :4] = 128
    stored[:4] = 255
    tag = Image.Exif()
    tag[0x0112] = orientation
    kind = dict(quality=100, subsampling=0) if path.suffix == '.jpg' else dict(lossless=True) if path.suffix == '.webp' else {}
    Image.fromarray(stored).save(path, exif=tag, **kind)
    return path


def side(pixels, name):
    h, w = pixels.shape
    return dict(top=pixels[1, 6:-6], bottom=pixels[-2, 6:-6], left=pixels[6:-6, 1], right=pixels[6:-6, w-2])[name].astype(float)


@pytest.mark.parametrize('kind', ['jpg', 'png', 'webp', 'tif'])
@pytest.mark.parametrize('orientation', seen)
def test_photographs_are_turned_as_their_tag_says(tmp_path, orientation, kind):
    path = oriented(tmp_path/f'a.{kind}', orientation)
    size, _ = read_header(path)
    pixels = read_picture(path, size, 'L')
    row, column = seen[orientation]
    assert size == ((24, 16) if orientation < 5 else (16, 24))
    assert pixels.shape == size[::-1]
    assert abs(side(pixels, row)-255).max() < 12
    assert abs(side(pixels, column)-128).max() < 12


def test_folder_of_photographs_that_lie_on_their_side(tmp_path):
    path = folder(tmp_path)
    for f in path.rglob('*.png'): oriented(f, 6)
    assert load_folder(path).x_train.shape == (8, 3, 24, 16)


def test_some_lie_and_some_stand(tmp_path):
    "As they are shown they have two sizes, though all are stored alike"
    path = folder(tmp_path)
    for i, f in enumerate(sorted(path.rglob('*.png'))): oriented(f, (1, 6)[i % 2])
    assert load_folder(path, size=12).x_train.shape == (8, 3, 12, 12)


@pytest.mark.parametrize('exif', [b'', b'Exif\x00\x00', b'Exif\x00\x00MM\x00*\xff\xff\xff\xff', b'Exif\x00\x00II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00c\x00\x00\x00'])
def test_damaged_tags_do_not_matter(tmp_path, exif):
    Image.new('RGB', (9, 8), (7, 7, 7)).save(tmp_path/'a.jpg', exif=exif)
    size, _ = read_header(tmp_path/'a.jpg')
    assert read_picture(tmp_path/'a.jpg', size, 'RGB').shape == (8, 9, 3)


# transparency

def see_through(mode):
    "A picture whose left half shows what is behind it, and whose right half is dark"
    gray = mode in ('LA', 'La', 'PA')
    im = Image.new('RGBA', (8, 8), (30, 30, 30, 255))
    im.paste((200, 10, 10, 0) if not gray else (10, 10, 10, 0), (0, 0, 4, 8))
    return im.convert('LA') if mode in ('LA', 'La') else im


@pytest.mark.parametrize('mode', ['RGBA', 'LA', 'RGBa'])
def test_what_is_transparent_is_white(mode):
    im = see_through(mode)
    if mode == 'RGBa': im = im.convert('RGBa')
    pixels = np.asarray(on_white(im, 'RGB'))
    assert (pixels[:, :4] == 255).all()
    assert (pixels[:, 4:] == 30).all()


def test_half_transparent_is_half_white():
    assert abs(on_white(Image.new('RGBA', (1, 1), (0, 0, 0, 128)), 'L').getpixel((0, 0))-127) <= 1
    assert abs(on_white(Image.new('LA', (1, 1), (0, 128)), 'L').getpixel((0, 0))-127) <= 1


def stored(tmp_path, im, name='a.png', **kw):
    im.save(tmp_path/name, **kw)
    size, gray = read_header(tmp_path/name)
    return read_picture(tmp_path/name, size, 'L' if gray else 'RGB'), gray


def test_palette_with_one_transparent_color(tmp_path):
    im = Image.new('P', (2, 1))
    im.putpalette([0, 0, 0, 90, 90, 90])
    im.putdata([0, 1])
    pixels, _ = stored(tmp_path, im, transparency=0)
    assert pixels[0].tolist() == [[255]*3, [90]*3]


def test_palette_with_a_table_of_transparency(tmp_path):
    im = Image.new('P', (3, 1))
    im.putpalette([0, 0, 0, 90, 90, 90, 200, 0, 0])
    im.putdata([0, 1, 2])
    pixels, _ = stored(tmp_path, im, transparency=bytes([0, 255, 0]))
    assert pixels[0].tolist() == [[255]*3, [90]*3, [255]*3]


def test_palette_with_alpha(tmp_path):
    im = Image.new('P', (2, 1))
    im.putpalette([0, 0, 0, 0, 90, 90, 90, 255], 'RGBA')
    im.putdata([0, 1])
    assert np.asarray(on_white(im, 'RGB'))[0].tolist() == [[255]*3, [90]*3]


def test_palette_and_alpha_band():
    im = see_through('RGBA').convert('PA')
    pixels = np.asarray(on_white(im, 'RGB'))
    assert (pixels[:, :4] == 255).all()


def test_gray_with_one_transparent_value(tmp_path):
    im = Image.new('L', (2, 1))
    im.putdata([5, 90])
    pixels, gray = stored(tmp_path, im, transparency=5)
    assert gray
    assert pixels[0].tolist() == [255, 90]


def test_black_and_white_with_one_transparent_value(tmp_path):
    im = Image.new('1', (2, 1))
    im.putdata([0, 255])
    pixels, _ = stored(tmp_path, im, transparency=0)
    assert pixels[0].tolist() == [255, 255]


def test_color_with_one_transparent_color(tmp_path):
    im = Image.new('RGB', (2, 1))
    im.putdata([(1, 2, 3), (90, 90, 90)])
    pixels, _ = stored(tmp_path, im, transparency=(1, 2, 3))
    assert pixels[0].tolist() == [[255]*3, [90]*3]


def test_gif_and_webp_with_transparency(tmp_path):
    gif, _ = stored(tmp_path, see_through('RGBA'), 'a.gif')
    webp, _ = stored(tmp_path, see_through('RGBA'), 'a.webp', lossless=True)
    assert (gif[:, :4] == 255).all()
    assert (webp[:, :4] == 255).all()


def test_gray_with_alpha_stays_gray(tmp_path):
    pixels, gray = stored(tmp_path, see_through('LA'))
    assert gray
    assert pixels[0].tolist() == [255]*4 + [30]*4


def png(path, depth, color, rows, *chunks):
    "A PNG by hand, for what Pillow does not write"
    def chunk(name, data): return struct.pack('>I', len(data)) + name + data + struct.pack('>I', zlib.crc32(name+data))
    channels = {0: 1, 2: 3}[color]
    head = struct.pack('>IIBBBBB', len(rows[0])//channels, len(rows), depth, color, 0, 0, 0)
    pixels = zlib.compress(b''.join(b'\0' + struct.pack(f'>{len(r)}H', *r) for r in rows))
    body = [(b'IHDR', head), *chunks, (b'IDAT', pixels), (b'IEND', b'')]
    path.write_bytes(b'\x89PNG\r\n\x1a\n' + b''.join(chunk(*o) for o in body))


def test_sixteen_bits_of_color_are_seen_as_eight(tmp_path):
    png(tmp_path/'a.png', 16, 2, [[65535, 0, 257*128]])
    size, _ = read_header(tmp_path/'a.png')
    assert read_picture(tmp_path/'a.png', size, 'RGB')[0, 0].tolist() == [255, 0, 128]


@pytest.mark.parametrize('color, row, clear', [(2, [65535, 0, 300], [65535, 0, 300]), (0, [300], [300])])
def test_sixteen_bits_with_a_transparent_color_are_refused(tmp_path, color, row, clear):
    "Pillow keeps 8 bits of the pixels and 16 of the color, and so finds it nowhere"
    png(tmp_path/'a.png', 16, color, [row], (b'tRNS', struct.pack(f'>{len(clear)}H', *clear)))
    with pytest.raises(ValueError, match='a.png: must have 8 bits a channel'): read_header(tmp_path/'a.png')


# layouts

@pytest.mark.parametrize('shape', [(9, 9, 103), (103, 9, 9), (1, 40, 3), (1, 1, 3), (3, 1, 1), (2, 50, 3), (3, 2, 50), (20, 30, 200), (20, 30, 50), (4, 4, 4), (5, 5, 5)], ids=str)
def test_what_can_be_read_in_two_ways_is_refused_and_named(npz, shape):
    path = npz(**arrays(shape))
    with pytest.raises(ValueError, match='`x_train` must have fewer channels .* or a `layout` of NCHW or NHWC'): load_npz(path)
    h, w, c = shape
    assert load_npz(path, layout='NHWC').x_train.shape[1:] == (c, h, w)
    assert load_npz(path, layout='NCHW').x_train.shape[1:] == shape


@pytest.mark.parametrize('shape, layout', [((28, 28, 1), 'NHWC'), ((1, 28, 28), 'NCHW'), ((32, 32, 3), 'NHWC'), ((3, 32, 32), 'NCHW'), ((48, 5, 4), 'NHWC'), ((40, 3, 1), 'NHWC'),
                                           ((2, 5, 9), 'NCHW'), ((64, 64, 13), 'NHWC'), ((13, 64, 64), 'NCHW'), ((224, 224, 12), 'NHWC')])
def test_usual_shapes_are_read_by_themselves(shape, layout): assert find_layout((7, *shape)) == layout


@pytest.mark.parametrize('size', [(50, 2), (2, 50), (3, 3), (1, 1)], ids=str)
@pytest.mark.parametrize('mode, c', [('RGB', 3), ('L', 1)])
def test_layout_of_files_is_known(tmp_path, size, mode, c):
    assert load_folder(folder(tmp_path, sizes=(size,), modes=(mode,))).x_train.shape == (8, c, size[1], size[0])


# folders

def refused(path, rule):
    with pytest.raises(ValueError, match=rule): load_folder(path)


linked = pytest.mark.skipif(os.name == 'nt', reason='links are for administrators')


@linked
@pytest.mark.parametrize('where', ['train/ant/again', 'train/again', 'valid/bee/again'])
def test_links_that_loop_are_refused(tmp_path, where):
    path = folder(tmp_path/'pics')
    (path/where).symlink_to(path/where.partition('/')[0], target_is_directory=True)
    refused(path, 'again: must not lead back to a folder that holds it')


@linked
def test_a_link_to_itself_is_refused(tmp_path):
    path = folder(tmp_path/'pics')
    (path/'train/ant/self').symlink_to(path/'train/ant/self')
    refused(path, 'self: must lead to a file or a folder, is a broken link')


@linked
@pytest.mark.parametrize('name', ['cat', 'ant/9.png'])
def test_broken_links_are_refused(tmp_path, name):
    path = folder(tmp_path/'pics')
    (path/'train'/name).symlink_to(tmp_path/'gone')
    refused(path, f'{name}: must lead to a file or a folder, is a broken link')


@linked
@pytest.mark.parametrize('link', ['train/ant/z.png', 'train/bee/z.png', 'valid/ant/z.png'])
def test_a_picture_that_is_listed_twice_is_refused(tmp_path, link):
    path = folder(tmp_path/'pics')
    (path/link).symlink_to(path/'train/ant/0.png')
    refused(path, 'must be a picture of its own, is the same file as')


@linked
def test_a_class_that_is_listed_twice_is_refused(tmp_path):
    path = folder(tmp_path/'pics')
    (path/'train/wasp').symlink_to(path/'train/bee', target_is_directory=True)
    refused(path, 'must be a picture of its own, is the same file as')


def test_a_hard_link_is_the_same_picture(tmp_path):
    path = folder(tmp_path/'pics')
    os.link(path/'train/ant/0.png', path/'valid/ant/z.png')
    refused(path, 'must be a picture of its own')


@linked
def test_links_to_pictures_elsewhere_are_followed(tmp_path):
    path, store = folder(tmp_path/'pics'), tmp_path/'store'
    (path/'train/ant').rename(store)
    (path/'train/ant').symlink_to(store, target_is_directory=True)
    assert load_folder(path).x_train.shape[0] == 8


def test_folders_that_cannot_be_read_are_refused(tmp_path, monkeypatch):
    path, scandir = folder(tmp_path/'pics'), os.scandir
    def guarded(folder):
        if str(folder).endswith('bee'): raise PermissionError(13, 'Permission denied')
        return scandir(folder)
    monkeypatch.setattr(files.os, 'scandir', guarded)
    refused(path, 'bee: must be a folder that can be read: Permission denied')


def test_hidden_files_and_folders_are_passed_over(tmp_path):
    path = folder(tmp_path/'pics')
    (path/'train/ant/._0.png').write_bytes(b'\0\5\26\7')  # what a Mac leaves beside a file
    (path/'train/.ipynb_checkpoints').mkdir()
    (path/'train/ant/0.png').rename(path/'train/.ipynb_checkpoints/0.png')
    p = load_folder(path)
    assert p.vocab == ['ant', 'bee']
    assert len(p.x_train) == 7


@pytest.mark.skipif(not hasattr(os, 'mkfifo'), reason='no named pipes')
def test_what_is_no_file_is_refused_not_waited_for(tmp_path):
    path = folder(tmp_path/'pics')
    os.mkfifo(path/'train/ant/z.png')
    refused(path, 'z.png: must be a file')


# files that Pillow refuses, each in its own way

def bomb(f): Image.new('1', (20000, 10000)).save(f)
def profile(f): Image.new('RGB', (8, 8)).save(f, icc_profile=bytes(2_000_000))
def text(f): f.write_text('<html>not found</html>')
def empty(f): f.write_bytes(b'')
def torn(f):
    Image.fromarray(np.random.randint(0, 255, (32, 32, 3), dtype=np.uint8)).save(f)
    f.write_bytes(f.read_bytes()[:200])
def wrong_chunk(f):
    Image.fromarray(np.random.randint(0, 255, (32, 32, 3), dtype=np.uint8)).save(f)
    raw = bytearray(f.read_bytes())
    i = raw.index(b'IDAT')
    raw[i-4:i] = struct.pack('>I', 64)
    f.write_bytes(raw)
def gif_header(f): f.write_bytes(b'GIF89a\x05\x00\x05\x00\xf7\x00\x00')
def tiff_header(f): f.write_bytes(b'II*\x00\x08\x00\x00\x00\xff\xff')
def jpeg_header(f): f.write_bytes(b'\xff\xd8\xff\xe0\x00\x02')
def bmp_header(f): f.write_bytes(b'BM' + bytes(40))
def ico_header(f): f.write_bytes(b'\0\0\1\0\1\0' + bytes(4))
def webp_header(f): f.write_bytes(b'RIFF\x00\x00\x00\x00WEBPVP8 ' + bytes(8))


@pytest.mark.parametrize('spoil', [bomb, profile, text, empty, torn, wrong_chunk, gif_header, tiff_header, jpeg_header, bmp_header, ico_header, webp_header])
def test_errors_of_pillow_name_the_file(tmp_path, spoil):
    path = folder(tmp_path)
    spoil(path/'train/ant/bad.png')
    with pytest.raises(ValueError, match=r'bad\.png: must be a picture that can be read: .+') as e: load_folder(path)
    assert '\n' not in str(e.value)


def test_whatever_pillow_raises_names_the_file(tmp_path, monkeypatch):
    path = folder(tmp_path)
    for error in (SyntaxError, ValueError, OverflowError, struct.error, zlib.error, MemoryError, IndexError, EOFError, TypeError, KeyError, RecursionError):
        def fail(path): raise error('odd\nvery odd')
        monkeypatch.setattr(files.Image, 'open', fail)
        with pytest.raises(ValueError, match=r'0\.png: must be a picture that can be read: .*odd'): load_folder(path)


def test_nothing_of_torch_is_left_half_read(tmp_path):
    "What is read is contiguous enough for a tensor, whichever way it was turned"
    path = folder(tmp_path)
    for f in path.rglob('*.png'): oriented(f, 5)
    assert load_folder(path).x_train.dtype == torch.uint8
