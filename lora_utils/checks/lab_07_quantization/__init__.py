"""Checks of lab 07: ranges, blocks, tables of levels, packing, double quantization.

May import the framework and the rooms below the checks, but no other lab's.
"""

from lora_utils.checks.lab_07_quantization.absmax import grid_cases as grid_cases
from lora_utils.checks.lab_07_quantization.absmax import judge_codes as judge_codes
from lora_utils.checks.lab_07_quantization.absmax import judge_step as judge_step
from lora_utils.checks.lab_07_quantization.absmax import quantize_absmax as quantize_absmax
from lora_utils.checks.lab_07_quantization.blocks import in_blocks as in_blocks
from lora_utils.checks.lab_07_quantization.blocks import judge_back as judge_back
from lora_utils.checks.lab_07_quantization.blocks import judge_blocks as judge_blocks
from lora_utils.checks.lab_07_quantization.blocks import quantize_blocks as quantize_blocks
from lora_utils.checks.lab_07_quantization.double_quantization import double_quantization as double_quantization
from lora_utils.checks.lab_07_quantization.double_quantization import judge_equal as judge_equal
from lora_utils.checks.lab_07_quantization.double_quantization import judge_restored as judge_restored
from lora_utils.checks.lab_07_quantization.double_quantization import judge_stored as judge_stored
from lora_utils.checks.lab_07_quantization.nearest_entry import judge_nearest as judge_nearest
from lora_utils.checks.lab_07_quantization.nearest_entry import nearest_entry as nearest_entry
from lora_utils.checks.lab_07_quantization.nearest_entry import numbers_for as numbers_for
from lora_utils.checks.lab_07_quantization.nearest_entry import table_like as table_like
from lora_utils.checks.lab_07_quantization.normal_float import judge_levels as judge_levels
from lora_utils.checks.lab_07_quantization.normal_float import normal_float as normal_float
from lora_utils.checks.lab_07_quantization.own_table import KINDS as KINDS
from lora_utils.checks.lab_07_quantization.own_table import judge_levels_of as judge_levels_of
from lora_utils.checks.lab_07_quantization.own_table import judge_lost as judge_lost
from lora_utils.checks.lab_07_quantization.own_table import own_table as own_table
from lora_utils.checks.lab_07_quantization.own_table import samples as samples
from lora_utils.checks.lab_07_quantization.pack_codes import judge_packed as judge_packed
from lora_utils.checks.lab_07_quantization.pack_codes import judge_unpacked as judge_unpacked
from lora_utils.checks.lab_07_quantization.pack_codes import pack_codes as pack_codes
from lora_utils.checks.lab_07_quantization.relative_error import judge_error as judge_error
from lora_utils.checks.lab_07_quantization.relative_error import relative_error as relative_error
from lora_utils.checks.lab_07_quantization.relative_error import tensor_pairs as tensor_pairs
from lora_utils.checks.lab_07_quantization.zero_point import around_zero as around_zero
from lora_utils.checks.lab_07_quantization.zero_point import judge_range as judge_range
from lora_utils.checks.lab_07_quantization.zero_point import one_sided as one_sided
from lora_utils.checks.lab_07_quantization.zero_point import quantize_zero_point as quantize_zero_point
