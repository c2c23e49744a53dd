// Mixing as mixcourse.mixing does it. A picture is RGBA, row by row; a box y1, x1, y2, x2; a size [height, width].
const blend = (out, first, second, lam) => {
  for (let i = 0; i < out.length; i++) out[i] = i % 4 === 3 ? 255 : lam * first[i] + (1 - lam) * second[i]
}
const fillPixel = (out, i, source, color) => {
  for (let channel = 0; channel < 3; channel++) out[i + channel] = source ? source[i + channel] : color[channel]
}
const fill = (out, width, boxes, source, color) => {
  for (const [y1, x1, y2, x2] of boxes) {
    for (let y = y1; y < y2; y++) for (let x = x1; x < x2; x++) fillPixel(out, 4 * (y * width + x), source, color)
  }
}
const clamp = (value, low, high) => Math.min(Math.max(value, low), high)
// A box of that side around a pixel, clipped at the border
const boxAround = ([centerY, centerX], side, [height, width]) => {
  const top = centerY - (side >> 1), left = centerX - (side >> 1)
  return [clamp(top, 0, height), clamp(left, 0, width), clamp(top + side, 0, height), clamp(left + side, 0, width)]
}
const covered = (boxes, [height, width]) => {
  const mask = new Uint8Array(4 * height * width)
  fill(mask, width, boxes, null, [1, 0, 0])
  return mask.reduce((sum, inside) => sum + inside)
}
const read = async src => {
  const copy = new Image()
  copy.src = src
  await copy.decode()
  const canvas = mx.h('canvas', { width: copy.naturalWidth, height: copy.naturalHeight })
  const context = canvas.getContext('2d', { willReadFrequently: true })
  context.drawImage(copy, 0, 0)
  return context.getImageData(0, 0, canvas.width, canvas.height).data
}
export default { blend, fill, clamp, boxAround, covered, read }
