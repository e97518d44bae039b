"""Checks of lab 05: the layer itself.

Letters: b batch, s sequence, i in_dim, o out_dim, r rank. A (i, r), B (r, o), M = A B (i, o), G = dL/dy.
Four facts separate a LoRA layer from everything that resembles one: it starts at exactly zero, it trains r * (i + o)
numbers, its output and gradients follow the closed form for any A and B, and it learns a target of its rank.
"""

from __future__ import annotations

import math

import torch

from lora_utils.checks.framework.compare import close, expect_close, expect_explained, expect_tensor, learns
from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.exercise import Exercise
from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.subject import StudentRaised, Subject
from lora_utils.checks.lab_05_lora_layer.layer_output import case, judge_output
from lora_utils.checks.lab_05_lora_layer.lora_layer_probes import build, initial_a, named, run

lora_layer = Exercise("lora-layer", lifted=("changes-a-tensor", "sets-the-seed"))

WRITE_MODULE = "Write class LoRALayer(nn.Module) with super().__init__() as the first line of __init__."


def built(subject: Subject, c: dict) -> dict:
    """Build the layer and expect an nn.Module; the usual accident with super() gets its own message."""
    try:
        seen = subject.probe(build, **c)
    except StudentRaised as error:
        if "before Module.__init__() call" in error.text:
            raise Failure("super-init-missing", "PyTorch cannot register A and B: nn.Module was never initialised",
                          "Call super().__init__() before assigning parameters.") from None  # fmt: skip
        raise
    if not seen["module"]:
        raise Failure("not-a-module", "the answer makes something that is not an nn.Module", WRITE_MODULE)
    if seen["expanded"]:
        raise Failure("factor-expanded", f"the parameter {seen['expanded'][0]} holds fewer numbers than its shape "
                      "says, each in several places (expand): no optimiser can write into it",
                      "Every number of a factor is one of its own.")  # fmt: skip
    return seen


def expect_factors(subject: Subject, c: dict, seen: dict) -> None:
    """Expect that another layer with A and B as they came back, each less by the step, returns what came after it."""
    shapes = ((c["in_dim"], c["rank"]), (c["rank"], c["out_dim"]))
    A, B = (next(p["value"] - 1 for p in seen["parameters"] if p["value"].shape == shape) for shape in shapes)
    other = subject.tried(run, **c, A=A, B=B, twice=True)
    if not other or close(other["output"], other["again"]):  # of a random output others tell
        expect_explained(seen["later"], other.get("output"), "the output after a step")


@lora_layer.check
def has_factors(subject: Subject, draw: Draw) -> None:
    """Its parameters are A (in_dim, rank) and B (rank, out_dim): r * (i + o) trainable numbers and no more."""
    i, o, r, alpha = draw.sizes(4)  # alpha is whole here, so that swapping it with the rank builds and is seen
    c = {"in_dim": i, "out_dim": o, "rank": r, "alpha": alpha, "x": draw.normal(4, i)}
    parameters = (seen := built(subject, c))["parameters"]
    shapes = [tuple(p["value"].shape) for p in parameters]
    if (i, r) in shapes and (r, o) in shapes:
        _only_these(parameters, i, o, r)
        expect_factors(subject, c, seen)
        return
    came = ", ".join(map(str, shapes)) or "none"
    expected = f"for in_dim={i}, out_dim={o}, rank={r} expected parameters A {(i, r)} and B {(r, o)}, found {came}"
    if shapes == [(o, r), (r, i)] and not _takes(subject, i, o, r):
        raise Failure("in-out-exchanged", f"{expected}: in_dim and out_dim are exchanged",
                      "x has in_dim columns, so A has in_dim rows; B has out_dim columns.")  # fmt: skip
    if (r, i) in shapes or (o, r) in shapes:
        raise Failure(
            "transposed-factors",
            f"{expected}: that is PEFT's layout, the transpose of ours",
            "x (..., in_dim) meets A first, so in_dim comes first: A is (in_dim, rank), B (rank, out_dim).",
        )
    if {(i, alpha), (alpha, o)} & set(shapes):
        raise Failure("rank-alpha-swapped", f"{expected}: the inner size is alpha={alpha}",
                      "The arguments come in the order in_dim, out_dim, rank, alpha.")  # fmt: skip
    if {(i, o), (o, i)} & set(shapes):
        raise Failure("full-matrix", f"{expected}: a whole matrix saves nothing",
                      "Keep two thin factors and never their product.")  # fmt: skip
    if seen["buffers"] or seen["tensors"]:
        kind = "buffers" if seen["buffers"] else "plain tensors"
        raise Failure("not-parameters", f"{expected}; A or B is there, but as {kind}, which no optimiser sees",
                      "Wrap both in nn.Parameter.")  # fmt: skip
    if seen["hidden_parameters"]:
        raise Failure("hidden-parameters", f"{expected}; they sit in a list or dict, where nn.Module does not look",
                      "Assign each to its own attribute: self.A = nn.Parameter(...).")  # fmt: skip
    raise Failure("no-factors", expected, "The table above says which two factors the layer has, and of what shape.")


def _takes(subject: Subject, i: int, o: int, r: int) -> bool:
    """Whether the layer's forward accepts rows of in_dim numbers."""
    try:
        subject.probe(run, in_dim=i, out_dim=o, rank=r, alpha=1.0, x=torch.ones(2, i))
    except StudentRaised:
        return False
    return True


def _only_these(parameters: list[dict], i: int, o: int, r: int) -> None:
    """Expect two factors, both trainable, and nothing beside them."""
    for name, shape in (("A", (i, r)), ("B", (r, o))):
        if not any(learns(p) for p in parameters if p["value"].shape == shape):
            raise Failure("factor-frozen", f"the factor {name} has requires_grad=False: training would never change it",
                          "Both factors are trained; only the base layer of the next lab is frozen.")  # fmt: skip
    parameters = [p for p in parameters if p["value"].dim() or learns(p)]  # a frozen alpha is a plain number
    total = sum(p["value"].numel() for p in parameters)
    if total == r * (i + o):
        return
    extra = [p for p in parameters if p["value"].shape not in ((i, r), (r, o))]
    text = f"it has {total} numbers, expected r * (i + o) = {r} * ({i} + {o}) = {r * (i + o)}"
    if extra and all(p["value"].dim() == 0 for p in extra):
        raise Failure("alpha-trainable", f"{text}: alpha is a parameter, so the optimiser changes it",
                      "Keep alpha as a plain number: self.alpha = alpha.")  # fmt: skip
    if extra and all(p["value"].dim() == 1 for p in extra):
        raise Failure("extra-vector", f"{text}: {extra[0]['name']} does not belong here, the product A B has no bias "
                      "and no normalisation", "With nn.Linear say bias=False; add no other layers.")  # fmt: skip
    raise Failure("extra-parameters", f"{text}: {', '.join(p['name'] for p in extra) or 'a factor'} is one too many",
                  "A and B are all that the layer has.")  # fmt: skip


@lora_layer.check(weight=0, after=("has-factors",))  # what follows is about its numbers
def returns_a_tensor(subject: Subject, draw: Draw) -> None:
    """For a batch of rows, forward returns one tensor."""
    i, o, r = draw.sizes(3)
    x = draw.normal(5, i)
    output = subject.probe(run, in_dim=i, out_dim=o, rank=r, alpha=draw.number(1.5, 2.9), x=x)["output"]
    expect_tensor(output, "what forward returns")


# Three times the weight of the other facts: a layer that does not start at zero destroys what it is put beside.
@lora_layer.check(weight=3, after=("returns-a-tensor",))
def starts_at_zero(subject: Subject, draw: Draw) -> None:
    """Before training its output is exactly zero, because B is, while A is not."""
    i, o, r = draw.sizes(3)
    c = {"in_dim": i, "out_dim": o, "rank": r, "alpha": draw.number(1.5, 2.9), "x": draw.normal(5, i)}
    seen = built(subject, c)
    found = {tuple(p["value"].shape): p["value"] for p in seen["parameters"]}  # the check before has seen both
    a, b = (float(found[shape].abs().max()) for shape in ((i, r), (r, o)))
    why = "With B = 0 and A random the output starts at zero and B already receives a gradient."
    if a == 0 and b == 0:
        raise Failure("both-zero", "both factors start at zero: then both gradients are zero for ever", why)
    if a == 0:
        raise Failure("a-zero-b-random", f"the factor A starts at zero and B at random (max |B| = {b:.2g}); it is the "
                      "other way round", why)  # fmt: skip
    if b > 0:
        text = (
            f"the factor B must start at zero so that the adapted layer equals the base layer; found max |B| = {b:.2g}"
        )
        raise Failure("b-not-zero", text, "Random is A; every number of B is zero.")
    output = subject.probe(run, **c)["output"]
    expect_tensor(output, "what forward returns")
    if output.any():
        text = f"a fresh layer returns values up to {float(output.abs().max()):.2g} instead of zero"
        raise Failure("not-zero-at-start", text, "With B = 0 the product is zero: something else is added to it.")
    expect_factors(subject, c, seen)


ALPHAS = (2.5, 1.0, 3, 16, -1.5, 0.1)


@lora_layer.check(weight=2, after=("returns-a-tensor",))
def output(subject: Subject, draw: Draw) -> None:
    """The output is alpha * (x @ A @ B), for any A and B and several (rank, alpha)."""
    cases = [case(draw), case(draw), case(draw, rank=1), case(draw, rank=12)]
    cases += [case(draw, alpha=alpha) for alpha in ALPHAS]
    judge_output(subject, [*cases, case(draw, scale=1e6), case(draw)])  # large numbers, which a bound would cut


@lora_layer.check(weight=0.5, after=("output",))
def keeps_the_names(subject: Subject, draw: Draw) -> None:
    """They are called A, B and alpha, as in the table: later cells read these names."""
    (i, o, r), alpha = draw.sizes(3), draw.number(1.5, 2.9)
    seen = subject.probe(named, sizes=[i, o, r], alpha=alpha)
    if missing := [name for name in ("A", "B", "alpha") if name not in seen["has"]]:
        raise Failure("other-names", f"the layer has no {' and no '.join(missing)}: later cells, which read "
                      f"layer.{missing[0]}, end in an AttributeError", "Keep the names of the table.")  # fmt: skip
    if [seen["shapes"].get(name) for name in "AB"] == [[r, o], [i, r]]:
        raise Failure("names-exchanged", "layer.A is what the table calls B, and the other way round",
                      "A is (in_dim, rank), random, and meets x first.")  # fmt: skip
    if seen["shapes"].get("A") != [i, r] or seen["shapes"].get("B") != [r, o]:
        raise Failure("other-names", "layer.A and layer.B are not the two factors", "Keep the names of the table.")
    if seen["alpha"] is None or not close(seen["alpha"], alpha):
        raise Failure("alpha-renamed", f"for alpha={alpha} layer.alpha is {seen['alpha']}",
                      "Keep alpha itself under that name, as it was given.")  # fmt: skip


@lora_layer.check(weight=2, after=("output",))
def gradients(subject: Subject, draw: Draw) -> None:
    """The gradients of x, A and B follow the closed form: nothing is detached."""
    c = case(draw)  # its alpha is neither 1 nor -1, so that a second one shows
    G, x, A, B, alpha = draw.normal(4, c["out_dim"]), *(c[n].double() for n in ("x", "A", "B")), c["alpha"]
    seen = subject.probe(run, **c, upstream=G)
    G = G.double()
    right = {
        "dA": alpha * torch.einsum("bi,bo,ro->ir", x, G, B),
        "dB": alpha * torch.einsum("bi,ir,bo->ro", x, A, G),
        "dx": alpha * torch.einsum("bo,ro,ir->bi", G, B, A),
    }
    lost = [name for name in right if seen[name] is None or not seen[name].any()]
    if len(lost) == 3:
        raise Failure("nothing-recorded", "no gradient reaches x, A or B: autograd did not see forward",
                      "No torch.no_grad() and no detach in forward.")  # fmt: skip
    if lost:
        names = [name[1] for name in lost]
        id = {"A": "a-gets-no-gradient", "B": "b-gets-no-gradient", "x": "input-detached"}[names[0]]
        why = "the layers before this one cannot learn" if names == ["x"] else f"training would never change {names[0]}"
        raise Failure(
            id,
            f"no gradient reaches {' and '.join(names)}: {why}",
            "Use the input and the parameters themselves: no .data, no detach, no torch.tensor(...).",
        )
    for name, expected in right.items():
        hint = "Compute the output with differentiable operations on x, self.A and self.B themselves."
        expect_close(seen[name], expected, what=f"dL/{name}", id="wrong-gradient", hint=hint)


# Each A has some 17,000 numbers: its spread is known to 0.55 %, its shape to 0.04.
IN_DIM, OUT_DIM, RANK = 1024, 72, 16
OTHERS = ((6144, 3), (16384, 1))  # in_dim and a rank at which other rules part: no square, and one


@lora_layer.check(after=("has-factors",))
def initial_spread(subject: Subject, draw: Draw) -> None:
    """A starts normal with mean 0 and standard deviation 1/sqrt(rank), and anew in every layer."""
    sizes = [(IN_DIM, RANK), (IN_DIM, RANK), *OTHERS]
    first, second, *others = (
        subject.probe(initial_a, sizes=[i, OUT_DIM, r], skip=skip)["A"].double()
        for skip, (i, r) in zip((0, 7, 0, 0), sizes, strict=True)
    )
    if not first.any():
        raise Failure("a-starts-at-zero", "every number of A starts at zero", "It is the factor that starts at random.")
    if torch.equal(first, second):
        raise Failure("same-every-time", "two layers start with the same A, whatever torch's random state",
                      "Set no seed inside the layer: that is the notebook's affair.")  # fmt: skip
    if first.unique().numel() < 0.9 * first.numel():
        raise Failure("not-independent", "numbers of A are equal to others: not each is drawn by itself",
                      "Draw in_dim * rank numbers.")  # fmt: skip
    gram = first.T @ first / first.square().mean() / len(first)  # of independent columns: 0.03 off the diagonal
    if float((gram - gram.diag().diag()).abs().max()) < 1e-3:
        raise Failure("not-independent", "the columns of A are orthogonal to each other, which numbers drawn one by "
                      "one are not", "Normal numbers, each drawn by itself.")  # fmt: skip
    expect_spread(first)
    wide = subject.probe(initial_a, sizes=[IN_DIM, OUT_DIM, RANK], skip=0, alpha=3.0)["A"].double()
    if not abs(float(wide.std() / first.std()) - 1) <= 0.04:
        raise Failure("spread-of-alpha", f"the standard deviation of A is right for alpha=1; for alpha=3 it is "
                      f"{float(wide.std()):.3g} instead of {1 / math.sqrt(RANK):.3f}", "A starts alike for every "
                      "alpha, which multiplies the output, once.")  # fmt: skip
    if not subject.probe(initial_a, sizes=[1, OUT_DIM, 1], skip=0)["A"].isfinite().all():
        raise Failure("not-finite", "the one number of A in a layer with in_dim=1 and rank=1 is not finite",
                      "Draw the numbers and divide them by sqrt(rank); their own mean and spread stay as drawn."
                      )  # fmt: skip
    for A, (i, r) in zip(others, OTHERS, strict=True):
        _expect_other_spread(float(A.std()), i, r)
    for A in (first, *others):
        expect_normal(A)


def expect_spread(A: torch.Tensor) -> None:
    """Expect mean and standard deviation of the A of the first sizes, and know the usual mistakes."""
    right, found = 1 / math.sqrt(RANK), float(A.std())
    text = f"for rank={RANK} the standard deviation of A must be 1/sqrt(rank) = {right:.3f}, found {found:.3g}"
    known_spreads = (
        ("spread-one", 1.0, "torch.randn has standard deviation 1: divide by sqrt(rank)."),
        ("spread-one-over-rank", 1 / RANK, "Divide by the root of the rank, not by the rank (1/rank is the variance)."),
        ("spread-root-of-rank", math.sqrt(RANK), "Divide by sqrt(rank) instead of multiplying."),
        ("spread-from-in-dim", 1 / math.sqrt(IN_DIM), "It is the rank that counts here, not in_dim."),
        ("spread-from-in-dim", 1 / IN_DIM, "It is the rank that counts here, not in_dim."),
        ("spread-from-out-dim", 1 / math.sqrt(OUT_DIM), "It is the rank that counts here, not out_dim."),
        *(("spread-kaiming", s, "That spread is one of Kaiming's or Xavier's rules. PEFT and loralib start A by one; "
           "here it is 1 / sqrt(rank), whatever in_dim.") for s in (
               1 / math.sqrt(3 * RANK), 1 / math.sqrt(3 * IN_DIM), math.sqrt(2 / RANK), math.sqrt(2 / IN_DIM))),
        *(("spread-constant", s, "The spread follows the rank: 1 / sqrt(rank).") for s in (0.02, 0.01, 0.1, 0.05)),
    )  # fmt: skip
    if not abs(float(A.mean())) <= 0.05 * found:  # NaN fails too; 6.4 standard errors
        raise Failure("not-centred", f"the mean of A must be 0, found {float(A.mean()):.3g}",
                      "torch.randn draws around 0, torch.rand from 0 to 1.")  # fmt: skip
    if not abs(found / right - 1) <= 0.04:  # 7.2 standard errors
        for id, spread, hint in known_spreads:
            if abs(found / spread - 1) <= 0.04:
                raise Failure(id, text, hint)
        raise Failure("wrong-spread", text, "Normal numbers of standard deviation 1, each divided by sqrt(rank).")


def _expect_other_spread(found: float, in_dim: int, rank: int) -> None:
    """Expect the spread of another rank, where it is right for the first; a rule may agree there by chance."""
    right = 1 / math.sqrt(rank)
    if abs(found / right - 1) <= 0.04:
        return
    text = f"the standard deviation of A is right for rank={RANK} and in_dim={IN_DIM}; for rank={rank} and in_dim="
    text += f"{in_dim} it must be {right:.3f}, found {found:.3g}"
    rules = (
        ("spread-constant", 1 / math.sqrt(RANK), "The spread follows the rank: 1 / sqrt(rank)."),
        ("root-made-whole", 1 / math.isqrt(rank), "The root of a rank is rarely whole: no int, no //."),
        ("root-of-rank-plus-one", 1 / math.sqrt(rank + 1), "It is the rank itself under the root, without a 1."),
    )
    for id, spread, hint in rules:
        if abs(found / spread - 1) <= 0.04:
            raise Failure(id, text, hint)
    raise Failure("spread-not-of-rank", text, "It is 1 / sqrt(rank), whatever the rank and in_dim.")


def expect_normal(A: torch.Tensor) -> None:
    """Expect the fourth moment of normal numbers, and as large ones as come up among so many."""
    z = (A - A.mean()) / A.std()
    tails, largest = float(z.pow(4).mean()), float(z.abs().max())
    if not abs(tails - 3) <= 0.5:  # 13 standard errors
        raise Failure("not-normal", f"A has the right spread but is not normal: fourth moment {tails:.2f} instead of 3",
                      "Draw with torch.randn.")  # fmt: skip
    if largest < 3.3:  # of 16,000 normal numbers one in ten million draws has none beyond
        raise Failure("bounded", f"of {A.numel():,} numbers of A none lies further out than {largest:.2f} standard "
                      "deviations: normal numbers have no bound", "Draw with torch.randn, and clamp nothing."
                      )  # fmt: skip
