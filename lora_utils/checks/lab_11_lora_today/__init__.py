"""Checks of lab 11: what adapters do to a weight, merging several, serving many.

May import the framework and the rooms below the checks, but no other lab's.
"""

from lora_utils.checks.framework.failure import Failure as Failure
from lora_utils.checks.lab_11_lora_today.batched_lora import batched_lora as batched_lora
from lora_utils.checks.lab_11_lora_today.batched_lora import judge_rows as judge_rows
from lora_utils.checks.lab_11_lora_today.batched_lora import serving_case as serving_case
from lora_utils.checks.lab_11_lora_today.drop_and_rescale import drop_and_rescale as drop_and_rescale
from lora_utils.checks.lab_11_lora_today.drop_and_rescale import judge_chance as judge_chance
from lora_utils.checks.lab_11_lora_today.drop_and_rescale import judge_values as judge_values
from lora_utils.checks.lab_11_lora_today.drop_and_rescale import thin_case as thin_case
from lora_utils.checks.lab_11_lora_today.intruder_dimensions import TOLD as TOLD
from lora_utils.checks.lab_11_lora_today.intruder_dimensions import changes as changes
from lora_utils.checks.lab_11_lora_today.intruder_dimensions import intruder_dimensions as intruder_dimensions
from lora_utils.checks.lab_11_lora_today.intruder_dimensions import judge_counts as judge_counts
from lora_utils.checks.lab_11_lora_today.merge_ties import judge_merge as judge_merge
from lora_utils.checks.lab_11_lora_today.merge_ties import merge_case as merge_case
from lora_utils.checks.lab_11_lora_today.merge_ties import merge_ties as merge_ties
