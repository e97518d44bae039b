"""Downloads as they come in a term: mixed, misspelt, huge, empty; each is taken, or refused in one sentence."""

from __future__ import annotations

import json
import unicodedata
from datetime import datetime

import lms_downloads as lms
import pytest
import tiny_course as tiny
from typer.testing import CliRunner

from grader.cli import app
from grader.collecting import Roster, gather, require_own, write_collection
from grader.notebooks.submission import collect as read

FIRST, SECOND = tiny.FIRST, tiny.SECOND
ROSTER = """\ufeff\r
ID;Name;E-Mail;Section;Canvas\r
\r
s1;Müller, Jürgen;JUERGEN@UNI.EDU;A;11\r
s2;Ada Lovelace;ada@uni.edu;A;12\r
s3;Ada Lovelace;ada.l@uni.edu;B;13\r
s2;Ada Lovelace;ada@uni.edu;B;12\r
"""


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    return tiny.make_course(tmp_path_factory.mktemp("course"))


@pytest.fixture(scope="module")
def keys(course):
    return tiny.keys_of(course)


@pytest.fixture(scope="module")
def one(course):
    return json.dumps(tiny.notebook(course)).encode()


@pytest.fixture
def roster(tmp_path):
    path = tmp_path / "roster.csv"
    path.write_bytes(ROSTER.encode())
    return Roster.read(path)


def collect(course, tmp_path, download, *options):
    command = ["collect", str(download), "--out", str(tmp_path / "out"), "--root", str(course), *options]
    done = CliRunner().invoke(app, command, env={"COLUMNS": "400"})
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def test_several_platforms_in_one_zip_with_a_roster_of_excels(tmp_path, keys, one, roster):
    apart = unicodedata.normalize("NFD", "Jürgen Müller")
    files = {
        lms.moodle(apart, 31, "x.ipynb"): one,
        lms.canvas("Lovelace, Ada", 13, 2, "x.ipynb"): one,
        "ada@UNI.edu/x.ipynb": one,
        "Ada Lovelace - x.ipynb": one,
    }
    found = gather([lms.make_zip(tmp_path / "d.zip", files)], keys, roster=roster)
    assert [student for student, _ in found.hand_ins] == ["s1", "s2", "s3"]
    assert found.problems == [
        "Ada Lovelace - x.ipynb bears the name of s2 (row 5) and s3 (row 6); "
        "give the roster a column with what only one of them has on Google Classroom."
    ]
    assert roster.students["s2"].section == "A, B"


def test_two_spellings_would_be_one_folder_on_many_systems(tmp_path, keys, one):
    found = gather(
        [lms.make_zip(tmp_path / "d.zip", {"ada/x.ipynb": one, "Ada/x.ipynb": one, "bo/x.ipynb": one})], keys
    )
    assert [student for student, _ in found.hand_ins] == ["bo"]
    assert [str(refused) for refused in found.refusals] == [
        "Ada: Ada/x.ipynb is of 'Ada', and there is 'ada' as well; give a roster, or one spelling to both.",
        "ada: ada/x.ipynb is of 'ada', and there is 'Ada' as well; give a roster, or one spelling to both.",
    ]


def test_a_time_before_the_calendar_is_none_and_one_before_1970_is_in_time(tmp_path, keys, one):
    people = {
        1: ([("Ada", "s1", "a@u")], "1969-12-31 23:00:00 -05:00"),
        2: ([("Bo", "s2", "b@u")], "0001-01-01 00:00 Z"),
    }
    files = {"e/submission_metadata.yml": lms.gradescope(people)}
    files |= {f"e/submission_{number}/x.ipynb": one for number in people}
    found = gather([lms.make_zip(tmp_path / "d.zip", files)], keys)
    assert {one.student: one.timestamp for one in found.last} == {"s1": datetime(1970, 1, 1, 4), "s2": None}


@pytest.mark.parametrize("zipped", [True, False])
def test_an_empty_download_is_said_to_be_that(zipped, tmp_path, course):
    download = tmp_path / "d"
    lms.make_zip(download, {}) if zipped else download.mkdir()
    done = collect(course, tmp_path, download)
    assert (done.exit_code, done.output) == (
        2,
        "grader collect: the download holds no file, so nothing was collected; download it again.\n",
    )
    assert not (tmp_path / "out").exists()


def test_a_lab_out_of_use_is_called_that_where_it_is_collected_and_left_where_it_lies(tmp_path, course, one):
    (course / "course.toml").write_text('labs = "2"\n')
    fault = (
        f"is of {FIRST}, a lab that this course does not use; hand in a lab in use, or add it to `labs` in course.toml."
    )
    done = collect(course, tmp_path, lms.make_zip(tmp_path / "d.zip", {"ada/x.ipynb": one}))
    assert f"  ada: ada/x.ipynb {fault}" in done.output.splitlines()
    tiny.hand_in(tmp_path / "in", "ada", one)
    tiny.hand_in(tmp_path / "in", "bo", one, lab=SECOND)
    said = [str(refused) for refused in read(tmp_path / "in", tiny.keys_of(course)) if hasattr(refused, "fault")]
    (course / "course.toml").unlink()
    assert [sentence for sentence in said if sentence.startswith("ada")] == []


def test_a_class_of_many_files_is_collected_twice_without_being_written_twice(tmp_path, keys, course, one):
    path = lms.make_zip(tmp_path / "d.zip", {f"s{n:03}/x.ipynb": one + b" " * n for n in range(300)})
    out, inodes = tmp_path / "out", []
    for _ in range(2):
        before = gather(require_own(out), keys)
        write_collection(gather([path], keys, before=before), out, before)
        inodes.append([place.stat().st_ino for place in sorted(out.rglob("*.ipynb"))])
    assert len(inodes[0]) == 300
    assert inodes[0] == inodes[1]
