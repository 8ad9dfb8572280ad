"""The graph that a Saver was given, as it writes it beside a checkpoint.

Takes a Graph or a MetaGraphDef, which stays as it is, and gives MetaGraphDefs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from tfckpt.dtypes import DataType
from tfckpt.errors import DataLossError
from tfckpt.graphdef.devices import clear_devices as without_devices
from tfckpt.graphdef.keys import GraphKeys
from tfckpt.graphdef.live import LiveGraph, as_meta_graph
from tfckpt.graphdef.meta_info import strip_attrs
from tfckpt.graphdef.names import op_name
from tfckpt.graphdef.op_defs import VARIABLE_OPS
from tfckpt.graphdef.saver_nodes import drop_extraneous_savers
from tfckpt.names import shown
from tfckpt.parsing import parse_binary
from tfckpt.protos import MetaGraphDef, NodeDef, SaverDef, SaveSliceInfoDef, VariableDef
from tfckpt.saver.definition import scope_of
from tfckpt.saver.nodes import DEFAULT_FILENAME, NodeMaker, SavedVariable, SaverNodes
from tfckpt.saver.restored import has_restore, restored_variables
from tfckpt.tensors.slices import format_shape_and_slice

GivenGraph = LiveGraph | MetaGraphDef


def unused_scope(graph: GivenGraph, wanted: str) -> str:
    """Return a name scope for a new Saver: `wanted`, with a number where the graph has it."""
    graph_def = graph.as_graph_def() if isinstance(graph, LiveGraph) else graph.graph_def
    return NodeMaker({node.name for node in graph_def.node}).scope(wanted)


def places_in(graph: GivenGraph, saver_def: SaverDef) -> dict[str, object] | None:
    """Return the variables of a Saver in a graph: names in a checkpoint -> names in the graph.

    These are the variables that its restore operation restores; all, where the graph has no such
    operation. None where the graph does not say it.
    """
    graph_def = graph.as_graph_def() if isinstance(graph, LiveGraph) else graph.graph_def
    if not has_restore(graph_def, saver_def):
        return variable_places(graph) or None
    restored = restored_variables(graph_def, saver_def)
    return dict(restored) if restored else None


def variable_places(graph: GivenGraph, *, unlisted: bool = False) -> dict[str, object]:
    """Return the `variables_of` a graph: names in a checkpoint -> names in the graph."""
    return _places(variables_of(as_meta_graph(graph), unlisted=unlisted))


def _places(variables: Iterable[SavedVariable]) -> dict[str, object]:
    """Return where the value of each variable is: a part's lies in the whole, under its name."""
    return {saved.name: saved.name if saved.part else saved.node for saved in variables}


def to_write(
    graph: GivenGraph,
    saver_def: SaverDef,
    places: Mapping[str, object] | None,
    shards: Sequence[Sequence[str]],
    *,
    filename: bytes = DEFAULT_FILENAME,
    reshape: bool = False,
) -> MetaGraphDef:
    """Return a graph as it is now, with a Saver's operations, which are added if it has none.

    Raises ValueError for `places` that are no variables of the graph.
    """
    meta_graph = as_meta_graph(graph)
    if has_restore(meta_graph.graph_def, saver_def):
        meta_graph.saver_def.CopyFrom(saver_def)
        return meta_graph
    variables = variables_of(meta_graph, unlisted=places is not None)
    if places is not None:
        variables = _chosen(places, variables)
    by_name: dict[str, list[SavedVariable]] = {}
    for saved in variables:
        by_name.setdefault(saved.name, []).append(saved)
    parts = [[saved for name in names for saved in by_name[name]] for names in shards if names]
    return with_saver(
        meta_graph, parts or [variables], saver_def, filename=filename, reshape=reshape
    )


def _chosen(
    places: Mapping[str, object], variables: Sequence[SavedVariable]
) -> list[SavedVariable]:
    """Return the variables that a `var_list` chooses, under the names that it gives them."""
    known = _places(variables).values()
    strangers = [name for name, place in places.items() if place not in known]
    if strangers:
        listed = shown(strangers, 5, repr)
        raise ValueError(f"{len(strangers)} of var_list are no variables of the graph: {listed}")
    names = {place: name for name, place in places.items()}
    wanted = [(names.get(saved.name if saved.part else saved.node), saved) for saved in variables]
    return [saved._replace(name=name) for name, saved in wanted if name is not None]


def with_saver(
    meta_graph: MetaGraphDef,
    shards: Sequence[Sequence[SavedVariable]],
    saver_def: SaverDef,
    *,
    own_scope: bool = True,
    filename: bytes = DEFAULT_FILENAME,
    reshape: bool = False,
) -> MetaGraphDef:
    """Add the operations of a Saver for these variables, and its definition.

    With `own_scope` they get a scope that no node stands in; without, the one that `saver_def`
    names.
    """
    meta_graph.ClearField("saver_def")
    if any(shards):
        maker = NodeMaker({node.name for node in meta_graph.graph_def.node})
        scope = scope_of(saver_def)
        saver = SaverNodes(maker, maker.scope(scope) if own_scope else scope)
        definition = saver.add(shards, saver_def, filename=filename, reshape=reshape)
        meta_graph.saver_def.CopyFrom(definition)
        meta_graph.graph_def.MergeFromString(b"".join(maker.nodes))
    return meta_graph


def trimmed(
    meta_graph: MetaGraphDef,
    *,
    collection_list: Iterable[str] | None = None,
    clear_devices: bool = False,
    clear_extraneous_savers: bool = False,
    strip_default_attrs: bool = False,
) -> MetaGraphDef:
    """Take out of a graph what is not wanted, as the arguments of `export_meta_graph` say."""
    if clear_extraneous_savers:
        drop_extraneous_savers(meta_graph)
    if clear_devices:
        without_devices(meta_graph.graph_def)
    if collection_list is not None:
        for name in set(meta_graph.collection_def) - set(collection_list):
            del meta_graph.collection_def[name]
    if strip_default_attrs:
        strip_attrs(meta_graph)
    return meta_graph


def variables_of(meta_graph: MetaGraphDef, *, unlisted: bool = False) -> list[SavedVariable]:
    """List the variables to save, sorted by the names that they have in a checkpoint.

    These are the variables of the collection. Without a collection, or with `unlisted`, they are
    all that the graph has.
    """
    nodes = {node.name: node for node in meta_graph.graph_def.node if node.op in VARIABLE_OPS}
    definitions = []
    if GraphKeys.GLOBAL_VARIABLES in meta_graph.collection_def:
        values = meta_graph.collection_def[GraphKeys.GLOBAL_VARIABLES].bytes_list.value
        try:
            definitions = [parse_binary(value, VariableDef) for value in values]
        except DataLossError:
            raise DataLossError("the graph's collection of variables is damaged") from None
    else:
        unlisted = True
    if unlisted:
        listed = {op_name(definition.variable_name) for definition in definitions}
        definitions += [VariableDef(variable_name=f"{name}:0") for name in nodes.keys() - listed]
    found = {op_name(definition.variable_name): definition for definition in definitions}
    variables = [_saved(nodes[name], found[name]) for name in found if name in nodes]
    return sorted(variables, key=lambda saved: (saved.name, saved.part))


def _saved(node: NodeDef, definition: VariableDef) -> SavedVariable:
    info = definition.save_slice_info_def
    is_part = definition.HasField("save_slice_info_def")
    return SavedVariable(
        name=info.full_name if is_part else node.name,
        node=node.name,
        data_type=DataType(node.attr["dtype"].type),
        shape=tuple(dim.size for dim in node.attr["shape"].shape.dim),
        part=_part(info) if is_part else "",
        is_resource=node.op == "VarHandleOp",
    )


def _part(info: SaveSliceInfoDef) -> str:
    """Return the text for a slice of a partitioned variable (``SaveSliceInfo.spec``)."""
    extents = zip(info.var_offset, info.var_shape, strict=False)
    return format_shape_and_slice(tuple(info.full_shape), extents)
