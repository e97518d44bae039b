"""The roster says who is meant by what a platform calls them, who is missing, and who is unknown."""

from __future__ import annotations

import json

import lms_downloads as lms
import pytest
import tiny_course as tiny

from grader.collecting import CannotCollect, Roster, Student, gather
from grader.collecting.claims import OWN, student_of
from grader.collecting.platforms import Claim
from grader.collecting.roster import Ambiguous, Contradiction

TEXT = """id,name,e-mail,section,canvas
s1,"Lovelace, Ada King",ada@uni.edu,A,123
s2,John Smith,john1@uni.edu,A,124
s3,John Smith,john2@uni.edu,B,
s4,José Ñu,,B,
"""


@pytest.fixture
def roster(tmp_path):
    path = tmp_path / "roster.csv"
    path.write_text(TEXT, encoding="utf-8")
    return Roster.read(path)


@pytest.mark.parametrize(
    ("ids", "names", "meant"),
    [
        (["s1"], [], "s1"),
        (["S1"], [], "s1"),
        (["ADA@uni.edu"], [], "s1"),
        (["john2"], [], "s3"),
        (["124"], ["smithjohn"], "s2"),
        (["999"], ["lovelaceadaking"], "s1"),
        ([], ["Ada King Lovelace"], "s1"),
        ([], ["jose\u0301 ñu"], "s4"),
        ([], ["ñujosé"], "s4"),
        ([], ["Grace Hopper"], None),
        (["999"], [], None),
        ([""], [""], None),
    ],
)
def test_who_is_meant(ids, names, meant, roster):
    assert roster.find(ids, names) == meant


def test_a_name_that_two_bear_is_nobodys(roster):
    with pytest.raises(Ambiguous, match=r"s2 \(row 3\) and s3 \(row 4\)"):
        roster.find(["999"], ["smithjohn"])


@pytest.mark.parametrize(
    ("ids", "names", "said"),
    [
        (["s1", "john1@uni.edu"], [], "'s1' is of s1 (row 2); 'john1@uni.edu' is of s2 (row 4)"),
        (["124"], ["Ada King Lovelace"], "'124' is of s2 (row 4); 'Ada King Lovelace' is of s1 (row 2)"),
        (["same@uni.edu"], [], "'same@uni.edu' is of s5 (row 8) and s6 (row 9)"),
        (["same@uni.edu"], ["Eva Five"], "'same@uni.edu' is of s5 (row 8) and s6 (row 9); 'Eva Five' is of s5 (row 8)"),
        (["s7"], [], "'s7' is of s6 (row 9) and s7 (row 10)"),
    ],
)
def test_rows_that_contradict_each_other_give_nobody_the_file(ids, names, said, tmp_path):
    path = tmp_path / "roster.csv"
    rows = TEXT.replace("\ns2,", "\n\ns2,") + "s5,Eva Five,same@uni.edu,,\ns6,Flo Six,SAME@uni.edu,,s7\ns7,Guy,,,\n"
    path.write_text(rows.replace("s4,José", "\ns4,José"), encoding="utf-8")
    with pytest.raises(Contradiction) as refused:
        Roster.read(path).find(ids, names)
    assert str(refused.value) == said


def test_only_the_file_that_contradicts_is_refused(tmp_path, roster):
    course = tiny.make_course(tmp_path)
    one = json.dumps(tiny.notebook(course)).encode()
    files = {
        lms.canvas("Lovelace, Ada King", 124, 1, "x.ipynb"): one,  # the number of s2
        lms.canvas("Ñu, José", 126, 4, "x.ipynb"): one,
    }
    found = gather([lms.make_zip(tmp_path / "d.zip", files)], tiny.keys_of(course), roster=roster)
    assert list(found.hand_ins) == [("s4", tiny.FIRST)]
    assert found.problems == [
        "lovelaceadaking_124_1_x.ipynb may be of several people, by the roster: '124' is of s2 (row 3); "
        "'lovelaceadaking' is of s1 (row 2); mend those rows, or name the file's folder by the student's id."
    ]


def test_a_folder_of_the_courses_own_form_bears_an_id(tmp_path):
    roster = Roster([Student("s1", logins={"login": "s2"}), Student("s2")])
    assert student_of(Claim(OWN, "", ("s2",), ("s2",)), roster) == "s2"


def test_another_platforms_number_is_nobodys_here():
    roster = Roster([Student("s1", logins={"canvas": "31"}), Student("s2", logins={"moodle": "31"})])
    assert (roster.find(["31"], [], "Canvas"), roster.find(["31"], [], "Moodle")) == ("s1", "s2")
    with pytest.raises(Contradiction):
        roster.find(["31"], [])


def test_a_student_in_two_sections_is_one(tmp_path):
    path = tmp_path / "roster.csv"
    path.write_bytes(b"id,section,name\ns1,A,Ada\ns2,A,Bo\ns1,B,Ada\ns1,,Ada\n")
    assert list(Roster.read(path).students.values()) == [Student("s1", "Ada", "", "A, B"), Student("s2", "Bo", "", "A")]


def test_excels_semicolons_and_mark(tmp_path):
    path = tmp_path / "roster.csv"
    path.write_bytes("\ufeffID;Name;Email\r\ns1;Ada Lovelace;ada@uni.edu\r\n\r\n".encode())
    assert Roster.read(path).students == {"s1": Student("s1", "Ada Lovelace", "ada@uni.edu")}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"name,email\nAda,a@b", "has no column 'id' in its first row (it has: name, email); add it."),
        (b"", "has no column 'id'"),
        (b"id,E-Mail,e-mail\ns1,a,b\n", "has two columns 'e-mail'; keep one"),
        (b"\n\nid;name\n\ns1;Ada\ns1;Bo\n", "row 6: the id 's1' stands there twice; keep one row"),
        (b"id,name\ns1,Lovelace, Ada\n", "row 2: it has more cells than the first row; a cell that holds the"),
        (b"id,name\n,Ada\n", "row 2: the id '' is no folder's name"),
        (b"id\n../x\n", "row 2: the id '../x' is no folder's name"),
        ("id,name\ns1,José".encode("latin-1"), "is not UTF-8; save it as 'CSV UTF-8'"),
        (None, "cannot be read (No such file"),
    ],
)
def test_what_is_no_roster_gets_one_sentence(content, said, tmp_path):
    path = tmp_path / "roster.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CannotCollect) as refused:
        Roster.read(path)
    assert said in str(refused.value)


def test_missing_and_unknown(tmp_path, roster):
    course = tiny.make_course(tmp_path)
    one = json.dumps(tiny.notebook(course)).encode()
    files = {
        lms.canvas("Lovelace, Ada King", 123, 1, "x.ipynb"): one,
        lms.canvas("Smith, John", 124, 2, "x.ipynb"): one,
        lms.canvas("Smith, John", 125, 3, "x.ipynb"): one,
        lms.canvas("Hopper, Grace", 126, 4, "x.ipynb"): one,
    }
    found = gather([lms.make_zip(tmp_path / "d.zip", files)], tiny.keys_of(course), roster=roster)
    assert list(found.hand_ins) == [("s1", tiny.FIRST), ("s2", tiny.FIRST)]
    assert [one.id for one in found.missing] == ["s3", "s4"]
    assert [problem.partition(" ")[2] for problem in found.problems] == [
        "is of 'hoppergrace / 126', who is on no row of the roster; add a row, or a column with that name.",
        "bears the name of s2 (row 3) and s3 (row 4); "
        "give the roster a column with what only one of them has on Canvas (125).",
    ]


def test_two_people_of_one_name_are_never_one_without_a_roster(tmp_path):
    course = tiny.make_course(tmp_path)
    one = json.dumps(tiny.notebook(course)).encode()
    files = {lms.canvas("Smith, John", number, number, "x.ipynb"): one for number in (124, 125)}
    found = gather([lms.make_zip(tmp_path / "d.zip", files)], tiny.keys_of(course))
    assert found.hand_ins == {}
    assert "is of one of several people called 'smithjohn' (124 and 125); give a roster" in str(found.refusals[0])
