"""grader grade takes a platform's download as it is: from the zip to the points, with attempts, roster and due date."""

from __future__ import annotations

import json

import lms_downloads as lms
import pytest
import tiny_course as tiny
from typer.testing import CliRunner

from grader.cli import app
from grader.engine.canary import sandbox_faults

pytestmark = pytest.mark.kernel


def test_a_canvas_zip_is_graded_directly(tmp_path):
    (tmp_path / "course").mkdir()
    course = tiny.make_course(tmp_path / "course")
    stub = json.dumps(tiny.notebook(course)).encode()
    good = tiny.notebook(course, **tiny.GOOD)
    for cell in good["cells"]:  # as an editor saves it that knows no names
        cell["metadata"] = {}
        del cell["id"]
    files = {
        lms.canvas("Lovelace, Ada", 123, 456, "Copy of 01_double.ipynb"): stub,
        lms.canvas("Lovelace, Ada", 123, 457, "whatever-2.ipynb", late=True): json.dumps(good).encode(),
        lms.canvas("Hopper, Grace", 124, 458, "x.ipynb"): stub,
        lms.canvas("Li, Bo", 125, 459, "x.ipynb"): b"{",
        "__MACOSX/._x.ipynb": b"\0",
    }
    path = lms.make_zip(tmp_path / "submissions.zip", files)
    roster = tmp_path / "roster.csv"
    roster.write_text("id,name,canvas\ns1,Ada Lovelace,\ns2,Li Bo,125\ns3,Cy,\n")
    command = [
        "grade",
        str(path),
        "--root",
        str(course),
        "--out",
        str(tmp_path / "out"),
        "--db",
        str(tmp_path / "g.db"),
    ]
    command += ["--roster", str(roster), "--due", "2020-01-01"]
    command += ["--sandbox", "off"] if sandbox_faults() else []
    done = CliRunner().invoke(app, command, env={"COLUMNS": "400"})
    assert done.exit_code == 1, done.output
    said = [line.strip() for line in done.output.splitlines()]
    assert "due 2020-01-01 23:59:59 UTC: 01_double, 02_sign" in said
    assert "nothing from s3 (Cy)" in said
    assert "2 hand-ins: 2 new, 0 graded again, 1 could not be graded." in said
    assert any(line.startswith("s2: ") and "is not valid JSON" in line for line in said)
    assert any("'hoppergrace / 124', who is on no row of the roster" in line for line in said)
    assert "no time of hand-in is known, so the due date costs nothing: s1 01_double." in said
    entries = {
        (entry["student"], entry["lab"]): entry for entry in json.loads((tmp_path / "out" / "results.json").read_text())
    }
    came = {("s1", tiny.FIRST): True, ("s2", ""): True, ("s2", tiny.FIRST): False, ("s3", tiny.FIRST): False}
    assert {place: entry["handed_in"] for place, entry in entries.items()} == came
    s1 = entries["s1", tiny.FIRST]
    assert (s1["score"], s1["attempt"], s1["problem"]) == (8.0, 2, None)
    assert s1["notes"] == [
        "the file does not name its cells, so they were recognised by their text",
        "Canvas calls it late; by how much is not in the download",
    ]
