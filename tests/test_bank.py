"What stands in the bank: nothing gives the answer away, every option says why, code prints what it says."
import ast, contextlib, io, json, re
from collections import Counter

import pytest
from conftest import root

from mixcourse.teach.bank import bank, bank_path, chapter_titles, find, find_all, misconceptions, twins
from mixcourse.teach.exam import exam
from mixcourse.teach.images import mix_examples
from mixcourse.teach.items import Claim, Fault, Prompt, Question, from_json, to_json

chapters = [bank_path/f'{name}.json' for name in chapter_titles()]
questions = {**find_all(Question), **twins()}
choices = {k: q for k, q in questions.items() if q.kind == 'single' and all(o.text for o in q.options)}


def run(code):
    out = io.StringIO()
    with contextlib.redirect_stdout(out): exec(code, {})
    return out.getvalue().rstrip('\n')


@pytest.mark.parametrize('name', chapter_titles())
def test_chapter_has_ten_questions(name): assert len(find(name)) >= 9


def test_chapters_are_in_the_order_of_the_course():
    lessons = [p.stem.partition('_')[2] for p in sorted((root/'nbs/chapters').glob('*.ipynb'))]
    assert list(chapter_titles()) == lessons[:12]


def test_nothing_is_lost_on_the_way():
    for o in bank().values(): assert from_json(type(o), json.loads(json.dumps(to_json(o)))) == o
    lists = 'questions', 'twins', 'prompts', 'claims', 'faults'
    held = [o for p in chapters for k in lists for o in json.loads(p.read_text(encoding='utf-8')).get(k, [])]
    assert [to_json(o) for o in bank().values()] == held


@pytest.mark.parametrize('path', chapters, ids=lambda p: p.stem)
def test_text_has_no_emphasis(path):
    "Which would show as asterisks: what stands out is `code` and $maths$"
    text = re.sub(r'`[^`]*`|"(?:setup|code|output|fixed_output)": "(?:[^"\\\\]|\\\\.)*"|\$[^$]*\$', '', path.read_text(encoding='utf-8'))
    text = re.sub(r'"fixed": \[.*?\]', '', text, flags=re.S)
    assert re.findall(r'\*[a-zA-Z]+\*|\*\*\w', text) == []


# nothing gives the answer away

def place(q): return next(i for i, o in enumerate(q.options) if o.right)


@pytest.mark.parametrize('n', [3, 4])
def test_the_right_option_has_no_favorite_place(n):
    "In the bank, as a page without scripts shows it; scripts shuffle"
    places = Counter(place(q) for q in choices.values() if len(q.options) == n)
    assert set(places) == set(range(n))
    assert max(places.values()) <= .5*sum(places.values())


def rank(q):
    "Whether the right option is the shortest, the longest, as long as another or neither"
    right = next(len(o.text) for o in q.options if o.right)
    others = [len(o.text) for o in q.options if not o.right]
    if right in others: return 'tied'
    if right < min(others): return 'shortest'
    return 'longest' if right > max(others) else 'between'


@pytest.mark.parametrize('asked', [find_all(Question), twins()], ids=['chapters', 'exam'])
def test_the_length_of_an_option_tells_nothing(asked):
    ranks = Counter(rank(q) for k, q in choices.items() if k in asked and len(q.options) == 3)
    for how in ('shortest', 'longest', 'between'): assert ranks[how] <= .4*sum(ranks.values()), how


reason = re.compile(r'\b(since|because|so that|so)\b|, (as|for) (?!in |with |always)')


def test_a_reason_in_an_option_tells_nothing():
    "Where only wrong options defend themselves, a reader finds the right one without a thought"
    rights = [o.right for q in choices.values() for o in q.options if reason.search(o.text)]
    assert .2 <= sum(rights)/len(rights) <= .55


# what a chapter has named

def technical():
    "Words of the trade: they may not be asked before a chapter used them"
    from mixcourse.teach.terms import read_glossary
    more = ['adversarial', 'variance', 'vicinal', 'logits', 'nats', 'saliency', 'convex', 'ensemble', 'momentum', 'gradient']
    return [*read_glossary(root/'nbs/glossary.ipynb'), *more]


def pattern(term): return re.compile(r'\b' + term.replace('over', 'over-?').replace('-', '[- ]?') + '(?![a-z])', re.I)


def prose(path): return '\n'.join(''.join(c['source']) for c in json.loads(path.read_text(encoding='utf-8'))['cells'])


def told(q): return ' '.join([q.ask, *(o if isinstance(o, str) else o.text for o in q.options)])


def test_a_guess_among_options_is_answered_by_the_output_below():
    "An answer of its own unlocks nothing: the output would be seen before the guess"
    assert [k for k, p in find_all(Prompt).items() if p.options and p.reveal] == []


@pytest.mark.slow
def test_a_term_is_not_asked_before_a_chapter_uses_it():
    lessons, asked = sorted((root/'nbs/chapters').glob('*.ipynb'))[:12], {**questions, **find_all(Prompt)}
    read, early = '', []
    for path, chapter in zip(lessons, chapter_titles()):
        read += prose(path)
        new = [pattern(t) for t in technical() if not pattern(t).search(read)]
        early += [(k, t.pattern) for k, q in asked.items() if k.startswith(f'{chapter}.') for t in new if t.search(told(q))]
    assert early == []


def test_ranks_are_seen():
    def q(*texts): return from_json(Question, dict(id='q', kind='single', ask='?', options=[dict(text=texts[0], right=True), *(dict(text=t) for t in texts[1:])]))
    assert [rank(q(*o)) for o in (('a', 'bb', 'ccc'), ('bb', 'a', 'ccc'), ('ccc', 'a', 'bb'), ('bb', 'aa', 'c'))] == ['shortest', 'between', 'longest', 'tied']


# what an option says

def explanations():
    for name, q in questions.items():
        yield from ((name, o.why) for o in (*q.options, *q.misses))
        if q.kind == 'number': yield name, q.why


def test_explanations_are_sentences():
    assert [(k, why) for k, why in explanations() if len(why.split()) < 5] == []


def test_each_wrong_answer_names_a_misconception():
    wrong = [(k, o) for k, q in questions.items() for o in (*(o for o in q.options if not o.right), *q.misses)]
    assert [(k, o) for k, o in wrong if o.tag not in misconceptions()] == []


def test_no_right_option_is_a_misconception():
    assert [k for k, q in questions.items() for o in q.options if o.right and o.tag] == []


def test_each_misconception_is_behind_some_answer():
    tags = {o.tag for q in questions.values() for o in (*q.options, *q.misses)}
    assert misconceptions().keys() - tags == set()


def test_each_question_has_a_level():
    levels = Counter(q.level for q in questions.values())
    assert set(levels) == {1, 2, 3}
    assert min(levels.values()) >= 20


# code and pictures

def prints(): return [k for k, q in questions.items() if q.code]


@pytest.mark.parametrize('name', prints())
def test_code_prints_the_right_option(name):
    q = questions[name]
    assert [run(q.code)] == [o.code for o in q.options if o.right]


def test_each_chapter_asks_what_code_prints():
    assert {k.partition('.')[0] for k in prints()} == set(chapter_titles())


lines = [k for k, q in questions.items() if q.keep_order]


@pytest.mark.parametrize('name', lines)
def test_lines_to_choose_from_are_python(name):
    code = '\n'.join(o.code for o in questions[name].options)
    ast.parse(code)


def test_some_questions_are_about_a_line(): assert len(lines) >= 4


pictured = {k: [p for p in (q.picture, *(o.picture for o in q.options)) if p] for k, q in questions.items()}


def test_chapters_and_the_exam_show_pictures():
    "Both to label one and to choose one by its label"
    for asked in find_all(Question), twins():
        assert any(q.picture for q in asked.values())
        assert any(o.picture for q in asked.values() for o in q.options)
    assert sum(map(bool, pictured.values())) >= 8


@pytest.mark.parametrize('name', [k for k, pics in pictured.items() if pics])
def test_pictures_are_mixes(name):
    pixels = [mix_examples(p) for p in pictured[name]]
    assert {p.shape for p in pixels} == {(96, 96, 3)}
    assert len({p.tobytes() for p in pixels}) == len(pixels)


def test_pictures_are_described_without_their_label():
    told = [p.alt for pics in pictured.values() for p in pics if re.search(r'\d|percent|share|label', p.alt)]
    assert told == []


@pytest.mark.parametrize('name', find_all(Claim))
def test_myth_prints_what_it_says(name):
    o = bank()[name]
    assert run(o.code) == o.output


@pytest.mark.parametrize('name', find_all(Fault))
def test_repair_prints_what_it_says(name):
    o = bank()[name]
    before = [o.setup, *(p.code for p in o.lines)]
    after = [o.setup, *(s for p in o.lines for s in (o.fixed if p.wrong else [p.code]))]
    assert run('\n'.join(before)) == o.output
    assert run('\n'.join(after)) == o.fixed_output
    assert o.output != o.fixed_output


def test_repairs_name_tasks_that_exist():
    from mixcourse.teach.exercises import check
    for o in find_all(Fault).values():
        if o.check: assert check(lambda *a: None, o.check).results


# the exam

def test_exam_has_thirty_questions(): assert exam().state['size'] == 30


def test_there_are_twins_for_two_exams(): assert len(twins()) >= 2*exam().state['size']


def test_exam_covers_every_chapter_alike():
    counts = Counter(k.partition('.')[0] for k in twins())
    assert set(counts) == set(chapter_titles())
    assert len(set(counts.values())) == 1


@pytest.mark.parametrize('name', twins())
def test_twin_differs_from_its_like(name):
    chapter, twin = name.partition('.')[0], twins()[name]
    like = find(f'{chapter}.{twin.of}')[f'{chapter}.{twin.of}']
    assert twin.ask != like.ask
    def shown(q): return {repr((o.text, o.code, o.picture)) for o in q.options}
    assert shown(twin) != shown(like) or twin.answer != like.answer
    assert not twin.code or twin.code != like.code


def test_results_go_by_chapter():
    value = {'why.claims_twin': '0.1', 'why.memorize_twin': 'x', 'mixup.target_twin': '0.35'}
    assert exam().results(value) == {'Why mix': (1, 2), 'MixUp by hand': (0, 1)}


def test_read_again_starts_with_the_least_known():
    value = {'why.claims_twin': '0.1', 'why.memorize_twin': 'x', 'mixup.target_twin': '0.35', 'alpha.sd_twin': '0.25'}
    assert exam().read_again(value) == ['MixUp by hand', 'Why mix']


def test_chapters_can_be_read_again_where_the_site_is():
    import yaml
    url = yaml.safe_load((root/'_quarto.yml').read_text(encoding='utf-8'))['website']['site-url']
    assert {o['href'].startswith(url) for o in exam().state['chapters'].values()} == {True}


# used

def used(notebooks):
    "Names that notebooks hand to the widgets' functions, by function"
    sources = [''.join(c['source']) for p in notebooks for c in json.loads(p.read_text(encoding='utf-8'))['cells'] if c['cell_type'] == 'code']
    calls = [(f, name) for s in sources for f, args in re.findall(r'\b(quiz|predict|myth|repair)\(([^)]*)\)', s) for name in re.findall(r'[\'"]([\w.]+)[\'"]', args)]
    return {f: [name for g, name in calls if g == f] for f in ('quiz', 'predict', 'myth', 'repair')}


@pytest.mark.parametrize('f,cls', dict(quiz=Question, predict=Prompt, myth=Claim, repair=Fault).items())
def test_everything_in_the_bank_is_used(f, cls):
    names = used(sorted((root/'nbs/chapters').glob('*.ipynb')))[f]
    assert find_all(cls).keys() - find(*names, cls=cls).keys() == set()
