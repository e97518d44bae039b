"""Checks of lab 05: low rank, LoRALayer, its gradients, what alpha does.

May import the framework and the rooms below the checks, but no other lab's.
"""

from lora_utils.checks.framework.compare import share_left as share_left
from lora_utils.checks.framework.failure import Failure as Failure
from lora_utils.checks.lab_05_lora_layer.alpha_conventions import alpha_conventions as alpha_conventions
from lora_utils.checks.lab_05_lora_layer.alpha_conventions import judge_alpha as judge_alpha
from lora_utils.checks.lab_05_lora_layer.alpha_conventions import judge_update as judge_update
from lora_utils.checks.lab_05_lora_layer.alpha_conventions import peft_case as peft_case
from lora_utils.checks.lab_05_lora_layer.counting import count as count
from lora_utils.checks.lab_05_lora_layer.counting import count_parameters as count_parameters
from lora_utils.checks.lab_05_lora_layer.first_gradients import first_gradients as first_gradients
from lora_utils.checks.lab_05_lora_layer.first_gradients import gradient_case as gradient_case
from lora_utils.checks.lab_05_lora_layer.first_gradients import judge_gradient as judge_gradient
from lora_utils.checks.lab_05_lora_layer.layer_output import case as case
from lora_utils.checks.lab_05_lora_layer.layer_output import judge_output as judge_output
from lora_utils.checks.lab_05_lora_layer.lora_layer import lora_layer as lora_layer
from lora_utils.checks.lab_05_lora_layer.lora_layer_probes import fit as fit
from lora_utils.checks.lab_05_lora_layer.low_rank import best_approximation as best_approximation
from lora_utils.checks.lab_05_lora_layer.low_rank import cuts as cuts
from lora_utils.checks.lab_05_lora_layer.low_rank import judge_approximation as judge_approximation
from lora_utils.checks.lab_05_lora_layer.low_rank import judge_error as judge_error
from lora_utils.checks.lab_05_lora_layer.low_rank import known as known
from lora_utils.checks.lab_05_lora_layer.rank_for_energy import far_cases as far_cases
from lora_utils.checks.lab_05_lora_layer.rank_for_energy import judge_ranks as judge_ranks
from lora_utils.checks.lab_05_lora_layer.rank_for_energy import rank_for_energy as rank_for_energy
from lora_utils.checks.lab_05_lora_layer.ranks_under_budget import Plan as Plan
from lora_utils.checks.lab_05_lora_layer.ranks_under_budget import judge_budget as judge_budget
from lora_utils.checks.lab_05_lora_layer.ranks_under_budget import judge_energy as judge_energy
from lora_utils.checks.lab_05_lora_layer.ranks_under_budget import plans as plans
from lora_utils.checks.lab_05_lora_layer.ranks_under_budget import ranks_under_budget as ranks_under_budget
