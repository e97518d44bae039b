"""Build the book: `python -m book [--twins solutions] [--out build/book]`; `make book` installs what it needs first."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from book.sources import TWINS, write_sources

ROOT = Path(__file__).parents[1]


def build(twins: str, out: Path) -> int:
    """Write the sources beside the output folder, build them, and return Sphinx's exit code.

    Args:
        twins: "notebooks" for what students get, "solutions" for the executed solutions.
        out: the folder of the site; made anew, so that no page of an earlier course stays.
    """
    from sphinx.cmd.build import build_main  # the rest of this room needs no Sphinx

    sources = out.with_name(f"{out.name}-sources")
    for folder in (sources, out):
        shutil.rmtree(folder, ignore_errors=True)
    write_sources(ROOT, twins, sources)
    conf = str(Path(__file__).parent)
    # -W: warnings are errors, -E and no cache: the same site whatever was built before
    return build_main(["-q", "-W", "--keep-going", "-E", "-b", "html",
                       "-d", str(sources / ".doctrees"), "-c", conf, str(sources), str(out)])  # fmt: skip


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(prog="python -m book", description="Build the course as a static site.")
    arguments.add_argument("--twins", choices=TWINS, default=TWINS[0], help="student twins, or executed solutions")
    arguments.add_argument("--out", type=Path, default=ROOT / "build" / "book", help="the folder of the site")
    chosen = arguments.parse_args()
    raise SystemExit(build(chosen.twins, chosen.out.resolve()))
