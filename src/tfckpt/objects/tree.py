"""An object-based checkpoint as the nested objects that it was made of.

    variable, Python state           its value
    object without a value           a mapping of its children by local name
    list, tuple                      a sequence: children "0", "1", ... are its items
    object with several values       a mapping that has these under their attributes' names too
    optimizer with slot variables    a mapping that has each slot too: variable's path -> value

Where names meet a child wins over a value, and a value over a slot; `attributes` and `slots` have
them all the same. Nothing is read before it is asked for. Objects that refer back to their
parents are followed as far as the caller goes and no further.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, overload

from tfckpt.checkpoint import load_checkpoint
from tfckpt.errors import DataLossError
from tfckpt.lazy import lazy
from tfckpt.names import Path, decode_name, encode_name
from tfckpt.objects.keys import VARIABLE_VALUE, is_sequence
from tfckpt.objects.nodes import NodePaths, read_object_graph
from tfckpt.reader import CheckpointReader, Verify

if TYPE_CHECKING:
    from tfckpt.protos import TrackableObjectGraph

    TrackableObject = TrackableObjectGraph.TrackableObject
    SerializedTensor = TrackableObject.SerializedTensor


def load_object_tree(path: Path, *, verify: Verify = True, mmap: bool = True) -> ObjectNode:
    """Open an object-based checkpoint as nested mappings and sequences, read lazily.

    `path`, `verify` and `mmap` are as for `load_checkpoint`.

    >>> import numpy as np, tempfile, tfckpt
    >>> net = {"layers": [{"kernel": np.eye(2)}, {"kernel": np.ones((2, 3))}]}
    >>> path = tfckpt.Checkpoint(net=net).write(tempfile.mkdtemp() + "/ckpt")
    >>> with tfckpt.load_object_tree(path) as tree:
    ...     [layer["kernel"].shape for layer in tree["net"]["layers"]]
    [(2, 2), (2, 3)]

    Raises what `object_graph` raises; on access, DataLossError for a key that the index lacks.
    """
    reader = load_checkpoint(path, verify=verify, mmap=mmap)
    try:
        return Source(reader, read_object_graph(reader)).node(0)
    except BaseException:
        reader.close()
        raise


class Source:
    """What the nodes of one checkpoint share: its reader and its graph.

    With `keep` a value is read once and is the same object wherever it stands.
    """

    def __init__(
        self, reader: CheckpointReader, graph: TrackableObjectGraph, *, keep: bool = False
    ) -> None:
        self.reader = reader
        self.graph = graph
        self._kept: dict[str, Any] | None = {} if keep else None
        self._nodes: dict[int, ObjectNode] = {}

    @lazy
    def paths(self) -> NodePaths:
        return NodePaths(self.graph)

    def node(self, node_id: int) -> ObjectNode:
        """Return a node's view, the same one each time."""
        if node_id not in self._nodes:
            names = [child.local_name for child in self.graph.nodes[node_id].children]
            plain = not self.graph.nodes[node_id].attributes
            kind = ObjectList if node_id and plain and is_sequence(names) else ObjectMapping
            self._nodes[node_id] = kind(self, node_id)
        return self._nodes[node_id]

    def shown(self, node_id: int) -> Any:
        """Return what stands for a node: its only value, or its view."""
        message = self.graph.nodes[node_id]
        if len(message.attributes) == 1 and not message.children and not message.slot_variables:
            return self.value(node_id, message.attributes[0])
        return self.node(node_id)

    def value(self, node_id: int, attribute: SerializedTensor) -> Any:
        """Read an attribute; Python state comes as str, as bytes where it is no text.

        One that is spread over several tensors (a table's) comes as a dict: end of key -> value.
        """
        if self._kept is None:
            return self._read(node_id, attribute)
        if attribute.checkpoint_key not in self._kept:
            self._kept[attribute.checkpoint_key] = self._read(node_id, attribute)
        return self._kept[attribute.checkpoint_key]

    def _read(self, node_id: int, attribute: SerializedTensor) -> Any:
        values = {}
        for key in self.keys(node_id, attribute.checkpoint_key):
            value = self.reader.get_tensor(key)
            if attribute.name != VARIABLE_VALUE and isinstance(value, bytes):
                value = _text(value)
            if key == attribute.checkpoint_key:
                return value
            values[key.removeprefix(attribute.checkpoint_key)] = value
        return values

    def keys(self, node_id: int, key: str) -> list[str]:
        """Return the tensors that hold an attribute: its key, or those that begin with it.

        Objects with savers of their own add something to it, like ``-keys`` and ``-values``.
        """
        if key in self.reader:
            return [key]
        longer = [name for name in self._beginning_with(key) if name not in self._exact]
        if not longer:
            raise DataLossError(
                f"node {node_id} ({self.paths.get(node_id, 'unreachable')!r}) keeps its value "
                f"there, but the index has no such key",
                path=self.reader.path,
                tensor=key,
            )
        return longer

    def _beginning_with(self, key: str) -> Iterator[str]:
        start = encode_name(key) if key else b""
        for at in range(bisect_left(self._sorted, start), len(self._sorted)):
            if not self._sorted[at].startswith(start):
                return
            yield decode_name(self._sorted[at])

    @lazy
    def _sorted(self) -> list[bytes]:
        return sorted(map(encode_name, self.reader))

    @lazy
    def _exact(self) -> set[str]:
        return {one.checkpoint_key for node in self.graph.nodes for one in node.attributes}


class ObjectNode:
    """An object of a checkpoint; closing any of them closes the checkpoint they are in."""

    def __init__(self, source: Source, node_id: int) -> None:
        self._source = source
        self.node_id = node_id

    if TYPE_CHECKING:

        def __getitem__(self, key: Any) -> Any: ...

        def __iter__(self) -> Iterator[Any]: ...

        def __len__(self) -> int: ...

    @property
    def message(self) -> TrackableObject:
        """The node of the TrackableObjectGraph."""
        return self._source.graph.nodes[self.node_id]

    @property
    def path(self) -> str | None:
        """The path that keys have for it, None where the root leads nowhere near."""
        return self._source.paths.get(self.node_id)

    @lazy
    def attributes(self) -> Mapping[str, Any]:
        """The values of the object itself, by attribute."""
        return _Lazy(
            {
                one.name: lambda one=one: self._source.value(self.node_id, one)
                for one in self.message.attributes
            }
        )

    @lazy
    def slots(self) -> Mapping[str, Mapping[str, Any]]:
        """The slot variables of an optimizer: slot -> path of the variable -> value."""
        slots: dict[str, dict[str, Any]] = {}
        for one in self.message.slot_variables:
            variable = self._source.paths.get(one.original_variable_node_id)
            name = f"node {one.original_variable_node_id}" if variable is None else variable
            slots.setdefault(one.slot_name, {})[name] = lambda one=one: self._source.shown(
                one.slot_variable_node_id
            )
        return {name: _Lazy(values) for name, values in slots.items()}

    def child(self, name: str) -> ObjectNode:
        """Return the view of a child, also of one that has a value.

        Raises KeyError if there is none.
        """
        return self._source.node(self._children[name])

    @lazy
    def _children(self) -> dict[str, int]:
        return {child.local_name: child.node_id for child in self.message.children}

    def materialize(self) -> Any:
        """Read everything below into plain dicts and lists.

        An object that several refer to is one object in the result too, so that what went in
        circles does so still.
        """
        return materialized(self)[self.node_id]

    def close(self) -> None:
        """Close the checkpoint's files. What was read stays valid."""
        self._source.reader.close()

    def __enter__(self) -> ObjectNode:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # Views of the same object are the same view: never compare values, which may go in circles.
    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = object.__hash__


class ObjectMapping(ObjectNode, Mapping[str, Any]):
    """An object's children, values and slots by name."""

    __eq__ = ObjectNode.__eq__
    __hash__ = ObjectNode.__hash__

    @lazy
    def _entries(self) -> dict[str, None]:
        attributes = (one.name for one in self.message.attributes)
        slots = (one.slot_name for one in self.message.slot_variables)
        return dict.fromkeys([*self._children, *attributes, *slots])

    def __getitem__(self, key: str) -> Any:
        if key in self._children:
            return self._source.shown(self._children[key])
        if key not in self._entries:
            raise KeyError(key)
        attributes = self.attributes
        return attributes[key] if key in attributes else self.slots[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, key: object) -> bool:
        return key in self._entries

    def __repr__(self) -> str:
        return f"<object {self.path!r} with {', '.join(self) or 'nothing'}>"


class ObjectList(ObjectNode, Sequence[Any]):
    """The items of a list or tuple."""

    __eq__ = ObjectNode.__eq__
    __hash__ = ObjectNode.__hash__

    @overload
    def __getitem__(self, index: int) -> Any: ...

    @overload
    def __getitem__(self, index: slice) -> list[Any]: ...

    def __getitem__(self, index: int | slice) -> Any:
        numbers = range(len(self))[index]
        if isinstance(numbers, range):
            return [self[number] for number in numbers]
        return self._source.shown(self._children[str(numbers)])

    def __iter__(self) -> Iterator[Any]:
        return (self[number] for number in range(len(self)))

    def __len__(self) -> int:
        return len(self._children)

    def __repr__(self) -> str:
        return f"<list {self.path!r} of {len(self)}>"


class _Lazy(Mapping[str, Any]):
    """Values read when they are asked for."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    def __getitem__(self, key: str) -> Any:
        return self._values[key]()

    def __contains__(self, key: object) -> bool:
        return key in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"<values of {', '.join(self) or 'nothing'}>"


def materialized(view: ObjectNode) -> dict[int, Any]:
    """Read everything below an object; return the dict or list that each node became."""
    source = Source(view._source.reader, view._source.graph, keep=True)
    view = source.node(view.node_id)
    made: dict[int, Any] = {view.node_id: _empty(view)}
    waiting = [view]
    while waiting:
        one = waiting.pop()
        target = made[one.node_id]
        for key, value in list(one.items() if isinstance(one, ObjectMapping) else enumerate(one)):
            if isinstance(value, ObjectNode):
                if value.node_id not in made:
                    made[value.node_id] = _empty(value)
                    waiting.append(value)
                value = made[value.node_id]
            elif isinstance(value, _Lazy):
                value = dict(value)
            if isinstance(target, list):
                target.append(value)
            else:
                target[key] = value
    return made


def _empty(view: ObjectNode) -> Any:
    return [] if isinstance(view, ObjectList) else {}


def _text(value: bytes) -> str | bytes:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value
