"""Checks of lab 08: products with 4-bit weights, checkpoints, labels, memory, merging.

May import the framework and the rooms below the checks, but no other lab's.
"""

from lora_utils.checks.framework.compare import expect_close as expect_close
from lora_utils.checks.lab_08_qlora.answer_labels import answer_labels as answer_labels
from lora_utils.checks.lab_08_qlora.answer_labels import judge_loss as judge_loss
from lora_utils.checks.lab_08_qlora.checkpoint_blocks import checkpoint_blocks as checkpoint_blocks
from lora_utils.checks.lab_08_qlora.checkpoint_blocks import expected_run as expected_run
from lora_utils.checks.lab_08_qlora.checkpoint_blocks import judge_run as judge_run
from lora_utils.checks.lab_08_qlora.four_bit_layers import run_path as run_path
from lora_utils.checks.lab_08_qlora.four_bit_matmul import four_bit_matmul as four_bit_matmul
from lora_utils.checks.lab_08_qlora.four_bit_matmul import judge_gradient as judge_gradient
from lora_utils.checks.lab_08_qlora.four_bit_matmul import judge_product as judge_product
from lora_utils.checks.lab_08_qlora.four_bit_matmul import see as see
from lora_utils.checks.lab_08_qlora.four_bit_matmul import stored_case as stored_case
from lora_utils.checks.lab_08_qlora.merge_back import judge_merge as judge_merge
from lora_utils.checks.lab_08_qlora.merge_back import merge_back as merge_back
from lora_utils.checks.lab_08_qlora.qlora_linear import judge_path as judge_path
from lora_utils.checks.lab_08_qlora.qlora_linear import path_case as path_case
from lora_utils.checks.lab_08_qlora.qlora_linear import qlora_linear as qlora_linear
from lora_utils.checks.lab_08_qlora.quantized_start import judge_near as judge_near
from lora_utils.checks.lab_08_qlora.quantized_start import judge_stored as judge_stored
from lora_utils.checks.lab_08_qlora.quantized_start import quantized_start as quantized_start
from lora_utils.checks.lab_08_qlora.quantized_start import weights as weights
from lora_utils.checks.lab_08_qlora.step_bytes import judge_bytes as judge_bytes
from lora_utils.checks.lab_08_qlora.step_bytes import step_bytes as step_bytes
