"""What all tests share: the catalogue's table at the end of the output, engines of their own, and a tiny course."""

from __future__ import annotations

import os
from collections import Counter

import pytest

# Two test workers on two cores: one thread each. More threads than cores wait for each other most of the time.
os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_addoption(parser):
    """Let the tests of generated files rewrite what they expect."""
    parser.addoption("--update-golden", action="store_true", help="rewrite the expected files of generators")


def pytest_collection_modifyitems(items):
    """What takes minutes by itself comes first."""
    items.sort(key=lambda item: item.get_closest_marker("minutes") is None)


@pytest.fixture
def fork_server_with(monkeypatch, tmp_path):
    """Have this test's engines, which are its own, run some Python before anything else."""
    from grader.engine import launching, service

    variables = launching.variables

    def prepare(text: str) -> None:
        (tmp_path / "sitecustomize.py").write_text(text)
        service.stop()  # one that is there already has not run it

    def with_ours(folder: str) -> dict[str, str]:
        own = variables(folder)
        return own | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{own['PYTHONPATH']}"}

    monkeypatch.setattr(launching, "variables", with_ours)
    monkeypatch.setattr(launching, "_early", [])  # one that a command has started meanwhile
    monkeypatch.setattr(service, "_engines", {})
    yield prepare
    service.stop()


def pytest_terminal_summary(terminalreporter):
    """Print, for each exercise, how many wrong answers were caught and how many right ones were accepted."""
    tried, passed = Counter(), Counter()
    for outcome in ("passed", "failed"):
        for report in terminalreporter.stats.get(outcome, []):
            for name, value in getattr(report, "user_properties", []):
                if name == "catalogue":
                    tried[value] += 1
                    passed[value] += outcome == "passed"
    if not tried:
        return
    terminalreporter.section("catalogue: caught / wrong answers, accepted / right answers")
    for lab, exercise in sorted({tuple(value.split()[:2]) for value in tried}):
        wrong, right = f"{lab} {exercise} wrong", f"{lab} {exercise} right"
        caught, accepted = f"{passed[wrong]}/{tried[wrong]}", f"{passed[right]}/{tried[right]}"
        terminalreporter.write_line(f"{lab:<22}{exercise:<34}caught {caught:<8}accepted {accepted}")


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course of two tiny labs; a module that needs another one has its own."""
    import tiny_course as tiny

    return tiny.make_course(tmp_path_factory.mktemp("course"))


@pytest.fixture(scope="module")
def key(course):
    """The answer key of its first lab."""
    import tiny_course as tiny

    return tiny.keys_of(course)[tiny.FIRST]
