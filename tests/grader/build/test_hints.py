"""A hint leads to the answer and is not the answer: no folded text holds a whole line of its exercise's solution."""

from __future__ import annotations

from pathlib import Path

import percent_source as source
import pytest

from grader.build.hints import Hint, given_away, hints
from grader.build.source import parse, read_source
from grader.build.source_format import SourceError
from grader.build.source_rules import hints_leave_a_step

SOURCES = sorted((Path(__file__).parents[3] / "solutions").glob("*/*.py"))
ANSWER = """def mean(rows, mask):
    ### BEGIN SOLUTION
    total, n = 0.0, 0
    for row, real in zip(rows, mask, strict=True):  # (s, d), (s,)
        if real.any() and not row.isnan().any():
            total = total + (
                row[real]  # the real ones
                .sum(dim=0)
            )
            n += real.sum().item()
    names["mean"] = f"{len(rows)} rows"
    return total / max(n, 1) * scale_of_all
    ### END SOLUTION
"""
ONE_LINE = "### BEGIN SOLUTION\n{}\n### END SOLUTION"
TOLD = {
    "for row, real in zip(rows, mask, strict=True)": "the head of a loop",
    "if real.any() and not row.isnan().any():": "the head of a condition",
    "total = total + row[real].sum(dim=0)": "a line that its source breaks, without its brackets and comment",
    "total+(row[ real ].sum(dim = 0))": "what is assigned, laid out in another way",
    "total / max(n, 1) * scale_of_all": "what is returned",
    "names['mean'] = f'{len(rows)} rows'": "a text in other quotes",
}
FREE = {
    "total, n = 0.0, 0": "a short line",
    "row[real].sum(dim=0)": "a part of a line",
    "zip(rows, mask, strict=True)": "a part of a head",
    "def mean(rows, mask):": "a line of the stub",
    "total = total + row[mask].sum(dim=0)": "a line of another problem",
}


@pytest.mark.parametrize("text", TOLD)
def test_a_line_of_the_answer_is_found_in_a_hint(text):
    assert given_away(Hint("Hint 3", f"Write {text}, then go on."), ANSWER)


@pytest.mark.parametrize("text", FREE)
def test_what_leaves_a_step_is_no_answer(text):
    assert given_away(Hint("Hint 3", f"Write {text}, then go on."), ANSWER) is None


def test_a_hint_is_compared_as_it_is_read():
    markdown = (
        "<details><summary>Hint 1: bits</summary>\n\n<code>joined = (high &lt;&lt; 4) | (low &amp; 15)</code>\n"
        "</details>\nBetween.\n<details>\n<summary>Hint 2</summary>Two <b>masks</b>.</details>"
    )
    first, second = hints(markdown)
    assert (first.title, second) == ("Hint 1: bits", Hint("Hint 2", "Two masks."))
    assert given_away(first, ONE_LINE.format("joined = (high << 4) | (low & 15)")) == "joined = high << 4 | low & 15"
    assert given_away(first, ONE_LINE.format("joined = (high << 4) | (low & 7)")) is None


def test_only_hints_of_the_same_exercise_count(tmp_path):
    answer = source.ANSWER.replace("x + x", "sum([x, x, 0])")
    other = source.text("### Exercise 2\n<details><summary>Hint</summary>`twice_as_much = sum([x, x, 0])`</details>")
    path = tmp_path / "05_topic.py"
    path.write_text(source.lab(source.solution(answer), source.checks(), other))
    assert len(read_source(path).cells) == 3
    path.write_text(source.lab(other, source.solution(answer), source.checks()))
    with pytest.raises(SourceError, match=r"cell 1 .*'Hint' holds a line of the solution of double"):
        read_source(path)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_no_hint_of_the_labs_is_the_answer(path):
    notebook = parse(path, path.name)
    boxes = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    found = [hint for box in boxes for hint in hints(box) if hint.title.startswith("Hint")]
    assert len(found) == 3 * sum("### Exercise" in box for box in boxes)
    assert list(hints_leave_a_step(notebook)) == []
