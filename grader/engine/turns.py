"""Who works beside others, and who alone: a submission that was kept waiting is graded again without neighbors."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator


class Turns:
    """Lets many threads work together, or one alone; whoever wants to be alone waits only for those at work."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._at_work = 0
        self._wanting = 0  # to be alone, the one that is included
        self._taken = False

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """Work beside others."""
        with self._changed:
            self._changed.wait_for(lambda: not self._wanting)
            self._at_work += 1
        try:
            yield
        finally:
            with self._changed:
                self._at_work -= 1
                self._changed.notify_all()

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Work while nobody else does."""
        with self._changed:
            self._wanting += 1
            self._changed.wait_for(lambda: not (self._at_work or self._taken))
            self._taken = True
        try:
            yield
        finally:
            with self._changed:
                self._wanting -= 1
                self._taken = False
                self._changed.notify_all()
