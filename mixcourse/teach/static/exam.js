// after: question
// Questions over all chapters without a word until the end, then a score, and what to read again.
const { h, button } = mx, { makeQuestion, shuffle } = mx.kinds.question

const chapterOf = id => id.split('.')[0]
// The same number of questions from each chapter, as far as there are so many, in a mixed order. Two exams in a row
// take from the two ends of one order: the second repeats as little as the bank allows
const drawExam = (ids, size, round) => {
  const order = (things, name) => {
    const mixed = shuffle(things, `exam ${Math.ceil(round / 2)} ${name}`)
    return round % 2 ? mixed : mixed.reverse()
  }
  const chapters = [...new Set(ids.map(chapterOf))]
  const piles = chapters.map(chapter => order(ids.filter(id => chapterOf(id) === chapter), chapter))
  const drawn = []
  for (let depth = 0; drawn.length < Math.min(size, ids.length); depth++) {
    const layer = order(piles, depth).filter(pile => pile[depth]).map(pile => pile[depth])
    drawn.push(...layer.slice(0, size - drawn.length))
  }
  return shuffle(drawn, `exam ${round}`)
}

// [chapter, right, all], the weakest first
const byChapter = (ids, isRight) => {
  const chapters = [...new Set(ids.map(chapterOf))]
  const count = chapter => {
    const asked = ids.filter(id => chapterOf(id) === chapter)
    return [chapter, asked.filter(isRight).length, asked.length]
  }
  return chapters.map(count).sort((one, other) => one[1] / one[2] - other[1] / other[2])
}
const chapterLink = ({ title, href }) => href ? h('a', { href }, title) : title
const showChapter = (chapter, right, all) => h('li', {},
  h('span', {}, chapterLink(chapter)),
  h('span', { class: 'mx-meter' }, h('i', { style: `width:${100 * right / all}%` })),
  h('b', {}, `${right} of ${all}`))
const readAgain = (rows, chapters, enough) => {
  const weak = rows.filter(([, right, all]) => right / all < enough)
  if (!weak.length) return h('p', {}, 'There is no chapter that you need to read again.')
  const items = weak.map(([chapter]) => h('li', {}, chapterLink(chapters[chapter])))
  return h('div', {}, h('p', { class: 'em-title' }, 'Read again'), h('ol', { class: 'em-again' }, items))
}
// A question of the exam with every explanation; nothing can be changed any more
const showSolved = (item, id, i, answer) => {
  const parts = makeQuestion(item, id, ''), { right } = mx.grade(item, answer)
  parts.choose(answer)
  parts.explain(answer, true)
  for (const input of parts.inputs) input.disabled = true
  const wrong = right === null ? 'Open' : 'No'
  const mark = right ? 'Right' : wrong
  return h('details', { class: 'em-solved' },
    h('summary', {}, h('b', { class: right ? 'em-right' : 'em-wrong' }, mark), h('span', {
      html: `${i + 1}. ${item.ask}`,
    })), parts.field)
}

export default {
  keeps: ['round', 'done'],
  render({ model, el }) {
    const { ids, items, size, enough, chapters: named = {} } = model.get('state')
    const itemOf = id => items[ids.indexOf(id)]
    const chapters = new Proxy({}, { get: (_, chapter) => named[chapter] || { title: chapter } })
    const value = () => model.get('value') || {}
    const put = all => mx.keep(model, all)
    const round = () => Number.isInteger(value().round) ? value().round : 0
    const answerOf = id => value()[id], isOpen = id => mx.grade(itemOf(id), answerOf(id)).right === null
    const isRight = id => mx.grade(itemOf(id), answerOf(id)).right === true
    let at = 0, isSure = false, shownRound

    const box = h('div', { class: 'em-box' }), status = h('p', { class: 'mx-status', role: 'status' })
    const asked = () => drawExam(ids, size, round())
    const begin = () => {
      at = 0
      put({ round: round() + 1 })
      focusBox()
    }
    const focusBox = () => (box.querySelector('.mx-q') || box).focus()

    const showStart = () => box.replaceChildren(
      h('p', {}, `${Math.min(size, ids.length)} questions over all chapters. Nothing is explained before the end, `
        + 'and you can go back and think again. What you answer is kept in this browser.'),
      h('div', { class: 'mx-row' }, button('Begin', begin, true)))

    const remember = (id, parts) => {
      const { [id]: _, ...others } = value(), given = parts.chosen()
      put(mx.grade(itemOf(id), given).right === null ? others : { ...others, [id]: given })
    }
    const go = place => {
      at = place
      isSure = false
      showQuestion()
      focusBox()
    }
    const finish = () => {
      const open = asked().filter(isOpen).length
      if (open && !isSure) {
        isSure = true
        status.textContent = `${open} still open. Press again to see the result all the same.`
        return
      }
      put({ ...value(), done: true })
      focusBox()
    }
    const showQuestion = () => {
      const exam = asked(), id = exam[at], isLast = at === exam.length - 1
      const parts = makeQuestion(itemOf(id), id, `${at + 1}. `)
      parts.choose(answerOf(id))
      parts.field.tabIndex = -1
      parts.field.addEventListener('input', () => remember(id, parts))
      const next = isLast ? button('See the result', finish, true) : button('Next', () => go(at + 1), true)
      mx.onEnter(parts.field, () => next.click())
      const back = button('Back', () => go(at - 1))
      back.disabled = at === 0
      const open = exam.findIndex(isOpen)
      const skip = open >= 0 && open !== at && button('To the first open question', () => go(open))
      status.textContent = ''
      box.replaceChildren(
        h('label', { class: 'em-progress mx-dim' }, `Question ${at + 1} of ${exam.length}`,
          h('progress', { max: exam.length, value: at + 1 })),
        parts.field, h('div', { class: 'mx-row' }, back, next, skip), status)
    }
    const showResult = () => {
      const exam = asked(), right = exam.filter(isRight).length, rows = byChapter(exam, isRight)
      box.replaceChildren(
        h('p', { class: 'em-score', role: 'status' }, `${right} of ${exam.length} right`),
        readAgain(rows, chapters, enough),
        h('ul', { class: 'em-chapters' },
          rows.map(([chapter, ...counts]) => showChapter(chapters[chapter], ...counts))),
        h('p', { class: 'em-title' }, 'Every question, explained'),
        ...exam.map((id, i) => showSolved(itemOf(id), id, i, answerOf(id))),
        h('div', { class: 'mx-row' }, button('Another exam', begin, true)))
    }
    // What is shown follows from what is kept; while a question is answered it stays as it is
    const draw = () => {
      const phase = value().done ? `done ${round()}` : `${round()}`
      if (phase === shownRound) return
      shownRound = phase
      if (!round()) showStart()
      else if (value().done) showResult()
      else {
        at = Math.max(asked().findIndex(isOpen), 0)
        showQuestion()
      }
    }
    box.tabIndex = -1
    el.append(h('div', { class: 'mx-ui' }, h('p', { class: 'mx-kind' }, 'Exam'), box))
    model.on('change:value', draw)
    draw()
    return () => model.off('change:value', draw)
  },
}
