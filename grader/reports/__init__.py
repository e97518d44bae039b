"""What staff and students read: pages, tables, the terminal.

May import class_run and what lies below.
"""

from grader.reports.console import GRADEBOOK as GRADEBOOK
from grader.reports.console import INTERRUPTED as INTERRUPTED
from grader.reports.console import NOT_STARTED as NOT_STARTED
from grader.reports.console import CannotStart as CannotStart
from grader.reports.console import grade_folder as grade_folder
from grader.reports.console import start as start
from grader.reports.kept import page_of as page_of
from grader.reports.run_summary import summary as summary
from grader.reports.terminal_table import class_table as class_table
