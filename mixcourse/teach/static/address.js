// What the reader set, in the address: `#mx=explorer-2&lam=0.35` is the second explorer of a page.
const { h, button } = mx

// In a notebook, and in a frame, the address is not that of the page
const hasAddress = el => window === window.top && !el.closest('.jp-Notebook')
const nameOf = el => {
  const alike = [...document.querySelectorAll(`.mx[data-kind=${el.dataset.kind}]`)]
  return `${el.dataset.kind}-${alike.indexOf(el) + 1}`
}
const readAddress = el => {
  const said = Object.fromEntries(new URLSearchParams(location.hash.slice(1)))
  return hasAddress(el) && said.mx === nameOf(el) ? said : null
}
const linkTo = (el, settings) => {
  const said = new URLSearchParams({ mx: nameOf(el), ...settings })
  // Commas say more than %2C, and need no escape here
  return `${location.href.split('#')[0]}#${said.toString().replaceAll('%2C', ',')}`
}

// Anybody may have written an address: null for what is no number within the limits
const numberIn = (text, low, high) => {
  const value = text?.trim() ? +text : NaN
  return value >= low && value <= high ? value : null
}
const integerIn = (text, low, high) => {
  const value = numberIn(text, low, high)
  return Number.isInteger(value) ? value : null
}

const followAddress = (el, apply) => {
  const follow = () => {
    const said = readAddress(el)
    if (!said) return
    apply(said)
    el.scrollIntoView({ block: 'center', behavior: mx.still() ? 'auto' : 'smooth' })
  }
  follow()
  window.addEventListener('hashchange', follow)
  return () => window.removeEventListener('hashchange', follow)
}

// Where the clipboard is refused, the link is shown
const copyLink = (el, settings, left = () => '') => {
  if (!hasAddress(el)) return null
  const status = h('span', { class: 'mx-dim', role: 'status' })
  const shown = h('input', { type: 'text', class: 'mx-wide', readonly: true, 'aria-label': 'Link', hidden: true })
  const copy = async () => {
    const link = linkTo(el, settings())
    try {
      await navigator.clipboard.writeText(link)
      status.textContent = `Copied.${left()}`
    } catch {
      shown.hidden = false
      shown.value = link
      shown.select()
      status.textContent = `Copy it from here.${left()}`
    }
  }
  return [button('Copy link', copy), status, shown]
}
export default { followAddress, copyLink, numberIn, integerIn }
