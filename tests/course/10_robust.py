"What robust says of its run. Executed in the chapter, after the cell of that id."

# %% after 43754ebd
if DATA == 'digits':
    fall = {k: best[k].mean(0)-last[k].mean(0) for k in methods}
    assert abs(mean_curve('plain',.4)[3]-mean_curve('MixUp',.4)[3]) < .12 and best['plain'].mean(0)[2] > last['plain'].mean(0)[2]+.03, 'the page: little between them early'
    assert fall['plain'][2] > .04, 'the page: plain runs fall after their peak'
    for k in ('MixUp','CutMix'):
        assert fall[k][2] < .7*fall['plain'][2], 'the page: mixed runs stay near their peak'
        assert all(last[k].mean(0)[2:] > last['plain'].mean(0)[2:]+.03), 'the page: mixing ends ahead at 40 and 60%'
        assert last[k].mean(0)[0] < last['plain'].mean(0)[0]+.01, 'the page: it gains nothing with clean labels'

# %% after 7e12b943
if DATA == 'digits':
    for k in ('MixUp','CutMix'): assert heart[k][0].mean() < heart['plain'][0].mean()-.2, 'the page: mixing keeps wrong labels from being learned'

# %% after 2549c5cf
if DATA == 'digits': assert all((right[k].mean(0)-right['plain'].mean(0)).abs().max() < .15 for k in methods), 'the page: they fall nearly alike'

# %% after 8f6faf8d
assert torch.equal(my_fgsm(f, x, y, epsilon), fgsm(f, x, y, epsilon))
if DATA == 'digits': assert ((one==0)|(one==1))[attacked==one].all(), 'the page: pixels at the limit stay'
if DATA == 'digits': assert score(f, random) > score(f, my_fgsm(f, x, y, epsilon))+.2, 'the page: the aim does it'

# %% after 9e43ed62
if DATA == 'digits':
    a = {k: np.mean(v, 0) for k,v in one_step.items()}
    assert a['plain'][3] < .6 and all(a[k][1:].mean() > a['plain'][1:].mean()-.03 for k in methods), 'the page: steep falls, mixing at or above plain'

# %% after f5a0704b
if DATA == 'digits':
    b = {k: np.mean(v, 0) for k,v in small_steps.items()}
    assert all((b[k] <= a[k]+.02).all() for k in methods), 'the page: PGD finds more'
    assert all(b[k][-1] < .15 for k in methods), 'the page: none withstands'
    assert b['CutMix'][2] > b['plain'][2]+.02, 'the page: CutMix keeps a lead in the middle'

# %% after b2961c7e
for v in logits.values(): assert abs(my_ece(v[0,0].softmax(-1), y_cpu)-calibration_error(v[0,0].softmax(-1), y_cpu)) < 1e-4
if DATA == 'digits':
    sure = {k: v.softmax(-1).amax(-1).mean(-1) for k,v in logits.items()}
    for k in ('MixUp','CutMix'): assert sure[k][:,0].mean() < right[k][:,0].mean()-.03 and np.mean(ece[k]) > np.mean(ece['plain'])+.02, 'the page: under-confident, and worse calibrated on clean pictures'
    assert abs(sure['plain'][:,0].mean()-right['plain'][:,0].mean()) < .04, 'the page: plain models are honest on clean pictures'

# %% after 00142ef4
if DATA == 'digits':
    g = {k: v.mean(0) for k,v in trained.items()}
    assert g['plain'][-1] > .08 and all(g[k][0] < -.02 and g[k][-1] < g['plain'][-1]-.04 for k in ('MixUp','CutMix')), 'the page says where each is sure'

# %% after 62ba3a03
if DATA == 'digits':
    left = {k: np.mean([rest(z) for z in (v/T[k])[:,0]]) for k,v in logits.items()}
    assert max(left.values())-min(left.values()) < .01, 'the page: with a temperature all come out about equal'

# %% after 996ac3b6
assert all(torch.equal(mended[k].argmax(-1), v.argmax(-1)) for k,v in logits.items())
if DATA == 'digits':
    h = {k: v.mean(0) for k,v in gap(mended).items()}
    for k in ('MixUp','CutMix'):
        assert T[k].mean() < .8 and np.mean([rest(z) for z in mended[k][:,0]]) < .7*np.mean([rest(z) for z in logits[k][:,0]]), 'the page: a temperature below 1 mends it'
        assert abs(h[k][0]) < .03, 'the page: on clean pictures the mended line starts at zero'
        assert h[k][-1] > g[k][-1]+.05, 'the page: the mended models are over-confident on noisy pictures'
