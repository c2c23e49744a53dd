"What limits says of its run. Executed in the chapter, after the cell of that id."

# %% after 34afa5f7
assert finding(both) < .75*finding(sick), 'the page says that the finding gets fainter'

# %% after 0a9edfd0
assert np.subtract(scores['MixUp'], scores['plain']).max() < 0 and np.subtract(scores['CutMix'], scores['plain']).max() < 0, 'the page says: with every seed'
assert np.mean(scores['MixUp']) < np.mean(scores['plain'])-.03, 'the page says that MixUp hurts'
assert np.mean(scores['CutMix']) < np.mean(scores['plain'])-.1, 'the page says that CutMix hurts most'

# %% after 6fc614ff
assert count(cut[None])==4, 'the alt text says four'
assert (F.avg_pool2d(blend, 3, stride=4)>.3).sum()==4, 'the page says: four squares'
assert (count(x)==y).float().mean() > .99 and neither > .2, 'the page says that many show a number that is neither label'

# %% after 575f00a1
assert abs(mask.float().mean()-.6) < .01, 'the page says that the share is exact'
