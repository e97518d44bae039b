"""What staff read of a submission that was graded once more: its seed, verdicts then and now, what each check saw."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo

from grader.afterwards.regrading import Regraded
from grader.results import CHECK_WORDS, WORDS, CheckLine, Exercise, Probed
from grader.text.moments import shown
from grader.text.plurals import counted
from grader.text.safe_names import one_line


def regrade_lines(done: Regraded, *, zone: tzinfo = UTC, everything: bool = False) -> list[str]:
    """Return the report, line by line, as plain text.

    Args:
        done: what was graded.
        zone: whose clocks say when; default UTC.
        everything: whether checks that were passed, then as now, say what they showed and saw as well; default False.
    """
    then, now = done.then, done.now
    own = f"attempt {done.number} of {done.attempts}{', which counts' if done.counts else ''}"
    same = "the same checks" if then.checks_sha256 == now.checks_sha256 else "other checks"
    packages = [
        f"{name} {then.versions.get(name, 'absent')} then, {version} now"
        for name, version in now.versions.items()
        if then.versions.get(name) != version
    ]
    handed_in = _when(then.timestamp, zone) if then.timestamp else "at no known time"
    lines = [
        one_line(f"{now.student}, {now.lab}: {own}, handed in {handed_in}"),
        f"sha256 {now.submission_sha256}",
        f"seed   {done.seed}",
        f"then   {then.score:g} of {counted(then.max_score, 'point')}{_scale(done)}, "
        f"{_when(done.attempt.graded_at, zone)}",
        f"now    {now.score:g} of {counted(now.max_score, 'point')}, by {same}",
        *(f"       {line}" for line in packages),
        *(
            f"regraded before, {_when(one.graded_at, zone)}: {counted(one.result['score'], 'point')}"
            for one in done.before
        ),
        *(f"note   {one_line(note)}" for note in now.notes),
        *(f"flag   {one_line(flag)}" for flag in now.flags),
    ]
    before = {exercise.grade_id: exercise for exercise in then.exercises}
    for exercise in now.exercises:
        looks = [one for one in now.probed if one.exercise == exercise.grade_id]
        lines += ["", *_exercise(before.get(exercise.grade_id), exercise, looks, everything)]
    return lines


def _when(timestamp: str, zone: tzinfo) -> str:
    return shown(datetime.fromisoformat(timestamp).astimezone(UTC).replace(tzinfo=None), zone)


def _scale(done: Regraded) -> str:
    """Say what was said then, where exercises have got other points since."""
    then, of = done.attempt, done.attempt.max_score
    return f" on today's scale, {then.score:g} of {of:g} as graded" if done.then.max_score != of else ""


def _exercise(then: Exercise | None, now: Exercise, looks: list[Probed], everything: bool) -> Iterator[str]:
    name = now.grade_id.removeprefix("test-")
    points = f"{round(now.points, 2):g} of {counted(now.max_points, 'point')}, {WORDS[now.verdict]}"
    earlier = "not in the lab then" if then is None else f"then {round(then.points, 2):g}, {WORDS[then.verdict]}"
    yield f"{name}: {points}; {earlier}"
    if not now.checks:
        yield from (f"  {message.text}" for message in now.messages)
    old = {check.sentence: check for check in then.checks} if then is not None else {}
    for check in now.checks:
        was = old.get(check.sentence)
        yield from _check(was, check)
        good = check.verdict == "pass" and was is not None and was.verdict == "pass"
        for one in looks:
            if one.sentence == check.sentence and (everything or not good):
                yield f"      {one.check}, {one.probe}: {one_line(one.inputs)}"
                yield f"        saw {one_line(one.seen)}"
    for one in looks:
        if not one.sentence:
            yield f"  {one.probe}: {one_line(one.inputs)}"
            yield f"    saw {one_line(one.seen)}"


def _check(then: CheckLine | None, now: CheckLine) -> Iterator[str]:
    was, word = ("new" if then is None else CHECK_WORDS[then.verdict]), CHECK_WORDS[now.verdict]
    hidden = " (hidden)" if now.hidden else ""
    yield f"  {word if was == word else f'{was} -> {word}'}: {now.sentence}{hidden}"
    if then is not None and then.text and then.text != now.text:
        yield f"      said then: {then.text}"
    if now.text:
        yield f"      {now.text}"
