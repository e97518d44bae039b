"""Names that students choose, made harmless for the place where they are written."""

import hashlib
import re
import unicodedata

FORMULA = tuple("=+-@|%'\uff1d\uff0b\uff0d\uff20")  # how one begins, wide letters included
LONGEST_FILE_NAME = 180  # bytes; common file systems take 255, suffixes included
DIGITS = 12  # of a hash in a file's name: nobody finds another student's by trying


def file_name(name: str) -> str:
    """Return a name usable as one folder or file name on any system.

    Letters and digits of any script, `_`, `-`, `.`, `@`, `+` and inner spaces stay; whatever else stood there becomes
    `_`, and digits of a hash keep two such names apart, and apart from any name that looks as if it had them.
    """
    kept = re.sub(r"[^\w.@+ -]", "_", unicodedata.normalize("NFC", name))
    kept = kept.strip(" .").encode(errors="replace")[:LONGEST_FILE_NAME].decode(errors="ignore").strip(" .")
    reserved = re.fullmatch(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?", kept)  # on Windows
    if kept and kept == name and not reserved and not re.search(rf"-[0-9a-f]{{{DIGITS}}}$", kept):
        return kept
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:DIGITS]
    return f"{kept}-{digest}" if kept and not reserved else f"name-{digest}"


def require_plain_name(name: str) -> None:
    """Refuse a name that is no folder's here or on Windows, or not text where formgrader puts it into a page unescaped.

    Raises:
        ValueError: that it is so, and the cure.
    """
    if not 0 < len(name) <= 255 or name in (".", "..") or set(name) & set('/\\\0<>"'):
        raise ValueError(f"{name[:50]!r} cannot be the name of a folder and plain text; rename the student's folder")


def one_line(text: str) -> str:
    """Return a text for a terminal or a plain page: one line, without control characters such as escape sequences."""
    return "".join(c if c.isprintable() else "�" for c in " ".join(str(text).split()))


def spreadsheet(value: object) -> object:
    """Return a table cell that no spreadsheet takes for a formula: such a text gets an apostrophe before it."""
    if isinstance(value, str):
        text = one_line(value)
        return "'" + text if text.startswith(FORMULA) else text
    return value


def from_spreadsheet(text: str) -> str:
    """Return a text as it was before `spreadsheet` put an apostrophe before it."""
    return text[1:] if text.startswith("'") and text[1:].startswith(FORMULA) else text
