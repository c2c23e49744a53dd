// A figure that is drawn wider than a phone gets a button, which shows it as large as it was drawn, to move about in.
const isWide = figure => figure.getAttribute('width') > 480 && !figure.closest('.mx')
const figures = [...document.querySelectorAll('main img[src$=".svg"]')].filter(isWide)

const enlarged = figure => {
  const copy = figure.cloneNode()
  copy.removeAttribute('loading')
  copy.removeAttribute('height')
  copy.style.width = `${1.25 * figure.getAttribute('width')}px`
  return copy
}
const open = figure => {
  const box = document.createElement('dialog'), area = document.createElement('div')
  const close = document.createElement('button')
  box.className = 'mx-large'
  box.ariaLabel = area.ariaLabel = 'Figure'
  area.tabIndex = 0
  area.role = 'group'
  area.append(enlarged(figure))
  close.className = 'mx-btn'
  close.type = 'button'
  close.textContent = 'Close'
  close.addEventListener('click', () => box.close())
  box.addEventListener('close', () => box.remove())
  box.append(close, area)
  document.body.append(box)
  box.showModal()
}
figures.forEach(figure => {
  const larger = document.createElement('button')
  larger.className = 'mx-larger'
  larger.type = 'button'
  larger.textContent = 'Larger'
  larger.addEventListener('click', () => open(figure))
  figure.after(larger)
})
