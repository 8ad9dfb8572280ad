"""The root of ``Checkpoint(root, ...)``: that object, and what else is saved as its children."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tfckpt.objects.trackable import Trackable, child_at, children_of, is_container, with_child

ROOT = "root"


def check_root(root: object) -> None:
    """Raise ValueError for what cannot be the root: a value, or a tuple, which never changes."""
    if not is_container(root) or isinstance(root, tuple):
        raise ValueError(
            f"Checkpoint expects root to be a dict, a list, or another Checkpoint, not {root!r:.80}"
        )


def followed(child: Any) -> Any:
    """Return a child, the object itself where there is a weak reference to it."""
    if not isinstance(child, weakref.ref):
        return child
    found = child()
    if found is None:
        raise ReferenceError("the root of the checkpoint is gone: it had a weak reference to it")
    return found


class Rooted(Trackable):
    """An object whose children are its own and those attached to it, its own first.

    Raises ValueError where both have a child of one name that is not the same object.
    """

    def __init__(self, root: Any, attached: dict[str, Any]) -> None:
        self.root = root
        self._attached = attached
        own = dict(children_of(root))
        for name, child in attached.items():
            if name in own and followed(child) is not own[name]:
                raise ValueError(
                    f"Cannot create a Checkpoint with keyword argument {name} if root.{name} "
                    f"already exists."
                )

    def _same_as(self) -> Any:
        return self.root

    def _children(self) -> Iterable[tuple[str, Any]]:
        own = dict(children_of(self.root))
        yield from own.items()
        yield from (item for item in items_of(self._attached) if item[0] not in own)

    def _child(self, name: str) -> Any:
        return self._attached[name] if name in self._attached else child_at(self.root, name)

    def _set_child(self, name: str, value: Any) -> None:
        is_attached = name in self._attached
        if not is_attached or name in dict(children_of(self.root)):
            with_child(self.root, name, value)
        if is_attached:
            self._attached[name] = value


def items_of(children: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    return ((name, followed(child)) for name, child in children.items())
