"""``tfckpt info``: what a file or folder is."""

from __future__ import annotations

import json

import click

from tfckpt.cli import text
from tfckpt.cli.completion import complete_path
from tfckpt.cli.output import harmless
from tfckpt.looking.describe import describe


@click.command("info")
@click.argument("path", shell_complete=complete_path)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def info_command(path: str, as_json: bool) -> None:
    """Say what PATH is, whatever it is: format, versions, size, step, optimizer, what is missing.

    Exits with 1 where there is nothing of this name.
    """
    found = describe(path)
    if as_json:
        text.write([json.dumps(found.to_json())])
        return
    text.write(map(harmless, found.lines()))
