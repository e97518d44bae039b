"""The class at a glance: one page with grades, distribution, hardest exercises, commonest mistakes, what to look at.

Everything is a table or a figure with its numbers beside it, so that it prints, works by keyboard and reads well aloud.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median

from grader.class_run.answer_comparison import SharedAnswer
from grader.class_run.grading_run import Graded, Run
from grader.reports.feedback import sections, templates
from grader.results import PASS_MARK
from grader.text.safe_names import file_name, one_line

BINS = 10  # of the distribution, each a tenth of a lab's points
MOST_MISTAKES = 15
MOST_HARDEST = 20  # a course has some eighty exercises; the point of the table is where it starts


@dataclass(frozen=True)
class LabSummary:
    """One lab in numbers: the grades that count of all students who handed it in.

    Args:
        name, title, points: of the lab.
        shares: score that counts over points, one a student.
        bins: how many students in each tenth.
    """

    name: str
    title: str
    points: float
    shares: list[float]

    @property
    def passed(self) -> int:
        """Students at or above the pass mark."""
        return sum(share >= PASS_MARK - 1e-9 for share in self.shares)

    @property
    def middle(self) -> float:
        """The median share."""
        return median(self.shares) if self.shares else 0.0

    @property
    def bins(self) -> list[tuple[str, int]]:
        """Tenths of the points and how many students lie in each; full marks belong to the last."""
        counts = Counter(min(BINS - 1, int(share * BINS + 1e-9)) for share in self.shares)
        return [(f"{10 * k} to {10 * k + 10} %", counts[k]) for k in range(BINS)]


@dataclass(frozen=True)
class Hardest:
    """An exercise and what share of its points a submission got on average."""

    lab: str
    title: str
    share: float
    attempted: int
    submissions: int


@dataclass(frozen=True)
class Mistake:
    """A message, how many students got it, and where."""

    id: str
    text: str
    lab: str
    title: str
    students: int


@dataclass(frozen=True)
class Alert:
    """Something for a person to look at."""

    what: str
    lab: str
    students: list[str]


def write_class_report(run: Run, out: Path, course: str = "PEFT by hand") -> Path:
    """Write report.html and return its path."""
    out.mkdir(parents=True, exist_ok=True)
    path = out / "report.html"
    path.write_text(templates().get_template("report.html").render(context(run, course)), encoding="utf-8")
    return path


def context(run: Run, course: str) -> dict:
    """Return everything the template mentions."""
    latest = list({(row.student, row.lab): row for row in run.graded}.values())
    exercises = hardest(run, latest)
    students = sorted({row.student for row in run.rows})
    return {
        "course": course,
        "pass_mark": PASS_MARK,
        "policy": run.counting.policy,
        "labs": [_lab(run, name, latest) for name in run.keys if any(row.lab == name for row in run.rows)],
        "students": [(one_line(name), _grades(run, name, latest)) for name in students],
        "hardest": exercises[:MOST_HARDEST],
        "easier": len(exercises[MOST_HARDEST:]),
        "mistakes": mistakes(run, latest),
        "alerts": alerts(latest, run.shared),
        "refused": [(one_line(row.student), one_line(str(row))) for row in run.refused],
        "sandboxes": sorted({row.result.sandbox for row in latest}),
    }


def _lab(run: Run, name: str, rows: list[Graded]) -> LabSummary:
    key = run.keys[name]
    standings = [row.standing for row in rows if row.lab == name]
    shares = [one.score / one.counts.max_score if one.counts.max_score else 0.0 for one in standings]
    return LabSummary(name, key.title, key.max_score, shares)


def _grades(run: Run, student: str, rows: list[Graded]) -> list[dict]:
    """One cell for each lab of the table; the link leads to the feedback page."""
    by_lab = {row.lab: row for row in rows if row.student == student}
    cells = []
    for lab in run.keys:
        if not any(row.lab == lab for row in run.rows):
            continue
        row = by_lab.get(lab)
        standing = row.standing if row else None
        cells.append({
            "score": standing.score if standing else None,
            "passed": bool(standing and standing.passed),
            "attempts": standing.attempts if standing else 0,
            "refused": any((r.student, r.lab) == (student, lab) for r in run.refused),
            "page": f"feedback/{file_name(student)}/{file_name(lab)}.html",
        })  # fmt: skip
    return cells


def hardest(run: Run, rows: list[Graded]) -> list[Hardest]:
    """Return all exercises, those that cost most points first."""
    found: dict[tuple[str, str], list] = defaultdict(list)
    titles = {}
    for row in rows:
        for section in sections(run.keys[row.lab], row.result.exercises):
            place = (row.lab, section.exercise.grade_id)
            titles[place] = (section.number, section.title)
            found[place].append(section.exercise)
    made = [
        Hardest(
            lab,
            titles[lab, name][1],
            mean(e.points / e.max_points if e.max_points else 1.0 for e in exercises),
            sum(e.verdict != "not-attempted" for e in exercises),
            len(exercises),
        )
        for (lab, name), exercises in sorted(found.items(), key=lambda one: (one[0][0], titles[one[0]][0]))
    ]
    return sorted(made, key=lambda one: one.share)  # among equals, the lab's order stays


def mistakes(run: Run, rows: list[Graded]) -> list[Mistake]:
    """Return the messages that most students got; a student counts once for each."""
    who: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    texts, titles = {}, {}
    for row in rows:
        for section in sections(run.keys[row.lab], row.result.exercises):
            for message in section.exercise.messages:
                if message.id in ("not-attempted", "grader-error"):
                    continue
                place = (row.lab, section.exercise.grade_id, message.id)
                who[place].add(row.student)
                texts.setdefault(place, message.text)
                titles[place] = section.title
    ordered = sorted(who, key=lambda place: (-len(who[place]), place))
    return [Mistake(p[2], texts[p], p[0], titles[p], len(who[p])) for p in ordered[:MOST_MISTAKES]]


def alerts(rows: list[Graded], shared: Iterable[SharedAnswer] = ()) -> list[Alert]:
    """Return what may be a trick or a copy: flags, the same file and the same answer from several students."""
    flagged: dict[tuple[str, str], list[str]] = defaultdict(list)
    same: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in rows:
        for flag in row.result.flags:
            flagged[row.lab, flag].append(one_line(row.student))
        if row.result.score:
            same[row.lab, row.result.submission_sha256].append(one_line(row.student))
    found = [Alert(one_line(flag), lab, sorted(names)) for (lab, flag), names in flagged.items()]
    found += [
        Alert("the same file, byte for byte", lab, sorted(names)) for (lab, _), names in same.items() if names[1:]
    ]
    for one in shared:
        what = f"the same answer, names, layout and comments aside: {one_line(one.exercise)}"
        found.append(Alert(what, one.lab, [one_line(name) for name in one.students]))
    return sorted(found, key=lambda one: (one.lab, one.what, one.students))
