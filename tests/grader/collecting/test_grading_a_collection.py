"""A collected folder is graded as its download is: what was refused is told, labs out of use are left alone."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import graded_class as made
import lms_downloads as lms
import pytest
import tiny_course as tiny
from bs4 import BeautifulSoup
from typer.testing import CliRunner

from grader.cli import app
from grader.collecting import Roster, Student, gather

ROSTER = "id,name,canvas\nada,Ada Lovelace,11\nbob,Li Bo,12\ncy,Cy Young,13\nzoe,Zoë Q.,14\n"
DUE = f'[lab.{tiny.FIRST}]\ndue = "{made.DUE}"\n'


def command(*parts: object) -> tuple[int, str]:
    said = CliRunner().invoke(app, [str(part) for part in parts], env={"COLUMNS": "300"})
    assert said.exception is None or isinstance(said.exception, SystemExit), said.exception
    return said.exit_code, said.output


def grade(root: Path, *more: object) -> tuple[int, str]:
    return command("grade", *more, "--out", root / "out", "--root", root, "--sandbox", "off", "--workers", "1")


@pytest.fixture(params=["roster", "no roster"])
def root(request, tmp_path, monkeypatch) -> Path:
    """ada hands in well, bob a damaged file with the lab's name, cy one without it, zoe nothing; collected."""
    made.make(tmp_path, monkeypatch, ROSTER)
    good = json.dumps(tiny.notebook(tmp_path, double="double = 4", half="half = 3")).encode()
    files = {
        lms.canvas("Lovelace, Ada", 11, 101, f"{tiny.FIRST}.ipynb"): good,
        lms.canvas("Bo, Li", 12, 102, f"{tiny.FIRST}.ipynb"): b"{",
        lms.canvas("Young, Cy", 13, 103, "x.ipynb"): b"{",
    }
    collect(tmp_path, files)
    text = ('roster = "roster.csv"\n' if request.param == "roster" else "") + DUE
    (tmp_path / "course.toml").write_text(text)
    return tmp_path


def collect(root: Path, files: dict[str, bytes]) -> None:
    download = lms.make_zip(root / "d.zip", files)
    options = ("--out", root / "submitted", "--roster", root / "roster.csv", "--root", root)
    assert command("collect", download, *options)[0] in (0, 1)


def entries(root: Path) -> dict:
    return {(one["student"], one["lab"]): one for one in json.loads((root / "out" / "results.json").read_text())}


def page(root: Path, *parts: str) -> BeautifulSoup:
    return BeautifulSoup(root.joinpath("out", *parts).read_text(), "html.parser")


def test_what_was_refused_when_it_was_collected_is_told(root):
    code, said = grade(root, root / "submitted")
    assert code == 1
    assert "1 hand-in: 1 new, 0 graded again, 2 could not be graded." in said
    found = entries(root)
    for student, lab in (("bob", tiny.FIRST), ("cy", "")):
        problem = found[student, lab]["problem"]
        assert problem.startswith(f"{student}: ")
        assert "is not valid JSON" in problem
        assert problem in said
        assert problem in page(root, "report.html").get_text()
        assert problem in page(root, "feedback", student, "index.html").get_text()
        index = page(root, "feedback", student, "index.html").get_text()
        assert "nothing handed in" not in index.partition(tiny.SECOND)[0]
    assert "is not valid JSON" in page(root, "feedback", "bob", f"{tiny.FIRST}.html").get_text()
    missing = " ".join(page(root, "report.html").find(id="missing").get_text().split())
    roster = (root / "course.toml").read_text().startswith("roster")
    assert ("01_double, 1: Zoë Q." in missing) == roster  # without a roster nobody knows of her
    assert [name for name in ("Li Bo", "bob", "Cy Young", "cy") if name in missing] == []


def test_a_good_file_after_it_has_the_last_word(root):
    good = json.dumps(tiny.notebook(root, double="double = 2", half="half = 3")).encode()
    collect(root, {lms.canvas("Bo, Li", 12, 104, f"{tiny.FIRST}-1.ipynb"): good})
    _, said = grade(root, root / "submitted")
    assert "2 hand-ins: 2 new, 0 graded again, 1 could not be graded." in said
    assert entries(root)["bob", tiny.FIRST]["problem"] is None


def test_what_was_refused_of_who_left_the_roster_stays_unsaid(root):
    """bob's damaged file was followed by a good one, cy's by none."""
    good = json.dumps(tiny.notebook(root, double="double = 2", half="half = 3")).encode()
    collect(root, {lms.canvas("Bo, Li", 12, 104, f"{tiny.FIRST}-1.ipynb"): good})
    (root / "roster.csv").write_text("".join(row for row in ROSTER.splitlines(True) if row[:3] not in ("bob", "cy,")))
    code, said = grade(root, root / "submitted")
    roster = (root / "course.toml").read_text().startswith("roster")
    assert ("who is on no row of the roster" in said) == roster  # of bob's good file, which lies there
    assert (code, said.count("is not valid JSON")) == (1, 0 if roster else 1)


def test_a_refusal_is_of_whom_the_roster_finds_by_the_name(root):
    told = gather(
        [root / "submitted"], tiny.keys_of(root), roster=Roster([Student("b", "bob"), Student("ada")])
    ).refusals
    assert [(one.student, one.lab) for one in told] == [("b", tiny.FIRST)]


def test_a_refusal_that_was_made_good_stays_so_without_the_good_file(root):
    good = json.dumps(tiny.notebook(root, double="double = 2", half="half = 3")).encode()
    collect(root, {lms.canvas("Bo, Li", 12, 104, f"{tiny.FIRST}-1.ipynb"): good})
    shutil.rmtree(root / "submitted" / "bob")
    assert "bob: " not in grade(root, root / "submitted")[1]


def test_a_list_that_a_student_hands_in_says_nothing(root):
    report = root / "submitted" / "collected.csv"
    shutil.copy(report, root / "submitted" / "ada" / tiny.FIRST / "collected.csv")
    (root / "submitted" / "ada" / "collected.csv").write_text(report.read_text())
    report.write_text(report.read_text().splitlines()[0] + "\n")
    code, _ = grade(root, root / "submitted")
    assert (code, {one["problem"] for one in entries(root).values()}) == (0, {None})


@pytest.mark.parametrize("collected", [True, False])
def test_hand_ins_of_a_lab_that_is_out_of_use_are_left_alone(root, collected):
    for student in ("ada", "cy"):
        made.hand_in(root, student, 0, 2, lab=tiny.SECOND)
    shutil.copytree(root / "submitted" / "cy" / tiny.SECOND, root / "submitted" / "cy" / tiny.SECOND / "earlier" / "1")
    report = root / "submitted" / "collected.csv"
    report.write_text(report.read_text().splitlines()[0] + "\n") if collected else report.unlink()
    text = (root / "course.toml").read_text()
    (root / "course.toml").write_text(f'labs = "01"\n{text}')
    code, said = grade(root, root / "submitted")
    assert (code, "3 hand-ins of 02_sign, not in use, left alone\n" in said) == (0, True), said
    assert "not in use" not in grade(root, root / "submitted", "--lab", "01")[1]
    code, said = command("export", "--for", "csv", "--lab", "02", "--root", root, "--out", root / "x.csv")
    assert (code, "02_sign: not in use; add it to `labs` in course.toml, or leave it out." in said) == (2, True)
