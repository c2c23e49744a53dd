// after: network
// Points, and networks that start alike and see the same batches.
const { rows, rng, normal, beta, shuffled, network, step, each, accuracy } = mx.kinds.network

// Points in [-1,1]²: `at` is the middle of class k at t in [0,1], `spread` the unit of the noise
const moon = (k, t) => {
  const x = Math.cos(Math.PI * t) - .5, y = Math.sin(Math.PI * t) - .25
  return k ? [-.62 * x, -.62 * y] : [.62 * x, .62 * y]
}
const spiral = (k, t) => {
  const radius = .08 + .82 * t, angle = 2.0944 * k + 4.2 * t
  return [radius * Math.sin(angle), radius * Math.cos(angle)]
}
const blob = k => [k % 2 ? .45 : -.45, k > 1 ? .45 : -.45]
const sets = {
  moons: { classes: 2, spread: .62, at: moon },
  spirals: { classes: 3, spread: .3, at: spiral },
  blobs: { classes: 4, spread: 1, at: blob },
}
// X: coordinates, two for each point; y: labels, a share `flip` of them wrong; truth: what they should be
const points = (name, count, noise, flip, random) => {
  const { classes, at, spread } = sets[name]
  const X = new Float64Array(2 * count), y = new Uint8Array(count), truth = new Uint8Array(count)
  for (let i = 0; i < count; i++) {
    const label = i % classes, [x1, x2] = at(label, random())
    X[2 * i] = x1 + spread * noise * normal(random)
    X[2 * i + 1] = x2 + spread * noise * normal(random)
    truth[i] = label
    const other = (label + 1 + Math.floor(random() * (classes - 1))) % classes
    y[i] = random() < flip ? other : label
  }
  return { n: count, X, y, truth, classes }
}

// The reader's points, [x, y, label], come after those drawn
const withOwn = (drawn, own) => {
  const { n, X, y, truth, classes } = drawn, all = own.filter(([, , label]) => label < classes)
  const labels = all.map(([, , label]) => label)
  return {
    n: n + all.length, classes, X: Float64Array.of(...X, ...all.flatMap(([x1, x2]) => [x1, x2])),
    y: Uint8Array.of(...y, ...labels), truth: Uint8Array.of(...truth, ...labels),
  }
}

// How a network sees a point: writes it to `out` and gives the share of the point itself
const plain = {
  name: 'Plain',
  see(out, a) {
    out.set(a)
    return 1
  },
}
const mixing = (name, alpha) => ({
  name, alpha,
  see(out, a, b, random) {
    const share = beta(this.alpha, random)
    for (const axis of [0, 1]) out[axis] = share * a[axis] + (1 - share) * b[axis]
    return share
  },
})
// What Cutout does to pictures, with two inputs: half of the time one of them is hidden
const hiding = {
  name: 'Hidden inputs',
  see(out, a, b, random) {
    const hidden = Math.floor(4 * random())
    for (const axis of [0, 1]) out[axis] = axis === hidden ? 0 : a[axis]
    return 1
  },
}
const methodsOf = ({ alpha, third, hidden }) => [
  plain, mixing('MixUp', alpha), third != null && mixing(`MixUp, α = ${third}`, third), hidden && hiding,
].filter(Boolean)

const rate = .01
const lab = ({ data, points: amount, noise, flip, seed, own = [], ...settings }) => {
  const stream = k => rng(seed * 64 + k)
  const train = withOwn(points(data, amount, noise, flip, stream(0)), own)
  const test = points(data, 500, noise, 0, stream(1)), methods = methodsOf(settings)
  const nets = methods.map(() => network([2, 16, 16, train.classes], stream(2)))
  // Plain training draws nothing, so MixUp's numbers are the same with and without other panels
  const order = stream(3), draws = methods.map((_, k) => stream(3 + k))
  const x = methods.map(() => new Float64Array(2 * rows)), y = [0, 1].map(() => new Uint8Array(rows))
  const lam = methods.map(() => new Float64Array(rows))
  let epoch = [], at = train.n

  const inPairs = (values, count) => Array.from({ length: count }, (_, i) => values.subarray(2 * i, 2 * i + 2))
  const pairs = inPairs(train.X, train.n), seen = x.map(values => inPairs(values, rows))
  // Row by row: a point, and its neighbor in the batch as partner
  const drawRow = row => {
    const a = epoch[at + row], b = epoch[at + (row ^ 1)]
    y[0][row] = train.y[a]
    y[1][row] = train.y[b]
    methods.forEach((method, k) => {
      lam[k][row] = method.see(seen[k][row], pairs[a], pairs[b], draws[k])
    })
  }
  const learn = k => {
    const loss = step(nets[k], x[k], y[0], y[1], lam[k], rate)
    me.loss[k] = me.steps > 1 ? .95 * me.loss[k] + .05 * loss : loss
  }
  const me = {
    train, test, methods, nets, x, y, lam, steps: 0, loss: methods.map(() => NaN),
    setAlpha(alpha) { methods[1].alpha = alpha },
    step() {
      if (at + rows > train.n) {
        epoch = shuffled(train.n, order)
        at = 0
      }
      for (let row = 0; row < rows; row++) drawRow(row)
      at += rows
      me.steps++
      nets.forEach((_, k) => learn(k))
    },
    accuracy: k => accuracy(nets[k], test),
  }
  return me
}

// Probabilities at `count` places from one point to another
const along = (net, [x1, y1], [x2, y2], count) => {
  const places = Float64Array.from({ length: 2 * count }, (_, i) => {
    const share = Math.floor(i / 2) / (count - 1)
    return i % 2 ? y1 + share * (y2 - y1) : x1 + share * (x2 - x1)
  })
  const res = [], { outputs } = net.layers.at(-1)
  each(net, places, count, (i, probs, offset) => { res.push([...probs.slice(offset, offset + outputs)]) })
  return res
}

// The color of the likeliest class at each point of a lattice, the paler the smaller its lead
const side = 50
const latticePoint = k => [2 * (k % side + .5) / side - 1, 1 - 2 * (Math.floor(k / side) + .5) / side]
const lattice = Float64Array.from(Array.from({ length: side * side }, (_, k) => latticePoint(k)).flat())
const surface = (net, image, colors, ground) => {
  const out = image.data
  each(net, lattice, side * side, (i, probs, offset) => {
    let first = 0, second = 0, best = 0
    for (let c = 0; c < colors.length; c++) {
      const value = probs[offset + c]
      if (value > first) {
        second = first
        first = value
        best = c
      } else if (value > second) second = value
    }
    const lead = .78 * (first - second)
    for (let c = 0; c < 3; c++) out[4 * i + c] = ground[c] + lead * (colors[best][c] - ground[c])
    out[4 * i + 3] = 255
  })
}
export default { sets, points, lab, along, surface, side }
