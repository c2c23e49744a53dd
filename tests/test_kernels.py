"Every way to mix gives one result: by hand on a CPU, as an expression, traced, and as a Triton kernel."
import os, subprocess, sys
from pathlib import Path

import pytest, torch

from mixcourse.mixing import _cpu, _torch, cutmix, cutout, mixup, paste
from mixcourse.mixing.ops import at_seam
from mixcourse.mixing.sampling import rand_bbox, rand_holes, rand_lam, rand_perm


def last(x): return x.contiguous(memory_format={4: torch.channels_last, 5: torch.channels_last_3d}[x.ndim])


def draws(n, size, i):
    "Partners that swap, that do not, and that all are one; empty boxes and full ones"
    perm = [rand_perm(n), torch.arange(n)-1, torch.zeros(n, dtype=torch.long)][i]
    box = rand_bbox(size, rand_lam(n, 1.))
    box[0] = torch.tensor([0, 0, *size]) if i else torch.tensor([1, 1, 1, 3])
    return perm, rand_lam(n, 1.), box, rand_holes(size, n, 5, n_holes=1+i)


def batches(sizes=((8, 9), (100, 60))):
    for size in sizes:
        x = torch.randn(3, 2, *size)
        yield from (x, last(x), x.half(), x.bfloat16(), x[:, 0], last(x[:, :, None].repeat(1, 1, 2, 1, 1)), x[:1], x[:, :, 1:, 1:])


def close(a, b): return a.shape == b.shape and torch.allclose(a.float(), b.float(), **(dict(rtol=1e-5, atol=1e-6) if a.dtype == torch.float32 else dict(rtol=.02, atol=.02)))


def results(x, perm, lam, box, holes, inplace=False, **kwargs):
    "What each operation makes of `x`, in both kinds of `lam`"
    for f, args in ((mixup, (perm, lam)), (mixup, (perm, lam[:1])), (mixup, (perm, .3)), (mixup, (perm, torch.ones(1))), (mixup, (perm, torch.zeros(len(x)))),
                    (cutmix, (perm, box)), (cutmix, (perm, box[0])), (cutout, (holes,)), (cutout, (box, .5)),
                    (cutmix, (perm, box[-1].expand_as(box))), (cutout, (holes[-1].expand_as(holes), 1.))):
        yield f, f(x.clone(), *[o.to(x.device) if isinstance(o, torch.Tensor) else o for o in args], **kwargs, inplace=inplace)


def check(device, sizes=((8, 9), (100, 60))):
    "The kernels against the expressions, on `device`; the interpreter is slow"
    for n, x in enumerate(batches(sizes)):
        i, inplace = n % 3, n % 2 == 1
        d = draws(len(x), x.shape[-2:], i)
        want = list(results(x.requires_grad_(), *d))
        got = list(results(x.detach().to(device), *d, inplace=inplace))
        for (f, a), (_, b) in zip(want, got): assert (close if f is mixup else torch.equal)(a.detach(), b.cpu()), (f, x.shape, x.dtype, inplace)
        assert torch.equal(got[3][1].cpu(), x) and torch.equal(got[4][1].cpu(), x[d[0]])
        mask = x.detach() > 0
        assert torch.equal(paste(mask.to(device), d[0].to(device), d[2]).cpu(), paste(mask.float().requires_grad_(), d[0], d[2]) > 0)


def interpreted():
    "`check` on a CPU, with the kernels run by Triton's interpreter; counts their launches"
    from mixcourse.mixing import _cuda as kernels
    ran, run = [], kernels._run
    kernels._run = lambda kernel, *args, **kwargs: (ran.append(kernel), run(kernel, *args, **kwargs))
    with at_seam(launched): check('cpu', [(20, 30)])
    return len(ran), len(set(ran)), *batches_moved()


class Kernels:
    "Stands for the CPU's way: kernels where they can, and plain torch"
    def __getattr__(self, name):
        from mixcourse.mixing import _cuda
        def call(x, *args):
            able = _cuda.can_do(x, 2 if name == 'mixup' else args[name == 'paste'].shape[-1]//2)
            return getattr(_cuda if able else _torch, name)(x, *args)
        return call


def launched(way): return _torch if way is _torch else Kernels()


def batches_moved():
    "What the benchmark says of each call, out of place and in place, in batches read and written"
    from mixcourse.mixing import _cuda as kernels
    from mixcourse.bench.__main__ import traffic
    kernels._run = lambda *args, **kwargs: None  # the interpreter's own operators do not count
    x, swap, turn, box = torch.randn(16, 3, 32, 32), -1-torch.arange(16), torch.arange(16).roll(1), torch.tensor([0, 0, 16, 16])
    calls = (mixup, swap, torch.rand(16)), (mixup, turn, torch.rand(16)), (cutmix, swap, box), (cutmix, turn, box), (cutout, box)
    with at_seam(launched): return [round(traffic(lambda x: f(x, *args, inplace=o), x).bytes/(x.numel()*4), 1) for f, *args in calls for o in (False, True)]


def test_kernels_interpreted():
    pytest.importorskip('triton')
    res = subprocess.run([sys.executable, '-W', 'ignore', '-c', 'import test_kernels as t; print(*t.interpreted())'], cwd=Path(__file__).parent,
                         env={**os.environ, 'TRITON_INTERPRET': '1'}, capture_output=True, text=True)
    assert not res.returncode, res.stderr
    ran, kinds, *moved = map(float, res.stdout.split())
    assert kinds == 5 and ran > 60
    assert moved == pytest.approx([2, 2, 3, 5, 2, .5, 2, 2.5, 2, .25], abs=.1)


@pytest.mark.parametrize('ones', [[], ['B', 'n', 'holes']])
@pytest.mark.parametrize('dtype', ['fp32', 'bf16', 'fp16'])
def test_kernels_compile_without_a_gpu(dtype, ones):
    "Down to machine code for Hopper, as far as a machine without one can go; Triton makes a constant of an argument that is 1"
    triton = pytest.importorskip('triton')
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource
    from mixcourse.mixing import _cuda as kernels
    p, long = f'*{dtype}', '*i64'
    fixed = dict(H=32, W=32, SH=32, SW=1, BLOCK=1024)
    for kernel, types, const in ((kernels._mixup, dict(x=p, perm=long, lam=p, old=p, out=p, B='i32', n='i32'), dict(STEP=1, BLOCK=1024)),
                                 (kernels._keep, dict(x=p, perm=long, old=p, B='i32', n='i32'), dict(BLOCK=1024)),
                                 (kernels._swap, dict(x=p, perm=long, box=long, old=p, B='i32', n='i32'), fixed),
                                 (kernels._paste, dict(x=p, perm=long, box=long, out=p, B='i32', n='i32'), fixed),
                                 (kernels._cutout, dict(x=p, box=long, out=p, value='fp32', holes='i32', n='i32'), {**fixed, 'INPLACE': True})):
        names, const = kernel.arg_names, {**const, **{o: 1 for o in ones if o in types}}
        types = {k: v for k, v in types.items() if k not in const}
        src = ASTSource(fn=kernel, signature={o: types.get(o, 'constexpr') for o in names}, constexprs={(names.index(k),): v for k, v in const.items()})
        assert triton.compile(src, target=GPUTarget('cuda', 90, 32)).asm['cubin']


def test_without_a_compiler_plain_torch_goes_on(monkeypatch):
    pytest.importorskip('triton')
    from mixcourse.mixing import _cuda as kernels
    def broken(*args, **kwargs): raise RuntimeError('Failed to find C compiler')
    monkeypatch.setattr(kernels, '_run', broken)
    kernels.works.cache_clear()
    with pytest.warns(UserWarning, match='Failed to find C compiler'): assert not kernels.works(torch.device('cpu'))
    kernels.works.cache_clear()


@pytest.mark.gpu
def test_kernels_on_cuda(monkeypatch):
    from mixcourse.mixing import _cuda as kernels
    ran, run = [], kernels._run
    monkeypatch.setattr(kernels, '_run', lambda kernel, *args, **kwargs: (ran.append(kernel), run(kernel, *args, **kwargs)))
    check('cuda')
    assert len(set(ran)) == 5


def test_by_hand_is_the_expression():
    for i in range(3):
        for x in batches():
            d = draws(len(x), x.shape[-2:], i)
            want = list(results(x.requires_grad_(), *d))
            for inplace in (False, True):
                for (f, a), (_, b) in zip(want, results(x.detach(), *d, inplace=inplace)):
                    assert torch.equal(a.detach(), b), (f, x.shape, x.dtype, inplace)


def test_pairs_are_visited_once_and_the_odd_one_out_with_itself():
    assert _cpu.swapping_pairs([3, 1, 4, 0, 2]) == [(0, 3), (1, 1), (2, 4)]


def test_partners_that_do_not_swap_are_no_pairs(): assert _cpu.swapping_pairs([2, 3, 1, 4, 0]) is None


def test_not_a_number_stays_where_it_is():
    "Outside of its box a partner is not read"
    x = torch.stack([torch.zeros(1, 8, 8), torch.full((1, 8, 8), torch.nan), torch.full((1, 8, 8), torch.inf)])
    box = torch.tensor([2, 2, 4, 4])
    for inplace in (False, True):
        for grad in (False, True):
            y = cutmix(x.clone() if inplace else x.clone().requires_grad_(grad), torch.tensor([1, 0, 2]), box, inplace=inplace)
            assert y[0].isnan().sum() == 4 and (y[1] == 0).sum() == 4 and y[2].isinf().all()


@pytest.mark.parametrize('inplace', [False, True])
def test_traces(inplace):
    "`torch.compile(fullgraph=True)` follows each operation, and what it runs is what was written"
    x = torch.randn(6, 3, 100, 60)
    d = draws(6, (100, 60), 0)
    want = [o for _, o in results(x, *d, inplace=inplace)]

    @torch.compile(fullgraph=True, backend='eager')
    def all_of(x, perm, lam, box, holes):
        return [mixup(x.clone(), perm, lam, inplace=inplace), cutmix(x.clone(), perm, box, inplace=inplace), cutout(x.clone(), holes, inplace=inplace)]
    assert all(torch.equal(a, b) for a, b in zip(all_of(x, *d), (want[0], want[5], want[7])))
