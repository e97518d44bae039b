"""An exercise: checks that are sentences, run in order on the student's objects.

    lora_layer = Exercise("lora-layer")

    @lora_layer.check
    def output(layer, draw):
        "The output is alpha * (x @ A @ B)."
        seen = layer.probe(run, ...)
        expect_close(seen["output"], ...)

A check that returns has passed, with the text it returns as a note; it fails by raising Failure. Its docstring is what
the student reads.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from lora_utils.checks.framework.draw import Draw, course_seed, probe_seed
from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.grade import CheckResult, Grade
from lora_utils.checks.framework.laws import LAWS, TWINS, Broken
from lora_utils.checks.framework.subject import NOT_WRITTEN, WRONG_TYPE, StudentRaised, Subject, from_package

OWN_WORK = "own-work"
LAWFUL = "It leaves its arguments and torch alone, and works in every mode, layout and batch size."
BY_HAND = "Call your code once by hand on a small input: the traceback shows the line and the shapes."
BY_TYPE = "Look at the type of what you return: print(type(...)), and compare it with what the exercise asks for."
# What Python or torch says where the cause lies elsewhere, as a pattern, and what to look at then.
CAUSES = (
    (r"\[ModuleList\] is missing", "A ModuleList is a list: call its modules one after another, or use nn.Sequential."),
    ('missing the required "forward"', "Is the method called forward, and indented as a method of the class?"),
    ("not implemented for '(Float|Double|Half|BFloat16)'", "This operation is for whole numbers: in Python, ^ is xor, "
     "and a power is **."),
    (r"has no attribute '[^'.]*\.[^']*'", "getattr goes one step, and a name with dots is a path: "
     "model.get_submodule(name) follows it."),
    ("'NoneType' object has no attribute", "Something is None there: a layer without a bias has bias None, and a "
     "function that ends without return gives None."),
    ("values to unpack", "There are more or fewer values than names on the left. Where it is x.shape: inputs may have "
     "any number of axes, and x.shape[-1] is the last."),
    ("modified by an inplace operation", "A tensor that the backward pass needs was written into: x += y and methods "
     "that end in _ do that; x = x + y makes a new one."),
    ("must have the same dtype", "Two dtypes meet: compute in the one that comes in, without .float(), and give "
     "dtype=x.dtype to the tensors that you make."),
    ("shapes cannot be multiplied|[Ee]xpected size for first two dim|size mismatch, ", "In a product "
     "(.., n, m) @ (m, k) the inner sizes must be equal: write down both shapes. Is one of them to be transposed, or "
     "to stand on the other side?"),
    (r"size of tensor a \(\d+\) must match", "Number by number, shapes are lined up from the last axis, and sizes must "
     "be equal or 1: print both. keepdim=True keeps an axis, [:, None] makes one."),
    ("Sizes of tensors must match except", "torch.cat joins along one axis: in all others the sizes must be equal. "
     "Which axis is to grow?"),
    ("Dimension out of range", "It names an axis that this tensor does not have: print its shape. Inputs may have more "
     "or fewer axes than one expects; the last is -1."),
    ("must be a 3D tensor|must be a matrix|should be 2D|expects? a tensor with <= 2", "torch.mm, .t() and torch.bmm "
     "are for two or three axes exactly; @ and .mT take any number of leading axes."),
    ("need to be at least 1D", "An axis is gone that is needed: squeeze() without an axis takes away all of size 1."),
    ("is invalid for input of size", "reshape and view keep all numbers: the sizes multiplied must give how many there "
     "are, also where a block, row or pair at the end is not full."),
    ("batches of square matrices", "This function is for square matrices; torch.linalg.svd takes any matrix."),
    ("empty sequence|division by zero|list index out of range", "There may be nothing to take from, or nothing to "
     "divide by: say what holds for an empty list, a zero and a single item."),
    ("out of bounds|out of range", "A number is used as a place that is not there: places of n items go from 0 to "
     "n - 1. Compare it with the length."),
    ("required positional argument|unexpected keyword|takes .* positional arg", "A call and a def line disagree. Keep "
     "names, order and defaults of the arguments as the stub gives them."),
    ("before Module.__init__", "super().__init__() is the first line of the __init__ of a module."),
    ("cannot be converted to type|value too large|overflow", "The dtype has no room for that number: ids and labels "
     "are torch.long, which a tensor of whole numbers is by itself."),
    ("has no attribute", "An object lacks this attribute: is it spelled right, set in __init__, and there for every "
     "object that may come?"),
    ("leaf Variable that requires|Cannot assign non-leaf", "A parameter is written into under torch.no_grad(); a "
     "result of a calculation with parameters still hangs on them until detach()."),
    ("The expanded size of the tensor", "What is written into a slice, or stretched, does not fit the place: print "
     "both shapes."),
)  # fmt: skip
# What torch says where tensors on two devices meet. Checks hand over tensors on the CPU and never move a module.
TWO_DEVICES = ("on the same device", "on the expected device", "at least two devices")
BY_DEVICE = (
    "Make each tensor where the input is, as in torch.ones(n, device=x.device), also masks and positions, and let a "
    "layer's parameters lie where torch puts them: whoever uses the layer moves it, by model.to(device)."
)
TURNS = (("numpy.ndarray", "torch.from_numpy(...) makes a tensor of a NumPy array."),)
CheckFunction = Callable[[Subject, Draw], str | None]  # a note for the reader, or nothing


@dataclass(frozen=True)
class Check:
    """One sentence about an answer and the function that decides it."""

    id: str
    sentence: str
    function: CheckFunction
    weight: float
    after: tuple[str, ...]

    @classmethod
    def of(cls, function: CheckFunction, weight: float = 1.0, after: tuple[str, ...] = ()) -> Check:
        """Make a check of a function; its name is the id, its docstring the sentence."""
        sentence = inspect.getdoc(function)
        if not sentence:
            raise ValueError(f"check {function.__name__!r} needs a docstring: it is the sentence the student reads")
        return cls(function.__name__.replace("_", "-"), " ".join(sentence.split()), function, weight, after)


class Exercise:
    """A named list of checks; calling it on the student's objects gives a Grade.

    Args:
        name: the exercise's grade_id, for example "lora-layer".
        lifted: laws that the task itself asks to break, or that a check of its own looks at, see `laws.LAWS`;
            default none.
    """

    def __init__(self, name: str, lifted: tuple[str, ...] = ()) -> None:
        if unknown := set(lifted) - LAWS.keys():
            raise ValueError(f"{name} lifts {sorted(unknown)}, which are no laws")
        self.name, self.lifted = name, lifted
        self.checks: list[Check] = []

    def check(self, function: CheckFunction | None = None, *, weight: float = 1.0, after: tuple[str, ...] = ()):
        """Add a check; usable bare or with arguments.

        Args:
            function: the check, (subject, draw) -> None or a note.
            weight: its share of the points, at least 0; default 1.
            after: ids of checks that must pass first; without them this one is skipped. Default none.
        """
        if function is None:
            return lambda f: self.check(f, weight=weight, after=after)
        unknown = set(after) - {check.id for check in self.checks}
        if unknown:
            raise ValueError(f"check {function.__name__!r} comes after {sorted(unknown)}, which are not defined yet")
        self.checks.append(Check.of(function, weight, after))
        return function

    def __call__(self, *objects, points: float, of: float | None = None) -> Grade:
        """Run the visible checks.

        Args:
            *objects: what the student's names stand for.
            points: what the visible checks are worth together, at least 0.
            of: points of the whole cell, hidden checks included; default `points`.

        Returns:
            A Grade: the points earned, as a float that displays as a table.
        """
        subject = objects[0] if len(objects) == 1 and isinstance(objects[0], Subject) else Subject(*objects)
        run = _Run(self, subject)
        run.own_work()
        run.all(self.checks, points, hidden=False)
        run.laws(points)
        printed = "".join(subject.printed)  # of what a hidden check has it print, nothing is shown
        of = points if of is None else of
        return Grade(self.name, run.results, of=of, flags=run.flags, run=run, printed=printed)


class _Run:
    """One examination of one answer: the results so far, to which hidden checks may be added."""

    def __init__(self, exercise: Exercise, subject: Subject) -> None:
        self.exercise, self.subject = exercise, subject
        self.results: list[CheckResult] = []
        self.flags: list[str] = []
        self.checks: dict[str, Check] = {}  # those that were run, by id

    def own_work(self) -> None:
        """Fail everything when the answer is lora_utils' own; say nothing otherwise."""
        own = [name for item in self.subject.objects if (name := from_package(item))]
        if own:
            self.flags.append("answer-uses-reference")
            text = f"the answer is {', '.join(own)} of lora_utils, which is what this exercise asks you to write"
            hint = "Write your own: while the lab is graded, lora_utils does not have it."
            self.results.append(CheckResult(OWN_WORK, "The answer is your own.", "fail", "reference-used", text, hint))

    def all(self, checks: list[Check], points: float, hidden: bool) -> list[CheckResult]:
        """Run checks that share `points` by weight."""
        total = sum(check.weight for check in checks) or 1.0
        for check in checks:
            self.checks[check.id] = check
            self.results.append(self._one(check, points * check.weight / total, hidden))
        return self.results

    def laws(self, points: float) -> None:
        """Add a row for the first law that was broken: on top, since other checks may fail because of it.

        What is asked of twins (another mode, layout or batch) is told only where nothing else fails: what fails already
        is the nearer cause. The row costs as much as one more check would.
        """
        whole = all(one.verdict == "pass" for one in self.results)
        broken = [one for one in self._broken() if whole or one.law not in TWINS]
        if not broken:
            return
        law = LAWS[broken[0].law]
        row = CheckResult(broken[0].law, LAWFUL, "fail", broken[0].law, broken[0].text, law.hint)
        others = sum(check.weight for check in self.exercise.checks)
        share = points / (others + 1.0)
        rest = [replace(one, max_points=one.max_points * others / (others + 1.0)) for one in self.results]
        self.results[:] = [replace(row, max_points=share), *rest]

    def _broken(self) -> list[Broken]:
        return [one for one in self.subject.broken if one.law not in self.exercise.lifted]

    def _one(self, check: Check, worth: float, hidden: bool) -> CheckResult:
        def result(verdict, message_id="", text="", hint=None):
            return CheckResult(check.id, check.sentence, verdict, message_id, text, hint, hidden, worth)

        before = {r.id: r for r in self.results}
        for other in (OWN_WORK, *check.after):
            if other in before and before[other].verdict != "pass":
                return result("skipped", "waits", f"waits for: {before[other].sentence}")
        known = self._broken()
        try:
            note = self._looked(check)
        except Failure as failure:
            return result("fail", failure.id, failure.rationale, failure.hint)
        except StudentRaised as error:
            return result(*told(error))
        except Exception as error:
            # A fault in the check itself. The student must not pay for it, so the grader will look again.
            return result("grader-error", "grader-error", f"this check broke: {type(error).__name__}: {error}")
        if hidden and (new := [one for one in self._broken() if one not in known]):
            return result("fail", new[0].law, new[0].text, LAWS[new[0].law].hint)
        return result("pass", text=note or "")

    def _looked(self, check: Check) -> str | None:
        draw = Draw(course_seed(), self.exercise.name, check.id)
        return check.function(self.subject.seeded(probe_seed(self.exercise.name, check.id)), draw)

    def again(self, id: str) -> str | None:
        """Run one check again and let what it raises through."""
        if id not in self.checks:
            raise ValueError(f"{self.exercise.name} has no check {id!r}; it has: {', '.join(self.checks)}")
        return self._looked(self.checks[id])

    def with_hidden(self, function: CheckFunction, points: float, after: tuple[str, ...]) -> None:
        """Run one hidden check."""
        self.all([Check.of(function, 1.0, after)], points, hidden=True)


def told(error: StudentRaised) -> tuple[str, str, str, str | None]:
    """Return verdict, message id, text and hint for what the student's code raised."""
    if error.kind == NOT_WRITTEN:
        return "not-attempted", "not-attempted", error.text, None
    if error.kind == WRONG_TYPE:
        hint = next((hint for part, hint in TURNS if part in error.text), BY_TYPE)
        return "fail", "wrong-type", f"your answer is not of the form asked for: {error.text}", hint
    line = f", at: {error.line}" if error.line else ""
    if any(part in error.text for part in TWO_DEVICES):
        return "fail", "two-devices", f"in your code tensors on two devices meet{line}: {error.text}", BY_DEVICE
    hint = next((hint for cause, hint in CAUSES if re.search(cause, error.text)), BY_HAND)
    there = f"; there {error.there}" if error.there else ""
    return "fail", f"raised-{error.kind}", f"your code raised {error}{line}{there}", hint
