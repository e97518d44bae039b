"""`nbgrader validate` runs where hidden checks are not: it must not call a perfect answer partial."""

from __future__ import annotations

import pytest

from lora_utils.checks.framework.grade import CheckResult, Grade


def grade(verdict: str, *, of: float) -> Grade:
    return Grade("double", [CheckResult("twice", "It doubles.", verdict, max_points=3.0)], of=of)


@pytest.mark.parametrize(
    ("execution", "verdict", "of", "shown"),
    [
        ("validate", "pass", 4, "4.0"),
        ("validate", "pass", 3, "3.0"),
        ("validate", "fail", 4, "0.0"),
        ("autograde", "pass", 4, "3.0"),
        ("", "pass", 4, "3.0"),
    ],
)
def test_only_validate_counts_points_that_are_not_there(monkeypatch, execution, verdict, of, shown):
    monkeypatch.setenv("NBGRADER_EXECUTION", execution)
    result = grade(verdict, of=of)
    assert repr(result) == shown
    assert float(result) == (3.0 if verdict == "pass" else 0.0)
