"""An object-based checkpoint as the nested objects that it was made of.

    variable, Python state           its value
    object without a value           a mapping of its children by local name
    list, tuple                      a sequence: children "0", "1", ... are its items
    object with several values       a mapping that has these under their attributes' names too
    optimizer with slot variables    a mapping that has each slot too: variable's path -> value

A child may have the name of a value, and a value that of a slot. Then the mapping has the first of
them; `attributes` and `slots` have all. Nothing is read before it is asked for: objects may refer
back to their parents, and reading everything would never end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, overload

from tfckpt.checkpoint import load_checkpoint
from tfckpt.lazy import lazy
from tfckpt.names import AnyPath
from tfckpt.notebook import table_html
from tfckpt.objectgraph.keys import is_sequence
from tfckpt.objectgraph.nodes import read_object_graph
from tfckpt.objects.trackable import Trackable
from tfckpt.objects.values import ObjectValues
from tfckpt.reader import Verify

if TYPE_CHECKING:
    from tfckpt.protos import TrackableObjectGraph

    TrackableObject = TrackableObjectGraph.TrackableObject


def load_object_tree(path: AnyPath, *, verify: Verify = True, mmap: bool = True) -> ObjectNode:
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
    return open_views(path, verify=verify, mmap=mmap).node(0)


def open_views(path: AnyPath, *, verify: Verify = True, mmap: bool = True) -> Views:
    """Open a checkpoint as `load_object_tree` does; closing its reader is the caller's to do."""
    reader = load_checkpoint(path, verify=verify, mmap=mmap)
    try:
        return Views(ObjectValues(reader, read_object_graph(reader)))
    except BaseException:
        reader.close()
        raise


class Views:
    """The views on the objects of one checkpoint."""

    def __init__(self, source: ObjectValues) -> None:
        self.source = source
        self._nodes: dict[int, ObjectNode] = {}

    def node(self, node_id: int) -> ObjectNode:
        """Return a node's view, the same one each time."""
        if node_id not in self._nodes:
            message = self.source.graph.nodes[node_id]
            is_list = is_sequence([child.local_name for child in message.children])
            kind = ObjectList if node_id and not message.attributes and is_list else ObjectMapping
            self._nodes[node_id] = kind(self, node_id)
        return self._nodes[node_id]

    def shown(self, node_id: int) -> Any:
        """Return what stands for a node: its only value, or its view."""
        message = self.source.graph.nodes[node_id]
        if len(message.attributes) == 1 and not message.children and not message.slot_variables:
            return self.source.value(node_id, message.attributes[0])
        return self.node(node_id)


class ObjectNode(Trackable):
    """An object of a checkpoint; closing any of them closes the checkpoint they are in."""

    def __init__(self, views: Views, node_id: int) -> None:
        self._views = views
        self._source = views.source
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
        """The path that its keys begin with; None for an object that the root does not lead to."""
        return self._source.paths.get(self.node_id)

    @lazy
    def attributes(self) -> Mapping[str, Any]:
        """The values of the object itself, by attribute."""
        return _Lazy(
            {
                attribute.name: lambda held=attribute: self._source.value(self.node_id, held)
                for attribute in self.message.attributes
            }
        )

    @lazy
    def slots(self) -> Mapping[str, Mapping[str, Any]]:
        """The slot variables of an optimizer: slot -> path of the variable -> value."""
        slots: dict[str, dict[str, Any]] = {}
        for slot in self.message.slot_variables:
            variable = self._source.paths.get(slot.original_variable_node_id)
            name = f"node {slot.original_variable_node_id}" if variable is None else variable
            owned = slot.slot_variable_node_id
            slots.setdefault(slot.slot_name, {})[name] = partial(self._views.shown, owned)
        return {name: _Lazy(values) for name, values in slots.items()}

    def child(self, name: str) -> ObjectNode:
        """Return the view of a child, also of one that has a value.

        Raises KeyError if there is none.
        """
        return self._views.node(self._child_ids[name])

    @lazy
    def _child_ids(self) -> dict[str, int]:
        return {child.local_name: child.node_id for child in self.message.children}

    def materialize(self) -> Any:
        """Read everything below into plain dicts and lists.

        An object that several refer to is one object in the result too, and circles stay circles.
        A `Checkpoint` of the result writes the same objects again.
        """
        return Maker(self._views).make(self.node_id)

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
        attributes = (attribute.name for attribute in self.message.attributes)
        slots = (slot.slot_name for slot in self.message.slot_variables)
        return dict.fromkeys([*self._child_ids, *attributes, *slots])

    def __getitem__(self, key: str) -> Any:
        if key in self._child_ids:
            return self._views.shown(self._child_ids[key])
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

    def _ipython_key_completions_(self) -> list[str]:
        return list(self)

    def _repr_html_(self) -> str:
        rows = ((name, self._said(name)) for name in self)
        title = f"object {self.path or 'at the root'}"
        return table_html(title, ("name", "what it is"), rows, len(self))

    def _said(self, name: str) -> str:
        """Say what an entry is, without reading it."""
        if name not in self._child_ids:
            return "slot variables" if name in self.slots else "value"
        message = self._source.graph.nodes[self._child_ids[name]]
        if message.children or message.slot_variables or len(message.attributes) != 1:
            return repr(self._views.node(self._child_ids[name]))[1:-1]
        info = self._source.reader.infos().get(message.attributes[0].checkpoint_key)
        return "value" if info is None else f"{info.type_name} {list(info.shape)}"

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
        return self._views.shown(self._child_ids[str(numbers)])

    def __iter__(self) -> Iterator[Any]:
        return (self[number] for number in range(len(self)))

    def __len__(self) -> int:
        return len(self._child_ids)

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

    def _ipython_key_completions_(self) -> list[str]:
        return list(self)

    def __repr__(self) -> str:
        return f"<values of {', '.join(self) or 'nothing'}>"


class ObjectDict(dict[str, Any], Trackable):
    """What an object became: a dict that is one object at all its places."""


class ObjectItems(list[Any], Trackable):
    """What a list became, in the same way."""


class Maker:
    """Makes a dict or a list of each object of a checkpoint, once."""

    def __init__(self, views: Views) -> None:
        self._views = Views(views.source.keeping())
        self.made: dict[int, Any] = {}
        """What each node has become."""

    def make(self, node_id: int) -> Any:
        """Read everything below a node; return what the node becomes."""
        waiting: list[ObjectNode] = []
        made = self._of(self._views.node(node_id), waiting)
        while waiting:
            view = waiting.pop()
            target = self.made[view.node_id]
            if isinstance(view, ObjectMapping):
                target.update((name, self._of(child, waiting)) for name, child in view.items())
            else:
                target.extend(self._of(child, waiting) for child in view)
        return made

    def _of(self, value: Any, waiting: list[ObjectNode]) -> Any:
        if isinstance(value, ObjectNode):
            if value.node_id not in self.made:
                is_list = isinstance(value, ObjectList)
                self.made[value.node_id] = ObjectItems() if is_list else ObjectDict()
                waiting.append(value)
            return self.made[value.node_id]
        return dict(value) if isinstance(value, _Lazy) else value


def materialized(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values, with views made into plain objects; what views share stays shared."""
    makers: dict[int, Maker] = {}
    made = {}
    for name, value in values.items():
        if isinstance(value, ObjectNode):
            maker = makers.setdefault(id(value._views), Maker(value._views))
            value = maker.make(value.node_id)
        made[name] = value
    return made
