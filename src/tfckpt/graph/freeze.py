"""Weights put into a graph as constants, and taken out of it again."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from tfckpt.dtypes import DataType, data_type_name, data_type_of, numpy_dtype
from tfckpt.errors import InvalidArgumentError, TensorNotFoundError, UnimplementedError, located
from tfckpt.graph.checks import bad_node
from tfckpt.graph.graph import check_size
from tfckpt.graph.listing import VARIABLE_OPS
from tfckpt.graph.messages import copied, own
from tfckpt.graph.names import op_name
from tfckpt.graph.pruning import extract_sub_graph
from tfckpt.graph.values import known_type, python_to_attr, shape_of
from tfckpt.protos import AttrValue, GraphDef, NodeDef

Arrays = Mapping[str, Any]

# Hand a variable's handle on as it is; their type becomes that of the value.
_PASS_ON = {
    "Identity": "T",
    "Enter": "T",
    "Exit": "T",
    "Switch": "T",
    "Merge": "T",
    "NextIteration": "T",
}


def convert_variables_to_constants(
    variables: Arrays,
    input_graph_def: GraphDef,
    output_node_names: Iterable[str],
    variable_names_whitelist: Collection[str] | None = None,
    variable_names_blacklist: Collection[str] | None = None,
) -> GraphDef:
    """Freeze a graph: return the part that the outputs need, its variables as constants.

    `variables` gives the values by name, where TensorFlow takes a session: a dict, or a reader
    of a checkpoint, of which only what is needed is read. Variables that are not in the
    whitelist, or are in the blacklist, stay variables.

    Raises TensorNotFoundError (a KeyError) naming all values that are missing; ValueError for
    values of the wrong shape or type, for operations that write a variable, and beyond 2 GiB;
    UnimplementedError where a function is given a variable.

    >>> import numpy as np, tfckpt
    >>> graph = tfckpt.Graph()
    >>> w = graph.create_op("VariableV2", name="w", attrs={"dtype": np.float32, "shape": (2,)})
    >>> y = graph.create_op("Identity", [w.outputs[0]], name="y", attrs={"T": np.float32})
    >>> frozen = tfckpt.convert_variables_to_constants(
    ...     {"w": np.zeros(2, "f4")}, graph.as_graph_def(), ["y"]
    ... )
    >>> [(node.name, node.op) for node in frozen.node]
    [('w', 'Const'), ('y', 'Identity')]
    """
    result = extract_sub_graph(input_graph_def, output_node_names)
    chosen = [
        node
        for node in result.node
        if node.op in VARIABLE_OPS
        and (variable_names_whitelist is None or node.name in variable_names_whitelist)
        and (variable_names_blacklist is None or node.name not in variable_names_blacklist)
    ]
    missing = sorted(node.name for node in chosen if node.name not in variables)
    if missing:
        raise TensorNotFoundError(f"there are no values for the variables {', '.join(missing)}")
    types = {node.name: node.attr["dtype"].type for node in chosen}
    for node in chosen:
        with located(tensor=node.name):
            _fix(node, np.asarray(variables[node.name]))
    _read_constants(result, types)
    check_size(result)
    return result


def _fix(node: NodeDef, array: npt.NDArray[Any]) -> None:
    """Make a variable's node the constant of its value."""
    expected = _type_attr(node, "dtype")
    shape = shape_of(node.attr["shape"].shape) if "shape" in node.attr else None
    if data_type_of(array.dtype) != expected:
        given = data_type_name(data_type_of(array.dtype))
        raise InvalidArgumentError(f"the value is {given}, the variable {expected.name}")
    if shape is not None and not _fits(array.shape, shape):
        raise InvalidArgumentError(f"the value has shape {array.shape}, the variable {shape}")
    _replace(node, "Const", {"dtype": expected, "value": array})


def _fits(given: tuple[int, ...], shape: tuple[int | None, ...]) -> bool:
    return len(given) == len(shape) and all(b in (None, a) for a, b in zip(given, shape))


def _replace(node: NodeDef, op: str, attrs: Mapping[str, Any]) -> None:
    """Give a node another op and its attributes; those of no op (``_class``...) stay."""
    for name in [name for name in node.attr if not name.startswith("_")]:
        del node.attr[name]
    node.op = op
    node.ClearField("experimental_type")
    for name, value in attrs.items():
        node.attr[name].CopyFrom(python_to_attr(value))


def _read_constants(graph_def: GraphDef, types: dict[str, int]) -> None:
    """Let operations that took a variable take its constant.

    `types` has the type of each value by node, and grows by the nodes that hand handles on.
    """
    waiting = list(graph_def.node)
    changed = True
    while changed:  # a loop hands a handle back to a node that came before
        changed = False
        for node in waiting:
            if node.name in types or not node.input or node.op not in _PASS_ON:
                continue
            source = op_name(node.input[0])
            if source in types and node.attr[_PASS_ON[node.op]].type == DataType.DT_RESOURCE:
                types[node.name] = types[source]
                node.attr[_PASS_ON[node.op]].type = types[source]
                changed = True
    extra: list[NodeDef] = []
    for node in graph_def.node:
        read = next((one for one in node.input if _is_value(one, types)), None)
        if read is not None and node.op not in _PASS_ON:
            extra += _READERS.get(node.op, _refuse)(node, types[op_name(read)])
    graph_def.node.extend(extra)


def _is_value(text: str, types: Mapping[str, int]) -> bool:
    return not text.startswith("^") and op_name(text) in types


def _read(node: NodeDef, kind: int) -> list[NodeDef]:
    _replace(node, "Identity", {"T": DataType(kind)})
    return []


def _type_attr(node: NodeDef, name: str) -> DataType:
    kind = known_type(node.attr[name].type)
    if kind is DataType.DT_INVALID:
        raise bad_node(node, f"attr {name!r} names no type")
    return kind


def _gather(node: NodeDef, kind: int) -> list[NodeDef]:
    indices = _type_attr(node, "Tindices")
    batch_dims = node.attr["batch_dims"].i if "batch_dims" in node.attr else 0
    axis = NodeDef(name=f"{node.name}/axis", op="Const", device=node.device)
    # Batch dimensions come first in the value too; what is gathered from is the next one.
    axis_attrs = {"dtype": DataType.DT_INT32, "value": np.int32(batch_dims)}
    for name, value in axis_attrs.items():
        axis.attr[name].CopyFrom(python_to_attr(value))
    types = {"Tparams": DataType(kind), "Tindices": indices, "Taxis": DataType.DT_INT32}
    _replace(node, "GatherV2", {**types, "batch_dims": int(batch_dims)})
    node.input.insert(2, axis.name)
    return [axis]


def _shape_of_value(node: NodeDef, kind: int) -> list[NodeDef]:
    out = _type_attr(node, "out_type") if "out_type" in node.attr else DataType.DT_INT32
    _replace(node, "Shape", {"T": DataType(kind), "out_type": out})
    return []


def _refuse(node: NodeDef, kind: int) -> list[NodeDef]:
    attr = node.attr
    if node.op in _WRITERS or node.op.startswith(("ResourceApply", "Apply", "ResourceScatter")):
        raise bad_node(node, "it writes a variable that is to be a constant")
    if any(_takes_handles(attr[name]) for name in attr):
        raise UnimplementedError(
            f"node {node.name!r} ({node.op}) hands a variable to a function, and it would have to "
            f"be changed too: export the graph with control flow v1, or inline its functions"
        )
    return []


def _takes_handles(value: AttrValue) -> bool:
    return value.type == DataType.DT_RESOURCE or DataType.DT_RESOURCE in value.list.type


_READERS: dict[str, Callable[[NodeDef, int], list[NodeDef]]] = {
    "ReadVariableOp": _read,
    "ResourceGather": _gather,
    "VariableShape": _shape_of_value,
}
_WRITERS = (
    *("Assign", "AssignAdd", "AssignSub", "AssignVariableOp", "AssignAddVariableOp"),
    *("AssignSubVariableOp", "IsVariableInitialized", "VarIsInitializedOp"),
)


def convert_constants_to_variables(
    graph_def: GraphDef, names: Collection[str] | None = None
) -> tuple[GraphDef, dict[str, npt.NDArray[Any]]]:
    """Thaw a frozen graph: return it with constants as variables, and their values by name.

    `names` says which Const nodes (all of floating point with at least one dimension). Each
    becomes a variable of TensorFlow 1 (VariableV2) of the same name, whose value what took the
    constant reads; `tfckpt.save` writes the values as a checkpoint for it.

    Raises TensorNotFoundError (a KeyError) for names of no Const node.

    >>> import numpy as np, tfckpt
    >>> graph, eye = tfckpt.Graph(), np.eye(2, dtype="f4")
    >>> w = graph.create_op("Const", name="w", attrs={"dtype": np.float32, "value": eye})
    >>> thawed, values = tfckpt.convert_constants_to_variables(graph.as_graph_def())
    >>> thawed.node[0].op, values["w"].shape
    ('VariableV2', (2, 2))
    """
    from tfckpt.tensors.tensor_proto import make_ndarray

    result = copied(own(graph_def, GraphDef, "graph_def"))
    constants = {node.name: node for node in result.node if node.op == "Const"}
    if names is None:
        names = [name for name, node in constants.items() if _is_weight(node)]
    missing = sorted(name for name in names if name not in constants)
    if missing:
        raise TensorNotFoundError(f"the graph has no constants {', '.join(missing)}")
    values = {}
    for name in names:
        node = constants[name]
        with located(tensor=name):
            values[name] = array = make_ndarray(node.attr["value"].tensor)
        kind = DataType(node.attr["dtype"].type)
        attrs = {"dtype": kind, "shape": array.shape, "container": b"", "shared_name": b""}
        _replace(node, "VariableV2", attrs)
    return result, values


def _is_weight(node: NodeDef) -> bool:
    dtype = numpy_dtype(node.attr["dtype"].type)
    shape = shape_of(node.attr["value"].tensor.tensor_shape)
    return bool(shape) and dtype is not None and (dtype.kind in "fc" or dtype.name == "bfloat16")
