// MixUp, CutMix and Cutout on real pictures, blended here pixel by pixel.
// Pictures come from the fallback: `img[data-name]`, all of one size.
const blend = (out, a, b, lam) => { for (let i = 0; i < out.length; i++) out[i] = i % 4 === 3 ? 255 : lam * a[i] + (1 - lam) * b[i] }
// Fills boxes of `out` from `src`, or with a color
const fill = (out, width, boxes, src, color) => {
  for (const [y1, x1, y2, x2] of boxes) for (let y = y1; y < y2; y++) for (let x = x1; x < x2; x++) for (let c = 0, i = 4 * (y * width + x); c < 3; c++) out[i + c] = src ? src[i + c] : color[c]
}
// A box of sides h,w around a pixel, clipped at the border
const clip = ([cy, cx], h, w, [H, W]) => {
  const y = cy - (h >> 1), x = cx - (w >> 1), to = (v, top) => Math.min(Math.max(v, 0), top)
  return [to(y, H), to(x, W), to(y + h, H), to(x + w, W)]
}
const covered = (boxes, [H, W]) => {
  const mask = new Uint8Array(4 * H * W)
  fill(mask, W, boxes, null, [1, 0, 0])
  return mask.reduce((a, b) => a + b)
}
// Beta(a, a) over u = logit(x), where it has no pole: [x, weight, density] at equal steps of u
const table = a => {
  const n = 2000, U = 8 + 12 / a, rows = Array.from({ length: n }, (_, i) => {
    const u = U * ((2 * i + 1) / n - 1), e = Math.exp(-Math.abs(u)), v = 4 * e / (1 + e) ** 2
    return [(u < 0 ? e : 1) / (1 + e), v ** a, v]
  }), sum = rows.reduce((s, o) => s + o[1], 0)
  return rows.map(([x, w, v]) => [x, w / sum, w / sum / v * 2 * n / U])
}
const draw = a => {
  let left = Math.random()
  return a ? (table(a).find(o => (left -= o[1]) < 0) || [1])[0] : 1
}
const alphas = [0, .1, .2, .3, .4, .6, 1, 1.5, 2, 4, 8]
const pixels = async img => {
  const copy = new Image()
  copy.src = img.src
  await copy.decode()
  const c = Object.assign(document.createElement('canvas'), { width: copy.naturalWidth, height: copy.naturalHeight }), g = c.getContext('2d', { willReadFrequently: true })
  g.drawImage(copy, 0, 0)
  return g.getImageData(0, 0, c.width, c.height).data
}

export default {
  blend, fill, clip, covered, draw, table,
  render({ model, el }) {
    const { h, button, uid } = mx, s = structuredClone(model.get('state')), { mode, size } = s, [H, W] = size, all = H * W
    const imgs = [...el.querySelectorAll('.mx-fb img[data-name]')], names = imgs.map(o => o.dataset.name), two = mode !== 'cutout', up = mode === 'mixup'
    const pick = [0, Math.min(1, names.length - 1)], out = new ImageData(W, H), count = v => v.toLocaleString('en')
    let data = null, chosen = 0, drawn = []
    const boxes = () => s.centers.map(o => clip(o, s.length, s.length, size))

    // What is seen
    const canvas = h('canvas', { width: W, height: H, role: 'img' }), g = canvas.getContext('2d'), frame = h('div', { class: 'ex-frame' }, canvas)
    const shares = [0, 1].map(() => h('span', { class: 'ex-share' })), marks = [0, 1].map(() => h('span', { class: 'ex-mark', hidden: true }))
    const sources = (two ? [0, 1] : [0]).map(k => {
      const img = h('img', { alt: '' }), show = () => { img.src = imgs[pick[k]].src; img.alt = names[pick[k]] }
      const id = uid(), label = names.length > 2 || !two && names.length > 1
        ? h('select', { id, 'aria-label': k ? 'Partner' : 'Picture', onchange: e => { pick[k] = +e.target.value; show(); update() } }, ...names.map((o, i) => h('option', { value: i, selected: i === pick[k] }, o)))
        : h('span', { class: 'ex-name' }, names[pick[k]])
      show()
      return h('figure', { class: `ex-src ex-${k}` }, h('div', { class: 'ex-frame' }, img, marks[k]), h('figcaption', {}, label, two && shares[k]))
    })
    const bars = h('ul', { class: 'ex-bars' }), facts = h('p', { class: 'ex-facts', role: 'status' }), code = h('code')
    const showBars = lam => bars.replaceChildren(...names.map((name, i) => {
      const v = two ? (i === pick[0] ? lam : 0) + (i === pick[1] ? 1 - lam : 0) : +(i === pick[0])
      return h('li', { class: i === pick[1] && two ? 'ex-b' : null }, h('span', { class: 'ex-name' }, name), h('span', { class: 'ex-bar' }, h('i', { style: `width:${100 * v}%` })), h('b', {}, v.toFixed(up ? 2 : 3)))
    }))

    // What can be changed
    const slider = (label, min, max, get, set, text = String) => {
      const id = uid(), value = h('span'), input = h('input', { type: 'range', id, min, max, step: 1, oninput: () => { set(+input.value); update() } })
      const show = () => { input.value = get(); value.textContent = text(get()); input.setAttribute('aria-valuetext', text(get())) }
      return { show, box: h('div', { class: 'ex-slide' }, h('label', { for: id }, label), value, input) }
    }
    const place = up ? [] : ['Row of the center', 'Column'].map((o, k) => slider(o, 0, size[k] - 1, () => s.centers[chosen][k], v => { s.centers[chosen][k] = v }))
    const index = a => alphas.reduce((best, v, i) => Math.abs(v - a) < Math.abs(alphas[best] - a) ? i : best, 0)
    const alpha = slider('α of Beta(α, α)', 0, alphas.length - 1, () => index(s.alpha), i => { s.alpha = alphas[i]; drawn = [] }, i => alphas[i] ? `${alphas[i]}` : '0 (off)')
    const random = () => [Math.floor(Math.random() * H), Math.floor(Math.random() * W)]
    const sliders = up ? [slider('λ', 0, 100, () => Math.round(100 * s.lam), v => { s.lam = v / 100 }, v => (v / 100).toFixed(2))]
      : two ? [slider('Side of the box', 0, W, () => s.length, v => { s.length = v })]
        : [slider('length', 1, W, () => s.length, v => { s.length = v }, v => `${v} pixels`),
          slider('n_holes', 1, 4, () => s.centers.length, n => { while (s.centers.length < n) s.centers.push(random()); s.centers.length = n; chosen = Math.min(chosen, n - 1) })]
    const act = up ? button('Draw a λ', () => { s.lam = draw(s.alpha); drawn.push(s.lam); update() })
      : two ? button('Draw a box', () => { s.lam = draw(s.alpha); s.length = Math.floor(W * Math.sqrt(1 - s.lam)); s.centers = [random()]; update(); drawn.push(s.lam); update() })
        : button('Draw places', () => { s.centers = s.centers.map(random); update() })
    const svg = h('div', { class: 'ex-beta', html: '<svg viewBox="0 0 300 92" role="img"><path class="ex-area"/><path class="ex-rug"/><path class="ex-axis" d="M5 72H295M5 72v4M150 72v4M295 72v4"/><path class="ex-now"/><text x="5" y="88">0</text><text x="150" y="88" text-anchor="middle">λ = ½</text><text x="295" y="88" text-anchor="end">1</text></svg>' })
    const curve = lam => {
      const part = o => svg.querySelector(o), X = v => (5 + 290 * v).toFixed(1), rows = s.alpha ? table(s.alpha).filter(o => Math.abs(o[0] - .5) < .498) : []
      part('.ex-area').setAttribute('d', s.alpha ? `M${X(rows[0][0])} 72${rows.map(o => `L${X(o[0])} ${(72 - Math.min(68, 20 * o[2])).toFixed(1)}`).join('')}V72Z` : 'M293 72V4h4V72Z')
      part('.ex-now').setAttribute('d', `M${X(lam)} 78V2`)
      part('.ex-rug').setAttribute('d', drawn.slice(-60).map(v => `M${X(v)} 72v-9`).join(''))
      part('svg').setAttribute('aria-label', s.alpha ? `Density of Beta(${s.alpha}, ${s.alpha}), λ marked at ${lam.toFixed(2)}` : 'α = 0: λ is always 1')
    }
    const colors = { mean: ['0 after normalizing: the mean color', s.mean], black: ['0 before normalizing: black', [0, 0, 0]], white: ['1 before normalizing: white', [255, 255, 255]] }, group = uid()
    const fills = mode === 'cutout' && h('fieldset', { class: 'ex-fill' }, h('legend', {}, 'Fill'), ...Object.entries(colors).map(([k, [text]]) =>
      h('label', {}, h('input', { type: 'radio', name: group, checked: k === s.fill, onchange: () => { s.fill = k; update() } }), h('span', {}, text))))

    // Boxes to be moved: by pointer, and as buttons by keyboard
    let grips = []
    const nudge = (i, e) => {
      const by = e.shiftKey ? 8 : 1, move = { ArrowUp: [-by, 0], ArrowDown: [by, 0], ArrowLeft: [0, -by], ArrowRight: [0, by] }[e.key], grow = { '+': by, '=': by, '-': -by, PageUp: 8, PageDown: -8 }[e.key]
      if (!move && !grow) return
      e.preventDefault()
      chosen = i
      if (move) to(s.centers[i][0] + move[0], s.centers[i][1] + move[1])
      else resize(s.length + grow)
    }
    const to = (y, x) => { s.centers[chosen] = [Math.round(Math.min(Math.max(y, 0), H - 1)), Math.round(Math.min(Math.max(x, 0), W - 1))]; update() }
    const resize = v => { s.length = Math.round(Math.min(Math.max(v, two ? 0 : 1), W)); update() }
    const at = e => { const r = canvas.getBoundingClientRect(); return [(e.clientY - r.top) / r.height * H, (e.clientX - r.left) / r.width * W] }
    const drag = (target, b, i, f) => {
      let from
      target.onpointerdown = e => { e.preventDefault(); b.focus(); target.setPointerCapture(e.pointerId); from = [at(e), s.centers[i]] }
      target.onpointermove = e => { if (target.hasPointerCapture(e.pointerId)) f(at(e), ...from) }
    }
    const grip = i => {
      const corner = h('span', { class: 'ex-corner' }), b = h('button', { type: 'button', class: 'ex-box', onfocus: () => { chosen = i; update() } })
      b.mxKey = e => nudge(i, e)
      drag(b, b, i, ([y, x], [y0, x0], [cy, cx]) => to(cy + y - y0, cx + x - x0))
      drag(corner, b, i, ([y, x], _, [cy, cx]) => resize(2 * Math.max(Math.abs(y - cy), Math.abs(x - cx))))
      frame.append(b, corner)
      return { b, corner }
    }
    const position = (e, [y1, x1, y2, x2]) => Object.assign(e.style, { top: `${100 * y1 / H}%`, left: `${100 * x1 / W}%`, height: `${100 * (y2 - y1) / H}%`, width: `${100 * (x2 - x1) / W}%` })
    const showGrips = list => {
      while (grips.length < list.length) grips.push(grip(grips.length))
      grips.splice(list.length).forEach(o => { o.b.remove(); o.corner.remove() })
      list.forEach((box, i) => {
        const { b, corner } = grips[i], [cy, cx] = s.centers[i]
        position(b, box)
        corner.style.top = `${100 * box[2] / H}%`
        corner.style.left = `${100 * box[3] / W}%`
        b.setAttribute('aria-label', `${two ? 'Box' : `Hole ${i + 1}`}: center at row ${cy}, column ${cx}, side ${s.length}. Arrow keys move it, plus and minus change its size`)
      })
    }
    if (!up) canvas.onclick = e => to(...at(e))

    const update = () => {
      const list = up ? [] : boxes(), inside = covered(list, size)
      const lam = up ? s.lam : two ? 1 - inside / all : 1, [a, b] = pick.map(i => data?.[i]), tensor = o => `[${o.join(', ')}]`
      if (data) {
        if (up) blend(out.data, a, b, lam)
        else { out.data.set(a); fill(out.data, W, list, two ? b : null, colors[s.fill]?.[1]) }
        g.putImageData(out, 0, 0)
      }
      const [nameA, nameB] = pick.map(i => names[i])
      shares[0].textContent = `λ = ${lam.toFixed(up ? 2 : 3)}`
      shares[1].textContent = `1 − λ = ${(1 - lam).toFixed(up ? 2 : 3)}`
      showBars(lam)
      for (const o of [...sliders, ...place]) o.show()
      if (two) { alpha.show(); curve(up || !drawn.length ? lam : s.lam) }
      if (up) {
        facts.textContent = `${Math.round(100 * lam)}% ${nameA}, ${100 - Math.round(100 * lam)}% ${nameB}: in every pixel, and in the label.`
        code.textContent = `mixed = mixup(x, perm, lam=${+lam.toFixed(4)})\nsoft = soft_targets(y, y[perm], ${+lam.toFixed(4)}, num_classes=${names.length})`
      } else if (two) {
        const [y1, x1, y2, x2] = list[0], full = Math.max(0, 1 - s.length ** 2 / all), clipped = inside < s.length ** 2
        facts.textContent = `${y2 - y1} × ${x2 - x1} = ${count(inside)} of ${count(all)} pixels come from ${nameB}: λ = ${lam.toFixed(3)}.` + (clipped ? ` The border cuts the box; whole, it would leave ${full.toFixed(3)}.` : '')
        code.textContent = `box = torch.tensor(${tensor(list[0])})\nmixed = cutmix(x, perm, box)\nlam = box_lam(box, (${H}, ${W}))  # ${lam.toFixed(4)}`
        position(marks[1], list[0])
        marks[1].hidden = !inside
      } else {
        facts.textContent = `${count(inside)} of ${count(all)} pixels are hidden. The label stays ${nameA}.`
        code.textContent = `box = torch.tensor([[${list.map(tensor).join(', ')}]])\nmixed = cutout(${s.fill === 'mean' ? 'normalize(x), box' : `x, box, value=${+(s.fill === 'white')}.`})`
      }
      canvas.setAttribute('aria-label', two ? `${nameA} mixed with ${nameB}` : `${nameA} with ${s.centers.length} of its squares hidden`)
      showGrips(list)
      model.set('value', up ? { lam, alpha: s.alpha } : two ? { lam, box: list[0] } : { box: list, fill: s.fill })
      model.save_changes()
    }
    const [first, ...more] = sliders
    el.append(h('div', { class: 'mx-ui ex' }, h('div', { class: 'ex-stage' }, h('div', { class: 'ex-srcs' }, ...sources),
      h('figure', { class: 'ex-out' }, frame, h('figcaption', {}, up ? 'What the model sees' : 'What the model sees: drag the box, or its corner'), ...[first, ...place].map(o => o.box)),
      h('div', { class: 'ex-side' }, h('div', {}, h('p', { class: 'ex-title' }, two ? 'Soft label' : 'Label'), bars, facts), ...more.map(o => o.box), fills, two && svg, two && alpha.box, act)), h('pre', {}, code)))
    update()
    Promise.all(imgs.map(pixels)).then(o => { data = o; update(); el.dataset.ready = '' })
  },
}
