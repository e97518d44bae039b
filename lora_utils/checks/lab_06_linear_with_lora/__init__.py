"""Checks of lab 06: LinearWithLoRA, injection, merging, adapter files.

May import the framework and the rooms below the checks, but no other lab's.
"""

from lora_utils.checks.framework.compare import share_left as share_left
from lora_utils.checks.framework.wrapping_probes import fit as fit
from lora_utils.checks.lab_06_linear_with_lora.adapt_classifier import adapt_classifier as adapt_classifier
from lora_utils.checks.lab_06_linear_with_lora.adapt_classifier import seen_after as seen_after
from lora_utils.checks.lab_06_linear_with_lora.adapted_model import numbers_of as numbers_of
from lora_utils.checks.lab_06_linear_with_lora.adapter_state import adapter_state as adapter_state
from lora_utils.checks.lab_06_linear_with_lora.adapter_state import judge_state as judge_state
from lora_utils.checks.lab_06_linear_with_lora.blend_adapters import blend_adapters as blend_adapters
from lora_utils.checks.lab_06_linear_with_lora.blend_adapters import blend_case as blend_case
from lora_utils.checks.lab_06_linear_with_lora.blend_adapters import judge_blend as judge_blend
from lora_utils.checks.lab_06_linear_with_lora.inject_by_name import LAYERS as LAYERS
from lora_utils.checks.lab_06_linear_with_lora.inject_by_name import expect_refusal as expect_refusal
from lora_utils.checks.lab_06_linear_with_lora.inject_by_name import inject_by_name as inject_by_name
from lora_utils.checks.lab_06_linear_with_lora.inject_by_name import injected as injected
from lora_utils.checks.lab_06_linear_with_lora.linear_with_lora import judge_output as judge_output
from lora_utils.checks.lab_06_linear_with_lora.linear_with_lora import linear_with_lora as linear_with_lora
from lora_utils.checks.lab_06_linear_with_lora.merge_weights import Mergeable as Mergeable
from lora_utils.checks.lab_06_linear_with_lora.merge_weights import merge_case as merge_case
from lora_utils.checks.lab_06_linear_with_lora.merge_weights import merge_steps as merge_steps
from lora_utils.checks.lab_06_linear_with_lora.merge_weights import merge_weights as merge_weights
from lora_utils.checks.lab_06_linear_with_lora.merge_weights import merged_weight as merged_weight
from lora_utils.checks.lab_06_linear_with_lora.swap_adapters import expect_refused as expect_refused
from lora_utils.checks.lab_06_linear_with_lora.swap_adapters import random_state as random_state
from lora_utils.checks.lab_06_linear_with_lora.swap_adapters import swap_adapters as swap_adapters
from lora_utils.checks.lab_06_linear_with_lora.swap_adapters import swap_each as swap_each
from lora_utils.checks.lab_06_linear_with_lora.wrapping_cases import case as case
