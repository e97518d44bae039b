"""What grading one submission says, as plain data: the same for the database, the reports and the feedback."""

import math
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime

PASS_MARK = 0.8  # share of a lab's points that passes it, where the course says nothing else
# What a grade says of how the submission was run: SHUT_OFF, with "+" before each wall that this machine has besides
# ("namespaces+seccomp+cgroups"), or OPEN.
SHUT_OFF, OPEN = "namespaces", "unsandboxed"

TELL = "GRADER_TELLS_PROBES"  # in the judge's environment: have results say how checks looked, see `Probed`
LOST = "lost-definition"  # id of the message of what fails for want of a name that another cell was to define

# Verdicts of an exercise, and how a reader is told.
WORDS = {
    "pass": "passed",
    "partial": "partly right",
    "fail": "not right yet",
    "not-attempted": "not attempted",
    "not-in-copy": "not in your copy",
    "timeout": "ran too long",
    "crash": "stopped the notebook",
    "grader-error": "the check broke",
}
# Verdicts of one check inside an exercise.
CHECK_WORDS = {
    "pass": "passed",
    "fail": "not passed",
    "not-attempted": "not attempted",
    "skipped": "not run",
    "grader-error": "the check broke",
}


@dataclass(frozen=True)
class Message:
    """Why points are missing.

    Args:
        id: short name of the mistake, by which class reports count.
        text: what was expected and what came, one sentence.
        hint: what to look at next; default none.
    """

    id: str
    text: str
    hint: str | None = None


@dataclass(frozen=True)
class CheckLine:
    """One sentence about an answer and whether it holds."""

    sentence: str
    verdict: str  # a key of CHECK_WORDS
    text: str = ""
    hint: str | None = None
    hidden: bool = False
    points: float = 0.0
    max_points: float = 0.0


@dataclass(frozen=True)
class Exercise:
    """The outcome of one graded cell.

    Args:
        grade_id: name of the graded cell.
        points: earned, from 0 to `max_points`.
        max_points: what the cell is worth.
        verdict: a key of WORDS.
        messages: why points are missing; empty for full marks.
        checks: every sentence that was looked at, in order; empty when the checks could not run.
    """

    grade_id: str
    points: float
    max_points: float
    verdict: str
    messages: list[Message] = field(default_factory=list)
    checks: list[CheckLine] = field(default_factory=list)

    @classmethod
    def from_dict(cls, data: dict) -> "Exercise":
        """Read what `asdict` wrote."""
        messages = [Message(**message) for message in data["messages"]]
        checks = [CheckLine(**check) for check in data["checks"]]
        return cls(**(data | {"messages": messages, "checks": checks}))


def not_in_copy(grade_id: str, points: float) -> Exercise:
    """Return the outcome of an exercise that came into the lab after a student's copy of it."""
    message = Message("not-in-copy", "this exercise came into the lab after your copy of it")
    return Exercise(grade_id, 0.0, points, "not-in-copy", [message])


@dataclass(frozen=True)
class CellOutput:
    """What one of the student's own cells showed.

    Args:
        number: of the code cell, counted from the top: the number that Restart and Run All gives it.
        title: the line by which its writer recognises it.
        text: what it printed, and its values, without control characters.
        figures: PNG pictures as base64.
        left_out: how many figures found no room.
    """

    number: int
    title: str
    text: str
    figures: list[str]
    left_out: int = 0


@dataclass(frozen=True)
class Probed:
    """One look of a check at an answer, as texts for staff.

    Args:
        exercise: name of the graded cell.
        check: its id, and "" where that is not known.
        sentence: what the check says.
        probe: what was done with the answer.
        inputs: what it was done with.
        seen: what came back.
    """

    exercise: str
    check: str
    sentence: str
    probe: str
    inputs: str
    seen: str


@dataclass(frozen=True)
class Terms:
    """What decides a score beside the bytes handed in; for the fields see `Result`."""

    checks_sha256: str
    sandbox: str
    seed_id: str
    versions: dict[str, str]


@dataclass(frozen=True)
class Result:
    """The outcome of grading one submission of one lab.

    Args:
        student, lab: whose and which.
        submission_sha256: of the bytes handed in.
        checks_sha256: of everything that decides the score: the lab's cells, its hidden tests and the course package.
        exercises: in the lab's order.
        sandbox: how the submission was shut off while it ran: SHUT_OFF and what more there was, or OPEN for not at all.
        seed_id: names the seed of the test inputs without giving it away.
        versions: of Python and the packages that decide the score, and the time limit of a cell in seconds.
        seconds: wall clock.
        timestamp: when it was handed in (ISO 8601, UTC), if known.
        flags: what the instructor should look at, as short names.
        notes: what there is to know of the notebook, such as what was set right before grading; one sentence each.
        shown: what the student's own cells showed; for the feedback page only, so no record keeps it.
        probed: how the checks looked at the answers; only where staff grade once more, and no record keeps it either.
    """

    student: str
    lab: str
    submission_sha256: str
    checks_sha256: str
    exercises: list[Exercise]
    sandbox: str
    seed_id: str
    versions: dict[str, str]
    seconds: float
    timestamp: str | None = None
    flags: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    shown: list[CellOutput] = field(default_factory=list)
    probed: list[Probed] = field(default_factory=list)

    @property
    def score(self) -> float:
        """Points earned, rounded to a hundredth."""
        return round(math.fsum(exercise.points for exercise in self.exercises), 2)

    @property
    def max_score(self) -> float:
        """Points that the lab is worth."""
        return round(math.fsum(exercise.max_points for exercise in self.exercises), 2)

    @property
    def handed_in(self) -> datetime | None:
        """When it was handed in as nbgrader keeps it: UTC, without zone."""
        return datetime.fromisoformat(self.timestamp).replace(tzinfo=None) if self.timestamp else None

    @property
    def automatic(self) -> dict[str, float | None]:
        """Points by graded cell as nbgrader keeps them: None where the grader broke and a person has to look."""
        return {e.grade_id: None if e.verdict == "grader-error" else e.points for e in self.exercises}

    @property
    def terms(self) -> Terms:
        """On what terms it was graded."""
        return Terms(self.checks_sha256, self.sandbox, self.seed_id, self.versions)

    @property
    def broken(self) -> bool:
        """Whether the grader itself failed somewhere, so that the score may be too low."""
        return any(exercise.verdict == "grader-error" for exercise in self.exercises)

    @property
    def repeatable(self) -> bool:
        """Whether grading the same bytes again must give the same score: no fault of the grader, no time limit hit."""
        # What was lost may have been lost to a limit.
        lost = any(message.id == LOST for exercise in self.exercises for message in exercise.messages)
        return not lost and not any(exercise.verdict in ("grader-error", "timeout") for exercise in self.exercises)


def passes(score: float, max_score: float, mark: float = PASS_MARK) -> bool:
    """Return whether score >= mark * max_score, with room for the last binary digit."""
    return score >= mark * max_score - 1e-9


def plain(result: Result) -> dict:
    """Return a result as JSON-ready data, with the derived numbers."""
    data = asdict(replace(result, shown=[], probed=[]))
    del data["shown"], data["probed"]
    data |= {"score": result.score, "max_score": result.max_score}
    return data
