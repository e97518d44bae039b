"""From what ran to points and sentences.

May import engine, notebooks and what lies below.
"""

from grader.scoring.exercise_grades import OURS as OURS
from grader.scoring.exercise_grades import grade_exercises as grade_exercises
from grader.scoring.grading import Job as Job
from grader.scoring.grading import grade as grade
from grader.scoring.grading import input_seed as input_seed
from grader.scoring.grading import terms as terms
from grader.scoring.grading import ungraded as ungraded
from grader.scoring.grading import versions as versions
from grader.scoring.run_submission import Limits as Limits
from grader.scoring.run_submission import execute as execute
