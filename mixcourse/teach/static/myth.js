// The fallback is the widget: a native disclosure. It only gets its looks.
export default {
  render({ el }) { el.querySelector('.mx-fb').classList.add('mx-ui') },
}
