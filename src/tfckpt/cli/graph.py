"""`tfckpt graph FILE`: what is in a graph."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import click

from tfckpt.dtypes import python_name

if TYPE_CHECKING:
    from rich.table import Table

    from tfckpt.graphdef.summary import Endpoint, GraphSummary


@click.command("graph")
@click.argument("file", type=click.Path())
@click.option("--ops", "most", default=20, show_default=True, help="Ops to show; 0 for all.")
@click.option("--json", "as_json", is_flag=True, help="Print all of it as JSON.")
def graph_command(file: str, most: int, as_json: bool) -> None:
    """Show what is in a graph: a .meta, .pb or .pbtxt file, binary or text, or a SavedModel."""
    from tfckpt.graphdef.listing import meta_graphs_of
    from tfckpt.graphdef.summary import summarize

    found = [summarize(meta_graph) for meta_graph in meta_graphs_of(file)]
    if as_json:
        click.echo(json.dumps([_plain(summary) for summary in found], indent=2))
        return
    from tfckpt.cli.output import console

    out = console()
    for summary in found:
        for part in _parts(summary, most):
            out.print(part, markup=False)


def _parts(summary: GraphSummary, most: int) -> Iterator[Any]:
    from tfckpt.cli.output import harmless

    yield harmless(_head(summary))
    ends = ("name", "type", "shape")
    variables = ("name", "type", "shape", "trainable", "in checkpoint as")
    signatures = ("signature", "way", "key", "tensor", "type", "shape")
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
        filled = _table(columns, rows)
        if filled.row_count:
            yield f"\n{title}"
            yield filled


def _head(summary: GraphSummary) -> str:
    by = f", written by TensorFlow {summary.tensorflow_version}" * bool(summary.tensorflow_version)
    tags = f", tagged {' '.join(summary.tags)}" * bool(summary.tags)
    needs = f", min consumer {summary.min_consumer}" * bool(summary.min_consumer)
    return f"{summary.nodes} nodes{by}, producer version {summary.producer}{needs}{tags}"


def _table(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Table:
    from rich.text import Text

    from tfckpt.cli.output import harmless, table

    filled = table(*columns, right=("count", "items"))
    for row in rows:
        filled.add_row(*(Text(harmless(cell)) for cell in row))  # no name is taken for markup
    return filled


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
    """Return tuples with fields as dicts, for JSON."""
    if hasattr(value, "_asdict"):
        return {key: _plain(item) for key, item in value._asdict().items()}
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return getattr(value, "name", value)
