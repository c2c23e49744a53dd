"What limits says of its run. Executed in the chapter, after the cell of that id."

# %% after opener
assert (F.avg_pool2d(.5*one+.5*three, 3, stride=4)>.3).sum()==4, 'the page says: four squares'

# %% after mean-angle
assert near_north.round().item() % 360 == 0, 'the page says: north'

# %% after text-run
if not briefly: assert min(np.mean(o) for o in text.values()) > .55, 'the page says that embeddings can be learned from'

# %% after scene-seen
assert set(mask.unique().tolist()) <= {0., 1., 2.}, 'the page says that every pixel keeps a true label'

# %% after mask-run
if not briefly: assert min(np.mean(o) for o in masks.values()) > .75, 'the page says that stripes can be found'

# %% after scan
assert finding(half) < .75*finding(sick), 'the page says that the finding gets fainter'

# %% after count-run
if not briefly:
    assert np.subtract(scores['MixUp'], scores['plain']).max() < 0, 'the page says: with every seed'
    assert np.subtract(scores['CutMix'], scores['MixUp']).max() < 0, 'the page says that CutMix hurts most'

# %% after count-versus
if not briefly: assert float(versus(scores['CutMix'], scores['plain']).rpartition(', ')[2].rstrip(']')) < 0, 'the page says: far below 0'

# %% after neither
assert (count(x)==y).float().mean() > .99, 'the rule that counts must be right'
assert neither > .2, 'the page says that many show a number that is neither label'

# %% after pair-versus
if DATA == 'digits': assert np.subtract(pairs['partners far'], pairs['MixUp']).max() < 0, 'the page says: clearly less'
if DATA == 'digits': assert np.mean(pairs['partners near']) < np.mean(pairs['MixUp'])+.02, 'the page says: no improvement'
if DATA == 'digits': assert np.mean(pairs['MixUp']) == max(np.mean(o) for o in pairs.values()), 'the title says that partners from everywhere do most'

# %% after count-pairs
if DATA == 'digits': assert two_classes(pics.y_train.sort().values) < .5, 'the page says that most mixes are of a class with itself'

# %% after order-run
gained = {k: np.mean(orders['MixUp'][k])-np.mean(orders['plain'][k]) for k in ('shuffled', 'sorted')}
if DATA == 'digits': assert gained['sorted'] < gained['shuffled'], 'the page says that little of the gain is left'
if DATA == 'digits': assert np.mean(orders['plain']['sorted']) < np.mean(orders['plain']['shuffled']), 'the page says that it costs a plain run'

# %% after ridge
assert np.abs(cloud_weights-ridge_weights).max() < .05, 'the page says that the last two rows agree'
assert np.linalg.norm(ridge_weights) < np.linalg.norm(plain_weights), 'the page says that weights are smaller'

# %% after clouds
if DATA == 'digits': assert np.mean(clouds) > np.mean(pairs['MixUp'])-.03, 'the page says that clouds do as well'
if DATA == 'digits': assert np.mean(clouds) > np.mean(pairs['plain'])+.03, 'the page says that there is a gain'

# %% after shrink
if DATA == 'digits': assert (average-shrunk).abs().max() < .02, 'the page says that they are the same'

# %% after shrunk-versus
if DATA == 'digits': assert lost('MixUp').mean() < lost('plain').mean(), 'the page says that MixUp minds it less'
if DATA == 'digits': assert abs(lost('MixUp').mean()) < .03, 'the page says: stays about where it was'

# %% after slope-run
if DATA == 'digits': assert np.subtract(slopes['MixUp'], slopes['plain']).max() < 0, 'the page says that the slope is smaller'
before, after = (np.mean(o['MixUp'])-np.mean(o['plain']) for o in (pairs, hits))
if DATA == 'digits': assert after > before, 'the page says: farther apart than before'

# %% after fmix-seen
if DATA == 'digits': assert abs(mask.float().mean()-.6) < .01, 'the page says that the share is exact'
