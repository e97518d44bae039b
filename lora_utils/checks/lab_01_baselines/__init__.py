"""Checks of lab 01: from text to padded batches, honest baselines, prompting.

May import the framework and the rooms below the checks, but no other lab's.
"""

from lora_utils.checks.lab_01_baselines.label_score_and_calibration import calibration as calibration
from lora_utils.checks.lab_01_baselines.label_score_and_calibration import judge_calibrated as judge_calibrated
from lora_utils.checks.lab_01_baselines.label_score_and_calibration import judge_score as judge_score
from lora_utils.checks.lab_01_baselines.label_score_and_calibration import label_score as label_score
from lora_utils.checks.lab_01_baselines.label_score_and_calibration import score_case as score_case
from lora_utils.checks.lab_01_baselines.pooling_and_baselines import counts_case as counts_case
from lora_utils.checks.lab_01_baselines.pooling_and_baselines import honest_baselines as honest_baselines
from lora_utils.checks.lab_01_baselines.pooling_and_baselines import judge_counts as judge_counts
from lora_utils.checks.lab_01_baselines.pooling_and_baselines import judge_pool as judge_pool
from lora_utils.checks.lab_01_baselines.pooling_and_baselines import mean_pooling as mean_pooling
from lora_utils.checks.lab_01_baselines.pooling_and_baselines import pool_case as pool_case
from lora_utils.checks.lab_01_baselines.tokens_and_batches import corpus_case as corpus_case
from lora_utils.checks.lab_01_baselines.tokens_and_batches import judge_padding as judge_padding
from lora_utils.checks.lab_01_baselines.tokens_and_batches import judge_tokens as judge_tokens
from lora_utils.checks.lab_01_baselines.tokens_and_batches import judge_vocabulary as judge_vocabulary
from lora_utils.checks.lab_01_baselines.tokens_and_batches import padded_batch as padded_batch
from lora_utils.checks.lab_01_baselines.tokens_and_batches import rows_case as rows_case
from lora_utils.checks.lab_01_baselines.tokens_and_batches import tokenize as tokenize
from lora_utils.checks.lab_01_baselines.tokens_and_batches import vocabulary as vocabulary
