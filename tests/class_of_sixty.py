"""A class of sixty in all labs, made up: long and foreign names, missing students, late ones, points by staff."""

from __future__ import annotations

import random
from pathlib import Path

from class_pages import grades_of
from in_process import ROOT
from sqlalchemy import create_engine

from grader.class_run.grading_run import Graded, Run
from grader.collecting.roster import Roster, Student
from grader.course import Course, LabTerms
from grader.notebooks.answer_key import read_keys
from grader.notebooks.notebook_file import SubmittedCell
from grader.notebooks.submission import Refusal, Submission
from grader.records.attempt_policy import AttemptPolicy
from grader.records.attempts import Attempts
from grader.records.held_grades import Entered, Held
from grader.reports.class_report import write_class_report
from grader.reports.feedback import write_feedback
from grader.reports.kept import keep_outputs
from grader.results import CellOutput, CheckLine, Exercise, Message, Result

GIVEN = ["Ada", "Jürgen", "Zoë", "Søren", "محمد", "יעל", "李", "Ngọc Bảo Trân", "María José", "Ömer", "Krzysztof", "O"]
FAMILY = ["Lovelace", "Müller-Lüdenscheidt", "van den Oudenrijn-Schwarzenberger", "الخوارزمي", "בן דוד", "小龍", "Ng",
          "Aßmann", "Dvořáková", "İnce", "Szczepański", "Wolfeschlegelsteinhausenbergerdorff", "X"]  # fmt: skip
NASTY = '<script>document.title = "ran"</script><img src=x onerror="document.title = \'ran\'">'
MOST_LATE = 200_000  # seconds


def roster() -> Roster:
    """Sixty students, one whose name is markup, and one without a name."""
    people = [
        Student(
            f"s{number:03d}", f"{GIVEN[number % len(GIVEN)]} {FAMILY[number % len(FAMILY)]}", section="AB"[number % 2]
        )
        for number in range(58)
    ]
    return Roster([*people, Student("s-markup", NASTY), Student("an-id-" + "of-many-letters-" * 4)])


def made_up(key, student: str, chance: random.Random) -> Result:
    """An attempt at a lab that went well, badly, or in between."""
    strength, exercises = chance.random() ** 0.4, []
    for cell in key.graded:
        share = 1.0 if chance.random() < strength else chance.choice([0.0, 0.25, 0.5, 0.75])
        hit = CheckLine("It has the right shape, `(b, s, d)`.", "pass", "", None, False, 1, 1)
        miss = CheckLine("It computes the right number.", "fail", f"for 2 expected 4, got {NASTY}", "Use `2 * x`.")
        verdict = {1.0: "pass", 0.0: "not-attempted"}.get(share, "partial")
        messages = [] if share == 1 else [Message("wrong-number", "for 2 expected 4, got 2 and a half", "Look again.")]
        exercises.append(Exercise(cell.grade_id, round(share * cell.points, 2), cell.points, verdict, messages,
                                  [hit] if share == 1 else [hit, miss] if share else []))  # fmt: skip
    day = chance.randint(1, 9)
    shown = [CellOutput(3, "print(loss)", "0.25\n" * 3, [], 1)]
    sha = f"{student}-{key.lab}-{chance.random()}"
    flags = ["graded-cell-edited"] if chance.random() < 0.05 else []
    notes = ["locked cell 'setup' was edited; the original was used"] if flags else []
    stamp = f"2026-03-0{day}T12:00:00+00:00"
    rest = (exercises, "namespaces", "id", {}, 1.0, stamp, flags, notes, shown)
    return Result(student, key.lab, sha, "c" * 64, *rest)


def answers(key, chance: random.Random) -> tuple[SubmittedCell, ...]:
    """The lab's cells, some answered in few lines, some in many, some by markup."""
    texts = [
        "def answer(x):\n    return 2 * x  # " + "long " * 40,
        "\n".join(f"line_{n} = {n}" for n in range(40)),
        NASTY,
    ]
    return tuple(
        SubmittedCell(
            c.kind, chance.choice(texts) if c.answer and chance.random() < 0.8 else c.student, c.id, c.grade_id
        )
        for c in key.cells
    )


def write_pages(out: Path, labs: list[str] | None = None) -> Path:
    """Write report and feedback of the class into a folder and return it."""
    chance, people = random.Random(7), roster()
    keys = read_keys(ROOT, labs or [])
    counting = AttemptPolicy("best", lambda student, graded, seconds: min(1.5, graded.score) if seconds else None)
    engine = create_engine("sqlite://")  # a file would wait for the disk at each attempt
    attempts, run, held, submissions = Attempts(engine, counting), Run(keys, counting=counting), {}, {}
    for number, student in enumerate(people.students):
        for place, (lab, key) in enumerate(keys.items()):
            if (place == 10 and len(keys) == 11) or chance.random() < 0.06:
                continue  # nobody has begun the last lab
            if chance.random() < 0.02:
                run.rows.append(Refusal(student, lab, f"{student}/{lab}.ipynb", "is not JSON", "save it again"))
                continue
            for _ in range(chance.choice([1, 1, 1, 2, 3])):
                one = made_up(key, student, chance)
                late = chance.choice([0.0] * 5 + [chance.randint(30, MOST_LATE)])
                standing = attempts.add(one, late)
            keep_outputs(one, out)
            run.rows.append(Graded(one, standing))
            if number < 20:
                cells = answers(key, chance)
                submissions[student, lab] = Submission(student, lab, cells, one.submission_sha256)
            if chance.random() < 0.15:
                cell = key.graded[chance.randrange(len(key.graded))]
                comment = f"A neat argument; see page 3.\nAnd mind the units. {NASTY}"
                entered = {cell.grade_id: chance.choice([Entered(cell.points, 0, comment), Entered(None, 1.0)])}
                held[student, lab] = Held({}, entered, standing.counts_penalty)
    course = Course(ROOT, title="PEFT by hand", labs=tuple(keys))
    terms = {lab: LabTerms(weight=2.0 if lab.startswith("09") else 1.0) for lab in keys}
    grades = grades_of(run, attempts, held, people, terms)
    engine.dispose()
    write_feedback(grades, run, out, course, submissions)
    write_class_report(grades, run, out, course)
    return out
