"""Whether an answer is the course's own class or function: a friendly word in the notebook, for an honest mistake.

When the lab is graded nothing has to be asked: the package is there without what the lab teaches.
"""

from __future__ import annotations

import types

PACKAGE = "lora_utils"
OWN_WORK = "own-work"


def from_package(item: object) -> str | None:
    """Return the name of the package's class or function that an answer is, or inherits from under the same name."""
    if not isinstance(item, type | types.FunctionType):
        return None
    kin = item.__mro__ if isinstance(item, type) else (item,)
    names = {one.__name__ for one in kin if (one.__module__ or "").split(".")[0] == PACKAGE}
    return item.__name__ if item.__name__ in names else None
