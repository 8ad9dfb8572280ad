"""``tfckpt salvage``: what is whole of a damaged checkpoint."""

from __future__ import annotations

import json

import click

from tfckpt.cli import text
from tfckpt.cli.completion import complete_path
from tfckpt.rescue.salvage import salvage
from tfckpt.wording import harmless

_ALL, _PART, _NOTHING = 0, 1, 2
_SHOWN = 20


@click.command("salvage")
@click.argument("src", shell_complete=complete_path)
@click.argument("dst", required=False, shell_complete=complete_path)
@click.option("--name", "names", multiple=True, help="Only this tensor; may be given again.")
@click.option("--fill", type=float, help="Put this value in place of lost slices.")
@click.option(
    "--unconfirmed", is_flag=True, help="Take what no checksum confirms, too, and say which it is."
)
@click.option(
    "--like",
    shell_complete=complete_path,
    help="Where the index is gone: a checkpoint of the same run, or its graph (.meta, SavedModel); "
    "without this what lies beside SRC.",
)
@click.option("--all", "show_all", is_flag=True, help="List everything that is lost.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
def salvage_command(
    src: str,
    dst: str | None,
    names: tuple[str, ...],
    fill: float | None,
    unconfirmed: bool,
    like: str | None,
    show_all: bool,
    as_json: bool,
) -> None:
    """Take out of a damaged checkpoint SRC what is whole, and write it to prefix DST.

    Without DST only say what could be. SRC itself is never changed.

    Exits with 0 where nothing is lost, 1 where something is, 2 where nothing is whole or there
    is no checkpoint.
    """
    try:
        report = salvage(
            src, dst, names=names or None, fill=fill, unconfirmed=unconfirmed, like=like
        )
    except (OSError, ValueError, KeyError) as error:
        click.echo("\n".join(map(harmless, f"Error: {error}".splitlines())), err=True)
        raise click.exceptions.Exit(_NOTHING) from None
    report.tensors.close()
    if as_json:
        text.write([json.dumps(report.to_json())])
    else:
        lines = report.lines(together=not show_all)
        shown = lines if show_all else lines[:_SHOWN]
        text.write(map(harmless, [report.summary(), *shown]))
        if len(shown) < len(lines):
            text.write([f"  ... and {len(lines) - len(shown)} more (--all lists them)"])
    code = _ALL if report.ok else _PART
    raise click.exceptions.Exit(code if len(report.tensors) else _NOTHING)
