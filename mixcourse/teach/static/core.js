// What all widgets share. mixcourse.widget puts it in front of the files of the kinds; it is never loaded alone.
const mx = (() => {
  const kinds = {}
  const shared = window.__mixcourse ||= { memory: {}, count: 0 }
  const uid = () => `mx${++shared.count}`

  // h('button', {class: 'a', onclick: f}, 'text', node): strings become text, only `html` is parsed
  const h = (tag, props = {}, ...kids) => {
    const e = document.createElement(tag)
    for (const [k, v] of Object.entries(props)) {
      if (k.startsWith('on')) e.addEventListener(k.slice(2), v)
      else if (k === 'html') e.innerHTML = v
      else if (v === true) e.setAttribute(k, '')
      else if (v !== false && v != null) e.setAttribute(k, v)
    }
    e.append(...kids.flat().filter(o => o != null && o !== false))
    return e
  }
  const button = (text, onclick, main = false) => h('button', { type: 'button', class: main ? 'mx-main' : null, onclick }, text)

  // localStorage throws in a sandboxed frame: then the page remembers until it is left
  const read = key => {
    try {
      const all = JSON.parse(localStorage.getItem(key))
      return all && !Array.isArray(all) && typeof all === 'object' ? all : {}
    } catch { return shared.memory[key] || {} }
  }
  const write = (key, all) => {
    shared.memory[key] = all
    // else kept in memory
    try { localStorage.setItem(key, JSON.stringify(all)) } catch {}
  }

  // Stands in for the kernel's model. What the reader did is kept for the ids that the state names.
  const shim = (kind, state) => {
    const key = `mixcourse:${kind}`, ids = state.ids || [], all = read(key), heard = {}
    const data = { state, value: Object.fromEntries(ids.filter(o => o in all).map(o => [o, all[o]])) }
    return {
      get: k => data[k],
      set(k, v) { data[k] = v; heard[`change:${k}`]?.forEach(f => f()) },
      save_changes() {
        if (!ids.length) return
        const all = read(key)
        for (const o of ids) { if (o in data.value) all[o] = data.value[o]; else delete all[o] }
        write(key, all)
      },
      on(event, f) { (heard[event] ||= new Set()).add(f) },
      off(event, f) { heard[event]?.delete(f) },
    }
  }

  // Notebooks take arrows and letters for themselves. Caught on the window, before them, keys typed in a widget
  // go to the `mxKey` functions of the elements around the focus, and to what the browser does with them.
  if (!shared.keys) {
    shared.keys = true
    window.addEventListener('keydown', e => {
      const target = e.composedPath()[0], root = target.closest?.('.mx[data-on]')
      if (!root || e.ctrlKey || e.altKey || e.metaKey || e.key === 'Escape' || (e.shiftKey && e.key === 'Enter')) return
      for (let o = target; o; o = o === root ? null : o.parentElement) o.mxKey?.(e)
      e.stopPropagation()
    }, true)
  }

  const still = () => matchMedia('(prefers-reduced-motion:reduce)').matches
  // The page of a widget: its notebook where one window holds several
  const page = el => el.closest('.jp-Notebook') || document

  const style = (name, css) => {
    const id = `mx-css-${name}`, old = document.getElementById(id)
    if (old) old.textContent = css
    else document.head.append(h('style', { id }, css))
  }
  const mount = (kind, model, el) => {
    el.classList.add('mx')
    el.dataset.kind = kind
    el.dataset.on = ''
    try { return kinds[kind].render({ model, el }) } catch (e) {
      // The fallback shows
      delete el.dataset.on
      console.error(e)
    }
  }
  // On a page without a kernel: upgrade what is there
  const start = () => document.querySelectorAll('.mx[data-kind]:not([data-on])').forEach(el => {
    const kind = el.dataset.kind, state = el.querySelector('script[type="application/json"]')
    if (kinds[kind] && state) mount(kind, shim(kind, JSON.parse(state.textContent)), el)
  })
  // With a kernel: what anywidget wants
  const live = kind => ({
    render({ model, el }) {
      el.append(h('div', { class: 'mx-fb', html: model.get('fallback') }))
      return mount(kind, model, el)
    },
  })
  return { kinds, h, button, uid, read, write, still, page, style, start, live }
})()
