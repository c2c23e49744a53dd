"Small questions for the tests in a browser, and what shows most of them."
from mixcourse.teach.items import Option, Prompt, Question
from mixcourse.teach.questions import Predict, Quiz, cards, myth, predict, quiz, repair

colors = Question('color', 'single', 'Which is a color?', hint='Look up.', options=(
    Option('seven', 'A number.'), Option('blue', 'As the sky.', True), Option('loud', 'A sound.')))
evens = Question('evens', 'multiple', 'Which are even?', options=(Option('one', 'Leaves 1.'), Option('two', 'Is 2.', True), Option('four', 'Twice 2.', True)))
third = Question('third', 'number', 'A third of 3?', answer=1., tolerance=.01, why='Three thirds.')
small = dict(c=Quiz({'t.color': colors}), e=Quiz({'t.evens': evens}), n=Quiz({'t.third': third}))
guess = Predict('t.guess', Prompt('guess', 'Heads or tails?', ('heads', 'tails'), 'It stands on its edge.'))


def all_kinds():
    return [quiz('mixup'), predict('why.noise'), predict('limits.own'), myth('alpha.constant'), cards('mixup'), repair('learner.hard_metric')]


def use(page):
    "Bring each widget of the page into the state that shows most"
    page.evaluate('''() => {
        const each = (o, f) => document.querySelectorAll(o).forEach(f)
        const press = (o, text) => [...o.querySelectorAll('button')].find(b => b.textContent === text && b.checkVisibility())?.click()
        each('.mx[data-kind=quiz] fieldset', o => {
            const i = o.querySelector('input')
            if (i.type === 'text') i.value = '99'; else i.checked = true
            press(o, 'Check'); press(o, 'Explain all') })
        each('.mx[data-kind=predict] > .mx-ui', o => {
            const i = o.querySelector('input')
            if (i.type === 'text') i.value = 'a <b>guess</b>'; else i.checked = true
            press(o, 'Commit to it') })
        each('.mx-myth, .mx-hint', o => { o.open = true })
        each('.mx[data-kind=cards] > .mx-ui', o => press(o, 'Show the answer'))
        each('.mx[data-kind=repair]', o => { for (const i of o.querySelectorAll('input')) {
            if (o.querySelector('.mx-fixed').checkVisibility()) break
            press(o, 'Try again'); i.checked = true; press(o, 'Check this line') } }) }''')
