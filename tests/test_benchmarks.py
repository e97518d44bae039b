"""What `make bench` compares and how it reckons, at tiny sizes and without a look at any time that passes."""

import importlib.util
import itertools

import pytest
import torch

from benchmarks import lora_step, qlora_step, quantizing, ratios
from benchmarks.paired import HEAD, Ratio, machine, paired
from lora_utils.models.minilm import MiniLM
from lora_utils.models.sentence_classifier import SentenceClassifier

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")  # inside bitsandbytes
needs_peft = pytest.mark.skipif(importlib.util.find_spec("peft") is None, reason="peft needs torch 2.6")


def test_rounds_alternate_and_the_first_only_warms_up():
    calls, clock = [], itertools.count()
    got = paired("x", lambda: calls.append("a"), lambda: calls.append("b"), 2, times=2, clock=lambda: next(clock))
    assert "".join(calls) == "bbaa" + "aabb" + "bbaa"
    assert got == Ratio("x", [0.5, 0.5], [0.5, 0.5])


def test_a_row_has_the_median_of_the_ratios_and_not_the_ratio_of_the_medians():
    row = Ratio("x / y", ours=[0.001, 0.004, 0.009], theirs=[0.002, 0.002, 0.003]).row()
    assert row == "| x / y | 4.00 | 2.00 | 2.00 | 0.50 to 3.00 | 3 |"
    assert {line.count("|") for line in [*HEAD.splitlines(), row]} == {7}


@needs_peft
def test_the_machine_is_told_with_its_versions():
    assert f"torch {torch.__version__}" in machine(3)
    assert "3 thread(s) used" in machine(3)


@needs_peft
def test_a_qlora_step_and_pefts_have_one_loss_and_the_same_gradients():
    sizes = {"vocabulary": 37, "width": 128, "heads": 4, "kv_heads": 2, "inner": 192, "blocks": 3}
    ours, theirs = qlora_step.models(**sizes)
    assert len(qlora_step.factors(ours, theirs)) == 3 * 7 * 2
    x = torch.randn(2, 5, 128, generator=torch.Generator().manual_seed(0))
    assert qlora_step.largest_difference(ours, theirs, x) < 1e-3
    with torch.no_grad():
        ours.blocks[1].attention.value.lora.B.add_(0.01)
    assert qlora_step.largest_difference(ours, theirs, x) > 1e-2, "it notices a wrong step"


def tiny_classifier(classes: int) -> SentenceClassifier:
    torch.manual_seed(2)
    encoder = MiniLM(vocabulary=20_000, width=12, blocks=6, heads=3, inner=10, positions=9)
    return SentenceClassifier(encoder.requires_grad_(False), classes)


@needs_peft
def test_the_upper_half_of_a_lora_step_is_pefts_also_with_what_lies_below_computed_once(monkeypatch):
    monkeypatch.setattr(lora_step, "load_sentence_classifier", tiny_classifier)
    ids, labels = lora_step.a_batch(3, 7)
    losses = []
    for once in (False, True):
        torch.manual_seed(0)
        mine, other = lora_step.ours(lora_step.UPPER), lora_step.theirs(lora_step.UPPER)
        lora_step.same_start(mine, other, lora_step.UPPER)
        if once:
            vectors = lora_step.below(mine, lora_step.Examples(ids, labels), 3).inputs
            step = lora_step.stepper(lora_step.UpperBlocks(mine, 3), vectors, labels)
        else:
            step = lora_step.stepper(mine, ids, labels)
        losses.append([step() for _ in range(3)])
    step = lora_step.stepper(other, ids, labels)
    losses.append([step() for _ in range(3)])
    torch.testing.assert_close(losses[0], losses[2], rtol=1e-4, atol=0.0)
    torch.testing.assert_close(losses[1], losses[2], rtol=1e-4, atol=0.0)


@pytest.mark.parametrize("double", [True, False])
@pytest.mark.parametrize("shape", [(3, 128), (5, 37)], ids=str)
def test_dequantizing_compares_the_same_weights(shape, double):
    got = quantizing.dequantizing(shape, torch.bfloat16, 64, double, rounds=2)
    assert len(got.ours) == len(got.theirs) == 2
    assert got.what.startswith(f"dequantize {shape[0]} x {shape[1]} bfloat16")


@needs_peft
def test_parts_may_be_left_out(capsys):
    ratios.main(["--leave-out", *ratios.PARTS])
    assert capsys.readouterr().out.splitlines()[1:] == HEAD.splitlines()
