"""Checks of lab 09: the state of a LoRA under PEFT's names, in PEFT's shapes, with PEFT's alpha.

Letters: i in_features, o out_features, r rank.
"""

from __future__ import annotations

import numpy as np
import torch

from lora_utils.checks import Draw, Exercise, Failure, Mistake, Subject, expect_close
from lora_utils.checks.framework.compare import close, expect_number

peft_adapter = Exercise("peft-adapter")

PREFIX = "base_model.model."
QUERY, UP = "blocks.0.attention.query", "blocks.11.feed_forward.up"
VALUE, DOWN = "blocks.3.attention.value", "blocks.10.feed_forward.down"
POOLER = "pooler"  # its last letters are among those of ".lora.A"
BERT = {
    QUERY: "encoder.layer.0.attention.self.query",
    UP: "encoder.layer.11.intermediate.dense",
    VALUE: "encoder.layer.3.attention.self.value",
    DOWN: "encoder.layer.10.output.dense",
    POOLER: "pooler.dense",
}
NAMES = "PEFT calls a factor base_model.model.<BERT's module name>.lora_A.weight, and lora_B alike."


# ---------------------------------------------------------------------------------------------------------- probes
def renamed(name: str) -> str:
    """Not a probe by itself: what BERT calls a module of these tests; the student's function gets it as an argument."""
    if name not in BERT:
        raise ValueError(f"a MiniLM has no layer called {name!r}, so it has no name in a BertModel")
    return BERT[name]


def export_steps(function, *, state: dict, alpha: float) -> dict:
    """Probe: the student's tensors and config as plain data, and whether safetensors would store the tensors."""
    result = function(dict(state), alpha, renamed)
    if not isinstance(result, (tuple, list)) or len(result) != 2 or not all(isinstance(part, dict) for part in result):
        return {"kind": type(result).__name__}
    tensors, config = result
    targets = config.get("target_modules")
    return {
        "kind": "pair",
        "tensors": {str(k): v for k, v in tensors.items() if isinstance(v, torch.Tensor)},
        "others": [str(k) for k, v in tensors.items() if not isinstance(v, torch.Tensor)],
        "ragged": [str(k) for k, v in tensors.items() if isinstance(v, torch.Tensor) and not v.is_contiguous()],
        "config": {str(k): v for k, v in config.items() if isinstance(v, (int, float, str, torch.Tensor, np.generic))},
        "targets": [str(t) for t in targets] if isinstance(targets, (list, tuple, set)) else targets,
    }


# ---------------------------------------------------------------------------------------------------------- judges
def export_case(
    draw: Draw, layers: tuple[str, ...] = (QUERY, UP), rank: int | None = None, alpha: float | None = None
) -> tuple[dict, float, int]:
    """An adapter's state with a head in it, its alpha, its rank; no two sizes equal. What is not given is drawn."""
    own, *sizes = draw.sizes(1 + 2 * len(layers), 2, 14)
    rank = own if rank is None else rank
    state = {}
    for place, name in enumerate(layers):
        state[f"{name}.lora.A"] = draw.normal(sizes[2 * place], rank)
        state[f"{name}.lora.B"] = draw.normal(rank, sizes[2 * place + 1])
    state |= {"head.weight": draw.normal(3, 5), "head.bias": draw.normal(3)}
    return state, draw.number(0.2, 0.9) if alpha is None else alpha, rank


def exported(subject: Subject, state: dict, alpha: float) -> dict:
    """Call the student's function and expect a dict of tensors and a dict of settings."""
    seen = subject.probe(export_steps, state=state, alpha=alpha)
    if seen["kind"] != "pair":
        text = f"expected two dicts, (tensors, config), got {seen['kind']}"
        raise Failure("not-a-pair", text, "Build both dicts, then: return tensors, config")
    if {"r", "lora_alpha"} <= set(seen["others"]):
        raise Failure("results-swapped", "the first result, the tensors, holds settings",
                      "Write return tensors, config.")  # fmt: skip
    if seen["others"]:
        raise Failure("not-a-tensor", f"{seen['others'][0]!r} holds no tensor", "Settings go into config.")
    return seen


def _layers(state: dict) -> list[str]:
    return [name.removesuffix(".lora.A") for name in state if name.endswith(".lora.A")]


def _expect_names(seen: dict, state: dict) -> None:
    stems = {name: PREFIX + BERT[name] for name in _layers(state)}
    wanted = {f"{stem}.lora_{factor}.weight" for stem in stems.values() for factor in "AB"}
    names = set(seen["tensors"])
    if names == wanted:
        return
    if not names:
        raise Failure("nothing-exported", "there are no tensors in the result", NAMES)
    if names < wanted:
        raise Failure("factor-missing", f"{min(wanted - names)!r} is missing", "Both factors of every layer: A and B.")
    extra = sorted(names - wanted)
    if any("head" in name for name in extra):
        text = f"{next(n for n in extra if 'head' in n)!r} is among the tensors; PEFT's LoRA has no place for this head"
        raise Failure("head-exported", text, "Take the names that end in .lora.A or .lora.B.")
    if all(PREFIX + name in wanted for name in names):
        raise Failure("prefix-missing", f"{extra[0]!r} lacks the prefix {PREFIX!r}", NAMES)
    if all(name + ".weight" in wanted for name in names):
        raise Failure(
            "weight-missing", f"{extra[0]!r} must end in .weight: in PEFT the factors are linear layers", NAMES
        )
    if all(name.replace(".default", "") in wanted for name in names):
        text = f"{extra[0]!r} holds 'default': the adapter's name stands in the model's own state, never in the file"
        raise Failure("adapter-name-in-file", text, NAMES)
    if extra and any(name in extra[0] for name in BERT):
        raise Failure("not-renamed", f"{extra[0]!r} has this course's module name; BERT knows no such layer",
                      "rename(module) gives BERT's name; the module is what stands before .lora.A.")  # fmt: skip
    known = {f"{PREFIX}{bert}.lora_{factor}.weight" for bert in BERT.values() for factor in "AB"}
    if wanted < names <= known:
        text = f"{extra[0]!r} is there, which an earlier call was given: results pile up from call to call"
        raise Failure("kept-from-before", text, "Make the dict and the list anew in every call.")
    raise Failure("wrong-names", f"{extra[0]!r} is no name that PEFT looks for", NAMES)


def judge_values(subject: Subject, state: dict, alpha: float, rank: int) -> None:
    """Compare names, shapes and the update that PEFT computes from them; hidden checks use it with other states."""
    seen = exported(subject, state, alpha)
    _expect_names(seen, state)
    _expect_shapes(seen, state)
    config = seen["config"]
    if "r" not in config:
        raise Failure("wrong-rank", 'config has no "r"', "The rank is the axis that A and B share.")
    expect_number(config["r"], 'config["r"]', int)
    if config["r"] != rank:
        text = f'config["r"] must be the rank {rank}, got {config["r"]}'
        raise Failure("wrong-rank", text, "A is (in_features, rank) here: the rank is the axis that A and B share.")
    if "lora_alpha" not in config:
        raise Failure("no-alpha", 'config has no "lora_alpha" that is a number', "PEFT multiplies by lora_alpha / r.")
    lora_alpha = config["lora_alpha"]
    expect_number(lora_alpha, 'config["lora_alpha"]')
    for name in _layers(state):
        A, B = state[f"{name}.lora.A"], state[f"{name}.lora.B"]
        stem = PREFIX + BERT[name]
        for factor, given in (("A", A), ("B", B)):
            dtype = seen["tensors"][f"{stem}.lora_{factor}.weight"].dtype
            if dtype != given.dtype:
                text = f"lora_{factor} of {name} is {dtype}, in the state it is {given.dtype}"
                raise Failure("type-changed", text, "Turn the factors over and lay them out anew, in their own type.")
        product = seen["tensors"][f"{stem}.lora_B.weight"] @ seen["tensors"][f"{stem}.lora_A.weight"]
        wanted = alpha * torch.einsum("ir,ro->oi", A, B)
        scaled = "PEFT multiplies by lora_alpha / r, this course by alpha: both must come out the same."
        update, exact = product * (lora_alpha / rank), alpha * rank
        whole = lora_alpha in (round(exact), int(exact)) and lora_alpha != exact
        if whole and close(update, wanted * (lora_alpha / exact)) and not close(update, wanted):
            text = f"lora_alpha is {lora_alpha:g}, and alpha * rank is {exact:g}: it was rounded"
            raise Failure("alpha-rounded", text, "lora_alpha need not be whole.")
        expect_close(update, wanted, what=f"the update that PEFT makes at {BERT[name]}",
                     id="wrong-update", hint="Each factor is stored turned over, A under lora_A and B under lora_B; "
                     "lora_alpha / r stands for alpha.",
                     mistakes=(
            Mistake("alpha-not-times-rank", wanted / rank, f"PEFT's update comes out {rank} times too small, the rank",
                    scaled),
            Mistake("alpha-not-times-rank", wanted / rank**2, f"PEFT's update is {rank**2} times too small", scaled),
            *(Mistake("reshaped", alpha * up @ down, f"the numbers of {which} are mixed up: reshape and view refill "
                      "row by row", "Transposing exchanges rows and columns.") for which, up, down in (
                ("lora_A", B.T, A.reshape(A.shape[::-1])), ("lora_B", B.reshape(B.shape[::-1]), A.T),
                ("both factors", B.reshape(B.shape[::-1]), A.reshape(A.shape[::-1])))),
            Mistake("alpha-dropped", wanted / alpha, "the update has lost its alpha", scaled),
            Mistake("alpha-dropped", wanted / alpha / rank, "the update has lost its alpha, and is divided by the rank",
                    scaled),
            Mistake("alpha-twice", wanted * alpha, "alpha is in the factors and in lora_alpha", "Once is enough."),
            Mistake("alpha-twice", wanted * rank, f"PEFT's update comes out {rank} times too large, the rank", scaled),
            Mistake("alpha-times-root", wanted / rank**0.5, "lora_alpha is alpha * sqrt(rank): that is for use_rslora",
                    scaled),
        ))  # fmt: skip


def _expect_shapes(seen: dict, state: dict) -> None:
    for name in _layers(state):
        A, B = state[f"{name}.lora.A"], state[f"{name}.lora.B"]
        stem = PREFIX + BERT[name]
        a, b = (tuple(seen["tensors"][f"{stem}.lora_{factor}.weight"].shape) for factor in "AB")
        if (a, b) == (tuple(A.T.shape), tuple(B.T.shape)):
            continue
        if (a, b) == (tuple(A.shape), tuple(B.shape)):
            text = f"the factors of {name} have this course's shapes {a} and {b}; PEFT stores (r, i) and (o, r)"
            raise Failure(
                "not-transposed", text, "PEFT's factors are weights of linear layers, (out, in): each is turned over."
            )
        if (a, b) in ((tuple(B.T.shape), tuple(A.T.shape)), (tuple(B.shape), tuple(A.shape))):
            raise Failure("factors-swapped", f"lora_A of {name} holds B, and lora_B holds A", "A comes first in both.")
        text = f"the factors of {name} have shapes {a} and {b}, expected {tuple(A.T.shape)} and {tuple(B.T.shape)}"
        raise Failure(
            "wrong-shape", text, "PEFT's factors are weights of linear layers, (out, in): each is turned over."
        )


@peft_adapter.check
def names_are_pefts(subject: Subject, draw: Draw) -> None:
    """Every factor has the name that PEFT looks for, and nothing else is among the tensors."""
    state, alpha, _ = export_case(draw)
    _expect_names(exported(subject, state, alpha), state)


@peft_adapter.check(after=("names-are-pefts",), weight=2)
def update_is_the_same(subject: Subject, draw: Draw) -> None:
    """Shapes, `r` and `lora_alpha` are such that lora_alpha / r * (lora_B @ lora_A) is alpha * (A B).T."""
    judge_values(subject, *export_case(draw))
    judge_values(subject, *export_case(draw, (VALUE, DOWN, UP), alpha=2.0))
    judge_values(subject, *export_case(draw, (DOWN, QUERY), rank=15))  # above all sizes
    judge_values(subject, *export_case(draw, rank=1, alpha=1))
    judge_values(subject, *export_case(draw, (VALUE,), alpha=16))
    judge_values(subject, *export_case(draw, (POOLER, QUERY)))


@peft_adapter.check(after=("names-are-pefts",))
def can_be_stored_and_found(subject: Subject, draw: Draw) -> None:
    """The tensors are contiguous, as safetensors demands, and `target_modules` lists BERT's names of the layers."""
    for layers in ((QUERY, UP), (VALUE,), (DOWN, VALUE, QUERY)):
        state, alpha, _ = export_case(draw, layers)
        _expect_stored(exported(subject, state, alpha), [BERT[name] for name in layers])


def _expect_stored(seen: dict, wanted: list[str]) -> None:
    targets = seen["targets"]
    if type(targets) is not list:
        raise Failure("no-targets", f'config["target_modules"] must be a list of names, got {targets!r}',
                      "One name a layer: what rename gives.")  # fmt: skip
    if len(set(targets)) == len(targets) and sorted(targets) == sorted(wanted):
        if seen["ragged"]:
            text = f"{seen['ragged'][0]!r} is a view that lies in memory the other way round; safetensors refuses it"
            raise Failure("not-contiguous", text, "A transposed view must be laid out anew in memory.")
        return
    if sorted(set(targets)) == sorted(wanted):
        twice = next(target for target in targets if targets.count(target) > 1)
        raise Failure("targets-twice", f"{twice!r} is listed {targets.count(twice)} times", "One name a layer.")
    if any(target.startswith(PREFIX) for target in targets):
        text = f"{targets[0]!r} has the prefix of the file's names; target_modules are names inside the base model"
        raise Failure("targets-with-prefix", text, "List what rename gives, as it is.")
    if any(target.split(".lora")[0] in BERT for target in targets):
        text = f"{targets[0]!r} is this course's name; PEFT looks for the layers in a BertModel"
        raise Failure("targets-not-renamed", text, "List what rename gives.")
    raise Failure(
        "wrong-targets", f"target_modules must be {sorted(wanted)}, got {sorted(targets)}", "What rename gives."
    )
