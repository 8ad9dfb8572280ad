"""A graph in memory: operations by name, functions, versions, collections, names in use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from tfckpt.errors import InvalidArgumentError, TensorNotFoundError
from tfckpt.graph.collection_store import Collections
from tfckpt.graph.default_stack import as_default
from tfckpt.graph.device_scopes import DeviceScopes
from tfckpt.graph.name_scopes import NameScopes
from tfckpt.graph.operation import Operation, Tensor, given_shapes, node_of
from tfckpt.graphdef.attr_values import python_to_attr
from tfckpt.graphdef.checks import check_attrs, check_form, check_input_count
from tfckpt.graphdef.live import LiveGraph
from tfckpt.graphdef.messages import check_size, copied
from tfckpt.graphdef.names import CONTROL, TensorId, parse_input, parse_tensor_name
from tfckpt.graphdef.op_defs import Interface, get_op_def, interface_of
from tfckpt.names import close_names
from tfckpt.protos import (
    AttrValue,
    FunctionDef,
    FunctionDefLibrary,
    GraphDef,
    NodeDef,
    OpDef,
    VersionDef,
)
from tfckpt.versions import GRAPH_DEF_VERSION

OUTPUT_SHAPES = "_output_shapes"


class Graph(LiveGraph, Collections, NameScopes, DeviceScopes):
    """Operations and the tensors between them, with the collections that name some of them.

    It is what ``tf.Graph`` is to a file: it holds, names and checks nodes, and runs none.

    >>> import numpy as np, tfckpt
    >>> graph = tfckpt.Graph()
    >>> with graph.name_scope("layer"):
    ...     x = graph.create_op("Placeholder", name="x", attrs={"dtype": np.float32})
    ...     y = graph.create_op("Relu", [x.outputs[0]], attrs={"T": np.float32})
    >>> [op.name for op in graph.get_operations()]
    ['layer/x', 'layer/Relu']
    >>> x.consumers()
    [<Operation 'layer/Relu' type=Relu>]
    """

    def __init__(self) -> None:
        super().__init__()
        self._operations: dict[str, Operation] = {}
        self._functions: dict[str, FunctionDef] = {}
        self._gradients: dict[str, Any] = {}
        self._interfaces: dict[str, Interface] = {}  # of the functions
        self._versions = VersionDef(producer=GRAPH_DEF_VERSION)
        self._consumers: dict[str, list[tuple[int, Operation]]] | None = None

    # --- operations and tensors

    def get_operations(self) -> list[Operation]:
        """List the operations in the order in which they came."""
        return list(self._operations.values())

    def get_operation_by_name(self, name: str) -> Operation:
        """Return an operation. Raises KeyError if there is none of that name."""
        try:
            return self._operations[name]
        except KeyError:
            raise self._missing(name) from None

    def get_tensor_by_name(self, name: str) -> Tensor:
        """Return a tensor by its name, ``operation:number``.

        Raises KeyError if there is none, ValueError for what names no tensor.
        """
        element = self.as_graph_element(name, allow_operation=False)
        assert isinstance(element, Tensor)
        return element

    def as_graph_element(
        self, obj: object, allow_tensor: bool = True, allow_operation: bool = True
    ) -> Operation | Tensor:
        """Return the operation or tensor that a name, or an object of this graph, stands for.

        Raises KeyError for a name that is not here, ValueError for an element of another graph
        or of the kind not allowed, TypeError for anything else.
        """
        if isinstance(obj, str):
            return self._element(obj, allow_tensor, allow_operation)
        if not isinstance(obj, (Operation, Tensor)):
            obj = getattr(obj, "_as_graph_element", lambda: obj)()
        if isinstance(obj, (Operation, Tensor)) and obj.graph is not self:
            raise ValueError(f"{obj!r} is an element of another graph")
        if isinstance(obj, Tensor) and allow_tensor:
            return obj
        if isinstance(obj, Operation) and allow_operation:
            return obj
        raise TypeError(f"cannot convert {obj!r} to {_kinds(allow_tensor, allow_operation)}")

    def _element(self, name: str, tensor: bool, operation: bool) -> Operation | Tensor:
        if ":" not in name:
            if not operation:
                raise ValueError(f"{name!r} names an operation; its tensors are {name!r}:0, ...")
            return self.get_operation_by_name(name)
        if not tensor:
            raise ValueError(f"{name!r} names a tensor, not an operation")
        node, index = parse_tensor_name(name)
        op = self.get_operation_by_name(node)
        count = len(op.output_types)
        # An op that is not known may have more outputs than are used.
        if not 0 <= index < count and (index < 0 or self.interface(op.type) is not None):
            raise TensorNotFoundError(
                f"operation {node!r} ({op.type}) has {count} outputs", tensor=name
            )
        return Tensor(op, index)

    def _missing(self, name: str) -> TensorNotFoundError:
        near = close_names(str(name), list(self._operations))
        hint = f"; did you mean {' or '.join(map(repr, near))}?" if near else ""
        return TensorNotFoundError(f"the graph has no operation {name!r}{hint}")

    def __contains__(self, name: object) -> bool:
        return name in self._operations

    def consumers_of(self, name: str, index: int | None = None) -> list[Operation]:
        """List the operations that take an output of `name` (any, or that one), in order."""
        if self._consumers is None:
            self._consumers = self._index_consumers()
        found = self._consumers.get(name, [])
        ops = [op for at, op in found if index is None or at == index]
        return list({id(op): op for op in ops}.values())

    def _index_consumers(self) -> dict[str, list[tuple[int, Operation]]]:
        consumers: dict[str, list[tuple[int, Operation]]] = {}
        for op in self._operations.values():
            for node, index in map(parse_input, node_of(op).input):
                consumers.setdefault(node, []).append((index, op))
        return consumers

    def create_op(
        self,
        op_type: str,
        inputs: Sequence[Tensor] = (),
        *,
        name: str | None = None,
        attrs: Mapping[str, Any] | None = None,
        control_inputs: Sequence[Operation] = (),
        device: str = "",
    ) -> Operation:
        """Add an operation and return it; its name is made unique in the current scope.

        `attrs` are AttrValues or the Python values that `Operation.get_attr` gives. Attributes
        with a default may be left out.

        Raises ValueError for inputs or attributes that the op does not take.
        """
        node = NodeDef(op=op_type, device=device, name=self.unique_name(name or op_type))
        for tensor in inputs:
            self.as_graph_element(tensor, allow_operation=False)
            node.input.append(str(TensorId(tensor.op.name, tensor.value_index)))
        node.input.extend(sorted({f"^{op.name}" for op in control_inputs}))
        for key, value in (attrs or {}).items():
            node.attr[key].CopyFrom(python_to_attr(value))
        check_form(node)
        interface = self.interface(op_type)
        if interface is not None:
            interface.fill_defaults(node)
            check_attrs(node, interface)
            check_input_count(node, interface)
        op = self.add_node(node)
        self.apply_devices(op)
        return op

    def add_node(self, node: NodeDef, shapes: AttrValue | None = None) -> Operation:
        """Add a node that was checked; the graph keeps the message itself, not a copy."""
        op = self._operations[node.name] = Operation(self, node, shapes)
        self._names_in_use.setdefault(node.name.lower(), 1)
        self._consumers = None
        return op

    # --- what the ops are

    def op_def(self, op_type: str) -> OpDef | None:
        if op_type in self._functions:
            return self._functions[op_type].signature
        return get_op_def(op_type)

    def interface(self, op_type: str) -> Interface | None:
        return self._interfaces.get(op_type) or interface_of(op_type)

    def output_types(self, node: NodeDef, shapes: AttrValue | None = None) -> Sequence[int]:
        interface = self.interface(node.op)
        if interface is not None:
            return interface.output_types(node.attr)
        if self._consumers is None:
            self._consumers = self._index_consumers()
        used = max((index for index, _ in self._consumers.get(node.name, ())), default=CONTROL)
        return [0] * max(used + 1, len(shapes.list.shape) if shapes is not None else 0)

    @property
    def functions(self) -> Mapping[str, FunctionDef]:
        """The functions of the graph's library by name."""
        return dict(self._functions)

    def add_functions(self, library: FunctionDefLibrary) -> None:
        """Take in a library. Raises ValueError if a name has another definition already."""
        self.check_functions(library)
        for function in library.function:
            name = function.signature.name
            if name not in self._functions:
                copy = self._functions[name] = copied(function)
                self._interfaces[name] = Interface(copy.signature)
        for gradient in library.gradient:
            self._gradients.setdefault(gradient.function_name, gradient)

    def check_functions(self, library: FunctionDefLibrary) -> None:
        for function in library.function:
            name = function.signature.name
            if interface_of(name) is not None:
                raise InvalidArgumentError(f"function {name!r} has the name of an op")
            if self._functions.get(name, function) != function:
                raise InvalidArgumentError(
                    f"function {name!r} has another definition in the graph already"
                )
        for gradient in library.gradient:
            name = gradient.function_name
            known = self._gradients.get(name, gradient)
            if known.gradient_func != gradient.gradient_func:
                raise InvalidArgumentError(f"function {name!r} has another gradient already")

    # --- the whole as a message

    @property
    def version(self) -> int:
        """A number that grows with every operation added."""
        return len(self._operations)

    @property
    def graph_def_versions(self) -> VersionDef:
        """A copy of the versions: which TensorFlow made this, and which may read it."""
        return copied(self._versions)

    def merge_versions(self, versions: VersionDef) -> None:
        """Keep the oldest producer and the most demanding consumer, of this graph and another."""
        own = self._versions
        own.producer = min(own.producer, versions.producer)
        own.min_consumer = max(own.min_consumer, versions.min_consumer)
        own.bad_consumers[:] = sorted({*own.bad_consumers, *versions.bad_consumers})

    def as_graph_def(self, from_version: int | None = None, add_shapes: bool = False) -> GraphDef:
        """Return the graph as a message, leaving out the first `from_version` operations.

        With `add_shapes` each node whose shapes are known from its file carries them again, in
        ``_output_shapes``.

        Raises ValueError if it would be larger than 2 GiB, which is all that protobuf can hold.
        """
        graph_def = GraphDef(versions=self._versions)
        ops = self.get_operations()[from_version or 0 :]
        graph_def.node.extend(map(node_of, ops))
        if add_shapes:
            for op, node in zip(ops, graph_def.node, strict=True):
                shapes = given_shapes(op)
                if shapes is not None:
                    node.attr[OUTPUT_SHAPES].CopyFrom(shapes)
        self.copy_functions_to(graph_def)
        check_size(graph_def)
        return graph_def

    def copy_functions_to(self, graph_def: GraphDef) -> None:
        graph_def.library.function.extend(self._functions.values())
        graph_def.library.gradient.extend(self._gradients.values())

    def as_default(self) -> AbstractContextManager[Graph]:
        """Make this the default graph of the thread within a ``with`` block."""
        return as_default(self)

    def __repr__(self) -> str:
        return f"<Graph of {len(self._operations)} operations>"


def _kinds(tensor: bool, operation: bool) -> str:
    return " or ".join(["a Tensor"] * tensor + ["an Operation"] * operation)
