"""A page for each student and lab, as HTML and as plain text: what counts, what each check found, what to do next.

Hidden checks appear with their sentence and their finding, never with their code, and what a check that was not run
is worth stays unsaid, because in a quiz that would tell the answer.
"""

import json
import re
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from grader.class_run.grading_run import Graded, Run
from grader.course import Policy
from grader.notebooks.answer_key import AnswerKey
from grader.notebooks.submission import Refusal
from grader.records.attempt_policy import COUNTS
from grader.results import CHECK_WORDS, PASS_MARK, WORDS, CellOutput, CheckLine, Exercise, Result
from grader.scoring.exercise_grades import OURS
from grader.text.safe_names import file_name, one_line

MOST_NOTES = 6  # of what was set right; more of the same tells nobody anything
MARKS = {"pass": "✓", "partial": "◐", "fail": "✗", "not-attempted": "○", "skipped": "–"}


@dataclass(frozen=True)
class Row:
    """One check as a reader sees it."""

    mark: str
    verdict: str
    word: str
    sentence: str
    text: str
    hint: str | None
    hidden: bool


@dataclass(frozen=True)
class Section:
    """One exercise as a reader sees it.

    Args:
        number: in the lab, from 1.
        title: the heading over the exercise in the notebook.
        exercise: its outcome.
        rows: the checks that were run.
        waiting: how many checks were not run because one before them did not pass.
        step: what to do next, or nothing.
    """

    number: int
    title: str
    exercise: Exercise
    rows: list[Row]
    waiting: int
    step: str

    @property
    def word(self) -> str:
        """The verdict in words."""
        return WORDS[self.exercise.verdict]

    @property
    def mark(self) -> str:
        """A sign beside the word, for the eye only."""
        return MARKS.get(self.exercise.verdict, "!")


def sections(key: AnswerKey, exercises: list[Exercise], policy: Policy = "best") -> list[Section]:
    """Return the exercises of a result with their titles, in the lab's order; advice is by which attempt counts."""
    titles = {cell.grade_id: key.title_of(cell) for cell in key.graded}
    made = []
    for number, exercise in enumerate(exercises, start=1):
        rows = [_row(check) for check in exercise.checks if check.verdict != "skipped"]
        waiting = sum(check.verdict == "skipped" for check in exercise.checks)
        title = titles.get(exercise.grade_id, exercise.grade_id)
        made.append(Section(number, title, exercise, rows, waiting, next_step(exercise, policy)))
    return made


def _row(check: CheckLine) -> Row:
    mark = MARKS.get(check.verdict, "!")
    word = CHECK_WORDS[check.verdict]
    return Row(mark, check.verdict, word, check.sentence, check.text, check.hint, check.hidden)


def next_step(exercise: Exercise, policy: Policy = "best") -> str:
    """Say what to do about an exercise; nothing when there is nothing to do."""
    again = "" if policy == "first" else ", and hand in again"  # where only the first attempt counts, to learn
    if exercise.verdict == "pass":
        return ""
    if exercise.verdict == "not-attempted":
        return f"Fill in the cell, run the check under it{again}; where the exercise has hints, they help."
    if exercise.verdict == "timeout":
        return "Choose Kernel > Restart and Run All: every cell that is graded should finish within a second."
    if exercise.verdict == "crash":
        return "Choose Kernel > Restart and Run All, and mend the cell at which the kernel stops."
    if exercise.verdict == "grader-error":
        return "Nothing: this is a fault of the grader. Staff will grade it again, and it costs you nothing."
    failed = [check for check in exercise.checks if check.verdict == "fail"]
    hidden_only = bool(failed) and all(check.hidden for check in failed)
    if hidden_only and not any(not c.hidden and c.max_points for c in exercise.checks):
        return f"Read the reasons, answer again{again}. {COUNTS[policy]}"
    if hidden_only:
        return (
            "The checks in your notebook pass; what failed is only looked at when grading. Think of inputs that your "
            "notebook did not try: other shapes, other sizes, zero, negative numbers."
        )
    if len(failed) > 1:
        return f"Begin with the first check that was not passed, run the check under the cell again{again}."
    return f"Mend it, run the check under the cell until it passes{again}."


def write_feedback(run: Run, out: Path, course: str = "PEFT by hand") -> list[Path]:
    """Write feedback/<student>/<lab>.html and .txt for everything handed in, and return the HTML files' paths."""
    written = []
    for row in run.rows:
        if row.lab not in run.keys:
            continue
        shown = kept_outputs(row.result, out) if isinstance(row, Graded) else []
        said = context(row, run.keys[row.lab], course, shown)
        page = page_of(out, row.student, row.lab)
        page.parent.mkdir(parents=True, exist_ok=True)
        for suffix in ("html", "txt"):
            text = templates().get_template(f"feedback.{suffix}").render(said)
            page.with_suffix(f".{suffix}").write_text(text, encoding="utf-8")
        written.append(page)
    return written


def keep_outputs(result: Result, out: Path) -> None:
    """Write down what the cells of a new result showed, for its page.

    No record holds it, so a run that goes on after an interruption, or only looks the result up, finds it here.
    """
    if result.shown:
        path = _outputs_file(result, out)
        path.parent.mkdir(parents=True, exist_ok=True)
        data = {"of": _attempt_of(result), "shown": [asdict(one) for one in result.shown]}
        path.write_text(json.dumps(data), encoding="utf-8")


def kept_outputs(result: Result, out: Path) -> list[CellOutput]:
    """Return what `keep_outputs` wrote down for the same submission and checks; nothing where it did not."""
    try:
        data = json.loads(_outputs_file(result, out).read_text(encoding="utf-8"))
        return [CellOutput(**one) for one in data["shown"]] if data["of"] == _attempt_of(result) else []
    except (OSError, ValueError, TypeError, KeyError):
        return []


def _outputs_file(result: Result, out: Path) -> Path:
    return page_of(out, result.student, result.lab).with_suffix(".outputs.json")


def page_of(out: Path, student: str, lab: str) -> Path:
    """Return where the feedback page of a student and lab lies."""
    return out / "feedback" / file_name(student) / f"{file_name(lab)}.html"


def _attempt_of(result: Result) -> list[str]:
    return [result.submission_sha256, result.checks_sha256]


def context(row: Graded | Refusal, key: AnswerKey, course: str, shown: list[CellOutput]) -> dict:
    """Return everything the templates mention; `shown` is what the student's cells showed, where that is known."""
    page = {
        "course": course,
        "student": one_line(row.student),
        "lab": row.lab,
        "title": key.title,
        "pass_mark": PASS_MARK,
        "problem": None,
    }
    if isinstance(row, Refusal):
        file = one_line(row.file)
        return page | {"problem": f"{file} {one_line(row.fault)}.", "cure": sentence(row.cure)}
    result, standing = row.result, row.standing
    counts = standing.counts
    notes = [sentence(note) for note in result.notes if not note.startswith(OURS)]
    return page | {
        "result": result,
        "standing": standing,
        "most_points": counts.max_score,
        "which": "Highest so far" if standing.policy == "best" else "What counts",
        "policy": COUNTS[standing.policy],
        "missing": max(0.0, round(PASS_MARK * counts.max_score - standing.score, 2)),
        "share": result.score / result.max_score if result.max_score else 0.0,
        "counting_share": standing.score / counts.max_score if counts.max_score else 0.0,
        "late": lateness(standing.late, standing.penalty),
        "less": f"{counts.score:g} less {standing.counts_penalty:g} for lateness" if standing.counts_penalty else "",
        "sections": sections(key, result.exercises, standing.policy),
        "most": most_to_gain(key, result.exercises),
        "notes": notes[:MOST_NOTES],
        "more_notes": max(0, len(notes) - MOST_NOTES),
        "shown": shown,
        "shown_before": not shown and not standing.new,
    }


def most_to_gain(key: AnswerKey, exercises: list[Exercise]) -> tuple[str, float] | None:
    """Return the title of the exercise with most points still to be had, and how many; None for full marks."""
    open_ones = [e for e in exercises if e.points < e.max_points]
    if not open_ones:
        return None
    first = max(open_ones, key=lambda e: e.max_points - e.points)
    titles = {cell.grade_id: key.title_of(cell) for cell in key.graded}
    return titles.get(first.grade_id, first.grade_id), round(first.max_points - first.points, 2)


def sentence(text: str) -> str:
    """Return a text as a sentence: a capital, a full stop."""
    text = one_line(text)
    return text[:1].upper() + text[1:].rstrip(".") + "."


def prose(text: str) -> Markup:
    """Return a text as HTML: escaped, with `code` set as code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def lateness(seconds: float | None, penalty: float = 0.0) -> str:
    """Say in words how late something was, and what it costs; nothing when it was not, or nobody knows."""
    if not seconds:
        return ""
    cost = f", penalty {penalty:g} point{'' if penalty == 1 else 's'}" if penalty else ""
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {unit}{'' if count == 1 else 's'} late{cost}"
    return f"less than a minute late{cost}"


def moment(timestamp: str) -> str:
    """Return a time as a reader writes it, to the minute; one that cannot be read stays as it is."""
    try:
        return f"{datetime.fromisoformat(timestamp).astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    except ValueError:
        return one_line(timestamp)


@lru_cache
def templates() -> Environment:
    """Return the templates: HTML with everything escaped, text as it is."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=lambda name: name is not None and name.endswith(".html"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["points"] = lambda value: f"{value:g}"
    environment.filters["percent"] = lambda share: f"{100 * share:.0f} %"
    environment.filters["sentence"] = sentence
    environment.filters["prose"] = prose
    environment.filters["moment"] = moment
    return environment
