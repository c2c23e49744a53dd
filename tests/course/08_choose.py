"What choose says of its run. Executed in the chapter, after the cell of that id."

# %% after 4abe2da3
r = pd.DataFrame(rows).T
assert r.rest['MixUp'] > .95 and r.rest['CutMix'] < .01 and abs(r.rest['Cutout']-(1-lam)) < .02, 'the page says which pixels stay'

# %% after b6c18ea2
if DATA == 'digits':
    assert any((diffs[m].max() > 0) and (diffs[m].min() < 0) for m in diffs), 'the page says that the seed decides'
    assert abs(diffs.mean()).max() < 100*(a.max()-a.min()), 'the page says that means lie close together'
    paired = np.mean([(few[m]-a).var(ddof=1) for m in ('MixUp','CutMix','Cutout')])
    alone = np.mean([few[m].var(ddof=1)+a.var(ddof=1) for m in ('MixUp','CutMix','Cutout')])
    assert paired < .8*alone and (b-a).std(ddof=1) < (a.var(ddof=1)+b.var(ddof=1))**.5, 'the page says that pairing takes spread away'

# %% after e429842d
if DATA == 'digits':
    for m in ('MixUp','CutMix','Cutout'):
        assert (wrong[m] > wrong['none']).all() and interval(wrong[m]-wrong['none'])[1] > 0, 'the page says that all three help with wrong labels'
    assert learned['none'] > .35 and max(v for m,v in learned.items() if m!='none') < learned['none']-.15, 'the page says: by heart'
    assert min(wrong['CutMix'].mean(), wrong['Cutout'].mean()) > wrong['MixUp'].mean(), 'the page says that MixUp is last of the three'

# %% after bcaa950f
if DATA == 'digits':
    means = {t: [np.mean(a[m]-a['none']) for m in ('MixUp','CutMix','Cutout')] for t,a in tasks.items()}
    assert all(interval(short[m]-short['none'])[2] < 0 for m in ('MixUp','CutMix','Cutout')), 'the page says that mixing hurts where steps are few'
    assert max(max(v)-min(v) for v in means.values()) < max(means['40% wrong'])-min(means['few steps']), 'the page says that tasks differ more than methods'

# %% after eab0b53f
if DATA == 'digits': assert note.names[:4] == ['none','MixUp','none','CutMix'], 'the alt text says which'

# %% after 30cc7c8a
if DATA == 'digits':
    parts = sorted([wrong['MixUp'].mean(), wrong['CutMix'].mean()])
    assert parts[0]-.02 < both.mean() < parts[1]+.02, 'the page says that the combination is about as good as its parts'

# %% after 8eae9a11
assert off(mixed).max() < 1e-6 and off(rand_crop_flip(mixed)).max() > .05, 'the page says what is lost'

# %% after 0ca66ee8
if DATA == 'digits': assert (turned < few['none']).all(), 'the page says that flipped digits hurt'

# %% after bdc4f1db
c,o = rows['CutMix'],rows['Cutout']
assert c[0] > 2*c[-2] and c[-1] < .01 and max(o)-min(o) < .1 and c[0] > max(o), 'the page says how the label goes astray'
