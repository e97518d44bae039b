"""collected.csv says the truth about its folder, however many downloads have come into it and when."""

from __future__ import annotations

import csv
import json
import shutil
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import lms_downloads as lms
import pytest
import tiny_course as tiny
from typer.testing import CliRunner

from grader.cli import app
from grader.collecting import CannotCollect, Roster, Student, gather, require_own, write_collection, writing

FIRST, SECOND = tiny.FIRST, tiny.SECOND
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    return tiny.make_course(tmp_path_factory.mktemp("course"))


@pytest.fixture(scope="module")
def keys(course):
    return tiny.keys_of(course)


@pytest.fixture
def clock(monkeypatch):
    """A clock that goes on by a day with each collection."""

    class Clock(datetime):
        day = 0

        @classmethod
        def now(cls, zone):
            cls.day += 1
            return datetime(2026, 3, cls.day, 12, tzinfo=UTC)

    monkeypatch.setattr(writing, "datetime", Clock)


def attempt(course, number: int, lab: str = FIRST) -> bytes:
    answer = {"double": f"def double(x):\n    return {number} * x"} if lab == FIRST else {}
    return json.dumps(tiny.notebook(course, lab, **answer)).encode()


def take(tmp_path: Path, keys, files, zone=UTC, roster=None):
    path, out = lms.make_zip(tmp_path / "d.zip", files), tmp_path / "out"
    before = gather(require_own(out), keys)
    found = gather([path], keys, roster=roster, before=before)
    write_collection(found, out, before, zone)
    return found


def rows(tmp_path: Path) -> list[dict]:
    with (tmp_path / "out" / "collected.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def said(tmp_path: Path, *columns: str) -> list[tuple]:
    return [tuple(row[column] for column in columns) for row in rows(tmp_path)]


def test_a_second_download_adds_to_the_list(tmp_path, course, keys, clock):
    ada, bo = lms.canvas("Ada", 1, 10, "x.ipynb"), lms.canvas("Bo", 2, 11, "x.ipynb")
    take(tmp_path, keys, {ada: attempt(course, 1), bo: attempt(course, 1), "note.ipynb": b""})
    again = lms.canvas("Ada", 1, 20, "x-1.ipynb")
    take(tmp_path, keys, {again: attempt(course, 2), lms.canvas("Ada", 1, 21, "y.ipynb"): attempt(course, 0, SECOND)})
    assert said(tmp_path, "file", "became", "student", "lab", "collected") == [
        (ada, "superseded", "ada", FIRST, "2026-03-01 12:00:00 UTC"),
        (again, "taken", "ada", FIRST, "2026-03-02 12:00:00 UTC"),
        ("ada_1_21_y.ipynb", "taken", "ada", SECOND, "2026-03-02 12:00:00 UTC"),
        (bo, "taken", "bo", FIRST, "2026-03-01 12:00:00 UTC"),
        ("note.ipynb", "refused", "", "", "2026-03-01 12:00:00 UTC"),
    ]
    assert rows(tmp_path)[0]["reason"] == f"came before {again}, and counts as an earlier attempt"


def test_what_came_before_keeps_its_day_also_in_another_zone(tmp_path, course, keys, clock):
    when = datetime(2026, 3, 1, 12)
    files = {lms.exchange("ada", FIRST, when, "x.ipynb"): attempt(course, 1),
             lms.exchange("ada", FIRST, when + DAY, "x.ipynb", "abcdEFGH123"): attempt(course, 1),
             "bo/x.txt": b"", "bo/broken.ipynb": b"{"}  # fmt: skip
    take(tmp_path, keys, files)
    first = rows(tmp_path)
    take(tmp_path, keys, files)
    assert rows(tmp_path) == first
    assert {row["collected"] for row in first} == {"2026-03-01 12:00:00 UTC"}
    take(tmp_path, keys, files, zone=timezone(timedelta(hours=2)))
    assert [row["handed_in"] for row in rows(tmp_path)][:2] == [
        "2026-03-01 14:00:00 +02:00",
        "2026-03-02 14:00:00 +02:00",
    ]
    assert len(rows(tmp_path)) == len(first)


def test_a_file_that_was_refused_and_is_taken_now_is_one_row(tmp_path, course, keys):
    files = {lms.moodle("Ada Lovelace", 31, "x.ipynb"): attempt(course, 1)}
    take(tmp_path, keys, files, roster=Roster([Student("s2", "Bo")]))
    assert said(tmp_path, "became", "student") == [("refused", "")]
    take(tmp_path, keys, files, roster=Roster([Student("s1", "Ada Lovelace"), Student("s2", "Bo")]))
    assert said(tmp_path, "became", "student") == [("taken", "s1")]


def test_the_same_file_under_another_name_is_said_to_be_that(tmp_path, course, keys):
    ada, copy = lms.canvas("Ada", 1, 10, "x.ipynb"), lms.canvas("Ada", 1, 12, "y.ipynb")
    take(tmp_path, keys, {ada: attempt(course, 1)})
    take(tmp_path, keys, {ada: attempt(course, 1), copy: attempt(course, 1)})
    assert said(tmp_path, "file", "became", "reason") == [
        (ada, "taken", ""),
        (copy, "superseded", f"is the same file as {ada}"),
    ]


def test_what_staff_remove_or_put_there_themselves(tmp_path, course, keys):
    take(tmp_path, keys, {"ada/x.ipynb": attempt(course, 1), "bo/x.ipynb": attempt(course, 1)})
    shutil.rmtree(tmp_path / "out" / "ada")
    tiny.hand_in(tmp_path / "out", "cy", attempt(course, 3))
    take(tmp_path, keys, {"bo/x.ipynb": attempt(course, 1)})
    assert said(tmp_path, "file", "became", "student") == [
        ("bo/x.ipynb", "taken", "bo"),
        (f"cy/{FIRST}/{FIRST}.ipynb", "taken", "cy"),
    ]
    assert rows(tmp_path)[1]["collected"] == ""


def test_a_lab_that_went_out_of_use_lies_there_still(tmp_path, course, keys):
    take(tmp_path, keys, {"ada/x.ipynb": attempt(course, 1), "ada/y.ipynb": attempt(course, 0, SECOND)})
    take(tmp_path, {FIRST: keys[FIRST]}, {"bo/x.ipynb": attempt(course, 1)})
    assert said(tmp_path, "student", "lab", "became") == [
        ("ada", FIRST, "taken"), ("ada", SECOND, "taken"), ("bo", FIRST, "taken"),
    ]  # fmt: skip


def test_nobody_is_missing_whose_work_lies_there(tmp_path, course, keys):
    roster = Roster([Student("ada"), Student("bo"), Student("cy")])
    assert [one.id for one in take(tmp_path, keys, {"ada/x.ipynb": attempt(course, 1)}, roster=roster).missing] == [
        "bo",
        "cy",
    ]
    assert [one.id for one in take(tmp_path, keys, {"bo/x.ipynb": attempt(course, 1)}, roster=roster).missing] == ["cy"]


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"file;became;student\r\nx;taken;ada\r\n", "has no columns 'file' and 'student'"),
        ("file,student\r\nx,Jos\xe9\r\n".encode("latin-1"), "cannot be read"),
    ],
)
def test_a_list_that_another_program_wrote_over_is_not_lost(content, fault, tmp_path, course, keys):
    take(tmp_path, keys, {"ada/x.ipynb": attempt(course, 1)})
    (tmp_path / "out" / "collected.csv").write_bytes(content)
    with pytest.raises(CannotCollect, match=f"{fault}.*put back what `grader collect` wrote"):
        take(tmp_path, keys, {"bo/x.ipynb": attempt(course, 1)})
    assert (tmp_path / "out" / "collected.csv").read_bytes() == content
    assert not (tmp_path / "out" / "bo").exists()


def test_the_command_counts_what_it_names_and_says_what_lies_there(tmp_path, course):
    files = {
        "ada/x.ipynb": attempt(course, 1),
        "ada/data.csv": b"",
        "notes.txt": b"",
        "z.ipynb": b"",
        "bo/x.ipynb": b"{",
    }
    out = tmp_path / "out"
    for _ in range(2):
        path = lms.make_zip(tmp_path / "d.zip", files)
        done = CliRunner().invoke(app, ["collect", str(path), "--out", str(out), "--root", str(course)])
        files = {"cy/x.ipynb": attempt(course, 1), **files}
        refused = [line for line in done.output.splitlines() if line.startswith("  ")]
        assert f" {len(refused)} refused" in done.output
        assert len(refused) == 2
    assert done.output.splitlines()[-1].endswith("collected.csv; 2 hand-ins of 2 students in that folder")
