"""Is this machine ready to grade? One line for each thing that grading needs, and the fix for each that is missing."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from grader.engine.canary import REMEDY, sandbox_faults
from grader.sandbox.control_groups import Groups
from grader.sandbox.system_calls import program

LEAST_DISK = 2_000_000_000  # bytes: feedback, reports and the gradebook of a large class stay far below


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Args:
        what: its name.
        fine: whether grading can rely on it.
        seen: what was found.
        fix: what to do; empty when fine.
    """

    what: str
    fine: bool
    seen: str
    fix: str = ""


def examine(root: Path, db: str) -> list[Finding]:
    """Look at everything.

    Args:
        root: the course.
        db: URL or file of the gradebook.
    """
    return [_sandbox(), _calls(), _groups(), _torch(), _gpu(), _assets(), _disk(root), _labs(root), _gradebook(db)]


def _sandbox() -> Finding:
    faults = sandbox_faults()
    return Finding("sandbox", not faults, " ".join(faults) or "holds: the canary got nowhere", REMEDY if faults else "")


def _calls() -> Finding:
    filtered = "what no lab needs is refused: namespaces, keys, sockets, shared memory and other system calls"
    plain = "not filtered, for want of libseccomp; on Debian and Ubuntu: `apt install libseccomp2`"
    return Finding("calls", True, filtered if program() else plain)


def _groups() -> Finding:
    groups = Groups()
    try:
        whole = "memory and number of processes are limited for each submission as a whole"
        each = (
            "memory is limited for each process of a submission; as root outside a container, for all of them together"
        )
        share = "; each has an equal share of the processor" if groups.fair else "; each is kept on one core"
        return Finding("limits", True, (whole if groups.available else each) + share)
    finally:
        groups.close()


def _torch() -> Finding:
    try:
        found = ", ".join(f"{name} {version(name)}" for name in ("torch", "nbgrader", "ipython"))
    except PackageNotFoundError as error:
        return Finding("packages", False, f"{error.name} is not installed", "run `make setup` in the course's folder")
    return Finding("packages", True, f"Python {sys.version.split()[0]}, {found}")


def _gpu() -> Finding:
    from lora_utils.environment import gpu

    return Finding("GPU", True, f"{gpu()}; grading uses the processor alone")


def _assets() -> Finding:
    from lora_utils.data.assets import ASSETS

    absent = [name for name, asset in ASSETS.items() if not asset.cached]
    seen = f"not fetched: {', '.join(absent)}; no check needs one, the labs fetch them" if absent else "all fetched"
    return Finding("assets", True, seen)


def _disk(root: Path) -> Finding:
    free = shutil.disk_usage(root).free
    fix = "" if free >= LEAST_DISK else "free some space, or write elsewhere with --out and --db"
    return Finding("disk", not fix, f"{free / 1e9:.1f} GB free", fix)


def _labs(root: Path) -> Finding:
    from grader.notebooks.answer_key import read_keys

    try:
        keys = read_keys(root, [])
    except ValueError as error:
        return Finding("labs", False, str(error), "run `grader build`")
    return Finding("labs", True, f"{len(keys)} with their answer keys")


def _gradebook(db: str) -> Finding:
    from grader.records.gradebook import Gradebook, GradebookError, database_url, programs_on_path, shown_url

    with programs_on_path():
        if shutil.which("alembic") is None:
            return Finding("gradebook", False, "nbgrader's `alembic` is missing", "run `make setup`")
    try:
        with Gradebook(database_url(db)):
            return Finding("gradebook", True, shown_url(db))
    except GradebookError as error:
        return Finding("gradebook", False, str(error), "give another one with --db")
