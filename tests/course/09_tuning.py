"What tuning says of its run. Executed in the chapter, after the cell of that id."

# %% after opener
if DATA == 'digits': assert curve(mixed)[-1] > 2*record_training(mixed)['valid_loss'][-1], 'the page says that training loss stays above validation loss'
if DATA == 'digits': assert curve(plain)[-1] < .1, 'the page says that both fall to nearly zero'

# %% after accuracies
if DATA == 'digits':
    r = rows['MixUp']
    assert r['training'] < .7, 'the page says: about half'
    assert r['training, mixed accuracy'] > .85, 'the page says that the mixed accuracy is fair'
    assert r['validation'] > .9, 'the page says that it does well'

# %% after perfect
if DATA == 'digits': assert all(.53 < best_accuracy(a) < .57 for a in (.2, 1., 32.)), 'the page says: a half and a little more, whatever alpha'

# %% after perfect-loss
assert torch.allclose(mixed_loss(knows, y, y[perm], lam), -torch.xlogy(t, t).sum(1).mean(), atol=1e-5), 'the page says that the floor is the entropy'

# %% after floor-table
assert by_alpha[.05][0] < 20, 'the page says that most pictures stay as they were'
assert by_alpha[32.][0] > 99.9, 'the page says that no picture stays as it was'
if DATA == 'digits':
    exact = .9*(torch.digamma(tensor(3.))-torch.digamma(tensor(2.)))
    assert abs(by_alpha[1.][1]-exact) < .01, 'the page gives the formula'

# %% after floor-seen
if DATA == 'digits': assert v[-1] > height+.1, 'the page says that much is left to be learned'

# %% after sweep
if DATA == 'digits':
    few_labels_accs = [accs('few labels', 'plain').mean(), *(accs('few labels', way, 'alpha', a).mean() for way in (MixUp, CutMix) for a in ALPHAS)]
    assert np.ptp(few_labels_accs) < .04, 'the page says that nothing stands out'
    wrong_task = '40% wrong labels'
    base = accs(wrong_task, 'plain').mean()
    for a in ALPHAS:
        assert accs(wrong_task, MixUp, 'alpha', a).mean() > base+.04, 'the page says: far ahead of plain'
        assert accs(wrong_task, CutMix, 'alpha', a).mean() > accs(wrong_task, MixUp, 'alpha', a).mean(), 'the page says: CutMix further than MixUp'
    by_alpha_of = {way: [accs(wrong_task, way, 'alpha', a).mean() for a in ALPHAS] for way in (MixUp, CutMix)}
    assert by_alpha_of[MixUp] == sorted(by_alpha_of[MixUp]) and np.ptp(by_alpha_of[CutMix]) < .02, 'the alt text says: MixUp rises, CutMix is nearly level'
    for way in (MixUp, CutMix):
        assert accs(wrong_task, way, 'alpha', 8).mean() > accs(wrong_task, way, 'alpha', .2).mean()-.02, 'the page says: a large alpha is as good as any'
        assert base < accs(wrong_task, way, 'p', .5).mean() < accs(wrong_task, way, 'p', 1).mean(), 'the page says: more is better, all the way'
    for way in (MixUp, CutMix):
        often = [accs('few labels', way, 'p', o).mean() for o in (0, .5, 1)]
        assert np.ptp(often) < .01, 'the page says: it hardly matters whether all, half or none are mixed'

# %% after choose
if DATA == 'digits':
    gain = {}
    for task in tasks:
        keys = [k for k in runs if k[0] == task and len(k) == 4 and k[3]]
        best = max(keys, key=lambda k: accs(*k).mean())
        gain[task] = np.mean(tested(best)) - np.mean(tested((task, 'plain')))
    assert abs(gain['few labels']) < .01, 'the page says that the lead is gone'
    assert gain['40% wrong labels'] > .08, 'the page says that the lead is as large'

# %% after confidence
if DATA == 'digits':
    accuracy_of, sure_of = values
    gaps = accuracy_of-sure_of
    assert gaps[1:].min() > gaps[0]+1.5, 'the page says that the gap of mixed runs is wider'
    assert sure_of[0] > sure_of[1]+2, 'the page says that confidence falls'
    assert abs(sure_of[3]-sure_of[2]) < 2, 'the page says: hardly beyond 1'
    assert accuracy_of[3] < accuracy_of[0], 'the page says that accuracy goes on falling'

# %% after switch-off
assert all(my_switch_off(o) == lib(o) for o in grid), 'the page says that the library does the same'

# %% after schedules
if DATA == 'digits':
    off_curve, warm_curve, flat_curve = (mean_curve(o) for o in (scheduled['switched off'], scheduled['warm-up'], same['alpha 8']))
    assert off_curve[12] < .5*off_curve[11], 'the page says that training loss drops at once'
    assert logged(scheduled['switched off'])[12] > .7*logged(scheduled['switched off'])[11], 'the page says that the smoothed loss lags behind'
    assert np.abs(warm_curve-flat_curve).max() < .25, 'the page says that warm-up hardly shows'
    assert mean_curve(scheduled['hill'])[-1] < flat_curve[-1]-.2, 'the alt text says that the hill falls below'

# %% after schedule-table
if DATA == 'digits':
    plain_right = np.mean(rows['plain']['accuracy'])
    flat = np.mean(rows['alpha 8']['accuracy'])
    for name in scheduled:
        assert np.mean(rows[name]['accuracy']) < plain_right, 'the page says that no schedule makes up for it'
        assert abs(np.mean(rows[name]['accuracy'])-flat) < .01, 'the page says: within one point of constant alpha'
    assert np.mean(rows['switched off']['confidence']) < np.mean(rows['alpha 8']['confidence'])-.02, 'the page says that it is less sure'

# %% after refresh
if DATA == 'digits':
    refreshed = measured(same['alpha 8'])[1]
    assert refreshed < before[1]-3, 'the page says that a part of the confidence came from the statistics'
    assert refreshed < 100*np.mean(rows['switched off']['confidence'])+2, 'the page says: as low as after switching off'

# %% after beside
if not briefly:
    mean_of = {k: np.mean(v['turned, other colors']) for k, v in beside.items()}
    assert mean_of['turns and colors'] > mean_of['plain'] > mean_of['MixUp'], 'the page says what each training teaches'
    assert np.mean(beside['turns and colors']['turned, other colors']) > .9, 'the page says: exactly what the test asks'
    assert mean_of['turns, colors, MixUp'] > mean_of['MixUp'], 'the page says that turns and colors teach it'

# %% after long-run
curves = {k: np.mean([r['curve'] for r in long['runs'] if r['method'] == k], 0) for k in ('none', 'mixup', 'cutmix')}
for k in ('mixup', 'cutmix'):
    assert curves[k][0] < curves['none'][0] and curves[k][-1] > curves['none'][-1], 'the page says: behind at first, ahead at the end'
