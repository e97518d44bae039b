"""Checks of lab 02: a training step, AdamW, freezing, the memory ledger, forgetting.

May import the framework and the rooms below the checks, but no other lab's.
"""

from lora_utils.checks.framework.failure import Failure as Failure
from lora_utils.checks.lab_02_full_fine_tuning.adamw_step import adamw_case as adamw_case
from lora_utils.checks.lab_02_full_fine_tuning.adamw_step import adamw_step as adamw_step
from lora_utils.checks.lab_02_full_fine_tuning.adamw_step import judge_theta as judge_theta
from lora_utils.checks.lab_02_full_fine_tuning.evaluate import evaluate as evaluate
from lora_utils.checks.lab_02_full_fine_tuning.evaluate import evaluation_case as evaluation_case
from lora_utils.checks.lab_02_full_fine_tuning.evaluate import judge_accuracy as judge_accuracy
from lora_utils.checks.lab_02_full_fine_tuning.forgetting import forgetting as forgetting
from lora_utils.checks.lab_02_full_fine_tuning.forgetting import forgetting_case as forgetting_case
from lora_utils.checks.lab_02_full_fine_tuning.forgetting import judge_forgetting as judge_forgetting
from lora_utils.checks.lab_02_full_fine_tuning.forgetting import judge_head as judge_head
from lora_utils.checks.lab_02_full_fine_tuning.freezing_policy import freezing_policy as freezing_policy
from lora_utils.checks.lab_02_full_fine_tuning.freezing_policy import judge_policy as judge_policy
from lora_utils.checks.lab_02_full_fine_tuning.memory_ledger import judge_kind as judge_kind
from lora_utils.checks.lab_02_full_fine_tuning.memory_ledger import ledger_cases as ledger_cases
from lora_utils.checks.lab_02_full_fine_tuning.memory_ledger import memory_ledger as memory_ledger
from lora_utils.checks.lab_02_full_fine_tuning.training_step import judge_steps as judge_steps
from lora_utils.checks.lab_02_full_fine_tuning.training_step import step_case as step_case
from lora_utils.checks.lab_02_full_fine_tuning.training_step import training_step as training_step
from lora_utils.checks.lab_02_full_fine_tuning.under_budget import budget_cases as budget_cases
from lora_utils.checks.lab_02_full_fine_tuning.under_budget import judge_share as judge_share
from lora_utils.checks.lab_02_full_fine_tuning.under_budget import under_budget as under_budget
