"""A lab's cells in nbgrader's gradebook, also where the lab has got more of them since students handed it in."""

from __future__ import annotations

from nbformat import NotebookNode
from nbgrader import api
from nbgrader.preprocessors import SaveCells


class SaveMoreCells(SaveCells):
    """nbgrader's SaveCells, which takes new cells of a lab with submissions too: each submission gets a row for them.

    nbgrader refuses any change there. It still refuses that some are gone: points that people entered would go too.
    """

    def _create_notebook(self, nb: NotebookNode) -> None:
        try:
            notebook = self.gradebook.find_notebook(self.notebook_id, self.assignment_id)
        except api.MissingEntry:
            notebook = None
        if notebook is not None and notebook.submissions:
            self._add(notebook)
        super()._create_notebook(nb)

    def _add(self, notebook: api.Notebook) -> None:
        kinds = (
            (notebook.grade_cells, self.new_grade_cells, self.gradebook.add_grade_cell, api.Grade),
            (notebook.solution_cells, self.new_solution_cells, self.gradebook.add_solution_cell, api.Comment),
            (notebook.task_cells, self.new_task_cells, self.gradebook.add_task_cell, api.Grade),
            (notebook.source_cells, self.new_source_cells, self.gradebook.add_source_cell, None),
        )
        before = [{cell.name for cell in cells} for cells, *_ in kinds]
        if any(names - set(new) for names, (_, new, *_) in zip(before, kinds, strict=True)):
            return  # nbgrader says so
        for names, (_, new, add, row) in zip(before, kinds, strict=True):
            for name in new.keys() - names:
                cell = add(name, self.notebook_id, self.assignment_id, **new[name])
                for submission in notebook.submissions if row is not None else ():
                    self.gradebook.db.add(row(cell_id=cell.id, notebook_id=submission.id))
        self.gradebook.db.commit()
