"""Checks of lab 10: whether an answer can be read, and how a key, which only the hidden tests hold, marks it.

    grade = check.choose_several("q01-...")(q01, answer_01, points=0, of=2)      # visible: can it be read?
    grade = check.mark(grade, {"lora": check.right("why"), ...}, points=2, read="where to read again")    # hidden

The order of the letters is computed again from the student's name, the question's id and the names in the key, so a
question that was changed in the student's notebook changes nothing here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from string import ascii_lowercase
from typing import NamedTuple

import numpy as np
import torch

from lora_utils.checks.framework.compare import Mistake
from lora_utils.checks.framework.exercise import Exercise
from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.grade import Grade
from lora_utils.checks.framework.subject import NOT_WRITTEN, StudentRaised
from lora_utils.checks.framework.wire import MAX_BITS
from lora_utils.quiz.questions import shown_order

ONE, SEVERAL, NUMBER = "one", "several", "number"
HINTS = {
    ONE: 'Type one letter between quotes, for example "b".',
    SEVERAL: 'Type the letters between quotes, for example "bd".',
    NUMBER: "Type a number without quotes, unit or thousands comma, for example 12800 or 0.25.",
}


# ---------------------------------------------------------------------------------------------------------- probe
def look(question, answer) -> dict:
    """Probe: the name the order of the choices depends on, the choices by letter, and the answer as it was typed."""
    return {"student": str(question.student), "shown": question.lettered(), "answer": _as_data(answer)}


def _as_data(answer):
    if answer is ...:
        return None
    for kind in (list, tuple, set, frozenset):
        if isinstance(answer, kind):
            return [_as_data(item) for item in kind.__iter__(answer)]  # whatever a class of one's own makes of it
    if type(answer) is np.ndarray:
        return [_as_data(item) for item in answer.reshape(-1).tolist()]
    if type(answer) in (Fraction, Decimal):
        return float(answer)
    if type(answer) is int and answer.bit_length() > MAX_BITS:
        return {"type": "a whole number that no float holds"}
    if answer is None or isinstance(answer, (bool, int, float, str, np.generic, torch.Tensor)):
        return answer
    return {"type": type(answer).__name__}


# -------------------------------------------------------------------------------------------------------- reading
def read_letters(answer, letters: str, *, several: bool) -> str:
    """Return the letters of an answer, sorted and each once.

    Args:
        answer: "bd", "b, d", "B and D", ["b", "d"]; as the probe brought it back.
        letters: those the question has, for example "abcd".
        several: whether more than one may be given.

    Raises:
        StudentRaised: of kind NOT_WRITTEN, when nothing is filled in.
        Failure: number-not-letter, not-letters, unknown-letter, one-letter-only or everything-chosen.
    """
    hint = HINTS[SEVERAL if several else ONE]
    _require_an_answer(answer)
    parts = answer if isinstance(answer, list) else [answer]
    if any(isinstance(part, (int, float, torch.Tensor)) for part in parts):
        kind = "" if any(isinstance(part, bool) for part in parts) else "the number "
        raise Failure("number-not-letter", f"this question is answered by a letter, got {kind}{answer}", hint)
    if not all(isinstance(part, str) for part in parts):
        kinds = ", ".join(
            part["type"] if isinstance(part, dict) else "None" if part is None else "a list in a list" for part in parts
        )
        raise Failure("not-letters", f"this question is answered by a letter in quotes, got {kinds}", hint)
    typed = ", ".join(parts)
    words = re.findall(r"[^\W_]+", re.sub(r"\band\b", " ", typed.lower()))
    if not words or any(len(word) > len(letters) for word in words):
        raise Failure("not-letters", f"{typed!r} cannot be read as letters of this question, {_span(letters)}", hint)
    chosen = sorted(set("".join(words)))
    unknown = [letter for letter in chosen if letter not in letters]
    if unknown:
        raise Failure("unknown-letter", f"{typed!r} holds {unknown[0]!r}; the letters are {_span(letters)}", hint)
    if not several and len(chosen) > 1:
        raise Failure("one-letter-only", f"{typed!r} are {len(chosen)} letters; exactly one choice is right", hint)
    if several and len(chosen) == len(letters):
        text = "every choice is chosen, which earns nothing, since it judges none of them"
        raise Failure("everything-chosen", text, "Leave out the choices that you think are wrong.")
    return "".join(chosen)


def read_number(answer) -> float:
    """Return the number that was typed; text is read as Python reads it.

    Raises:
        StudentRaised: of kind NOT_WRITTEN, when nothing is filled in.
        Failure: two-numbers, not-a-number or not-finite.
    """
    _require_an_answer(answer)
    hint = HINTS[NUMBER]
    while isinstance(answer, list) and len(answer) == 1:
        answer = answer[0]
    if isinstance(answer, list):
        text = f"one number is asked for, got {len(answer)}; a comma between digits makes Python read two numbers"
        raise Failure("two-numbers", text, hint)
    if isinstance(answer, (bool, dict)) or (isinstance(answer, torch.Tensor) and answer.numel() != 1):
        kind = answer["type"] if isinstance(answer, dict) else type(answer).__name__
        raise Failure("not-a-number", f"this question is answered by a number, got {kind}", hint)
    try:
        value = float(answer)
    except (TypeError, ValueError, OverflowError):  # None in a list, a word, an integer of 400 digits
        raise Failure("not-a-number", f"{str(answer)[:40]!r} cannot be read as a number", hint) from None
    if not math.isfinite(value):
        raise Failure("not-finite", f"the answer is a finite number, got {value}", hint)
    return value


def _require_an_answer(answer) -> None:
    if answer is None or (isinstance(answer, (str, list)) and not "".join(map(str, answer)).strip()):
        raise StudentRaised(NOT_WRITTEN, "no answer yet")


def _span(letters: str) -> str:
    return f"{letters[0]} to {letters[-1]}"


# ------------------------------------------------------------------------------------------------- visible checks
def choose_one(name: str) -> Exercise:
    """Return the exercise for a question with exactly one right choice; its visible check reads the answer."""
    exercise = Exercise(name)

    @exercise.check
    def readable(pair, draw):
        """The answer is one letter of this question; the right one earns all points."""
        seen = pair.read_once(look)
        return f"Read as {read_letters(seen['answer'], ''.join(seen['shown']), several=False)}."

    return exercise


def choose_several(name: str) -> Exercise:
    """Return the exercise for a question with two or more right choices; its visible check reads the answer."""
    exercise = Exercise(name)

    @exercise.check
    def readable(pair, draw):
        """The answer is letters, not all of them; each choice judged correctly (taken or left) earns an equal part."""
        seen = pair.read_once(look)
        return f"Read as {', '.join(read_letters(seen['answer'], ''.join(seen['shown']), several=True))}."

    return exercise


def number(name: str) -> Exercise:
    """Return the exercise for a question answered by a number; its visible check reads the answer."""
    exercise = Exercise(name)

    @exercise.check
    def readable(pair, draw):
        """The answer is a number; within the tolerance stated in the question it earns all points."""
        return f"Read as {read_number(pair.read_once(look)['answer']):.12g}."

    return exercise


# -------------------------------------------------------------------------------------------------------- marking
class Verdict(NamedTuple):
    """What a key says of one choice: whether it is right, and why."""

    right: bool
    why: str


def right(why: str) -> Verdict:
    """Return the verdict on a choice that belongs to the answer."""
    return Verdict(True, why)


def wrong(why: str) -> Verdict:
    """Return the verdict on a choice that does not."""
    return Verdict(False, why)


def mark(grade: Grade, key: Mapping[str, Verdict], *, points: float, read: str) -> Grade:
    """Add one hidden check a choice: first those that were chosen, then those left out, each with its reason.

    With one right choice, that choice carries all points. With several, each choice carries an equal part, earned by
    taking a right one and by leaving a wrong one.

    Args:
        grade: from choose_one or choose_several.
        key: the verdict on each choice, by its name.
        points: what the question is worth.
        read: where to read again, for the hint.

    Raises:
        ValueError: if no choice is right, or all are.
    """
    count = sum(verdict.right for verdict in key.values())
    if not 0 < count < len(key):
        raise ValueError(f"{grade.exercise}: at least one choice must be right and one wrong, got {count}/{len(key)}")
    letters, shown, chosen = _as_shown(grade, key, several=count > 1)
    for name in sorted(key, key=lambda name: (letters[name] not in chosen, letters[name])):
        worth = points / len(key) if count > 1 else points * key[name].right
        check = _judge(name, letters[name], shown.get(letters[name], name), key, read)
        grade = grade.hidden(check, points=worth, after=("readable",))
    return grade


def mark_number(
    grade: Grade, value: float, *, within: float, why: str, read: str, points: float, mistakes: tuple[Mistake, ...] = ()
) -> Grade:
    """Add the hidden check of a number.

    Args:
        grade: from number.
        value: the right number.
        within: largest accepted distance from it; also recognises the mistakes.
        why: how the number comes about.
        read: where to read again, for the hint.
        points: what the question is worth.
        mistakes: known wrong numbers with their own id and text; default none.
    """

    def right_number(pair, draw):
        """The number is right."""
        typed = read_number(pair.read_once(look)["answer"])
        if abs(typed - value) <= within:
            return why
        for mistake in mistakes:
            if abs(typed - mistake.value) <= within:
                raise Failure(mistake.id, f"{mistake.text} {why}", mistake.hint or f"Read again: {read}.")
        raise Failure("wrong-number", f"{typed:.12g} is not it. {why}", f"Read again: {read}.")

    return grade.hidden(right_number, points=points, after=("readable",))


def _as_shown(grade: Grade, key: Mapping[str, Verdict], several: bool) -> tuple[dict, dict, str]:
    """Return the letter of each name, the text under each letter, and the letters chosen ("" when unreadable)."""
    student, shown, chosen, answer = "", {}, "", None
    try:
        seen = grade.subject.read_once(look)
        student, shown, answer = seen["student"], seen["shown"], seen["answer"]
        chosen = read_letters(answer, ascii_lowercase[: len(key)], several=several)
    except (Failure, StudentRaised):
        pass  # the visible check says so
    names = shown_order(student, grade.exercise, key)
    return dict(zip(names, ascii_lowercase, strict=False)), shown, chosen


def _judge(name: str, letter: str, text: str, key: Mapping[str, Verdict], read: str):
    """Make the check of one choice."""
    verdict, letters = key[name], ascii_lowercase[: len(key)]
    several = sum(other.right for other in key.values()) > 1

    def check(pair, draw):
        chosen = letter in read_letters(pair.read_once(look)["answer"], letters, several=several)
        if chosen == verdict.right:
            return f"{'Chosen, and right' if chosen else 'Left out, as it should be'}: {verdict.why}"
        what = "Chosen, but wrong" if chosen else "Left out, but right"
        raise Failure(f"{'chose' if chosen else 'missed'}-{name}", f"{what}: {verdict.why}", f"Read again: {read}.")

    check.__name__ = f"choice_{name}"
    check.__doc__ = f"Choice {letter}: {_one_line(text)}"
    return check


def _one_line(text: str, longest: int = 100) -> str:
    """Return a choice's text on one line; of a block of code, its first line."""
    lines = [line.strip() for line in text.strip().split("\n") if not line.startswith("```")]
    line = lines[0] + (" ..." if len(lines) > 1 else "")
    return line if len(line) <= longest else line[: longest - 4] + " ..."
