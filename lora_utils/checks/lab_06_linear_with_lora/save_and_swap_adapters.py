"""Checks of lab 06: saving what was trained and nothing else, and swapping one adapter for another over one base."""

from __future__ import annotations

import torch

from lora_utils.checks import Draw, Exercise, Failure, Mistake, Subject, expect_close
from lora_utils.checks.framework.compare import learns
from lora_utils.checks.framework.probes import parameters_of
from lora_utils.checks.lab_06_linear_with_lora.adapted_model import adapted_model, numbers_of

adapter_state = Exercise("adapter-state")
swap_adapters = Exercise("swap-adapters", lifted=("changes-weights", "changes-what-trains", "changes-a-tensor"))

FACTORS = ("fc1.lora.A", "fc1.lora.B", "blocks.1.lora.A", "blocks.1.lora.B")
HEAD = ("head.weight", "head.bias")


# ---------------------------------------------------------------------------------------------------------- probes
def state_of(function, *, numbers: dict, also: list, flora: bool = False, frozen: bool = False) -> dict:
    """Probe: the student's adapter state, before and after the model, which has these numbers, moved on."""
    model = adapted_model(numbers, flora=flora)
    if frozen:
        model.requires_grad_(False)
    state = function(model, also)
    if not isinstance(state, dict):
        return {"kind": type(state).__name__}
    tensors = {str(k): v for k, v in state.items() if isinstance(v, torch.Tensor)}
    seen = {
        "kind": "dict",
        "in_graph": [k for k, v in tensors.items() if v.grad_fn is not None],
        "state": {k: v.detach().clone() for k, v in tensors.items()},
    }
    with torch.no_grad():
        for p in model.parameters():
            p.add_(1.0)
    return seen | {"later": {k: v.detach().clone() for k, v in tensors.items()}}


def swap_steps(swap, *, numbers: dict, states: list, order: list | None = None, train: bool = False) -> dict:
    """Probe: load states in the given order into one model; returns its parameters after each step."""
    model = adapted_model(numbers)
    states = [dict(state) for state in states]
    looks, raised = [], []
    for state in states if order is None else [states[k] for k in order]:
        try:
            swap(model, state)
            raised.append(None)
        except NotImplementedError:
            raise
        except Exception as error:
            kind = "ValueError" if isinstance(error, ValueError) else type(error).__name__
            raised.append({"kind": kind, "text": str(error)})
        looks.append({n: p.detach().clone() for n, p in model.named_parameters()})
    parameters = parameters_of(model)
    if train:
        with torch.no_grad():
            for p in model.parameters():
                p.add_(1.0)
    return {"looks": looks, "raised": raised, "parameters": parameters, "states": states}


# ---------------------------------------------------------------------------------------------------------- judges
def judge_state(subject: Subject, draw: Draw, also: list, wanted: tuple[str, ...], **model) -> dict:
    """Compare names and values of the saved state with those wanted; hidden checks use it with other models."""
    whole = numbers_of(draw, flora=model.get("flora", False))
    seen = subject.probe(state_of, numbers=whole, also=also, **model)
    if seen["kind"] != "dict":
        raise Failure(
            "not-a-dict",
            f"adapter_state returns {seen['kind']}, expected a dict of name -> tensor",
            "Build a dict and return it.",
        )
    state = seen["state"]
    names = set(state)
    missing, extra = [n for n in wanted if n not in names], sorted(names - set(wanted))
    if not names:
        raise Failure(
            "nothing-saved",
            "the state is empty",
            "list.append and dict.update return None: call them on their own line.",
        )
    if names == set(whole):
        raise Failure(
            "everything-saved",
            f"all {len(whole)} tensors of the model are in the state",
            "Keep only the entries of the LoRA layers and of the modules named in also.",
        )
    if extra and extra[0] not in whole:
        raise Failure(
            "names-changed",
            f"the state has {extra[0]!r}, which is no name in model.state_dict()",
            "Keep the full names, so that the state can be loaded again.",
        )
    if set(missing) == set(HEAD):
        raise Failure(
            "head-missing",
            "the head, named in also, is not in the state: a reloaded model would guess",
            "The head was trained too; save every entry that starts with 'head.'.",
        )
    if missing:
        raise Failure(
            "factor-missing",
            f"{missing[0]!r} is not in the state",
            "Both factors of every LoRA layer are needed, however deep it lies, and weight and bias of the head.",
        )
    if not also and extra and set(extra) <= set(HEAD):
        raise Failure(
            "also-ignored",
            f"with also=[] the head's {extra[0]!r} is in the state all the same",
            "Do not go by requires_grad: what is saved depends on what a module is and on the names in also.",
        )
    if any("flora" in n for n in extra):
        raise Failure(
            "substring-match",
            f"{extra[0]!r} is saved, though it is no LoRA layer: its name only contains 'lora'",
            "Decide by type, isinstance(module, LoRALayer), or by a whole part of the name.",
        )
    if any(n.startswith("head2.") for n in extra):
        raise Failure(
            "prefix-match",
            "'head2.weight' is saved, though also names 'head' alone",
            "Compare with the whole name and a dot: name.startswith('head.').",
        )
    if extra:
        raise Failure(
            "base-included",
            f"{extra[0]!r} belongs to the frozen base, yet it is in the state",
            "Of a wrapped layer save only its lora part; the file shall not hold the base.",
        )
    for name in wanted:
        expect_close(state[name], whole[name], what=name, id="wrong-value", hint="Save the values as they are.")
    return seen


@adapter_state.check(weight=2)
def saves_what_was_trained(subject: Subject, draw: Draw) -> None:
    """It holds A and B of every LoRA layer and the head named in `also`, under their full names, nothing else."""
    judge_state(subject, draw, ["head"], FACTORS + HEAD)


@adapter_state.check(after=("saves-what-was-trained",))
def without_a_head(subject: Subject, draw: Draw) -> None:
    """With also=[] it holds the factors only."""
    judge_state(subject, draw, [], FACTORS)


@adapter_state.check(after=("saves-what-was-trained",))
def holds_copies(subject: Subject, draw: Draw) -> None:
    """The tensors are copies: training on does not change what was saved."""
    seen = judge_state(subject, draw, ["head"], FACTORS + HEAD)
    if seen["in_graph"]:
        raise Failure(
            "in-graph",
            f"{seen['in_graph'][0]!r} still hangs in the autograd graph",
            "Detach before cloning: value.detach().clone().",
        )
    moved = [n for n in seen["state"] if not torch.equal(seen["state"][n], seen["later"][n])]
    if moved:
        raise Failure(
            "aliases",
            f"{moved[0]!r} changed in the saved state when the model was trained on",
            "state_dict() returns views of the live parameters; add .clone().",
        )


def random_state(draw: Draw, rank: int = 2) -> dict:
    """An adapter with head for adapted_model, with values of its own."""
    sizes = {
        "fc1.lora.A": (6, rank),
        "fc1.lora.B": (rank, 5),
        "blocks.1.lora.A": (5, rank),
        "blocks.1.lora.B": (rank, 4),
        "head.weight": (3, 4),
        "head.bias": (3,),
    }
    return {name: draw.normal(*shape) for name, shape in sizes.items()}


def swapped(subject: Subject, draw: Draw, states: list, **more) -> dict:
    """Load states into a model whose numbers the judge has drawn, which are the first look."""
    numbers = numbers_of(draw)
    seen = subject.probe(swap_steps, numbers=numbers, states=states, **more)
    return {**seen, "looks": [numbers, *seen["looks"]]}


@swap_adapters.check
def loads(subject: Subject, draw: Draw) -> None:
    """After swap(model, state) the factors and the head have the state's values."""
    state = random_state(draw)
    seen = swapped(subject, draw, [state])
    _expect_accepted(seen["raised"][0])
    before, after = seen["looks"]
    for name, value in state.items():
        mistakes = (
            Mistake(
                "nothing-loaded",
                before[name],
                f"{name} has its old values after the swap",
                "Assigning to a loop variable changes no parameter; write into it with copy_, under torch.no_grad().",
            ),
            Mistake(
                "adds",
                before[name] + value,
                f"the state's {name} is added to the old values",
                "Swapping replaces; use copy_.",
            ),
        )
        if name in HEAD and torch.equal(after[name], before[name]):
            raise Failure(
                "head-not-loaded",
                f"{name} has its old values: the head still answers for the other task",
                "Load every entry of the state, not the factors alone.",
            )
        expect_close(
            after[name], value, what=name, id="wrong-value", hint="Copy each value as it is.", mistakes=mistakes
        )


@swap_adapters.check(after=("loads",))
def keeps_the_base(subject: Subject, draw: Draw) -> None:
    """The base stays as it was, bit for bit, and swapping back and forth brings the first adapter back."""
    one, two = random_state(draw), random_state(draw)
    seen = swapped(subject, draw, [one, two], order=[0, 1, 0], train=True)
    for raised in seen["raised"]:
        _expect_accepted(raised)
    before, last = seen["looks"][0], seen["looks"][-1]
    if changed := [n for n in before if n not in one and not torch.equal(before[n], last.get(n, torch.zeros(0)))]:
        raise Failure("base-changed", f"{changed[0]} changed", "Write only the tensors that the state holds.")
    if changed := [n for n in one if not torch.equal(last[n], one[n])]:
        raise Failure(
            "swap-not-reversible",
            f"{changed[0]} differs after swapping to the second adapter and back",
            "Write into the model; never into the states.",
        )
    if changed := [n for n in one if not torch.equal(seen["states"][0][n], one[n])]:
        raise Failure(
            "aliases",
            f"training after the swap changed {changed[0]} in the saved state itself",
            "Copy the values, parameter.copy_(value); do not make the parameter point at the saved tensor.",
        )
    trainable = [p["name"] for p in seen["parameters"] if learns(p)]
    if set(trainable) != set(one):
        raise Failure(
            "trainable-changed",
            f"after the swap {', '.join(trainable) or 'none'} can be trained",
            "Copy values into the existing parameters; leave requires_grad alone.",
        )


@swap_adapters.check
def refuses_wrong_shapes(subject: Subject, draw: Draw) -> None:
    """A tensor of another shape is a ValueError that says its name, even where copying would stretch it."""
    state = random_state(draw)
    for name, value in (("blocks.1.lora.B", draw.normal(3, 4)), ("head.weight", draw.normal(5, 4))):
        seen = swapped(subject, draw, [{**state, name: value}])
        expect_refused(seen, name, "wrong-shape-accepted", f"its shape is {tuple(value.shape)}")
    small = random_state(draw, rank=1)
    seen = swapped(subject, draw, [small])
    if seen["raised"][0] is None:
        raise Failure(
            "broadcast",
            "an adapter of rank 1 was loaded into a model of rank 2: its columns were repeated",
            "copy_ stretches (6, 1) to (6, 2) without a word; compare the shapes yourself.",
        )


@swap_adapters.check
def refuses_wrong_names(subject: Subject, draw: Draw) -> None:
    """A name that the model lacks, or a LoRA factor that the state lacks, is a ValueError that says the name."""
    state = random_state(draw)
    seen = swapped(subject, draw, [{**state, "fc9.lora.A": draw.normal(6, 2)}])
    expect_refused(seen, "fc9.lora.A", "unknown-ignored", "the model has no such parameter", "a state with a foreign")
    fewer = {name: value for name, value in state.items() if name != "blocks.1.lora.A"}
    seen = swapped(subject, draw, [fewer])
    expect_refused(seen, "blocks.1.lora.A", "missing-ignored", "two adapters would be mixed", "a state without")


def _expect_accepted(raised: dict | None) -> None:
    if raised:
        hint = "The state fits this model: it holds A, B and the head, and nothing of the frozen base."
        if "in-place" in raised["text"]:
            hint = "A leaf parameter can be written in place only under torch.no_grad()."
        elif raised["kind"] == "RuntimeError" and "Missing key" in raised["text"]:
            hint = "The base is not in the state, so load_state_dict misses it; copy the state's tensors one by one."
        text = f"swap raised {raised['kind']} for a state that fits: {raised['text'][:160]}"
        raise Failure(f"raised-{raised['kind']}", text, hint)


def expect_refused(seen: dict, name: str, id: str, why: str, state: str = "a state with a wrong") -> None:
    """Fail unless the first state was refused with a ValueError that names the wrong tensor."""
    raised = seen["raised"][0]
    if raised is None:
        raise Failure(
            id,
            f"{state} {name!r} was accepted, though {why}",
            f"Check first, and raise ValueError with {name!r} in its message.",
        )
    if raised["kind"] != "ValueError":
        raise Failure(
            "wrong-error",
            f"{state} {name!r} ended in {raised['kind']}: {raised['text'][:120]}",
            "Check names and shapes yourself first, and raise a ValueError that says what is wrong.",
        )
    if name not in raised["text"]:
        raise Failure(
            "error-without-name",
            f"the ValueError says {raised['text']!r}, but not which tensor it is about",
            "Put the name into the message with {name!r}.",
        )
