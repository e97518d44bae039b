"""Checks of lab 06: swapping one adapter for another over one base, and refusing what does not fit."""

from __future__ import annotations

import math

import torch

from lora_utils.checks import Draw, Exercise, Failure, Mistake, Subject, expect_close
from lora_utils.checks.framework.compare import learns
from lora_utils.checks.framework.probes import parameters_of
from lora_utils.checks.lab_06_linear_with_lora.adapted_model import BESIDE, FACTORS, HEAD, adapted_model, numbers_of

swap_adapters = Exercise("swap-adapters", lifted=("changes-weights", "changes-what-trains", "changes-a-tensor"))


# ---------------------------------------------------------------------------------------------------------- probes
def swap_steps(swap, *, numbers, states: list, order: list | None = None, train=False, beside=False) -> dict:
    """Probe: load states in the given order into one model; returns its parameters after each step."""
    model = adapted_model(numbers, beside=beside, flora=beside)
    states = [dict(state) for state in states]
    looks, raised = [], []
    held = dict(model.named_parameters())
    for p in held.values():
        p.grad = torch.ones_like(p) if p.requires_grad else None
    for state in states if order is None else [states[k] for k in order]:
        try:
            swap(model, state)
            raised.append(None)
        except NotImplementedError:
            raise
        except Exception as error:
            kind = "ValueError" if isinstance(error, ValueError) else type(error).__name__
            raised.append({"kind": kind, "text": str(error)})
        looks.append({n: p.detach().clone() for n, p in model.state_dict().items()})
    now = dict(model.named_parameters())
    seen = {"looks": looks, "raised": raised, "another": [n for n, p in held.items() if now.get(n) is not p],
            "cleared": [n for n, p in held.items() if p.requires_grad and p.grad is None]}  # fmt: skip
    seen["cleared"] += [n for n, p in held.items() if p.grad is not None and not p.grad.any()]
    if train:  # only where each state fits: what a misfit has made of the parameters may not be trainable at all
        seen["parameters"] = parameters_of(model)
        with torch.no_grad():
            for p in model.parameters():
                p.copy_(p + 1.0)
    return seen | {"states": states}


def swap_each(swap, *, numbers: dict, states: list, beside: bool = False) -> dict:
    """Probe: what `swap_steps` sees for each state alone, over a model of its own."""
    return {"runs": [swap_steps(swap, numbers=numbers, states=[state], beside=beside) for state in states]}


# ---------------------------------------------------------------------------------------------------------- judges
def random_state(draw: Draw, rank: int = 2) -> dict:
    """An adapter with head for adapted_model, with values of its own."""
    shapes = {name: list(value.shape) for name, value in adapted_model().state_dict().items()}
    sizes = {name: [rank if n == 2 else n for n in shapes[name]] for name in (*FACTORS, *HEAD)}
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
    _expect_accepted(seen["raised"][0], "the factors and the head")
    before, after = seen["looks"]
    for name, value in state.items():
        mistakes = (
            Mistake(
                "nothing-loaded",
                before[name],
                f"{name} has its old values after the swap",
                "Write into the parameter; giving a variable another value changes no parameter.",
            ),
            Mistake(
                "adds",
                before[name] + value,
                f"the state's {name} is added to the old values",
                "Swapping replaces the old values.",
            ),
        )
        if name in HEAD and torch.equal(after.get(name, value), before[name]):
            raise Failure(
                "head-not-loaded",
                f"{name} has its old values: the head still answers for the other task",
                "Load every entry of the state, not the factors alone.",
            )
        what, hint = f"{name} of the model", "Copy each value as it is, under its own name."
        expect_close(after.get(name), value, what=what, id="wrong-value", hint=hint, mistakes=mistakes)


@swap_adapters.check(after=("loads",))
def keeps_the_base(subject: Subject, draw: Draw) -> None:
    """The base stays as it was, bit for bit, and swapping back and forth brings the first adapter back."""
    one, two = random_state(draw), random_state(draw)
    seen = swapped(subject, draw, [one, two], order=[0, 1, 0], train=True)
    for raised in seen["raised"]:
        _expect_accepted(raised, "the factors and the head")
    before, last = seen["looks"][0], seen["looks"][-1]
    if changed := [n for n in before if n not in one and not torch.equal(before[n], last.get(n, torch.zeros(0)))]:
        raise Failure("base-changed", f"{changed[0]} changed", "Write only the tensors that the state holds.")
    if seen["another"]:
        raise Failure("another-parameter", f"{seen['another'][0]} of the model is another object after the swap: an "
                      "optimiser that was made before goes on with the old one", "Copy the values into the parameters "
                      "that are there.")  # fmt: skip
    if seen["cleared"]:
        raise Failure("gradients-cleared", f"the gradient of {seen['cleared'][0]} is gone after the swap",
                      "Everything else stays as it is: write the values, and nothing more.")  # fmt: skip
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
            "Copy the values; do not make the parameter point at the saved tensor.",
        )
    trainable = [p["name"] for p in seen["parameters"] if learns(p)]
    if set(trainable) != set(one):
        raise Failure(
            "trainable-changed",
            f"after the swap {', '.join(trainable) or 'none'} can be trained",
            "Copy values into the existing parameters; leave requires_grad alone.",
        )


@swap_adapters.check(after=("keeps-the-base",))
def every_tensor_of_the_state(subject: Subject, draw: Draw) -> None:
    """A state without the head leaves the head alone; one that holds more of the model's parameters loads these too."""
    whole = random_state(draw)
    factors = {name: value for name, value in whole.items() if name in FACTORS}
    shape = adapted_model().state_dict()
    more = {n: draw.normal(*shape[n].shape) for n in ("embedding.weight", "blocks.1.linear.bias", "blocks.0.weight")}
    numbers = numbers_of(draw)
    states = {"the factors alone": factors, "the factors and head.bias": factors | {"head.bias": whole["head.bias"]},
              "factors, head and parameters of the base": whole | more}  # fmt: skip
    runs = subject.probe(swap_each, numbers=numbers, states=list(states.values()))["runs"]
    for (kind, state), seen in zip(states.items(), runs, strict=True):
        _expect_accepted(seen["raised"][0], kind)
        (after,) = seen["looks"]
        for name in numbers:
            right = state.get(name, numbers[name])
            if name not in after or not torch.equal(after[name], right):
                text = f"for a state of {kind} {name} {'is not loaded' if name in state else 'does not stay as it was'}"
                raise Failure("not-every-tensor" if name in state else "changes-more", text,
                              "Copy every tensor of the state, and nothing else.")  # fmt: skip
    seen = subject.probe(swap_steps, numbers=numbers, states=[whole | more], train=True)
    if turned := [p["name"] for p in seen["parameters"] if learns(p) and p["name"] not in whole]:
        raise Failure("trainable-changed", f"a state that holds {turned[0]} makes it trainable", "Copy values into the "
                      "existing parameters; leave requires_grad alone.")  # fmt: skip


def misfits(draw: Draw) -> list[tuple[str, dict]]:
    """States with one tensor of a shape that does not fit, and its name; copying would stretch or refuse it."""
    state = random_state(draw)
    shapes = (("blocks.1.lora.B", (3, 4)), ("head.weight", (5, 4)), ("fc1.lora.A", (6, 1)), ("fc1.lora.B", (1, 5)),
              ("fc1.lora.A", (2, 6)), ("fc1.lora.A", (12,)), ("blocks.1.lora.A", (5, 3)),
              ("head.bias", (1,)), ("head.bias", (1, 3)), ("head.bias", ()))  # fmt: skip
    return [(name, state | {name: draw.normal(20)[: math.prod(shape)].reshape(shape)}) for name, shape in shapes]


@swap_adapters.check
def refuses_wrong_shapes(subject: Subject, draw: Draw) -> None:
    """A tensor of another shape is a ValueError that says its name, even where copying would stretch it."""
    cases, numbers = misfits(draw), numbers_of(draw)
    runs = subject.probe(swap_each, numbers=numbers, states=[state for _, state in cases])["runs"]
    for (name, state), seen in zip(cases, runs, strict=True):
        here, there = tuple(state[name].shape), tuple(numbers[name].shape)
        stretched = torch.broadcast_shapes(here, there) == there if _stretches(here, there) else False
        why = f"its shape is {here} and the model's {there}"
        expect_refused(seen, name, "broadcast" if stretched else "wrong-shape-accepted", why)
    (seen,) = subject.probe(swap_each, numbers=numbers, states=[random_state(draw, rank=1)])["runs"]
    if seen["raised"][0] is None:
        raise Failure("broadcast", "an adapter of rank 1 was loaded into a model of rank 2: its columns were repeated",
                      "copy_ stretches (6, 1) to (6, 2) without a word; compare the shapes yourself.")  # fmt: skip


def _stretches(here: tuple, there: tuple) -> bool:
    return len(here) <= len(there) and all(a in (1, b) for a, b in zip(here[::-1], there[::-1], strict=False))


def lacking(draw: Draw) -> list[tuple[tuple[str, ...], dict]]:
    """States that lack factors, and the names of these."""
    state = random_state(draw)
    groups = [(name,) for name in FACTORS] + [("fc1.lora.A", "fc1.lora.B"), FACTORS]
    cases = [(group, {name: value for name, value in state.items() if name not in group}) for group in groups]
    return [*cases, (FACTORS, {})]


@swap_adapters.check
def refuses_wrong_names(subject: Subject, draw: Draw) -> None:
    """A name that the model lacks, or a LoRA factor that the state lacks, is a ValueError that says the name."""
    state, numbers = random_state(draw), numbers_of(draw)
    foreign = ("fc9.lora.A", "fc1.lora.C", "lora.A", "fc1", "fc1.lora", "Head.bias", "model.head.bias")
    states = [state | {name: draw.normal(6, 2)} for name in foreign]
    runs = subject.probe(swap_each, numbers=numbers, states=states)["runs"]
    for name, seen in zip(foreign, runs, strict=True):
        expect_refused(seen, name, "unknown-ignored", "the model has no such parameter", "a state with a foreign")
    (buffer,) = subject.probe(swap_each, numbers=numbers, states=[state | {"norm.center": draw.normal(4)}])["runs"]
    expect_refused(buffer, "norm.center", "buffer-accepted", "it is a buffer of the model and no parameter",
                   "a state with")  # fmt: skip
    cases = lacking(draw)
    runs = subject.probe(swap_each, numbers=numbers, states=[fewer for _, fewer in cases])["runs"]
    for (group, _), seen in zip(cases, runs, strict=True):
        expect_refused(seen, group, "missing-ignored", "two adapters would be mixed", "a state without")


@swap_adapters.check(after=("refuses-wrong-names",))
def whatever_it_is_called(subject: Subject, draw: Draw) -> None:
    """A LoRALayer that is not called lora needs its factors too, and nothing else does that has an A and a B."""
    more = dict(zip(BESIDE, (draw.normal(5, 2), draw.normal(2, 3), draw.normal(4, 2), draw.normal(2, 3)), strict=True))
    state, numbers = random_state(draw) | more, numbers_of(draw, beside=True, flora=True)
    states = [state, *({name: value for name, value in state.items() if name != one} for one in BESIDE)]
    fits, *runs = subject.probe(swap_each, numbers=numbers, states=states, beside=True)["runs"]
    _expect_accepted(fits["raised"][0], "all factors of LoRA layers and the head (other modules have an A and a B too)")
    for name, seen in zip(BESIDE, runs, strict=True):
        if seen["raised"][0] is None and name in BESIDE[2:]:
            raise Failure("exact-type", f"a state without {name!r} was accepted: 'own' is of a subclass of LoRALayer, "
                          "so it is one", "isinstance says so; type(...) does not.")  # fmt: skip
        if seen["raised"][0] is None:
            raise Failure("matched-by-name", f"a state without {name!r} was accepted: 'beside' is a LoRALayer, though "
                          "nothing in its name says so", "Find the LoRA layers by type.")  # fmt: skip
        expect_refused(seen, name, "missing-ignored", "two adapters would be mixed", "a state without")


def _expect_accepted(raised: dict | None, kind: str) -> None:
    if raised:
        hint = "The state fits this model: every name is one of its parameters, and no factor is missing."
        if "in-place" in raised["text"]:
            hint = "A leaf parameter can be written in place only under torch.no_grad()."
        elif raised["kind"] == "RuntimeError" and "Missing key" in raised["text"]:
            hint = "The base is not in the state, so load_state_dict misses it; copy the state's tensors one by one."
        text = f"swap raised {raised['kind']} for a state of {kind}, which fits: {raised['text'][:160]}"
        raise Failure(f"raised-{raised['kind']}", text, hint)


def expect_refused(seen: dict, names: str | tuple[str, ...], id: str, why: str,
                   state: str = "a state with a wrong") -> None:  # fmt: skip
    """Fail unless the first state was refused with a ValueError that names a wrong tensor."""
    raised, names = seen["raised"][0], (names,) if isinstance(names, str) else names
    told = f"{state} {names[0]!r}"
    if raised is None:
        raise Failure(
            id,
            f"{told} was accepted, though {why}",
            f"Check first, and raise ValueError with {names[0]!r} in its message.",
        )
    if raised["kind"] != "ValueError":
        raise Failure(
            "wrong-error",
            f"{told} ended in {raised['kind']}: {raised['text'][:120]}",
            "Check names and shapes yourself first, and raise a ValueError that says what is wrong.",
        )
    if not any(name in raised["text"] for name in names):
        raise Failure(
            "error-without-name",
            f"for {told} the ValueError says {raised['text']!r}, but not which tensor it is about",
            "Put the name into the message with {name!r}.",
        )
