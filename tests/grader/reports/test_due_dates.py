"""--due means one moment, which is printed as it was understood, or nothing starts."""

from __future__ import annotations

import io
from datetime import datetime

import pytest
from rich.console import Console

from grader.reports.console import CannotStart, parse_due, say_due

LABS = ["05_lora_layer", "06_linear_with_lora"]


def test_for_all_labs_and_for_one():
    due = parse_due(["2026-03-31", "05=2026-03-31 11:59 PM +02:00"], LABS)
    assert due == {LABS[0]: datetime(2026, 3, 31, 21, 59), LABS[1]: datetime(2026, 3, 31, 23, 59, 59)}
    console = Console(file=io.StringIO(), width=40)
    say_due(console, due)
    assert console.file.getvalue().splitlines() == [
        "due 2026-03-31 21:59:00 UTC: 05_lora_layer",
        "due 2026-03-31 23:59:59 UTC: 06_linear_with_lora",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("05=07.03.2026", "'07.03.2026' can be read as 2026-03-07 and as 2026-07-03; write it as"),
        ("2026-03-31 23:59 PDT", "'PDT' is not a zone with one meaning; write the offset"),
        ("2026-03-31 23:59 CEST", "'CEST' is not a zone with one meaning"),
    ],
)
def test_what_has_more_than_one_meaning_is_refused(text, said):
    with pytest.raises(CannotStart) as refused:
        parse_due([text], LABS)
    assert said in str(refused.value)
    assert str(refused.value).endswith(".")
