// A small network that learns in the page. A seed fixes all that is random: a run repeats,
// and can be checked in PyTorch.
// One function holds it all, since a worker gets it as text.
const makeNetwork = () => {
  // Mulberry32: numbers in [0,1)
  const rng = seed => () => {
    seed = seed + 0x6D2B79F5 | 0
    let bits = Math.imul(seed ^ seed >>> 15, 1 | seed)
    bits = bits + Math.imul(bits ^ bits >>> 7, 61 | bits) ^ bits
    return ((bits ^ bits >>> 14) >>> 0) / 4294967296
  }
  const normal = random => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  // Marsaglia and Tsang's Gamma for alpha + 1, brought down to alpha; in logs, as a small alpha underflows
  const logGamma = (alpha, random) => {
    const shape = alpha + 2 / 3, scale = 1 / Math.sqrt(9 * shape)
    for (;;) {
      const x = normal(random), cube = (1 + scale * x) ** 3
      const isKept = cube > 0
        && Math.log(1 - random()) < x * x / 2 + shape - shape * cube + shape * Math.log(cube)
      if (isKept) return Math.log(shape * cube) + Math.log(1 - random()) / alpha
    }
  }
  const beta = (alpha, random) =>
    alpha > 0 ? 1 / (1 + Math.exp(-logGamma(alpha, random) + logGamma(alpha, random))) : 1
  const shuffled = (count, random) => {
    const order = Array.from({ length: count }, (_, i) => i)
    for (let i = count - 1; i > 0; i--) {
      const other = Math.floor(random() * (i + 1)), swapped = order[i]
      order[i] = order[other]
      order[other] = swapped
    }
    return order
  }

  // Examples that are computed at once
  const rows = 32

  // Layers of `sizes` units. Weights (out,in) and biases of all layers stand in one array `weights`, from `weightsAt`
  // and `biasesAt`; `outputs` holds what each layer gives, `deltas` the gradients of that, row by row.
  const network = (sizes, random) => {
    const layers = []
    let size = 0
    sizes.slice(1).forEach((outputs, i) => {
      const inputs = sizes[i]
      layers.push({ inputs, outputs, weightsAt: size, biasesAt: size + inputs * outputs })
      size += inputs * outputs + outputs
    })
    const zeros = () => new Float64Array(size), perRow = () => sizes.map(units => new Float64Array(units * rows))
    const weights = zeros()
    for (const { inputs, outputs, weightsAt } of layers) {
      for (let i = 0; i < inputs * outputs; i++) weights[weightsAt + i] = normal(random) / Math.sqrt(inputs)
    }
    return {
      layers, weights, gradients: zeros(), means: zeros(), squares: zeros(), steps: 0,
      outputs: perRow(), deltas: perRow(),
    }
  }

  // out = x · weights' + biases; `inputs` is even, so two sums run beside each other
  const affine = (weights, { inputs, outputs, weightsAt, biasesAt }, x, out) => {
    for (let row = 0; row < rows; row++) {
      const start = row * inputs, end = start + inputs
      for (let unit = 0, at = weightsAt; unit < outputs; unit++) {
        let even = weights[biasesAt + unit], odd = 0
        for (let i = start; i < end; i += 2, at += 2) {
          even += weights[at] * x[i]
          odd += weights[at + 1] * x[i + 1]
        }
        out[row * outputs + unit] = even + odd
      }
    }
  }
  // Adds to the gradients of a layer, and fills the deltas of what came in
  const affineBackward = (weights, gradients, { inputs, outputs, weightsAt, biasesAt }, x, deltas, deltasIn) => {
    deltasIn.fill(0)
    for (let row = 0; row < rows; row++) {
      const start = row * inputs, end = start + inputs
      for (let unit = 0, at = weightsAt; unit < outputs; unit++) {
        const delta = deltas[row * outputs + unit]
        gradients[biasesAt + unit] += delta
        for (let i = start; i < end; i++, at++) {
          gradients[at] += delta * x[i]
          deltasIn[i] += delta * weights[at]
        }
      }
    }
  }
  const softmax = (values, classes) => {
    for (let at = 0; at < values.length; at += classes) {
      let top = values[at], sum = 0
      for (let c = 1; c < classes; c++) top = Math.max(top, values[at + c])
      for (let c = 0; c < classes; c++) sum += values[at + c] = Math.exp(values[at + c] - top)
      for (let c = 0; c < classes; c++) values[at + c] /= sum
    }
    return values
  }
  // Probabilities of the rows in outputs[0]
  const forward = ({ layers, weights, outputs }) => {
    layers.forEach((layer, i) => {
      const out = outputs[i + 1], isLast = i === layers.length - 1
      affine(weights, layer, outputs[i], out)
      if (!isLast) for (let k = 0; k < out.length; k++) out[k] = Math.tanh(out[k])
    })
    return softmax(outputs[layers.length], layers[layers.length - 1].outputs)
  }

  // The loss of targets weighed by lam; their share of the gradients goes into `deltas`
  const weighedLoss = (probs, deltas, first, second, lam) => {
    const classes = deltas.length / rows
    let loss = 0
    for (let i = 0; i < deltas.length; i++) deltas[i] = probs[i] / rows
    for (let row = 0; row < rows; row++) {
      const a = row * classes + first[row], b = row * classes + second[row], share = lam[row]
      loss -= share * Math.log(probs[a]) + (share < 1 ? (1 - share) * Math.log(probs[b]) : 0)
      deltas[a] -= share / rows
      deltas[b] -= (1 - share) / rows
    }
    return loss / rows
  }
  const adam = (net, rate) => {
    const { weights, gradients, means, squares } = net
    net.steps++
    const scaled = rate / (1 - .9 ** net.steps), root = Math.sqrt(1 - .999 ** net.steps)
    for (let i = 0; i < weights.length; i++) {
      const gradient = gradients[i]
      means[i] = .9 * means[i] + .1 * gradient
      squares[i] = .999 * squares[i] + .001 * gradient * gradient
      weights[i] -= scaled * means[i] / (Math.sqrt(squares[i]) / root + 1e-8)
    }
  }
  // One step on `rows` examples x with the targets `first` and `second`, weighed by lam; gives the loss
  const step = (net, x, first, second, lam, rate) => {
    const { layers, weights, gradients, outputs, deltas } = net
    outputs[0].set(x)
    gradients.fill(0)
    const loss = weighedLoss(forward(net), deltas[layers.length], first, second, lam)
    for (let i = layers.length - 1; i >= 0; i--) {
      const into = deltas[i], came = outputs[i]
      affineBackward(weights, gradients, layers[i], came, deltas[i + 1], into)
      // Through tanh
      if (i) for (let k = 0; k < into.length; k++) into[k] *= 1 - came[k] * came[k]
    }
    adam(net, rate)
    return loss
  }
  // Calls visit(i, probabilities, offset) for each of `count` examples
  const each = (net, x, count, visit) => {
    const { inputs } = net.layers[0]
    for (let i = 0; i < count; i += rows) {
      const some = Math.min(rows, count - i)
      net.outputs[0].set(x.subarray(inputs * i, inputs * (i + some)))
      const probs = forward(net), classes = probs.length / rows
      for (let row = 0; row < some; row++) visit(i + row, probs, row * classes)
    }
  }
  const likeliest = (probs, offset, classes) => {
    let best = 0
    for (let c = 1; c < classes; c++) if (probs[offset + c] > probs[offset + best]) best = c
    return best
  }
  const accuracy = (net, { X, y, n, classes }) => {
    let right = 0
    each(net, X, n, (i, probs, offset) => { right += likeliest(probs, offset, classes) === y[i] })
    return right / n
  }
  return { rows, rng, normal, beta, shuffled, network, forward, step, each, likeliest, accuracy }
}
export default { ...makeNetwork(), makeNetwork }
