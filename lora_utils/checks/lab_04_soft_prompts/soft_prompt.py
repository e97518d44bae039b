"""Checks of lab 04: the soft prompt itself.

Letters: b batch, s sequence, l length of the prompt, d width. Prompt (l, d), vectors (b, s, d), mask (b, s).
"""

from __future__ import annotations

import contextlib
import re

import torch
from torch import nn

from lora_utils.checks import Draw, Exercise, Mistake, StudentRaised, Subject, expect_close
from lora_utils.checks import Failure as Failure
from lora_utils.checks.framework.compare import close, expect_explained, learns
from lora_utils.checks.framework.probes import parameters_of, stepped

soft_prompt = Exercise("soft-prompt")


# ------------------------------------------------------------------------------------------------------------ probes
def build(cls, *, init, vectors, mask) -> dict:
    """Probe: make the module; what it is made of, what it returns after a step, and what it is when init has moved."""
    module = cls(init)
    if not isinstance(module, nn.Module):
        return {"module": False}
    seen = {
        "module": True,
        "parameters": parameters_of(module),
        "buffers": [name for name, _ in module.named_buffers()],
        "tensors": [name for name, value in vars(module).items() if isinstance(value, torch.Tensor)],
        "later": None,
    }
    with contextlib.suppress(Exception), stepped(module):  # the checks of the output see what is wrong in forward
        out = module(vectors.requires_grad_(True), mask)
        seen["later"] = out[0].detach().clone() if isinstance(out, tuple | list) and len(out) == 2 else None
    with torch.no_grad():
        init.add_(1)
    return seen | {"moved": [p.detach().clone() for p in module.parameters()]}


def run(cls, *, init, vectors, mask, prompt=None, upstream=None, double: bool = False) -> dict:
    """Probe: what forward returns and, with an upstream gradient, dL/dprompt and dL/dvectors.

    With `prompt` these numbers are written into the parameter first.
    """
    module = cls(init)
    if prompt is not None:
        with torch.no_grad():
            next(module.parameters()).copy_(prompt)
    module = module.double() if double else module
    vectors.requires_grad_(True)
    out = module(vectors, mask)
    if not isinstance(out, tuple | list) or len(out) != 2:
        return {"pair": False, "came": type(out).__name__}
    longer, real = out
    seen = {
        "pair": True,
        "vectors": longer,
        "mask": real,
        "given": [vectors, mask],
        "dprompt": None,
        "dvectors": None,
    }
    if upstream is not None and longer.requires_grad:
        wanted = {"dvectors": vectors, "dprompt": next(iter(module.parameters()))}
        live = {name: t for name, t in wanted.items() if t.requires_grad}
        grads = torch.autograd.grad(longer, list(live.values()), upstream, allow_unused=True)
        seen |= dict(zip(live, grads, strict=True))
    return seen


def descend(cls, *, init, target, vectors, steps: int) -> dict:
    """Probe: train towards a target for the prompt's places; returns what forward puts there afterwards."""
    module, l = cls(init), len(init)
    mask = torch.ones(vectors.shape[:2], dtype=torch.bool)
    optimizer = torch.optim.SGD(module.parameters(), lr=0.2)
    for _ in range(steps):
        optimizer.zero_grad()
        loss = (module(vectors, mask)[0][:, :l] - target).square().sum()
        loss.backward()
        optimizer.step()
    return {"found": module(vectors, mask)[0][0, :l]}


# ------------------------------------------------------------------------------------------------------------ judges
@soft_prompt.check
def is_a_parameter(subject: Subject, draw: Draw) -> None:
    """Its one parameter is the prompt (l, d): trainable, and at the start a copy of init."""
    l, d = draw.sizes(2)
    init, vectors, mask = draw.normal(l, d), draw.normal(2, 3, d), torch.ones(2, 3, dtype=torch.bool)
    try:
        seen = subject.probe(build, init=init, vectors=vectors, mask=mask)
    except StudentRaised as error:
        if "before Module.__init__() call" in error.text:
            raise Failure("super-init-missing", "PyTorch cannot register the prompt: nn.Module was never initialised",
                          "Call super().__init__() first.") from None  # fmt: skip
        raise
    if not seen["module"]:
        raise Failure("not-a-module", "SoftPrompt(init) is not an nn.Module", "Write class SoftPrompt(nn.Module).")
    found = seen["parameters"]
    shapes = [tuple(p["value"].shape) for p in found]
    if not found:
        kind = "a buffer" if seen["buffers"] else "a plain tensor" if seen["tensors"] else "nothing"
        raise Failure("not-a-parameter", f"it has no parameter; the prompt is {kind}, which no optimiser sees",
                      "self.prompt = nn.Parameter(init.clone())")  # fmt: skip
    if shapes != [(l, d)]:
        came = ", ".join(map(str, shapes))
        raise Failure("other-parameters", f"expected one parameter of shape {(l, d)}, found {came}",
                      "The l vectors of the prompt are all that is trained; the batch shares them.")  # fmt: skip
    if not learns(found[0]):
        raise Failure("prompt-frozen", "the prompt has requires_grad=False: training would never change it",
                      "The model is frozen, the prompt is not: leave requires_grad=True.")  # fmt: skip
    if not close(found[0]["value"], init):
        text = "the prompt does not start at init"
        raise Failure("start-ignored", text, "Take the numbers of init as they are: nn.Parameter(init.clone()).")
    if not close(seen["moved"][0], init):
        text = "the prompt shares its memory with init: training it would overwrite the word vectors it came from"
        raise Failure("start-not-copied", text, "Copy first: nn.Parameter(init.clone()).")
    again = subject.tried(run, init=init, prompt=init - 1, vectors=vectors, mask=mask)
    expect_explained(seen["later"], again.get("vectors"), "the output after a step")


def prompt_case(
    draw: Draw, *, texts: int = 3, length: int | None = None, kind: str = "bool", left: bool = False
) -> dict:
    """Draw a prompt, vectors and a mask with padding in all texts but the first, l, s, d and b pairwise different."""
    l, s, d = draw.sizes(3, low=4, high=9)
    l = l if length is None else length
    real = torch.tensor([s, *(draw.integer(2, s - 1) for _ in range(texts - 1))])  # (b,)
    mask = torch.arange(s) < real[:, None]  # (b, s)
    mask = mask.flip(1) if left else mask
    return {"init": draw.normal(l, d), "vectors": draw.normal(texts, s, d), "mask": mask.to(getattr(torch, kind))}


def forward(subject: Subject, c: dict, **more) -> dict:
    """Call the student's forward; a tensor that does not fit gets its own message."""
    try:
        seen = subject.probe(run, **c, **more)
    except StudentRaised as error:
        if "same number of dimensions" in error.text:
            raise Failure("no-batch-axis", f"the prompt {tuple(c['init'].shape)} has no batch axis: {error.text}",
                          "Give it one and repeat it for every text: prompt.expand(b, -1, -1).") from None  # fmt: skip
        if error.kind == "IndexError" and "Dimension out of range" in error.text:
            raise Failure("no-batch-axis", f"something joined along axis 1 has no axis 1: {error.text}",
                          "The ones of the mask need a batch axis as well: mask.new_ones(b, l).") from None  # fmt: skip
        if place := re.search(r"Sizes of tensors must match except in dimension (\d+)", error.text):
            if place[1] != "1":
                text = f"vectors or mask are joined along axis {place[1]}, but the sequence is axis 1: {error.text}"
                raise Failure("wrong-axis", text, "torch.cat(..., dim=1) for the vectors and for the mask.") from None
            text = f"one prompt meets {len(c['vectors'])} texts: {error.text}"
            hint = "Repeat the prompt for every text before joining: prompt.expand(b, -1, -1)."
            raise Failure("batch-not-expanded", text, hint) from None
        raise
    if not seen["pair"]:
        came = "None" if seen["came"] == "NoneType" else f"one {seen['came']}"
        raise Failure("not-a-pair", f"forward must return two tensors, vectors and mask, got {came}",
                      "Write return longer_vectors, longer_mask.")  # fmt: skip
    if _swapped(seen):
        text = "the mask came back first, the vectors second"
        raise Failure("pair-swapped", text, "Write return longer_vectors, longer_mask.")
    return seen


def _swapped(seen: dict) -> bool:
    """Whether the mask came back first."""
    pair = seen["vectors"], seen["mask"]
    return all(isinstance(t, torch.Tensor) for t in pair) and (pair[0].ndim, pair[1].ndim) == (2, 3)


@soft_prompt.check(weight=2, after=("is-a-parameter",))
def vectors_in_front(subject: Subject, draw: Draw) -> None:
    """The first result is [prompt; vectors] for every text."""
    judge_vectors(subject, prompt_case(draw))


def judge_vectors(subject: Subject, c: dict) -> None:
    """Compare the first result with a loop over texts; hidden checks use it with other cases."""
    prompt, vectors = c["init"], c["vectors"]
    l, s = len(prompt), vectors.shape[1]
    right = torch.stack([torch.stack([*prompt, *text]) for text in vectors])
    order = "The prompt comes first: torch.cat((prompts, vectors), dim=1)."
    mistakes = (
        Mistake("prompt-behind", right.roll(-l, 1), "the prompt stands behind the text, after its padding", order),
        Mistake("prompt-inside", torch.cat((right[:, l : l + 1], right[:, :l], right[:, l + 1 :]), 1),
                "the prompt stands after each text's first vector", order),
        Mistake("text-only", vectors, "the vectors come back as they were, without the prompt", order),
        Mistake("text-overwritten", torch.cat((right[:, :l], vectors[:, l:]), 1)[:, : max(l, s)],
                f"the prompt has replaced the first {l} vectors of the text",
                f"Keep all {s} vectors: join, do not write."),
        Mistake("prompt-reversed", torch.cat((right[:, :l].flip(1), vectors), 1), "the prompt is in reverse order",
                order),
        Mistake("prompt-alone", right[:, :l], "the text is missing: only the prompt came back", order),
    )  # fmt: skip
    seen = forward(subject, c)
    what = f"for {len(vectors)} texts of {s} vectors and a prompt of {l}, the first result"
    expect_close(seen["vectors"], right, what=what, id="wrong-vectors", hint=order, mistakes=mistakes)
    if not all(torch.equal(given, c[name]) for given, name in zip(seen["given"], ("vectors", "mask"), strict=True)):
        raise Failure("input-changed", "forward has changed the vectors or the mask that it was given",
                      "Make new tensors with torch.cat; do not write into the old ones.")  # fmt: skip


@soft_prompt.check(weight=2, after=("is-a-parameter",))
def mask_in_front(subject: Subject, draw: Draw) -> None:
    """The second result is [1 ... 1; mask]: every text may look at the prompt, and its padding stays padding."""
    judge_mask(subject, prompt_case(draw))
    judge_mask(subject, prompt_case(draw, kind="int64"))


def judge_mask(subject: Subject, c: dict) -> None:
    """Compare the second result with l ones in front of the mask; hidden checks use it with other cases."""
    mask, l = c["mask"].double(), len(c["init"])
    ones = torch.ones(len(mask), l, dtype=torch.float64)
    right = torch.cat((ones, mask), dim=1)
    see = "A prompt that is masked is a prompt that nobody reads: put ones there, mask.new_ones(b, l)."
    mistakes = (
        Mistake("mask-not-extended", mask, f"the mask still has {mask.shape[1]} places, the vectors have {l} more",
                "Join ones in front of it: torch.cat((mask.new_ones(b, l), mask), dim=1)."),
        Mistake("prompt-masked", torch.cat((0 * ones, mask), 1), "the mask has zeros at the prompt's places", see),
        Mistake("ones-behind", torch.cat((mask, ones), 1), "the ones stand behind the mask, so padding is read and "
                "the text's beginning is not the prompt's",
                "The mask is joined in the order of the vectors: prompt first."),
        Mistake("padding-read", torch.ones_like(right), "the mask is one everywhere: the padding is read too",
                "Keep the text's own mask behind the ones."),
        Mistake("mask-inverted", 1 - right, "the mask is inverted", "True or 1 stands where a token is real."),
        Mistake("mask-inverted", torch.cat((ones, 1 - mask), 1), "the text's part of the mask is inverted",
                "True or 1 stands where a token is real."),
    )  # fmt: skip
    seen = forward(subject, c)
    expect_close(seen["mask"], right, what="the second result", id="wrong-mask", hint=see, mistakes=mistakes)
    if seen["mask"].dtype != c["mask"].dtype:
        text = f"a mask of {c['mask'].dtype} came back as {seen['mask'].dtype}"
        raise Failure("mask-dtype", text, "mask.new_ones(b, l) makes ones in the mask's own dtype and on its device.")


@soft_prompt.check(after=("vectors-in-front",))
def gradients(subject: Subject, draw: Draw) -> None:
    """Every text's gradient reaches the prompt, and the vectors get theirs."""
    c = prompt_case(draw)
    (b, s, d), l = c["vectors"].shape, len(c["init"])
    G = draw.normal(b, l + s, d)
    seen = forward(subject, c, upstream=G)
    if seen["dprompt"] is None or not seen["dprompt"].any():
        raise Failure("prompt-detached", "no gradient reaches the prompt: it would never learn",
                      "Use self.prompt itself: no detach, no .data, no torch.tensor(...).")  # fmt: skip
    if seen["dvectors"] is None or not seen["dvectors"].any():
        raise Failure("vectors-detached", "no gradient reaches the vectors: nothing before them could learn",
                      "Join the vectors as they are, without detach or no_grad.")  # fmt: skip
    G = G.double()
    shared = "All texts share the prompt: expand it, and autograd adds up what each text asks for."
    mistakes = (
        Mistake("first-text-only", G[0, :l], "only the first text's gradient reaches the prompt", shared),
        Mistake("gradient-averaged", G[:, :l].mean(0), "the prompt gets the mean over texts, not the sum", shared),
    )
    right = torch.einsum("bld->ld", G[:, :l])
    expect_close(seen["dprompt"], right, what="dL/dprompt", id="wrong-gradient", hint=shared, mistakes=mistakes)
    expect_close(seen["dvectors"], G[:, l:], what="dL/dvectors", id="wrong-gradient", hint=shared)


@soft_prompt.check(after=("vectors-in-front",))
def keeps_the_dtype(subject: Subject, draw: Draw) -> None:
    """After .double(), vectors in float64 come back in float64, unrounded."""
    c = prompt_case(draw)
    c["vectors"] = c["vectors"].double() / 3
    seen = forward(subject, c, double=True)
    right = torch.cat((c["init"].double().expand(len(c["vectors"]), -1, -1), c["vectors"]), dim=1)
    if seen["vectors"].dtype != torch.float64 or not torch.equal(seen["vectors"], right):
        text = f"vectors and prompt in float64 came back as {seen['vectors'].dtype}, or rounded on the way"
        raise Failure("dtype-fixed", text, "Write no dtype into the class: the parameter carries it.")
