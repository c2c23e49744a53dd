"What mixup says of its run. Executed in the chapter, after the cell of that id."

# %% after broadcast
assert len(x) == x.shape[-1], 'the page says: as many pictures as columns'
assert bad.shape == x.shape, 'the page says that the shape is right'

# %% after library
assert same, 'the page says that mixup is your line'
assert off, 'the page says that alpha = 0 is off'

# %% after pairs
assert torch.equal(perm[perm], torch.arange(8)), 'the page says that partners come in pairs'

# %% after soft-targets
assert torch.allclose(soft, by_hand), 'the page says that soft_targets does what your line does'
assert torch.allclose(soft.sum(1), torch.ones_like(lam)), 'the page says that a row sums to 1'

# %% after losses-seen
assert torch.allclose(one, two, atol=1e-5), 'the page says: two losses are one'
assert torch.allclose(one, ours, atol=1e-5), 'the page says that mixed_loss is the second way'

# %% after averaged-first
assert abs(late-one) > 1e-4, 'the page shows that averaging first is off'

# %% after squared
grads = [torch.autograd.grad(((p - (w*a + (1-w)*b))**2).mean(), p)[0], torch.autograd.grad(w*((p-a)**2).mean() + (1-w)*((p-b)**2).mean(), p)[0]]
assert abs(blended-weighed) > .01, 'the page says: different values'
assert torch.allclose(*grads), 'the page says: the same gradients'

# %% after loop-end
if DATA == 'digits': assert right.float().mean() > .95, 'the page says: it reads unmixed ones well'
