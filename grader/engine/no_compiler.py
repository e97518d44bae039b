"""torch's compiler, loaded only when something is compiled: without it a warm process is ready a second earlier.

The first step of any optimiser imports torch._dynamo, for two of its functions: `graph_break` ends a compilation and
`disable` keeps a function out of one. Gradient checkpointing reads its settings. Where nothing is compiled, this is all
that is needed of it. So a module with these stands in its place, and the real one takes over as soon as anything else
of it is asked for, as torch.compile does.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import types
from collections.abc import Callable
from pathlib import Path

NAME = "torch._dynamo"


class NoCompiler(types.ModuleType):
    """What optimisers and checkpointing need of torch._dynamo; any other attribute is the real module's."""

    @staticmethod
    def graph_break(msg: str = "") -> None:
        """End the compilation, of which there is none."""

    @staticmethod
    def disable(fn: Callable | None = None, recursive: bool = True, **more) -> Callable:
        """Keep a function out of compilations: it is called as it is."""
        return fn if fn is not None else lambda later: later

    def __getattr__(self, name: str) -> object:
        """Let the real module take over, unless somebody only looks through all modules, as inspect.getmodule does."""
        if name.startswith("__") and name != "__path__":  # the path is asked for when a part of it is imported
            raise AttributeError(f"module {NAME!r} has no attribute {name!r}")
        if sys.modules.get(NAME) is self:
            import torch

            del sys.modules[NAME]
            torch._dynamo = importlib.import_module(NAME)
        return getattr(sys.modules[NAME], name)


def do_without_compiler() -> None:
    """Put it in place, unless torch._dynamo has been imported already or its settings cannot be read alone."""
    import torch

    if NAME in sys.modules:
        return
    # The settings are a module that needs no other of its package; the real package will find it loaded.
    settings = f"{NAME}.config"
    folder = Path(torch.__file__).with_name("_dynamo")
    spec = importlib.util.spec_from_file_location(settings, folder / "config.py")
    sys.modules[settings] = config = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(config)
    except Exception:  # another version of torch: then its compiler is loaded, as ever
        del sys.modules[settings]
        return
    if NAME in sys.modules:  # the settings have asked for the rest
        return
    sys.modules[NAME] = torch._dynamo = NoCompiler(NAME)
    torch._dynamo.config, torch._dynamo.__file__ = config, str(folder / "__init__.py")
