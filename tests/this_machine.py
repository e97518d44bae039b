"""What tests need of the machine that they run on, and what becomes of them where it is missing."""

from __future__ import annotations

import os
import sys

import pytest

from grader.engine.canary import sandbox_faults
from grader.engine.service import engine


def needs_sandbox() -> None:
    """Leave a test out where submissions cannot be shut off; in continuous integration on Linux that is a failure."""
    faults = sandbox_faults()
    if faults and sys.platform == "linux" and os.environ.get("CI"):
        pytest.fail(f"the sandbox does not hold, so what it is for was not tested: {faults[0]}")
    if faults:
        pytest.skip(f"no sandbox on this machine: {faults[0]}")


def needs_filter() -> None:
    """Leave a test out where system calls cannot be filtered; in continuous integration on Linux that is a failure."""
    needs_sandbox()
    if "seccomp" not in engine(True).walls:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("no libseccomp on this machine")
