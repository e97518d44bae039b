"""What the cells of a submission print and show, on the student's side: counted, and kept as far as a page has room.

All of this happens in a process that may have changed every line of it; what leaves it is checked again by
`cell_outputs`. Drawing a figure is a courtesy to the reader and must not cost the cell its time, so it has a
budget of its own, and a cell that nobody is shown draws none.
"""

from __future__ import annotations

import base64
import contextlib
import io
import signal
import threading
import time
import weakref
from collections.abc import Callable, Iterator

from grader.student.shown_outputs import LONGEST_SIDE, MOST_FIGURES, MOST_ONE_FIGURE, MOST_TEXT

HALF = MOST_TEXT // 2 - 100  # characters kept of the beginning and of the end; the rest is for the words between them
PLOT_VALUES = ("<matplotlib.", "[<matplotlib.", "Text(", "<Axes")  # what a plotting call returns tells a reader nothing
DRAWING_SECONDS = 5.0  # for all figures of a process; six ordinary ones take less than one on an idle machine


class Record(io.TextIOBase):
    """Standard output and error of the cells, and what they display.

    A thread's output costs nothing: what goes beyond the room for it is dropped, and so is all that a thread prints
    when the cell that started it has ended, since it belongs to no other cell.

    Args:
        most: characters of everything together; default: any number.
        flood: called when the cells themselves have printed more.
    """

    def __init__(self, most: int = 1 << 60, flood: Callable[[], None] = lambda: None) -> None:
        self.most, self.flood, self.count, self._of_threads = most, flood, 0, 0
        self.figures_left, self.seconds_left = MOST_FIGURES, DRAWING_SECONDS
        self.begin(False)

    def begin(self, kept: bool) -> None:
        """Start a cell; `kept` says whether its outputs are for the feedback page."""
        self.kept, self.left_out = kept, 0
        self._older = weakref.WeakSet(threading.enumerate())
        self.clear()

    def clear(self) -> None:
        """Forget what the cell has shown so far, as IPython's clear_output() does."""
        self._head, self._tail, self._in_tail, self._beyond = "", [], 0, 0
        self.figures: list[str] = []

    def writable(self) -> bool:
        """It is for writing."""
        return True

    def write(self, text: str) -> int:
        """Take what was printed; too much of it ends the process."""
        if self._take(len(text)):
            self._keep(text)
        return len(text)

    def show(self, data: dict, update: bool = False) -> None:
        """Take what was displayed, a MIME bundle; what changes an earlier display is counted only."""
        texts = [value for kind, value in data.items() if kind != "image/png"]
        size = sum(len(value) if isinstance(value, str | bytes) else len(repr(value)) for value in texts)
        if not self._take(size) or not self.kept or update:
            return
        if "image/png" in data:
            self._figure(data["image/png"])
        elif isinstance(text := data.get("text/plain"), str) and not text.startswith(PLOT_VALUES):
            self._keep(text + "\n")

    @contextlib.contextmanager
    def drawing(self, figure) -> Iterator[bool]:
        """Say whether there is room and time to draw a matplotlib figure; if so, end the drawing when time is up."""
        if not self.kept:
            yield False
        elif self.figures_left and self.seconds_left > 0 and max(figure.get_size_inches()) * figure.dpi <= LONGEST_SIDE:
            start, budget = time.process_time(), self.seconds_left
            try:
                with _alarm(budget, self._late):
                    yield True
            finally:
                self.seconds_left = min(self.seconds_left, budget - (time.process_time() - start))
        else:
            yield False

    def _late(self, *_) -> None:
        self.seconds_left = 0.0  # the alarm counts in ticks, so it may ring a moment before the clock says so
        raise TimeoutError("drawing took too long")

    def data(self) -> dict:
        """Return what the cell has shown."""
        tail = "".join(self._tail)[-HALF:]
        lost = self._beyond - len(tail)
        between = f"\n[{lost:,} characters left out]\n" if lost else ""
        return {"text": self._head + between + tail, "figures": self.figures, "left_out": self.left_out}

    def _take(self, size: int) -> bool:
        """Count what comes; say whether it is taken."""
        thread = threading.current_thread()
        if thread is not threading.main_thread():
            self._of_threads += size
            return thread not in self._older and self._of_threads <= self.most
        self.count += size
        if self.count > self.most:
            self.flood()
        return True

    def _keep(self, text: str) -> None:
        if not self.kept:
            return
        room = HALF - len(self._head)
        self._head, text = self._head + text[:room], text[room:]
        if text:
            self._tail.append(text)
            self._in_tail += len(text)
            self._beyond += len(text)
        if self._in_tail > 8 * HALF:
            self._tail = ["".join(self._tail)[-HALF:]]
            self._in_tail = HALF

    def _figure(self, png: object) -> None:
        text = base64.b64encode(png).decode() if isinstance(png, bytes) else png
        small = isinstance(text, str) and len(text) <= MOST_ONE_FIGURE * 4 / 3 + 4
        if small and self.figures_left:
            self.figures_left -= 1
            self.figures.append(text.replace("\n", ""))
        else:
            self.left_out += 1


@contextlib.contextmanager
def _alarm(seconds: float, late: Callable[..., None]) -> Iterator[None]:
    """Call `late` when so much processor time is used up; only the main thread can be interrupted like this."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    before = signal.signal(signal.SIGPROF, late)  # not the clock's: on a loaded machine a second is no measure of work
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
