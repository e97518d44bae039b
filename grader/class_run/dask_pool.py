"""Grading on a running Dask cluster: submissions go to its workers, results come back to the one writer here.

    scheduler ── worker (its own engine: warm process, judges, sandboxes) ── ... ── worker

A worker gets plain data (the submission's cells, the lab's key, limits, the seed of this submission's inputs) and
grades it as this machine would, so the results are the same. It must be the same course, in the same versions, and
its sandbox must hold; that is looked at before anything is graded and again in each worker that joins later. A worker
that dies costs nothing: Dask gives what it had to another one.
"""

import asyncio
import logging
import queue
import threading
import uuid
from collections import deque
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

from grader.course_package import course_package
from grader.engine.canary import REMEDY, sandbox_faults
from grader.engine.service import longest
from grader.notebooks.answer_key import AnswerKey, package_sha256
from grader.notebooks.submission import Submission
from grader.results import Result
from grader.scoring.grading import Job, grade, ungraded, versions
from grader.scoring.run_submission import Limits

CONNECT_SECONDS = 5  # a scheduler that runs answers in some milliseconds
POLL_SECONDS = 1.0  # workers may come and go meanwhile
EMPTY_SECONDS = 60  # without any worker, before the run is given up; a nanny restarts one in a few seconds
QUIET = 3  # times the longest that a submission may take: then no result will ever come
RETRIES = 3  # of what failed on its way; how often a task may lose its worker is the scheduler's allowed-failures
INSTALL = "--scheduler needs Dask; run `pip install -e '.[scale]'` in the course's folder."
AGAIN = "what was graded is recorded, and the same command again does the rest"
SAME = "install the same checkout and the versions of constraints.txt there and restart it"

_fit: set = set()
_looking = threading.Lock()


class ClusterFailed(ConnectionError):
    """The cluster cannot be used, or no longer; the message is one sentence."""


def connect(scheduler: str):
    """Return a client of a running cluster.

    Args:
        scheduler: address, tcp://HOST:PORT.

    Raises:
        ClusterFailed: Dask is missing, or no scheduler answers there.
    """
    try:
        from distributed import Client
    except ImportError:
        raise ClusterFailed(INSTALL) from None
    for name in ("distributed", "distributed.client", "distributed.core"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # what matters is said in a sentence of ours
    try:
        asyncio.run(_knock(scheduler))
        return Client(scheduler, timeout=CONNECT_SECONDS, set_as_default=False, name="grader")
    except Exception as error:  # of many kinds, also where something else listens there
        reason = _line(error) if str(error) else f"no answer in {CONNECT_SECONDS} s"
        raise ClusterFailed(
            f"no Dask scheduler answers at {scheduler} ({reason}); start one with `dask scheduler` and give its "
            "address as tcp://HOST:PORT."
        ) from None


async def _knock(scheduler: str) -> None:
    """Ask the scheduler who it is; a client that found nobody would go on trying, also after the program's end."""
    from distributed.core import rpc

    async with rpc(scheduler, timeout=CONNECT_SECONDS) as there:
        await asyncio.wait_for(there.identity(), CONNECT_SECONDS)


def examine_cluster(scheduler: str, sandbox: bool) -> int:
    """Look whether every worker can grade as this machine would; return how many submissions it takes at a time.

    Raises:
        ClusterFailed: no scheduler, no worker, or a worker that cannot, by its address and with the fix.
    """
    with connect(scheduler) as client:
        try:
            client.wait_for_workers(1, timeout=CONNECT_SECONDS)
        except TimeoutError:
            command = f"dask worker {scheduler} --nworkers 1 --nthreads 1"
            raise ClusterFailed(f"the cluster at {scheduler} has no worker; start one with `{command}`.") from None
        expected = fingerprint()
        try:
            client.run_on_scheduler(fingerprint)  # it reads what it hands on; its versions decide nothing
        except Exception as error:
            what = f"the scheduler at {scheduler} cannot read the course ({_line(error)})"
            raise ClusterFailed(f"{what}; {SAME}.") from None
        for address, fault in client.run(_examine, expected, sandbox, on_error="return").items():
            if isinstance(fault, Exception):
                what = f"the worker {address} cannot grade ({type(fault).__name__}: {_line(fault)})"
                raise ClusterFailed(f"{what}; {SAME}.")
            if fault:
                raise ClusterFailed(f"the worker {address} {fault}")
        return sum(client.nthreads().values())


def fingerprint() -> dict[str, str]:
    """Return what must be the same on a worker, by name: versions, and hashes of both packages."""
    own = {"the files of lora_utils": course_package(), "the files of grader": Path(__file__).parents[1]}
    return versions() | {name: package_sha256(folder)[:12] for name, folder in own.items()}


async def _examine(expected: dict[str, str], sandbox: bool) -> str:
    """Run in every worker, beside its event loop, which must go on."""
    return await asyncio.to_thread(unfit, expected, sandbox)


def unfit(expected: dict[str, str], sandbox: bool) -> str:
    """Return why this process cannot grade for one with that fingerprint, as the rest of a sentence; "" if it can."""
    here = fingerprint()
    for name, wanted in expected.items():
        if here.get(name) != wanted:
            return f"has {name} {here.get(name, 'not at all')} where this machine has {wanted}; {SAME}."
    with _looking:
        if sandbox and sandbox not in _fit:
            if faults := sandbox_faults():
                return f"has no sandbox that holds: {faults[0]} {REMEDY}"
            _fit.add(sandbox)
    return ""


def grade_there(
    submission: Submission, key: AnswerKey, limits: Limits, sandbox: bool, seed: str, expected: dict[str, str]
) -> Result:
    """Grade one submission; runs in a worker.

    Raises:
        ClusterFailed: this worker, perhaps started after the run began, cannot grade as the others do.
    """
    if fault := unfit(expected, sandbox):
        from distributed import get_worker

        raise ClusterFailed(f"the worker {get_worker().address} {fault}")
    return grade(submission, key, limits, sandbox, seed)


def results_from(scheduler: str, jobs: list[Job]) -> Iterator[Result]:
    """Grade on a cluster and yield results as they come.

    Raises:
        ClusterFailed: the cluster is gone, or cannot grade; what was yielded before stays.
    """
    if not jobs:
        return
    with connect(scheduler) as client, closing(_Feeder(client, jobs)) as feeder:
        left, quiet = len(jobs), 0.0
        most = max(longest(vars(limits)) for _, _, limits, *_ in jobs)
        while left:
            places = _places(client, scheduler)
            feeder.feed(max(1, places))
            try:
                future, job = feeder.done.get(timeout=POLL_SECONDS)
            except queue.Empty:
                quiet += POLL_SECONDS
                if quiet > (QUIET * most if places else EMPTY_SECONDS):
                    what = f"has not answered for {quiet:.0f} s" if places else "has lost all its workers"
                    raise ClusterFailed(f"the cluster at {scheduler} {what}; {AGAIN}.") from None
                continue
            left, quiet = left - 1, 0.0
            yield _outcome(scheduler, future, job)


class _Feeder:
    """Keeps a cluster busy, also while the writer writes.

    Only as many submissions are under way as the workers take at a time: when a worker dies, Dask blames all that it
    held, and a submission that only waited there is not to blame.
    """

    def __init__(self, client, jobs: list[Job]) -> None:
        self.client, self.expected, self.run = client, fingerprint(), uuid.uuid4().hex
        self.waiting, self.under_way, self.places = deque(enumerate(jobs)), {}, 1
        self.done: queue.SimpleQueue = queue.SimpleQueue()
        self.lock = threading.RLock()  # a future that is done already calls back at once

    def feed(self, places: int) -> None:
        """Hand out submissions until so many are under way."""
        with self.lock:
            self.places = places
            while self.waiting and len(self.under_way) < self.places:
                number, job = self.waiting.popleft()
                submission, key, *rest = job
                plain = replace(key, notebook=None)  # outputs, figures and all: no worker needs it
                name = f"grade-{self.run}-{number}"
                arguments = (submission, plain, *rest, self.expected)
                future = self.client.submit(grade_there, *arguments, key=name, retries=RETRIES)
                self.under_way[name] = future, job
                future.add_done_callback(self._ended)

    def _ended(self, future) -> None:  # in a thread of Dask's
        with self.lock:
            self.done.put(self.under_way.pop(future.key))
        with suppress(Exception):  # a cluster that is gone is noticed by whoever waits for `done`
            self.feed(self.places)

    def close(self) -> None:
        """Hand out nothing more, and call back what has not begun."""
        with self.lock:
            self.waiting.clear()
            with suppress(Exception):
                self.client.cancel([future for future, _ in self.under_way.values()])


def _places(client, scheduler: str) -> int:
    try:
        return sum(client.nthreads().values())
    except (OSError, RuntimeError) as error:  # RuntimeError: the client has closed itself
        raise ClusterFailed(f"the scheduler at {scheduler} does not answer any more; {AGAIN}.") from error


def _outcome(scheduler: str, future, job: Job) -> Result:
    from distributed import KilledWorker

    try:
        return future.result()
    except KilledWorker as error:
        return ungraded(*job, f"{error.allowed_failures + 1} workers died while they graded this")
    except ClusterFailed:
        raise
    except (Exception, CancelledError) as error:
        what = f"the cluster at {scheduler} failed ({type(error).__name__}: {_line(error)})"
        raise ClusterFailed(f"{what}; {AGAIN}.") from error


def _line(error: BaseException) -> str:
    return (str(error).strip().split("\n")[0] or "no message").rstrip(".")
