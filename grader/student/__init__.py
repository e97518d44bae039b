"""Beside the student's objects: runs the cells and the probes, and is trusted by nobody.

May import sandbox, text and results.
"""

from grader.student.shown_outputs import Allowance as Allowance
from grader.student.shown_outputs import cell_outputs as cell_outputs
