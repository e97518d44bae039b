"""Pages that stand alone: style and script lie inside them, and a browser runs these by their hash and nothing else.

Source: Content Security Policy Level 3, W3C, section 6.7 (hashes), and Trusted Types, W3C.
"""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import datetime, tzinfo
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from grader.collecting.roster import Student
from grader.text.moments import zone_name
from grader.text.plurals import counted, plural
from grader.text.safe_names import one_line

TEMPLATES = Path(__file__).parent / "templates"


@lru_cache
def inline(*names: str) -> Markup:
    """Return files of style or script, one after the other, as they go into a page."""
    return Markup("\n" + "\n".join((TEMPLATES / name).read_text(encoding="utf-8") for name in names))


def content_security_policy(style: str, script: str = "", pictures: bool = False) -> str:
    """Return what a page may do: nothing but this style and script, and pictures that lie in it.

    Args:
        style, script: as they stand between the tags; default: no script.
        pictures: whether the page holds pictures; default False.
    """
    rules = ["default-src 'none'", "base-uri 'none'", "form-action 'none'", f"style-src {_hash(style)}"]
    rules += ["img-src data:"] if pictures else []
    if script:  # and it cannot turn a text into markup
        rules += [f"script-src {_hash(script)}", "require-trusted-types-for 'script'", "trusted-types 'none'"]
    return "; ".join(rules)


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def sentence(text: str) -> str:
    """Return a text as a sentence: a capital, a full stop."""
    text = one_line(text)
    return text[:1].upper() + text[1:].rstrip(".") + "."


def prose(text: str) -> Markup:
    """Return a text as HTML: escaped, with `code` set as code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def moment(timestamp: str, zone: tzinfo) -> str:
    """Return a time by a zone's clocks, to the minute; one that cannot be read stays as it is."""
    try:
        return f"{datetime.fromisoformat(timestamp).astimezone(zone):%Y-%m-%d %H:%M} {zone_name(zone)}"
    except ValueError:
        return one_line(timestamp)


def lateness(seconds: float | None, penalty: float = 0.0, grace: float = 0.0) -> str:
    """Say in words how late something was, and what it costs; nothing when it was not, or nobody knows.

    Where it costs something it is said more exactly, since a rule may count each day that has begun.

    Args:
        seconds: after the due date.
        penalty: points that this costs; default 0.
        grace: seconds that still are in time; default 0.
    """
    if not seconds:
        return ""
    units = (("day", 86_400), ("hour", 3_600), ("minute", 60))
    parts, rest = [], seconds
    for unit, size in units:
        parts += [counted(int(rest // size), unit)] if rest >= size else []
        rest %= size
    by = " ".join(parts[: 2 if penalty else 1]) or "less than a minute"
    if seconds <= grace and not penalty:
        return f"{by} after the due date, within the grace"
    return f"{by} late" + (f", penalty {counted(penalty, 'point')}" if penalty else "")


def called(student: Student) -> str:
    """Return what people call a student: the name, where the roster has one, else the id."""
    return one_line(student.name or student.id)


@lru_cache
def templates() -> Environment:
    """Return the templates: HTML with everything escaped, text as it is."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=lambda name: name is not None and name.endswith(".html"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"inline": inline, "policy_of": content_security_policy}
    environment.filters["points"] = lambda value: f"{round(value, 2):g}"
    environment.filters["percent"] = lambda share: f"{100 * share:.0f} %"
    environment.filters["sentence"] = sentence
    environment.filters["prose"] = prose
    environment.filters["moment"] = moment
    environment.filters["counted"] = counted
    environment.filters["plural"] = plural
    environment.filters["called"] = called
    environment.filters["one_line"] = one_line
    return environment
