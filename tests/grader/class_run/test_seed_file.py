"""The seed in a file: made for staff only, the same inputs again from the same file, and nothing of it for students."""

from __future__ import annotations

import hashlib
import json
import os
import re

import pytest
import tiny_course as tiny
from this_machine import needs_sandbox
from typer.testing import CliRunner

import lora_utils
from grader.class_run.seed_file import SeedFileError, read_seed
from grader.cli import app
from grader.scoring.grading import input_seed

CURIOUS = """
def double(x):
    import os, pathlib
    seen = [repr(dict(os.environ))]
    for path in [SEED_FILE, *pathlib.Path('/proc').glob('[0-9]*/environ')]:
        try:
            seen.append(pathlib.Path(path).read_text())
        except OSError:
            seen.append('not for me')
    raise ValueError(' | '.join(seen))
"""


def test_a_missing_file_is_made_with_a_random_seed_that_only_its_owner_can_read(tmp_path):
    path, other = tmp_path / "seed", tmp_path / "other"
    seed = read_seed(path)
    assert re.fullmatch("[0-9a-f]{64}", seed)
    assert path.stat().st_mode & 0o777 == 0o600
    assert read_seed(path) == seed
    assert read_seed(other) != seed
    assert sorted(file.name for file in tmp_path.iterdir()) == ["other", "seed"]


def test_a_seed_that_another_run_made_meanwhile_holds(tmp_path, monkeypatch):
    theirs, link = "their seed", os.link

    def late(source, target):
        target.write_text(theirs)
        target.chmod(0o600)
        link(source, target)

    monkeypatch.setattr("grader.class_run.seed_file.os.link", late)
    assert read_seed(tmp_path / "seed") == theirs
    assert [file.name for file in tmp_path.iterdir()] == ["seed"]


@pytest.mark.parametrize(
    ("content", "mode", "sentence"),
    [
        (b"", 0o600, "holds no seed (expected one line of plain text, at most 4096 characters); delete it and"),
        (b" \n\n", 0o600, "holds no seed"),
        (b"\xff\xfe", 0o600, "holds no seed"),
        (b"two\nlines", 0o600, "holds no seed"),
        (b"x" * 5000, 0o600, "holds no seed"),
        (b"a seed", 0o604, "is open to other accounts; run `chmod 600 "),
        (b"a seed", 0o640, "is open to other accounts; run `chmod 600 "),
    ],
)
def test_a_file_that_cannot_serve_is_refused_with_one_sentence(content, mode, sentence, tmp_path):
    path = tmp_path / "seed"
    path.write_bytes(content)
    path.chmod(mode)
    with pytest.raises(SeedFileError) as caught:
        read_seed(path)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == content


def test_a_place_that_cannot_be_read_or_written_is_refused(tmp_path, monkeypatch):
    for place, reason in ((tmp_path, "Is a directory"), (tmp_path / "no" / "folder", "No such file or directory")):
        with pytest.raises(SeedFileError, match=re.escape(f"cannot be used ({reason}); give another with")):
            read_seed(place)
    (tmp_path / "seed").write_text("a seed")

    def denied(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("grader.class_run.seed_file.Path.open", denied)
    with pytest.raises(SeedFileError, match="Permission denied"):
        read_seed(tmp_path / "seed")


def test_a_place_that_submissions_see_is_refused():
    for folder in (os.path.dirname(lora_utils.__file__), "/usr/share"):
        with pytest.raises(SeedFileError, match="submissions can read; keep it elsewhere"):
            read_seed(os.path.join(folder, "seed"))
        assert not os.path.exists(os.path.join(folder, "seed"))


def test_inputs_follow_from_the_seed_and_the_file():
    assert input_seed("a", "one") == input_seed("a", "one")
    assert len({input_seed("a", "one"), input_seed("a", "two"), input_seed("b", "one"), input_seed("a")}) == 4


@pytest.mark.kernel
def test_a_run_uses_the_file_and_shows_the_seed_to_nobody(tmp_path, monkeypatch):
    """What a submission can find out stands in its own feedback: neither the seed, nor what was drawn from it."""
    needs_sandbox()
    (tmp_path / "course").mkdir()
    course, path = tiny.make_course(tmp_path / "course"), tmp_path / "seed"
    monkeypatch.setenv("LORA_UTILS_CHECK_SEED", "of the environment")
    answer = CURIOUS.replace("SEED_FILE", repr(str(path)))
    tiny.hand_in(tmp_path / "in", "eve", tiny.notebook(course, double=answer, half=tiny.GOOD["half"]))
    seeds = []
    for number in (1, 2):
        folder = tmp_path / f"out{number}"
        command = ["grade", tmp_path / "in", "--root", course, "--out", folder, "--db", tmp_path / f"{number}.db"]
        done = CliRunner().invoke(app, [str(part) for part in [*command, "--seed-file", path]])
        assert done.exit_code == 0, done.output
        (row,) = json.loads((folder / "results.json").read_text())
        assert row["score"] == 4.0
        seeds.append(row["seed_id"])
        course_seed = path.read_text().strip()
        of_the_run = input_seed(row["submission_sha256"], course_seed)
        texts = "".join(file.read_text() for file in folder.rglob("*") if file.suffix in (".json", ".html", ".txt"))
        assert "not for me" in texts  # it did look
        for secret in (course_seed, of_the_run, "of the environment"):
            assert secret not in texts + done.output
    assert seeds == [hashlib.sha256(of_the_run.encode()).hexdigest()[:12]] * 2


def test_a_seed_that_cannot_be_used_starts_nothing(tmp_path, monkeypatch):
    (tmp_path / "in").mkdir()
    (tmp_path / "seed").touch(0o600)
    monkeypatch.setattr("grader.reports.console.sandbox_faults", lambda: [])
    options = ["--lab", "10_quiz", "--out", str(tmp_path / "out"), "--seed-file", str(tmp_path / "seed")]
    done = CliRunner().invoke(app, ["grade", str(tmp_path / "in"), *options])
    assert (done.exit_code, "holds no seed" in done.output) == (2, True)
    assert not (tmp_path / "out").exists()
