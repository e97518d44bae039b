"""One writer at a time, also where two runs of the grader use one database."""

import threading
from contextlib import ExitStack
from pathlib import Path

from filelock import FileLock
from sqlalchemy import NullPool, create_engine, make_url, text
from sqlalchemy.exc import SQLAlchemyError

from grader.records.gradebook import GradebookError, shown_url

OURS = 0x70656674  # "peft": the number of our lock among those of a PostgreSQL database


class WriterLock:
    """Held while something is read from the database, decided and written; a context manager, usable again and again.

    For a SQLite file it is a lock on `<file>.lock`, for PostgreSQL an advisory lock of the database; the system or the
    server frees it when a run is killed. (Constraints alone would not do: between looking at the attempts and writing
    the one that counts into the gradebook, another run could write a better one, and ours would take its place.)

    Args:
        url: of the database.
    """

    def __init__(self, url: str) -> None:
        parsed = make_url(url)
        in_file = parsed.get_backend_name() == "sqlite" and parsed.database not in (None, "", ":memory:")
        self._url = url
        self._threads = threading.Lock()
        # Not counted per thread: whoever holds the lock of the threads holds this one too.
        self._runs = FileLock(Path(f"{parsed.database}.lock"), thread_local=False) if in_file else None
        # A connection for each time it is held: an idle one would be cut sooner or later.
        self._server = create_engine(url, poolclass=NullPool) if parsed.get_backend_name() == "postgresql" else None
        self._held = ExitStack()

    def __enter__(self) -> "WriterLock":
        self._threads.acquire()
        try:
            if self._runs is not None:
                self._runs.acquire()
            if self._server is not None:
                self._lock_server()
        except (OSError, NotImplementedError):
            pass  # a file system without locks: the database alone keeps two runs apart
        except BaseException:
            self._threads.release()
            raise
        return self

    def _lock_server(self) -> None:
        with ExitStack() as stack:
            try:
                connection = stack.enter_context(self._server.begin())
                # Until the transaction ends: that also holds behind a pooler that lends connections to transactions.
                connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": OURS})
            except SQLAlchemyError as error:
                reason = str(getattr(error, "orig", error)).strip().split("\n")[0]
                raise GradebookError(f"the gradebook {shown_url(self._url)} cannot be opened ({reason}).") from error
            self._held = stack.pop_all()

    def __exit__(self, *_: object) -> None:
        try:
            self._held.close()
        except SQLAlchemyError:
            pass  # the server is gone, and with it the lock
        finally:
            if self._runs is not None and self._runs.is_locked:
                self._runs.release()
            self._threads.release()
