"""What the wrappers of all methods share: one walk over a model's modules, merging, the type of what is trained.

May import nothing but what lies on the ground.
"""

from lora_utils.wrappers.merging import Mergeable as Mergeable
from lora_utils.wrappers.merging import merge_all as merge_all
from lora_utils.wrappers.merging import unmerge_all as unmerge_all
from lora_utils.wrappers.module_walk import Place as Place
from lora_utils.wrappers.module_walk import find as find
from lora_utils.wrappers.module_walk import replace as replace
from lora_utils.wrappers.module_walk import walk as walk
from lora_utils.wrappers.trained_dtype import trained_type as trained_type
