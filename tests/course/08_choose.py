"What choose says of its run. Executed in the chapter, after the cell of that id."

# %% after pixels
assert all(abs(counted(k, v)['own'] - lam.item()) < .02 for k, v in ways.items() if k != 'MixUp'), 'the page says: as many as the label says'
assert counted('MixUp', ways['MixUp'])['neither'] > .9, 'the page says: hardly a pixel is as it was'

# %% after few
if DATA == 'digits':
    means = [v.mean() for v in few.values()]
    assert max(means) - min(means) < .04, 'the page says: close together'
    assert np.ptp(few['none']) > np.ptp(means), 'the page says: single plain runs differ by more'

# %% after paired
if DATA == 'digits': assert paired < unpaired, 'the page says that a part of the spread goes away'

# %% after versus
if DATA == 'digits': assert all(interval_of[1] < 0 < interval_of[2] for interval_of in [(0, *[float(o) for o in versus(few[m], few['none']).partition('[')[2][:-1].split(', ')]) for m in METHODS[1:]]), 'the table says: no clear difference'

# %% after wrong
if DATA == 'digits':
    assert all((wrong[o] > wrong['none']).all() for o in METHODS[1:]), 'the page says: every seed says the same'
    assert wrong['MixUp'].mean() < min(wrong['CutMix'].mean(), wrong['Cutout'].mean()), 'the page says that MixUp is last'

# %% after by-heart
if DATA == 'digits': assert repeated['none'] > 2*max(repeated[o] for o in METHODS[1:]), 'the page says that the plain run learns them by heart'

# %% after short
if DATA == 'digits': assert all(short[o].mean() < short['none'].mean() for o in METHODS[1:]), 'the page says that the last panel turns around'

# %% after random-mix
assert {'MixUp', 'CutMix', 'none'} == set(note.names), 'the page says that one of them works on each batch'

# %% after both
if DATA == 'digits': assert np.mean(chosen) > wrong['none'].mean() + .03, 'the page says: about as good as its parts'

# %% after label-off
assert off(pasted).max() < .01, 'the page says: exact'
assert off(rand_crop_flip(pasted)).max() > .05, 'the page says: a guess'

# %% after turned
if DATA == 'digits': assert np.mean(turned) < few['none'].mean(), 'the page says that it does harm'

# %% after errors
assert errors['CutMix'][0] > .2 > .01 > errors['CutMix'][-1], 'the page says: small objects'
assert max(errors['Cutout']) - min(errors['Cutout']) < .15, 'the page says: about the same'

# %% after lengths
from mixcourse.compare.evidence import by_length
found = {(o['epochs'], o['method']): o['verdict'] for o in by_length(results, 'clean')}
assert {o for (epochs, method), o in found.items() if epochs == 15 and method != 'none'} == {'worse'}, 'the page says: all four are behind'
behind = {method for (epochs, method), o in found.items() if epochs == 50 and o != 'no clear difference' and method != 'none'}
assert behind == {'cutmix'}, 'the page says: after 50 epochs only CutMix is still clearly behind'
mixers = 'mixup', 'cutmix', 'randommix'
assert {found[150, o] for o in mixers} == {'better'}, 'the page says: the three that mix labels are ahead'
assert found[150, 'cutout'] == 'no clear difference', 'the page says: the interval of Cutout still contains 0'
means = {o['method']: o['mean'] for o in by_length(results[-1:], 'clean')}
assert max(means, key=means.get) == 'randommix', 'the page says: farthest ahead'
