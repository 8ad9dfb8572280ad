"""Nested dicts of arrays, as other libraries keep weights, and names joined by a separator."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np


def flatten(tree: Mapping[Any, Any], sep: str = "/") -> dict[str, Any]:
    """Return the values of nested mappings by name: the keys on the way, joined by `sep`.

    Lists and tuples that hold arrays or mappings are gone into, too, by the numbers of their items;
    one of plain numbers is a value. Keys are str or int. What holds nothing leaves nothing.

    Raises ValueError for a key with `sep` in it, or an empty one, TypeError for one of another
    type.

    >>> flatten({"encoder": {"w": 1.0, "layers": [{"b": 2.0}, {"b": 3.0}]}})
    {'encoder/w': 1.0, 'encoder/layers/0/b': 2.0, 'encoder/layers/1/b': 3.0}
    """
    if not isinstance(tree, Mapping):
        raise TypeError(f"a mapping is flattened, not {tree!r:.80}")
    if not sep:
        raise ValueError("names are joined by one character or more")
    return dict(_leaves(tree, sep, "", ()))


def unflatten(tensors: Mapping[str, Any], sep: str = "/") -> dict[str, Any]:
    """Return nested dicts of the values whose names are paths: undo `flatten`.

    What `flatten` made of lists becomes dicts with the keys "0", "1", ... A reader is taken, too;
    all of it is read.

    Raises ValueError where a name leads through the value of another, or has nothing between two
    separators.

    >>> unflatten({"encoder/w": 1.0, "encoder/b": 2.0, "step": 3})
    {'encoder': {'w': 1.0, 'b': 2.0}, 'step': 3}
    """
    tree: dict[str, Any] = {}
    holders: dict[str, dict[str, Any]] = {"": tree}
    for name in tensors:
        *above, last = name.split(sep)
        if not all((*above, last)):
            raise ValueError(f"{name!r} has an empty part between {sep!r}")
        path, holder = "", tree
        for part in above:
            path = f"{path}{sep}{part}" if path else part
            if path in tensors:
                raise ValueError(f"{name!r} leads through {path!r}, which is a value")
            if path not in holders:
                holders[path] = holder[part] = {}
            holder = holders[path]
        holder[last] = tensors[name]
    return tree


def _leaves(tree: Any, sep: str, path: str, above: tuple[int, ...]) -> Iterator[tuple[str, Any]]:
    if id(tree) in above:
        raise ValueError(f"{path!r} leads back to what it is in")
    items = tree.items() if isinstance(tree, Mapping) else enumerate(tree)
    for key, value in items:
        place = f"{path}{sep}{_as_name(key, sep)}" if path else _as_name(key, sep)
        if isinstance(value, Mapping) or _is_container(value):
            yield from _leaves(value, sep, place, (*above, id(tree)))
        else:
            yield place, value


def _as_name(key: object, sep: str) -> str:
    if not isinstance(key, str | int) or isinstance(key, bool):
        raise TypeError(f"a key is a str or an int, not {key!r}")
    name = str(key)
    if not name or sep in name:
        raise ValueError(
            f"the key {key!r} is empty or has {sep!r} in it, which joins names: give another sep="
        )
    return name


def _is_container(value: object) -> bool:
    """Whether a list holds more than the numbers or strings of one array."""
    if not isinstance(value, list | tuple):
        return False
    waiting = [*value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, Mapping | np.ndarray) or hasattr(item, "__array__"):
            return not isinstance(item, np.generic)
        if isinstance(item, list | tuple):
            waiting.extend(item)
    return False
