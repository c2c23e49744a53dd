// A guess before the answer: nothing is graded, nothing is red or green.
const { h, button } = mx
// What the next code cell shows, in Jupyter, nbconvert and Quarto
const below = el => {
  const own = el.closest('.jp-CodeCell, .cell'), cells = own ? [...mx.page(el).querySelectorAll('.jp-CodeCell, .cell')] : []
  const next = cells[cells.indexOf(own) + 1]
  return next ? [...next.querySelectorAll('.jp-Cell-outputArea, .cell-output')] : []
}
export default {
  render({ model, el }) {
    const { ids: [id], item: { ask, options, reveal } } = model.get('state'), name = mx.uid()
    const inputs = options
      ? options.map(() => h('input', { type: 'radio', name }))
      : [h('input', { type: 'text', style: 'width:100%', autocomplete: 'off', 'aria-labelledby': name })]
    const note = h('p', { class: 'mx-status', role: 'status' })
    const put = guess => { model.set('value', guess === undefined ? {} : { [id]: guess }); model.save_changes() }
    const go = button('Commit to it', () => {
      const i = inputs.findIndex(o => o.checked), guess = options ? i : inputs[0].value.trim()
      if (guess === -1 || guess === '') note.textContent = 'Guess first: being wrong costs nothing.'
      else { put(guess); shown.focus() }
    }, true)
    const field = h('fieldset', { class: 'mx-q' }, h('legend', { id: name, html: ask }),
      options ? options.map((o, i) => h('div', { class: 'mx-opt' }, h('label', {}, inputs[i], h('span', { html: o })))) : inputs, h('div', { class: 'mx-row' }, go, note))
    field.mxKey = e => { if (e.key === 'Enter' && e.target.tagName === 'INPUT') { e.preventDefault(); go.click() } }
    const guessed = h('div'), shown = h('div', { class: 'mx-pair', tabindex: -1 }, h('div', { class: 'mx-guess' }, h('p', { class: 'mx-kind' }, 'Your guess'), guessed),
      h('div', { class: 'mx-guess' }, h('p', { class: 'mx-kind' }, 'What happens'), h('div', { html: reveal || 'See the output below.' })))
    const again = h('div', { class: 'mx-row' }, button('Guess again', () => { put(undefined); inputs[0].focus() }))
    const asked = h('p', { html: ask, class: 'mx-asked' })
    const draw = () => {
      const guess = (model.get('value') || {})[id], done = options ? options[guess] !== undefined : typeof guess === 'string'
      field.hidden = done
      asked.hidden = shown.hidden = again.hidden = !done
      note.textContent = ''
      if (done) { if (options) guessed.innerHTML = options[guess]; else guessed.textContent = guess }
      else inputs.forEach(o => o.type === 'radio' ? o.checked = false : o.value = '')
      if (!reveal) {
        below(el).forEach((o, i) => {
          o.classList.toggle('mx-veiled', !done)
          o.classList.toggle('mx-guessed', done && !i)
          o.dataset.mxGuess = done ? guessed.textContent : ''
        })
      }
    }
    el.append(h('div', { class: 'mx-ui' }, h('p', { class: 'mx-kind' }, 'Predict'), field, asked, shown, again))
    model.on('change:value', draw)
    draw()
    return () => model.off('change:value', draw)
  },
}
