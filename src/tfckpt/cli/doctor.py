"""``tfckpt doctor``: what ails a folder of checkpoints."""

from __future__ import annotations

import json

import click

from tfckpt.cli import text
from tfckpt.cli.completion import complete_path
from tfckpt.errors import CheckpointError
from tfckpt.rescue.doctor import doctor
from tfckpt.wording import harmless

_HEALTHY, _PROBLEMS, _UNREAD = 0, 1, 2


@click.command("doctor")
@click.argument("folders", metavar="DIR...", nargs=-1, required=True, shell_complete=complete_path)
@click.option("--deep", is_flag=True, help="Read and check all values, too.")
@click.option("--fix", is_flag=True, help="Do what is harmless of the mending.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a DIR.")
def doctor_command(folders: tuple[str, ...], deep: bool, fix: bool, as_json: bool) -> None:
    """Look for what ails each folder DIR of checkpoints, and say what mends it, a line each.

    --fix removes what dead writers left, completes a save that was interrupted, and makes a
    state file where there is none. It changes no checkpoint and no state file that there is.

    Exits with 0 where there are at most notes, 1 where there is a problem (mended or not), 2
    where a folder could not be looked at.
    """
    worst = _HEALTHY
    for folder in folders:
        try:
            report = doctor(folder, deep=deep, fix=fix)
        except (CheckpointError, OSError) as error:
            click.echo(f"Error: {harmless(str(error))}", err=True)
            worst = _UNREAD
            continue
        worst = max(worst, _HEALTHY if report.ok else _PROBLEMS)
        if as_json:
            text.write([json.dumps(report.to_json())])
        else:
            text.write(map(harmless, str(report).splitlines()))
    raise click.exceptions.Exit(worst)
