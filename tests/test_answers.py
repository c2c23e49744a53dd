"Answers of a class: read from files that learners saved, graded as the page does, with the misconception behind each."
import csv, io, json

import pytest

from mixcourse.cli import main
from mixcourse.teach.answers import as_csv, as_rows, as_text, behind, read_answers
from mixcourse.teach.bank import find, misconceptions


@pytest.fixture
def hand_in(tmp_path):
    def save(name, quiz=None, exam=None, **more):
        path = tmp_path/name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(dict(mixcourse=1, quiz=quiz or {}, exam=exam or {}, **more)), encoding='utf-8')
        return path
    return save


def place(name, right):
    q = find(name)[name]
    return next(i for i, o in enumerate(q.options) if o.right == right)


def test_right_and_wrong(hand_in):
    target = place('mixup.target', True), place('mixup.target', False)
    files = [hand_in('ada.json', {'mixup.target': target[0]}), hand_in('bob.json', {'mixup.target': target[1]})]
    tag = find('mixup.target')['mixup.target'].options[target[1]].tag
    assert as_rows(read_answers(files)) == [['question', 'ada', 'bob'], ['mixup.target', 'right', tag]]


def test_a_missed_number_has_its_misconception(hand_in):
    answers = read_answers([hand_in('ada.json', {'mixup.pixel': '0.65', 'mixup.loss': '17'})])
    assert [o.misconceptions for o in answers] == [('shares-swapped',), ()]


def test_all_wrong_parts_of_a_choice_count():
    q = find('mixup.blended')['mixup.blended']
    wrong = [i for i, o in enumerate(q.options) if not o.right]
    assert len(behind(q, wrong)) == 2
    assert behind(q, [i for i, o in enumerate(q.options) if o.right]) == ()


def test_answers_of_the_exam_count(hand_in):
    answers = read_answers([hand_in('ada.json', exam={'mixup.target_twin': '0.65'})])
    assert [(o.question, o.right) for o in answers] == [('mixup.target_twin', True)]


@pytest.mark.parametrize('quiz', [{'mixup.gone': 1}, {'mixup.half_cat': 1}, {'mixup.target': 99}, {'mixup.pixel': 'no idea'}, {'mixup.target': None}])
def test_what_is_no_answer_is_left_out(hand_in, quiz): assert read_answers([hand_in('ada.json', quiz)]) == []


def test_learners_of_one_name_are_told_apart(hand_in):
    files = [hand_in(f'{o}/ada.json', {'mixup.pixel': '0.35'}) for o in 'xy']
    assert as_rows(read_answers(files))[0] == ['question', *map(str, files)]


@pytest.mark.parametrize('text,rule', [('{', 'not JSON'), ('[]', 'not a file of saved answers'), ('{"quiz": {}}', 'not a file of saved answers'),
                                       ('{"mixcourse": 1, "quiz": []}', '`quiz` and `exam` must hold answers')])
def test_other_files_are_refused_by_name(tmp_path, text, rule):
    (tmp_path/'ada.json').write_text(text)
    with pytest.raises(ValueError, match=f'ada.json: .*{rule}'): read_answers([tmp_path/'ada.json'])


def test_text_counts_what_the_class_believes(hand_in):
    files = [hand_in(f'{o}.json', {'mixup.pixel': '0.65', 'mixup.same_class': place('mixup.same_class', True)}) for o in ('ada', 'bob')]
    text = as_text(read_answers(files)).splitlines()
    assert text[3].split() == ['right', '1', 'of', '2', '1', 'of', '2']
    assert text[-1] == f'  2  shares-swapped: {misconceptions()["shares-swapped"]}'


def test_csv_is_the_same_table(hand_in):
    answers = read_answers([hand_in('ada.json', {'mixup.pixel': '0.35'})])
    assert list(csv.reader(io.StringIO(as_csv(answers).decode('utf-8-sig')))) == as_rows(answers)


def test_command(hand_in, tmp_path, capsys):
    path = hand_in('ada.json', {'mixup.pixel': '0.35'})
    assert main(['grade', str(path), '--csv', str(tmp_path/'table.csv')]) == 0
    assert capsys.readouterr().out.splitlines()[:2] == ['question     ada', 'mixup.pixel  right']
    assert (tmp_path/'table.csv').exists()


@pytest.mark.parametrize('files,said', [(['none.json'], 'none.json: No such file or directory'), ([], 'got none')])
def test_command_refuses_in_one_line(hand_in, capsys, files, said):
    files = files or [str(hand_in('ada.json'))]
    with pytest.raises(SystemExit) as e: main(['grade', *files])
    assert e.value.code == 2
    err = capsys.readouterr().err
    assert said in err
    assert err.count('\n') == 1
