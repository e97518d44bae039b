"""A whole class: what was handed in, graded on all cores, and what its answers share.

May import scoring, records and what lies below.
"""

from grader.class_run.answer_comparison import SharedAnswer as SharedAnswer
from grader.class_run.answer_comparison import shared_answers as shared_answers
from grader.class_run.dask_pool import examine_cluster as examine_cluster
from grader.class_run.grading_run import Watcher as Watcher
from grader.class_run.grading_run import grade_all as grade_all
from grader.class_run.run import Graded as Graded
from grader.class_run.run import Run as Run
from grader.class_run.seed_file import SeedFileError as SeedFileError
from grader.class_run.seed_file import read_seed as read_seed
