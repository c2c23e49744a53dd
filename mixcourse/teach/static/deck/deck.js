// The style sheet lays slides side by side, so that they can be read without this script; it moves through them
const deck = document.querySelector('.deck')
const slides = [...deck.querySelectorAll('section > section')]
const nav = document.querySelector('.deck-nav')
const [back, place, on] = nav.children
const last = slides.length - 1
let at = 0

const tell = () => {
  place.textContent = `${at + 1} / ${slides.length}`
  back.disabled = at === 0
  on.disabled = at === last
  history.replaceState(null, '', `#${at + 1}`)
}
const show = (i, focus = true) => {
  at = Math.max(0, Math.min(i, last))
  deck.scrollTo({ left: at * deck.clientWidth, behavior: 'instant' })
  if (focus) slides[at].focus({ preventScroll: true })
  tell()
}
// What is below the edge comes before the next slide
const leaf = way => {
  const { scrollTop, scrollHeight, clientHeight } = slides[at]
  const rest = way > 0 ? scrollHeight - clientHeight - scrollTop : scrollTop
  if (rest > 2) slides[at].scrollBy({ top: way * clientHeight * .85, behavior: 'instant' })
  else show(at + way)
}
const keys = {
  ArrowRight: () => show(at + 1),
  ArrowLeft: () => show(at - 1),
  PageDown: () => leaf(1),
  PageUp: () => leaf(-1),
  ' ': event => leaf(event.shiftKey ? -1 : 1),
  Home: () => show(0),
  End: () => show(last),
  f: () => document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen(),
}
const isTaken = ({ target, key }) =>
  target.closest('.mx-ui, input, select, textarea') || key === ' ' && target.closest('a, button, summary')

document.addEventListener('keydown', event => {
  if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey) return
  if (event.key === 'Escape' && event.target.closest('.mx-ui')) return slides[at].focus({ preventScroll: true })
  if (!keys[event.key] || isTaken(event)) return
  event.preventDefault()
  keys[event.key](event)
})
const fromAddress = () => Number.parseInt(location.hash.slice(1), 10) - 1 || 0

slides.forEach((slide, i) => {
  slide.tabIndex = 0
  slide.setAttribute('role', 'group')
  slide.setAttribute('aria-roledescription', 'slide')
  slide.setAttribute('aria-label', `${i + 1} of ${slides.length}`)
})
back.addEventListener('click', () => show(at - 1))
on.addEventListener('click', () => show(at + 1))
// By a finger, a search in the page or the key Tab
deck.addEventListener('scroll', () => {
  const seen = Math.round(deck.scrollLeft / deck.clientWidth)
  if (seen === at) return
  at = seen
  tell()
})
addEventListener('resize', () => show(at, false))
addEventListener('hashchange', () => show(fromAddress()))
nav.hidden = false
show(fromAddress())
