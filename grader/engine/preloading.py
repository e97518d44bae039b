"""What labs and checks import and do at first, done once in a warm process, so that no fork of it pays for it."""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import pkgutil

from grader.engine.no_compiler import do_without_compiler

# torch.manual_seed keeps the stack in words, and for that reads the files of IPython and torch: here for all forks.
FIRST_CELL = "__import__('torch').manual_seed(0);"


def preload_libraries() -> None:
    """Import what every process of the engine uses, and take each first step that imports or reads more."""
    os.environ.setdefault("MPLBACKEND", "agg")
    gc.disable()  # looking for garbage while modules are imported finds next to none and takes a fifth of the time
    import cloudpickle  # noqa: F401 - its import is the point, as that of those below
    import matplotlib.pyplot  # noqa: F401
    import numpy.random  # noqa: F401
    import safetensors.torch  # noqa: F401
    import torch

    from grader.student.notebook_shell import make_shell

    torch.set_num_threads(1)
    with contextlib.suppress(RuntimeError):
        torch.set_num_interop_threads(1)
    do_without_compiler()
    _train()
    make_shell().run_cell(FIRST_CELL, silent=True)
    gc.enable()


def preload_package() -> None:
    """Import all of lora_utils that this process can have."""
    gc.disable()
    import lora_utils

    for module in pkgutil.walk_packages(lora_utils.__path__, "lora_utils.", onerror=lambda name: None):
        with contextlib.suppress(Exception):  # withheld, or broken: news of the check that needs it
            importlib.import_module(module.name)
    gc.enable()


def _train() -> None:
    """A first step of training imports much more of torch, and a gradient of given size imports sympy."""
    import torch

    weight = torch.nn.Parameter(torch.ones(2, 2))
    for kind in (torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW):
        stepper = kind([weight], lr=0.1)
        torch.nn.functional.cross_entropy(weight @ weight, torch.tensor([0, 1])).backward()
        stepper.step()
    torch.autograd.grad(weight @ weight, weight, torch.ones(2, 2))
