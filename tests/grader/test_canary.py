"""The canary sees each hole: shown a process that is not shut off, it names what it could do there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

import lora_utils
from grader import canary
from grader.cli import app
from grader.engine import engine

pytestmark = pytest.mark.kernel


def test_the_sandbox_holds_or_says_why_not():
    faults = canary.sandbox_faults()
    if faults and "set up" in faults[0]:
        pytest.skip(faults[0])
    assert faults == []


def test_without_a_sandbox_the_canary_finds_the_holes(monkeypatch):
    monkeypatch.setattr(canary, "engine", lambda sandbox: engine(False))
    faults = canary.sandbox_faults()
    assert "it reached a server on this machine." in faults
    assert "it read a file of the grader." in faults
    assert "it saw the folder of solutions." in faults
    assert "it saw other processes." in faults
    assert "it wrote into the course package." in faults
    assert not (Path(lora_utils.__file__).parent / "canary").exists()
    assert ("it runs as root." in faults) is (os.getuid() == 0)
    assert "it may use any amount of memory." not in faults  # limits hold without namespaces too


def test_nothing_starts_where_the_sandbox_does_not_hold(monkeypatch, tmp_path):
    (tmp_path / "in").mkdir()
    monkeypatch.setattr("grader.console.sandbox_faults", lambda: ["it reached a server on this machine."])
    done = CliRunner().invoke(app, ["grade", str(tmp_path / "in"), "--lab", "10_quiz", "--out", str(tmp_path / "out")])
    assert done.exit_code == 2
    assert "the sandbox does not hold here: it reached a server on this machine. Ubuntu: `sudo sysctl" in done.output
    assert not (tmp_path / "out").exists()


def test_a_system_that_cannot_fork_is_told_what_to_do(monkeypatch, tmp_path):
    (tmp_path / "in").mkdir()
    monkeypatch.setattr("grader.console.can_fork", lambda: False)
    done = CliRunner().invoke(app, ["grade", str(tmp_path / "in"), "--lab", "10_quiz", "--out", str(tmp_path / "out")])
    assert (done.exit_code, done.output) == (
        2,
        "grader grade: grading needs a system that can fork a process; on Windows use WSL 2, or stock `nbgrader "
        "autograde`.\n",
    )


def test_elsewhere_than_on_linux_the_fix_is_named(monkeypatch):
    monkeypatch.setattr("grader.canary.sys.platform", "darwin")
    assert canary.sandbox_faults() == ["it needs Linux, and this is darwin."]
