// after: network, points, theme, panels, address
// Networks that learn the same points, a few steps a frame.
const { h, button, uid } = mx, { rng } = mx.kinds.network, { sets, points, lab } = mx.kinds.points
const { onTheme } = mx.kinds.theme, { followAddress, copyLink, numberIn, integerIn } = mx.kinds.address
const { formNames, tracePoint, asColor, threeDigits, asCount } = mx.kinds.panels
const { readTheme, makePanel, drawHistory, drawAlong } = mx.kinds.panels

const speeds = [1, 5, 10, 30], alphas = [0, .1, .2, .4, 1, 2, 4, 8], mostOwn = 100
const explained = 'Color and form: the label. Bold outline: a wrong one. ×: the last mixed batch. '
  + 'The fainter the surface, the less sure the network.'
const unstarted = 'All networks start from the same weights and see the same batches. Press Run.'

// Settings to try, each with a question
const base = { noise: .2, flip: 0, points: 150, alpha: 1, third: null, hidden: false, line: null, own: [] }
const presets = {
  'Wrong labels': {
    ask: '30% of the labels are wrong. Run 1,000 steps: which network keeps islands around single wrong points?',
    settings: { ...base, data: 'moons', flip: .3 },
  },
  'Arms of a spiral': {
    ask: 'Between two arms of one color lies another. What does a large α do to the arms? And the third panel?',
    settings: { ...base, data: 'spirals', noise: .1, points: 300, alpha: 8, third: .1 },
  },
  'From blob to blob': {
    ask: 'Along the line from one blob to the next: where does each network change its mind, and how fast?',
    settings: { ...base, data: 'blobs', line: [[-.45, -.45], [.45, -.45]] },
  },
  'Few points': {
    ask: 'Fifty points are little to learn from. Does it matter how much is mixed?',
    settings: { ...base, data: 'moons', points: 50, third: .2 },
  },
  'One input hidden': {
    ask: 'What becomes of the border when a network may not rely on either of its two inputs?',
    settings: { ...base, data: 'moons', hidden: true },
  },
  'A point of your own': {
    ask: 'Set one point deep in the other color. Which border bends for it, and after how many steps?',
    settings: { ...base, data: 'moons', noise: .1 },
  },
}

const asPairs = numbers => numbers.map(pair => pair.map(value => +value.toFixed(2)).join(',')).join(';')
const toAddress = ({ speed, line, own, third, ...simple }) => ({
  ...simple, ...third == null ? {} : { third }, ...line ? { line: asPairs(line) } : {},
  ...own.length ? { own: asPairs(own) } : {},
})
const readRows = (text, size, limits) => {
  const rows = (text || '').split(';').map(row => row.split(',').map((value, i) => numberIn(value, ...limits[i] || [])))
  return rows.every(row => row.length === size && !row.includes(null)) ? rows : null
}
const square = [-1, 1]
const fromAddress = (said, settings) => {
  const own = said.own && readRows(said.own, 3, [square, square, [0, 3]])
  const found = {
    data: Object.hasOwn(sets, said.data) ? said.data : null, points: integerIn(said.points, 50, 500),
    noise: numberIn(said.noise, 0, .5), flip: numberIn(said.flip, 0, .5), alpha: numberIn(said.alpha, 0, 8),
    seed: integerIn(said.seed, 0, 1e6), third: numberIn(said.third, 0, 8),
    line: said.line && readRows(said.line, 2, [square, square]),
    own: own && own.length <= mostOwn && own.every(row => Number.isInteger(row[2])) ? own : null,
    hidden: said.hidden === 'true' || null,
  }
  if (found.line?.length !== 2) found.line = null
  for (const [name, value] of Object.entries(found)) if (value != null) settings[name] = value
}

const makePick = (label, options, now, choose) => {
  const id = uid(), option = ([value, text]) => h('option', { value, selected: value === now }, text)
  const select = h('select', { id, onchange: event => choose(event.target.value) }, options.map(option))
  return h('div', { class: 'pg-pick' }, h('label', { for: id }, label), select)
}
const alphaOptions = now => [...new Set([...alphas, now])].sort((one, other) => one - other)
  .map(alpha => [alpha, alpha ? `${alpha}` : '0 (off)'])

const thumbSize = 88
const drawThumb = (canvas, name, palette) => {
  const context = canvas.getContext('2d'), some = points(name, 90, .12, 0, rng(5)), half = thumbSize / 2
  context.clearRect(0, 0, thumbSize, thumbSize)
  for (let i = 0; i < some.n; i++) {
    tracePoint(context, some.y[i], half + 40 * some.X[2 * i], half - 40 * some.X[2 * i + 1], 2.6)
    context.fillStyle = asColor(palette[some.y[i]])
    context.fill()
  }
}
const makeChooser = (now, choose, palette) => {
  const group = uid()
  const choice = name => {
    const input = h('input', {
      type: 'radio', name: group, value: name, checked: name === now, onchange: () => choose(name),
    })
    const canvas = h('canvas', { width: thumbSize, height: thumbSize, 'aria-hidden': 'true' })
    drawThumb(canvas, name, palette)
    return h('label', {}, input, canvas, h('span', {}, name))
  }
  return h('fieldset', { class: 'pg-sets' }, h('legend', {}, 'Data'), h('div', {}, Object.keys(sets).map(choice)))
}

// What a click on a panel sets; sliders and a button do the same
const makeTools = (classes, { place, moved, clear }) => {
  const group = uid()
  let tool = 'start'
  const choice = ([name, text]) => h('label', {},
    h('input', { type: 'radio', name: group, value: name, checked: name === tool, onchange: () => { tool = name } }),
    h('span', {}, text))
  const kinds = [['start', 'start of a line'], ['end', 'end of a line'],
    ...Array.from({ length: classes }, (_, k) => [`${k}`, `a ${formNames[k]}`])]
  const cursor = [0, 0]
  const slider = (label, axis) => {
    const move = value => {
      cursor[axis] = value
      moved(cursor)
    }
    const { box, show } = mx.slider(label, { min: -1, max: 1, step: .05, text: value => value.toFixed(2), moved: move })
    show(0)
    return box
  }
  const setAt = point => {
    place(tool, point)
    // After its start, a line wants an end
    if (tool === 'start') tool = 'end'
    box.querySelector(`[value=${CSS.escape(tool)}]`).checked = true
  }
  const box = h('details', { class: 'pg-tools' }, h('summary', {}, 'A line, and points of your own'),
    h('fieldset', { class: 'pg-kinds' }, h('legend', {}, 'A click on a panel sets'), h('div', {}, kinds.map(choice))),
    h('div', { class: 'pg-place' }, slider('Left to right', 0), slider('Bottom to top', 1)),
    h('div', { class: 'mx-row' }, button('Set it there', () => setAt([...cursor])),
      button('Take all of it away', clear)))
  return { box, setAt }
}

const makePlayground = (model, el) => {
  const settings = { third: null, hidden: false, line: null, own: [], ...model.get('state') }
  let experiment, history, theme, panels = [], tools, cursor = null, isRunning = false, frame = 0

  const chart = h('canvas', { class: 'pg-chart', role: 'img' })
  const alongTitle = h('p', { class: 'mx-dim' }), alongChart = h('canvas', { class: 'pg-chart', role: 'img' })
  const alongBox = h('div', { class: 'pg-along', hidden: true }, alongTitle, alongChart)
  const count = h('b', { class: 'pg-count' }), said = h('p', { class: 'mx-dim pg-said', role: 'status' })
  const question = h('p', { class: 'pg-question', role: 'status', hidden: true })
  const bar = h('div', { class: 'pg-bar' }), controls = h('div', { class: 'pg-settings' })
  const panelsBox = h('div', { class: 'pg-panels' }), toolsBox = h('div')

  const accuracies = () => experiment.nets.map((_, k) => experiment.accuracy(k))
  const remember = accuracy => {
    if (!history.length || history.at(-1)[0] < experiment.steps) history.push([experiment.steps, ...accuracy])
    // A long run is drawn from every other point
    if (history.length > 600) history = history.filter((_, i) => i % 2 || i === 600)
  }
  const tell = () => {
    const { steps, methods } = experiment, accuracy = accuracies()
    remember(accuracy)
    panels.forEach((panel, k) => panel.tell(experiment, accuracy[k]))
    count.textContent = asCount(steps)
    drawHistory(chart, history, experiment, theme)
    const now = methods.map(({ name }, k) => `${threeDigits(accuracy[k])} ${name}`)
    chart.setAttribute('aria-label', `Test accuracy over ${steps} steps, now ${now.join(', ')}`)
    alongBox.hidden = !settings.line
    if (!settings.line) return
    const form = drawAlong(alongChart, settings.line, experiment, theme)
    alongTitle.textContent = `Along the line: probability of the ${form}s, where it starts`
  }
  const drawPanel = panel => panel.draw(experiment, theme, { line: settings.line, cursor })
  const draw = () => {
    panels.forEach(drawPanel)
    tell()
  }
  // While it runs fast, one panel at a time
  const drawInTurn = k => {
    drawPanel(panels[k])
    if (k === panels.length - 1) tell()
  }
  const report = () => {
    const { steps, methods } = experiment, accuracy = accuracies(), [plain, mixup] = accuracy
    const others = methods.slice(2).map(({ name }, k) => `, ${threeDigits(accuracy[k + 2])} with ${name}`)
    const result = `After ${asCount(steps)} steps: ${threeDigits(plain)} of the test points right without MixUp, `
      + `${threeDigits(mixup)} with it${others.join('')}.`
    said.textContent = steps ? result : unstarted
    mx.keep(model, { ...settings, steps, plain, mixup, accuracy })
  }

  const reset = () => {
    experiment = lab(settings)
    history = []
    panels = experiment.methods.map(({ name }, k) => makePanel(name, k, point => tools.setAt(point)))
    panelsBox.replaceChildren(...panels.map(panel => panel.box))
    draw()
    report()
  }
  const turn = () => {
    if (!isRunning || !el.isConnected) {
      isRunning = false
      return
    }
    for (let i = 0; i < settings.speed; i++) experiment.step()
    frame++
    if (!mx.still()) drawInTurn(frame % panels.length)
    else if (frame % 30 === 0) draw()
    requestAnimationFrame(turn)
  }
  const run = on => {
    if (on === isRunning) return
    isRunning = on
    play.textContent = on ? 'Pause' : 'Run'
    play.classList.toggle('pg-on', on)
    if (on) {
      requestAnimationFrame(turn)
      return
    }
    draw()
    report()
  }
  const stepOnce = () => {
    run(false)
    experiment.step()
    draw()
    report()
  }
  const startOver = () => {
    run(false)
    reset()
  }
  const setAlpha = alpha => {
    settings.alpha = +alpha
    experiment.setAlpha(settings.alpha)
    if (isRunning) return
    draw()
    report()
  }
  const set = name => value => {
    settings[name] = value
    reset()
  }
  const setData = name => {
    settings.data = name
    settings.own = []
    reset()
    showTools()
  }
  const setThird = text => set('third')(text === '' ? null : +text)
  const place = (tool, point) => {
    if (tool === 'start' || tool === 'end') {
      const [start, end] = settings.line || [point, point]
      settings.line = tool === 'start' ? [point, end] : [start, point]
      draw()
      report()
      return
    }
    settings.own = [...settings.own, [...point, +tool]].slice(-mostOwn)
    reset()
  }
  const clear = () => {
    settings.line = null
    settings.own = []
    cursor = null
    reset()
  }

  const play = button('Run', () => run(!isRunning), true)
  const slider = (name, label, min, max, step, text) => {
    const { box, show } = mx.slider(label, { min, max, step, text, moved: set(name) })
    show(settings[name])
    return box
  }
  const showBar = () => bar.replaceChildren(play, button('Step', stepOnce), button('Reset', startOver),
    h('div', { class: 'pg-steps' }, h('span', { class: 'mx-dim' }, 'Steps'), count),
    makePick('α of MixUp', alphaOptions(settings.alpha), settings.alpha, setAlpha),
    makePick('Steps a frame', speeds.map(speed => [speed, `${speed}`]), settings.speed,
      speed => { settings.speed = +speed }))
  const showControls = () => {
    const third = settings.third ?? ''
    const hiddenBox = h('input', { type: 'checkbox', checked: settings.hidden, onchange: ({ target }) =>
      set('hidden')(target.checked) })
    controls.replaceChildren(makeChooser(settings.data, setData, theme.palette),
      slider('flip', 'Wrong labels', 0, .5, .05, share => `${Math.round(100 * share)}%`),
      slider('noise', 'Noise', 0, .5, .05, noise => noise.toFixed(2)),
      slider('points', 'Points', 50, 500, 50), slider('seed', 'Seed', 1, 20, 1),
      makePick('Another MixUp beside it', [['', 'none'], ...alphaOptions(third || 0).map(([value, text]) =>
        [value, `α = ${text}`])], third, setThird),
      h('label', { class: 'pg-check' }, hiddenBox, h('span', {}, 'A network with hidden inputs')))
  }
  const showTools = () => {
    const wasOpen = toolsBox.firstChild?.open
    const moved = point => {
      cursor = [...point]
      draw()
    }
    tools = makeTools(sets[settings.data].classes, { place, moved, clear })
    tools.box.open = !!wasOpen
    toolsBox.replaceChildren(tools.box)
  }
  const showAll = () => {
    run(false)
    showBar()
    showControls()
    showTools()
    reset()
  }
  const choosePreset = name => {
    const preset = presets[name]
    question.hidden = !preset
    question.textContent = preset?.ask || ''
    if (!preset) return
    Object.assign(settings, structuredClone(preset.settings))
    showAll()
  }

  const names = [['', 'Choose a question'], ...Object.keys(presets).map(name => [name, name])]
  const top = h('div', { class: 'pg-top' }, makePick('Something to find out', names, '', choosePreset), question)
  const main = h('div', { class: 'pg-main' }, panelsBox, chart, alongBox, said, toolsBox,
    h('p', { class: 'mx-dim pg-key' }, explained))
  el.append(h('div', { class: 'mx-ui pg' }, top, bar, h('div', { class: 'pg-body' }, controls, main),
    h('div', { class: 'mx-row' }, copyLink(el, () => toAddress(settings)))))

  theme = readTheme(el)
  showAll()
  const endAddress = followAddress(el, said => {
    fromAddress(said, settings)
    showAll()
  })
  const dressAgain = () => {
    theme = readTheme(el)
    controls.querySelectorAll('canvas').forEach((canvas, i) => drawThumb(canvas, Object.keys(sets)[i], theme.palette))
    draw()
  }
  // Out of sight it rests; once in sight, its colors and sizes are known
  const seen = new IntersectionObserver(([entry]) => entry.isIntersecting ? dressAgain() : run(false))
  const endTheme = onTheme(dressAgain)
  seen.observe(el)
  return () => {
    isRunning = false
    endTheme()
    endAddress()
    seen.disconnect()
  }
}

export default {
  render: ({ model, el }) => makePlayground(model, el),
}
