// Light or dark: what the system says, until the reader says otherwise. The choice is kept for all pages.
const page = document.documentElement
const dark = matchMedia('(prefers-color-scheme: dark)')
const isDark = () => page.dataset.bsTheme ? page.dataset.bsTheme === 'dark' : dark.matches

const sun = '<circle cx="12" cy="12" r="4.5"/>' +
  '<path d="M12 2v3m0 14v3M2 12h3m14 0h3M5 5l2 2m10 10 2 2M5 19l2-2M17 7l2-2"/>'
const moon = '<path d="M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5z"/>'
const toggle = document.querySelector('.mx-theme')

const show = () => {
  // widgets look for the class
  document.body.classList.toggle('quarto-dark', isDark())
  document.body.classList.toggle('quarto-light', !isDark())
  if (!toggle) return
  toggle.hidden = false
  toggle.ariaLabel = toggle.title = isDark() ? 'Light page' : 'Dark page'
  toggle.innerHTML = `<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round"
    aria-hidden="true">${isDark() ? sun : moon}</svg>`
}
const choose = () => {
  page.dataset.bsTheme = isDark() ? 'light' : 'dark'
  try { localStorage.setItem('mixcourse:theme', page.dataset.bsTheme) } catch { /* for this page alone */ }
  show()
}
toggle?.addEventListener('click', choose)
dark.addEventListener('change', show)
show()
