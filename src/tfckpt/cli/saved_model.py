"""``tfckpt saved-model``: what a SavedModel can be asked, and what belongs to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import click

from tfckpt.checkpoint import open_prefix
from tfckpt.cli import text
from tfckpt.cli.completion import complete_path
from tfckpt.cli.output import json_line
from tfckpt.dtypes import python_name
from tfckpt.graphdef.attr_values import shape_of
from tfckpt.protos import MetaGraphDef, SignatureDef, TensorInfo
from tfckpt.reader import TensorInfo as StoredInfo
from tfckpt.saved_model.assets import asset_file_defs
from tfckpt.saved_model.constants import INIT_OP_SIGNATURE_KEY, TRAIN_OP_SIGNATURE_KEY
from tfckpt.saved_model.files import has_variables, model_file, read_saved_model, variables_prefix
from tfckpt.saved_model.ops import get_init_op, get_train_op
from tfckpt.saved_model.utils import tensor_names
from tfckpt.wording import harmless, plural, shape_text

_OPERATIONS = (INIT_OP_SIGNATURE_KEY, TRAIN_OP_SIGNATURE_KEY)


@click.command("saved-model")
@click.argument("folder", metavar="DIR", shell_complete=complete_path)
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
        made = {"path": folder, "graphs": found, "variables": listed}
        text.write([json_line("saved-model/1", made)])
        return
    width = text.columns()
    text.write([harmless(str(model_file(folder)))])
    for facts in found:
        text.write(_lines_of(facts, width))
    if signature is None:
        text.write(_lines_of_variables(variables, width))


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
        "dtype": python_name(info.dtype),
        "shape": None if shape is None else list(shape),
    }


def _stored(info: StoredInfo) -> dict[str, Any]:
    return {"dtype": python_name(info.data_type), "shape": list(info.shape)}


def _lines_of(graph: Mapping[str, Any], width: int | None) -> Iterator[str]:
    yield ""
    tags = harmless(", ".join(graph["tags"])) or "none"
    objects = f", {plural(graph['objects'], 'object')}" if graph["objects"] else ""
    yield (
        f"{text.bold(f'tags: {tags}')}  (TensorFlow {harmless(graph['tensorflow_version'])}; "
        f"{plural(graph['nodes'], 'node')}, {plural(graph['functions'], 'function')}{objects})"
    )
    for key, signature in graph["signatures"].items():
        method = harmless(signature["method"])
        yield from ("", f"  signature {text.bold(harmless(key))}  {method}")
        rows = [
            (f"    {side[:-1]:<6}  {name}", *_cells(tensor))
            for side in ("inputs", "outputs")
            for name, tensor in signature[side].items()
        ]
        titles = ("", "type", "shape", "tensor")
        yield from text.table(titles, rows, folds=("tensor", ""), width=width)
    if graph["init_op"] or graph["train_op"] or graph["assets"]:
        yield ""
    for what in ("init_op", "train_op"):
        if graph[what]:
            yield f"  {what.replace('_', ' ')}: {harmless(graph[what])}"
    for filename, tensor in graph["assets"]:
        yield f"  asset: assets/{harmless(filename)} -> {harmless(tensor)}"


def _cells(tensor: Mapping[str, Any]) -> tuple[str, str, str]:
    shape = tensor["shape"]
    sizes = None if shape is None else ["?" if size is None else size for size in shape]
    return (
        tensor["dtype"],
        "unknown" if sizes is None else f"[{', '.join(map(str, sizes))}]",
        tensor["tensor"],
    )


def _lines_of_variables(variables: Mapping[str, StoredInfo], width: int | None) -> Iterator[str]:
    yield ""
    yield text.bold(plural(len(variables), "variable"))
    rows = [
        (f"  {name}", python_name(info.data_type), shape_text(info.shape))
        for name, info in variables.items()
    ]
    if rows:
        yield from text.table(("name", "type", "shape"), rows, width=width)
