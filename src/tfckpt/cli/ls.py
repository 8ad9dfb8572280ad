"""``tfckpt ls``: what a checkpoint holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import click

from tfckpt.bundle.entry import Entry
from tfckpt.bundle.reader import BundleReader
from tfckpt.checking.bundles import missing_data
from tfckpt.cli import text
from tfckpt.cli.completion import complete_path
from tfckpt.cli.output import json_line
from tfckpt.looking.listing import SORTS, by_scope, chosen_tensors, folded
from tfckpt.looking.opening import open_any
from tfckpt.pause import no_collection
from tfckpt.reader import TensorInfo, TensorReader
from tfckpt.wording import bytes_text, harmless, plural, shape_text

NamedInfo = tuple[str, TensorInfo]


@click.command("ls")
@click.argument("path", shell_complete=complete_path)
@click.option("--filter", "patterns", multiple=True, metavar="GLOB", help="Only names like this.")
@click.option("--sort", type=click.Choice([*SORTS]), default="name", show_default=True)
@click.option("--depth", type=click.IntRange(min=1), help="Add up by scopes of so many levels.")
@click.option("--fold", is_flag=True, help="One line for tensors alike but for numbers in names.")
@click.option("-l", "--long", "long", is_flag=True, help="Checksum, shard and offset too.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a tensor.")
def ls_command(
    path: str,
    patterns: tuple[str, ...],
    sort: str,
    depth: int | None,
    fold: bool,
    long: bool,
    as_json: bool,
) -> None:
    """List the tensors of PATH: name, element type, shape and stored size.

    Exits with 0, 1 where data that the index speaks of is missing or in case of an error, 2 for
    wrong arguments.
    """
    with open_any(path) as reader, no_collection():
        items = chosen_tensors(reader.infos(), patterns, sort)
        if as_json:
            text.write(_json_lines(reader, items, long))
        else:
            width = text.columns()
            if depth is not None:
                lines = _scopes(items, depth, sort, width)
            elif fold:
                lines = _folded(items, width)
            else:
                lines = _listing(reader, items, long, width)
            text.write(lines)
            total = sum(info.stored_size for _, info in items)
            elements = plural(sum(info.size for _, info in items), "element")
            tensors = plural(len(items), "tensor")
            where = harmless(reader.path)
            text.write(["", f"{tensors}, {elements}, {bytes_text(total)} in {where}"])
        missing = missing_data(reader) if isinstance(reader, BundleReader) else []
    for error in missing:
        click.echo(f"tfckpt: {harmless(str(error))}", err=True)
    if missing:
        raise click.exceptions.Exit(1)


def _listing(
    reader: TensorReader, items: Sequence[NamedInfo], long: bool, width: int | None
) -> Iterator[str]:
    titles = ["name", "type", "shape", "size"]
    rows = []
    for name, info in items:
        pieces = f" in {len(info.slices)} slices" if info.slices else ""
        row = [
            name,
            info.type_name,
            shape_text(info.shape) + pieces,
            bytes_text(info.stored_size),
        ]
        if not long or not isinstance(reader, BundleReader):
            rows.append(row)
            continue
        entry = reader.entry(name)
        rows.append([*row, *(_place(entry) if not entry.slices else ("", "", ""))])
        for tensor_slice in entry.slices:
            stored = reader.slice_entry(name, tensor_slice)
            size = bytes_text(stored.size)
            rows.append(
                [f"  slice {tensor_slice}", "", shape_text(stored.shape), size, *_place(stored)]
            )
    if long and isinstance(reader, BundleReader):
        titles += ["checksum", "shard", "offset"]
    return text.table(titles, rows, right=("size", "shard", "offset"), width=width)


def _place(entry: Entry) -> tuple[str, str, str]:
    return f"{entry.crc32c:08x}", str(entry.shard_id), str(entry.offset)


def _scopes(items: Sequence[NamedInfo], depth: int, sort: str, width: int | None) -> Iterator[str]:
    scopes = by_scope(items, depth)
    if sort in ("size", "elements"):
        scopes.sort(key=lambda scope: -(scope.size if sort == "size" else scope.elements))
    titles = ("scope", "tensors", "elements", "size")
    rows = [
        (
            scope.name or "(root)",
            f"{scope.tensors:,}",
            f"{scope.elements:,}",
            bytes_text(scope.size),
        )
        for scope in scopes
    ]
    return text.table(titles, rows, right=titles[1:], width=width)


def _folded(items: Sequence[NamedInfo], width: int | None) -> Iterator[str]:
    rows = [
        (
            fold.name,
            fold.info.type_name,
            shape_text(fold.info.shape),
            bytes_text(fold.info.stored_size),
            f"x {fold.times:,}" if fold.times > 1 else "",
        )
        for fold in folded(items)
    ]
    return text.table(("name", "type", "shape", "size", ""), rows, right=("size",), width=width)


def _json_lines(reader: TensorReader, items: Sequence[NamedInfo], long: bool) -> Iterator[str]:
    for name, info in items:
        made: dict[str, Any] = {
            "name": name,
            "dtype": info.type_name,
            "shape": list(info.shape),
            "size": info.stored_size,
            "slices": [str(tensor_slice) for tensor_slice in info.slices],
        }
        if long and isinstance(reader, BundleReader):
            entry = reader.entry(name)
            slices = [reader.slice_entry(name, tensor_slice) for tensor_slice in entry.slices]
            made["stored"] = [
                {
                    "shard": entry.shard_id,
                    "offset": entry.offset,
                    "size": entry.size,
                    "crc32c": entry.crc32c,
                }
                for entry in slices or [entry]
            ]
        yield json_line("ls/1", made)
