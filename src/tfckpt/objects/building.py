"""From nested containers and arrays to an object graph, as TensorFlow makes it.

Nodes are numbered breadth first, children in the order of their containers. An array is one
object wherever it stands. A container that is met below itself is the node that it was above.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tfckpt.objectgraph.keys import VARIABLE_VALUE, attribute_key, join_path
from tfckpt.objects.trackable import (
    Names,
    Trackable,
    children_of,
    is_container,
    is_nothing,
    item_of,
    met_as,
)
from tfckpt.objects.tree import ObjectNode
from tfckpt.objects.variable import Variable
from tfckpt.tensors.stored import as_storable
from tfckpt.tensors.strings import to_bytes_list

if TYPE_CHECKING:
    from tfckpt.protos import TrackableObjectGraph

SAVE_COUNTER = "save_counter"
COUNTER_KEY = attribute_key(SAVE_COUNTER)
DEFAULT_NAME = "Variable"
"""The full name of variables that were given none."""


class Built(NamedTuple):
    """A tree as an object graph; its values, and the places where each stands, by key."""

    graph: TrackableObjectGraph
    values: dict[str, Any]
    places: dict[str, list[Names]]
    objects: list[Any]
    """What each node is. A tree that was read has none."""


def build(tree: Any, full_names: Mapping[str, str] | None = None) -> Built:
    """Make the object graph of a tree; `full_names` has those of variables by path.

    Raises TypeError for a leaf that no checkpoint can hold or a key that is no str, ValueError
    for None; both name the place.
    """
    from tfckpt.protos import TrackableObjectGraph

    names_of = {SAVE_COUNTER: SAVE_COUNTER, **(full_names or {})}
    built = Built(graph=TrackableObjectGraph(), values={}, places={}, objects=[])
    nodes = _Nodes(built.graph, built.objects)
    queue: deque[tuple[int, Names, Any]] = deque([(nodes.add(met_as(tree), -1), (), tree)])
    keys: dict[int, str] = {}  # node of a leaf -> its key
    while queue:
        node_id, names, container = queue.popleft()
        mine: dict[str | int, int] = {}  # a namedtuple names each of its items twice
        for name, child in children_of(container, names):
            if is_nothing(child):
                continue
            place, item = (*names, name), item_of(container, name)
            child_id = mine.get(item)
            if child_id is None:
                child_id = nodes.known(child, node_id)
            if child_id is None:
                child_id = nodes.add(child, node_id)
                if is_container(child):
                    _check_read(child, place)
                    queue.append((child_id, place, child))
                else:
                    path = join_path(place)
                    key = keys[child_id] = attribute_key(path)
                    full_name = names_of.get(path) or _own_name(child)
                    built.graph.nodes[child_id].attributes.add(
                        name=VARIABLE_VALUE, full_name=full_name, checkpoint_key=key
                    )
                    built.values[key] = _checked(child, path)
            mine[item] = child_id
            if child_id in keys:
                built.places.setdefault(keys[child_id], []).append(place)
            built.graph.nodes[node_id].children.add(node_id=child_id, local_name=name)
    mark_checkpoint_values(built.graph)
    return built


class _Nodes:
    """Which object is which node."""

    def __init__(self, graph: TrackableObjectGraph, objects: list[Any]) -> None:
        self._graph = graph
        self._objects = objects
        self._above: list[int] = []
        self._single: dict[int, int] = {}  # id of what is one object at all its places -> node

    def add(self, value: Any, above: int) -> int:
        number = len(self._objects)
        self._graph.nodes.add()
        self._objects.append(value)
        self._above.append(above)
        if _has_identity(value):
            self._single[id(value)] = number
        return number

    def known(self, value: Any, above: int) -> int | None:
        """Return the node that a value below another already is."""
        found = self._single.get(id(value))
        if found is not None or not is_container(value):
            return found
        while above >= 0:
            if self._objects[above] is value:
                return above
            above = self._above[above]
        return None


def _has_identity(value: object) -> bool:
    """Whether the same object at two places is one variable.

    Numbers and strings are not: Python itself may make one object of equal ones.
    """
    if is_container(value):
        return isinstance(value, Trackable)
    return not isinstance(value, (int, float, complex, str, bytes, np.generic))


def _check_read(container: Any, place: Names) -> None:
    if isinstance(container, ObjectNode):
        raise TypeError(
            f"{join_path(place)!r} is part of a checkpoint that is read as one goes: put in what "
            f"its materialize() returns"
        )


def _own_name(value: Any) -> str:
    return (value.name if isinstance(value, Variable) else None) or DEFAULT_NAME


def _checked(value: Any, path: str) -> Any:
    if value is None:
        raise ValueError(f"{path!r} is None, which no checkpoint can hold")
    try:
        array, _ = as_storable(value)
        if array.dtype.kind == "O":
            to_bytes_list(array)  # refuses what is no string
    except (TypeError, ValueError) as error:
        raise type(error)(f"{path!r}: {error}") from None
    return value


def mark_checkpoint_values(graph: TrackableObjectGraph) -> None:
    """Mark the nodes that have values in the checkpoint, or lead to a node that has."""
    parents: dict[int, list[int]] = {}
    marked: set[int] = set()
    todo: list[int] = []
    for node_id, node in enumerate(graph.nodes):
        for child in node.children:
            parents.setdefault(child.node_id, []).append(node_id)
        if node.attributes or node.slot_variables or node.HasField("registered_saver"):
            todo.append(node_id)
    while todo:
        node_id = todo.pop()
        if node_id not in marked:
            marked.add(node_id)
            todo.extend(parents.get(node_id, ()))
    for node_id, node in enumerate(graph.nodes):
        node.has_checkpoint_values.value = node_id in marked
