"""Checks of lab 07: a step for each block of numbers.

Letters: x the numbers, q their codes, s a step; n numbers, k in a block, m = ceil(n / k) blocks, L the largest code.
"""

from __future__ import annotations

import torch

from lora_utils.checks.framework.compare import close, expect_tensor
from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.exercise import Exercise
from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.many_cases import Rule, expect_all
from lora_utils.checks.framework.subject import Subject
from lora_utils.checks.lab_07_quantization.known_codes import (
    TINY,
    except_ends,
    expect_integers,
    parts,
    small_taken_for_zero,
)

quantize_blocks = Exercise("quantise-blocks")

RUN_ON = "Blocks run on over the ends of rows: number i of the flat tensor is in block i // block."
FILL = "Fill the last block up with zeros, or treat it by itself; zeros do not change its largest magnitude."
EDGE = "Block j holds the numbers j * block up to, not including, (j + 1) * block."


def blocked(quantize, dequantize, *, cases: list) -> dict:
    """Probe: codes and steps, case by case."""
    return {"values": [quantize(*case) for case in cases]}


def unblocked(quantize, dequantize, *, cases: list) -> dict:
    """Probe: what the student's second function makes of codes and steps, case by case."""
    return {"values": [dequantize(*case) for case in cases]}


def in_blocks(draw: Draw, shape: tuple[int, ...], bits: int, block: int, size: float = 1.0) -> tuple:
    """Draw numbers whose blocks have known steps, all different; the largest of each stands at its start or end.

    Returns:
        x float32 and its codes q, both of the shape; the steps (m,) float64; bits, block, size
    """
    n, L, q, steps = torch.Size(shape).numel(), 2 ** (bits - 1) - 1, [], []
    for place, start in enumerate(range(0, n, block)):
        count = min(block, n - start)
        part = draw.integers(-(L - 1), L - 1, count).double()
        edge = 0 if place % 2 else -1
        part[edge] = L if place % 2 else -L
        q.append(part)
        steps.append((round(0.1 + 0.15 * ((5 * place) % 7), 3) + draw.number(0, 0.05)) * size)
    d = torch.where(torch.cat(q).abs() == L, 0.0, 0.2) * (1 - 2 * (torch.arange(n) // 2 % 2))
    each = torch.tensor(steps, dtype=torch.float64).repeat_interleave(block)[:n]
    x = ((torch.cat(q) + d) * each).float().reshape(shape)
    return x, torch.cat(q).reshape(shape), torch.tensor(steps, dtype=torch.float64), bits, block, size


def some_blocks(draw: Draw) -> list[tuple]:
    """Draw cases: several shapes, with a shorter last block and without, larger and smaller numbers."""
    return [
        in_blocks(draw, (5, 7), 8, 8),
        in_blocks(draw, (3, 11), 5, 6, 0.01),
        in_blocks(draw, (26,), 4, 4, 30.0),
        in_blocks(draw, (2, 3, 4), 8, 7),
        in_blocks(draw, (4, 6), 3, 8),
        in_blocks(draw, (3, 7), 8, 6, TINY),
    ]


@quantize_blocks.check
def step_per_block(subject: Subject, draw: Draw) -> None:
    """Every block of consecutive numbers has its own step, the last block too when it is shorter."""
    judge_blocks(subject, some_blocks(draw), "steps")


@quantize_blocks.check(after=("step-per-block",))
def codes_per_block(subject: Subject, draw: Draw) -> None:
    """Every number is divided by the step of its own block; the codes are int8 in the shape of x."""
    judge_blocks(subject, some_blocks(draw), "codes")


@quantize_blocks.check
def blocks_come_back(subject: Subject, draw: Draw) -> None:
    """dequantize_blocks multiplies every code by the step of its own block and keeps the shape."""
    judge_back(subject, draw, [((5, 7), 8)])  # as many rows as blocks
    judge_back(subject, draw, [((5, 7), 8), ((12,), 4), ((2, 3, 4), 5), ((6,), 10), ((4,), 1), ((3, 8), 12)])


def judge_back(subject: Subject, draw: Draw, sizes: list[tuple]) -> None:
    """Compare what comes back for shapes and blocks; hidden checks use it with others."""
    cases = []
    for shape, block in sizes:
        n = torch.Size(shape).numel()
        codes = draw.integers(-127, 127, n).to(torch.int8).reshape(shape)
        scales = torch.tensor([0.15 + 0.2 * (3 * j % 5) + draw.number(0, 0.05) for j in range(-(-n // block))])
        cases.append([codes, scales, block])
    got = subject.probe(unblocked, cases=cases)["values"]
    for back in got:
        expect_tensor(back, "what dequantize_blocks returns")

    def rule(id: str, make, text: str, hint: str) -> Rule:
        """What a mistake makes of the flat codes, the steps, the block of each number and its place."""

        def gives(codes: torch.Tensor, scales: torch.Tensor, block: int) -> torch.Tensor:
            places = torch.arange(codes.numel())
            made = make(codes.double().flatten(), scales.double(), places // block, places)
            return made if id == "shape-lost" else made.reshape(codes.shape)

        return Rule(id, gives, text, hint)

    interleave = "Tensor.repeat repeats the whole list; repeat_interleave repeats each entry."
    rules = [
        rule("scales-tiled", lambda q, s, own, i: q * s[i % len(s)], "the steps follow one another number by number, "
             "0, 1, 2, ...; each must be used for a whole block first", interleave),
        rule("first-scale-only", lambda q, s, own, i: q * s[0], "every number gets the first step", RUN_ON),
        rule("largest-scale-only", lambda q, s, own, i: q * s.max(), "every number gets the largest step", RUN_ON),
        rule("shape-lost", lambda q, s, own, i: q * s[own], "what comes back is flat", "Give it the shape of the "
             "codes."),
        rule("scales-reversed", lambda q, s, own, i: q * s.flip(0)[own], "the steps are taken from the end", RUN_ON),
        rule("divided-by-scale", lambda q, s, own, i: q / s[own], "the codes are divided by their steps",
             "x / step gave the code: the way back multiplies."),
        rule("scale-forgotten", lambda q, s, own, i: q, "the codes come back as they are", "Multiply them by their "
             "steps."),
        rule("rescaled-by-range", lambda q, s, own, i: q * s[own] / 127, "the codes are divided by 127 as well",
             "The step holds that division already."),
        rule("back-not-float", lambda q, s, own, i: (q * s[own]).trunc(), "what comes back are whole numbers",
             "Return floats."),
        rule("edge-off-by-one", lambda q, s, own, i: q * s[own[(i + 1).clamp(max=len(i) - 1)]], "each block's last "
             "number gets the step of the next", EDGE),
    ]  # fmt: skip
    first = cases[0][0]
    if len(cases) == 1 and len(first) == len(cases[0][1]):
        said = f"the steps change with every {first.shape[1]} numbers, as rows do, not with every {cases[0][2]}"
        rules.append(Rule("scale-per-row", lambda codes, scales, block: codes.double() * scales.double()[:, None],
                          said, "Take `block` as it is given. " + RUN_ON))  # fmt: skip

    def right(codes: torch.Tensor, scales: torch.Tensor, block: int) -> torch.Tensor:
        own = torch.arange(codes.numel()) // block
        return (codes.double().flatten() * scales.double()[own]).reshape(codes.shape)

    def told(codes: torch.Tensor, scales: torch.Tensor, block: int) -> str:
        return f"codes of shape {tuple(codes.shape)} in blocks of {block}"

    expect_all(got, cases, right, told=told, what=lambda *case: f"what comes back for {told(*case)}", id="wrong-back",
               rules=rules,
               hint="Each step serves `block` numbers in a row, the last one those that are left.")  # fmt: skip


@quantize_blocks.check(after=("codes-per-block",))
def block_of_zeros(subject: Subject, draw: Draw) -> None:
    """A block of zeros gets codes 0 and a step above 0, and changes nothing for its neighbours."""
    x, q, steps, *_ = in_blocks(draw, (11,), 8, 4)
    x[4:8] = q[4:8] = 0
    last, last_q, last_steps, *_ = in_blocks(draw, (2, 3), 8, 4)
    last.view(-1)[4:] = last_q.view(-1)[4:] = 0
    cases = [[x, 8, 4], [last, 8, 4], [torch.zeros(2, 3), 8, 4]]
    known = [(q, steps, [1]), (last_q, last_steps, [1]), (torch.zeros(2, 3), torch.ones(2), [0, 1])]
    seen = subject.probe(blocked, cases=cases)["values"]
    for (numbers, _, _), (right, all_steps, empty), value in zip(cases, known, seen, strict=True):
        codes, scales = parts(value, "codes, scales")
        expect_tensor(codes, "the first result")
        expect_tensor(scales, "the second result")
        came = [round(v, 4) for v in scales.flatten().tolist()]
        text = f"for {tuple(numbers.shape)} in blocks of 4, where {'both' if len(empty) > 1 else 'the second'} "
        text += f"{'hold' if len(empty) > 1 else 'holds'} only zeros, the steps are {came}"
        if scales.shape != all_steps.shape:
            raise Failure("wrong-steps", text, "One step for each block, of zeros too.")
        if not all(0 < float(scales[j]) < float("inf") for j in empty):
            raise Failure("zero-step", text, "Where a block's largest magnitude is 0, let its step be any positive "
                          "number.")  # fmt: skip
        others = [j for j in range(len(all_steps)) if j not in empty]
        if not close(scales[others], all_steps[others], 1e-5):
            expected = [round(v, 4) for v in all_steps[others].tolist()]
            raise Failure("neighbors-changed", f"{text}; those of the others must stay {expected}",
                          "Change only the steps that are 0.")  # fmt: skip
        if not close(codes, right):
            text = f"for {numbers.tolist()} in blocks of 4 the codes are {codes.tolist()}"
            raise Failure("codes-of-zeros", text, "0 divided by any positive step is 0; the other codes stay.")


def judge_blocks(subject: Subject, cases: list[tuple], which: str) -> None:
    """Compare steps or codes with those that x was made from; hidden checks use it with other sizes."""
    values = subject.probe(blocked, cases=[[x, bits, block] for x, _, _, bits, block, _ in cases])["values"]
    found = [parts(value, "codes, scales") for value in values]
    where = [
        f"{tuple(x.shape)}, {x.numel()} numbers in blocks of {block}, bits={bits}" for x, _, _, bits, block, _ in cases
    ]
    for codes, scales in found:
        expect_tensor(scales, "the second result")
        expect_tensor(codes, "the first result")
    if which == "codes":
        _judge_codes(cases, [codes for codes, _ in found], where)
    else:
        _judge_steps(cases, [scales for _, scales in found], where)


def _judge_codes(cases: list[tuple], got: list[torch.Tensor], where: list[str]) -> None:
    def rule(id: str, make, text: str, hint: str) -> Rule:
        """What a mistake makes of x / s with the right steps, of x, the steps and the right codes."""

        def gives(x, q, steps, bits, block, size, codes) -> torch.Tensor:
            ratio = x.double() / steps.repeat_interleave(block)[: x.numel()].reshape(x.shape)
            ends = q.abs() == 2 ** (bits - 1) - 1
            made = make(ratio, x.double(), steps, q)
            return except_ends(made, codes, ends) if id in ("truncated", "rounded-down", "rounded-up") else made

        return Rule(id, gives, text, hint)

    def fitted(v: torch.Tensor) -> torch.Tensor:
        return v.round().clamp(-127, 127)  # as one keeps what does not fit

    own = "Every number is divided by the step of its own block, as in exercise 1 by the only one."
    rules = [
        rule("shape-lost", lambda r, x, s, q: q.flatten(), "the codes are flat", "Give them the shape of x."),
        rule("truncated", lambda r, x, s, q: r.trunc(), "the codes are cut, not rounded", "Round to the nearest."),
        rule("rounded-down", lambda r, x, s, q: r.floor(), "the codes are rounded down", "Round to the nearest."),
        rule("rounded-up", lambda r, x, s, q: r.ceil(), "the codes are rounded up", "Round to the nearest."),
        rule("half-added", lambda r, x, s, q: (r + 0.5).trunc(), "half is added and the rest cut towards zero, which "
             "rounds up what is below zero", "round() does it for both signs."),
        rule("first-scale-only", lambda r, x, s, q: fitted(x / s[0]), "every number is divided by the first step",
             own),
        rule("largest-scale-only", lambda r, x, s, q: fitted(x / s.max()), "every number is divided by the largest "
             "step", own),
        rule("codes-not-rounded", lambda r, x, s, q: r, "the codes are not rounded", "Round to the nearest."),
    ]  # fmt: skip
    hint = "Divide each number by its own block's step, round, and leave out what only filled up the last block."
    seen = [(*case, codes) for case, codes in zip(cases, got, strict=True)]
    expect_all(got, seen, [q for _, q, *_ in cases], told=where, what=[f"the codes for {text}" for text in where],
               id="wrong-codes", hint=hint, rules=rules)  # fmt: skip
    for codes in got:
        expect_integers(codes, torch.int8, "Add .to(torch.int8).")


def _judge_steps(cases: list[tuple], got: list[torch.Tensor], where: list[str]) -> None:
    def rule(id: str, make, text: str, hint: str) -> Rule:
        """What a mistake makes of a case; magnitudes it gives are divided by the largest code."""

        def gives(x, q, steps, bits, block, size) -> torch.Tensor:
            L = 2 ** (bits - 1) - 1
            return make(x.double(), steps * L, block, L) / L / size

        return Rule(id, gives, text, hint)

    def tops(pieces) -> torch.Tensor:
        return torch.stack([p.abs().max() for p in pieces])

    def rows(x: torch.Tensor) -> torch.Tensor:
        return x.reshape(-1, x.shape[-1] if x.dim() else 1)

    def merged(x, top, k, L) -> torch.Tensor:
        if len(x.flatten()) % k == 0 or len(top) == 1:
            return top
        return torch.cat([top[:-2], top[-2:].max().reshape(1)])

    count = "One step for each block: ceil(n / block) of them."
    rules = [
        rule("last-block-dropped", lambda x, top, k, L: top[: x.numel() // k], "the shorter block at the end has no "
             "step", FILL),
        rule("extra-block", lambda x, top, k, L: torch.cat([top, top.new_zeros(int(x.numel() % k == 0))]), "where n is "
             "a multiple of block there is one step too many", "Nothing is missing then: -n % block is 0."),
        rule("extra-block", lambda x, top, k, L: torch.cat([top, top.new_full((int(x.numel() % k == 0),), float(L))]),
             "where n is a multiple of block there is one step too many", "Nothing is missing then: -n % block is 0."),
        rule("one-scale", lambda x, top, k, L: top.max().expand(len(top)), "there is one step for all", count),
        rule("one-scale", lambda x, top, k, L: top.max(), "there is one step for all", count),
        rule("one-scale", lambda x, top, k, L: top.max().reshape(1), "there is one step for all", count),
        rule("blocks-end-with-rows", lambda x, top, k, L: tops(p for row in rows(x) for p in row.split(k)), "each row "
             "was cut by itself", RUN_ON),
        rule("row-is-a-block", lambda x, top, k, L: tops(rows(x)), "each row has one step", RUN_ON),
        rule("row-is-a-block", lambda x, top, k, L: x.abs().amax(-1), "each row has one step", RUN_ON),
        rule("columns-first", lambda x, top, k, L: tops(x.transpose(0, -1).flatten().split(k)), "the blocks run down "
             "the columns", RUN_ON),
        rule("numbers-dealt-out", lambda x, top, k, L: tops(x.flatten()[j :: len(top)] for j in range(len(top))), "the "
             "blocks take turns number by number", "Reshape to (m, block), one block a row; (block, m) deals the "
             "numbers out."),
        rule("edge-off-by-one", lambda x, top, k, L: tops(x.flatten()[j * k : (j + 1) * k + 1]
             for j in range(len(top))), "each block also looks at the first number of the next", EDGE),
        rule("edge-off-by-one", lambda x, top, k, L: tops(p for p in (x.flatten()[:1], *x.flatten()[1:].split(k))
             if len(p)), "the blocks start one number late", EDGE),
        rule("edge-off-by-one", lambda x, top, k, L: tops(x.flatten()[j * k : max((j + 1) * k - 1, j * k + 1)]
             for j in range(len(top))), "each full block misses its last number", EDGE),
        rule("filled-in-front", lambda x, top, k, L: tops(_padded(x.flatten().flip(0), k).flip(0).split(k)),
             "what fills up stands in front, so that the first block is the shorter one", FILL),
        *(rule("filled-by-numbers", lambda x, top, k, L, fill=fill: tops(_padded(x, k, fill).split(k)), "the last "
               f"block is filled up with {fill}, which counts as one of its numbers", FILL) for fill in (1, 127, -1)),
        rule("range-128", lambda x, top, k, L: top * L / (L + 1), "the magnitudes are divided by 2**(bits - 1)",
             "Divide by 2**(bits - 1) - 1, as without blocks."),
        rule("range-unsigned", lambda x, top, k, L: top * L / (2 * L + 1), "the magnitudes are divided by 2**bits - 1",
             "Divide by 2**(bits - 1) - 1, as without blocks."),
        rule("bits-ignored", lambda x, top, k, L: top * L / 127, "127 is right for 8 bits only",
             "Divide by 2**(bits - 1) - 1, as without blocks."),
        rule("absmax-returned", lambda x, top, k, L: top * L, "the magnitudes themselves are returned",
             "Divide them by 2**(bits - 1) - 1."),
        rule("sign-forgotten", lambda x, top, k, L: torch.stack([p.max() for p in x.flatten().split(k)]), "they follow "
             "the largest number of a block, not the largest magnitude", "The largest magnitude may be negative."),
        rule("sign-forgotten", lambda x, top, k, L: torch.stack([p.max() for p in _padded(x, k).split(k)]), "they "
             "follow the largest number of a block, not the largest magnitude", "The largest magnitude may be "
             "negative."),
        rule("step-shape", lambda x, top, k, L: top[:, None], "the steps have a second axis", "Steps are a list: "
             "shape (m,)."),
        *(Rule(id, lambda x, q, steps, bits, block, size, of=of: torch.tensor([of(s) / size for s in steps.tolist()]),
               *told) for id, of, *told in small_taken_for_zero()),
        rule("last-block-merged", merged, "the last, shorter block was merged into the one before it", FILL),
    ]  # fmt: skip
    hint = "Number i of the flat tensor is in block i // block; every block has one step, the last one too."
    scaled = [scales / case[5] for scales, case in zip(got, cases, strict=True)]
    right = [steps / size for _, _, steps, _, _, size in cases]
    expect_all(scaled, cases, right, told=where, what=[f"the steps for {text}" for text in where], id="wrong-steps",
               hint=hint, rules=rules, tolerance=1e-5)  # fmt: skip


def _padded(x: torch.Tensor, block: int, fill: float = 0.0) -> torch.Tensor:
    return torch.nn.functional.pad(x.flatten(), (0, -x.numel() % block), value=fill)
