// What a reader did, saved as a file and loaded from one: from browser to browser, from the site to a notebook.
const { h, button } = mx
const kept = ['quiz', 'predict', 'repair', 'cards', 'exam', 'reader']
const largest = 1e6 // bytes
const why = 'What you answer is kept in this browser alone. Safari forgets it after a week without a visit; '
  + 'a file does not, and it can be loaded in another browser or in a notebook.'

const isRecord = value => value && typeof value === 'object' && !Array.isArray(value)
const today = () => new Date().toISOString().slice(0, 10)
const collect = () => ({
  mixcourse: 1, saved: new Date().toISOString(),
  ...Object.fromEntries(kept.map(kind => [kind, mx.storeOf(kind).all()])),
})
const download = (name, text) => {
  const href = URL.createObjectURL(new Blob([text], { type: 'application/json' }))
  h('a', { href, download: name }).click()
  setTimeout(() => URL.revokeObjectURL(href), 10000)
}
const parse = text => {
  const saved = JSON.parse(text)
  if (!isRecord(saved) || saved.mixcourse !== 1) throw new Error('another kind of JSON')
  return saved
}
// Of a card that is known here, too, the later of both stays
const isOlder = (kind, here, there) =>
  kind === 'cards' && Array.isArray(here) && Array.isArray(there) && here[1] > there[1]
// An exam keeps its number and its end, too
const isAnswer = id => id.includes('.')
const load = saved => {
  let count = 0
  for (const kind of kept.filter(name => isRecord(saved[name]))) {
    const store = mx.storeOf(kind)
    const entries = Object.entries(saved[kind]).filter(([id, value]) => !isOlder(kind, store.all()[id], value))
    store.write(Object.fromEntries(entries))
    count += entries.filter(([id]) => isAnswer(id)).length
  }
  return count
}

export default {
  render({ el }) {
    const status = h('p', { class: 'mx-status', role: 'status' })
    const save = () => {
      download(`mixcourse-progress-${today()}.json`, JSON.stringify(collect(), null, 1))
      status.textContent = 'Saved.'
    }
    const read = async () => {
      const [file] = input.files
      input.value = ''
      if (!file) return
      try {
        if (file.size > largest) throw new Error('too large')
        const count = load(parse(await file.text()))
        status.textContent = `Loaded: ${count} ${count === 1 ? 'answer' : 'answers'}.`
        window.dispatchEvent(new Event('mx:score'))
      } catch { status.textContent = `${file.name} holds no progress of mixcourse. Nothing was changed.` }
    }
    const input = h('input', { type: 'file', accept: '.json,application/json', hidden: true, onchange: read })
    el.append(h('div', { class: 'mx-ui' }, h('p', { class: 'mx-kind' }, 'Your progress'), h('p', {}, why),
      h('div', { class: 'mx-row' }, button('Save as a file', save, true), button('Load a file', () => input.click()),
        input, status)))
  },
}
