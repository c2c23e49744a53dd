"What why says of its run. Executed in the chapter, after the cell of that id."

# %% after loop
if DATA == 'digits': assert true[-1] < .1, 'the page says that the loss falls almost to zero'

# %% after random
if DATA == 'digits':
    assert chance[10] > true[10], 'the page says: a little longer'
    assert chance[-1] < .2, 'the page says: just as well'

# %% after plain-curves
if DATA == 'digits':
    trail = np.array([curve(o) for o in plain['40% wrong']])
    assert trail.mean(0).max() > trail.mean(0)[-1]+.06, 'the page says: it climbs, turns around and falls back'

# %% after repeated
if DATA == 'digits':
    assert np.mean(repeated) > .8, 'the page says that it repeats the wrong labels'
    assert np.mean(clean['right labels']) > np.mean(clean['40% wrong'])+.15, 'the page says that there is a price'

# %% after honest
if DATA == 'digits':
    gaps = {k: np.mean(honesty(v)['difference']) for k, v in plain.items()}
    assert gaps['40% wrong'] > .03, 'the page says: overconfident'
    assert abs(gaps['right labels']) < .04, 'the page says: hardly any difference'

# %% after third
if DATA == 'digits': assert np.mean([third(o) for o in plain['right labels']]) > .1, 'the page says: a good part'

# %% after turned
if DATA == 'digits': assert pics.vocab[most] == '9', 'the page says that a 6 becomes a 9'

# %% after mixed-table
if DATA == 'digits':
    end = {k: {t: np.mean([clean_accuracy(o) for o in v[t]]) for t in tasks} for k, v in ways.items()}
    assert all(end[k]['40% wrong'] > end['plain']['40% wrong']+.02 for k in ('MixUp', 'CutMix')), 'the page says that mixing helps'
    assert end['CutMix']['40% wrong'] > end['MixUp']['40% wrong'], 'the alternative text says that CutMix ends highest'
    assert all(abs(end[k]['right labels'] - end['plain']['right labels']) < .03 for k in ways), 'the page says: nothing to gain'

# %% after promises
if DATA == 'digits':
    assert np.mean(between['MixUp']) < np.mean(between['plain'])-.05, 'the page says that MixUp keeps the first promise'
    assert all(np.mean(gap[k]) < 0 for k in ('MixUp', 'CutMix')), 'the page says: a minus'

# %% after photographs
from mixcourse.compare.evidence import by_length
found = {(o['epochs'], o['method']): o['verdict'] for o in by_length(results, 'clean')}
ahead = {(o['epochs'], o['method']): o['difference'] for o in by_length(results, 'clean')}
for method in ('mixup', 'cutmix'):
    assert abs(ahead[50, method]) < .02 < -ahead[15, method], 'the page says: after 50 epochs they have nearly caught up'
    assert found[15, method] == 'worse', 'the page says: after 15 epochs the plain run is ahead'
    assert found[150, method] == 'better', 'the page says: after 150 epochs the mixed runs are ahead'
