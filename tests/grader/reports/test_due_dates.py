"""--due means one moment, which is printed as it was understood, or nothing starts."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
import tiny_course as tiny
from rich.console import Console
from typer.testing import CliRunner

from grader.class_run.decisions import due_changes
from grader.cli import app
from grader.reports.console import CannotStart, parse_due, say_due

LABS = ["05_lora_layer", "06_linear_with_lora"]


def test_for_all_labs_and_for_one():
    due = parse_due(["2026-03-31", "05=2026-03-31 11:59 PM +02:00"], LABS, UTC)
    assert due == {LABS[0]: datetime(2026, 3, 31, 21, 59), LABS[1]: datetime(2026, 3, 31, 23, 59, 59)}
    console = Console(file=io.StringIO(), width=40)
    say_due(console, due, UTC)
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
        parse_due([text], LABS, UTC)
    assert said in str(refused.value)
    assert str(refused.value).endswith(".")


def test_without_a_zone_it_is_the_courses_and_so_it_is_shown():
    berlin = ZoneInfo("Europe/Berlin")
    due = parse_due(["5=2026-03-31 18:00", "06=2026-01-31"], LABS, berlin)
    assert due == {LABS[0]: datetime(2026, 3, 31, 16), LABS[1]: datetime(2026, 1, 31, 22, 59, 59)}
    console = Console(file=io.StringIO(), width=40)
    say_due(console, due, berlin)
    assert console.file.getvalue().splitlines() == [
        "due 2026-01-31 23:59:59 Europe/Berlin: 06_linear_with_lora",
        "due 2026-03-31 18:00:00 Europe/Berlin: 05_lora_layer",
    ]
    with pytest.raises(CannotStart, match=r"\(no zone: Europe/Berlin; no time: the end of that day\)"):
        parse_due(["soon"], LABS, berlin)


def test_the_course_files_zone_holds_for_the_command(tmp_path):
    course = tiny.make_course(tmp_path)
    (course / "course.toml").write_text('time_zone = "Asia/Tokyo"\n')
    command = ["grade", str(tmp_path), "--due", "someday", "--out", str(tmp_path.parent / "out"), "--root", str(course)]
    done = CliRunner().invoke(app, command)
    assert "'someday' is no date; write it as 2026-03-31 23:59 +02:00 (no zone: Asia/Tokyo;" in done.output


def test_a_change_of_a_due_date_is_told_by_the_courses_clocks():
    before = {LABS[0]: datetime(2026, 3, 31, 16), LABS[1]: None}
    now = {LABS[0]: datetime(2026, 4, 1, 16), LABS[1]: datetime(2026, 1, 31, 22, 59, 59)}
    assert list(due_changes(before, now, ZoneInfo("Europe/Berlin"))) == [
        f"{LABS[0]}, due: now 2026-04-01 18:00:00 Europe/Berlin, before 2026-03-31 18:00:00 Europe/Berlin",
        f"{LABS[1]}, due: now 2026-01-31 23:59:59 Europe/Berlin, before no date",
    ]
