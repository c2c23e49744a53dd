// Boxes on a picture, moved and sized by pointer or keys.
const { clamp } = mx.kinds.pixels
const arrows = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }
const sizes = { '+': 1, '=': 1, '-': -1, PageUp: 8, PageDown: -8 }

// `boxes`: size, least (the shortest side), centers(), side(), choose(i), move(i, center), resize(side), name(i)
const makeHandles = (frame, canvas, boxes) => {
  const [height, width] = boxes.size
  const moveTo = (i, y, x) =>
    boxes.move(i, [Math.round(clamp(y, 0, height - 1)), Math.round(clamp(x, 0, width - 1))])
  const resizeTo = side => boxes.resize(Math.round(clamp(side, boxes.least, width)))
  const pointAt = event => {
    const rect = canvas.getBoundingClientRect()
    return [(event.clientY - rect.top) / rect.height * height, (event.clientX - rect.left) / rect.width * width]
  }

  const pressKey = (i, event) => {
    const move = arrows[event.key], grow = sizes[event.key], by = event.shiftKey ? 8 : 1
    if (!move && !grow) return
    event.preventDefault()
    boxes.choose(i)
    const [y, x] = boxes.centers()[i]
    if (move) moveTo(i, y + by * move[0], x + by * move[1])
    else resizeTo(boxes.side() + (Math.abs(grow) === 1 ? by * grow : grow))
  }
  // Calls `drag(point, start, center)` while the pointer is down on `target`
  const onDrag = (target, box, i, drag) => {
    let start, center
    target.onpointerdown = event => {
      event.preventDefault()
      box.focus()
      target.setPointerCapture(event.pointerId)
      start = pointAt(event)
      center = boxes.centers()[i]
    }
    target.onpointermove = event => {
      if (target.hasPointerCapture(event.pointerId)) drag(pointAt(event), start, center)
    }
  }
  const makeHandle = i => {
    const corner = mx.h('span', { class: 'ex-corner' })
    const box = mx.h('button', { type: 'button', class: 'ex-box', onfocus: () => boxes.choose(i) })
    box.mxKey = event => pressKey(i, event)
    onDrag(box, box, i, (point, start, center) =>
      moveTo(i, center[0] + point[0] - start[0], center[1] + point[1] - start[1]))
    onDrag(corner, box, i, (point, start, center) =>
      resizeTo(2 * Math.max(Math.abs(point[0] - center[0]), Math.abs(point[1] - center[1]))))
    frame.append(box, corner)
    return { box, corner }
  }

  const handles = []
  const place = ({ box, corner }, i, [y1, x1, y2, x2]) => {
    const [y, x] = boxes.centers()[i]
    position(box, [y1, x1, y2, x2], boxes.size)
    Object.assign(corner.style, { top: `${100 * y2 / height}%`, left: `${100 * x2 / width}%` })
    box.setAttribute('aria-label', `${boxes.name(i)}: center at row ${y}, column ${x}, side ${boxes.side()}. `
      + 'Arrow keys move it, plus and minus change its size')
  }
  const show = list => {
    while (handles.length < list.length) handles.push(makeHandle(handles.length))
    for (const { box, corner } of handles.splice(list.length)) {
      box.remove()
      corner.remove()
    }
    handles.forEach((handle, i) => place(handle, i, list[i]))
  }
  return { show, pointAt, moveTo }
}
const position = (element, [y1, x1, y2, x2], [height, width]) => Object.assign(element.style, {
  top: `${100 * y1 / height}%`, left: `${100 * x1 / width}%`,
  height: `${100 * (y2 - y1) / height}%`, width: `${100 * (x2 - x1) / width}%`,
})
export default { makeHandles, position }
