"""A progress bar for whatever takes longer than two seconds."""

import sys
from collections.abc import Iterable


def progress(items: Iterable, label: str, total: int | None = None):
    """The same items, with a bar on standard output once two seconds have passed; it vanishes at the end.

    Standard output, because stock nbgrader gives 0 points to a graded cell that writes to standard error.

    Args:
        items: what to go through
        label: what is being done
        total: how many items there are, when `len(items)` cannot tell
    """
    from tqdm import tqdm

    return tqdm(items, desc=label, total=total, file=sys.stdout, delay=2, mininterval=0.5, leave=False)
