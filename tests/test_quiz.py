"Questions: grading by the table that the page has to pass as well, the rules of the bank, and what stands in it."
import contextlib, io, json, re

import pytest
from conftest import root

from mixcourse.teach.bank import bank, bank_path, find, load_chapter
from mixcourse.teach.items import Claim, Fault, Prompt, Question, from_json, grade, to_json

table = json.loads((root/'tests/cases/grading.json').read_text(encoding='utf-8'))
chapters = sorted(p for p in bank_path.glob('*.json') if p.stem != 'schema')


@pytest.mark.parametrize('name,answer,right,why', table['cases'], ids=lambda o: json.dumps(o))
def test_grading(name, answer, right, why):
    g = grade(from_json(Question, table['questions'][name]), answer)
    assert (g.right, list(g.why)) == (right, why)


# the rules of the bank: a chapter that is right, and what happens when one thing is wrong

def chapter():
    option, other = dict(text='a', why='w', right=True), dict(text='b', why='w')
    return dict(title='T', questions=[dict(id='q', kind='single', ask='?', options=[option, other]),
                                      dict(id='n', kind='number', ask='?', answer=1, tolerance=0, why='w', misses=[dict(answer=2, why='w')]),
                                      dict(id='m', kind='multiple', ask='?', options=[dict(option), dict(other)])],
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
    assert [type(o) for o in items.values()] == [Question]*3 + [Prompt, Claim, Fault] and list(items) == list('qnmpcf')


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
    assert message.startswith('mixup.json: '+where) and rule in message and len(message) < 300


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


# what stands in the bank

def run(code):
    out = io.StringIO()
    with contextlib.redirect_stdout(out): exec(code, {})
    return out.getvalue().rstrip('\n')


def of(cls): return {k: v for k, v in bank().items() if isinstance(v, cls)}


@pytest.mark.parametrize('path', chapters, ids=lambda p: p.stem)
def test_chapter_has_eight_questions(path):
    assert sum(isinstance(o, Question) for o in load_chapter(path).values()) >= 8


@pytest.mark.parametrize('path', chapters, ids=lambda p: p.stem)
def test_text_has_no_emphasis(path):
    "Which would show as asterisks: what stands out is `code` and $maths$"
    text = re.sub(r'`[^`]*`|"(?:setup|code|output|fixed_output)": "(?:[^"\\\\]|\\\\.)*"|\$[^$]*\$', '', path.read_text(encoding='utf-8'))
    text = re.sub(r'"fixed": \[.*?\]', '', text, flags=re.S)
    assert re.findall(r'\*[a-zA-Z]+\*|\*\*\w', text) == []


def test_nothing_is_lost_on_the_way():
    for o in bank().values(): assert from_json(type(o), json.loads(json.dumps(to_json(o)))) == o
    held = [o for p in chapters for k in ('questions', 'prompts', 'claims', 'faults') for o in json.loads(p.read_text(encoding='utf-8')).get(k, [])]
    assert [to_json(o) for o in bank().values()] == held


def test_the_right_option_has_no_favorite_place():
    places = [next(i for i, p in enumerate(o.options) if p.right) for o in of(Question).values() if o.kind == 'single']
    assert max(places.count(i) for i in range(4)) < .5*len(places)


def test_the_length_of_an_option_tells_nothing():
    single = [o for o in of(Question).values() if o.kind == 'single']
    for extreme in (min, max): assert sum(extreme(o.options, key=lambda p: len(p.text)).right for o in single) < .5*len(single)


@pytest.mark.parametrize('name', of(Claim))
def test_myth_prints_what_it_says(name):
    o = bank()[name]
    assert run(o.code) == o.output


@pytest.mark.parametrize('name', of(Fault))
def test_repair_prints_what_it_says(name):
    o = bank()[name]
    before = [o.setup, *(p.code for p in o.lines)]
    after = [o.setup, *(s for p in o.lines for s in (o.fixed if p.wrong else [p.code]))]
    assert (run('\n'.join(before)), run('\n'.join(after))) == (o.output, o.fixed_output) and o.output != o.fixed_output


def test_repairs_name_tasks_that_exist():
    from mixcourse.teach.exercises import check
    for o in of(Fault).values():
        if o.check: assert check(lambda *a: None, o.check).results


def used(notebooks):
    "Names that notebooks hand to the widgets' functions, by function"
    calls = [(f, s) for p in notebooks for c in json.loads(p.read_text(encoding='utf-8'))['cells'] if c['cell_type'] == 'code'
             for f, args in re.findall(r'\b(quiz|predict|myth|repair)\(([^)]*)\)', ''.join(c['source'])) for s in re.findall(r'[\'"]([\w.]+)[\'"]', args)]
    return {f: [s for g, s in calls if g == f] for f in ('quiz', 'predict', 'myth', 'repair')}


notebooks = sorted((root/'nbs/chapters').glob('*.ipynb'))


def test_everything_in_the_bank_is_used():
    names = used(notebooks)
    shown = set()
    for f, cls in dict(quiz=Question, predict=Prompt, myth=Claim, repair=Fault).items(): shown |= set(find(*names[f], cls=cls))
    assert set(bank()) - shown == set()
