"""Checks of lab 05: low rank, LoRALayer, its gradients, what alpha does.

May import the framework and the rooms below the checks, but no other lab's.
"""

from lora_utils.checks.framework.compare import share_left as share_left
from lora_utils.checks.framework.failure import Failure as Failure
from lora_utils.checks.lab_05_lora_layer.gradients_and_alpha import alpha_conventions as alpha_conventions
from lora_utils.checks.lab_05_lora_layer.gradients_and_alpha import first_gradients as first_gradients
from lora_utils.checks.lab_05_lora_layer.gradients_and_alpha import gradient_case as gradient_case
from lora_utils.checks.lab_05_lora_layer.gradients_and_alpha import judge_alpha as judge_alpha
from lora_utils.checks.lab_05_lora_layer.gradients_and_alpha import judge_gradient as judge_gradient
from lora_utils.checks.lab_05_lora_layer.gradients_and_alpha import judge_update as judge_update
from lora_utils.checks.lab_05_lora_layer.gradients_and_alpha import peft_case as peft_case
from lora_utils.checks.lab_05_lora_layer.lora_layer import case as case
from lora_utils.checks.lab_05_lora_layer.lora_layer import judge_output as judge_output
from lora_utils.checks.lab_05_lora_layer.lora_layer import lora_layer as lora_layer
from lora_utils.checks.lab_05_lora_layer.lora_layer_probes import fit as fit
from lora_utils.checks.lab_05_lora_layer.low_rank import best_approximation as best_approximation
from lora_utils.checks.lab_05_lora_layer.low_rank import count as count
from lora_utils.checks.lab_05_lora_layer.low_rank import count_parameters as count_parameters
from lora_utils.checks.lab_05_lora_layer.low_rank import judge_approximation as judge_approximation
from lora_utils.checks.lab_05_lora_layer.low_rank import judge_error as judge_error
from lora_utils.checks.lab_05_lora_layer.low_rank import judge_ranks as judge_ranks
from lora_utils.checks.lab_05_lora_layer.low_rank import known as known
from lora_utils.checks.lab_05_lora_layer.low_rank import rank_for_energy as rank_for_energy
from lora_utils.checks.lab_05_lora_layer.low_rank import spaced as spaced
