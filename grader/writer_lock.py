"""One writer at a time, also where two runs of the grader use one database."""

import threading
from pathlib import Path

from sqlalchemy import make_url

try:
    import fcntl
except ImportError:  # Windows: two runs at once are then kept apart by the database alone
    fcntl = None


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
        self._path = Path(f"{parsed.database}.lock") if in_file and fcntl is not None else None
        self._own = threading.Lock()
        self._file = None

    def __enter__(self) -> "WriterLock":
        self._own.acquire()
        try:
            if self._path is not None:
                self._file = self._path.open("w")
                fcntl.flock(self._file, fcntl.LOCK_EX)
        except OSError:  # a file system without locks
            self._close()
        except BaseException:
            self._close()
            self._own.release()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._close()
        self._own.release()

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
