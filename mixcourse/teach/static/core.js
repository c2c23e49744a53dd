// What all widgets share; it comes before the files of the kinds.
const mx = (() => {
  const kinds = {}, data = {}
  // A notebook may bring the scripts with every output: what must be one on a page lives on the window
  const shared = window.__mixcourse ||= { count: 0, stores: {} }
  const uid = () => `mx${++shared.count}`

  const setProperty = (element, name, value) => {
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value)
    else if (name === 'html') element.innerHTML = value
    else if (value === true) element.setAttribute(name, '')
    else if (value !== false && value != null) element.setAttribute(name, value)
  }
  // Strings become text; only `html` is parsed
  const h = (tag, properties = {}, ...children) => {
    const element = document.createElement(tag)
    for (const [name, value] of Object.entries(properties)) setProperty(element, name, value)
    element.append(...children.flat().filter(child => child != null && child !== false))
    return element
  }
  const button = (text, onclick, main = false) =>
    h('button', { type: 'button', class: main ? 'mx-main' : null, onclick }, text)

  // `moved` hears every step, `chosen` the last
  const slider = (label, { min = 0, max, step = 1, text = String, moved, chosen }) => {
    const id = uid(), shown = h('span')
    const show = value => {
      input.value = value
      shown.textContent = text(value)
      input.setAttribute('aria-valuetext', text(value))
    }
    const heard = listener => listener && (() => {
      show(+input.value)
      listener(+input.value)
    })
    const input = h('input', { type: 'range', id, min, max, step, oninput: heard(moved || show) })
    if (chosen) input.addEventListener('change', heard(chosen))
    return { show, input, box: h('div', { class: 'mx-slide' }, h('label', { for: id }, label), shown, input) }
  }
  const onEnter = (field, act) => {
    field.mxKey = event => {
      if (event.key !== 'Enter' || event.target.tagName !== 'INPUT') return
      event.preventDefault()
      act()
    }
  }

  // Strange content, or a frame where storage throws, reads as nothing
  const readStorage = key => {
    try {
      const all = JSON.parse(localStorage.getItem(key))
      return all && !Array.isArray(all) && typeof all === 'object' ? all : {}
    } catch { return {} }
  }
  const writeStorage = (key, all) => {
    try {
      localStorage.setItem(key, JSON.stringify(all))
      return true
    } catch { return false }
  }
  // `undefined` takes an answer back
  const withChanges = (all, changes) => {
    const res = { ...all, ...changes }
    for (const id of Object.keys(res)) if (res[id] === undefined) delete res[id]
    return res
  }
  const differ = (before, after) => [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter(id => JSON.stringify(before[id]) !== JSON.stringify(after[id]))

  // What the reader did in widgets of one kind: id -> answer. Other tabs and copies write there, too,
  // so a write reads anew and changes only the ids it is about.
  const makeStore = key => {
    let known = readStorage(key), unsaved = {}
    const listeners = new Set()
    const refresh = silent => {
      const before = known
      known = withChanges(readStorage(key), unsaved)
      const changed = differ(before, known)
      if (!changed.length) return
      for (const listener of listeners) if (listener !== silent) listener(changed)
    }
    return {
      listeners, refresh,
      all: () => known,
      // What storage refuses is remembered here, and offered again with the next write
      write(changes, silent) {
        unsaved = { ...unsaved, ...changes }
        if (writeStorage(key, withChanges(readStorage(key), unsaved))) unsaved = {}
        refresh(silent)
        return !Object.keys(unsaved).length
      },
    }
  }
  const storeOf = kind => shared.stores[kind] ||= makeStore(`mixcourse:${kind}`)
  const refreshStores = () => {
    shared.isElsewhere = true
    Object.values(shared.stores).forEach(store => store.refresh())
    shared.isElsewhere = false
  }

  // Stands in for a kernel's model where there is nothing to remember
  const localModel = state => {
    const data = { state, value: {} }, listeners = {}
    return {
      get: name => data[name],
      set(name, value) {
        data[name] = value
        listeners[`change:${name}`]?.forEach(listener => listener())
      },
      save_changes() {},
      on(event, listener) { (listeners[event] ||= new Set()).add(listener) },
      off(event, listener) { listeners[event]?.delete(listener) },
    }
  }
  const keptModel = (kind, state, told) => {
    const model = localModel(state), store = storeOf(kind), ids = [...state.ids, ...kinds[kind].keeps || []]
    const mine = all => Object.fromEntries(ids.filter(id => id in all).map(id => [id, all[id]]))
    const listen = changed => {
      if (changed.some(id => ids.includes(id))) model.set('value', mine(store.all()))
    }
    model.set('value', mine(store.all()))
    store.listeners.add(listen)
    return {
      ...model,
      save_changes() {
        const value = model.get('value'), changed = differ(mine(store.all()), value).filter(id => ids.includes(id))
        told(store.write(Object.fromEntries(changed.map(id => [id, value[id]])), listen))
      },
    }
  }

  // Options stand in another order for each reader, in the same one at each visit
  const readerSeed = () => {
    const store = storeOf('reader')
    if (!Number.isInteger(store.all().seed)) store.write({ seed: Math.floor(Math.random() * 2 ** 31) })
    return store.all().seed
  }

  const keep = (model, value) => {
    model.set('value', value)
    model.save_changes()
  }

  // Notebooks take arrows and letters for themselves: caught on the window, before them, keys typed in a widget
  // go to the `mxKey` of the elements around the focus, and to the browser
  const guardKeys = event => {
    const target = event.composedPath()[0], root = target.closest?.('.mx[data-on]')
    const forPage = event.ctrlKey || event.altKey || event.metaKey || event.key === 'Escape'
    if (!root || forPage || (event.shiftKey && event.key === 'Enter')) return
    for (let node = target; node; node = node === root ? null : node.parentElement) node.mxKey?.(event)
    event.stopPropagation()
  }
  if (!shared.listens) {
    shared.listens = true
    window.addEventListener('keydown', guardKeys, true)
    // Another tab wrote, or the page comes back from the history
    window.addEventListener('storage', refreshStores)
    window.addEventListener('pageshow', refreshStores)
  }

  const still = () => matchMedia('(prefers-reduced-motion:reduce)').matches
  const page = el => el.closest('.jp-Notebook') || document
  const style = (name, css) => {
    const id = `mx-css-${name}`, old = document.getElementById(id)
    if (old) old.textContent = css
    else document.head.append(h('style', { id }, css))
  }
  const note = (el, text) => {
    const line = el.querySelector(':scope > .mx-note') || el.appendChild(h('p', { class: 'mx-note', role: 'status' }))
    line.textContent = text
    line.hidden = !text
  }
  const mount = (kind, model, el) => {
    el.classList.add('mx')
    el.dataset.kind = kind
    el.dataset.on = ''
    try { return kinds[kind].render({ model, el }) } catch (error) {
      delete el.dataset.on
      console.error(error)
    }
  }
  const notKept = 'This browser keeps no more: your answers last until you leave this page.'
  const startOne = el => {
    const { kind, state: json } = el.dataset
    if (!kinds[kind]?.render || !json) return
    const state = JSON.parse(json)
    const told = kept => note(el, kept ? '' : notKept)
    mount(kind, state.ids?.length ? keptModel(kind, state, told) : localModel(state), el)
  }
  const start = () => document.querySelectorAll('.mx[data-kind]:not([data-on])').forEach(startOne)
  const live = kind => ({
    render({ model, el }) {
      el.append(h('div', { class: 'mx-fb', html: model.get('fallback') }))
      // A kernel that was restarted has forgotten the model
      model.on('comm_live_update', () => note(el, 'Python no longer listens: run the cell again.'))
      return mount(kind, model, el)
    },
  })
  return {
    kinds, data, shared, h, button, uid, slider, onEnter, keep, storeOf, readerSeed,
    still, page, style, note, start, live,
  }
})()
