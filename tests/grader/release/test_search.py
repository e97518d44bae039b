"""A secret of each kind is found wherever it is planted, and nothing that students get anyway is taken for one."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
import releasable_course as small
import tiny_course as tiny
from in_process import ROOT

from grader.course import Course
from grader.release.kit import make_kit
from grader.release.search import Leak, leaks
from grader.release.secrets import HIDDEN, SHORTEST, Secret, bare, passages, secrets_of


@pytest.fixture(scope="module")
def secrets(tmp_path_factory):
    return secrets_of(Course.of(small.make_course(tmp_path_factory.mktemp("course"))), [small.SEED])


def zipped(files: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()


def notebook(text: str) -> bytes:
    lines = f"# a cell\n    {text}\nafter()".splitlines(keepends=True)
    return json.dumps({"nbformat": 4, "cells": [{"cell_type": "code", "source": lines}]}, indent=1).encode()


HIDDEN_IN = {
    "plain": ("a.txt", lambda text: f"before\n  {text}  \nafter".encode()),
    "remark": ("a.py", lambda text: f"x = 1  # {text}".encode()),
    "notebook": ("a.ipynb", notebook),
    "notebook in JSON": ("a.json", lambda text: json.dumps({"file": notebook(text).decode()}).encode()),
    "laid out anew": ("a.py", lambda text: text.replace("(", "(\n    ").encode()),
    "other quotes": ("a.py", lambda text: text.replace('"', "'").encode()),
    "binary": ("a.bin", lambda text: b"\xff\x00\xfe" + text.encode() + b"\x80"),
    "wheel": ("a.whl/b/c.py", lambda text: zipped({"b/c.py": text.encode()})),
    "zip in a zip": ("a.zip/b.zip/c.ipynb", lambda text: zipped({"b.zip": zipped({"c.ipynb": notebook(text)})})),
}


@pytest.mark.parametrize("kind", small.SECRETS)
@pytest.mark.parametrize("place", HIDDEN_IN)
def test_a_planted_secret_of_each_kind_is_found(kind, place, secrets):
    name, plant = HIDDEN_IN[place]
    files = {"README.md": b"Nothing.", name.split("/")[0]: plant(small.SECRETS[kind])}
    assert leaks(files, secrets) == [Leak(name, kind)]


def test_short_lines_count_together_until_they_are_long_enough():
    text = ["first = 1_234_567_890", "", "second = 2_345_678_901", "  third = 34", "return 56"]
    assert list(passages(text, HIDDEN)) == [bare("".join(text[:3])), bare("".join(text[2:]))]
    assert len(bare("".join(text[3:]))) < SHORTEST[HIDDEN]
    passage, _ = passages(text, HIDDEN)
    once = json.dumps([f"{line}\n" for line in text])
    for escaped in (once, json.dumps([once]), once.replace("=", "\\u003d")):
        assert leaks({"a.ipynb": escaped.encode()}, {passage: Secret(HIDDEN)}) == [Leak("a.ipynb", HIDDEN)]


def test_what_students_get_anyway_is_no_secret(tmp_path):
    course = small.make_course(tmp_path)
    given = 'print("the same line stands in a cell that students get")'
    computed = "return [number for number in (x, x) if number > 0]"
    source = course / "solutions" / tiny.FIRST / f"{tiny.FIRST}.py"
    text = source.read_text().replace("return x / 2", f"{given}\n    {computed}")
    source.write_text(text)
    assert secrets_of(Course.of(course))[bare(given)].kind == "a solution"
    source.write_text(text.replace("import math", f"import math\n{given}"))
    found = secrets_of(Course.of(course))
    assert bare(given) not in found
    assert bare(computed) not in found  # a visible check computes it
    (course / "lora_utils" / "checks" / "__init__.py").write_text("")
    assert secrets_of(Course.of(course))[bare(computed)].kind == "a solution"


def test_a_sentence_of_a_hidden_test_may_be_a_visible_checks_as_well():
    sentence = '            "Freeze the layer that you are given, all of it.",'
    assert list(passages([sentence], HIDDEN)) == []
    assert list(passages([f"raise Failure({sentence.strip()}"], HIDDEN)) != []


@pytest.fixture(scope="module")
def real():
    return make_kit(Course.of(ROOT)), secrets_of(Course.of(ROOT), ["0123456789abcdef" * 4])


def test_the_course_itself_raises_no_false_alarm(real):
    kit, secrets = real
    assert leaks(kit.files, secrets) == []
    kinds = {kind: sum(one.kind == kind for one in secrets.values()) for kind in small.SECRETS}
    assert kinds["a solution"] > 200
    assert kinds["a hidden test"] > 500
    assert kinds["a quiz key"] > 400
    assert kinds["a catalogue answer"] > 5_000


@pytest.mark.parametrize("name", ["05_lora_layer", "10_quiz"])
def test_a_solution_notebook_that_gets_into_the_kit_is_found(name, real):
    _, secrets = real
    twin = (ROOT / "solutions" / name / f"{name}.ipynb").read_bytes()
    found = {leak.kind for leak in leaks({f"notebooks/{name}.ipynb": twin}, secrets)}
    assert found >= ({"a quiz key"} if name == "10_quiz" else {"a hidden test", "a solution"})


def test_the_graders_own_folder_in_the_wheel_would_be_found(real):
    _, secrets = real
    answers = {"x/catalogue.py": (ROOT / "tests/catalogue/05_lora_layer/wrong/lora-layer.py").read_bytes()}
    assert leaks({"x.whl": zipped(answers)}, secrets) == [Leak("x.whl/x/catalogue.py", "a catalogue answer")]


def test_a_leak_names_line_text_and_what_it_is_of(tmp_path):
    course = small.make_course(tmp_path)
    (answer,) = (course / "tests" / "catalogue").rglob("*.py")
    answer.write_text("# nothing\n\n# %% by-adding\n# a remark\n" + answer.read_text().partition("\n")[2])
    line = small.SECRETS["a catalogue answer"]
    number = next(n for n, text in enumerate(answer.read_text().split("\n"), start=1) if line in text)
    secrets = secrets_of(Course.of(course), [small.SEED])
    files = {"a.ipynb": notebook(line), "b.py": f"x = 1\n\n\nseed = '{small.SEED}'".encode()}
    (leak, seed) = leaks(files, secrets)
    at = files["a.ipynb"].decode().split("\n")[leak.line - 1]
    assert line in json.loads(at.strip().removesuffix(","))
    place = f"{answer.relative_to(course).as_posix()}, line {number}, in the answer 'by-adding'"
    assert str(leak) == f"a.ipynb, line {leak.line} ({at.strip()!r}), holds a catalogue answer of {place}"
    assert str(seed) == "b.py, line 4, holds a seed"
    (solution,) = leaks({"c.py": small.SECRETS["a solution"].encode()}, secrets)
    assert solution.where == "solutions/01_double/01_double.py, cell 'double'"
