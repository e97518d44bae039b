"""Checks of lab 11: counting intruder dimensions.

Letters: o rows and i columns of a weight, m = min(o, i). The judge builds both weights from singular vectors that it
chose, so it knows every cosine without computing a decomposition.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch

from lora_utils.checks.framework.compare import came_as, expect_number
from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.exercise import Exercise
from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.many_cases import Rule, ask, expect_all, remembered
from lora_utils.checks.framework.subject import Subject

intruder_dimensions = Exercise("intruder-dimensions")

GAP = 0.02  # between any cosine and the threshold; float32 is wrong by a thousandth of it
TURNS = (0.0, 0.25, 0.6, 0.9, 1.2, 1.45)  # radians by which a singular vector leaves the one that was there


class Weight(NamedTuple):
    """A weight (o, i) = left @ diag(s) @ right.T with known singular vectors, in float64."""

    left: torch.Tensor  # (o, m)
    s: torch.Tensor  # (m,), descending
    right: torch.Tensor  # (i, m)

    @property
    def W(self) -> torch.Tensor:
        """The matrix as students get it."""
        return (self.left * self.s @ self.right.T).float()


class Change(NamedTuple):
    """A case: a weight before and after, and what the function is told; None where the default shall serve."""

    before: Weight
    after: Weight
    top: int | None
    threshold: float | None

    def cosines(self) -> torch.Tensor:
        """(m, m): which cosine the left vectors of `after` (columns) have with those of `before` (rows)."""
        return self.before.left.T @ self.after.left

    @property
    def first(self) -> int:
        """How many vectors are to be looked at."""
        return min(10 if self.top is None else self.top, len(self.after.s))

    @property
    def bar(self) -> float:
        """The threshold that holds."""
        return 0.5 if self.threshold is None else self.threshold


def _turned(draw: Draw, vectors: torch.Tensor, m: int) -> torch.Tensor:
    """Return m of the orthonormal columns, in another order, some turned towards others, some with another sign."""
    columns = [vectors[:, k] for k in draw.order(vectors.shape[1])]
    for k in range(0, len(columns) - 1, 2):
        angle = torch.tensor(draw.choice(TURNS), dtype=torch.float64)
        a, b = columns[k], columns[k + 1]
        columns[k], columns[k + 1] = angle.cos() * a + angle.sin() * b, angle.cos() * b - angle.sin() * a
    columns = [columns[k] for k in draw.order(len(columns))][:m]
    return torch.stack([draw.choice((-1.0, 1.0)) * column for column in columns], dim=1)


def change(draw: Draw, o: int, i: int, top: int | None, threshold: float | None) -> Change:
    """Draw a weight and what fine-tuning made of it, with gaps between the singular values."""
    m = min(o, i)
    left, right = (torch.linalg.qr(draw.normal(n, n, dtype=torch.float64)).Q for n in (o, i))
    values = torch.arange(m, 0, -1, dtype=torch.float64) * draw.number(0.5, 0.8) + 0.3
    before = Weight(left[:, :m], values, right[:, :m])
    return Change(before, Weight(_turned(draw, left, m), values * 1.2, _turned(draw, right, m)), top, threshold)


def changes(draw: Draw, sizes: list[tuple[int, int]], told: list[tuple[int | None, float | None]]) -> list[Change]:
    """Draw cases in which rounding decides nothing."""
    cases = []
    for o, i in sizes:
        for top, threshold in told:
            while True:
                case = change(draw, o, i, top, threshold)
                best = case.cosines().abs().amax(dim=0)
                if (best - case.bar).abs().min() > GAP and case.cosines().abs().sub(case.bar).abs().min() > GAP / 4:
                    cases.append(case)
                    break
    return cases


TOLD = [(4, 0.5), (5, 0.8), (3, 0.95), (6, 0.3), (50, 0.7), (1, 0.9)]


@intruder_dimensions.check
def counts(subject: Subject, draw: Draw) -> None:
    """It counts the strongest singular vectors of `after` that lie near none of `before`, by left vectors."""
    o, i = draw.integer(13, 15), draw.integer(8, 10)
    judge_counts(subject, changes(draw, [(o, i), (i, o), (i + 1, i), (9, 9)], TOLD))


@intruder_dimensions.check(weight=0.5, after=("counts",))
def has_defaults(subject: Subject, draw: Draw) -> None:
    """Without further arguments it looks at ten vectors and takes 0.5 for the threshold."""
    cases = changes(draw, [(19, 14), (23, 15), (16, 13)], [(None, None), (10, 0.7), (None, None)])
    judge_counts(subject, cases)


def arguments(c: Change) -> list:
    """What the function is called with."""
    given = [c.before.W, c.after.W]
    return given if c.top is None else [*given, c.top, c.threshold]


def right(c: Change) -> int:
    """How many there are."""
    return int((c.cosines().abs().amax(dim=0)[: c.first] < c.bar).sum())


def told(c: Change) -> str:
    """A case, for a message."""
    (o, _), (i, _) = c.before.left.shape, c.before.right.shape
    more = "the defaults" if c.top is None else f"top={c.top} and threshold={c.threshold}"
    return f"weights of shape ({o}, {i}) and {more}"


def judge_counts(subject: Subject, cases: list[Change]) -> None:
    """Compare with the count that the known vectors give; hidden checks use it with other weights."""
    values = ask(subject, cases, told, arguments=arguments)["values"]
    for c, value in zip(cases, values, strict=True):
        if not isinstance(value, (int, float)) and not (isinstance(value, torch.Tensor) and value.numel() == 1):
            came = "None: is a return missing?" if value is None else came_as(value)
            raise Failure("not-a-number", f"the count for {told(c)} must be a whole number (int), got {came}",
                          "Return the number itself, with nothing around it.")  # fmt: skip
    numbers = [v.flatten()[0] if isinstance(v, torch.Tensor) else v for v in values]
    expect_all(numbers, cases, right, told=told, what="the count", id="wrong-count", rules=_rules(cases),
               tolerance=1e-6, hint="Print the cosines of a small pair of weights as a table, one column for each "
               "vector of `after`, and count by hand.")  # fmt: skip
    for c, value in zip(cases, values, strict=True):
        expect_number(value, f"the count for {told(c)}", int)


def _rules(cases: list[Change]) -> tuple[Rule, ...]:
    """What well-known mistakes return."""

    def below(c: Change, best: torch.Tensor, first: int | None = None, bar: float | None = None) -> int:
        return int((best[: c.first if first is None else first] < (c.bar if bar is None else bar)).sum())

    def by(reduce: Callable) -> Callable:
        return lambda c: below(c, reduce(c.cosines()))

    def vectors(c: Change) -> tuple[torch.Tensor, torch.Tensor]:
        """As torch gives them, which decides their signs."""
        return tuple(torch.linalg.svd(w.W, full_matrices=False).U for w in (c.before, c.after))

    def signed(c: Change) -> int:
        old, new = vectors(c)
        return below(c, (old.T @ new).amax(dim=0))

    def best(c: Change) -> torch.Tensor:
        return c.cosines().abs().amax(dim=0)

    def on_the_right(c: Change) -> int:
        return below(c, (c.before.right.T @ c.after.right).abs().amax(dim=0))

    def rows(c: Change) -> int:
        old, new = vectors(c)
        return below(c, (new @ old.T).abs().amax(dim=1), 10 if c.top is None else c.top)

    def whole_basis(c: Change) -> int:
        old = torch.linalg.svd(c.before.W, full_matrices=True).U.double()
        return below(c, (old.T @ c.after.left).abs().amax(dim=0))

    def of_the_update(c: Change) -> int:
        left = torch.linalg.svd(c.after.W - c.before.W, full_matrices=False).U.double()
        return below(c, (c.before.left.T @ left).abs().amax(dim=0))

    def from_before(c: Change) -> int:
        return below(c, c.cosines().abs().amax(dim=1))

    few = "The largest singular values come first: the first `top` columns of U of `after`."
    near = "A vector is near if one of all vectors of `before` is: take the largest of its cosines."
    return (
        Rule("signs-count", signed, "a cosine near -1 is taken for far away",
             "A singular vector has no sign of its own: take the absolute value."),
        Rule("same-place-only", by(lambda c: c.diagonal().abs()), "each vector is compared only with the one in the "
             "same place", near),
        Rule("the-near-ones", lambda c: c.first - right(c), "those that are near are counted",
             "An intruder has no cosine that reaches the threshold."),
        Rule("not-the-largest", by(lambda c: c.abs().amin(dim=0)), "it is not the largest cosine of each vector that "
             "is compared: a smaller one counts it in", near),
        Rule("not-the-largest", by(lambda c: c.abs().mean(dim=0)), "it is not the largest cosine of each vector that "
             "is compared: their mean counts it in", near),
        Rule("squared", by(lambda c: c.square().amax(dim=0)), "the square of the cosine is compared",
             "The threshold is one of the cosine itself."),
        Rule("projected", by(lambda c: c.square().sum(dim=0).sqrt()), "what is compared is the length of a vector's "
             "part in the space of all vectors of `before`", near),
        Rule("right-vectors", on_the_right, "the right singular vectors are compared, directions of the input",
             "Take the columns of U: what the layer writes."),
        Rule("rows-of-U", rows, "the rows of U are compared", "svd gives the left singular vectors as columns of U."),
        Rule("roles-exchanged", from_before, "vectors of `before` are looked for in `after`",
             "New is what `after` has and `before` has not."),
        Rule("top-of-before-only", lambda c: below(c, c.cosines()[: c.first].abs().amax(dim=0)), "the vectors are "
             "compared only with the first `top` of `before`", near),
        Rule("whole-basis", whole_basis, "directions in which `before` has nothing are taken for some of its own",
             "full_matrices=False gives the singular vectors alone."),
        Rule("update-for-weight", of_the_update, "the directions of the update are compared, not those of the weight",
             "Decompose `after` itself: a weak update of a strong direction is no new direction of the weight."),
        Rule("top-ignored", lambda c: below(c, best(c), len(c.after.s)), "all vectors are looked at", few),
        Rule("top-ignored", lambda c: below(c, best(c), 10), "ten vectors are looked at, whatever `top` says", few),
        Rule("weakest-first", lambda c: below(c, best(c).flip(0)), "the weakest vectors are looked at", few),
        Rule("threshold-ignored", lambda c: below(c, best(c), bar=0.5), "0.5 is the threshold, whatever is given",
             "Compare with `threshold`."),
        Rule("one-less", lambda c: below(c, best(c), c.first - 1), "one vector less than `top` is looked at", few),
        Rule("one-more", lambda c: below(c, best(c), c.first + 1), "one vector more than `top` is looked at", few),
        Rule("share-returned", lambda c: right(c) / c.first, "that is the share of the vectors",
             "Return how many there are."),
        Rule("other-default", lambda c: below(c, best(c), len(c.after.s) if c.top is None else None), "where nothing "
             "else is said, all vectors are looked at", "The default of `top` is 10."),
        remembered(lambda old, new: right(old._replace(top=new.top, threshold=new.threshold)), cases,
                   lambda c: c.before.W.shape),
    )  # fmt: skip
