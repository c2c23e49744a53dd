// Committed runs, played again: curves of every method and seed, epoch by epoch, for each length of training.
const { h, button, uid } = mx

const measures = {
  accuracy: { text: 'test accuracy', better: 1 },
  test_loss: { text: 'test loss', better: -1 },
  train_loss: { text: 'training loss', better: -1 },
}
const frame = { left: 56, top: 10, width: 530, height: 220 }
const wait = 120 // ms from one measured epoch to the next

const mean = values => values.reduce((sum, value) => sum + value, 0) / values.length
const spread = values => {
  const middle = mean(values)
  return Math.sqrt(values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1))
}
// Values of a method's runs at one measured place, those that are there
const valuesAt = (runs, measure, place) => runs.map(run => run[measure]?.[place]).filter(value => value != null)
const middleOf = (runs, measure, count) => Array.from({ length: count }, (_, place) => {
  const some = valuesAt(runs, measure, place)
  return some.length ? mean(some) : null
})

const { namespaceURI } = h('div', { html: '<svg></svg>' }).firstChild
const shape = (tag, attributes, text) => {
  const element = document.createElementNS(namespaceURI, tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  if (text != null) element.textContent = text
  return element
}
// From values to places on the picture
const makeScales = (epochs, low, high) => {
  const first = epochs[0], last = epochs.at(-1), { left, top, width, height } = frame
  return {
    toX: epoch => left + (last > first ? (epoch - first) / (last - first) : .5) * width,
    toY: value => top + (high > low ? (high - value) / (high - low) : .5) * height,
  }
}
const pathOf = (epochs, values, { toX, toY }) => values
  .map((value, i) => value == null ? '' : `${toX(epochs[i]).toFixed(1)} ${toY(value).toFixed(1)}`)
  .filter(Boolean).map((point, i) => `${i ? 'L' : 'M'}${point}`).join('')
const drawScale = ({ toY }, low, high, epochs) => {
  const { left, top, width, height } = frame, right = left + width, bottom = top + height + 26
  const line = value => [
    shape('path', { class: 'rp-grid', d: `M${left} ${toY(value)}H${right}` }),
    shape('text', { x: left - 6, y: toY(value) + 4, 'text-anchor': 'end' }, value.toFixed(2)),
  ]
  return [...[low, (low + high) / 2, high].flatMap(line),
    shape('text', { x: left, y: bottom }, `epoch ${epochs[0]}`),
    shape('text', { x: right, y: bottom, 'text-anchor': 'end' }, `${epochs.at(-1)}`)]
}

// A piece of a method's line, as it is drawn
const swatch = method => {
  const svg = shape('svg', { viewBox: '0 0 30 8', class: 'rp-swatch', 'aria-hidden': 'true' })
  svg.append(shape('path', { class: `rp-line rp-mean rp-${method}`, d: 'M1 4h28' }))
  return svg
}
// Choices that share a legend: [value, text] pairs as radios
const makeRadios = (legend, pairs, now, choose) => {
  const name = uid(), choice = ([value, text]) => h('label', {},
    h('input', { type: 'radio', name, checked: value === now(), onchange: () => choose(value) }), h('span', {}, text))
  return pairs.length > 1 && h('fieldset', { class: 'rp-choice' },
    h('legend', {}, legend), h('div', {}, pairs.map(choice)))
}

const makeReplay = (model, el) => {
  const { parts, methods, names, notes } = model.get('state'), fallback = el.querySelector('.mx-fb')
  const shown = new Set(methods)
  let part = 0, measure = 'accuracy', place = 0, timer = null
  const now = () => parts[part], runsOf = method => now().runs.filter(run => run.method === method)
  const visible = () => methods.filter(method => shown.has(method) && runsOf(method).length)

  const chart = shape('svg', { viewBox: '0 0 600 262', role: 'img', class: 'rp-chart' })
  const values = h('ol', { class: 'rp-values' }), leader = h('p', { class: 'rp-leader', role: 'status' })
  const note = h('p', { class: 'rp-note', role: 'status', hidden: true })

  // The limits hold for the whole run, so that nothing moves but the cursor
  const limits = () => {
    const all = now().runs.filter(run => shown.has(run.method)).flatMap(run => run[measure] || [])
      .filter(value => value != null)
    return all.length ? [Math.min(...all), Math.max(...all)] : [0, 1]
  }
  // What came before the cursor is drawn in full, what comes after it faintly
  const drawMethod = (method, scales) => {
    const { epochs } = now(), style = { class: `rp-line rp-${method}` }
    const draw = (list, name) => [
      shape('path', { ...style, class: `${style.class} ${name} rp-later`, d: pathOf(epochs, list, scales) }),
      shape('path', {
        ...style, class: `${style.class} ${name}`,
        d: pathOf(epochs.slice(0, place + 1), list.slice(0, place + 1), scales),
      }),
    ]
    const seeds = runsOf(method).flatMap(run => draw(run[measure] || [], 'rp-seed'))
    return [...seeds, ...draw(middleOf(runsOf(method), measure, epochs.length), 'rp-mean')]
  }
  const drawChart = () => {
    const { epochs } = now(), [low, high] = limits(), scales = makeScales(epochs, low, high), { top, height } = frame
    const x = scales.toX(epochs[place]).toFixed(1)
    chart.replaceChildren(...drawScale(scales, low, high, epochs),
      ...visible().flatMap(method => drawMethod(method, scales)),
      shape('path', { class: 'rp-now', d: `M${x} ${top}v${height}` }))
    const { text } = measures[measure]
    chart.setAttribute('aria-label', `${text} of ${visible().map(method => names[method]).join(', ')}, `
      + `epoch ${epochs[place]} of ${epochs.at(-1)}`)
  }
  // [method, values of its seeds] at the cursor, the best first
  const ranked = () => visible().map(method => [method, valuesAt(runsOf(method), measure, place)])
    .filter(([, some]) => some.length)
    .sort(([, one], [, other]) => measures[measure].better * (mean(other) - mean(one)))
  const showValues = () => {
    const rows = ranked()
    const seeds = some => some.length > 1 ? `± ${spread(some).toFixed(3)}, ${some.length} seeds` : '1 seed'
    values.replaceChildren(...rows.map(([method, some]) => h('li', {},
      swatch(method), h('span', {}, names[method]), h('b', {}, mean(some).toFixed(3)),
      h('span', { class: 'mx-dim' }, seeds(some)))))
    const [first, second] = rows
    leader.textContent = second
      ? `Epoch ${now().epochs[place]}: ${names[first[0]]} leads ${names[second[0]]} by `
        + `${Math.abs(mean(first[1]) - mean(second[1])).toFixed(3)}.`
      : ''
  }
  const showNote = () => {
    const at = notes.findLastIndex(([length, epoch]) =>
      length === now().length && epoch <= now().epochs[place])
    note.hidden = at < 0
    note.innerHTML = at < 0 ? '' : fallback.querySelector(`[data-note="${at}"]`).innerHTML
  }
  const draw = () => {
    for (const choice of choices) choice.show()
    drawChart()
    showValues()
    showNote()
    mx.keep(model, { length: now().length, task: now().task, epoch: now().epochs[place], measure, methods: visible() })
  }

  // Time

  const { box: slider, show: showSlider, input } = mx.slider('Epoch', {
    max: 0, text: at => `${now().epochs[at]} of ${now().epochs.at(-1)}`, moved: at => {
      stop()
      place = at
      draw()
    },
  })
  const go = at => {
    place = Math.min(Math.max(at, 0), now().epochs.length - 1)
    showSlider(place)
    draw()
  }
  const stop = () => {
    clearInterval(timer)
    timer = null
    play.textContent = 'Play'
  }
  const goOn = () => {
    if (!el.isConnected || place >= now().epochs.length - 1) {
      stop()
      return
    }
    go(place + 1)
  }
  const playOrPause = () => {
    if (timer) {
      stop()
      return
    }
    if (place === now().epochs.length - 1) go(0)
    play.textContent = 'Pause'
    // Who wants little motion gets a step a second
    timer = setInterval(goOn, mx.still() ? 1000 : wait)
  }
  const play = button('Play', playOrPause, true)

  // Choices

  const choosePart = at => {
    stop()
    const reached = (place + 1) / now().epochs.length
    part = at
    input.max = now().epochs.length - 1
    go(Math.round(reached * now().epochs.length) - 1)
  }
  const chooseMeasure = name => {
    measure = name
    draw()
  }
  const toggle = method => ({ target }) => {
    if (target.checked) shown.add(method)
    else shown.delete(method)
    draw()
  }
  const picturesOf = method =>
    [...fallback.querySelectorAll('img[data-method]')].filter(img => img.dataset.method === method)
  // Of several pictures each epoch shows another; a method without runs says so
  const makeChoice = method => {
    const input = h('input', { type: 'checkbox', checked: true, onchange: toggle(method) })
    const words = h('span', { class: 'mx-dim' }), pictures = picturesOf(method), img = pictures[0]?.cloneNode()
    const show = () => {
      input.disabled = !runsOf(method).length
      words.textContent = input.disabled ? 'no runs of this kind' : ''
      if (img) img.src = pictures[place % pictures.length].src
    }
    return { show, box: h('label', {}, input, swatch(method), h('span', {}, names[method]), words, img) }
  }
  const choices = methods.map(makeChoice)
  const jump = ([length, epoch]) => button(`Epoch ${epoch}${parts.length > 1 ? ` of ${length}` : ''}`, () => {
    const at = parts.findIndex(other => other.length === length)
    if (at !== part) partRadios.querySelectorAll('input')[at].click()
    stop()
    go(now().epochs.findIndex(other => other >= epoch))
  })

  const partRadios = makeRadios('Run', parts.map(({ text }, at) => [at, text]), () => part, choosePart)
  const known = Object.entries(measures).filter(([name]) => parts.some(({ runs }) => runs.some(run => run[name])))
  const pairs = known.map(([name, { text }]) => [name, text])
  const measureRadios = makeRadios('Measure', pairs, () => measure, chooseMeasure)
  const legend = h('fieldset', { class: 'rp-choice' }, h('legend', {}, 'Methods'),
    h('div', { class: 'rp-methods' }, choices.map(({ box }) => box)))
  const notice = notes.length > 0
    && h('div', { class: 'mx-row' }, h('span', { class: 'mx-dim' }, 'What to notice'), notes.map(jump))
  el.append(h('div', { class: 'mx-ui rp' }, h('p', { class: 'mx-kind' }, 'Replay'), partRadios, measureRadios, legend,
    chart, h('div', { class: 'rp-time' }, play, slider), leader, values, notice, note))
  input.max = now().epochs.length - 1
  go(0)
  return stop
}

export default {
  render: ({ model, el }) => makeReplay(model, el),
}
