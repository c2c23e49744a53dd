"What practice says of its run. Executed in the chapter, after the cell of that id."

# %% after 5c70c84f
if DATA == 'digits':
    assert np.mean([*d.values()]) < 0, 'the page: no gain, and rather a loss'
    assert np.mean(tuned['longer']) > np.mean(tuned['scratch'])-.03

# %% after 47aeac5e
assert slow > quick, 'the page: the whole batch at once is quicker'

# %% after 7932fc57
if DATA == 'digits':
    acc = {k: np.mean([o[1] for o in v]) for k,v in runs.items()}
    sure = {k: np.mean([o[2] for o in v]) for k,v in runs.items()}
    assert abs(acc['ManifoldMixUp']-acc['MixUp']) < .03 and acc['ManifoldMixUp'] < acc['plain']+.02, 'the page: no gain here'
    assert max(sure['MixUp'], sure['ManifoldMixUp']) < sure['plain']-.02, 'the page: less confident'

# %% after 147fad17
if DATA == 'digits':
    def mean(m, e, i): return np.mean([o[i] for o in grid[m,e]])
    assert all(abs(mean('MixUp', e, 1)-mean('MixUp', 'nothing', 1)) < .03 for e in extras), 'the page: accuracy hardly moves'
    assert all(mean(m, 'label smoothing', 2) < mean(m, 'nothing', 2)-.02 for m in mixes), 'the page: label smoothing lowers confidence'
    assert mean('MixUp', 'weight decay', 2) < mean('MixUp', 'nothing', 2)-.005, 'the page: so does weight decay'

# %% after 3b40ecc0
if DATA == 'digits': assert (spread['clean']/spread['mixed']).mean() > 1.05 and (bn.running_var.sqrt()/spread['clean']).mean() < .95, 'the page: wider on clean pictures'

# %% after 048ed9c8
if DATA == 'digits': assert abs(right[0]-right[1]) < .03 and sure[1] < sure[0]-.02, 'the page: accuracy stays, confidence moves'

# %% after 6e425d34
assert torch.equal(with_it, without) and torch.equal(loaded.model.eval()(xb), model(xb)) and torch.equal(again.eval()(xb), model(xb))
assert torch.allclose(torch.load(folder/'out.pt'), model(xb), atol=1e-5) and 'MixUp' not in [type(o).__name__ for o in loaded.cbs]
