"Questions with code and pictures, the exam, and progress that leaves the browser as a file."
import json

import pytest
from browser.harness import axe, page_of, small_targets, ui, wide
from conftest import root

from mixcourse.teach.items import Option, Question
from mixcourse.teach.questions import Cards, Quiz
from mixcourse.teach.widget import Widget

dot = 'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='


class Raw(Widget):
    "A widget of any kind with any state"
    def __init__(self, kind, **state):
        super().__init__(**state)
        self.kind = kind


def option(text, right=False, **kwargs): return dict(text=text, why=f'why {text}', right=right, **kwargs)


prints = dict(id='p', kind='single', ask='What does this print?', level=1, code='print(<b>)', keep_order=True,
              options=[option('', code='1\n2'), option('', True, code='<b>'), option('an error')])
which_picture = dict(id='w', kind='single', ask='Which has the label 0.7 cat?', level=3,
                     options=[option('', right=i == 1, picture=dict(src=dot, alt=f'Picture {i}')) for i in range(3)])
which_label = dict(id='l', kind='single', ask='Which label?', picture=dict(src=dot, alt='A mixed picture'),
                   options=[option('cat'), option('cup', True)])
kinds = Raw('quiz', ids=['t.p', 't.w', 't.l'], items=[prints, which_picture, which_label])

chapters = 'why', 'mixup', 'alpha'
exam_items = {f'{c}.{i}': dict(id=f'{i}', kind='single', ask=f'{c} {i}?', options=[option(o, o == 'yes') for o in ('no', 'yes', 'perhaps')])
              for c in chapters for i in range(5)}


def exam(size=6): return Raw('exam', ids=list(exam_items), items=list(exam_items.values()), size=size, enough=2/3,
                             chapters={'why': dict(title='Why mix', href='../chapters/01_why.html')})


# kinds of questions

def test_code_pictures_and_levels_are_shown(site):
    q = ui(site.open(kinds), 'quiz')
    first, second, third = q.locator('fieldset').all()
    assert first.locator('pre').inner_text() == 'print(<b>)'
    assert first.locator('.mx-opt .mx-lines').all_inner_texts() == ['1\n2', '<b>']
    assert first.locator('.mx-level').inner_text() == 'Level 1: recall'
    assert second.locator('.mx-level').inner_text() == 'Level 3: think ahead'
    assert second.locator('.mx-opt img').count() == 3
    assert third.locator('img').get_attribute('alt') == 'A mixed picture'
    assert third.locator('.mx-level').count() == 0


def test_lines_keep_their_order_and_pictures_are_graded(site):
    page = site.open(kinds)
    first, second = ui(page, 'quiz').locator('fieldset').all()[:2]
    first.locator('input').nth(1).check()
    first.get_by_role('button', name='Check').click()
    second.locator('label', has=page.get_by_alt_text('Picture 1')).click()
    assert second.locator('.mx-nth').all_inner_texts() == ['Picture 1', 'Picture 2', 'Picture 3'], 'in the order in which they stand'
    second.get_by_role('button', name='Check').click()
    assert page.get_by_text('2 of 3 right').is_visible()


@pytest.mark.parametrize('scheme', ['light', 'dark'])
def test_new_kinds_are_for_everybody(site, scheme):
    at_rest = dict(color_scheme=scheme, reduced_motion='reduce')  # or colors are read on their way
    page = site.open(kinds, Raw('progress'), viewport=dict(width=390, height=800), **at_rest)

    def is_fine():
        assert axe(page) == []
        assert small_targets(page) == []
        assert wide(page) <= 0
    is_fine()
    for o in ui(page, 'quiz').locator('fieldset').all():
        o.locator('input').first.check()
        o.get_by_role('button', name='Check').click()
    is_fine()


# exam

def answer(page, text):
    e = ui(page, 'exam')
    e.get_by_label(text, exact=True).check()
    e.get_by_role('button', name='Next').or_(e.get_by_role('button', name='See the result')).click()


@pytest.fixture
def sitting(site):
    page = site.open(exam())
    page.get_by_role('button', name='Begin').click()
    return page


def asked(page): return ui(page, 'exam').locator('legend').inner_text().partition('. ')[2]


def sit(page, right):
    "Answer all six; `right`: what to do with a question"
    seen = []
    for _ in range(6):
        seen.append(asked(page))
        answer(page, 'yes' if right(seen[-1]) else 'no')
    return seen


def test_an_exam_explains_nothing_before_its_end(sitting):
    seen = []
    for i in range(6):
        assert ui(sitting, 'exam').get_by_text(f'Question {i+1} of 6').is_visible()
        seen.append(asked(sitting))
        answer(sitting, 'no')
        if i < 5: assert not sitting.get_by_text('why no').is_visible()
    assert {c: sum(o.startswith(c) for o in seen) for c in chapters} == dict.fromkeys(chapters, 2)
    assert sitting.get_by_text('0 of 6 right').is_visible()


def test_the_result_says_what_to_read_again(sitting):
    sit(sitting, lambda q: not q.startswith('why'))
    assert sitting.get_by_text('4 of 6 right').is_visible()
    e = ui(sitting, 'exam')
    assert e.locator('.em-again li').all_inner_texts() == ['Why mix']
    assert e.locator('.em-again a').get_attribute('href') == '../chapters/01_why.html'
    assert [o.replace('\n', ' ') for o in e.locator('.em-chapters b').all_inner_texts()] == ['0 of 2', '2 of 2', '2 of 2']
    solved = e.locator('details').first
    solved.locator('summary').click()
    assert solved.get_by_text('why yes').is_visible()
    assert solved.locator('input').first.is_disabled()


def test_solved_questions_are_of_one_width(site):
    "The site keeps folded code to the column of code: a question that shows code is not meant"
    from mixcourse.teach.exam import exam as final
    look = (root/'nbs/site.css').read_text(encoding='utf-8')
    page = site.open(page=page_of(f'<div class="cell">{final().html(script_too=False)}</div>', head=f'<style>{look}</style>'))
    page.evaluate("localStorage.setItem('mixcourse:exam', JSON.stringify({round: 1, done: 1}))")
    page.reload()
    widths = page.locator('.em-solved').evaluate_all('o => o.map(e => e.getBoundingClientRect().width)')
    assert len(widths) == 30 and max(widths) - min(widths) < 1


def test_python_and_the_page_send_a_reader_to_the_same_chapters(site):
    from mixcourse.teach.bank import twins
    from mixcourse.teach.exam import Exam
    whole = Exam(twins(), size=len(twins()))
    in_order = {c: [k for k in twins() if k.startswith(f'{c}.')] for c in ('why', 'alpha')}
    wrong = {*in_order['why'][:1], *in_order['alpha'][:2]}  # four of five are enough, three are not

    def give(name, q):
        if q.kind == 'number': return '999' if name in wrong else str(q.answer)
        return next(i for i, o in enumerate(q.options) if o.right != (name in wrong))
    value = {k: give(k, q) for k, q in twins().items()}
    page = site.open(whole)
    page.evaluate("o => localStorage.setItem('mixcourse:exam', o)", json.dumps({**value, 'round': 1, 'done': True}))
    page.reload()
    assert ui(page, 'exam').locator('.em-again li').all_inner_texts() == whole.read_again(value) == ['Lambda and alpha']


def test_all_right_needs_no_reading(sitting):
    sit(sitting, lambda q: True)
    assert sitting.get_by_text('no chapter that you need to read again').is_visible()


def test_an_open_question_is_pointed_out_once(sitting):
    e = ui(sitting, 'exam')
    answer(sitting, 'yes')
    for _ in range(4): e.get_by_role('button', name='Next').click()
    e.get_by_role('button', name='See the result').click()
    assert e.get_by_text('5 still open').is_visible()
    e.get_by_role('button', name='To the first open question').click()
    assert e.get_by_text('Question 2 of 6').is_visible()
    for _ in range(4): e.get_by_role('button', name='Next').click()
    for _ in range(2): e.get_by_role('button', name='See the result').click()
    assert e.get_by_text('1 of 6 right').is_visible()


def test_an_exam_goes_on_after_a_reload(sitting):
    first = asked(sitting)
    answer(sitting, 'yes')
    second = asked(sitting)
    sitting.reload()
    assert asked(sitting) == second != first
    ui(sitting, 'exam').get_by_role('button', name='Back').click()
    assert asked(sitting) == first
    assert ui(sitting, 'exam').get_by_label('yes').is_checked()


def test_another_exam_asks_others(sitting):
    seen = sit(sitting, lambda q: True)
    sitting.get_by_role('button', name='Another exam').click()
    assert not set(sit(sitting, lambda q: False)) & set(seen)
    assert sitting.get_by_text('0 of 6 right').is_visible()


def final_exam(page, reader, number):
    "What a reader is asked in the exam of this number: chapter and question"
    kept = {'mixcourse:reader': {'seed': reader}, 'mixcourse:exam': {'round': number, 'done': True}}
    page.evaluate('kept => Object.entries(kept).forEach(([k, v]) => localStorage.setItem(k, JSON.stringify(v)))', kept)
    page.reload()
    return {o.partition('. ')[2] for o in ui(page, 'exam').locator('.em-solved > summary').all_text_contents()}


def test_the_final_exam_repeats_little(site):
    "None of the exam before, and of that of another reader not many more than chance has in common: half of them"
    from mixcourse.teach.exam import exam as final
    page, readers = site.open(final()), range(6)
    firsts = [final_exam(page, o, 1) for o in readers]
    assert [len(o) for o in firsts] == [30]*6
    for reader, first in zip(readers, firsts): assert not first & final_exam(page, reader, 2)
    shared = [len(a & b) for i, a in enumerate(firsts) for b in firsts[:i]]
    assert sum(shared)/len(shared) < 18 and max(shared) < 24
    assert len(firsts[0] & final_exam(page, 0, 3)) < 24


def test_each_exam_of_thirty_asks_each_chapter(site):
    from mixcourse.teach.bank import chapter_of, twins
    from mixcourse.teach.exam import exam as final
    page = site.open(final())
    for number in (1, 2):
        final_exam(page, 3, number)
        counts = [int(o.split(' of ')[1]) for o in ui(page, 'exam').locator('.em-chapters b').all_text_contents()]
        assert len(counts) == len({chapter_of(k) for k in twins()}) and set(counts) == {2, 3}


def test_an_exam_by_keyboard(site):
    page = site.open(exam())
    page.keyboard.press('Tab')
    page.keyboard.press('Enter')
    for i in range(6):
        page.keyboard.press('Tab')
        page.keyboard.press('Space')
        page.keyboard.press('Enter')
    assert page.locator('.em-score').is_visible()


@pytest.mark.parametrize('scheme', ['light', 'dark'])
def test_an_exam_is_for_everybody(site, scheme):
    page = site.open(exam(2), viewport=dict(width=390, height=800), color_scheme=scheme)
    page.get_by_role('button', name='Begin').click()
    assert axe(page) == []
    assert small_targets(page) == []
    answer(page, 'no')
    answer(page, 'no')
    page.evaluate("document.querySelectorAll('.em-solved').forEach(o => { o.open = true })")
    assert axe(page) == []
    assert small_targets(page) == []
    assert wide(page) <= 0


# progress as a file

q = Quiz({'t.a': Question('a', 'single', 'a', options=(Option('no', 'It is not.'), Option('yes', 'It is.', True)))})
deck = Cards({'t.a': q.items['t.a']})


def stored(page, kind): return json.loads(page.evaluate('key => localStorage.getItem(key)', f'mixcourse:{kind}') or '{}')


def load(page, data, name='p.json'):
    text = data if isinstance(data, str) else json.dumps(data)
    page.locator('.mx[data-kind=progress] input[type=file]').set_input_files(dict(name=name, mimeType='application/json', buffer=text.encode()))


def test_progress_goes_from_one_browser_to_another(site):
    page = site.open(q, deck, Raw('progress'))
    ui(page, 'quiz').get_by_label('yes').check()
    ui(page, 'quiz').get_by_role('button', name='Check').click()
    page.get_by_role('button', name='Show the answer').click()
    page.get_by_role('button', name='I knew it').click()
    with page.expect_download() as caught: page.get_by_role('button', name='Save as a file').click()
    text = caught.value.path().read_text()
    other = site.open(q, deck, Raw('progress'))
    load(other, text)
    other.get_by_text('Loaded: 2 answers.').wait_for()
    assert other.get_by_text('1 of 1 right').is_visible()
    assert ui(other, 'cards').locator('.mx-boxes b').all_inner_texts() == ['0', '1', '0', '0', '0']
    assert stored(other, 'reader') == stored(page, 'reader'), 'options stand in the same order'


def test_what_an_exam_notes_for_itself_is_no_answer(site):
    page = site.open(Raw('progress'))
    load(page, dict(mixcourse=1, exam={'round': 1, 'done': True, 'why.claims_twin': '0.1'}))
    page.get_by_text('Loaded: 1 answer.').wait_for()
    assert stored(page, 'exam')['done'] is True


def test_what_is_loaded_is_added(site):
    page = site.open(q, deck, Raw('progress'))
    later = 2_000_000_000_000
    page.evaluate("late => localStorage.setItem('mixcourse:cards', JSON.stringify({'t.a': [3, late], 'o.x': [1, 5]}))", later)
    page.reload()
    load(page, dict(mixcourse=1, quiz={'o.y': 1}, cards={'t.a': [1, 5], 'o.x': [2, 9]}))
    page.get_by_text('Loaded: ').wait_for()
    assert stored(page, 'quiz') == {'o.y': 1}
    assert stored(page, 'cards') == {'t.a': [3, later], 'o.x': [2, 9]}


@pytest.mark.parametrize('text', ['', '{', '[]', 'null', '{"quiz": {"t.a": 1}}', '{"mixcourse": 2, "quiz": {"t.a": 1}}', '"x"'])
def test_another_file_changes_nothing(site, text):
    page = site.open(q, Raw('progress'))
    load(page, text, 'holiday.json')
    page.get_by_text('holiday.json holds no progress of mixcourse. Nothing was changed.').wait_for()
    assert stored(page, 'quiz') == {}


def test_a_file_with_strange_values_breaks_no_page(site):
    page = site.open(q, deck, Raw('progress'))
    load(page, dict(mixcourse=1, quiz={'t.a': {'x': 1}, '__proto__': 3}, cards=[1], predict='x', reader={'seed': 'x'}))
    page.get_by_text('Loaded: ').wait_for()
    page.reload()
    page.wait_for_selector('.mx[data-kind=progress][data-on]')
    assert page.locator('.mx[data-on]').count() == 3
