"""The gradebook and the attempts on a PostgreSQL server, which is started here and thrown away afterwards."""

from __future__ import annotations

import csv
import json
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest
import tiny_course as tiny
from sqlalchemy import create_engine, text
from two_runs import lose_and_double_nothing
from typer.testing import CliRunner

from grader.cli import app
from grader.records.attempts import Attempts
from grader.records.gradebook import Gradebook, database_url, programs_on_path
from grader.records.writer_lock import WriterLock
from grader.results import Exercise, Message, Result, plain

pytestmark = pytest.mark.postgresql
START_SECONDS = 60
VERSION = Path("/usr/lib/postgresql")  # Debian keeps the server's programs in <version>/bin there


def programs() -> dict[str, str]:
    """Where the server's programs are, or the reason to skip."""
    folders = [str(path) for path in sorted(VERSION.glob("*/bin"), reverse=True)] + [os.environ.get("PATH", "")]
    found = {name: shutil.which(name, path=os.pathsep.join(folders)) for name in ("initdb", "postgres")}
    if None in found.values():
        pytest.skip("no PostgreSQL server on this machine: apt-get install postgresql")
    return found


def account() -> dict:
    """Whose server it is: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    pytest.skip("PostgreSQL refuses to run as root, and there is no account postgres or nobody")


@pytest.fixture(scope="module")
def server():
    """The folder of a running server's socket."""
    pytest.importorskip("psycopg", reason="psycopg is not installed: pip install -e '.[postgresql]'")
    found, owner = programs(), account()
    folder = Path(tempfile.mkdtemp(prefix="grader-pg-", dir="/tmp"))  # a socket's path has at most 107 letters
    if owner:
        os.chown(folder, owner["user"], owner["group"])
    log = (folder.parent / f"{folder.name}.log").open("w+")
    options = {"cwd": folder, "stdout": log, "stderr": log, "env": {"PATH": os.environ["PATH"], "LC_ALL": "C"}, **owner}
    data = folder / "data"
    command = [found["initdb"], "-D", data, "-U", "grader", "--auth=trust", "--no-sync", "--encoding=UTF8"]
    subprocess.run(command, check=True, **options)
    command = [found["postgres"], "-D", data, "-k", folder, "-h", "", "-F"]
    process = subprocess.Popen(command, **options)
    try:
        _wait_for(process, folder, log)
        yield folder
    finally:
        process.terminate()
        process.wait(60)
        log.close()
        os.unlink(log.name)
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for(process, folder, log) -> None:
    import psycopg

    end = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < end:
        try:
            psycopg.connect(host=str(folder), user="grader", dbname="postgres").close()
            return
        except psycopg.OperationalError:
            time.sleep(0.1)
    pytest.fail(f"the server did not start: {Path(log.name).read_text()[-2000:]}")


@pytest.fixture
def url(server, request):
    """The URL of a new database, as a person writes it."""
    import psycopg

    name = "".join(letter for letter in request.node.name if letter.isalpha())[:50]
    with psycopg.connect(host=str(server), user="grader", dbname="postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return f"postgresql://grader@/{name}?host={server}"


def rows(url: str, query: str) -> list[tuple]:
    engine = create_engine(database_url(url))
    try:
        with engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query))]
    finally:
        engine.dispose()


@pytest.mark.kernel
def test_a_class_is_graded_cached_and_exported(url, tmp_path):
    (tmp_path / "course").mkdir()
    course = tiny.make_course(tmp_path / "course")
    tiny.hand_in(tmp_path / "in", "ada", tiny.notebook(course, **tiny.GOOD), when="2026-03-01 10:00:00 UTC")
    tiny.hand_in(tmp_path / "in", "zoë d'Été", tiny.notebook(course, double=tiny.GOOD["double"]))
    command = ["grade", tmp_path / "in", "--root", course, "--out", tmp_path / "out", "--db", url, "--sandbox", "off"]
    seen = []
    for new in (2, 0):
        done = CliRunner().invoke(app, [str(part) for part in command])
        assert done.exit_code == 0, done.output
        assert f"2 hand-ins: {new} new, 0 graded again" in done.output
        seen.append((tmp_path / "out" / "results.json").read_bytes())
    assert seen[0] == seen[1]
    assert [(row["student"], row["score"]) for row in json.loads(seen[0])] == [("ada", 8.0), ("zoë d'Été", 4.0)]
    assert rows(url, "SELECT student, number, score FROM lora_attempt ORDER BY student") == [
        ("ada", 1, 8.0),
        ("zoë d'Été", 1, 4.0),
    ]
    with programs_on_path():
        command = [sys.executable, "-m", "nbgrader", "export", f"--CourseDirectory.db_url={database_url(url)}"]
        done = subprocess.run([*command, "--to", "out.csv"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    exported = csv.DictReader((tmp_path / "out.csv").read_text().splitlines())
    found = [(row["score"], row["timestamp"]) for row in exported if row["student_id"] == "ada"]
    assert ("8.0", "2026-03-01 10:00:00") in found


def test_two_runs_at_once_lose_and_double_nothing(url, tmp_path):
    lose_and_double_nothing(tmp_path, database_url(url))


def test_the_lock_is_held_across_connections_and_freed_when_its_holder_is_gone(url):
    import psycopg

    from grader.records.writer_lock import OURS

    lock, other, entered = WriterLock(database_url(url)), WriterLock(database_url(url)), threading.Event()

    def enter():
        with other:
            entered.set()

    thread = threading.Thread(target=enter)
    with lock:
        thread.start()
        assert not entered.wait(0.5)
    thread.join(30)
    assert entered.is_set()
    with psycopg.connect(database_url(url).replace("+psycopg", "")) as killed:
        killed.execute("SELECT pg_advisory_xact_lock(%s)", [OURS])
    with lock:  # its connection is closed: nothing waits for it
        pass


def test_a_lock_whose_server_cut_the_connection_lets_go(url):
    lock = WriterLock(database_url(url))
    with lock:
        rows(url, "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")
    with lock:
        pass


def test_texts_that_a_submission_may_produce_come_back_as_they_went_in(url):
    odd = "zero \x00, half a letter \ud83d, \U0001f600, 'quoted', %s, \\u0000"
    exercise = Exercise("test-x", 0.1 + 0.2, 10.0, "fail", [Message("m", odd, odd)])
    terms = ("s", "c", [exercise], "unsandboxed", "id", {"cell_seconds": "20"}, 1.5)
    result = Result("ada", "lab", *terms, flags=[odd], notes=[odd])
    with Gradebook(database_url(url)) as book:
        Attempts(book.engine).add(result)
        (stored,) = Attempts(book.engine).all()
        assert plain(stored.result()) == plain(result)
        assert stored.score == 0.3
