"""The device that models run on: which one, in which type it computes fast, when it is done, what it draws from."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

import torch

VARIABLE = "LORA_UTILS_DEVICE"


def best_device() -> torch.device:
    """Return the device to run models on: "cuda" where there is one, else "mps" (Apple's GPUs), else "cpu".

    The environment variable LORA_UTILS_DEVICE, for example "cpu" or "cuda:1", decides instead where it is set.

    Raises:
        ValueError: if the variable names no device that torch can use here.

    Explained in lab 00_welcome.
    """
    if wish := os.environ.get(VARIABLE):
        try:
            return torch.empty(0, device=wish).device
        except Exception as error:  # each kind of device says in its own way that it is not there
            first = (str(error) or type(error).__name__).splitlines()[0]
            raise ValueError(
                f"{VARIABLE} must name a device that torch can use here, such as 'cpu', got {wish!r} ({first})"
            ) from None
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def compute_dtype(device: torch.device | str) -> torch.dtype:
    """Return the type in which a frozen model computes fast on a device: 16 bits on CUDA, float32 elsewhere.

    bfloat16 where the GPU has it, from compute capability 8.0 (A100, RTX 30) on. T4 and V100 emulate it, several times
    slower than float16, which is what they get. float16 has two traps: its largest number is 65,504, so large
    activations become infinite; and gradients below 6e-8 become zero, so a loss may have to be scaled
    (torch.amp.GradScaler). What is trained stays float32 either way, see `trained_type`.

    Args:
        device: as from `best_device`.

    Explained in lab 08_qlora.
    """
    if torch.device(device).type != "cuda":
        return torch.float32
    native = torch.version.hip is not None or torch.cuda.get_device_capability(device) >= (8, 0)
    return torch.bfloat16 if native else torch.float16


def synchronize(device: torch.device | str) -> None:
    """Wait until a device has done what it was given: a GPU works on while Python goes ahead, so clocks need it.

    Explained in lab 08_qlora.
    """
    if (kind := torch.device(device).type) not in ("cpu", "meta"):
        getattr(torch, kind).synchronize()


def without_autocast(device: torch.device) -> contextlib.AbstractContextManager:
    """Inside the block autocast rounds nothing to 16 bits on a device; "meta" has no autocast to leave."""
    available = getattr(torch.amp, "is_autocast_available", ("cpu", "cuda").__contains__)  # torch 2.3 cannot be asked
    return torch.autocast(device.type, enabled=False) if available(device.type) else contextlib.nullcontext()


@contextlib.contextmanager
def generators_kept(device: torch.device | str = "cpu") -> Iterator[None]:
    """Leave the generators of random numbers, the CPU's and the device's, as they were before the block."""
    own, place = _accelerator(torch.device(device))
    before = own and own.get_rng_state(*place)
    try:
        with torch.random.fork_rng(devices=[]):
            yield
    finally:
        if own:
            own.set_rng_state(before, *place)


@contextlib.contextmanager
def seeded(seed: int, device: torch.device | str = "cpu") -> Iterator[None]:
    """Draw from `seed` inside the block, on the CPU and on the device; the generators are then as they were.

    torch.manual_seed would set the generators of all devices, and torch.random.fork_rng(devices=[]) bring back the
    CPU's alone.

    Args:
        seed: any integer.
        device: where random numbers are drawn besides the CPU (default: nowhere).
    """
    with generators_kept(device):
        torch.default_generator.manual_seed(seed)
        own, place = _accelerator(torch.device(device))
        if own:
            own.set_rng_state(torch.Generator(device).manual_seed(seed).get_state(), *place)
        yield


def _accelerator(device: torch.device) -> tuple[object, tuple]:
    """torch's module for a device, and what names the device there; only of CUDA's there can be several."""
    if device.type in ("cpu", "meta"):
        return None, ()
    return getattr(torch, device.type), (device,) if device.type == "cuda" else ()
