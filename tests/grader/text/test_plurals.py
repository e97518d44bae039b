"""One thing is not several."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from grader.text.plurals import counted, in_words, plural

GRADER = Path(__file__).parents[3] / "grader"


@pytest.mark.parametrize(
    ("number", "said"),
    [(0, "0 points"), (1, "1 point"), (2, "2 points"), (1.0, "1 point"), (0.5, "0.5 points"), (2 / 3, "0.67 points"),
     (1_234_567, "1234567 points"), (-1, "-1 points")],
)  # fmt: skip
def test_a_number_with_its_noun(number, said):
    assert counted(number, "point") == said
    assert said.endswith(plural("point", number))


def test_no_sentence_counts_on_its_own():
    """A number in braces before a noun in the plural, or an s that is added by hand."""
    own = re.compile(
        r"\}\}? (?:more )?(?:attempt|check|exercise|figure|file|lab|notebook|point|student)s\b"
        r"|1 else ['\"]s['\"]"
    )
    several = {
        "MOST_FILES",
        "MOST_INSIDE",
        "standing.attempts} attempts",
        "capitalize }} attempts",
    }  # more than one, or no number
    paths = [path for kind in ("py", "html", "txt", "md") for path in GRADER.rglob(f"*.{kind}")]
    guilty = [
        f"{path.name}: {line.strip()}"
        for path in paths
        for line in path.read_text(encoding="utf-8").splitlines()
        if own.search(line) and not any(name in line for name in several)
    ]
    assert guilty == []


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "zero"),
        (4, "four"),
        (13, "thirteen"),
        (20, "twenty"),
        (25, "twenty-five"),
        (40, "forty"),
        (99, "ninety-nine"),
        (100, "100"),
    ],
)
def test_a_number_in_words(number, words):
    assert in_words(number) == words
