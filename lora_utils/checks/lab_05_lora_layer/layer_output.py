"""Judging what lab 05's LoRALayer returns for factors of the judge's choice.

Letters: i in_dim, o out_dim, r rank. A (i, r), B (r, o), x (..., i).
"""

from __future__ import annotations

import torch

from lora_utils.checks.framework.compare import close, expect_tensor
from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.many_cases import CaseRaised, Rule, ask, expect_all
from lora_utils.checks.framework.subject import StudentRaised, Subject
from lora_utils.checks.lab_05_lora_layer.lora_layer_probes import run_all


def case(
    draw: Draw,
    *,
    leading: tuple[int, ...] = (4,),
    dtype: str = "float32",
    rank: int | None = None,
    alpha: float | None = None,
    scale: float = 1.0,
) -> dict:
    """Draw a rectangular layer, a rank and an alpha whose confusion cannot go unseen, factors and an input.

    The last row of x is the sum of the first two, so that what is not linear shows.
    """
    i, o, r = draw.sizes(3, low=3, high=9)
    r = r if rank is None else rank
    kind = getattr(torch, dtype)
    x = draw.normal(*leading, i, scale=scale, dtype=kind)
    if leading and leading[-1] > 2:
        x[..., -1, :] = x[..., 0, :] + x[..., 1, :]
    return {
        "in_dim": i, "out_dim": o, "rank": r,
        # 2 itself is the root of rank 4, and three mistakes would be one
        "alpha": draw.number(2.05, 2.95) if alpha is None else alpha,
        "x": x, "A": draw.normal(i, r, dtype=kind), "B": draw.normal(r, o, dtype=kind),
    }  # fmt: skip


def told(c: dict) -> str:
    """A case, for a message."""
    return f"rank={c['rank']}, alpha={c['alpha']} and x of shape {tuple(c['x'].shape)} in {str(c['x'].dtype)[6:]}"


def product(c: dict) -> torch.Tensor:
    """x A B without alpha, in float64, the product A B first."""
    x, A, B = (c[name].double() for name in ("x", "A", "B"))
    return torch.einsum("...i,io->...o", x, torch.einsum("ir,ro->io", A, B))


def judge_output(subject: Subject, cases: list[dict]) -> None:
    """Compare the outputs for given factors with the closed form; hidden checks use it with other cases."""
    needs_2d = "any leading axes must work"
    keep = "Use @ (torch.matmul), which keeps leading axes; torch.mm and .T do not."
    try:
        seen = ask(subject, cases, told, run_all, arguments=lambda c: c)
    except StudentRaised as error:
        c = error.case if isinstance(error, CaseRaised) else cases[0]
        if "no parameter of shape" in error.text:
            raise Failure("rank-limited", f"A and B are not always (in_dim, rank) and (rank, out_dim): {error.text}",
                          "Any rank is served, also one above in_dim and out_dim.") from None  # fmt: skip
        if error.kind == "RuntimeError" and c["x"].dim() != 2:
            raise Failure("needs-2d", f"{needs_2d}, and it raises: {error.text}", keep) from None
        if "dtype" in error.text and c["x"].dtype != torch.float32:
            raise Failure("dtype-fixed", f"after .double() it raises: {error.text}",
                          "Compute in the dtype of x and of the parameters.") from None  # fmt: skip
        raise
    for c, value, again, given in zip(cases, seen["values"], seen["again"], seen["given"], strict=True):
        expect_tensor(value, "what forward returns")
        if not torch.equal(given, c["x"]):
            raise Failure("input-changed", f"for {told(c)} forward has changed the x that it was given",
                          "Make new tensors: no *=, no mul_, no assignment into x.")  # fmt: skip
        if value.dim() == 2 != c["x"].dim():
            text = f"{needs_2d}; for x of shape {tuple(c['x'].shape)} the output is {tuple(value.shape)}"
            raise Failure("needs-2d", text, keep)
        if not torch.equal(value.nan_to_num(), again.nan_to_num()):
            raise Failure("random-output", "two calls with the same input give different outputs",
                          "Nothing in this layer is random after __init__, and forward changes nothing that it keeps."
                          )  # fmt: skip
    if any(not close(v, c["alpha"] * product(c)) for v, c in zip(seen["values"], cases, strict=True)):
        rules = output_rules(cases[-1]["alpha"])
        _expect_linear(seen["values"], cases, rules)
        hint = "Take a layer with in_dim, rank and out_dim 1 and do the three multiplications by hand."
        expect_all(seen["values"], cases, lambda c: c["alpha"] * product(c), told=told, what="the output",
                   id="wrong-output", hint=hint, rules=rules)  # fmt: skip
    for c, value in zip(cases, seen["values"], strict=True):
        if value.dtype != c["x"].dtype:
            text = f"the output is {value.dtype} for an input and factors of {c['x'].dtype}"
            raise Failure("dtype-fixed", text, "Return the result in the dtype of x.")
        if value.dtype == torch.float64 and not close(value, c["alpha"] * product(c), 1e-10):
            raise Failure("digits-lost", f"for {told(c)} only the digits of float32 are right",
                          "Nothing in forward needs a cast: float64 stays float64 all the way.")  # fmt: skip
    for c, value in zip(cases, seen["evaluated"], strict=True):
        if not isinstance(value, torch.Tensor) or not close(value, -c["alpha"] * product(c)):
            raise Failure("stale-factors", f"for {told(c)} the second call after eval() does not follow a B that has "
                          "changed its sign since the first", "Keep no product of the factors: compute it anew in "
                          "every "
                          "call, whatever the mode.")  # fmt: skip


STRAIGHT = "Between A and B and after them stands nothing: a linear map can be merged into W."


def _expect_linear(values: list, cases: list[dict], rules: tuple[Rule, ...]) -> None:
    """Tell of a bend in the path, unless a known mistake explains all."""
    pairs = list(zip(values, cases, strict=True))
    if any(all(close(value, rule.gives(c)) for value, c in pairs) for rule in rules):
        return
    for value, c in pairs:
        if value.shape != product(c).shape or value.dim() < 2 or value.shape[-2] < 3 or not value.isfinite().all():
            continue
        if not close(value[..., -1, :], value[..., 0, :] + value[..., 1, :], 1e-3):
            text = "the output for the sum of two rows is not the sum of their outputs: something bends it or is added"
            raise Failure("not-linear", f"for {told(c)}: {text}", STRAIGHT)


def output_rules(last: float) -> tuple[Rule, ...]:
    """What well-known mistakes return; `last` is the alpha of the layer that was made last."""
    F = torch.nn.functional
    bent = "there is a nonlinearity in the path; then it is a small adapter and no longer an update of a matrix"
    act = (torch.relu, torch.tanh, torch.sigmoid, F.gelu, F.silu)

    def times(make):
        """A rule: the product times a number of alpha and the rank."""
        return lambda c: make(c["alpha"], c["rank"]) * product(c)

    def parts(c: dict) -> list[torch.Tensor]:
        return [c[name].double() for name in ("x", "A", "B")]

    def between(f):
        return lambda c: c["alpha"] * (f(parts(c)[0] @ parts(c)[1]) @ parts(c)[2])

    return (
        Rule("alpha-forgotten", times(lambda a, r: 1), "the output is x @ A @ B, without alpha",
             "The product is scaled at the end."),
        Rule("alpha-over-rank", times(lambda a, r: a / r), "the output is scaled by alpha / rank instead of alpha",
             "That is the paper's convention; in this course alpha multiplies as it is."),
        Rule("alpha-over-root", times(lambda a, r: a / r**0.5), "the output is scaled by alpha / sqrt(rank), as in "
             "rsLoRA", "In this course alpha multiplies as it is. The root belongs to the initial spread of A."),
        Rule("alpha-times-rank", times(lambda a, r: a * r), "the output is scaled by alpha * rank",
             "The scale is alpha alone."),
        Rule("alpha-twice", times(lambda a, r: a**2), "the output is scaled by alpha twice", "Multiply once."),
        Rule("alpha-inverted", times(lambda a, r: 1 / a if a else 0), "the output is divided by alpha",
             "The scale multiplies."),
        Rule("alpha-absolute", times(lambda a, r: abs(a)), "the output is scaled by alpha without its sign",
             "A negative alpha turns the output round."),
        Rule("alpha-zero-ignored", times(lambda a, r: a or 1), "an alpha of 0 is taken for 1",
             "Zero is a number like any other: no `or` here."),
        Rule("alpha-zero-ignored", times(lambda a, r: a or r), "an alpha of 0 is taken for the rank",
             "Zero is a number like any other: no `or` here."),
        Rule("alpha-whole", times(lambda a, r: int(a)), "the fraction of alpha is dropped", "Take alpha as given."),
        Rule("alpha-shared", times(lambda a, r: last), "the output is scaled by the alpha of a layer that was made "
             "later", "Keep alpha on self: what belongs to the class, or is global, all layers share."),
        Rule("scale-is-rank", times(lambda a, r: r), "the output is scaled by the rank, not by alpha", "Use alpha."),
        Rule("scale-is-rank", times(lambda a, r: 1 / r), "the output is divided by the rank, without alpha",
             "Use alpha, as it is."),
        Rule("no-influence", times(lambda a, r: 0), "the output is zero although A and B are not",
             "forward must use A and B as they are now."),
        Rule("product-negated", times(lambda a, r: -a), "the output has the opposite sign", "LoRA adds."),
        Rule("normalised", lambda c: c["alpha"] * F.layer_norm(product(c), product(c).shape[-1:]),
             "the output is normalised", STRAIGHT),
        Rule("normalised", between(lambda h: F.layer_norm(h, h.shape[-1:])), "x @ A is normalised", STRAIGHT),
        Rule("normalised", between(lambda h: F.normalize(h, dim=-1)), "x @ A is normalised", STRAIGHT),
        *(Rule("nonlinearity", between(f), bent, STRAIGHT) for f in act),
        *(Rule("nonlinearity", lambda c, f=f: c["alpha"] * f(product(c)), bent, STRAIGHT) for f in act),
        *(Rule("nonlinearity", lambda c, f=f: f(c["alpha"] * product(c)), bent, STRAIGHT) for f in act),
    )  # fmt: skip
