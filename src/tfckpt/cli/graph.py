"""`tfckpt graph FILE`: what is in a graph."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import click

from tfckpt.cli import text
from tfckpt.cli.completion import complete_path
from tfckpt.cli.output import json_line
from tfckpt.dtypes import DataType, python_name
from tfckpt.locate import SAVED_MODEL_FILES
from tfckpt.names import shown
from tfckpt.wording import harmless, plural

if TYPE_CHECKING:
    from tfckpt.graphdef.summary import Endpoint, GraphSummary

_KEYS = {"type": "dtype", "data_type": "dtype"}  # as all commands call an element type
_GRAPHS = (".meta", ".pb", ".pbtxt")
_NUMBERS = ("count", "items")
_NAMES = ("name", "in checkpoint as", "op", "key", "signature", "tensor")  # columns that fold


@click.command("graph")
@click.argument("file", type=click.Path(), shell_complete=complete_path)
@click.option("--ops", "most", default=20, show_default=True, help="Ops to show; 0 for all.")
@click.option("--json", "as_json", is_flag=True, help="Print all of it as one JSON object.")
def graph_command(file: str, most: int, as_json: bool) -> None:
    """Show what is in a graph: a .meta, .pb or .pbtxt file, binary or text, or a SavedModel."""
    from tfckpt.graphdef.listing import meta_graphs_of
    from tfckpt.graphdef.summary import summarize

    _check_no_folder(file)
    found = [summarize(meta_graph) for meta_graph in meta_graphs_of(file)]
    if as_json:
        text.write([json_line("graph/1", {"path": file, "graphs": list(map(_plain, found))})])
        return
    for number, summary in enumerate(found):
        if number:
            text.write([""])
        text.write(_lines(summary, most))


def _check_no_folder(path: str) -> None:
    """Say which graphs there are in a folder that is no SavedModel."""
    names = os.listdir(path) if os.path.isdir(path) else []
    if names and set(SAVED_MODEL_FILES).isdisjoint(names):
        graphs = sorted(name for name in names if name.endswith(_GRAPHS))
        there = f"; there is {harmless(shown(graphs, 5))}" if graphs else ""
        raise click.ClickException(
            f"{harmless(path)}: this is a folder, where a graph's file is expected{there}"
        )


def _lines(summary: GraphSummary, most: int) -> Iterator[str]:
    yield harmless(_head(summary))
    ends = ("name", "type", "shape")
    variables = ("name", "type", "shape", "trainable", "in checkpoint as")
    signatures = ("signature", "way", "key", "tensor", "type", "shape")
    width = text.columns()
    tables: tuple[tuple[str, tuple[str, ...], Iterable[tuple[str, ...]]], ...] = (
        ("Ops", ("op", "count"), _op_rows(summary, most)),
        ("Inputs", ends, map(_endpoint_row, summary.inputs)),
        ("Outputs", ends, map(_endpoint_row, summary.outputs)),
        ("Variables", variables, _variable_rows(summary)),
        ("Collections", ("key", "kind", "items"), _collection_rows(summary)),
        ("Signatures", signatures, _signature_rows(summary)),
        ("Functions", ("name",), ((name,) for name in summary.functions)),
    )
    for title, columns, rows in tables:
        filled = list(rows)
        if filled:
            yield from ("", text.bold(title))
            folds = [column for column in columns if column in _NAMES]
            yield from text.table(columns, filled, right=_NUMBERS, folds=folds, width=width)


def _head(summary: GraphSummary) -> str:
    by = f", written by TensorFlow {summary.tensorflow_version}" * bool(summary.tensorflow_version)
    tags = f", tagged {' '.join(summary.tags)}" * bool(summary.tags)
    needs = f", min consumer {summary.min_consumer}" * bool(summary.min_consumer)
    return f"{plural(summary.nodes, 'node')}{by}, producer version {summary.producer}{needs}{tags}"


def _op_rows(summary: GraphSummary, most: int) -> Iterable[tuple[str, ...]]:
    ordered = sorted(summary.ops.items(), key=lambda item: (-item[1], item[0]))
    shown = ordered[:most] if most else ordered
    yield from ((op, str(count)) for op, count in shown)
    if len(shown) < len(ordered):
        rest = sum(count for _, count in ordered[len(shown) :])
        yield f"({len(ordered) - len(shown)} more)", str(rest)


def _endpoint_row(end: Endpoint) -> tuple[str, ...]:
    return end.name, end.type, _shape(end.shape)


def _shape(shape: tuple[int | None, ...] | None) -> str:
    if shape is None:
        return "?"
    return f"[{', '.join('?' if size is None else str(size) for size in shape)}]"


def _variable_rows(summary: GraphSummary) -> Iterable[tuple[str, ...]]:
    for variable in summary.variables:
        kind = python_name(variable.data_type)
        trainable = {None: "", True: "yes", False: "no"}[variable.trainable]
        yield variable.name, kind, _shape(variable.shape), trainable, variable.checkpoint_key


def _collection_rows(summary: GraphSummary) -> Iterable[tuple[str, ...]]:
    return (
        (collection.key, collection.kind, str(collection.size))
        for collection in summary.collections
    )


def _signature_rows(summary: GraphSummary) -> Iterable[tuple[str, ...]]:
    for signature in summary.signatures:
        for way, ends in (("in", signature.inputs), ("out", signature.outputs)):
            for key, end in ends.items():
                yield signature.key, way, key, *_endpoint_row(end)


def _plain(value: Any) -> Any:
    """Return it in JSON's types: tuples with fields as dicts."""
    if hasattr(value, "_asdict"):
        return {_KEYS.get(key, key): _plain(item) for key, item in value._asdict().items()}
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return python_name(value) if isinstance(value, DataType) else value
