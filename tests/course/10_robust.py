"What robust says of its run. Executed in the chapter, after the cell of that id."

# %% after opener
assert len(album.vocab) == 4, 'the summary says: four photographs'
if not briefly:
    assert ask(seer, cat)[0].argmax() == is_cat[0], 'the page says that the network knows the cat'
    assert ask(seer, attacked)[0].argmax() != is_cat[0], 'the page says that the attack succeeds'
assert (attacked-cat).abs().max() < .0601, 'the page says: a small step'

# %% after by-epoch
if DATA == 'digits':
    rise = by_epoch('plain', .4).mean(0)
    assert rise.max() > rise[-1]+.03 and rise.argmax() < 8, 'the page says: it rises, and loses a good part'

# %% after levels
if DATA == 'digits':
    ends, peaks = ({k: v.mean(0) for k, v in o.items()} for o in (last, best))
    for k in ('MixUp', 'CutMix'):
        assert all(ends[k][2:] > ends['plain'][2:]+.03), 'the page says that mixing ends well ahead'
        assert ends[k][0] < ends['plain'][0]+.01, 'the page says that it gains nothing with clean labels'
        assert (peaks[k]-peaks['plain'])[3] < (ends[k]-ends['plain'])[3]-.05, 'the page says: far less behind at the best epoch'

# %% after heart
if DATA == 'digits':
    by_heart = {k: np.mean([o[0] for o in v]) for k, v in heart.items()}
    for k in ('MixUp', 'CutMix'): assert by_heart[k] < by_heart['plain']-.2, 'the page says that it is hard to learn by heart'

# %% after noise-runs
if DATA == 'digits':
    seen_mean = {k: np.mean(v, 0) for k, v in seen.items()}
    assert all(np.abs(seen_mean[k]-seen_mean['plain']).max() < .15 for k in methods), 'the page says that they fall nearly alike'

# %% after my-fgsm
assert same, "the page says that the library's is the same"

# %% after random
if DATA == 'digits': assert score(f, random) > score(f, aimed)+.2, 'the page says that the direction does most of the damage'

# %% after pgd
if DATA == 'digits':
    one, ten = ({k: np.mean(v, 0) for k, v in o.items()} for o in (one_step, small_steps))
    assert all((ten[k] <= one[k]+.02).all() for k in methods), 'the page says that PGD uses the distance better'
    assert all(ten[k][-1] < .15 for k in methods), 'the page says: hardly any picture is still right'
    lead = one['CutMix'][2]-one['plain'][2]
    assert lead > .02, 'the page says that CutMix keeps a lead in the middle'
    assert ten['CutMix'][2]-ten['plain'][2] > lead, 'the page says: even larger with ten steps'

# %% after diagram
if not briefly:  # where the marks lie follows from what was learned
    fig.canvas.draw()
    for ax in axs:
        dot = fig.dpi/72
        words = ax.texts[0].get_window_extent()
        for marks in ax.collections:
            spots = zip(ax.transData.transform(marks.get_offsets()), marks.get_sizes()**.5/2)
            assert not any(words.padded((radius+8)*dot).contains(*spot) for spot, radius in spots), 'words keep away from the marks'

# %% after ece
for k in methods: assert abs(my_ece(answers[k][0][0], y)-calibration_error(answers[k][0][0], y)) < 1e-4, 'the page says that both are the same'

# %% after both-sides
if DATA == 'digits':
    def mean_of(title, k, column): return np.mean(rows[f'{title}: {k}'][column])
    for k in ('MixUp', 'CutMix'):
        assert mean_of('few mistakes', k, columns[0]) > mean_of('few mistakes', 'plain', columns[0])+.02, 'the page says: worse'
        assert mean_of('many mistakes', k, columns[0]) < mean_of('many mistakes', 'plain', columns[0])-.04, 'the page says: better'
        assert mean_of('few mistakes', k, columns[1]) < -.03, 'the page says: not sure enough'
    assert abs(mean_of('few mistakes', 'plain', columns[1])) < .04, 'the page says that the plain ones are honest'
    assert mean_of('many mistakes', 'plain', columns[1]) > .1, 'the page says: far too sure'

# %% after scaled
if DATA == 'digits':
    assert all(scaled['T'][f'few mistakes: {k}'] < .9 for k in ('MixUp', 'CutMix')), 'the page says: below 1'
    assert scaled['T']['many mistakes: plain'] > 1.5, 'the page says: far above 1'
    falls = scaled['error before, %']-scaled['error after, %']
    assert (falls > 0).all() and falls.idxmax() == 'many mistakes: plain', 'the page says: it falls for each, most for the over-confident plain ones'

# %% after surplus
if DATA == 'digits':
    line = {k: np.mean(v, 0) for k, v in curves.items()}
    assert abs(line['MixUp, with T'][0]) < 3, 'the page says that the temperature puts it right on clean pictures'
    assert line['MixUp, with T'][-1] > line['MixUp'][-1]+5, 'the page says that it removes what mixing had gained'
    assert line['plain'][-1] > 8 > line['MixUp'][-1]+2, 'the page says what noise does to each'
