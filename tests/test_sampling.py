"Draws: their laws, their ranges, and whose random numbers they use."
import math
from pathlib import Path
from types import SimpleNamespace

import numpy as np, pytest, torch
from helpers import random_states, same_states
from hypothesis import given, settings, strategies as st
from scipy import stats

import mixcourse
from mixcourse.mixing import box_lam, sampling
from mixcourse.mixing.checks import check_alpha, check_int
from mixcourse.mixing.sampling import new_generator, rand_bbox, rand_holes, rand_lam, rand_noise, rand_perm, send, send_all

quick = settings(max_examples=40, deadline=None)
sizes = st.tuples(st.integers(1, 20), st.integers(1, 20))


def gen(seed=0): return torch.Generator().manual_seed(seed)
def uniform(counts): return stats.chisquare(counts).pvalue > 1e-4


# lam

@pytest.mark.parametrize('alpha', [.05, .2, .4, 1, 2., 8., np.float32(.4), np.int64(3)])
def test_lam_follows_beta(alpha):
    lam = rand_lam(4000, alpha, gen())
    assert lam.shape == (4000,) and lam.dtype == torch.float32 and lam.min() >= 0 and lam.max() <= 1
    beta, q = stats.beta(float(alpha), float(alpha)), np.linspace(.02, .98, 49)
    assert np.abs((lam.numpy() <= q[:, None]).mean(1) - beta.cdf(q)).max() < .035
    assert abs(lam.mean()-.5) < 5*beta.std()/4000**.5


@pytest.mark.parametrize('alpha, value', [(0, 1.), (0., 1.), (math.inf, .5)])
def test_lam_at_the_ends_of_alpha(alpha, value): assert (rand_lam(5, alpha) == value).all()


@pytest.mark.parametrize('alpha', [5e-324, 1e-30, 1e-6, 1e-3])
def test_tiny_alpha_takes_one_or_the_other(alpha):
    lam = rand_lam(400, alpha, gen())
    assert not lam.isnan().any() and ((lam < .05) | (lam > .95)).float().mean() > .97 and .4 < lam.mean() < .6


@pytest.mark.parametrize('alpha', [1e6, 1e30, 1e300])
def test_huge_alpha_is_a_half(alpha): assert (rand_lam(400, alpha, gen())-.5).abs().max() < .01


@pytest.mark.parametrize('alpha', [-1, -1e-9, math.nan, -math.inf, '1', None, True, 1j, [1], torch.tensor(1.), np.ones(1)])
@pytest.mark.parametrize('f', [check_alpha, lambda a: rand_lam(3, a)])
def test_bad_alpha(alpha, f):
    with pytest.raises(ValueError, match='`alpha`.*>= 0'): f(alpha)


@pytest.mark.parametrize('v', [0, -1, 1., '3', None, True, math.nan])
def test_bad_int(v):
    with pytest.raises(ValueError, match='`length` must be a positive int'): check_int('length', v)


@pytest.mark.parametrize('v', [1, 0, -3])
def test_smallest_int_is_named(v):
    with pytest.raises(ValueError, match=f'`classes` must be an int >= 2, got {v}'): check_int('classes', v, least=2)


@pytest.mark.parametrize('least', [0, 1, 2, 7])
def test_smallest_int_is_taken(least): assert check_int('n', least, least) == least


# perm

@quick
@given(st.integers(0, 40), st.integers(0, 99))
def test_partners_swap(n, seed):
    perm = rand_perm(n, gen(seed))
    assert perm.dtype == torch.long and perm.shape == (n,)
    assert torch.equal(perm[perm], torch.arange(n))           # its own inverse, so a permutation
    assert (perm == torch.arange(n)).sum() == n % 2           # only an odd one out is alone


def test_every_partner_is_equally_likely():
    g = gen()
    perms = torch.stack([rand_perm(5, g) for _ in range(2000)])
    for i in range(5): assert uniform(torch.bincount(perms[:, i], minlength=5).numpy())


# boxes

@quick
@given(sizes, st.lists(st.floats(0, 1), min_size=1, max_size=8), st.integers(0, 99))
def test_boxes_are_the_papers(size, lam, seed):
    "Sides sqrt(1-lam) of the image's, cut at the border only"
    (H, W), box = size, rand_bbox(size, torch.tensor(lam), gen(seed))
    y1, x1, y2, x2 = box.unbind(1)
    assert box.shape == (len(lam), 4) and box.dtype == torch.long
    assert (0 <= y1).all() and (y1 <= y2).all() and (y2 <= H).all() and (0 <= x1).all() and (x1 <= x2).all() and (x2 <= W).all()
    for l, (a, b, c, d) in zip(torch.tensor(lam).double().tolist(), box.tolist()):
        h, w = int(H*math.sqrt(1-l)), int(W*math.sqrt(1-l))
        assert c-a == h if a > 0 and c < H else c-a <= h      # whole inside, less at the border
        assert d-b == w if b > 0 and d < W else d-b <= w
        assert c-a >= h//2 and d-b >= w//2                    # the center lies in the image


def test_box_lam_is_the_share_that_stays():
    box = rand_bbox((7, 12), rand_lam(200, 1., gen()), gen(1))
    lam = box_lam(box, (7, 12))
    for l, (y1, x1, y2, x2) in zip(lam, box.tolist()):
        m = torch.ones(7, 12)
        m[y1:y2, x1:x2] = 0
        assert torch.isclose(l, m.mean())
    assert lam.dtype == torch.float32 and ((lam >= 0) & (lam <= 1)).all()


def test_lam_one_has_no_box(): assert (box_lam(rand_bbox((5, 9), torch.ones(50), gen()), (5, 9)) == 1).all()
def test_lam_zero_fills_a_quarter_or_more(): assert (box_lam(rand_bbox((6, 8), torch.zeros(200), gen()), (6, 8)) <= .75).all()


def test_centers_are_uniform_over_pixels():
    "Boxes of one pixel show the center"
    box = rand_bbox((3, 5), torch.full((3000,), .88), gen())
    assert ((box[:, 2]-box[:, 0])*(box[:, 3]-box[:, 1]) == 1).all()
    assert uniform(torch.bincount(box[:, 0]*5+box[:, 1], minlength=15).numpy())


@pytest.mark.parametrize('size', [(32, 32), (224, 224)])
def test_mean_mixed_area_at_alpha_one(size):
    "The paper's clipped boxes cover .32 of a continuous square, a little less on a grid; boxes kept inside would cover .5"
    area = 1-box_lam(rand_bbox(size, rand_lam(20_000, 1., gen()), gen(1)), size)
    assert .295 < area.mean() < .328


# holes

@quick
@given(sizes, st.integers(0, 5), st.integers(1, 30), st.integers(1, 3), st.integers(0, 99))
def test_holes_are_squares_cut_at_the_border(size, n, length, n_holes, seed):
    box = rand_holes(size, n, length, n_holes, gen(seed))
    assert box.shape == (n, n_holes, 4) and box.dtype == torch.long
    for lo, hi, s in ((box[..., 0], box[..., 2], size[0]), (box[..., 1], box[..., 3], size[1])):
        assert (0 <= lo).all() and (lo < hi).all() and (hi <= s).all()
        assert ((hi-lo == length) | ((lo == 0) | (hi == s)) & (hi-lo < length)).all()
        assert (hi-lo >= min(s, length//2)).all() or s < length


@pytest.mark.parametrize('size', [(40, 64), (64, 40), (50,), (40, 50, 60)])
def test_a_share_is_one_of_the_shorter_side(size):
    box = rand_holes(size, 400, .25, generator=gen())[:, 0]
    sides = box[:, len(size):]-box[:, :len(size)]
    assert (sides.amax(0) == round(.25*min(size))).all()


def test_the_smallest_share_is_a_pixel():
    box = rand_holes((8, 8), 5, .001, generator=gen())
    assert (box[..., 2:]-box[..., :2] == 1).all()


@pytest.mark.parametrize('ratio', [(1/3, 3), (2, 2), (.5, .6)])
def test_rectangles_keep_the_area_and_the_ratio(ratio):
    y1, x1, y2, x2 = rand_holes((1000, 1000), 300, 60, generator=gen(), ratio=ratio)[:, 0].T
    whole = (y1 > 0) & (x1 > 0) & (y2 < 1000) & (x2 < 1000)
    h, w = (y2-y1)[whole], (x2-x1)[whole]
    assert (h*w/3600-1).abs().max() < .05
    assert ((h/w > .93*ratio[0]) & (h/w < 1.07*ratio[1])).all()


@pytest.mark.parametrize('ratio', [(2, 1), (0, 1), (1, 2, 3)])
def test_bad_ratio(ratio):
    with pytest.raises(ValueError, match='`ratio` must be a pair'): rand_holes((9, 9), 2, 3, ratio=ratio)


def test_ratio_is_of_pictures():
    with pytest.raises(ValueError, match='`ratio` must be None but for pictures'): rand_holes((9,), 2, 3, ratio=(1, 2))


@quick
@given(st.lists(st.integers(1, 20), min_size=1, max_size=3), st.lists(st.floats(0, 1), min_size=1, max_size=6), st.booleans(), st.integers(0, 99))
def test_sides_follow_the_number_of_axes(size, lam, inside, seed):
    "Each (1-lam)**(1/axes) of the image's"
    axes, lam = len(size), torch.tensor(lam)
    box = rand_bbox(size, lam, gen(seed), inside=inside)
    sides, most = box[:, axes:]-box[:, :axes], torch.tensor(size)
    want = (most*(1-lam.double()[:, None])**(1/axes)+1e-9).long()
    assert ((0 <= box[:, :axes]) & (box[:, axes:] <= most)).all()
    assert (sides <= want).all()
    if inside: assert ((sides == want) | (sides+1 == want)).all()


@quick
@given(st.lists(st.integers(1, 30), min_size=1, max_size=3), st.integers(0, 30), st.floats(0, 1), st.integers(0, 99))
def test_a_box_alone_is_the_one_that_tensors_make(size, side, lam, seed):
    "Also where a side is a whole number of pixels, which a rounded root may miss"
    for kept in (lam, 1-(min(side, size[0])/size[0])**len(size)):
        kept = torch.tensor([kept])
        share = (1-kept.double()).pow(1/len(size))
        centers = sampling._centers((1,), size, gen(seed))
        want = sampling._clipped(centers, [(s*share).long() for s in size], size)
        box = rand_bbox(size, kept, gen(seed))
        assert torch.equal(box, want) and box.dtype == want.dtype


def test_whole_boxes_are_uniform_over_positions():
    box = rand_bbox((4, 6), torch.full((3000,), .75), gen(), inside=True)
    assert uniform(torch.bincount(box[:, 0]*4+box[:, 1], minlength=12).numpy())


# noise and devices

def test_noise_repeats_and_leaves_the_global_state():
    x, before = torch.zeros(4, 3, 8, 8), random_states()
    a, b, c = rand_noise(x, gen(1)), rand_noise(x, gen(1)), rand_noise(x, gen(2))
    assert torch.equal(a, b)
    assert not torch.equal(a, c)
    assert same_states(before, random_states())


def test_noise_is_normal(): assert stats.kstest(rand_noise(torch.zeros(5000), gen()).numpy(), 'norm').pvalue > 1e-4


@pytest.mark.parametrize('device, want', [
    ('cuda', [('pin_memory',), ('to', 'cuda', dict(non_blocking=True))]), ('mps', [('to', 'mps', {})]), ('cpu', [])])
def test_only_cuda_is_not_waited_for(device, want):
    "A copy to MPS that is under way when its source is freed reads other memory"
    class Host:
        device = torch.device('cpu')
        def pin_memory(self): return seen.append(('pin_memory',)) or self
        def to(self, device, **kwargs): return seen.append(('to', device.type, kwargs)) or self
    seen = []
    send(Host(), device)
    assert seen == want


@pytest.fixture
def sent(monkeypatch):
    "Where each copy went, on a machine without CUDA"
    seen = []
    monkeypatch.setattr(sampling, 'send', lambda t, device: seen.append(device.type) or t.clone())
    return seen


@pytest.mark.parametrize('n, n_boxes', [(8, 8), (9, 9), (9, 1), (1, 1), (0, 0)])
def test_one_copy_for_all(n, n_boxes, sent):
    "Of any number of images, also where four bytes follow an odd number of eight"
    tensors = torch.randint(9, (n_boxes, 4)), torch.randperm(n), torch.rand(n_boxes)
    there = send_all(SimpleNamespace(type='cuda'), *tensors)
    assert sent == ['cuda']
    for a, b in zip(tensors, there, strict=True):
        assert a.dtype == b.dtype
        assert torch.equal(a, b)
        assert b.is_contiguous()


@pytest.mark.parametrize('device, perm', [('cpu', torch.arange(3)), ('mps', torch.arange(3)), ('cuda', torch.arange(3, device='meta'))])
def test_else_each_goes_by_itself(device, perm, sent):
    "Also where partners are on the device already"
    send_all(SimpleNamespace(type=device), perm, torch.rand(3))
    assert sent == [device]*2


def test_what_is_on_the_host_goes_as_one_beside_partners_on_the_device(sent):
    "As `pair=` leaves them, for it looks at targets"
    tensors = torch.randint(9, (3, 4)), torch.arange(3, device='meta'), torch.rand(3)
    box, perm, lam = send_all(SimpleNamespace(type='cuda'), *tensors)
    assert len(sent) == 2
    assert torch.equal(box, tensors[0]) and perm.device.type == 'meta' and torch.equal(lam, tensors[2])


def test_nothing_else_is_sent_without_waiting():
    "But in the module of kernels, whose tensors are on CUDA"
    package = Path(mixcourse.__file__).parent
    found = [p.name for p in package.rglob('*.py') if 'non_blocking' in p.read_text(encoding='utf-8')]
    assert set(found) <= {'sampling.py', '_cuda.py'}


def test_holes_are_uniform_over_pixels():
    box = rand_holes((4, 3), 1500, 1, 2, gen())
    at = box[..., 0]*3+box[..., 1]
    assert uniform(torch.bincount(at.flatten(), minlength=12).numpy())
    assert uniform(torch.bincount(at[:, 0]*12+at[:, 1], minlength=144).numpy())  # two holes of one image are independent


@pytest.mark.parametrize('kw, name', [(dict(length=0), 'length'), (dict(length=2.), 'length'), (dict(length=0.), 'length'), (dict(length=math.nan), 'length'), (dict(length=True), 'length'), (dict(length='2'), 'length'), (dict(length=2, n_holes=0), 'n_holes')])
def test_bad_holes(kw, name):
    with pytest.raises(ValueError, match=f'`{name}` must be a positive int'): rand_holes((4, 4), 2, **kw)


# whose random numbers

draws = {'lam': lambda g: rand_lam(9, .4, g), 'perm': lambda g: rand_perm(9, g), 'bbox': lambda g: rand_bbox((9, 9), torch.full((9,), .5), g),
         'holes': lambda g: rand_holes((9, 9), 9, 3, 2, g)}


@pytest.mark.parametrize('f', draws.values(), ids=draws)
def test_generator_decides(f):
    before = random_states()
    a, b, c = f(gen(1)), f(gen(1)), f(gen(2))
    assert torch.equal(a, b) and not torch.equal(a, c)
    assert same_states(before, random_states())


@pytest.mark.parametrize('f', draws.values(), ids=draws)
def test_global_seed_decides_without_a_generator(f):
    torch.manual_seed(3)
    a = f(None)
    torch.manual_seed(3)
    assert torch.equal(a, f(None)) and not torch.equal(a, f(None))


def test_new_generator():
    def first(*args): return torch.rand(4, generator=new_generator(*args)).tolist()
    before = random_states()
    assert first(1) == first(1) and len({tuple(first(*o)) for o in [(0,), (1,), (0, 1), (1, 1), (), (None, 1)]}) == 6
    assert first() == first() and same_states(before, random_states())
    torch.manual_seed(5)
    a = first()
    torch.rand(1)
    assert a != first()
    torch.manual_seed(5)
    assert a == first()


@pytest.mark.parametrize('seed', [-1, 1.5, '1', True])
def test_bad_seed(seed):
    with pytest.raises(ValueError, match='`seed` must be an int >= 0'): new_generator(seed)
