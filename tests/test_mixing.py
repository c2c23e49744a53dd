"Pixels: every shape, type and layout, against a loop and against torchvision."
import warnings
from functools import partial

import numpy as np, pytest, torch
from helpers import plains, random_states, read_dots, read_plains, same_states
from hypothesis import given, settings, strategies as st
from torchvision.transforms import v2
from ways import both, every_way

from mixcourse.mixing import _cpu, _torch, resizemix
from mixcourse.mixing.ops import at_seam
from mixcourse.mixing.batch import cutmix_data, mixup_data
from mixcourse.mixing import box_lam, cutmix, cutout, mixup, paste
from mixcourse.mixing.sampling import rand_bbox, rand_lam, rand_perm

quick = settings(max_examples=25, deadline=None)
dtypes = [torch.float32, torch.float64, torch.float16, torch.bfloat16]


def plain(x): return x
def channels_last(x): return x.contiguous(memory_format={4: torch.channels_last, 5: torch.channels_last_3d}.get(x.ndim, torch.contiguous_format))
def turned(x): return x.transpose(-1, -2).contiguous().transpose(-1, -2)
def strided(x): return x.repeat_interleave(2, -1)[..., ::2]
def part(x): return torch.cat([x, x], 1)[:, :x.shape[1]]


@st.composite
def batches(draw):
    "Images of 3 to 5 dimensions, with partners, shares and boxes"
    shape = (draw(st.integers(1, 5)), *draw(st.lists(st.integers(1, 3), max_size=2)), draw(st.integers(1, 9)), draw(st.integers(1, 9)))
    g = torch.Generator().manual_seed(draw(st.integers(0, 9999)))
    layout, dtype = draw(st.sampled_from([plain, channels_last, turned, strided, part])), draw(st.sampled_from(dtypes))
    x = layout(torch.randn(shape, generator=g).to(dtype))
    lam = torch.rand(shape[0], generator=g)
    perm = draw(st.sampled_from([rand_perm(shape[0], g), torch.randperm(shape[0], generator=g), torch.zeros(shape[0], dtype=torch.long)]))
    return x, perm, lam, rand_bbox(shape[-2:], torch.rand(shape[0], generator=g), g)


def holes_of(x, n): return torch.stack([rand_bbox(x.shape[-2:], torch.full((len(x),), .8), torch.Generator().manual_seed(i)) for i in range(n)], 1)


def loop_mixup(x, perm, lam):
    rows = [lam[i].to(x.dtype).double()*x[i].double() + (1-lam[i].to(x.dtype).double())*x[perm[i]].double() for i in range(len(x))]
    return torch.stack(rows).to(x.dtype)


def loop_cutmix(x, perm, box):
    res = x.clone()
    for i, (y1, x1, y2, x2) in enumerate(box.tolist()):
        for r in range(y1, y2):
            for c in range(x1, x2): res[i, ..., r, c] = x[perm[i], ..., r, c]
    return res


def loop_cutout(x, box, value):
    res = x.clone()
    for i, holes in enumerate(box.tolist()):
        for y1, x1, y2, x2 in holes:
            for r in range(y1, y2):
                for c in range(x1, x2): res[i, ..., r, c] = value
    return res


def same_kind(a, b): assert a.shape == b.shape and a.dtype == b.dtype and a.device == b.device
tol = {torch.float16: 2e-3, torch.bfloat16: 2e-2, torch.float32: 1e-6, torch.float64: 1e-12}


@quick
@given(batches())
def test_mixup_is_the_loop(b):
    x, perm, lam, _ = b
    was = x.clone()
    res = mixup(x, perm, lam)
    same_kind(res, x)
    assert torch.equal(x, was) and torch.allclose(res, loop_mixup(x, perm, lam), atol=2*tol[x.dtype], rtol=tol[x.dtype])
    inplace = x.clone()
    assert mixup(inplace, perm, lam, inplace=True) is inplace and torch.equal(inplace, res)


@every_way
@quick
@given(batches())
def test_mixup_is_the_same_every_way(way, b):
    x, perm, lam, _ = b
    want = torch.lerp(x[perm], x, lam.to(x.dtype).view(-1, *[1]*(x.ndim-1)))
    with at_seam(lambda _: way): res, inplace = both(mixup, x, perm, lam)
    assert torch.equal(res, want)
    assert torch.equal(inplace, want)


@every_way
@quick
@given(batches())
def test_cutmix_is_the_loop(way, b):
    x, perm, _, box = b
    want = loop_cutmix(x, perm, box)
    with at_seam(lambda _: way): res, inplace = both(cutmix, x, perm, box)
    same_kind(res, x)
    assert torch.equal(res, want)
    assert torch.equal(inplace, want)


@every_way
@quick
@given(batches(), st.integers(1, 3), st.sampled_from([0., -1.5, 1, .1]))
def test_cutout_is_the_loop(way, b, n, value):
    x, box = b[0], holes_of(b[0], n)
    want = loop_cutout(x, box, value)
    with at_seam(lambda _: way): res, inplace = both(cutout, x, box, value)
    same_kind(res, x)
    assert torch.equal(res, want)
    assert torch.equal(inplace, want)


@pytest.mark.parametrize('op', ['cutmix', 'cutout'])
@quick
@given(batches())
def test_memory_format_is_kept(op, b):
    x, perm, _, box = b
    res = cutmix(x, perm, box) if op == 'cutmix' else cutout(x, box)
    assert res.stride() == x.clone().stride()


@every_way
@quick
@given(batches())
def test_one_box_for_all_is_that_box_in_each(way, b):
    x, perm, _, box = b
    with at_seam(lambda _: way):
        for op, one in (partial(cutmix, x, perm), box[0]), (partial(cutout, x), box[0]), (partial(cutout, x), holes_of(x, 2)[0]):
            want = op(one.expand(len(x), *one.shape))
            for same in [one[None], one][:3-one.ndim]: assert torch.equal(op(same), want)
            y = x.clone()
            op.func(y, *op.args[1:], one[None], inplace=True)
            assert torch.equal(y, want)


# the seam

def test_seam_is_left_as_it_was():
    "Also by an error"
    x, box = torch.randn(2, 1, 4, 4), torch.tensor([0, 0, 2, 2])
    seen = []
    with pytest.raises(ZeroDivisionError), at_seam(lambda way: seen.append(way) or way):
        cutout(x, box)
        1/0
    cutout(x, box)
    assert seen == [_cpu]


def test_gradients_take_plain_torch():
    x, seen = torch.randn(2, 1, 4, 4, requires_grad=True), []
    with at_seam(lambda way: seen.append(way) or way): mixup(x, torch.tensor([1, 0]), .3)
    assert seen == [_torch]


def test_a_share_with_a_gradient_takes_plain_torch():
    lam, seen = torch.rand(2, requires_grad=True), []
    with at_seam(lambda way: seen.append(way) or way): mixup(torch.randn(2, 1, 4, 4), torch.tensor([1, 0]), lam)
    assert seen == [_torch]


@quick
@given(batches())
def test_endpoints(b):
    x, perm, _, _ = b
    one, zero = torch.ones(len(x)), torch.zeros(len(x))
    H, W = x.shape[-2:]
    assert torch.equal(mixup(x, perm, one), x) and torch.equal(mixup(x, perm, zero), x[perm])
    assert torch.equal(cutmix(x, perm, torch.tensor([0, 0, H, W])), x[perm]) and torch.equal(cutmix(x, perm, torch.tensor([H//2, 0, H//2, W])), x)
    assert (cutout(x, torch.tensor([0, 0, H, W])) == 0).all()
    for l in (1., 0., .5): assert torch.equal(mixup(x, perm, l), mixup(x, perm, torch.full((len(x),), l)))


@pytest.mark.parametrize('dtype', dtypes, ids=str)
def test_pixels_outside_the_box_are_bit_equal(dtype):
    "Not a number, infinity and minus zero included"
    x = torch.randn(4, 2, 6, 7).to(dtype)
    x[0, 0], x[1, 0], x[2, 0] = torch.nan, -torch.inf, -0.
    bits = {8: torch.int64, 4: torch.int32, 2: torch.int16}[x.element_size()]
    perm, box = torch.tensor([3, 2, 1, 0]), torch.tensor([1, 2, 4, 6])
    for o, want in ((cutmix(x, perm, box), x[perm]), (cutout(x, box), torch.zeros_like(x)), (paste(x.clone().requires_grad_(), perm, box).detach(), x[perm])):
        inside = torch.zeros(6, 7, dtype=torch.bool)
        inside[1:4, 2:6] = True
        assert torch.equal(o.view(bits), torch.where(inside, want.view(bits), x.view(bits)))


@pytest.mark.parametrize('f', [lambda x, p, l, b: mixup(x, p, l), lambda x, p, l, b: cutmix(x, p, b), lambda x, p, l, b: cutout(x, b)],
                         ids=['mixup', 'cutmix', 'cutout'])
def test_channels_last_is_kept(f):
    x, perm, lam = torch.randn(4, 3, 6, 5), torch.tensor([1, 0, 3, 2]), torch.rand(4)
    box = rand_bbox((6, 5), lam)
    cl = x.to(memory_format=torch.channels_last)
    assert f(cl, perm, lam, box).is_contiguous(memory_format=torch.channels_last) and torch.equal(f(cl, perm, lam, box), f(x, perm, lam, box))
    assert f(cl.requires_grad_(), perm, lam, box).is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize('dtype', [torch.float32, torch.bfloat16], ids=str)
def test_compiled_in_one_graph(dtype):
    "No graph breaks, and the pixels of the plain way"
    x, perm, lam = torch.randn(4, 3, 6, 5).to(dtype), torch.tensor([1, 0, 3, 2]), torch.rand(4)
    box = rand_bbox((6, 5), lam)
    torch._dynamo.reset()
    for f, args in ((mixup, (x, perm, lam)), (cutmix, (x, perm, box)), (cutout, (x, box))):
        assert torch.equal(torch.compile(f, fullgraph=True, backend='eager')(*args), f(*args))


def test_gradients_reach_both_pictures():
    x, perm, box = torch.randn(2, 1, 4, 4, dtype=torch.double, requires_grad=True), torch.tensor([1, 0]), torch.tensor([[0, 0, 2, 3], [1, 1, 4, 4]])
    assert torch.autograd.gradcheck(lambda o: mixup(o, perm, torch.tensor([.3, .8])), x)
    assert torch.autograd.gradcheck(lambda o: cutmix(o, perm, box), x)
    assert torch.autograd.gradcheck(lambda o: cutout(o, box), x)


@pytest.mark.parametrize('dtype', [torch.long, torch.uint8, torch.bool, torch.bfloat16, torch.int32], ids=str)
def test_masks_are_pasted_whatever_their_type(dtype):
    m, perm, box = (torch.rand(3, 5, 4)*9).to(dtype), torch.tensor([2, 0, 1]), torch.tensor([[0, 1, 3, 4], [2, 2, 2, 2], [0, 0, 5, 4]])
    assert torch.equal(paste(m, perm, box), loop_cutmix(m, perm, box)) and paste(m, perm, box).dtype == dtype


# against torchvision

@pytest.mark.parametrize('seed', range(4))
def test_torchvision_mixes_alike(seed):
    torch.manual_seed(seed)
    x, y = torch.randn(5, 3, 9, 12), torch.arange(5)
    for cls in (v2.MixUp, v2.CutMix):
        op = cls(num_classes=5)
        params = op.make_params([x])
        theirs = getattr(op, 'transform', None) or op._transform
        want = theirs(x, dict(params, labels=y, batch_size=5))
        perm = torch.arange(5).roll(1, 0)
        if cls is v2.MixUp: assert torch.allclose(mixup(x, perm, params['lam']), want, atol=1e-6)
        else:
            x1, y1, x2, y2 = params['box']
            box = torch.tensor([y1, x1, y2, x2])
            assert torch.equal(cutmix(x, perm, box), want)
            assert torch.isclose(box_lam(box, (9, 12)), torch.tensor(params['lam_adjusted']))


# refusals

ok = torch.rand(4, 2, 5, 6), torch.arange(4), torch.rand(4), torch.tensor([0, 0, 2, 2])


@pytest.mark.parametrize('f, match', [
    (lambda x, p, l, b: mixup(x.byte(), p, l), '`x` must be float, got torch.uint8'),
    (lambda x, p, l, b: cutmix(x.byte(), p, b), '`x` must be float, got torch.uint8'),
    (lambda x, p, l, b: cutout(x.long(), b), '`x` must be float, got torch.int64'),
    (lambda x, p, l, b: mixup(x.numpy(), p, l), '`x` must be a tensor, got ndarray'),
    (lambda x, p, l, b: mixup(x, p[:3], l), r'`perm` must have shape \(4,\).*got \(3,\)'),
    (lambda x, p, l, b: mixup(x, p, l[:3]), r'`lam` must have shape \(4,\).*got \(3,\)'),
    (lambda x, p, l, b: mixup(x, p, l[:, None]), '`lam` must have shape'),
    (lambda x, p, l, b: mixup(x[:, 0, 0, 0], p, l), '`x` must have 2 dimensions or more'),
    (lambda x, p, l, b: cutmix(x[:, 0, 0], p, b), '`x` must have 3 dimensions or more'),
    (lambda x, p, l, b: cutout(x[:, 0, 0], b), '`x` must have 3 dimensions or more'),
    (lambda x, p, l, b: cutmix(x, p[:3], b), '`perm` must have shape'),
    (lambda x, p, l, b: cutmix(x, p, b[:3]), '`box` must have shape'),
    (lambda x, p, l, b: cutmix(x, p, b.expand(3, 4)), '`box` must have shape'),
    (lambda x, p, l, b: cutout(x, b.expand(3, 2, 4)), '`box` must have shape'),
    (lambda x, p, l, b: cutout(x, b[:3]), '`box` must have shape'),
    (lambda x, p, l, b: cutout(x, b.float()), '`box` must be long, got torch.float32'),
    (lambda x, p, l, b: cutout(x, b, 'noise'), '`value` must be a number or a tensor'),
    (lambda x, p, l, b: cutout(x, b, torch.rand(7)), '`value` must broadcast to shape'),
    (lambda x, p, l, b: mixup(x, p+1, l), '`perm` must name images of a batch of 4, got 1 to 4'),
    (lambda x, p, l, b: paste(x, p-5, b), '`perm` must name images of a batch of 4, got -5 to -2'),
    (lambda x, p, l, b: resizemix(x, p-5, b), '`perm` must name images'),
    (lambda x, p, l, b: mixup(x, p > 1, l), '`perm` must be long, got torch.bool'),
    (lambda x, p, l, b: box_lam(b, (9,)), '`box` must have 2 numbers')])
def test_refusals(f, match):
    with pytest.raises(ValueError, match=match): f(*ok)


# drawn and mixed in one call

def as_array(x, y): return x.numpy(), y.numpy()
def as_tensor(x, y): return x, y


@pytest.mark.parametrize('kind', [as_array, as_tensor])
@pytest.mark.parametrize('n', [1, 7, 16])
def test_batch_functions_say_what_they_did(kind, n):
    "The mix read from the pixels is the one returned"
    x, y = plains(n, (7, 9))
    res = dict(mixup=mixup_data(*kind(x, y), 1.), cutmix=cutmix_data(*kind(x, y), 1.))
    for name, (mixed, y_a, y_b, lam) in res.items():
        assert all(isinstance(o, np.ndarray if kind is as_array else torch.Tensor) for o in (mixed, y_a, y_b, lam))
        mixed, y_a, y_b, lam = map(torch.as_tensor, (mixed, y_a, y_b, lam))
        assert mixed.shape == x.shape and mixed.dtype == x.dtype and torch.equal(y_a, y) and lam.shape == (n,)
        assert torch.allclose(mixed.mean((1, 2, 3)), lam*(y_a+1)+(1-lam)*(y_b+1), atol=1e-4)
        if name == 'cutmix':
            seen_b, seen_lam = read_plains(mixed, y_a)
            assert torch.allclose(seen_lam, torch.where(y_a == y_b, 1., lam)) and (seen_b == y_b)[(lam < 1) & (lam > 0)].all()


@pytest.mark.parametrize('n', [1, 2])
@pytest.mark.parametrize('f', [mixup_data, cutmix_data])
def test_batch_functions_take_labels_of_another_kind(f, n):
    "A tensor with an array or a list"
    for y in (np.arange(n), [f'c{i}' for i in range(n)]):
        _, y_a, y_b, _ = f(torch.rand(n, 1, 4, 4), y)
        assert y_a.shape == y_b.shape == (n,) and set(y_b) == set(y)


def test_mixup_data_on_dots():
    x, y = torch.eye(16).view(16, 1, 4, 4), torch.arange(16)
    mixed, y_a, y_b, lam = mixup_data(x, y, .4)
    seen_b, seen_lam = read_dots(mixed, y_a)
    assert torch.allclose(seen_lam, lam, atol=1e-6) and (seen_b == y_b)[(lam < 1) & (lam > 0)].all()
    assert lam.unique().numel() > 8  # one for each picture


@pytest.mark.parametrize('f', [mixup_data, cutmix_data])
def test_batch_functions_write_to_nothing(f):
    x, y = np.random.rand(6, 3, 5, 5).astype('float32'), np.eye(6, dtype='float32')
    was, before = (x.copy(), y.copy()), random_states()
    a = f(x, y, generator=torch.Generator().manual_seed(1))
    assert (x == was[0]).all() and (y == was[1]).all() and same_states(before, random_states())
    b = f(x, y, generator=torch.Generator().manual_seed(1))
    assert all((o == p).all() for o, p in zip(a, b)) and (a[0] != x).any()
    x.setflags(write=False)
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        f(x, y)


@pytest.mark.parametrize('f', [mixup_data, cutmix_data])
def test_batch_functions_keep_types_and_refuse(f):
    y = np.arange(4)
    for dtype in ('float16', 'float64'): assert f(np.random.rand(4, 1, 3, 3).astype(dtype), y)[0].dtype == dtype
    x = np.random.rand(4, 1, 3, 3)
    assert (f(x, y, alpha=0)[0] == x).all() and (f(x, y, alpha=0)[3] == 1).all()
    assert np.allclose(f(x[..., ::-1], y, alpha=0)[0], x[..., ::-1])  # as left by a flip
    for args, match in (((x, y, -1), '`alpha`'), ((x, y[:3]), 'same length'), (((x*255).astype('uint8'), y), '`x` must be float')):
        with pytest.raises(ValueError, match=match): f(*args)


def test_lam_is_drawn_for_each_picture(): assert rand_lam(16, 1.).unique().numel() > 8
