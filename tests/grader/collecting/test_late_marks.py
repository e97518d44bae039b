"""What Canvas calls late stays known: beside the hand-in, in the list, in every grade, and where the course differs."""

from __future__ import annotations

import csv
import json
from datetime import datetime

import lms_downloads as lms
import pytest
import tiny_course as tiny
from typer.testing import CliRunner

from grader.cli import app
from grader.collecting import Pattern, gather, require_own, write_collection
from grader.engine.canary import sandbox_faults
from grader.notebooks.late_mark import LateMark, disagreements
from grader.notebooks.submission import collect

FIRST, SECOND = tiny.FIRST, tiny.SECOND
EARLY, LATE = datetime(2026, 3, 1, 12), datetime(2026, 3, 5, 12)


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    return tiny.make_course(tmp_path_factory.mktemp("course"))


@pytest.fixture(scope="module")
def keys(course):
    return tiny.keys_of(course)


def files(course) -> dict[str, bytes]:
    one, two = (json.dumps(tiny.notebook(course, lab)).encode() for lab in (FIRST, SECOND))
    return {
        lms.canvas("Ada", 1, 10, "x.ipynb", late=True): one,
        lms.canvas("Bo", 2, 11, "x.ipynb"): one,
        lms.canvas("Cy", 3, 12, "x.ipynb", late=True): two,
    }


def told(submissions):
    return [(one.student, one.lab, one.timestamp, one.notes, one.mark) for one in submissions]


@pytest.mark.parametrize("timed", [False, True])
def test_a_collected_folder_says_what_the_download_said(timed, tmp_path, course, keys):
    times = dict(zip(files(course), (EARLY, LATE, LATE), strict=True)) if timed else {}
    found = gather([lms.make_zip(tmp_path / "d.zip", files(course), times)], keys)
    out = tmp_path / "out"
    write_collection(found, out, gather(require_own(out), keys))
    assert told(collect(out, keys)) == told(found.found)
    assert told(gather([out], keys).found) == told(found.found)
    more = files(course)["bo_2_11_x.ipynb"] + b" "
    for name in ("Ada", "Zoe"):  # the next collection loses nothing
        path = lms.make_zip(tmp_path / "e.zip", {lms.canvas(name, 9, 20, "y.ipynb"): more})
        write_collection(gather([path], keys), out, gather(require_own(out), keys))
    assert {one.mark.late for one in collect(out, keys) if one.student == "ada"} == {True, False}
    with (out / "collected.csv").open(encoding="utf-8", newline="") as file:
        said = {row["file"]: row["platform_says"] for row in csv.DictReader(file)}
    assert (said["ada_LATE_1_10_x.ipynb"], said["bo_2_11_x.ipynb"]) == ("late", "in time")


def test_what_staff_say_of_the_name_leaves_what_the_platform_says(tmp_path, course, keys):
    path = lms.make_zip(tmp_path / "d.zip", files(course))
    found = gather([path], keys, pattern=Pattern("{student}_{more}_x.ipynb"))
    assert [(one.student, one.mark) for one in found.found] == [
        ("ada", LateMark("Canvas", True)), ("bo", LateMark("Canvas", False)), ("cy", LateMark("Canvas", True)),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("mark", "time", "due", "said"),
    [
        (True, None, EARLY, "Canvas calls late, without a time, so that the course's due date costs nothing: ada 05."),
        (True, EARLY, LATE, "Canvas calls late what came before the course's due date: ada 05."),
        (True, EARLY, EARLY, "Canvas calls late what came before the course's due date: ada 05."),
        (True, LATE, None, "Canvas calls late what has no due date in the course: ada 05."),
        (False, LATE, EARLY, "Canvas calls in time what came after the course's due date: ada 05."),
        (True, LATE, EARLY, None),
        (False, EARLY, LATE, None),
        (False, None, EARLY, None),
        (None, LATE, EARLY, None),
    ],
)
def test_where_platform_and_course_differ(mark, time, due, said):
    made = tiny.Submission("ada", "05", (), "", time, mark=None if mark is None else LateMark("Canvas", mark))
    assert disagreements([made], lambda student, lab: due) == ([] if said is None else [said])


@pytest.mark.parametrize("text", ["", "late", "Canvas: perhaps", "<b>: late", "x" * 41 + ": late"])
def test_a_file_that_says_nothing(text):
    assert LateMark.read(text) is None


def test_the_command_says_where_they_differ(tmp_path, course):
    (course / "course.toml").write_text('[lab.1]\ndue = "2026-03-03"\n')
    times = dict(zip(files(course), (EARLY, LATE, LATE), strict=True))
    path = lms.make_zip(tmp_path / "d.zip", files(course), times)
    done = CliRunner().invoke(app, ["collect", str(path), "--out", str(tmp_path / "out"), "--root", str(course)])
    (course / "course.toml").unlink()
    assert done.exit_code == 0, done.output
    assert done.output.splitlines()[2:5] == [
        "Canvas calls late what came before the course's due date: ada 01_double.",
        "Canvas calls in time what came after the course's due date: bo 01_double.",
        "Canvas calls late what has no due date in the course: cy 02_sign.",
    ]


@pytest.mark.kernel
def test_download_and_collected_folder_are_graded_alike(tmp_path, course):
    path = lms.make_zip(tmp_path / "d.zip", files(course))
    done = CliRunner().invoke(app, ["collect", str(path), "--out", str(tmp_path / "in"), "--root", str(course)])
    assert done.exit_code == 0, done.output
    results, said = [], []
    for number, submitted in enumerate((path, tmp_path / "in")):
        command = [
            "grade",
            str(submitted),
            "--root",
            str(course),
            "--out",
            str(tmp_path / f"{number}"),
            "--due",
            "2026-03-03",
        ]
        command += ["--db", str(tmp_path / f"{number}.db"), *(["--sandbox", "off"] if sandbox_faults() else [])]
        done = CliRunner().invoke(app, command, env={"COLUMNS": "300"})
        assert done.exit_code == 0, done.output
        said.append([line for line in done.output.splitlines() if "Canvas calls" in line])
        entries = json.loads((tmp_path / f"{number}" / "results.json").read_text())
        results.append([(e["student"], e["lab"], e["score"], e["notes"]) for e in entries])
    assert results[0] == results[1]
    (sentence,) = said[0]
    assert said[1] == [sentence]
    assert sentence.endswith("so that the course's due date costs nothing: ada 01_double, cy 02_sign.")
