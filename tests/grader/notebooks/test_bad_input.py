"""A class in which nearly everybody hands in something broken: each gets a sentence, the others get their points."""

from __future__ import annotations

import copy
import json
import os
import pickle
import shutil
import sys
import tempfile
from pathlib import Path

import pytest
import tiny_course as tiny
from typer.testing import CliRunner

from grader.cli import app
from grader.engine.canary import sandbox_faults
from grader.notebooks.submission import collect

pytestmark = pytest.mark.kernel
FIXTURES = sorted((Path(__file__).parents[2] / "fixtures" / "notebooks").glob("*.ipynb"))


def changed(data: dict, **metadata) -> dict:
    return data | {"metadata": data["metadata"] | metadata}


def without_ids(data: dict) -> dict:
    """As notebooks were written before nbformat 4.5."""
    made = copy.deepcopy(data) | {"nbformat_minor": 2}
    for cell in made["cells"]:
        del cell["id"]
        cell["source"] = cell["source"].splitlines(keepends=True)
    return made


def readable(good: dict) -> dict[str, dict | bytes]:
    """Odd, but whole: graded with full marks."""
    text = json.dumps(good)
    bare = [cell | {"metadata": {}} for cell in without_ids(good)["cells"]]
    return {
        "neither-ids-nor-names": good | {"cells": bare},
        "honest": good,
        "no-ids": without_ids(good),
        "some-ids": good | {"cells": without_ids(good)["cells"][:3] + good["cells"][3:]},
        "byte-order-mark": b"\xef\xbb\xbf" + text.encode(),
        "windows-lines": json.dumps(good, indent=1).replace("\n", "\r\n").encode(),
        "environment-kernel": changed(good, kernelspec={"name": "conda-env-peft", "display_name": "PEFT"}),
        "no-metadata": good | {"metadata": {}},
        "odd-metadata": changed(good, kernelspec=[], language_info=7, widgets={"state": [None]}),
        "unknown-fields": good | {"signature": "x", "cells": [cell | {"extra": 1} for cell in good["cells"]]},
        "large-outputs": good | {"cells": [cell | {"outputs": ["x" * 1_000_000]} for cell in good["cells"]]},
    }


def unreadable(course: Path, good: dict) -> dict[str, tuple[dict | bytes, str]]:
    """What cannot be graded, and words that its sentence holds."""
    return {
        "other-lab": (tiny.notebook(course, tiny.SECOND), "is the notebook of another lab (02_sign); hand in"),
        "bash-kernel": (changed(good, kernelspec={"name": "bash", "language": "bash"}, language_info={}),
                        "is a notebook for 'bash' and not for Python; choose the kernel Python 3"),
        "scala": (changed(good, language_info={"name": "scala"}), "is a notebook for 'scala' and not for Python"),
        "cut-off": (json.dumps(good).encode()[:-200], "is not valid JSON at line 1"),
        "word-document": (b"PK\x03\x04\xff" * 100, "is a binary file and not a notebook; hand in the .ipynb file"),
        "a-script": (b"def double(x):\n    return 2 * x\n", "is not valid JSON at line 1"),
        "a-web-page": (b"<!doctype html><title>login</title>", "is not valid JSON at line 1"),
        "a-list": (b"[1, 2]", "is JSON but not a notebook"),
        "cell-without-type": (good | {"cells": [{"source": "x"}]}, "its cell 1 is not a notebook cell"),
        "cell-that-is-text": (good | {"cells": [*good["cells"], "x"]}, "is not a notebook cell"),
    }  # fmt: skip


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """The class: what was handed in, what the terminal said, and results.json by student."""
    root = tmp_path_factory.mktemp("run")
    (root / "course").mkdir()
    course = tiny.make_course(root / "course")
    good = tiny.notebook(course, **tiny.GOOD)
    words = {}
    for student, data in readable(good).items():
        tiny.hand_in(root / "in", student, data)
    for student, (data, expected) in unreadable(course, good).items():
        tiny.hand_in(root / "in", student, data)
        words[student] = expected
    for path in FIXTURES:
        tiny.hand_in(root / "in", path.stem, path.read_bytes())
        words[path.stem] = f"{tiny.FIRST}.ipynb "
    with tiny.hand_in(root / "in", "hundred-megabytes", b"").open("wb") as file:
        file.truncate(100_000_000)
    words["hundred-megabytes"] = "is far too big (100 MB, the limit is 25 MB); clear its outputs"
    (root / "in" / "empty-folder" / tiny.FIRST).mkdir(parents=True)
    words["empty-folder"] = f"is an empty folder; hand in {tiny.FIRST}.ipynb"
    renamed = tiny.hand_in(root / "in", "renamed", good)
    renamed.rename(renamed.with_name("final FINAL.ipynb"))
    isolation = [] if not sandbox_faults() else ["--sandbox", "off"]
    command = ["grade", str(root / "in"), "--root", str(course), "--out", str(root / "out"), "--db", str(root / "g.db")]
    done = CliRunner().invoke(app, [*command, *isolation], env={"COLUMNS": "400"})
    entries = {entry["student"]: entry for entry in json.loads((root / "out" / "results.json").read_text())}
    return root, done, words, entries


def test_the_exit_code_says_that_some_could_not_be_graded(graded):
    _, done, words, entries = graded
    assert done.exit_code == 1, done.output
    assert len(entries) == len(words) + len(readable({"metadata": {}, "cells": []})) + len(["renamed"])
    there = len(entries) - len(words)
    assert f"{there} hand-ins: {there} new, 0 graded again" in done.output
    assert f"{len(words)} could not be graded." in done.output


def test_everybody_whose_notebook_is_whole_gets_full_points(graded):
    _, _, words, entries = graded
    scores = {student: entry["score"] for student, entry in entries.items() if student not in words}
    assert scores == dict.fromkeys(scores, 8.0)
    assert scores["honest"] == 8.0
    assert all(entries[student]["problem"] is None for student in scores)


def test_each_of_the_others_is_named_with_file_fault_and_cure(graded):
    root, done, words, entries = graded
    said = [line.strip() for line in done.output.splitlines()]
    for student, expected in words.items():
        entry = entries[student]
        sentence = entry["problem"]
        assert sentence.startswith(f"{student}: {student}/{tiny.FIRST}/")
        assert expected in sentence
        assert "; " in sentence
        assert sentence.endswith(".")
        assert said.count(sentence) == 1  # in the terminal, too
        assert (entry["score"], entry["passed"], entry["flags"]) == (None, False, ["not-graded"])
        page = (root / "out" / "feedback" / student / f"{tiny.FIRST}.txt").read_text()
        assert "could not be graded" in page.lower()


def answered_by_somebody_else(folder: Path, keys) -> list:
    """What `collect` finds under an account that may not read everything; only root needs one for that."""
    if os.getuid():
        return collect(folder, keys)
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
            os.write(write, pickle.dumps([str(one) for one in collect(folder, keys)]))
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as file:
        content = file.read()
    os.waitpid(child, 0)
    return pickle.loads(content)


@pytest.mark.skipif(sys.platform == "win32", reason="permissions as Unix has them")
def test_what_the_graders_account_may_not_read_is_told_and_stops_nobody(tmp_path_factory):
    course = tiny.make_course(tmp_path_factory.mktemp("course"))
    keys = tiny.keys_of(course)
    folder = Path(tempfile.mkdtemp(prefix="class-"))  # pytest's own folders are closed to other accounts
    try:
        folder.chmod(0o755)
        for student in ("file", "lab", "whole", "zoe"):
            tiny.hand_in(folder, student, tiny.notebook(course, **tiny.GOOD), when="2026-03-01 10:00:00 UTC")
        closed = [folder / "file" / tiny.FIRST / f"{tiny.FIRST}.ipynb", folder / "lab" / tiny.FIRST, folder / "whole"]
        for path in closed:
            path.chmod(0)
        file, lab, whole, zoe = map(str, answered_by_somebody_else(folder, keys))
        for path in closed:
            path.chmod(0o700)
    finally:
        shutil.rmtree(folder)
    cure = "make it readable for the grader's account."
    assert file == f"file: file/{tiny.FIRST}/{tiny.FIRST}.ipynb cannot be read (Permission denied); {cure}"
    assert lab == f"lab: lab/{tiny.FIRST}/{tiny.FIRST}.ipynb cannot be read (Permission denied); {cure}"
    assert whole == f"whole: whole cannot be listed (Permission denied); {cure}"
    assert zoe.startswith("Submission(student='zoe'")
