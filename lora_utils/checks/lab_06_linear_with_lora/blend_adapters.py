"""Checks of lab 06: one adapter that does what several do, each with a weight.

Letters: n rows, i in_features, o out_features, r rank. A (i, r), B (r, o). Any factors are right whose product is the
weighted sum; the judge compares what they do to inputs.
"""

from __future__ import annotations

import torch
from torch.nn import functional as F

from lora_utils.checks import Draw, Exercise, Failure, Subject
from lora_utils.checks.framework.compare import expect_number, expect_tensor
from lora_utils.checks.framework.many_cases import Rule, ask, expect_all

blend_adapters = Exercise("blend-adapters", lifted=("depends-on-the-layout",))  # of equal factors any will do
TOLERANCE = 2e-4  # a decomposition of float32 is less exact than a sum


def blend_case(draw: Draw, weights: list[float], ranks: list[int] | None = None) -> dict:
    """Draw an adapter for each weight, of one size and of different ranks and alphas, and an input."""
    i, o = draw.sizes(2, 12, 20)
    ranks = ranks or [draw.integer(1, 3) for _ in weights]
    adapters = [[draw.normal(i, r), draw.normal(r, o), draw.number(0.5, 3)] for r in ranks]
    return {"adapters": adapters, "weights": weights, "x": draw.normal(5, i)}


def blend_cases(draw: Draw) -> list[dict]:
    """Draw ordinary cases, and some whose weights are negative, zero, equal, large or alone."""
    weights = [[draw.number(0.1, 2) for _ in range(n)] for n in (2, 2, 3, 3, 4)]
    odd = [[0.5, 0.5], [1.0, -1.0], [-0.7, 0.4, 1.3], [0.0, 1.0], [1, 0, 2], [10.0, 0.1], [1.0], [-2.0]]
    same = [blend_case(draw, [0.3, 0.7], [2, 2]), blend_case(draw, [1.5, -0.5, 0.2], [1, 1, 1])]
    return [*(blend_case(draw, one) for one in [*weights, *odd]), *same]


def told(c: dict) -> str:
    """The ranks, alphas and weights of a case, for a message."""
    ranks, alphas = [len(B) for _, B, _ in c["adapters"]], [alpha for *_, alpha in c["adapters"]]
    return f"ranks {ranks}, alphas {alphas} and weights {c['weights']}"


def wanted(c: dict) -> torch.Tensor:
    """The weighted sum of what the adapters return."""
    x, pairs = c["x"].double(), zip(c["adapters"], c["weights"], strict=True)
    return sum(w * alpha * (x @ A.double() @ B.double()) for (A, B, alpha), w in pairs)


def blended(subject: Subject, cases: list[dict]) -> list[tuple[torch.Tensor, torch.Tensor, float]]:
    """Call the student's function for each case and expect one adapter."""
    values = ask(subject, cases, told, arguments=lambda c: [c["adapters"], c["weights"]])["values"]
    for c, value in zip(cases, values, strict=True):
        if type(value) is not list or len(value) != 3:
            came = f"{len(value)} results" if type(value) is list else f"one {type(value).__name__}"
            came = "None: is a return missing?" if value is None else came
            raise Failure("not-an-adapter", f"expected A, B and alpha of one adapter, got {came}", "Return the three.")
        A, B, alpha = value
        expect_tensor(A, "the factor A")
        expect_tensor(B, "the factor B")
        if not (isinstance(alpha, torch.Tensor) and alpha.dim() == 0):
            expect_number(alpha, "alpha")
        i, o = len(c["adapters"][0][0]), c["adapters"][0][1].shape[1]
        if A.dim() != 2 or B.dim() != 2 or (A.shape[0], B.shape[1]) != (i, o) or A.shape[1] != B.shape[0]:
            text = f"for {told(c)} A has shape {tuple(A.shape)} and B {tuple(B.shape)}; expected ({i}, r) and (r, {o})"
            raise Failure("not-two-factors", text, "What x meets first has in_features rows, and both share the rank.")
    return [(A, B, float(alpha)) for A, B, alpha in values]


@blend_adapters.check
def is_one_adapter(subject: Subject, draw: Draw) -> None:
    """It returns A (in, r), B (r, out) and a number alpha, of a rank r that is at most the sum of the ranks."""
    cases = blend_cases(draw)
    for c, (A, _, _) in zip(cases, blended(subject, cases), strict=True):
        most = sum(len(B) for _, B, _ in c["adapters"])
        if A.shape[1] > most:
            raise Failure("rank-too-large", f"for {told(c)} the rank is {A.shape[1]}, and {most} is enough",
                          "A sum of matrices has at most the sum of their ranks.")  # fmt: skip


@blend_adapters.check(weight=2, after=("is-one-adapter",))
def does_what_they_do(subject: Subject, draw: Draw) -> None:
    """For any x it returns the weighted sum of what the adapters return."""
    judge_blend(subject, blend_cases(draw))


def judge_blend(subject: Subject, cases: list[dict]) -> None:
    """Compare outputs with the weighted sum; hidden checks use it with other cases."""
    values = blended(subject, cases)
    outputs = [alpha * (c["x"].double() @ A.double() @ B.double())
               for c, (A, B, alpha) in zip(cases, values, strict=True)]  # fmt: skip
    for c, output in zip(cases, outputs, strict=True):
        if not output.isfinite().all():
            raise Failure("not-finite", f"for {told(c)} the factors hold NaN or infinity",
                          "A root of a negative weight is none; a weight may be zero, and divides nothing."
                          )  # fmt: skip
    expect_all(outputs, cases, wanted, told=told, what="the blend's output", id="wrong-blend", tolerance=TOLERANCE,
               rules=_rules(), hint="Take two adapters of rank 1 and write the sum of their two matrices as one "
               "product.")  # fmt: skip


def _rules() -> tuple[Rule, ...]:
    """What well-known mistakes return."""

    def total(make):
        """A rule: each adapter's product times a number of its weight and alpha."""
        return lambda c: sum(make(w, alpha, c) * (c["x"].double() @ A.double() @ B.double())
                             for (A, B, alpha), w in zip(c["adapters"], c["weights"], strict=True))  # fmt: skip

    def summed(c: dict, by_a, by_b, scale) -> torch.Tensor:
        most = max(len(B) for _, B, _ in c["adapters"])  # where ranks differ, factors are filled up with zeros
        A = sum(by_a(w, a) * F.pad(A.double(), (0, most - A.shape[1]))
                for (A, _, a), w in zip(c["adapters"], c["weights"], strict=True))  # fmt: skip
        B = sum(by_b(w, a) * F.pad(B.double(), (0, 0, 0, most - len(B)))
                for (_, B, a), w in zip(c["adapters"], c["weights"], strict=True))  # fmt: skip
        return scale * (c["x"].double() @ A @ B)

    def cut(c: dict) -> torch.Tensor:
        U, S, Vh = torch.linalg.svd(wanted(c | {"x": torch.eye(c["x"].shape[1])}), full_matrices=False)
        most = max(len(B) for _, B, _ in c["adapters"])
        return c["x"].double() @ (U[:, :most] * S[:most]) @ Vh[:most]

    def one_alpha(c: dict) -> float:
        return c["adapters"][0][2]

    def mean_alpha(c: dict) -> float:
        return sum(alpha for *_, alpha in c["adapters"]) / len(c["adapters"])

    def weight(w: float, alpha: float) -> float:
        return w

    def both(w: float, alpha: float) -> float:
        return w * alpha

    def none(w: float, alpha: float) -> float:
        return 1.0

    cross = "The product of sums also multiplies A of one adapter with B of another: set the factors side by side."
    own = "Each adapter has an alpha of its own: put it where its factor is."
    return (
        Rule("weights-ignored", total(lambda w, a, c: a), "the adapters are added without their weights",
             "Every product is multiplied by its weight."),
        Rule("alphas-ignored", total(lambda w, a, c: w), "the adapters are added without their alphas", own),
        Rule("weights-ignored", total(lambda w, a, c: 1), "weights and alphas are missing", own),
        Rule("weights-twice", total(lambda w, a, c: w * w * a), "the weights enter twice: with A and with B",
             "Put the weight into one of the factors."),
        Rule("scaled-twice", total(lambda w, a, c: (w * a) ** 2), "weight and alpha enter twice: with A and with B",
             "Put the scale into one of the factors."),
        Rule("alphas-twice", total(lambda w, a, c: w * a * a), "the alphas enter twice",
             "Where alpha is in the factor, the blend's own alpha is 1."),
        Rule("alphas-twice", total(lambda w, a, c: w * a * one_alpha(c)), "the alphas are in the factors, and the "
             "first adapter's multiplies all once more", "Where alpha is in the factor, the blend's own alpha is 1."),
        Rule("cut-to-the-largest-rank", cut, "only as many directions are kept as the largest adapter has",
             "A sum of matrices may need the sum of their ranks."),
        Rule("sign-lost", total(lambda w, a, c: abs(w) * a), "a negative weight loses its sign",
             "Blending with a negative weight takes an adapter away."),
        Rule("weights-normed", total(lambda w, a, c: w * a / sum(c["weights"])), "the weights are divided by their sum",
             "Take them as they are given: they need not add up to 1."),
        Rule("averaged", total(lambda w, a, c: w * a / len(c["weights"])), "the sum is divided by the number of "
             "adapters",
             "The weights are all the averaging there is."),
        Rule("one-alpha", total(lambda w, a, c: w * one_alpha(c)), "the first adapter's alpha is used for all", own),
        Rule("one-alpha", total(lambda w, a, c: w * mean_alpha(c)), "the mean of the alphas is used for all", own),
        Rule("factors-added", lambda c: summed(c, weight, weight, mean_alpha(c)), "the factors are added, "
             "each "
             "with its weight, and multiplied afterwards", cross),
        Rule("factors-added", lambda c: summed(c, weight, weight, one_alpha(c)), "the factors are added, "
             "each "
             "with its weight, and multiplied afterwards", cross),
        *(Rule("factors-added", lambda c, by=by: summed(c, *by, 1), "the factors are added, each with its "
             "weight, and multiplied afterwards", cross)
          for by in ((weight, weight), (both, weight), (weight, both), (both, none), (none, both))),
        Rule("first-alone", lambda c: total(lambda w, a, c: w * a)(c | {name: c[name][:1] for name in
                                                                        ("adapters", "weights")}),
             "only the first adapter is in it", "The loop ends too early, or its result is overwritten."),
        Rule("last-alone", lambda c: total(lambda w, a, c: w * a)(c | {name: c[name][-1:] for name in
                                                                       ("adapters", "weights")}),
             "only the last adapter is in it", "What the loop has made before is overwritten."),
    )  # fmt: skip
