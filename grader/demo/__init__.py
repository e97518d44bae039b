"""An imaginary class that is graded and comes out as it must.

May import everything but the command line.
"""

from grader.demo.demo import report as report
from grader.demo.demo import run_demo as run_demo
