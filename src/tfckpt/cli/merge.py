"""``tfckpt merge``: the tensors of several checkpoints in one."""

from __future__ import annotations

from typing import Any

import click

from tfckpt.cli.completion import complete_path
from tfckpt.cli.writing import write_result, writing_options
from tfckpt.transform import merge
from tfckpt.transform.merging import ON_CONFLICT, OnConflict
from tfckpt.transform.tensors import LazyTensors, as_lazy


@click.command("merge")
@click.argument(
    "paths", nargs=-1, required=True, metavar="SRC... DST", shell_complete=complete_path
)
@click.option(
    "--on-conflict",
    type=click.Choice(ON_CONFLICT),
    default="error",
    show_default=True,
    help="Names that several have: refuse, take the first or last, or they have to be equal.",
)
@writing_options
def merge_command(paths: tuple[str, ...], on_conflict: OnConflict, **writing: Any) -> None:
    """Write the tensors of all checkpoints SRC as one at prefix DST; they stay as they are."""
    *sources, target = paths
    if not sources:
        raise click.UsageError("SRC... DST are expected, two paths at least")
    given = [as_lazy(source) for source in sources]
    try:
        merged = merge(*given, on_conflict=on_conflict)
        everything = {name: tensor for tensors in given for name, tensor in tensors.tensors.items()}
        readers = [reader for tensors in given for reader in tensors.readers]
        write_result(LazyTensors(everything, readers), merged, target, **writing)
    finally:
        for tensors in given:
            tensors.close()
