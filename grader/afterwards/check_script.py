"""A small script that repeats one check outside the grader: the same inputs, the student's code, a real traceback."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from pathlib import Path

from grader.afterwards.regrading import CannotRegrade, Regraded
from grader.engine.service import engine
from grader.notebooks.answer_key import AnswerKey
from grader.notebooks.restoration import Cell, restore
from grader.notebooks.submission import Submission
from grader.results import OPEN
from grader.scoring.grading import SEED_VARIABLE

TEMPLATE = '''"""{title}

The inputs are those of grading. It runs what the student wrote, with your rights and without the sandbox, so read it
first. All of lora_utils is there; while the lab is graded, what it asks students to write is not.
"""

import os

os.environ["{variable}"] = "{seed}"  # before lora_utils draws

{cells}
# %% the check
print(graded)
from lora_utils.checks.framework.draw import Draw

draw = Draw("{seed}", graded.exercise, "{check}")  # gives, call by call, what the check draws
graded.again("{check}")  # raises what the check says
'''


def write_script(done: Regraded, key: AnswerKey, wanted: str | None, path: Path) -> str:
    """Write the script that repeats one check, and return that check as EXERCISE:CHECK.

    Args:
        done: what was graded.
        key: the lab.
        wanted: the check; default: the first that was not passed.
        path: of the script.

    Raises:
        CannotRegrade: no such check has looked at the answer.
    """
    named = {f"{one.exercise.removeprefix('test-')}:{one.check}": one for one in done.now.probed if one.check}
    failed = {(e.grade_id, c.sentence) for e in done.now.exercises for c in e.checks if c.verdict != "pass"}
    first = next((name for name, one in named.items() if (one.exercise, one.sentence) in failed), None)
    chosen = wanted or first
    if chosen not in named:
        missing = f"there is no check {wanted!r} that has looked at an answer" if wanted else "every check was passed"
        raise CannotRegrade(f"{missing}; give one with --check: {', '.join(named)}.")
    one = named[chosen]
    read = engine(done.now.sandbox != OPEN).read
    path.write_text(script_of(done.submission, key, one.exercise, one.check, done.seed, read), encoding="utf-8")
    return chosen


def script_of(
    submission: Submission,
    key: AnswerKey,
    exercise: str,
    check: str,
    seed: str,
    read: Callable[[str, list[str]], list | None],
) -> str:
    """Return the script, in cells that editors know (`# %%`).

    It holds the lab's own cells above the check, the answers that it looks at, and of the student's other cells those
    that define a name which stands in what is there already.

    Args:
        submission: what was handed in.
        key: the lab.
        exercise: name of the graded cell.
        check: its id.
        seed: of the submission's test inputs.
        read: of an engine, see `Engine.read`.
    """
    cells = restore(submission.cells, key, submission.exercises).cells
    place = next(number for number, cell in enumerate(cells) if cell.graded and cell.key.grade_id == exercise)
    graded, above = cells[place], [cell for cell in cells[:place] if cell.kind == "code" and not cell.graded]
    parts = [f"# %% {_title(cell)}\n{text}\n" for cell, text in _needed(above, graded, read)]
    parts.append(f"# %% {exercise}, with its hidden checks\n{_named(graded.source)}\n")
    title = f"{submission.lab}, {exercise}: the check {check!r}, on {submission.student}'s answer."
    return TEMPLATE.format(title=title, variable=SEED_VARIABLE, seed=seed, check=check, cells="\n".join(parts))


def _needed(above: list[Cell], graded: Cell, read: Callable) -> list[tuple[Cell, str]]:
    """Choose cells from below upwards: locked ones all, others where they define a name that is used further down."""
    texts = [_plain(cell.source if cell.runs else cell.key.prepares) for cell in above]
    defined = read("definitions", texts) or [None] * len(texts)
    used, chosen = graded.source, []
    for cell, text, names in reversed(list(zip(above, texts, defined, strict=True))):
        locked = cell.key is not None and cell.key.locked
        wanted = any(re.search(rf"\b{re.escape(name)}\b", used) for name in names or ())
        if text.strip() and (locked or wanted):
            used += "" if locked else f"\n{text}"  # the lab's own cells need no answer
            chosen.append((cell, text))
    return chosen[::-1]


def _title(cell: Cell) -> str:
    if cell.key is not None and cell.key.answer:
        return f"the student's answer {cell.key.grade_id}"
    return "the lab's" if cell.key is not None and cell.key.locked else "the student's"


def _plain(text: str) -> str:
    """Turn what only IPython knows (magics, commands of the shell) into comments."""
    return "\n".join(f"# {line}" if re.match(r"\s*[%!]", line) else line for line in text.splitlines())


def _named(source: str) -> str:
    """Give the value of a graded cell, its last expression, the name `graded`."""
    last = ast.parse(source).body[-1]
    lines = source.splitlines()
    return "\n".join([*lines[: last.lineno - 1], f"graded = {ast.unparse(last)}"])
