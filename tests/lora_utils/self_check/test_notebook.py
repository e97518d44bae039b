"""Every released lab is known by its names and by its text, and the command's code is of no one operating system."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

import lora_utils
from lora_utils.self_check.notebook import read_notebook

ROOT = Path(__file__).parents[3]
RELEASED = sorted((ROOT / "notebooks").glob("*/*.ipynb"))
OF_UNIX = {"crypt", "fcntl", "grp", "posix", "pty", "pwd", "resource", "syslog", "termios", "tty"}


@pytest.mark.parametrize("path", RELEASED, ids=lambda path: path.stem)
def test_every_lab_is_known_by_its_names_and_without_them_by_its_text(path, tmp_path):
    data = json.loads(path.read_text(encoding="utf-8"))
    marks = [c["metadata"].get("nbgrader", {}) for c in data["cells"] if c["cell_type"] == "code"]
    expected = [(m["grade_id"], m["points"]) for m in marks if m.get("grade")]
    found = read_notebook(path)
    assert [(cell.name, cell.points) for cell in found.cells if cell.graded] == expected
    assert found.notes == ()
    for cell in data["cells"]:
        cell["metadata"] = {}
    (tmp_path / path.name).write_text(json.dumps(data))
    bare = read_notebook(tmp_path / path.name)
    assert [cell.points for cell in bare.cells if cell.graded] == [points for _, points in expected]
    assert len(bare.notes) == 1


def test_what_students_run_imports_no_module_that_only_unix_has():
    imported = {
        name.split(".")[0]
        for path in Path(lora_utils.__file__).parent.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for name in ([one.name for one in node.names] if isinstance(node, ast.Import)
                     else [node.module or ""] if isinstance(node, ast.ImportFrom) else [])
    }  # fmt: skip
    assert "torch" in imported
    assert imported & OF_UNIX == set()
