"""The canary sees each hole: shown a process that is not shut off, it names what it could do there."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

import pytest
from this_machine import needs_sandbox
from typer.testing import CliRunner

import lora_utils
from grader.cli import app
from grader.engine import canary
from grader.engine.service import EngineFailed, engine

pytestmark = pytest.mark.kernel


def test_the_sandbox_holds_or_says_why_not():
    faults = canary.sandbox_faults()
    if faults and "set up" in faults[0]:
        needs_sandbox()
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
    status = Path("/proc/self/status").read_text().splitlines()
    capable = any(int(line.split()[1], 16) for line in status if line.startswith("CapEff"))
    assert ("it has capabilities." in faults) is capable  # nothing was taken away, so it has what this process has
    assert "it may use any amount of memory." not in faults  # limits hold without namespaces too


def test_nothing_starts_where_the_sandbox_does_not_hold(monkeypatch, tmp_path):
    (tmp_path / "in" / "ada" / "10_quiz").mkdir(parents=True)
    (tmp_path / "in" / "ada" / "10_quiz" / "10_quiz.ipynb").write_text("{")
    monkeypatch.setattr("grader.reports.console.sandbox_faults", lambda: ["it reached a server on this machine."])
    done = CliRunner().invoke(app, ["grade", str(tmp_path / "in"), "--lab", "10_quiz", "--out", str(tmp_path / "out")])
    assert done.exit_code == 2
    assert "the sandbox does not hold here: it reached a server on this machine. Ubuntu: `sudo sysctl" in done.output
    assert not (tmp_path / "out").exists()


def test_a_system_that_cannot_fork_is_told_what_to_do(monkeypatch, tmp_path):
    (tmp_path / "in").mkdir()
    monkeypatch.setattr("grader.reports.console.can_fork", lambda: False)
    done = CliRunner().invoke(app, ["grade", str(tmp_path / "in"), "--lab", "10_quiz", "--out", str(tmp_path / "out")])
    assert (done.exit_code, done.output) == (
        2,
        "grader grade: grading needs a system that can fork a process; on Windows use WSL 2, or stock `nbgrader "
        "autograde`.\n",
    )


def test_elsewhere_than_on_linux_the_fix_is_named(monkeypatch):
    monkeypatch.setattr("grader.engine.canary.sys.platform", "darwin")
    assert canary.sandbox_faults() == ["it needs Linux, and this is darwin."]


class Told:
    """An engine that says of the canary what it was told to say."""

    def __init__(self, said: object) -> None:
        self.said, self.asked, self.walls = said, set(), []

    def __call__(self, sandbox: bool) -> Told:
        self.asked.add(sandbox)
        return self

    def grade(self, cells: list[dict], environment: dict, limits: dict) -> dict:
        self.cells = cells
        if isinstance(self.said, Exception):
            raise self.said
        return self.said


@pytest.mark.parametrize(
    ("said", "faults"),
    [
        ({"c": {"status": "error", "evalue": '{"a hole.": true, "none.": false}'}}, ["a hole."]),
        ({"c": {"status": "error", "evalue": '{"none.": false}'}}, []),
        ({"c": {"status": "crash", "evalue": ""}}, ["its canary did not report (crash)."]),
        ({"c": {"status": "ok"}}, ["its canary did not report (ok)."]),
        (EngineFailed("unshare: Operation not permitted"), ["unshare: Operation not permitted."]),
    ],
)
def test_a_sandbox_holds_only_when_a_canary_inside_says_so(said, faults, monkeypatch):
    told = Told(said)
    monkeypatch.setattr(canary, "engine", told)
    assert canary.sandbox_faults() == faults
    assert told.asked == {True}
    assert [cell["kind"] for cell in told.cells] == ["own"]  # it runs where a student's cell does


def tried(monkeypatch, **names) -> dict:
    """What the canary's attempts say when they run in this very process, with other names to try."""
    told = Told({"c": {"status": "error", "evalue": "{}"}})
    monkeypatch.setattr(canary, "engine", told)
    canary.sandbox_faults()
    source = told.cells[0]["source"].replace("bytearray(30_000_000_000)", "False")
    lines = [line for line in source.splitlines() if line.split(" = ")[0] not in names]
    source = "".join(f"{name} = {value!r}\n" for name, value in names.items()) + "\n".join(lines)
    with pytest.raises(ValueError, match="^{") as caught:
        exec(source, {})
    return json.loads(str(caught.value))


def test_each_attempt_of_the_canary_says_what_it_could_do(monkeypatch, tmp_path):
    secret, package = tmp_path / "secret", tmp_path / "package"
    package.mkdir()
    secret.write_text("a secret")
    there = {"SECRET": str(secret), "SOLUTIONS": str(tmp_path), "PACKAGE": str(package)}
    monkeypatch.setenv("LORA_UTILS_CHECK_SEED", "7")
    with socket.create_server(("127.0.0.1", 0)) as server:
        open_to_all = tried(monkeypatch, PORT=server.getsockname()[1], **there)
        closed = server.getsockname()[1]
    assert list(package.iterdir()) == []  # it leaves nothing behind
    monkeypatch.delenv("LORA_UTILS_CHECK_SEED")
    nowhere = {name: str(tmp_path / "nowhere" / "x") for name in there}
    shut = tried(monkeypatch, PORT=closed, **nowhere)
    for sentence in (
        "it reached a server on this machine.",
        "it read a file of the grader.",
        "it saw the folder of solutions.",
        "it wrote into the course package.",
        "it knows the seed of the test inputs.",
    ):
        assert (open_to_all[sentence], shut[sentence]) == (True, False), sentence
    assert open_to_all["it saw other processes."] is True
