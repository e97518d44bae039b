"""The ledger's rules against steps that are really taken and counted."""

from __future__ import annotations

import torch

from lora_utils.checks import Draw
from lora_utils.checks.lab_02_full_fine_tuning.ledger_rules import right_bytes
from lora_utils.checks.lab_02_full_fine_tuning.memory_ledger import KINDS, chain, every_case, ledger_cases
from lora_utils.training.measured_memory import training_memory


def test_the_rules_give_what_a_step_keeps():
    draw = Draw("ledger rules")
    for c in [*every_case(draw), *ledger_cases(draw, 60)]:
        x, labels = torch.ones(c["b"], c["sizes"][0]), torch.arange(c["b"]) % c["sizes"][-1]
        measured = training_memory(chain(**c), x, labels)
        for kind in KINDS:
            assert right_bytes(c, kind) == getattr(measured, kind), (c, kind)
