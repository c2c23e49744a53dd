"The bank for other programs: each file is read by what reads such files, and nothing of a question is lost."
import csv, html, io, json, re, sqlite3, subprocess, sys, zipfile
from xml.etree import ElementTree

import pytest
from conftest import root

from mixcourse.teach.bank import chapter_titles, find, misconceptions
from mixcourse.teach.export import all_questions, export_bank, formats, to_anki, to_csv, to_gift, to_moodle, write_whole
from mixcourse.teach.items import Option, Question

questions = all_questions()
evil = '<b>&"~={}#:\\ ` $'
odd = Question('odd', 'single', evil, level=1, options=(Option(evil, evil, True), Option('b', 'b', tag='slip')))
tricky = {'mixup.odd': odd, **find('mixup.pixel', 'mixup.blended', 'cutmix.which_picture', 'cutmix.prints_lam', 'mixup.loss')}


def test_all_questions_go_along_in_the_order_of_the_course():
    assert len(questions) >= 160
    chapters = [k.partition('.')[0] for k in questions]
    assert list(dict.fromkeys(chapters)) == list(chapter_titles())


# Moodle

allowed = {100, 90, 83.33333, 80, 75, 70, 66.66667, 60, 50, 40, 33.33333, 30, 25, 20, 16.66667, 14.28571, 12.5, 11.11111, 10, 5, 0}


@pytest.fixture(scope='module')
def moodle(): return ElementTree.fromstring(to_moodle(questions)).findall('question')


def test_moodle_has_a_category_for_each_chapter(moodle):
    names = [q.findtext('category/text') for q in moodle if q.get('type') == 'category']
    assert names == [f'$course$/mixcourse/{title}' for title in chapter_titles().values()]


def test_moodle_has_every_question(moodle):
    assert [q.findtext('name/text') for q in moodle if q.get('type') != 'category'] == list(questions)


def test_moodle_marks_are_those_that_moodle_knows(moodle):
    marks = [float(a.get('fraction')) for q in moodle for a in q.findall('answer')]
    assert {abs(o) for o in marks} <= allowed


def test_moodle_right_answers_make_a_whole(moodle):
    for q in moodle:
        marks = [float(a.get('fraction')) for a in q.findall('answer')]
        if marks: assert sum(o for o in marks if o > 0) == pytest.approx(100, abs=1e-3), q.findtext('name/text')


def test_moodle_answers_say_why(moodle):
    for q in moodle:
        for a in q.findall('answer'): assert a.findtext('feedback/text'), q.findtext('name/text')


def test_moodle_right_options_are_the_right_ones(moodle):
    for q in moodle:
        item = questions.get(q.findtext('name/text'))
        if item and item.options: assert [float(a.get('fraction')) > 0 for a in q.findall('answer')] == [o.right for o in item.options]


def test_moodle_numbers_have_a_tolerance(moodle):
    numeric = [q for q in moodle if q.get('type') == 'numerical']
    assert len(numeric) >= 10
    for q in numeric:
        item = questions[q.findtext('name/text')]
        right = next(a for a in q.findall('answer') if a.get('fraction') == '100')
        assert float(right.findtext('text')) == item.answer
        assert float(right.findtext('tolerance')) == item.tolerance


def test_moodle_text_is_html_that_shows_text():
    q = ElementTree.fromstring(to_moodle({'mixup.odd': odd})).findall('question')[1]
    inner = ElementTree.fromstring(q.findtext('questiontext/text'))
    assert ''.join(inner.itertext()) == evil


# GIFT, read by its rules: https://docs.moodle.org/en/GIFT_format

def unescaped(text): return re.sub(r'\\(.)', lambda m: '\n' if m[1] == 'n' else m[1], text)
def parts(text, sign): return re.split(rf'(?<!\\)(?:\\\\)*{sign}', text)


def read_gift(data):
    "Questions by name: (text, numeric, [(sign, percent, answer, feedback)])"
    found = {}
    for block in re.split(r'\n\n+', data.decode().strip()):
        if block.startswith('$CATEGORY: '): continue
        m = re.fullmatch(r'::((?:\\.|[^\\:])+)::\[html\]((?:\\.|[^\\{}])*)\{(#?)\n(.*)\n\}', block, re.S)
        assert m, block
        answers = []
        for line in m[4].split('\n'):
            a = re.fullmatch(r'  ([=~])(?:%(-?[\d.]+)%)?((?:\\.|[^\\#~={}])*)#((?:\\.|[^\\#~={}])*)', line)
            assert a, line
            answers.append((a[1], a[2], unescaped(a[3]) if not m[3] else a[3], unescaped(a[4])))
        found[unescaped(m[1])] = unescaped(m[2]), bool(m[3]), answers
    return found


def test_gift_has_every_question(): assert list(read_gift(to_gift(questions))) == list(questions)


def test_gift_signs_say_what_is_right():
    for name, (_, numeric, answers) in read_gift(to_gift(questions)).items():
        item = questions[name]
        if item.kind == 'single': assert [sign == '=' for sign, *_ in answers] == [o.right for o in item.options]
        if item.kind == 'multiple': assert [float(p) > 0 for _, p, *_ in answers] == [o.right for o in item.options]
        assert numeric == (item.kind == 'number')


def test_gift_numbers_come_with_tolerance_and_misses():
    answers = read_gift(to_gift(find('mixup.pixel')))['mixup.pixel'][2]
    assert [a for _, _, a, _ in answers] == ['0.35:0.005', '0.65:0.005', '0.5:0.005']
    assert [p for _, p, *_ in answers] == [None, '0', '0']


def test_gift_escapes_its_own_signs():
    text, _, answers = read_gift(to_gift(tricky))['mixup.odd']
    assert ''.join(ElementTree.fromstring(text).itertext()) == evil
    assert ''.join(ElementTree.fromstring(f'<p>{answers[0][2]}</p>').itertext()) == evil


def test_gift_explanations_keep_their_equals_signs():
    "Written as HTML has it, since a reader may take it for the next answer"
    why = read_gift(to_gift(find('mixup.pixel')))['mixup.pixel'][2][0][3]
    assert '=' not in why and html.unescape(why).endswith('0.15 + 0.20 = 0.35.')


# by readers of others: two packages that know nothing of this one

@pytest.fixture(scope='module')
def theirs():
    "Questions as pygiftparserrgmf reads them, by name"
    parser = pytest.importorskip('pygiftparser.parser')
    return {o.name: o for o in parser.parse(to_gift(questions).decode()).questions}


def test_another_reader_finds_every_question_of_the_gift(theirs):
    assert list(theirs) == list(questions)
    assert [o.category for o in theirs.values()] == [f"mixcourse/{chapter_titles()[k.partition('.')[0]]}" for k in questions]


def test_another_reader_of_gift_sees_what_is_right(theirs):
    for name, o in theirs.items():
        item, options = questions[name], o.answer.options
        if item.kind == 'single': assert [p.prefix == '=' for p in options] == [p.right for p in item.options], name
        if item.kind == 'multiple': assert ['%-' not in p.raw_text for p in options] == [p.right for p in item.options], name
        if item.kind == 'number':
            assert [p.text for p in options] == [f'{n:g}:{item.tolerance:g}' for n in (item.answer, *(p.answer for p in item.misses))], name
            assert [p.percentage for p in options] == [1, *(0 for _ in item.misses)], name


def test_another_reader_of_gift_gets_an_explanation_for_each_answer(theirs):
    assert [name for name, o in theirs.items() for p in o.answer.options if not p.feedback] == []


def test_another_reader_of_moodle_sees_what_is_right():
    "It knows choices, and leaves numbers alone"
    parse = pytest.importorskip('moodle_xml_parser.parser').parse_bytes
    found = {o.name: o for o in parse(to_moodle(questions))['multichoice']}
    assert list(found) == [k for k, q in questions.items() if q.kind != 'number']
    for name, o in found.items():
        item = questions[name]
        assert (o.single, o.shuffle_answers) == (item.kind == 'single', not item.keep_order)
        assert [p.score_fraction > 0 for p in o.options] == [p.right for p in item.options]
        assert all(p.feedback for p in o.options)


# Anki

@pytest.fixture(scope='module')
def anki(tmp_path_factory):
    pytest.importorskip('genanki')
    folder = tmp_path_factory.mktemp('anki')
    with zipfile.ZipFile(io.BytesIO(to_anki(questions))) as package: package.extract('collection.anki2', folder)
    return sqlite3.connect(folder/'collection.anki2')


def test_anki_has_a_note_and_a_card_for_each_question(anki):
    notes = [fields.split('\x1f') for fields, in anki.execute('select flds from notes')]
    assert sorted(o[0] for o in notes) == sorted(questions)
    assert anki.execute('select count(*) from cards').fetchone() == (len(questions),)
    assert all(front and back for _, front, back in notes)


def test_anki_has_a_deck_for_each_chapter(anki):
    decks = json.loads(anki.execute('select decks from col').fetchone()[0])
    names = sorted(o['name'] for o in decks.values() if o['name'].startswith('mixcourse::'))
    assert names == [f'mixcourse::{i:02} {title}' for i, title in enumerate(chapter_titles().values(), 1)]


def test_anki_notes_keep_their_identity(anki):
    with zipfile.ZipFile(io.BytesIO(to_anki(tricky))) as package: assert 'collection.anki2' in package.namelist()
    import genanki
    guid, = anki.execute("select guid from notes where flds like 'mixup.pixel%'").fetchone()
    assert guid == genanki.guid_for('mixup.pixel')


def test_anki_without_genanki_is_refused_in_one_line(monkeypatch):
    monkeypatch.setitem(sys.modules, 'genanki', None)
    with pytest.raises(ValueError, match=r"pip install 'mixcourse\[teach\]'"): to_anki(tricky)


# CSV

def test_csv_has_a_row_for_each_answer():
    rows = list(csv.DictReader(io.StringIO(to_csv(questions).decode('utf-8-sig'))))
    assert list(dict.fromkeys(o['question'] for o in rows)) == list(questions)
    assert len(rows) == sum(len(q.options) or 1+len(q.misses) for q in questions.values())


def test_csv_wrong_answers_come_with_their_misconception():
    rows = list(csv.DictReader(io.StringIO(to_csv(questions).decode('utf-8-sig'))))
    wrong = [o['misconception'] for o in rows if o['right'] == 'no']
    assert set(wrong) <= set(misconceptions().values())


# files

def test_nothing_half_written_stays(tmp_path, monkeypatch):
    path = tmp_path/'bank.csv'
    path.write_text('old')
    monkeypatch.setattr('os.replace', lambda *a: (_ for _ in ()).throw(OSError(28, 'No space left on device')))
    with pytest.raises(ValueError, match='No space left'): write_whole(path, b'new')
    assert path.read_text() == 'old'
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize('fmt', formats)
def test_files_have_the_name_of_their_kind(tmp_path, monkeypatch, fmt):
    if fmt == 'anki': pytest.importorskip('genanki')
    monkeypatch.chdir(tmp_path)
    assert export_bank(fmt).name == formats[fmt][1]


def command(*args, cwd):
    return subprocess.run([sys.executable, '-W', 'ignore', '-m', 'mixcourse.cli', *args], capture_output=True, text=True, cwd=cwd, env={'PYTHONPATH': str(root), 'PATH': ''})


@pytest.mark.slow
def test_command_names_the_file(tmp_path):
    res = command('export', '--format', 'csv', '--out', 'bank.csv', cwd=tmp_path)
    assert (res.returncode, res.stdout) == (0, 'bank.csv\n')
    assert (tmp_path/'bank.csv').stat().st_size > 50_000


@pytest.mark.slow
def test_command_refuses_in_one_line(tmp_path):
    res = command('export', '--format', 'csv', '--out', 'none/bank.csv', cwd=tmp_path)
    assert res.returncode == 2
    assert res.stderr == "mixcourse export: `out` must be a file that can be written, got 'none/bank.csv': No such file or directory\n"
    assert list(tmp_path.iterdir()) == []
