"What learner says of its run. Executed in the chapter, after the cell of that id."

# %% after first-seen
if DATA == 'digits':
    noted = record_training(learn)
    assert noted['accuracy'][-1] > noted['accuracy'][0] + .1 and noted['accuracy'][-1] > .85, 'the page says that it works'
    assert noted['train_loss'][-1] > noted['valid_loss'][-1], 'the page says: the training loss stays higher'

# %% after events
assert one_batch(tell.log, True).startswith('before_batch · after_pred · after_loss'), 'the page names the events in this order'
assert 'before_batch' in one_batch(tell.log, False) and 'after_loss' in one_batch(tell.log, False), 'the page says: in validation, too'

# %% after with-without
if DATA == 'digits': assert without > with_it + .15, 'the page says that the network is fine and the measurement is not'

# %% after train-mix
assert with_it == without, 'the page says that the callback sleeps in validation'

# %% after met
assert len({caption for _, caption in met}) == 4, 'the page says that each epoch draws anew'

# %% after unshuffled
if DATA == 'digits':
    found = {k: v[0] for k, v in pairs.items()}
    differ = {k: int(v[1].rstrip('%')) for k, v in pairs.items()}
    assert found['same order'] < 50 < found['shuffled'], 'the page says: only those that share its batch'
    assert differ['sorted by class'] < 50 < 80 < differ['shuffled'], 'the page says: most pairs are of one class'

# %% after same
if default_device().type == 'cpu': assert all(same), 'the page says that both do the same'

# %% after untouched
assert untouched, 'the page says that the library does not write into the data'

# %% after counted
assert loaded == mixed == 1000, 'the page says: as many as went in'

# %% after train-accuracy
if DATA == 'digits': assert np.mean(last('train_accuracy')['MixUp']) < np.mean(last('train_accuracy')['plain']) - .2, 'the page says: it looks like a failure'

# %% after training-trace
if DATA == 'digits':
    assert abs(np.subtract(*(np.mean(v) for v in last('valid_accuracy').values()))) < .03, 'the page says that both end close together'
    assert curves['MixUp']['train_loss'][-1] > curves['plain']['train_loss'][-1] + .2, 'the page says that the training loss stays up'

# %% after fair
if DATA == 'digits': assert np.mean(fair['training, mixed accuracy']['MixUp']) > .9, 'the page says that the training went well'

# %% after honesty
if DATA == 'digits':
    assert np.mean(honesty['MixUp']['how sure']) < np.mean(honesty['plain']['how sure']) - .02, 'the page says: less sure'
    assert abs(np.mean(honesty['MixUp']['how often right']) - np.mean(honesty['plain']['how often right'])) < .03, 'the page says: about as often right'

# %% after recipes
if DATA == 'digits':
    assert answers[.55,'MixUp'][2] > answers[.55,'plain'][2], 'the page says: names both more often'
    assert all(v[1] < 1 - lam for (lam, _), v in answers.items()), 'the page says: not all that it should'

# %% after stops
assert not stopped(Swap(), KeyboardInterrupt), 'the page says that Swap leaves its loss behind'
assert stopped(MixUp(), KeyboardInterrupt) and stopped(MixUp(), CancelFitException), 'the page says that MixUp replaced nothing'

# %% after long-curves
mean_of = {k: {o: np.mean([r[o] for r in long['runs'] if r['method'] == k], 0) for o in ('train_loss', 'curve')} for k in ('none', 'mixup')}
done = int(np.argmax(mean_of['none']['train_loss'] < .05))
assert 0 < done < len(mean_of['none']['curve'])-3, 'the page says: to zero well before the end'
assert mean_of['mixup']['train_loss'].min() > 10*mean_of['none']['train_loss'][-1], 'the page says: never gets there'
after = {k: o['curve'][-1]-o['curve'][done] for k, o in mean_of.items()}
assert after['none'] < .02 < after['mixup'], 'the page says: hardly moves, and goes on climbing'
