// Marks each chapter in the site's navigation: half of the emblem when begun, the whole when done. `totals`, questions
// in each chapter's quiz, is filled in by mixcourse.teach.pages.
const totals = {}

const read = key => {
  try { return JSON.parse(localStorage.getItem(key)) || {} } catch { return {} } // no storage, no marks
}
const write = (key, value) => {
  try { localStorage.setItem(key, JSON.stringify(value)) } catch { /* lost when the page is left */ }
}
const chapterOf = path => path.match(/chapters\/(?:\d+_)?(\w+)\.html$/)?.[1]
const here = chapterOf(location.pathname)

const stateOf = chapter => {
  const total = totals[chapter] || 0
  const answered = Object.keys(read('mixcourse:quiz')).filter(id => id.startsWith(`${chapter}.`)).length
  const said = answered ? `, ${answered} of ${total} answered` : ''
  if (read('mixcourse:done')[chapter] || (total && answered >= total)) return ['done', `done${said}`]
  return answered || read('mixcourse:begun')[chapter] ? ['begun', `begun${said}`] : []
}

// The emblem: A's square, its partner's, and where they overlap, their mix
const emblem = state => {
  const rest = state === 'done' ? 'fill="var(--b)"' : 'fill="none" stroke="var(--edge)"'
  const mix = state === 'done' ? '<path fill="var(--mix)" d="M7 7h3v3H7z"/>' : ''
  return '<svg viewBox="0 0 16 16" aria-hidden="true">' +
    '<rect x="1" y="1" width="9" height="9" rx="1.5" fill="var(--a)"/>' +
    `<rect x="6.5" y="6.5" width="8.5" height="8.5" rx="1.5" ${rest}/>${mix}</svg>`
}
const markLink = link => {
  const [state, words] = stateOf(chapterOf(link.pathname))
  link.querySelector('.mx-progress')?.remove()
  if (!state) return
  const mark = document.createElement('span')
  mark.className = 'mx-progress'
  mark.title = words
  mark.innerHTML = `${emblem(state)}<span class="visually-hidden">, ${words}</span>`
  link.append(mark)
}
const links = () => [...document.querySelectorAll(':is(#quarto-sidebar a.sidebar-link, .mx-chapters a)')]
const markAll = () => links().filter(link => chapterOf(link.pathname)).forEach(markLink)

// Who scrolled past the first screen has begun
const begin = () => {
  if (scrollY < innerHeight / 2) return
  removeEventListener('scroll', begin)
  write('mixcourse:begun', { ...read('mixcourse:begun'), [here]: true })
  markAll()
}

const addDone = () => {
  const end = document.querySelector('.page-navigation')
  if (!end) return
  const row = document.createElement('p'), button = document.createElement('button')
  row.className = 'mx-done'
  button.className = 'mx-btn'
  button.type = 'button'
  const label = () => {
    const done = read('mixcourse:done')[here]
    button.textContent = done ? 'Done. Take it back' : 'Mark this chapter as done'
  }
  button.addEventListener('click', () => {
    const all = read('mixcourse:done')
    write('mixcourse:done', { ...all, [here]: !all[here] })
    label()
    markAll()
  })
  label()
  row.append(button)
  end.before(row)
}

if (here && here in totals) {
  addEventListener('scroll', begin, { passive: true })
  addDone()
}
markAll()
// Here, in another tab, and on a page that comes back from the history
for (const event of ['mx:score', 'storage', 'pageshow']) addEventListener(event, () => setTimeout(markAll))
