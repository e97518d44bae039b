"""Whether a submission has changed what questions come in and answers go out through.

A process can change every line of its own memory, so nothing here protects the judge, which believes only what it can
compute. A change is shown to the instructor: what modules and classes held before the first cell is compared, function
by function and down to the code, with what they hold when a check begins.
"""

from __future__ import annotations

import builtins
import json
import pickle
import sys
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import islice
from types import CodeType
from typing import NamedTuple

import torch

OURS = ("lora_utils.checks.framework", "grader.student", "grader.sandbox")
LIBRARIES = (builtins, json, pickle, torch, torch.nn.functional, torch.testing)
CLASSES = (torch.Tensor, torch.nn.Module, torch.nn.Parameter, torch.nn.Linear)
MOST = 5  # names of what was changed


class Part(NamedTuple):
    """A function or class that was there before the first cell: where it is found, and what it was."""

    holder: Mapping[str, object]
    label: str
    name: str
    value: object
    code: CodeType | None


@lru_cache
def machinery() -> tuple[Part, ...]:
    """Return what holds at the first call, which is before any submission's."""
    modules = [module for name, module in sys.modules.items() if name.startswith(OURS)]
    own = {id(value): value for module in modules for value in vars(module).values() if isinstance(value, type)}
    classes = [value for value in own.values() if value.__module__.startswith(OURS)]
    return tuple(
        Part(vars(holder), holder.__name__, name, value, getattr(value, "__code__", None))
        for holder in (*modules, *LIBRARIES, *classes, *CLASSES)
        for name, value in vars(holder).items()
        if callable(value)
    )


def changed(parts: Iterable[Part]) -> list[str]:
    """Return names of what is no longer what it was, at most some of them.

    Libraries change torch when they are imported (bitsandbytes, torch.compile); what they put there is theirs.
    """
    found = (
        f"{one.label}.{one.name}"
        for one in parts
        if (now := one.holder.get(one.name)) is not one.value or getattr(now, "__code__", None) is not one.code
        if not _of_library(now)
    )
    return list(islice(found, MOST))


def ours(parts: Iterable[Part]) -> list[Part]:
    """Return those parts through which questions and answers pass: few enough to look at after each probe."""
    return [one for one in parts if one.label.startswith(OURS) or getattr(one.value, "__module__", "").startswith(OURS)]


def _of_library(value: object) -> bool:
    code = getattr(value, "__code__", None)
    return code is not None and code.co_filename.startswith((sys.prefix, sys.base_prefix))
