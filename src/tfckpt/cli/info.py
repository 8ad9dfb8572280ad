"""``tfckpt info``: what a file or folder is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import click

from tfckpt.cli import text
from tfckpt.cli.completion import complete_path
from tfckpt.looking.describe import Description, describe
from tfckpt.wording import harmless

_LABEL = re.compile(r"  [^:]+: +")


@click.command("info")
@click.argument("path", shell_complete=complete_path)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def info_command(path: str, as_json: bool) -> None:
    """Say what PATH is, whatever it is: format, versions, size, step, optimizer, what is missing.

    Exits with 0, 1 where there is nothing of this name, 2 for wrong arguments.
    """
    found = describe(path)
    if as_json:
        text.write([json.dumps(found.to_json())])
    else:
        text.write(_lines(found))


def _lines(found: Description) -> Iterator[str]:
    """Yield its lines; lists in them as wide as the terminal has room for."""
    width = text.columns()
    for line in map(harmless, found.lines()):
        label = _LABEL.match(line)
        if label is None:
            yield line
        else:
            yield from text.wrapped(label[0], line[label.end() :], width)
