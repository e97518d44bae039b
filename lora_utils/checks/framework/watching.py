"""Watching an answer while a probe calls it: whether it keeps the laws that hold for all (`laws`).

Functions are called through a wrapper, modules of the answer's classes are seen by hooks, and while they are made by
their `__init__`. What was broken is told as plain data, by the law's name and the argument's; the sentence is the
judge's.
"""

from __future__ import annotations

import contextlib
import copy
import functools
import inspect
import io
import warnings
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple
from unittest import mock

import torch
from torch import nn

from lora_utils.checks.framework.compare import close
from lora_utils.checks.framework.kept_state import state
from lora_utils.checks.framework.laws import Broken

MOST = 5  # broken laws that one probe tells of
MOST_CALLS = 20  # of modules that are watched in one probe: training calls them some forty times
TWIN_TOLERANCE = 1e-4  # sums in another order


class Torch(NamedTuple):
    """What a call must not leave different in torch."""

    gradients: bool
    dtype: torch.dtype
    seed: int

    @classmethod
    def now(cls) -> Torch:
        """Return what holds at the moment."""
        return cls(torch.is_grad_enabled(), torch.get_default_dtype(), torch.default_generator.initial_seed())

    def broken(self) -> list[str]:
        """Say what is different now, and put it back."""
        now = Torch.now()
        torch.set_grad_enabled(self.gradients)
        torch.set_default_dtype(self.dtype)
        names = ("leaves-gradients-off", "changes-the-dtype", "sets-the-seed")
        return [name for name, before, after in zip(names, self, now, strict=True) if before != after]


class Watch:
    """Watches calls of an answer's functions, and of modules of its classes, while a probe runs."""

    def __init__(self) -> None:
        self.broken: list[Broken] = []
        self._inside = False
        self._calls = 0  # of modules
        self._before: tuple[nn.Module, list, Torch] | None = None
        self._tried: set[int] = set()  # modules whose twins have been looked at

    def note(self, law: str, name: str = "") -> None:
        """Remember a broken law."""
        if Broken(law, name) not in self.broken and len(self.broken) < MOST:
            self.broken.append(Broken(law, name))

    def function(self, function: Callable) -> Callable:
        """Return a function that does the same and is watched."""

        @functools.wraps(function)
        def watched(*args, **kwargs):
            if self._inside:  # an answer that calls another one, or itself
                return function(*args, **kwargs)
            named = _named(function, args, kwargs)
            before, torch_before = {name: state(value) for name, value in named.items()}, Torch.now()
            drawn = torch.default_generator.get_state()
            self._inside = True
            try:
                found = function(*args, **kwargs)
            finally:  # also where it refuses what it was given
                self._inside = False
                whole = not self._compare(before, named, torch_before.broken())
            if whole and id(function) not in self._tried:
                self._tried.add(id(function))
                self._other_layout(function, args, kwargs, found, drawn)
                self._same_objects(function, args, kwargs, found, drawn)
            return found

        return watched

    def _compare(self, before: dict[str, dict], named: dict[str, object], laws: list[str]) -> bool:
        """Note what arguments do not hold any more, and other laws; return whether there was anything."""
        found = [Broken(law) for law in laws]
        for name, was in before.items():
            now = state(named[name])
            found += [Broken(law, name) for law, value in was.items() if now.get(law) != value]
        self.broken += [one for one in found if one not in self.broken][: MOST - len(self.broken)]
        return bool(found)

    @contextlib.contextmanager
    def _constructors(self, classes: tuple[type, ...]) -> Iterator[None]:
        """Inside, what these classes do while a module is made is watched; freezing what they are given is theirs."""
        with contextlib.ExitStack() as stack:
            for cls in classes:
                stack.enter_context(mock.patch.object(cls, "__init__", self._making(cls.__init__)))
            yield

    def _making(self, init: Callable) -> Callable:
        @functools.wraps(init)
        def made(*args, **kwargs):
            if self._inside:
                return init(*args, **kwargs)
            named = _named(init, args, kwargs)
            named = {name: value for name, value in named.items() if value is not args[0]}
            before, torch_before = {name: state(value) for name, value in named.items()}, Torch.now()
            for was in before.values():
                was.pop("changes-what-trains", None)
            self._inside = True
            try:
                return init(*args, **kwargs)
            finally:
                self._inside = False
                self._compare(before, named, torch_before.broken())

        return made

    def _other_layout(self, function: Callable, args: tuple, kwargs: dict, found: object, drawn: torch.Tensor) -> None:
        """Call a function of plain data once more, with tensors that lie otherwise in memory."""
        given = [*args, *kwargs.values()]
        matrices = [one for one in given if isinstance(one, torch.Tensor) and one.dim() > 1 and not one.requires_grad]
        if not matrices or not all(_plain(one) for one in (*given, found)):
            return
        with self._twin(drawn):
            try:
                again = function(*map(_strided, args), **{name: _strided(one) for name, one in kwargs.items()})
            except Exception:
                again = None
            if not _same(again, found):
                self.note("depends-on-the-layout")

    def _same_objects(self, function: Callable, args: tuple, kwargs: dict, found: object, drawn: torch.Tensor) -> None:
        """Call a function of plain data with the same objects, turned round in place, and with copies of these."""
        given = [*args, *kwargs.values()]
        turned = [one for one in given if _turns(one)]
        tensors = [one for one in (*given, found) if isinstance(one, torch.Tensor)]
        if not turned or not all(_plain(one) for one in (*given, found)) or any(one.requires_grad for one in tensors):
            return

        def gives(args: tuple, kwargs: dict) -> object:
            with self._twin(drawn):
                try:
                    return function(*args, **kwargs)
                except Exception:
                    return None

        with torch.no_grad():
            for one in turned:
                _turn(one)
            copies = copy.deepcopy((args, kwargs))
            if not _same(gives(args, kwargs), gives(*copies)):
                self.note("remembers-an-object")
            for one in reversed(turned):
                _turn(one)

    @contextlib.contextmanager
    def _twin(self, drawn: torch.Tensor | None = None) -> Iterator[None]:
        """Inside, calls are not watched, and random numbers are those that were `drawn`; outside, nothing has run."""
        after, torch_before, self._inside = torch.default_generator.get_state(), Torch.now(), True
        if drawn is not None:
            torch.default_generator.set_state(drawn)
        try:
            with warnings.catch_warnings(action="ignore"), contextlib.redirect_stdout(io.StringIO()):
                yield  # what is printed has been printed before
        finally:
            self._inside = False
            torch_before.broken()
            torch.default_generator.set_state(after)

    @contextlib.contextmanager
    def modules(self, classes: tuple[type, ...]) -> Iterator[None]:
        """Inside, calls of modules of these classes, and their making, are watched."""
        if not classes:
            yield
            return

        def begins(module: nn.Module, args: tuple) -> None:
            if self._calls < MOST_CALLS and not self._inside and self._before is None and isinstance(module, classes):
                self._calls += 1
                self._before = module, [state(one) for one in args], Torch.now()

        def ends(module: nn.Module, args: tuple, output: object) -> None:
            if self._before is None or self._before[0] is not module:
                return
            (_, before, torch_before), self._before = self._before, None
            names = _names(type(module).forward)[1:]
            named = dict(zip(names, args, strict=False))
            if self._compare(dict(zip(names, before, strict=False)), named, torch_before.broken()):
                return
            results = output if isinstance(output, tuple) else (output,)
            if id(module) not in self._tried and all(map(_is_numbers, (*args, *results))):
                self._tried.add(id(module))
                self._twins(module, [one.detach() for one in args], output)

        handles = [
            nn.modules.module.register_module_forward_pre_hook(begins),
            nn.modules.module.register_module_forward_hook(ends),
        ]
        try:
            with self._constructors(classes):
                yield
        finally:
            for handle in handles:
                handle.remove()

    def _twins(self, module: nn.Module, args: list[torch.Tensor], output: object) -> None:
        """Run a module again: in the other mode; where one tensor makes one, also for another layout and one row."""
        modes = [(one, one.training) for one in module.modules()]

        def gives(args: list[torch.Tensor], expected: object, law: str = "") -> bool:
            try:
                again = module(*args)
            except Exception:
                again = None
            if law and not _same(again, expected):
                self.note(law)
            return _same(again, expected)

        with self._twin(), torch.no_grad():
            if not gives(args, output):  # it draws, or counts its calls: no two calls can be compared
                return
            if len(args) == 1 and isinstance(output, torch.Tensor) and args[0].dim() > 1:
                gives([_strided(args[0])], output, "depends-on-the-layout")
                if len(args[0]) > 1 and output.dim() and len(output) == len(args[0]):
                    gives([args[0][:1]], output[:1], "needs-several-rows")
            module.train(not module.training)
            gives(args, output, "depends-on-the-mode")
            for one, mode in modes:
                one.training = mode


@contextlib.contextmanager
def watched(objects: tuple) -> Iterator[tuple[tuple, Watch]]:
    """Give the same objects, watched, and the watch: functions in a wrapper, classes of modules by hooks.

    What torch is like before and after all of it tells of constructors and of methods beside forward, too.
    """
    watch, torch_before = Watch(), Torch.now()
    classes = tuple(one for one in objects if isinstance(one, type) and issubclass(one, nn.Module))
    try:
        with watch.modules(classes):
            yield tuple(watch.function(one) if inspect.isfunction(one) else one for one in objects), watch
    finally:
        for law in torch_before.broken():
            watch.note(law)


@lru_cache(64)
def _names(function: Callable) -> list[str]:
    return list(inspect.signature(function).parameters)


def _named(function: Callable, args: tuple, kwargs: dict) -> dict[str, object]:
    try:
        bound = inspect.signature(function).bind(*args, **kwargs)
        return dict(bound.arguments)
    except TypeError:  # the call will fail, and say so
        return {}


def _plain(value: object) -> bool:
    if isinstance(value, list | tuple):
        return all(map(_plain, value))
    return value is None or type(value) in (int, float, bool, str, torch.Tensor)


def _turns(value: object) -> bool:
    """Whether a list or a tensor can be turned round: the last of its items first."""
    if isinstance(value, torch.Tensor):
        return value.dim() > 0 and len(value) > 1 and value.is_contiguous() and not value.is_inference()
    return type(value) is list and len(value) > 1


def _turn(value: list | torch.Tensor) -> None:
    if isinstance(value, list):
        value.reverse()
    else:
        value.copy_(value.flip(0))


def _is_numbers(value: object) -> bool:
    return isinstance(value, torch.Tensor) and value.layout == torch.strided and not value.is_meta


def _strided(value: object) -> object:
    """Return a tensor of equal values whose last two axes have changed places in memory; anything else as it is."""
    if not isinstance(value, torch.Tensor) or value.dim() < 2:
        return value
    return value.detach().transpose(-1, -2).contiguous().transpose(-1, -2)


def _same(one: object, other: object) -> bool:
    if isinstance(other, list | tuple):
        return isinstance(one, list | tuple) and len(one) == len(other) and all(map(_same, one, other))
    if isinstance(other, torch.Tensor):
        if not isinstance(one, torch.Tensor):
            return False
        if {one.layout, other.layout} != {torch.strided}:
            return True  # what a probe brings back is dense, and it says so
        return close(one.nan_to_num(), other.nan_to_num(), TWIN_TOLERANCE)
    if isinstance(other, float):
        return isinstance(one, float) and (one != one or close(one, other, TWIN_TOLERANCE))
    return type(one) is type(other) and one == other
