"""The student's side of a check: objects that are only ever reached through probes.

A probe is a function of this package that runs beside the student's objects, calls them with the inputs it is given
and returns what it saw as plain data. In a notebook it is an ordinary call; the grader runs the same probe in the
student's process. What a judge knows about an answer is what a probe brought back.
"""

from __future__ import annotations

import contextlib
import io
import linecache
import re
import sysconfig
import types
import warnings
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import torch

from lora_utils.checks.framework.laws import Broken
from lora_utils.checks.framework.watching import watched
from lora_utils.checks.framework.wire import WireError, to_wire

# Kinds that are no exception's name: of what a stub raises, and of an answer that is no plain data
NOT_WRITTEN, WRONG_TYPE = "not written", "wrong type"
PROBE_HOME = "lora_utils.checks"  # the other side can find a probe by its name only there
RETURNED = r"the result\['value(?:s'\]\[\d+|')\](?:\[(\d+)\])?"  # where probes keep it
PACKAGE = "lora_utils"
MOST_NAMES = 4  # of a line that raised, whose values are told
LONGEST_TEXT, LONGEST_LINE = 600, 200  # characters of what was raised and of the line that did
PACKAGE_FOLDER = str(Path(__file__).parents[2])


class StudentRaised(Exception):
    """The student's code raised an exception inside a probe.

    Args:
        kind: name of the exception's class, for example "TypeError".
        text: its message.
        line: the student's source line it came from, when known; default "".
        there: what that line works with, for example "x has shape (7,)"; default "".
    """

    def __init__(self, kind: str, text: str, line: str = "", there: str = "") -> None:
        self.kind, self.text, self.line, self.there = kind, text, line, there
        super().__init__(f"{kind}: {text}" if text else kind)


class Seen(dict):
    """What a probe brought back; what it lacks, an odd answer has kept it from seeing, or a forged one left out."""

    broken: Sequence[Broken] = ()  # laws

    def __missing__(self, key: str) -> object:
        raise StudentRaised(WRONG_TYPE, f"{key!r} could not be seen")


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
        self.broken: list[Broken] = []  # laws, as seen by the probes until now
        self.printed: list[str] = []  # what the student's code has said meanwhile

    def seeded(self, seed: int) -> Subject:
        """Return the same objects under another seed."""
        other = Subject(*self.objects, seed=seed)
        other._read, other.broken, other.printed = self._read, self.broken, self.printed
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
        if inputs and any(item is None for item in self.objects):  # from which an open exercise starts
            raise StudentRaised(NOT_WRITTEN, "not written yet: the name still stands for None")
        for item in self.objects:
            if isinstance(item, Handle):
                seen = item.side.probe(function, self.objects, inputs, self._seed)
                self.broken += [one for one in seen.broken if one not in self.broken]
                return seen
        with contextlib.ExitStack() as inside:
            inside.enter_context(torch.random.fork_rng(devices=[]))
            inside.enter_context(quiet(self.printed))
            # torch.manual_seed would also remember a stack trace for each kind of accelerator: half of a check's time.
            torch.default_generator.manual_seed(self._seed)
            objects, watch = inside.enter_context(watched(self.objects))
            try:
                seen = Seen(to_wire(function(*objects, **inputs), "the result"))
            except WireError as error:
                raise StudentRaised(WRONG_TYPE, re.sub(RETURNED, _returned, str(error))) from None
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # SystemExit, or one of the student's own
                raise _raised(error) from error
        seen.broken = watch.broken
        self.broken += [one for one in seen.broken if one not in self.broken]
        return seen


def _returned(place: re.Match) -> str:
    return "what it returns" if place[1] is None else f"result {place[1]} of what it returns"


@contextlib.contextmanager
def quiet(said: list[str]) -> Iterator[None]:
    """Keep back what the student's code prints or warns: in a graded cell, stock nbgrader takes stderr for failure.

    Args:
        said: gets the text, for the reader of the notebook.
    """
    printed = io.StringIO()
    with (
        warnings.catch_warnings(record=True) as warned,
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(printed),
    ):
        warnings.simplefilter("always")
        try:
            yield
        finally:
            texts = [printed.getvalue(), *(f"{one.category.__name__}: {one.message}\n" for one in warned)]
            said += [text for text in texts if text and text not in said]


def text_of(error: BaseException) -> str:
    """Return an exception's text; nothing where telling it fails too."""
    try:
        return str.__str__(str(error))  # of no class of the student's own
    except BaseException:
        return ""


def _raised(error: BaseException) -> StudentRaised:
    """Say what the student's code raised, and at which line of its own, not of a library's or a probe's."""
    own, step = [], error.__traceback__
    while step is not None:
        own += [step] if _is_students(step.tb_frame.f_code.co_filename) else []
        step = step.tb_next
    if type(error) is NotImplementedError and not text_of(error):  # torch says what it has not implemented
        first, last = (own[place].tb_frame.f_code.co_name if own else "" for place in (0, -1))
        called = last if last not in (first, "__init__", "forward") else ""
        said = f"waits for {called}, which is not written yet" if called else "not written yet: the stub is still there"
        return StudentRaised(NOT_WRITTEN, said)
    line, there = "", ""
    with contextlib.suppress(Exception):  # an odd object or frame must not cost the message
        line = _source(own[-1])
        there = "" if isinstance(error, NameError) else _held(own[-1].tb_frame.f_locals, line)
    text = " ".join(text_of(error).split())
    return StudentRaised(type(error).__name__, _cut(text, LONGEST_TEXT), _cut(line, LONGEST_LINE), there)


def _is_students(file: str) -> bool:
    libraries = (PACKAGE_FOLDER, sysconfig.get_path("stdlib"), "<frozen")
    elsewhere = ("site-packages", "<dynamic-code>")  # a probe that has travelled here comes of no file (cloudpickle)
    return not file.startswith(libraries) and not any(part in file for part in elsewhere)


def _source(step: types.TracebackType) -> str:
    """Return the source of what a step of a traceback was at, which may be several lines long."""
    code = step.tb_frame.f_code
    first, last, *_ = next(islice(code.co_positions(), step.tb_lasti // 2, None))  # two bytes an instruction
    lines = range(first or step.tb_lineno, (last or step.tb_lineno) + 1)
    return " ".join(linecache.getline(code.co_filename, n, step.tb_frame.f_globals).strip() for n in lines).strip()


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]} ..."


def _held(names: dict[str, object], line: str) -> str:
    """Say what the names of a line stand for, the first few of them; without a line, those that stand for tensors."""
    if line:
        mine = vars(names["self"]) if torch.nn.Module in type(names.get("self")).__mro__ else {}
        names = names | {f"self.{name}": value for name, value in (mine | mine.get("_parameters", {})).items()}
        spoken = dict.fromkeys(re.findall(r"(?<![\w.'\"])(?:self\.)?[A-Za-z_]\w*", line))
        names = {name: names[name] for name in spoken if name in names}
    told = [
        said
        for name, value in names.items()
        if name[0] != "_" and (said := _of(name, value)) and (line or "shape" in said)
    ]
    return ", ".join(told[:MOST_NAMES])


def _of(name: str, value: object) -> str:
    kind = type(value)
    if kind in (torch.Tensor, torch.nn.Parameter):
        return f"{name} has shape {tuple(value.shape)}"
    if kind in (list, tuple, dict, set):
        return f"{name} has {len(value)} item{'s' * (len(value) != 1)}"
    plain = kind in (float, bool) or value is None or (kind is int and abs(value) < 10**9)
    return f"{name} is {value!s}" if plain else ""


def from_package(item: object) -> str | None:
    """Return the name of the package's class or function that an answer is, or inherits from under the same name.

    A friendly word in the notebook, for an honest mistake. When the lab is graded nothing has to be asked: the package
    is there without what the lab teaches.
    """
    if not isinstance(item, type | types.FunctionType):
        return None
    kin = item.__mro__ if isinstance(item, type) else (item,)
    names = {one.__name__ for one in kin if (one.__module__ or "").split(".")[0] == PACKAGE}
    return item.__name__ if item.__name__ in names else None
