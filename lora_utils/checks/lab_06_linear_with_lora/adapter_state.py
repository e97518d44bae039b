"""Checks of lab 06: saving what was trained and nothing else."""

from __future__ import annotations

import torch

from lora_utils.checks import Draw, Exercise, Failure, Subject, close
from lora_utils.checks.lab_06_linear_with_lora.adapted_model import BESIDE, FACTORS, HEAD, adapted_model, numbers_of

adapter_state = Exercise("adapter-state")


# ---------------------------------------------------------------------------------------------------------- probes
def state_of(function, *, numbers: dict, also: list, frozen: bool = False, **more) -> dict:
    """Probe: the student's adapter state, before and after the model, which has these numbers, moved on."""
    model = adapted_model(numbers, **more)
    if frozen:
        model.requires_grad_(False)
    state = function(model, also)
    if not isinstance(state, dict):
        return {"kind": type(state).__name__}
    tensors = {str(k): v for k, v in state.items() if isinstance(v, torch.Tensor)}
    seen = {
        "kind": "dict",
        "others": {str(k): type(v).__name__ for k, v in state.items() if not isinstance(v, torch.Tensor)},
        "in_graph": [k for k, v in tensors.items() if v.grad_fn is not None],
        "trainable": [k for k, v in tensors.items() if v.requires_grad or isinstance(v, torch.nn.Parameter)],
        "state": {k: v.detach().clone() for k, v in tensors.items()},
    }
    with torch.no_grad():
        for p in model.parameters():
            p.add_(1.0)
    return seen | {"later": {k: v.detach().clone() for k, v in tensors.items()}}


# ---------------------------------------------------------------------------------------------------------- judges
def judge_state(
    subject: Subject, draw: Draw, also: list, zero: tuple[str, ...] = (), dtype: torch.dtype = torch.float32, **model
) -> dict:
    """Compare names and values of the saved state with those wanted; hidden checks use it with other models.

    Those named in `zero` hold nothing but zeros.
    """
    whole = numbers_of(draw, **{name: on for name, on in model.items() if name != "frozen"})
    whole = {name: value.to(dtype) for name, value in whole.items()}
    whole |= {name: 0 * whole[name] for name in zero}
    seen = subject.probe(state_of, numbers=whole, also=also, **model)
    if seen["kind"] != "dict":
        raise Failure(
            "not-a-dict",
            f"adapter_state returns {seen['kind']}, expected a dict of name -> tensor",
            "Build a dict and return it.",
        )
    if seen["others"]:
        name, kind = next(iter(seen["others"].items()))
        text = f"the state has a {kind} under {name!r}, expected a tensor"
        raise Failure("not-a-tensor", text, "One flat dict, from full names to tensors.")
    wanted = [n for n in whole if n in (*FACTORS, *BESIDE) or n.startswith(tuple(f"{one}." for one in also))]
    if zero and not set(zero) & set(seen["state"]):
        raise Failure("zeros-left-out", f"{zero[0]!r}, which is zero, is not in the state",
                      "An untrained B is zero, and is saved all the same: loading needs every factor.")  # fmt: skip
    _expect_names(set(seen["state"]), wanted, set(whole), also)
    for name in wanted:
        value = seen["state"][name]
        if value.dtype != whole[name].dtype:
            text = f"{name} is saved as {value.dtype}, and is {whole[name].dtype} in the model"
            raise Failure("other-type", text, "Save the tensors as they are.")
        if not torch.equal(value, whole[name]):
            far = not close(value, whole[name], 0.01)
            text = f"{name} is saved with other {'numbers' if far else 'digits'} than the model's"
            raise Failure("wrong-value", text, "Save the values as they are.")
    return seen


def _expect_names(names: set, wanted: list, whole: set, also: list) -> None:
    missing, extra = [n for n in wanted if n not in names], sorted(names - set(wanted))
    call = f"with also={also}"
    if not names:
        raise Failure("nothing-saved", f"{call} the state is empty",
                      "list.append and dict.update return None: call them on their own line.")  # fmt: skip
    if names == whole and extra:
        raise Failure("everything-saved", f"{call} all {len(whole)} tensors of the model are in the state",
                      "Keep only the entries of the LoRA layers and of the modules named in also.")  # fmt: skip
    if extra and extra[0] not in whole:
        raise Failure("names-changed", f"the state has {extra[0]!r}, which is no name in model.state_dict()",
                      "Keep the full names, so that the state can be loaded again.")  # fmt: skip
    if missing and set(missing) == set(HEAD):
        raise Failure("head-missing", f"{call} the head is not in the state: a reloaded model would guess",
                      "The head was trained too; save every entry of the modules in also.")  # fmt: skip
    if missing and set(missing) == {"own.A", "own.B"}:
        raise Failure("exact-type", "'own.A' is not in the state: 'own' is of a subclass of LoRALayer, so it is one",
                      "isinstance says so; type(...) and a class's name do not.")  # fmt: skip
    if missing and set(missing) == {"norm.center"}:
        raise Failure("buffers-left-out", f"{call} 'norm.center', a buffer, is not in the state: named_parameters does "
                      "not tell of it", "model.state_dict() holds parameters and buffers.")  # fmt: skip
    if missing and set(missing) == set(BESIDE):
        raise Failure("matched-by-name", "'beside.A' is not in the state, though 'beside' is a LoRALayer: only those "
                      "called lora, or inside a wrapper, have been found", "Decide by type: isinstance(module, "
                      "LoRALayer), whatever the attribute is called.")  # fmt: skip
    if missing and missing[0] in FACTORS:
        raise Failure("factor-missing", f"{call} {missing[0]!r} is not in the state",
                      "Both factors of every LoRALayer are needed, however deep it lies.")  # fmt: skip
    if missing:
        raise Failure("also-incomplete", f"{call} {missing[0]!r} is not in the state",
                      "Every entry below a module named in also belongs to it, however deep.")  # fmt: skip
    if extra and set(extra) <= set(HEAD):
        raise Failure("also-ignored", f"{call} {extra[0]!r} is in the state all the same",
                      "What is saved depends on what a module is and on the names in also: not on requires_grad, and "
                      "not on a fixed name.")  # fmt: skip
    if any(n.startswith("pair.") for n in extra):
        raise Failure("matched-by-name", f"{extra[0]!r} is saved, though it is no part of a LoRALayer",
                      "Decide by type: other modules may have parameters called A and B.")  # fmt: skip
    if any("flora" in n for n in extra):
        raise Failure("substring-match", "'flora' is saved, though it is no LoRA layer: its name only contains 'lora'",
                      "Decide by type: isinstance(module, LoRALayer).")  # fmt: skip
    if any(n.startswith("inner.") for n in extra):
        raise Failure("suffix-match", f"{extra[0]!r} is saved, though {call} it is not named: another module's last "
                      "name is the same", "A name in also is a whole one, from the model down.")  # fmt: skip
    if any(n.startswith("head2.") for n in extra):
        raise Failure("prefix-match", f"'head2.weight' is saved, though {call} it is not named",
                      "Compare with the whole name and a dot: 'head2.weight' does not start with 'head.'.")  # fmt: skip
    if extra:
        raise Failure("base-included", f"{call} {extra[0]!r}, which belongs to the frozen base, is in the state",
                      "Of a wrapped layer save only its lora part; the file shall not hold the base.")  # fmt: skip


@adapter_state.check(weight=2)
def saves_what_was_trained(subject: Subject, draw: Draw) -> None:
    """It holds A and B of every LoRALayer and the head named in `also`, under their full names, nothing else."""
    judge_state(subject, draw, ["head"])


@adapter_state.check(after=("saves-what-was-trained",))
def other_names_in_also(subject: Subject, draw: Draw) -> None:
    """With also=[] it holds the factors only; with other names, every entry below them."""
    for also in ([], ["embedding"], ["head", "blocks.0"], ["fc1"], ["blocks"], ["norm"]):
        judge_state(subject, draw, also)
    judge_state(subject, draw, ["head"], zero=("fc1.lora.B", "blocks.1.lora.B"))


@adapter_state.check(after=("saves-what-was-trained",))
def whatever_it_is_called(subject: Subject, draw: Draw) -> None:
    """A LoRALayer is saved because it is one, whatever the attribute is called."""
    judge_state(subject, draw, ["head"], beside=True)


@adapter_state.check(after=("saves-what-was-trained",))
def holds_copies(subject: Subject, draw: Draw) -> None:
    """The tensors are copies of the model's own type: training on does not change what was saved."""
    judge_state(subject, draw, ["head"], dtype=torch.bfloat16)
    seen = judge_state(subject, draw, ["head"])
    if seen["in_graph"]:
        raise Failure(
            "in-graph",
            f"{seen['in_graph'][0]!r} still hangs in the autograd graph",
            "Detach each tensor as well as copying it.",
        )
    if seen["trainable"]:
        text = f"{seen['trainable'][0]!r} in the state is a Parameter, or asks for a gradient: it would be trained too"
        raise Failure("still-trainable", text, "What is saved are plain numbers: detach, then clone, and no more.")
    moved = [n for n in seen["state"] if not torch.equal(seen["state"][n], seen["later"][n])]
    if moved:
        raise Failure(
            "aliases",
            f"{moved[0]!r} changed in the saved state when the model was trained on",
            "state_dict() and detach() return views of the live parameters: copy each tensor.",
        )
