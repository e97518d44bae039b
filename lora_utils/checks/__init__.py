"""Checks: sentences run on a student's object through probes, ending in a verdict, a rationale and a hint."""

from lora_utils.checks.compare import Mistake as Mistake
from lora_utils.checks.compare import close as close
from lora_utils.checks.compare import expect_close as expect_close
from lora_utils.checks.draw import Draw as Draw
from lora_utils.checks.exercise import Exercise as Exercise
from lora_utils.checks.failure import Failure as Failure
from lora_utils.checks.grade import Grade as Grade
from lora_utils.checks.subject import StudentRaised as StudentRaised
from lora_utils.checks.subject import Subject as Subject
