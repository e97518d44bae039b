"""The optimiser of QLoRA, where there is one, and a plain one where there is not.

AdamW remembers two numbers per trained number. In 8 bits these take 2 bytes instead of 8; paged memory lets the GPU
move them to main memory while a long sequence needs the room.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Iterable

import torch
from torch import Tensor, nn

from lora_utils.quantization.linear4bit import load_bitsandbytes
from lora_utils.reals import above_zero, real

PAGED_FROM = 100_000  # numbers of a tensor whose states bitsandbytes pages (Optimizer8bit.get_state_buffer)


def paged_adamw_8bit_or_adamw(
    parameters: Iterable[nn.Parameter], lr: float, weight_decay: float = 0.0
) -> tuple[torch.optim.Optimizer, str]:
    """Return bitsandbytes' paged 8-bit AdamW, or as much of it as works here, and a sentence that says what it is.

    On a GPU: paged, 8 bits. On a CPU with bitsandbytes 0.50 or later: 8 bits, not paged, since there is no second
    memory to page to. Otherwise torch.optim.AdamW. Tried out on a tensor of its own, so the parameters stay untouched.
    bitsandbytes keeps the states of tensors below 4,096 numbers in 32 bits, and pages none below 100,000, whatever the
    optimiser's name says.

    Args:
        parameters: what to train, all on one device; those without requires_grad are left out.
        lr: learning rate, above 0.
        weight_decay: default 0.0.

    Raises:
        ValueError: if nothing is trainable or lr is not above 0.

    Source: Dettmers et al. 2022, arXiv 2110.02861 (8 bits); Dettmers et al. 2023, arXiv 2305.14314, section 3 (paged).
    Explained in lab 08_qlora.
    """
    trained = [p for p in parameters if p.requires_grad]
    if not trained:
        raise ValueError("there is nothing to train: no parameter has requires_grad; inject LoRA first")
    lr, weight_decay = above_zero("lr", lr), real("weight_decay", weight_decay)
    device = trained[0].device
    name, what = ("PagedAdamW8bit", "paged 8-bit AdamW") if device.type == "cuda" else ("AdamW8bit", "8-bit AdamW")
    try:
        kind = getattr(load_bitsandbytes().optim, name)
        _try_out(kind, device)
    except Exception as error:  # whatever it is, training must go on
        why = str(error).splitlines()[0][:80] if str(error) else type(error).__name__
        sentence = f"torch.optim.AdamW, states in 32 bits (bitsandbytes has no 8-bit optimiser for this machine: {why})"
        return torch.optim.AdamW(trained, lr=lr, weight_decay=weight_decay), sentence
    return kind(trained, lr=lr, weight_decay=weight_decay), f"bitsandbytes' {what}{_paging(trained, device)}"


def _paging(trained: list[nn.Parameter], device: torch.device) -> str:
    """What of the states can be paged, as the end of a sentence."""
    if device.type != "cuda":
        return ", not paged: paging moves memory between a GPU and its host"
    large = sum(parameter.numel() >= PAGED_FROM for parameter in trained)
    return f"; {large} of {len(trained)} tensors are paged, those of {PAGED_FROM:,} numbers or more"


def state_bytes(optimizer: torch.optim.Optimizer) -> int:
    """Return the bytes of all tensors that an optimiser remembers, a table shared by several parameters once."""
    states = [v for state in optimizer.state.values() for v in state.values() if isinstance(v, Tensor)]
    return sum({s.data_ptr(): s.nbytes() for s in (t.untyped_storage() for t in states)}.values())


def _try_out(kind: type, device: torch.device) -> None:
    """Take one step on a throw-away tensor that is large enough for 8 bits."""
    with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        probe = nn.Parameter(torch.zeros(4096, device=device))
        optimizer = kind([probe], lr=1.0)
        probe.grad = torch.ones_like(probe)
        optimizer.step()
    if not bool((probe < 0).all()):
        raise RuntimeError("its step does not move the weights")
