"""What has children: containers, and the objects that are more than a container.

    dict, list, tuple    a new object at each place, because TensorFlow wraps it anew at each
    Trackable            one object, wherever it stands

What is neither is a value. A tuple without any object in it is none itself, unlike an empty dict
or list (``trackable/data_structures.py``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tfckpt.objectgraph.keys import join_path

Names = tuple[str, ...]


class Trackable:
    """An object that is one node of the graph at all its places, as TensorFlow's are.

    One that is no dict or list itself overrides the methods, which reach its children.
    """

    def _same_as(self) -> Any:
        """Return what this object is met as elsewhere."""
        return self

    def _children(self) -> Iterable[tuple[str, Any]]:
        raise NotImplementedError

    def _child(self, name: str) -> Any:
        raise NotImplementedError

    def _set_child(self, name: str, value: Any) -> None:
        raise NotImplementedError


def met_as(value: Any) -> Any:
    """Return the object that `value` is met as elsewhere: for a root with additions, that root."""
    return value._same_as() if isinstance(value, Trackable) else value


def is_container(value: object) -> bool:
    return isinstance(value, (Mapping, list, tuple, Trackable))


def is_nothing(value: object) -> bool:
    """Whether `value` is a tuple without an object in it."""
    return isinstance(value, tuple) and all(map(is_nothing, value))


def children_of(container: Any, names: Names = ()) -> Iterator[tuple[str, Any]]:
    """Yield the local name and the value of each child; a namedtuple's fields come first.

    Raises TypeError for a key that is no str; `names` tells where that is.
    """
    if isinstance(container, Mapping):
        for name, child in container.items():
            if not isinstance(name, str):
                raise TypeError(f"{join_path(names)!r} has the key {name!r}: keys must be str")
            yield name, child
    elif isinstance(container, (list, tuple)):
        for name in getattr(container, "_fields", ()):
            yield name, getattr(container, name)
        for number, child in enumerate(container):
            yield str(number), child
    else:
        yield from container._children()


def item_of(container: Any, name: str) -> Any:
    """Return what all names of one child have in common: a namedtuple names each twice."""
    if not isinstance(container, (list, tuple)):
        return name
    fields = getattr(container, "_fields", ())
    return fields.index(name) if name in fields else int(name)


def child_at(container: Any, name: str) -> Any:
    if isinstance(container, (Mapping, list, tuple)):
        return container[item_of(container, name)]
    return container._child(name)


def with_child(container: Any, name: str, value: Any) -> Any:
    """Put a child in its place; return the container, a new one where it is a tuple."""
    if isinstance(container, tuple):
        items = list(container)
        items[item_of(container, name)] = value
        return container._make(items) if hasattr(container, "_make") else tuple(items)
    if isinstance(container, (Mapping, list)):
        container[item_of(container, name)] = value  # type: ignore[index]
    else:
        container._set_child(name, value)
    return container
