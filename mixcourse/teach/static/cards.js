// Five boxes after Leitner: what you knew comes back later, what you did not comes back today.
const { h, button } = mx
const daysInBox = [0, 1, 3, 7, 21], day = 24 * 60 * 60 * 1000, lastBox = daysInBox.length - 1

// The two faces of each card, from the fallback
const readFaces = (el, ids) => {
  const folds = [...el.querySelectorAll('.mx-fb details')]
  const face = fold => [fold.querySelector('summary').innerHTML, fold.lastElementChild.innerHTML]
  return Object.fromEntries(folds.map((fold, i) => [ids[i], face(fold)]))
}
// [box, when the card was last seen]; storage may hold anything
const readCard = kept => Array.isArray(kept) && kept[0] in daysInBox && kept[1] > 0 ? kept : [0, 0]
// Seen later than now: the clock was wrong, then or now, and a card should not wait for that day. A minute is
// let pass, since clocks are set by so much while one practices.
const isDue = ([box, seen]) => Date.now() >= seen + daysInBox[box] * day || seen > Date.now() + 60000

// What is to be practiced now. It follows from what is stored and from the clock, so it is right again after another
// tab, another copy or a night; `round` is what this copy alone knows: cards put off, and those of an extra round.
const makeQueue = (ids, card) => {
  let round = { all: false, known: new Set(), late: [] }
  const waits = id => round.all ? !round.known.has(id) : isDue(card(id))
  const rank = id => round.late.includes(id) ? 1 + lastBox + round.late.indexOf(id) : card(id)[0]
  return {
    list: () => ids.filter(waits).sort((one, other) => rank(one) - rank(other)),
    isExtra: () => round.all,
    restart(all) { round = { all, known: new Set(), late: [] } },
    answered(id, knew) {
      round.late = round.late.filter(late => late !== id)
      if (knew) round.known.add(id)
      else round.late.push(id)
    },
  }
}

const countText = (left, extra) => {
  if (!left) return 'Done for today. Cards come back after 1, 3, 7 and 21 days.'
  const cards = left > 1 ? 'cards' : 'card', when = extra ? '' : ' today'
  return `${left} ${cards} to go${when}`
}
const showBoxes = counts => counts.map((count, box) =>
  h('li', {}, h('b', {}, `${count}`), h('span', { class: 'mx-dim' }, box ? `box ${box + 1}` : 'new')))

export default {
  render({ model, el }) {
    const { ids } = model.get('state'), faces = readFaces(el, ids), name = mx.uid()
    const value = () => model.get('value') || {}
    const put = all => mx.keep(model, all)
    const card = id => readCard(value()[id]), queue = makeQueue(ids, card)
    let current, held, turned = false

    const left = h('p', { class: 'mx-dim', role: 'status' })
    const boxes = h('ol', { class: 'mx-boxes', 'aria-label': 'Cards in the five boxes' })
    const front = h('div', { class: 'mx-front', id: `${name}f` })
    const back = h('div', { class: 'mx-back', id: `${name}b` })

    const answer = isKnown => {
      const [box] = card(current), next = isKnown ? Math.min(box + 1, lastBox) : 0
      queue.answered(current, isKnown)
      const id = current
      current = undefined
      put({ ...value(), [id]: [next, Date.now()] })
      ;(current ? turn : more).focus()
    }
    const restart = all => {
      queue.restart(all)
      current = undefined
      draw()
      turn.focus()
    }
    const startOver = () => {
      put({})
      restart(false)
    }
    const turnOver = () => {
      turned = true
      draw()
      knew.focus()
    }
    const turn = button('Show the answer', turnOver, true)
    const knew = button('I knew it', () => answer(true), true), again = button('Once more', () => answer(false))
    const more = button('Practice all cards', () => restart(true)), reset = button('Start over', startOver)
    turn.setAttribute('aria-describedby', front.id)
    knew.setAttribute('aria-describedby', back.id)

    const showCard = () => {
      front.innerHTML = current ? faces[current][0] : ''
      back.innerHTML = current && turned ? faces[current][1] : ''
      front.hidden = !current
      back.hidden = !current || !turned
      turn.hidden = !current || turned
      knew.hidden = again.hidden = !current || !turned
      more.hidden = !!current
    }
    // The card in the hand stays there while it is to be practiced; what another tab says of it counts when this one
    // is looked at again
    const draw = () => {
      const focused = document.activeElement
      let waiting = queue.list()
      if (mx.shared.isElsewhere) held = current
      if (current && held === current && !waiting.includes(current)) waiting = [current, ...waiting]
      if (!waiting.includes(current)) {
        current = waiting[0]
        turned = false
      }
      const counts = daysInBox.map((_, box) => ids.filter(id => card(id)[0] === box).length)
      boxes.replaceChildren(...showBoxes(counts))
      left.textContent = countText(waiting.length, queue.isExtra())
      showCard()
      reset.hidden = !Object.keys(value()).length
      if (focused?.hidden && el.contains(focused)) (current ? turn : more).focus()
    }
    // A tab may be left open for days
    const lookedAt = () => {
      if (document.visibilityState !== 'visible') return
      held = undefined
      draw()
    }
    el.append(h('div', { class: 'mx-ui' },
      h('div', { class: 'mx-row' }, h('p', { class: 'mx-kind' }, 'Cards'), left), front, back,
      h('div', { class: 'mx-row' }, turn, knew, again, more), boxes,
      h('div', { class: 'mx-row mx-foot' }, h('span', { class: 'mx-dim' }, 'Kept in this browser.'), reset)))
    model.on('change:value', draw)
    document.addEventListener('visibilitychange', lookedAt)
    for (const event of ['focus', 'pageshow']) window.addEventListener(event, lookedAt)
    draw()
    return () => {
      model.off('change:value', draw)
      document.removeEventListener('visibilitychange', lookedAt)
      for (const event of ['focus', 'pageshow']) window.removeEventListener(event, lookedAt)
    }
  },
}
