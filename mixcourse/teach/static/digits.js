// after: trainer
// A pad to draw a digit, and what four networks, trained in the page, make of it.
const { h, button } = mx
const { network, trainer, unpack, trainBeside } = mx.kinds.trainer
const { side, pixels, classes, sizes, methods } = trainer

// The digit is moved to the middle, as those in the data are
const centered = ink => {
  const inked = [...ink.keys()].filter(i => ink[i] > .2)
  if (!inked.length) return ink
  const ys = inked.map(i => Math.floor(i / side)), xs = inked.map(i => i % side)
  const shift = values => Math.round((side - 1 - Math.min(...values) - Math.max(...values)) / 2)
  const down = shift(ys), across = shift(xs), res = new Float64Array(pixels)
  for (const i of [...ink.keys()].filter(k => ink[k])) {
    const y = Math.floor(i / side) + down, x = i % side + across
    if (y >= 0 && y < side && x >= 0 && x < side) res[y * side + x] = ink[i]
  }
  return res
}
const withWeights = weights => {
  const net = network.network(sizes, () => .5)
  net.weights.set(weights)
  return net
}
// Probabilities that a network gives the drawing
const answer = (net, ink) => {
  net.outputs[0].set(centered(ink))
  return [...network.forward(net).slice(0, classes)]
}

// The distance of a point from the line between two others
const distance = ([x, y], [x1, y1], [x2, y2]) => {
  const dx = x2 - x1, dy = y2 - y1, length = dx * dx + dy * dy
  const share = length ? Math.min(Math.max(((x - x1) * dx + (y - y1) * dy) / length, 0), 1) : 0
  return Math.hypot(x - x1 - share * dx, y - y1 - share * dy)
}
const arrows = { ArrowUp: -side, ArrowDown: side, ArrowLeft: -1, ArrowRight: 1 }
// 64 cells to paint with a pointer, or one by one with the keyboard
const makePad = changed => {
  const ink = new Float64Array(pixels)
  let at = 0, from = null
  const nameOf = i => `Row ${Math.floor(i / side) + 1}, column ${i % side + 1}`
  const cells = Array.from(ink, (_, i) => h('button', {
    type: 'button', class: 'dg-cell', 'aria-label': nameOf(i), tabindex: i ? -1 : 0,
    // A click without a pointer comes from the keyboard, or from a screen reader
    onclick: event => { if (!event.detail) toggle(i) },
  }))
  const show = () => cells.forEach((cell, i) => {
    cell.style.setProperty('--ink-share', `${Math.round(100 * ink[i])}%`)
    cell.setAttribute('aria-pressed', ink[i] > .5)
  })
  const update = () => {
    show()
    changed(ink)
  }
  const toggle = i => {
    ink[i] = ink[i] > .5 ? 0 : 1
    update()
  }
  const focusOn = i => {
    cells[at].tabIndex = -1
    at = i
    cells[at].tabIndex = 0
    cells[at].focus()
  }
  const stays = (i, by) => i in cells && (Math.abs(by) === side || Math.floor(i / side) === Math.floor(at / side))
  const label = 'Pad of 8 by 8: arrows move, Space inks'
  const box = h('div', { class: 'dg-pad', role: 'group', 'aria-label': label }, cells)
  box.mxKey = event => {
    const by = arrows[event.key]
    if (!by) return
    event.preventDefault()
    if (stays(at + by, by)) focusOn(at + by)
  }

  const pointAt = event => {
    const rect = box.getBoundingClientRect()
    return [(event.clientX - rect.left) / rect.width * side, (event.clientY - rect.top) / rect.height * side]
  }
  // A stroke is a bit wider than a cell, and soft at its edge
  const stroke = (start, end) => {
    for (let i = 0; i < pixels; i++) {
      const gap = distance([i % side + .5, Math.floor(i / side) + .5], start, end)
      ink[i] = Math.max(ink[i], Math.min(Math.max(1.2 - gap, 0), 1))
    }
    update()
  }
  box.onpointerdown = event => {
    event.preventDefault()
    box.setPointerCapture(event.pointerId)
    from = pointAt(event)
    stroke(from, from)
  }
  box.onpointermove = event => {
    if (!from || !box.hasPointerCapture(event.pointerId)) return
    const to = pointAt(event)
    stroke(from, to)
    from = to
  }
  box.onpointerup = box.onpointercancel = () => { from = null }
  const set = values => {
    ink.set(values)
    update()
  }
  show()
  return { box, ink, set, clear: () => set(new Float64Array(pixels)) }
}

// What a network answers, and what it makes of all test digits

const showAnswers = probs => {
  const best = network.likeliest(probs, 0, classes)
  return probs.map((prob, digit) => h('li', { class: digit === best ? 'dg-best' : null },
    h('span', {}, `${digit}`), h('span', { class: 'mx-meter dg-bar' }, h('i', { style: `width:${100 * prob}%` })),
    h('b', {}, prob.toFixed(2))))
}
const showConfusion = ({ name, confusion }) => {
  const numbers = [...Array(classes).keys()]
  const cell = (truth, said) => {
    const counts = confusion.slice(classes * truth, classes * (truth + 1)), count = counts[said]
    const total = counts.reduce((sum, value) => sum + value)
    const percent = total ? Math.round(100 * count / total) : 0
    const wrong = count ? 'dg-wrong' : null
    const kind = truth === said ? 'dg-right' : wrong
    return h('td', { class: kind, style: `--share:${percent}%` }, count ? `${count}` : '·')
  }
  const row = truth => h('tr', {}, h('th', { scope: 'row' }, `${truth}`), numbers.map(said => cell(truth, said)))
  return h('table', { class: 'dg-table' }, h('caption', {}, name),
    h('thead', {}, h('tr', {}, h('td', {}), numbers.map(said => h('th', { scope: 'col' }, `${said}`)))),
    h('tbody', {}, numbers.map(row)))
}
const makePanel = name => {
  const score = h('strong'), said = h('p', { class: 'dg-said' }), bars = h('ol', { class: 'ex-bars dg-bars' })
  const box = h('div', { class: 'dg-panel' }, h('p', { class: 'dg-name' }, name, score), said, bars)
  const show = (result, ink) => {
    score.textContent = result ? `${(100 * result.accuracy).toFixed(1)}%` : ''
    const isEmpty = !ink.some(value => value > .2)
    const probs = result && !isEmpty && answer(result.net, ink)
    if (!probs) {
      bars.replaceChildren()
      said.textContent = result ? 'waits for a digit' : 'has not learned yet'
      return null
    }
    const best = network.likeliest(probs, 0, classes)
    bars.replaceChildren(...showAnswers(probs))
    said.textContent = `says ${best}`
    return best
  }
  return { box, show }
}
const makeDigits = (model, el) => {
  const settings = { ...model.get('state') }, data = unpack(mx.data.digits)
  let results = null, stop = () => {}, isBusy = false

  const said = h('p', { class: 'mx-dim', role: 'status' }), truth = h('p', { class: 'mx-dim', role: 'status' })
  const bar = h('progress', { max: 1, value: 0, 'aria-label': 'Training', hidden: true })
  const panels = methods.map(makePanel), tables = h('div', { class: 'dg-tables' })
  const showAll = () => {
    const answers = panels.map((panel, k) => panel.show(results?.[k], pad.ink))
    mx.keep(model, { ...settings, accuracy: results?.map(({ accuracy }) => accuracy), answers })
  }
  const pad = makePad(() => {
    truth.textContent = ''
    showAll()
  })
  const done = learned => {
    results = learned.map(result => ({ ...result, net: withWeights(result.weights) }))
    isBusy = false
    bar.hidden = true
    go.textContent = 'Train again'
    const scores = results.map(({ name, accuracy }) => `${name} ${(100 * accuracy).toFixed(1)}%`)
    said.textContent = `Right on ${data.testLabels.length} other digits: ${scores.join(', ')}. Now draw.`
    tables.replaceChildren(...results.map(showConfusion))
    tables.hidden = tablesTitle.hidden = false
    showAll()
  }
  const tell = (epoch, epochs) => { bar.value = epoch / epochs }
  const train = () => {
    stop()
    isBusy = true
    bar.value = 0
    bar.hidden = false
    said.textContent = 'Four networks learn.'
    stop = trainBeside(data, settings, tell, done)
  }
  const go = button('Train', train, true)
  // Once it has learned, a new setting is learned at once
  const set = name => value => {
    settings[name] = value
    if (results || isBusy) train()
  }
  const slider = (name, label, min, max, step, text) => {
    const { box, show } = mx.slider(label, { min, max, step, text, chosen: set(name) })
    show(settings[name])
    return box
  }
  const showOne = () => {
    const i = Math.floor(Math.random() * data.testLabels.length)
    pad.set(data.test.subarray(i * pixels, (i + 1) * pixels))
    truth.textContent = `From the test set: a ${data.testLabels[i]}.`
  }
  const tablesTitle = h('p', { class: 'mx-dim', hidden: true },
    'Confusion tables: a row for each true digit, a column for each answer.')
  tables.hidden = true
  const left = h('div', { class: 'dg-left' }, h('p', { class: 'ex-title' }, 'Draw a digit'), pad.box,
    h('div', { class: 'mx-row' }, button('Clear', pad.clear), button('One from the test set', showOne)), truth)
  const right = h('div', { class: 'dg-right-side' },
    h('div', { class: 'dg-controls' },
      slider('flip', 'Wrong labels', 0, .6, .05, share => `${Math.round(100 * share)}%`),
      slider('seed', 'Seed', 1, 20, 1)),
    h('div', { class: 'mx-row' }, go, bar), said, h('div', { class: 'dg-panels' }, panels.map(({ box }) => box)))
  said.textContent = `Four networks will learn the same ${data.labels.length} digits, in this page. Press Train.`
  el.append(h('div', { class: 'mx-ui dg' }, h('p', { class: 'mx-kind' }, 'Draw it, train it'),
    h('div', { class: 'dg-body' }, left, right), tablesTitle, tables))
  showAll()
  return () => stop()
}

export default {
  centered,
  render: ({ model, el }) => makeDigits(model, el),
}
