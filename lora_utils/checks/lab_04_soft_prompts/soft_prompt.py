"""Checks of lab 04: the soft prompt itself.

Letters: b batch, s sequence, l length of the prompt, d width. Prompt (l, d), vectors (b, s, d), mask (b, s).
"""

from __future__ import annotations

import re

import torch

from lora_utils.checks.framework.compare import (
    close,
    expect_apart,
    expect_close,
    expect_explained,
    expect_tensor,
    learns,
)
from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.exercise import Exercise
from lora_utils.checks.framework.failure import Failure as Failure
from lora_utils.checks.framework.many_cases import IN_A_LATER_CALL, CaseRaised, Rule, ask, expect_all
from lora_utils.checks.framework.subject import StudentRaised, Subject
from lora_utils.checks.lab_04_soft_prompts.soft_prompt_probes import beside, build, run, run_back

soft_prompt = Exercise("soft-prompt", lifted=("changes-a-tensor",))


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
        raise Failure("not-a-module", "the answer makes something that is not an nn.Module",
                      "Write class SoftPrompt(nn.Module).")  # fmt: skip
    if seen["expanded"]:
        raise Failure(
            "prompt-expanded",
            "the parameter holds fewer numbers than its shape says, each in several "
            "places (expand): no optimiser can write into it",
            "Make numbers of its own: clone() it.",
        )
    found = seen["parameters"]
    shapes = [tuple(p["value"].shape) for p in found]
    if not found:
        if seen["inside"]:
            raise Failure("hidden-parameter", "the prompt is a parameter inside a list, tuple or dict, where nn.Module "
                          "does not look", "Assign it to an attribute of its own.")  # fmt: skip
        kind = "a buffer" if seen["buffers"] else "a plain tensor" if seen["tensors"] else "not kept in the module"
        raise Failure("not-a-parameter", f"it has no parameter; the prompt is {kind}, and no optimiser sees it",
                      "What is trained is an nn.Parameter, assigned to an attribute.")  # fmt: skip
    if shapes != [(l, d)]:
        came = ", ".join(map(str, shapes))
        raise Failure("other-parameters", f"expected one parameter of shape {(l, d)}, found {came}",
                      "The l vectors of the prompt are all that is trained; the batch shares them.")  # fmt: skip
    if not learns(found[0]):
        raise Failure("prompt-frozen", "the prompt has requires_grad=False: training would never change it",
                      "The model is frozen, the prompt is not: leave requires_grad=True.")  # fmt: skip
    if not close(found[0]["value"], init):
        raise Failure("start-ignored", "the prompt does not start at init", "Take the numbers of init as they are.")
    if not close(seen["moved"][0], init):
        text = "the prompt shares its memory with init: training it would overwrite the word vectors it came from"
        raise Failure("start-not-copied", text, "Copy init first: clone() makes numbers of their own.")
    again = subject.tried(run, init=init, cases=[[vectors, mask]] * 2, prompt=init - 1).get("results", [])
    firsts = [one["parts"][0] if len(one["parts"]) == 2 else None for one in again] or [None]
    if len(firsts) < 2 or close(firsts[0], firsts[1]):  # of an output that is random the next check tells
        expect_explained(seen["later"], firsts[0], "the output after a step")


SIZES = ((3, 5), (1, 4), (4, 1), (2, 9), (5, 6))  # b texts of s places


def prompt_cases(draw: Draw, *, length: int | None = None, kind: str = "bool", left: bool = False) -> list[dict]:
    """Draw one prompt, and for several sizes vectors and a mask with padding in all texts but the first."""
    l, d = draw.sizes(2, low=6, high=9)  # longer than some texts and shorter than others
    init, cases = draw.normal(l if length is None else length, d), []
    for b, s in SIZES:
        real = torch.tensor([s, *(draw.integer(1, max(1, s - 1)) for _ in range(b - 1))])  # (b,)
        real[-1] = 0 if b == len(SIZES) else real[-1]  # a text of padding alone
        mask = torch.arange(s) < real[:, None]  # (b, s)
        mask = (mask.flip(1) if left else mask).to(getattr(torch, kind))
        cases.append({"init": init, "vectors": draw.normal(b, s, d), "mask": mask})
    return cases


def told(c: dict) -> str:
    """The sizes of a case, for a message."""
    b, s, _ = c["vectors"].shape
    return f"{b} texts of {s} vectors, a prompt of {len(c['init'])} and a mask in {str(c['mask'].dtype)[6:]}"


def forward(subject: Subject, cases: list[dict], **more) -> list[dict]:
    """Call the student's forward for each case; a tensor that does not fit gets its own message."""
    init = cases[0]["init"]
    try:
        seen = ask(subject, cases, told, run, arguments=lambda c: [c["vectors"], c["mask"]], init=init, **more)
        results = seen["results"]
    except StudentRaised as error:
        known_error(error, error.case if isinstance(error, CaseRaised) else cases[0])
        raise
    for c, seen in zip(cases, results, strict=True):
        if len(seen["parts"]) != 2:
            came = f"{len(seen['parts'])} results" if seen["parts"] else f"one {seen['came']}"
            came = "None" if seen["came"] == "NoneType" else came
            raise Failure("not-a-pair", f"forward must return two tensors, vectors and mask, got {came}",
                          "Return both: the longer vectors, then the longer mask.")  # fmt: skip
        for part, name in zip(seen["parts"], ("first", "second"), strict=True):
            expect_tensor(part, f"the {name} result")
        if tuple(part.ndim for part in seen["parts"]) == (2, 3):
            raise Failure("pair-swapped", "the mask came back first, the vectors second",
                          "Return the longer vectors, then the longer mask.")  # fmt: skip
        if not all(torch.equal(given, c[name]) for given, name in zip(seen["given"], ("vectors", "mask"), strict=True)):
            raise Failure("input-changed", "forward has changed the vectors or the mask that it was given",
                          "Make new tensors with torch.cat; do not write into the old ones.")  # fmt: skip
    if any(not close(one, other) for one, other in zip(results[0]["parts"], results[0]["again"], strict=False)):
        raise Failure("random-output", "two calls with the same input give different outputs",
                      "Nothing here is random: no dropout, no noise, and forward changes nothing.")  # fmt: skip
    return results


def known_error(error: StudentRaised, c: dict) -> None:
    """Raise a Failure for an error of PyTorch whose cause its text gives away."""
    b, _, d = c["vectors"].shape
    l = len(c["init"])
    if IN_A_LATER_CALL in error.text:
        raise Failure("works-once", f"the first call goes through, a later one of other sizes raises: {error.text}",
                      "Keep nothing from one call to the next but the parameter.") from None  # fmt: skip
    if "same number of dimensions" in error.text:
        raise Failure("no-batch-axis", f"tensors of different numbers of axes are joined: {error.text}",
                      f"The prompt {(l, d)} has no batch axis, and neither has a row of ones {(l,)}: what is joined "
                      "has one row a text.") from None  # fmt: skip
    if error.kind == "IndexError" and "Dimension out of range" in error.text:
        raise Failure("no-batch-axis", f"something joined along axis 1 has no axis 1: {error.text}",
                      "The ones of the mask need a batch axis as well: (b, l).") from None  # fmt: skip
    joined = re.search(r"except in dimension (\d+)\. Expected size (\d+) but got size (\d+)", error.text)
    if joined:
        axis, *sizes = map(int, joined.groups())
        if axis != 1:
            text = f"tensors are joined along axis {axis}, but the sequence is axis 1: {error.text}"
            raise Failure("wrong-axis", text, "Vectors and mask both grow along axis 1.") from None
        if set(sizes) == {1, b}:
            text = f"one meets {b} texts where tensors are joined: {error.text}"
            hint = "Prompt and ones are needed once for every text, before they are joined: expand or repeat them."
            raise Failure("batch-not-expanded", text, hint) from None
        text = f"along axis 1 tensors are joined that differ in another axis as well: {error.text}"
        raise Failure("parts-do-not-fit", text, f"Here b is {b}, l {l} and d {d}: which axis is which?") from None


@soft_prompt.check(weight=0, after=("is-a-parameter",))  # what follows is about the two results
def returns_two(subject: Subject, draw: Draw) -> None:
    """For any batch, forward returns two tensors, always the same, and writes into neither of its own."""
    for kind in ("bool", "int64"):
        forward(subject, prompt_cases(draw, kind=kind))


@soft_prompt.check(weight=2, after=("returns-two",))
def vectors_in_front(subject: Subject, draw: Draw) -> None:
    """The first result is [prompt; vectors] for every text."""
    judge_vectors(subject, prompt_cases(draw))
    c = prompt_cases(draw)[0]
    inits = [c.pop("init"), draw.normal(3, c["vectors"].shape[-1])]
    outputs = [subject.probe(beside, inits=inits[:count], **c)["output"] for count in (1, 2)]
    expect_apart(*outputs, "prompt")


def judge_vectors(subject: Subject, cases: list[dict]) -> None:
    """Compare the first result with a loop over texts; hidden checks use it with other cases."""
    order = "The prompt comes first, then all vectors of the text."

    def right(c: dict) -> torch.Tensor:
        return torch.stack([torch.stack([*c["init"], *text]) for text in c["vectors"]])

    def prompts(c: dict) -> torch.Tensor:
        return c["init"].expand(len(c["vectors"]), -1, -1)

    rules = (
        Rule("prompt-behind", lambda c: right(c).roll(-len(c["init"]), 1), "the prompt stands behind the text, after "
             "its padding", order),
        Rule("prompt-inside", lambda c: torch.cat((c["vectors"][:, :1], prompts(c), c["vectors"][:, 1:]), 1),
             "the prompt stands after each text's first vector", order),
        Rule("text-only", lambda c: c["vectors"], "the vectors come back as they were, without the prompt", order),
        Rule("text-overwritten", lambda c: torch.cat((prompts(c), c["vectors"][:, len(c["init"]) :]), 1),
             "the prompt has replaced the first vectors of the text", "Keep all s vectors: join, do not write."),
        Rule("prompt-reversed", lambda c: torch.cat((prompts(c).flip(1), c["vectors"]), 1), "the prompt is in reverse "
             "order", order),
        Rule("prompt-alone", prompts, "the text is missing: only the prompt came back", order),
        Rule("one-vector", lambda c: torch.cat((prompts(c)[:, :1], c["vectors"]), 1), "only the first vector of the "
             "prompt is there", "All l vectors stand in front."),
        Rule("one-vector", lambda c: torch.cat((prompts(c).mean(1, keepdim=True), c["vectors"]), 1), "the prompt is "
             "drawn together to its mean", "All l vectors stand in front."),
        Rule("padding-cleared", lambda c: torch.cat((prompts(c), c["vectors"] * c["mask"][..., None]), 1),
             "the vectors of padding have become zero", "Return all vectors as they came: the mask says what is read."),
    )  # fmt: skip
    results = forward(subject, cases)
    expect_all([one["parts"][0] for one in results], cases, right, told=told, what="the first result",
               id="wrong-vectors", hint="Row i of the result: the l vectors of the prompt, then the s of text i.",
               rules=rules)  # fmt: skip


@soft_prompt.check(weight=2, after=("returns-two",))
def mask_in_front(subject: Subject, draw: Draw) -> None:
    """The second result is [1 ... 1; mask]: every text may look at the prompt, and its padding stays padding."""
    judge_mask(subject, prompt_cases(draw))
    judge_mask(subject, prompt_cases(draw, kind="int64"))


def judge_mask(subject: Subject, cases: list[dict]) -> None:
    """Compare the second result with l ones in front of the mask; hidden checks use it with other cases."""
    see = "A prompt that is masked is a prompt that nobody reads."
    real = "True or 1 stands where a token is real."

    def ones(c: dict) -> torch.Tensor:
        return torch.ones(len(c["mask"]), len(c["init"]), dtype=torch.float64)

    def mask(c: dict) -> torch.Tensor:
        return c["mask"].double()

    def right(c: dict) -> torch.Tensor:
        return torch.cat((ones(c), mask(c)), dim=1)

    rules = (
        Rule("mask-not-extended", mask, "the mask is as long as before, and the vectors have l more",
             "Whatever has a place for each vector grows with them."),
        Rule("prompt-masked", lambda c: torch.cat((0 * ones(c), mask(c)), 1), "the mask has zeros at the prompt's "
             "places", see),
        Rule("ones-behind", lambda c: torch.cat((mask(c), ones(c)), 1), "the ones stand behind the mask, so padding "
             "is read and the text's beginning is not the prompt's", "The mask is joined in the order of the vectors."),
        Rule("padding-read", lambda c: torch.ones_like(right(c)), "the mask is one everywhere: the padding is read too",
             "Keep the text's own mask behind the ones."),
        Rule("mask-inverted", lambda c: 1 - right(c), "the mask is inverted", real),
        Rule("mask-inverted", lambda c: torch.cat((ones(c), 1 - mask(c)), 1), "the text's part of the mask is inverted",
             real),
        Rule("mask-inverted", lambda c: torch.cat((0 * ones(c), 1 - mask(c)), 1), "the mask is inverted", real),
        Rule("one-place", lambda c: torch.cat((ones(c)[:, :1], mask(c)), 1), "the mask has grown by one place, the "
             "vectors by l", "The prompt has l places, and a one for each."),
        Rule("first-mask-for-all", lambda c: right(c)[:1].expand_as(right(c)), "all texts have the mask of the first",
             "Each text keeps its own mask."),
        Rule("mask-repeated", lambda c: torch.cat((mask(c)[:, :1].expand(-1, len(c["init"])), mask(c)), 1),
             "the mask of each text's first place is repeated for the prompt", see),
    )  # fmt: skip
    results = forward(subject, cases)
    masks = [one["parts"][1] for one in results]
    expect_all(masks, cases, right, told=told, what="the second result", id="wrong-mask", rules=rules,
               hint="Each row: one for each of the l places of the prompt, then the text's own mask.")  # fmt: skip
    for c, came in zip(cases, masks, strict=True):
        if came.dtype != c["mask"].dtype:
            text = f"a mask of {c['mask'].dtype} came back as {came.dtype}"
            raise Failure("mask-dtype", text, "Make the ones in the mask's own dtype and on its device: mask.new_ones.")


@soft_prompt.check(after=("vectors-in-front",))
def gradients(subject: Subject, draw: Draw) -> None:
    """Every text's gradient reaches the prompt, and the vectors get theirs."""
    c = prompt_cases(draw)[0]
    (b, s, d), l = c["vectors"].shape, len(c["init"])
    G = draw.normal(b, l + s, d)
    seen = subject.probe(run_back, **c, upstream=G)
    if seen["dprompt"] is None or not seen["dprompt"].any():
        raise Failure(
            "prompt-detached",
            "no gradient reaches the prompt: it would never learn",
            "Use the parameter itself: no detach, no .data, no torch.tensor(...), no copy from __init__.",
        )
    if seen["dvectors"] is None or not seen["dvectors"].any():
        raise Failure("vectors-detached", "no gradient reaches the vectors: nothing before them could learn",
                      "Join the vectors as they are, without detach or no_grad.")  # fmt: skip
    G = G.double()
    shared = "All texts share the prompt: expand it, and autograd adds up what each text asks for."
    if close(seen["dprompt"], G[0, :l]):
        raise Failure("first-text-only", "only the first text's gradient reaches the prompt", shared)
    if close(seen["dprompt"], G[:, :l].mean(0)):
        raise Failure("gradient-averaged", "the prompt gets the mean over texts, not the sum", shared)
    right = torch.einsum("bld->ld", G[:, :l])
    expect_close(seen["dprompt"], right, what="dL/dprompt", id="wrong-gradient", hint=shared)
    expect_close(seen["dvectors"], G[:, l:], what="dL/dvectors", id="wrong-gradient",
                 hint="The vectors pass through as they are.")  # fmt: skip


@soft_prompt.check(after=("vectors-in-front",))
def keeps_the_dtype(subject: Subject, draw: Draw) -> None:
    """Started from or turned into float64 or bfloat16, it returns vectors in that dtype as they are, unrounded."""
    for kind in (torch.float64, torch.bfloat16):
        cases = prompt_cases(draw)[:2]
        for c in cases:
            c["vectors"] = (c["vectors"].double() / 3).to(kind)
        for c, seen in zip(cases, forward(subject, cases, kind=str(kind)[6:]), strict=True):
            right = torch.cat((c["init"].to(kind).expand(len(c["vectors"]), -1, -1), c["vectors"]), dim=1)
            came = seen["parts"][0]
            if came.dtype != kind or not torch.equal(came, right):
                how = "rounded" if came.dtype == kind else f"as {came.dtype}"
                text = f"vectors and prompt in {kind} came back {how}"
                raise Failure("dtype-fixed", text, "Write no dtype into the class: the parameter carries it.")
    for kind in (torch.float64, torch.bfloat16):
        cases = [c | {"vectors": c["vectors"].to(kind)} for c in prompt_cases(draw)[:1]]
        init = (draw.normal(*cases[0]["init"].shape, dtype=torch.float64) / 3).to(kind)
        (seen,) = ask(subject, cases, told, run, arguments=lambda c: [c["vectors"], c["mask"]], init=init)["results"]
        start = seen["parts"][0][:, : len(init)] if len(seen["parts"]) == 2 else None
        if start is None or start.dtype != kind or not torch.equal(start, init.expand_as(start)):
            came = "rounded" if start is not None and start.dtype == kind else "in another dtype"
            raise Failure(
                "init-dtype",
                f"started from an init in {kind}, the prompt in front of vectors in {kind} is {came}",
                "Copy init as it is: clone() keeps the dtype, .float() and torch.empty do not.",
            )
