"What practice says of its run. Executed in the chapter, after the cell of that id."

# %% after sizes
if DATA == 'digits':
    plain_runs, mixed_runs = (np.array(by_size[a]).mean(1) for a in (0, 1))
    assert mixed_runs[0, 0] < plain_runs[0, 0], 'the page says that it costs the smallest network points'
    assert plain_runs[0, 1] < .52, 'the page says: not even half'
    assert plain_runs[-1, 1] > .9, 'the page says: nearly every wrong label'
    gain = mixed_runs[:, 0]-plain_runs[:, 0]
    assert gain.argmax() == 2 and gain[2] > .05, 'the page says that MixUp gains most with the largest'
    assert plain_runs[2, 0] < plain_runs[1, 0], 'the alt text says that the plain line falls for the largest'

# %% after rare
if DATA == 'digits':
    found = {k: np.mean(v['rare classes']) for k, v in {**plainly, **weighed}.items()}
    assert found['plain'] > .1, 'the page says: some'
    assert max(found['MixUp'], found['CutMix']) < .1*found['plain'], 'the page says: nearly all of them are lost'
    assert found['MixUp, class weights'] > found['plain, class weights']-.05, 'the page says that MixUp does no harm with weights'
    others = {k: np.mean(v['the others']) for k, v in plainly.items()}
    assert others['plain']-min(others.values()) < .02, 'the page says that the others hardly notice'

# %% after partners
if DATA == 'digits': assert alone > .95, 'the page says: in nearly every blend a common class is right, too'

# %% after tune
if DATA == 'digits':
    assert np.mean(tuned['fine-tuned']) > np.mean(tuned['random weights']), 'the page says that what was learned before helps'
    short, longer = (np.mean(tuned[f'{k}, MixUp'])-np.mean(tuned[k]) for k in ('fine-tuned', 'tuned longer'))
    assert short < .005, 'the page says that MixUp adds nothing in the short run'
    assert longer > max(short, -.015), 'the page says that in the longer run it costs nothing any more'

# %% after whole
assert torch.allclose(one_by_one(), whole(), atol=1e-6), 'the page says: the same pictures'
assert slow > quick, 'the page says that the whole batch is quicker'

# %% after hook
assert torch.allclose(hooked, in_two, atol=1e-5), 'the page says: as if cut in two'
assert not torch.allclose(hooked, of_pixels, atol=.01), 'the page says: not the same as MixUp'

# %% after features
if DATA == 'digits':
    tight = {k: tightness(features(o)) for k, o in flat.items()}
    assert tight['ManifoldMixUp'] < min(tight['plain'], tight['MixUp']), 'the page says that most classes draw together'
    own = [features(flat['ManifoldMixUp'])[first.y_test==k] for k in range(6)]
    centers = torch.stack([o.mean(0) for o in own])
    gaps = torch.cdist(centers, centers) + 1e9*torch.eye(6)
    assert set(divmod(gaps.argmin().item(), 6)) == {1, 2}, 'the alt text names them'
    assert gaps.min() < 2*(own[1].std(0).norm()+own[2].std(0).norm()), 'the page says that two still overlap'

# %% after manifold
if DATA == 'digits':
    acc = {k: np.mean([o[0] for o in v]) for k, v in runs.items()}
    sure_of = {k: np.mean([o[1] for o in v]) for k, v in runs.items()}
    for k in ('MixUp', 'ManifoldMixUp'):
        assert acc[k] < acc['plain']+.015, 'the page says that neither gains'
        assert sure_of[k] < sure_of['plain']-.02, 'the page says that both lower confidence'

# %% after retune
if DATA == 'digits':
    for k in ('plain', 'MixUp'):
        assert np.ptp(told(k, 0)) < 3, 'the page says that accuracy hardly changes'
        assert told(k, 1)[1] < told(k, 1)[0]-2, 'the page says that smoothing lowers confidence'
    assert told('MixUp', 1)[2] < told('MixUp', 1)[0]-.5, 'the page says: so does weight decay'
    assert all(m < p for m, p in zip(told('MixUp', 1), told('plain', 1))), 'the page says that MixUp lowers it, whatever is added'

# %% after remembered
if DATA == 'digits':
    wider = came['clean'].std((0, 2, 3))/came['mixed'].std((0, 2, 3))
    assert wider.mean() > 1.05, 'the page says that blends vary less'
    assert (remembered/came['clean'].std((0, 2, 3))).mean() < .95, 'the page says: too narrow for clean ones'

# %% after without
assert torch.equal(with_it, without), 'the page says: nothing changes'

# %% after program
assert torch.equal(loaded.model.eval()(xb), model(xb)), 'the page says that the loaded learner answers the same'
assert torch.equal(again.eval()(xb), model(xb)), 'the page says that the weights are enough'
assert torch.allclose(out, model(xb), atol=1e-5), 'the page says that the program answers the same'
assert 'mix_up' not in [o.name for o in loaded.cbs], 'the page says that the callback is gone'
