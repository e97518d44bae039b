"""Checks of lab 01: from text to padded batches, honest baselines, prompting.

May import the framework and the rooms below the checks, but no other lab's.
"""

from lora_utils.checks.lab_01_baselines.calibration import calibration as calibration
from lora_utils.checks.lab_01_baselines.calibration import calibration_case as calibration_case
from lora_utils.checks.lab_01_baselines.calibration import judge_calibrated as judge_calibrated
from lora_utils.checks.lab_01_baselines.honest_baselines import counts_case as counts_case
from lora_utils.checks.lab_01_baselines.honest_baselines import honest_baselines as honest_baselines
from lora_utils.checks.lab_01_baselines.honest_baselines import judge_counts as judge_counts
from lora_utils.checks.lab_01_baselines.honest_baselines import judge_majority as judge_majority
from lora_utils.checks.lab_01_baselines.honest_baselines import labels_case as labels_case
from lora_utils.checks.lab_01_baselines.honest_split import cases_of as cases_of
from lora_utils.checks.lab_01_baselines.honest_split import honest_split as honest_split
from lora_utils.checks.lab_01_baselines.honest_split import judge_classes as judge_classes
from lora_utils.checks.lab_01_baselines.honest_split import judge_groups as judge_groups
from lora_utils.checks.lab_01_baselines.honest_split import judge_size as judge_size
from lora_utils.checks.lab_01_baselines.label_score import judge_score as judge_score
from lora_utils.checks.lab_01_baselines.label_score import label_score as label_score
from lora_utils.checks.lab_01_baselines.label_score import score_case as score_case
from lora_utils.checks.lab_01_baselines.mean_pooling import judge_pool as judge_pool
from lora_utils.checks.lab_01_baselines.mean_pooling import mean_pooling as mean_pooling
from lora_utils.checks.lab_01_baselines.mean_pooling import pool_case as pool_case
from lora_utils.checks.lab_01_baselines.padded_batch import judge_ids as judge_ids
from lora_utils.checks.lab_01_baselines.padded_batch import judge_mask as judge_mask
from lora_utils.checks.lab_01_baselines.padded_batch import padded_batch as padded_batch
from lora_utils.checks.lab_01_baselines.padded_batch import rows_case as rows_case
from lora_utils.checks.lab_01_baselines.tokens import judge_tokens as judge_tokens
from lora_utils.checks.lab_01_baselines.tokens import tokenize as tokenize
from lora_utils.checks.lab_01_baselines.vocabulary import corpus as corpus
from lora_utils.checks.lab_01_baselines.vocabulary import judge_numbers as judge_numbers
from lora_utils.checks.lab_01_baselines.vocabulary import judge_vocabulary as judge_vocabulary
from lora_utils.checks.lab_01_baselines.vocabulary import lookup_case as lookup_case
from lora_utils.checks.lab_01_baselines.vocabulary import vocabulary as vocabulary
