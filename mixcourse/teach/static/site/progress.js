// Marks the chapters in a site's navigation: questions answered, of all. `totals` is filled in by
// mixcourse.teach.pages.
const totals = {}

const answered = () => {
  try {
    return Object.keys(JSON.parse(localStorage.getItem('mixcourse:quiz')) || {})
  } catch { return [] } // no storage, no marks
}
const showMark = (link, text) => {
  const mark = document.createElement('span')
  mark.className = 'mx-progress'
  mark.textContent = text
  mark.style = 'font-size:.8em;white-space:nowrap'
  link.append(mark)
}
const markChapter = (link, ids) => {
  const chapter = link.pathname.match(/chapters\/(?:\d+_)?(\w+)\.html$/)?.[1]
  const total = totals[chapter], done = ids.filter(id => id.startsWith(`${chapter}.`)).length
  link.querySelector('.mx-progress')?.remove()
  if (!done || !total) return
  showMark(link, done < total ? ` ${done} of ${total} answered` : ' ✓ all answered')
}
const markAll = () => {
  const ids = answered()
  document.querySelectorAll('#quarto-sidebar a, #site-nav a').forEach(link => markChapter(link, ids))
}
markAll()
// Here, in another tab, and on a page that comes back from the history
for (const event of ['mx:score', 'storage', 'pageshow']) window.addEventListener(event, () => setTimeout(markAll))
