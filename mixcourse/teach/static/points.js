// after: network
// The playground's points and its two networks: the same first weights, the same batches, which the second sees mixed.
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

const rate = .01
const lab = ({ data, points: count, noise, flip, alpha, seed }) => {
  const stream = k => rng(seed * 64 + k)
  const train = points(data, count, noise, flip, stream(0)), test = points(data, 500, noise, 0, stream(1))
  const nets = [0, 1].map(() => network([2, 16, 16, train.classes], stream(2)))
  const order = stream(3), draw = stream(4)
  const x = [0, 1].map(() => new Float64Array(2 * rows)), y = [0, 1].map(() => new Uint8Array(rows))
  const lam = [0, 1].map(() => new Float64Array(rows).fill(1))
  let epoch = [], at = count

  // Row by row: a point, its neighbor in the batch as partner, and their mix
  const drawRow = row => {
    const a = epoch[at + row], b = epoch[at + (row ^ 1)], share = lam[1][row] = beta(me.alpha, draw)
    y[0][row] = train.y[a]
    y[1][row] = train.y[b]
    for (const axis of [0, 1]) {
      x[0][2 * row + axis] = train.X[2 * a + axis]
      x[1][2 * row + axis] = share * train.X[2 * a + axis] + (1 - share) * train.X[2 * b + axis]
    }
  }
  const learn = k => {
    const loss = step(nets[k], x[k], y[0], y[1], lam[k], rate)
    me.loss[k] = me.steps > 1 ? .95 * me.loss[k] + .05 * loss : loss
  }
  const me = {
    train, test, nets, x, y, lam, steps: 0, loss: [NaN, NaN], alpha,
    step() {
      if (at + rows > count) {
        epoch = shuffled(count, order)
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
export default { rng, sets, points, lab, surface, side }
