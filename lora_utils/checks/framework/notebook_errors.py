"""In a notebook: one sentence where a cell waits for an exercise that is not written, or for a cell that has not run.

Source: IPython, `InteractiveShell.set_custom_exc`.
"""

from __future__ import annotations

import os
import sys
import traceback
from types import TracebackType


def waits_for(error: BaseException, trace: TracebackType | None) -> str | None:
    """Return the sentence for an error of a cell; None where it is another matter.

    Args:
        error: a stub's NotImplementedError, or a NameError.
        trace: its traceback.
    """
    if isinstance(error, NotImplementedError) and not str(error) and trace is not None:
        frame, _ = list(traceback.walk_tb(trace))[-1]
        return f"This cell waits for an exercise: {frame.f_code.co_qualname} is not written yet."
    name = getattr(error, "name", None)
    if isinstance(error, NameError) and name:
        return (
            f"{name} is not there yet: run the cell that makes it first. Where that cell holds or waits for an "
            "exercise, write the exercise; where there is no such cell, look at the spelling."
        )
    return None


def explain_waiting_cells() -> None:
    """Have the notebook that this process belongs to, if any, show these sentences above Python's own account."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is None or "NBGRADER_EXECUTION" in os.environ:
        return

    def show(shell, kind, error, trace, tb_offset=None):
        said = waits_for(error, trace)
        lines = [said] if said else []
        if not said or isinstance(error, NameError):
            lines += shell.InteractiveTB.structured_traceback(kind, error, trace, tb_offset=tb_offset)
        shell._showtraceback(kind, error, lines)  # what IPython's own showtraceback ends in, also in a kernel

    shell.set_custom_exc((NotImplementedError, NameError), show)


explain_waiting_cells()  # on import: the first error may come before the first check
