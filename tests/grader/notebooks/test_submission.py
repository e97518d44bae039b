"""What students hand in is found and read; what cannot be graded becomes one sentence with a cure."""

from __future__ import annotations

import json
import os
import sys
from datetime import datetime
from pathlib import Path

import pytest
import tiny_course as tiny

from grader.notebooks import notebook_file
from grader.notebooks.notebook_file import Unreadable, parse, python_of, read_bytes
from grader.notebooks.submission import EARLIER, Refusal, Submission, collect

FIXTURES = Path(__file__).parents[2] / "fixtures" / "notebooks"
EXPECTED = {
    "binary": "is a binary file and not a notebook",
    "damaged_cell": "its cell 1 is not a notebook cell",
    "empty": "is empty",
    "julia": "is a notebook for 'julia' and not for Python",
    "nbformat3": "is in the old notebook format 3",
    "nbformat5": "is in the unknown notebook format 5",
    "no_cells": "has no cells",
    "not_a_notebook": "is JSON but not a notebook",
    "not_json": "is not valid JSON at line 1",
    "nothing_of_the_lab": "holds none of this lab's cells",
    "r_kernel": "is a notebook for 'R' and not for Python",
}


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    return tiny.make_course(tmp_path_factory.mktemp("course"))


@pytest.fixture(scope="module")
def keys(course):
    return tiny.keys_of(course)


def one(folder: Path, keys, **options):
    found = collect(folder, keys, **options)
    assert len(found) == 1
    return found[0]


def test_every_fixture_is_expected_somewhere():
    assert {path.stem for path in FIXTURES.glob("*.ipynb")} == set(EXPECTED)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_malformed_notebook_gets_one_sentence_with_student_file_and_cure(name, tmp_path, keys, course):
    tiny.hand_in(tmp_path, "mallory", (FIXTURES / f"{name}.ipynb").read_bytes())
    tiny.hand_in(tmp_path, "zoe", tiny.notebook(course))
    refused, fine = collect(tmp_path, keys)
    sentence = str(refused)
    assert sentence.startswith("mallory: mallory/01_double/01_double.ipynb ")
    assert EXPECTED[name] in sentence
    assert "; " in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert refused.cure
    assert isinstance(fine, Submission)


@pytest.mark.parametrize("only", [False, True])
def test_another_labs_notebook_is_recognised_whatever_is_graded(only, tmp_path, keys, course):
    tiny.hand_in(tmp_path, "ada", tiny.notebook(course, tiny.SECOND))
    wanted = {tiny.FIRST: keys[tiny.FIRST]} if only else keys
    found = str(one(tmp_path, wanted, only=only))
    assert "is the notebook of another lab (02_sign); hand in 01_double.ipynb, with the" in found


def test_a_lab_without_its_solution_hides_no_other(tmp_path):
    (tmp_path / "course").mkdir()
    course = tiny.make_course(tmp_path / "course")
    keys = {tiny.SECOND: tiny.keys_of(course)[tiny.SECOND]}
    (course / "solutions" / tiny.FIRST / f"{tiny.FIRST}.ipynb").unlink()
    tiny.hand_in(tmp_path / "in", "ada", tiny.notebook(course), tiny.SECOND)
    assert "holds none of this lab's cells" in str(one(tmp_path / "in", keys))


def test_the_only_notebook_counts_whatever_it_is_called(tmp_path, keys, course):
    path = tiny.hand_in(tmp_path, "ada", tiny.notebook(course))
    path.rename(path.with_name("Copy of 01_double (1).ipynb"))
    found = one(tmp_path, keys)
    assert isinstance(found, Submission)
    assert found.notes == [
        "Copy of 01_double (1).ipynb was taken for 01_double.ipynb, as the only notebook that was handed in"
    ]


def test_earlier_hand_ins_come_first(tmp_path, keys, course):
    path = tiny.hand_in(tmp_path, "ada", tiny.notebook(course, **tiny.GOOD), when="2026-03-03 10:00")
    for number, text in (("2", b"{"), ("10", json.dumps(tiny.notebook(course)).encode())):
        inner = path.parent / EARLIER / number
        inner.mkdir(parents=True)
        (inner / path.name).write_bytes(text)
    (path.parent / EARLIER / "notes").mkdir()
    second, tenth, last = collect(tmp_path, keys)
    assert str(second).startswith("ada: ada/01_double/earlier/2/01_double.ipynb is not valid JSON")
    assert (tenth.timestamp, last.timestamp) == (None, datetime(2026, 3, 3, 10))


def test_two_notebooks_none_with_the_right_name(tmp_path, keys, course):
    path = tiny.hand_in(tmp_path, "ada", tiny.notebook(course))
    path.with_name("b.ipynb").write_bytes(path.read_bytes())
    path.rename(path.with_name("a.ipynb"))
    assert "holds a.ipynb and b.ipynb but no 01_double.ipynb" in str(one(tmp_path, keys))


def test_folders_without_a_notebook(tmp_path, keys):
    (tmp_path / "ada" / tiny.FIRST).mkdir(parents=True)
    (tmp_path / "bob" / tiny.FIRST).mkdir(parents=True)
    (tmp_path / "bob" / tiny.FIRST / "answers.docx").write_bytes(b"PK")
    ada, bob = collect(tmp_path, keys)
    assert "ada/01_double/ is an empty folder; hand in 01_double.ipynb" in str(ada)
    assert "holds answers.docx but no 01_double.ipynb" in str(bob)


def test_a_folder_of_no_lab_is_named_unless_labs_were_chosen(tmp_path, keys, course):
    tiny.hand_in(tmp_path, "ada", tiny.notebook(course), lab="01-double")
    assert "ada/01-double belongs to no lab of the course; rename the folder" in str(one(tmp_path, keys))
    assert collect(tmp_path, keys, only=True) == []


def test_a_notebook_outside_a_labs_folder_is_named(tmp_path, keys, course):
    (tmp_path / "ada").mkdir()
    (tmp_path / "ada" / "01_double.ipynb").write_text(json.dumps(tiny.notebook(course)))
    assert "lies outside a lab's folder; move it to ada/01_double/01_double.ipynb" in str(one(tmp_path, keys))


def test_hidden_folders_and_loose_files_are_passed_over(tmp_path, keys):
    (tmp_path / ".ipynb_checkpoints").mkdir()
    (tmp_path / "notes.txt").write_text("remember the due date")
    assert collect(tmp_path, keys) == []


def test_far_too_big_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "big.ipynb"
    with path.open("wb") as file:
        file.truncate(100_000_000)  # a hole: no disk is used
    with pytest.raises(Unreadable, match="far too big \\(100 MB, the limit is 25 MB\\); clear its outputs"):
        read_bytes(path)


def test_links_and_folders_are_not_followed(tmp_path, keys, course):
    secret = tmp_path / "elsewhere.ipynb"
    secret.write_text(json.dumps(tiny.notebook(course, **tiny.GOOD)))
    for student in ("linked", "folder"):
        (tmp_path / "in" / student / tiny.FIRST).mkdir(parents=True)
    (tmp_path / "in" / "linked" / tiny.FIRST / "01_double.ipynb").symlink_to(secret)
    (tmp_path / "in" / "folder" / tiny.FIRST / "01_double.ipynb").mkdir()
    folder, linked = collect(tmp_path / "in", keys)
    assert "is a link and not a file" in str(linked)
    assert "is not a file" in str(folder)


def test_an_unreadable_file_gets_a_sentence(tmp_path, keys, course, monkeypatch):
    tiny.hand_in(tmp_path, "ada", tiny.notebook(course))

    def refuse(path, flags):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(notebook_file.os, "open", refuse)
    assert "cannot be read (Permission denied); make it readable" in str(one(tmp_path, keys))


def test_a_fault_of_the_reader_stops_nobody(tmp_path, keys, course, monkeypatch):
    tiny.hand_in(tmp_path, "ada", tiny.notebook(course))
    monkeypatch.setattr("grader.notebooks.submission.parse", lambda content: 1 / 0)
    assert "made the grader stumble while reading (ZeroDivisionError" in str(one(tmp_path, keys))


@pytest.mark.parametrize(
    "content",
    [
        b"[" * 200_000 + b"]" * 200_000,
        b'{"nbformat": true, "cells": [1]}',
        b'{"nbformat": 4, "cells": "many"}',
        b'{"nbformat": 4, "cells": [null]}',
        b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": 3}]}',
        b'{"nbformat": 4, "metadata": 7, "cells": [{"cell_type": "code", "source": ["a", 1]}]}',
        b'{"nbformat": 4, "metadata": {"kernelspec": []}, "cells": [{"cell_type": []}]}',
    ],
)
def test_odd_shapes_are_refused_and_never_raise_anything_else(content):
    with pytest.raises(Unreadable):
        parse(content)


def test_cells_may_have_lines_no_ids_and_odd_metadata():
    cells = [
        {"cell_type": "code", "source": ["a = 1\n", "b = 2"], "metadata": {"nbgrader": [1], "tags": 5}},
        {"cell_type": "markdown", "source": "\ud800 text", "id": 9, "metadata": None},
        {"cell_type": "code", "id": "x", "metadata": {"nbgrader": {"grade_id": "double"}}},
    ]
    content = json.dumps({"nbformat": 4, "nbformat_minor": 2, "cells": cells}).encode()
    first, second, third = parse(b"\xef\xbb\xbf" + content).cells
    assert first.source == "a = 1\nb = 2"
    assert (first.id, first.grade_id) == ("", "")
    assert second.source == "? text"
    assert (third.source, third.id, third.grade_id) == ("", "x", "double")


def test_timestamps_as_nbgrader_writes_them(tmp_path, keys, course):
    tiny.hand_in(tmp_path, "ada", tiny.notebook(course), when="2026-03-01 13:30:00.5 America/Los_Angeles")
    tiny.hand_in(tmp_path, "bob", tiny.notebook(course), when="yesterday, I promise")
    tiny.hand_in(tmp_path, "cy", b"{", when="2026-03-01 10:00:00 UTC")
    tiny.hand_in(tmp_path, "dee", tiny.notebook(course), when="2026-03-01 23:59:00 +0200")
    tiny.hand_in(tmp_path, "eve", tiny.notebook(course), when="2026-03-01 23:59:00 CEST")
    ada, bob, cy, dee, eve = collect(tmp_path, keys)
    assert dee.timestamp == datetime(2026, 3, 1, 21, 59)
    assert eve.timestamp is None
    assert "lateness is unknown: 'CEST' is not a zone with one meaning" in eve.notes[0]
    assert ada.timestamp == datetime(2026, 3, 1, 21, 30, 0, 500000)
    assert bob.timestamp is None
    assert "lateness is unknown" in bob.notes[0]
    assert isinstance(cy, Refusal)
    assert cy.timestamp == datetime(2026, 3, 1, 10)


def test_the_size_limit_is_far_above_an_honest_notebook():
    assert notebook_file.LARGEST >= 10_000_000


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere file names are text")
def test_a_folder_whose_name_is_no_text_is_refused_and_the_others_are_read(tmp_path, keys, course):
    tiny.hand_in(tmp_path, "zoe", tiny.notebook(course))
    path = tiny.hand_in(tmp_path, "latin", tiny.notebook(course)).parents[1]
    os.rename(path, os.fsencode(tmp_path) + b"/Jos\xe9")
    refused, fine = sorted(collect(tmp_path, keys), key=lambda one: isinstance(one, Submission))
    assert (
        str(refused)
        == "Jos\N{REPLACEMENT CHARACTER}: Jos\N{REPLACEMENT CHARACTER} has a name that is not UTF-8; rename the folder."
    )
    assert refused.student.encode()
    assert fine.student == "zoe"


@pytest.mark.parametrize("name", ["01_double", "01_DOUBLE", " 01_double "])
@pytest.mark.parametrize("only", [True, False])
def test_a_folder_almost_of_the_lab_or_a_file_beside_it_is_named_whichever_labs_are_asked_for(
    name, only, tmp_path, keys, course
):
    first = {tiny.FIRST: keys[tiny.FIRST]}
    path = tiny.hand_in(tmp_path, "ada", tiny.notebook(course))
    if name == tiny.FIRST:
        path.rename(tmp_path / "ada" / path.name)
        path.parent.rmdir()
    else:
        path.parent.rename(tmp_path / "ada" / name)
    refused = one(tmp_path, first, only=only)
    assert isinstance(refused, Refusal)
    assert tiny.FIRST in refused.cure


def test_other_labs_are_passed_over_where_one_is_asked_for(tmp_path, keys, course):
    tiny.hand_in(tmp_path, "ada", tiny.notebook(course, tiny.SECOND), tiny.SECOND)
    assert collect(tmp_path, {tiny.FIRST: keys[tiny.FIRST]}, only=True) == []


def test_a_notebook_one_folder_too_deep(tmp_path, keys, course):
    path = tiny.hand_in(tmp_path, "ada", tiny.notebook(course))
    inner = path.parent / tiny.FIRST
    inner.mkdir()
    path.rename(inner / path.name)
    assert "holds a folder with 01_double.ipynb and not the file itself; move 01_double.ipynb one folder up" in str(
        one(tmp_path, keys)
    )


def test_a_students_folder_that_is_a_link_is_not_followed(tmp_path, keys, course):
    tiny.hand_in(tmp_path, "ada", tiny.notebook(course))
    (tmp_path / "bob").symlink_to(tmp_path / "ada")
    (tmp_path / "eve").symlink_to(tmp_path)
    ada, bob, eve = collect(tmp_path, keys)
    assert isinstance(ada, Submission)
    assert str(bob) == "bob: bob lies behind a link; hand in the folder itself."
    assert isinstance(eve, Refusal)


@pytest.mark.parametrize(
    ("content", "python"),
    [
        (b'{"metadata": {"language_info": {"name": "python", "version": "3.13.1"}}}', (3, 13)),
        (b'{"cells": [{"source": "x = {\\"version\\": \\"3.99\\"}"}], "metadata": {"version":"3.14"}}', (3, 14)),
        (b'{"metadata": {"version": "2.7"}}', None),
        (b"{}", None),
    ],
)
def test_by_which_python_a_notebook_was_run(content, python):
    json.loads(content)  # it is JSON
    assert python_of(content) == python


def test_a_huge_format_number_leaves_the_sentence_short():
    with pytest.raises(Unreadable) as refused:
        parse(b'{"nbformat": ' + b"9" * 4000 + b', "cells": []}')
    assert len(str(refused.value)) < 200
