"""Who may import whom, what an import may cost, and the habits that a reader relies on."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HEAVY = ["bitsandbytes", "IPython", "ipywidgets", "jupyter_client", "matplotlib", "nbformat", "nbgrader", "pyarrow"]
LONGEST = 330  # lines a reader can finish in one sitting
LONGER_WITH_A_REASON: dict[str, str] = {}


def python_files(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def imported(path: Path) -> set[str]:
    """The top-level names of everything a file imports, also inside functions."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


def test_lora_utils_never_imports_the_grader():
    files = python_files("lora_utils")
    assert files
    assert [str(f) for f in files if "grader" in imported(f)] == []


def test_importing_lora_utils_and_its_checks_loads_nothing_heavy():
    code = f"import lora_utils, lora_utils.checks, sys; print([m for m in {HEAVY} if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
    assert out.stderr == ""


@pytest.mark.parametrize("package", ["lora_utils", "grader", "book"])
def test_files_are_short_enough_to_finish(package):
    lengths = {str(f.relative_to(ROOT)): len(f.read_text().splitlines()) for f in python_files(package)}
    assert {f: n for f, n in lengths.items() if n > LONGEST and f not in LONGER_WITH_A_REASON} == {}


def test_no_file_uses_star_imports_or_edits_the_import_path():
    edit = "sys." + "path"
    guilty = []
    for package in ("lora_utils", "grader", "solutions"):
        for path in python_files(package):
            text = path.read_text()
            stars = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.ImportFrom) and n.names[0].name == "*"]
            # The builder names the string in order to refuse it; it is no attribute access there.
            edits = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Attribute) and ast.unparse(n) == edit]
            guilty += [str(path)] if stars or edits else []
    assert guilty == []


@pytest.mark.parametrize("package", ["lora_utils", "grader", "book"])
def test_every_public_function_and_class_has_a_docstring(package):
    mute = []
    for path in python_files(package):
        for node in ast.parse(path.read_text()).body:
            public = isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_")
            if public and not ast.get_docstring(node):
                mute.append(f"{path.relative_to(ROOT)}: {node.name}")
    assert mute == []


def test_the_public_list_is_explicit():
    tree = ast.parse((ROOT / "lora_utils" / "__init__.py").read_text())
    for node in tree.body[1:]:
        assert isinstance(node, ast.ImportFrom), ast.unparse(node)
        assert all(alias.asname == alias.name for alias in node.names), ast.unparse(node)


def judges_only_hidden_checks_use(sources: list[str], package: dict[str, str]) -> list[str]:
    """Functions of the package that take a subject, are called in hidden regions, and serve no visible check."""
    hidden = "\n".join(
        part.split("### END HIDDEN TESTS")[0] for text in sources for part in text.split("### BEGIN HIDDEN TESTS")[1:]
    )
    called = set(re.findall(r"\bcheck\.(\w+)", hidden))
    everything = "\n".join(package.values())
    found = []
    for text in package.values():
        for node in ast.parse(text).body:
            if isinstance(node, ast.FunctionDef) and node.args.args and node.args.args[0].arg == "subject":
                uses = len(re.findall(rf"\b{node.name}\b", everything))
                if node.name in called and uses - everything.count(f"import {node.name} as {node.name}") * 2 < 2:
                    found.append(node.name)
    return found


def test_hidden_checks_stand_in_the_source_alone():
    sources = [p.read_text() for p in python_files("solutions")]
    package = {str(p): p.read_text() for p in python_files("lora_utils/checks")}
    assert judges_only_hidden_checks_use(sources, package) == []


def test_a_hidden_check_in_the_package_is_found():
    source = "### BEGIN HIDDEN TESTS\ncheck.judge_secret(layer, draw)\ncheck.judge_shared(1)\n### END HIDDEN TESTS"
    package = {
        "a.py": "def judge_secret(subject, draw): ...\ndef judge_shared(subject): ...\ndef v(s): judge_shared(s)"
    }
    assert judges_only_hidden_checks_use([source], package) == ["judge_secret"]


def left_open(text: str) -> int:
    """How many database connections a test file opens more than it closes."""
    calls = [node.func for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    names = [ast.unparse(call).replace("sqlite3.connect", "sqlite3_connect").rpartition(".")[2] for call in calls]
    opened, closed = ("create_engine", "sqlite3_connect"), ("dispose", "close", "closing")
    return sum(map(names.count, opened)) - sum(map(names.count, closed))


def test_no_test_leaves_a_database_open():
    """From Python 3.13 on an SQLite connection that nobody closed warns, in whichever test the collector runs."""
    texts = {str(p.relative_to(ROOT)): p.read_text() for p in python_files("tests")}
    guilty = {name: text for name, text in texts.items() if re.search(r"import (sqlite3|create_engine)\b", text)}
    assert len(guilty) > 15
    assert {name for name, text in guilty.items() if left_open(text) > 0} == set()


def test_an_open_database_is_found():
    assert left_open("Attempts(create_engine(url)).all()") == 1
    assert left_open("engine = create_engine(url)\nengine.dispose()") == 0
