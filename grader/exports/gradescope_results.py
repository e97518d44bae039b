"""One submission as the results.json of a Gradescope autograder.

The form is that of gradescope-autograders.readthedocs.io, "Autograder Specifications": score, execution_time, output
and tests, each with name, number, score, max_score, status, output and visibility.
"""

from __future__ import annotations

from collections.abc import Sequence

from grader.notebooks.answer_key import AnswerKey
from grader.records.class_grades import LabGrade
from grader.results import CHECK_WORDS, WORDS, CheckLine, Exercise, Result
from grader.scoring.exercise_grades import OURS
from grader.text.plurals import counted

# On Gradescope a student hands in as often as they like and sees the outcome at once: hidden checks shown then would be
# found out by trying. Published, they are shown like everywhere else in this course. (`hidden` would never show them,
# and is for tests without points.)
VISIBLE, LATER = "visible", "after_published"


def results_json(key: AnswerKey, result: Result, *, score: float | None = None, said: Sequence[str] = ()) -> dict:
    """Return the content of results.json.

    Args:
        key: the lab.
        result: what grading said.
        score: the points that hold; default: those of the result.
        said: sentences for the student over the whole; default none.
    """
    titles = {cell.grade_id: key.title_of(cell) for cell in key.graded}
    tests = []
    for number, exercise in enumerate(result.exercises, start=1):
        title = titles.get(exercise.grade_id, exercise.grade_id)
        tests += _tests(exercise, title, number)
    notes = [f"{note[:1].upper()}{note[1:]}." for note in result.notes if not note.startswith(OURS)]
    return {
        "score": result.score if score is None else score,
        "execution_time": result.seconds,
        "output": "\n".join([*said, *notes]),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "stdout_visibility": "hidden",
        "extra_data": {"sandbox": result.sandbox, "seed_id": result.seed_id, "flags": list(result.flags)},
        "tests": tests,
    }


def held_results(key: AnswerKey, grade: LabGrade) -> dict:
    """Return results.json of what the gradebook holds: with what people entered, and what lateness costs."""
    said = []
    for exercise in grade.result.exercises:
        entered = grade.entered.get(exercise.grade_id)
        if entered is None:
            continue
        points, title = grade.points(exercise.grade_id), key.title_of(key.by_grade_id[exercise.grade_id])
        comment = f" {entered.comment}" if entered.comment else ""
        said.append(
            f"{title}: {round(points, 2):g} of {counted(exercise.max_points, 'point')}, as staff entered.{comment}"
        )
    if grade.penalty:
        said.append(f"Handed in late: {counted(grade.penalty, 'point')} less.")
    return results_json(key, grade.result, score=grade.score, said=said)


def _tests(exercise: Exercise, title: str, number: int) -> list[dict]:
    """Return a test for each check that was run, and one for the others together.

    What a check that was not run is worth stays unsaid: in a quiz it would tell the answer.
    """
    if not exercise.checks:
        text = "\n".join(_lines(message.text, message.hint) for message in exercise.messages)
        whole = CheckLine(WORDS[exercise.verdict], exercise.verdict, points=exercise.points)
        return [_test(whole, f"{title}: {WORDS[exercise.verdict]}", f"{number}", exercise.max_points, text, VISIBLE)]
    run = [check for check in exercise.checks if check.verdict != "skipped"]
    made = [
        _test(
            check,
            f"{title}: {check.sentence}",
            f"{number}.{place}",
            check.max_points,
            _lines("" if check.verdict == "pass" else f"{CHECK_WORDS[check.verdict]}.", check.text, check.hint),
            LATER if check.hidden else VISIBLE,
        )
        for place, check in enumerate(run, start=1)
    ]
    if waiting := [check for check in exercise.checks if check.verdict == "skipped"]:
        count = f"{counted(len(waiting), 'check')} not run"
        rest = CheckLine(count, "skipped")
        text = "What is checked here needs what was not passed above."
        place = f"{number}.{len(run) + 1}"
        made.append(_test(rest, f"{title}: {count}", place, sum(c.max_points for c in waiting), text, VISIBLE))
    return made


def _test(check: CheckLine, name: str, number: str, most: float, output: str, visibility: str) -> dict:
    return {
        "name": name,
        "number": number,
        "score": round(check.points, 4),
        "max_score": round(most, 4),
        "status": "passed" if check.verdict == "pass" else "failed",
        "output": output,
        "visibility": visibility,
    }


def _lines(*parts: str | None) -> str:
    return "\n".join(part for part in parts if part)
