"""The graph of a SavedModel in the making, and its Saver."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tfckpt.errors import DataLossError
from tfckpt.graph import Graph, Operation, export_meta_graph
from tfckpt.graph.keys import GraphKeys
from tfckpt.graph.messages import copied, is_message, own
from tfckpt.graph.names import op_name
from tfckpt.graph.op_defs import strip_defaults
from tfckpt.objects.keys import OBJECT_GRAPH_KEY
from tfckpt.parsing import parse_binary
from tfckpt.protos import AttrValue, GraphDef, MetaGraphDef, NodeDef, SaverDef, VariableDef
from tfckpt.saved_model.constants import LEGACY_INIT_OP_KEY, MAIN_OP_KEY
from tfckpt.saved_model.restored import VARIABLE_OPS, check_variables, restores
from tfckpt.saver.var_list import ToSave, not_in_mapping
from tfckpt.saver.variables_graph import NodeMaker, SaverNodes, make_meta_graph

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
    graph: MetaGraphDef | None, tensors: Mapping[str, ToSave], saver_def: SaverDef
) -> MetaGraphDef:
    """Return a graph that restores these variables: the one given, or one of them alone.

    A graph that can restore already is left as it is; another gets a Saver of its own.

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
    if not restores(graph) and op_name(saver_def.restore_op_name):
        with_names = copied(graph)
        with_names.saver_def.CopyFrom(saver_def)
        graph = with_names if restores(with_names) else graph
    if not restores(graph):
        graph = _with_saver(copied(graph), tensors, saver_def)
    check_variables(graph, tensors)
    return graph


def _of_variables(tensors: Mapping[str, ToSave], saver_def: SaverDef) -> MetaGraphDef:
    specs = {name: tensor.spec for name, tensor in tensors.items()}
    return make_meta_graph(specs, [list(specs)], saver_def)


def _with_saver(
    graph: MetaGraphDef, tensors: Mapping[str, ToSave], saver_def: SaverDef
) -> MetaGraphDef:
    nodes = _variables(graph)
    missing = sorted(nodes.keys() - tensors.keys())
    if missing:
        raise not_in_mapping(missing, list(tensors))
    graph.ClearField("saver_def")
    if not nodes:
        return graph
    specs = {name: tensors[name].spec for name in sorted(nodes)}
    maker = NodeMaker({node.name for node in graph.graph_def.node}, graph)
    names = {name: node.name for name, node in nodes.items()}
    saver = _AnySaverNodes(maker, maker.scope("save"), names)
    saver.references = {name for name, node in nodes.items() if node.op != "VarHandleOp"}
    saver.add(specs, [list(specs)], saver_def)
    return graph


class _AnySaverNodes(SaverNodes):
    """A Saver of variables of both kinds: resources, and the references of TensorFlow 1."""

    references: set[str] = set()  # noqa: RUF012

    def read(self, name: str, kind: AttrValue) -> str:
        return self.variables[name] if name in self.references else super().read(name, kind)

    def assign(self, name: str, value: str, kind: AttrValue) -> str:
        if name not in self.references:
            return super().assign(name, value, kind)
        yes = AttrValue(b=True)
        inputs = [self.variables[name], value]
        return self.graph.add(
            f"{self.scope}/Assign", "Assign", inputs, T=kind, validate_shape=yes, use_locking=yes
        )


def _variables(graph: MetaGraphDef) -> dict[str, NodeDef]:
    """Return the nodes of the variables to save, by the names that they have in a checkpoint.

    They are those of the collection of variables; without one, all that there are.
    """
    nodes = {node.name: node for node in graph.graph_def.node if node.op in VARIABLE_OPS}
    if GraphKeys.GLOBAL_VARIABLES not in graph.collection_def:
        return nodes
    values = graph.collection_def[GraphKeys.GLOBAL_VARIABLES].bytes_list.value
    try:
        names = [op_name(parse_binary(value, VariableDef).variable_name) for value in values]
    except DataLossError:
        raise DataLossError("the graph's collection of variables is damaged") from None
    return {name: nodes[name] for name in names if name in nodes}


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
