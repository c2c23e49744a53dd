// Wrong code: find the line, then see it repaired.
const { h, button } = mx
export default {
  render({ model, el }) {
    const { ids: [id], item: { ask, setup, lines, output, fixed, fixed_output, check } } = model.get('state'), name = mx.uid()
    const inputs = lines.map((_, i) => h('input', { type: 'radio', name, 'aria-describedby': `${name}w${i}` }))
    const whys = lines.map((_, i) => h('div', { class: 'mx-why', id: `${name}w${i}` }))
    const boxes = lines.map((o, i) => h('div', { class: 'mx-opt mx-line' }, h('label', {}, inputs[i], h('code', {}, o.code)), whys[i]))
    const status = h('p', { class: 'mx-status', role: 'status' }), get = () => {
      const i = (model.get('value') || {})[id]
      return lines[i] && i
    }
    const put = line => { model.set('value', line === undefined ? {} : { [id]: line }); model.save_changes() }
    const go = button('Check this line', () => {
      if (get() !== undefined) return put(undefined)
      const i = inputs.findIndex(o => o.checked)
      if (i < 0) status.textContent = 'Choose a line first.'
      else put(i)
    }, true)
    const out = text => h('pre', { class: 'mx-out', tabindex: 0, 'aria-label': 'Output' }, text)
    const code = lines.flatMap(o => o.wrong ? fixed.map(s => h('mark', {}, `${s}\n`)) : [`${o.code}\n`])
    const repaired = h('div', { class: 'mx-fixed' }, h('p', { class: 'mx-kind' }, 'Repaired'), h('pre', { tabindex: 0, 'aria-label': 'Repaired code' }, h('code', {}, code)),
      h('p', { class: 'mx-kind' }, 'Now it prints'), out(fixed_output),
      check && h('p', { class: 'mx-dim' }, 'With a kernel, write ', h('code', {}, check), ' yourself and run ', h('code', {}, `check(${check})`), '.'))
    const draw = () => {
      const i = get(), done = i !== undefined, o = lines[i]
      inputs.forEach((r, j) => { if (done || r.checked) r.checked = j === i })
      whys.forEach((w, j) => {
        const show = done && (j === i)
        boxes[j].className = `mx-opt mx-line${show ? o.wrong ? ' mx-yes' : ' mx-no' : ''}`
        w.replaceChildren(...show ? [h('p', { html: `<b>${o.wrong ? 'Found it.' : 'This line is fine.'}</b> ${o.why}` })] : [])
      })
      status.textContent = done ? o.wrong ? 'Found it.' : 'Not this line.' : ''
      go.textContent = done ? 'Try again' : 'Check this line'
      go.classList.toggle('mx-main', !done)
      repaired.hidden = !(done && o.wrong)
    }
    const field = h('fieldset', { class: 'mx-q' }, h('legend', { html: ask }), setup && h('pre', { tabindex: 0, 'aria-label': 'Code before it' }, h('code', {}, setup)), boxes,
      h('p', { class: 'mx-kind' }, 'It prints'), out(output), h('div', { class: 'mx-row' }, go, status))
    field.addEventListener('input', () => {
      const kept = inputs.findIndex(o => o.checked)
      if (get() !== undefined) put(undefined)
      inputs[kept].checked = true
    })
    field.mxKey = e => { if (e.key === 'Enter' && e.target.tagName === 'INPUT') { e.preventDefault(); if (get() === undefined) go.click() } }
    el.append(h('div', { class: 'mx-ui' }, h('p', { class: 'mx-kind' }, 'Repair: which line is wrong?'), field, repaired))
    model.on('change:value', draw)
    draw()
    return () => model.off('change:value', draw)
  },
}
