"The ways of mixing, to be sent down at the seam."
from types import SimpleNamespace

import pytest, torch

from mixcourse.mixing import _cpu, _torch


def pairs_of(perm): return _cpu.swapping_pairs(_cpu.positions(perm).tolist())
def places_of(box, x): return _cpu.slices(box[:, 0].expand(len(x), -1))


def mixup_pairs(x, perm, lam, inplace=False, swaps=False):
    "The way of large images, where partners swap"
    if pairs_of(perm) is None: return _cpu.mixup_batch(x, perm, lam, inplace)
    return _cpu.mixup_pairs(x, pairs_of(perm), lam, inplace)


def paste_each(x, perm, box, inplace=False, swaps=False):
    return _cpu.paste_each(x, _cpu.positions(perm).tolist(), places_of(box, x), inplace)


def paste_swapped(x, perm, box, inplace=False, swaps=False):
    if pairs_of(perm) is None or not inplace: return _cpu.paste(x, perm, box, inplace)
    return _cpu.paste_swapped(x, pairs_of(perm), places_of(box, x))


def paste_one(x, perm, box, inplace=False, swaps=False):
    if len(box) > 1: return _cpu.paste(x, perm, box, inplace)
    return _cpu.paste_one(x, perm, places_of(box, x)[0], inplace)


# the ways as they are, and those inside of the CPU's that it takes for images of another size
small = SimpleNamespace(mixup=_cpu.mixup, paste=paste_one, cutout=_cpu.cutout_batch)
medium = SimpleNamespace(mixup=_cpu.mixup, paste=paste_each, cutout=_cpu.cutout_each)
large = SimpleNamespace(mixup=mixup_pairs, paste=paste_swapped, cutout=_cpu.cutout_each)
ways = dict(torch=_torch, cpu=_cpu, small=small, medium=medium, large=large)
every_way = pytest.mark.parametrize('way', ways.values(), ids=ways)


def both(op, x, *args):
    "What `op` makes of `x`, and in place"
    was, inplace = x.clone(), x.clone()
    res = op(x, *args)
    assert torch.equal(x, was)  # not written to
    assert op(inplace, *args, inplace=True) is inplace
    return res, inplace
