"""Checks of lab 04: prompts and prefixes that are trained.

May import the framework and the rooms below the checks, but no other lab's.
"""

from lora_utils.checks.framework.compare import close as close
from lora_utils.checks.framework.failure import Failure as Failure
from lora_utils.checks.lab_04_soft_prompts.attention_rules import INPUTS as INPUTS
from lora_utils.checks.lab_04_soft_prompts.attention_rules import attention as attention
from lora_utils.checks.lab_04_soft_prompts.attention_rules import text_alone as text_alone
from lora_utils.checks.lab_04_soft_prompts.nearest_words import judge_nearest as judge_nearest
from lora_utils.checks.lab_04_soft_prompts.nearest_words import nearest_case as nearest_case
from lora_utils.checks.lab_04_soft_prompts.nearest_words import nearest_words as nearest_words
from lora_utils.checks.lab_04_soft_prompts.next_token_labels import judge_labels as judge_labels
from lora_utils.checks.lab_04_soft_prompts.next_token_labels import label_case as label_case
from lora_utils.checks.lab_04_soft_prompts.next_token_labels import next_token_labels as next_token_labels
from lora_utils.checks.lab_04_soft_prompts.prefix_attention import attend as attend
from lora_utils.checks.lab_04_soft_prompts.prefix_attention import attention_case as attention_case
from lora_utils.checks.lab_04_soft_prompts.prefix_attention import judge_attention as judge_attention
from lora_utils.checks.lab_04_soft_prompts.prefix_attention import prefix_attention as prefix_attention
from lora_utils.checks.lab_04_soft_prompts.prompt_encoder import judge_formula as judge_formula
from lora_utils.checks.lab_04_soft_prompts.prompt_encoder import network_case as network_case
from lora_utils.checks.lab_04_soft_prompts.prompt_encoder import prompt_encoder as prompt_encoder
from lora_utils.checks.lab_04_soft_prompts.prompt_encoder import prompt_of as prompt_of
from lora_utils.checks.lab_04_soft_prompts.prompt_encoder_probes import fold_twice as fold_twice
from lora_utils.checks.lab_04_soft_prompts.soft_prompt import judge_mask as judge_mask
from lora_utils.checks.lab_04_soft_prompts.soft_prompt import judge_vectors as judge_vectors
from lora_utils.checks.lab_04_soft_prompts.soft_prompt import prompt_cases as prompt_cases
from lora_utils.checks.lab_04_soft_prompts.soft_prompt import soft_prompt as soft_prompt
from lora_utils.checks.lab_04_soft_prompts.soft_prompt_probes import descend as descend
from lora_utils.checks.lab_04_soft_prompts.start_from_words import judge_start as judge_start
from lora_utils.checks.lab_04_soft_prompts.start_from_words import start_cases as start_cases
from lora_utils.checks.lab_04_soft_prompts.start_from_words import start_from_words as start_from_words
from lora_utils.checks.lab_04_soft_prompts.steer import cases_of as cases_of
from lora_utils.checks.lab_04_soft_prompts.steer import judge_share as judge_share
from lora_utils.checks.lab_04_soft_prompts.steer import steer as steer
