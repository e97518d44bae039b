"""Checks of lab 05: what PEFT's numbers mean here.

Letters: i in_dim, o out_dim, r rank. A conversion is judged by the products that it must leave unchanged.
"""

from __future__ import annotations

import torch

from lora_utils.checks.framework.compare import close, expect_tensor
from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.exercise import Exercise
from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.many_cases import Rule, ask, expect_all
from lora_utils.checks.framework.subject import Subject

alpha_conventions = Exercise("alpha-conventions")
NAMES = ("A", "B", "alpha", "delta_W")


def peft_case(draw: Draw, *, rank: int | None = None, lora_alpha: float | None = None) -> dict:
    """Draw PEFT's three: lora_A (r, i), lora_B (o, r) and lora_alpha, sizes pairwise different."""
    sizes = draw.sizes(3, 4, 10)  # above the root of any rank, so that lora_alpha / sqrt(r) stands for itself
    r, (i, o) = sizes[0] if rank is None else rank, sizes[1:]
    lora_alpha = draw.number(10.1, 39.9) if lora_alpha is None else lora_alpha
    return {"lora_A": draw.normal(r, i), "lora_B": draw.normal(o, r), "lora_alpha": lora_alpha}


def peft_cases(draw: Draw) -> list[dict]:
    """Draw ordinary cases, and some whose lora_alpha is whole, below the rank or negative."""
    cases = [peft_case(draw), peft_case(draw), peft_case(draw, rank=12)]
    return cases + [peft_case(draw, rank=r, lora_alpha=a) for r, a in ((8, 16), (4, 7), (5, 2.5), (3, -4.5))]


def told(c: dict) -> str:
    """The sizes of a case and its lora_alpha, for a message."""
    (r, i), o = c["lora_A"].shape, len(c["lora_B"])
    return f"lora_alpha={c['lora_alpha']}, rank {r}, in_dim {i} and out_dim {o}"


def converted(subject: Subject, cases: list[dict]) -> list[dict]:
    """Call the student's function for each case and expect four results, by name."""
    values = ask(subject, cases, told, arguments=lambda c: [c["lora_A"], c["lora_B"], c["lora_alpha"]])["values"]
    for value in values:
        if type(value) is not list or len(value) != 4:
            came = f"{len(value)}" if type(value) is list else f"one {type(value).__name__}"
            came = "None: is a return missing?" if value is None else came
            raise Failure("not-four", f"expected four results, (A, B, alpha, delta_W), got {came}",
                          "Return all four, in this order.")  # fmt: skip
    return [dict(zip(NAMES, value, strict=True)) for value in values]


@alpha_conventions.check(weight=0)  # what follows is about the four results
def returns_four(subject: Subject, draw: Draw) -> None:
    """It returns four results: three tensors and, as the third of them, a number."""
    for value in converted(subject, peft_cases(draw)):
        for name in ("A", "B", "delta_W"):
            expect_tensor(value[name], f"the result {name}")


def _factor_rules(name: str) -> tuple[Rule, ...]:
    """What well-known mistakes make of a factor."""
    mine, other = ("lora_A", "lora_B") if name == "A" else ("lora_B", "lora_A")
    turn = "An nn.Linear keeps its weight as (out, in), ours is (in, out)."
    folded = "Return the factors as they are and the scale as alpha, or it is applied twice."
    met = "lora_A is what x meets first, as our A; lora_B is the other."

    def right(c: dict) -> torch.Tensor:
        return c[mine].T.double()

    def scale(c: dict) -> float:
        return c["lora_alpha"] / len(c["lora_A"])

    def root(c: dict) -> float:
        return abs(scale(c)) ** 0.5

    return (
        Rule("not-transposed", lambda c: c[mine], f"the factor {name} still has PEFT's shape", turn),
        Rule("reshaped", lambda c: c[mine].reshape(right(c).shape), f"the factor {name} has the right shape but its "
             "numbers are mixed up", "reshape and view refill row by row; transposing exchanges rows and columns."),
        Rule("factors-swapped", lambda c: c[other], f"the factor {name} is PEFT's other factor", met),
        Rule("factors-swapped", lambda c: c[other].T, f"the factor {name} is PEFT's other factor, transposed", met),
        Rule("scale-folded", lambda c: right(c) * scale(c), f"the scale, lora_alpha / r, is multiplied into {name}",
             folded),
        Rule("scale-folded", lambda c: right(c) * root(c), f"the root of the scale is multiplied into {name}", folded),
        Rule("scale-folded", lambda c: right(c) * c["lora_alpha"], f"the number lora_alpha is multiplied into {name}",
             folded),
        Rule("scale-folded", lambda c: right(c) / len(c["lora_A"]), f"the factor {name} is divided by the rank",
             folded),
        Rule("factor-negated", lambda c: -right(c), f"the factor {name} has the opposite sign", "Take PEFT's numbers."),
        Rule("factor-upside-down", lambda c: c[mine].flip(0).T, f"in the factor {name} the order of the rank is "
             "reversed", "Transposing keeps the order of rows and columns."),
    )  # fmt: skip


@alpha_conventions.check(after=("returns-four",))
def converts_factors(subject: Subject, draw: Draw) -> None:
    """A (i, r) and B (r, o) hold PEFT's numbers, turned to this course's shapes."""
    cases = [*peft_cases(draw), peft_case(draw, rank=1)]
    values = converted(subject, cases)
    for name in ("A", "B"):
        expect_all([value[name] for value in values], cases, lambda c, name=name: c[f"lora_{name}"].T, told=told,
                   what=f"the factor {name}", id="wrong-factor", rules=_factor_rules(name),
                   hint="A (in_dim, rank) holds the numbers of lora_A (rank, in_dim); B those of lora_B.")  # fmt: skip


@alpha_conventions.check(after=("returns-four",))
def converts_alpha(subject: Subject, draw: Draw) -> None:
    """alpha is the factor that this course's layer multiplies by: lora_alpha / r."""
    judge_alpha(subject, peft_cases(draw))


def _alpha_rules() -> tuple[Rule, ...]:
    """What well-known mistakes make of lora_alpha."""
    axis = "The rank is the side that both factors share."

    def of(make):
        """A rule of lora_alpha and the sizes r, i, o."""
        return lambda c: float(make(c["lora_alpha"], *c["lora_A"].shape, len(c["lora_B"])))

    return (
        Rule("alpha-not-converted", of(lambda a, r, i, o: a), "our alpha is lora_alpha itself",
             "PEFT and the paper divide by the rank inside the layer; ours does not."),
        Rule("alpha-times-rank", of(lambda a, r, i, o: a * r), "PEFT's lora_alpha is multiplied by r",
             "That is the way back, from ours to PEFT's."),
        Rule("rank-from-wrong-side", of(lambda a, r, i, o: a / i), "PEFT's lora_alpha is divided by in_dim", axis),
        Rule("rank-from-wrong-side", of(lambda a, r, i, o: a / o), "PEFT's lora_alpha is divided by out_dim", axis),
        Rule("rank-from-wrong-side", of(lambda a, r, i, o: a / min(r, i, o)), "PEFT's lora_alpha is divided by the "
             "smallest side", axis),
        Rule("rank-from-wrong-side", of(lambda a, r, i, o: a / min(r, i)), "PEFT's lora_alpha is divided by the "
             "smaller "
             "side of lora_A", axis),
        Rule("rank-from-wrong-side", of(lambda a, r, i, o: a / min(r, o)), "PEFT's lora_alpha is divided by the "
             "smaller "
             "side of lora_B", axis),
        *(Rule("rank-fixed", of(lambda a, r, i, o, n=n: a / n), f"PEFT's lora_alpha is divided by {n}, whatever the "
               "rank", axis) for n in (2, 4, 8, 16)),
        Rule("alpha-absolute", of(lambda a, r, i, o: max(a, 0) / r), "a negative lora_alpha is taken for zero",
             "A negative lora_alpha is odd, but it is PEFT's scale all the same."),
        Rule("root-of-rank", of(lambda a, r, i, o: a / r**0.5), "PEFT's lora_alpha is divided by the root of the rank",
             "That is rsLoRA (use_rslora=True); plain LoRA divides by the rank."),
        Rule("upside-down", of(lambda a, r, i, o: r / a if a else 0), "our alpha is r / lora_alpha", "It is the other "
             "way round."),
        Rule("whole-division", of(lambda a, r, i, o: a // r), "the fraction of the quotient is dropped",
             "Divide with /, not with // or int(...)."),
        Rule("whole-division", of(lambda a, r, i, o: int(a / r)), "the fraction of the quotient is dropped",
             "Divide with /, not with // or int(...)."),
        Rule("whole-division", of(lambda a, r, i, o: round(a / r)), "the quotient is rounded to a whole number",
             "Our alpha need not be whole."),
        Rule("alpha-absolute", of(lambda a, r, i, o: abs(a) / r), "our alpha lost the sign of lora_alpha",
             "A negative lora_alpha is odd, but it is PEFT's scale all the same."),
        Rule("zero-ignored", of(lambda a, r, i, o: (a or r) / r), "a lora_alpha of zero is taken for another",
             "Zero is a number like any other: no `or` here."),
        Rule("zero-ignored", of(lambda a, r, i, o: (a or 1) / r), "a lora_alpha of zero is taken for another",
             "Zero is a number like any other: no `or` here."),
    )  # fmt: skip


def judge_alpha(subject: Subject, cases: list[dict]) -> None:
    """Compare the converted alpha; a hidden check uses it with whole numbers."""
    values = [value["alpha"] for value in converted(subject, cases)]
    expect_all(values, cases, lambda c: c["lora_alpha"] / len(c["lora_A"]), told=told, what="our alpha",
               id="wrong-alpha", rules=_alpha_rules(),
               hint="The table in section 3 says what PEFT multiplies by, and what our layer does.")  # fmt: skip


@alpha_conventions.check(after=("returns-four",))
def gives_the_update(subject: Subject, draw: Draw) -> None:
    """delta_W (o, i) is what PEFT adds to the weight of the nn.Linear."""
    judge_update(subject, peft_cases(draw))


def update(c: dict) -> torch.Tensor:
    """What PEFT adds, by what its layers do to a full set of inputs: lora_B(lora_A(e)) for each unit e."""
    path = torch.nn.functional.linear(c["lora_A"].T.double(), c["lora_B"].double())
    return path.T * (c["lora_alpha"] / len(c["lora_A"]))


def _update_rules() -> tuple[Rule, ...]:
    """What well-known mistakes make of the update."""
    scale = "The update holds its scale, the number that PEFT multiplies the product of its factors by."

    def times(make):
        """A rule: the product of the factors times a number of lora_alpha and the rank."""
        return lambda c: update(c | {"lora_alpha": len(c["lora_A"])}) * make(c["lora_alpha"], len(c["lora_A"]))

    return (
        Rule("update-transposed", lambda c: update(c).T, "the update delta_W is (in_dim, out_dim), ours for x @ A @ B",
             "An nn.Linear keeps its weight as (out, in)."),
        Rule("update-unscaled", times(lambda a, r: 1), "the update delta_W lacks the scale", scale),
        Rule("update-unscaled", lambda c: times(lambda a, r: 1)(c).T, "the update delta_W lacks the scale and is "
             "transposed", scale),
        Rule("update-not-divided", times(lambda a, r: a), "the update delta_W is scaled by lora_alpha without dividing "
             "by r", scale),
        Rule("update-scaled-twice", times(lambda a, r: (a / r) ** 2), "the update delta_W is scaled twice", scale),
        Rule("update-divided-twice", times(lambda a, r: a / r**2), "the update delta_W is divided by the rank twice",
             scale),
        Rule("update-times-rank", times(lambda a, r: a * r), "the update delta_W is multiplied by the rank", scale),
        Rule("update-by-root", times(lambda a, r: a / r**0.5), "the update delta_W is divided by the root of the rank",
             "That is rsLoRA; plain LoRA divides by the rank."),
        Rule("update-negated", lambda c: -update(c), "the update delta_W has the opposite sign", "PEFT adds it."),
    )  # fmt: skip


def judge_update(subject: Subject, cases: list[dict]) -> None:
    """Compare delta_W by what it does to a full set of inputs; hidden checks use it with other cases."""
    values = converted(subject, cases)
    deltas = [value["delta_W"] for value in values]
    wrong = [value["alpha"] for value, c in zip(values, cases, strict=True)
             if not close(value["alpha"], c["lora_alpha"] / len(c["lora_A"]))]  # fmt: skip
    own = [_own(value) for value in values]
    if wrong and all(o is not None and close(delta, o) for delta, o in zip(deltas, own, strict=True)):
        text = "the update delta_W is made with the alpha beside it, and that is not right yet"
        raise Failure("update-follows-alpha", text, "Mend our alpha first.")
    expect_all(
        deltas,
        cases,
        update,
        told=told,
        what="the update delta_W",
        id="wrong-update",
        rules=_update_rules(),
        hint="Give an nn.Linear this weight: it must do to x what lora_B(lora_A(x)), scaled, does.",
    )


def _own(value: dict) -> torch.Tensor | None:
    """The update that A, B and alpha beside it make; None where they do not fit."""
    A, B, alpha = value["A"].double(), value["B"].double(), value["alpha"]
    if A.dim() != 2 or B.dim() != 2 or A.shape[1] != B.shape[0] or not isinstance(alpha, (int, float, torch.Tensor)):
        return None
    return (alpha * A @ B).T if not isinstance(alpha, torch.Tensor) or alpha.dim() == 0 else None
