// Remembers the heading that a reader of the course came to; the first page offers to go on from there.
const placeKey = 'mixcourse:place'
const main = document.querySelector('main')

const lastHeading = () => {
  const headings = [...main.querySelectorAll('section[id] > h2, h2[id]')]
  const passed = headings.filter(o => o.getBoundingClientRect().top < innerHeight / 2)
  return passed.at(-1)
}
const remember = () => {
  const heading = lastHeading()
  if (!heading) return
  const id = heading.id || heading.parentElement.id
  const place = {
    href: `chapters/${location.pathname.split('/').pop()}#${id}`,
    chapter: document.querySelector('h1').textContent.trim(), heading: heading.textContent.trim(),
  }
  try { localStorage.setItem(placeKey, JSON.stringify(place)) } catch { /* not remembered */ }
}
let waiting
if (/\/chapters\/\w+\.html$/.test(location.pathname)) {
  const rememberSoon = () => {
    clearTimeout(waiting)
    waiting = setTimeout(remember, 250)
  }
  addEventListener('scroll', rememberSoon, { passive: true })
}

const offer = () => {
  const box = document.querySelector('.mx-continue')
  if (!box) return
  let place
  try { place = JSON.parse(localStorage.getItem(placeKey)) } catch { /* as if new */ }
  // what another program left there may be anything
  if (!/^chapters\/\w+\.html#[\w-]+$/.test(place?.href)) return
  const link = document.createElement('a')
  link.href = place.href
  link.textContent = `${place.chapter}: ${place.heading}`
  box.replaceChildren('Continue where you were: ', link)
  box.hidden = false
}
offer()
addEventListener('pageshow', offer)
