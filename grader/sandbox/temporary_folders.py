"""Temporary folders that outlive no run for long: each is locked while it is in use, and what is not is swept up.

A process that is killed removes nothing. The system frees its locks, though, so the next start can tell which folders
nobody needs any more. A process id would not do: it means nothing to a container that shares the folder.
"""

import contextlib
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows, where nothing is graded
    fcntl = None

PREFIXES = ("grader-warm-", "grader-canary-")
SETTLED_SECONDS = 60  # a younger folder may be about to be locked


def claimed(prefix: str) -> tuple[str, int | None]:
    """Make a temporary folder; it counts as in use until every process that holds the descriptor has closed it.

    Args:
        prefix: one of PREFIXES.

    Returns:
        The folder, and the descriptor; None where folders cannot be locked.
    """
    folder = tempfile.mkdtemp(prefix=prefix)
    return folder, _lock(folder)


@contextlib.contextmanager
def temporary(prefix: str) -> Iterator[str]:
    """Make a temporary folder and remove it at the end."""
    folder, lock = claimed(prefix)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if lock is not None:
            os.close(lock)


def sweep() -> None:
    """Remove the folders of runs that have ended without doing so."""
    for path in Path(tempfile.gettempdir()).iterdir():
        with contextlib.suppress(OSError):  # another run sweeps as well
            if path.name.startswith(PREFIXES) and _is_old_folder_of_ours(path):
                lock = _lock(str(path))
                if lock is not None:
                    shutil.rmtree(path, ignore_errors=True)
                    os.close(lock)


def _is_old_folder_of_ours(path: Path) -> bool:
    about = path.lstat()
    ours = stat.S_ISDIR(about.st_mode) and about.st_uid == os.getuid()
    return ours and about.st_mtime < time.time() - SETTLED_SECONDS


def _lock(folder: str) -> int | None:
    if fcntl is None:
        return None
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:  # in use, or a file system without locks
        os.close(number)
        return None
    return number
