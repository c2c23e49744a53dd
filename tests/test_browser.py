"Widgets in a real browser: mouse, keyboard, storage, themes, paper, no scripts, no network."
import json

import pytest
from browser.explorers import makers
from browser.harness import host, page_of, ui, wide
from browser.questions import all_kinds, colors, evens, guess, small, third, use
from conftest import root
from test_widget import wicked

from mixcourse.teach.bank import bank, find_all
from mixcourse.teach.items import Claim, Fault, Prompt, Question
from mixcourse.teach.questions import Cards, Quiz, cards, myth, predict, quiz, repair
from mixcourse.teach.widget import script

# grading

def test_the_page_grades_by_the_same_table(site):
    table = json.loads((root/'tests/cases/grading.json').read_text(encoding='utf-8'))
    page = site.open(page='<title>t</title><script type="module">'+script('quiz').removesuffix('mx.start()')+'window.grade = mx.grade</script>', wait=False)
    page.wait_for_function('typeof grade === "function"')
    got = page.evaluate('''({questions, cases}) => cases.map(([name, answer]) => grade(questions[name], answer))''', table)
    assert [(c[0], c[1], o['right'], o['why']) for c, o in zip(table['cases'], got)] == [tuple(c) for c in table['cases']]


# quiz

def test_single_choice(site):
    q = ui(site.open(small['c']), 'quiz')
    q.get_by_role('button', name='Check').click()
    assert q.get_by_text('Choose first.').is_visible()
    q.get_by_label('seven').check()
    q.get_by_role('button', name='Check').click()
    assert q.get_by_text('A number.').is_visible() and q.get_by_text('Not yet.').is_visible()
    assert q.get_by_text('As the sky.').count() == 0  # a wrong answer does not give the right one away
    q.get_by_role('button', name='Explain all').click()
    assert q.get_by_text('As the sky.').is_visible() and q.get_by_text('A sound.').is_visible()
    q.get_by_role('button', name='Try again').click()
    assert q.get_by_text('A number.').count() == 0 and not q.get_by_label('seven').is_checked()
    q.get_by_label('blue').check()
    q.get_by_role('button', name='Check').click()
    for o in ('A number.', 'As the sky.', 'A sound.', '1 of 1 right on this page'): assert q.get_by_text(o).is_visible()


def test_another_choice_takes_the_answer_back(site):
    q = ui(site.open(small['c']), 'quiz')
    q.get_by_label('blue').check()
    q.get_by_role('button', name='Check').click()
    q.get_by_label('loud').check()
    assert q.get_by_text('0 of 1 right').is_visible() and q.get_by_label('loud').is_checked() and q.get_by_text('As the sky.').count() == 0


def test_multiple_choice(site):
    q = ui(site.open(small['e']), 'quiz')
    q.get_by_label('two').check()
    q.get_by_role('button', name='Check').click()
    assert q.get_by_text('Not yet: 1 more to find.').is_visible() and q.get_by_text('Twice 2.').count() == 0
    q.get_by_label('four').check()
    q.get_by_role('button', name='Check').click()
    assert q.get_by_text('1 of 1 right').is_visible() and q.get_by_text('Leaves 1.').is_visible()


def test_number(site):
    q = ui(site.open(small['n']), 'quiz')
    q.get_by_role('textbox').fill('one')
    q.get_by_role('button', name='Check').click()
    assert q.get_by_text('Write a number').is_visible()
    q.get_by_role('textbox').fill('4')
    q.get_by_role('button', name='Check').click()
    assert q.get_by_text('Not that number.').is_visible() and q.get_by_text('Three thirds.').count() == 0
    q.get_by_role('textbox').fill('3/3')
    q.get_by_role('textbox').press('Enter')
    assert q.get_by_text('Three thirds.').is_visible() and q.get_by_text('1 of 1 right').is_visible()


def test_a_question_does_not_clear_its_neighbor(site):
    q = ui(site.open(Quiz({'t.color': colors, 't.evens': evens})), 'quiz')
    q.get_by_label('two').check()
    q.get_by_label('seven').check()
    q.get_by_role('button', name='Check').first.click()
    q.get_by_role('button', name='Try again').click()
    assert q.get_by_label('two').is_checked()


# storage

def test_answers_survive_a_reload_until_they_are_reset(site):
    page = site.open(small['c'], small['n'])
    ui(page, 'quiz').get_by_label('blue').check()
    ui(page, 'quiz').get_by_role('button', name='Check').click()
    ui(page, 'quiz', 1).get_by_role('textbox').fill('7')
    ui(page, 'quiz', 1).get_by_role('button', name='Check').click()
    page.reload()
    assert ui(page, 'quiz').get_by_label('blue').is_checked() and ui(page, 'quiz').get_by_text('As the sky.').is_visible()
    assert ui(page, 'quiz', 1).get_by_role('textbox').input_value() == '7' and ui(page, 'quiz', 1).get_by_text('1 of 2 right').is_visible()
    ui(page, 'quiz', 1).get_by_role('button', name='Start this page over').click()
    assert page.get_by_text('0 of 2 right').count() == 2 and not ui(page, 'quiz').get_by_label('blue').is_checked()
    page.reload()
    page.wait_for_selector('.mx[data-on]')
    assert page.get_by_text('0 of 2 right').count() == 2 and ui(page, 'quiz', 1).get_by_role('textbox').input_value() == ''


def test_reset_is_for_this_page_only(site):
    ctx = site.context({'/a': page_of(small['c']), '/b': page_of(small['n'])})
    page = site.watch(ctx.new_page())
    page.goto(host+'/a')
    ui(page, 'quiz').get_by_label('blue').check()
    ui(page, 'quiz').get_by_role('button', name='Check').click()
    page.goto(host+'/b')
    ui(page, 'quiz').get_by_role('textbox').fill('1')
    ui(page, 'quiz').get_by_role('textbox').press('Enter')
    ui(page, 'quiz').get_by_role('button', name='Start this page over').click()
    page.goto(host+'/a')
    assert ui(page, 'quiz').get_by_label('blue').is_checked()


def test_damaged_storage_is_as_good_as_none(site):
    page = site.open(small['c'], cards('why'), guess)
    for bad in ('{', '"x"', 'null', '[1]', '{"t.color": "one", "t.guess": 77, "why.noise": {}}', '{"why.purpose": "x", "t.color": [1]}'):
        page.evaluate('bad => { for (const o of ["quiz", "cards", "predict"]) localStorage.setItem(`mixcourse:${o}`, bad) }', bad)
        page.reload()
        page.wait_for_selector('.mx[data-kind=predict][data-on]')
        assert page.locator('.mx[data-on]').count() == 3


def test_sandboxed_frame_without_storage(site):
    inner = page_of(small['c'], guess).replace('&', '&amp;').replace('"', '&quot;')
    page = site.open(page=f'<title>t</title><iframe title="o" sandbox="allow-scripts" srcdoc="{inner}" width=900 height=900></iframe>', wait=False)
    f = page.frame_locator('iframe')
    q = f.locator('.mx[data-kind=quiz] > .mx-ui')
    q.get_by_label('blue').check()
    q.get_by_label('blue').press('Enter')
    assert q.get_by_text('1 of 1 right').is_visible()
    q.get_by_role('button', name='Start this page over').click()
    assert q.get_by_text('0 of 1 right').is_visible()


# keyboard

thief = '''<script>window.stolen = []
for (const o of [document, window]) for (const c of [true, false])
  o.addEventListener('keydown', e => { stolen.push(e.key); if (e.key.length === 1 || e.key.startsWith('Arrow')) e.preventDefault() }, c && o === document)</script>'''


def test_quiz_by_keyboard_where_the_page_takes_keys(site):
    page = site.open(page=page_of(small['c'], small['n'], head=thief))
    page.keyboard.press('Tab')
    for _ in range(4):  # options stand in an order of the reader's
        page.keyboard.press('ArrowDown')
        if ui(page, 'quiz').get_by_label('blue').is_checked(): break
    page.keyboard.press('Enter')
    q, n = ui(page, 'quiz'), ui(page, 'quiz', 1)
    assert q.get_by_text('As the sky.').is_visible()
    page.keyboard.press('Tab')  # hint
    page.keyboard.press('Enter')
    assert q.get_by_text('Look up.').is_visible()
    page.keyboard.press('Tab')  # try again
    page.keyboard.press('Space')
    assert q.get_by_text('As the sky.').count() == 0
    n.get_by_role('textbox').focus()
    page.keyboard.type('1b')
    page.keyboard.press('Backspace')
    page.keyboard.press('Enter')
    assert n.get_by_text('Three thirds.').is_visible()
    assert page.evaluate('stolen.filter(k => k !== "Tab" || 0).length') == 0
    for key in ('Escape', 'Shift+Enter', 'Control+m'): page.keyboard.press(key)
    assert {'Escape', 'Enter', 'm'} <= set(page.evaluate('stolen'))


def test_the_thief_steals_without_the_guard(site):
    page = site.open(page=page_of(small['n'], head=thief).replace('event.stopPropagation()', ''))
    ui(page, 'quiz').get_by_role('textbox').focus()
    page.keyboard.type('1')
    assert page.evaluate('stolen') and ui(page, 'quiz').get_by_role('textbox').input_value() == ''


def test_everything_else_by_keyboard(site):
    page = site.open(guess, myth('alpha.constant'), cards('mixup'), repair('mixup.labels'))

    def focus(): return page.evaluate('document.activeElement.textContent || document.activeElement.type')
    page.keyboard.press('Tab')
    page.keyboard.press('Space')
    page.keyboard.press('Enter')
    assert ui(page, 'predict').get_by_text('It stands on its edge.').is_visible()
    page.keyboard.press('Tab')
    assert focus() == 'Guess again'
    page.keyboard.press('Tab')
    page.keyboard.press('Enter')
    assert page.get_by_text('It is drawn anew').first.is_visible()
    for _ in range(4):
        if focus() == 'Show the answer': break
        page.keyboard.press('Tab')
    page.keyboard.press('Enter')
    assert focus() == 'I knew it'
    deck = len(cards('mixup').items)
    assert ui(page, 'cards').get_by_text(f'{deck} cards to go').is_visible()
    page.keyboard.press('Enter')
    assert focus() == 'Show the answer'
    assert ui(page, 'cards').get_by_text(f'{deck-1} cards to go').is_visible()
    r = ui(page, 'repair')
    r.get_by_role('radio').first.focus()
    for _ in range(2): page.keyboard.press('ArrowDown')
    page.keyboard.press('Enter')
    assert r.get_by_text('Repaired').is_visible()


def test_focus_stays_in_the_quiz(site):
    "Also when the button that was pressed goes away"
    page = site.open(small['c'])
    q = ui(page, 'quiz')
    q.get_by_label('seven').check()
    q.get_by_role('button', name='Check').press('Enter')
    for name, then in (('Explain all', 'Try again'), ('Start this page over', 'Which is a color?')):
        q.get_by_role('button', name=name).press('Enter')
        assert page.evaluate("(document.activeElement.closest('button, .mx-ui fieldset') || document.body).textContent").startswith(then)


def test_a_card_is_read_with_its_button(site):
    c = ui(site.open(Cards({'t.color': colors})), 'cards')
    for name, says in (('Show the answer', 'Which is a color?'), ('I knew it', 'As the sky.')):
        assert says in c.get_by_role('button', name=name).evaluate("o => document.getElementById(o.getAttribute('aria-describedby')).textContent")
        c.get_by_role('button', name=name).click()


# without scripts, on paper

def test_without_scripts(site):
    page = site.open(*all_kinds(), small['n'], java_script_enabled=False)
    assert page.locator('.mx-ui').count() == 0
    body = page.locator('main').inner_text()
    for o in ('What is the target?', '0.7 cat and 0.3 dog', 'what accuracy will a plain run reach', 'is a fixed constant', 'should get a training accuracy of 1.0'): assert o in body
    why = page.get_by_text('Labels are blended with the very').first
    assert not why.is_visible()
    page.locator('details', has=why).locator('summary').first.click()
    assert why.is_visible()


@pytest.mark.parametrize('js', [True, False])
def test_on_paper_answers_are_shown(site, js):
    page = site.open(*all_kinds(), java_script_enabled=js)
    page.emulate_media(media='print')
    for o in ('Labels are blended with the very', 'Compares with the original label only', 'It is drawn anew'): assert page.get_by_text(o).first.is_visible()
    shown = page.evaluate("[...document.querySelectorAll('.mx-fb details > div')].map(o => o.getBoundingClientRect().height)") if js else [1]
    assert min(shown) > 0
    assert page.locator('.mx-ui button:visible').count() == 0
    assert page.evaluate("getComputedStyle(document.querySelector('.mx')).breakInside") == 'auto', 'a quiz is longer than a page: kept whole, it leaves the page before it empty'
    page.emulate_media(media='screen')
    assert page.get_by_text('It is drawn anew').first.is_visible() is False


# text is text

def test_markup_in_a_question_is_text(site):
    page = site.open(*wicked())
    use(page)
    assert page.locator('.mx img').count() == 0 and page.get_by_text('<img src=x onerror=alert(1)>').count() > 10
    assert page.evaluate('window.hit') is None


def test_a_written_guess_is_text(site):
    page = site.open(predict('limits.own'))
    use(page)
    assert ui(page, 'predict').get_by_text('a <b>guess</b>').is_visible()


def test_a_long_word_stays_in_its_box(site):
    page = site.open(predict('limits.own'), viewport=dict(width=390, height=800))
    ui(page, 'predict').get_by_role('textbox').fill('https://'+'x'*300)
    ui(page, 'predict').get_by_role('textbox').press('Enter')
    assert wide(page) <= 0


# cards

def test_cards_move_through_the_boxes(site):
    deck = Cards({'t.color': colors, 't.third': third})
    html = page_of(deck)
    page = site.watch(site.context({'/': html}).new_page())
    page.clock.install(time='2026-01-01T08:00:00')
    page.goto(host)
    c = ui(page, 'cards')

    def boxes(): return [int(o) for o in c.locator('.mx-boxes b').all_inner_texts()]
    assert boxes() == [2, 0, 0, 0, 0] and c.get_by_text('Which is a color?').is_visible() and not c.get_by_text('As the sky.').is_visible()
    c.get_by_role('button', name='Show the answer').click()
    assert c.get_by_text('As the sky.').is_visible()
    c.get_by_role('button', name='I knew it').click()
    assert boxes() == [1, 1, 0, 0, 0]
    for _ in range(2):  # what was not known comes back at once
        assert c.get_by_text('A third of 3?').is_visible()
        c.get_by_role('button', name='Show the answer').click()
        c.get_by_role('button', name='Once more').click()
    c.get_by_role('button', name='Show the answer').click()
    c.get_by_role('button', name='I knew it').click()
    assert boxes() == [0, 2, 0, 0, 0] and c.get_by_text('Done for today').is_visible()
    page.reload()
    assert boxes() == [0, 2, 0, 0, 0] and c.get_by_text('Done for today').is_visible()
    page.clock.set_fixed_time('2026-01-02T09:00:00')
    page.reload()
    assert c.get_by_text('2 cards to go today').is_visible()
    c.get_by_role('button', name='Show the answer').click()
    c.get_by_role('button', name='Once more').click()
    assert boxes() == [1, 1, 0, 0, 0]
    c.get_by_role('button', name='Start over').click()
    assert boxes() == [2, 0, 0, 0, 0]


# repair, myth

def test_repair(site):
    r = ui(site.open(repair('mixup.labels')), 'repair')
    r.get_by_role('radio').nth(1).check()
    r.get_by_role('button', name='Check this line').click()
    assert r.get_by_text('The blend is right').is_visible() and not r.get_by_text('Repaired').is_visible()
    r.get_by_role('button', name='Try again').click()
    r.get_by_role('radio').nth(2).check()
    r.get_by_role('button', name='Check this line').click()
    assert r.get_by_text('The labels stayed').is_visible() and r.locator('mark').inner_text().strip() == bank()['mixup.labels'].fixed[0]
    assert r.locator('.mx-fixed').get_by_text(bank()['mixup.labels'].fixed_output).is_visible()


def test_myth_opens_with_its_run(site):
    page = site.open(myth('alpha.constant'))
    m, o = ui(page, 'myth'), bank()['alpha.constant']
    assert m.get_by_text('is a fixed constant').is_visible() and not m.get_by_text('It is drawn anew').is_visible()
    m.locator('summary').click()
    assert m.get_by_text('It is drawn anew').is_visible() and [t.strip() for t in m.locator('pre').all_inner_texts()] == [o.code, o.output]


# pages made by nbconvert

@pytest.mark.parametrize('scripts_in_outputs', [False, True])
def test_a_notebook_as_a_page(site, scripts_in_outputs):
    from nbconvert import HTMLExporter
    from nbformat import v4
    from mixcourse.teach.pages import with_script
    cells = [v4.new_code_cell('w', outputs=[v4.new_output('execute_result', data={'text/html': o.html(scripts_in_outputs)})]) for o in all_kinds()]
    cells.insert(2, v4.new_code_cell('1+1', outputs=[v4.new_output('stream', text='the next output')]))
    exporter = HTMLExporter(template_name='lab', require_js_url='', mathjax_url='', widget_renderer_url='')
    html, _ = exporter.from_notebook_node(v4.new_notebook(cells=cells))
    page = site.open(page=html if scripts_in_outputs else with_script(html))
    page.wait_for_function("document.querySelectorAll('.mx[data-on]').length === 6")
    assert not page.get_by_text('the next output').is_visible()  # behind predict('why.noise')
    use(page)
    assert page.get_by_text('the next output').is_visible() and ui(page, 'myth').get_by_text('It is drawn anew').is_visible()


# many widgets on a page

def test_each_output_may_bring_its_own_script(site):
    page = site.open(page='<!doctype html><html lang=en><title>t</title><body>'+''.join(o.html() for o in (*all_kinds(), quiz('why.purpose'))))
    page.wait_for_function("document.querySelectorAll('.mx[data-on]').length === 7")
    assert page.locator('.mx > .mx-ui').count() == 7
    use(page)


def test_a_widget_that_fails_leaves_its_fallback(site):
    page = site.open(page=page_of(small['c'], guess).replace('"items": [', '"items": 7, "x": ['), wait=False)
    page.wait_for_selector('.mx[data-kind=predict][data-on]')
    assert page.locator('.mx[data-kind=quiz] > .mx-fb').is_visible()
    assert site.errors
    site.errors.clear()


def test_the_harness_sees_requests_and_errors(site):
    page = site.open(page='<title>t</title><img alt=x src="https://elsewhere.test/x.png"><script>throw Error("x")</script>', wait=False)
    page.wait_for_timeout(100)
    assert site.asked == ['https://elsewhere.test/x.png'] and site.errors
    site.asked.clear()
    site.errors.clear()


def test_two_hundred_widgets_on_a_page(site):
    kinds = {Question: quiz, Prompt: predict, Claim: myth, Fault: repair}
    parts = [make(name) for cls, make in kinds.items() for name in find_all(cls)]
    parts += [makers[name]() for name in list(makers)*9][:200-len(parts)]
    page = site.watch(site.context({'/': page_of(*parts)}).new_page())
    page.goto(host+'/', wait_until='commit')
    page.wait_for_function("document.querySelectorAll('.mx[data-on]').length === 200", timeout=60_000)
    assert len(parts) == 200
    names = page.evaluate("[...document.querySelectorAll('[id]')].map(o => o.id)")
    assert len(set(names)) == len(names)
    last = ui(page, 'quiz', len(find_all(Question))-1)
    last.locator('input').first.check()
    last.get_by_role('button', name='Check').click()
    assert page.locator('.mx-why:not(:empty)').count() in (1, 3), 'of this question alone'
