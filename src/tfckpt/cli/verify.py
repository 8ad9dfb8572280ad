"""``tfckpt verify``: whether checkpoints are sound."""

from __future__ import annotations

import json
from collections.abc import Iterator

import click

from tfckpt.cli import text
from tfckpt.cli.completion import complete_path
from tfckpt.errors import CheckpointError
from tfckpt.looking.verify import VerifyReport, verify
from tfckpt.progress import rich_bar
from tfckpt.wording import harmless

_SOUND, _DAMAGED, _UNREAD = 0, 1, 2


@click.command("verify")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, shell_complete=complete_path)
@click.option("--quick", is_flag=True, help="Only what costs no reading of values.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a PATH.")
def verify_command(paths: tuple[str, ...], quick: bool, as_json: bool) -> None:
    """Look for damage in each PATH: a checkpoint, a folder with all in it, a SavedModel, a graph.

    Every block and every tensor is checked against its checksum, and what files say against each
    other; everything that is found is listed.

    Exits with 0 where all is sound, 1 where something is damaged or missing, 2 where something
    could not be read.
    """
    worst = _SOUND
    for path in paths:
        try:
            with rich_bar("reading") as progress:
                report = verify(path, quick=quick, progress=progress)
        except (CheckpointError, OSError, ValueError) as error:
            click.echo(f"Error: {harmless(str(error))}", err=True)
            worst = _UNREAD
            continue
        worst = max(worst, _code(report))
        if as_json:
            text.write([json.dumps(report.to_json())])
        else:
            text.write(_lines(report))
    raise click.exceptions.Exit(worst)


def _code(report: VerifyReport) -> int:
    if any(finding.kind == "unread" for finding in report.findings):
        return _UNREAD
    return _SOUND if report.ok else _DAMAGED


def _lines(report: VerifyReport) -> Iterator[str]:
    yield harmless(report.summary())
    for finding in report.findings:
        yield f"  {text.bold(finding.kind)}: {harmless(str(finding))}"
