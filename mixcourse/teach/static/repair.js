// Find the wrong line, then see it repaired
const { h, button } = mx

const block = (label, content, output) =>
  h('pre', { tabindex: 0, 'aria-label': label, class: output ? 'mx-out' : null }, content)
const heading = text => h('p', { class: 'mx-kind' }, text)
const showRepair = ({ lines, fixed, fixed_output, check }) => {
  const asMarked = text => h('mark', {}, `${text}\n`)
  const code = lines.flatMap(line => line.wrong ? fixed.map(asMarked) : [`${line.code}\n`])
  const byHand = check && h('p', { class: 'mx-dim' }, 'With a kernel, write ', h('code', {}, check),
    ' yourself and run ', h('code', {}, `check(${check})`), '.')
  return h('div', { class: 'mx-fixed' }, heading('Repaired'), block('Repaired code', h('code', {}, code)),
    heading('Now it prints'), block('Output', fixed_output, true), byHand)
}

export default {
  render({ model, el }) {
    const { ids: [id], item } = model.get('state'), { lines } = item, name = mx.uid()
    const inputs = lines.map((_, i) => h('input', { type: 'radio', name, 'aria-describedby': `${name}w${i}` }))
    const whys = lines.map((_, i) => h('div', { class: 'mx-why', id: `${name}w${i}` }))
    const boxes = lines.map((line, i) =>
      h('div', { class: 'mx-opt mx-line' }, h('label', {}, inputs[i], h('code', {}, line.code)), whys[i]))

    // The line that was checked; storage may hold anything
    const checkedLine = () => {
      const place = (model.get('value') || {})[id]
      return lines[place] ? place : undefined
    }
    const put = place => mx.keep(model, place === undefined ? {} : { [id]: place })
    const chosenLine = () => inputs.findIndex(input => input.checked)
    const checkOrRetry = () => {
      if (checkedLine() !== undefined) put(undefined)
      else if (chosenLine() < 0) status.textContent = 'Choose a line first.'
      else put(chosenLine())
    }
    const choseAnew = () => {
      const kept = chosenLine()
      if (checkedLine() !== undefined) put(undefined)
      inputs[kept].checked = true
    }

    const status = h('p', { class: 'mx-status', role: 'status' })
    const go = button('Check this line', checkOrRetry, true)
    const repaired = showRepair(item)
    const explainLine = (place, shown) => {
      const { wrong, why } = lines[place], verdict = wrong ? 'Found it.' : 'This line is fine.'
      const mark = wrong ? ' mx-yes' : ' mx-no'
      boxes[place].className = `mx-opt mx-line${shown ? mark : ''}`
      whys[place].replaceChildren(...shown ? [h('p', { html: `<b>${verdict}</b> ${why}` })] : [])
    }
    let wasDone = false
    const draw = () => {
      const place = checkedLine(), done = place !== undefined, found = done && lines[place].wrong
      if (done || wasDone) inputs.forEach((input, i) => { input.checked = i === place })
      wasDone = done
      lines.forEach((_, i) => explainLine(i, i === place))
      const verdict = found ? 'Found it.' : 'Not this line.'
      status.textContent = done ? verdict : ''
      go.textContent = done ? 'Try again' : 'Check this line'
      go.classList.toggle('mx-main', !done)
      repaired.hidden = !found
    }
    const field = h('fieldset', { class: 'mx-q' }, h('legend', { html: item.ask }),
      item.setup && block('Code before it', h('code', {}, item.setup)),
      boxes, heading('It prints'), block('Output', item.output, true), h('div', { class: 'mx-row' }, go, status))
    field.addEventListener('input', choseAnew)
    mx.onEnter(field, () => { if (checkedLine() === undefined) go.click() })
    el.append(h('div', { class: 'mx-ui' }, heading('Repair: which line is wrong?'), field, repaired))
    model.on('change:value', draw)
    draw()
    return () => model.off('change:value', draw)
  },
}
