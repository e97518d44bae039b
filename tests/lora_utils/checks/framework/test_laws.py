"""Each law is told of an answer that breaks it, of no other, and not where an exercise lifts it."""

import warnings

import pytest
import torch
from torch import nn

from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.exercise import Exercise
from lora_utils.checks.framework.laws import LAWS, REBUILDS, Broken
from lora_utils.checks.framework.probes import call
from lora_utils.checks.framework.subject import Subject


def of_function(function, *, x, names, seed) -> dict:
    """Probe: the answer on a tensor, a list and a model."""
    model = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2)).requires_grad_(False)
    return {"value": function(x, names, {"a": model})}


def of_list(function, *, names) -> dict:
    """Probe: the answer on a list alone."""
    return {"value": function(names)}


def of_refusal(function, *, x) -> dict:
    """Probe: whether the answer refuses a model."""
    try:
        function(nn.Linear(3, 2))
    except ValueError as error:
        return {"refused": str(error)}
    return {"refused": None}


def of_class(cls, *, x) -> dict:
    """Probe: a module of the answer's class on one batch."""
    return {"value": cls()(x)}


def of_wrapper(cls, *, x) -> dict:
    """Probe: a module of the answer's class that is made of a layer."""
    return {"value": cls(nn.Linear(3, 2))(x)}


for probe in (of_function, of_list, of_refusal, of_class, of_wrapper):
    probe.__module__ = "lora_utils.checks.tests"


def exercise(kind: str, lifted: tuple[str, ...] = ()) -> Exercise:
    made = Exercise("lawful", lifted=lifted)

    @made.check
    def output(subject: Subject, draw: Draw) -> None:
        """It returns something."""
        x = draw.normal(5, 4, 3)
        if kind == "class":
            subject.probe(of_class, x=x)
        else:
            subject.probe(of_function, x=x, names=["a", "b"], seed=0)

    return made


def broken(answer, **more) -> list[str]:
    kind = "class" if isinstance(answer, type) else "function"
    grade = exercise(kind, **more)(answer, points=2)
    assert all(one.verdict == "pass" for one in grade.results if one.id == "output"), grade
    return [one.id for one in grade.results if one.id in LAWS]


def well_behaved(x, names, models):
    with torch.no_grad():
        models["a"].eval()(torch.ones(2, 3))
        models["a"].train()
    return sorted([*names, "c"]), x.reshape(-1).sum() + torch.rand(1)


def seeded(x, names, models):
    torch.manual_seed(int(names[0] == "a"))


def statistics(x, names, models):
    models["a"](torch.ones(2, 3))  # in training mode, batch normalization counts


FUNCTIONS = {
    "changes-a-tensor": lambda x, names, models: x.mul_(2) is None,
    "changes-a-container": lambda x, names, models: names.append("c"),
    "changes-weights": statistics,
    "changes-what-trains": lambda x, names, models: models["a"].requires_grad_(True) and None,
    "changes-the-mode": lambda x, names, models: models["a"].eval() and None,
    "changes-the-model": lambda x, names, models: models["a"].register_forward_hook(print) and None,
    "leaves-gradients-off": lambda x, names, models: torch.set_grad_enabled(False) and None,
    "changes-the-dtype": lambda x, names, models: torch.set_default_dtype(torch.float64),
    "sets-the-seed": seeded,
    "depends-on-the-layout": lambda x, names, models: x.T.stride()[0],
}


@pytest.mark.filterwarnings("ignore:The use of `x.T`")
@pytest.mark.parametrize("law", [law for law in FUNCTIONS if law != "depends-on-the-layout"])
def test_a_function_that_breaks_a_law_reads_its_sentence(law):
    assert broken(FUNCTIONS[law]) == [law]
    assert broken(FUNCTIONS[law], lifted=(law,)) == []
    assert torch.is_grad_enabled()
    assert torch.get_default_dtype() == torch.float32


def test_a_function_that_looks_at_the_layout_is_found():
    made = Exercise("plain")

    @made.check
    def output(subject: Subject, draw: Draw) -> None:
        """It returns something."""
        subject.probe(call, args=[draw.normal(4, 3)])

    assert [one.id for one in made(lambda x: x.view(-1), points=1).results] == ["depends-on-the-layout", "output"]
    assert [one.id for one in made(lambda x: x.reshape(-1), points=1).results] == ["output"]
    assert [one.id for one in made(lambda x: x + torch.rand(3), points=1).results] == ["output"]


def test_what_a_function_leaves_behind_where_it_refuses_is_seen_too():
    @(one := Exercise("refuses")).check
    def output(subject: Subject, draw: Draw) -> None:
        """It refuses a model."""
        assert subject.probe(of_refusal, x=draw.normal(2))["refused"] == "no"

    def refuses(model):
        raise ValueError("no")

    def evaluates(model):
        model.eval()
        raise ValueError("no")

    assert [r.id for r in one(refuses, points=1).results] == ["output"]
    assert [r.id for r in one(evaluates, points=1).results] == ["changes-the-mode", "output"]


def test_a_function_that_keeps_results_by_identity_is_found():
    kept = {}

    def keeps(x, names, models):
        return kept.setdefault(id(names), list(names))

    def copies(x, names, models):
        return list(names)

    @(both := Exercise("by-identity")).check
    def output(subject: Subject, draw: Draw) -> None:
        """It returns something."""
        subject.probe(of_list, names=["a", "b"])

    assert [r.id for r in both(lambda names: keeps(0, names, 0), points=1).results] == ["remembers-an-object", "output"]
    assert [r.id for r in both(lambda names: copies(0, names, 0), points=1).results] == ["output"]


def test_what_is_printed_is_shown_once():
    def talks(x):
        print("rows", len(x))
        return x.sum(1)

    talk = Exercise("talk")

    @talk.check
    def output(subject: Subject, draw: Draw) -> None:
        """It returns something."""
        subject.probe(call, args=[draw.normal(4, 3)])

    assert talk(talks, points=1).printed == "rows 4\n"


def test_a_function_that_leaves_all_alone_breaks_none():
    assert broken(well_behaved) == []


class Right(nn.Module):
    def __init__(self):
        super().__init__()
        self.line = nn.Linear(3, 2)

    def forward(self, x):
        return self.line(x)


class InPlace(Right):
    def forward(self, x):
        x *= 2
        return self.line(x)


class OnlyWhileTraining(Right):
    def forward(self, x):
        return self.line(x) if self.training else x[..., :2]


class Views(Right):
    def forward(self, x):
        return self.line(x.view(-1, 3)).view(*x.shape[:-1], 2)


class Squeezes(Right):
    def forward(self, x):
        return self.line(x).squeeze()


class NoGradientsAfter(Right):
    def forward(self, x):
        torch.set_grad_enabled(False)
        return self.line(x)


class SeedsWhenMade(Right):
    def __init__(self):
        torch.manual_seed(7)
        super().__init__()


class OnceOnly(Right):
    def forward(self, x):
        if getattr(self, "called", False):
            raise RuntimeError("a second call")
        self.called = True
        return self.line(x)


class WithDropout(Right):
    def forward(self, x):
        return nn.functional.dropout(self.line(x), training=self.training)


@pytest.mark.parametrize(
    ("answer", "laws"),
    [
        (Right, []),
        (InPlace, ["changes-a-tensor"]),
        (OnlyWhileTraining, ["depends-on-the-mode"]),
        (Views, ["depends-on-the-layout"]),
        (Squeezes, ["needs-several-rows"]),
        (NoGradientsAfter, ["leaves-gradients-off"]),
        (SeedsWhenMade, ["sets-the-seed"]),
        (OnceOnly, []),  # what our own second call raises is not told as the student's
        (WithDropout, []),  # two calls differ in any case, and the exercise that forbids it says so
    ],
)
def test_a_module_is_looked_at_in_both_modes_for_another_layout_and_for_one_row(answer, laws):
    assert broken(answer) == laws
    assert torch.is_grad_enabled()


class Wraps(nn.Module):
    def __init__(self, line):
        super().__init__()
        self.line = line.requires_grad_(False)

    def forward(self, x):
        return self.line(x)


def made(act) -> type:
    """A class that does one more thing when it is made."""

    class Made(Wraps):
        def __init__(self, line):
            super().__init__(line)
            act(line)

    return Made


@pytest.mark.parametrize(
    ("answer", "laws"),
    [
        (Wraps, []),
        (made(lambda line: line.eval()), ["changes-the-mode"]),
        (made(lambda line: line.register_forward_hook(lambda *_: None)), ["changes-the-model"]),
        (made(lambda line: setattr(line, "forward", line.forward)), ["changes-the-model"]),
        (made(lambda line: torch.manual_seed(0)), ["sets-the-seed"]),
        (made(lambda line: torch.set_default_dtype(torch.float64)), ["changes-the-dtype"]),
    ],
)
def test_a_class_is_looked_at_while_a_module_is_made(answer, laws):
    watched, before = Exercise("wrapped"), answer.__init__

    @watched.check
    def output(subject: Subject, draw: Draw) -> None:
        """It returns something."""
        subject.probe(of_wrapper, x=draw.normal(4, 3))

    assert [one.id for one in watched(answer, points=1).results if one.id in LAWS] == laws
    assert answer.__init__ is before
    assert torch.get_default_dtype() == torch.float32


def test_a_broken_law_costs_as_much_as_another_check_and_stands_on_top():
    grade = exercise("class")(InPlace, points=3)
    assert [(one.id, one.max_points) for one in grade.results] == [("changes-a-tensor", 1.5), ("output", 1.5)]
    assert grade == 1.5
    assert "the tensor passed as x" in grade.results[0].text
    assert all(LAWS[law].hint for law in LAWS)


def test_a_law_that_only_a_hidden_check_sees_broken_loses_that_check():
    made = exercise("function")

    def hidden(subject: Subject, draw: Draw) -> None:
        """It also serves longer lists."""
        subject.probe(of_function, x=draw.normal(2, 3), names=["a", "b", "c"], seed=0)

    def careless(x, names, models):
        if len(names) > 2:
            names.sort(reverse=True)

    grade = made(careless, points=2, of=3).hidden(hidden, points=1)
    assert [(one.id, one.verdict, one.message_id) for one in grade.results] == [
        ("output", "pass", ""),
        ("hidden", "fail", "changes-a-container"),
    ]


def test_an_unknown_law_cannot_be_lifted():
    assert set(REBUILDS) < set(LAWS)
    with pytest.raises(ValueError, match="no laws"):
        Exercise("x", lifted=("gravity",))


@pytest.mark.parametrize("told", [None, 3, [3], [["sets-the-seed"]], [["gravity", "x"]], [[1, 2]], {"a": 1}])
def test_what_another_process_tells_is_read_with_care(told):
    assert Broken.read(told) == []


def test_a_forged_name_is_not_shown():
    (one,) = Broken.read([["changes-a-tensor", "<script>"]])
    assert "<" not in one.text


def test_what_the_answer_prints_and_warns_is_shown_bounded_and_not_what_a_hidden_check_has_it_say():
    def talks(x, names, models):
        print("seen", len(names))
        warnings.warn("careful", stacklevel=1)
        print("x" * 5_000)

    grade = exercise("function")(talks, points=1)
    assert "seen 2" in str(grade)
    assert "UserWarning: careful" not in grade.printed  # cut off: it comes last
    assert "more characters" in grade.printed
    assert len(grade.printed) < 2_100
    assert "seen 2" in grade._repr_mimebundle_()["text/html"]

    def hidden(subject: Subject, draw: Draw) -> None:
        """It also serves longer lists."""
        subject.probe(of_function, x=draw.normal(2, 3), names=["a", "b", "c"], seed=0)

    assert "seen 3" not in str(grade.hidden(hidden, points=1))
