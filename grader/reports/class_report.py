"""The class at a glance: one page with grades, distribution, hardest exercises, commonest mistakes, what to look at.

Everything is a table or a figure with its numbers beside it, so that it prints, works by keyboard and reads well aloud.
Its one script sorts and searches the table of grades; without it the page is the same, in the roster's order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median

from grader.class_run.answer_comparison import SharedAnswer
from grader.class_run.run import Run
from grader.course import Course
from grader.notebooks.answer_key import AnswerKey
from grader.records.class_grades import ClassGrades
from grader.reports.anonymous import anonymous
from grader.reports.grade_table import lab_summaries, student_rows
from grader.reports.page import templates
from grader.reports.to_look_at import Found, to_look_at
from grader.results import Result
from grader.text.safe_names import one_line

MOST_MISTAKES = 15
MOST_HARDEST = 20  # a course has some eighty exercises; the point of the table is where it starts


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


def write_class_report(grades: ClassGrades, run: Run, out: Path, course: Course, *, named: bool = True) -> Path:
    """Write report.html, or report-anonymous.html, and return its path.

    Args:
        grades: what holds.
        run: what has just been graded: what it refused, and the answers that students share.
        out: where it goes; feedback/ lies beside it.
        course: its title and pass mark.
        named: whether students' names may be in it; else numbers stand for them, and no link leads to a page.
    """
    out.mkdir(parents=True, exist_ok=True)
    path = out / ("report.html" if named else "report-anonymous.html")
    grades, run = (grades, run) if named else anonymous(grades, run)
    text = templates().get_template("report.html").render(context(grades, run, course, linked=named))
    path.write_text(text, encoding="utf-8")
    return path


def context(grades: ClassGrades, run: Run, course: Course, linked: bool = True) -> dict:
    """Return everything the template mentions."""
    latest = [run.counting.today(one.attempts[-1]) for one in grades.grades.values() if one.lab in grades.labs]
    # What counts and what came last: a copy is one, whichever of them it is.
    looked_at = {(one.student, one.lab, made.submission_sha256): made
                 for one in grades.grades.values() if one.lab in grades.labs
                 for made in (run.counting.today(one.attempts[-1]), one.result)}  # fmt: skip
    exercises = hardest(grades.labs, latest)
    labs, students = lab_summaries(grades, course.pass_mark), student_rows(grades, linked)
    # Of those who have a grade, as the labs' own; who has handed in nothing has a total of 0.
    totals = [row.total for row in students if row.total is not None and any(cell.grade for cell in row.cells)]
    return {
        "course": course.title,
        "pass_mark": course.pass_mark,
        "policy": run.counting.policy,
        "labs": labs,
        "not_begun": [lab for lab in grades.labs if lab not in grades.begun],
        "students": students,
        "sections": any(row.student.section for row in students),
        "strangers": [row.student for row in students if grades.enrolled and row.student.id not in grades.enrolled],
        "mean_total": mean(totals) if totals else None,
        "median_total": median(totals) if totals else None,
        "hardest": exercises[:MOST_HARDEST],
        "easier": len(exercises[MOST_HARDEST:]),
        "mistakes": mistakes(grades.labs, latest),
        "alerts": alerts(looked_at.values(), run.shared, to_look_at(grades, run)),
        "refused": [one_line(str(one)) for one in run.refused],
        "sandboxes": sorted({one.sandbox for one in latest}),
    }


def _titles(keys: dict[str, AnswerKey]) -> dict[tuple[str, str], tuple[int, str]]:
    """Return the number and title of every exercise, by lab and graded cell."""
    return {
        (lab, cell.grade_id): (number, key.title_of(cell))
        for lab, key in keys.items()
        for number, cell in enumerate(key.graded)
    }


def hardest(keys: dict[str, AnswerKey], results: Iterable[Result]) -> list[Hardest]:
    """Return the exercises that anybody had, those that cost most points first."""
    titles = _titles(keys)
    found: dict[tuple[str, str], list] = defaultdict(list)
    for result in results:
        for exercise in result.exercises:
            # Not one that the lab no longer has, nor one that the student never saw.
            if (result.lab, exercise.grade_id) in titles and exercise.verdict != "not-in-copy":
                found[result.lab, exercise.grade_id].append(exercise)
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


def mistakes(keys: dict[str, AnswerKey], results: Iterable[Result]) -> list[Mistake]:
    """Return the messages that most students got; a student counts once for each."""
    titles = _titles(keys)
    who: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    texts = {}
    for result in results:
        for exercise in result.exercises:
            for message in exercise.messages if (result.lab, exercise.grade_id) in titles else ():
                if message.id in ("not-attempted", "not-in-copy", "grader-error"):
                    continue
                place = (result.lab, exercise.grade_id, message.id)
                who[place].add(result.student)
                texts.setdefault(place, message.text)
    ordered = sorted(who, key=lambda place: (-len(who[place]), place))[:MOST_MISTAKES]
    return [Mistake(p[2], texts[p], p[0], titles[p[:2]][1], len(who[p])) for p in ordered]


def alerts(results: Iterable[Result], shared: Iterable[SharedAnswer] = (), besides: Found | None = None) -> list[Alert]:
    """Return what may be a trick, a copy or a slip of the pen.

    Args:
        results: whose flags are shown, and which files came from several students.
        shared: answers that several students have.
        besides: what else there is, see `to_look_at`; default: nothing.
    """
    flagged: dict[tuple[str, str], set[str]] = defaultdict(set)
    same: dict[tuple[str, str], set[str]] = defaultdict(set)
    for result in results:
        for flag in result.flags:
            flagged[result.lab, flag].add(one_line(result.student))
        if result.score:
            same[result.lab, result.submission_sha256].add(one_line(result.student))
    found = [Alert(one_line(flag), lab, sorted(names)) for (lab, flag), names in flagged.items()]
    found += [
        Alert("the same file, byte for byte", lab, sorted(names)) for (lab, _), names in same.items() if len(names) > 1
    ]
    for one in shared:
        what = f"the same answer, names, layout and comments aside: {one_line(one.exercise)}"
        found.append(Alert(what, one.lab, [one_line(name) for name in one.students]))
    for what, places in (besides or {}).items():
        labs = dict.fromkeys(lab for _, lab in places)
        found += [Alert(one_line(what), lab, [one_line(who) for who, of in places if of == lab]) for lab in labs]
    return sorted(found, key=lambda one: (one.lab, one.what, one.students))
