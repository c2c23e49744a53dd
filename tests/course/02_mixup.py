"What mixup says of its run. Executed in the chapter, after the cell of that id."

# %% after 8c70588d
assert not torch.allclose(bad, mixed), 'the page says that the first try differs'
assert torch.allclose(mixed[0], x[perm][0]) and torch.allclose(bad[1,...,0], x[perm][1,...,0], atol=1e-6)

# %% after 18bb4d95
assert torch.allclose(one, two) and torch.allclose(one, lib), 'the page says that they are the same number'

# %% after 5acbe787
assert abs(late-one) > 1e-6, 'the page says that the order matters'

# %% after f7a08436
assert (one-two).abs() > .01 and torch.allclose(g1, g2), 'the page says: other values, same gradient'

# %% after 54ddc798
if DATA == 'digits': assert right.float().mean() > .8, 'the page says that the model learns from blends'
