"""How learning platforms read what is uploaded to them, written from their own sources and specifications."""

from __future__ import annotations

import csv
import io


def canvas_reads(content: bytes) -> tuple[dict, dict]:
    """Points possible by assignment, and grades by how the student is found; after lib/gradebook_importer.rb."""
    rows = list(csv.reader(io.StringIO(content.decode())))
    head = rows[0]
    assert len(head) > 3
    assert "Student" in head[0]
    assert "ID" in head[1]
    assert head[2:5] == ["SIS User ID", "SIS Login ID", "Section"]
    possible, students = {}, {}
    for row in rows[1:]:
        assert len(row) == len(head)
        if "Points Possible" in row[0]:
            possible = dict(zip(head[5:], row[5:], strict=True))
            continue
        who = next(((column, cell) for column, cell in zip(head[1:4], row[1:4], strict=True) if cell), ("name", row[0]))
        students[who] = dict(zip(head[5:], row[5:], strict=True))
    return possible, students


def moodle_reads(content: bytes, known: dict[str, str], mapped: str) -> dict[str, dict[str, float | None]]:
    """Grades by user, or nothing at all; after grade/import/csv/classes/load_data.php (a stale id stays in force)."""
    text = content.decode().removeprefix("\ufeff")
    head, *rows = csv.reader(io.StringIO(text))
    user, found = None, {}
    for row in rows:
        for name, value in zip(head, row, strict=True):
            if name == mapped and value.strip():
                user = known.get(value.strip())
                if user is None:
                    return {}
            elif name not in (mapped, "Full name") and not name.endswith("(feedback)"):
                value = value.strip()
                found.setdefault(user, {})[name] = None if value in ("", "-") else float(value)
    return found


def gradescope_accepts(results: dict) -> None:
    """Hold a results.json against "Autograder Specifications"."""
    whole = {"score", "execution_time", "output", "output_format", "test_output_format", "test_name_format",
             "visibility", "stdout_visibility", "extra_data", "tests", "leaderboard"}  # fmt: skip
    each = {"score", "max_score", "status", "name", "name_format", "number", "output", "output_format", "tags",
            "visibility", "extra_data"}  # fmt: skip
    seen = ("hidden", "after_due_date", "after_published", "visible")
    assert set(results) <= whole
    assert isinstance(results["score"], float | int)
    assert results["stdout_visibility"] in seen
    for test in results["tests"]:
        assert set(test) <= each
        assert test["status"] in ("passed", "failed")
        assert test["visibility"] in seen
        assert all(isinstance(test[name], str) for name in ("name", "number", "output"))
        assert 0 <= test["score"] <= test["max_score"]
