"""Feedback as nbgrader makes it, without what decides points: hidden tests, mark schemes and the keys in them."""

from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor

from grader.build.source_format import grader_metadata
from grader.build.twins import student_text


class WithoutKeys(NbGraderPreprocessor):
    """Show the lab's own cells as students got them, inside `nbgrader generate_feedback`."""

    def preprocess_cell(self, cell: NotebookNode, resources: dict, index: int) -> tuple[NotebookNode, dict]:
        """Take the regions that students never see out of a cell, and out of the tracebacks under it."""
        metadata = grader_metadata(cell)
        shown = student_text(cell) if metadata and not metadata.get("solution") else cell.source
        if shown != cell.source:
            cell.source = shown
            for output in cell.get("outputs", []):
                if output.output_type == "error":  # a traceback shows the lines around the one that raised
                    output.traceback = [f"{output.ename}: {output.evalue}"]
        return cell, resources
