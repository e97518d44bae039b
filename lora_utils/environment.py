"""What the course runs on: versions, processor, memory, GPU, optional packages, and which assets are at hand."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch

from lora_utils.data.assets import ASSETS, cache_dir
from lora_utils.devices import best_device, compute_dtype


def environment() -> dict[str, str]:
    """Describe the machine and the installation, one line of text a topic, in an order that reads well.

    Nothing is fetched, and neither bitsandbytes nor torchtext is imported. Sizes are in GiB (2**30 bytes) for memory
    and in MB (10**6 bytes) for downloads. Explained in lab 00_welcome.
    """
    return {
        "Python": f"{platform.python_version()} on {platform.system()} ({platform.machine()})",
        "torch": str(torch.__version__),
        "processor": f"{os.cpu_count()} cores, torch uses {torch.get_num_threads()} threads",
        "memory": memory(),
        "GPU": gpu(),
        "bitsandbytes": installed("bitsandbytes", without="labs 07 and 08 use it"),
        "torchtext": installed("torchtext", without="not needed: lora_utils.data has its own equal implementation"),
        "cache folder": short(cache_dir()),
        "assets there": ", ".join(name for name, asset in ASSETS.items() if asset.cached) or "none",
        "assets missing": ", ".join(f"{n} ({a.megabytes} MB)" for n, a in ASSETS.items() if not a.cached) or "none",
    }


def memory() -> str:
    """The machine's main memory, or a dash where the system does not tell (Windows)."""
    try:
        size = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return "-"
    return f"{size / 2**30:.1f} GiB"


def gpu() -> str:
    """The GPU that models run on, its memory and the type it computes fast in, or what to expect without one."""
    device = best_device()
    if device.type == "cuda":
        card = torch.cuda.get_device_properties(device)
        kind = str(compute_dtype(device)).removeprefix("torch.")
        return f"{card.name}, {card.total_memory / 2**30:.1f} GiB (device '{device}', {kind})"
    if device.type == "mps":
        return "Apple GPU (device 'mps'); what needs float64 or bitsandbytes does without, or runs on the processor"
    return "none: every lab runs on the processor"


def installed(package: str, *, without: str) -> str:
    """The version of a package, found without importing it.

    Args:
        package: its name on PyPI.
        without: what its absence means for the reader.
    """
    try:
        return version(package)
    except PackageNotFoundError:
        return f"not installed ({without})"


def short(path: Path) -> str:
    """The path with the home folder written as ~, so that a shared notebook does not show a user's name."""
    try:
        return str(Path("~") / path.relative_to(Path.home()))
    except ValueError:
        return str(path)
