"What tuning says of its run. Executed in the chapter, after the cell of that id."

# %% after 0e843b0f
if DATA == 'digits':
    r = pd.DataFrame(rows)['MixUp(1.)']
    assert np.mean(mixed.raw.losses[-1]) > 2*record_training(mixed)['valid_loss'][-1], 'the page says that training loss stays above validation loss'
    assert r['training'] < .7 < .85 < r['training, mixed accuracy'] and r['validation'] > .9, 'the page says what the accuracies are'

# %% after d462a28f
assert torch.allclose(loss, entropy.mean(), atol=1e-5), 'the page says that the floor is the entropy'

# %% after 93e55421
r = pd.DataFrame(rows).T.astype(float)
assert np.allclose(r.floor, r.formula, atol=.01) and r['mixed, %'].iloc[0] < 20 and r['mixed, %'].iloc[-1] > 99.9, 'the page says how much is mixed'

# %% after 8cd727b8
if DATA == 'digits': assert np.mean(mixed.raw.losses[-1]) - other*r.formula['alpha 1'] > .1 + np.mean(plain.raw.losses[-1]), 'the page says that much is left to be learned'

# %% after 4a44e461
if DATA == 'digits':
    f,w = (accs(o).mean(1) for o in (few,wrong))
    assert f[-1] < f[0] and np.ptp(f) < .05, 'the page says that the curve with few labels is flat and falls'
    assert w[0]+.03 < w[1:].min() and w[-1] > w.max()-.02, 'the page says that the curve with wrong labels rises'

# %% after 4e03535c
if DATA == 'digits':
    gain = {}
    for k,o in dict(few=few, wrong=wrong).items():
        a,b = (np.mean([(p.argmax(1)==y).float().mean().item() for p,y in map(on_test, o[v])]) for v in (0,sweep[accs(o).mean(1).argmax()]))
        gain[k] = b-a
    assert abs(gain['few']) < .02 and gain['wrong'] > .04, 'the page says that one choice is chance and the other is not'

# %% after 00b092d6
if DATA == 'digits':
    assert r.confidence['alpha 0'] > r.confidence['alpha 1']+2 and r.confidence['alpha 0'] > r.confidence['alpha 32']+2, 'the page says that confidence falls'
    g = r.accuracy-r.confidence
    assert g['alpha 32'] > g['alpha 0']+2, 'the page says that the gap of mixed runs is wider'
    assert abs(r.confidence['alpha 32']-r.confidence['alpha 1']) < 2, 'the page says that confidence hardly changes beyond 1'
    assert r.accuracy['alpha 32'] < r.accuracy['alpha 1'] and g['alpha 32'] < g['alpha 6']+.5, 'the page says that accuracy falls and the gap does not widen'

# %% after 7c203237
if DATA == 'digits':
    raw = np.mean([[np.mean(e) for e in o.raw.losses] for o in off], 0)
    assert raw[12] < .5*raw[11], 'the page says that training loss drops at once'
    assert np.mean([o.recorder.values[12][0]/o.recorder.values[11][0] for o in off]) > .7, 'the page says that the smoothed loss lags behind'

# %% after dded8559
if DATA == 'digits':
    before,m = table.loc['alpha 6'],table.loc[['switched off','warm-up']]
    assert m.confidence['switched off'] < before.confidence-2 and after['confidence'] < before.confidence-3, 'the page says that confidence falls with clean statistics'
    assert after['confidence'] < m.confidence['switched off']+2, 'the page says that it is as low as after switching off'
    assert (m.accuracy-before.accuracy).max() < 1.5, 'the page says that neither schedule pays'
