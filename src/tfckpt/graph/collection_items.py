"""What the collections of a graph hold besides names: variables, savers, runners, contexts.

Each holds the message that TensorFlow has for it, with names as they are in the graph.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np

from tfckpt.dtypes import numpy_dtype
from tfckpt.errors import CheckpointError, InvalidArgumentError
from tfckpt.graph.default import get_default_graph
from tfckpt.graph.operation import node_of
from tfckpt.graphdef.attr_values import PartialShape, shape_of
from tfckpt.graphdef.keys import VARIABLE_COLLECTIONS, GraphKeys
from tfckpt.graphdef.messages import as_message, copied
from tfckpt.graphdef.rescoping import NAME_FIELDS, prepended, stripped
from tfckpt.protos import (
    AttrValue,
    CondContextDef,
    QueueRunnerDef,
    SaverDef,
    VariableDef,
    WhileContextDef,
    is_message,
)
from tfckpt.saver import Saver
from tfckpt.saver.definition import is_in_scope

if TYPE_CHECKING:
    from typing_extensions import Self

    from tfckpt.graph.graph import Graph
    from tfckpt.graph.operation import Operation, Tensor


class ScopedItem:
    """A message whose names are elements of a graph."""

    kind: ClassVar[Any]
    named_by: ClassVar[str]  # the field by which the item is in a scope or not
    elements: ClassVar[tuple[str, ...]] = ()  # fields that name elements of the graph

    __slots__ = ("definition", "graph")

    def __init__(self, definition: Any, graph: Graph | None = None) -> None:
        self.definition = copied(as_message(definition, self.kind, "definition"))
        self.graph = get_default_graph() if graph is None else graph

    @property
    def name(self) -> str:
        return str(getattr(self.definition, self.named_by))

    def to_proto(self, export_scope: str | None = None) -> Any:
        """Return the message with names out of `export_scope`; None if it is not in there."""
        if export_scope and not self.name.startswith(export_scope):
            return None
        return stripped(self.definition, export_scope)

    @classmethod
    def from_proto(cls, definition: Any, import_scope: str | None = None) -> Self:
        """Return the item that a message describes, with its names put into `import_scope`.

        Raises KeyError if the default graph lacks something that it names.
        """
        item = cls(prepended(as_message(definition, cls.kind, "definition"), import_scope))
        item._check()
        return item

    def _check(self) -> None:
        for field in self.elements:
            value = getattr(self.definition, field)
            for name in [value] if isinstance(value, str) else value:
                if name:
                    self._check_name(name)

    def _check_name(self, name: str) -> None:
        try:
            self.graph.as_graph_element(name)
        except CheckpointError:
            raise
        except ValueError as error:  # a name that is none comes from the definition
            raise InvalidArgumentError(str(error)) from None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}>"


class Variable(ScopedItem):
    """A variable of a graph: its name, shape and type; its value is in a checkpoint.

    `definition` is its VariableDef.
    """

    kind = VariableDef
    named_by = "variable_name"
    elements = ("variable_name", "initializer_name", "snapshot_name")

    __slots__ = ()

    @property
    def op(self) -> Operation:
        """The operation that holds the variable."""
        return self.graph.get_operation_by_name(self.name.rpartition(":")[0] or self.name)

    @property
    def checkpoint_key(self) -> str:
        """The name under which a Saver stores it: that of the whole, for a slice of one."""
        if self.definition.HasField("save_slice_info_def"):
            return str(self.definition.save_slice_info_def.full_name)
        return self.op.name

    @property
    def shape(self) -> PartialShape | None:
        attr = node_of(self.op).attr
        return shape_of(attr["shape"].shape) if "shape" in attr else None

    @property
    def dtype(self) -> np.dtype[Any] | None:
        attr = node_of(self.op).attr
        return numpy_dtype(attr["dtype"].type) if "dtype" in attr else None

    @property
    def trainable(self) -> bool:
        return bool(self.definition.trainable)

    def _as_graph_element(self) -> Operation | Tensor:
        return self.graph.as_graph_element(self.definition.snapshot_name or self.name)


class QueueRunner(ScopedItem):
    """What fills a queue; `definition` is its QueueRunnerDef. It runs nothing here."""

    kind = QueueRunnerDef
    named_by = "queue_name"
    elements = NAME_FIELDS["QueueRunnerDef"]

    __slots__ = ()

    _OUT_OF_RANGE = 11  # an error code, which a runner saved before 2016 means and does not say

    def __init__(self, definition: Any, graph: Graph | None = None) -> None:
        super().__init__(definition, graph)
        if not self.definition.queue_closed_exception_types:
            self.definition.queue_closed_exception_types.append(self._OUT_OF_RANGE)


class CondContext(ScopedItem):
    """One branch of a conditional of TensorFlow 1; `definition` is its CondContextDef."""

    kind = CondContextDef
    named_by = "context_name"
    elements = tuple(field for field in NAME_FIELDS["CondContextDef"] if field != "context_name")

    __slots__ = ()


class WhileContext(ScopedItem):
    """A loop of TensorFlow 1; `definition` is its WhileContextDef."""

    kind = WhileContextDef
    named_by = "context_name"
    elements = tuple(field for field in NAME_FIELDS["WhileContextDef"] if field != "context_name")

    __slots__ = ()

    @classmethod
    def from_proto(cls, definition: Any, import_scope: str | None = None) -> Self:
        item = super().from_proto(definition, import_scope)
        if import_scope:
            _name_frames(item.graph, item.definition)
        return item


def _name_frames(graph: Graph, context: Any) -> None:
    """Give the frames of a loop the name that the loop has in its new scope."""
    if context.DESCRIPTOR.name == "WhileContextDef":
        frame = AttrValue(s=context.context_name.encode())
        for name in context.values_def.values:
            op = graph.get_operation_by_name(name.partition(":")[0])
            if op.type in ("Enter", "RefEnter"):
                node_of(op).attr["frame_name"].CopyFrom(frame)
    for nested in context.nested_contexts:
        _name_frames(graph, getattr(nested, nested.WhichOneof("ctxt")))


class ProtoFunctions(NamedTuple):
    """How the items of a collection become messages, and back."""

    proto_type: Any
    to_proto: Callable[..., Any]
    from_proto: Callable[..., Any]


def _saver_to_proto(saver: Any, export_scope: str | None = None) -> Any:
    if is_message(saver, SaverDef):
        if export_scope and not is_in_scope(saver, export_scope):
            return None
        return stripped(saver, export_scope)
    return saver.to_proto(export_scope=export_scope)


def _saver_from_proto(saver_def: Any, import_scope: str | None = None) -> Any:
    # In TensorFlow a Saver is always that of the default graph.
    return Saver(saver_def=saver_def, name=import_scope, meta_graph=get_default_graph())


def _functions(kind: type[ScopedItem]) -> ProtoFunctions:
    return ProtoFunctions(
        kind.kind,
        lambda item, export_scope=None: item.to_proto(export_scope=export_scope),
        lambda message, import_scope=None: kind.from_proto(message, import_scope=import_scope),
    )


_BUILT_IN: dict[str, ProtoFunctions] = {
    GraphKeys.COND_CONTEXT: _functions(CondContext),
    GraphKeys.WHILE_CONTEXT: _functions(WhileContext),
    GraphKeys.QUEUE_RUNNERS: _functions(QueueRunner),
    GraphKeys.SAVERS: ProtoFunctions(SaverDef, _saver_to_proto, _saver_from_proto),
    **{
        key: _functions(Variable)
        for key in (*VARIABLE_COLLECTIONS, GraphKeys.GLOBAL_STEP)
        if key not in (GraphKeys.CONCATENATED_VARIABLES, GraphKeys.TRAINABLE_RESOURCE_VARIABLES)
    },
}


# One for the process, as TensorFlow's registry is: a module that brings items of a class of its own
# registers them when it is imported, once for all graphs.
_registered: dict[str, ProtoFunctions] = {}


def register_proto_function(
    collection_name: str,
    proto_type: Any,
    to_proto: Callable[..., Any],
    from_proto: Callable[..., Any],
) -> None:
    """Say how the items of a collection become messages (``to_proto(item, export_scope=...)``)
    and back (``from_proto(message, import_scope=...)``), for MetaGraphDefs.

    Raises KeyError if the collection has such functions already.
    """
    if proto_functions(collection_name) is not None:
        raise KeyError(f"the collection {collection_name!r} has functions already")
    _registered[collection_name] = ProtoFunctions(proto_type, to_proto, from_proto)


def proto_functions(key: str) -> ProtoFunctions | None:
    return _BUILT_IN.get(key) or _registered.get(key)
