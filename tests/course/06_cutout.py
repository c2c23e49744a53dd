"What cutout says of its run. Executed in the chapter, after the cell of that id."

# %% after 0935bdef
if DATA == 'tiles': assert alike(1) > .6 and alike(1) > alike(H//4)+.2, 'the page says that neighbors are more alike'

# %% after 4c92103f
if DATA == 'tiles': assert (hidden==0).sum() > 10, 'the page says that many have no hole'

# %% after e2c5b58b
assert torch.equal(cutout(x, box), holed) and torch.equal(mine, theirs)

# %% after 5b5e0524
assert share.mean() < 1/16 and share.min() == 16/1024

# %% after 2698095d
assert .15 < anywhere[-1,-1]/anywhere[16,16] < .4 and inside[-1,-1]/inside[16,16] < .05

# %% after b30b0bd5
if DATA == 'tiles': assert (after.mean()-x.mean()).abs() < .1 and before.mean() < x.mean()-.1, 'the page says that black shifts the mean'

# %% after d1f401f8
assert torch.equal(m.xb[0], cutout(x, box)) and torch.equal(m.yb[0], y), 'the boxes shown are those of the callback, labels stay'

# %% after 4cd54b73
m = acc.mean(1)
assert abs(m[2]-m[0]) < .02 and m[4] < m[0]-.01 and m.argmin()==4 and acc.std(1).argmax()==4, 'the page says: level up to 4, lowest at 8'

# %% after d3159cc0
if DATA == 'tiles': assert abs(np.mean(res['plain'])-np.mean(res['Cutout'])) < .06, 'the page says: no clear difference'
