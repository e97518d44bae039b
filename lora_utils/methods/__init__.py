"""What is taught: LoRA and its kin, adapters, IA3, soft prompts, BitFit, QLoRA.

May import wrappers, models and what lies below.
"""

from lora_utils.methods.adapter_file import adapter_state as adapter_state
from lora_utils.methods.adapter_file import load_adapter as load_adapter
from lora_utils.methods.adapter_file import save_adapter as save_adapter
from lora_utils.methods.adapters import AdapterBehind as AdapterBehind
from lora_utils.methods.adapters import AdapterBeside as AdapterBeside
from lora_utils.methods.adapters import BottleneckAdapter as BottleneckAdapter
from lora_utils.methods.adapters import inject_adapters as inject_adapters
from lora_utils.methods.bitfit import unfreeze_biases as unfreeze_biases
from lora_utils.methods.checkpointing import checkpoint_blocks as checkpoint_blocks
from lora_utils.methods.checkpointing import forget_checkpoints as forget_checkpoints
from lora_utils.methods.dora import LinearWithDoRA as LinearWithDoRA
from lora_utils.methods.dora import inject_dora as inject_dora
from lora_utils.methods.ia3 import LinearWithIA3 as LinearWithIA3
from lora_utils.methods.ia3 import inject_ia3 as inject_ia3
from lora_utils.methods.ia3 import merge_ia3 as merge_ia3
from lora_utils.methods.ia3 import unmerge_ia3 as unmerge_ia3
from lora_utils.methods.inject import inject_lora as inject_lora
from lora_utils.methods.inject import merge_lora as merge_lora
from lora_utils.methods.inject import unmerge_lora as unmerge_lora
from lora_utils.methods.linear_with_lora import LinearWithLoRA as LinearWithLoRA
from lora_utils.methods.lora import LoRALayer as LoRALayer
from lora_utils.methods.peft_export import bert_name as bert_name
from lora_utils.methods.peft_export import export_peft as export_peft
from lora_utils.methods.peft_export import peft_config as peft_config
from lora_utils.methods.peft_export import peft_state as peft_state
from lora_utils.methods.prefix_tuning import AttentionWithPrefix as AttentionWithPrefix
from lora_utils.methods.prefix_tuning import DecoderPrefix as DecoderPrefix
from lora_utils.methods.prefix_tuning import fold_prefix as fold_prefix
from lora_utils.methods.prefix_tuning import inject_prefix as inject_prefix
from lora_utils.methods.prompt_encoder import PromptEncoder as PromptEncoder
from lora_utils.methods.qlora import QuantizedLinearWithLoRA as QuantizedLinearWithLoRA
from lora_utils.methods.qlora import dequantized_weight as dequantized_weight
from lora_utils.methods.qlora import inject_qlora as inject_qlora
from lora_utils.methods.qlora import merge_qlora as merge_qlora
from lora_utils.methods.qlora import quantize_linears as quantize_linears
from lora_utils.methods.rslora import inject_rslora as inject_rslora
from lora_utils.methods.rslora import rslora_scale as rslora_scale
from lora_utils.methods.soft_prompt import PromptTuned as PromptTuned
from lora_utils.methods.soft_prompt import SoftPrompt as SoftPrompt
from lora_utils.methods.soft_prompt import nearest_words as nearest_words
from lora_utils.quantization.stored_weights import is_linear4bit as is_linear4bit
