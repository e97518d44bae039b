"""The doctor names each fault with its fix, and finds none on a machine that can grade."""

from __future__ import annotations

import pytest
import tiny_course as tiny
from typer.testing import CliRunner

from grader import doctor
from grader.cli import app
from grader.doctor import examine


@pytest.fixture
def course(tmp_path, monkeypatch):
    monkeypatch.setattr(doctor, "sandbox_faults", lambda: [])
    return tiny.make_course(tmp_path)


def ask(course, *more: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["doctor", "--root", str(course), "--db", str(course / "g.db"), *more])
    return done.exit_code, done.output


def test_a_machine_that_can_grade(course):
    code, text = ask(course)
    assert code == 0, text
    for what in ("sandbox", "packages", "GPU", "assets", "disk", "labs", "gradebook"):
        assert f"ok  {what}" in text
    assert "2 with their answer keys" in text


@pytest.mark.parametrize(
    ("change", "what", "fix"),
    [
        (lambda patch, course: patch.setattr(doctor, "sandbox_faults", lambda: ["it saw other processes."]),
         "NO  sandbox    it saw other processes.", "--sandbox off"),
        (lambda patch, course: patch.setattr(doctor, "LEAST_DISK", 10**18), "NO  disk", "free some space"),
        (lambda patch, course: (course / "solutions/01_double/01_double.ipynb").unlink(), "NO  labs", "grader build"),
        (lambda patch, course: (course / "g.db").write_text("no database" * 99), "NO  gradebook", "--db"),
    ],
    ids=["sandbox", "disk", "labs", "gradebook"],
)  # fmt: skip
def test_each_fault_has_its_fix(course, monkeypatch, change, what, fix):
    change(monkeypatch, course)
    code, text = ask(course)
    assert code == 1
    assert what in text
    assert fix in text
    assert sum(not one.fine for one in examine(course, str(course / "g.db"))) == 1


def test_a_missing_package_or_program_is_named(course, monkeypatch):
    def absent(name):
        raise doctor.PackageNotFoundError(name)

    monkeypatch.setattr(doctor, "version", absent)
    monkeypatch.setattr(doctor.shutil, "which", lambda name: None)
    code, text = ask(course)
    assert code == 1
    assert "NO  packages   torch is not installed" in text
    assert "NO  gradebook  nbgrader's `alembic` is missing" in text
    assert text.count("run `make setup`") == 2


def test_assets_that_no_check_needs_are_no_fault(course, monkeypatch):
    class Asset:
        def __init__(self, cached):
            self.cached = cached

    for assets, seen in (
        ({"here": Asset(True), "away": Asset(False)}, "not fetched: away; no check needs one"),
        ({"here": Asset(True)}, "all fetched"),
    ):
        monkeypatch.setattr("lora_utils.data.assets.ASSETS", assets)
        (finding,) = [one for one in examine(course, str(course / "g.db")) if one.what == "assets"]
        assert finding.fine
        assert finding.seen.startswith(seen)
