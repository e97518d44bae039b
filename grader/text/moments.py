"""A moment that a person or a program wrote down: read in one way, or refused with what to write instead.

The same for `--due`, for nbgrader's timestamp.txt and for what a learning platform writes. nbgrader's own `parse_utc`
guesses: it takes 07.03.2026 for July, 11:59 PM for the morning, +0200 for 200 seconds and PDT for UTC.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import TypeVar
from zoneinfo import ZoneInfo

Thing = TypeVar("Thing")

END_OF_DAY = time(23, 59, 59)
OFFSET = re.compile(r"([+-])(\d{2}):?(\d{2})?")
UTC_NAMES = ("Z", "UTC", "GMT")
FORM = re.compile(
    r"""(?P<date>\d{4}-\d{2}-\d{2})
    (?:(?:T|\s+)(?P<clock>\d{1,2}:\d{2}(?::\d{2})?)(?:\.(?P<fraction>\d{1,9}))?(?:\s*(?P<half>[AP]M)(?![A-Z]))?)?
    (?:\s*(?P<zone>[+-]\d{2}:?(?:\d{2})?|[A-Z][A-Z0-9_+/-]*))?""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
OTHER_ORDER = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})(?!\d)", re.ASCII)  # day or month first


class NoMoment(ValueError):
    """A text that says no moment, or more than one; the message is one sentence without its full stop."""


def read_moment(text: str, zone: tzinfo = UTC) -> datetime:
    """Read an ISO date, with or without a time, as UTC without zone.

    Args:
        text: as 2026-03-31, 2026-03-31 23:59, 2026-03-31T23:59:00+02:00 or 2026-03-31 11:59 PM Europe/Berlin.
        zone: where the text names none; default UTC.

    Returns:
        That moment. A date alone is the last second of that day.

    Raises:
        NoMoment: it is none, it can be read in two ways, or its zone has no one meaning.
    """
    text = text.strip()
    found = FORM.fullmatch(text)
    if found is None:
        raise NoMoment(f"{text[:50]!r} {_two_readings(text) or 'is no date'}; {_example(zone)}")
    try:
        day = date.fromisoformat(found["date"])
        clock = _clock(found["clock"], found["half"]) if found["clock"] else END_OF_DAY
    except ValueError as error:
        raise NoMoment(f"{text[:50]!r} is no moment ({error}); {_example(zone)}") from None
    micro = int((found["fraction"] or "0").ljust(6, "0")[:6])
    local = datetime.combine(day, clock).replace(microsecond=micro)
    if found["zone"]:
        zone = read_zone(found["zone"], found["date"])
    return _to_utc(local, zone, text)


def read_zone(text: str, day: str = "2026-03-31") -> tzinfo:
    """Read a zone: UTC, an offset such as +02:00, or a place such as Europe/Berlin.

    Args:
        text: the zone.
        day: a date for the example in the message.

    Raises:
        NoMoment: it is an abbreviation, which several zones share, or there is no such zone.
    """
    if text.upper() in UTC_NAMES:
        return UTC
    if (found := OFFSET.fullmatch(text)) is not None:
        size = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
        if size <= timedelta(hours=14):  # the largest that is in use
            return timezone(-size if found[1] == "-" else size)
    elif "/" in text:
        with suppress(Exception):  # zoneinfo raises what the file system does
            return ZoneInfo(text)
    raise NoMoment(
        f"{text[:30]!r} is not a zone with one meaning; write the offset, as {day} 23:59 +02:00, or the place, as "
        f"{day} 23:59 Europe/Berlin"
    )


def shown(moment: datetime, zone: tzinfo = UTC) -> str:
    """Write a UTC moment without zone as this module reads it, by the clocks of a zone; default UTC."""
    there = moment.replace(tzinfo=UTC).astimezone(zone)
    return f"{there.replace(tzinfo=None).isoformat(' ', 'seconds')} {zone_name(zone)}"


def zone_name(zone: tzinfo) -> str:
    """Return what `read_zone` reads as this zone: UTC, +02:00 or Europe/Berlin."""
    return str(zone).removeprefix("UTC") or "UTC"


def in_time(things: Iterable[Thing], time: Callable[[Thing], datetime | None]) -> list[tuple[datetime, Thing]]:
    """Return things in the order of their times, each with its own; one without stands behind those that it followed.

    Args:
        things: in the order in which they came.
        time: of a thing, without zone; None where it is not known.
    """
    reached, placed = datetime.min, []
    for one in things:
        when = time(one)
        reached = max(reached, when or reached)
        placed.append((when or reached, one))
    return sorted(placed, key=lambda place: place[0])


def _example(zone: tzinfo) -> str:
    return f"write it as 2026-03-31 23:59 +02:00 (no zone: {zone_name(zone)}; no time: the end of that day)"


def _clock(text: str, half: str | None) -> time:
    hour, *rest = (int(part) for part in text.split(":"))
    if half is not None:
        if not 1 <= hour <= 12:
            raise ValueError(f"hour must be in 1..12 before {half}")
        hour = hour % 12 + (12 if half.upper() == "PM" else 0)
    return time(hour, *rest)


def _to_utc(local: datetime, zone: tzinfo, text: str) -> datetime:
    """Leave the zone; refuse what the clocks of a place show twice or never when they are changed."""
    try:
        early, late = (local.replace(tzinfo=zone, fold=fold).astimezone(UTC).replace(tzinfo=None) for fold in (0, 1))
        if not MINYEAR < early.year < MAXYEAR:  # so that every zone's clocks can show it
            raise OverflowError
    except OverflowError:
        raise NoMoment(f"{text[:50]!r} lies outside the calendar; {_example(zone)}") from None
    if early != late:
        times = "twice" if early < late else "never"
        raise NoMoment(f"{text[:50]!r} is a time that clocks there show {times}; write it with its offset, as +02:00")
    return early


def _two_readings(text: str) -> str:
    """Say so where a date can be read with the day first and with the month first."""
    found = OTHER_ORDER.match(text)
    readings = []
    for month, day in ((2, 1), (1, 2)) if found else ():
        with suppress(ValueError):
            readings.append(date(int(found[3]), int(found[month]), int(found[day])).isoformat())
    return f"can be read as {readings[0]} and as {readings[1]}" if len(set(readings)) == 2 else ""
