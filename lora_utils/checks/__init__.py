"""Checks: sentences run on a student's object through probes, ending in a verdict, a rationale and a hint.

One room a lab, and the framework, whose main names are handed on here.
"""

from lora_utils.checks.framework.compare import Mistake as Mistake
from lora_utils.checks.framework.compare import close as close
from lora_utils.checks.framework.compare import expect_close as expect_close
from lora_utils.checks.framework.draw import Draw as Draw
from lora_utils.checks.framework.exercise import Exercise as Exercise
from lora_utils.checks.framework.failure import Failure as Failure
from lora_utils.checks.framework.grade import Grade as Grade
from lora_utils.checks.framework.notebook_errors import explain_waiting_cells as explain_waiting_cells
from lora_utils.checks.framework.subject import StudentRaised as StudentRaised
from lora_utils.checks.framework.subject import Subject as Subject
