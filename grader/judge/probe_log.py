"""What each check showed to an answer and what it saw of it, as short texts: for staff who grade a submission again."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import torch

from lora_utils.checks.framework.draw import probe_seed
from lora_utils.checks.framework.subject import StudentRaised

LONGEST = 400  # characters of one side of a probe
MOST_PROBES = 200  # of one graded cell
MOST_NUMBERS = 6  # of a tensor
DEEPEST = 5  # lists in lists
NAMES = {torch.float32: "", torch.int64: " int64", torch.float64: " float64", torch.bool: " bool"}


class ProbeLog:
    """The probes of one graded cell.

    Args:
        on: whether anything is kept.
    """

    def __init__(self, *, on: bool) -> None:
        self._on = on
        self._entries: list[dict] = []

    @contextlib.contextmanager
    def asking(self, function: Callable, inputs: dict, seed: int) -> Iterator[Callable[[dict], None]]:
        """Keep one probe; yields what is to be called with what came back. One that never answers is kept as well."""
        entry = {"seed": seed, "probe": function.__name__, "inputs": "", "seen": "no answer"}
        if not self._on or len(self._entries) == MOST_PROBES:
            yield lambda seen: None
            return
        self._entries.append(entry)
        entry["inputs"] = told(inputs)
        try:
            yield lambda seen: entry.update(seen=told(seen))
        except StudentRaised as error:
            entry["seen"] = f"raised {error}"[:LONGEST]
            raise

    def by_check(self, grade: dict) -> list[dict]:
        """Return what was kept, with the id of the check that asked; "" where the cell gave no grade that knows it."""
        ids = {probe_seed(grade["exercise"], one["id"]): one["id"] for one in grade.get("checks", ())}
        return [
            {"check": ids.get(entry["seed"], "")} | {name: entry[name] for name in ("probe", "inputs", "seen")}
            for entry in self._entries
        ]


def told(value: object) -> str:
    """Write plain data as a reader takes it in: tensors by shape and first numbers, the rest as Python does."""
    text = ", ".join(f"{k}={_told(v)}" for k, v in value.items()) if isinstance(value, dict) else _told(value)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _told(value: object, depth: int = 0) -> str:
    if isinstance(value, torch.Tensor):
        numbers = value.detach().reshape(-1)[:MOST_NUMBERS].tolist()
        more = ", …" if value.numel() > MOST_NUMBERS else ""
        dtype = NAMES.get(value.dtype, f" {value.dtype}".replace("torch.", ""))
        return f"{tuple(value.shape)}{dtype} [{', '.join(map(_told, numbers))}{more}]"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, str):
        return repr(value[:LONGEST])
    if isinstance(value, dict | list | tuple) and depth == DEEPEST:
        return "…"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}: {_told(v, depth + 1)}" for k, v in list(value.items())[:LONGEST]) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_told(one, depth + 1) for one in value[:LONGEST]) + "]"
    return str(value)[:LONGEST]
