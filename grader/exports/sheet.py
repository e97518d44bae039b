"""A table as a CSV file that platforms and spreadsheets read alike."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field

from grader.text.safe_names import spreadsheet

MARK = "\ufeff"  # Excel takes a CSV without it for the machine's own encoding; Canvas and Moodle pass over it


@dataclass(frozen=True)
class Sheet:
    """Rows under one head.

    Args:
        head: names of the columns.
        rows: as many cells each.
        left_out: ids of students whom the platform could not know.
        why: what they lack, with the cure; one sentence.
    """

    head: list[str]
    rows: list[list[str]] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    why: str = ""

    def text(self) -> str:
        """Return the CSV; a text that a spreadsheet would take for a formula gets an apostrophe in front."""
        file = io.StringIO()
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow([spreadsheet(cell) for cell in self.head])
        writer.writerows([[_cell(cell) for cell in row] for row in self.rows])
        return MARK + file.getvalue()


def _cell(cell: str) -> object:
    return cell if cell in ("", "-") else spreadsheet(cell)  # a dash alone is no formula, and Moodle's "no grade"
