"""Questions: the order of the letters, what a reader sees, and the widget."""

import subprocess
import sys
from collections import Counter
from hashlib import sha256
from itertools import permutations

import pytest

from lora_utils.quiz.questions import Question, shown_order

SKY = {"blue": "It is `blue`.", "green": "It is <green>.", "red": "```python\nred = 1 < 2\nprint(red)\n```"}
READERS = [f"reader {i}" for i in range(300)]


def sky(student="Ada", **options):
    return Question("q07-sky", student, "What colour\nis the sky?\n\nAt noon.", SKY, **options)


def test_every_machine_and_every_version_shows_the_same_order():
    # Answers that were handed in are letters: another order would turn them into other answers.
    names = ["blue", "green", "red"]
    by_hand = {sha256(f"ada lovelace\0q07-sky\0{name}".encode()).hexdigest(): name for name in names}
    assert shown_order("Ada Lovelace", "q07-sky", names) == [by_hand[digest] for digest in sorted(by_hand)]
    assert shown_order("Ada Lovelace", "q07-sky", names) == ["green", "blue", "red"]


def test_the_authors_order_leaves_no_trace():
    assert len({tuple(shown_order("Ada", "q07-sky", names)) for names in permutations(SKY)}) == 1


@pytest.mark.parametrize("name", ["ada  lovelace", " Ada Lovelace\n", "ADA LOVELACE", "Ada\u00a0Lovelace"])
def test_capitals_and_spaces_in_the_name_do_not_count(name):
    for question in ("q01-x", "q02-x", "q03-x", "q04-x"):
        assert shown_order(name, question, "abcd") == shown_order("Ada Lovelace", question, "abcd")


def test_names_and_questions_change_the_order_and_every_place_is_as_likely():
    places = Counter(shown_order(reader, "q07-sky", SKY).index("blue") for reader in READERS)
    assert all(70 <= places[place] <= 130 for place in range(3)), places
    assert len({tuple(shown_order("Ada", f"q{i:02}-sky", SKY)) for i in range(30)}) == 6


def test_letters_name_what_is_shown_under_them():
    for reader in READERS[:20]:
        question = sky(reader)
        shown = question.lettered()
        assert list(shown) == ["a", "b", "c"]
        for name, text in SKY.items():
            assert shown[question.letters(name)] == text
        assert question.letters(*SKY) == "abc"
    with pytest.raises(KeyError, match="q07-sky has no choice 'pink'; it has blue, green, red"):
        sky().letters("blue", "pink")


@pytest.mark.parametrize(
    ("id", "choices", "message"),
    [
        ("sky", SKY, "starts with 'q', two digits and '-', got 'sky'"),
        ("q7-sky", SKY, "got 'q7-sky'"),
        ("q07-sky", {"blue": "blue"}, "q07-sky: a question has 2 to 26 choices, or none and asks for a number"),
        ("q07-sky", {str(i): "" for i in range(27)}, "2 to 26 choices"),
    ],
)
def test_impossible_questions_are_refused(id, choices, message):
    with pytest.raises(ValueError, match=message):
        Question(id, "Ada", "?", choices)


def test_a_terminal_shows_letters_texts_and_what_to_type():
    lines = repr(sky("Ada Lovelace")).splitlines()
    assert lines[0] == "Question 7: What colour"
    assert "  a) It is <green>." in lines
    assert "  b) It is blue." in lines
    assert "  c) red = 1 < 2" in lines
    assert "     print(red)" in lines
    assert lines[-1] == 'One is right. Type its letter: answer_07 = "x"'
    assert "Two or more are right" in repr(sky(several=True))
    assert repr(Question("q09-sum", "", "1 + 1?")).endswith("Type a number: answer_09 = 12.5")


def test_the_page_is_a_labeled_group_of_real_text():
    html = sky("Ada Lovelace")._repr_html_()
    assert 'role="group" aria-labelledby="question-q07-sky"' in html
    assert '<div id="question-q07-sky"><p>What colour\nis the sky?</p><p>At noon.</p></div>' in html
    assert html.index("<strong>a)</strong>") < html.index("<strong>b)</strong>") < html.index("<strong>c)</strong>")
    assert "It is &lt;green&gt;." in html
    assert "It is <code>blue</code>." in html
    assert "<code>red = 1 &lt; 2\nprint(red)</code></pre>" in html
    assert "color" not in html
    assert "```" not in html


def test_a_question_loads_no_widget_library_until_asked():
    code = (
        "import sys; from lora_utils.quiz.questions import Question; from lora_utils.checks import lab_10_quiz;"
        "Question('q01-x', '', 'x', {'a': 'A', 'b': 'B'})._repr_html_(); print('ipywidgets' in sys.modules)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (out.stdout, out.stderr) == ("False\n", "")


def test_the_widget_prints_the_line_to_type():
    question = sky("Ada Lovelace", several=True)
    heading, *boxes, line = question.widget().children
    assert "Question 7" in heading.value
    assert [box.description for box in boxes] == ["a) It is <green>.", "b) It is blue.", "c) red = 1 < 2 ..."]
    assert "nothing chosen yet" in line.value
    assert 'role="status"' in line.value  # read out when it changes
    boxes[2].value = boxes[0].value = True
    assert '<code>answer_07 = "ac"</code>' in line.value
    boxes[0].value = False
    assert '<code>answer_07 = "c"</code>' in line.value


def test_where_one_choice_is_right_the_widget_lets_one_be_chosen():
    _, radio, line = sky("Ada Lovelace").widget().children
    assert radio.value is None
    radio.value = "b"
    assert '<code>answer_07 = "b"</code>' in line.value
    with pytest.raises(ValueError, match="q09-sum asks for a number; type it: answer_09"):
        Question("q09-sum", "", "1 + 1?").widget()
