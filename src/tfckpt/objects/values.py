"""The values of one object-based checkpoint, by the attributes of its graph.

An attribute has a key, and its value is the tensor of that key; but an object with a saver of its
own (a table) may have several tensors, whose names begin with the key.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

import numpy as np

from tfckpt.errors import DataLossError, InvalidArgumentError
from tfckpt.lazy import lazy
from tfckpt.names import OBJECT_GRAPH_KEY, decode_name, encode_name, shown
from tfckpt.objectgraph.keys import VARIABLE_VALUE, parse_key
from tfckpt.objectgraph.nodes import NodePaths, attributes_of, given_object_graph
from tfckpt.reader import TensorReader

if TYPE_CHECKING:
    from tfckpt.protos import TrackableObjectGraph

    TrackableObject = TrackableObjectGraph.TrackableObject
    SerializedTensor = TrackableObject.SerializedTensor


class ObjectValues:
    """Reads the values of a checkpoint's objects, which share it.

    A variable that is read again while its array is in use is that array again.
    """

    def __init__(self, reader: TensorReader, graph: TrackableObjectGraph) -> None:
        self.reader = reader
        self.graph = graph
        self._in_use: WeakValueDictionary[str, np.ndarray] = WeakValueDictionary()
        self._kept: dict[str, Any] | None = None

    def keeping(self) -> ObjectValues:
        """Return a source of the same values that reads each once, and keeps it."""
        source = ObjectValues(self.reader, self.graph)
        source._kept = dict(self._in_use)
        return source

    @lazy
    def paths(self) -> NodePaths:
        return NodePaths(self.graph)

    def value(self, node_id: int, attribute: SerializedTensor) -> Any:
        """Read an attribute; Python state comes as str, as bytes where it is no text.

        An attribute that several tensors hold (a table's) comes as a dict: end of key -> value.
        """
        key = attribute.checkpoint_key
        known: Any = self._in_use if self._kept is None else self._kept
        value = known.get(key)
        if value is None:
            value = self._read(node_id, attribute)
            if self._kept is not None or isinstance(value, np.ndarray):
                known[key] = value
        return value

    def _read(self, node_id: int, attribute: SerializedTensor) -> Any:
        values = {}
        for key in self.keys(node_id, attribute.checkpoint_key):
            value: Any = self.reader[key]
            if value.dtype == object and not value.ndim:
                value = value[()]
            if attribute.name != VARIABLE_VALUE and isinstance(value, bytes):
                value = _text(value)
            if key == attribute.checkpoint_key:
                return value
            values[key.removeprefix(attribute.checkpoint_key)] = value
        return values

    def keys(self, node_id: int, key: str) -> list[str]:
        """Return the tensors that hold an attribute.

        Raises DataLossError if there is none.
        """
        keys = self._holders.of(key)
        if not keys:
            raise DataLossError(
                f"node {node_id} ({self.paths.get(node_id, 'unreachable')!r}) keeps its value "
                f"there, but the index has no such key",
                path=self.reader.path,
                tensor=key,
            )
        return keys

    @lazy
    def _holders(self) -> Holders:
        return Holders(self.reader, self.graph)


class Holders:
    """Which tensors hold an attribute: the one of its key, or those whose names begin with it.

    Objects with savers of their own add something to the key, such as ``-keys`` and ``-values``.
    """

    def __init__(self, names: Collection[str], graph: TrackableObjectGraph) -> None:
        self._names = names
        self._graph = graph

    def of(self, key: str) -> list[str]:
        if key in self._names:
            return [key]
        return [name for name in self._beginning_with(key) if name not in self._exact]

    def _beginning_with(self, key: str) -> Iterator[str]:
        start = encode_name(key) if key else b""
        for at in range(bisect_left(self._sorted, start), len(self._sorted)):
            if not self._sorted[at].startswith(start):
                return
            yield decode_name(self._sorted[at])

    @lazy
    def _sorted(self) -> list[bytes]:
        return sorted(map(encode_name, self._names))

    @lazy
    def _exact(self) -> set[str]:
        return {attribute.checkpoint_key for _, attribute in attributes_of(self._graph)}


def check_holders(names: Collection[str], serialized: object, path: str) -> None:
    """Check that the object graph among tensors that will be written finds its values there.

    Raises InvalidArgumentError, which says what is missing.
    """
    graph = given_object_graph(serialized, path)
    names = set(names)
    holders = Holders(names, graph)
    keys = {attribute.checkpoint_key for _, attribute in attributes_of(graph)}
    missing = [key for key in sorted(keys) if not holders.of(key)]
    if missing:
        strange = [name for name in sorted(names) if parse_key(name) and name not in keys]
        instead = f" (which lacks {shown(strange)})" if strange else ""
        raise InvalidArgumentError(
            f"{len(missing)} values of the object graph{instead} are not among the tensors: "
            f"{shown(missing)}. By hand only values can be changed, not names: use "
            f"tfckpt.Checkpoint for other objects, or leave out {OBJECT_GRAPH_KEY!r} for a "
            f"name-based checkpoint",
            path=path,
        )


def _text(value: bytes) -> str | bytes:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value
