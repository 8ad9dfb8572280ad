"""The variables and constants of a graph, from its message alone.

Takes a graph in any form, also as a file. Nothing is imported or checked, so that a graph that
TensorFlow would refuse can be looked into.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from tfckpt.dtypes import DataType, numpy_dtype
from tfckpt.errors import DataLossError, located
from tfckpt.graphdef.attr_values import PartialShape, known_type, shape_of
from tfckpt.graphdef.files import read_graph_file
from tfckpt.graphdef.keys import VARIABLE_COLLECTIONS, GraphKeys
from tfckpt.graphdef.live import LiveGraph, as_meta_graph
from tfckpt.graphdef.messages import as_message
from tfckpt.graphdef.names import op_name
from tfckpt.graphdef.op_defs import VARIABLE_OPS
from tfckpt.locate import SAVED_MODEL_FILES
from tfckpt.names import AnyPath, as_path
from tfckpt.parsing import parse_binary
from tfckpt.protos import (
    GraphDef,
    MetaGraphDef,
    NodeDef,
    SavedModel,
    TensorProto,
    VariableDef,
    is_message,
)
from tfckpt.tensors.tensor_proto import make_ndarray

GraphOrPath: TypeAlias = LiveGraph | GraphDef | MetaGraphDef | SavedModel | AnyPath


class GraphVariable(NamedTuple):
    """A variable of a graph."""

    name: str  # of its node
    shape: PartialShape | None  # None if nothing says it
    data_type: DataType
    checkpoint_key: str  # that of the whole, for a slice of a partitioned variable
    trainable: bool | None  # None if no collection says it

    @property
    def dtype(self) -> np.dtype[Any] | None:
        return numpy_dtype(self.data_type)


def meta_graphs_of(graph: GraphOrPath) -> list[MetaGraphDef]:
    """Return a graph as MetaGraphDefs: one, or all those of a SavedModel (or its folder)."""
    if isinstance(graph, LiveGraph):
        return [as_meta_graph(graph)]
    if is_message(graph, GraphDef):
        return [MetaGraphDef(graph_def=as_message(graph, GraphDef, "graph"))]
    if is_message(graph, MetaGraphDef):
        return [as_message(graph, MetaGraphDef, "graph")]
    if is_message(graph, SavedModel):
        return list(as_message(graph, SavedModel, "graph").meta_graphs)
    return meta_graphs_of(read_graph_file(graph_path(graph)))  # type: ignore[arg-type]


def graph_path(path: AnyPath) -> str:
    """Return the file of a graph: `path` itself, or what it holds as a SavedModel's folder."""
    path = as_path(path)
    for name in SAVED_MODEL_FILES:
        if os.path.isfile(os.path.join(path, name)):
            return os.path.join(path, name)
    return path


def list_graph_variables(graph: GraphOrPath) -> list[GraphVariable]:
    """List the variables of a graph, sorted by name.

    Takes a Graph, a GraphDef, MetaGraphDef or SavedModel, or the path of a file of one. Shape and
    type are those of the variable's node. The VariableDefs of the collections say whether it is
    trainable, and of which whole it is a slice.

    >>> import numpy as np, tfckpt
    >>> graph = tfckpt.Graph()
    >>> w = graph.create_op("VarHandleOp", name="w", attrs={"dtype": np.float32, "shape": (2, 3)})
    >>> [(v.name, v.shape, v.data_type.name) for v in tfckpt.list_graph_variables(graph)]
    [('w', (2, 3), 'DT_FLOAT')]
    """
    found: dict[str, GraphVariable] = {}
    for meta_graph in meta_graphs_of(graph):
        definitions = {op_name(found.variable_name): found for found in variable_defs(meta_graph)}
        for node in meta_graph.graph_def.node:
            if node.op in VARIABLE_OPS:
                found[node.name] = _variable(node, definitions.get(node.name))
    return [found[name] for name in sorted(found)]


def _variable(node: NodeDef, definition: VariableDef | None) -> GraphVariable:
    shape = shape_of(node.attr["shape"].shape) if "shape" in node.attr else None
    kind = known_type(node.attr["dtype"].type if "dtype" in node.attr else 0)
    key, trainable = node.name, None
    if definition is not None:
        key = definition.save_slice_info_def.full_name or node.name
        trainable = definition.trainable
    return GraphVariable(
        name=node.name, shape=shape, data_type=kind, checkpoint_key=key, trainable=trainable
    )


def variable_defs(meta_graph: MetaGraphDef) -> Iterator[VariableDef]:
    """Yield the VariableDefs of a MetaGraphDef's collections, trainable ones last.

    They come last, so that they count: before TensorFlow 1.9 only the collection said that a
    variable is trainable. What is no VariableDef is passed over.
    """
    keys = [key for key in VARIABLE_COLLECTIONS if key != GraphKeys.TRAINABLE_VARIABLES]
    for key in (*keys, GraphKeys.TRAINABLE_VARIABLES):
        if key not in meta_graph.collection_def:
            continue
        for data in meta_graph.collection_def[key].bytes_list.value:
            try:
                definition = parse_binary(data, VariableDef)
            except DataLossError:
                continue
            definition.trainable |= key == GraphKeys.TRAINABLE_VARIABLES
            yield definition


def graph_constants(graph: GraphOrPath) -> dict[str, npt.NDArray[Any]]:
    """Return the tensors of a graph's Const nodes by name: a frozen graph's weights.

    Raises DataLossError (a ValueError) naming the node if one does not hold what it says, and
    ValueError for a SavedModel of several graphs.

    >>> import numpy as np, tfckpt
    >>> graph, eye = tfckpt.Graph(), np.eye(2, dtype="f4")
    >>> w = graph.create_op("Const", name="w", attrs={"dtype": np.float32, "value": eye})
    >>> tfckpt.graph_constants(graph)["w"].tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    constants = {}
    for name, tensor in constant_protos(graph):
        with located(tensor=name):
            constants[name] = make_ndarray(tensor)
    return constants


def constant_protos(graph: GraphOrPath) -> Iterator[tuple[str, TensorProto]]:
    """Yield each Const node's name and TensorProto, undecoded."""
    for meta_graph in meta_graphs_of(graph):
        for node in meta_graph.graph_def.node:
            if node.op == "Const" and "value" in node.attr:
                yield node.name, node.attr["value"].tensor
