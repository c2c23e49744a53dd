// Marks the chapters in a site's navigation: questions answered, of all. `totals` is filled in by mixcourse.docs.
const totals = {}
const mark = () => {
  let done = []
  try { done = Object.keys(JSON.parse(localStorage.getItem('mixcourse:quiz')) || {}) } catch { /* no storage, no marks */ }
  for (const a of document.querySelectorAll('#quarto-sidebar a, #site-nav a')) {
    const name = a.pathname.match(/chapters\/(?:\d+_)?(\w+)\.html$/)?.[1], n = done.filter(o => o.startsWith(name + '.')).length
    a.querySelector('.mx-progress')?.remove()
    if (!n || !totals[name]) continue
    const s = document.createElement('span')
    s.className = 'mx-progress'
    s.textContent = n < totals[name] ? ` ${n} of ${totals[name]} answered` : ' ✓ all answered'
    s.style = 'font-size:.8em;white-space:nowrap'
    a.append(s)
  }
}
mark()
window.addEventListener('mx:score', () => setTimeout(mark))
