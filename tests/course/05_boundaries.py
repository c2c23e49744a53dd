"What boundaries says of its run. Executed in the chapter, after the cell of that id."

# %% after 48da0ddc
assert mean('plain','regions') > mean('MixUp','regions')+1, 'the page says that MixUp leaves fewer regions'
assert mean('plain','unsure')+.15 < mean('MixUp','unsure'), 'the page says that transitions are wider'
assert mean('plain','lies') > mean('MixUp','lies')+.2, 'the page says that fewer lies are repeated'
assert mean('MixUp','right') > mean('plain','right')+.01, 'the page says that it is right more often'

# %% after 354c56eb
assert mean('alpha = 32','right') < mean('MixUp','right')-.02, 'the page says that alpha 32 is worse than alpha 1'
assert mean('alpha = 32','lies') < mean('plain','lies')-.2, 'the page says that it still resists lies'

# %% after e62360f6
assert shares[.2]+.03 < shares[1.] and shares[1.]+.05 < shares[32.], 'the page says that more intrude with a larger alpha'

# %% after 77b8ca9f
if DATA == 'digits':
    between = {k: ((p>.1) & (p<.9)).sum() for k,p in ways.items()}
    assert between['plain'] < between['MixUp'], 'the page says that the plain model jumps'

# %% after 2f278c26
if DATA == 'digits':
    assert third['plain'] > third['MixUp']+.05, 'the page says that a third class is met less often'
    assert off['plain'] > off['MixUp']+.01, 'the page says that MixUp is nearer to the diagonal'

# %% after 6f2b83b9
assert min(map(min, far.values())) > .9, 'the page says that both are sure far outside'
