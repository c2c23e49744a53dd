// after: pixels, beta, handles, address, pictures
// A mode: what can be moved, how pixels are mixed, what there is to say
const { h, button, uid } = mx, { blend, fill, boxAround, covered, read } = mx.kinds.pixels
const { makeHandles, position } = mx.kinds.handles, { draw, alphas, nearestAlpha, curve } = mx.kinds.beta
const { followAddress, copyLink, numberIn, integerIn } = mx.kinds.address, { ownPictures } = mx.kinds.pictures

const asCount = value => value.toLocaleString('en')
const asTensor = numbers => `[${numbers.join(', ')}]`
const randomPixel = ([height, width]) => [Math.floor(Math.random() * height), Math.floor(Math.random() * width)]
const allBoxes = state => state.centers.map(center => boxAround(center, state.length, state.size))

// `at` in a mode: the state, and what follows from it (lam, boxes, inside, names)

const mixup = {
  pair: true, digits: 2, caption: 'What the model sees', action: 'Draw a λ',
  sliders: state => [
    ['λ', { max: 100, text: value => (value / 100).toFixed(2), moved: value => { state.lam = value / 100 } },
      () => Math.round(100 * state.lam)],
  ],
  act(state, drawn) {
    state.lam = draw(state.alpha)
    drawn.push(state.lam)
  },
  boxes: () => [],
  lam: state => state.lam,
  paint: (out, first, second, { lam }) => blend(out, first, second, lam),
  facts({ lam, names: [first, second] }) {
    const percent = Math.round(100 * lam)
    return `${percent}% ${first}, ${100 - percent}% ${second}: in every pixel, and in the label.`
  },
  code: ({ lam, classes }) => `mixed = mixup(x, perm, lam=${+lam.toFixed(4)})\n`
    + `soft = soft_targets(y, y[perm], ${+lam.toFixed(4)}, num_classes=${classes})`,
  alt: ({ names }) => `${names[0]} mixed with ${names[1]}`,
  value: ({ lam, alpha }) => ({ lam, alpha }),
}

const cutmix = {
  pair: true, digits: 3, caption: 'What the model sees: drag the box, or its corner', action: 'Draw a box',
  sliders: state => [
    ['Side of the box', { max: state.size[1], moved: value => { state.length = value } }, () => state.length],
  ],
  act(state, drawn) {
    const lam = draw(state.alpha)
    state.length = Math.floor(state.size[1] * Math.sqrt(1 - lam))
    state.centers = [randomPixel(state.size)]
    // The curve marks what was drawn, though a border may have cut the box
    state.lam = lam
    drawn.push(lam)
  },
  boxes: allBoxes,
  lam: (state, inside) => 1 - inside / (state.size[0] * state.size[1]),
  paint(out, first, second, { boxes, size }) {
    out.set(first)
    fill(out, size[1], boxes, second)
  },
  facts({ lam, boxes: [[y1, x1, y2, x2]], inside, length, size, names }) {
    const all = size[0] * size[1], whole = Math.max(0, 1 - length ** 2 / all), isCut = inside < length ** 2
    const pixels = `${y2 - y1} × ${x2 - x1} = ${asCount(inside)} of ${asCount(all)} pixels`
    const border = isCut ? ` The border cuts the box; whole, it would leave ${whole.toFixed(3)}.` : ''
    return `${pixels} come from ${names[1]}: λ = ${lam.toFixed(3)}.${border}`
  },
  code: ({ lam, boxes, size }) => `box = torch.tensor(${asTensor(boxes[0])})\nmixed = cutmix(x, perm, box)\n`
    + `lam = box_lam(box, (${size.join(', ')}))  # ${lam.toFixed(4)}`,
  alt: mixup.alt,
  boxName: () => 'Box',
  least: 0,
  value: ({ lam, boxes }) => ({ lam, box: boxes[0] }),
}

const fillColors = mean => ({ mean, black: [0, 0, 0], white: [255, 255, 255] })
const fillNames = {
  mean: '0 after normalizing: the mean color',
  black: '0 before normalizing: black',
  white: '1 before normalizing: white',
}
const setHoles = (state, count) => {
  while (state.centers.length < count) state.centers.push(randomPixel(state.size))
  state.centers.length = count
}
const cutout = {
  pair: false, digits: 3, caption: cutmix.caption, action: 'Draw places', fills: fillNames,
  sliders: state => [
    ['length', {
      min: 1, max: state.size[1], text: value => `${value} pixels`, moved: value => { state.length = value },
    }, () => state.length],
    ['n_holes', { min: 1, max: 4, moved: count => setHoles(state, count) }, () => state.centers.length],
  ],
  act(state) { state.centers = state.centers.map(() => randomPixel(state.size)) },
  boxes: allBoxes,
  lam: () => 1,
  paint(out, first, second, { boxes, size, mean, fill: name }) {
    out.set(first)
    fill(out, size[1], boxes, null, fillColors(mean)[name])
  },
  facts: ({ inside, size, names }) =>
    `${asCount(inside)} of ${asCount(size[0] * size[1])} pixels are hidden. The label stays ${names[0]}.`,
  code({ boxes, fill: name }) {
    const values = name === 'mean' ? 'normalize(x), box' : `x, box, value=${name === 'white' ? '1.' : '0.'}`
    return `box = torch.tensor([[${boxes.map(asTensor).join(', ')}]])\nmixed = cutout(${values})`
  },
  alt: ({ names, centers }) => `${names[0]} with ${centers.length} of its squares hidden`,
  boxName: i => `Hole ${i + 1}`,
  least: 1,
  value: ({ boxes, fill: name }) => ({ box: boxes, fill: name }),
}
const modes = { mixup, cutmix, cutout }

const showBar = (name, share, digits, isPartner) => h('li', { class: isPartner ? 'ex-b' : null },
  h('span', { class: 'ex-name' }, name),
  h('span', { class: 'mx-meter ex-bar' }, h('i', { style: `width:${100 * share}%` })),
  h('b', {}, share.toFixed(digits)))
const makeFills = (state, changed) => {
  const group = uid()
  const choice = ([name, text]) => {
    const choose = () => {
      state.fill = name
      changed()
    }
    const checked = name === state.fill
    return h('label', {}, h('input', { type: 'radio', name: group, value: name, checked, onchange: choose }),
      h('span', {}, text))
  }
  return h('fieldset', { class: 'ex-fill' }, h('legend', {}, 'Fill'), Object.entries(fillNames).map(choice))
}
const makeSource = (place, pictures, picked, least, changed) => {
  const img = h('img', { alt: '' }), mark = h('span', { class: 'ex-mark', hidden: true })
  const share = h('span', { class: 'ex-share' }), label = h('span')
  const choose = event => {
    picked[place] = +event.target.value
    changed()
  }
  const makeLabel = () => {
    if (pictures.length <= least) return h('span', { class: 'ex-name' }, pictures[picked[place]].name)
    const options = pictures.map(({ name }, i) => h('option', { value: i }, name))
    return h('select', { 'aria-label': place ? 'Partner' : 'Picture', onchange: choose }, options)
  }
  let listed = 0
  const show = () => {
    if (listed !== pictures.length) label.replaceChildren(makeLabel())
    listed = pictures.length
    const select = label.querySelector('select')
    if (select) select.value = picked[place]
    img.src = pictures[picked[place]].src
    img.alt = pictures[picked[place]].name
  }
  const box = h('figure', { class: `ex-src ex-${place}` }, h('div', { class: 'ex-frame' }, img, mark),
    h('figcaption', {}, label, share))
  return { box, show, mark, share }
}

const settingsOf = (state, picked, mode) => {
  const settings = { pictures: picked.slice(0, mode.pair ? 2 : 1).join() }
  for (const key of ['lam', 'alpha', 'length', 'fill']) if (key in state) settings[key] = state[key]
  if (state.centers) settings.centers = state.centers.join()
  return settings
}
const readCenters = (text, [height, width]) => {
  const numbers = (text || '').split(','), centers = []
  for (let i = 0; i + 1 < numbers.length; i += 2) {
    centers.push([integerIn(numbers[i], 0, height - 1), integerIn(numbers[i + 1], 0, width - 1)])
  }
  return centers.flat().includes(null) ? [] : centers
}
const applySettings = (said, state, picked, pictures, mode) => {
  const lam = numberIn(said.lam, 0, 1), alpha = numberIn(said.alpha, 0, 8)
  const length = integerIn(said.length, mode.least, state.size[1]), centers = readCenters(said.centers, state.size)
  if ('lam' in state && lam !== null) state.lam = lam
  if ('alpha' in state && alpha !== null) state.alpha = alphas[nearestAlpha(alpha)]
  if ('length' in state && length !== null) state.length = length
  if (state.centers && centers.length && centers.length <= (mode.pair ? 1 : 4)) state.centers = centers
  if ('fill' in state && Object.hasOwn(fillNames, said.fill)) state.fill = said.fill
  const places = (said.pictures || '').split(',').slice(0, picked.length)
  places.forEach((text, place) => { picked[place] = integerIn(text, 0, pictures.length - 1) ?? picked[place] })
}
const saveAs = (canvas, name) => canvas.toBlob(blob => {
  const href = URL.createObjectURL(blob)
  h('a', { href, download: `${name.replace(/[^\p{L}\p{N}.-]+/gu, '-')}.png` }).click()
  setTimeout(() => URL.revokeObjectURL(href), 10000)
})

const makeExplorer = (model, el) => {
  const state = structuredClone(model.get('state')), mode = modes[state.mode], { size } = state
  const [height, width] = size
  const images = [...el.querySelectorAll('.mx-fb img[data-name]')]
  const pictures = images.map(img => ({ name: img.dataset.name, src: img.src, pixels: null }))
  const picked = [0, Math.min(1, pictures.length - 1)], drawn = []
  let chosen = 0

  const out = new ImageData(width, height)
  const canvas = h('canvas', { width, height, role: 'img' }), context = canvas.getContext('2d')
  const frame = h('div', { class: 'ex-frame' }, canvas)
  const bars = h('ul', { class: 'ex-bars' }), facts = h('p', { class: 'ex-facts', role: 'status' }), code = h('code')
  const changed = () => update()
  const places = mode.pair ? [0, 1] : [0]
  const sources = places.map(place => makeSource(place, pictures, picked, places.length, changed))

  const stateSlider = ([label, options, get]) => {
    const moved = value => {
      options.moved(value)
      update()
    }
    const { box, show } = mx.slider(label, { ...options, moved })
    return { box, show: () => show(get()) }
  }
  const sliders = mode.sliders(state).map(stateSlider)
  const placeSlider = (label, axis) => stateSlider([label, {
    max: size[axis] - 1, moved: value => { state.centers[chosen][axis] = value },
  }, () => state.centers[chosen][axis]])
  const placeSliders = mode.boxName ? ['Row of the center', 'Column'].map(placeSlider) : []
  const setAlpha = i => {
    state.alpha = alphas[i]
    drawn.length = 0
  }
  const alpha = mode.pair && stateSlider(['α of Beta(α, α)', {
    max: alphas.length - 1, moved: setAlpha, text: i => alphas[i] ? `${alphas[i]}` : '0 (off)',
  }, () => nearestAlpha(state.alpha)])
  const density = mode.pair && curve()
  const act = button(mode.action, () => {
    mode.act(state, drawn)
    update()
  })

  const handles = mode.boxName && makeHandles(frame, canvas, {
    size, least: mode.least, name: i => mode.boxName(i), centers: () => state.centers, side: () => state.length,
    choose(i) {
      chosen = i
      update()
    },
    move(i, center) {
      state.centers[i] = center
      update()
    },
    resize(side) {
      state.length = side
      update()
    },
  })
  if (handles) canvas.onclick = event => handles.moveTo(chosen, ...handles.pointAt(event))

  const paint = at => {
    const [first, second] = picked.map(i => pictures[i].pixels)
    if (!first || !second) return
    mode.paint(out.data, first, second, at)
    context.putImageData(out, 0, 0)
  }
  const showShares = lam => {
    if (!mode.pair) return
    sources[0].share.textContent = `λ = ${lam.toFixed(mode.digits)}`
    sources[1].share.textContent = `1 − λ = ${(1 - lam).toFixed(mode.digits)}`
  }
  const shareOf = (i, lam) => {
    const isFirst = i === picked[0], isSecond = i === picked[1]
    if (!mode.pair) return isFirst ? 1 : 0
    return (isFirst ? lam : 0) + (isSecond ? 1 - lam : 0)
  }
  const showBars = lam => bars.replaceChildren(...pictures.map(({ name }, i) =>
    showBar(name, shareOf(i, lam), mode.digits, mode.pair && i === picked[1])))
  const showBoxes = at => {
    handles.show(at.boxes)
    if (!mode.pair) return
    position(sources[1].mark, at.boxes[0], size)
    sources[1].mark.hidden = !at.inside
  }
  const update = () => {
    chosen = Math.min(chosen, (state.centers?.length || 1) - 1)
    const boxes = mode.boxes(state), inside = covered(boxes, size), lam = mode.lam(state, inside)
    const names = picked.map(i => pictures[i].name)
    const at = { ...state, boxes, inside, lam, names, classes: pictures.length }
    paint(at)
    for (const source of sources) source.show()
    showShares(lam)
    showBars(lam)
    for (const slider of [...sliders, ...placeSliders]) slider.show()
    if (mode.pair) {
      alpha.show()
      density.show(state.alpha, drawn.length ? state.lam : lam, drawn)
    }
    facts.textContent = mode.facts(at)
    code.textContent = mode.code(at)
    canvas.setAttribute('aria-label', mode.alt(at))
    if (handles) showBoxes(at)
    mx.keep(model, mode.value(at))
  }

  const useOwn = (place, picture) => {
    picked[place] = pictures.push(picture) - 1
    update()
  }

  const [main, ...others] = sliders
  const mixed = h('figure', { class: 'ex-out' }, frame, h('figcaption', {}, mode.caption),
    [main, ...placeSliders].map(slider => slider.box))
  const side = h('div', { class: 'ex-side' },
    h('div', {}, h('p', { class: 'ex-title' }, mode.pair ? 'Soft label' : 'Label'), bars, facts),
    others.map(slider => slider.box), mode.fills && makeFills(state, changed),
    mode.pair && density.element, mode.pair && alpha.box, act)
  const own = ownPictures(el, size, mode.pair ? ['Use as the picture', 'Use as its partner'] : ['Use it'], useOwn)
  const isOwn = i => i >= images.length
  const left = () => picked.some(isOwn) ? ' Your own pictures stay here: the link shows those of the page.' : ''
  const fileName = () => `${state.mode} ${canvas.getAttribute('aria-label')}`
  const save = button('Save the mixed picture', () => saveAs(canvas, fileName()))
  el.append(h('div', { class: 'mx-ui ex' },
    h('div', { class: 'ex-stage' }, h('div', { class: 'ex-srcs' }, sources.map(source => source.box)), mixed, side),
    h('pre', {}, code),
    h('div', { class: 'mx-row' }, save, copyLink(el, () => settingsOf(state, picked, mode), left)), own.fold))
  update()
  const endAddress = followAddress(el, said => {
    applySettings(said, state, picked, pictures, mode)
    for (const input of el.querySelectorAll('.ex-fill input')) input.checked = input.value === state.fill
    drawn.length = 0
    update()
  })
  const load = async picture => { picture.pixels = await read(picture.src) }
  Promise.all(pictures.map(load)).then(() => {
    update()
    el.dataset.ready = ''
  })
  return () => {
    endAddress()
    own.end()
  }
}

export default {
  render: ({ model, el }) => makeExplorer(model, el),
}
