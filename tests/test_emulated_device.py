"""Everything that must run on a GPU runs on one that is emulated, which refuses to mix devices as CUDA does."""

import os
import subprocess
import sys
from pathlib import Path

import emulated_device
import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.minutes
def test_nothing_mixes_devices():
    """In a process of its own: torch keeps a device for good, and one that has run a backward pass cannot fork."""
    command = [sys.executable, "-m", "pytest", "-q", "-m", "device", "-p", "no:cacheprovider", "tests/emulated_device"]
    if why := emulated_device.lacking():
        pytest.skip(why)
    own = {name: value for name, value in os.environ.items() if name != "LORA_UTILS_DEVICE"}
    done = subprocess.run(command, cwd=ROOT, env=own, capture_output=True, text=True, timeout=2400)
    print(done.stdout[-20_000:], done.stderr[-5000:])
    assert done.returncode == 0
