"""``tfckpt convert``: a checkpoint once more, in the other format."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

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

from tfckpt.convert import FORMATS, convert_checkpoint, convert_naming


@click.command("convert")
@click.argument("src")
@click.argument("dst")
@click.option("--to", type=click.Choice(FORMATS), default="v2", show_default=True)
@click.option("--by-name", is_flag=True, help="Give the variables of objects their full names.")
@click.option("--like", metavar="CKPT", help="Give variables to the objects of CKPT, by full name.")
@click.option("--force", is_flag=True, help="Replace a checkpoint that is at DST.")
def convert_command(
    src: str, dst: str, to: str, by_name: bool, like: str | None, force: bool
) -> None:
    """Write checkpoint SRC as a V2 or V1 checkpoint at prefix DST, and check it.

    V1 is the single-file format, the default before TensorFlow 0.12. With --by-name or --like the
    tensors of a V2 checkpoint change their names, between those of tf.compat.v1.train.Saver and
    those of tf.train.Checkpoint.
    """
    if by_name or like:
        if to != "v2" or (by_name and like):
            raise click.UsageError("--by-name and --like exclude each other, and --to v1")
        with _as_messages():
            written = convert_naming(src, dst, like, overwrite=force)
        click.echo(f"{written}: written {'by name' if by_name else f'like {like}'}")
        return
    _convert_format(src, dst, to, force)


@contextmanager
def _as_messages() -> Iterator[None]:
    try:
        yield
    except FileExistsError as error:
        raise click.ClickException(f"{error} (--force replaces it)") from None
    except ValueError as error:
        raise click.ClickException(str(error)) from error


def _convert_format(src: str, dst: str, to: str, force: bool) -> None:
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

        with _as_messages():
            written = convert_checkpoint(src, dst, to, overwrite=force, progress=show)
    click.echo(f"{written}: {len(names)} tensors written as {to}, and checked")
