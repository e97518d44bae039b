"""Checks of lab 04: a prompt that a small network makes, and what is left of it after training.

Letters: l length of the prompt, d width, f inner width. table (l, d), down (f, d), up (d, f).
"""

from __future__ import annotations

import torch
from torch.nn import functional as F

from lora_utils.checks.framework.compare import (
    Mistake,
    close,
    expect_apart,
    expect_close,
    expect_explained,
    expect_tensor,
    learns,
)
from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.exercise import Exercise
from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.subject import StudentRaised, Subject
from lora_utils.checks.lab_04_soft_prompts.prompt_encoder_probes import (
    PARTS,
    beside,
    build,
    drawn,
    fold_later,
    run,
    run_back,
    shapes,
)

prompt_encoder = Exercise("prompt-encoder", lifted=("sets-the-seed",))


def network_case(draw: Draw, *, length: int | None = None) -> dict:
    """Draw sizes, pairwise different, and numbers for all five parameters, none so large that tanh is flat."""
    l, d, f = draw.sizes(3, low=4, high=9)
    l = l if length is None else length
    return {
        "length": l, "width": d, "inner": f, "table": draw.normal(l, d), "down": draw.normal(f, d, scale=0.5),
        "down_bias": draw.normal(f), "up": draw.normal(d, f), "up_bias": draw.normal(d),
    }  # fmt: skip


def prompt_of(c: dict, less: float = 0.0) -> torch.Tensor:
    """What the network makes of its numbers, each less by so much, in float64."""
    table, A, a, B, b = (c[name].double() - less for name in PARTS)
    return torch.tanh(table @ A.T + a) @ B.T + b


@prompt_encoder.check
def has_a_network(subject: Subject, draw: Draw) -> None:
    """It trains a table (l, d) and two linear layers: l*d + (d*f + f) + (f*d + d) numbers."""
    l, d, f = draw.sizes(3, low=4, high=9)
    try:
        seen = subject.probe(build, length=l, width=d, inner=f)
    except StudentRaised as error:
        if "before Module.__init__() call" in error.text:
            raise Failure("super-init-missing", "nn.Module was never initialised", "Call super().__init__() first."
                          ) from None  # fmt: skip
        raise
    if not seen["module"]:
        raise Failure("not-a-module", "the answer makes something that is not an nn.Module",
                      "Write class PromptEncoder(nn.Module).")  # fmt: skip
    if seen["expanded"]:
        raise Failure(
            "part-expanded",
            f"the parameter {seen['expanded'][0]} holds fewer numbers than its shape says, "
            "each in several places (expand): no optimiser can write into it",
            "Draw every number by itself.",
        )
    found = [list(p["value"].shape) for p in seen["parameters"]]
    wanted = sorted([[l, d], [f, d], [f], [d, f], [d]])
    came = ", ".join(str(tuple(shape)) for shape in found) or "none"
    expected = f"for length={l}, width={d}, inner={f} expected a table {(l, d)} and the layers' weights and biases"
    if [l, d] not in found and [l, d] in seen["buffers"] + seen["tensors"]:
        raise Failure("table-not-a-parameter", f"the table {(l, d)} is there, but no optimiser sees it",
                      "What is trained is an nn.Parameter.")  # fmt: skip
    if frozen := [p["name"] for p in seen["parameters"] if not learns(p)]:
        raise Failure("part-frozen", f"these parameters cannot be trained: {', '.join(frozen)}",
                      "Table and layers are all trained; only the model behind them is frozen.")  # fmt: skip
    if sorted(found) == wanted:
        _explained(subject, seen, l, d, f)
        return
    if seen["inside"]:
        raise Failure("hidden-parts", f"{expected}, found {came}; others sit in a plain list, where nn.Module does not "
                      "look", "Assign each to its own attribute, or use nn.Sequential.")  # fmt: skip
    if sorted(found) == sorted([[l, d], [f, d], [d, f]]):
        raise Failure("bias-missing", f"{expected}, found {came}", "Both layers are plain nn.Linear, with bias.")
    if [l, d] not in found:
        raise Failure("no-table", f"{expected}, found {came}", "The table has a row for each place of the prompt.")
    if sorted(found) == sorted([[l, d], [d, d], [d], [d, d], [d]]):
        raise Failure("inner-ignored", f"{expected}, found {came}", "The width between the two layers is inner.")
    raise Failure(
        "other-parameters",
        f"{expected}, found {came}",
        "A table and two linear layers, of width to inner and back: nothing less, nothing else.",
    )


def _explained(subject: Subject, seen: dict, l: int, d: int, f: int) -> None:
    """Expect that another network with the parts as they came back, each less by the step, makes the prompt after it.

    Of a random prompt the next check tells.
    """
    parts = {name: next(p["value"] for p in seen["parameters"] if p["value"].shape == shape)
             for name, shape in shapes(l, d, f).items()}  # fmt: skip
    other = subject.tried(run, length=l, width=d, inner=f, **{name: v - 1 for name, v in parts.items()})
    if not other or close(other["prompt"], other["again"]):
        kept = seen["later"] is not None and close(seen["later"], seen["now"])
        expect_explained(
            seen["later"], other.get("prompt"), "the prompt, once its parts hold other numbers,", kept=kept
        )


LENGTH, WIDTH, INNER = 128, 96, 5  # the table has 12,288 numbers: its spread is known to 0.64 %, its shape to 0.045


@prompt_encoder.check(weight=0.5, after=("has-a-network",))
def draws_the_table(subject: Subject, draw: Draw) -> None:
    """The table starts as torch.randn draws it, mean 0 and standard deviation 1, and anew in every network."""
    sizes = [LENGTH, WIDTH, INNER]
    first, second = (subject.probe(drawn, sizes=sizes, skip=skip)["table"].double() for skip in (0, 7))
    plain = "The text asks for torch.randn, as it is."
    if (first == first[0, 0]).all():
        raise Failure("table-not-drawn", "all numbers of the table are equal: all places start alike", plain)
    if first.unique().numel() < 0.9 * first.numel():
        raise Failure("table-not-drawn", "numbers of the table are equal to others: not each is drawn by itself", plain)
    if torch.equal(first, second):
        raise Failure("same-every-time", "two networks start with the same table, whatever torch's random state",
                      "Set no seed inside the class: that is the notebook's affair.")  # fmt: skip
    mean, spread = float(first.mean()), float(first.std())
    if not abs(mean) <= 0.06:  # 6.7 standard errors
        raise Failure("table-not-centred", f"the mean of the table must be 0, found {mean:.3g}", plain)
    if not abs(spread - 1) <= 0.05:  # 7.8 standard errors
        raise Failure("table-spread", f"the table's standard deviation must be 1, found {spread:.3g}", plain)
    tails = float(((first - mean) / spread).pow(4).mean())  # 3 for normal, 1.8 for uniform numbers
    if not abs(tails - 3) <= 0.5:
        raise Failure("table-not-normal", f"the table has the right spread but is not normal: fourth moment "
                      f"{tails:.2f} instead of 3", plain)  # fmt: skip


@prompt_encoder.check(weight=1.5, after=("has-a-network",))
def formula(subject: Subject, draw: Draw) -> None:
    """It makes up(tanh(down(table)))."""
    for c in (network_case(draw), network_case(draw)):
        judge_formula(subject, c)
    networks = [network_case(draw) for _ in range(2)]
    seen = [subject.probe(beside, networks=networks[:count])["prompt"] for count in (1, 2)]
    expect_apart(*seen, "network")


def judge_formula(subject: Subject, c: dict) -> None:
    """Compare the prompt with the closed form; hidden checks use it with other cases."""
    seen = subject.probe(run, **c)
    expect_tensor(seen["prompt"], "what forward returns")
    if not close(seen["again"], seen["prompt"]):
        raise Failure("random-prompt", "two calls in a row give different prompts",
                      "Draw the table once, in __init__; forward draws nothing and changes nothing.")  # fmt: skip
    table, A, a, B, b = (c[name].double() for name in PARTS)
    inner = torch.einsum("ld,fd->lf", table, A) + a
    bent = torch.tanh(inner)
    right = torch.einsum("lf,df->ld", bent, B) + b
    between = "The tanh stands between the two layers, and nothing else does."
    mistakes = (
        *([Mistake("prompt-is-old", seen["first"], "the prompt is the one that the network made at first, although its "
                   "numbers have changed since", "forward computes the prompt anew from the parameters as they are.")]
          if seen["first"] is not None else []),
        Mistake("tanh-missing", inner @ B.T + b, "there is no tanh between the layers: together they are one matrix",
                between),
        Mistake("tanh-at-the-end", torch.tanh(right), "the result passes through tanh: no entry could exceed 1",
                between),
        Mistake("tanh-at-the-end", torch.tanh(inner @ B.T + b), "tanh stands behind both layers", between),
        Mistake("tanh-too-early", torch.tanh(table) @ A.T @ B.T + a @ B.T + b, "tanh stands before both layers",
                between),
        Mistake("tanh-too-often", torch.tanh(torch.tanh(table) @ A.T + a) @ B.T + b, "tanh stands before both layers "
                "too", between),
        *(Mistake("other-activation", f(inner) @ B.T + b, "another function than tanh stands between the layers",
                  between)
          for f in (torch.relu, F.gelu, F.silu, torch.sigmoid, F.leaky_relu, F.elu, F.softplus, torch.sin,
                    F.hardtanh, lambda x: x.softmax(-1))),
        Mistake("network-skipped", table, "the table comes back as it is: the network is not used", between),
        Mistake("table-added", table + right, "the table is added to the result",
                "Here nothing goes past the network."),
        Mistake("bias-unused", bent @ B.T, "the bias of the second layer is not used", "Call the layers: up(...)."),
        Mistake("bias-unused", torch.tanh(inner - a) @ B.T + b, "the bias of the first layer is not used",
                "Call the layers: down(...)."),
        Mistake("bias-unused", torch.tanh(inner - a) @ B.T, "the biases are not used", "Call the layers."),
        Mistake("network-half", bent, "the second layer is missing", between),
        Mistake("batch-axis-added", right[None], "the result has an axis for a batch in front",
                "The prompt is (l, d); whoever puts it in front of texts repeats it."),
        Mistake("places-averaged", right.mean(0), "the places are averaged", "Each place keeps its own row: (l, d)."),
        Mistake("normalised", F.layer_norm(right, right.shape[-1:]), "the result is normalised", between),
        Mistake("normalised", torch.tanh(F.layer_norm(inner, inner.shape[-1:])) @ B.T + b, "something is normalised "
                "before tanh", between),
    )  # fmt: skip
    hint = "Take one row of the table through the network by hand: down, then tanh, then up."
    expect_close(seen["prompt"], right, what="the prompt", id="wrong-prompt", hint=hint, mistakes=mistakes)


@prompt_encoder.check(weight=0.5, after=("formula",))
def gradients(subject: Subject, draw: Draw) -> None:
    """The prompt's gradients reach the table and both layers."""
    c = network_case(draw)
    G = draw.normal(c["length"], c["width"])
    seen = subject.probe(run_back, **c, upstream=G)["gradients"]
    live = {name: c[name].double().requires_grad_(True) for name in PARTS}
    prompt_of(live).backward(G.double())
    lost = [name for name in PARTS if seen.get(name) is None or not seen[name].any()]
    if lost:
        raise Failure("gradient-lost", f"no gradient reaches {', '.join(lost)}: training would never change it",
                      "forward uses the parameters themselves: no detach, no no_grad.")  # fmt: skip
    for name in PARTS:
        expect_close(seen[name], live[name].grad, what=f"the gradient of {name}", id="wrong-gradient",
                     hint="forward uses the parameters themselves, with differentiable operations.")  # fmt: skip


@prompt_encoder.check(after=("has-a-network", "formula"))
def folds(subject: Subject, draw: Draw) -> None:
    """fold() returns the finished prompt as plain numbers: no history, and later steps do not change it."""
    c = network_case(draw)
    seen = subject.probe(fold_later, **c)
    expect_tensor(seen["folded"], "what fold returns")
    table, A, a, B, b = (c[name].double() for name in PARTS)
    right = prompt_of(c)
    same = "Let the network make its prompt once more, and keep the result without its history."
    mistakes = (
        *([Mistake("fold-is-old", seen["first"], "fold returns the prompt of the first call, although the network's "
                   "numbers have changed since", same)] if seen["first"] is not None else []),
        Mistake("fold-is-the-table", table, "fold returns the table: the network's work is lost", same),
        Mistake("fold-is-linear", (table @ A.T + a) @ B.T + b,
                "fold has no tanh: no single matrix replaces the network", same),
        Mistake("fold-is-linear", B @ A, "fold multiplies the weights of the two layers", same),
        Mistake("fold-has-batch", right[None], "what fold returns has an axis for a batch in front", "It is (l, d)."),
        Mistake("fold-is-half", torch.tanh(table @ A.T + a), "fold stops before the second layer", same),
    )  # fmt: skip
    expect_close(seen["folded"], right, what="what fold returns", id="wrong-fold", hint=same, mistakes=mistakes)
    if seen["history"]:
        raise Failure("fold-has-history", "what fold returns has a grad_fn: it holds on to the whole network", same)
    if seen["inference"]:
        raise Failure("fold-inference", "fold works in torch.inference_mode(): what it returns can never be trained "
                      "again", "Detach the prompt instead, or use torch.no_grad().")  # fmt: skip
    if not seen["mode_kept"]:
        raise Failure("fold-changes-mode", "after fold() the network is in another mode (training or eval) than before",
                      "fold only looks at the network: leave eval() and train() to the caller.")  # fmt: skip
    if not seen["gradients_kept"]:
        raise Failure("fold-clears-gradients", "fold() changes the gradients that the parameters have collected",
                      "fold only looks at the network: leave zero_grad to the training loop.")  # fmt: skip
    if not close(seen["later"], right):
        raise Failure("fold-not-final", "what fold returned changed when the network was trained further", same)
    if seen["next"] is None:
        raise Failure("fold-works-once", "fold cannot be called a second time: the network is no longer what it was",
                      "fold only looks at the network and changes nothing.")  # fmt: skip
    if close(seen["next"], right):
        raise Failure("fold-is-old", "fold returns the same prompt again after the network was trained further", same)
    expect_close(seen["next"], prompt_of(c, less=1), what="what fold returns the next time", id="fold-works-once",
                 hint=same)  # fmt: skip
    networks = [network_case(draw) for _ in range(2)]
    folded = [subject.probe(beside, networks=networks[:count])["folded"] for count in (1, 2)]
    expect_apart(*folded, "network")
