"""What is kept: attempts, and nbgrader's gradebook.

May import collecting and what lies below.
"""

from grader.records.attempt import Attempt as Attempt
from grader.records.attempt_policy import AttemptPolicy as AttemptPolicy
from grader.records.attempt_policy import Standing as Standing
from grader.records.attempts import Attempts as Attempts
from grader.records.class_grades import ClassGrades as ClassGrades
from grader.records.class_grades import LabGrade as LabGrade
from grader.records.extensions import Extensions as Extensions
from grader.records.formgrader_copy import write_copy as write_copy
from grader.records.gradebook import Gradebook as Gradebook
from grader.records.gradebook import GradebookError as GradebookError
from grader.records.gradebook import database_url as database_url
from grader.records.gradebook import existing_database as existing_database
from grader.records.gradebook import programs_on_path as programs_on_path
from grader.records.gradebook import shown_url as shown_url
from grader.records.late_rules import LateRules as LateRules
from grader.records.late_rules import LateRulesError as LateRulesError
from grader.records.regrades import Regrades as Regrades
from grader.records.writer_lock import WriterLock as WriterLock
