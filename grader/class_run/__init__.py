"""A whole class, or one student alone.

May import scoring, records and what lies below.
"""

from grader.class_run.answer_comparison import SharedAnswer as SharedAnswer
from grader.class_run.answer_comparison import shared_answers as shared_answers
from grader.class_run.check_script import write_script as write_script
from grader.class_run.dask_pool import examine_cluster as examine_cluster
from grader.class_run.grading_run import Graded as Graded
from grader.class_run.grading_run import Run as Run
from grader.class_run.grading_run import Watcher as Watcher
from grader.class_run.grading_run import grade_all as grade_all
from grader.class_run.regrading import CannotRegrade as CannotRegrade
from grader.class_run.regrading import Regraded as Regraded
from grader.class_run.regrading import regrade as regrade
from grader.class_run.seed_file import SeedFileError as SeedFileError
from grader.class_run.seed_file import read_seed as read_seed
from grader.class_run.visible_checks import CannotCheck as CannotCheck
from grader.class_run.visible_checks import self_check as self_check
