"""Probes that lie about a wrong answer do not earn the check that the lie is about: what the answer does belies them.

Each lie changes what came back from the probes of a wrong answer of the catalogue; all else is as that answer made it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import jupytext
import pytest
import torch
from in_process import ROOT

from grader.build.build import find_labs
from grader.judge.malformed_answers import Solution
from grader.notebooks.answer_key import AnswerKey
from grader.text.cell_text import defined_names, used_names


@dataclass(frozen=True)
class Lie:
    """A wrong answer of the catalogue, what its probes then say, and the check that this is to win."""

    lab: str
    exercise: str
    wrong: str
    check: str
    told: Callable[[str, dict, dict], None]  # the probe's name, its inputs, and what it saw, which it changes

    def __str__(self) -> str:
        return f"{self.exercise}: {self.wrong}".replace(" ", "_")


class Liar(Solution):
    """Answers, one of them wrong, with probes that say so much of it as they see, and a lie."""

    def __init__(self, cells: list[dict], lie: Lie) -> None:
        super().__init__(cells)
        self.lie = lie

    def probe(self, function, objects, inputs, seed):
        inputs = dict(inputs)
        seen = super().probe(function, objects, inputs, seed)
        self.lie.told(function.__qualname__, inputs, seen)
        return seen


@lru_cache
def key_of(lab: str) -> AnswerKey:
    return AnswerKey.read(next(one for one in find_labs(ROOT) if one.name == lab))


def catalogued(lie: Lie) -> str:
    path = ROOT / "tests" / "catalogue" / lie.lab / "wrong" / f"{lie.exercise}.py"
    return next(cell.source for cell in jupytext.read(path).cells if cell.metadata.get("title") == lie.wrong)


def judged(lie: Lie) -> dict[str, str]:
    """The verdict of each check of the exercise."""
    cells = [cell for cell in key_of(lie.lab).cells if cell.kind == "code" and not cell.skip]
    names = sorted(set().union(*(defined_names(cell.source) for cell in cells if cell.answer)))
    wrong = {lie.exercise: catalogued(lie)}
    texts = [{"id": c.id, "source": wrong.get(c.grade_id, c.source), "graded": c.graded} for c in cells]
    side, namespace = Liar(texts, lie), {"__name__": "__main__", "display": lambda *things: None}
    for cell in cells:
        if cell.grade_id == f"test-{lie.exercise}":
            order = {"id": cell.id, "source": cell.source, "names": names, "reads": used_names(cell.source)}
            return {one.id: one.verdict for one in side.grade(order, namespace).results}
        if cell.locked and not cell.graded:
            with contextlib.suppress(Exception):  # it may use an answer, which the judge does not have
                exec(compile(cell.source, "<locked>", "exec"), namespace)
    raise AssertionError(f"{lie.lab} has no exercise {lie.exercise}")


def parts(seen: dict, *keys: str) -> Iterator[dict]:
    """The parameters that a probe tells of, whether in a list or by name."""
    for key in keys:
        found = seen.get(key, [])
        yield from found.values() if isinstance(found, dict) else found


def claim_trainable(probe: str, inputs: dict, seen: dict) -> None:
    """Every parameter is trainable, and a step has moved it."""
    for part in parts(seen, "parameters"):
        part["trainable"] = True
        if "value" in part:
            part["after"] = part["value"] - 1


def claim_frozen_base(probe: str, inputs: dict, seen: dict) -> None:
    """The given layer is frozen, and a step has not moved it."""
    if not probe.startswith("build"):
        return
    seen["base_trainable"] = []
    for part in parts(seen, "base", "parameters"):
        if part["value"].shape in (inputs["weight"].shape, inputs["bias"].shape):
            part["trainable"], part["after"] = False, part["value"]


def claim_factors_trainable(probe: str, inputs: dict, seen: dict) -> None:
    """The factors are trainable, and a step has moved them; the layer is frozen, as it is."""
    for part in parts(seen, "parameters", "factors"):
        if (value := part["value"]).dim() == 1 and (value == 1).all():
            part["trainable"], part["after"] = True, value - 1


def claim_b_zero(probe: str, inputs: dict, seen: dict) -> None:
    """B starts at zero, and so does the output."""
    for part in parts(seen, "parameters"):
        if list(part.get("shape", part.get("value", torch.zeros(0)).shape)) == [inputs["rank"], inputs["out_dim"]]:
            part["largest"] = 0.0
            part["value"] = torch.zeros(inputs["rank"], inputs["out_dim"])
            part["after"] = part["value"] - 1
    if probe == "run" and "A" not in inputs:
        seen["output"] = torch.zeros_like(seen["output"])


def claim_parameters(probe: str, inputs: dict, seen: dict) -> None:
    """What is a buffer is a parameter."""
    if probe == "build":
        shapes = (inputs["in_dim"], inputs["rank"]), (inputs["rank"], inputs["out_dim"])
        made = [torch.randn(shape) for shape in shapes]
        seen["parameters"] = [
            {"name": n, "shape": list(v.shape), "trainable": True, "largest": 1.0, "value": v, "after": v - 1}
            for n, v in zip("AB", made, strict=True)
        ]


def claim_inside(probe: str, inputs: dict, seen: dict) -> None:
    """A copy is the very layer that was given."""
    if probe == "build":
        seen["inside"] = True


def claim_sublayer_frozen(probe: str, inputs: dict, seen: dict) -> None:
    """The sublayer is frozen, and a step has not moved it."""
    seen["sublayer_frozen"] = True
    for part in parts(seen, "given", "parameters"):
        if part["name"].endswith("weight"):
            part["after"] = part["value"]


def claim_given_kept(probe: str, inputs: dict, seen: dict) -> None:
    """The layer that was handed over has its numbers still, and is another one than the new one."""
    seen["same"] = False
    for part in seen["given"]:
        part["value"] = inputs[part["name"]]
        part["after"] = part["value"] - 1


def claim_mode_restored(probe: str, inputs: dict, seen: dict) -> None:
    """The model is in the mode in which it came."""
    seen |= {"training": inputs["training"], "training inside": inputs["training"]}


def claim_restored(probe: str, inputs: dict, seen: dict) -> None:
    """The new head is back."""
    seen["restored"] = True


def claim_equal_start(probe: str, inputs: dict, seen: dict) -> None:
    """The layer alone returns what came out."""
    if probe == "run_path" and "A" not in inputs:
        seen["base"] = seen["output"]


def claim_base_unchanged(probe: str, inputs: dict, seen: dict) -> None:
    """The base had from the start the numbers that it has at the end."""
    if len(seen.get("looks", [])) > 3:
        seen["looks"][0] = seen["looks"][-1]


def claim_wrapped(probe: str, inputs: dict, seen: dict) -> None:
    """Each layer that was named, and no other, is wrapped, with this rank and this alpha."""
    for run, one in zip(inputs["runs"], seen["runs"], strict=True):
        named = run["steps"][-1]
        for name, layer in one["layers"].items():
            layer |= {"wrapped": name in named, "own": True, "twice": False}
            layer |= {key: run[key] if name in named else None for key in ("rank", "alpha")}


LIES = [
    Lie("02_full_fine_tuning", "evaluate", "evaluation mode never left", "mode-restored", claim_mode_restored),
    Lie("02_full_fine_tuning", "forgetting", "old head left in", "new-head-back", claim_restored),
    Lie("03_additive", "bottleneck-adapter", "frozen", "has-two-layers", claim_trainable),
    Lie("03_additive", "adapter-behind", "sublayer not frozen", "keeps-both", claim_sublayer_frozen),
    Lie("03_additive", "fold-ia3", "in place", "given-layer-stays", claim_given_kept),
    Lie("03_additive", "ia3-layer", "everything frozen", "one-factor-a-number", claim_factors_trainable),
    Lie("04_soft_prompts", "soft-prompt", "frozen embedding", "is-a-parameter", claim_trainable),
    Lie("05_lora_layer", "lora-layer", "A and B both random", "starts-at-zero", claim_b_zero),
    Lie("05_lora_layer", "lora-layer", "A frozen", "has-factors", claim_trainable),
    Lie("05_lora_layer", "lora-layer", "buffers", "has-factors", claim_parameters),
    Lie("06_linear_with_lora", "linear-with-lora", "base not frozen", "trains-only-the-path", claim_frozen_base),
    Lie("06_linear_with_lora", "linear-with-lora", "base copied", "keeps-the-layer", claim_inside),
    Lie("06_linear_with_lora", "inject-by-name", "made but not set", "replaces-named-layers", claim_wrapped),
    Lie("06_linear_with_lora", "swap-adapters", "the base is cleared too", "keeps-the-base", claim_base_unchanged),
    Lie("08_qlora", "qlora-linear", "the base is not frozen", "trains-only-the-path", claim_frozen_base),
    Lie("08_qlora", "qlora-linear", "B does not start at zero", "starts-equal", claim_equal_start),
]


@pytest.mark.parametrize("lie", LIES, ids=str)
def test_a_lie_does_not_earn_the_check_that_it_is_about(lie):
    verdicts = judged(lie)
    assert verdicts[lie.check] in ("fail", "skipped"), verdicts
