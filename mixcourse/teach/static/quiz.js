// Questions of the bank. `grade` is the twin of mixcourse.quiz.grade: tests/cases/grading.json holds for both.
const real = '[+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?'
const number = text => {
  text = text.replace(/\s/g, '').replaceAll('\u2212', '-')
  if (!text.includes('.')) text = text.replace(',', '.')
  const m = text.match(`^(${real})(?:/(${real}))?$`), x = m && m[1] / (m[2] ?? 1)
  return Number.isFinite(x) ? x : null
}
const grade = mx.grade = (q, answer) => {
  if (q.kind === 'number') {
    const x = typeof answer === 'string' ? number(answer) : null, near = y => Math.abs(x - y) <= q.tolerance + 1e-9
    if (x === null) return { right: null, why: [] }
    if (near(q.answer)) return { right: true, why: [q.why] }
    return { right: false, why: (q.misses || []).filter(o => near(o.answer)).map(o => o.why).slice(0, 1) }
  }
  const chosen = q.kind === 'single' ? [answer] : answer
  if (!Array.isArray(chosen) || !chosen.length || chosen.some(o => !Number.isInteger(o) || !q.options[o])) return { right: null, why: [] }
  return { right: q.options.every((o, i) => !!o.right === chosen.includes(i)), why: q.options.filter((_, i) => chosen.includes(i)).map(o => o.why) }
}

const { h, button } = mx
const ask = (q, label, get, put) => {
  const name = mx.uid(), options = q.options || [], numeric = q.kind === 'number', type = q.kind === 'single' ? 'radio' : 'checkbox'
  let open = false, was = false
  const whys = options.map((o, i) => h('div', { class: 'mx-why', id: `${name}w${i}` }))
  const inputs = numeric
    ? [h('input', { type: 'text', inputmode: 'decimal', autocomplete: 'off', 'aria-labelledby': name })]
    : options.map((_, i) => h('input', { type, name, 'aria-describedby': `${name}w${i}` }))
  const boxes = options.map((o, i) => h('div', { class: 'mx-opt' }, h('label', {}, inputs[i], h('span', { html: o.text })), whys[i]))
  const status = h('p', { class: 'mx-status', role: 'status' }), said = h('div', { class: 'mx-said' }), go = button('Check', () => graded() ? put(undefined) : check(), true)
  const explain = button('Explain all', () => { open = true; draw(); go.focus() })

  const graded = () => grade(q, get()).right !== null
  const chosen = () => {
    if (numeric) return inputs[0].value
    const res = inputs.flatMap((o, i) => o.checked ? [i] : [])
    return q.kind === 'single' ? res[0] : res
  }
  const check = () => {
    if (grade(q, chosen()).right === null) status.textContent = numeric ? 'Write a number, such as 0.5 or 1/2.' : 'Choose first.'
    else put(chosen())
  }
  const verdict = (right, html) => h('p', { class: right ? 'mx-yes' : 'mx-no', html: `<b>${right ? 'Right.' : 'No.'}</b> ${html}` })
  // The page is drawn from the answer that was checked; a new choice takes that answer back
  const draw = () => {
    if (was && !graded()) {
      open = false
      inputs.forEach(o => numeric ? o.value = '' : o.checked = false)
    }
    was = graded()
    const answer = get(), { right, why } = graded() ? grade(q, answer) : {}
    if (graded()) inputs.forEach((o, i) => numeric ? o.value = answer : o.checked = [answer].flat().includes(i))
    options.forEach((o, i) => {
      const show = open || (graded() && (right || inputs[i].checked))
      boxes[i].className = `mx-opt${show && o.right ? ' mx-yes' : show && graded() && inputs[i].checked ? ' mx-no' : ''}`
      whys[i].replaceChildren(...show ? [verdict(o.right, o.why)] : [])
    })
    said.replaceChildren()
    if (numeric && open && !right) said.append(h('p', { class: 'mx-yes', html: `<b>It is ${q.answer}.</b> ${q.why}` }))
    else if (numeric && graded()) said.append(verdict(right, why[0] || 'Not that number.'))
    const missing = graded() && q.kind === 'multiple' && options.filter((o, i) => o.right && !inputs[i].checked).length
    status.textContent = !graded() ? '' : right ? 'Right.' : missing ? `Not yet: ${missing} more to find.` : 'Not yet.'
    status.classList.toggle('mx-yes', !!right)
    go.textContent = graded() ? 'Try again' : 'Check'
    go.classList.toggle('mx-main', !graded())
    explain.hidden = open || !graded() || right
  }
  const field = h('fieldset', { class: 'mx-q' }, h('legend', { id: name, html: label + q.ask }), numeric ? inputs : boxes,
    q.hint && h('details', { class: 'mx-hint' }, h('summary', {}, 'Hint'), h('p', { html: q.hint })), said, h('div', { class: 'mx-row' }, go, explain, status))
  field.addEventListener('input', () => { if (graded()) { was = open = false; put(undefined) } })
  field.mxKey = e => { if (e.key === 'Enter' && e.target.tagName === 'INPUT') { e.preventDefault(); if (!graded()) check() } }
  return { field, draw, right: () => graded() && grade(q, get()).right }
}

export default {
  render({ model, el }) {
    const { items, ids } = model.get('state')
    const store = (id, answer) => {
      const value = { ...model.get('value') }
      if (answer === undefined) delete value[id]
      else value[id] = answer
      model.set('value', value)
      model.save_changes()
    }
    const parts = items.map((q, i) => ask(q, items.length > 1 ? `${i + 1}. ` : '', () => (model.get('value') || {})[ids[i]], answer => store(ids[i], answer)))
    const score = h('output', { class: 'mx-dim' }), reset = button('Start this page over', () => { peers().forEach(o => o.mxQuiz.reset()); parts[0].field.querySelector('input').focus() })
    const peers = () => [...mx.page(el).querySelectorAll('.mx[data-kind=quiz][data-on]')].filter(o => o.mxQuiz)
    const total = () => {
      const all = new Map(peers().flatMap(o => o.mxQuiz.marks()))
      score.textContent = `${[...all.values()].filter(o => o).length} of ${all.size} right on this page`
      reset.hidden = !peers().some(o => o.mxQuiz.begun())
    }
    const changed = () => {
      parts.forEach(o => o.draw())
      window.dispatchEvent(new Event('mx:score'))
    }
    el.mxQuiz = {
      marks: () => parts.map((o, i) => [ids[i], !!o.right()]),
      begun: () => Object.keys(model.get('value') || {}).length > 0,
      reset() { model.set('value', {}); model.save_changes() },
    }
    el.append(h('div', { class: 'mx-ui' }, h('p', { class: 'mx-kind' }, 'Quiz'), parts.map(o => o.field), h('div', { class: 'mx-row mx-foot' }, score, reset)))
    model.on('change:value', changed)
    window.addEventListener('mx:score', total)
    changed()
    return () => { model.off('change:value', changed); window.removeEventListener('mx:score', total) }
  },
}
