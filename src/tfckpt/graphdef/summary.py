"""What people ask first of a graph: its ops, inputs, outputs, variables, signatures."""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

from tfckpt import protos
from tfckpt.dtypes import DataType, python_name
from tfckpt.graphdef.attr_values import PartialShape, shape_of
from tfckpt.graphdef.listing import GraphVariable, list_graph_variables
from tfckpt.graphdef.names import op_name
from tfckpt.graphdef.op_defs import REF
from tfckpt.graphdef.saver_nodes import extraneous_saver_nodes
from tfckpt.protos import MetaGraphDef, NodeDef

_FED = ("Placeholder", "PlaceholderV2", "PlaceholderWithDefault")
# These are no outputs of a model, even where nothing takes what they give.
_NO_RESULT = (
    *("Const", "NoOp", "Assert", "Assign", "AssignVariableOp", "VarIsInitializedOp", "SaveV2"),
    *("ReadVariableOp", "MergeV2Checkpoints", "ScalarSummary", "HistogramSummary"),
)


class Endpoint(NamedTuple):
    """A place where values enter or leave a graph."""

    name: str
    type: str
    shape: PartialShape | None


class Signature(NamedTuple):
    key: str
    method_name: str
    inputs: dict[str, Endpoint]
    outputs: dict[str, Endpoint]


class Collection(NamedTuple):
    key: str
    kind: str  # such as "node_list"
    size: int


class GraphSummary(NamedTuple):
    """What `summarize` finds in one graph."""

    tags: list[str]
    tensorflow_version: str
    producer: int
    min_consumer: int
    nodes: int
    functions: list[str]
    ops: Counter[str]  # of the nodes; those of functions are not counted
    inputs: list[Endpoint]  # placeholders
    outputs: list[Endpoint]  # what nothing in the graph takes
    variables: list[GraphVariable]
    collections: list[Collection]
    signatures: list[Signature]


def summarize(meta_graph: MetaGraphDef) -> GraphSummary:
    """Sum up a graph.

    >>> meta_graph = MetaGraphDef()
    >>> _ = meta_graph.graph_def.node.add(name="x", op="Placeholder")
    >>> _ = meta_graph.graph_def.node.add(name="y", op="Relu", input=["x"])
    >>> found = summarize(meta_graph)
    >>> found.ops.most_common(), [end.name for end in found.inputs + found.outputs]
    ([('Placeholder', 1), ('Relu', 1)], ['x', 'y'])
    """
    graph_def, info = meta_graph.graph_def, meta_graph.meta_info_def
    taken = {op_name(text) for node in graph_def.node for text in node.input}
    savers = extraneous_saver_nodes(graph_def, None)  # no inputs and outputs of the model
    nodes = [node for node in graph_def.node if node.name not in savers]
    return GraphSummary(
        tags=list(info.tags),
        tensorflow_version=info.tensorflow_version,
        producer=graph_def.versions.producer,
        min_consumer=graph_def.versions.min_consumer,
        nodes=len(graph_def.node),
        functions=sorted(function.signature.name for function in graph_def.library.function),
        ops=Counter(node.op for node in graph_def.node),
        inputs=[_endpoint(node) for node in nodes if node.op in _FED],
        outputs=[_endpoint(node) for node in nodes if _is_result(node, taken)],
        variables=list_graph_variables(meta_graph),
        collections=_collections(meta_graph),
        signatures=[_signature(meta_graph, key) for key in sorted(meta_graph.signature_def)],
    )


def _is_result(node: NodeDef, taken: set[str]) -> bool:
    return node.name not in taken and node.op not in (*_FED, *_NO_RESULT)


def _endpoint(node: NodeDef) -> Endpoint:
    attr = node.attr
    kind = next((attr[name].type for name in ("dtype", "T") if name in attr), 0)
    shape = None
    if "_output_shapes" in attr and attr["_output_shapes"].list.shape:
        shape = shape_of(attr["_output_shapes"].list.shape[0])
    elif "shape" in attr:
        shape = shape_of(attr["shape"].shape)
    return Endpoint(node.name, _type_name(kind), shape)


def _type_name(kind: int) -> str:
    if kind == DataType.DT_INVALID:
        return ""
    return python_name(kind % REF)


def _collections(meta_graph: MetaGraphDef) -> list[Collection]:
    found = []
    for key in sorted(meta_graph.collection_def):
        kind = meta_graph.collection_def[key].WhichOneof("kind") or ""
        values = getattr(meta_graph.collection_def[key], kind).value if kind else ()
        found.append(Collection(key, kind, len(values)))
    return found


def _signature(meta_graph: MetaGraphDef, key: str) -> Signature:
    signature = meta_graph.signature_def[key]
    return Signature(
        key, signature.method_name, _tensors(signature.inputs), _tensors(signature.outputs)
    )


def _tensors(tensors: Any) -> dict[str, Endpoint]:
    return {key: _tensor(tensors[key]) for key in sorted(tensors)}


def _tensor(info: protos.TensorInfo) -> Endpoint:
    encoding = info.WhichOneof("encoding") or ""
    if encoding == "name":
        name = info.name
    elif encoding == "coo_sparse":
        name = info.coo_sparse.values_tensor_name
    else:
        name = encoding
    shape = shape_of(info.tensor_shape) if info.HasField("tensor_shape") else None
    return Endpoint(name, _type_name(info.dtype), shape)
