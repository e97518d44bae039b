"""Beside the student's objects: runs the cells and the probes, and is trusted by nobody.

May import sandbox and text.
"""

from grader.student.cell_outputs import Allowance as Allowance
