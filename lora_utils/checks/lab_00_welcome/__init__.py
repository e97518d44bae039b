"""Checks of lab 00: counting, freezing, and how a check speaks.

May import the framework and the rooms below the checks, but no other lab's.
"""

from lora_utils.checks.framework.compare import expect_number as expect_number
from lora_utils.checks.framework.failure import Failure as Failure
from lora_utils.checks.lab_00_welcome.center_sentences import center_sentences as center_sentences
from lora_utils.checks.lab_00_welcome.center_sentences import judge_centered as judge_centered
from lora_utils.checks.lab_00_welcome.count_by_hand import ask as ask
from lora_utils.checks.lab_00_welcome.count_by_hand import by_hand as by_hand
from lora_utils.checks.lab_00_welcome.count_by_hand import classifier_right as classifier_right
from lora_utils.checks.lab_00_welcome.count_by_hand import count_by_hand as count_by_hand
from lora_utils.checks.lab_00_welcome.count_trainable import count_trainable as count_trainable
from lora_utils.checks.lab_00_welcome.count_trainable import counted as counted
from lora_utils.checks.lab_00_welcome.count_trainable import drawn as drawn
from lora_utils.checks.lab_00_welcome.count_trainable import judge_pairs as judge_pairs
from lora_utils.checks.lab_00_welcome.count_trainable import parts as parts
from lora_utils.checks.lab_00_welcome.count_trainable import trainable_names as trainable_names
from lora_utils.checks.lab_00_welcome.freeze_all_but import freeze_all_but as freeze_all_but
from lora_utils.checks.lab_00_welcome.freeze_all_but import judge_frozen as judge_frozen
