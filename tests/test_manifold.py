"Manifold MixUp: hidden features are mixed as the targets are, once, and nobody else notices."
import copy, pickle

import pytest, torch, torch.nn.functional as F
from fastai.callback.core import Callback
from fastai.data.core import DataLoaders
from helpers import Batches, CE, cnn, digits_x, digits_y, dots, expected, fit, flat_net, hooks, learner, loaders, read_dots
from torch import nn
from torch.utils.checkpoint import checkpoint

from mixcourse.callback import ManifoldMixUp, MixUp, hidden_layers


def shares(layer, cb=None, **kw):
    "Output of `layer` for a batch with and without mixing; loss"
    x, y = digits_x[:8], digits_y[:8]
    model, _out = cnn(), []
    b, = fit(ManifoldMixUp(2., layers=[layer], seed=1, **kw), x, y, model=model)
    return model, b


@pytest.mark.parametrize('layer', ['input', '0', '2', '3', '7'])
@pytest.mark.parametrize('by', ['name', 'module'])
def test_manifold_mixes_features_and_labels_alike(layer, by):
    "The answer is that of the net cut in two at the layer, with what lies between mixed as the labels are"
    x, y = digits_x[:8], torch.arange(8)
    torch.manual_seed(1)
    model = cnn()
    twin, k = copy.deepcopy(model), -1 if layer == 'input' else int(layer)
    b, = fit(ManifoldMixUp(2., layers=[layer if by == 'name' or layer == 'input' else model[k]], seed=1), x, y, model=model)
    with torch.no_grad():
        h = twin[:k+1](x)
        # shares by least squares: each answer of the rest of the net must be met by one partner and one share
        best = None
        for j in range(8):
            lam = torch.linspace(0, 1, 2001)
            out = twin[k+1:](lam.view(-1, *[1]*(h.ndim-1))*h[0]+(1-lam).view(-1, *[1]*(h.ndim-1))*h[j])
            d = (out-b['pred'][0]).abs().amax(1)
            if best is None or d.min() < best[0]: best = d.min(), j, lam[d.argmin()]
    assert best[0] < 2e-3
    m = ManifoldMixUp(2., layers=['input'], seed=1)
    b2, = fit(m, dots(8)[0], y, model=flat_net(8))  # the same seed draws the same partners and shares
    y_b, lam = read_dots(b2['mixed'][0], y)
    assert y_b[0] == best[1]
    assert abs(lam[0]-best[2]) < 2e-2
    assert torch.isclose(b['loss'], expected('', F.cross_entropy, b['pred'], y, y_b, lam), rtol=1e-4)
    assert layer == 'input' or torch.equal(b['mixed'][0], x)
    assert hooks(model) == []


def test_manifold_chooses_among_its_layers():
    x, y, hit = digits_x[:8], digits_y[:8], []
    model = cnn()
    class Mark(Callback):
        order, run_valid = 41, False
        def before_batch(self): hit.append(tuple(hooks(self.learn.model)) or (('input',) if not torch.equal(self.x, x) else ()))
    fit(ManifoldMixUp(2., layers=['input', '0', '2'], seed=1), x, y, model=model, epochs=30, cb=[Mark()])
    chosen = [next((o for o in h if o), None) for h in hit]
    assert {'input', '0', '2'} == set(chosen)
    assert min(chosen.count(o) for o in set(chosen)) >= 3
    assert hooks(model) == []


def test_hidden_layers_are_early_blocks():
    assert hidden_layers(cnn()) == ['0']
    assert hidden_layers(nn.Sequential(cnn()[:4], cnn()[4:])) == ['0.0']
    deep = nn.Sequential(*[nn.Sequential(nn.Conv2d(1, 1, 3), nn.BatchNorm2d(1)) for _ in range(6)])
    assert hidden_layers(deep) == ['0.0', '1.0', '2.0']
    assert hidden_layers(nn.Linear(2, 2)) == []
    assert hidden_layers(nn.DataParallel(cnn())) == ['module.0']
    class Wrap(nn.Module):
        def __init__(self): super().__init__(); self.net = cnn()
        def forward(self, x): return self.net(x)
    assert [o.split('.')[-1] for o in hidden_layers(Wrap())] == ['0']
    class Listed(nn.Module):
        def __init__(self): super().__init__(); self.blocks = nn.ModuleList([nn.Linear(64, 64) for _ in range(5)]); self.end = nn.Linear(64, 10)
        def forward(self, x):
            x = x.flatten(1)
            for o in self.blocks: x = o(x).relu()
            return self.end(x)
    assert hidden_layers(Listed()) == ['blocks.0', 'blocks.1', 'blocks.2']
    fit(ManifoldMixUp(seed=0), digits_x[:64], digits_y[:64], model=Listed())  # a list does not run, what is in it does
    fit(ManifoldMixUp(), digits_x[:8], digits_y[:8], model=Wrap())
    fit(ManifoldMixUp(), digits_x[:8], digits_y[:8], model=nn.DataParallel(cnn()))


@pytest.mark.parametrize('layers', [['nope'], [3], [nn.Linear(2, 2)], [], ['0', 'nope'], 3, nn.Linear(2, 2)])
def test_unknown_layers_are_refused(layers):
    with pytest.raises(ValueError, match='`layers` must be'): fit(ManifoldMixUp(layers=layers), digits_x[:8], digits_y[:8])


class Odd(nn.Module):
    "A layer that does not run, one that returns a tuple, one that runs twice, one that changes the order of its rows"
    def __init__(self):
        super().__init__()
        self.idle, self.pair, self.twice, self.rows, self.end = nn.Linear(64, 64), Pair(), nn.Linear(64, 64), Rows(), nn.Linear(64, 10)
    def forward(self, x):
        x = self.pair(x.flatten(1))[0]
        return self.end(self.rows(self.twice(self.twice(x))).view(len(x), -1))


class Pair(nn.Module):
    def forward(self, x): return x, x


class Rows(nn.Module):
    def forward(self, x): return x.view(-1, 32)


@pytest.mark.parametrize('layer, match', [('idle', 'did not run'), ('pair', 'row for each of 8 images, Pair does not'), ('rows', 'row for each of 8 images, Rows does not')])
def test_layers_that_cannot_be_mixed(layer, match):
    model = Odd()
    learn = learner(ManifoldMixUp(layers=[layer]), loaders(digits_x[:8], digits_y[:8]), model, CE())
    with pytest.raises(ValueError, match=match): learn.fit(1)
    learn.model(digits_x[:3])
    assert learn.get_preds(dl=learn.dls.valid)[0].isfinite().all()
    assert hooks(model) == []


def test_a_layer_that_runs_twice_is_mixed_once():
    model = Odd()
    twin = copy.deepcopy(model)
    x, y = digits_x[:8], torch.arange(8)
    b, = fit(ManifoldMixUp(2., layers=['twice'], seed=1), x, y, model=model)
    b2, = fit(ManifoldMixUp(2., layers=['input'], seed=1), dots(8)[0], y, model=flat_net(8))
    y_b, lam = read_dots(b2['mixed'][0], y)
    with torch.no_grad():
        h = twin.twice(x.flatten(1))
        h = lam[:, None]*h+(1-lam)[:, None]*h[y_b]
        assert torch.allclose(b['pred'], twin.end(twin.twice(h)), atol=1e-5)


@pytest.mark.parametrize('how', [copy.deepcopy, lambda o: pickle.loads(pickle.dumps(o))], ids=['deepcopy', 'pickle'])
def test_a_copy_made_in_mid_batch_mixes_nothing(how):
    "An EMA or a checkpoint takes the model while the hook is on it"
    copies = []
    class Ema(Callback):
        order, run_valid = 41, False
        def before_batch(self): copies.append((how(self.learn.model), self.learn.x.clone()))
    model = cnn()
    fit(ManifoldMixUp(layers=['2']), digits_x[:16], digits_y[:16], model=model, cb=[Ema()])
    for m, x in copies:
        ref = cnn()
        ref.load_state_dict(m.state_dict())
        with torch.no_grad():
            for _ in range(2): assert torch.allclose(m(x), ref(x), atol=1e-6)


def run_on_others(model, x): return model(digits_x[50:58])
def run_without_learning(model, x):
    with torch.no_grad(): return model(x)
def run_a_part(model, x): return model[2](model[0](x))


@pytest.mark.parametrize('run', [run_on_others, run_without_learning, run_a_part])
def test_the_model_run_by_others_in_mid_batch(run):
    "What a callback makes of the model before the batch's turn is not mixed; the batch is, as its targets are"
    clean = []
    def twin(model):
        o = cnn()
        o.load_state_dict(model.state_dict())
        return o
    class Other(Callback):
        order, run_valid = 41, False
        def before_batch(self): clean.append(torch.allclose(run(self.learn.model, self.x), run(twin(self.learn.model), self.x), atol=1e-6))
        def after_pred(self): clean.append(not torch.allclose(twin(self.learn.model)(self.x), self.pred, atol=1e-3))
    fit(ManifoldMixUp(layers=['2'], seed=0), digits_x[:16], digits_y[:16], model=cnn(), cb=[Other()])
    assert clean == [True]*4


# what comes in need not be floats

class Text(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb, self.mid, self.head = nn.Embedding(50, 16), nn.Linear(16, 16), nn.Linear(16, 10)
    def forward(self, x): return self.head(self.mid(self.emb(x).mean(1)))


class Bytes(nn.Module):
    "Normalizes what it gets"
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Conv2d(1, 4, 3), nn.Linear(4*36, 10)
    def forward(self, x): return self.b(self.a(x.float()/255).flatten(1))


class Dict(nn.Module):
    "As Hugging Face's models take it"
    def __init__(self):
        super().__init__()
        self.text = Text()
    def forward(self, batch): return self.text(batch['input_ids'])


tokens = torch.randint(50, (16, 12), generator=torch.Generator().manual_seed(0))


class Named(Batches):
    def __iter__(self): return (({'input_ids': x, 'attention_mask': torch.ones_like(x)}, y) for x, y in super().__iter__())


@pytest.mark.parametrize('layers', [['emb'], None], ids=['named', 'default'])
def test_ids_of_words(layers):
    for b in fit(ManifoldMixUp(layers=layers, seed=0), tokens, digits_y[:16], model=Text(), epochs=6):
        assert torch.equal(b['mixed'][0], b['x'][0])
        assert b['loss'].isfinite()


def test_bytes_that_the_model_normalizes():
    fit(ManifoldMixUp(layers=['a']), (digits_x[:16]*99).byte(), digits_y[:16], model=Bytes())


def test_a_dict_as_the_input():
    dl = Named(tokens, digits_y[:16])
    learner(ManifoldMixUp(layers=['text.emb']), DataLoaders(dl, dl), Dict(), CE()).fit(1)
    learner(ManifoldMixUp(seed=0), DataLoaders(dl, dl), Dict(), CE()).fit(4)


def test_the_input_itself_must_be_fit_to_be_mixed():
    with pytest.raises(ValueError, match='must be float'): fit(ManifoldMixUp(layers=['input']), tokens, digits_y[:16], model=Text())


# gradient checkpointing

class Checkpointed(nn.Module):
    def __init__(self, how, twice=False):
        super().__init__()
        torch.manual_seed(0)
        self.how, self.twice = how, twice
        self.stem, self.head = nn.Linear(64, 16), nn.Linear(16, 16)
        self.a, self.b = (nn.Sequential(nn.Linear(16, 16), nn.Tanh()) for _ in range(2))
    def body(self, x): return self.b(self.a(self.a(x) if self.twice else x))
    def forward(self, x):
        x = self.stem(x.flatten(1))
        return self.head(self.body(x) if self.how is None else checkpoint(self.body, x, **self.how))


class Grads(Callback):
    def before_step(self): self.learn.noted = [p.grad.clone() for p in self.model.parameters()]


def grads(model, layer, cb=None):
    learn = learner(cb or ManifoldMixUp(2., layers=[layer], seed=3), loaders(*dots(16), bs=16), model, CE())
    learn.fit(1, cbs=Grads())
    return learn.noted


ways = {'reentrant': dict(use_reentrant=True), 'not': dict(use_reentrant=False), 'not, no early stop': dict(use_reentrant=False, preserve_rng_state=False)}


@pytest.mark.parametrize('how', ways.values(), ids=ways)
@pytest.mark.parametrize('layer', ['stem', 'a', 'a.0', 'a.1', 'b'])
def test_gradients_under_checkpoints_are_those_without(layer, how):
    "A layer that runs again in the backward pass is mixed again"
    want = grads(Checkpointed(None), layer)
    model = Checkpointed(how)
    for a, b in zip(grads(model, layer), want): assert torch.allclose(a, b, atol=1e-6)
    plain = grads(Checkpointed(how), layer, MixUp(p=0))
    assert any(not torch.allclose(a, b, atol=1e-5) for a, b in zip(plain, want))
    assert hooks(model) == []


@pytest.mark.parametrize('how', ways.values(), ids=ways)
def test_a_layer_that_runs_twice_under_checkpoints_is_refused(how):
    "Which run is repeated cannot be told"
    model = Checkpointed(how, twice=True)
    with pytest.raises(ValueError, match='must run once in a model with gradient checkpointing, the one chosen ran 2 times'): grads(model, 'a')
    grads(Checkpointed(None, twice=True), 'a')
    grads(Checkpointed(how, twice=True), 'b')


@pytest.mark.parametrize('how', ways.values(), ids=ways)
def test_stop_in_the_backward_pass_of_a_checkpoint(how):
    "Nothing is mixed afterwards"
    model = Checkpointed(how)
    stop = []
    def pull(grad):
        if not stop: raise KeyboardInterrupt
    learn = learner(ManifoldMixUp(2., layers=['a'], seed=3), loaders(*dots(16), bs=16), model, CE())
    handle = model.stem.weight.register_hook(pull)
    with pytest.raises(KeyboardInterrupt): learn.fit(1)
    stop.append(1)
    handle.remove()
    x = dots(16)[0]
    twin = Checkpointed(how)
    twin.load_state_dict(model.state_dict())
    for part in ('a', 'b'):
        h = torch.rand(16, 16)
        assert torch.equal(getattr(model, part)(h), getattr(twin, part)(h))
    for m in (model, twin):  # a loop of one's own, with gradients
        m.zero_grad()
        m(x).sum().backward()
    for a, b in zip(model.parameters(), twin.parameters()): assert torch.allclose(a.grad, b.grad, atol=1e-5)
    learn.fit(1)
    assert hooks(model) == []


# compiled models

class Eager(nn.Module):
    def __init__(self):
        super().__init__()
        self.body, self.head = nn.Sequential(nn.Flatten(), nn.Linear(64, 16)), nn.Sequential(nn.Linear(16, 16), nn.Linear(16, 16))
    def forward(self, x): return self.head(self.body(x))


def compiled(part=None):
    model = Eager()
    if part is None: return torch.compile(model, backend='eager')
    setattr(model, part, torch.compile(getattr(model, part), backend='eager'))
    return model


def compiled_in_place():
    model = Eager()
    model.compile(backend='eager')
    return model


@pytest.mark.parametrize('make, layers', [(compiled, ['_orig_mod.body.1']), (compiled, None), (compiled_in_place, ['body']), (compiled_in_place, None), (lambda: compiled('body'), ['body._orig_mod.1'])])
def test_layers_inside_of_what_is_compiled_are_refused(make, layers):
    "No hook is seen there: better an error than an epoch without mixing"
    with pytest.raises(ValueError, match='must lie outside of what is compiled'): fit(ManifoldMixUp(layers=layers), *dots(16), model=make())


@pytest.mark.parametrize('make, layers', [(compiled, ['input']), (lambda: compiled('head'), ['body', 'body.1']), (lambda: compiled('body'), ['body'])])
def test_layers_outside_of_what_is_compiled_are_mixed(make, layers):
    torch.manual_seed(0)
    model = make()
    b, = fit(ManifoldMixUp(2., layers=layers, seed=1), *dots(16), model=model, bs=16)
    twin = Eager()
    twin.load_state_dict({k.replace('_orig_mod.', ''): v for k, v in model.state_dict().items()})
    y_b, lam = read_dots(fit(MixUp(2., seed=1), *dots(16), model=flat_net(16), bs=16)[0]['mixed'][0], b['y'][0])  # draws the same
    assert torch.isclose(b['loss'], expected('', F.cross_entropy, b['pred'], b['y'][0], y_b, lam), rtol=1e-4)
