// after: network
// Four small networks learn digits: plainly, and with three mixes.
const { makeNetwork } = mx.kinds.network, network = makeNetwork()

// The training, as one function: a worker gets it as text. A picture is 64 numbers in [0,1], row by row.
const makeTrainer = ({ rows, rng, beta, shuffled, network: build, step, each, likeliest }) => {
  const side = 8, pixels = side * side, classes = 10, sizes = [pixels, 32, classes]
  const epochs = 30, rate = .005, alpha = 1, hole = 4
  const methods = ['Plain', 'MixUp', 'CutMix', 'Cutout']

  // A share `flip` of the labels becomes another one, drawn from all others
  const flipLabels = (labels, flip, random) => labels.map(label => {
    const other = (label + 1 + Math.floor(random() * (classes - 1))) % classes
    return random() < flip ? other : label
  })
  const clamp = value => Math.min(Math.max(value, 0), side)
  const boxAround = (length, random) => {
    const top = Math.floor(random() * side) - (length >> 1), left = Math.floor(random() * side) - (length >> 1)
    return [clamp(top), clamp(left), clamp(top + length), clamp(left + length)]
  }
  const inBox = (i, [y1, x1, y2, x2]) => {
    const y = Math.floor(i / side), x = i % side
    return y >= y1 && y < y2 && x >= x1 && x < x2
  }
  // Each writes a mixed picture to `out` and gives the share of the picture itself
  const mixers = {
    Plain(out, picture) {
      out.set(picture)
      return 1
    },
    MixUp(out, picture, partner, random) {
      const lam = beta(alpha, random)
      for (let i = 0; i < pixels; i++) out[i] = lam * picture[i] + (1 - lam) * partner[i]
      return lam
    },
    CutMix(out, picture, partner, random) {
      const box = boxAround(Math.floor(side * Math.sqrt(1 - beta(alpha, random))), random), [y1, x1, y2, x2] = box
      for (let i = 0; i < pixels; i++) out[i] = inBox(i, box) ? partner[i] : picture[i]
      return 1 - (y2 - y1) * (x2 - x1) / pixels
    },
    Cutout(out, picture, partner, random) {
      const box = boxAround(hole, random)
      for (let i = 0; i < pixels; i++) out[i] = inBox(i, box) ? 0 : picture[i]
      return 1
    },
  }

  // What a network makes of the test digits: confusion[10 * truth + answer]
  const judge = (net, { test, testLabels }) => {
    const confusion = new Array(classes * classes).fill(0)
    let right = 0
    each(net, test, testLabels.length, (i, probs, offset) => {
      const said = likeliest(probs, offset, classes)
      confusion[classes * testLabels[i] + said]++
      right += said === testLabels[i]
    })
    return { confusion, accuracy: right / testLabels.length }
  }
  // Yields after each epoch. All four see the same batches, whose pictures are partners of their neighbors.
  const train = function* (data, { flip, seed }) {
    const stream = k => rng(seed * 64 + k), count = data.labels.length
    const labels = flipLabels(data.labels, flip, stream(0)), order = stream(1)
    const nets = methods.map(() => build(sizes, stream(2)))
    const draws = methods.map((_, k) => stream(3 + k)), x = new Float64Array(rows * pixels)
    const picture = i => data.train.subarray(i * pixels, (i + 1) * pixels)
    const learn = (method, k, batch) => {
      const lam = batch.map((i, row) => mixers[method](x.subarray(row * pixels, (row + 1) * pixels),
        picture(i), picture(batch[row ^ 1]), draws[k]))
      const first = batch.map(i => labels[i]), second = first.map((_, row) => first[row ^ 1])
      step(nets[k], x, first, second, lam, rate)
    }
    for (let epoch = 1; epoch <= epochs; epoch++) {
      const shuffledOrder = shuffled(count, order)
      for (let at = 0; at + rows <= count; at += rows) {
        methods.forEach((method, k) => learn(method, k, shuffledOrder.slice(at, at + rows)))
      }
      yield { epoch, epochs, nets }
    }
  }
  const results = (nets, data) =>
    methods.map((name, k) => ({ name, weights: nets[k].weights, ...judge(nets[k], data) }))
  return { side, pixels, classes, sizes, methods, train, results }
}
const trainer = makeTrainer(network), { pixels } = trainer

// Two pixels a byte, 15 for ink: what mixcourse.teach.digits packs
const unpack = ({ pixels: text, labels, train: count }) => {
  const bytes = Uint8Array.from(atob(text), letter => letter.charCodeAt(0))
  const values = new Float64Array(2 * bytes.length)
  bytes.forEach((byte, i) => {
    values[2 * i] = (byte >> 4) / 15
    values[2 * i + 1] = (byte & 15) / 15
  })
  const numbers = [...labels].map(Number)
  return {
    train: values.subarray(0, count * pixels), labels: numbers.slice(0, count),
    test: values.subarray(count * pixels), testLabels: numbers.slice(count),
  }
}

// Runs the training beside the page, or, where a browser refuses workers, between its frames.
// `tell(epoch, epochs)` and `done(results)`; returns what stops it.
const workerText = [
  `const network = (${makeNetwork})(), trainer = (${makeTrainer})(network)`,
  'onmessage = ({ data: [data, settings] }) => {',
  '  let last',
  '  for (last of trainer.train(data, settings)) postMessage({ epoch: last.epoch, epochs: last.epochs })',
  '  postMessage({ results: trainer.results(last.nets, data) })',
  '}',
].join('\n')
const trainInSlices = (data, settings, tell, done) => {
  const epochs = trainer.train(data, settings)
  let timer, last
  const goOn = () => {
    const { value, done: isOver } = epochs.next()
    if (isOver) {
      done(trainer.results(last.nets, data))
      return
    }
    last = value
    tell(last.epoch, last.epochs)
    timer = setTimeout(goOn)
  }
  timer = setTimeout(goOn)
  return () => clearTimeout(timer)
}
const trainBeside = (data, settings, tell, done) => {
  let stop
  const fallBack = () => { stop = trainInSlices(data, settings, tell, done) }
  try {
    const url = URL.createObjectURL(new Blob([workerText], { type: 'text/javascript' }))
    const worker = new Worker(url)
    stop = () => worker.terminate()
    worker.onmessage = ({ data: { epoch, epochs, results } }) => {
      if (!results) return tell(epoch, epochs)
      stop()
      URL.revokeObjectURL(url)
      done(results)
    }
    // A policy of the page may refuse it only now
    worker.onerror = event => {
      event.preventDefault()
      stop()
      fallBack()
    }
    worker.postMessage([data, settings])
  } catch { fallBack() }
  return () => stop()
}
export default { network, trainer, unpack, trainBeside }
