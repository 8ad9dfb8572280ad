"""The collections of a graph as CollectionDefs, and back.

    registered key    bytes_list of messages (VariableDef, SaverDef, QueueRunnerDef, ...)
    str, bytes        bytes_list           int     int64_list
    float             float_list           Any     any_list
    anything named    node_list of the names

The kind is that of the first item, as in TensorFlow: a list of mixed items cannot be written.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from tfckpt.errors import CheckpointError, DataLossError
from tfckpt.graph.collection_items import ProtoFunctions, proto_functions
from tfckpt.graph.graph import Graph
from tfckpt.graph.operation import Operation, Tensor
from tfckpt.graphdef.keys import VARIABLE_COLLECTIONS, GraphKeys
from tfckpt.graphdef.names import prepend_scope, strip_scope
from tfckpt.parsing import parse_binary
from tfckpt.protos import CollectionDef, MetaGraphDef, full_name, is_message

logger = logging.getLogger("tfckpt")

UNBOUND_PREFIX = "$unbound_inputs_"

Included = Callable[[str], bool]


# --- out of a graph


def add_collection_def(
    meta_graph_def: MetaGraphDef,
    key: str,
    items: Iterable[Any],
    *,
    export_scope: str | None,
    included: Included,
) -> None:
    """Write a collection's items that are `included` by name; warn if they cannot be written."""
    items = [item for item in items if _name_of(item) is None or included(_name_of(item))]
    if not items:
        return
    try:
        definition = encode_collection(key, items, export_scope)
    except Exception as error:  # whatever an item's own conversion raises
        logger.warning(
            "the collection %r is left out: its items have no place in a MetaGraphDef (%s: %s)",
            key,
            type(error).__name__,
            error,
        )
        return
    meta_graph_def.collection_def[key].CopyFrom(definition)


def _name_of(item: Any) -> Any:
    return item if isinstance(item, str) else getattr(item, "name", None)


def encode_collection(key: str, items: list[Any], export_scope: str | None) -> CollectionDef:
    definition = CollectionDef()
    functions = proto_functions(key)
    # A file from before TensorFlow 1.0 lists its variables by name. They were read as tensors, and
    # are written by name again.
    by_name = all(isinstance(item, (Operation, Tensor)) for item in items)
    if functions is not None and not by_name:
        definition.bytes_list.value.extend(_messages(items, functions, export_scope))
        return definition
    kind = kind_of(items[0])
    values = getattr(definition, kind).value
    if kind == "node_list":
        values.extend(
            strip_scope(item.name, export_scope)
            for item in items
            if not export_scope or item.name.startswith(export_scope)
        )
    elif kind == "bytes_list":
        values.extend(item.encode() if isinstance(item, str) else item for item in items)
    elif kind == "any_list":
        for item in items:  # of protobuf's own class, or that of another pool
            values.add(type_url=item.type_url, value=item.value)
    else:
        values.extend(items)
    return definition


def kind_of(item: Any) -> str:
    """Return the field of a CollectionDef that takes items like this."""
    if isinstance(item, (str, bytes)):
        return "bytes_list"
    if isinstance(item, int):
        return "int64_list"
    if isinstance(item, float):
        return "float_list"
    return "any_list" if full_name(item) == "google.protobuf.Any" else "node_list"


def _messages(
    items: list[Any], functions: ProtoFunctions, export_scope: str | None
) -> Iterator[bytes]:
    for item in items:
        message = functions.to_proto(item, export_scope=export_scope)
        if message is None:
            continue
        if not is_message(message, functions.proto_type):
            raise TypeError(f"{item!r} became a {type(message).__name__}")
        yield message.SerializeToString(deterministic=True)


# --- into a graph


class CollectionReader:
    """Puts the collections of a MetaGraphDef into a graph."""

    def __init__(self, graph: Graph, scope: str, *, say_trainable: bool) -> None:
        self._graph = graph
        self._scope = scope
        self._say_trainable = say_trainable
        self._variables: dict[bytes, Any] = {}

    def read(self, key: str, definition: CollectionDef) -> None:
        """Add the items of a collection. Errors name it."""
        try:
            items = self._items(key, definition)
        except CheckpointError as error:
            error.message = (
                f"collection {key!r}: {error.message} (restore_collections_predicate can leave "
                f"the collection out)"
            )
            raise
        for item in items:
            self._graph.add_to_collection(key, item)

    def _items(self, key: str, definition: CollectionDef) -> list[Any]:
        kind = definition.WhichOneof("kind")
        if kind is None:
            logger.error("the collection %r has items of no known kind; it is skipped", key)
            return []
        functions = proto_functions(key)
        if functions is not None and kind == "bytes_list":
            return [self._message(key, data, functions) for data in definition.bytes_list.value]
        return self._plain(kind, getattr(definition, kind).value)

    def _message(self, key: str, data: bytes, functions: ProtoFunctions) -> Any:
        if key not in VARIABLE_COLLECTIONS:
            return functions.from_proto(self._parse(data, functions), self._scope)
        if data not in self._variables:
            message = self._parse(data, functions)
            if self._say_trainable:
                message.trainable = key == GraphKeys.TRAINABLE_VARIABLES
            self._variables[data] = functions.from_proto(message, self._scope)
        return self._variables[data]

    def _parse(self, data: bytes, functions: ProtoFunctions) -> Any:
        try:
            return parse_binary(data, functions.proto_type)
        except DataLossError as error:
            raise DataLossError(f"it has an item that is {error.message}") from None

    def _plain(self, kind: str, values: Iterable[Any]) -> list[Any]:
        if kind == "node_list":
            return [self._element(value) for value in values]
        if kind == "bytes_list" and self._scope:
            return [_in_scope(value, self._scope) for value in values]
        return list(values)

    def _element(self, name: str) -> Any:
        try:
            return self._graph.as_graph_element(prepend_scope(name, self._scope))
        except CheckpointError:
            raise
        except ValueError as error:
            raise DataLossError(str(error)) from None


def _in_scope(value: bytes, scope: str) -> str | bytes:
    """Put bytes into a scope, if they are text: TensorFlow takes every text for a name."""
    try:
        return prepend_scope(value.decode(), scope)
    except UnicodeDecodeError:
        return value
