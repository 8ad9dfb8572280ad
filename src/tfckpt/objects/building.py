"""From nested dicts, lists, tuples and arrays to an object graph, as TensorFlow makes it.

Nodes are numbered breadth first, children in the order of their containers. An array is one
object wherever it stands; a container is a new object at each place, because TensorFlow wraps it
anew there. A tuple without any object in it is none itself, unlike an empty dict or list
(``trackable/data_structures.py``).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tfckpt.objects.keys import VARIABLE_VALUE, attribute_key, join_path
from tfckpt.tensors.stored import as_storable
from tfckpt.tensors.strings import to_bytes_list

if TYPE_CHECKING:
    from tfckpt.protos import TrackableObjectGraph

Names = tuple[str, ...]
SAVE_COUNTER = "save_counter"
_DEFAULT_NAME = "Variable"


class Built(NamedTuple):
    """A tree's graph; its values by key, in the order of nodes; where in the tree they stand."""

    graph: TrackableObjectGraph
    values: dict[str, Any]
    places: dict[str, list[Names]]


def build(tree: Mapping[str, Any], full_names: Mapping[str, str] | None = None) -> Built:
    """Make the object graph of a tree; `full_names` has those of variables by path.

    Raises TypeError for a leaf that no checkpoint can hold or a key that is no str, ValueError
    for None and for containers that hold themselves; both name the place.
    """
    from tfckpt.protos import TrackableObjectGraph

    names_of = {SAVE_COUNTER: SAVE_COUNTER, **(full_names or {})}
    built = Built(TrackableObjectGraph(), {}, {})
    built.graph.nodes.add()
    keys: dict[int, tuple[int, str]] = {}  # id of a leaf -> its node and key
    queue: deque[tuple[int, Names, Any, tuple[int, ...]]] = deque([(0, (), tree, ())])
    while queue:
        node_id, names, container, above = queue.popleft()
        if id(container) in above:
            raise ValueError(f"{join_path(names)!r} holds itself: a tree cannot go in circles")
        mine: dict[str | int, int] = {}  # a namedtuple names each of its items twice
        for name, child in children_of(container, names):
            if is_nothing(child):
                continue
            place = (*names, name)
            is_leaf = not is_container(child)
            known = keys.get(id(child)) if is_leaf and _has_identity(child) else None
            child_id = known[0] if known else mine.get(_item(container, name), -1)
            if child_id < 0:
                child_id = len(built.graph.nodes)
                node = built.graph.nodes.add()
                mine[_item(container, name)] = child_id
                if is_leaf:
                    path = join_path(place)
                    known = keys[id(child)] = child_id, attribute_key(path)
                    node.attributes.add(
                        name=VARIABLE_VALUE,
                        full_name=names_of.get(path, _DEFAULT_NAME),
                        checkpoint_key=known[1],
                    )
                    built.values[known[1]] = _checked(child, path)
                else:
                    queue.append((child_id, place, child, (*above, id(container))))
            if known:
                built.places.setdefault(known[1], []).append(place)
            built.graph.nodes[node_id].children.add(node_id=child_id, local_name=name)
    mark_checkpoint_values(built.graph)
    return built


def is_container(value: object) -> bool:
    return isinstance(value, (Mapping, list, tuple))


def is_nothing(value: object) -> bool:
    """Whether `value` is a tuple without an object in it."""
    return isinstance(value, tuple) and all(map(is_nothing, value))


def children_of(container: Any, names: Names = ()) -> Iterator[tuple[str, Any]]:
    """Yield the local name and the value of each child; a namedtuple's fields come first."""
    if isinstance(container, Mapping):
        for name, child in container.items():
            if not isinstance(name, str):
                raise TypeError(f"{join_path(names)!r} has the key {name!r}: keys must be str")
            yield name, child
        return
    for name in getattr(container, "_fields", ()):
        yield name, getattr(container, name)
    for number, child in enumerate(container):
        yield str(number), child


def _item(container: Any, name: str) -> str | int:
    """Return what all names of one item have in common."""
    if isinstance(container, Mapping):
        return name
    fields = getattr(container, "_fields", ())
    return fields.index(name) if name in fields else int(name)


def _has_identity(value: object) -> bool:
    """Whether the same object at two places is one variable: Python's numbers are shared anyhow."""
    return not isinstance(value, (int, float, complex, str, bytes, np.generic))


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
    """Say of each node whether it, or one that it leads to, has values in the checkpoint."""
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
