"""Cells of a student's notebook that wait for an exercise: Run All goes on past them.

An experiment that uses an answer raises until the answer is written. Jupyter ends a run at a cell that raises, unless
the cell says that it may; so every cell that needs an answer, or what such a cell makes, says so.
"""

import ast

from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor

from grader.build.source_format import SKIP_TAG, grader_metadata
from grader.text.cell_text import defined_names, parsed

MAY_RAISE = "raises-exception"  # Jupyter's own tag


class TagWaitingCells(NbGraderPreprocessor):
    """Give the tag to each cell that is skipped when grading and needs an answer."""

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        """Tag cells in order; what a waiting cell defines, others wait for."""
        waiting: set[str] = set()
        for cell in nb.cells:
            tree = parsed(cell.source) if cell.cell_type == "code" else None
            if tree is None:
                continue
            used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
            tags = cell.metadata.get("tags", [])
            if grader_metadata(cell).get("solution"):
                waiting |= defined_names(cell.source)
            elif SKIP_TAG in tags and waiting & used:
                waiting |= defined_names(cell.source)
                cell.metadata["tags"] = [*(tag for tag in tags if tag != MAY_RAISE), MAY_RAISE]
        return nb, resources
