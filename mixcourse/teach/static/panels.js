// after: network, points, theme
// What the playground draws.
const { h } = mx, { rows } = mx.kinds.network, { color } = mx.kinds.theme
const { surface, side, along } = mx.kinds.points

const canvasSize = 480
const light = [[42, 105, 190], [235, 125, 20], [20, 145, 110], [150, 70, 170]]
const dark = [[90, 155, 240], [245, 150, 55], [50, 190, 150], [200, 120, 220]]
const asColor = rgb => `rgb(${rgb})`
const readColor = text => (text.match(/[\d.]+/g) || [255, 255, 255]).slice(0, 3).map(Number)
const threeDigits = value => value.toFixed(3)
const asCount = value => value.toLocaleString('en')

// Each class has its color and its form: a disk, or a polygon of so many corners, turned and scaled
const formNames = ['disk', 'diamond', 'triangle', 'square']
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

const dashes = [[5, 3], [], [2, 3], [9, 3, 2, 3]]
// What is drawn follows the theme of the page
const readTheme = el => {
  const ground = readColor(color(el, '--paper', true))
  return {
    ground, ink: color(el, '--ink', true), palette: ground[0] < 128 ? dark : light,
    // Networks are told apart by color and by dash
    series: ['--plain', '--mix', '--a', '--b'].map((name, k) => ({ color: color(el, name), dash: dashes[k] })),
  }
}

// The surface of a network, the points, and what it saw last; `set` gets the place of a click
const makePanel = (name, k, set) => {
  const canvas = h('canvas', { width: canvasSize, height: canvasSize, role: 'img' })
  const context = canvas.getContext('2d')
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
  const drawLine = ([start, end], { ink, ground }) => {
    for (const [color, width] of [[asColor(ground), 5], [ink, 2]]) {
      context.strokeStyle = context.fillStyle = color
      context.lineWidth = width * lineWidth()
      context.beginPath()
      context.moveTo(toX(start[0]), toY(start[1]))
      context.lineTo(toX(end[0]), toY(end[1]))
      context.stroke()
    }
    context.beginPath()
    context.arc(toX(start[0]), toY(start[1]), 6 * lineWidth(), 0, 7)
    context.fill()
  }
  const drawCursor = ([x, y], { ink }) => {
    context.strokeStyle = ink
    context.lineWidth = lineWidth()
    context.beginPath()
    context.moveTo(toX(x), 0)
    context.lineTo(toX(x), canvasSize)
    context.moveTo(0, toY(y))
    context.lineTo(canvasSize, toY(y))
    context.stroke()
  }
  // `marks`: line, and cursor, where there are any
  const draw = (experiment, theme, marks) => {
    drawSurface(experiment.nets[k], theme)
    drawPoints(experiment.train, theme)
    const isMixed = k && experiment.methods[k].alpha !== 0
    if (isMixed && experiment.steps) drawBatch(experiment.x[k], theme)
    if (marks.line) drawLine(marks.line, theme)
    if (marks.cursor) drawCursor(marks.cursor, theme)
  }
  canvas.onclick = event => {
    const rect = canvas.getBoundingClientRect()
    set([2 * (event.clientX - rect.left) / rect.width - 1, 1 - 2 * (event.clientY - rect.top) / rect.height])
  }
  const tell = (experiment, accuracy) => {
    score.textContent = threeDigits(accuracy)
    loss.textContent = `training loss ${experiment.steps ? threeDigits(experiment.loss[k]) : '–'}`
    canvas.setAttribute('aria-label',
      `${name}: decision surface after ${experiment.steps} steps, test accuracy ${threeDigits(accuracy)}`)
  }
  return { box, draw, tell }
}

// An empty chart with a scale from `low` to 1
const chartHeight = 110, left = 34, top = 8, bottom = chartHeight - 24
const openChart = (canvas, low, words, [start, end]) => {
  const context = canvas.getContext('2d'), width = canvas.clientWidth || 480, density = devicePixelRatio || 1
  const right = width - 4, toY = value => top + (1 - Math.max(value, low)) / (1 - low) * (bottom - top)
  if (canvas.width !== Math.round(width * density)) {
    canvas.width = Math.round(width * density)
    canvas.height = chartHeight * density
  }
  context.setTransform(density, 0, 0, density, 0, 0)
  context.clearRect(0, 0, width, chartHeight)
  context.font = '12px system-ui, sans-serif'
  context.textBaseline = 'middle'
  context.fillStyle = words
  context.textAlign = 'right'
  for (const value of [1, (1 + low) / 2, low]) {
    context.fillText(value.toFixed(2), left - 6, toY(value))
    context.globalAlpha = .3
    context.fillRect(left, toY(value), right - left, 1)
    context.globalAlpha = 1
  }
  context.fillText(end, right, chartHeight - 8)
  context.textAlign = 'left'
  context.fillText(start, left, chartHeight - 8)
  return { context, toX: share => left + share * (right - left), toY }
}
// `points` are pairs of a share of the width and a value
const drawCurve = ({ context, toX, toY }, { color: stroke, dash }, isThin, points) => {
  context.lineJoin = 'round'
  context.strokeStyle = stroke
  context.lineWidth = isThin ? 1.75 : 2.25
  context.setLineDash(dash)
  context.beginPath()
  for (const [share, value] of points) context.lineTo(toX(share), toY(value))
  context.stroke()
  context.setLineDash([])
}

// Test accuracy. A row of `history` is the step, then one accuracy for each network.
const drawHistory = (canvas, history, { steps, methods }, { series }) => {
  const late = history.filter(row => row[0] > steps / 50).flatMap(row => row.slice(1))
  const low = Math.floor(10 * Math.min(.9, ...late)) / 10
  const chart = openChart(canvas, low, series[0].color, ['test accuracy', `${asCount(steps)} steps`])
  methods.forEach((_, k) =>
    drawCurve(chart, series[k], !k, history.map(row => [row[0] / Math.max(steps, 1), row[k + 1]])))
}
// The class of the point that is nearest to a place
const classAt = ({ X, truth, n }, [x, y]) => {
  let best = 0
  for (let i = 1; i < n; i++) {
    const gap = Math.hypot(X[2 * i] - x, X[2 * i + 1] - y)
    if (gap < Math.hypot(X[2 * best] - x, X[2 * best + 1] - y)) best = i
  }
  return truth[best]
}
const places = 101
// How sure each network is of the class in which a line starts; gives its name
const drawAlong = (canvas, [start, end], { train, methods, nets }, { series }) => {
  const label = classAt(train, start), chart = openChart(canvas, 0, series[0].color, ['start', 'end'])
  const told = methods.map(({ name }, k) => {
    const probs = along(nets[k], start, end, places).map(row => row[label])
    drawCurve(chart, series[k], !k, probs.map((prob, i) => [i / (places - 1), prob]))
    const [first, middle, last] = [0, places >> 1, places - 1].map(i => probs[i].toFixed(2))
    return `${name} ${first}, ${middle} in the middle, ${last}`
  })
  canvas.setAttribute('aria-label', `Probability of the ${formNames[label]}s from start to end: ${told.join('; ')}`)
  return formNames[label]
}
export default { formNames, tracePoint, asColor, threeDigits, asCount, readTheme, makePanel, drawHistory, drawAlong }
