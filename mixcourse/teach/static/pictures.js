// after: pixels
// The reader's own pictures: they stay in this page.
const { h, button, uid } = mx, { clamp } = mx.kinds.pixels

const decode = async file => {
  const url = URL.createObjectURL(file), img = new Image()
  try {
    img.src = url
    await img.decode()
    if (!img.naturalWidth || !img.naturalHeight) throw new Error('a picture without a size')
    return img
  } finally { URL.revokeObjectURL(url) }
}
const nameOf = file => (file.name || '').replace(/\.[^.]*$/, '').slice(0, 24) || 'mine'

// `across` and `down` are shares of what the zoom leaves over
const cropOf = (img, [height, width], { zoom, across, down }) => {
  const scale = Math.min(img.naturalWidth / width, img.naturalHeight / height) / zoom
  const w = scale * width, h = scale * height
  return [across * (img.naturalWidth - w), down * (img.naturalHeight - h), w, h]
}
const drawCrop = (canvas, img, size, crop) => {
  const context = canvas.getContext('2d', { willReadFrequently: true })
  // What is clear in a picture is white
  context.fillStyle = '#fff'
  context.fillRect(0, 0, canvas.width, canvas.height)
  context.imageSmoothingQuality = 'high'
  context.drawImage(img, ...cropOf(img, size, crop), 0, 0, canvas.width, canvas.height)
}

const cropSliders = [
  ['Zoom', 'zoom', 1, 5, .05], ['Left to right', 'across', 0, 1, .01], ['Top to bottom', 'down', 0, 1, .01],
]
// `places` are the words on the buttons; `use(place, picture)` gets the part that was chosen
const makeCropper = (size, places, use, done) => {
  const [height, width] = size, crop = { zoom: 1, across: .5, down: .5 }
  let img
  const canvas = h('canvas', { width, height, role: 'img', 'aria-label': 'The part that will be used' })
  const draw = () => drawCrop(canvas, img, size, crop)

  const sliders = cropSliders.map(([label, key, min, max, step]) => {
    const moved = value => {
      crop[key] = value
      draw()
    }
    return { key, ...mx.slider(label, { min, max, step, moved, text: () => '' }) }
  })
  const showSliders = () => sliders.forEach(({ key, show }) => show(crop[key]))

  let from
  canvas.onpointerdown = event => {
    canvas.setPointerCapture(event.pointerId)
    from = { x: event.clientX, y: event.clientY, ...crop }
  }
  canvas.onpointermove = event => {
    if (!canvas.hasPointerCapture(event.pointerId)) return
    const { width: shownWidth, height: shownHeight } = canvas.getBoundingClientRect()
    const [, , w, h] = cropOf(img, size, crop), freeX = img.naturalWidth - w, freeY = img.naturalHeight - h
    if (freeX > 0) crop.across = clamp(from.across - (event.clientX - from.x) / shownWidth * w / freeX, 0, 1)
    if (freeY > 0) crop.down = clamp(from.down - (event.clientY - from.y) / shownHeight * h / freeY, 0, 1)
    showSliders()
    draw()
  }

  const nameId = uid(), name = h('input', { type: 'text', id: nameId, maxlength: 24, autocomplete: 'off' })
  const cancel = () => {
    box.hidden = true
    done()
  }
  const take = place => {
    const pixels = canvas.getContext('2d').getImageData(0, 0, width, height).data
    use(place, { name: name.value.trim() || 'mine', src: canvas.toDataURL(), pixels })
    cancel()
  }
  const takes = places.map((text, place) => button(text, () => take(place)))
  const box = h('div', { class: 'ex-crop', hidden: true, role: 'group', 'aria-label': 'Crop the picture' },
    h('div', { class: 'ex-frame' }, canvas),
    h('div', { class: 'ex-side' }, h('div', { class: 'ex-named' }, h('label', { for: nameId }, 'What is it?'), name),
      sliders.map(({ box: part }) => part), h('div', { class: 'mx-row' }, takes, button('Cancel', cancel))))
  const open = (picture, file, next) => {
    img = picture
    Object.assign(crop, { zoom: 1, across: .5, down: .5 })
    name.value = nameOf(file)
    takes.forEach((take, place) => take.classList.toggle('mx-main', place === next))
    showSliders()
    // Where pixels cannot be read again, this throws before the panel opens
    draw()
    canvas.getContext('2d').getImageData(0, 0, 1, 1)
    box.hidden = false
    name.focus()
  }
  return { box, open }
}

const ownPictures = (el, size, places, use) => {
  let waiting = [], next = 0, isOpen = false
  const status = h('p', { class: 'mx-status', role: 'status' })
  const place = (at, picture) => {
    next = (at + 1) % places.length
    status.textContent = `${picture.name} is in the mix.`
    use(at, picture)
  }
  const openNext = async () => {
    const file = waiting.shift()
    isOpen = !!file
    if (!file) return
    try {
      cropper.open(await decode(file), file, next)
      status.textContent = ''
    } catch {
      status.textContent = `${file.name || 'That'} is no picture that this browser can read.`
      openNext()
    }
  }
  const cropper = makeCropper(size, places, place, () => {
    openNext()
    if (!isOpen) choose.focus()
  })
  const add = files => {
    const some = [...files]
    if (!some.length) return
    fold.open = true
    waiting.push(...some)
    if (!isOpen) openNext()
  }

  const pick = ({ target }) => {
    add(target.files)
    target.value = ''
  }
  const picker = ways => h('input', { type: 'file', accept: 'image/*', hidden: true, onchange: pick, ...ways })
  const fromFiles = picker({ multiple: true }), fromCamera = picker({ capture: 'environment' })
  const choose = button('Choose pictures', () => fromFiles.click())
  const photograph = button('Take a photograph', () => fromCamera.click())
  // Elsewhere a browser passes over `capture`, and asks for a file once more
  photograph.hidden = !matchMedia('(pointer: coarse)').matches
  const fold = h('details', { class: 'ex-own' }, h('summary', {}, 'Mix your own pictures'),
    h('div', { class: 'ex-side' },
      h('p', {}, 'Choose one or two, drop them on this box, or paste them. '
        + 'They stay in this browser: nothing is sent.'),
      h('div', { class: 'mx-row' }, choose, photograph, fromFiles, fromCamera), status, cropper.box))

  const imagesIn = transfer => [...transfer?.files || []].filter(file => file.type.startsWith('image/'))
  const carriesFiles = event => [...event.dataTransfer?.types || []].includes('Files')
  el.addEventListener('dragover', event => { if (carriesFiles(event)) event.preventDefault() })
  el.addEventListener('drop', event => {
    if (!carriesFiles(event)) return
    event.preventDefault()
    add(event.dataTransfer.files)
  })
  // Without a focus, what is pasted is for the widget whose fold is open
  const paste = event => {
    const isMine = el.contains(event.target) || (event.target === document.body && fold.open)
    const images = imagesIn(event.clipboardData)
    if (!isMine || !images.length) return
    event.preventDefault()
    add(images)
  }
  document.addEventListener('paste', paste)
  return { fold, end: () => document.removeEventListener('paste', paste) }
}
export default { ownPictures }
