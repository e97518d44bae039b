"""What the commands share: where the course lies, and options that mean the same in each."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

RosterFile = Annotated[Path | None, typer.Option(help="The class as CSV: id, name, e-mail, section, platform's ids.")]
Database = Annotated[str | None, typer.Option(help="Gradebook, a URL or a file; default: the course's own.")]
Root = Annotated[Path | None, typer.Option(help="The course folder; default: found from here upwards.")]


def course(root: Path | None) -> Path:
    """Return the course folder, or stop with one sentence and exit code 2."""
    from grader.build.build import SOLUTIONS, find_root

    found = root.resolve() if root is not None else find_root()
    if found is None or not (found / SOLUTIONS).is_dir():
        typer.echo("grader: no course here; run it inside the course's folder or give --root.", err=True)
        raise typer.Exit(2)
    return found
