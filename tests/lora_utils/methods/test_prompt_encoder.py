"""The prompt's network: its formula, its gradients, and what is left when it is folded."""

import pytest
import torch

from lora_utils.methods.prompt_encoder import PromptEncoder


def test_the_prompt_equals_the_formula_and_its_gradients():
    torch.manual_seed(1)
    encoder = PromptEncoder(5, 7, inner=3, table_width=4)
    table, down, up = encoder.table, encoder.down, encoder.up
    inner = torch.tanh(torch.einsum("lt,ft->lf", table, down.weight) + down.bias)
    torch.testing.assert_close(encoder(), torch.einsum("lf,wf->lw", inner, up.weight) + up.bias)
    G = torch.randn(5, 7)
    encoder().backward(G)
    bent = (G @ up.weight) * (1 - inner**2)  # (l, f): tanh' = 1 - tanh^2
    torch.testing.assert_close(up.weight.grad, G.T @ inner)
    torch.testing.assert_close(down.weight.grad, bent.T @ table)
    torch.testing.assert_close(table.grad, bent @ down.weight)


def test_sizes_by_default():
    encoder = PromptEncoder(5, 8)
    assert encoder().shape == (5, 8)
    assert sum(p.numel() for p in encoder.parameters()) == 5 * 8 + (8 * 4 + 4) + (4 * 8 + 8)
    assert PromptEncoder(0, 8)().shape == (0, 8)


def test_folding_gives_the_same_numbers_without_a_past():
    encoder = PromptEncoder(5, 8)
    folded = encoder.fold()
    assert torch.equal(folded, encoder())
    assert not folded.requires_grad
    assert folded.grad_fn is None


def test_arguments_are_checked():
    with pytest.raises(ValueError, match="length must be an integer of at least 0, got -1"):
        PromptEncoder(-1, 8)
    with pytest.raises(ValueError, match="inner must be an integer of at least 1, got 0"):
        PromptEncoder(2, 8, inner=0)
