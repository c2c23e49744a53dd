"The benchmark: what it counts, what it writes, and what it says of who mixes right."
import json, re

import pytest, torch
from conftest import root

from mixcourse.bench.correct import batch_checks, name_of
from mixcourse.bench.traffic import count_traffic
from mixcourse.bench.training import training_checks
from mixcourse.mixing import _torch, cutmix, cutout, mixup
from mixcourse.mixing.ops import at_seam

checks = [*batch_checks, *training_checks]
correct = json.loads((root/'nbs/correct.json').read_text(encoding='utf-8'))


# traffic

def batches(f, x): return count_traffic(f, x).bytes/x.nbytes


@pytest.fixture
def small():
    "Pictures that the CPU mixes in one go"
    return torch.randn(16, 3, 32, 32)


@pytest.fixture
def large():
    "Pictures that it visits one by one, or in pairs"
    return torch.randn(4, 3, 96, 96)


swap, turn = torch.tensor([1, 0, 3, 2]), torch.tensor([1, 2, 3, 0])
quarter = torch.tensor([0, 0, 48, 48])


def test_a_copy_is_two_batches(small): assert batches(lambda x: x.clone(), small) == 2


def test_boxes_pasted_by_slices_are_counted(large):
    assert batches(lambda x: cutmix(x, swap, quarter), large) == pytest.approx(2.5, abs=.01)
    assert batches(lambda x: cutmix(x.clone(), swap, quarter), large) == pytest.approx(4.5, abs=.01)


def test_in_place_boxes_alone_are_counted(large):
    assert batches(lambda x: cutmix(x, swap, quarter, inplace=True), large) == pytest.approx(.5, abs=.01)
    assert batches(lambda x: cutout(x, quarter, inplace=True), large) == pytest.approx(.25, abs=.01)


def test_partners_that_do_not_swap_are_copied_first(large):
    assert batches(lambda x: cutmix(x, turn, quarter, inplace=True), large) == pytest.approx(2.5, abs=.01)


def test_mixing_holds_one_batch(small):
    moved = count_traffic(lambda x: mixup(x, -1-torch.arange(16), torch.rand(16)), small)
    assert moved.held == pytest.approx(small.nbytes, rel=.01)


def test_plain_torch_is_counted_once(large):
    "By its operators, with nothing added at the seam"
    with at_seam(lambda way: _torch):
        assert batches(lambda x: cutout(x, quarter), large) == batches(lambda x: _torch.cutout(x, quarter.view(1, 1, 4)), large)


def test_the_seam_is_left_as_it_was(large):
    count_traffic(lambda x: cutmix(x, swap, quarter), large)
    with pytest.raises(ZeroDivisionError): count_traffic(lambda x: 1/0, large)
    from mixcourse.mixing import ops
    assert ops._seam == []


# the command

run = "import runpy, sys; sys.argv = ['bench', *{}]; runpy.run_module('mixcourse.bench', run_name='__main__')"


@pytest.mark.slow
def test_a_quick_run_writes_numbers_and_figure(forks, tmp_path):
    args = ['--quick', '--seconds', '.1', '--device', 'cpu', '--out', str(tmp_path/'bench')]
    res = forks.run('-c', run.format(args), cwd=tmp_path, env=dict(CXX='/no/compiler'))
    assert not res.returncode, res.stderr[-3000:]
    assert sorted(o.name for o in tmp_path.iterdir() if o.is_file()) == ['bench-cpu.json', 'bench-cpu.png']
    numbers = json.loads((tmp_path/'bench-cpu.json').read_text())
    assert {'mixcourse', 'fastai', 'timm', 'torchvision', 'floor'} <= {o['lib'] for o in numbers['rows']}
    assert [o['callback'] for o in numbers['steps']] == ['none', 'MixUp', 'CutMix', 'Cutout', 'RandomMix']
    assert all('Error' not in reason or ' ' in reason for reason in numbers['missing'].values())


def test_another_question_is_refused(forks, tmp_path):
    res = forks.run('-c', run.format(['wrong']), cwd=tmp_path)
    assert res.returncode == 2
    assert res.stderr.splitlines()[-1] == "mixcourse.bench: `what` must be speed or correct, got 'wrong'"


# who mixes right

def test_committed_findings_are_of_these_checks():
    assert correct['checks'] == {name_of(o): o.__doc__ for o in checks}


def test_every_library_was_asked_everything():
    asked = {(o['check'], o['op'], o['lib']) for o in correct['findings']}
    libs = set(correct['versions']) - {'torch'}
    assert asked == {(name_of(o), op, lib) for o in checks for op in ('MixUp', 'CutMix') for lib in libs}
    assert {'mixcourse', 'fastai', 'timm', 'torchvision', 'kornia', 'keras'} == libs


def test_ours_has_no_cross():
    marks = {o['mark'] for o in correct['findings'] if o['lib'] == 'mixcourse'}
    assert marks <= {'right', 'refuses', 'not offered'}


def test_each_cross_has_its_reason():
    assert [o for o in correct['findings'] if o['mark'] in ('wrong', 'other law') and len(o['says']) < 20] == []


@pytest.mark.parametrize('lib', ['fastai', 'timm', 'kornia', 'keras'])
def test_each_library_with_a_cross_has_its_section(lib):
    page = json.loads((root/'nbs/correct.ipynb').read_text(encoding='utf-8'))
    text = '\n'.join(''.join(c['source']) for c in page['cells'] if c['cell_type'] == 'markdown')
    assert re.search(f'^## {lib}', text, re.M | re.I)
