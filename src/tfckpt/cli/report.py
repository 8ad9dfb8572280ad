"""``tfckpt report``: a page to look at in a browser."""

from __future__ import annotations

import os

import click

from tfckpt.cli import text
from tfckpt.cli.completion import complete_path
from tfckpt.cli.output import json_line
from tfckpt.looking.report import write_report
from tfckpt.wording import bytes_text


@click.command("report")
@click.argument("path", shell_complete=complete_path)
@click.option("-o", "--output", metavar="FILE", help="The file; else PATH's name with .html, here.")
@click.option("--compare", "other", metavar="OTHER", help="Show the differences to OTHER too.")
@click.option("--json", "as_json", is_flag=True, help="Say what was written as one JSON object.")
def report_command(path: str, output: str | None, other: str | None, as_json: bool) -> None:
    """Write an HTML page about PATH: what it is, what it holds, whether it is sound.

    It is one file, which asks the network for nothing.
    """
    written = output or f"{os.path.basename(path.rstrip('/')) or 'checkpoint'}.html"
    write_report(path, written, compare_to=other)
    size = os.path.getsize(written)
    made = {"path": path, "compared": other, "file": written, "size": size}
    text.write([json_line("report/1", made) if as_json else f"{written}: {bytes_text(size)}"])
