"""``tfckpt repair-state``: a folder's state file made anew."""

from __future__ import annotations

import json

import click

from tfckpt.cli import text
from tfckpt.cli.completion import complete_path
from tfckpt.rescue.state_file import repair_state
from tfckpt.wording import harmless


@click.command("repair-state")
@click.argument("folder", shell_complete=complete_path)
@click.option("--name", metavar="FILE", help="The state file's name, if not `checkpoint`.")
@click.option("--dry-run", "-n", is_flag=True, help="Only say what would change.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
def repair_state_command(folder: str, name: str | None, dry_run: bool, as_json: bool) -> None:
    """Write the state file of FOLDER anew from the checkpoints that are there.

    Exits with 0 where it is right, or was made so; 1 where there is nothing to name, and with
    --dry-run where something would change.
    """
    repair = repair_state(folder, name, dry_run=dry_run)
    if as_json:
        text.write([json.dumps(repair.to_json())])
    else:
        text.write(map(harmless, str(repair).splitlines()))
    if dry_run and repair.changes:
        raise click.exceptions.Exit(1)
