"""From what ran to points and sentences.

May import engine, notebooks and what lies below.
"""

from grader.scoring.execution import Limits as Limits
from grader.scoring.execution import execute as execute
from grader.scoring.exercise_grades import MOST_COPIED as MOST_COPIED
from grader.scoring.exercise_grades import OURS as OURS
from grader.scoring.exercise_grades import grade_exercises as grade_exercises
from grader.scoring.grade import Job as Job
from grader.scoring.grade import input_seed as input_seed
from grader.scoring.grade import terms as terms
from grader.scoring.grade import ungraded as ungraded
from grader.scoring.grade import versions as versions
