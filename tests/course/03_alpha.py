"What alpha says of its run. Executed in the chapter, after the cell of that id."

# %% after draws
assert inside < 400, 'the page says: most draws are close to 0 or 1'

# %% after smaller
assert all(abs(o-.5) < .01 for o in mean.values()), 'the page says that the mean is one half'
assert all(abs(s - 1/(2*np.sqrt(2*a+1))) < .01 for a, s in spreads.items()), 'the page gives the formula'
assert abs(smaller[1]-.25) < .01, 'the page says: a quarter at 1'
assert smaller[.1] < .1 < .4 < smaller[32] < .5, 'the page says: next to nothing, then toward a half'

# %% after by-hand-seen
assert distance(lam, .4) < .02, 'the page says: as near as so many draws come'

# %% after off
assert torch.equal(rand_lam(5, alpha=0), torch.ones(5)), 'the page says that 0 is off'

# %% after trap
assert missing > 100, 'the page shows the trap'

# %% after logs
assert all(not np.isnan(o).any() and distance(o, a) < .03 for a, o in tried.items()), 'the page says that rand_lam has no trap'

# %% after losses
if DATA == 'digits':
    per_batch, per_picture = losses['one share per batch'], losses['one share per picture']
    assert np.std(per_batch) > 2*np.std(per_picture), 'the page says: a wider spread'
    assert abs(np.mean(per_batch) - np.mean(per_picture)) < np.std(per_batch)/2, 'the page says: about the same mean'
