"""The course's own seed in a file that only staff can read: all test inputs derive from it and from the submission.

Without such a file the seed is that of `grader.scoring.grading.input_seed`: the environment's LORA_UTILS_CHECK_SEED,
else "0". Then whoever has a submission and the course can work out its inputs.
"""

import contextlib
import os
import secrets
import stat
import tempfile
from pathlib import Path

from grader.course_package import course_package
from grader.engine.fork_server import view
from grader.sandbox.namespaces import SYSTEM

LONGEST = 4096  # bytes; a seed that we make has 64


class SeedFileError(RuntimeError):
    """The seed cannot be used; the message is one sentence."""


def read_seed(path: Path) -> str:
    """Return the seed that a file holds; a missing file is made, with a random seed and mode 600.

    Raises:
        SeedFileError: the file cannot be made or read, is empty or no text, others can read it, or it lies where
            submissions can look.
    """
    path = Path(path)
    place = path.resolve()
    if any(place.is_relative_to(folder) for folder in (*SYSTEM, *view(), course_package())):
        raise SeedFileError(f"the seed file {path} lies in a folder that submissions can read; keep it elsewhere.")
    try:
        if not place.exists():
            _make(place)
        with place.open("rb") as file:
            mode, content = os.fstat(file.fileno()).st_mode, file.read(LONGEST + 1)
    except OSError as error:
        reason = error.strerror or error
        raise SeedFileError(f"the seed file {path} cannot be used ({reason}); give another with --seed-file.") from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise SeedFileError(f"the seed file {path} is open to other accounts; run `chmod 600 {path}`.")
    try:
        seed = content.decode("ascii").strip()
    except UnicodeDecodeError:
        seed = ""
    if not seed or not seed.isprintable() or len(content) > LONGEST:
        wanted = f"expected one line of plain text, at most {LONGEST} characters"
        cure = "delete it and a new one is made, or put the old seed back to repeat its inputs"
        raise SeedFileError(f"the seed file {path} holds no seed ({wanted}); {cure}.")
    return seed


def _make(path: Path) -> None:
    """Write a new seed under a name of its own first, so that a second run never reads half of it."""
    number, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)  # mode 600
    try:
        with os.fdopen(number, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32) + "\n")
        with contextlib.suppress(FileExistsError):  # another run was faster, and its seed holds
            os.link(name, path)
    finally:
        os.unlink(name)
