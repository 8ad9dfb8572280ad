"""``tfckpt saved-model``: what a SavedModel can be asked, and what belongs to it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import click
from rich.console import Console

from tfckpt.checkpoint import open_prefix
from tfckpt.cli.output import console, markup, shape_text, table
from tfckpt.dtypes import DataType, data_type_name, python_name
from tfckpt.graphdef.attr_values import shape_of
from tfckpt.protos import MetaGraphDef, SignatureDef, TensorInfo
from tfckpt.reader import TensorInfo as StoredInfo
from tfckpt.saved_model.assets import asset_file_defs
from tfckpt.saved_model.constants import INIT_OP_SIGNATURE_KEY, TRAIN_OP_SIGNATURE_KEY
from tfckpt.saved_model.files import has_variables, model_file, read_saved_model, variables_prefix
from tfckpt.saved_model.ops import get_init_op, get_train_op
from tfckpt.saved_model.utils import tensor_names

_OPERATIONS = (INIT_OP_SIGNATURE_KEY, TRAIN_OP_SIGNATURE_KEY)


@click.command("saved-model")
@click.argument("folder", metavar="DIR")
@click.option("--tag-set", help="Show only the graph with these tags, such as serve,gpu.")
@click.option("--signature", help="Show only the signature of this name.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def saved_model_command(
    folder: str, tag_set: str | None, signature: str | None, as_json: bool
) -> None:
    """Show the SavedModel in DIR: tags, signatures, assets, init ops and variables."""
    graphs = list(read_saved_model(folder).meta_graphs)
    if tag_set is not None:
        tags = set(tag_set.split(","))
        graphs = [graph for graph in graphs if set(_tags(graph)) == tags] or _no_graph(
            tag_set, graphs
        )
    found = [_describe(graph, signature) for graph in graphs]
    if signature is not None and not any(facts["signatures"] for facts in found):
        raise click.BadParameter(f"no graph has a signature {signature!r}", param_hint="signature")
    variables = _variables(folder)
    if as_json:
        listed = {name: _stored(info) for name, info in variables.items()}
        click.echo(json.dumps({"graphs": found, "variables": listed}, indent=2))
        return
    out = console()
    out.print(markup(str(model_file(folder))))
    for facts in found:
        _print_graph(out, facts)
    if signature is None:
        _print_variables(out, variables)


def _no_graph(tag_set: str, graphs: list[MetaGraphDef]) -> list[MetaGraphDef]:
    there = " or ".join(",".join(_tags(graph)) for graph in graphs)
    raise click.BadParameter(
        f"no graph has just the tags {tag_set}; there is {there}", param_hint="--tag-set"
    )


def _tags(graph: MetaGraphDef) -> list[str]:
    return list(graph.meta_info_def.tags)


def _variables(folder: str) -> dict[str, StoredInfo]:
    if not has_variables(folder):
        return {}
    with open_prefix(variables_prefix(folder)) as reader:
        return dict(reader.infos())


def _describe(graph: MetaGraphDef, signature: str | None) -> dict[str, Any]:
    """Return what is to be shown of a graph, in JSON's types."""
    info = graph.meta_info_def
    return {
        "tags": _tags(graph),
        "tensorflow_version": info.tensorflow_version or info.tensorflow_git_version or "unknown",
        "nodes": len(graph.graph_def.node),
        "functions": len(graph.graph_def.library.function),
        "objects": len(graph.object_graph_def.nodes),
        "signatures": {
            key: _signature(graph.signature_def[key])
            for key in sorted(graph.signature_def)
            if key not in _OPERATIONS and signature in (None, key)
        },
        "assets": [[asset.filename, asset.tensor_info.name] for asset in asset_file_defs(graph)],
        "init_op": get_init_op(graph),
        "train_op": get_train_op(graph),
        "restore_op": graph.saver_def.restore_op_name or None,
    }


def _signature(signature: SignatureDef) -> dict[str, Any]:
    return {
        "method": signature.method_name,
        "inputs": _tensors(signature.inputs),
        "outputs": _tensors(signature.outputs),
    }


def _tensors(infos: Mapping[str, TensorInfo]) -> dict[str, Any]:
    return {key: _tensor(infos[key]) for key in sorted(infos)}


def _tensor(info: TensorInfo) -> dict[str, Any]:
    shape = shape_of(info.tensor_shape)
    return {
        "tensor": ", ".join(tensor_names(info)),
        "dtype": data_type_name(info.dtype),
        "shape": None if shape is None else list(shape),
    }


def _stored(info: StoredInfo) -> dict[str, Any]:
    return {"dtype": data_type_name(info.data_type), "shape": list(info.shape)}


def _print_graph(out: Console, graph: Mapping[str, Any]) -> None:
    out.print()
    tags = markup(", ".join(graph["tags"])) or "none"
    objects = f", {graph['objects']} objects" if graph["objects"] else ""
    out.print(
        f"[bold]tags: {tags}[/]  (TensorFlow {markup(graph['tensorflow_version'])}; "
        f"{graph['nodes']} nodes, {graph['functions']} functions{objects})"
    )
    for key, signature in graph["signatures"].items():
        out.print()
        out.print(f"  signature [bold]{markup(key)}[/]  {markup(signature['method'])}")
        listing = table("", "", "type", "shape", "tensor")
        for side in ("inputs", "outputs"):
            for name, tensor in signature[side].items():
                listing.add_row(f"    {side[:-1]}", markup(name), *_cells(tensor))
        out.print(listing)
    if graph["init_op"] or graph["train_op"] or graph["assets"]:
        out.print()
    for what in ("init_op", "train_op"):
        if graph[what]:
            out.print(f"  {what.replace('_', ' ')}: {markup(graph[what])}")
    for filename, tensor in graph["assets"]:
        out.print(f"  asset: assets/{markup(filename)} -> {markup(tensor)}")


def _cells(tensor: Mapping[str, Any]) -> tuple[str, str, str]:
    shape = tensor["shape"]
    sizes = None if shape is None else ["?" if size is None else size for size in shape]
    text = "unknown" if sizes is None else f"[{', '.join(map(str, sizes))}]"
    kind = DataType.__members__.get(tensor["dtype"])
    return (
        tensor["dtype"] if kind is None else python_name(kind),
        markup(text),
        markup(tensor["tensor"]),
    )


def _print_variables(out: Console, variables: Mapping[str, StoredInfo]) -> None:
    out.print()
    out.print(f"[bold]{len(variables)} variables[/]")
    listing = table("name", "type", "shape")
    for name, info in variables.items():
        listing.add_row(
            "  " + markup(name), python_name(info.data_type), markup(shape_text(info.shape))
        )
    if variables:
        out.print(listing)
