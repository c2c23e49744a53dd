// after: network, points
// Two networks learn the same points, plainly and with MixUp, a few steps a frame, and show what they think.
const { h, button, uid } = mx, { rng, rows } = mx.kinds.network
const { sets, points, lab, surface, side } = mx.kinds.points

const names = ['Plain', 'MixUp'], canvasSize = 480, speeds = [1, 5, 10, 30]
const light = [[42, 105, 190], [235, 125, 20], [20, 145, 110], [150, 70, 170]]
const dark = [[90, 155, 240], [245, 150, 55], [50, 190, 150], [200, 120, 220]]
const asColor = rgb => `rgb(${rgb})`
const readColor = text => (text.match(/[\d.]+/g) || [255, 255, 255]).slice(0, 3).map(Number)
const threeDigits = value => value.toFixed(3)
const asCount = value => value.toLocaleString('en')

// Each class has its color and its form: a disk, or a polygon of so many corners, turned and scaled
const forms = [null, [4, 0, 1.3], [3, -Math.PI / 2, 1.4], [4, Math.PI / 4, 1.25]]
const tracePoint = (context, label, x, y, radius) => {
  context.beginPath()
  if (!forms[label]) {
    context.arc(x, y, radius, 0, 7)
    return
  }
  const [corners, turn, scale] = forms[label], reach = radius * scale
  for (let i = 0; i < corners; i++) {
    const angle = turn + i * 2 * Math.PI / corners
    context.lineTo(x + reach * Math.cos(angle), y + reach * Math.sin(angle))
  }
  context.closePath()
}

// What is drawn follows the theme of the page
const readTheme = el => {
  const ground = readColor(mx.color(el, '--paper', true))
  return {
    ground, ink: mx.color(el, '--ink', true), palette: ground[0] < 128 ? dark : light,
    series: [mx.color(el, '--plain'), mx.color(el, '--mix')],
  }
}

// A panel: the surface of a network, the points, and what it saw last
const makePanel = (name, k) => {
  const canvas = h('canvas', { width: canvasSize, height: canvasSize, role: 'img' }), context = canvas.getContext('2d')
  const score = h('strong'), loss = h('span')
  const box = h('figure', { class: `pg-panel pg-${k}` },
    h('figcaption', {}, h('span', { class: 'pg-name' }, name), score), canvas, h('p', { class: 'mx-dim' }, loss))
  const small = h('canvas', { width: side, height: side }), image = new ImageData(side, side)

  const toX = value => (value + 1) / 2 * canvasSize, toY = value => canvasSize - toX(value)
  // Canvas pixels that a line of one CSS pixel takes; thinner on a small panel
  const lineWidth = () => {
    const shown = canvas.clientWidth || canvasSize
    return canvasSize / shown * (shown < 200 ? .7 : 1)
  }
  const drawSurface = (net, { palette, ground }) => {
    surface(net, image, palette.slice(0, net.layers.at(-1).outputs), ground)
    small.getContext('2d').putImageData(image, 0, 0)
    context.imageSmoothingEnabled = true
    context.imageSmoothingQuality = 'high'
    context.drawImage(small, 0, 0, canvasSize, canvasSize)
  }
  const drawPoints = (train, { palette, ground, ink }) => {
    const line = lineWidth(), radius = line * (train.n > 250 ? 2.9 : 3.7)
    for (let i = 0; i < train.n; i++) {
      const isWrong = train.y[i] !== train.truth[i]
      tracePoint(context, train.y[i], toX(train.X[2 * i]), toY(train.X[2 * i + 1]), radius)
      context.fillStyle = asColor(palette[train.y[i]])
      context.strokeStyle = isWrong ? ink : asColor(ground)
      context.lineWidth = line * (isWrong ? 1.8 : 1)
      context.fill()
      context.stroke()
    }
  }
  // Crosses where the mixed points of the last batch lie
  const drawBatch = (x, { ink }) => {
    const line = lineWidth(), arm = 2.4 * line
    context.strokeStyle = ink
    context.lineWidth = 1.2 * line
    for (let row = 0; row < rows; row++) {
      const left = toX(x[2 * row]), top = toY(x[2 * row + 1])
      context.beginPath()
      context.moveTo(left - arm, top - arm)
      context.lineTo(left + arm, top + arm)
      context.moveTo(left + arm, top - arm)
      context.lineTo(left - arm, top + arm)
      context.stroke()
    }
  }
  const draw = (experiment, theme) => {
    drawSurface(experiment.nets[k], theme)
    drawPoints(experiment.train, theme)
    if (k && experiment.steps && experiment.alpha > 0) drawBatch(experiment.x[k], theme)
  }
  const tell = (experiment, accuracy) => {
    score.textContent = threeDigits(accuracy)
    loss.textContent = `training loss ${experiment.steps ? threeDigits(experiment.loss[k]) : '–'}`
    canvas.setAttribute('aria-label',
      `${name}: decision surface after ${experiment.steps} steps, test accuracy ${threeDigits(accuracy)}`)
  }
  return { box, draw, tell }
}

// The curves of test accuracy. A row of `history` is the step, then one accuracy for each network.
const chartHeight = 110
const drawChart = (canvas, history, steps, colors) => {
  const context = canvas.getContext('2d'), width = canvas.clientWidth || 480, density = devicePixelRatio || 1
  const late = history.filter(row => row[0] > steps / 50).flatMap(row => row.slice(1))
  const low = Math.floor(10 * Math.min(.9, ...late)) / 10
  const left = 34, right = width - 4, top = 8, bottom = chartHeight - 24
  const toX = step => left + step / Math.max(steps, 1) * (right - left)
  const toY = value => top + (1 - Math.max(value, low)) / (1 - low) * (bottom - top)
  if (canvas.width !== Math.round(width * density)) {
    canvas.width = Math.round(width * density)
    canvas.height = chartHeight * density
  }
  context.setTransform(density, 0, 0, density, 0, 0)
  context.clearRect(0, 0, width, chartHeight)
  context.font = '12px system-ui, sans-serif'
  context.textBaseline = 'middle'
  context.fillStyle = colors[0]
  for (const value of [1, (1 + low) / 2, low]) {
    context.textAlign = 'right'
    context.fillText(value.toFixed(2), left - 6, toY(value))
    context.globalAlpha = .3
    context.fillRect(left, toY(value), right - left, 1)
    context.globalAlpha = 1
  }
  context.fillText(`${asCount(steps)} steps`, right, chartHeight - 8)
  context.textAlign = 'left'
  context.fillText('test accuracy', left, chartHeight - 8)
  context.lineJoin = 'round'
  colors.forEach((color, k) => {
    context.strokeStyle = color
    context.lineWidth = k ? 2.25 : 1.75
    context.setLineDash(k ? [] : [5, 3])
    context.beginPath()
    for (const row of history) context.lineTo(toX(row[0]), toY(row[k + 1]))
    context.stroke()
  })
  context.setLineDash([])
}

// Controls

const makePick = (label, options, now, choose) => {
  const id = uid(), option = ([value, text]) => h('option', { value, selected: value === now }, text)
  const select = h('select', { id, onchange: event => choose(+event.target.value) }, options.map(option))
  return h('div', { class: 'pg-pick' }, h('label', { for: id }, label), select)
}
const makeSlider = (label, min, max, by, value, text, moved) => {
  const id = uid(), shown = h('span')
  const show = () => {
    shown.textContent = text(+input.value)
    input.setAttribute('aria-valuetext', text(+input.value))
  }
  const oninput = () => {
    show()
    moved(+input.value)
  }
  const input = h('input', { type: 'range', id, min, max, step: by, value, oninput })
  show()
  return h('div', { class: 'pg-slide' }, h('label', { for: id }, label), shown, input)
}
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
// The sets of points as pictures to choose from
const makeChooser = (now, choose) => {
  const group = uid(), thumbs = {}
  const choice = name => {
    const input = h('input', {
      type: 'radio', name: group, value: name, checked: name === now, onchange: () => choose(name),
    })
    thumbs[name] = h('canvas', { width: thumbSize, height: thumbSize, 'aria-hidden': 'true' })
    return h('label', {}, input, thumbs[name], h('span', {}, name))
  }
  const box = h('fieldset', { class: 'pg-sets' },
    h('legend', {}, 'Data'), h('div', {}, Object.keys(sets).map(choice)))
  const draw = palette => Object.entries(thumbs).forEach(([name, canvas]) => drawThumb(canvas, name, palette))
  return { box, draw }
}

const alphas = [0, .1, .2, .4, 1, 2, 4, 8]
const alphaOptions = now => [...new Set([...alphas, now])].sort((one, other) => one - other)
  .map(alpha => [alpha, alpha ? `${alpha}` : '0 (off)'])
const explained = 'Color and form: the class on the label. Bold outline: a wrong label. ×: the last mixed batch. '
  + 'The fainter the surface, the less sure the network.'
const unstarted = 'Both networks start from the same weights and see the same batches. Press Run.'

const makePlayground = (model, el) => {
  const settings = { ...model.get('state') }
  let experiment, history, theme, isRunning = false, frame = 0

  const panels = names.map(makePanel)
  const chart = h('canvas', { class: 'pg-chart', role: 'img' })
  const count = h('b', { class: 'pg-count' }), said = h('p', { class: 'mx-dim pg-said', role: 'status' })

  const accuracies = () => panels.map((_, k) => experiment.accuracy(k))
  const remember = accuracy => {
    if (!history.length || history.at(-1)[0] < experiment.steps) history.push([experiment.steps, ...accuracy])
    // A long run is drawn from every other point
    if (history.length > 600) history = history.filter((_, i) => i % 2 || i === 600)
  }
  const tell = () => {
    const { steps } = experiment, accuracy = accuracies()
    remember(accuracy)
    panels.forEach((panel, k) => panel.tell(experiment, accuracy[k]))
    count.textContent = asCount(steps)
    drawChart(chart, history, steps, theme.series)
    const [plain, mixed] = accuracy.map(threeDigits)
    chart.setAttribute('aria-label', `Test accuracy over ${steps} steps, now ${plain} plain and ${mixed} with MixUp`)
  }
  const draw = () => {
    for (const panel of panels) panel.draw(experiment, theme)
    tell()
  }
  // While it runs fast, one panel at a time
  const drawInTurn = k => {
    panels[k].draw(experiment, theme)
    if (k === panels.length - 1) tell()
  }
  const report = () => {
    const { steps } = experiment, [plain, mixup] = accuracies()
    const result = `After ${asCount(steps)} steps: ${threeDigits(plain)} of the test points right without MixUp, `
      + `${threeDigits(mixup)} with it.`
    said.textContent = steps ? result : unstarted
    model.set('value', { ...settings, steps, plain, mixup })
    model.save_changes()
  }

  const reset = () => {
    experiment = lab(settings)
    history = []
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
    settings.alpha = experiment.alpha = alpha
    if (isRunning) return
    draw()
    report()
  }

  const play = button('Run', () => run(!isRunning), true)
  const steps = h('div', { class: 'pg-steps' }, h('span', { class: 'mx-dim' }, 'Steps'), count)
  const bar = h('div', { class: 'pg-bar' }, play, button('Step', stepOnce), button('Reset', startOver), steps,
    makePick('α of MixUp', alphaOptions(settings.alpha), settings.alpha, setAlpha),
    makePick('Steps a frame', speeds.map(speed => [speed, `${speed}`]), settings.speed,
      speed => { settings.speed = speed }))
  const set = name => value => {
    settings[name] = value
    reset()
  }
  const slider = (name, label, min, max, by, text = String) =>
    makeSlider(label, min, max, by, settings[name], text, set(name))
  const chooser = makeChooser(settings.data, set('data'))
  const controls = h('div', { class: 'pg-settings' }, chooser.box,
    slider('flip', 'Wrong labels', 0, .5, .05, share => `${Math.round(100 * share)}%`),
    slider('noise', 'Noise', 0, .5, .05, noise => noise.toFixed(2)),
    slider('points', 'Points', 50, 500, 50), slider('seed', 'Seed', 1, 20, 1))
  const main = h('div', { class: 'pg-main' }, h('div', { class: 'pg-panels' }, panels.map(panel => panel.box)),
    chart, said, h('p', { class: 'mx-dim pg-key' }, explained))
  el.append(h('div', { class: 'mx-ui pg' }, bar, h('div', { class: 'pg-body' }, controls, main)))

  const dress = () => {
    theme = readTheme(el)
    chooser.draw(theme.palette)
  }
  dress()
  reset()
  const dressAgain = () => {
    dress()
    draw()
  }
  // Out of sight it rests; a notebook may show it only after this, and then its colors and sizes are known
  const seen = new IntersectionObserver(([entry]) => entry.isIntersecting ? dressAgain() : run(false))
  const endTheme = mx.onTheme(dressAgain)
  seen.observe(el)
  return () => {
    isRunning = false
    endTheme()
    seen.disconnect()
  }
}

export default {
  render: ({ model, el }) => makePlayground(model, el),
}
