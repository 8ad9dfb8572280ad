"""The objects of a graph: its operations, and the tensors that are their outputs.

An Operation is a name on a NodeDef that its graph holds; a Tensor is an operation and a number.
Both are made when asked for, so that a graph of 100,000 nodes costs little more than its message.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tfckpt.dtypes import DataType, numpy_dtype
from tfckpt.graphdef.attr_values import Attrs, PartialShape, attr_to_python, known_type, shape_of
from tfckpt.graphdef.messages import copied
from tfckpt.graphdef.names import CONTROL, TensorId, parse_input
from tfckpt.graphdef.op_defs import REF
from tfckpt.protos import AttrValue, NodeDef, OpDef

if TYPE_CHECKING:
    from tfckpt.graph.graph import Graph

# Ops whose output 0 has the shape that their attribute says.
_SHAPED = ("Placeholder", "PlaceholderWithDefault", "VariableV2", "Variable")


class Operation:
    """A node of a graph.

    >>> import numpy as np, tfckpt
    >>> graph = tfckpt.Graph()
    >>> op = graph.create_op("Placeholder", name="x", attrs={"dtype": np.float32})
    >>> op.name, op.type, op.outputs[0].name, op.get_attr("shape")
    ('x', 'Placeholder', 'x:0', None)
    """

    __slots__ = ("__weakref__", "_node", "_shapes", "_types", "graph")

    def __init__(self, graph: Graph, node: NodeDef, shapes: AttrValue | None = None) -> None:
        self.graph = graph
        self._node = node
        self._types: Sequence[int] | None = None
        self._shapes = shapes  # what the attribute _output_shapes said

    @property
    def name(self) -> str:
        return self._node.name

    @property
    def type(self) -> str:
        """The op, such as ``MatMul``, or the name of a function of the graph."""
        return self._node.op

    @property
    def device(self) -> str:
        return self._node.device

    @property
    def op_def(self) -> OpDef | None:
        """The interface of the op; None if neither TensorFlow 2.21 nor the graph knows it."""
        return self.graph.op_def(self.type)

    @property
    def node_def(self) -> NodeDef:
        """A copy of the node's message; changing it changes nothing else."""
        return copied(self._node)

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """The tensors that the operation takes, control inputs left out."""
        return tuple(
            Tensor(self.graph.get_operation_by_name(source), index)
            for source, index in self._sources()
            if index != CONTROL
        )

    @property
    def control_inputs(self) -> list[Operation]:
        """The operations that must run before this one."""
        return [
            self.graph.get_operation_by_name(source)
            for source, index in self._sources()
            if index == CONTROL
        ]

    @property
    def outputs(self) -> list[Tensor]:
        return [Tensor(self, index) for index in range(len(self.output_types))]

    @property
    def output_types(self) -> Sequence[int]:
        """The DataType number of each output; that of a reference is 100 higher.

        An op that is not known has as many as are used or have a shape, each of type 0.
        """
        if self._types is None:
            types = self.graph.output_types(self._node, self._shapes)
            self._types = tuple(types) if isinstance(types, list) else types
        return self._types

    def consumers(self) -> list[Operation]:
        """List the operations that take any of the outputs, or wait for this one."""
        return self.graph.consumers_of(self.name)

    @property
    def attrs(self) -> Attrs:
        """The attributes by name, as Python and numpy values (see `get_attr`)."""
        return Attrs(self._node.attr)

    def get_attr(self, name: str) -> Any:
        """Return an attribute as a Python value.

        bytes, int, float, bool; a DataType for a type; a tuple for a shape (None where unknown);
        a numpy array for a tensor; a NameAttrList for a function; or a list of these.

        Raises ValueError if the operation has no such attribute.
        """
        if name not in self._node.attr:
            raise ValueError(
                f"operation {self.name!r} ({self.type}) has no attr {name!r}; "
                f"it has {', '.join(sorted(self._node.attr)) or 'none'}"
            )
        return attr_to_python(self._node.attr[name])

    def colocation_groups(self) -> list[bytes]:
        """List the groups placed together that this is in; its own if none is given."""
        given = self._node.attr["_class"].list.s if "_class" in self._node.attr else ()
        groups = [group for group in given if group.startswith(b"loc:@")]
        return groups or [b"loc:@" + self.name.encode()]

    def _sources(self) -> list[TensorId]:
        return [parse_input(text) for text in self._node.input]

    def _shape(self, index: int) -> PartialShape | None:
        if self._shapes is not None and index < len(self._shapes.list.shape):
            return shape_of(self._shapes.list.shape[index])
        attr = self._node.attr
        if self.type in _SHAPED and "shape" in attr:
            return shape_of(attr["shape"].shape)
        if self.type == "Const" and "value" in attr:
            return shape_of(attr["value"].tensor.tensor_shape)
        if self.type == "VarHandleOp":
            return ()
        return None

    def __repr__(self) -> str:
        return f"<Operation {self.name!r} type={self.type}>"

    def __reduce__(self) -> Any:
        raise TypeError("an Operation is part of its Graph: write the graph with write_graph")


def node_of(op: Operation) -> NodeDef:
    """Return the message that the graph holds of an operation.

    For the modules that make graphs: what changes it answers for the graph. Users get a copy, from
    `Operation.node_def`.
    """
    return op._node


def given_shapes(op: Operation) -> AttrValue | None:
    """Return the ``_output_shapes`` that an operation came with."""
    return op._shapes


class Tensor:
    """An output of an operation. Tensors of the same operation and number are equal."""

    __slots__ = ("op", "value_index")

    def __init__(self, op: Operation, value_index: int) -> None:
        self.op = op
        self.value_index = value_index

    @property
    def name(self) -> str:
        return f"{self.op.name}:{self.value_index}"

    @property
    def graph(self) -> Graph:
        return self.op.graph

    @property
    def device(self) -> str:
        return self.op.device

    @property
    def data_type(self) -> DataType:
        """The element type; DT_INVALID where the op is unknown. References count as values."""
        types = self.op.output_types
        number = types[self.value_index] if self.value_index < len(types) else 0
        return known_type(number % REF)

    @property
    def is_ref(self) -> bool:
        """Whether this is a reference to a variable's memory, as those of TensorFlow 1 are."""
        types = self.op.output_types
        return self.value_index < len(types) and types[self.value_index] > REF

    @property
    def dtype(self) -> np.dtype[Any] | None:
        """The numpy dtype (object for strings and resources), None if it is unknown."""
        return numpy_dtype(self.data_type)

    @property
    def shape(self) -> PartialShape | None:
        """The shape, as far as the file says it: None if it does not, None in it where it is free.

        This is what ``_output_shapes`` or the operation's own attribute says; TensorFlow infers
        more, from the inputs.
        """
        return self.op._shape(self.value_index)

    def consumers(self) -> list[Operation]:
        """List the operations that take this tensor."""
        return self.op.graph.consumers_of(self.op.name, self.value_index)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Tensor):
            return NotImplemented
        return self.op is other.op and self.value_index == other.value_index

    def __hash__(self) -> int:
        return hash((id(self.op), self.value_index))

    def __repr__(self) -> str:
        return f"<Tensor {self.name!r} shape={self.shape} dtype={self.data_type.name}>"
