"""Make the two twins of a lab: the solution twin (everything) and the student twin (no answers, no outputs).

The student twin is made by nbgrader's own preprocessors in nbgrader's own order, so that `grader build` and
`nbgrader generate_assignment` write the same bytes.
"""

import copy
import hashlib
import json

import nbformat
from nbformat import NotebookNode
from nbgrader.preprocessors import (
    CheckCellMetadata,
    ClearHiddenTests,
    ClearMarkScheme,
    ClearOutput,
    ComputeChecksums,
    LockCells,
    NbGraderPreprocessor,
    SaveCells,
)

from grader.build.clear_answers import ClearAnswers
from grader.build.first_cells import AddFirstCells
from grader.build.outputs import normalize
from grader.build.source_format import CELL_KEYS, COPY_KEY, grader_metadata
from grader.build.waiting_cells import TagWaitingCells
from grader.course import Course

KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
LANGUAGE = {"name": "python"}
LOCK_KEYS = ("deletable", "editable")  # written by nbgrader's LockCells
CODE_STUB = {"python": "# YOUR CODE HERE\nraise NotImplementedError()"}


class KeepAllowedMetadata(NbGraderPreprocessor):
    """Reduce the metadata of a student notebook to what is needed: nothing about how it was built."""

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        """Apply the allow-list to the notebook and every cell."""
        nb.metadata = NotebookNode(kernelspec=NotebookNode(KERNELSPEC), language_info=NotebookNode(LANGUAGE))
        graded = [one["grade_id"] for one in map(grader_metadata, nb.cells) if one.get("grade")]
        nb.metadata[COPY_KEY] = NotebookNode(exercises=graded)  # else a later one would be taken for deleted
        for cell in nb.cells:
            allowed = (*CELL_KEYS, *LOCK_KEYS)
            cell.metadata = NotebookNode({key: cell.metadata[key] for key in allowed if key in cell.metadata})
        return nb, resources


# nbgrader's order. ClearHiddenTests comes after SaveCells, which puts the hidden tests into the gradebook, and the
# checksums are computed again for what students get. SaveCells needs a gradebook: the builder leaves it out.
RELEASE_PREPROCESSORS = [
    LockCells,
    ClearAnswers,
    ClearOutput,
    CheckCellMetadata,
    ComputeChecksums,
    SaveCells,
    ClearHiddenTests,
    ClearMarkScheme,
    ComputeChecksums,
    CheckCellMetadata,
    KeepAllowedMetadata,
    TagWaitingCells,
    AddFirstCells,
]


def code_sha256(notebook: NotebookNode) -> str:
    """Return the SHA-256 of all code cells in order: outputs belong to exactly this code."""
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    return hashlib.sha256(json.dumps(code).encode()).hexdigest()


def student_text(cell: NotebookNode) -> str:
    """Return what students get of one cell."""
    cell = copy.deepcopy(cell)
    ClearAnswers(code_stub=CODE_STUB).preprocess_cell(cell, {"language": "python"}, 0)
    ClearHiddenTests().preprocess_cell(cell, {}, 0)
    ClearMarkScheme(enforce_metadata=False).preprocess_cell(cell, {}, 0)
    return cell.source


def student_twin(source: NotebookNode, lab: str = "", course: Course | None = None) -> NotebookNode:
    """Build the student twin of a validated source: no answers, no hidden tests, no outputs, cells locked.

    Args:
        source: the validated cells.
        lab: its name, for the link to the notebook.
        course: says where students find notebooks and package; default: nowhere.
    """
    notebook = clean(source)
    resources: dict = {"nbgrader": {"notebook": lab}}
    options = {ClearAnswers: {"code_stub": CODE_STUB}}
    if course is not None:
        options[AddFirstCells] = {"repository": course.repository, "wheel": course.wheel}
    for preprocessor in RELEASE_PREPROCESSORS:
        if preprocessor is SaveCells:
            continue
        notebook, resources = preprocessor(**options.get(preprocessor, {})).preprocess(notebook, resources)
    return notebook


def clean(source: NotebookNode) -> NotebookNode:
    """Copy a notebook with allowed metadata only, without outputs and execution counts."""
    notebook = nbformat.v4.new_notebook()
    notebook.nbformat_minor = 5
    notebook.metadata = NotebookNode(kernelspec=NotebookNode(KERNELSPEC), language_info=NotebookNode(LANGUAGE))
    for cell in source.cells:
        fresh = NotebookNode(cell_type=cell.cell_type, id=cell.id, source=cell.source)
        kept = {key: cell.metadata[key] for key in CELL_KEYS if key in cell.metadata}
        fresh.metadata = copy.deepcopy(NotebookNode(kept))
        if cell.cell_type == "code":
            fresh.outputs, fresh.execution_count = [], None
        notebook.cells.append(fresh)
    return notebook


def solution_twin(source: NotebookNode, executed: NotebookNode | None = None) -> NotebookNode:
    """Build the solution twin of a validated source.

    Args:
        source: the validated cells.
        executed: a notebook with the same code and its outputs (see `has_outputs_of`); default: no outputs.
    """
    notebook = clean(source)
    if executed is None:
        return notebook
    notebook.metadata["lora_utils"] = NotebookNode(executed_sha256=code_sha256(source))
    pairs = zip(code_cells(notebook), code_cells(executed), strict=True)
    for count, (cell, ran) in enumerate(pairs, start=1):
        cell.execution_count = count
        cell.outputs = normalize(ran.outputs, count)
    return notebook


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """List the code cells of a notebook."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def has_outputs_of(twin: NotebookNode | None, source: NotebookNode) -> bool:
    """Whether a twin's outputs came from exactly the code of this source."""
    if twin is None:
        return False
    record = twin.metadata.get("lora_utils")
    recorded = record.get("executed_sha256") if isinstance(record, dict) else None
    return recorded == code_sha256(source) == code_sha256(twin)


def same_cells(twin: NotebookNode | None, expected: NotebookNode) -> bool:
    """Whether a twin's cells have these texts and metadata, whatever their outputs are."""
    return twin is not None and [(c.cell_type, c.source, c.metadata) for c in twin.cells] == [
        (c.cell_type, c.source, c.metadata) for c in expected.cells
    ]


def to_bytes(notebook: NotebookNode) -> bytes:
    """Write a notebook: valid, keys sorted, UTF-8, a newline at the end; the same notebook gives the same bytes."""
    text = nbformat.writes(notebook, version=4)
    return (text if text.endswith("\n") else text + "\n").encode()
