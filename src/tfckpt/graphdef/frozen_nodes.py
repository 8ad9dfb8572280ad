"""What becomes of nodes that took a variable, once it is a constant."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from tfckpt.dtypes import DataType
from tfckpt.errors import CheckpointError, InvalidArgumentError, UnimplementedError
from tfckpt.graphdef.attr_values import known_type, python_to_attr
from tfckpt.graphdef.names import CONTROL, parse_input
from tfckpt.graphdef.op_defs import REF, interface_of
from tfckpt.protos import AttrValue, FunctionDef, NodeDef

# Ops that hand a handle on as it is -> the names of their outputs. All have an attribute "T".
PASS_ON = {
    "Identity": ("output",),
    "Enter": ("output",),
    "Exit": ("output",),
    "Switch": ("output_false", "output_true"),
    "Merge": ("output",),
    "NextIteration": ("output",),
}
# Ops that hand a reference on. Without "Ref" each is an op that does the same with a value.
PASS_REFERENCES_ON = {
    "RefIdentity": ("output",),
    "RefEnter": ("output",),
    "RefExit": ("output",),
    "RefSwitch": ("output_false", "output_true"),
    "RefMerge": ("output",),
    "RefNextIteration": ("output",),
}
WRITES = "it writes a variable that is to be a constant"
_WRITERS = ("Assign", "ResourceApply", "ResourceScatter", "ResourceStridedSliceAssign")


class Body:
    """The nodes of a graph or of a function, and the tensors between them by their names.

    in a graph      ``node:0``, which an input may shorten to ``node``
    in a function   ``node:output:0``, the op's name of the output among them, or an argument
    """

    def __init__(self, nodes: Any, function: FunctionDef | None = None) -> None:
        self.nodes = nodes
        self.takers: dict[str, list[int]] = defaultdict(list)  # a node's name -> indices in `nodes`
        self._function = function
        self._names = {node.name for node in nodes}
        if function is not None:
            self._names.update(arg.name for arg in function.signature.input_arg)
        for at, node in enumerate(nodes):
            for tensor in self.inputs(node):
                self.takers[tensor].append(at)

    def inputs(self, node: NodeDef) -> list[str]:
        """Return the tensors that a node takes."""
        return [self.tensor(text) for text in node.input if not text.startswith("^")]

    def tensor(self, text: str) -> str:
        if self._function is not None:
            return f"{text}:0" if text.count(":") == 1 else text
        name, slot = parse_input(text)
        return f"{name}:{max(slot, CONTROL + 1)}"

    def outputs(self, node: NodeDef, names: Iterable[tuple[str, int]]) -> list[str]:
        """Return the tensors of a node's outputs, given the op's names of them all."""
        if self._function is not None:
            return [f"{node.name}:{output}:{at}" for output, at in names]
        return [f"{node.name}:{slot}" for slot, _ in enumerate(names)]

    def add_constant(self, name: str, value: np.generic, like: NodeDef) -> str:
        """Add a constant where the node `like` is placed; return it as an input."""
        while name in self._names:
            name += "_"
        self._names.add(name)
        node = self.nodes.add(name=name, device=like.device)
        replace(node, "Const", {"dtype": value.dtype, "value": value})
        return f"{name}:output:0" if self._function is not None else name

    def rename_output(self, node: NodeDef, old: str, new: str) -> None:
        """Let what takes an output of a node find it by the name that its new op gives it."""
        if self._function is None:  # a graph's nodes name outputs by number
            return
        before, after = f"{node.name}:{old}:0", f"{node.name}:{new}:0"
        for at in self.takers.get(before, ()):
            taker = self.nodes[at]
            taker.input[:] = [
                after if self.tensor(text) == before else text for text in taker.input
            ]
        for output, tensor in list(self._function.ret.items()):
            if self.tensor(tensor) == before:
                self._function.ret[output] = after

    def refuse(
        self,
        node: NodeDef,
        problem: str,
        kind: type[CheckpointError] = InvalidArgumentError,
    ) -> CheckpointError:
        where = f" in function {self._function.signature.name!r}" if self._function else ""
        return kind(f"node {node.name!r} ({node.op}){where}: {problem}")


def replace(node: NodeDef, op: str, attrs: Mapping[str, Any]) -> None:
    """Give a node another op and its attributes; those of no op (``_class``...) stay."""
    for name in [name for name in node.attr if not name.startswith("_")]:
        del node.attr[name]
    node.op = op
    node.ClearField("experimental_type")
    for name, value in attrs.items():
        node.attr[name].CopyFrom(python_to_attr(value))


def forget_outputs(node: NodeDef) -> None:
    """Drop what a node says of the handles that it gave: a handle's shape is not its value's."""
    node.ClearField("experimental_type")
    for name in [name for name in node.attr if name.startswith(("_output_shapes", "_handle_"))]:
        del node.attr[name]


def read_references(body: Body, tensors: Iterable[str]) -> None:
    """Let operations take values where they took references to variables, given as tensors.

    Raises InvalidArgumentError (a ValueError) for one that writes.
    """
    waiting = list(tensors)
    while waiting:
        tensor = waiting.pop()
        for at in body.takers.get(tensor, ()):
            node = body.nodes[at]
            if node.op in PASS_REFERENCES_ON:
                names = PASS_REFERENCES_ON[node.op]
                waiting += body.outputs(node, [(name, 0) for name in names])
                node.op = node.op.removeprefix("Ref")
            elif _wants_reference(node, body.inputs(node).index(tensor)):
                raise body.refuse(node, WRITES)


def _wants_reference(node: NodeDef, at: int) -> bool:
    interface = interface_of(node.op)
    types = interface.input_types(node.attr) if interface else ()
    return at < len(types) and types[at] > REF


def type_of(node: NodeDef, name: str, body: Body) -> DataType:
    kind = known_type(node.attr[name].type if name in node.attr else 0)
    if kind is DataType.DT_INVALID:
        raise body.refuse(node, f"attr {name!r} names no type")
    return kind


def take_value(node: NodeDef, kind: DataType, body: Body) -> None:
    """Let a node that took a variable's handle take its value, of type `kind`.

    Raises InvalidArgumentError (a ValueError) for one that writes; UnimplementedError where no op
    is known that does the same with a value.
    """
    if node.op in _READERS:
        _READERS[node.op](node, kind, body)
        return
    if node.op.startswith(_WRITERS):
        raise body.refuse(node, WRITES)
    if any(_takes_handles(node.attr[name]) for name in node.attr):
        raise body.refuse(
            node,
            "it hands a variable to a function in a way that cannot be rewritten: let it stay a "
            "variable, or export the graph without this",
            UnimplementedError,
        )
    raise body.refuse(
        node, "it takes the variable itself, for which a constant cannot stand", UnimplementedError
    )


def _takes_handles(value: AttrValue) -> bool:
    return value.type == DataType.DT_RESOURCE or DataType.DT_RESOURCE in value.list.type


def _read(node: NodeDef, kind: DataType, body: Body) -> None:
    replace(node, "Identity", {"T": kind})
    body.rename_output(node, "value", "output")


_MOST_DIMENSIONS = 254  # of a tensor (``tensor_shape.h``)


def _gather(node: NodeDef, kind: DataType, body: Body) -> None:
    indices = type_of(node, "Tindices", body)
    batch_dims = node.attr["batch_dims"].i if "batch_dims" in node.attr else 0
    if abs(batch_dims) > _MOST_DIMENSIONS:
        raise body.refuse(node, f"no tensor has {abs(batch_dims)} dimensions, as batch_dims says")
    types = {"Tparams": kind, "Tindices": indices, "Taxis": DataType.DT_INT32}
    replace(node, "GatherV2", {**types, "batch_dims": int(batch_dims)})
    # Batch dimensions come first in the value too; what is gathered from is the next one.
    node.input.insert(2, body.add_constant(f"{node.name}/axis", np.int32(batch_dims), node))


def _gather_nd(node: NodeDef, kind: DataType, body: Body) -> None:
    indices = type_of(node, "Tindices", body)
    replace(node, "GatherNd", {"Tparams": kind, "Tindices": indices})


def _shape_of_value(node: NodeDef, kind: DataType, body: Body) -> None:
    out = type_of(node, "out_type", body) if "out_type" in node.attr else DataType.DT_INT32
    replace(node, "Shape", {"T": kind, "out_type": out})


_READERS: dict[str, Callable[[NodeDef, DataType, Body], None]] = {
    "ReadVariableOp": _read,
    "ResourceGather": _gather,
    "ResourceGatherNd": _gather_nd,
    "VariableShape": _shape_of_value,
}
