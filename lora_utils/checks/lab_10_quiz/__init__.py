"""Checks of lab 10: answers to quiz questions, and marking them.

May import the framework and the rooms below the checks, but no other lab's.
"""

from lora_utils.checks.framework.compare import Mistake as Mistake
from lora_utils.checks.lab_10_quiz.overview import overview as overview
from lora_utils.checks.lab_10_quiz.quiz import choose_one as choose_one
from lora_utils.checks.lab_10_quiz.quiz import choose_several as choose_several
from lora_utils.checks.lab_10_quiz.quiz import mark as mark
from lora_utils.checks.lab_10_quiz.quiz import mark_number as mark_number
from lora_utils.checks.lab_10_quiz.quiz import number as number
from lora_utils.checks.lab_10_quiz.quiz import right as right
from lora_utils.checks.lab_10_quiz.quiz import wrong as wrong
