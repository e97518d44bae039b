"""The command `lora-utils`: a notebook's visible checks, what is downloaded, schematics, and the weights that ship.

Exit codes: 0 done; 1 an asset could not be fetched, or a check did not pass; 2 a wrong argument.
"""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from lora_utils.data.assets import ASSETS, AssetError, cache_dir, fetch

app = typer.Typer(help="Shared tools of the course.", no_args_is_help=True, pretty_exceptions_enable=False)
assets_app = typer.Typer(help="List or fetch the texts and pretrained models of the labs.")
app.add_typer(assets_app, name="assets")


@app.callback()
def main() -> None:
    """Shared tools of the course."""
    for stream in (sys.stdout, sys.stderr):  # a terminal that lacks a character gets a question mark for it
        stream.reconfigure(errors="replace")


@app.command("check")
def check_command(
    notebook: Annotated[Path, typer.Argument(help="Your notebook, as you have saved it.")],
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds that one cell may take.")] = 60.0,
) -> None:
    """Run the visible checks of one notebook; what hidden checks will decide is said.

    Exit codes: 0 every visible check passed, 1 some did not, or grading would find borrowed code, 2 the notebook
    cannot be checked.
    """
    from lora_utils.self_check import CannotCheck, check_notebook

    try:
        found = check_notebook(notebook, timeout)
    except CannotCheck as error:
        typer.echo(f"lora-utils check: {error}", err=True)
        raise typer.Exit(2) from None
    for line in found.lines():
        typer.echo(line)
    raise typer.Exit(0 if found.all_passed else 1)


@assets_app.callback(invoke_without_command=True)
def assets(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print the list as JSON.")] = False,
) -> None:
    """List the assets: name, size, whether it is in the cache, licence."""
    if context.invoked_subcommand is not None:
        return
    if as_json:
        rows = [asdict(asset) | {"cached": asset.cached} for asset in ASSETS.values()]
        typer.echo(json.dumps({"cache": str(cache_dir()), "assets": rows}, indent=2))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("name", "MB", "cached", "what", "licence")
    for asset in ASSETS.values():
        table.add_row(asset.name, str(asset.megabytes), "yes" if asset.cached else "-", asset.about, asset.license)
    Console().print(table)
    typer.echo(f"cache: {cache_dir()}")


@assets_app.command("fetch")
def fetch_command(
    names: Annotated[list[str] | None, typer.Argument(help="Which assets; all of them when none is named.")] = None,
) -> None:
    """Download assets that are not in the cache yet."""
    chosen = names or list(ASSETS)
    unknown = [name for name in chosen if name not in ASSETS]
    if unknown:
        typer.echo(f"There is no asset {unknown[0]!r}. Choose from {', '.join(ASSETS)}.", err=True)
        raise typer.Exit(2)
    failed = False
    for name in chosen:
        try:
            typer.echo(f"{name}: {fetch(name)}")
        except AssetError as error:
            typer.echo(str(error), err=True)
            failed = True
    if failed:
        raise typer.Exit(1)


@app.command("schematic")
def schematic_command(
    name: Annotated[str, typer.Argument(help="Which, as in lora_utils.schematics.SCHEMATICS.")],
    out: Annotated[Path, typer.Option(help="The SVG file to write; it is light or dark as its reader's system is.")],
) -> None:
    """Write a schematic of the course as a picture that needs no network."""
    from lora_utils.schematics import schematic

    try:
        picture = schematic(name).svg()
    except ValueError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(picture, encoding="utf-8", newline="\n")
    typer.echo(f"wrote {out}")


@app.command("pretrain")
def pretrain_command() -> None:
    """Train the shipped 4-class newsgroups weights again (half a minute) and print what they are."""
    from lora_utils.experiments.pretraining import pretrain

    try:
        facts = pretrain()
    except AssetError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    typer.echo(json.dumps(asdict(facts), indent=2))
