"Every way to mix gives one result: by hand on a CPU, as an expression, traced, and as a Triton kernel."
import os, re, subprocess, sys
from functools import cache
from pathlib import Path

import pytest, torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode

from mixcourse.callback import CutMix, MixUp, other_class
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
    with at_seam(launched):
        for size in ((20, 30), (8, 16)): check('cpu', [size])
    numbers_of_any_size()
    return len(ran), len(set(ran)), *batches_moved()


def numbers_of_any_size():
    "All types that are pasted, aligned and not; a promise that partners swap; partners outside of the batch"
    from mixcourse.mixing import _cuda
    for dtype in (torch.uint8, torch.int16, torch.int64, torch.bool, torch.float16):
        for size in ((4, 16), (5, 7)):
            x, (perm, _, box, _) = (torch.rand(4, 3, *size)*9).to(dtype), draws(4, size, 0)
            want = _torch.paste(x, perm, box[:, None])
            assert torch.equal(_cuda.paste(x, perm, box[:, None]), want), (dtype, size)
            assert torch.equal(_cuda.paste(x.clone(), perm.int(), box[:, None], True, True), want), (dtype, size)
    x, lam = torch.randn(4, 1, 4, 4), torch.rand(4)
    assert torch.equal(_cuda.mixup(x, torch.tensor([9, -9, 2, 3]), torch.zeros(1)), x[[3, 0, 2, 3]])
    perm = torch.tensor([1, 0, 3, 2])
    assert torch.equal(_cuda.mixup(x.clone(), perm, lam, True, True), _cuda.mixup(x, perm, lam))


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
    from mixcourse.bench.traffic import count_traffic
    kernels._run = lambda *args, **kwargs: None  # the interpreter's own operators do not count
    x, swap, turn, box = torch.randn(16, 3, 32, 32), -1-torch.arange(16), torch.arange(16).roll(1), torch.tensor([0, 0, 16, 16])
    calls = (mixup, swap, torch.rand(16)), (mixup, turn, torch.rand(16)), (cutmix, swap, box), (cutmix, turn, box), (cutout, box)
    with at_seam(launched): return [round(count_traffic(lambda x: f(x, *args, inplace=o), x).bytes/(x.numel()*4), 1) for f, *args in calls for o in (False, True)]


@pytest.mark.slow
def test_kernels_interpreted():
    pytest.importorskip('triton')
    res = subprocess.run([sys.executable, '-W', 'ignore', '-c', 'import test_kernels as t; print(*t.interpreted())'], cwd=Path(__file__).parent,
                         env={**os.environ, 'TRITON_INTERPRET': '1'}, capture_output=True, text=True)
    assert not res.returncode, res.stderr
    ran, kinds, *moved = map(float, res.stdout.split())
    assert kinds == 5 and ran > 60
    assert moved == pytest.approx([2, 2, 3, 5, 2, .5, 2, 2.5, 2, .25], abs=.1)


# machine code, as Triton's compiler makes it without a GPU

sizes = dict(B='i32', n='i32', STEP='i32', H='i32', SH='i32', SW='i32')
groups = {'fp32': 4, 'bf16': 8, 'fp16': 8, 'u8': 16}  # numbers in sixteen bytes


@cache
def machine_code(name, dtype, group, target=80, partners='i64'):
    "Instructions of kernel `name`, and how many numbers a thread does"
    triton = pytest.importorskip('triton')
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource
    from mixcourse.mixing import _kernels
    kernel, block = getattr(_kernels, name), max(256*group, 1024)
    const = {k: v for k, v in dict(HOLES=1, INPLACE=False, BLOCK=block, G=group).items() if k in kernel.arg_names}
    pointer, long = f'*{dtype}', '*i64'
    types = {**dict(x=pointer, old=pointer, out=pointer, lam=pointer, perm=f'*{partners}', box=long, value='fp32'), **sizes}
    names = kernel.arg_names
    aligned = {(names.index(o),): [['tt.divisibility', 16]] for o in ('x', 'old', 'out') if o in names}
    src = ASTSource(fn=kernel, signature={o: 'constexpr' if o in const else types[o] for o in names},
                    constexprs={(names.index(k),): v for k, v in const.items()}, attrs=aligned)
    asm = triton.compile(src, target=GPUTarget('cuda', target, 32)).asm
    return asm, block//128


def instructions(asm, tmp_path):
    "Lines of machine code without padding"
    cubin = asm['cubin']
    if cubin not in known: known[cubin] = disassembled(cubin, tmp_path)
    return known[cubin]


known = {}  # instructions of machine code at which several tests look


def disassembled(cubin, tmp_path):
    import triton
    tool = Path(triton.__file__).parent/'backends/nvidia/bin/nvdisasm'
    if not tool.exists(): pytest.skip('this Triton has no disassembler')
    (tmp_path/'k.cubin').write_bytes(cubin)
    text = subprocess.run([tool, '-c', tmp_path/'k.cubin'], capture_output=True, text=True, check=True).stdout
    return [o for o in re.findall(r'/\*[0-9a-f]{4,}\*/\s+(.*?);', text) if 'NOP' not in o]


kinds = ['mixup', 'keep', 'paste', 'swap', 'cutout']


@pytest.mark.slow
@pytest.mark.parametrize('target', [75, 80, 90, 120])
@pytest.mark.parametrize('name', kinds)
def test_kernels_compile_without_a_gpu(name, target): assert machine_code(name, 'bf16', 8, target)[0]['cubin']


@pytest.mark.parametrize('dtype', ['fp32', 'fp16'])
@pytest.mark.parametrize('name', kinds)
def test_kernels_compile_for_single_numbers(name, dtype): assert machine_code(name, dtype, 1)[0]['cubin']


sources = dict(mixup=2, keep=1, paste=2, swap=2, cutout=1)  # images that a program reads
written = dict(mixup=2, keep=1, paste=1, swap=2, cutout=1)
of_any_type = [(k, d) for k in kinds for d in ('fp32', 'bf16', 'u8') if d != 'u8' or k in ('keep', 'paste', 'swap')]


@pytest.mark.parametrize('name, dtype', of_any_type)
def test_numbers_are_written_by_sixteen_bytes(name, dtype, tmp_path):
    code = instructions(machine_code(name, dtype, groups[dtype])[0], tmp_path)
    stores = [o for o in code if 'STG' in o]
    assert len(stores) == 2*written[name]  # two groups a thread
    assert all('.128' in o for o in stores)


@pytest.mark.parametrize('name, dtype', of_any_type)
def test_numbers_are_read_by_sixteen_bytes(name, dtype, tmp_path):
    "All else that is read are partners, shares and boxes, once a program"
    code = instructions(machine_code(name, dtype, groups[dtype])[0], tmp_path)
    loads = [o for o in code if 'LDG' in o]
    wide = [o for o in loads if '.128' in o]
    assert len(wide) == 2*sources[name]
    assert len(loads)-len(wide) <= 10


@pytest.mark.parametrize('dtype, group, bits', [('fp32', 2, '64'), ('bf16', 4, '64'), ('u8', 8, '64')])
@pytest.mark.parametrize('name', ['keep', 'paste', 'swap'])
def test_smaller_groups_are_written_as_one(name, dtype, group, bits, tmp_path):
    "Rows that are no multiple of sixteen bytes, such as 30 pixels"
    stores = [o for o in instructions(machine_code(name, dtype, group)[0], tmp_path) if 'STG' in o]
    assert stores and all(f'STG.E.{bits}' in o for o in stores)  # addresses have a .64, too


single = {'paste': 46, 'swap': 77, 'cutout': 39}


@pytest.mark.parametrize('name', single)
def test_instructions_for_single_numbers(name, tmp_path):
    "Rows of 33 pixels, say: a group is a number, and is looked at once"
    asm, numbers = machine_code(name, 'fp32', 1)
    assert len(instructions(asm, tmp_path))/numbers <= single[name]


most = {'paste': {'fp32': 28, 'bf16': 18, 'u8': 16}, 'swap': {'fp32': 42, 'bf16': 28, 'u8': 26}, 'cutout': {'fp32': 22, 'bf16': 15}}


@pytest.mark.parametrize('name, dtype', [(k, d) for k, v in most.items() for d in v])
def test_instructions_for_a_number(name, dtype, tmp_path):
    "A scalar kernel needs more than 40, and 60 for two that swap: then instructions and not the memory are the limit"
    asm, numbers = machine_code(name, dtype, groups[dtype])
    assert len(instructions(asm, tmp_path))/numbers <= most[name][dtype]


@pytest.mark.parametrize('name', kinds)
def test_a_new_size_needs_no_new_machine_code(name):
    "Progressive resizing, a last batch, a batch of one: a share behind an odd number of partners lies elsewhere"
    pytest.importorskip('triton')
    from mixcourse.mixing import _kernels
    params = getattr(_kernels, name).params
    assert {o.name for o in params if o.name in (*sizes, 'perm', 'lam', 'box')} == {o.name for o in params if o.do_not_specialize}
    assert {o.name for o in params if o.is_constexpr} <= {'BLOCK', 'G', 'HOLES', 'INPLACE'}


@pytest.mark.parametrize('name', kinds)
def test_images_begin_where_64_bits_say(name):
    "Short partners times the numbers of an image may be more than 32 bits hold"
    code = machine_code(name, 'fp32', 4, partners='i32')[0]['ttir']
    assert '!tt.ptr<f32>, i64' in code
    assert '!tt.ptr<f32>, i32' not in code


@pytest.mark.parametrize('swaps, kept', [(True, 0), (False, 1)])
@pytest.mark.parametrize('name', ['mixup', 'paste'])
def test_partners_that_swap_need_no_second_batch(name, swaps, kept, monkeypatch):
    pytest.importorskip('triton')
    from mixcourse.mixing import _cuda, _kernels
    ran, x, perm = [], torch.zeros(4, 1, 4, 4), torch.tensor([1, 0, 3, 2])
    monkeypatch.setattr(_cuda, '_run', lambda kernel, *args, **kwargs: ran.append(kernel))
    getattr(_cuda, name)(x, perm, torch.rand(4) if name == 'mixup' else torch.zeros(4, 1, 4, dtype=torch.long), True, swaps)
    assert ran.count(_kernels.keep) == kept
    assert len(ran) == 1+kept


@pytest.mark.parametrize('pair, promised', [(None, True), (other_class, False)], ids=['at random', 'pair'])
@pytest.mark.parametrize('cls', [MixUp, CutMix])
def test_mixers_promise_that_partners_swap_where_they_do(cls, pair, promised):
    seen = []
    class Noted:
        def __getattr__(self, name): return lambda x, *args: seen.append(args[-1]) or getattr(_torch, name)(x, *args)
    with at_seam(lambda way: Noted()): cls(1., inplace=True, pair=pair).mix_batch((torch.rand(6, 1, 4, 4),), (torch.arange(6)%3,), .5, None)
    assert seen == [promised]


@pytest.mark.parametrize('shape, dtype, want', [
    ((2, 3, 8, 16), torch.float32, 4), ((2, 3, 8, 16), torch.bfloat16, 8), ((2, 3, 8, 16), torch.uint8, 16),
    ((2, 3, 8, 8), torch.uint8, 8), ((2, 3, 8, 9), torch.float32, 1), ((2, 1, 3, 4), torch.float32, 4), ((2, 3, 30, 30), torch.float32, 2),
    ((2, 3, 28, 28), torch.bfloat16, 4)])
def test_groups_lie_whole_in_a_row(shape, dtype, want):
    pytest.importorskip('triton')
    from mixcourse.mixing import _cuda
    x = torch.zeros(shape, dtype=dtype)
    assert _cuda._group(x, shape[-1]) == want


@pytest.mark.parametrize('dtype', [torch.float64, torch.float8_e4m3fn, torch.float8_e5m2, torch.complex64], ids=str)
def test_types_that_kernels_cannot_do_are_declined(dtype):
    pytest.importorskip('triton')
    from mixcourse.mixing import _cuda
    assert not _cuda.can_do(torch.zeros(2, 3, 4, 4, dtype=dtype))


@pytest.mark.parametrize('rows, able', [(2**14, True), (2**15-1, True), (2**15, False)])
def test_images_too_large_to_count_in_32_bits_are_declined(rows, able):
    "A block behind the last would begin at a negative number"
    pytest.importorskip('triton')
    from mixcourse.mixing import _cuda
    assert _cuda.can_do(torch.empty(2, rows, 2**16, dtype=torch.uint8, device='meta')) == able


@pytest.mark.parametrize('error, match', [
    (RuntimeError('Failed to find C compiler.\nPlease specify one'), r'\(Failed to find C compiler.\)'),
    (subprocess.CalledProcessError(1, ['cc', *['-I/a/long/path']*40]), 'are the headers of Python installed'), (OSError(), r'\(OSError\)')])
def test_without_a_compiler_plain_torch_goes_on(monkeypatch, error, match):
    "And one readable line says so"
    pytest.importorskip('triton')
    from mixcourse.mixing import _cuda
    def broken(*args, **kwargs): raise error
    monkeypatch.setattr(_cuda, '_run', broken)
    _cuda.works.cache_clear()
    with pytest.warns(UserWarning, match=match) as said: assert not _cuda.works(torch.device('cpu'))
    _cuda.works.cache_clear()
    message, = [str(o.message) for o in said]
    assert '\n' not in message
    assert len(message) < 160


def test_triton_is_looked_for_once(monkeypatch):
    "Its import costs much where it fails"
    from mixcourse.mixing import ops
    tried, real = [], __import__
    def without(name, *args, **kwargs):
        fromlist = kwargs.get('fromlist') or (args[2] if len(args) > 2 else None) or ()
        if '_cuda' in fromlist: tried.append(name); raise ImportError('no triton')
        return real(name, *args, **kwargs)
    monkeypatch.setattr('builtins.__import__', without)
    ops._kernels.cache_clear()
    with FakeTensorMode():
        x = torch.empty(2, 3, 4, 4, device='cuda')
        assert [ops.choose_way(x) for _ in range(3)] == [_torch]*3
    ops._kernels.cache_clear()
    assert len(tried) == 1


def test_a_number_as_share_is_made_on_the_device():
    "A copy from the host would make it wait"
    seen = []

    class Watch(TorchDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            seen.append(func.overloadpacket.__name__)
            return func(*args, **(kwargs or {}))
    with FakeTensorMode(), at_seam(lambda way: _torch), Watch():
        x, perm = torch.empty(2, 3, 4, 4, device='cuda'), torch.empty(2, dtype=torch.long, device='cuda')
        assert mixup(x, perm, .3).device.type == 'cuda'
    assert not {'_to_copy', 'copy_', 'lift_fresh', '_local_scalar_dense', 'item'} & set(seen)


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


@pytest.mark.slow
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
