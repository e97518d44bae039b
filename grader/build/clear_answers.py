"""Take the answers out of solution cells: nbgrader's stub for code to write, nothing for a value to fill in.

    answer_01 = ""  # your letters between the quotes
    ### BEGIN SOLUTION
    answer_01 = q01.letters("lora", "four-bit")
    ### END SOLUTION

gives students the first line alone. The stub raises, which is right in a function body: it waits there until the
function is called. At the top level it would stop "Run All Cells" at the first question not answered yet. An open
exercise, which leaves the whole class or function to the reader, starts from None in the same way.
"""

import re

from nbformat import NotebookNode
from nbgrader.preprocessors import ClearSolutions

FILLED_IN = re.compile(
    r"(?P<name>\w+) = .*\n### BEGIN SOLUTION *\n"
    r"(?:(?P=name) = |(?:class|def) (?P=name)\b)(?:.*\n)*?### END SOLUTION *(?:\n|$)"
)


class ClearAnswers(ClearSolutions):
    """nbgrader's ClearSolutions, except that a region right after `name = ...` that begins with that name just goes."""

    def _replace_solution_region(self, cell: NotebookNode, language: str) -> bool:
        start = self._keep_starting_values(cell)
        return super()._replace_solution_region(cell, language) or start

    @staticmethod
    def _keep_starting_values(cell: NotebookNode) -> bool:
        """Reduce every such region to the line before it, and say whether there was one."""
        if cell.cell_type != "code":
            return False
        # At the start of a line: inside a function the stub is harmless, and tells the student where to write.
        pattern = re.compile("^" + FILLED_IN.pattern, re.MULTILINE)
        text, found = pattern.subn(lambda match: match.group(0).split("\n", 1)[0] + "\n", cell.source)
        cell.source = text.rstrip("\n") if found else cell.source
        return bool(found)
