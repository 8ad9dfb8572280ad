"""The values of a graph's variables, looked up in a checkpoint that has other names for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tfckpt.errors import TensorNotFoundError, located
from tfckpt.graphdef.calls import CALLS, functions_by_name, named_functions
from tfckpt.graphdef.messages import as_message
from tfckpt.graphdef.names import op_name
from tfckpt.graphdef.op_defs import VARIABLE_OPS
from tfckpt.protos import FunctionDef, MetaGraphDef, NodeDef
from tfckpt.saver.restored import (
    ASSIGNS,
    Origin,
    node_and_slot,
    origin_of,
    running_before,
)


def values_by_node(meta_graph_def: MetaGraphDef, variables: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the values of a graph's variables by the names of their operations.

    `variables` has them by the names in a checkpoint that the graph's Saver restores: a dict, or a
    reader. Those are other names than the operations' in every TensorFlow 2 model
    (``layer/kernel/.ATTRIBUTES/VARIABLE_VALUE``), where a Saver was given a dict, and for the parts
    of a partitioned variable, which are taken out of the whole. A variable that the graph does not
    restore is looked for under its operation's name. Values are read when they are asked for;
    `tfckpt.convert_variables_to_constants` takes what is returned.

    Raises TypeError for what is no MetaGraphDef.

    >>> import numpy as np, tempfile, tfckpt
    >>> graph, w = tfckpt.Graph(), np.ones(2, "f4")
    >>> attrs = {"dtype": np.float32, "shape": (2,)}
    >>> operation = graph.create_op("VarHandleOp", name="w", attrs=attrs)
    >>> saver = tfckpt.Saver({"name/in/checkpoint": "w"}, meta_graph=graph)
    >>> prefix = saver.save({"w": w}, tempfile.mkdtemp() + "/model")
    >>> weights, meta_graph = tfckpt.load(prefix), tfckpt.read_meta_graph(prefix + ".meta")
    >>> dict(tfckpt.values_by_node(meta_graph, weights))
    {'w': array([1., 1.], dtype=float32)}
    """
    return _NodeValues(
        _origins(as_message(meta_graph_def, MetaGraphDef, "meta_graph_def")), variables
    )


class _NodeValues(Mapping[str, Any]):
    """Values of variables by the names of their operations; each is looked up when asked for."""

    def __init__(self, origins: Mapping[str, Origin], tensors: Mapping[str, Any]) -> None:
        self._origins = {name: origin for name, origin in origins.items() if origin.name in tensors}
        self._tensors = tensors

    def __getitem__(self, name: str) -> Any:
        if name not in self._origins:
            raise TensorNotFoundError(f"there is no value for the variable {name!r}")
        with located(tensor=name):
            return self._origins[name].value(self._tensors)

    def __contains__(self, name: object) -> bool:
        return name in self._origins

    def __iter__(self) -> Iterator[str]:
        return iter(self._origins)

    def __len__(self) -> int:
        return len(self._origins)


def _origins(meta_graph: MetaGraphDef) -> dict[str, Origin]:
    """Return what each variable is restored from, by its operation's name.

    A variable that the graph does not restore is taken from the tensor of that name.
    """
    nodes = {node.name: node for node in meta_graph.graph_def.node}
    library = functions_by_name(meta_graph.graph_def.library)
    found = {name: Origin(name) for name, node in nodes.items() if node.op in VARIABLE_OPS}
    running = running_before(op_name(meta_graph.saver_def.restore_op_name), nodes)
    waiting = [(running, {name: name for name in found})]
    called: set[str] = set()
    while waiting:
        running, variables = waiting.pop()
        for node in running.values():
            if node.op in ASSIGNS and len(node.input) > 1:
                variable = variables.get(node_and_slot(node.input[0]).node)
                origin = origin_of(node.input[1], running)
                if variable is not None and origin is not None:
                    found[variable] = origin
            for function, inputs in _calls(node, library):
                name = function.signature.name
                if name not in called:  # a model restores its variables by a function of its own
                    called.add(name)
                    taken = (variables.get(node_and_slot(text).node) for text in inputs)
                    args = (arg.name for arg in function.signature.input_arg)
                    body = {inner.name: inner for inner in function.node_def}
                    waiting.append((body, {arg: v for arg, v in zip(args, taken) if v is not None}))
    return found


def _calls(
    node: NodeDef, library: Mapping[str, FunctionDef]
) -> Iterator[tuple[FunctionDef, Sequence[str]]]:
    """Yield each function that a node calls, and what it hands to it."""
    if node.op in library:
        yield library[node.op], node.input
    if node.op in CALLS:
        call = CALLS[node.op]
        for attribute in call.functions:
            for function in named_functions(node, attribute):
                if function.name in library:
                    yield library[function.name], node.input[call.first :]
