"""How a check says no: an id for reports, a rationale for the reader and, for a recognised mistake, a hint."""

from __future__ import annotations


class Failure(Exception):
    """Raised by a check when the answer is wrong.

    Args:
        id: short kebab-case name of the mistake; catalogues and class reports count by it.
        rationale: what was expected and what was found, with the numbers.
        hint: what to look at next, for a recognised mistake; default none.
    """

    def __init__(self, id: str, rationale: str, hint: str | None = None) -> None:
        super().__init__(rationale)
        self.id, self.rationale, self.hint = id, rationale, hint
