// A network of 2-16-16-classes units learns the same points twice, plainly and with MixUp, a few steps a frame.
// All that is random comes from `rng` and the seed, so that a run repeats and can be checked elsewhere.
const rng = seed => () => {
  seed = seed + 0x6D2B79F5 | 0
  let t = Math.imul(seed ^ seed >>> 15, 1 | seed)
  t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t
  return ((t ^ t >>> 14) >>> 0) / 4294967296
}
const normal = r => Math.sqrt(-2 * Math.log(1 - r())) * Math.cos(2 * Math.PI * r())
// Marsaglia and Tsang's Gamma for a+1, brought down to a; in logs, where a small `a` does not underflow
const logGamma = (a, r) => {
  const d = a + 2 / 3, c = 1 / Math.sqrt(9 * d)
  for (;;) {
    const x = normal(r), v = (1 + c * x) ** 3
    if (v > 0 && Math.log(1 - r()) < x * x / 2 + d - d * v + d * Math.log(v)) return Math.log(d * v) + Math.log(1 - r()) / a
  }
}
const beta = (a, r) => a > 0 ? 1 / (1 + Math.exp(-logGamma(a, r) + logGamma(a, r))) : 1
const shuffled = (n, r) => {
  const p = Array.from({ length: n }, (_, i) => i)
  for (let i = n; i-- > 1;) { const j = Math.floor(r() * (i + 1)); [p[i], p[j]] = [p[j], p[i]] }
  return p
}

// Points in [-1,1]²: `at` is the middle of class k at t in [0,1], `spread` the unit of the noise
const sets = {
  moons: { classes: 2, spread: .62, at: (k, t) => k ? [.62 * (.5 - Math.cos(Math.PI * t)), .62 * (.25 - Math.sin(Math.PI * t))] : [.62 * (Math.cos(Math.PI * t) - .5), .62 * (Math.sin(Math.PI * t) - .25)] },
  spirals: { classes: 3, spread: .3, at: (k, t) => [(.08 + .82 * t) * Math.sin(2.0944 * k + 4.2 * t), (.08 + .82 * t) * Math.cos(2.0944 * k + 4.2 * t)] },
  blobs: { classes: 4, spread: 1, at: k => [k % 2 ? .45 : -.45, k > 1 ? .45 : -.45] },
}
const points = (name, n, noise, flip, r) => {
  const { classes, at, spread } = sets[name], X = new Float64Array(2 * n), y = new Uint8Array(n), truth = new Uint8Array(n)
  for (let i = 0; i < n; i++) {
    const k = i % classes, p = at(k, r())
    X[2 * i] = p[0] + spread * noise * normal(r)
    X[2 * i + 1] = p[1] + spread * noise * normal(r)
    truth[i] = k
    const other = (k + 1 + Math.floor(r() * (classes - 1))) % classes
    y[i] = r() < flip ? other : k
  }
  return { n, X, y, truth, classes }
}

const rows = 32
// Weights (out,in) and biases of all layers stand in one array P; A holds activations, D their gradients, row by row
const network = (sizes, r) => {
  const layers = []
  let size = 0
  sizes.slice(1).forEach((m, i) => { const n = sizes[i]; layers.push({ n, m, w: size, b: size + n * m }); size += n * m + m })
  const of = () => new Float64Array(size), P = of()
  for (const { n, m, w } of layers) for (let i = 0; i < n * m; i++) P[w + i] = normal(r) / Math.sqrt(n)
  return { layers, P, G: of(), M: of(), V: of(), t: 0, A: sizes.map(n => new Float64Array(n * rows)), D: sizes.map(n => new Float64Array(n * rows)) }
}
const affine = (P, w, b, n, m, a, z) => {
  for (let s = 0; s < rows; s++) for (let i = 0, q = w; i < m; i++) {
    let even = P[b + i], odd = 0
    for (let j = s * n, end = j + n; j < end; j += 2, q += 2) { even += P[q] * a[j]; odd += P[q + 1] * a[j + 1] }
    z[s * m + i] = even + odd
  }
}
const backward = (P, G, w, b, n, m, a, d, e) => {
  e.fill(0)
  for (let s = 0; s < rows; s++) for (let i = 0, q = w; i < m; i++) {
    const g = d[s * m + i]
    G[b + i] += g
    for (let j = s * n, end = j + n; j < end; j++, q++) { G[q] += g * a[j]; e[j] += g * P[q] }
  }
}
// Probabilities of the rows in A[0]
const forward = ({ layers, P, A }) => {
  layers.forEach(({ n, m, w, b }, k) => {
    const z = A[k + 1]
    affine(P, w, b, n, m, A[k], z)
    if (k < layers.length - 1) for (let i = 0; i < z.length; i++) z[i] = Math.tanh(z[i])
  })
  const z = A[layers.length], C = z.length / rows
  for (let s = 0; s < z.length; s += C) {
    let top = z[s], sum = 0
    for (let c = 1; c < C; c++) top = Math.max(top, z[s + c])
    for (let c = 0; c < C; c++) sum += z[s + c] = Math.exp(z[s + c] - top)
    for (let c = 0; c < C; c++) z[s + c] /= sum
  }
  return z
}
// One step of Adam on rows x with targets y_a and y_b weighed by lam; gives the loss
const step = (net, x, y_a, y_b, lam, lr) => {
  const { layers, P, G, M, V, A, D } = net, K = layers.length, d = D[K], C = d.length / rows
  A[0].set(x)
  const p = forward(net)
  let loss = 0
  G.fill(0)
  for (let i = 0; i < d.length; i++) d[i] = p[i] / rows
  for (let s = 0; s < rows; s++) {
    const a = s * C + y_a[s], b = s * C + y_b[s]
    loss -= lam[s] * Math.log(p[a]) + (lam[s] < 1 ? (1 - lam[s]) * Math.log(p[b]) : 0)
    d[a] -= lam[s] / rows
    d[b] -= (1 - lam[s]) / rows
  }
  for (let k = K; k--;) {
    const { n, m, w, b } = layers[k], a = A[k], e = D[k]
    backward(P, G, w, b, n, m, a, D[k + 1], e)
    if (k) for (let i = 0; i < e.length; i++) e[i] *= 1 - a[i] * a[i]
  }
  net.t++
  const rate = lr / (1 - .9 ** net.t), root = Math.sqrt(1 - .999 ** net.t)
  for (let i = 0; i < P.length; i++) {
    const g = G[i]
    M[i] = .9 * M[i] + .1 * g
    V[i] = .999 * V[i] + .001 * g * g
    P[i] -= rate * M[i] / (Math.sqrt(V[i]) / root + 1e-8)
  }
  return loss / rows
}
// Calls f(i, probabilities, offset) for each of n points
const each = (net, X, n, f) => {
  for (let i = 0; i < n; i += rows) {
    const some = Math.min(rows, n - i)
    net.A[0].set(X.subarray(2 * i, 2 * (i + some)))
    const p = forward(net), C = p.length / rows
    for (let s = 0; s < some; s++) f(i + s, p, s * C)
  }
}
const accuracy = (net, { X, y, n, classes }) => {
  let ok = 0
  each(net, X, n, (i, p, o) => {
    let best = 0
    for (let c = 1; c < classes; c++) if (p[o + c] > p[o + best]) best = c
    ok += best === y[i]
  })
  return ok / n
}

// Two networks with the same first weights that see the same batches; the second sees them mixed
const lab = ({ data, points: n, noise, flip, alpha, seed }) => {
  const stream = k => rng(seed * 64 + k), train = points(data, n, noise, flip, stream(0)), test = points(data, 500, noise, 0, stream(1))
  const nets = [0, 1].map(() => network([2, 16, 16, train.classes], stream(2))), order = stream(3), draw = stream(4)
  const x = [0, 1].map(() => new Float64Array(2 * rows)), y = [0, 1].map(() => new Uint8Array(rows)), lam = [0, 1].map(() => new Float64Array(rows).fill(1))
  let epoch = [], at = n
  const me = {
    train, test, nets, x, y, lam, steps: 0, loss: [NaN, NaN], alpha,
    step() {
      if (at + rows > n) { epoch = shuffled(n, order); at = 0 }
      for (let s = 0; s < rows; s++) {
        const a = epoch[at + s], b = epoch[at + (s ^ 1)], l = lam[1][s] = beta(me.alpha, draw)
        y[0][s] = train.y[a]
        y[1][s] = train.y[b]
        for (const c of [0, 1]) {
          x[0][2 * s + c] = train.X[2 * a + c]
          x[1][2 * s + c] = l * train.X[2 * a + c] + (1 - l) * train.X[2 * b + c]
        }
      }
      at += rows
      me.steps++
      nets.forEach((net, k) => { const l = step(net, x[k], y[0], y[1], lam[k], .01); me.loss[k] = me.steps > 1 ? .95 * me.loss[k] + .05 * l : l })
    },
    accuracy: k => accuracy(nets[k], test),
  }
  return me
}

const side = 50, lattice = Float64Array.from({ length: 2 * side * side }, (_, i) => {
  const k = i >> 1
  return i % 2 ? 1 - 2 * (Math.floor(k / side) + .5) / side : 2 * (k % side + .5) / side - 1
})
// The surface: the color of the likeliest class, the paler the smaller its lead
const surface = (net, image, colors, bg) => {
  const out = image.data
  each(net, lattice, side * side, (i, p, o) => {
    let first = 0, second = 0, best = 0
    for (let c = 0; c < colors.length; c++) {
      const v = p[o + c]
      if (v > first) { second = first; first = v; best = c } else if (v > second) second = v
    }
    const f = .78 * (first - second)
    for (let c = 0; c < 3; c++) out[4 * i + c] = bg[c] + f * (colors[best][c] - bg[c])
    out[4 * i + 3] = 255
  })
}

const light = [[42, 105, 190], [235, 125, 20], [20, 145, 110], [150, 70, 170]], dark = [[90, 155, 240], [245, 150, 55], [50, 190, 150], [200, 120, 220]]
const css = c => `rgb(${c})`
// Each class has its color and its form
const mark = (g, k, x, y, r) => {
  g.beginPath()
  if (k === 0) g.arc(x, y, r, 0, 7)
  else {
    const n = [0, 4, 3, 4][k], turn = [0, 0, -Math.PI / 2, Math.PI / 4][k], R = r * [0, 1.3, 1.4, 1.25][k]
    for (let i = 0; i < n; i++) g.lineTo(x + R * Math.cos(turn + i * 2 * Math.PI / n), y + R * Math.sin(turn + i * 2 * Math.PI / n))
    g.closePath()
  }
}
const numbers = css => (css.match(/[\d.]+/g) || [255, 255, 255]).slice(0, 3).map(Number)

// A custom color as the browser resolves it here, for drawing on a canvas: the reader's where colors are forced, or the page's own
const color = (el, name, own) => {
  const probe = el.appendChild(mx.h('i', { style: `color:var(${name});forced-color-adjust:${own ? 'none' : 'auto'}` })), res = getComputedStyle(probe).color
  probe.remove()
  return res
}
const onTheme = f => {
  const seen = new MutationObserver(f), dark = matchMedia('(prefers-color-scheme:dark)')
  for (const o of [document.documentElement, document.body]) seen.observe(o, { attributeFilter: ['class', 'data-jp-theme-light', 'data-bs-theme'] })
  dark.addEventListener('change', f)
  return () => { seen.disconnect(); dark.removeEventListener('change', f) }
}

export default {
  rng, beta, lab, surface, side,
  render({ model, el }) {
    const { h, button, uid } = mx, size = 480, set = { ...model.get('state') }, speeds = [1, 5, 10, 30]
    let me, running = false, frame = 0, history, palette = light, bg = [255, 255, 255], ink = '', series = []
    const small = document.createElement('canvas'), image = new ImageData(side, side), names = ['Plain', 'MixUp']
    small.width = small.height = side

    // What is seen
    const panels = names.map((name, k) => {
      const canvas = h('canvas', { width: size, height: size, role: 'img' }), score = h('strong'), loss = h('span')
      return { canvas, g: canvas.getContext('2d'), score, loss, box: h('figure', { class: `pg-panel pg-${k}` }, h('figcaption', {}, h('span', { class: 'pg-name' }, name), score), canvas, h('p', { class: 'mx-dim' }, loss)) }
    })
    const chart = h('canvas', { class: 'pg-chart', role: 'img' }), count = h('b', { class: 'pg-count' }), said = h('p', { class: 'mx-dim pg-said', role: 'status' })

    const theme = () => {
      bg = numbers(color(el, '--bg', true))
      ink = color(el, '--ink', true)
      palette = bg[0] < 128 ? dark : light
      series = [color(el, '--dim'), color(el, '--guess')]
      thumbs.forEach(o => o())
    }
    // Canvas pixels per CSS pixel
    const zoom = (canvas, width) => width / (canvas.clientWidth || width)
    const drawPanel = k => {
      const { canvas, g } = panels[k], { train } = me, at = v => (v + 1) / 2 * size, z = zoom(canvas, size), line = z * (canvas.clientWidth < 200 ? .7 : 1)
      surface(me.nets[k], image, palette.slice(0, train.classes), bg)
      small.getContext('2d').putImageData(image, 0, 0)
      g.imageSmoothingEnabled = true
      g.imageSmoothingQuality = 'high'
      g.drawImage(small, 0, 0, size, size)
      const r = line * (train.n > 250 ? 2.9 : 3.7)
      for (let i = 0; i < train.n; i++) {
        const x = at(train.X[2 * i]), y = size - at(train.X[2 * i + 1]), wrong = train.y[i] !== train.truth[i]
        mark(g, train.y[i], x, y, r)
        g.fillStyle = css(palette[train.y[i]])
        g.strokeStyle = wrong ? ink : css(bg)
        g.lineWidth = line * (wrong ? 1.8 : 1)
        g.fill()
        g.stroke()
      }
      if (k && me.steps && me.alpha > 0) {
        g.strokeStyle = ink
        g.lineWidth = 1.2 * line
        const d = 2.4 * line
        for (let s = 0; s < rows; s++) {
          const x = at(me.x[1][2 * s]), y = size - at(me.x[1][2 * s + 1])
          g.beginPath()
          g.moveTo(x - d, y - d); g.lineTo(x + d, y + d); g.moveTo(x + d, y - d); g.lineTo(x - d, y + d)
          g.stroke()
        }
      }
    }
    const drawChart = () => {
      const g = chart.getContext('2d'), width = chart.clientWidth || 480, height = 110, dpr = devicePixelRatio || 1, late = history.filter(o => o[0] > me.steps / 50), low = Math.floor(10 * Math.min(.9, ...late.flatMap(o => o.slice(1)))) / 10
      const left = 34, right = width - 4, bottom = height - 24, X = v => left + v / Math.max(me.steps, 1) * (right - left), Y = v => 8 + (1 - Math.max(v, low)) / (1 - low) * (bottom - 8)
      if (chart.width !== Math.round(width * dpr)) { chart.width = Math.round(width * dpr); chart.height = height * dpr }
      g.setTransform(dpr, 0, 0, dpr, 0, 0)
      g.clearRect(0, 0, width, height)
      g.font = '12px system-ui, sans-serif'
      g.textBaseline = 'middle'
      g.fillStyle = series[0]
      for (const v of [1, (1 + low) / 2, low]) {
        g.textAlign = 'right'
        g.fillText(v.toFixed(2), left - 6, Y(v))
        g.globalAlpha = .3
        g.fillRect(left, Y(v), right - left, 1)
        g.globalAlpha = 1
      }
      g.fillText(`${me.steps.toLocaleString('en')} steps`, right, height - 8)
      g.textAlign = 'left'
      g.fillText('test accuracy', left, height - 8)
      g.lineJoin = 'round'
      for (const k of [0, 1]) {
        g.strokeStyle = series[k]
        g.lineWidth = k ? 2.25 : 1.75
        g.setLineDash(k ? [] : [5, 3])
        g.beginPath()
        for (const o of history) g.lineTo(X(o[0]), Y(o[k + 1]))
        g.stroke()
      }
      g.setLineDash([])
    }
    const number = v => v.toFixed(3)
    // Both panels, or one of them at a time while it runs fast
    const draw = which => {
      panels.forEach((o, k) => { if (which == null || which === k) drawPanel(k) })
      if (which === 0) return
      const acc = [me.accuracy(0), me.accuracy(1)]
      if (!history.length || history.at(-1)[0] < me.steps) history.push([me.steps, ...acc])
      if (history.length > 600) history = history.filter((_, i) => i % 2 || i === 600)
      panels.forEach((o, k) => {
        o.score.textContent = number(acc[k])
        o.loss.textContent = `training loss ${me.steps ? number(me.loss[k]) : '–'}`
        o.canvas.setAttribute('aria-label', `${names[k]}: decision surface after ${me.steps} steps, test accuracy ${number(acc[k])}`)
      })
      chart.setAttribute('aria-label', `Test accuracy over ${me.steps} steps, now ${number(acc[0])} plain and ${number(acc[1])} with MixUp`)
      count.textContent = me.steps.toLocaleString('en')
      drawChart()
    }
    const report = () => {
      const [plain, mixup] = [me.accuracy(0), me.accuracy(1)]
      said.textContent = me.steps ? `After ${me.steps.toLocaleString('en')} steps: ${number(plain)} of the test points right without MixUp, ${number(mixup)} with it.` : 'Both networks start from the same weights and see the same batches. Press Run.'
      model.set('value', { ...set, steps: me.steps, plain, mixup })
      model.save_changes()
    }
    const reset = () => {
      me = lab(set)
      history = []
      draw()
      report()
    }
    const turn = () => {
      if (!running || !el.isConnected) { running = false; return }
      for (let i = 0; i < set.speed; i++) me.step()
      frame++
      const every = mx.still() ? 30 : 1
      if (frame % every === 0) draw(every > 1 ? null : frame % 2)
      requestAnimationFrame(turn)
    }
    const run = on => {
      if (on === running) return
      running = on
      play.textContent = on ? 'Pause' : 'Run'
      play.classList.toggle('pg-on', on)
      if (on) requestAnimationFrame(turn)
      else { draw(); report() }
    }

    // What can be changed
    const play = button('Run', () => run(!running), true)
    const again = button('Reset', () => { run(false); reset() }), once = button('Step', () => { run(false); me.step(); draw(); report() })
    const slider = (name, label, min, max, by, text, fresh = true) => {
      const id = uid(), out = h('span', {}, text(set[name]))
      const input = h('input', { type: 'range', id, min, max, step: by, value: set[name], oninput: () => {
        set[name] = +input.value
        out.textContent = text(set[name])
        input.setAttribute('aria-valuetext', text(set[name]))
        if (fresh) { reset(); return }
        me.alpha = set.alpha
        if (!running) draw()
      } })
      input.setAttribute('aria-valuetext', text(set[name]))
      return h('div', { class: 'pg-slide' }, h('label', { for: id }, label), out, input)
    }
    const thumbs = [], group = uid()
    const chooser = h('fieldset', { class: 'pg-sets' }, h('legend', {}, 'Data'), h('div', {}, ...Object.keys(sets).map(name => {
      const canvas = h('canvas', { width: 88, height: 88, 'aria-hidden': 'true' })
      thumbs.push(() => {
        const g = canvas.getContext('2d'), o = points(name, 90, .12, 0, rng(5))
        g.clearRect(0, 0, 88, 88)
        for (let i = 0; i < o.n; i++) { mark(g, o.y[i], 44 + 40 * o.X[2 * i], 44 - 40 * o.X[2 * i + 1], 2.6); g.fillStyle = css(palette[o.y[i]]); g.fill() }
      })
      return h('label', {}, h('input', { type: 'radio', name: group, value: name, checked: name === set.data, onchange: () => { set.data = name; reset() } }), canvas, h('span', {}, name))
    })))
    const alphas = [0, .1, .2, .4, 1, 2, 4, 8], pick = (label, options, now, f) => {
      const id = uid()
      return h('div', { class: 'pg-pick' }, h('label', { for: id }, label), h('select', { id, onchange: e => f(+e.target.value) }, ...options.map(([v, t]) => h('option', { value: v, selected: v === now }, t))))
    }
    if (!alphas.includes(set.alpha)) alphas.push(set.alpha)
    const bar = h('div', { class: 'pg-bar' }, play, once, again, h('div', { class: 'pg-steps' }, h('span', { class: 'mx-dim' }, 'Steps'), count),
      pick('α of MixUp', alphas.sort((a, b) => a - b).map(v => [v, v ? `${v}` : '0 (off)']), set.alpha, v => { set.alpha = me.alpha = v; if (!running) { draw(); report() } }),
      pick('Steps a frame', speeds.map(v => [v, `${v}`]), set.speed, v => { set.speed = v }))
    const settings = h('div', { class: 'pg-settings' }, chooser,
      slider('flip', 'Wrong labels', 0, .5, .05, v => `${Math.round(100 * v)}%`), slider('noise', 'Noise', 0, .5, .05, v => v.toFixed(2)),
      slider('points', 'Points', 50, 500, 50, v => `${v}`), slider('seed', 'Seed', 1, 20, 1, v => `${v}`))
    const key = h('p', { class: 'mx-dim pg-key' }, 'Color and form: the class on the label. Bold outline: a wrong label. ×: the last mixed batch. The fainter the surface, the less sure the network.')
    el.append(h('div', { class: 'mx-ui pg' }, bar, h('div', { class: 'pg-body' }, settings, h('div', { class: 'pg-main' }, h('div', { class: 'pg-panels' }, ...panels.map(o => o.box)), chart, said, key))))
    theme()
    reset()
    const stop = onTheme(() => { theme(); draw() })
    // Out of sight it rests; a notebook may show it only after this, and then its colors and sizes are known
    const seen = new IntersectionObserver(([o]) => {
      if (!o.isIntersecting) { run(false); return }
      theme()
      draw()
    })
    seen.observe(el)
    return () => { running = false; stop(); seen.disconnect() }
  },
}
