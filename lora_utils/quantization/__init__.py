"""Numbers in few bits: absmax, blocks, codebooks, NF4, microscaling, GPTQ, AWQ; layers and optimizers that store them.

On the ground floor.
"""

from lora_utils.quantization.absmax import Quantized as Quantized
from lora_utils.quantization.absmax import absmax_quantize as absmax_quantize
from lora_utils.quantization.absmax import bits_per_parameter as bits_per_parameter
from lora_utils.quantization.absmax import dequantize as dequantize
from lora_utils.quantization.absmax import zero_point_quantize as zero_point_quantize
from lora_utils.quantization.awq import awq_quantize as awq_quantize
from lora_utils.quantization.blocks import from_blocks as from_blocks
from lora_utils.quantization.blocks import to_blocks as to_blocks
from lora_utils.quantization.calibration import layer_inputs as layer_inputs
from lora_utils.quantization.calibration import output_error as output_error
from lora_utils.quantization.codebooks import FP4 as FP4
from lora_utils.quantization.codebooks import INT4 as INT4
from lora_utils.quantization.codebooks import NF4 as NF4
from lora_utils.quantization.codebooks import Codebook as Codebook
from lora_utils.quantization.codebooks import normal_float_levels as normal_float_levels
from lora_utils.quantization.double_quantization import GROUP as GROUP
from lora_utils.quantization.double_quantization import DoubleQuantized as DoubleQuantized
from lora_utils.quantization.double_quantization import bits_per_weight as bits_per_weight
from lora_utils.quantization.double_quantization import dequantize_scales as dequantize_scales
from lora_utils.quantization.double_quantization import dequantize_twice as dequantize_twice
from lora_utils.quantization.double_quantization import quantize_scales as quantize_scales
from lora_utils.quantization.double_quantization import storage_bytes as storage_bytes
from lora_utils.quantization.double_quantization import with_scales as with_scales
from lora_utils.quantization.gptq import gptq_quantize as gptq_quantize
from lora_utils.quantization.linear4bit import dequantize_linear4bit as dequantize_linear4bit
from lora_utils.quantization.linear4bit import load_bitsandbytes as load_bitsandbytes
from lora_utils.quantization.linear4bit import to_linear4bit as to_linear4bit
from lora_utils.quantization.microscaling import E2M1 as E2M1
from lora_utils.quantization.microscaling import Microscaled as Microscaled
from lora_utils.quantization.microscaling import block_scales as block_scales
from lora_utils.quantization.microscaling import dequantize_microscaled as dequantize_microscaled
from lora_utils.quantization.microscaling import mxfp4_quantize as mxfp4_quantize
from lora_utils.quantization.microscaling import nvfp4_quantize as nvfp4_quantize
from lora_utils.quantization.nf4 import BLOCK as BLOCK
from lora_utils.quantization.nf4 import FourBit as FourBit
from lora_utils.quantization.nf4 import dequantize_4bit as dequantize_4bit
from lora_utils.quantization.nf4 import nearest_codes as nearest_codes
from lora_utils.quantization.nf4 import pack as pack
from lora_utils.quantization.nf4 import quantize_4bit as quantize_4bit
from lora_utils.quantization.nf4 import unpack as unpack
from lora_utils.quantization.optimizers import paged_adamw_8bit_or_adamw as paged_adamw_8bit_or_adamw
from lora_utils.quantization.optimizers import state_bytes as state_bytes
from lora_utils.quantization.quantization_error import linear_weights as linear_weights
from lora_utils.quantization.quantization_error import relative_error as relative_error
from lora_utils.quantization.quantization_error import weights_replaced as weights_replaced
from lora_utils.quantization.quantized_linear import QuantizedLinear as QuantizedLinear
from lora_utils.quantization.stored_weights import is_linear4bit as is_linear4bit
