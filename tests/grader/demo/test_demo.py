"""The command line, and the demonstration on the course's real labs: everything comes out as it must."""

from __future__ import annotations

import csv
import html
import io
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import tiny_course as tiny
from nbgrader import api
from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from rich.console import Console
from traitlets.config import Config
from typer.testing import CliRunner

from grader.build.build import find_labs
from grader.build.source import read_source
from grader.build.twins import solution_twin, student_twin, to_bytes
from grader.class_run.grading_run import Run
from grader.cli import app
from grader.demo import demo, sample_answers
from grader.demo.demo import surprise
from grader.demo.download import NEVER_CAME
from grader.demo.sample_class import CLASS, QUIZ, in_own_words, labs_of, verbatim
from grader.notebooks.answer_key import AnswerKey, read_keys
from grader.notebooks.submission import Refusal
from grader.reports.console import CannotStart

ROOT = Path(__file__).parents[3]


def grader(*arguments: object):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    return tiny.make_course(tmp_path_factory.mktemp("course"))


# ------------------------------------------------------------------------------------------------- exit codes
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["no-such-folder"], "no-such-folder; give the folder with SUBMITTED/<student>/<lab>/<lab>.ipynb, or a"),
        (["in", "--lab", "99"], "there is no lab '99'; the labs are: 01_double, 02_sign"),
        (["in", "--due", "soon"], "'soon' is no date"),
        (["in", "--due", "07=2026-03-01"], "there is no lab '07'; the labs are: 01_double, 02_sign"),
        (["in", "--db", "nonsense://x"], "cannot be"),
        (["empty"], "holds no submissions"),
        (["in", "--out", "in/results"], "lies inside the folder of submissions"),
    ],
)
def test_what_keeps_grading_from_starting_is_one_sentence_and_code_2(arguments, words, course, tmp_path):
    tiny.hand_in(tmp_path / "in", "ada", b"{")
    (tmp_path / "empty").mkdir()
    folder, *options = arguments
    options = options if "--db" in options else [*options, "--db", tmp_path / "g.db"]
    if "--out" in options:
        options[1] = tmp_path / options[1]
    done = grader("grade", tmp_path / folder, "--root", course, "--out", tmp_path / "out", *options)
    assert done.exit_code == 2
    (sentence,) = done.stderr.strip().splitlines()
    assert sentence.startswith("grader grade: ")
    assert words in sentence


def test_an_interrupted_run_says_in_one_sentence_how_to_go_on(course, tmp_path, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    tiny.hand_in(tmp_path / "in", "ada", tiny.notebook(course))
    monkeypatch.setattr("grader.reports.console.grade_all", interrupted)
    done = grader("grade", tmp_path / "in", "--root", course, "--out", tmp_path / "out", "--db", tmp_path / "g.db")
    assert done.exit_code == 130
    (sentence,) = done.stderr.strip().splitlines()
    assert "the same command again does the rest" in sentence


def test_a_lab_that_is_not_built_is_one_sentence(tmp_path):
    root = tiny.make_course(tmp_path)
    (root / "solutions" / tiny.FIRST / f"{tiny.FIRST}.ipynb").unlink()
    tiny.hand_in(tmp_path / "in", "ada", b"{")
    done = grader("grade", tmp_path / "in", "--root", root)
    assert (done.exit_code, "run `grader build 01_double`" in done.stderr) == (2, True)


def test_only_unreadable_submissions_give_code_1_reports_and_a_sentence_each(course, tmp_path):
    tiny.hand_in(tmp_path / "in", "ada", b"{")
    tiny.hand_in(tmp_path / "in", "bob", b"")
    options = ["--db", tmp_path / "g.db", "--out", tmp_path / "out", "--root", course]
    done = grader("grade", tmp_path / "in", *options)
    assert done.exit_code == 1
    text = " ".join(done.stdout.split())
    assert "ada: ada/01_double/01_double.ipynb is not valid JSON" in text
    assert "bob: bob/01_double/01_double.ipynb is empty" in text
    assert [entry["flags"] for entry in json.loads((tmp_path / "out" / "results.json").read_text())] == [
        ["not-graded"]
    ] * 2
    assert (tmp_path / "out" / "feedback" / "ada" / "01_double.html").is_file()


@pytest.mark.kernel
def test_grading_into_the_courses_own_gradebook_serves_formgrader(tmp_path):
    root = tiny.make_course(tmp_path)
    tiny.hand_in(tmp_path / "in", "ada", tiny.notebook(root, **tiny.GOOD), when="2026-03-02 12:00:00 UTC")
    arguments = ["grade", tmp_path / "in", "--root", root, "--lab", "01", "--out", tmp_path / "out"]
    done = grader(*arguments, "--due", "2026-03-01 12:00 UTC", "--workers", 1)
    assert done.exit_code == 0, done.stderr
    assert json.loads((tmp_path / "out" / "results.json").read_text())[0]["late"] == 86_400.0

    config = Config()
    config.CourseDirectory.root = str(root)
    config.CourseDirectory.autograded_directory = ".nbgrader/autograded"
    config.CourseDirectory.submitted_directory = "in"
    config.CourseDirectory.db_url = f"sqlite:///{root / '.nbgrader' / 'gradebook.db'}"
    service = NbGraderAPI(CourseDirectory(config=config))
    (submission,) = service.get_submissions(tiny.FIRST)
    assert (submission["student"], submission["score"], submission["autograded"]) == ("ada", 8.0, True)
    (notebook,) = service.get_student_notebook_submissions("ada", tiny.FIRST)
    assert (notebook["score"], notebook["needs_manual_grade"]) == (8.0, False)
    copy = (root / ".nbgrader" / "autograded" / "ada" / tiny.FIRST / f"{tiny.FIRST}.ipynb").read_text()
    assert "passed: It also works for zero." in copy


# ------------------------------------------------------------------------------------------------ sample class
def test_the_class_has_everybody_who_has_to_be_there():
    assert len({one.student for one in CLASS}) >= 12
    assert any(set(",'&ö") <= set(one.student) for one in CLASS)
    assert {one.verdict for one in CLASS} >= {"not-attempted", "timeout", "crash", "fail"}
    assert sum(one.refused is not None for one in CLASS) == 1
    assert any(one.file is not None for one in CLASS)
    again = [one for one in CLASS if one.collection == 2]
    assert len(again) >= 2
    assert all(any(o.student == one.student and o.collection == 1 for o in CLASS) for one in again)


def test_each_typical_mistake_differs_from_the_right_answer():
    """An edit that no longer fits its text would leave the answer right."""
    names = [name for name in vars(sample_answers) if name.isupper()]
    right = {sample_answers.LORA, sample_answers.LINEAR}
    wrong = [getattr(sample_answers, n) for n in names if n not in ("LORA", "LINEAR")]
    assert not right & set(wrong)
    assert len(set(wrong)) == len(wrong)


def test_own_words_have_no_comments_and_verbatim_has_all():
    source = 'def f(x):\n    """Twice."""\n    ### BEGIN SOLUTION\n    y = x  # why\n    return y\n    ### END SOLUTION'
    assert in_own_words(source) == "def f(x):\n    y = x\n    return y"
    assert verbatim(source) == 'def f(x):\n    """Twice."""\n    y = x  # why\n    return y'


def test_a_surprise_is_named(tmp_path):
    """The demonstration's own judgement is seen to fail."""
    one = next(one for one in CLASS if one.student == "broken-json" and one.refused)
    row = Refusal("broken-json", one.lab, "x", "is empty", "save it")
    assert "should have been refused" in surprise(one, Run({}), [row])
    assert surprise(one, Run({}), [replace(row, fault=one.refused)]) == ""
    two = next(one for one in CLASS if one.student == "perfect")
    assert surprise(two, Run({}), []) == "perfect, 05_lora_layer: is missing from the results."
    refused = Run({}, [Refusal("perfect", two.lab, "x", "is empty", "save it")])
    assert "should have been graded" in surprise(two, refused, [])


# -------------------------------------------------------------------------------------------- the real labs
@pytest.fixture
def real(tmp_path_factory) -> Path:
    """The course's real labs, both twins built afresh (not executed), and the demonstration run on them."""
    root = tmp_path_factory.mktemp("real")
    for name in ("pyproject.toml", "constraints.txt", "environment.yml", "LICENSE", "lora_utils", "tests"):
        (root / name).symlink_to(ROOT / name)
    for source in sorted((ROOT / "solutions").glob("*/*.py")):
        for folder in ("solutions", "notebooks"):
            (root / folder / source.stem).mkdir(parents=True)
        shutil.copy(source, root / "solutions" / source.stem)
    for lab in find_labs(root):
        notebook = read_source(lab.source)
        lab.solution.write_bytes(to_bytes(solution_twin(notebook)))
        lab.student.write_bytes(to_bytes(student_twin(notebook)))
    assert labs_of(find_labs(root)) == ["05_lora_layer", "06_linear_with_lora", "10_quiz"]
    done = grader("demo", "--root", root, "--out", root / "demo", "--workers", 2)
    (root / "demo" / "stdout.txt").write_text(done.stdout + done.stderr)
    (root / "demo" / "code.txt").write_text(str(done.exit_code))
    return root


def secrets(key: AnswerKey) -> list[str]:
    """Lines of code of the hidden tests and answers; not texts that students are meant to read, such as hints."""
    found: list[str] = []
    hints = "\n".join(path.read_text() for path in (ROOT / "lora_utils" / "checks").rglob("*.py"))
    for cell in key.cells:
        for region in re.findall(r"### BEGIN (?:HIDDEN TESTS|SOLUTION)\n(.*?)### END", cell.source, re.DOTALL):
            for line in (line.strip() for line in region.splitlines()):
                text_only = line.startswith(('"', "'", "#"))
                public = line in hints or any(line in other.student for other in key.cells)
                if len(line) >= 12 and not text_only and not public:
                    found.append(line)
    assert len(found) > 10
    return found


def everything_came_out_as_it_must(real):
    text = (real / "demo" / "stdout.txt").read_text()
    assert "UNEXPECTED" not in text
    assert (real / "demo" / "code.txt").read_text() == "0", text
    assert "Every submission came out as it must." in text


def results_agree_with_what_each_student_is_known_to_have_done(real):
    entries = {(e["student"], e["lab"]): e for e in json.loads((real / "demo" / "results.json").read_text())}
    latest = {(one.student, one.lab): one for one in CLASS}
    assert {place for place, entry in entries.items() if entry["handed_in"]} == set(latest)  # a damaged one as well
    assert {student for student, _ in entries} == {one.student for one in CLASS} | {NEVER_CAME}
    for place, one in latest.items():
        entry = entries[place]
        if one.student == "perfect":
            # The solution without its comments; where an answer is long, that shows.
            long = {"05_lora_layer": ["ranks-under-budget"], "06_linear_with_lora": ["inject-by-name", "swap-adapters"]}
            flags = [f"answer-identical-to-reference:{name}" for name in long.get(place[1], [])]
            assert (entry["score"], entry["flags"]) == (entry["max_score"], flags)
        if one.student == "untouched":
            assert entry["score"] == 0.0
    assert entries["b-random", "05_lora_layer"]["exercises"][3]["messages"][0]["id"] == "b-not-zero"
    assert entries["alpha-forgotten", "05_lora_layer"]["exercises"][3]["messages"][0]["id"] == "alpha-forgotten"
    assert entries["base-not-frozen", "06_linear_with_lora"]["exercises"][0]["messages"][0]["id"] == "base-not-frozen"


def attempts_are_all_there_and_the_best_one_is_in_the_gradebook(real):
    database = sqlite3.connect(real / "demo" / "gradebook.db")
    query = "select student, lab, number, score, max_score, best, late from lora_attempt order by id"
    rows = database.execute(query).fetchall()
    database.close()
    assert len(rows) == sum(one.refused is None for one in CLASS)
    worse = [row for row in rows if row[0] == "worse-second"]
    better = [row for row in rows if row[0] == "better-and-late"]
    assert worse[0][3] > worse[1][3]
    assert [row[5] for row in worse] == [1, 0]
    assert better[0][3] < better[1][3]
    assert [row[5] for row in better] == [1, 1]
    assert (better[0][6], better[1][6]) == (0.0, 162_900.0)
    with api.Gradebook(f"sqlite:///{real / 'demo' / 'gradebook.db'}") as book:
        assert book.find_submission("05_lora_layer", "worse-second").score == pytest.approx(worse[0][3])
        assert book.find_submission(QUIZ, "better-and-late").score == pytest.approx(better[1][3])


def no_feedback_page_holds_hidden_code_or_an_answer(real):
    keys = read_keys(real, [])
    pages = [p for p in (real / "demo" / "feedback").rglob("*.*") if p.suffix in (".html", ".txt")]
    students = {one.student for one in CLASS}
    assert len(pages) == 2 * len({(one.student, one.lab) for one in CLASS}) + len(students) + 1
    own = 0
    for page in pages:
        if page.stem == "index":
            continue
        key = keys[page.stem]
        # What stands there of a student's own may well be the course's answer.
        parts = r"(?s)<details.*?</details>" if page.suffix == ".html" else r"(?m)^  \| .*$"
        text, left_out = re.subn(parts, "", page.read_text())
        text, own = html.unescape(text), own + left_out
        assert [line for line in secrets(key) if line in text] == [], page
        assert "BEGIN HIDDEN" not in text
        assert "BEGIN SOLUTION" not in text
    assert own > 100


def an_untouched_quiz_gets_no_reasons(real):
    for suffix in ("html", "txt"):
        text = (real / "demo" / "feedback" / "untouched" / f"{QUIZ}.{suffix}").read_text()
        assert "Choice a" not in text
        assert "no answer yet" in text.lower()


def stock_export_shows_the_class(real, tmp_path):
    url = f"sqlite:///{real / 'demo' / 'gradebook.db'}"
    (tmp_path / "nbgrader_config.py").write_text(f"c = get_config()\nc.CourseDirectory.db_url = {url!r}\n")
    environment = {**os.environ, "PATH": os.path.dirname(sys.executable) + os.pathsep + os.environ["PATH"]}
    command = [sys.executable, "-m", "nbgrader", "export", "--to", "out.csv"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "out.csv").read_text()
    perfect = [row for row in csv.DictReader(text.splitlines()) if row["student_id"] == "perfect"]
    assert all(row["score"] == row["max_score"] for row in perfect)
    assert len(perfect) == 3


@pytest.mark.kernel
def test_the_demonstration_on_the_real_labs(real, tmp_path):
    """One test, because one worker has to make the demonstration that all of these look at."""
    everything_came_out_as_it_must(real)
    results_agree_with_what_each_student_is_known_to_have_done(real)
    attempts_are_all_there_and_the_best_one_is_in_the_gradebook(real)
    no_feedback_page_holds_hidden_code_or_an_answer(real)
    an_untouched_quiz_gets_no_reasons(real)
    stock_export_shows_the_class(real, tmp_path)


def test_where_nothing_shuts_submissions_off_that_is_said_before_grading_begins(tmp_path, monkeypatch):
    console = Console(width=80, record=True, file=io.StringIO())

    def graded(*_, sandbox, console, **more):
        console.print("the progress bar" if not sandbox else "in the sandbox")
        raise CannotStart("seen enough")

    monkeypatch.setattr(demo, "sandbox_faults", lambda: ["it needs Linux."])
    monkeypatch.setattr(demo, "grade_folder", graded)
    monkeypatch.setattr(demo, "release_course", lambda *_: (SimpleNamespace(files=()), None, [], []))
    with pytest.raises(CannotStart, match="seen enough"):
        demo.run_demo(ROOT, tmp_path, console)
    said = console.export_text()
    assert said.index("Without a sandbox, since it does not hold here: it needs Linux.") < said.index(
        "the progress bar"
    )
