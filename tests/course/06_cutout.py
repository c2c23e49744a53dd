"What cutout says of its run. Executed in the chapter, after the cell of that id."

# %% after alike
assert alike(1) > .9, 'the page says: nearly the copy of the one beside it'
assert alike(1) > alike(8) > alike(64), 'the page says that neighbors tell more'

# %% after own-place
assert whole_ones.sum() > 5, 'the page says that pictures without a hole are many'

# %% after no-hole
assert all(top[i] < 0 or left[i] < 0 for i in some), 'the page says: a negative row or column'

# %% after library
assert torch.equal(drawn, box), 'the page says that rand_holes draws your boxes'
assert torch.equal(cutout(x, box, hole), own), 'the page says that cutout fills what you fill'

# %% after hidden
assert .8 < hidden.mean()*16 < 1, 'the page says: a little less than 1/16'

# %% after corner
anywhere, inside = maps.values()
assert anywhere[16,16]*.9 < anywhere[8,8] < anywhere[16,16]*1.1, 'the page says: the same chance away from the rim'
assert inside[-1,-1] < .05*inside[16,16], 'the page says that corners are almost never hidden'
assert anywhere[-1,-1] < .7*anywhere[-1,16] < .7*anywhere[16,16], 'the alt text says: less along the rim, least in the corners'

# %% after batch-mean
assert abs(after.mean() - normal.mean()) < .1, 'the page says: about where it was'
assert before.mean() < normal.mean() - .15, 'the page says that black pulls the mean down'

# %% after kinds
assert torch.equal(first_with(Cutout(24)), first_with(Cutout(.375))), 'the page says that the first two are the same'

# %% after pipeline
assert torch.equal(mixed.xb[0], cutout(x, box)), 'the boxes shown are those of the callback'
assert torch.equal(mixed.yb[0], y), 'the page says that labels stay'

# %% after ends
if DATA == 'digits':
    gain = {k: np.mean(v['Cutout']) - np.mean(v['plain']) for k, v in end.items()}
    assert gain['40% wrong'] > .1, 'the page says that Cutout wins by a lot'
    assert abs(gain['all right']) < .02, 'the page says: no clear difference'

# %% after training-trace
if DATA == 'digits':
    assert curves['plain']['train_accuracy'][-1] > .62, 'the page says: only with wrong labels'
    assert curves['Cutout']['train_accuracy'][-1] < curves['plain']['train_accuracy'][-1] - .05, 'the page says: no fixed picture'

# %% after sweep-seen
if DATA == 'digits':
    assert acc.mean(1).argmin() == 0, 'the alt text says: lowest without a hole'
    assert acc.mean(1)[1] > acc.mean(1)[0] + .04, 'the alt text says that it rises steeply'
    assert np.ptp(acc.mean(1)[2:]) < .06 and np.ptp(acc.mean(1)[3:]) < .02, 'the alt text says that it levels off at the largest holes'

# %% after behind-seen
if not briefly:
    assert right(plain, pics.x_test) > .95 and right(holes, pics.x_test) > .95, 'the page says: every crop or nearly so'
    assert found['90% of the side']['Cutout'][0] > found['90% of the side']['plain'][0], 'the page says: keeps its answers longer'
    assert found['70% of the side']['Cutout'][0] >= found['70% of the side']['plain'][0], 'the page says: keeps its answers longer'
