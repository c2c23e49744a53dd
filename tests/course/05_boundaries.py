"What boundaries says of its run. Executed in the chapter, after the cell of that id."

# %% after overview
assert mean('plain', 'regions') > mean('MixUp', 'regions') + 1, 'the page says: fewer regions'
assert mean('plain', 'unsure, in %') + .15 < mean('MixUp', 'unsure, in %'), 'the page says that the pale zones are wide'
repeated = {k: mean(k, 'wrong labels repeated, in %') for k in results}
assert repeated['plain'] > repeated['MixUp'] + .2, 'the page says that fewer wrong labels are repeated'
assert mean('MixUp', 'right, in %') > mean('plain', 'right, in %') + .01, 'the page says: right more often'

# %% after too-far
assert mean('alpha = 32', 'right, in %') < mean('MixUp', 'right, in %') - .02, 'the page says that tips end up on the wrong side'
assert mean('alpha = 32', 'wrong labels repeated, in %') < mean('plain', 'wrong labels repeated, in %') - .2, 'the page says that it still does not repeat them'

# %% after intruders
assert shares[.2] + .03 < shares[1.], 'the page says that a small alpha keeps blends close'
assert shares[1.] + .05 < shares[32.], 'the page says that a large one sends them to the middle'

# %% after walk-seen
if DATA == 'digits':
    between = {k: ((p > .1) & (p < .9)).sum() for k, p in ways.items()}
    assert between['plain'] < between['MixUp'], 'the alt text says: steeply, and more gradually'

# %% after walks-table
if DATA == 'digits':
    thirds = {k: v[:, half, 2].mean() for k, v in walks.items()}
    off = {k: v[:, :, 1].mean() for k, v in walks.items()}
    assert thirds['plain'] > thirds['MixUp'] + .05, 'the page says that a third class is named less often'
    assert off['plain'] > off['MixUp'], 'the page says: nearer to the diagonal'

# %% after beyond
if DATA == 'digits':
    for name in ('their pixels, shuffled', 'noise'):
        assert np.mean(beyond[name]['MixUp']) < np.mean(beyond[name]['plain']) - .02, 'the page says: less sure'
    assert min(map(min, beyond['noise, 20 times as strong'].values())) > .95, 'the page says: very far away both are certain'

# %% after vicinal
assert np.mean(vicinal['plain']['at the points']) < np.mean(vicinal['MixUp']['at the points']), 'the page says that plain wins at the points'
assert np.mean(vicinal['plain']['on the lines between']) > 1.5*np.mean(vicinal['MixUp']['on the lines between']), 'the page says: far worse'

# %% after average-gap
assert gap < .02, 'the page says that the two are nearly the same'

# %% after slopes
if DATA == 'digits': assert max(slopes['MixUp']) < min(slopes['plain']), 'the page says that scores change more slowly'
