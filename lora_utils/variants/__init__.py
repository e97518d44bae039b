"""What came after LoRA: what adapters do to a weight, several of them in one weight, many of them over one base.

May import methods, training and what lies below.
"""

from lora_utils.variants.batched_lora import BatchedLoRA as BatchedLoRA
from lora_utils.variants.intruder_dimensions import count_intruder_dimensions as count_intruder_dimensions
from lora_utils.variants.intruder_dimensions import scale_intruder_dimensions as scale_intruder_dimensions
from lora_utils.variants.intruder_dimensions import top_cosines as top_cosines
from lora_utils.variants.merging_updates import drop_and_rescale as drop_and_rescale
from lora_utils.variants.merging_updates import merge_ties as merge_ties
from lora_utils.variants.merging_updates import task_arithmetic as task_arithmetic
