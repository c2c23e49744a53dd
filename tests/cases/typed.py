"What a user may write, read by mypy in its strict mode and never run: every line must be accepted."
from pathlib import Path

import torch
from fastai.callback.schedule import SchedCos
from fastai.learner import Learner
from mixcourse.all import *
from mixcourse.compare.report import results_figure, save_results
from torch import Tensor, nn
from typing_extensions import assert_type

pics = digits()
assert_type(pics, Pictures)
assert_type(pics.few, int | None)
load_folder(Path('pictures'), size=64)
dls = image_dls(pics, bs=32)
model = make_model('cnn', 1, 10, (8, 8))
assert_type(model, nn.Module)
mixers = [MixUp(.4), MixUp(SchedCos(1., 0.), p=SchedCos(1., .5)), CutMix(1., seed=3), ManifoldMixUp()]
learn = Learner(dls, model, cbs=[RandomMix([*mixers, None], p=[.2]*4), Cutout(4)])
learn.show_mix(max_n=4)

x, y, logits = torch.rand(4, 1, 8, 8), torch.arange(4), torch.randn(4, 10)
lam, perm = rand_lam(4, .4), rand_perm(4, generator=torch.Generator())
box = rand_bbox((8, 8), lam, device='cpu')
for mixed in (mixup(x, perm, lam), mixup(x, perm, .3), cutmix(x, perm, box), cutout(x, rand_holes((8, 8), 4, length=3))): assert_type(mixed, Tensor)
assert_type(box_lam(box, (8, 8)), Tensor)
assert_type(soft_targets(y, y[perm], lam, num_classes=10), Tensor)
mixed_x, y_a, y_b, shares = cutmix_data(x, y, alpha=1.)
mixup_data(x.numpy(), y.numpy())
assert_type(mixed_loss(logits, y_a, y_b, shares), Tensor)
assert_type(mixed_loss(logits, y_a, y_b, .5, nn.CrossEntropyLoss(label_smoothing=.1)), Tensor)
assert_type(mixed_accuracy(logits, y_a), Tensor)
assert_type(mixed_accuracy(logits, y_a, y_b, shares), Tensor)

page: str = quiz('mixup.target').html()
report = check(lambda x, y: x, 'mixup')
if not report: print(report.name, report.results)
predict('why'), myth('alpha.constant'), cards('mixup'), repair('mixup.labels')
MixUpExplorer(lam=.3).html()

comparison = Comparison(pics, Settings(methods=('none', 'mixup'), seeds=1, epochs=1, labels=40))
assert_type(comparison.run(), bool)
save_results(comparison.results(), Path('out'))
results_figure(comparison.results()).savefig('compare.png')
plot_curves({'none': [.1, .2]}).set_title('Accuracy')
