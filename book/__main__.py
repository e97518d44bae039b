"""Build the book: `python -m book [--twins solutions] [--out build/book]`; `make book` installs what it needs first."""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path

from book.sources import TWINS, write_sources

ROOT = Path(__file__).parents[1]
SIGN = ".nojekyll"  # tells GitHub Pages to serve folders such as _static, and us that a folder holds a book


def clear(out: Path) -> None:
    """Empty the folder of a site, so that no page of an earlier course stays.

    Raises:
        FileExistsError: if the folder holds anything that is no book.
    """
    if out.exists() and any(out.iterdir()) and not (out / SIGN).is_file():
        raise FileExistsError(f"{out} holds files and no book; nothing was removed. Name another folder, or empty it.")
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    (out / SIGN).touch()


def build(twins: str, out: Path) -> int:
    """Build the site and return Sphinx's exit code: 0, or 1 after any warning.

    Args:
        twins: "notebooks" for what students get, "solutions" for the executed solutions.
        out: the folder of the site.
    """
    from sphinx.cmd.build import build_main  # the rest of this room needs no Sphinx

    clear(out)
    with tempfile.TemporaryDirectory() as folder:
        sources = Path(folder) / "sources"
        write_sources(ROOT, twins, sources)
        places = ["-c", str(Path(__file__).parent), "-d", f"{folder}/doctrees", str(sources), str(out)]
        return build_main(["-q", "-W", "--keep-going", "-b", "html", *places])  # -W: warnings are errors


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(prog="python -m book", description="Build the course as a static site.")
    arguments.add_argument("--twins", choices=TWINS, default=TWINS[0], help="student twins, or executed solutions")
    arguments.add_argument("--out", type=Path, default=ROOT / "build" / "book", help="the folder of the site")
    chosen = arguments.parse_args()
    try:
        raise SystemExit(build(chosen.twins, chosen.out.resolve()))
    except FileExistsError as error:
        arguments.error(str(error))
