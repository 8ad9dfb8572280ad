"""The graph of a SavedModel in the making, and its Saver."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tfckpt.graph import Graph, Operation, export_meta_graph
from tfckpt.graph.messages import copied, is_message, own
from tfckpt.graph.op_defs import strip_defaults
from tfckpt.names import OBJECT_GRAPH_KEY
from tfckpt.protos import GraphDef, MetaGraphDef, SaverDef
from tfckpt.saved_model.constants import LEGACY_INIT_OP_KEY, MAIN_OP_KEY
from tfckpt.saved_model.fitting import check_variables
from tfckpt.saver.given_graph import variables_of, with_saver
from tfckpt.saver.restored import has_restore
from tfckpt.saver.var_list import ToSave, not_in_mapping
from tfckpt.saver.variables_graph import make_meta_graph

GraphLike = Graph | MetaGraphDef | GraphDef


def as_meta_graph(graph: GraphLike) -> MetaGraphDef:
    """Return a graph of any kind as a MetaGraphDef, which is the caller's own."""
    if is_message(graph, MetaGraphDef):
        return copied(own(graph, MetaGraphDef, "graph"))
    if is_message(graph, GraphDef):
        return export_meta_graph(graph_def=own(graph, GraphDef, "graph"), graph=Graph())
    if isinstance(graph, Graph):
        return export_meta_graph(graph=graph)
    raise TypeError(
        f"graph must be a Graph, a MetaGraphDef or a GraphDef, not {type(graph).__name__}"
    )


def fit_graph(
    graph: MetaGraphDef | None,
    tensors: Mapping[str, ToSave],
    saver_def: SaverDef,
    *,
    any_saver: bool,
) -> MetaGraphDef:
    """Return a graph that restores these variables: the one given, or one of them alone.

    A graph without the Saver of `saver_def` gets it; with `any_saver` one that has a Saver already
    keeps that.

    Raises TensorNotFoundError (a KeyError), InvalidArgumentError (a ValueError) for weights that
    do not fit the graph.
    """
    if graph is None:
        if OBJECT_GRAPH_KEY in tensors:
            raise ValueError(
                "these are the variables of a TensorFlow 2 model, which mean nothing without its "
                "graph: give the MetaGraphDef that `load` returned (graph=)"
            )
        return _of_variables(tensors, saver_def)
    if not (any_saver and has_restore(graph.graph_def, graph.saver_def)):
        graph = copied(graph)
        if has_restore(graph.graph_def, saver_def):
            graph.saver_def.CopyFrom(saver_def)
        else:
            graph = _with_saver(graph, tensors, saver_def)
    check_variables(graph, tensors)
    return graph


def _with_saver(
    graph: MetaGraphDef, tensors: Mapping[str, ToSave], saver_def: SaverDef
) -> MetaGraphDef:
    variables = variables_of(graph)
    missing = sorted({one.name for one in variables} - tensors.keys())
    if missing:
        raise not_in_mapping(missing, list(tensors))
    return with_saver(graph, [variables], saver_def)


def _of_variables(tensors: Mapping[str, ToSave], saver_def: SaverDef) -> MetaGraphDef:
    specs = {name: tensor.spec for name, tensor in tensors.items()}
    return make_meta_graph(specs, [list(specs)], saver_def)


def clear_devices(graph: MetaGraphDef) -> None:
    for node in graph.graph_def.node:
        node.device = ""


def strip_default_attrs(graph: MetaGraphDef) -> None:
    strip_defaults(graph.graph_def)
    graph.meta_info_def.stripped_default_attrs = True


def set_main_op(graph: MetaGraphDef, main_op: Any) -> None:
    """Record the operation that a loader runs after restoring.

    Raises TypeError for what is no operation, ValueError for one that the graph does not have, or
    if it has such an operation already.
    """
    if not isinstance(main_op, (Operation, str)):
        raise TypeError(
            f"Expected {main_op} to be an Operation (or the name of one) but got type "
            f"{type(main_op)} instead."
        )
    name = main_op if isinstance(main_op, str) else main_op.name
    if all(node.name != name for node in graph.graph_def.node):
        raise ValueError(f"the graph has no operation {name!r} to run as main_op")
    for key in (MAIN_OP_KEY, LEGACY_INIT_OP_KEY):
        if key in graph.collection_def and graph.collection_def[key].node_list.value:
            raise ValueError(
                f"Graph already contains one or more main ops under the collection {key}."
            )
    graph.collection_def[MAIN_OP_KEY].node_list.value.append(name)
