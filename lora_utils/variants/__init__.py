"""What came after LoRA: other starts, ranks under a budget, vectors for matrices, adapters merged and served together.

May import methods, training, quantization and what lies below.
"""

from lora_utils.variants.batched_lora import BatchedLoRA as BatchedLoRA
from lora_utils.variants.eva import eva_start as eva_start
from lora_utils.variants.intruder_dimensions import count_intruder_dimensions as count_intruder_dimensions
from lora_utils.variants.intruder_dimensions import scale_intruder_dimensions as scale_intruder_dimensions
from lora_utils.variants.intruder_dimensions import top_cosines as top_cosines
from lora_utils.variants.loftq import loftq_start as loftq_start
from lora_utils.variants.merging_updates import drop_and_rescale as drop_and_rescale
from lora_utils.variants.merging_updates import merge_ties as merge_ties
from lora_utils.variants.merging_updates import task_arithmetic as task_arithmetic
from lora_utils.variants.pissa import best_factors as best_factors
from lora_utils.variants.pissa import pissa_start as pissa_start
from lora_utils.variants.rank_allocation import allocate_ranks as allocate_ranks
from lora_utils.variants.rank_allocation import triple_importance as triple_importance
from lora_utils.variants.start_at import inject_started as inject_started
from lora_utils.variants.vera import VeRALinear as VeRALinear
from lora_utils.variants.vera import inject_vera as inject_vera
from lora_utils.variants.vera import shared_matrices as shared_matrices
