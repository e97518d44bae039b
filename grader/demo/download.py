"""How the imaginary class's notebooks come: from Canvas, from Moodle, and in the course's own form, with a roster."""

from __future__ import annotations

import csv
import zipfile
from pathlib import Path

from grader.demo.sample_class import CLASS, HandIn, hand_in
from grader.notebooks.answer_key import AnswerKey

NEVER_CAME = "never-came"  # on the roster, and nowhere else
ON_CANVAS = {"copied-test": 1007, "deleted-test": 1008}  # with their numbers there
ON_MOODLE = {"honest-warning": 4711}


def name_of(student: str) -> str:
    """Return what the platforms call a student: "Copied Test" for "copied-test"."""
    return student.replace("-", " ").title()


def write_roster(path: Path) -> Path:
    """Write the class as the course knows it, with everybody's number on Canvas."""
    students = [*dict.fromkeys(one.student for one in CLASS), NEVER_CAME]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "name", "e-mail", "section", "canvas"])
        for number, student in enumerate(students):
            mail = f"student{number}@example.org"
            writer.writerow([student, name_of(student), mail, "AB"[number % 2], ON_CANVAS.get(student, 2000 + number)])
    return path


def write_downloads(
    chosen: list[HandIn], keys: dict[str, AnswerKey], twins: dict[str, Path], folder: Path
) -> list[Path]:
    """Write what was handed in as three downloads, and return those that hold something.

    Args:
        chosen: what was handed in.
        keys: the labs.
        twins: their student notebooks.
        folder: a new one.
    """
    own, moodle, canvas = folder / "own", folder / "moodle", folder / "canvas.zip"
    own.mkdir(parents=True)
    for one in chosen:
        written = hand_in(one, keys, twins, own)
        if one.student in ON_MOODLE:
            place = moodle / f"{name_of(one.student)}_{ON_MOODLE[one.student]}_assignsubmission_file"
            place.mkdir(parents=True, exist_ok=True)
            written.replace(place / f"{one.lab}.ipynb")
        elif one.student in ON_CANVAS:
            last, number = name_of(one.student).replace(" ", "").lower(), ON_CANVAS[one.student]
            with zipfile.ZipFile(canvas, "a", zipfile.ZIP_DEFLATED) as archive:
                archive.write(written, f"{last}_{number}_{number + 50_000}_{one.lab}-1.ipynb")
                archive.writestr(f"__MACOSX/._{one.lab}-{number}.ipynb", b"\0")
            written.unlink()
        else:
            continue
        (written.parent / "timestamp.txt").unlink()
        written.parent.rmdir()
        if not any((own / one.student).iterdir()):
            (own / one.student).rmdir()
    return [path for path in (own, moodle, canvas) if path.exists() and (path.is_file() or any(path.iterdir()))]
