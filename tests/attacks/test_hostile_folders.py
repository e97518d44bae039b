"""A folder of submissions may hold links, pipes, devices, loops and monsters: nothing is followed, nothing blocks."""

from __future__ import annotations

import os
import socket
import sys

import pytest
import tiny_course as tiny

from grader.notebooks.submission import Refusal, Submission, collect

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links, pipes and devices as Unix has them")
NOTEBOOK = f"{tiny.FIRST}/{tiny.FIRST}.ipynb"


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    return tiny.make_course(tmp_path_factory.mktemp("course"))


@pytest.fixture
def folder(tmp_path, course):
    """A class with one honest student, and a notebook elsewhere that nobody handed in."""
    folder = tmp_path / "in"
    tiny.hand_in(folder, "zoe", tiny.notebook(course, **tiny.GOOD))
    tiny.hand_in(tmp_path / "elsewhere", "solution", tiny.notebook(course, **tiny.GOOD))
    return folder


def device(path):
    try:
        os.mknod(path, 0o600 | 0o020000, os.makedev(1, 5))  # /dev/zero, which never ends
    except PermissionError:
        pytest.skip("only root can make a device")


def bound(path):
    short = path.parents[2] / "s"  # a socket's path may have a hundred characters
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(short))
    short.rename(path)


def sparse(path):
    with path.open("wb") as file:
        file.truncate(1 << 40)  # a hole: no disk is used


# What to make, where, and what is said of it.
THINGS = {
    "link to the solution": (lambda p: p.symlink_to(p.parents[3] / "elsewhere/solution" / NOTEBOOK), "is a link"),
    "link to the passwords": (lambda p: p.symlink_to("/etc/passwd"), "is a link"),
    "link to another's notebook": (lambda p: p.symlink_to(f"../../zoe/{NOTEBOOK}"), "is a link"),
    "link to itself": (lambda p: p.symlink_to(p.name), "is a link"),
    "link to nowhere": (lambda p: p.symlink_to("nowhere.ipynb"), "is a link"),
    "link to a device": (lambda p: p.symlink_to("/dev/zero"), "is a link"),
    "pipe": (os.mkfifo, "is not a file"),
    "device": (device, "is not a file"),
    "socket": (bound, "is not a file"),
    "folder": (os.mkdir, "is not a file"),
    "a terabyte": (sparse, "is far too big (1099512 MB, the limit is 25 MB)"),
}


@pytest.mark.parametrize("name", THINGS)
def test_what_is_no_plain_notebook_is_refused_and_nobody_waits(name, folder, course):
    make, words = THINGS[name]
    path = folder / "mallory" / NOTEBOOK
    path.parent.mkdir(parents=True)
    make(path)
    refused, fine = collect(folder, tiny.keys_of(course))
    assert str(refused).startswith(f"mallory: mallory/{NOTEBOOK} {words}")
    assert isinstance(fine, Submission)


def links_to(where: str):
    return lambda path: path.symlink_to(where)


@pytest.mark.parametrize(
    "make", [os.mkfifo, device, links_to("."), links_to("/etc"), links_to("nowhere"), links_to("x")]
)
@pytest.mark.parametrize("place", ["mallory", f"mallory/{tiny.FIRST}"])
def test_a_folder_that_is_none_is_refused(place, make, folder, course):
    path = folder / place
    path.parent.mkdir(parents=True, exist_ok=True)
    make(path)
    refused, fine = collect(folder, tiny.keys_of(course))
    assert isinstance(refused, Refusal)
    assert refused.student == "mallory"
    assert refused.fault in ("is not a folder", "lies behind a link")
    assert isinstance(fine, Submission)


def test_a_loop_of_folders_is_not_walked(folder, course):
    path = folder / "mallory" / tiny.FIRST
    path.mkdir(parents=True)
    (path / "again").symlink_to(folder)
    (path / tiny.FIRST).symlink_to(path)
    refused, _ = collect(folder, tiny.keys_of(course))
    assert "but no 01_double.ipynb" in str(refused) or "one folder too deep" in str(refused)


def long(path):
    path.write_text("2026-01-01 00:00 UTC" + " " * 1_000)


def linked(path):
    path.with_name("date").write_text("2026-01-01 00:00 UTC")
    path.symlink_to("date")


@pytest.mark.parametrize("make", [os.mkfifo, device, sparse, long, linked, links_to("/dev/zero")])
def test_a_timestamp_that_is_no_small_file_is_not_read(make, folder, course):
    make(folder / "zoe" / tiny.FIRST / "timestamp.txt")
    (fine,) = collect(folder, tiny.keys_of(course))
    assert isinstance(fine, Submission)
    assert fine.timestamp is None


@pytest.mark.parametrize(
    "text", [b"\xff\xfe", b"\0" * 100, b"9" * 200, b"1e999", b"2026-01-01 00:00 \x1b[2J", b"0000-00-00"]
)
def test_a_timestamp_that_is_no_date_stops_nobody(text, folder, course):
    (folder / "zoe" / tiny.FIRST / "timestamp.txt").write_bytes(text)
    (fine,) = collect(folder, tiny.keys_of(course))
    assert isinstance(fine, Submission)


def test_many_and_large_files_beside_the_notebook_are_not_opened(folder, course, monkeypatch):
    place = folder / "zoe" / tiny.FIRST
    for n in range(500):
        (place / f"{n}.bin").touch()
    sparse(place / "model.pt")
    os.mkfifo(place / "pipe")
    opened = []
    real = os.open
    monkeypatch.setattr(
        "grader.notebooks.notebook_file.os.open", lambda path, *a: opened.append(path) or real(path, *a)
    )
    (fine,) = collect(folder, tiny.keys_of(course))
    assert isinstance(fine, Submission)
    assert [path.name for path in opened] == [f"{tiny.FIRST}.ipynb"]


def test_a_file_that_turns_into_a_link_or_a_pipe_is_not_followed(folder, monkeypatch):
    """Between looking and opening: the look is made to see an ordinary file."""
    from grader.notebooks import notebook_file

    monkeypatch.setattr(notebook_file.Path, "is_symlink", lambda path: False)
    for make in (links_to("/etc/passwd"), os.mkfifo):
        path = folder / "late.ipynb"
        make(path)
        with pytest.raises(notebook_file.Unreadable):
            notebook_file.read_bytes(path)
        path.unlink()
