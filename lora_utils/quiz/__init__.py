"""Quiz questions as students see them, without any key.

On the ground floor.
"""

from lora_utils.quiz.questions import Question as Question
from lora_utils.quiz.questions import shown_order as shown_order
