"""What came after LoRA: other starts, ranks that move under a budget, vectors over shared random matrices.

May import methods, quantization and what lies below.
"""

from lora_utils.variants.eva import eva_start as eva_start
from lora_utils.variants.loftq import loftq_start as loftq_start
from lora_utils.variants.pissa import best_factors as best_factors
from lora_utils.variants.pissa import pissa_start as pissa_start
from lora_utils.variants.rank_allocation import allocate_ranks as allocate_ranks
from lora_utils.variants.rank_allocation import triple_importance as triple_importance
from lora_utils.variants.start_at import inject_started as inject_started
from lora_utils.variants.vera import VeRALinear as VeRALinear
from lora_utils.variants.vera import inject_vera as inject_vera
from lora_utils.variants.vera import shared_matrices as shared_matrices
