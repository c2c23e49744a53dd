"Boxes of one, two and three dimensions, the partner resized in them, and noise in holes."
import numpy as np, pytest, torch
from hypothesis import given, settings, strategies as st
from ways import both, every_way

from mixcourse.mixing import _cpu, _torch, box_lam, cutmix, cutmix_data, cutout, rand_bbox, rand_perm, resizemix, spatial_size
from mixcourse.mixing.ops import at_seam

quick = settings(max_examples=25, deadline=None)


# boxes of one, two and three dimensions

@st.composite
def boxed(draw):
    "Images of any dimensions, and boxes of one, two or three"
    axes = draw(st.integers(1, 3))
    shape = draw(st.integers(1, 4)), *draw(st.lists(st.integers(1, 3), max_size=2)), *draw(st.lists(st.integers(1, 6), min_size=axes, max_size=axes))
    g = torch.Generator().manual_seed(draw(st.integers(0, 9999)))
    x, lam = torch.randn(shape, generator=g), torch.rand(shape[0], generator=g)
    size = spatial_size(x, axes)
    return x, rand_perm(len(x), g), size, rand_bbox(size, lam, g, inside=draw(st.booleans()))


def inside_of(box, size):
    "Which places lie in a box: in each axis from its start to before its end"
    box, mask = box.tolist(), torch.zeros(size, dtype=torch.bool)
    for at in np.ndindex(*size): mask[at] = all(a <= i < b for a, i, b in zip(box[:len(size)], at, box[len(size):]))
    return mask


@every_way
@quick
@given(boxed())
def test_boxes_of_any_dimension_are_pasted(way, b):
    x, perm, size, box = b
    masks = torch.stack([inside_of(o, size) for o in box]).view(len(x), *[1]*(x.ndim-1-len(size)), *size)
    with at_seam(lambda _: way): res, inplace = both(cutmix, x, perm, box)
    assert torch.equal(res, torch.where(masks, x[perm], x))
    assert torch.equal(inplace, res)


@every_way
@quick
@given(boxed())
def test_boxes_of_any_dimension_are_cut_out(way, b):
    x, _, size, box = b
    masks = torch.stack([inside_of(o, size) for o in box]).view(len(x), *[1]*(x.ndim-1-len(size)), *size)
    with at_seam(lambda _: way): res, inplace = both(cutout, x, box, .5)
    assert torch.equal(res, torch.where(masks, .5, x))
    assert torch.equal(inplace, res)


@quick
@given(boxed())
def test_box_lam_counts_places_of_any_dimension(b):
    _, _, size, box = b
    want = torch.stack([1-inside_of(o, size).float().mean() for o in box])
    assert torch.allclose(box_lam(box, size), want)


@pytest.mark.parametrize('shape, axes, size', [
    ((2, 1, 50), None, (50,)), ((2, 3, 8, 9), None, (8, 9)), ((2, 3, 4, 8, 9), None, (8, 9)),
    ((2, 3, 4, 8, 9), 3, (4, 8, 9)), ((2, 28, 29), 2, (28, 29)), ((2, 30), 1, (30,)), ((2, 1, 1, 1, 8, 9), 2, (8, 9))])
def test_sides_that_a_box_is_cut_from(shape, axes, size): assert spatial_size(torch.rand(shape), axes) == size


@pytest.mark.parametrize('shape, axes, match', [
    ((2, 30), None, '`x` must have 3 dimensions or more'), ((2, 1, 1, 1, 8, 9), None, '`axes` must be given'), ((2, 3, 8), 3, '`x` must have 4 dimensions'),
    ((2, 3, 8, 8), 0, '`axes` must be a positive int'), ((2, 1, 2, 3, 4, 5), 4, '`axes` must be 1, 2 or 3'), ((2, 3, 8, 8), 1., '`axes` must be a positive int')])
def test_sides_that_are_refused(shape, axes, match):
    with pytest.raises(ValueError, match=match): spatial_size(torch.rand(shape), axes)


@pytest.mark.parametrize('channels', [1, 3])
def test_series_are_cut_along_time(channels):
    "In all channels alike, and the label's share is that of time"
    x = torch.arange(64.).view(-1, 1, 1).expand(64, channels, 200).clone()
    mixed, _, y_b, lam = cutmix_data(x, torch.arange(64), 1.)
    own = mixed == x
    assert torch.equal(own.any(1), own.all(1))
    assert torch.allclose(own.float().mean((1, 2)), lam)
    assert (lam < 1).float().mean() > .9


def test_gray_pictures_are_named_by_axes():
    x = torch.arange(8.).view(-1, 1, 1).expand(8, 20, 20).clone()
    mixed, _, _, lam = cutmix_data(x, torch.arange(8), 1., torch.Generator().manual_seed(1), axes=2)
    rows = (mixed != x).any(2).float().mean(1)
    assert ((rows > 0) & (rows < 1)).any()
    assert torch.allclose((mixed == x).float().mean((1, 2)), lam)


# the partner, resized

@pytest.mark.parametrize('shape, mode', [((3, 2, 9, 12), 'bilinear'), ((3, 2, 30), 'linear'), ((3, 1, 4, 6, 8), 'trilinear')])
def test_resizemix_shows_the_whole_partner(shape, mode):
    "Qin et al. 2020: the patch is the resized partner, and its label counts by area"
    x, perm, size = torch.randn(shape), torch.tensor([2, 0, 1]), shape[2:]
    box = rand_bbox(size, torch.tensor([.3, .5, .9]), inside=True)
    res, inplace = both(resizemix, x, perm, box)
    for i, o in enumerate(box.tolist()):
        sides = [b-a for a, b in zip(o[:len(size)], o[len(size):])]
        if 0 in sides: continue
        patch = torch.nn.functional.interpolate(x[perm[i]][None], sides, mode=mode)[0]
        assert torch.allclose(res[i][_cpu.slices(torch.tensor([o]))[0]], patch, atol=1e-5)
    assert torch.equal(inplace, res)
    outside = _torch.outside(box[:, None], x)
    assert torch.equal(torch.where(outside, res, 0), torch.where(outside, x, 0))


def test_resizemix_of_a_whole_box_is_the_partner():
    x, perm = torch.randn(3, 2, 9, 12), torch.tensor([2, 0, 1])
    assert torch.equal(resizemix(x, perm, torch.tensor([0, 0, 9, 12])), x[perm])


def test_resizemix_of_an_empty_box_is_the_image():
    x, perm = torch.randn(3, 2, 9, 12), torch.tensor([2, 0, 1])
    assert torch.equal(resizemix(x, perm, torch.tensor([4, 4, 4, 4])), x)


def test_resizemix_of_masks_makes_no_new_ids():
    mask = torch.randint(0, 2, (4, 9, 12))*7
    assert set(resizemix(mask, torch.tensor([1, 0, 3, 2]), torch.tensor([1, 1, 6, 8])).unique().tolist()) == {0, 7}


def test_resizemix_has_gradients():
    x, box = torch.randn(2, 1, 4, 5, dtype=torch.double, requires_grad=True), torch.tensor([[0, 0, 2, 3], [1, 1, 4, 4]])
    assert torch.autograd.gradcheck(lambda o: resizemix(o, torch.tensor([1, 0]), box), x)


# noise

@pytest.mark.parametrize('shape', [(2, 3, 6, 7), (3, 1, 1), (1,)])
def test_holes_are_filled_with_a_tensor(shape):
    x, box, fill = torch.randn(2, 3, 6, 7), torch.tensor([1, 2, 4, 6]), torch.randn(shape)
    res, inplace = both(cutout, x, box, fill)
    mask = torch.zeros(6, 7, dtype=torch.bool)
    mask[1:4, 2:6] = True
    assert torch.equal(res, torch.where(mask, fill.expand_as(x), x))
    assert torch.equal(inplace, res)
