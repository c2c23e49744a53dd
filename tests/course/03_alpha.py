"What alpha says of its run. Executed in the chapter, after the cell of that id."

# %% after a28d1672
assert .3 < stats.beta(.2, .2).cdf(.9)-stats.beta(.2, .2).cdf(.1) < .4, 'the bank says: about a third'

# %% after 52a97029
assert stats.beta(32, 32).cdf(.1) < 1e-9, 'the bank says: all of them lie between .1 and .9'

# %% after eae50232
assert all(abs(o[2]-o[3])<.02 and abs(o[1]-.5)<.02 for o in rows), 'the page says that the formula holds'
assert [o[4] for o in rows]==sorted(o[4] for o in rows), 'the page says that a larger alpha mixes more'

# %% after 4cd4dca2
assert distance(lam, .4) < .03, 'the page says that it is right'

# %% after 9ebbcc20
assert np.isnan(lam).sum() > 1000, 'the page says that many are not a number'

# %% after f4ac2291
assert all(distance(lam, a) < .03 for a,lam in lams.items()), 'the page says: the same law'
assert not any(np.isnan(o).any() for o in lams.values())

# %% after d9fe3578
if DATA == 'digits':
    one, many = losses['one per batch'], losses['one per picture']
    assert np.std(one) > 2*np.std(many), 'the page says: several times as wide'
    assert abs(np.mean(one)-np.mean(many)) < np.std(one)/2, 'the page says that the mean is about the same'
