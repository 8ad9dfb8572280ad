"""TensorInfo: how a signature names a tensor."""

from __future__ import annotations

from typing import Any, NamedTuple

from tfckpt import protos
from tfckpt.dtypes import DataType
from tfckpt.graph import Graph, Operation, Tensor, Variable, get_default_graph
from tfckpt.graphdef.attr_values import PartialShape, shape_proto
from tfckpt.graphdef.messages import as_message
from tfckpt.graphdef.names import prepend_scope
from tfckpt.protos import is_message

_MOST_DIMENSIONS = 254  # ``tensor_shape.h``, MaxDimensions


class SparseTensor(NamedTuple):
    """The three tensors that make a sparse one."""

    indices: Tensor
    values: Tensor
    dense_shape: Tensor


def build_tensor_info(tensor: object) -> protos.TensorInfo:
    """Return the TensorInfo of a tensor of a graph, of a Variable, or of a SparseTensor of three.

    A Variable has the type and shape of its value; a reference has the type of what it refers to.
    A sparse tensor has the shape that the constant `dense_shape` holds, else as many free
    dimensions as `dense_shape` has elements. A TensorInfo is returned as it is, so that signatures
    can be made where there is no Graph.

    Raises TypeError for anything else.

    >>> from tfckpt.graph import Graph
    >>> x = Graph().create_op("Placeholder", name="x", attrs={"dtype": DataType.DT_FLOAT})
    >>> build_tensor_info(x.outputs[0]).name
    'x:0'
    """
    if is_message(tensor, protos.TensorInfo):
        return as_message(tensor, protos.TensorInfo, "tensor")
    if isinstance(tensor, Tensor):
        return _info(tensor.data_type, tensor.shape, tensor.name)
    if isinstance(tensor, Variable):
        return _info(tensor.op.get_attr("dtype"), tensor.shape, tensor.name)
    if isinstance(tensor, SparseTensor):
        info = _info(tensor.values.data_type, _dense_shape(tensor.dense_shape))
        info.coo_sparse.values_tensor_name = tensor.values.name
        info.coo_sparse.indices_tensor_name = tensor.indices.name
        info.coo_sparse.dense_shape_tensor_name = tensor.dense_shape.name
        return info
    raise TypeError(
        f"a signature's tensor is a Tensor or Variable of a tfckpt.Graph, a SparseTensor of three, "
        f"or a TensorInfo, not {type(tensor).__name__}"
    )


def _info(data_type: int, shape: PartialShape | None, name: str | None = None) -> protos.TensorInfo:
    return protos.TensorInfo(name=name, dtype=int(data_type), tensor_shape=shape_proto(shape))


def _dense_shape(tensor: Tensor) -> PartialShape | None:
    """Return the shape that a tensor's elements say, as far as the file tells."""
    if tensor.op.type == "Const":
        sizes = tensor.op.get_attr("value").ravel().tolist()
        return tuple(None if size < 0 else size for size in sizes)
    count = (tensor.shape or (None,))[0]
    return None if count is None or count > _MOST_DIMENSIONS else (None,) * count


def build_tensor_info_from_op(op: Operation | Tensor | str) -> protos.TensorInfo:
    """Return the TensorInfo that names an operation: of no type, and of unknown shape."""
    return _info(DataType.DT_INVALID, None, op if isinstance(op, str) else op.name)


def get_tensor_from_tensor_info(
    tensor_info: protos.TensorInfo, graph: Graph | None = None, import_scope: str | None = None
) -> Any:
    """Return the Tensor (SparseTensor, list of Tensors) of a graph that a TensorInfo names.

    `graph` is the default graph if left out; names are looked up under `import_scope`. A composite
    tensor is the list of its components.

    Raises KeyError if the graph has no such tensor; ValueError for a TensorInfo that names none.
    """
    graph = get_default_graph() if graph is None else graph
    info = as_message(tensor_info, protos.TensorInfo, "tensor_info")
    names = tensor_names(info)
    if not names:
        raise ValueError("this TensorInfo names no tensor: it has no name, coo_sparse or composite")
    tensors = [graph.get_tensor_by_name(prepend_scope(name, import_scope)) for name in names]
    if info.WhichOneof("encoding") == "coo_sparse":
        return SparseTensor(*tensors)
    return tensors if info.WhichOneof("encoding") == "composite_tensor" else tensors[0]


def get_element_from_tensor_info(
    tensor_info: protos.TensorInfo, graph: Graph | None = None, import_scope: str | None = None
) -> Operation | Tensor:
    """Return the operation or tensor of a graph that a TensorInfo names.

    Raises KeyError if the graph has no such element.
    """
    graph = get_default_graph() if graph is None else graph
    return graph.as_graph_element(prepend_scope(tensor_info.name, import_scope))


def tensor_names(info: protos.TensorInfo) -> list[str]:
    """List the tensors that a TensorInfo names; of a sparse one indices, values and shape."""
    encoding = info.WhichOneof("encoding")
    if encoding == "name":
        return [info.name]
    if encoding == "coo_sparse":
        sparse = info.coo_sparse
        return [
            sparse.indices_tensor_name,
            sparse.values_tensor_name,
            sparse.dense_shape_tensor_name,
        ]
    components = info.composite_tensor.components if encoding else ()
    return [name for component in components for name in tensor_names(component)]
