// Stages one at a time, or a cursor over curves
const { h, button, uid } = mx

// Lines of a narrow tab end behind a × or between the words of a class
const breakable = text => text.split(/(?<=×)|(?<=[a-z])(?=[A-Z])/).flatMap((part, i) => i ? [h('wbr'), part] : [part])

const makeTab = (stage, i, panel, go) => h('button', {
  type: 'button', role: 'tab', 'aria-controls': panel, class: 'tr-tab', onclick: () => go(i),
},
h('span', { class: 'tr-dot' }, `${i + 1}`),
h('span', { class: 'tr-what' }, breakable(stage.dataset.tab)),
stage.dataset.shape && h('span', { class: 'tr-shape' }, breakable(stage.dataset.shape)))

const stepper = {
  render(model, el) {
    const stages = [...el.querySelectorAll('.mx-fb .tr-stage')], last = stages.length - 1, id = uid()
    let at = 0
    const panel = h('div', { class: 'tr-show', id, role: 'tabpanel', tabindex: '0' })
    const tabs = stages.map((stage, i) => makeTab(stage, i, id, place => go(place)))
    const list = h('div', { role: 'tablist', 'aria-label': 'Stages', class: 'tr-tabs' }, tabs)
    const back = button('Back', () => go(at - 1)), next = button('Next', () => go(at + 1), true)
    const where = h('span', { class: 'mx-dim', role: 'status' })

    const markTab = (tab, i) => {
      tab.setAttribute('aria-selected', i === at)
      tab.tabIndex = i === at ? 0 : -1
      tab.classList.toggle('tr-past', i < at)
    }
    const go = place => {
      at = place
      panel.replaceChildren(...[...stages[at].childNodes].map(node => node.cloneNode(true)))
      panel.setAttribute('aria-label', stages[at].dataset.tab)
      tabs.forEach(markTab)
      back.disabled = at === 0
      next.disabled = at === last
      where.textContent = `${at + 1} of ${stages.length}`
      mx.keep(model, { stage: at })
    }
    list.mxKey = event => {
      const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: last }[event.key]
      if (to === undefined) return
      event.preventDefault()
      if (!tabs[to]) return
      go(to)
      tabs[to].focus()
    }
    el.append(h('div', { class: 'mx-ui tr' }, list, panel, h('div', { class: 'mx-row' }, back, next, where)))
    go(0)
  },
}

const addCursor = svg => {
  const path = document.createElementNS(svg.namespaceURI, 'path')
  path.setAttribute('class', 'tr-now')
  svg.append(path)
  return path
}
const showMetric = (metric, runs, epoch) => {
  const text = value => value == null ? '–' : value.toFixed(3)
  const rows = runs.map((run, i) => h('dd', { class: `tr-${i}` },
    h('span', {}, run.name), h('b', {}, text(run.values[metric]?.[epoch - 1]))))
  return h('dl', {}, h('dt', {}, metric), rows)
}

const epochs = {
  render(model, el) {
    const state = model.get('state'), fallback = el.querySelector('.mx-fb')
    const figures = [...fallback.querySelectorAll('figure')].map(figure => figure.cloneNode(true))
    const chart = h('div', { class: 'tr-chart' }, figures)
    const cursors = [...chart.querySelectorAll('svg')].map(addCursor)
    const values = h('div', { class: 'tr-values' })
    const note = h('p', { class: 'tr-note', role: 'status' })
    const slider = mx.slider('Epoch', {
      min: 1, max: state.epochs, text: epoch => `${epoch} of ${state.epochs}`, moved: epoch => show(epoch),
    })

    const moveCursors = epoch => {
      const share = state.epochs > 1 ? (epoch - 1) / (state.epochs - 1) : .5
      const x = state.left + share * state.width, right = state.left + state.width + 4, top = state.top - 3
      for (const path of cursors) path.setAttribute('d', `M${x} ${top}v${state.height + 6}H${right}V${top}Z`)
    }
    const noteAt = epoch => {
      const at = Math.max(...state.notes.filter(noted => noted <= epoch), 0)
      return at ? fallback.querySelector(`[data-epoch="${at}"]`).innerHTML : ''
    }
    const show = epoch => {
      moveCursors(epoch)
      values.replaceChildren(...state.metrics.map(metric => showMetric(metric, state.runs, epoch)))
      note.innerHTML = noteAt(epoch)
      mx.keep(model, { epoch })
    }
    const jumpTo = epoch => {
      slider.show(epoch)
      show(epoch)
    }
    const jumps = state.notes.map(epoch => button(`Epoch ${epoch}`, () => jumpTo(epoch)))
    const notice = jumps.length
      ? h('div', { class: 'mx-row' }, h('span', { class: 'mx-dim' }, 'What to notice'), jumps) : null
    el.append(h('div', { class: 'mx-ui tr' }, chart, slider.box, values, notice, note))
    jumpTo(1)
  },
}

export default {
  render({ model, el }) {
    const mode = model.get('state').epochs ? epochs : stepper
    mode.render(model, el)
  },
}
