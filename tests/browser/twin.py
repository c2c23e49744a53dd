"The scripts' networks told a second time, in PyTorch, from a random source that is written down here again."
import math

import torch
from torch import nn

from mixcourse.mixing import mixup
from mixcourse.mixing.targets import mixed_loss
from mixcourse.teach.widget import script


def rng(seed):
    m = 0xffffffff
    def draw():
        nonlocal seed
        seed = (seed + 0x6D2B79F5) & m
        t = (seed ^ seed >> 15) * (1 | seed) & m
        t = (t + ((t ^ t >> 7) * (61 | t) & m) ^ t) & m
        return (t ^ t >> 14) / 2**32
    return draw


def normal(r): return math.sqrt(-2 * math.log(1 - r())) * math.cos(2 * math.pi * r())


def log_gamma(a, r):
    d = a + 2 / 3
    while True:
        x = normal(r)
        v = (1 + x / math.sqrt(9 * d))**3
        if v > 0 and math.log(1 - r()) < x * x / 2 + d - d * v + d * math.log(v): return math.log(d * v) + math.log(1 - r()) / a


def beta(a, r):
    x = log_gamma(a, r)
    return 1 / (1 + math.exp(log_gamma(a, r) - x))


def middle(data, k, t):
    if data == 'moons':
        c, s = math.cos(math.pi * t), math.sin(math.pi * t)
        return (.62 * (.5 - c), .62 * (.25 - s)) if k else (.62 * (c - .5), .62 * (s - .25))
    if data == 'spirals': return [(.08 + .82 * t) * f(2.0944 * k + 4.2 * t) for f in (math.sin, math.cos)]
    return (.45 if k % 2 else -.45), (.45 if k > 1 else -.45)


sets = dict(moons=(2, .62), spirals=(3, .3), blobs=(4, 1))


def points(data, n, noise, flip, r):
    C, spread = sets[data]
    X, y = [], []
    for i in range(n):
        p = middle(data, i % C, r())
        X.append([v + spread * noise * normal(r) for v in p])
        other = (i % C + 1 + math.floor(r() * (C - 1))) % C
        y.append(other if r() < flip else i % C)
    return torch.tensor(X, dtype=torch.double), torch.tensor(y)


def shuffled(n, r):
    p = list(range(n))
    for i in range(n - 1, 0, -1):
        j = math.floor(r() * (i + 1))
        p[i], p[j] = p[j], p[i]
    return p


def in_torch(data, n, noise, flip, alpha, seed, steps):
    "Weights of both networks after `steps`, and their accuracies"
    streams = [rng(seed * 64 + k) for k in range(5)]
    X, y = points(data, n, noise, flip, streams[0])
    X_test, y_test = points(data, 500, noise, 0, streams[1])
    nets = []
    for _ in range(2):
        r, sizes = rng(seed * 64 + 2), (2, 16, 16, sets[data][0])
        layers = [nn.Linear(a, b, dtype=torch.double) for a, b in zip(sizes, sizes[1:])]
        with torch.no_grad():
            for o in layers:
                o.weight.copy_(torch.tensor([normal(r) / math.sqrt(o.in_features) for _ in range(o.weight.numel())], dtype=torch.double).view_as(o.weight))
                o.bias.zero_()
        nets.append(nn.Sequential(layers[0], nn.Tanh(), layers[1], nn.Tanh(), layers[2]))
    opts, at = [torch.optim.Adam(o.parameters(), lr=.01) for o in nets], n
    perm = torch.arange(32) ^ 1
    for _ in range(steps):
        if at + 32 > n: epoch, at = shuffled(n, streams[3]), 0
        idx = torch.tensor(epoch[at:at + 32])
        at += 32
        lam = torch.tensor([beta(alpha, streams[4]) if alpha else 1. for _ in range(32)], dtype=torch.double)
        for net, opt, l in zip(nets, opts, (torch.ones_like(lam), lam)):
            loss = mixed_loss(net(mixup(X[idx], perm, l)), y[idx], y[idx][perm], l)
            opt.zero_grad(); loss.backward(); opt.step()
    flat = [torch.cat([torch.cat([o.weight.flatten(), o.bias]) for o in net if isinstance(o, nn.Linear)]).tolist() for net in nets]
    return flat, [(net(X_test).argmax(1) == y_test).double().mean().item() for net in nets]


def parts_of(kind):
    "A module that gives what each file of a kind exports"
    return script(kind).removesuffix('mx.start()') + 'export default mx.kinds'


load = "const { lab, surface, side } = (await import(URL.createObjectURL(new Blob([src], {type: 'text/javascript'})))).default.points"
source = parts_of('playground')


def in_browser(page, steps=100, **kwargs):
    return page.evaluate("async ([src, set, n]) => { " + load + """
        const me = lab(set)
        for (let i = 0; i < n; i++) me.step()
        return [me.nets.map(o => [...o.weights]), [0, 1].map(me.accuracy)] }""", [source, kwargs, steps])
