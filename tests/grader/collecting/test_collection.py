"""Several hand-ins of one student are several attempts, in their order; a folder takes one download after the other."""

from __future__ import annotations

import csv
import json
import os
import sys
from datetime import datetime, timedelta

import lms_downloads as lms
import pytest
import tiny_course as tiny
from typer.testing import CliRunner

from grader.cli import app
from grader.collecting import CannotCollect, gather, require_own, write_collection
from grader.notebooks.submission import EARLIER, Submission, collect

FIRST = tiny.FIRST
WHEN = datetime(2026, 3, 1, 12)


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    return tiny.make_course(tmp_path_factory.mktemp("course"))


@pytest.fixture(scope="module")
def keys(course):
    return tiny.keys_of(course)


def attempt(course, number: int) -> bytes:
    return json.dumps(tiny.notebook(course, double=f"def double(x):\n    return {number} * x")).encode()


def contents(out):
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()}


def written(out, keys):
    return [(one.student, one.timestamp, next(c.source for c in one.cells if c.grade_id == "double")[-5:])
            for one in collect(out, keys) if isinstance(one, Submission)]  # fmt: skip


def test_attempts_are_written_oldest_first_and_read_so(tmp_path, course, keys):
    hours = [timedelta(hours=n) for n in (2, 0, 1)]
    files = {
        lms.exchange("ada", FIRST, WHEN + hour, f"{FIRST}.ipynb", f"abcdEFGH123{n}"): attempt(course, n)
        for n, hour in enumerate(hours)
    }
    found = gather([lms.make_zip(tmp_path / "d.zip", files)], keys)
    out = tmp_path / "out"
    write_collection(found, out, gather(require_own(out), keys))
    times = [WHEN, WHEN + hours[2], WHEN + hours[0]]
    assert written(out, keys) == [
        ("ada", times[0], "1 * x"),
        ("ada", times[1], "2 * x"),
        ("ada", times[2], "0 * x"),
    ]
    assert {path for path in contents(out) if path.endswith(".ipynb")} == {
        f"ada/{FIRST}/{FIRST}.ipynb",
        f"ada/{FIRST}/{EARLIER}/1/{FIRST}.ipynb",
        f"ada/{FIRST}/{EARLIER}/2/{FIRST}.ipynb",
    }
    rows = list(csv.DictReader((out / "collected.csv").read_text(encoding="utf-8").splitlines()))
    assert [row["became"] for row in rows] == ["superseded", "superseded", "taken"]
    assert rows[2]["handed_in"] == "2026-03-01 14:00:00 UTC"


def test_the_same_download_again_changes_nothing_and_the_next_one_is_added(tmp_path, course, keys):
    out = tmp_path / "out"

    def take(upload, number):
        name = lms.canvas("Lovelace, Ada", 1, upload, "x.ipynb")
        path = lms.make_zip(tmp_path / f"{number}.zip", {name: attempt(course, number)})
        write_collection(gather([path], keys), out, gather(require_own(out), keys))
        return contents(out)

    first = take(10, 1)
    assert take(10, 1) == first
    take(20, 2)
    take(30, 3)
    take(20, 2)
    assert [one[2] for one in written(out, keys)] == ["1 * x", "2 * x", "3 * x"]


def test_undated_hand_ins_follow_the_platforms_count(tmp_path, course, keys):
    files = {
        "ada/x-10.ipynb": attempt(course, 3),
        "ada/x-2.ipynb": attempt(course, 2),
        "ada/x.ipynb": attempt(course, 1),
        lms.canvas("bo", 1, 9, "x.ipynb"): attempt(course, 5),
    }
    found = gather([lms.make_zip(tmp_path / "d.zip", files)], keys)
    order = [one.entry.name for one in found.hand_ins["ada", FIRST]]
    assert order == ["x.ipynb", "x-2.ipynb", "x-10.ipynb"]


def test_one_file_twice_is_one_hand_in(tmp_path, course, keys):
    files = {"ada/a.ipynb": attempt(course, 1), "ada/b.ipynb": attempt(course, 1)}
    found = gather([lms.make_zip(tmp_path / "d.zip", files)], keys)
    assert [line.status for line in found.lines] == ["superseded", "taken"]
    assert "is the same file" in found.lines[0].reason
    assert len(found.hand_ins["ada", FIRST]) == 1


def test_other_labs_are_passed_over_where_one_is_asked_for_and_named_elsewhere(tmp_path, course, keys):
    files = {"ada/x.ipynb": json.dumps(tiny.notebook(course, tiny.SECOND)).encode()}
    path = lms.make_zip(tmp_path / "d.zip", files)
    only = gather([path], {FIRST: keys[FIRST]}, only=True)
    assert (only.found, only.lines[0].status, only.lines[0].lab) == ([], "nothing", tiny.SECOND)
    # what belongs to a lab that is not asked for: beside its notebook, or by its path
    files |= {"ada/data.csv": b"", f"bo/{tiny.SECOND}.html": b"", f"cy/{tiny.SECOND}/x.ipynb": b"{"}
    more = lms.make_zip(tmp_path / "more.zip", files | {f"dee/{FIRST}/x.ipynb": b"{", "eve/data.csv": b""})
    only = gather([more], {FIRST: keys[FIRST]}, only=True)
    assert [one.student for one in only.refusals] == ["dee", "eve"]
    assert {line.path for line in only.lines if line.status == "nothing"} == set(files)
    (refused,) = gather([path], {FIRST: keys[FIRST]}).refusals
    assert "is of 02_sign, a lab that this course does not use; hand in" in str(refused)


def test_a_folder_with_other_things_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(CannotCollect, match="holds other things; give a new folder with --out"):
        require_own(tmp_path)


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written(tmp_path, course, keys):
    found = gather([lms.make_zip(tmp_path / "d.zip", {"ada/x.ipynb": attempt(course, 1)})], keys)
    (tmp_path / "out").mkdir(mode=0o500)
    with pytest.raises(CannotCollect, match="cannot be written"):
        write_collection(found, tmp_path / "out", gather([], keys))


def test_a_formula_for_a_name_is_a_text_in_the_report(tmp_path, course, keys):
    found = gather([lms.make_zip(tmp_path / "d.zip", {"=1+1/x.ipynb": attempt(course, 1)})], keys)
    out = tmp_path / "out"
    write_collection(found, out, gather([], keys))
    assert "'=1+1/x.ipynb" in (out / "collected.csv").read_text()


def test_the_command_says_what_it_understood_and_what_it_refused(tmp_path, course):
    roster = tmp_path / "roster.csv"
    roster.write_text("id,name\ns1,Ada Lovelace\ns2,Bo Li\n")
    files = {
        lms.moodle("Ada Lovelace", 1, "x.ipynb"): attempt(course, 1),
        lms.moodle("Grace Hopper", 2, "x.ipynb"): attempt(course, 1),
    }
    path, out = lms.make_zip(tmp_path / "d.zip", files), tmp_path / "out"
    command = ["collect", str(path), "--out", str(out), "--roster", str(roster), "--root", str(course)]
    done = CliRunner().invoke(app, command, env={"COLUMNS": "400"})
    assert done.exit_code == 1, done.output
    assert done.output.splitlines() == [
        "1 as Moodle: {student}_{number}_assignsubmission_file/{file}, "
        "so Ada Lovelace_1_assignsubmission_file/x.ipynb is s1's",
        "nothing from s2 (Bo Li)",
        "1 taken, 0 superseded, 1 refused, 0 nothing; 1 student",
        "  Grace Hopper_2_assignsubmission_file/x.ipynb is of 'Grace Hopper / 2', who is on no row of the roster; "
        "add a row, or a column with that name.",
        "1 hand-in without a time, so no due date will cost anything there",
        f"every file: {out / 'collected.csv'}; 1 hand-in of 1 student in that folder",
    ]
    assert (out / "s1" / FIRST / f"{FIRST}.ipynb").is_file()


@pytest.mark.parametrize(("zone", "hour"), [([], 12), (["--zone", "+02:00"], 10)])
def test_the_command_obeys_a_zone_for_a_timestamp_that_names_none(zone, hour, tmp_path, course):
    files = {"ada/x.ipynb": attempt(course, 1), "ada/timestamp.txt": b"2026-03-01 12:00:00\n"}
    path, out = lms.make_zip(tmp_path / "d.zip", files), tmp_path / "out"
    done = CliRunner().invoke(app, ["collect", str(path), "--out", str(out), "--root", str(course), *zone])
    assert done.exit_code == 0, done.output
    assert (out / "ada" / FIRST / "timestamp.txt").read_text() == f"2026-03-01 {hour}:00:00 UTC\n"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--zone", "CET"], "'CET' is not a zone with one meaning"),
        (["--pattern", "x"], "must hold {student} once"),
        (["--roster", "none.csv"], "cannot be read"),
    ],
)
def test_what_cannot_be_understood_writes_nothing(options, said, tmp_path, course):
    path = lms.make_zip(tmp_path / "d.zip", {})
    command = ["collect", str(path), "--out", str(tmp_path / "out"), "--root", str(course), *options]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 2
    assert said in done.output
    assert not (tmp_path / "out").exists()
