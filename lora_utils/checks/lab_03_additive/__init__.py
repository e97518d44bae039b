"""Checks of lab 03: bottleneck adapters and IA3.

May import the framework and the rooms below the checks, but no other lab's.
"""

from lora_utils.checks.framework.compare import share_left as share_left
from lora_utils.checks.framework.failure import Failure as Failure
from lora_utils.checks.lab_03_additive.adapter_behind import adapter_behind as adapter_behind
from lora_utils.checks.lab_03_additive.adapter_behind import judge_call as judge_call
from lora_utils.checks.lab_03_additive.bottleneck_adapter import bottleneck_adapter as bottleneck_adapter
from lora_utils.checks.lab_03_additive.bottleneck_adapter import case as case
from lora_utils.checks.lab_03_additive.bottleneck_adapter import judge_output as judge_output
from lora_utils.checks.lab_03_additive.bottleneck_probes import fit as fit
from lora_utils.checks.lab_03_additive.count_adapters import count_adapters as count_adapters
from lora_utils.checks.lab_03_additive.count_adapters import judge_widest as judge_widest
from lora_utils.checks.lab_03_additive.fold_ia3 import fold_case as fold_case
from lora_utils.checks.lab_03_additive.fold_ia3 import fold_ia3 as fold_ia3
from lora_utils.checks.lab_03_additive.fold_ia3 import judge_fold as judge_fold
from lora_utils.checks.lab_03_additive.ia3_layer import ia3_case as ia3_case
from lora_utils.checks.lab_03_additive.ia3_layer import ia3_layer as ia3_layer
from lora_utils.checks.lab_03_additive.ia3_layer import judge_scaling as judge_scaling
from lora_utils.checks.lab_03_additive.insert_adapters import insert_adapters as insert_adapters
from lora_utils.checks.lab_03_additive.insert_adapters import inserted as inserted
from lora_utils.checks.lab_03_additive.own_adapter import judge_fit as judge_fit
from lora_utils.checks.lab_03_additive.own_adapter import own_adapter as own_adapter
