"What why says of its run. Executed in the chapter, after the cell of that id."

# %% after c803e3b6
if DATA == 'digits':
    assert true[-1] < .1, 'the page says that the loss goes to nothing'
    assert chance[10] > true[10] and chance[-1] < .2, 'the page says that random labels are fitted as well'

# %% after d102d070
if DATA == 'digits':
    acc = np.array(curves(plain)['40% wrong'])
    assert np.mean(lies) > .9, 'the page says that it learned the lies by heart'
    assert np.mean(curves(plain)['right labels'], 0)[-1] > acc.mean(0)[-1]+.15, 'the page says that wrong labels cost a good deal'
    assert acc.mean(0).max() > acc.mean(0)[-1]+.06, 'the page says that accuracy rises, then falls'

# %% after 8b7fa004
if DATA == 'digits':
    gap = {k: np.mean(honesty(v)['gap']) for k,v in plain.items()}
    assert gap['40% wrong'] > .04, 'the page says that it is over-confident'
    assert abs(gap['right labels']) < .04, 'the page says that with right labels it is not'

# %% after bfdf5064
if DATA == 'digits':
    often = {k: np.mean([o[k] for o in between]) for k in between[0]}
    assert often['a third'] > .1, 'the page says that a third class is often named'
    assert often['half and half'] < .3 and often['sure of one'] > .04, 'the page says that few are half and half, and that some are sure'

# %% after 4a1952f5
if DATA == 'digits':
    assert pics.vocab[most]=='9' and (says==most).float().mean() > .6, 'the page says that a turned 6 is called 9'
    assert right['0'] > .8 > .3 > right['6'], 'the page says that a 0 survives and a 6 does not'

# %% after 6b281ebd
if DATA == 'digits':
    last, best = ({k: np.mean(f(np.array(v))) for k,v in both.items()} for f in (lambda a: a[:,-1], lambda a: a.max(1)))
    assert last['MixUp'] > last['plain']+.03, 'the page says that MixUp ends higher'
    assert abs(best['MixUp']-best['plain']) < .06, 'the page says that the peaks are about the same'
    assert np.mean([by_heart(o, s)[1] for o,s in zip(mixed['40% wrong'], seeds)]) < np.mean(lies)-.08, 'the page says that fewer lies are learned'

# %% after ed9c74d5
if DATA == 'digits':
    d = {k: np.mean(scores['MixUp'][k])-np.mean(scores['plain'][k]) for k in scores['plain']}
    assert abs(d['right labels']) < .03, 'the page says that accuracy with right labels is about the same'
    assert d['third class'] < -.05, 'the page says that a third class is named less often'
    assert abs(d['attacked']) < .12, 'the page says that under attack there is little between them'

# %% after 1603a9cc
if DATA == 'digits':
    assert all(np.mean(honesty(v)['gap']) < -.03 for v in mixed.values()), 'the page says that MixUp claims too little'
