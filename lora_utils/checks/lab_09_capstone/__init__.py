"""Checks of lab 09: choosing among methods, DoRA, PEFT's format.

May import the framework and the rooms below the checks, but no other lab's.
"""

from lora_utils.checks.lab_09_capstone.adapted_layers import BENT as BENT
from lora_utils.checks.lab_09_capstone.adapted_layers import STRAIGHT as STRAIGHT
from lora_utils.checks.lab_09_capstone.adapted_layers import adapted_case as adapted_case
from lora_utils.checks.lab_09_capstone.choose_method import choose_method as choose_method
from lora_utils.checks.lab_09_capstone.choose_method import feasible_case as feasible_case
from lora_utils.checks.lab_09_capstone.choose_method import judge_choice as judge_choice
from lora_utils.checks.lab_09_capstone.choose_rate import by_rate as by_rate
from lora_utils.checks.lab_09_capstone.choose_rate import choose_rate as choose_rate
from lora_utils.checks.lab_09_capstone.choose_rate import picked as picked
from lora_utils.checks.lab_09_capstone.choose_rate import run_table as run_table
from lora_utils.checks.lab_09_capstone.dora_layer import dora_case as dora_case
from lora_utils.checks.lab_09_capstone.dora_layer import dora_layer as dora_layer
from lora_utils.checks.lab_09_capstone.dora_layer import judge_dora as judge_dora
from lora_utils.checks.lab_09_capstone.fold_adapter import fold_adapter as fold_adapter
from lora_utils.checks.lab_09_capstone.fold_adapter import judge_folds as judge_folds
from lora_utils.checks.lab_09_capstone.fold_adapter import judge_refusals as judge_refusals
from lora_utils.checks.lab_09_capstone.paired_difference import judge_pairs as judge_pairs
from lora_utils.checks.lab_09_capstone.paired_difference import paired_difference as paired_difference
from lora_utils.checks.lab_09_capstone.paired_difference import seed_table as seed_table
from lora_utils.checks.lab_09_capstone.pareto_front import judge_front as judge_front
from lora_utils.checks.lab_09_capstone.pareto_front import pareto_front as pareto_front
from lora_utils.checks.lab_09_capstone.pareto_front import random_table as random_table
from lora_utils.checks.lab_09_capstone.peft_adapter import export_case as export_case
from lora_utils.checks.lab_09_capstone.peft_adapter import judge_values as judge_values
from lora_utils.checks.lab_09_capstone.peft_adapter import peft_adapter as peft_adapter
