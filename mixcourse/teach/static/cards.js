// Five boxes after Leitner: what you knew comes back later, what you did not comes back today. Reads its cards from the fallback.
const { h, button } = mx
const days = [0, 1, 3, 7, 21], day = 864e5
export default {
  render({ model, el }) {
    const { ids } = model.get('state')
    const faces = Object.fromEntries([...el.querySelectorAll('.mx-fb details')].map((o, i) => [ids[i], [o.querySelector('summary').innerHTML, o.lastElementChild.innerHTML]]))
    const kept = id => {
      const o = (model.get('value') || {})[id]
      return Array.isArray(o) && o[0] in days && o[1] > 0 ? o : [0, 0]
    }
    // [box, when it was last seen]
    const due = id => { const [box, seen] = kept(id); return Date.now() >= seen + days[box] * day }
    let queue = [], id, turned = false, early = false
    const left = h('p', { class: 'mx-dim', role: 'status' }), boxes = h('ol', { class: 'mx-boxes', 'aria-label': 'Cards in the five boxes' })
    const name = mx.uid(), front = h('div', { class: 'mx-front', id: `${name}f` }), back = h('div', { class: 'mx-back', id: `${name}b` })
    const put = value => { model.set('value', value); model.save_changes() }
    const answer = knew => {
      const [box] = kept(id), value = { ...model.get('value'), [id]: [knew ? Math.min(box + 1, 4) : 0, Date.now()] }
      queue.shift()
      if (!knew) queue.push(id)
      turned = false
      put(value)
      ;(queue.length ? turn : more).focus()
    }
    const fill = all => { early = all; queue = ids.filter(o => all || due(o)).sort((a, b) => kept(a)[0] - kept(b)[0]) }
    const turn = button('Show the answer', () => { turned = true; draw(); knew.focus() }, true)
    const knew = button('I knew it', () => answer(true), true), again = button('Once more', () => answer(false))
    turn.setAttribute('aria-describedby', front.id)
    knew.setAttribute('aria-describedby', back.id)
    const more = button('Practice all cards', () => { fill(true); draw(); turn.focus() })
    const reset = button('Start over', () => { put({}); fill(false); turned = false; draw(); turn.focus() })
    const draw = () => {
      id = queue[0]
      const count = [0, 0, 0, 0, 0]
      ids.forEach(o => count[kept(o)[0]]++)
      boxes.replaceChildren(...count.map((n, i) => h('li', {}, h('b', {}, `${n}`), h('span', { class: 'mx-dim' }, i ? `box ${i + 1}` : 'new'))))
      left.textContent = queue.length ? `${queue.length} ${queue.length > 1 ? 'cards' : 'card'} to go${early ? '' : ' today'}` : 'Done for today. Cards come back after 1, 3, 7 and 21 days.'
      front.innerHTML = id ? faces[id][0] : ''
      back.innerHTML = id && turned ? faces[id][1] : ''
      front.hidden = !id
      back.hidden = !id || !turned
      turn.hidden = !id || turned
      knew.hidden = again.hidden = !id || !turned
      more.hidden = !!id
      reset.hidden = !Object.keys(model.get('value') || {}).length
    }
    fill(false)
    el.append(h('div', { class: 'mx-ui' }, h('div', { class: 'mx-row' }, h('p', { class: 'mx-kind' }, 'Cards'), left), front, back,
      h('div', { class: 'mx-row' }, turn, knew, again, more), boxes, h('div', { class: 'mx-row mx-foot' }, h('span', { class: 'mx-dim' }, 'Kept in this browser.'), reset)))
    model.on('change:value', draw)
    draw()
    return () => model.off('change:value', draw)
  },
}
