"""Checks of lab 11: better starts, budgets that move, what an adapter does to a weight, several adapters at once.

May import the framework and the rooms below the checks, but no other lab's.
"""

from lora_utils.checks.framework.failure import Failure as Failure
from lora_utils.checks.lab_11_lora_today.allocate_ranks import Plan as Plan
from lora_utils.checks.lab_11_lora_today.allocate_ranks import allocate_ranks as allocate_ranks
from lora_utils.checks.lab_11_lora_today.allocate_ranks import judge_allocation as judge_allocation
from lora_utils.checks.lab_11_lora_today.allocate_ranks import judge_importance as judge_importance
from lora_utils.checks.lab_11_lora_today.allocate_ranks import layers as layers
from lora_utils.checks.lab_11_lora_today.allocate_ranks import plans as plans
from lora_utils.checks.lab_11_lora_today.batched_lora import batched_lora as batched_lora
from lora_utils.checks.lab_11_lora_today.batched_lora import judge_rows as judge_rows
from lora_utils.checks.lab_11_lora_today.batched_lora import serving_case as serving_case
from lora_utils.checks.lab_11_lora_today.drop_and_rescale import drop_and_rescale as drop_and_rescale
from lora_utils.checks.lab_11_lora_today.drop_and_rescale import judge_chance as judge_chance
from lora_utils.checks.lab_11_lora_today.drop_and_rescale import judge_values as judge_values
from lora_utils.checks.lab_11_lora_today.drop_and_rescale import thin_case as thin_case
from lora_utils.checks.lab_11_lora_today.eva_start import eva_start as eva_start
from lora_utils.checks.lab_11_lora_today.eva_start import inputs as inputs
from lora_utils.checks.lab_11_lora_today.eva_start import judge_directions as judge_directions
from lora_utils.checks.lab_11_lora_today.eva_start import judge_shares as judge_shares
from lora_utils.checks.lab_11_lora_today.intruder_dimensions import TOLD as TOLD
from lora_utils.checks.lab_11_lora_today.intruder_dimensions import changes as changes
from lora_utils.checks.lab_11_lora_today.intruder_dimensions import intruder_dimensions as intruder_dimensions
from lora_utils.checks.lab_11_lora_today.intruder_dimensions import judge_counts as judge_counts
from lora_utils.checks.lab_11_lora_today.loftq_start import judge_correction as judge_correction
from lora_utils.checks.lab_11_lora_today.loftq_start import judge_steps as judge_steps
from lora_utils.checks.lab_11_lora_today.loftq_start import judge_stored as judge_stored
from lora_utils.checks.lab_11_lora_today.loftq_start import loftq_start as loftq_start
from lora_utils.checks.lab_11_lora_today.loftq_start import quantized_weights as quantized_weights
from lora_utils.checks.lab_11_lora_today.merge_ties import judge_merge as judge_merge
from lora_utils.checks.lab_11_lora_today.merge_ties import merge_case as merge_case
from lora_utils.checks.lab_11_lora_today.merge_ties import merge_ties as merge_ties
from lora_utils.checks.lab_11_lora_today.pissa_start import judge_balance as judge_balance
from lora_utils.checks.lab_11_lora_today.pissa_start import judge_path as judge_path
from lora_utils.checks.lab_11_lora_today.pissa_start import judge_sum as judge_sum
from lora_utils.checks.lab_11_lora_today.pissa_start import pissa_start as pissa_start
from lora_utils.checks.lab_11_lora_today.pissa_start import weights as weights
from lora_utils.checks.lab_11_lora_today.vera_linear import judge_output as judge_output
from lora_utils.checks.lab_11_lora_today.vera_linear import vera_case as vera_case
from lora_utils.checks.lab_11_lora_today.vera_linear import vera_linear as vera_linear
