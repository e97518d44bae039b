"""The notebook that formgrader shows for a submission: what was graded, with what each check said as its output.

Nothing in it acts on whoever opens it: of the student's it holds code and text, no output, picture or metadata.

Formgrader and `nbgrader generate_feedback` read AUTOGRADED/<student>/<lab>/<lab>.ipynb beside the gradebook.
"""

import os
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output, new_raw_cell

from grader.build.twins import KERNELSPEC, LANGUAGE
from grader.notebooks.answer_key import AnswerKey
from grader.notebooks.inert import inert_cell
from grader.notebooks.restoration import Cell, restore
from grader.notebooks.submission import TIMESTAMP, Submission
from grader.results import CHECK_WORDS, Exercise, Result
from grader.text.plurals import counted
from grader.text.safe_names import require_plain_name

NEW_CELL = {"code": new_code_cell, "markdown": new_markdown_cell, "raw": new_raw_cell}


def write_copy(folder: Path, submission: Submission, key: AnswerKey, result: Result) -> Path:
    """Write one submission as formgrader expects it and return the notebook's path.

    Args:
        folder: nbgrader's autograded directory.
        submission: what was handed in.
        key: the lab.
        result: what grading said.

    Raises:
        ValueError: the student's name might lead out of this folder, or be markup in formgrader's page.
    """
    require_plain_name(submission.student)
    outcomes = {exercise.grade_id: exercise for exercise in result.exercises}
    notebook = new_notebook(metadata={"kernelspec": dict(KERNELSPEC), "language_info": dict(LANGUAGE)})
    lab_texts = {cell.student for cell in key.cells if cell.kind != "code"}
    notebook.cells = [_cell(cell, lab_texts, outcomes) for cell in restore(submission.cells, key).cells]
    path = folder / submission.student / submission.lab / f"{submission.lab}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".new")
    temporary.write_text(nbformat.writes(notebook, version=4), encoding="utf-8")
    os.replace(temporary, path)
    if submission.timestamp is not None:
        (path.parent / TIMESTAMP).write_text(f"{submission.timestamp} UTC", encoding="utf-8")
    return path


def _cell(cell: Cell, lab_texts: set[str], outcomes: dict[str, Exercise]) -> NotebookNode:
    made = inert_cell(NEW_CELL[cell.kind](cell.source, id=cell.id), lab_texts)
    if cell.key is not None and cell.key.metadata:
        made.metadata["nbgrader"] = NotebookNode(cell.key.metadata)
    exercise = outcomes.get(cell.key.grade_id) if cell.graded else None
    if exercise is not None:
        made.outputs = [
            new_output("stream", name="stdout", text=_said(exercise)),
            new_output("execute_result", {"text/plain": f"{exercise.points:g}"}, execution_count=1),
        ]
    return made


def _said(exercise: Exercise) -> str:
    lines = [f"{exercise.grade_id}: {exercise.points:g} of {counted(exercise.max_points, 'point')}"]
    for check in exercise.checks:
        lines.append(f"  {CHECK_WORDS[check.verdict]}: {check.sentence}")
        lines += [f"      {part}" for part in (check.text, check.hint) if part]
    if not exercise.checks:
        lines += [f"  {message.text}" for message in exercise.messages]
    return "\n".join(lines) + "\n"
