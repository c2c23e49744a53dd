// For what is drawn on a canvas, which no style sheet reaches.

// A custom color as the browser resolves it here, for drawing on a canvas: the reader's where colors are forced,
// or the page's own
const color = (el, name, own) => {
  const adjust = own ? 'none' : 'auto'
  const probe = el.appendChild(mx.h('i', { style: `color:var(${name});forced-color-adjust:${adjust}` }))
  const res = getComputedStyle(probe).color
  probe.remove()
  return res
}
// Calls back when the page turns light or dark; returns what ends that
const onTheme = callback => {
  const observer = new MutationObserver(callback), dark = matchMedia('(prefers-color-scheme:dark)')
  const attributeFilter = ['class', 'data-jp-theme-light', 'data-bs-theme']
  for (const node of [document.documentElement, document.body]) observer.observe(node, { attributeFilter })
  dark.addEventListener('change', callback)
  return () => {
    observer.disconnect()
    dark.removeEventListener('change', callback)
  }
}
export default { color, onTheme }
