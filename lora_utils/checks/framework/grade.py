"""The outcome of an exercise: a float of points that displays as a table of sentences."""

from __future__ import annotations

import os
import re
from dataclasses import asdict, dataclass
from html import escape
from textwrap import indent

from lora_utils.checks.framework.subject import Subject

MIME = "application/vnd.lora-utils.grade+json"
LONGEST_PRINTED = 2_000  # characters
CODE = re.compile(r"`([^`]+)`")
PRINTED = "While it was checked, your code printed:"
WORDS = {
    "pass": "passed",
    "fail": "FAILED",
    "not-attempted": "not attempted",
    "skipped": "waiting",
    "grader-error": "check broke",
}


@dataclass(frozen=True)
class CheckResult:
    """What one check said."""

    id: str
    sentence: str
    verdict: str  # pass | fail | not-attempted | skipped | grader-error
    message_id: str = ""
    text: str = ""
    hint: str | None = None
    hidden: bool = False
    max_points: float = 0.0

    @property
    def points(self) -> float:
        """Points earned: all of the check's share or none."""
        return self.max_points if self.verdict == "pass" else 0.0


def heading(what: str, points: float, seen: float, of: float) -> str:
    """Return one line: what was earned of what can be seen here, and what hidden checks will still decide.

    Args:
        what: the exercise, or more of them.
        points: earned.
        seen: points that the checks here decide.
        of: points with hidden checks.
    """
    hidden = round(of - seen, 6)
    if hidden and not seen:
        all_of_it = "the point is" if hidden == 1 else f"all {round(hidden, 2):g} points are"
        return f"{what}: {all_of_it} decided by hidden checks when graded"
    more = f"; {round(hidden, 2):g} more decided by hidden checks when graded" if hidden > 0 else ""
    return f"{what}: {round(points, 2):g} of {round(seen, 2):g} points{more}"


def without_marks(text: str) -> str:
    """Return a sentence as a terminal shows it: `code` without the marks that a page turns into its typeface."""
    return CODE.sub(r"\1", text)


class Grade(float):
    """Points earned, as a number that stock nbgrader reads as partial credit and Jupyter shows as a table.

    Args:
        exercise: the exercise's name.
        results: one entry a check.
        of: points of the whole graded cell, hidden checks included.
        flags: what the instructor should look at; default none.
        run: the examination that hidden checks are added to; default none.
        printed: what the answer printed or warned while it was examined; default nothing.
    """

    def __new__(cls, exercise: str, results: list[CheckResult], *, of: float, flags=(), run=None, printed="") -> Grade:
        """Make the float: the exact maximum when every point is earned, else rounded to cents."""
        worth = sum(r.max_points for r in results)
        earned = sum(r.points for r in results)
        all_passed = all(r.verdict == "pass" for r in results)
        return super().__new__(cls, round(worth, 6) if all_passed else round(earned, 2))

    def __init__(self, exercise: str, results: list[CheckResult], *, of: float, flags=(), run=None, printed="") -> None:
        self.exercise, self.results, self.of = exercise, list(results), of
        self.flags, self._run = list(flags), run
        rest = len(printed) - LONGEST_PRINTED
        self.printed = printed if rest <= 0 else f"{printed[:LONGEST_PRINTED]} ... ({rest:,} more characters)"

    def hidden(self, check, *, points: float, after: tuple[str, ...] = ()) -> Grade:
        """Return the grade with one hidden check added, worth `points`; `after` as in Exercise.check."""
        self._run.with_hidden(check, points, after)
        run = self._run
        return Grade(self.exercise, run.results, of=self.of, flags=run.flags, run=run, printed=self.printed)

    def again(self, check: str) -> str | None:
        """Run one check once more, on the same inputs, and let what it raises through, for a debugger.

        Args:
            check: its id, as in `results`.

        Returns:
            The check's note, if it has one.

        Raises:
            Failure, StudentRaised: the check does not pass.
            ValueError: this exercise has no such check.
        """
        return self._run.again(check)

    @property
    def verdict(self) -> str:
        """One word for the exercise: pass, partial, fail, not-attempted or grader-error."""
        verdicts = [r.verdict for r in self.results]
        if "grader-error" in verdicts:
            return "grader-error"
        if all(v == "pass" for v in verdicts):
            return "pass"
        if self > 0:
            return "partial"
        return "not-attempted" if "not-attempted" in verdicts and "fail" not in verdicts else "fail"

    @property
    def subject(self) -> Subject:
        """The answer under examination, for hidden checks that depend on what is in it."""
        return self._run.subject

    @property
    def still_hidden(self) -> float:
        """Points that hidden checks will decide and that no check here has looked at."""
        return round(self.of - sum(r.max_points for r in self.results), 6)

    def data(self) -> dict:
        """Return the grade as plain data for reports."""
        return {
            "exercise": self.exercise,
            "points": float(self),
            "max_points": self.of,
            "verdict": self.verdict,
            "checks": [asdict(r) | {"points": r.points} for r in self.results],
            "flags": self.flags,
        }

    def heading(self) -> str:
        """Return one line: the exercise, the points, and what hidden checks will still decide."""
        return heading(self.exercise, float(self), self.of - self.still_hidden, self.of)

    def __repr__(self) -> str:
        if os.environ.get("NBGRADER_EXECUTION") == "validate" and self.still_hidden and self.verdict == "pass":
            # `nbgrader validate` compares with the cell's points; those of checks that are not here cannot be earned.
            return repr(float(self.of))
        return super().__repr__()

    def __str__(self) -> str:
        lines = [self.heading()]
        for r in self.results:
            lines.append(f"  {WORDS[r.verdict]:<13} {without_marks(r.sentence)}")
            said = (r.text, f"Hint: {r.hint}" if r.hint else "")
            lines += [" " * 16 + without_marks(part) for part in said if part]
        if self.printed:
            lines += [PRINTED, self.printed]
        return "\n".join(lines)

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        # As text it is the number alone, which nbgrader reads. Markdown is for front ends that show no HTML, such as
        # VS Code in a folder that is not trusted; indented it is code, which nothing in an answer's words can end.
        return {"text/html": self._html(), "text/markdown": indent(str(self), " " * 4, bool), MIME: self.data()}

    def _html(self) -> str:
        rows, cell = [], 'style="text-align:left"'
        for r in self.results:
            note = f"<br><em>{escape(r.text)}</em>" if r.text else ""
            hint = f"<br>Hint: {escape(r.hint)}" if r.hint else ""
            mark = "<strong>FAILED</strong>" if r.verdict == "fail" else WORDS[r.verdict]
            rows.append(f"<tr><td {cell}>{mark}</td><td {cell}>{escape(r.sentence)}{note}{hint}</td></tr>")
        said = f"<p>{PRINTED}</p><pre>{escape(self.printed)}</pre>" if self.printed else ""
        head = f'<tr><th scope="col" {cell}>result</th><th scope="col" {cell}>check</th></tr>'
        return f"<table><caption {cell}>{escape(self.heading())}</caption>{head}{''.join(rows)}</table>{said}"
