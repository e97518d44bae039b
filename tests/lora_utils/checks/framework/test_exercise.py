"""Exercises, grades and their words."""

import importlib.util
import json
import math
import os
import sys

import pytest
import torch

from lora_utils import LoRALayer
from lora_utils.checks import Draw, Exercise, Failure, Mistake, StudentRaised, Subject, expect_close
from lora_utils.checks.framework import probes
from lora_utils.checks.framework.draw import SEED_VARIABLE
from lora_utils.checks.framework.exercise import told
from lora_utils.checks.framework.subject import NOT_WRITTEN

MIME = "application/vnd.lora-utils.grade+json"


@pytest.fixture
def doubling():
    exercise = Exercise("double")

    @exercise.check(weight=2)
    def doubles(function, draw):
        """It doubles
        every number."""
        x = draw.normal(3)
        value = function.probe(probes.call, args=[x])["value"]
        unchanged = Mistake("unchanged", x, "the input came back unchanged", "multiply by 2")
        expect_close(value, 2 * x, what="the value", mistakes=(unchanged,))

    @exercise.check(after=("doubles",))
    def keeps_shape(function, draw):
        """It keeps the shape."""
        if function.probe(probes.call, args=[draw.normal(2, 3)])["value"].shape != (2, 3):
            raise Failure("shape", "the shape changed")

    return exercise


def twice(x):
    return 2 * x


def test_full_marks_are_exact_and_read_as_a_number_by_nbgrader(doubling):
    grade = doubling(twice, points=0.3)
    assert float(repr(grade)) == 0.3
    assert grade.verdict == "pass"


def test_a_recognised_mistake_gets_its_text_and_hint_and_what_depends_on_it_waits(doubling):
    grade = doubling(lambda x: x, points=3)
    assert grade == 0
    assert [r.verdict for r in grade.results] == ["fail", "skipped"]
    assert grade.results[0].message_id == "unchanged"
    assert "Hint: multiply by 2" in str(grade)
    assert "waits for: It doubles every number." in str(grade)


def test_weights_share_the_points(doubling):
    grade = doubling(lambda x: 2 * x if x.dim() == 1 else x.flatten(), points=3)
    assert grade == 2
    assert grade.verdict == "partial"


def test_hidden_checks_add_points_and_are_announced_before(doubling):
    grade = doubling(twice, points=3, of=4)
    assert grade == 3
    assert "1 more decided by hidden checks" in grade.heading()

    def negative(function, draw):
        """It doubles negative numbers."""
        expect_close(function.probe(probes.call, args=[-1.5])["value"], -3.0, what="the value")

    grade = grade.hidden(negative, points=1)
    assert grade == 4
    assert "more decided" not in grade.heading()
    assert grade.results[-1].hidden


def test_the_stub_is_not_attempted(doubling):
    def stub(x):
        raise NotImplementedError

    grade = doubling(stub, points=3)
    assert (grade, grade.verdict) == (0, "not-attempted")


def test_an_exception_names_its_kind_and_the_students_line(doubling):
    def broken(x):
        return x + "text"

    grade = doubling(broken, points=3)
    assert grade.results[0].message_id == "raised-TypeError"
    assert 'return x + "text"' in grade.results[0].text


def test_leaving_the_interpreter_is_an_ordinary_failure(doubling):
    grade = doubling(lambda x: exit(), points=3)
    assert grade.results[0].message_id == "raised-SystemExit"


@pytest.mark.parametrize(
    "said",
    [
        "",  # what torch says here: two devices of this machine, of which one holds no numbers
        "Expected all tensors to be on the same device, but found at least two devices, cuda:0 and cpu!",
        "indices should be either on cpu or on the same device as the indexed tensor (cpu)",
    ],
)
def test_tensors_on_two_devices_have_a_message_of_their_own(doubling, said):
    def answer(x):
        if said:
            raise RuntimeError(said)
        return x + torch.ones(3, device="meta")

    row = doubling(answer, points=3).results[0]
    assert row.message_id == "two-devices"
    assert row.text.startswith("in your code tensors on two devices meet")
    assert said in row.text
    assert "device=x.device" in row.hint
    assert "model.to(device)" in row.hint


class Untold(BaseException):
    """Neither an ordinary exception nor one that can be told."""

    def __str__(self):
        raise SystemExit


def test_an_exception_that_cannot_be_told_is_an_ordinary_failure(doubling):
    def broken(x):
        raise Untold

    assert doubling(broken, points=3).results[0].message_id == "raised-Untold"


def test_a_check_that_breaks_is_the_graders_error():
    exercise = Exercise("broken")

    @exercise.check
    def breaks(subject, draw):
        """It breaks."""
        return 1 / 0

    grade = exercise(twice, points=1)
    assert grade.verdict == "grader-error"
    assert "ZeroDivisionError" in grade.results[0].text


def test_a_check_without_a_sentence_is_refused():
    with pytest.raises(ValueError, match="needs a docstring"):
        Exercise("mute").check(lambda subject, draw: None)


def test_a_check_after_an_unknown_one_is_refused():
    with pytest.raises(ValueError, match=r"comes after \['never'\]"):
        Exercise("order").check(after=("never",))(twice)


def test_the_display_is_a_table_with_headers_and_escapes_what_students_return(doubling):
    def shouts(x):
        raise ValueError("<script>")

    bundle = doubling(shouts, points=3)._repr_mimebundle_()
    assert '<th scope="col"' in bundle["text/html"]
    assert "<script>" not in bundle["text/html"]
    assert json.loads(json.dumps(bundle[MIME]))["checks"][0]["message_id"] == "raised-ValueError"


def test_handing_in_the_reference_earns_nothing_and_is_flagged(doubling):
    grade = doubling(LoRALayer, points=3)
    assert grade == 0
    assert grade.flags == ["answer-uses-reference"]
    assert grade.results[0].message_id == "reference-used"
    assert {one.verdict for one in grade.results[1:]} == {"skipped"}


def test_printing_and_warning_cost_nothing_and_reach_nobody(doubling, capsys):
    def noisy(x):
        import sys
        import warnings

        print("hello")
        print("oops", file=sys.stderr)
        warnings.warn("careful", stacklevel=1)
        return 2 * x

    assert doubling(noisy, points=3) == 3
    assert capsys.readouterr() == ("", "")


def test_an_object_that_equals_everything_cannot_pass(doubling):
    class Equal:
        def __eq__(self, other):
            return True

        __hash__ = None

    grade = doubling(lambda x: Equal(), points=3)
    assert grade == 0
    assert grade.results[0].message_id == "wrong-type"


def test_the_students_in_place_change_does_not_reach_the_judge(doubling):
    changed, wrong = doubling(lambda x: x.mul_(2), points=3), doubling(lambda x: x.zero_(), points=3)
    assert [one.id for one in changed.results if one.verdict != "pass"] == ["changes-a-tensor"]
    assert wrong == 0


def test_inputs_follow_from_the_course_seed(monkeypatch):
    def drawn(seed):
        monkeypatch.setenv(SEED_VARIABLE, seed)
        seen = []
        exercise = Exercise("inputs")

        @exercise.check
        def looks(subject, draw):
            """It looks."""
            seen.append(draw.normal(4))

        exercise(twice, points=1)
        return seen[0]

    assert torch.equal(drawn("a"), drawn("a"))
    assert not torch.equal(drawn("a"), drawn("b"))


def test_a_probe_seeds_torch_and_leaves_the_notebooks_randomness_alone():
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    first, second = (Subject(torch.rand, seed=9).probe(probes.call, args=[2])["value"] for _ in range(2))
    assert torch.equal(first, second)
    assert torch.equal(torch.rand(1), expected)


def test_a_function_that_is_no_probe_is_refused():
    with pytest.raises(ValueError, match="a probe must be a top-level function"):
        Subject(twice).probe(twice)


def test_student_raised_says_what_came():
    with pytest.raises(StudentRaised, match="ZeroDivisionError: division by zero"):
        Subject(lambda: 1 / 0).probe(probes.call, args=[])


def test_sizes_differ_pairwise_and_stay_in_range():
    for seed in range(50):
        sizes = Draw(str(seed)).sizes(4, 2, 6)
        assert len(set(sizes)) == 4
        assert min(sizes) >= 2
        assert max(sizes) <= 6


@pytest.mark.parametrize(
    ("actual", "id"),
    [
        (torch.zeros(3, 2), "wrong-value-shape"),
        (torch.full((2, 3), math.nan), "wrong-value-not-finite"),
        (torch.ones(2, 3) * 1.001, "wrong-value"),
        ("text", "wrong-value"),
    ],
)
def test_a_difference_is_described(actual, id):
    with pytest.raises(Failure) as failure:
        expect_close(actual, torch.ones(2, 3), what="the value")
    assert failure.value.id == id
    assert "the value" in failure.value.rationale


def test_a_mistake_that_shows_deep_in_the_standard_library_names_the_students_own_line(tmp_path):
    path = tmp_path / "answer.py"
    path.write_text("from collections import Counter\n\n\ndef count(x):\n    return Counter(x)  # no list\n")
    spec = importlib.util.spec_from_file_location("answer", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with pytest.raises(StudentRaised) as raised:
        Subject(module.count).probe(probes.call, args=[3])
    assert raised.value.line == "return Counter(x)  # no list"


def test_one_check_again_has_the_same_inputs_and_raises_what_it_found(doubling):
    seen = []

    def own(x):
        seen.append(x.clone())
        return x + (x > 0)

    grade = doubling(own, points=3)
    grade = grade.hidden(zero, points=1)
    first = seen[0].clone()
    seen.clear()
    with pytest.raises(Failure) as raised:
        grade.again("doubles")
    assert str(raised.value) == str(Failure(grade.results[0].message_id, grade.results[0].text, grade.results[0].hint))
    assert torch.equal(seen[0], first)
    assert grade.again("zero") == "at zero, too"
    with pytest.raises(ValueError, match="double has no check 'none'; it has: doubles, keeps-shape, zero"):
        grade.again("none")


def zero(function, draw):
    """It keeps zero."""
    function.probe(probes.call, args=[torch.zeros(2)])
    return "at zero, too"


class Hostile(Exception):
    """Its text is of a class that does not want to be told."""

    def __str__(self):
        class Text(str):
            def __format__(self, spec):
                raise RuntimeError("not told")

        return Text("odd")


class NoParameters(torch.nn.Module):
    """What torch keeps in a dict stands in a list."""

    def forward(self, x):
        self.__dict__["_parameters"] = [x]
        return x @ x


def of_several_lines(x):
    """The line that raises is the second of three."""
    number = 3
    return (
        x.T
        @ x[:number]
        @ torch.ones(4)
    )  # fmt: skip


def raises(error):
    def function(x):
        raise error

    return function


def told_of(answer, x=None):
    with pytest.raises(StudentRaised) as caught:
        Subject(answer).probe(probes.call, args=[torch.ones(2, 3) if x is None else x])
    return caught.value


def test_odd_exceptions_objects_and_frames_cost_no_verdict(monkeypatch):
    assert told_of(raises(Hostile())).text == "odd"
    assert "cannot be multiplied" in told_of(NoParameters()).text
    long = told_of(raises(ValueError("many\nlines " * 10**5)))
    assert len(long.text) < 700
    assert "\n" not in long.text
    monkeypatch.setattr(sys, "tracebacklimit", 0, raising=False)
    assert told_of(lambda x: x @ x).line
    assert told_of(raises(NotImplementedError())).kind == NOT_WRITTEN


def test_a_line_of_a_student_is_no_frame_of_python_itself():
    def reads(x):
        return os.environ["THERE_IS_NONE"]

    error = told_of(reads)
    assert (error.line, error.there) == ('return os.environ["THERE_IS_NONE"]', "")


def test_what_spans_several_lines_is_told_whole():
    error = told_of(of_several_lines)
    assert error.line == "x.T @ x[:number] @ torch.ones(4)"
    assert error.there == "x has shape (2, 3), number is 3"


def test_a_result_of_a_layout_that_no_check_reads_is_told_as_one():
    error = told_of(lambda x: x.to_sparse())
    assert error.text == "what it returns must be a dense tensor, got layout torch.sparse_coo"
    assert told_of(lambda x: (x, 1j)).text.startswith("result 1 of what it returns must be")


def test_what_raised_is_told_with_the_shapes_that_its_line_works_with():
    def product(x):
        rank, missing = 3, None
        return x @ x if rank else missing

    inner = Subject(product)
    with pytest.raises(StudentRaised) as caught:
        inner.probe(probes.call, args=[torch.ones(2, 3)])
    assert caught.value.there == "x has shape (2, 3), rank is 3, missing is None"
    kind, id, text, hint = told(caught.value)
    assert (kind, id) == ("fail", "raised-RuntimeError")
    assert text.endswith("; there x has shape (2, 3), rank is 3, missing is None")
    assert "the inner sizes must be equal" in hint
