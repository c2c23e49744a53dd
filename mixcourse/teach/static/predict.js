// A guess: nothing is graded
const { h, button } = mx

// What the code cells below show, down to the next words or question
const cells = '.jp-CodeCell, .cell'
const asks = '[data-kind=predict], [data-kind=quiz], [data-kind=repair], [data-kind=myth]'
const outputsBelow = el => {
  let cell = el.closest(cells)
  if (!cell) return []
  const all = [...mx.page(el).querySelectorAll(cells)]
  const outputs = []
  cell = all[all.indexOf(cell) + 1]
  while (cell?.matches(cells) && !cell.querySelector(asks)) {
    outputs.push(...cell.querySelectorAll('.jp-Cell-outputArea, .cell-output'))
    cell = cell.nextElementSibling
  }
  return outputs
}
// The first output carries the lock, then the guess
const veil = (outputs, guess) => outputs.forEach((output, i) => {
  const guessed = guess !== undefined
  output.classList.toggle('mx-veiled', !guessed)
  output.classList.toggle('mx-veil', !guessed && !i)
  output.classList.toggle('mx-guessed', guessed && !i)
  output.dataset.mxGuess = guess ?? ''
})

const guessBox = (title, content) => h('div', { class: 'mx-guess' }, h('p', { class: 'mx-kind' }, title), content)

export default {
  render({ model, el }) {
    const { ids: [id], item: { ask, options, reveal } } = model.get('state'), name = mx.uid()
    const inputs = options
      ? options.map(() => h('input', { type: 'radio', name }))
      : [h('input', { type: 'text', class: 'mx-wide', autocomplete: 'off', 'aria-labelledby': name })]
    const choices = options
      ? options.map((html, i) => h('div', { class: 'mx-opt' }, h('label', {}, inputs[i], h('span', { html }))))
      : inputs

    const put = guess => mx.keep(model, guess === undefined ? {} : { [id]: guess })
    const guess = () => (model.get('value') || {})[id]
    const isGuessed = () => options ? options[guess()] !== undefined : typeof guess() === 'string'
    const entered = () => {
      const place = inputs.findIndex(input => input.checked)
      if (options) return place < 0 ? undefined : place
      return inputs[0].value.trim() || undefined
    }
    const commit = () => {
      if (entered() === undefined) {
        status.textContent = 'Guess first: being wrong costs nothing.'
        return
      }
      put(entered())
      pair.focus()
    }
    const guessAgain = () => {
      put(undefined)
      inputs[0].focus()
    }

    const status = h('p', { class: 'mx-status', role: 'status' })
    const field = h('fieldset', { class: 'mx-q' }, h('legend', { id: name, html: ask }), choices,
      h('div', { class: 'mx-row' }, button('Commit to it', commit, true), status))
    mx.onEnter(field, commit)
    const asked = h('p', { html: ask, class: 'mx-asked' }), guessed = h('div')
    const pair = h('div', { class: 'mx-pair', tabindex: -1 }, guessBox('Your guess', guessed),
      guessBox('What happens', h('div', { html: reveal || 'See the output below.' })))
    const again = h('div', { class: 'mx-row' }, button('Guess again', guessAgain))

    const clear = () => inputs.forEach(input => {
      if (options) input.checked = false
      else input.value = ''
    })
    let wasGuessed = false
    const draw = () => {
      const done = isGuessed()
      field.hidden = done
      asked.hidden = pair.hidden = again.hidden = !done
      status.textContent = ''
      // A choice that is not committed to yet stays when another tab writes
      if (wasGuessed && !done) clear()
      wasGuessed = done
      if (done && options) guessed.innerHTML = options[guess()]
      else if (done) guessed.textContent = guess()
      if (!reveal) veil(outputsBelow(el), done ? guessed.textContent : undefined)
    }
    el.append(h('div', { class: 'mx-ui' }, h('p', { class: 'mx-kind' }, 'Predict'), field, asked, pair, again))
    model.on('change:value', draw)
    draw()
    return () => model.off('change:value', draw)
  },
}
