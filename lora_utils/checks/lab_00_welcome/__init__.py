"""Checks of lab 00: counting, freezing, and how a check speaks.

May import the framework and the rooms below the checks, but no other lab's.
"""

from lora_utils.checks.framework.failure import Failure as Failure
from lora_utils.checks.lab_00_welcome.center_and_count import by_hand as by_hand
from lora_utils.checks.lab_00_welcome.center_and_count import center_sentences as center_sentences
from lora_utils.checks.lab_00_welcome.center_and_count import centered as centered
from lora_utils.checks.lab_00_welcome.center_and_count import count_by_hand as count_by_hand
from lora_utils.checks.lab_00_welcome.center_and_count import judge_centered as judge_centered
from lora_utils.checks.lab_00_welcome.count_and_freeze import count_trainable as count_trainable
from lora_utils.checks.lab_00_welcome.count_and_freeze import counted as counted
from lora_utils.checks.lab_00_welcome.count_and_freeze import freeze_all_but as freeze_all_but
from lora_utils.checks.lab_00_welcome.count_and_freeze import judge_frozen as judge_frozen
from lora_utils.checks.lab_00_welcome.count_and_freeze import odd_models as odd_models
from lora_utils.checks.lab_00_welcome.count_and_freeze import trainable_names as trainable_names
