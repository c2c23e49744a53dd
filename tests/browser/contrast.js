// Text that has the same color, ground, size and weight has the same contrast: one element stands for all of them.
(() => {
  // Everything that shines through, from the element up to what is opaque
  function ground(element) {
    const found = []
    for (let o = element; o; o = o.parentElement) {
      const { backgroundColor, backgroundImage, opacity } = getComputedStyle(o)
      if (backgroundImage !== 'none' || opacity !== '1') found.push(backgroundImage, opacity)
      if (backgroundColor === 'rgba(0, 0, 0, 0)') continue
      found.push(backgroundColor)
      if (!/rgba|\//.test(backgroundColor)) break
    }
    return found
  }

  function look(element) {
    const { color, fontSize, fontWeight, textDecorationLine } = getComputedStyle(element)
    const link = element.closest('a')
    const around = link ? [textDecorationLine, getComputedStyle(link.parentElement).color] : []
    return [color, fontSize, fontWeight, ...ground(element), ...around].join(' ')
  }

  const bearers = new Map()

  function texts() {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    const found = new Set()
    while (walker.nextNode()) if (walker.currentNode.data.trim()) found.add(walker.currentNode.parentElement)
    return [...found, ...document.querySelectorAll('input, textarea, select')]
  }

  // The looks of all text on the page
  window.looks = () => {
    bearers.clear()
    const shown = texts().filter(o => o.checkVisibility({ visibilityProperty: true, opacityProperty: true }))
    for (const o of shown.reverse()) bearers.set(look(o), o)
    return [...bearers.keys()]
  }

  // What axe says of those: [look, rule, element]
  window.judge = async (looks, rules) => {
    const include = looks.map(o => bearers.get(o))
    const options = { runOnly: { type: 'rule', values: rules }, resultTypes: ['violations'], elementRef: true }
    const { violations } = await axe.run({ include }, options)
    const key = node => looks[include.indexOf(node.element)]
    return violations.flatMap(o => o.nodes.map(n => [key(n), o.id, n.html.slice(0, 160)]))
  }
})()
