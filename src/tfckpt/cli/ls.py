"""``tfckpt ls``: what a checkpoint holds."""

from __future__ import annotations

import json

import click

from tfckpt.checkpoint import load_checkpoint
from tfckpt.cli.output import bytes_text, console, markup, shape_text, table
from tfckpt.dtypes import data_type_name, python_name
from tfckpt.reader import TensorInfo


@click.command("ls")
@click.argument("path")
@click.option("--sort", type=click.Choice(["name", "size"]), default="name", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a tensor.")
def ls_command(path: str, sort: str, as_json: bool) -> None:
    """List the tensors of PATH: name, element type, shape and stored size."""
    with load_checkpoint(path) as reader:
        infos = list(reader.infos().items())
        where = reader.path
    if sort == "size":
        infos.sort(key=lambda item: -item[1].stored_size)
    if as_json:
        for name, info in infos:
            click.echo(json.dumps(_as_json(name, info)))
        return
    out = console()
    listing = table("name", "type", "shape", "size", right=("size",))
    for name, info in infos:
        pieces = f" in {len(info.slices)} slices" if info.slices else ""
        listing.add_row(
            markup(name),
            python_name(info.data_type),
            markup(shape_text(info.shape)) + pieces,
            bytes_text(info.stored_size),
        )
    out.print(listing)
    out.print()
    out.print(
        f"{len(infos)} tensors, {sum(info.size for _, info in infos):,} elements, "
        f"{bytes_text(sum(info.stored_size for _, info in infos))} in {markup(where)}"
    )


def _as_json(name: str, info: TensorInfo) -> dict[str, object]:
    return {
        "name": name,
        "dtype": data_type_name(info.data_type),
        "shape": list(info.shape),
        "size": info.stored_size,
        "slices": [str(one) for one in info.slices],
    }
