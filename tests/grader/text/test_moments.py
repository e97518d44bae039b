"""A date is read in one way or refused; Python's own zones are the oracle."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from grader.text.moments import NoMoment, read_moment, read_zone, shown


def utc(*when, zone=UTC):
    return datetime(*when, tzinfo=zone).astimezone(UTC).replace(tzinfo=None)


EAST, WEST = timezone(timedelta(hours=2)), timezone(timedelta(hours=-9, minutes=-30))
NEW_YORK = ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2026-03-31 23:59", utc(2026, 3, 31, 23, 59)),
        ("2026-03-31 23:59 UTC", utc(2026, 3, 31, 23, 59)),
        ("2026-03-31 23:59 utc", utc(2026, 3, 31, 23, 59)),
        ("  2026-03-31T23:59:07Z ", utc(2026, 3, 31, 23, 59, 7)),
        ("2026-03-31", utc(2026, 3, 31, 23, 59, 59)),
        ("2026-03-31 +02:00", utc(2026, 3, 31, 23, 59, 59, zone=EAST)),
        ("2026-03-31 11:59 PM", utc(2026, 3, 31, 23, 59)),
        ("2026-03-31 12:05 am", utc(2026, 3, 31, 0, 5)),
        ("2026-03-31 12:05PM", utc(2026, 3, 31, 12, 5)),
        ("2026-03-31 23:59 +0200", utc(2026, 3, 31, 23, 59, zone=EAST)),
        ("2026-03-31 23:59+02", utc(2026, 3, 31, 23, 59, zone=EAST)),
        ("2026-03-31 23:59 -09:30", utc(2026, 3, 31, 23, 59, zone=WEST)),
        ("2026-03-31T23:59:00+02:00", utc(2026, 3, 31, 23, 59, zone=EAST)),
        ("2026-03-31 11:59 PM America/New_York", utc(2026, 3, 31, 23, 59, zone=NEW_YORK)),
        ("2026-03-31 9:59 America/New_York", utc(2026, 3, 31, 9, 59, zone=NEW_YORK)),
        ("2026-01-31 America/New_York", utc(2026, 1, 31, 23, 59, 59, zone=NEW_YORK)),
        ("2015-02-02 15:58:23.948203 UTC", utc(2015, 2, 2, 15, 58, 23, 948203)),  # as nbgrader writes it
        ("2023-09-18 23:04:34.123456789 -07:00", utc(2023, 9, 19, 6, 4, 34, 123456)),  # as Gradescope writes it
        ("2026-03-01 9:05", utc(2026, 3, 1, 9, 5)),
    ],
)
def test_what_has_one_meaning_is_read(text, meant):
    assert read_moment(text) == meant


def test_a_text_without_zone_is_read_in_the_zone_that_is_given():
    assert read_moment("2026-03-31 23:59", EAST) == utc(2026, 3, 31, 23, 59, zone=EAST)
    assert read_moment("2026-03-31 23:59 UTC", EAST) == utc(2026, 3, 31, 23, 59)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("07.03.2026", "can be read as 2026-03-07 and as 2026-07-03; write it as"),
        ("3/7/2026 23:59", "can be read as 2026-07-03 and as 2026-03-07"),
        ("31.03.2026", "is no date"),
        ("March 7, 2026", "is no date"),
        ("1", "is no date"),
        ("", "is no date"),
        ("2026-3-7", "is no date"),
        ("2026-03-31 23", "is no date"),
        ("2026-02-30", "is no moment (day"),
        ("2026-03-31 24:00", "is no moment (hour must be in 0..23"),
        ("2026-03-31 13:05 PM", "hour must be in 1..12 before PM"),
        ("2026-03-31 0:05 AM", "hour must be in 1..12 before AM"),
        ("2026-03-31 23:59 PDT", "'PDT' is not a zone with one meaning; write the offset, as 2026-03-31 23:59 +02:00"),
        ("2026-03-31 23:59 CEST", "'CEST' is not a zone with one meaning"),
        ("2026-03-31 23:59 JST", "'JST' is not"),
        ("2026-03-31 EST5EDT", "'EST5EDT' is not"),
        ("2026-03-31 23:59 +200", "is no date"),
        ("2026-03-31 23:59 +9900", "'+9900' is not"),
        ("2026-03-31 23:59 Europe/Atlantis", "'Europe/Atlantis' is not"),
        ("2026-03-31 23:59 ../../etc/passwd", "is no date"),
        ("2026-03-31 23:59 A/../../etc", "is no date"),
        ("2026-10-25 02:30 Europe/Berlin", "clocks there show twice; write it with its offset"),
        ("2026-03-29 02:30 Europe/Berlin", "clocks there show never"),
        ("0001-01-01 00:00 +02:00", "outside the calendar"),
        ("0001-01-01 00:00", "outside the calendar"),
        ("9999-12-31", "outside the calendar"),
        ("٢٠٢٦-03-31", "is no date"),
    ],
)
def test_anything_else_is_refused_with_what_to_write(text, said):
    with pytest.raises(NoMoment) as refused:
        read_moment(text)
    assert said in str(refused.value)
    assert "; " in str(refused.value)


def test_what_was_understood_is_read_back_as_the_same():
    moment = datetime(2026, 3, 7, 21, 59, 1)
    assert read_moment(shown(moment)) == moment
    early = datetime(2, 1, 1)  # a platform whose clock is broken
    assert read_moment(shown(early, EAST)) == early


def test_a_zone_alone():
    assert read_zone("+0200") == EAST
    with pytest.raises(NoMoment, match="'CET' is not a zone with one meaning"):
        read_zone("CET")
