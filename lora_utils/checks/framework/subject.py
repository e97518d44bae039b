"""The student's side of a check: objects that are only ever reached through probes.

A probe is a function of this package that runs beside the student's objects, calls them with the inputs it is given
and returns what it saw as plain data. In a notebook it is an ordinary call; the grader runs the same probe in the
student's process. What a judge knows about an answer is what a probe brought back.
"""

from __future__ import annotations

import contextlib
import io
import sysconfig
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path

import torch

from lora_utils.checks.framework.wire import WireError, to_wire

PROBE_HOME = "lora_utils.checks"  # the other side can find a probe by its name only there
PACKAGE_FOLDER = str(Path(__file__).parents[2])


class StudentRaised(Exception):
    """The student's code raised an exception inside a probe.

    Args:
        kind: name of the exception's class, for example "TypeError".
        text: its message.
        line: the student's source line it came from, when known; default "".
    """

    def __init__(self, kind: str, text: str, line: str = "") -> None:
        self.kind, self.text, self.line = kind, text, line
        super().__init__(f"{kind}: {text}" if text else kind)


class Seen(dict):
    """What a probe brought back; what it lacks, an odd answer has kept it from seeing, or a forged one left out."""

    def __missing__(self, key: str) -> object:
        raise StudentRaised("WrongType", f"your answer is not of the form asked for: {key!r} could not be seen")


class Handle:
    """Stands for a student's object that lives in another process; its `side` runs probes there.

    Args:
        name: what the object is called in the student's notebook.
        side: has probe(function, objects, inputs, seed) -> dict, and raises StudentRaised as Subject.probe does.
    """

    def __init__(self, name: str, side) -> None:
        self.name, self.side = name, side


class Subject:
    """One or more student objects, to be examined by probes and by nothing else.

    Args:
        *objects: what the student's names stand for, in the order the exercise names them; probes are to call them.
        seed: seeds torch while a probe runs, so that random initialisation repeats; default 0.
    """

    def __init__(self, *objects, seed: int = 0) -> None:
        self.objects = objects
        self._seed = seed
        self._read: dict[Callable[..., dict], dict] = {}

    def seeded(self, seed: int) -> Subject:
        """Return the same objects under another seed."""
        other = Subject(*self.objects, seed=seed)
        other._read = self._read
        return other

    def read_once(self, function: Callable[..., dict]) -> dict:
        """Return what a probe without inputs sees at its first run, whoever asks, and however often.

        For an answer that is a value: one that looks different at each look is judged as it looked at first.
        """
        if function not in self._read:
            self._read[function] = self.probe(function)
        return self._read[function]

    def tried(self, function: Callable[..., dict], **inputs) -> dict:
        """Run a probe; nothing has been seen where the student's code raises."""
        try:
            return self.probe(function, **inputs)
        except StudentRaised:
            return {}

    def probe(self, function: Callable[..., dict], **inputs) -> dict:
        """Run a probe beside the student's objects and return what it saw.

        Args:
            function: a top-level function of a lora_utils.checks module, called as function(*objects, **inputs).
            **inputs: plain data; copied, so that a student's in-place change cannot reach the judge's own numbers.

        Returns:
            The probe's dict, as plain data.

        Raises:
            StudentRaised: when the student's code raises, exits, or returns something that is not plain data.
            ValueError: when the function is not a probe; a fault of the check, not of the student.
        """
        if not function.__module__.startswith(PROBE_HOME) or "<locals>" in function.__qualname__:
            name = f"{function.__module__}.{function.__qualname__}"
            raise ValueError(f"a probe must be a top-level function in {PROBE_HOME}, got {name}; move it there")
        inputs = to_wire(inputs, "inputs")
        for item in self.objects:
            if isinstance(item, Handle):
                return item.side.probe(function, self.objects, inputs, self._seed)
        with torch.random.fork_rng(devices=[]), quiet():
            # torch.manual_seed would also remember a stack trace for each kind of accelerator: half of a check's time.
            torch.default_generator.manual_seed(self._seed)
            try:
                return Seen(to_wire(function(*self.objects, **inputs), "the result"))
            except WireError as error:
                raise StudentRaised("WrongType", str(error)) from None
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # SystemExit, or one of the student's own
                raise StudentRaised(type(error).__name__, text_of(error), _student_line(error)) from error


@contextlib.contextmanager
def quiet():
    """Swallow what the student's code prints or warns: in a graded cell, stock nbgrader takes stderr for failure."""
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        yield


def text_of(error: BaseException) -> str:
    """Return an exception's text; nothing where telling it fails too."""
    try:
        return str(error)
    except BaseException:
        return ""


def _student_line(error: BaseException) -> str:
    """Return the deepest source line that is the student's own: not from a library, not from a probe."""
    walk = traceback.walk_tb(error.__traceback__)
    frames = traceback.StackSummary.extract(walk, lookup_lines=False)  # else it reads each file of the libraries
    libraries = (PACKAGE_FOLDER, sysconfig.get_path("stdlib"))
    own = [f for f in frames if "site-packages" not in f.filename and not f.filename.startswith(libraries)]
    return own[-1].line.strip() if own and own[-1].line else ""
