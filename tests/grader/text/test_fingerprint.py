"""What a copyist changes first changes no fingerprint, other steps do, and short answers agree by nature."""

from __future__ import annotations

import jupytext
import pytest
from in_process import LABS, ROOT

from grader.build.build import find_labs
from grader.notebooks.answer_key import AnswerKey
from grader.text.fingerprint import NATURAL, fingerprints

ANSWER = """class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))
        self.alpha = alpha

    def forward(self, x):
        return self.alpha * (x @ self.A @ self.B)"""


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("in_dim", "k").replace("out_dim", "d").replace("rank", "r"),
        lambda text: text.replace(".A", ".down").replace(".B", ".up"),
        lambda text: text.replace("LoRALayer", "Mine").replace("self", "this").replace("alpha", "a"),
        lambda text: text.replace("rank, alpha", "rank: int, alpha: float"),
        lambda text: text.replace("self, x)", "self, x: Tensor) -> Tensor"),
        lambda text: text.replace("x):", 'x):\n        """Return it."""') + "  # done",
        lambda text: text.replace("    ", "\t").replace(" @ ", "@").replace("\n\n", "\n\n\n"),
        lambda text: "%%time\n" + text,
    ],
)
def test_names_layout_comments_and_docstrings_do_not_count(change):
    assert change(ANSWER) != ANSWER
    assert fingerprints(change(ANSWER)) == fingerprints(ANSWER)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("x @ self.A @ self.B", "x @ (self.A @ self.B)"),
        lambda text: text.replace("torch.zeros(rank, out_dim)", "torch.zeros(out_dim, rank)"),
        lambda text: text.replace("math.sqrt(rank)", "rank**0.5"),
        lambda text: text.replace("torch.randn", "torch.rand"),
    ],
)
def test_other_steps_count(change):
    assert fingerprints(change(ANSWER)) != fingerprints(ANSWER)


def test_each_definition_has_its_own_and_a_text_without_any_has_one():
    assert len(fingerprints("import math\ndef f(x):\n    return x\nclass C:\n    pass")) == 2
    assert fingerprints("answer = 'b'  # sure") == fingerprints("answer='b'")
    assert fingerprints("def f(:\n  # a") == fingerprints("def f(:  #a")


def test_a_text_that_is_far_too_long_or_deep_counts_as_it_stands():
    for text in ("x" * 60_000 + " # b", "a" + ".b" * 20_000):
        (one,) = fingerprints(text)
        assert one.length == len("".join(text.split()))


def test_no_right_answer_of_somebody_else_is_taken_for_a_copy():
    compared = agreeing = 0
    for lab in LABS:
        key = AnswerKey.read(next(one for one in find_labs(ROOT) if one.name == lab))
        for path in (ROOT / "tests" / "catalogue" / lab / "right").glob("*.py"):
            solution = {one.digest for one in key.by_grade_id[path.stem].prints}
            for cell in jupytext.read(path).cells:
                found = fingerprints(cell.source) if cell.cell_type == "code" else []
                assert not any(one.digest in key.reference for one in found), (path.name, cell.metadata)
                assert all(one.length < NATURAL for one in found if one.digest in solution)
                compared += len(found)
                agreeing += sum(one.digest in solution for one in found)
    assert compared > 450
    assert 10 < agreeing < 0.06 * compared  # short ones, in which there is one natural way to go
