"""The graph that a Saver was given, as it writes it beside a checkpoint."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from tfckpt.dtypes import DataType
from tfckpt.errors import DataLossError
from tfckpt.graphdef.keys import GraphKeys
from tfckpt.graphdef.live import LiveGraph, as_meta_graph
from tfckpt.graphdef.names import op_name
from tfckpt.graphdef.op_defs import VARIABLE_OPS, strip_defaults
from tfckpt.graphdef.saver_nodes import drop_extraneous_savers
from tfckpt.parsing import parse_binary
from tfckpt.protos import MetaGraphDef, NodeDef, SaverDef, SaveSliceInfoDef, VariableDef
from tfckpt.saver.definition import scope_of
from tfckpt.saver.nodes import DEFAULT_FILENAME, NodeMaker, SavedVariable, SaverNodes
from tfckpt.saver.restored import has_restore, restored_variables

GivenGraph = LiveGraph | MetaGraphDef


def unused_scope(graph: GivenGraph, wanted: str) -> str:
    """Return a name scope for a new Saver: `wanted`, with a number where the graph has it."""
    graph_def = graph.as_graph_def() if isinstance(graph, LiveGraph) else graph.graph_def
    return NodeMaker({node.name for node in graph_def.node}).scope(wanted)


def places_in(graph: GivenGraph, saver_def: SaverDef) -> dict[str, object] | None:
    """Return the variables of a Saver in a graph: names in a checkpoint -> names in the graph.

    They are those that its restore operation restores; where the graph has none, all variables.
    None where the graph does not say it.
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
    """Return where the value of each variable is; that of a partitioned one under its own name."""
    return {one.name: one.name if one.part else one.node for one in variables}


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
    for one in variables:
        by_name.setdefault(one.name, []).append(one)
    parts = [[one for name in names for one in by_name[name]] for names in shards if names]
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
        shown = ", ".join(map(repr, strangers[:5])) + ", ..." * (len(strangers) > 5)
        raise ValueError(f"{len(strangers)} of var_list are no variables of the graph: {shown}")
    names = {place: name for name, place in places.items()}
    wanted = [(names.get(one.name if one.part else one.node), one) for one in variables]
    return [one._replace(name=name) for name, one in wanted if name is not None]


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

    Where `own_scope`, they stand where no others do; else among those that are there.
    """
    meta_graph.ClearField("saver_def")
    if any(shards):
        maker = NodeMaker({node.name for node in meta_graph.graph_def.node}, meta_graph)
        scope = scope_of(saver_def)
        saver = SaverNodes(maker, maker.scope(scope) if own_scope else scope)
        saver.add(shards, saver_def, filename=filename, reshape=reshape)
    return meta_graph


def without(
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
    for node in meta_graph.graph_def.node if clear_devices else ():
        node.device = ""
    if collection_list is not None:
        for name in set(meta_graph.collection_def) - set(collection_list):
            del meta_graph.collection_def[name]
    if strip_default_attrs:
        strip_defaults(meta_graph.graph_def)
        meta_graph.meta_info_def.stripped_default_attrs = True
    return meta_graph


def variables_of(meta_graph: MetaGraphDef, *, unlisted: bool = False) -> list[SavedVariable]:
    """List the variables to save, sorted by the names that they have in a checkpoint.

    They are those of the collection of variables; without one, or with `unlisted`, all that there
    are.
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
        listed = {op_name(one.variable_name) for one in definitions}
        definitions += [VariableDef(variable_name=f"{name}:0") for name in nodes.keys() - listed]
    found = {op_name(one.variable_name): one for one in definitions}
    saved = [_saved(nodes[name], one) for name, one in found.items() if name in nodes]
    return sorted(saved, key=lambda one: (one.name, one.part))


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
    """Write which slice of a partitioned variable one is (``variables.py``, ``SaveSliceInfo``)."""
    extents = zip(info.var_offset, info.var_shape, strict=False)
    shape = " ".join(map(str, info.full_shape))
    return f"{shape} " + ":".join(f"{start},{length}" for start, length in extents)
