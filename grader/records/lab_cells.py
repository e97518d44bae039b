"""A lab's cells in nbgrader's gradebook, also where the lab has changed since students handed it in."""

from __future__ import annotations

from nbformat import NotebookNode
from nbgrader import api
from nbgrader.preprocessors import SaveCells
from sqlalchemy import delete, func, select, update


class SaveChangedCells(SaveCells):
    """nbgrader's SaveCells, which follows a lab that has submissions too.

    New cells: each submission gets a row for them. Other points: all points of the exercise keep their share of what it
    is worth, those that a person entered as well. Cells that are gone: their rows go, since the attempts keep what was
    earned; but not where a person entered something, which nothing else holds. nbgrader refuses the first and the last,
    and leaves points that a person entered on the scale of then.
    """

    def _create_notebook(self, nb: NotebookNode) -> None:
        try:
            notebook = self.gradebook.find_notebook(self.notebook_id, self.assignment_id)
        except api.MissingEntry:
            notebook = None
        if notebook is not None and notebook.submissions:
            self._follow(notebook)
        super()._create_notebook(nb)

    def _follow(self, notebook: api.Notebook) -> None:
        db = self.gradebook.db
        kinds = (
            (notebook.grade_cells, self.new_grade_cells, self.gradebook.add_grade_cell, api.Grade),
            (notebook.solution_cells, self.new_solution_cells, self.gradebook.add_solution_cell, api.Comment),
            (notebook.task_cells, self.new_task_cells, self.gradebook.add_task_cell, api.Grade),
            (notebook.source_cells, self.new_source_cells, self.gradebook.add_source_cell, None),
        )
        before = [{cell.name for cell in cells} for cells, *_ in kinds]
        gone = [cell for cells, new, *_ in kinds for cell in cells if cell.name not in new]
        if entered(db, [cell.id for cell in gone]):
            return  # nbgrader refuses
        for cell in (*notebook.grade_cells, *notebook.task_cells):
            new = self.new_grade_cells.get(cell.name) or self.new_task_cells.get(cell.name)
            if new is not None and cell.max_score and new["max_score"] != cell.max_score:
                factor, grade = new["max_score"] / cell.max_score, api.Grade
                points = (grade.auto_score, grade.manual_score, grade.extra_credit)
                scaled = {column.key: column * factor for column in points}
                db.execute(update(grade).where(grade.cell_id == cell.id).values(scaled))
                cell.max_score = new["max_score"]
        for cell in gone:
            for table in (api.Grade, api.Comment):
                db.execute(delete(table).where(table.cell_id == cell.id))
            db.delete(cell)
        db.commit()  # points and what they are of together, so that a run that is killed scales nothing twice
        for names, (_, new, add, row) in zip(before, kinds, strict=True):
            for name in new.keys() - names:
                cell = add(name, self.notebook_id, self.assignment_id, **new[name])
                for submission in notebook.submissions if row is not None else ():
                    db.add(row(cell_id=cell.id, notebook_id=submission.id))
        db.commit()


def entered(db, cells: list[str]) -> int:
    """Count what people entered for cells: points, extra credit, comments.

    Args:
        db: nbgrader's session.
        cells: their ids.
    """
    points, extra, said = api.Grade.manual_score, api.Grade.extra_credit, api.Comment.manual_comment
    filled = ((api.Grade, points.isnot(None)), (api.Grade, extra != 0), (api.Comment, said != ""))
    counts = (select(func.count(table.id)).where(table.cell_id.in_(cells), here) for table, here in filled)
    return sum(db.scalar(count) for count in counts)
