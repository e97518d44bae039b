"""One writer at a time, also where two runs of the grader use one database."""

import threading
from pathlib import Path

from filelock import FileLock
from sqlalchemy import make_url


class WriterLock:
    """Held while something is read from the database, decided and written; a context manager, usable again and again.

    For a SQLite file it is a lock on `<file>.lock`, which the system frees when a run is killed. A server takes care
    of its own.

    Args:
        url: of the database.
    """

    def __init__(self, url: str) -> None:
        parsed = make_url(url)
        in_file = parsed.get_backend_name() == "sqlite" and parsed.database not in (None, "", ":memory:")
        self._threads = threading.Lock()
        # Not counted per thread: whoever holds the lock of the threads holds this one too.
        self._runs = FileLock(Path(f"{parsed.database}.lock"), thread_local=False) if in_file else None

    def __enter__(self) -> "WriterLock":
        self._threads.acquire()
        try:
            if self._runs is not None:
                self._runs.acquire()
        except (OSError, NotImplementedError):
            pass  # a file system without locks: the database alone keeps two runs apart
        except BaseException:
            self._threads.release()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._runs is not None and self._runs.is_locked:
            self._runs.release()
        self._threads.release()
