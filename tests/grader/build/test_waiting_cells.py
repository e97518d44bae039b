"""A student runs an untouched notebook to its end: what waits for an exercise may raise, and nothing else may."""

import nbclient
import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from grader.build.twins import student_twin
from grader.build.waiting_cells import MAY_RAISE, TagWaitingCells

SKIP = {"tags": ["skip-when-grading"]}
ANSWER = {"nbgrader": {"grade": False, "grade_id": "f", "locked": False, "schema_version": 3, "solution": True}}
CELLS = (
    ("n = 2", {}),
    ("def f(x):\n    ### BEGIN SOLUTION\n    return x\n    ### END SOLUTION", ANSWER),
    ("print(n)", SKIP),
    ("made = f(n)", SKIP),
    ("print(made)", SKIP),
    ("%%time\nprint(made)", SKIP),
    ("last = n + 1", SKIP),
)


def notebook():
    return new_notebook(cells=[new_code_cell(source, metadata=dict(more)) for source, more in CELLS])


def test_what_needs_an_answer_directly_or_not_may_raise():
    made, _ = TagWaitingCells().preprocess(notebook(), {})
    assert [MAY_RAISE in cell.metadata.get("tags", []) for cell in made.cells] == [0, 0, 0, 1, 1, 1, 0]
    again, _ = TagWaitingCells().preprocess(made, {})
    assert again == made


@pytest.mark.kernel
def test_an_untouched_notebook_runs_to_its_end():
    twin = student_twin(notebook())
    done = nbclient.NotebookClient(nbformat.from_dict(twin), timeout=60).execute()
    outputs = [[one.output_type for one in cell.outputs] for cell in done.cells]
    assert [cell.source for cell, shown in zip(done.cells, outputs, strict=True) if "error" in shown] == [
        source for source, _ in CELLS[3:6]
    ]
    for cell in twin.cells:
        cell.metadata.pop("tags", None)
    untagged = nbclient.NotebookClient(nbformat.from_dict(twin), timeout=60)
    with pytest.raises(nbclient.exceptions.CellExecutionError):
        untagged.execute()
