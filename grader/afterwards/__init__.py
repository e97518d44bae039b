"""What staff do with grades that are there: give more time, look once more, forget a person.

May import class_run and what lies below.
"""

from grader.afterwards.check_script import write_script as write_script
from grader.afterwards.course_grades import counting_of as counting_of
from grader.afterwards.course_grades import grades_of as grades_of
from grader.afterwards.course_grades import unsettled as unsettled
from grader.afterwards.forgetting import Traces as Traces
from grader.afterwards.forgetting import forget as forget
from grader.afterwards.forgetting import still_named as still_named
from grader.afterwards.forgetting import traces as traces
from grader.afterwards.granting import CannotExtend as CannotExtend
from grader.afterwards.granting import Granted as Granted
from grader.afterwards.granting import extend as extend
from grader.afterwards.regrade_report import regrade_lines as regrade_lines
from grader.afterwards.regrading import CannotRegrade as CannotRegrade
from grader.afterwards.regrading import Regraded as Regraded
from grader.afterwards.regrading import regrade as regrade
