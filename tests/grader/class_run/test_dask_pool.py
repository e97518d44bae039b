"""Grading on a cluster says what grading here says, whatever becomes of its workers; what cannot grade is refused."""

from __future__ import annotations

import contextlib
import re
import sys
import time
from types import SimpleNamespace

import pytest
import tiny_course as tiny
from this_machine import needs_sandbox
from typer.testing import CliRunner

from grader.class_run import dask_pool
from grader.class_run.dask_pool import ClusterFailed, examine_cluster, fingerprint, results_from, unfit
from grader.cli import app
from grader.reports.console import CannotStart, grade_folder
from grader.scoring.run_submission import Limits

distributed = pytest.importorskip("distributed", reason="Dask is not installed: pip install -e '.[scale]'")
TIMES = re.compile(rb'"seconds": [0-9.]+')
SLOW = "import time\ntime.sleep(0.4)\n"


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    return tiny.make_course(tmp_path_factory.mktemp("course"))


@pytest.fixture
def jobs(course):
    key = tiny.keys_of(course)[tiny.FIRST]
    make = lambda name: tiny.submission(tiny.notebook(course, **tiny.GOOD), name)  # noqa: E731
    return lambda *names, sandbox=True: [(make(name), key, Limits(), sandbox, f"seed of {name}") for name in names]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    from dask_cluster import Cluster

    with Cluster(tmp_path_factory.mktemp("cluster")) as cluster:
        yield cluster


def engine_of(worker) -> list:
    """The processes of a worker's engine."""
    import psutil

    found = []
    for process in psutil.Process(worker.pid).children(recursive=True):
        with contextlib.suppress(psutil.Error):
            found += [process] if "grader.engine.fork_server" in process.cmdline() else []
    return found


def alive(process) -> bool:
    """Whether it runs; one that nobody has collected yet does not."""
    import psutil

    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


@pytest.mark.kernel
def test_a_cluster_that_loses_a_worker_says_what_this_machine_says(course, cluster, tmp_path):
    needs_sandbox()
    answers = ["return x + x", "return x", "return 3 * x", "raise ValueError(x)", "pass", "return 2.0 * x"]
    for number, body in enumerate(answers):
        data = tiny.notebook(course, double=f"{SLOW}def double(x):\n    {body}", half=tiny.GOOD["half"])
        tiny.hand_in(tmp_path / "in", f"s{number}", data)
    killed = []

    def kill_one(done, total, what):
        if done == 2:
            killed.extend(engine_of(cluster.workers[0]))
            cluster.kill(0)

    written = {}
    for name, options in (("there", {"scheduler": cluster.address}), ("here", {"workers": 2})):
        with pytest.MonkeyPatch.context() as patch:
            if name == "there":
                patch.setattr("grader.reports.console.progress", lambda *_: contextlib.nullcontext(kill_one))
            db = f"sqlite:///{tmp_path / name}.db"
            options |= {"labs": [], "db": db, "seed_file": tmp_path / "seed"}
            run, _ = grade_folder(course, tmp_path / "in", tmp_path / name, **options)
        assert run.problems == []
        written[name] = TIMES.sub(b"", (tmp_path / name / "results.json").read_bytes())
    assert written["there"] == written["here"]
    assert len(cluster.started.read_text().split()) > len(answers)  # what it had under way was graded again
    assert killed
    end = time.monotonic() + 30
    while any(map(alive, killed)) and time.monotonic() < end:
        time.sleep(0.1)
    assert not any(map(alive, killed))  # its engine went with it


@pytest.mark.kernel
def test_a_submission_that_kills_its_workers_is_our_fault_and_costs_the_others_nothing(cluster, jobs):
    handed_in = jobs("quick-1", "killer", "quick-2", "quick-3", sandbox=False)
    results = {one.student: one for one in results_from(cluster.address, handed_in)}
    killer = results.pop("killer")
    assert {e.verdict for e in killer.exercises} == {"grader-error"}
    assert killer.notes == ["the grader broke: 2 workers died while they graded this"]
    assert sorted(results) == ["quick-1", "quick-2", "quick-3"]
    assert {note for one in results.values() for note in one.notes} == {"the grader broke: not looked at"}


@pytest.mark.parametrize(
    ("address", "reason"),
    [("tcp://127.0.0.1:1", " 0.3 s)"), ("127.0.0.1", "missing port"), ("foo://x:1", "unknown address scheme")],
)
def test_no_scheduler_is_one_sentence_and_nothing_starts(address, reason, course, tmp_path, monkeypatch):
    monkeypatch.setattr(dask_pool, "CONNECT_SECONDS", 0.3)
    (tmp_path / "in").mkdir()
    options = ["--root", course, "--out", tmp_path / "out", "--db", tmp_path / "g.db", "--scheduler", address]
    done = CliRunner().invoke(app, ["grade", *map(str, [tmp_path / "in", *options])])
    assert done.exit_code == 2
    assert done.output.startswith(f"grader grade: no Dask scheduler answers at {address} (")
    assert reason in done.output
    assert done.output.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_without_dask_its_installation_is_named(course, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    (tmp_path / "in").mkdir()
    with pytest.raises(CannotStart, match=r"pip install -e '\.\[scale\]'"):
        grade_folder(course, tmp_path / "in", tmp_path / "out", labs=[], scheduler="tcp://127.0.0.1:1")


def test_a_worker_must_have_the_same_course_and_versions(monkeypatch):
    monkeypatch.setattr(dask_pool, "sandbox_faults", lambda: [])
    same = fingerprint()
    assert unfit(same, True) == ""
    assert {"python", "torch", "the files of lora_utils", "the files of grader"} <= set(same)
    assert unfit(same | {"torch": "1.0"}, True).startswith(f"has torch {same['torch']} where this machine has 1.0; ")
    assert "has the files of grader" in unfit(same | {"the files of grader": "0"}, True)
    assert "has pandas not at all where" in unfit(same | {"pandas": "3"}, True)


def test_a_workers_sandbox_is_looked_at_once_and_its_fix_is_named(monkeypatch):
    monkeypatch.setattr(dask_pool, "_fit", set())
    looks = []
    monkeypatch.setattr(dask_pool, "sandbox_faults", lambda: looks.append(1) or ["it runs as root."])
    assert "has no sandbox that holds: it runs as root. Ubuntu: `sudo sysctl" in unfit(fingerprint(), True)
    assert unfit(fingerprint(), False) == ""
    monkeypatch.setattr(dask_pool, "sandbox_faults", lambda: looks.append(1) or [])
    assert [unfit(fingerprint(), True) for _ in range(3)] == [""] * 3  # mended, and then known
    assert len(looks) == 2


class FakeClient:
    """A cluster that answers as told."""

    def __init__(self, found=None, threads=1, error=None):
        self.found, self.threads, self.error, self.cancelled = found or {}, threads, error, []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def wait_for_workers(self, count, timeout):
        if not self.found:
            raise TimeoutError

    def run_on_scheduler(self, function):
        return function()

    def run(self, function, *arguments, on_error):
        return self.found

    def nthreads(self):
        if isinstance(self.threads, Exception):
            raise self.threads
        return {f"tcp://w:{n}": 1 for n in range(self.threads)}

    def submit(self, function, *arguments, key, retries):
        future = SimpleNamespace(key=key, result=lambda: self.fail())
        future.add_done_callback = lambda call: self.error and call(future)
        return future

    def fail(self):
        raise self.error

    def cancel(self, futures):
        self.cancelled += futures


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        ({}, r"has no worker; start one with `dask worker tcp://s:1 --nworkers 1 --nthreads 1`\.$"),
        ({"tcp://w:1": "", "tcp://w:2": "has another torch."}, r"^the worker tcp://w:2 has another torch\.$"),
        (
            {"tcp://w:3": ImportError("no\nmore")},
            r"^the worker tcp://w:3 cannot grade \(ImportError: no\); install the",
        ),
    ],
)
def test_a_cluster_that_cannot_grade_is_refused_by_name(found, sentence, monkeypatch):
    monkeypatch.setattr(dask_pool, "connect", lambda scheduler: FakeClient(found))
    with pytest.raises(ClusterFailed, match=sentence):
        examine_cluster("tcp://s:1", True)


@pytest.mark.parametrize(
    ("client", "sentence"),
    [
        (FakeClient(threads=1), "the cluster at tcp://s:1 has not answered for 0 s; what was graded is recorded"),
        (FakeClient(threads=0), "the cluster at tcp://s:1 has lost all its workers; what was graded is recorded"),
        (FakeClient(threads=OSError()), "the scheduler at tcp://s:1 does not answer any more; what was graded"),
        (FakeClient(error=ClusterFailed("the worker tcp://w:1 is unfit.")), r"^the worker tcp://w:1 is unfit\.$"),
        (FakeClient(error=TypeError("odd")), r"tcp://s:1 failed \(TypeError: odd\); what was graded is recorded"),
    ],
)
def test_a_cluster_that_fails_ends_the_run_in_a_sentence(client, sentence, jobs, monkeypatch):
    monkeypatch.setattr(dask_pool, "connect", lambda scheduler: client)
    monkeypatch.setattr(dask_pool, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(dask_pool, "EMPTY_SECONDS", 0.02)
    monkeypatch.setattr(dask_pool, "QUIET", 0.0001)
    with pytest.raises(ClusterFailed, match=sentence):
        list(results_from("tcp://s:1", jobs("ada", "bob")))


def test_no_more_is_handed_out_than_the_workers_take(jobs, monkeypatch):
    client = FakeClient(threads=2)
    feeder = dask_pool._Feeder(client, jobs("a", "b", "c", "d"))
    feeder.feed(2)
    assert len(feeder.under_way) == 2
    feeder._ended(next(iter(feeder.under_way.values()))[0])
    assert (len(feeder.under_way), len(feeder.waiting), feeder.done.qsize()) == (2, 1, 1)
    assert all(job[1].notebook is not None for _, job in feeder.under_way.values())
    feeder.close()
    assert (len(client.cancelled), len(feeder.waiting)) == (2, 0)
