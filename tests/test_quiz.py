"Questions: grading by the table that the page has to pass as well, and the rules of the bank."
import json

import pytest
from conftest import root

from mixcourse.teach.bank import find, load_chapter
from mixcourse.teach.items import Claim, Fault, Option, Prompt, Question, from_json, grade

table = json.loads((root/'tests/cases/grading.json').read_text(encoding='utf-8'))


@pytest.mark.parametrize('name,answer,right,why', table['cases'], ids=lambda o: json.dumps(o))
def test_grading(name, answer, right, why):
    g = grade(from_json(Question, table['questions'][name]), answer)
    assert (g.right, list(g.why)) == (right, why)


# the rules of the bank: a chapter that is right, and what happens when one thing is wrong

def chapter():
    option, other = dict(text='a', why='w', right=True), dict(text='b', why='w')
    questions = [dict(id='q', kind='single', level=1, ask='?', options=[option, other]),
                 dict(id='n', kind='number', level=2, ask='?', answer=1, tolerance=0, why='w', misses=[dict(answer=2, why='w')]),
                 dict(id='m', kind='multiple', level=3, ask='?', options=[dict(option), dict(other)])]
    return dict(title='T', chapter=1, questions=questions, twins=[dict(questions[1], id='t', of='n')],
                prompts=[dict(id='p', ask='?', options=['a', 'b'], reveal='r')],
                claims=[dict(id='c', claim='c', truth='t', code='print(1)', output='1')],
                faults=[dict(id='f', ask='?', lines=[dict(code='x = 1', why='w', wrong=True), dict(code='print(x)', why='w')], output='1', fixed=['x = 2'],
                             fixed_output='2')])


def load(tmp_path, d):
    path = tmp_path/'mixup.json'
    path.write_text(d if isinstance(d, str) else json.dumps(d), encoding='utf-8')
    return load_chapter(path)


def test_a_good_chapter(tmp_path):
    items = load(tmp_path, chapter())
    assert [type(o) for o in items.values()] == [Question]*4 + [Prompt, Claim, Fault]
    assert list(items) == list('qnmtpcf')


breaks = {
    'no why': (lambda d: d['questions'][0]['options'][1].pop('why'), '`q`: `options[1]`', "must contain ['why']"),
    'empty why': (lambda d: d['questions'][0]['options'][1].update(why=' '), '`q`: `options[1].why`', 'must not be empty'),
    'no right one': (lambda d: d['questions'][0]['options'][0].pop('right'), '`q`: `options`', 'exactly one that is `right`'),
    'two right ones': (lambda d: d['questions'][0]['options'][1].update(right=True), '`q`: `options`', 'exactly one that is `right`'),
    'none of many': (lambda d: d['questions'][2]['options'][0].update(right=False), '`m`: `options`', 'one or more that are `right`'),
    'one option': (lambda d: d['questions'][0]['options'].pop(), '`q`: `options`', 'two or more'),
    'same options': (lambda d: d['questions'][0]['options'][1].update(text='a'), '`q`', '`options` must differ'),
    'no number': (lambda d: d['questions'][1].pop('answer'), '`n`', 'answer'),
    'no tolerance': (lambda d: d['questions'][1].pop('tolerance'), '`n`', 'tolerance'),
    'negative tolerance': (lambda d: d['questions'][1].update(tolerance=-1), '`n`: `tolerance`', 'bigger than or equal to 0'),
    'number with options': (lambda d: d['questions'][1].update(options=[]), '`n`', 'options'),
    'unknown kind': (lambda d: d['questions'][0].update(kind='essay'), '`q`: `kind`', "must be one of ['single', 'multiple', 'number']"),
    'unknown key': (lambda d: d['questions'][0].update(points=3), '`q`', 'points'),
    'same id': (lambda d: d['claims'][0].update(id='q'), '`q`', 'must be unique'),
    'odd id': (lambda d: d['questions'][0].update(id='a b'), '`a b`: `id`', 'lower-case'),
    'no id': (lambda d: d['questions'][0].pop('id'), '`questions[0]`', "must contain"),
    'no title': (lambda d: d.pop('title'), '', "must contain ['title']"),
    'no wrong line': (lambda d: d['faults'][0]['lines'][0].pop('wrong'), '`f`: `lines`', 'exactly one that is `wrong`'),
    'two wrong lines': (lambda d: d['faults'][0]['lines'][1].update(wrong=True), '`f`: `lines`', 'exactly one that is `wrong`'),
    'no level': (lambda d: d['questions'][0].pop('level'), '`q`', 'level'),
    'level 4': (lambda d: d['questions'][0].update(level=4), '`q`: `level`', 'must be one of [1, 2, 3]'),
    'nothing to choose': (lambda d: d['questions'][0]['options'][0].pop('text'), '`q`: `options[0]`', '`text`, a `code` or a `picture`'),
    'unknown misconception': (lambda d: d['questions'][0]['options'][1].update(tag='x'), '`q`', 'misconceptions.json, got `x`'),
    'a twin of nothing': (lambda d: d['twins'][0].update(of='x'), '`t`', 'must be the `id` of a question'),
    'a twin without its like': (lambda d: d['twins'][0].pop('of'), '`t`', 'of'),
    'a question as a twin': (lambda d: d['questions'][0].update(of='n'), '`q`', 'must NOT match'),
    'an unknown photograph': (lambda d: d['questions'][0].update(picture=dict(mix='none', of=['dog'], alt='a')), '`q`: `picture.of[0]`', 'must be one of'),
    'no repair': (lambda d: d['faults'][0].update(fixed=[]), '`f`: `fixed`', 'one line or more'),
    'no output': (lambda d: d['claims'][0].pop('output'), '`c`', 'output'),
}


@pytest.mark.parametrize('name', breaks)
def test_a_broken_chapter_is_refused_by_name(tmp_path, name):
    change, where, rule = breaks[name]
    d = chapter()
    change(d)
    with pytest.raises(ValueError) as e: load(tmp_path, d)
    message = str(e.value).splitlines()[0]
    assert message.startswith('mixup.json: '+where)
    assert rule in message
    assert len(message) < 300


def test_what_is_no_json_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r'mixup\.json: not JSON'): load(tmp_path, '{"title": ')


def test_all_faults_are_reported(tmp_path):
    d = chapter()
    for name in ('no right one', 'none of many', 'same id'): breaks[name][0](d)
    with pytest.raises(ValueError) as e: load(tmp_path, d)
    assert len(str(e.value).splitlines()) == 3


def test_unknown_names_are_refused():
    with pytest.raises(ValueError, match='perhaps `mixup.target`'): find('mixup.tarket')
    with pytest.raises(ValueError, match='must be in the bank'): find('mixup.target', cls=Claim)


def test_options_are_the_fourth_thing_that_one_says_of_a_question():
    "Whoever wrote questions for the first edition named them by position"
    options = Option('no', 'It is not.'), Option('yes', 'It is.', True)
    assert Question('a', 'single', 'Is it?', options).options == options
