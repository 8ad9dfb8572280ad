"""The graph of a SavedModel in the making, and its Saver."""

from __future__ import annotations

from collections.abc import Mapping

from tfckpt.graph import Graph, export_meta_graph
from tfckpt.graphdef.live import LiveGraph, as_meta_graph
from tfckpt.graphdef.messages import as_message, copied
from tfckpt.names import OBJECT_GRAPH_KEY
from tfckpt.protos import GraphDef, MetaGraphDef, SaverDef, is_message
from tfckpt.saved_model.fitting import check_variables
from tfckpt.saver import Saver
from tfckpt.saver.definition import scope_of
from tfckpt.saver.given_graph import to_write, unused_scope, variable_places
from tfckpt.saver.restored import has_restore, restored_variables
from tfckpt.saver.var_list import ToSave, not_in_mapping
from tfckpt.saver.variables_graph import make_meta_graph

GraphToSave = LiveGraph | MetaGraphDef | GraphDef


def new_meta_graph(graph: GraphToSave) -> MetaGraphDef:
    """Return a graph of any kind as a MetaGraphDef, which is the caller's own."""
    if is_message(graph, MetaGraphDef):
        return copied(as_message(graph, MetaGraphDef, "graph"))
    if is_message(graph, GraphDef):
        return export_meta_graph(graph_def=as_message(graph, GraphDef, "graph"), graph=Graph())
    if isinstance(graph, LiveGraph):
        return as_meta_graph(graph)
    raise TypeError(
        f"graph must be a Graph, a MetaGraphDef or a GraphDef, not {type(graph).__name__}"
    )


def fit_graph(
    graph: MetaGraphDef | None,
    tensors: Mapping[str, ToSave],
    saver: Saver,
    *,
    any_saver: bool,
) -> MetaGraphDef:
    """Return a graph that restores these variables: the one given, or one of them alone.

    A graph without the operations of `saver` gets them, under a name that is not taken; with
    `any_saver` one that has a Saver already keeps that.

    Raises TensorNotFoundError (a KeyError), InvalidArgumentError (a ValueError) for weights that
    do not fit the graph.
    """
    saver_def = saver.as_saver_def() or SaverDef()
    if graph is None:
        return _of_variables(tensors, saver.places, saver_def)
    if not (any_saver and has_restore(graph.graph_def, graph.saver_def)):
        chosen = _restored(graph, saver.places)
        if saver.meta_graph is None and chosen is not None:
            saver_def = _free_for(graph, saver_def, chosen)
        graph = to_write(graph, saver_def, chosen, [])
    check_variables(graph, tensors)
    return graph


def _restored(graph: MetaGraphDef, places: Mapping[str, object] | None) -> dict[str, object] | None:
    """Return which variables of a graph take the tensors of a Saver; None for all that there are.

    A tensor is taken by the variable from which the Saver saves it, else by the variable of its own
    name. A tensor for which there is neither is stored, and not restored.
    """
    if places is None:
        return None
    known = set(variable_places(graph, unlisted=True).values())
    named = {name: place for name, place in places.items() if isinstance(place, str)}
    chosen = {name: place for name, place in named.items() if place in known}
    free = known - set(chosen.values())
    return {**chosen, **{name: name for name in places if name in free and name not in chosen}}


def _free_for(graph: MetaGraphDef, saver_def: SaverDef, chosen: dict[str, object]) -> SaverDef:
    """Return a SaverDef under another name, if one of that name restores other variables."""
    if restored_variables(graph.graph_def, saver_def) in (None, chosen):
        return saver_def
    free = copied(saver_def)
    free.restore_op_name = f"{unused_scope(graph, scope_of(saver_def))}/restore_all"
    return free


def _of_variables(
    tensors: Mapping[str, ToSave], places: Mapping[str, object] | None, saver_def: SaverDef
) -> MetaGraphDef:
    if OBJECT_GRAPH_KEY in tensors:
        raise ValueError(
            "these are the variables of a TensorFlow 2 model, which mean nothing without its "
            "graph: give the MetaGraphDef that `load` returned (graph=)"
        )
    names = sorted(tensors if places is None else places)
    missing = [name for name in names if name not in tensors]
    if missing:
        raise not_in_mapping(missing, list(tensors))
    specs = {name: tensors[name].spec for name in names}
    return MetaGraphDef.FromString(make_meta_graph(specs, [names], saver_def))
