"""Pages of an earlier run that this one did not renew go: nobody can see of a page that it no longer holds."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from grader.reports.kept import KEPT, index_of, page_of
from grader.text.safe_names import file_name

OURS = b'<meta name="generator" content="grader grade">'  # in the head of every page; what lacks it is somebody else's
HEAD = 1_000  # bytes in which that stands


def remove_stale(
    out: Path,
    students: Iterable[str],
    places: Iterable[tuple[str, str]],
    reports: Iterable[Path],
    resting: Iterable[str] = (),
) -> int:
    """Remove the pages that a run did not write, with what lies beside them for them, and return how many.

    Args:
        out: the folder in which report.html and feedback/ lie.
        students: who has a page with all labs.
        places: (student, lab) of each feedback page.
        reports: the reports that were written.
        resting: labs that the course has and does not use now; what their pages are made of stays. Default: none.
    """
    spared = {file_name(lab) for lab in resting}
    written = {*reports, *(index_of(out, one) for one in students), *(page_of(out, *place) for place in places)}
    found = [*out.glob("report*.html"), *(out / "feedback").glob("*/*.html")]
    stale = [page for page in found if page not in written and not page.parent.is_symlink() and _is_ours(page)]
    for page in stale:
        page.unlink()
        for suffix in (".txt", *(f".{what}.json" for what in KEPT if page.stem not in spared)):
            page.with_suffix(suffix).unlink(missing_ok=True)
        if page.parent != out and not any(page.parent.iterdir()):
            page.parent.rmdir()
    return len(stale)


def _is_ours(page: Path) -> bool:
    with page.open("rb") as file:
        return OURS in file.read(HEAD)
