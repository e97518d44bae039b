"""Grade everything that was handed in: many at a time, one writer, and no submission that stops another."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from grader.class_run.answer_comparison import shared_answers
from grader.class_run.dask_pool import results_from
from grader.class_run.decisions import Decisions, due_changes
from grader.class_run.run import Graded, Run
from grader.class_run.settling import settle
from grader.engine.service import EngineFailed, engine
from grader.notebooks.answer_key import AnswerKey
from grader.notebooks.submission import Refusal, Submission, collect, iso
from grader.records.attempt_policy import AttemptPolicy, Standing
from grader.records.attempts import Attempts
from grader.records.formgrader_copy import write_copy
from grader.records.gradebook import Gradebook, GradebookError
from grader.records.writer_lock import WriterLock
from grader.results import Result
from grader.scoring.exercise_grades import OURS
from grader.scoring.grading import Job, grade, input_seed, terms
from grader.scoring.run_submission import Limits

Watcher = Callable[[int, int, str], None]  # done, of how many, what was just finished


def grade_all(
    submitted: Path | list[Submission | Refusal],
    keys: dict[str, AnswerKey],
    url: str,
    *,
    limits: Limits | None = None,
    workers: int = 2,
    scheduler: str | None = None,
    sandbox: bool = True,
    seed: str | None = None,
    only: bool = False,
    students: frozenset[str] = frozenset(),
    due: dict[str, datetime | None] | None = None,
    planned: dict[str, datetime] | None = None,
    zone: tzinfo = UTC,
    counting: AttemptPolicy | None = None,
    decided: dict[str, str] | None = None,
    copies: Path | None = None,
    watch: Watcher = lambda done, total, what: None,
    keep: Callable[[Result], None] = lambda result: None,
    ready: Callable[[], object] = lambda: None,
    say: Callable[[str], object] = lambda sentence: None,
) -> Run:
    """Grade what was handed in and record every attempt; several hand-ins of one student are graded in their order.

    Args:
        submitted: the folder, SUBMITTED/<student>/<lab>/<lab>.ipynb, or what was found, by student and lab, in order.
        keys: the labs to grade.
        url: of the database that holds nbgrader's gradebook and the attempts.
        limits: of one submission; default `Limits()`.
        workers: how many are graded at a time; default 2.
        scheduler: address of a running Dask cluster that does the grading; default: this machine does.
        sandbox: whether submissions are shut off from the machine; default True.
        seed: the course's own, from which all test inputs derive; default: the environment's, see `input_seed`.
        only: pass over other labs' folders instead of naming them as problems; default False.
        students: whose hand-ins are graded; what could not be graded of others is kept. Default: everybody's.
        due: due dates by lab (UTC, without zone), None for no date; default: as `planned` and the gradebook have them.
        planned: those of course.toml; one that it no longer has is cleared, unless another was set. Default: none.
        zone: whose clocks the sentences about dates show; default UTC.
        counting: which attempts count; its dates are set from the gradebook. Default: the best.
        decided: what the course decides of grades besides, see `decisions_of`; default: nothing that could change.
        copies: nbgrader's autograded directory, where formgrader looks for notebooks; default: none are written.
        watch: called after each submission.
        keep: called with each new result before it is recorded; what its cells showed is not kept otherwise.
        ready: called before anything is graded or recorded; what it raises ends the run.
        say: called with a sentence for each change of the course since grades were settled last, before anything is
            overwritten.

    Raises:
        GradebookError: the gradebook cannot be opened.
        OSError: the folder cannot be listed, or (ClusterFailed) the cluster cannot grade.
    """
    limits, run = limits or Limits(), Run(keys, students=students)
    found = collect(submitted, keys, only) if isinstance(submitted, Path) else submitted
    lock = WriterLock(url)
    with lock:
        book = Gradebook(url)
    with book:
        with lock:
            book.note_entered()
            decisions, given, planned = Decisions(book.engine), due or {}, planned or {}
            due = decisions.taken_out(keys, planned, book.due()) | planned | given
            run.changes = [sentence for name, key in keys.items() for sentence in book.changes(name, key.worth)]
            run.changes += [*due_changes(book.due(), due, zone), *decisions.changes(decided or {})]
            for sentence in run.changes:
                say(sentence)
            due, closed = _prepare(book, keys, due, run)
            counting = counting or AttemptPolicy()
            worth = counting.worth | {lab: key.worth for lab, key in keys.items()}
            dates, held = book.due() | due, book.held()
            run.counting = replace(counting, due=dates, extensions=book.extensions(), worth=worth, held=held)
            attempts = Attempts(book.engine, run.counting)
        waiting = [one for one in found if isinstance(one, Submission) and run.asked(one.student)]
        run.hand_ins = [one for one in found if isinstance(one, Submission)]
        later = {(one.student, one.lab): place for place, one in enumerate(found) if isinstance(one, Submission)}
        refused = {place: one for place, one in enumerate(found) if isinstance(one, Refusal)}
        run.rows += [one for place, one in refused.items() if place > later.get((one.student, one.lab), -1)]
        run.problems += [str(one) for one in refused.values() if run.asked(one.student)]
        recorder = _Recorder(book, attempts, closed, run, copies, lock, keep)
        seeds = {id(one): input_seed(one.sha256, seed) for one in waiting}
        done, total = 0, len(waiting)
        for number, turn in enumerate(_turns(waiting)):
            known = {}
            for one in turn:
                needed = terms(keys[one.lab], limits, sandbox, seeds[id(one)])
                known[id(one)] = attempts.known(one.student, one.lab, one.sha256, needed)
            # Lab by lab, so that the engine needs what it has loaded for a lab for a while only.
            fresh = sorted((one for one in turn if known[id(one)] is None), key=lambda one: one.lab)
            if scheduler is None and fresh and number == 0:
                with suppress(EngineFailed):  # what is wrong with it, whoever is `ready` finds out as well
                    engine(sandbox).prepare(list(dict.fromkeys(keys[one.lab].withheld for one in fresh))[:workers])
            if number == 0:
                ready()
            recorder.submissions = {(one.student, one.lab): one for one in turn}
            for one in turn:
                if known[id(one)] is not None:
                    recorder.again(known[id(one)])
                    done += 1
                    watch(done, total, f"{one.student} {one.lab}")
            jobs = [(one, keys[one.lab], limits, sandbox, seeds[id(one)]) for one in fresh]
            for result in _results(jobs, workers, scheduler):
                recorder.take(result)
                done += 1
                watch(done, total, f"{result.student} {result.lab}")
        with lock:
            run.attempts = attempts.all()
            lagging = settle(book, run.attempts, run.counting, closed)
            decisions.keep(decided or {}, keys, {lab: planned[lab] for lab in planned if lab not in given})
            seen = {(row.student, row.lab) for row in run.rows}  # which have their own sentence
            run.problems += [sentence for place, sentence in lagging.items() if place not in seen]
            run.held = book.held()
            run.counting = replace(run.counting, held=run.held)
    run.standings = [row.standing for row in run.graded]
    rows = {(row.student, row.lab): row for row in run.graded}  # of several turns the last
    run.rows = sorted([*rows.values(), *run.refused], key=lambda row: (row.student, row.lab))
    try:
        run.shared = shared_answers(run.hand_ins, keys, lambda *what: engine(sandbox).read(*what))
    except Exception as error:  # a fault of ours must not cost the run, which has been graded
        run.problems.append(f"the class: its answers could not be compared with each other ({_first_line(error)}).")
    return run


def _turns(waiting: list[Submission]) -> list[list[Submission]]:
    """Part submissions so that of one student and lab each is in a turn of its own, in the order of hand-in."""
    turns: list[list[Submission]] = []
    before: dict[tuple[str, str], int] = {}
    for one in waiting:
        number = before.get((one.student, one.lab), 0)
        before[one.student, one.lab] = number + 1
        turns += [[]] if number == len(turns) else []
        turns[number].append(one)
    return turns or [[]]


def _prepare(
    book: Gradebook, keys: dict[str, AnswerKey], due: dict[str, datetime | None], run: Run
) -> tuple[dict[str, datetime | None], set[str]]:
    """Bring the labs into the gradebook; return due dates, and the labs whose grades it cannot take."""
    dates, closed = {}, set()
    for name, key in keys.items():
        if name in due and due[name] is None:
            book.clear_due(name)
        try:
            dates[name] = book.add_lab(name, key.notebook, due.get(name))
        except GradebookError as error:
            run.problems.append(str(error))
            dates[name] = due.get(name)
            closed.add(name)
    return dates, closed


def _results(jobs: list[Job], workers: int, scheduler: str | None) -> Iterable[Result]:
    """Yield results as they come; threads suffice here, because the work is done in the engine's processes."""
    if scheduler is not None:
        yield from results_from(scheduler, jobs)
        return
    pool = ThreadPoolExecutor(max(1, workers), thread_name_prefix="grade")
    try:
        futures = [pool.submit(grade, *job) for job in jobs]
        for future in as_completed(futures):
            yield future.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


@dataclass
class _Recorder:
    """The one writer: attempts, then the gradebook; what fails is said and does not stop the run."""

    book: Gradebook
    attempts: Attempts
    closed: set[str]
    run: Run
    copies: Path | None
    lock: WriterLock  # no other run may write between looking at the attempts and writing into the gradebook
    keep: Callable[[Result], None]
    submissions: dict[tuple[str, str], Submission] = field(default_factory=dict)  # of this turn

    def take(self, result: Result) -> None:
        """Record a new result."""
        try:
            self.keep(result)
        except OSError as error:
            what = f"what the cells of {result.lab} showed"
            self.run.problems.append(f"{result.student}: {what} could not be kept ({_first_line(error)}).")
        result = replace(result, shown=[])  # a class may show gigabytes
        try:
            with self.lock:
                standing = self.attempts.add(result)
                self._done(result, standing)
        except Exception as error:  # `_done` tells its own
            sentence = f"{result.student}: {result.lab} could not be recorded ({_first_line(error)})."
            self.run.problems.append(sentence)

    def again(self, attempt) -> None:
        """Report an attempt that was recorded before, and set the gradebook right if it lags behind."""
        handed_in = iso(self.submissions[attempt.student, attempt.lab].timestamp)
        with self.lock:
            standing = self.attempts.again(attempt, handed_in)
            self._done(replace(attempt.result(), timestamp=handed_in) if standing.new else attempt.result(), standing)

    def _done(self, result: Result, standing: Standing) -> None:
        self.run.rows.append(Graded(result, standing))
        if result.broken:
            names = ", ".join(e.grade_id for e in result.exercises if e.verdict == "grader-error")
            why = next((note for note in result.notes if note.startswith(OURS)), OURS)
            sentence = f"{result.student}: {result.lab} was not fully graded ({names}), because {why}; grade it again."
            self.run.problems.append(sentence)
        if result.lab in self.closed:
            return
        try:
            counts = standing.counts
            self.book.write(counts, counts.handed_in, self.run.counting.penalty)
        except Exception as error:
            sentence = f"{result.student}: {result.lab} is not in nbgrader's gradebook ({_first_line(error)})."
            self.run.problems.append(sentence)
            return
        if self.copies is None or result.submission_sha256 != counts.submission_sha256:
            return
        try:
            submission = self.submissions[result.student, result.lab]
            write_copy(self.copies, submission, self.run.keys[result.lab], counts)
        except Exception as error:
            what = f"the notebook of {result.lab} for formgrader"
            self.run.problems.append(f"{result.student}: {what} could not be written ({_first_line(error)}).")


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".strip().split("\n")[0]
