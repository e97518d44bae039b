"""Every platform's form is read from a download made by that platform's own rules."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import lms_downloads as lms
import pytest
import tiny_course as tiny

from grader.collecting import CannotCollect, Pattern, gather
from grader.collecting.claims import has_own_form
from grader.collecting.platforms import claim_of

EAST = timezone(timedelta(hours=2))
WHEN = datetime(2026, 3, 1, 13, 30, 5)
FIRST, SECOND = tiny.FIRST, tiny.SECOND


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    return tiny.make_course(tmp_path_factory.mktemp("course"))


@pytest.fixture(scope="module")
def keys(course):
    return tiny.keys_of(course)


@pytest.fixture(scope="module")
def one(course):
    return json.dumps(tiny.notebook(course)).encode()


@pytest.fixture(scope="module")
def two(course):
    return json.dumps(tiny.notebook(course, SECOND)).encode()


@pytest.fixture(params=["zip", "folder"])
def pack(request, tmp_path):
    """Makes a download of files, zipped and unpacked, bare and in a folder of its own."""

    def make(files, name="download", **more):
        if request.param == "zip":
            return lms.make_zip(tmp_path / f"{name}.zip", files, **more)
        return lms.make_folder(tmp_path / name, files)

    return make


def taken(collection):
    return {(student, lab): [one.submission.timestamp for one in group]
            for (student, lab), group in collection.hand_ins.items()}  # fmt: skip


@pytest.mark.parametrize("around", ["", "Lab 1 submissions/"])
def test_canvas(around, pack, keys, one, two):
    files = {
        lms.canvas("Lovelace, Ada", 123, 456, "Copy of 01_double.ipynb"): one,
        lms.canvas("Lovelace, Ada", 123, 457, "anything-2.ipynb"): two,
        lms.canvas("O'Neil, José", 7, 460, "01_double.ipynb", late=True): one,
        "anon_x1Yz_461_01_double.ipynb": one,
    }
    found = gather([pack({around + name: text for name, text in files.items()})], keys)
    assert taken(found) == {
        ("lovelaceada", FIRST): [None],
        ("lovelaceada", SECOND): [None],
        ("oneiljosé", FIRST): [None],
        ("x1Yz", FIRST): [None],
    }
    (late,) = found.hand_ins["oneiljosé", FIRST]
    assert late.submission.notes == ["Canvas calls it late; by how much is not in the download"]
    assert found.readings[0].form == "Canvas: {student}_{number}_{number}_{file}"
    assert found.readings[0].files == 3


def test_moodle(pack, keys, one, two):
    found = gather(
        [
            pack(
                {
                    lms.moodle("Ada Lovelace", 31, "sub/01_double.ipynb"): one,
                    lms.moodle("Bo_Bo Li", 32, "x (1).ipynb", old=True): one,
                    lms.moodle("Cy", 33, "02_sign.ipynb", folders=False): two,
                    "Dee Dee_34/01_double.ipynb": one,
                }
            )
        ],
        keys,
    )
    assert set(taken(found)) == {("Ada Lovelace", FIRST), ("Bo Bo Li", FIRST), ("Cy", SECOND), ("Dee Dee", FIRST)}


def test_a_single_students_moodle_folder_is_no_wrapper(pack, keys, one):
    assert set(taken(gather([pack({lms.moodle("Ada Lovelace", 31, "a/b/c.ipynb"): one})], keys))) == {
        ("Ada Lovelace", FIRST)
    }


def test_blackboard(pack, keys, one):
    files = {
        lms.blackboard("Lab_1", "ada", WHEN, "01_double.ipynb"): one,
        lms.blackboard("Lab_1", "ada", WHEN): b"Name: Ada Lovelace (ada)",
        lms.blackboard("Lab_1", "ada", WHEN + timedelta(hours=3), "01_double.ipynb"): one + b" ",
    }
    found = gather([pack(files)], keys, zone=EAST)
    early = datetime(2026, 3, 1, 11, 30, 5)
    assert taken(found) == {("ada", FIRST): [early, early + timedelta(hours=3)]}
    by_path = {line.path: line for line in found.lines}
    assert [by_path[path].status for path in files] == ["superseded", "nothing", "taken"]
    assert by_path[lms.blackboard("Lab_1", "ada", WHEN)].reason.startswith("is no notebook")
    assert found.refusals == []  # the note lies beside a notebook


def test_gradescope_and_a_group(pack, keys, one, two):
    people = [("Ada Lovelace", "s1", "ada@uni.edu"), ("Bo Li", "", "bo@uni.edu")]
    metadata = lms.gradescope(
        {11: (people, "2023-09-18 23:04:34.123456789 -07:00"), 12: (people[:1], "2023-09-19 00:00:00 Z")}
    )
    root = "assignment_5_export/"
    files = {
        f"{root}submission_metadata.yml": metadata,
        f"{root}submission_11/01_double.ipynb": one,
        f"{root}submission_12/deep/er/02_sign.ipynb": two,
        f"__MACOSX/{root}._submission_metadata.yml": b"\0",
    }
    found = gather([pack(files)], keys)
    assert taken(found) == {
        ("s1", FIRST): [datetime(2023, 9, 19, 6, 4, 34, 123456)],
        ("bo@uni.edu", FIRST): [datetime(2023, 9, 19, 6, 4, 34, 123456)],
        ("s1", SECOND): [datetime(2023, 9, 19)],
    }
    junk = [line for line in found.lines if line.status == "nothing"]
    assert len(junk) == 2


def test_gradescope_metadata_that_is_no_yaml(pack, keys, one):
    with pytest.raises(CannotCollect, match="its list of students is not the YAML that Gradescope writes"):
        gather([pack({"submission_metadata.yml": b"{[", "submission_1/x.ipynb": one})], keys)


def test_google_classroom(pack, keys, one):
    files = {"Lab 1/Ada Lovelace - 01_double.ipynb": one, "Lab 1/Bo - Copy of 01_double.ipynb": one}
    assert set(taken(gather([pack(files)], keys))) == {("Ada Lovelace", FIRST), ("Bo", FIRST)}


@pytest.mark.parametrize("around", ["lab-1-submissions/", ""])
def test_github_classroom(around, pack, keys, one, two):
    files = {
        f"{around}lab-1-ada-l/notebooks/{FIRST}/{FIRST}.ipynb": one,
        f"{around}lab-1-ada-l/notebooks/{SECOND}/{SECOND}.ipynb": two,
        f"{around}lab-1-ada-l/.git/HEAD": b"ref: refs/heads/main",
        f"{around}lab-1-bo/{FIRST}.ipynb": one,
        f"{around}lab-1-bo/.git/HEAD": b"ref: refs/heads/main",
    }
    files = {path: text.replace(b"raise NotImplementedError", b"return 2") for path, text in files.items()}  # touched
    found = gather([pack(files)], keys)
    assert set(taken(found)) == {("ada-l", FIRST), ("ada-l", SECOND), ("bo", FIRST)}
    assert found.readings[0].form == "GitHub Classroom: lab-1-{student}/{file}"


@pytest.mark.parametrize(("around", "whose"), [("lab-1-submissions/", "ada"), ("", "lab-1-ada")])
@pytest.mark.parametrize("work", ["my work/answers.ipynb", f"{FIRST}.ipynb", f"zzz/{FIRST}/copy.ipynb"])
def test_a_clones_work_counts_wherever_it_lies_and_untouched_labs_do_not(
    work, around, whose, pack, keys, one, two, course
):
    mine = json.dumps(tiny.notebook(course, **tiny.GOOD)).encode()
    files = {f"{around}lab-1-{login}/notebooks/{lab}/{lab}.ipynb": text
             for login in ("ada", "bo") for lab, text in ((FIRST, one), (SECOND, two))}  # fmt: skip
    found = gather([pack(files | {f"{around}lab-1-ada/{work}": mine})], keys)
    ((place, (hand_in,)),) = found.hand_ins.items()
    assert (place, hand_in.entry.path) == ((whose, FIRST), f"{around}lab-1-ada/{work}")
    untouched = {line.path: line.reason for line in found.lines if line.status == "nothing"}
    assert untouched == dict.fromkeys(files, "is the lab as it was handed out, and nothing that somebody did")


@pytest.mark.parametrize(
    ("around", "whose"),
    [("lab-1-ada-main/", "lab-1-ada-main"), ("lab-1-submissions/lab-1-ada/", "ada"), ("x/lab-1-ada/", "lab-1-ada")],
)
def test_one_clone_alone_is_a_student_and_its_folders_are_none(around, whose, pack, keys, course):
    mine = json.dumps(tiny.notebook(course, **tiny.GOOD)).encode()
    files = {f"{around}notebooks/{FIRST}/{FIRST}.ipynb": mine, f"{around}README.md": b"", f"{around}.git/HEAD": b""}
    assert set(taken(gather([pack(files)], keys))) == {(whose, FIRST)}


def test_a_clone_without_a_folder_around_it_says_nowhere_whose_it_is(pack, keys, course):
    mine = json.dumps(tiny.notebook(course, **tiny.GOOD)).encode()
    (problem,) = gather([pack({f"notebooks/{FIRST}/{FIRST}.ipynb": mine, ".git/HEAD": b""})], keys).problems
    assert "does not say whose it is; put it into a folder with the student's name" in problem


def test_what_was_handed_out_beside_the_work_is_no_later_attempt(pack, keys, one, course):
    mine = json.dumps(tiny.notebook(course, **tiny.GOOD)).encode()
    files = {"ada/a.ipynb": mine, f"ada/notebooks/{FIRST}.ipynb": one, "bo/x.ipynb": one}
    found = gather([pack(files)], keys)
    assert {who: [one.entry.name for one in group] for (who, _), group in found.hand_ins.items()} == {
        "ada": ["a.ipynb"], "bo": ["x.ipynb"],
    }  # fmt: skip


@pytest.mark.parametrize(
    "name", ["Ada Lovelace", "Copy of Ada Lovelace", "Copy of Copy of Ada Lovelace", "Kopie von Ada Lovelace"]
)
def test_google_classroom_and_a_copy_of_a_copy(name, pack, keys, one):
    found = gather([pack({f"{name} - {FIRST}.ipynb": one, f"Bo - {FIRST}.ipynb": one})], keys)
    assert set(taken(found)) == {("Ada Lovelace", FIRST), ("Bo", FIRST)}


def test_nbgraders_exchange_with_every_attempt(pack, keys, one):
    later = WHEN + timedelta(days=1)
    files = {
        lms.exchange("a+da", FIRST, later, f"{FIRST}.ipynb", "abcdEFGH1234"): one + b" ",
        lms.exchange("a+da", FIRST, WHEN, f"{FIRST}.ipynb"): one,
        lms.exchange("a+da", FIRST, WHEN, "timestamp.txt"): b"2020-01-01 00:00:00 UTC",
    }
    assert taken(gather([pack(files)], keys)) == {("a+da", FIRST): [WHEN, later]}


@pytest.mark.parametrize("around", ["", "submitted/"])
def test_the_courses_own_form(around, pack, keys, one, two):
    files = {
        f"{around}ada/{FIRST}/{FIRST}.ipynb": one,
        f"{around}ada/{FIRST}/timestamp.txt": b"2026-03-01 13:30:05 UTC",
        f"{around}student_12/{SECOND}/{SECOND}.ipynb": two,
    }
    assert taken(gather([pack(files)], keys)) == {("ada", FIRST): [WHEN], ("student_12", SECOND): [None]}


def test_one_student_alone_in_the_courses_own_form(pack, keys, one):
    assert set(taken(gather([pack({f"ada/{FIRST}/{FIRST}.ipynb": one})], keys))) == {("ada", FIRST)}


def test_a_pattern_says_where_the_student_stands(pack, keys, one):
    files = {"week/05-ada-final.ipynb": one, "week/05-bo-x-y.ipynb": one, "week/readme.ipynb": one}
    found = gather([pack(files)], keys, pattern=Pattern("week/05-{student}-*.ipynb"))
    assert set(taken(found)) == {("ada", FIRST), ("bo", FIRST)}
    assert found.problems[0].startswith("week/readme.ipynb does not say whose it is; put it")
    with pytest.raises(CannotCollect, match="must hold {student} once"):
        Pattern("*.ipynb")


@pytest.mark.parametrize("around", ["", "Lab 1/"])
def test_what_is_shown_can_be_written_back(around, pack, keys, one):
    files = {lms.canvas("Lovelace, Ada", 123, 456, "x_1_2_y.ipynb"): one, lms.canvas("Li, Bo", 7, 8, "x.ipynb"): one}
    download = pack({around + name: text for name, text in files.items()})
    shown = gather([download], keys).readings[0].form.partition(": ")[2]
    assert set(taken(gather([download], keys, pattern=Pattern(shown)))) == {("lovelaceada", FIRST), ("libo", FIRST)}


def test_no_form_and_no_pattern(pack, keys, one):
    found = gather([pack({"01_double.ipynb": one})], keys)
    assert found.hand_ins == {}
    assert "does not say whose it is" in found.problems[0]


@pytest.mark.parametrize(
    ("part", "whose"),
    [
        ("mallory_1_2_Lab_ada_attempt_2026-01-01-00-00-00_x.ipynb", "mallory"),
        ("Lab_mallory_attempt_2026-01-01-00-00-00_ada_3_4_x.ipynb", "mallory"),
        ("Lab_mallory_attempt_2026-01-01-00-00-00_Lab_ada_attempt_2026-01-01-00-00-00_x.ipynb", "mallory"),
        ("mallory_1_2_ada - x.ipynb", "mallory"),
        ("Mal Lory_1_assignsubmission_file_ada_3_4_x.ipynb", "Mal Lory"),
    ],
)
def test_no_file_name_takes_another_students_name(part, whose):
    assert claim_of(part).known_as == whose


@pytest.mark.parametrize(
    "inside", ["ada_1_2_x.ipynb", "Ada Lovelace_1_assignsubmission_file/x.ipynb", "bo - x.ipynb", "bo/x.ipynb"]
)
def test_no_folder_inside_a_students_own_does(inside, pack, keys, one):
    files = {f"mallory/{inside}": one, f"zoe/{FIRST}.ipynb": one, "mallory/submission_metadata.yml": b"bo: 1"}
    assert set(taken(gather([pack(files)], keys))) == {("mallory", FIRST), ("zoe", FIRST)}


def test_a_zips_own_times_count_where_they_cannot_be_of_the_packing(tmp_path, keys, one):
    files = {"ada/x.ipynb": one, "bo/x.ipynb": one}
    times = {"ada/x.ipynb": datetime(2026, 3, 1, 12), "bo/x.ipynb": datetime(2026, 3, 2, 14)}
    spread = lms.make_zip(tmp_path / "spread.zip", files, times)
    assert taken(gather([spread], keys, zone=EAST)) == {
        ("ada", FIRST): [datetime(2026, 3, 1, 10)],
        ("bo", FIRST): [datetime(2026, 3, 2, 12)],
    }
    packed = gather([lms.make_zip(tmp_path / "packed.zip", files)], keys)
    assert taken(packed) == {("ada", FIRST): [None], ("bo", FIRST): [None]}
    assert [one.student for one in packed.undated] == ["ada", "bo"]


@pytest.mark.parametrize(
    ("zone", "elsewhere", "hour"), [(None, EAST, 12), (EAST, timezone(timedelta(hours=-5)), 10), (UTC, EAST, 12)]
)
def test_a_timestamp_without_a_zone_is_in_that_of_staff_else_utc(zone, elsewhere, hour, pack, keys, one):
    files = {"ada/x.ipynb": one, "ada/timestamp.txt": b"2026-03-01 12:00:00\n"}
    files |= {"bo/x.ipynb": one, "bo/timestamp.txt": b"2026-03-01 12:00:00 +03:00\n"}
    assert taken(gather([pack(files)], keys, zone=zone, course_zone=elsewhere)) == {
        ("ada", FIRST): [datetime(2026, 3, 1, hour)],
        ("bo", FIRST): [datetime(2026, 3, 1, 9)],
    }


@pytest.mark.parametrize(
    ("files", "own"),
    [
        ([f"ada/{FIRST}/{FIRST}.ipynb"], True),
        ([f"ada/{FIRST.upper()}/x.ipynb", "bo/x.ipynb", "notes.txt"], True),
        (["ada/x.ipynb"], False),
        ([f"Ada Lovelace_31_assignsubmission_file/{FIRST}/x.ipynb"], False),
        ([f"lab-ada/{FIRST}/x.ipynb", "lab-ada/.git/HEAD"], False),
        ([f"submission_1/{FIRST}/x.ipynb", "submission_metadata.yml"], False),
        ([], False),
    ],
)
def test_a_platforms_folder_is_never_taken_for_the_courses_own(files, own, tmp_path):
    tmp_path = lms.make_folder(tmp_path / "in", dict.fromkeys(files, b""))
    tmp_path.mkdir(exist_ok=True)
    assert has_own_form(tmp_path, [FIRST, SECOND]) is own


def test_a_name_in_parts_is_the_same_name(pack, keys, one):
    composed, apart = "José/x.ipynb", "Jose\u0301/x.ipynb"
    assert list(gather([pack({composed: one, apart: one + b" "})], keys).hand_ins) == [("José", FIRST)]
