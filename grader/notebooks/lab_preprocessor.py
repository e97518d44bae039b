"""What our preprocessors for nbgrader have in common: they look at the instructor's notebook of the same lab."""

from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import NbGraderPreprocessor


class LabPreprocessor(NbGraderPreprocessor):
    """A preprocessor that can read the solution twin of the notebook it is given."""

    def source(self, resources: dict) -> NotebookNode:
        """Return the instructor's notebook.

        Args:
            resources: what nbgrader's commands, or formgrader, say about the notebook at hand.

        Raises:
            OSError: it is not there, or cannot be read.
        """
        names = resources.get("nbgrader") or {key: resources[f"{key}_id"] for key in ("assignment", "notebook")}
        course = CourseDirectory(parent=self)
        folder = course.format_path(course.source_directory, ".", names["assignment"])
        path = Path(folder) / f"{names['notebook']}.ipynb"
        return nbformat.read(path, as_version=4)
