// The Beta distribution of `lam`: draws and its curve.

// Beta(alpha, alpha) over u = logit(x), where it has no pole: [x, weight, density] at equal steps of u
const table = alpha => {
  const count = 2000, reach = 8 + 12 / alpha
  const rows = Array.from({ length: count }, (_, i) => {
    const u = reach * ((2 * i + 1) / count - 1), small = Math.exp(-Math.abs(u)), slope = 4 * small / (1 + small) ** 2
    return { x: (u < 0 ? small : 1) / (1 + small), mass: slope ** alpha, slope }
  })
  const sum = rows.reduce((total, row) => total + row.mass, 0)
  const perUnit = 2 * count / reach
  return rows.map(({ x, mass, slope }) => [x, mass / sum, mass / sum / slope * perUnit])
}
const draw = alpha => {
  if (!alpha) return 1
  let left = Math.random()
  const row = table(alpha).find(([, weight]) => (left -= weight) < 0)
  return row ? row[0] : 1
}

const alphas = [0, .1, .2, .3, .4, .6, 1, 1.5, 2, 4, 8]
const nearestAlpha = alpha => alphas.reduce((best, other, i) =>
  Math.abs(other - alpha) < Math.abs(alphas[best] - alpha) ? i : best, 0)

const picture = '<svg viewBox="0 0 300 92" role="img"><path class="ex-area"/><path class="ex-rug"/>'
  + '<path class="ex-axis" d="M5 72H295M5 72v4M150 72v4M295 72v4"/><path class="ex-now"/>'
  + '<text x="5" y="88">0</text><text x="150" y="88" text-anchor="middle">λ = ½</text>'
  + '<text x="295" y="88" text-anchor="end">1</text></svg>'
const across = share => (5 + 290 * share).toFixed(1)
const outline = alpha => {
  if (!alpha) return 'M293 72V4h4V72Z'
  const rows = table(alpha).filter(([x]) => Math.abs(x - .5) < .498)
  // So small an alpha that all of it is at 0 and 1
  if (!rows.length) return 'M3 72V4h4V72ZM293 72V4h4V72Z'
  const up = density => (72 - Math.min(68, 20 * density)).toFixed(1)
  const points = rows.map(([x, , density]) => `L${across(x)} ${up(density)}`)
  return `M${across(rows[0][0])} 72${points.join('')}V72Z`
}
// The density, the present `lam`, and the last draws as a rug
const curve = () => {
  const element = mx.h('div', { class: 'ex-beta', html: picture })
  const setPath = (name, path) => element.querySelector(name).setAttribute('d', path)
  const show = (alpha, lam, drawn) => {
    setPath('.ex-area', outline(alpha))
    setPath('.ex-now', `M${across(lam)} 78V2`)
    setPath('.ex-rug', drawn.slice(-60).map(past => `M${across(past)} 72v-9`).join(''))
    const density = `Density of Beta(${alpha}, ${alpha}), λ marked at ${lam.toFixed(2)}`
    element.firstChild.setAttribute('aria-label', alpha ? density : 'α = 0: λ is always 1')
  }
  return { element, show }
}
export default { table, draw, alphas, nearestAlpha, curve }
