"""Training runs as JSON: one file a run while they are made, and one table of all of them to ship with the course.

A run is a dataclass of plain numbers and text. Half an hour of training is never repeated for want of a file.
"""

from __future__ import annotations

import argparse
import json
import platform
from collections.abc import Callable, Iterable
from dataclasses import asdict, fields
from pathlib import Path
from typing import TypeVar

import torch

from lora_utils.data.text import write_whole

Run = TypeVar("Run")


def kept(path: Path, kind: type[Run], make: Callable[[], Run], said: Callable[[Run], str]) -> Run:
    """Return the run that a file holds; where there is none, make it, write it and print a line about it.

    Args:
        path: the file.
        kind: the dataclass.
        make: trains and measures.
        said: what is worth printing of a new run.
    """
    if path.is_file():
        return kind(**json.loads(path.read_text(encoding="utf-8")))
    run = make()
    write_whole(path, json.dumps(asdict(run)).encode())
    print(f"{path.stem}: {said(run)}", flush=True)
    return run


def runs_in(folder: Path, kind: type[Run], files: str = "*.json") -> list[Run]:
    """Return the runs that a folder holds in files of such names, one each, in no order."""
    return [kind(**json.loads(path.read_text(encoding="utf-8"))) for path in folder.glob(files)]


def write_table(runs: Iterable[Run], kind: type[Run], made: dict, path: Path) -> None:
    """Write runs and what they were made with into one file; a row each, since the names need standing only once.

    Args:
        runs: of the dataclass `kind`.
        made: the command and its budget; torch's version and the machine are added.
        path: the file; an existing one is replaced only once the new one is complete.
    """
    made = made | {"torch": torch.__version__.partition("+")[0], "machine": platform.machine()}
    names = [field.name for field in fields(kind)]
    rows = ",\n  ".join(json.dumps([getattr(run, name) for name in names]) for run in runs)
    text = f'{{"made": {json.dumps(made)},\n "columns": {json.dumps(names)},\n "rows": [\n  {rows}\n]}}\n'
    write_whole(path, text.encode())


def read_table(path: Path, kind: type[Run]) -> list[Run]:
    """Return the runs of a file from `write_table`."""
    table = json.loads(path.read_text(encoding="utf-8"))
    return [kind(**dict(zip(table["columns"], row, strict=True))) for row in table["rows"]]


def command_of(module: str, description: str) -> argparse.ArgumentParser:
    """Return the parser of a command that makes runs in a folder, or ships those of a folder in one file."""
    parser = argparse.ArgumentParser(prog=f"python -m {module}", description=description)
    parser.add_argument("--folder", type=Path, default=Path("runs"), help="one JSON file a run; default: runs")
    parser.add_argument("--ship", type=Path, help="run nothing, write all runs of the folder into this file")
    return parser


def ship_or_run(chosen: argparse.Namespace, ship: Callable[[Path, Path], None], run: Callable[[Path], None]) -> None:
    """Do what a command of `command_of` was asked for.

    Args:
        chosen: the command's options.
        ship: writes the runs of a folder into a file.
        run: makes what is missing in a folder.
    """
    if chosen.ship:
        ship(chosen.folder, chosen.ship)
        return
    torch.set_num_threads(1)  # more threads change the order of sums, and with it the last digits of every run
    chosen.folder.mkdir(parents=True, exist_ok=True)
    run(chosen.folder)
