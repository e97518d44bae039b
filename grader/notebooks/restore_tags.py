"""Give the cells of a submission the metadata that the instructor's notebook gave them, whatever the student wrote.

Metadata decides what runs and what counts: nbclient skips a cell by its tags, and a skipped test earns full marks
in nbgrader; a copied cell (the same grade_id twice) ends a whole `nbgrader autograde` run for everybody after it.
"""

import nbformat
from nbformat import NotebookNode

from grader.build.source_format import grader_metadata
from grader.notebooks.lab_preprocessor import LabPreprocessor

LOCKED_KEYS = ("deletable", "editable")


def restore_metadata(submitted: NotebookNode, source: NotebookNode) -> list[str]:
    """Replace the metadata of every cell of a submission, in place.

    A cell whose grade_id the source knows gets the source's nbgrader metadata and tags; where a grade_id occurs more
    than once the last cell keeps it, as in nbgrader, and the others become plain cells. A plain cell gets the tags of
    the plain source cell with its very text, else with its id. Everything else is dropped. So no student can put
    `skip-when-grading` on a cell that is graded.

    Args:
        submitted: the student's notebook.
        source: the instructor's notebook (the solution twin).

    Returns:
        One sentence for each restored grade_id or points, for the feedback; tags are restored in silence.
    """
    graded = {grader_metadata(cell)["grade_id"]: cell for cell in source.cells if grader_metadata(cell).get("grade_id")}
    plain = [cell for cell in source.cells if not grader_metadata(cell).get("grade_id")]
    by_text, by_id = {cell.source: cell for cell in plain}, {cell.get("id"): cell for cell in plain}
    notes: list[str] = []
    taken: set[str] = set()
    for cell in reversed(submitted.cells):
        metadata = grader_metadata(cell)
        grade_id = metadata.get("grade_id")
        original = graded.get(grade_id) if isinstance(grade_id, str) else None
        if original is not None and grade_id in taken:
            notes.append(f"a copy of cell {grade_id!r} was treated as an ordinary cell")
            original = None
        elif original is None and grade_id is not None:
            notes.append(f"a cell named {grade_id!r} is not part of the lab and was treated as an ordinary cell")
        if original is not None:
            taken.add(grade_id)
            changed = [key for key, value in grader_metadata(original).items() if metadata.get(key) != value]
            if changed:
                notes.append(f"the {', '.join(changed)} of cell {grade_id!r} were set back to those of the lab")
            kept = {"nbgrader": dict(grader_metadata(original)), "tags": list(original.metadata.get("tags", []))}
        else:
            match = by_text.get(cell.source) or by_id.get(cell.get("id"))
            kept = {"tags": list(match.metadata.get("tags", []))} if match is not None else {}
        kept |= {key: cell.metadata[key] for key in LOCKED_KEYS if isinstance(cell.metadata.get(key), bool)}
        cell.metadata = nbformat.from_dict({key: value for key, value in kept.items() if value != []})
    return notes[::-1]


class RestoreTags(LabPreprocessor):
    """Run `restore_metadata` inside `nbgrader autograde`, before any preprocessor that trusts metadata."""

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        """Restore one submitted notebook from the instructor's source of the same name."""
        for note in restore_metadata(nb, self.source(resources)):
            self.log.warning("%s: %s", resources["nbgrader"]["notebook"], note)
        return nb, resources
