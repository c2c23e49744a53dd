"What capstone says of its run. Executed in the chapter, after the cell of that id."

# %% after scores
if DATA == 'digits': assert np.mean(scores['none']) == min(np.mean(o) for o in scores.values()), 'the alt text says: farthest to the left'

# %% after finals
if DATA == 'digits': assert choice!='none', 'wrong labels: mixing is expected to help'
if DATA == 'digits': assert np.mean(finals[choice]['accuracy']) > np.mean(finals['none']['accuracy']), 'what was chosen should hold on the test part'

# %% after counted
assert by_rule(counted)=='none', 'the page says that mixing is left out'

# %% after report-b
assert '**no mixing**' in report('', '', counted, finals, '').data, 'report B says so'
