"""From a course to what students get: made, searched, and only then written."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from grader.build.build import Lab
from grader.build.source import read_source
from grader.build.source_format import SourceError
from grader.build.twins import student_twin, to_bytes
from grader.course import Course, CourseError
from grader.release.kit import CannotRelease, Kit, Target, make_kit
from grader.release.search import Leak, leaks
from grader.release.secrets import secrets_of
from grader.release.writing import left_over, write_kit, zip_of

SEED_VARIABLE = "LORA_UTILS_CHECK_SEED"  # of lora_utils.checks, which imports torch


def release_course(
    root: Path, out: Path, target: Target = "kit", seed_file: Path | None = None
) -> tuple[Kit, Path, list[Leak], list[str]]:
    """Write the release of a course, unless a secret is in it.

    Args:
        root: the course's folder.
        out: the folder to write; a zip goes beside it.
        target: see `make_kit`.
        seed_file: holds the course's own seed; default: the one that course.toml names.

    Returns:
        The kit, the zip's path, the secrets that were found (where there is one, nothing was written), and the files
        of an earlier release that were removed.

    Raises:
        CannotRelease: the course, a notebook or the folder is not fit for it.
    """
    try:
        course = Course.of(root)
        secrets = secrets_of(course, list(_seeds(seed_file or course.seed_file)))
    except (CourseError, SourceError) as error:
        raise CannotRelease(str(error)) from None
    kit = make_kit(course, target)
    gone = left_over(out, kit)
    if found := leaks(kit.files, secrets):
        return kit, zip_of(out), found, []
    for lab in (Lab(root, name) for name in kit.labs):
        source = read_source(lab.source, course=course)
        if lab.student.read_bytes() != to_bytes(student_twin(source, lab.name, course)):
            cure = f"run `grader build {lab.name}`"
            raise CannotRelease(f"{lab.relative(lab.student)} differs from {lab.name}.py; {cure}.")
    write_kit(kit, out, gone)
    return kit, zip_of(out), [], gone


def _seeds(file: Path | None) -> Iterator[str]:
    """Yield the seeds that are known here: the environment's, and the file's."""
    yield os.environ.get(SEED_VARIABLE, "")
    if file is not None and file.exists():
        try:
            yield file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise CannotRelease(f"the seed file {file} cannot be read ({error}); give the right one.") from None
