"""Checks of lab 11: one base, and a path for each row of a batch.

Letters: b batch, s sequence, n adapters, i in_features, o out_features, r rank. W (o, i), A (n, i, r), B (n, r, o).
The judge computes each row from a merged weight of its own, W + alpha (A B).T, which no student writes down that way.
"""

from __future__ import annotations

import torch
from torch import nn

from lora_utils.checks.framework.compare import expect_apart, expect_tensor
from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.exercise import Exercise
from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.many_cases import Rule, ask, expect_all
from lora_utils.checks.framework.probes import linear, returned
from lora_utils.checks.framework.subject import Subject

batched_lora = Exercise("batched-lora")


class Doubled(nn.Linear):
    """A linear layer that does more than x W.T + bias, as one in 4 bits does."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return 2 (x W.T + bias) + 1."""
        return 2 * super().forward(x) + 1


# ---------------------------------------------------------------------------------------------------------- probes
def _made(cls, c: dict, base: nn.Linear | None = None) -> nn.Module:
    return cls(linear(c["weight"], c["bias"]) if base is None else base, c["A"], c["B"], c["alpha"])


def serve_all(cls, *, cases: list) -> dict:
    """Probe: for each case the output of a layer; all layers are made before the first is called."""
    layers = [_made(cls, c) for c in cases]
    return {"values": [layer(c["x"], c["index"]) for layer, c in zip(layers, cases, strict=True)]}


def look(cls, *, c: dict) -> dict:
    """Probe: what a layer is made of, and what it gives around a layer that doubles and after a move to float64."""
    base = linear(c["weight"], c["bias"])
    layer = _made(cls, c, base)
    if not isinstance(layer, nn.Module):
        return {"module": False}
    doubled = Doubled(c["weight"].shape[1], c["weight"].shape[0])
    doubled.load_state_dict({"weight": c["weight"], "bias": c["bias"]})
    held = [*layer.parameters(), *layer.buffers()]
    attributes = [value for module in layer.modules() for value in vars(module).values()]
    attributes += [one for value in attributes if isinstance(value, list | tuple) for one in value]
    seen = {
        "module": True,
        "inside": any(one is base for one in layer.modules()),
        "numbers": sum(one.numel() for one in held),
        "plain": any(isinstance(value, torch.Tensor) for value in attributes),
        "trainable": sum(p.numel() for p in layer.parameters() if p.requires_grad),
        "alone": layer(c["x"], c["index"]),
        "doubled": returned(_made(cls, c, doubled), c["x"], c["index"]),
    }
    return seen | {"beside": layer(c["x"], c["index"])}


def in_double(cls, *, c: dict) -> dict:
    """Probe: the output of a layer that was moved to float64 after it was made."""
    return {"output": _made(cls, c).double()(c["x"].double(), c["index"])}


# ---------------------------------------------------------------------------------------------------------- judges
def serving_case(
    draw: Draw, index: list[int], leading: tuple[int, ...] = (), count: int = 4, sizes: list[int] | None = None
) -> dict:
    """Draw a layer, `count` adapters with alphas of their own, and a batch with a row for each index.

    `sizes` are in_features, out_features and rank, drawn where they are not given.
    """
    i, o, r = sizes or draw.sizes(3, low=3, high=9)
    return {"weight": draw.normal(o, i), "bias": draw.normal(o), "A": draw.normal(count, i, r),
            "B": draw.normal(count, r, o), "alpha": torch.tensor([draw.number(0.5, 3) for _ in range(count)]),
            "x": draw.normal(len(index), *leading, i), "index": torch.tensor(index)}  # fmt: skip


def told(c: dict) -> str:
    """A case, for a message."""
    return f"{len(c['A'])} adapters, x of shape {tuple(c['x'].shape)} and index {c['index'].tolist()}"


def served(c: dict, scale=None, which=None, base: float = 1.0) -> torch.Tensor:
    """Each row from a merged weight of its own; scale and which (row, index) -> number stand for mistakes."""
    x, W, rows = c["x"].double(), c["weight"].double(), []
    for n, k in enumerate(c["index"].tolist()):
        chosen = k if which is None else which(n, k)
        update = torch.zeros_like(W)
        if chosen is not None and (chosen >= 0 or which is not None):
            by = float(c["alpha"][chosen]) if scale is None else scale(n, chosen)
            update = by * (c["A"][chosen].double() @ c["B"][chosen].double()).T
        rows.append(x[n] @ (base * W + update).T + base * c["bias"].double())
    return torch.stack(rows)


def mixed(draw: Draw, leading: tuple[int, ...] = ()) -> list[dict]:
    """Draw batches that mix adapters, out of order and more than once; every one names each adapter."""
    orders = [draw.order(4) + [draw.integer(0, 3) for _ in range(3)] for _ in range(4)]
    return [serving_case(draw, index, leading) for index in orders]


@batched_lora.check(weight=0.5)
def is_a_module(subject: Subject, draw: Draw) -> None:
    """BatchedLoRA(linear, A, B, alpha) is an nn.Module that keeps the very layer it is given."""
    seen = subject.probe(look, c=serving_case(draw, [1, 0, 3]))
    if not seen["module"]:
        raise Failure("not-a-module", "BatchedLoRA(linear, A, B, alpha) is not an nn.Module",
                      "The class statement has to name nn.Module as its base.")  # fmt: skip
    if not seen["inside"]:
        raise Failure("layer-missing", "the given layer is not among the module's submodules: it was copied, taken "
                      "apart or hidden", "Assign the layer itself to an attribute of self.")  # fmt: skip


@batched_lora.check(weight=2, after=("is-a-module",))
def serves_each_row(subject: Subject, draw: Draw) -> None:
    """Each row gets the base's output and that of the adapter which its index names."""
    judge_rows(subject, mixed(draw))


@batched_lora.check(after=("serves-each-row",))
def base_alone(subject: Subject, draw: Draw) -> None:
    """A row with index -1 gets the base's output alone."""
    orders = [[-1, 2, 0, -1, 3], [1, -1, 1], [-1, -1], [3, 0, -1, 2, 1, -1], [-1]]
    judge_rows(subject, [serving_case(draw, index) for index in orders])


@batched_lora.check(after=("serves-each-row",))
def serves_sequences(subject: Subject, draw: Draw) -> None:
    """A row may be a sequence: x (b, s, i) becomes (b, s, o), and all tokens of a row have one adapter."""
    judge_rows(subject, [*mixed(draw, (3,)), serving_case(draw, [2, -1, 0], (5,)), serving_case(draw, [1], (2,))])


@batched_lora.check(after=("serves-each-row",))
def shares_the_base(subject: Subject, draw: Draw) -> None:
    """It calls the one layer it was given, holds no whole matrix for each adapter, and nothing of it trains."""
    c = serving_case(draw, [1, 0, 3, -1], count=5, sizes=[*draw.sizes(2, low=20, high=26), 2])
    seen = subject.probe(look, c=c)
    expect_apart(seen["alone"], seen["beside"], "layer")
    n, i, r = c["A"].shape
    o = len(c["weight"])
    most = o * i + o + (n + 2) * (i * r + r * o + 4)
    if seen["numbers"] > most:
        raise Failure("whole-matrices", f"for {n} adapters of rank {r} it holds {seen['numbers']:,} numbers; base and "
                      f"factors have {o * i + o + n * (i * r + r * o + 1):,}", "Keep the factors, once: a whole matrix "
                      "for each adapter is what serving them over one base avoids.")  # fmt: skip
    if seen["trainable"]:
        raise Failure("trains", f"{seen['trainable']:,} numbers can be trained", "Here adapters are served: freeze the "
                      "layer, and keep A, B and alpha as buffers.")  # fmt: skip
    base = c["x"].double() @ c["weight"].double().T + c["bias"].double()
    rules = (Rule("layer-bypassed", lambda c: served(c), "its weight is read, and the layer is not called",
                  "Call the layer itself: self.linear(x)."),)  # fmt: skip
    expect_all([seen["doubled"]], [c], lambda c: served(c) + base + 1, told="{}".format, id="layer-bypassed",
               what=lambda c: "the output around a layer that returns 2 (x W.T + bias) + 1", rules=rules,
               hint="Call the layer once, on all rows: self.linear(x).")  # fmt: skip


@batched_lora.check(weight=0.5, after=("serves-each-row",))
def moves_as_one(subject: Subject, draw: Draw) -> None:
    """The factors move with the module, as to float64."""
    c = serving_case(draw, [2, 0, 1])
    if subject.probe(look, c=c)["plain"]:
        raise Failure("left-behind", "a tensor lies in a plain attribute of the module, and stays where it is when the "
                      "module moves", "self.register_buffer(name, tensor) makes it a part that moves too.")  # fmt: skip
    seen = subject.probe(in_double, c=c)["output"]
    expect_tensor(seen, "what forward returns")
    if seen.dtype != torch.float64:
        raise Failure("output-dtype", f"after layer.double() the output is {seen.dtype}", "Compute in the dtype that "
                      "comes in, without .float().")  # fmt: skip
    expect_all([seen], [c], served, told=told, what="the output in float64", id="wrong-output",
               hint="The same sum, whatever the dtype.", tolerance=1e-6)  # fmt: skip


def judge_rows(subject: Subject, cases: list[dict]) -> None:
    """Compare every row with its own merged weight; hidden checks use it with other batches."""
    values = ask(subject, cases, told, probe=serve_all, arguments=lambda c: c)["values"]
    for c, value in zip(cases, values, strict=True):
        expect_tensor(value, f"the output for {told(c)}")
    expect_all(values, cases, served, told=told, what="the output", id="wrong-output", rules=_rules(),
               hint="Take two rows and two adapters and compute each row by hand.")  # fmt: skip


def _rules() -> tuple[Rule, ...]:
    """What well-known mistakes return."""

    def all_of_them(c: dict) -> torch.Tensor:
        x = c["x"].double()
        base = served(c, which=lambda n, k: None)
        return base + sum(a * (x @ A @ B) for a, A, B in zip(c["alpha"].double(), c["A"].double(), c["B"].double(),
                                                            strict=True))  # fmt: skip

    def sorted_rows(c: dict) -> torch.Tensor:
        return served(c)[c["index"].argsort(stable=True)]

    def base_of(c: dict) -> torch.Tensor:
        return served(c, which=lambda n, k: None)

    def only_last(c: dict) -> torch.Tensor:
        last = int(c["index"][-1])
        return served(c, which=lambda n, k: k if k == last and k >= 0 else None)

    def zero_base(c: dict) -> torch.Tensor:
        keep = (c["index"] >= 0).view(-1, *[1] * (c["x"].dim() - 1))
        return served(c) * keep

    none = "In PyTorch index -1 is the last place. Multiply these rows' path by 0, or keep a path of zeros in the last "
    own = "alpha[index] holds a number for each row: give it axes to multiply with."
    row = "A[index] has one A for each row, (b, i, r)."
    return (
        Rule("last-for-none", lambda c: served(c, which=lambda n, k: k), "a row with index -1 gets the last adapter",
             none + "place."),
        Rule("first-for-none", lambda c: served(c, which=lambda n, k: max(k, 0)), "a row with index -1 gets adapter 0",
             none + "place."),
        Rule("none-gets-zero", zero_base, "a row with index -1 gets zeros", "It gets what the base gives."),
        Rule("index-ignored", lambda c: served(c, which=lambda n, k: n % len(c["A"])), "row n gets adapter n, whatever "
             "the index says", row),
        Rule("first-for-all", lambda c: served(c, which=lambda n, k: int(c["index"][0])), "all rows get the adapter of "
             "the first row", row),
        Rule("first-for-all", lambda c: served(c, which=lambda n, k: 0), "all rows get adapter 0", row),
        Rule("adapters-added", all_of_them, "every row gets all adapters", row),
        Rule("off-by-one", lambda c: served(c, which=lambda n, k: k - 1), "every row gets the adapter before its own",
             "Adapters are counted from 0."),
        Rule("off-by-one", lambda c: served(c, which=lambda n, k: k if k < 0 else max(k - 1, 0)), "every row gets the "
             "adapter before its own, and adapter 0 serves two", "Adapters are counted from 0."),
        Rule("off-by-one", lambda c: served(c, which=lambda n, k: k if k < 0 else min(k + 1, len(c["A"]) - 1)), "every "
             "row gets the adapter after its own", "Adapters are counted from 0."),
        Rule("only-one-adapter", only_last, "only the rows of one adapter are served", "What the loop has made before "
             "is overwritten."),
        Rule("path-missing", base_of, "that is the base's output alone", "Add the path's output."),
        Rule("base-missing", lambda c: served(c, base=0.0), "the base's output is missing", "Add self.linear(x)."),
        Rule("base-twice", lambda c: served(c, base=2.0), "the base's output is in it twice", "Add self.linear(x) "
             "once."),
        Rule("order-lost", sorted_rows, "the rows come back sorted by adapter", "Write each group back to the places "
             "where its rows were."),
        Rule("alpha-missing", lambda c: served(c, scale=lambda n, k: 1.0), "alpha is missing", own),
        Rule("one-alpha", lambda c: served(c, scale=lambda n, k: float(c["alpha"][0])), "all rows have the first "
             "adapter's alpha", own),
        Rule("one-alpha", lambda c: served(c, scale=lambda n, k: float(c["alpha"].mean())), "all rows have the mean of "
             "the alphas", own),
        Rule("alpha-by-position", lambda c: served(c, scale=lambda n, k: float(c["alpha"][n % len(c["alpha"])])),
             "row n has the alpha of adapter n", own),
        Rule("alpha-over-rank", lambda c: served(c, scale=lambda n, k: float(c["alpha"][k]) / c["A"].shape[2]),
             "alpha is divided by the rank", "In this course alpha stands as it is before the product."),
        Rule("alpha-twice", lambda c: served(c, scale=lambda n, k: float(c["alpha"][k]) ** 2), "alpha enters twice",
             "Where alpha is in a factor, it is not needed again."),
    )  # fmt: skip
