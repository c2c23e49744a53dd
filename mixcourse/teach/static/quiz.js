// after: question
const { h, button } = mx, { makeQuestion } = mx.kinds.question

// `get` and `put` reach the answer that was checked
const ask = (question, id, label, get, put) => {
  const parts = makeQuestion(question, id, label), isNumber = question.kind === 'number'
  let open = false, wasGraded = false
  const grade = () => mx.grade(question, get())
  const isGraded = () => grade().right !== null

  const check = () => {
    if (mx.grade(question, parts.chosen()).right !== null) put(parts.chosen())
    else status.textContent = isNumber ? 'Write a number, such as 0.5 or 1/2.' : 'Choose first.'
  }
  const status = h('p', { class: 'mx-status', role: 'status' })
  const go = button('Check', () => isGraded() ? put(undefined) : check(), true)
  const explain = button('Explain all', () => {
    open = true
    draw()
    go.focus()
  })

  const statusText = right => {
    if (right === null) return ''
    if (right) return 'Right.'
    const missing = question.kind === 'multiple' && parts.missing()
    return missing ? `Not yet: ${missing} more to find.` : 'Not yet.'
  }
  // Drawn from the answer that was checked; what was chosen since then stays
  const draw = () => {
    const { right } = grade(), graded = right !== null
    if (wasGraded && !graded) {
      open = false
      parts.choose(undefined)
    }
    wasGraded = graded
    if (graded) parts.choose(get())
    parts.explain(get(), open)
    status.textContent = statusText(right)
    status.classList.toggle('mx-yes', !!right)
    go.textContent = graded ? 'Try again' : 'Check'
    go.classList.toggle('mx-main', !graded)
    explain.hidden = open || !graded || right
  }
  // A new choice takes the checked answer back, and stays chosen
  const choseAnew = () => {
    if (!isGraded()) return
    wasGraded = open = false
    put(undefined)
  }
  const { field } = parts
  field.append(h('div', { class: 'mx-row' }, go, explain, status))
  field.addEventListener('input', choseAnew)
  mx.onEnter(field, () => { if (!isGraded()) check() })
  return { field, draw, isRight: () => !!grade().right }
}

// The quizzes of a page have one score; a copy counts once
const quizzesOf = page =>
  [...page.querySelectorAll('.mx[data-kind=quiz][data-on]')].map(el => el.mxQuiz).filter(Boolean)
const showScore = page => {
  const quizzes = quizzesOf(page), marks = new Map(quizzes.flatMap(quiz => quiz.marks()))
  const right = [...marks.values()].filter(Boolean).length, begun = quizzes.some(quiz => quiz.begun())
  for (const quiz of quizzes) quiz.show(`${right} of ${marks.size} right on this page`, begun)
  window.dispatchEvent(new Event('mx:score'))
}
// Once for all that changes at a time: a page may hold hundreds
const scoreSoon = page => {
  if (page.mxScoring) return
  page.mxScoring = true
  queueMicrotask(() => {
    page.mxScoring = false
    showScore(page)
  })
}

export default {
  render({ model, el }) {
    const { items, ids } = model.get('state')
    const answers = () => model.get('value') || {}
    const put = value => mx.keep(model, value)
    const answer = (id, given) => {
      const { [id]: _, ...others } = answers()
      put(given === undefined ? others : { ...others, [id]: given })
    }
    const number = i => items.length > 1 ? `${i + 1}. ` : ''
    const questions = items.map((item, i) =>
      ask(item, ids[i], number(i), () => answers()[ids[i]], given => answer(ids[i], given)))

    const score = h('output', { class: 'mx-dim' })
    const reset = button('Start this page over', () => {
      for (const quiz of quizzesOf(mx.page(el))) quiz.reset()
      questions[0].field.querySelector('input').focus()
    })
    const changed = () => {
      questions.forEach(question => question.draw())
      scoreSoon(mx.page(el))
    }
    el.mxQuiz = {
      marks: () => questions.map((question, i) => [ids[i], question.isRight()]),
      begun: () => Object.keys(answers()).length > 0,
      reset: () => put({}),
      show(text, begun) {
        score.textContent = text
        reset.hidden = !begun
      },
    }
    el.append(h('div', { class: 'mx-ui' }, h('p', { class: 'mx-kind' }, 'Quiz'),
      questions.map(question => question.field), h('div', { class: 'mx-row mx-foot' }, score, reset)))
    model.on('change:value', changed)
    changed()
    // A notebook puts it on the page after this
    if (!el.isConnected) requestAnimationFrame(changed)
    return () => model.off('change:value', changed)
  },
}
