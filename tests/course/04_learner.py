"What learner says of its run. Executed in the chapter, after the cell of that id."

# %% after ebaebedd
if DATA == 'digits': assert without > with_it+.15, 'the page says that the model is fine and the measurement is not'

# %% after 19638a15
assert with_it==without, 'the page says that the callback sleeps in validation'

# %% after 290be9a2
if default_device().type == 'cpu': assert all(same), 'the page says that both do the same'

# %% after 1bc6b637
for error in KeyboardInterrupt, CancelFitException:
    learn,own = stopped(MixUp(.4), error)
    assert own and valid_accuracy(learn)==valid_accuracy(Learner(learn.dls, learn.model, loss_func=learn.loss_func, metrics=accuracy))
learn,own = stopped(Swap(), KeyboardInterrupt)
pred,y = torch.zeros(2, 3),torch.tensor([0,1])
left = learn.loss_func(pred, y)
learn.swap('before_train')
assert not own and torch.isclose(learn.loss_func(pred, y), 2*left), 'the page says that Swap leaves its loss behind, and that it is doubled again'

# %% after 9859e5d9
assert np.sum(counted, 0).tolist()==[1000,1000], 'the page says: as many as before'

# %% after 40260be4
last = {m: {k: np.mean([o[m][-1] for o in v]) for k,v in logs.items()} for m in logs['plain'][0]}
if DATA == 'digits': assert last['train_accuracy']['plain'] > .9 and last['train_accuracy']['MixUp'] < last['train_accuracy']['plain']-.2, 'the page says: it looks like a failure'

# %% after 46c3465a
if DATA == 'digits':
    assert 1<e<E//2<E and all(abs(o['train_loss'][0]-np.log(10)) < .35 for o in (p,m)), 'the note says: near ln 10'
    assert m['train_accuracy'][E//2-1] < m['valid_accuracy'][E//2-1]-.1, 'the note says: the harder task'
    assert m['train_loss'][-1] > p['train_loss'][-1]+.2, 'the note says: it stays higher'
    assert abs(last['valid_accuracy']['MixUp']-last['valid_accuracy']['plain']) < .03, 'the page says that they end close to each other'

# %% after ceec2b62
if DATA == 'digits': assert last['train_mixed_accuracy']['MixUp'] > last['train_accuracy']['MixUp']+.2, 'the page says that the mixed accuracy is higher'
if DATA == 'digits':
    how = {k: np.array([o['sure'][0] for o in v]) for k,v in logs.items()}
    assert (how['MixUp'] < how['plain']).all() and last['valid_loss']['MixUp'] > last['valid_loss']['plain']-.02, 'the page says: less sure, and no lower loss'

# %% after b929e704
with torch.no_grad(): top = learn.model.eval()(blend[None]).topk(2).indices[0].tolist()
if DATA == 'digits': assert set(top)=={0,4}, 'the page says that two classes stand out'

# %% after 1353adc2
if DATA == 'digits':
    assert res[.55,'MixUp'][2] > res[.55,'plain'][2]+.03, 'the page says: names both more often'
    assert all(v[1] < 1-lam-.05 for (lam,_),v in res.items()), 'the page says: less than its share'
