"""Weights put into a graph as constants, and taken out of it again.

Takes and gives GraphDefs; the message that was given stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from tfckpt.dtypes import DataType, data_type_name, data_type_of, numpy_dtype
from tfckpt.errors import InvalidArgumentError, TensorNotFoundError, located
from tfckpt.graphdef.attr_values import known_type, shape_of
from tfckpt.graphdef.frozen_functions import read_handles
from tfckpt.graphdef.frozen_nodes import Body, forget_outputs, read_references, replace, type_of
from tfckpt.graphdef.messages import as_message, check_size, copied
from tfckpt.graphdef.op_defs import VARIABLE_OPS
from tfckpt.graphdef.pruning import extract_sub_graph
from tfckpt.protos import GraphDef, NodeDef
from tfckpt.tensors.tensor_proto import make_ndarray

Arrays = Mapping[str, Any]

_REFERENCES = ("VariableV2", "Variable")  # these give references; other variables give handles
_PART = re.compile(r"/part_\d+\Z")  # of a partitioned variable, by TensorFlow's partitioners


def convert_variables_to_constants(
    variables: Arrays,
    input_graph_def: GraphDef,
    output_node_names: Iterable[str],
    variable_names_whitelist: Collection[str] | None = None,
    variable_names_blacklist: Collection[str] | None = None,
) -> GraphDef:
    """Freeze a graph: return the part that the outputs need, its variables as constants.

    `variables` has the values by the names of nodes, where TensorFlow takes a session. It is a
    dict, or a reader of a checkpoint, of which only what is needed is read. Where a checkpoint has
    other names, `tfckpt.values_by_node` finds the values. Variables that are not in the whitelist,
    or are in the blacklist, stay variables. A function that is handed a variable is copied, and the
    copy takes its value. The result has those functions that it calls, and no others.

    Raises TensorNotFoundError (a KeyError) naming all values that are missing; ValueError for
    values of the wrong shape or type, for operations that write a variable, for parts of a
    partitioned variable of which there is only the whole, and beyond 2 GiB; UnimplementedError for
    what needs the variable itself, or hands it to functions in a way that is not known.

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
    _check_there(chosen, variables)
    body = Body(result.node)
    handles = {f"{node.name}:0": type_of(node, "dtype", body) for node in chosen}
    references = [f"{node.name}:0" for node in chosen if node.op in _REFERENCES]
    for tensor in references:
        del handles[tensor]
    read_references(body, references)
    result.library.CopyFrom(read_handles(body, handles, result.library))
    for node in chosen:
        with located(tensor=node.name):
            _fix(node, np.asarray(variables[node.name]))
    check_size(result)
    return result


def _check_there(nodes: Iterable[NodeDef], variables: Arrays) -> None:
    missing = sorted(node.name for node in nodes if node.name not in variables)
    parts = [name for name in missing if _PART.sub("", name) in variables]
    if parts:
        raise InvalidArgumentError(
            f"models with partitioned variables cannot be frozen from checkpoint files, which hold "
            f"the wholes of {', '.join(parts)}: tfckpt.values_by_node takes the parts out of them, "
            f"if it is given a MetaGraphDef with the Saver"
        )
    if missing:
        raise TensorNotFoundError(f"there are no values for the variables {', '.join(missing)}")


def _fix(node: NodeDef, array: npt.NDArray[Any]) -> None:
    """Make a variable's node the constant of its value."""
    expected = known_type(node.attr["dtype"].type)
    shape = shape_of(node.attr["shape"].shape) if "shape" in node.attr else None
    if data_type_of(array.dtype) != expected:
        given = data_type_name(data_type_of(array.dtype))
        raise InvalidArgumentError(f"the value is {given}, the variable {expected.name}")
    if shape is not None and not _fits(array.shape, shape):
        raise InvalidArgumentError(f"the value has shape {array.shape}, the variable {shape}")
    replace(node, "Const", {"dtype": expected, "value": array})
    forget_outputs(node)


def _fits(given: tuple[int, ...], shape: tuple[int | None, ...]) -> bool:
    return len(given) == len(shape) and all(b in (None, a) for a, b in zip(given, shape))


def convert_constants_to_variables(
    graph_def: GraphDef, names: Collection[str] | None = None
) -> tuple[GraphDef, dict[str, npt.NDArray[Any]]]:
    """Thaw a frozen graph: return it with constants as variables, and their values by name.

    `names` says which Const nodes (all of floating point with at least one dimension). Each
    becomes a variable of TensorFlow 1 (VariableV2) of the same name; what took the constant takes
    the variable. `tfckpt.save` writes the values as a checkpoint for the graph.

    Raises TensorNotFoundError (a KeyError) for names of no Const node.

    >>> import numpy as np, tfckpt
    >>> graph, eye = tfckpt.Graph(), np.eye(2, dtype="f4")
    >>> w = graph.create_op("Const", name="w", attrs={"dtype": np.float32, "value": eye})
    >>> thawed, values = tfckpt.convert_constants_to_variables(graph.as_graph_def())
    >>> thawed.node[0].op, values["w"].shape
    ('VariableV2', (2, 2))
    """
    result = copied(as_message(graph_def, GraphDef, "graph_def"))
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
        replace(node, "VariableV2", attrs)
    return result, values


def _is_weight(node: NodeDef) -> bool:
    dtype = numpy_dtype(node.attr["dtype"].type)
    shape = shape_of(node.attr["value"].tensor.tensor_shape)
    return bool(shape) and dtype is not None and (dtype.kind in "fc" or dtype.name == "bfloat16")
