"""Feedback pages: what counts, in words; hidden results without hidden code; usable by all; names are harmless."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import tiny_course as tiny
from class_pages import feedback
from sqlalchemy import create_engine

from grader.class_run.grading_run import Graded, Run
from grader.notebooks.submission import Refusal
from grader.records.attempt_policy import AttemptPolicy
from grader.records.attempts import Attempts
from grader.records.held_grades import Entered, Held
from grader.reports.exercise_sections import most_to_gain, next_step, sections
from grader.reports.kept import keep_outputs, kept_outputs
from grader.reports.page import lateness, moment, sentence
from grader.results import WORDS, CellOutput, CheckLine, Exercise, Message, Result, plain

VISIBLE_FAIL = CheckLine(
    "It computes the right number.", "fail", "for 2 expected 4, got 2", "Use `2 * x`.", False, 0, 3
)
VISIBLE_PASS = CheckLine("It computes the right number.", "pass", "", None, False, 3, 3)
HIDDEN_FAIL = CheckLine("It also works for zero.", "fail", "expected 0.0 for 0, got 7", None, True, 0, 1)
WAITING = CheckLine("Choice c is judged correctly.", "skipped", "waits for: something", None, True, 0, 1)
NASTY = '<script>alert("x")</script>'


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    return tiny.keys_of(tiny.make_course(tmp_path_factory.mktemp("course")))


def exercise(name: str, points: float, verdict: str, *checks: CheckLine, messages=()) -> Exercise:
    return Exercise(name, points, 4.0, verdict, list(messages), list(checks))


def result(*exercises: Exercise, student="ada", sha="s1", notes=()) -> Result:
    return Result(
        student, tiny.FIRST, sha, "c" * 64, list(exercises), "unsandboxed", "id", {}, 1.5, None, [], list(notes)
    )


@pytest.fixture
def pages(keys, tmp_path):
    """Write feedback for results in order and return the last one's HTML and text."""
    engine = create_engine(f"sqlite:///{tmp_path / 'a.db'}")
    attempts = Attempts(engine)

    def write(*results: Result, late=None):
        for one in results:
            run = Run(keys, [Graded(one, attempts.add(one, late))])
        (path,) = feedback(run, attempts, tmp_path)
        return path.read_text(), path.with_suffix(".txt").read_text()

    yield write
    engine.dispose()


def text_of(page: str) -> str:
    """What a reader sees of a page."""
    page = re.sub(r"(?s)<(style|title)>.*?</\1>", "", page)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


MIXED = (
    exercise(
        "test-double", 1.0, "partial", VISIBLE_FAIL, CheckLine("It also works for zero.", "pass", "", None, True, 1, 1)
    ),
    exercise("test-half", 3.0, "partial", VISIBLE_PASS, HIDDEN_FAIL),
)


@pytest.mark.parametrize("index", [0, 1], ids=["html", "text"])
def test_it_says_latest_highest_pass_mark_and_that_the_highest_is_kept(index, pages):
    best = result(exercise("test-double", 4, "pass", VISIBLE_PASS), exercise("test-half", 3.5, "partial", HIDDEN_FAIL))
    page = pages(best, result(*MIXED, sha="s2"), late=90_000.0)[index]
    text = text_of(page) if index == 0 else " ".join(page.split())
    for words in ("4 of 8", "50 %", "7.5 of 8", "94 %", "(2 of 2)", "(attempt 1)", "80 %",
                  "Every attempt is kept and the best one counts.", "6.4 points", "You have passed",
                  "1 day late"):  # fmt: skip
        assert words in text


@pytest.mark.parametrize("index", [0, 1], ids=["html", "text"])
def test_each_exercise_has_sentence_verdict_rationale_hint_and_next_step(index, pages):
    page = pages(result(*MIXED))[index]
    text = text_of(page) if index == 0 else " ".join(page.split())
    for words in ("Exercise: twice as much", "artly right", "1 of 4 points", "It computes the right number.",
                  "not passed", "For 2 expected 4, got 2.", "Hint:", "2 * x", "Next:", "It also works for zero.",
                  "(checked only when grading)", "Expected 0.0 for 0, got 7.", "other shapes",
                  "2.4 more points are needed"):  # fmt: skip
        assert words in text


def test_no_hidden_code_and_no_reference_reaches_a_page(pages, keys):
    both = "\n".join(pages(result(*MIXED)))
    seen = html.unescape(both)
    for cell in keys[tiny.FIRST].graded:
        hidden = cell.source.split("### BEGIN HIDDEN TESTS")[1].split("### END HIDDEN TESTS")[0]
        code = [line.strip() for line in hidden.splitlines() if line.strip() and not line.strip().startswith('"')]
        assert len(code) >= 4
        assert [line for line in code if line in seen] == []
    assert "secret_of_the_grader" not in both
    assert "BEGIN" not in both


def test_what_a_check_that_was_not_run_says_or_is_worth_stays_unsaid(pages):
    first = CheckLine("The answer is a letter.", "not-attempted", "no answer yet")
    for verdict in ("fail", "not-attempted"):
        for page in pages(result(exercise("test-double", 0, verdict, first, WAITING, WAITING), MIXED[1], sha=verdict)):
            assert "Choice c" not in page
            # Who has answered nothing needs no word about what would run next.
            assert ("2 more checks will run once the first ones pass" in page) == (verdict == "fail")


@pytest.mark.parametrize("verdict", [v for v in WORDS if v != "pass"])
def test_every_verdict_is_told_in_words_with_a_next_step(verdict, pages):
    message = Message("id", "it went wrong", "Look at it.")
    page, text = pages(result(exercise("test-double", 0, verdict, messages=[message]), MIXED[1]))
    for seen in (text_of(page), text):
        assert WORDS[verdict] in seen
        assert "It went wrong." in seen
        assert next_step(exercise("x", 0, verdict))[:30] in " ".join(seen.split())
    assert (next_step(exercise("x", 4, "pass")), next_step(exercise("x", 0, verdict)) != "") == ("", True)


def test_names_and_messages_are_escaped(pages, keys, tmp_path):
    line = CheckLine(NASTY, "fail", f"got {NASTY}", NASTY, False, 0, 3)
    page, _ = pages(
        result(exercise("test-double", 0, "fail", line), MIXED[1], student=NASTY, notes=[f"a cell {NASTY}"])
    )
    assert "<script" not in page
    assert html.escape(NASTY, quote=False).replace('"', "&#34;") in page
    refused = Refusal(NASTY, tiny.FIRST, f"{NASTY}/x", f"is odd {NASTY}", f"mend {NASTY}")
    (path,) = feedback(Run(keys, [refused]), None, tmp_path)
    assert "<script" not in path.read_text()
    assert path.resolve().is_relative_to((tmp_path / "feedback").resolve())


def test_what_could_not_be_graded_gets_a_page_with_the_cure(keys, tmp_path):
    refused = Refusal(
        "cy", tiny.FIRST, "cy/01_double/x.ipynb", "has the wrong file name", "rename it to 01_double.ipynb"
    )
    elsewhere = Refusal("cy", "", "cy/other", "belongs to no lab", "rename it")
    (path,) = feedback(Run(keys, [refused, elsewhere]), None, tmp_path)
    for page in (text_of(path.read_text()), path.with_suffix(".txt").read_text()):
        assert "cy/01_double/x.ipynb has the wrong file name." in page
        assert "Rename it to 01_double.ipynb." in page
        assert "does not count as an attempt" in page


SHOWN = [
    CellOutput(3, "print('a')", f"a </pre>{NASTY}\n  b", [], 0),
    CellOutput(7, "plt.plot(x)", "", ["iVBORw0KGgoAAA=="], 1),
    CellOutput(9, "", "", ["QUJD", "REVG"], 2),
]


def test_the_page_shows_what_the_students_cells_showed(pages, tmp_path):
    one = replace(result(*MIXED), shown=SHOWN)
    keep_outputs(one, tmp_path)
    page, text = pages(one)
    assert "<script" not in page
    assert re.findall(r"<pre>(.*?)</pre>", page, re.DOTALL) == [
        "a &lt;/pre&gt;&lt;script&gt;alert(&#34;x&#34;)&lt;/script&gt;\n  b"
    ]
    assert re.findall(r'<img src="([^"]*)" alt="([^"]*)">', page) == [
        ("data:image/png;base64,iVBORw0KGgoAAA==", "figure from your cell 7"),
        ("data:image/png;base64,QUJD", "figure 1 of 2 from your cell 9"),
        ("data:image/png;base64,REVG", "figure 2 of 2 from your cell 9"),
    ]
    assert "img-src data:" in page  # or no browser would show them
    for words in ("Cell 3: print('a')", "Cell 7: plt.plot(x)", "1 figure left out: too many", "2 figures left out"):
        assert words in text_of(page)
        assert words in text
    assert f"  | a </pre>{NASTY}\n  |   b\n" in text
    assert "2 figures in the HTML page" in text
    assert "iVBOR" not in text
    assert "first graded" not in page + text


def test_outputs_outlive_the_run_that_saw_them_and_belong_to_one_attempt(pages, tmp_path):
    first, second = result(*MIXED, sha="s1"), result(*MIXED, sha="s2")
    keep_outputs(replace(first, shown=SHOWN), tmp_path)
    assert kept_outputs(first, tmp_path) == SHOWN
    again = pages(first, first)  # the second time from the record
    assert all("Cell 7: plt.plot(x)" in text_of(page) or "Cell 7: plt.plot(x)" in page for page in again)
    assert kept_outputs(second, tmp_path) is None
    assert kept_outputs(replace(first, checks_sha256="d"), tmp_path) is None
    assert kept_outputs(replace(first, student="bo"), tmp_path) is None
    for page in pages(second):  # written into another folder than the one before
        assert "was seen when this submission was first graded, and is not on this page" in page
    keep_outputs(second, tmp_path)
    for page in pages(second):  # its cells showed nothing, and that is known
        assert "first graded" not in page
        assert "What your cells" not in page


@pytest.mark.parametrize("broken", ["", "{", "[]", "null", '{"of": ["s1"], "shown": [{}]}', '{"shown": 3}'])
def test_a_broken_file_of_outputs_is_passed_over(broken, tmp_path):
    one = replace(result(*MIXED), shown=SHOWN)
    keep_outputs(one, tmp_path)
    (file,) = tmp_path.glob("feedback/*/*.outputs.json")
    file.write_text(broken.replace("shown", "kept"))
    assert kept_outputs(one, tmp_path) is None


def test_what_cells_showed_is_in_no_record():
    assert plain(replace(result(*MIXED), shown=SHOWN)) == plain(result(*MIXED))
    assert "shown" not in plain(result(*MIXED))


def test_many_corrections_are_cut_short(pages):
    notes = [f"locked cell 'c{i}' was edited" for i in range(9)]
    for page in pages(result(*MIXED, notes=notes)):
        assert "c5" in page
        assert "c6" not in page
        assert "And 3 more of this kind." in page


def test_a_sign_is_for_the_eye_only(pages):
    page, _ = pages(result(*MIXED, notes=["locked cell 'x' was edited"]))
    for sign in "✓✗◐":  # the word stands beside it
        assert sign in page
        for found in re.finditer(sign, page):
            assert page[: found.start()].endswith('<span aria-hidden="true">')


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, ""),
        (0, ""),
        (5, "less than a minute late"),
        (60, "1 minute late"),
        (7_300, "2 hours late"),
        (2e5, "2 days late"),
    ],
)
def test_lateness_in_words(seconds, words):
    assert lateness(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "penalty", "words"),
    [
        (600, 0.0, "10 minutes after the due date, within the grace"),
        (900, 0.0, "15 minutes after the due date, within the grace"),
        (5, 0.0, "less than a minute after the due date, within the grace"),
        (901, 0.0, "15 minutes late"),
        (600, 1.0, "10 minutes late, penalty 1 point"),  # a plugin that knows no grace
        (126_000, 5.0, "1 day 11 hours late, penalty 5 points"),  # which a rule may count as two days
        (126_000, 0.0, "1 day late"),
    ],
)
def test_what_comes_within_the_grace_is_not_called_late(seconds, penalty, words):
    assert lateness(seconds, penalty, 900) == words


def test_the_page_does_not_call_late_what_came_within_the_grace(keys, tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path / 'a.db'}")
    run = Run(keys, counting=AttemptPolicy(grace=900))
    attempts = Attempts(engine, run.counting)
    attempts.add(result(*MIXED), 600)
    (path,) = feedback(run, attempts, tmp_path)
    index = path.with_name("index.html")
    for page in (text_of(path.read_text()), path.with_suffix(".txt").read_text(), text_of(index.read_text())):
        assert "10 minutes after the due date, within the grace" in page
        assert " late" not in page
    engine.dispose()


@pytest.mark.parametrize(
    ("policy", "cost", "due", "said"),
    [
        ("best", 0.0, datetime(2020, 1, 1), "You may hand in as often as you like."),
        ("best", 1.5, datetime(2999, 1, 1), "You may hand in as often as you like."),
        ("best", 1.5, None, "You may hand in as often as you like."),
        ("latest", 1.5, datetime(2020, 1, 1), "On {today}, full marks lose 1.5 of 8 points for lateness."),
        ("best", 4.0, datetime(2020, 1, 1), "points for lateness, which leaves less than the pass mark."),
        ("best", 1.6, datetime(2020, 1, 1), "On {today}, full marks lose 1.6 of 8 points for lateness."),
        ("first", 1.5, datetime(2020, 1, 1), ""),
    ],
)
def test_who_has_not_passed_is_told_what_another_hand_in_costs(policy, cost, due, said, keys, tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path / 'a.db'}")

    def late_rule(student, graded, seconds):
        return cost if seconds > 0 else None

    dates = {tiny.FIRST: due} if due is not None else {}
    run = Run(keys, counting=AttemptPolicy(policy, late_rule, due=dates))
    Attempts(engine, run.counting).add(result(*MIXED))
    days = [f"{datetime.now(UTC):%Y-%m-%d}"]
    (path,) = feedback(run, Attempts(engine, run.counting), tmp_path)
    days += [f"{datetime.now(UTC):%Y-%m-%d}"]  # midnight may have passed
    for page in (text_of(path.read_text()), " ".join(path.with_suffix(".txt").read_text().split())):
        assert "Not passed yet: 2.4 more points are needed." in page
        assert any(said.format(today=day) in page for day in days)
        assert ("as often as you like" in page) == (policy != "first")
        assert ("full marks lose" in page) == ("lateness" in said)
        assert ("less than the pass mark" in page) == (cost == 4.0)
    engine.dispose()


def test_what_broke_inside_the_grader_is_for_staff(pages):
    for page in pages(result(*MIXED, notes=["the grader broke: KeyError", "locked cell 'x' was edited"])):
        assert "KeyError" not in page
        assert "was edited" in page


def test_the_page_says_which_attempt_counts_and_what_lateness_cost(keys, tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path / 'a.db'}")
    for policy in ("best", "latest", "first"):
        run = Run(keys, counting=AttemptPolicy(policy, lambda student, graded, seconds: 1.5))
        attempts = Attempts(engine, run.counting)
        attempts.add(result(*MIXED), 7_300.0)
        (path,) = feedback(run, attempts, tmp_path)
        for page in (text_of(path.read_text()), path.with_suffix(".txt").read_text()):
            assert "What counts" in page
            assert "Highest so far" not in page  # there is one attempt
            assert "2 hours 1 minute late, penalty 1.5 points" in page
            assert "4 less 1.5 for lateness" in page
    engine.dispose()


@pytest.mark.parametrize(("text", "made"), [("got 1", "Got 1."), ("Got 1.", "Got 1."), ("é..", "É."), ("", ".")])
def test_a_text_becomes_a_sentence(text, made):
    assert sentence(text) == made


def test_a_time_is_written_for_a_reader():
    assert moment("2026-03-01T12:05:59+00:00", UTC) == "2026-03-01 12:05 UTC"
    assert moment("2026-03-01T23:30:00-02:00", UTC) == "2026-03-02 01:30 UTC"
    assert moment("2026-03-31T16:00:00+00:00", ZoneInfo("Europe/Berlin")) == "2026-03-31 18:00 Europe/Berlin"
    assert moment("some day", UTC) == "some day"


def test_the_exercise_with_most_to_gain_comes_first(keys):
    key = keys[tiny.FIRST]
    assert most_to_gain(sections(key, MIXED)) == ("Exercise: twice as much", 3.0)
    full = [exercise("test-double", 4, "pass"), exercise("test-half", 4, "pass")]
    assert most_to_gain(sections(key, full)) is None


def test_what_staff_entered_points_for_is_nothing_to_gain(keys):
    """Whether they took points from what had passed or gave some, another hand-in does not change them."""
    full, half = exercise("test-double", 4, "pass", VISIBLE_PASS), MIXED[1]
    made = sections(keys[tiny.FIRST], (full, half), entered={"test-double": Entered(0.5)}, holds={"test-double": 0.5})
    assert most_to_gain(made) == ("Exercise: half as much", 1.0)
    words = sections(keys[tiny.FIRST], MIXED, entered={"test-double": Entered(comment="Look again.")})
    assert most_to_gain(words) == ("Exercise: twice as much", 3.0)


@pytest.mark.parametrize(
    ("checks", "policy", "words"),
    [
        ([VISIBLE_FAIL, VISIBLE_FAIL], "best", "Begin with the first check that was not passed"),
        ([VISIBLE_FAIL, HIDDEN_FAIL], "best", "Begin with the first check that was not passed"),
        ([VISIBLE_PASS, VISIBLE_FAIL], "best", "Mend it, run the check under the cell until it passes, and hand in"),
        ([VISIBLE_PASS, VISIBLE_FAIL], "first", "Mend it, run the check under the cell until it passes."),
        ([VISIBLE_PASS, HIDDEN_FAIL], "best", "The checks in your notebook pass; what failed is only looked at"),
        ([VISIBLE_PASS], "best", "Mend it"),
    ],
)
def test_the_next_step_depends_on_what_failed_and_on_which_attempt_counts(checks, policy, words, keys):
    one = exercise("test-double", 1, "partial", *checks)
    assert next_step(one, policy).startswith(words)
    (section,) = sections(keys[tiny.FIRST], [one], policy)
    assert (section.number, section.title, section.step) == (1, "Exercise: twice as much", next_step(one, policy))


def test_a_quiz_question_sends_the_reader_to_the_reasons_and_an_exercise_to_other_inputs():
    def exercise(visible_points):
        visible = CheckLine("It can be read.", "pass", "", None, False, visible_points, visible_points)
        hidden = CheckLine("Choice a.", "fail", "Chosen, and wrong.", None, True, 0.0, 1.0)
        return Exercise("test-q01", 0.0, 1.0, "fail", [], [visible, hidden])

    assert next_step(exercise(0.0)).startswith("Read the reasons")
    assert "only looked at when grading" in next_step(exercise(1.0))


ANSWER = f"def double(x):\n    return x  # {NASTY} \x1b[2J \u202e\n"
LONG = "\n".join(f"line_{number} = {number}" for number in range(13))


@pytest.fixture
def written(keys, tmp_path):
    """Write the feedback of one attempt, with what was handed in and what staff entered; return HTML and text."""
    engine = create_engine(f"sqlite:///{tmp_path / 'b.db'}")
    attempts = Attempts(engine)

    def write(one: Result, submission=None, **more):
        run = Run(keys, [Graded(one, attempts.add(one, None))])
        handed_in = {("ada", tiny.FIRST): replace(submission, sha256=one.submission_sha256)} if submission else {}
        (path,) = feedback(run, attempts, tmp_path, handed_in, **more)
        return path.read_text(), path.with_suffix(".txt").read_text()

    yield write
    engine.dispose()


def handed_in(keys, **answers: str):
    root = keys[tiny.FIRST].root
    return tiny.submission(tiny.notebook(root, **answers))


def test_the_students_own_answer_stands_with_its_exercise_as_text(written, keys):
    page, text = written(result(*MIXED), handed_in(keys, double=ANSWER, half=LONG))
    shown = f"def double(x):\n    return x  # {NASTY}  \N{REPLACEMENT CHARACTER}"
    found = re.findall(r"<details( open)?><summary>(.*?)</summary>\s*<pre>(.*?)</pre></details>", page, re.DOTALL)
    assert [(folded, words, html.unescape(answer)) for folded, words, answer in found] == [
        (" open", "Your answer (2 lines)", shown),
        ("", "Your answer (13 lines)", LONG),  # too long to stand between a reader and what was found
    ]
    assert page.index("<pre>def double") > page.index('id="h1"')
    assert page.index("line_12 = 12") > page.index('id="h2"')
    assert "<script" not in page
    assert f"Your answer:\n  | def double(x):\n  |     return x  # {NASTY}  \N{REPLACEMENT CHARACTER}\n" in text
    assert "  | line_12 = 12\n" in text


def test_a_cell_left_as_it_was_given_is_called_that(written, keys):
    for page in written(result(*MIXED), handed_in(keys, double="def double(x):\n    return x")):
        assert page.count("Your answer") == 2
        assert page.count("the cell is as it was given, or empty") == 1


def test_an_answer_outlives_the_run_and_belongs_to_its_file(written, keys):
    first = result(*MIXED)
    written(first, handed_in(keys, double=ANSWER))
    assert all("return x  #" in page for page in written(first))  # a later run that is about another lab
    assert not any("Your answer" in page for page in written(replace(first, submission_sha256="s2")))


def test_a_long_answer_is_cut_in_the_middle(written, keys):
    page, text = written(result(*MIXED), handed_in(keys, double="a = 1\n" + "b = 2\n" * 9_000 + "c = 3"))
    for shown in (page, text):
        assert len(shown) < 60_000
        assert "a = 1" in shown
        assert "c = 3" in shown
        assert "bytes left out]" in shown


def test_what_staff_entered_holds_and_stands_as_theirs_with_the_automatic_points_beside(written):
    entered = {
        "test-double": Entered(3.5, 0.25, f"Well seen.\nOnly the units {NASTY}"),
        "test-half": Entered(comment="Neat."),
    }
    page, text = written(result(*MIXED), held={("ada", tiny.FIRST): Held({}, entered, 0.0)})
    assert "<script" not in page
    for seen in (text_of(page), " ".join(text.split())):
        for words in ("4 of 8 points, 50 %", "6.75 of 8 points, 84 %", "You have passed.", "1 of 4 points",
                      "3.5 points in place of the automatic ones, and 0.25 points of extra credit",
                      "hat makes 3.75 of 4 points", "Well seen. Only the units", NASTY, "Neat."):  # fmt: skip
            assert words in seen
        assert "leaves 1 point to be had" in seen  # of the other exercise: staff gave 3.75 of 4 for this one
    table = text_of(page.split("</caption>")[1].split("</table>")[0])
    assert "1 of 4 3.75 by staff" in table
    assert table.count("by staff") == 1  # a comment is no points


def test_what_staff_entered_on_an_earlier_attempt_is_said_to_be_there(written):
    written(replace(result(MIXED[1], exercise("test-double", 4, "pass")), submission_sha256="better"))
    held = {("ada", tiny.FIRST): Held({}, {"test-double": Entered(2.0)}, 0.0)}
    page, text = written(result(*MIXED, sha="worse"), held=held)
    for seen in (text_of(page), " ".join(text.split())):
        assert "From staff, on attempt 1, which counts: 2 points in place of the automatic ones" in seen
        assert "5 of 8 points" in seen


def test_a_refused_hand_in_leaves_the_page_of_the_one_before(keys, tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path / 'a.db'}")
    attempts = Attempts(engine)
    attempts.add(result(*MIXED), None)
    run = Run(keys, [Refusal("ada", tiny.FIRST, "ada/x.ipynb", "is empty", "save it")])
    (path,) = feedback(run, attempts, tmp_path)
    engine.dispose()
    for page in (text_of(path.read_text()), " ".join(path.with_suffix(".txt").read_text().split())):
        assert "ada/x.ipynb is empty. What to do: Save it." in page
        assert "The last attempt (1 of 1)" in page
        assert "4 of 8" in page


def test_when_a_lab_was_due_and_whether_the_hand_in_was_in_time(keys, tmp_path):
    due = AttemptPolicy(due={tiny.FIRST: datetime(2026, 3, 1, 12)},
                        extensions={("ada", tiny.FIRST): timedelta(hours=2)})  # fmt: skip
    for stamp, words in (
        ("2026-03-01T13:00:00+00:00", "in time"),
        ("2026-03-01T15:30:00+00:00", "1 hour late"),
        (None, "no time of hand-in is known"),
    ):
        engine = create_engine("sqlite://")
        run, attempts = Run(keys, counting=due), Attempts(engine, due)
        attempts.add(replace(result(*MIXED), timestamp=stamp))
        (path,) = feedback(run, attempts, tmp_path)
        engine.dispose()
        page = text_of(path.read_text())
        assert words in page
        assert "Due 2026-03-01 14:00 UTC" in page


@pytest.mark.parametrize("index", [0, 1], ids=["html", "text"])
@pytest.mark.parametrize("policy", ["best", "first"])
def test_an_exercise_that_is_not_in_a_copy_is_called_that_and_says_what_to_do(index, policy, keys, tmp_path):
    """Neither 'not attempted', nor 'as it was given', nor hints in a cell that is not there."""
    engine = create_engine(f"sqlite:///{tmp_path / 'a.db'}")
    attempts = Attempts(engine, AttemptPolicy(policy, worth={tiny.FIRST: keys[tiny.FIRST].worth}))
    one = result(exercise("test-double", 4, "pass", VISIBLE_PASS))
    run = Run(keys, [Graded(one, attempts.add(one))], counting=attempts.counting)
    data = tiny.notebook(keys[tiny.FIRST].root, **tiny.GOOD)
    submissions = {("ada", tiny.FIRST): replace(tiny.submission(data), sha256="s1")}
    (path,) = feedback(run, attempts, tmp_path, submissions)
    page = path.read_text() if index == 0 else path.with_suffix(".txt").read_text()
    text = text_of(page) if index == 0 else " ".join(page.split())
    engine.dispose()
    own = text[text.rindex("half as much") :]
    assert re.search(r"ot in your copy ?, 0 of 4 points", own)
    step = ", copy your answers into it, do it there, and hand in again" if policy == "best" else ""
    assert f"Next: Fetch the lab anew, which has this exercise{step}." in own
    assert "Hint:" not in own
    for untrue in ("not attempted", "as it was given", "Fill in the cell"):
        assert untrue not in text


def test_who_has_full_marks_by_extra_credit_is_sent_to_no_exercise(keys, tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path / 'a.db'}")
    attempts = Attempts(engine)
    one = result(exercise("test-double", 4, "pass", VISIBLE_PASS), exercise("test-half", 3, "partial", HIDDEN_FAIL))
    run = Run(keys, [Graded(one, attempts.add(one))])
    for extra, more in ((1.0, False), (0.5, True)):
        held = {("ada", tiny.FIRST): Held({}, {"test-double": Entered(None, extra)})}
        (path,) = feedback(run, attempts, tmp_path, held=held)
        assert ("where this attempt leaves 1 point to be had" in text_of(path.read_text())) == more
        assert ("where this attempt leaves" in path.with_suffix(".txt").read_text()) == more
    engine.dispose()
