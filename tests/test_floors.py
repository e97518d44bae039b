"""The house: rooms import only downward, nothing goes in a circle, and every room says what it is and hands on."""

from __future__ import annotations

import ast
import fnmatch
from collections.abc import Iterable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# From the ground up: a room may import from floors below its own, and its own files from each other.
FLOORS = {
    "lora_utils": [
        {"devices", "integers"},
        {"reals"},
        {"data", "quantization", "quiz", "plots"},
        {"models", "wrappers"},
        {"methods", "training"},
        {"variants"},
        {"experiments", "schematics"},
        {"checks.framework"},
        {"checks.lab_*"},
        {"environment", "self_check"},
        {"cli"},
    ],
    "grader": [
        {"results", "course_package", "lab_names"},
        {"sandbox", "text"},
        {"course"},
        {"build", "student"},
        {"judge", "notebooks"},
        {"engine", "collecting", "release"},
        {"scoring"},
        {"records"},
        {"class_run"},
        {"reports", "exports", "afterwards"},
        {"demo", "doctor", "command_options"},
        {"staff_commands"},
        {"cli"},
    ],
}


def read(root: Path) -> dict[str, str]:
    """The files of both packages, by module name; a package's own face by the package's name."""
    paths = [path for package in FLOORS for path in (root / package).rglob("*.py")]
    return {".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__"): path.read_text()
            for path in paths}  # fmt: skip


def imports(name: str, files: dict[str, str], whole: bool = True) -> set[str]:
    """The modules of the house that a file imports; with `whole`, also inside functions."""
    tree = ast.parse(files[name])
    found = set()
    for node in ast.walk(tree) if whole else tree.body:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{a.name}" if f"{node.module}.{a.name}" in files else node.module
                      for a in node.names}  # fmt: skip
    return {one for one in found if one in files and one != name}


def room(name: str) -> str:
    """The room of a module, or the file itself where it lies in none; nothing for a package's face."""
    parts = name.split(".")[1:]
    if parts[:1] == ["checks"]:
        parts = parts[:2] if len(parts) > 1 else ["checks.framework"]  # its face hands the framework on
        return ".".join(parts)
    return parts[0] if parts else ""


def floor(name: str) -> int:
    """On which floor of its package a module lies."""
    where = room(name)
    where = "checks.lab_*" if where.startswith("checks.lab_") else where
    (level,) = (number for number, rooms in enumerate(FLOORS[name.split(".")[0]]) if where in rooms)
    return level


def climbs(files: dict[str, str]) -> list[str]:
    """Imports from a floor that is not below, and those from lora_utils into grader."""
    found = []
    for name in sorted(files):
        package = name.split(".")[0]
        if name == package:  # hands on what its rooms hold
            continue
        for other in sorted(imports(name, files)):
            if other.split(".")[0] != package:
                climb = package == "lora_utils"
            else:  # whoever asks at the package's own door goes up to the roof
                climb = other == package or (room(name) != room(other) and floor(other) >= floor(name))
            found += [f"{name} -> {other}"] if climb else []
    return found


def circles(files: dict[str, str]) -> list[list[str]]:
    """Files that import each other in a loop, wherever the imports stand."""
    edges = {name: imports(name, files) for name in files if not _is_face(name, files)}
    found, done, path = [], set(), []

    def visit(name: str) -> None:
        if name in path:
            found.append([*path[path.index(name) :], name])
        elif name not in done and name in edges:
            path.append(name)
            for other in sorted(edges[name]):
                visit(other)
            path.pop()
            done.add(name)

    for name in sorted(edges):
        visit(name)
    return found


def _is_face(name: str, files: dict[str, str]) -> bool:
    return any(other.startswith(f"{name}.") for other in files)


def mute_rooms(files: dict[str, str]) -> list[str]:
    """Rooms whose face has no sentence, or does more than hand names on under the same name."""
    found = []
    for name in (one for one in files if _is_face(one, files)):
        tree = ast.parse(files[name])
        said = (ast.get_docstring(tree) or "").split("\n")[0]
        rest = tree.body[1:]
        hands_on = all(
            isinstance(n, ast.ImportFrom) and [a.name for a in n.names] == [a.asname for a in n.names] for n in rest
        )
        if len(said) < 20 or not said.endswith(".") or not hands_on:
            found.append(name)
    return found


def hidden_files(files: dict[str, str]) -> list[str]:
    """Names that a room hands on over one of its own files; a lab's checks are handed on over theirs on purpose."""
    found = []
    for name in (one for one in files if _is_face(one, files) and ".checks.lab_" not in one):
        handed_on = {a.asname for n in ast.parse(files[name]).body if isinstance(n, ast.ImportFrom) for a in n.names}
        found += [f"{name}.{one}" for one in sorted(handed_on) if f"{name}.{one}" in files]
    return found


def inner_files(sources: Iterable[tuple[str, str]]) -> list[str]:
    """Imports of a lab that reach into a room instead of asking at its door."""
    found = []
    for lab, text in sources:
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("lora_utils."):
                deep = node.module.removeprefix("lora_utils.").removeprefix("checks.").count(".")
                files = [
                    a.name for a in node.names if f"{node.module}.{a.name}" in HOUSE and "checks" not in node.module
                ]
                found += [f"{lab}: {node.module}"] if deep or files else []
    return found


HOUSE = read(ROOT)


def test_rooms_import_only_downward():
    assert len(HOUSE) > 150
    assert climbs(HOUSE) == []


def test_no_files_import_each_other_in_a_circle():
    assert circles(HOUSE) == []


def test_every_room_has_a_sentence_and_an_explicit_public_list():
    assert mute_rooms(HOUSE) == []


def test_labs_import_from_rooms_and_never_from_a_file_inside():
    sources = [(path.stem, path.read_text()) for path in (ROOT / "solutions").glob("*/*.py")]
    assert len(sources) >= 11
    assert inner_files(sources) == []


def test_no_room_hides_one_of_its_files():
    assert hidden_files(HOUSE) == []
    face = HOUSE["grader.text"] + "\nfrom grader.text.cell_text import bare as safe_names"
    assert hidden_files(HOUSE | {"grader.text": face}) == ["grader.text.safe_names"]


def test_every_folder_of_tests_is_looked_into(request):
    """pytest passes over folders with names like build, unless it is told otherwise."""
    ignored = request.config.getini("norecursedirs")
    folders = {part for path in (ROOT / "tests").rglob("test_*.py") for part in path.relative_to(ROOT).parts[:-1]}
    assert "build" in folders
    assert [one for one in folders if any(fnmatch.fnmatch(one, pattern) for pattern in ignored)] == []


def test_rooms_can_be_seen_at_a_glance():
    sizes = {}
    for name in HOUSE:
        if not _is_face(name, HOUSE):
            sizes.setdefault((name.split(".")[0], room(name)), []).append(name)
    assert {place: len(inside) for place, inside in sizes.items() if len(inside) > 15} == {}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("lora_utils.data.text", "from lora_utils.models.minilm import MiniLM"),
        ("lora_utils.methods.lora", "def f():\n    from lora_utils.training import train"),  # same floor
        ("lora_utils.plots", "import lora_utils.checks.framework.draw"),
        ("lora_utils.checks.framework.draw", "from lora_utils.checks import lab_05_lora_layer"),
        ("lora_utils.checks.lab_08_qlora.step_bytes", "from lora_utils.checks.lab_05_lora_layer import case"),
        ("lora_utils.cli", "import grader.results"),
        ("grader.sandbox.channel", "from grader.results import Result"),
        ("grader.records.gradebook", "from grader.reports import console"),
    ],
)
def test_an_import_upward_is_seen(name, text):
    files = HOUSE | {name: text}
    seen = climbs(files)
    assert ([s for s in seen if s.startswith(f"{name} -> ")] != []) is (name != "grader.sandbox.channel")


def test_a_circle_is_seen_also_inside_functions():
    files = {"grader.text.a": "import grader.text.b", "grader.text.b": "def f():\n    from grader.text import a"}
    assert circles(files | {"grader.text": ""}) == [["grader.text.a", "grader.text.b", "grader.text.a"]]


@pytest.mark.parametrize(
    "face",
    ["", '"""Short."""', '"""A sentence that says what this room is for."""\nfrom grader.text.cell_text import bare',
     '"""A sentence that says what this room is for."""\nx = 1'],
)  # fmt: skip
def test_a_room_that_says_nothing_or_does_something_is_seen(face):
    assert mute_rooms(HOUSE | {"grader.text": face}) == ["grader.text"]


def test_a_lab_that_reaches_into_a_room_is_seen():
    text = "def f():\n    from lora_utils.methods.lora import LoRALayer"
    assert inner_files([("05", text)]) == ["05: lora_utils.methods.lora"]
    assert inner_files([("05", "from lora_utils.checks.lab_05_lora_layer.low_rank import count")]) != []
    assert inner_files([("05", "from lora_utils.checks.framework import call\nfrom lora_utils import LoRALayer")]) == []
