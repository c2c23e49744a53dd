"What cutmix says of its run. Executed in the chapter, after the cell of that id."

# %% after area
assert abs((mixed == cat).all(0).float().mean() - lam) < .02, 'the label is the share of pixels that stayed'

# %% after sides
assert abs(cuts['its square root']**2 - .4) < 1e-9, 'the root covers what was wanted'

# %% after clip-measured
assert abs(means['as drawn, before clipping'] - .5) < .02
assert all(.25 < means[f'{o} × {o} pixels'] < .34 for o in (8, 32, 224)), 'the page says: more than a third is taken away'
assert abs(means['224 × 224 pixels'] - 77/240) < .01, 'the page gives the limit'

# %% after library
assert torch.equal(mine, theirs), 'the page says that the library draws your boxes'
assert torch.equal(cutmix(x, perm, box), mixed), 'the page says that the library pastes what you paste'

# %% after training-end
if DATA == 'digits':
    assert np.mean(end['CutMix']) > np.mean(end['plain']) + .05, 'the page says that plain pays for the wrong labels'
    assert curves['plain']['train_accuracy'][-1] > .65, 'the page says: so high that wrong labels were learned by heart'

# %% after recipes
if not briefly:
    for i in range(2): assert abs(answers['CutMix'][i] - answers['what went in'][i]) < abs(answers['plain'][i] - answers['what went in'][i]), 'the page says: nearer'
