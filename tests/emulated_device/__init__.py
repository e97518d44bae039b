"""An accelerator for tests, in the CPU's memory: it refuses to mix devices as CUDA does. Its name is "emulated"."""

from __future__ import annotations

import os
import shutil
import types
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import torch
from filelock import FileLock
from packaging.version import Version
from torch.utils import cpp_extension

NAME = "emulated"
DEVICE = os.environ.get("LORA_UTILS_DEVICE") or NAME  # on a real GPU, methods and training are tried on that
HERE = Path(__file__).parent
BUILT = HERE.parents[1] / "build" / "emulated_device"


def lacking() -> str:
    """Say what the device cannot be made without here; nothing where it can."""
    if not (shutil.which("c++") and shutil.which("ninja")):
        return "the emulated device is compiled when it is first used: it needs a C++ compiler and ninja"
    if Version(torch.__version__) < Version("2.13"):
        return f"device.cpp is written for the headers of torch 2.13, and this is {torch.__version__}"
    return ""


@cache
def make() -> None:
    """Make torch.device("emulated") work in this process, for good.

    The C++ file is compiled once for each version of torch, half a minute or more, and kept in build/.
    """
    folder = BUILT / torch.__version__
    folder.mkdir(parents=True, exist_ok=True)
    flags = ["-O1", "-w"]  # torch's headers are not ours to mend
    with FileLock(folder / "compiling"):
        (folder / "lock").unlink(missing_ok=True)  # torch's own, left by a process that was killed: it waits for ever
        cpp_extension.load(
            "emulated_device", [str(HERE / "device.cpp")], flags, build_directory=str(folder), is_python_module=False
        )
    torch.utils.rename_privateuse1_backend(NAME)
    torch._register_device_module(NAME, module())


def module() -> types.ModuleType:
    """What torch looks up as `torch.emulated`: one device, always there, with random numbers from the CPU."""
    own = types.ModuleType(f"torch.{NAME}", "One device in the CPU's memory.")
    own.is_available = lambda: True
    own.is_initialized = lambda: True
    own.device_count = lambda: 1
    own.current_device = lambda: 0
    own.synchronize = lambda device=None: None
    own._is_in_bad_fork = lambda: False
    own.seeds = []  # what the device's generator has been set to by torch.manual_seed
    own.manual_seed_all = own.seeds.append
    own.get_rng_state = lambda device=None: torch.get_rng_state()
    own.set_rng_state = lambda state, device=None: torch.set_rng_state(state)
    own.get_amp_supported_dtype = lambda: [torch.bfloat16, torch.float16]
    return own


@contextmanager
def without_float64() -> Iterator[None]:
    """Refuse float64 on the device for a while, as Apple's MPS does."""
    torch.ops.emulated_device.allow_float64(False)
    try:
        yield
    finally:
        torch.ops.emulated_device.allow_float64(True)
