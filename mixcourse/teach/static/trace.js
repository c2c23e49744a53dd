// Steps: one stage of the fallback at a time. Epochs: a cursor over the curves of the fallback.
export default {
  render({ model, el }) {
    const { h, button, uid } = mx, s = model.get('state'), fallback = el.querySelector('.mx-fb'), id = uid()
    if (s.epochs) {
      const chart = h('div', { class: 'tr-chart' }, ...[...fallback.querySelectorAll('figure')].map(o => o.cloneNode(true))), lines = [...chart.querySelectorAll('svg')].map(o => {
        const p = document.createElementNS(o.namespaceURI, 'path')
        p.setAttribute('class', 'tr-now')
        o.append(p)
        return p
      })
      const now = h('span'), values = h('div', { class: 'tr-values' }), note = h('p', { class: 'tr-note', role: 'status' })
      const input = h('input', { type: 'range', id, min: 1, max: s.epochs, value: 1, oninput: () => show() })
      const show = () => {
        const e = +input.value, at = Math.max(...s.notes.filter(o => o <= e), 0)
        now.textContent = `${e} of ${s.epochs}`
        input.setAttribute('aria-valuetext', `Epoch ${e} of ${s.epochs}`)
        for (const p of lines) p.setAttribute('d', `M${s.left + (s.epochs > 1 ? (e - 1) / (s.epochs - 1) : .5) * s.width} ${s.top - 3}v${s.height + 6}H${s.left + s.width + 4}V${s.top - 3}Z`)
        values.replaceChildren(...s.metrics.map(m => h('dl', {}, h('dt', {}, m), ...s.runs.map((r, i) => h('dd', { class: `tr-${i}` }, h('span', {}, r.name), h('b', {}, r.values[m]?.[e - 1] == null ? '–' : r.values[m][e - 1].toFixed(3)))))))
        note.innerHTML = at ? fallback.querySelector(`[data-epoch="${at}"]`).innerHTML : ''
        model.set('value', { epoch: e })
        model.save_changes()
      }
      const jumps = s.notes.map(k => button(`Epoch ${k}`, () => { input.value = k; show() }))
      el.append(h('div', { class: 'mx-ui tr' }, chart, h('div', { class: 'tr-scrub' }, h('label', { for: id }, 'Epoch'), input, now), values, jumps.length ? h('div', { class: 'mx-row' }, h('span', { class: 'mx-dim' }, 'What to notice'), ...jumps) : null, note))
      return show()
    }
    const stages = [...fallback.querySelectorAll('.tr-stage')], stage = h('div', { class: 'tr-show', id, role: 'tabpanel', tabindex: '0' })
    let at = 0
    const tabs = stages.map((o, i) => h('button', { type: 'button', role: 'tab', 'aria-controls': id, class: 'tr-tab', onclick: () => go(i) }, h('span', { class: 'tr-dot' }, `${i + 1}`), h('span', { class: 'tr-what' }, o.dataset.tab), o.dataset.shape ? h('span', { class: 'tr-shape' }, o.dataset.shape) : null))
    const list = h('div', { role: 'tablist', 'aria-label': 'Stages', class: 'tr-tabs' }, ...tabs)
    const back = button('Back', () => go(at - 1)), next = button('Next', () => go(at + 1), true), where = h('span', { class: 'mx-dim', role: 'status' })
    const go = i => {
      at = i
      stage.replaceChildren(...[...stages[i].childNodes].map(o => o.cloneNode(true)))
      tabs.forEach((o, k) => { o.setAttribute('aria-selected', k === i); o.tabIndex = k === i ? 0 : -1; o.classList.toggle('tr-past', k < i) })
      stage.setAttribute('aria-label', stages[i].dataset.tab)
      back.disabled = !i
      next.disabled = i === stages.length - 1
      where.textContent = `${i + 1} of ${stages.length}`
      list.scrollTo?.({ left: tabs[i].offsetLeft - list.clientWidth / 3, behavior: mx.still() ? 'auto' : 'smooth' })
      model.set('value', { stage: i })
      model.save_changes()
    }
    list.mxKey = e => {
      const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: stages.length - 1 }[e.key]
      if (to == null) return
      e.preventDefault()
      if (tabs[to]) { go(to); tabs[to].focus() }
    }
    el.append(h('div', { class: 'mx-ui tr' }, list, stage, h('div', { class: 'mx-row' }, back, next, where)))
    go(0)
  },
}
