// What a quiz and an exam have in common. `mx.grade` is the twin of Python's `grade`.
const decimal = '[+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?'
const fraction = new RegExp(`^(${decimal})(?:/(${decimal}))?$`)
const readNumber = text => {
  const plain = text.replace(/\s/g, '').replaceAll('\u2212', '-')
  const match = (plain.includes('.') ? plain : plain.replace(',', '.')).match(fraction)
  const value = match && match[1] / (match[2] ?? 1)
  return Number.isFinite(value) ? value : null
}
const gradeNumber = (question, answer) => {
  const value = typeof answer === 'string' ? readNumber(answer) : null
  const isNear = other => Math.abs(value - other) <= question.tolerance + 1e-9
  if (value === null) return { right: null, why: [] }
  if (isNear(question.answer)) return { right: true, why: [question.why] }
  const miss = (question.misses || []).find(known => isNear(known.answer))
  return { right: false, why: miss ? [miss.why] : [] }
}
mx.grade = (question, answer) => {
  if (question.kind === 'number') return gradeNumber(question, answer)
  const { options } = question, chosen = question.kind === 'single' ? [answer] : answer
  const isOption = place => Number.isInteger(place) && options[place]
  if (!Array.isArray(chosen) || !chosen.length || !chosen.every(isOption)) return { right: null, why: [] }
  const right = options.every((option, place) => !!option.right === chosen.includes(place))
  return { right, why: options.filter((_, place) => chosen.includes(place)).map(option => option.why) }
}

// FNV-1a, then the bits are mixed
const hash = text => {
  let bits = 0x811c9dc5
  for (const letter of text) bits = Math.imul(bits ^ letter.codePointAt(0), 0x01000193)
  bits = Math.imul(bits ^ bits >>> 15, 0x2c1b3c6d)
  return (bits ^ bits >>> 13) >>> 0
}
const shuffle = (things, name) => {
  const rank = new Map(things.map((thing, i) => [thing, hash(`${mx.readerSeed()} ${name} ${i}`)]))
  return [...things].sort((one, other) => rank.get(one) - rank.get(other))
}
// Two options are yes and no, which read oddly the other way round
const placesInOrder = (question, id) => {
  const places = question.options.map((_, place) => place)
  return question.keep_order || places.length < 3 ? places : shuffle(places, id)
}

const { h } = mx
const levels = ['', 'Level 1: recall', 'Level 2: apply', 'Level 3: think ahead']
const picture = ({ src, alt }) => h('img', { src, alt, class: 'mx-picture' })
const showOption = option => h('span', { class: 'mx-text' },
  option.picture && picture(option.picture),
  option.code && h('code', { class: 'mx-lines' }, option.code),
  option.text && h('span', { html: option.text }),
  // Named by its place, since it has no words of its own
  option.picture && !option.text && h('span', { class: 'mx-dim mx-nth' }))
const inputOf = (question, name, place) => question.kind === 'number'
  ? h('input', { type: 'text', inputmode: 'decimal', autocomplete: 'off', 'aria-labelledby': name })
  : h('input', {
    type: question.kind === 'single' ? 'radio' : 'checkbox', name, 'aria-describedby': `${name}w${place}`,
  })

const verdict = (right, html) =>
  h('p', { class: right ? 'mx-yes' : 'mx-no', html: `<b>${right ? 'Right.' : 'No.'}</b> ${html}` })

// The fieldset of a question; it keeps nothing
const makeQuestion = (question, id, label) => {
  const name = mx.uid(), options = question.options || [], isNumber = question.kind === 'number'
  const inputs = isNumber ? [inputOf(question, name)] : options.map((_, place) => inputOf(question, name, place))
  const whys = options.map((_, place) => h('div', { class: 'mx-why', id: `${name}w${place}` }))
  const boxes = options.map((option, place) =>
    h('div', { class: 'mx-opt' }, h('label', {}, inputs[place], showOption(option)), whys[place]))
  const said = h('div', { class: 'mx-said' })
  const hasPictures = options.some(option => option.picture)
  const choices = isNumber ? inputs
    : h('div', { class: hasPictures ? 'mx-choices mx-gallery' : 'mx-choices' },
      placesInOrder(question, id).map(place => boxes[place]))
  if (hasPictures) choices.querySelectorAll('.mx-nth').forEach((name, i) => { name.textContent = `Picture ${i + 1}` })
  const field = h('fieldset', { class: 'mx-q' },
    h('legend', { id: name, html: label + question.ask }),
    levels[question.level] && h('p', { class: 'mx-level' }, levels[question.level]),
    question.code && h('pre', { tabindex: 0, 'aria-label': 'Code' }, h('code', {}, question.code)),
    question.picture && picture(question.picture),
    choices,
    question.hint && h('details', { class: 'mx-hint' }, h('summary', {}, 'Hint'), h('p', { html: question.hint })),
    said)

  const isChosen = place => inputs[place].checked
  const chosen = () => {
    if (isNumber) return inputs[0].value
    const places = options.map((_, place) => place).filter(isChosen)
    return question.kind === 'single' ? places[0] : places
  }
  const choose = answer => inputs.forEach((input, place) => {
    if (isNumber) input.value = answer ?? ''
    else input.checked = [answer].flat().includes(place)
  })
  const explainOption = (option, place, graded, shown) => {
    const wrong = graded && isChosen(place) ? ' mx-no' : ''
    const marked = option.right ? ' mx-yes' : wrong
    boxes[place].className = `mx-opt${shown ? marked : ''}`
    whys[place].replaceChildren(...shown ? [verdict(option.right, option.why)] : [])
  }
  // `open`: every explanation, not only those of a right answer or of what was chosen
  const explain = (answer, open) => {
    const { right, why } = mx.grade(question, answer), graded = right !== null
    options.forEach((option, place) =>
      explainOption(option, place, graded, open || (graded && (right || isChosen(place)))))
    said.replaceChildren()
    if (!isNumber) return
    const solution = `<b>It is ${question.answer}.</b> ${question.why}`
    if (open && !right) said.append(h('p', { class: 'mx-yes', html: solution }))
    else if (graded) said.append(verdict(right, why[0] || 'Not that number.'))
  }
  const missing = () => options.filter((option, place) => option.right && !isChosen(place)).length
  return { field, inputs, chosen, choose, explain, missing }
}
export default { makeQuestion, shuffle }
