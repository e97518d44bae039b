"""A progress bar for whatever takes longer than two seconds."""

import sys
from collections.abc import Iterable

WIDTH = 79  # the same for all: each covers what the last one wrote on the line


def progress(items: Iterable, label: str, total: int | None = None):
    """The same items, with a bar on standard output once two seconds have passed; it vanishes at the end.

    Standard output, because stock nbgrader gives 0 points to a graded cell that writes to standard error. A bar inside
    another one takes its turn on the same line: a line of its own would need the cursor moved up, which a notebook
    does not do but stores as text, one line for each step.

    Args:
        items: what to go through
        label: what is being done
        total: how many items there are, when `len(items)` cannot tell
    """
    from tqdm import tqdm

    look = {"position": 0, "ncols": WIDTH, "leave": False}
    return tqdm(items, desc=label, total=total, file=sys.stdout, delay=2, mininterval=0.5, **look)
