"""The sources of the book, written into a folder of their own for Sphinx: what is written by hand, and what is made."""

from __future__ import annotations

import shutil
from pathlib import Path

import nbformat

from book.bibliography import bibliography, cited
from book.lab_pages import exercises, heading, lab_page, read_notebook
from book.mistakes import mistakes_page
from book.name_links import public_names
from book.reference import ROOMS, reference_page

TWINS = ("notebooks", "solutions")
HERE = Path(__file__).parent


def write_sources(root: Path, twins: str, out: Path) -> None:
    """Write the pages' sources: labs, their mistakes, the bibliography, the reference, and what is written by hand.

    Args:
        root: of the course.
        twins: "notebooks" or "solutions", a folder of it with a folder a lab.
        out: a folder that does not exist yet.

    Raises:
        FileNotFoundError: if the folder holds no lab.
    """
    paths = sorted((root / twins).glob("[0-9][0-9]_*/[0-9][0-9]_*.ipynb"))
    if not paths:
        raise FileNotFoundError(f"no notebook NN_topic/NN_topic.ipynb in {root / twins}; `make build` writes them")
    out.mkdir(parents=True)
    labs = {path.stem: read_notebook(path) for path in paths}
    names = public_names(root / "lora_utils")
    for lab, notebook in labs.items():
        page = lab_page(notebook, names, executed=twins == "solutions")
        write(out / "labs" / lab / f"{lab}.ipynb", nbformat.writes(page))
        checks, wrong = root / "lora_utils" / "checks" / f"lab_{lab}", root / "tests" / "catalogue" / lab / "wrong"
        if mistakes := mistakes_page(heading(notebook), lab, exercises(notebook), wrong, checks):
            write(out / "mistakes" / f"{lab}.md", mistakes)
    write(out / "bibliography.md", bibliography(cited(labs.items())))
    for room in ROOMS:
        write(out / "reference" / f"{room}.md", reference_page(root / "lora_utils", room))
    for path in [*HERE.glob("*.md"), HERE / "look.css"]:
        shutil.copyfile(path, out / path.name)


def write(path: Path, text: str) -> None:
    """Write a file and the folders that it needs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
