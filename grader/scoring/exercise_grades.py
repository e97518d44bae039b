"""Turn what the graded cells returned into points: positive evidence or nothing, and always a sentence why.

A graded cell's value is a `lora_utils.checks.Grade`, of which the data come here. No such value means no points.
"""

import math
from collections.abc import Callable
from dataclasses import replace

from grader.notebooks.answer_key import AnswerKey, KeyCell
from grader.notebooks.restoration import Cell
from grader.results import CHECK_WORDS, LOST, WORDS, CheckLine, Exercise, Message, Probed, not_in_copy
from grader.scoring.outcomes import MISSING, Losses, ending
from grader.scoring.run_submission import WITHHELD, CellRun
from grader.text.cell_text import bare
from grader.text.safe_names import one_line

LONGEST_TEXT = 1_000  # characters of one message; ours are a tenth of it
MOST_CHECKS = 200  # of one exercise
BROKEN = "this check broke while it ran; it costs you nothing, and staff will grade it again"
OURS = "the grader broke"  # how notes begin that are for staff only


def grade_exercises(
    key: AnswerKey,
    cells: list[Cell],
    runs: dict[str, CellRun],
    read: Callable[[str, list[str]], list | None],
    copy: frozenset[str] | None = None,
) -> list[Exercise]:
    """Return one exercise for each graded cell of the lab, in the lab's order.

    Args:
        key: the lab.
        cells: as `restore` made them.
        runs: what became of them.
        read: see `Losses`.
        copy: names of the graded cells that the student's copy of the lab has; default: all.
    """
    sources, losses = {cell.id: cell.source for cell in cells}, Losses(cells, runs, read)
    made = []
    for graded in key.graded:
        unseen = copy is not None and graded.grade_id not in copy
        if unseen and not any(answer.id in sources for answer in key.answers_to(graded)):
            made.append(not_in_copy(graded.grade_id, graded.points))
        else:
            made.append(_exercise(key, graded, sources, runs, losses))
    return made


def _exercise(
    key: AnswerKey, graded: KeyCell, sources: dict[str, str], runs: dict[str, CellRun], losses: Losses
) -> Exercise:
    run = runs.get(graded.id, CellRun("not-run"))
    if run.status == "ok" and run.grade is not None:
        found = _from_data(graded, run.grade, losses)
        if found is not None:
            return found
    answers = key.answers_to(graded)
    if answers and all(_untouched(answer, sources) for answer in answers):
        return _nothing(graded, "not-attempted", "not-attempted", "not written yet: the stub is still there")
    for answer in answers:
        if answer.id not in sources:
            text = f"the answer cell {answer.grade_id!r} is not in the notebook"
            return _nothing(graded, "not-attempted", "answer-missing", text, "Copy it from the lab's own notebook.")
        found = _badly(graded, answer.id, f"your answer cell {answer.grade_id!r}", runs, losses)
        if found is not None:
            return found
    found = _badly(graded, graded.id, "your code, while it was being checked,", runs, losses)
    if found is not None:
        return found
    text = "the check gave no result, so there is nothing to give points for"
    return _nothing(graded, "fail", "no-result", text)


def _untouched(answer: KeyCell, sources: dict[str, str]) -> bool:
    return bare(sources.get(answer.id, "")) == bare(answer.student)


def _nothing(graded: KeyCell, verdict: str, id: str, text: str, hint: str | None = None) -> Exercise:
    return Exercise(graded.grade_id, 0.0, graded.points, verdict, [Message(id, _text(text), hint)])


def _badly(graded: KeyCell, id: str, what: str, runs: dict[str, CellRun], losses: Losses) -> Exercise | None:
    """Return the outcome of an exercise one of whose cells did not end well; None where it did."""
    run = runs.get(id, CellRun("not-run"))
    end = ending(run)
    if end is None:
        return None
    lost = losses.of(run.evalue, id) if run.ename == "NameError" else None
    if lost is not None:
        return _nothing(graded, lost.verdict, lost.id, lost.said, lost.hint)
    said = end.said if end.verdict == "not-attempted" else f"{what} {end.said}"
    return _nothing(graded, end.verdict, end.id, said, end.hint)


def _from_data(graded: KeyCell, data: object, losses: Losses) -> Exercise | None:
    """Read a grade's data with suspicion; None where it is not one."""
    if not isinstance(data, dict) or not _number(data.get("points")):
        return None
    points = min(max(float(data["points"]), 0.0), graded.points)
    checks = data.get("checks")
    lines = [_line(check) for check in checks[:MOST_CHECKS]] if isinstance(checks, list) else []
    lines = [line for line in lines if line is not None]
    ids = [_text(c.get("message_id"))[:80] for c in checks if isinstance(c, dict)] if isinstance(checks, list) else []
    for place, (id, line) in enumerate(zip(ids, lines, strict=False)):
        raised = id.removeprefix("raised-")
        if raised in MISSING:
            said = line.text.replace(f"raised {raised}", "imports what is not there when graded")
            ids[place], lines[place] = raised, replace(line, text=_text(said), hint=MISSING[raised])
        lost = losses.of(line.text, graded.id) if id == "raised-NameError" else None
        if lost is not None:
            _, found, where = line.text.partition(", at: ")
            said = f"{lost.said}; it is needed at: {where}" if found else lost.said
            ids[place], lines[place] = LOST, replace(line, text=_text(said), hint=lost.hint)
    verdict = data.get("verdict")
    if verdict not in WORDS or (verdict == "pass") != (points >= graded.points):
        verdict = "pass" if points >= graded.points else "partial" if points > 0 else "fail"
    if any(line.verdict == "grader-error" for line in lines):
        verdict = "grader-error"
    return Exercise(graded.grade_id, points, graded.points, verdict, _messages(ids, lines), lines)


def _messages(ids: list[str], lines: list[CheckLine]) -> list[Message]:
    return [
        Message(id or line.verdict, line.text or line.sentence, line.hint)
        for id, line in zip(ids, lines, strict=False)
        if line.verdict not in ("pass", "skipped")
    ]


def _line(check: object) -> CheckLine | None:
    if not isinstance(check, dict):
        return None
    verdict = check.get("verdict") if check.get("verdict") in CHECK_WORDS else "fail"
    hidden = check.get("hidden") is True
    # What a check says when it breaks may quote its own code.
    text = BROKEN if verdict == "grader-error" else _text(check.get("text"))
    hint = _text(check.get("hint")) or None
    points, most = (float(check.get(k)) if _number(check.get(k)) else 0.0 for k in ("points", "max_points"))
    return CheckLine(_text(check.get("sentence")), verdict, text, hint, hidden, points, most)


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _text(value: object) -> str:
    text = one_line(value) if isinstance(value, str) else ""
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"


def broken_answers(key: AnswerKey, exercises: list[Exercise], runs: dict[str, CellRun]) -> list[str]:
    """Return one note for each answer cell that did not end well though its check could run: on what it had defined."""
    checked = {exercise.grade_id for exercise in exercises if exercise.checks}
    answers = [answer for graded in key.graded if graded.grade_id in checked for answer in key.answers_to(graded)]
    ends = {answer.grade_id: ending(runs.get(answer.id, CellRun("ok"))) for answer in answers}
    return [
        _text(f"your answer cell {name!r} {end.said}; what it had defined before was checked, so mend what comes after")
        for name, end in ends.items()
        if end is not None and end.verdict != "not-attempted"
    ]


def broken_checks(key: AnswerKey, runs: dict[str, CellRun]) -> list[str]:
    """Return one note for staff for each check that broke, with what it said; students are not shown it."""
    notes = []
    for graded in key.graded:
        data = runs.get(graded.id, CellRun("not-run")).grade
        checks = data.get("checks") if isinstance(data, dict) else None
        for check in checks[:MOST_CHECKS] if isinstance(checks, list) else []:
            if isinstance(check, dict) and check.get("verdict") == "grader-error":
                notes.append(f"{OURS}: {graded.grade_id}, {_text(check.get('id'))}: {_text(check.get('text'))}")
    return notes


def looks(key: AnswerKey, runs: dict[str, CellRun]) -> list[Probed]:
    """Return how the checks looked at the answers, in their order, where the judge was asked to tell."""
    found = []
    for graded in key.graded:
        data = runs.get(graded.id, CellRun("not-run")).grade or {}
        sentences = {check["id"]: _text(check["sentence"]) for check in data.get("checks", ())}
        for one in data.get("probed", ()):
            check, *texts = (_text(one[name]) for name in ("check", "probe", "inputs", "seen"))
            found.append(Probed(graded.grade_id, check, sentences.get(check, ""), *texts))
    return found


def grade_flags(
    key: AnswerKey, cells: list[Cell], runs: dict[str, CellRun], read: Callable[[str, list[str]], list | None]
) -> list[str]:
    """Return what the instructor should look at: what the checks flagged, and answers that are the reference."""
    flags: list[str] = []
    for graded in key.graded:
        data = runs.get(graded.id, CellRun("not-run")).grade
        found = data.get("flags") if isinstance(data, dict) else None
        for flag in found[:10] if isinstance(found, list) else []:
            flags.append(f"{_text(flag)[:60]}:{graded.grade_id}")
    answers = [cell for cell in cells if cell.key is not None and cell.key.answer]
    prints = read("fingerprints", [cell.source for cell in answers]) or [[] for _ in answers]
    for cell, own in zip(answers, prints, strict=True):
        if any(digest in key.reference for digest, _ in own):
            flags.append(f"answer-identical-to-reference:{cell.key.grade_id}")
        if runs.get(cell.id, CellRun("not-run")).ename == WITHHELD:
            flags.append(f"answer-uses-reference:{cell.key.grade_id}")
    return flags
