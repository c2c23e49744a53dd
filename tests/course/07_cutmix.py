"What cutmix says of its run. Executed in the chapter, after the cell of that id."

# %% after 876c99c9
assert abs((mix==cat).all(0).float().mean()-lam) < .02, 'the label is the share of pixels that stayed'

# %% after 2991cd8f
assert abs((1-lam).mean()-.5) < .02 and abs((1-left).mean()-.31) < .02, 'the bank says: about 0.31'

# %% after b4e8d111
assert torch.equal(mine, theirs) and torch.allclose(box_lam(box, size), left) and torch.equal(cutmix(x, perm, box), mixed)

# %% after 41782b36
if DATA == 'tiles':
    assert all(o['valid_accuracy'][0] < .4 for o in (p,c)), 'the note says: near guessing'
    assert all(c['train_accuracy'][e] < p['train_accuracy'][e] and c['train_loss'][e] > p['train_loss'][e] for e in (4,9,14,19))
    assert all(o['valid_accuracy'][14] > o['valid_accuracy'][9] for o in (p,c)), 'the note says: both still gain'
    assert c['valid_accuracy'][-1] > c['train_accuracy'][-1]+.03, 'the note says: the test is the easier task'

# %% after ed8acb8e
if DATA == 'tiles': assert np.mean(end['CutMix']) < np.mean(end['plain'])-.01, 'the page says that CutMix is behind'
if DATA == 'tiles': assert p['train_accuracy'][-1] < .97, 'the page says: not learned by heart'

# %% after f6a5ea51
with torch.no_grad(): top = learn.model.eval()(two[None]).topk(2).indices[0].tolist()
if DATA == 'tiles': assert set(top)=={6,3}, 'the page says that the model sees both'

# %% after 671b1175
m = {k: v.mean(0) for k,v in res.items()}
if DATA == 'tiles':
    assert all(v[0] > v[1]+.05 for v in m.values()) and abs(m['CutMix'][2]-m['plain'][2]) < .12, 'the page says: larger share first, both on top about as often'
    assert m['CutMix'][3] < m['plain'][3]-.02, 'the page says: the lower loss'
