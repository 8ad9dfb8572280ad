"""``tfckpt report``: a page to look at in a browser."""

from __future__ import annotations

import os

import click

from tfckpt.cli import text
from tfckpt.cli.completion import complete_path
from tfckpt.looking.report import write_report
from tfckpt.wording import bytes_text


@click.command("report")
@click.argument("path", shell_complete=complete_path)
@click.option("-o", "--output", metavar="FILE", help="The file; else PATH's name with .html, here.")
@click.option("--compare", "other", metavar="OTHER", help="Show the differences to OTHER too.")
def report_command(path: str, output: str | None, other: str | None) -> None:
    """Write an HTML page about PATH: what it is, what it holds, whether it is sound.

    It is one file, which asks the network for nothing.
    """
    written = output or f"{os.path.basename(path.rstrip('/')) or 'checkpoint'}.html"
    write_report(path, written, compare_to=other)
    text.write([f"{written}: {bytes_text(os.path.getsize(written))}"])
