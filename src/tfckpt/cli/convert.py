"""``tfckpt convert``: a checkpoint once more, in the other format."""

from __future__ import annotations

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from tfckpt.convert import FORMATS, convert_checkpoint


@click.command("convert")
@click.argument("src")
@click.argument("dst")
@click.option("--to", type=click.Choice(FORMATS), default="v2", show_default=True)
@click.option("--force", is_flag=True, help="Replace a checkpoint that is at DST.")
def convert_command(src: str, dst: str, to: str, force: bool) -> None:
    """Write checkpoint SRC as a V2 or V1 checkpoint at prefix DST, and check it.

    V1 is the single-file format of TensorFlow before 0.12.
    """
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    names: set[str] = set()
    with bar:
        task = bar.add_task("converting", total=None)

        def show(done: int, total: int, name: str) -> None:
            step = "checking" if name in names else "converting"
            names.add(name)
            bar.update(task, completed=done, total=total, description=step)

        try:
            written = convert_checkpoint(src, dst, to, overwrite=force, progress=show)
        except FileExistsError as error:
            raise click.ClickException(f"{error} (--force replaces it)") from None
        except ValueError as error:
            raise click.ClickException(str(error)) from error
    click.echo(f"{written}: {len(names)} tensors written as {to}, and checked")
