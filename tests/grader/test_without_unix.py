"""Where there is nothing that only Unix has, each command still starts, and says its sentence."""

from __future__ import annotations

import subprocess
import sys

import pytest

WINDOWS = """
import os, sys
sys.modules["resource"] = None  # what Windows has not, and no library needs where it is missing
del os.fork
from grader.cli import app
app()
"""


@pytest.mark.kernel
@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["grade", "notebooks", "--out", "out"], "on Windows use WSL 2"),
        (["--help"], "doctor"),
        (["doctor"], "packages"),
    ],
)
def test_every_command_says_its_sentence(command, words, course):
    done = subprocess.run([sys.executable, "-c", WINDOWS, *command], cwd=course, capture_output=True, text=True)
    assert "Traceback" not in done.stderr
    assert words in done.stdout + done.stderr
