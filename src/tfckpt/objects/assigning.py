"""Putting restored values where the old ones are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from tfckpt.dtypes import data_type_name
from tfckpt.errors import InvalidArgumentError
from tfckpt.objects.trackable import Names, child_at, with_child
from tfckpt.tensors.stored import as_storable


def fitted(old: Any, new: Any, key: str) -> Any:
    """Return what replaces `old`: `new` as the kind of thing that `old` is.

    Raises InvalidArgumentError for another shape or dtype; Python numbers have no dtype, so they
    take any.
    """
    if isinstance(new, dict) or isinstance(old, dict):  # a table's tensors
        return new
    array, data_type = as_storable(old)
    value, new_type = as_storable(new)
    if array.shape != value.shape:
        raise InvalidArgumentError(
            f"has shape {list(value.shape)}, the object to restore {list(array.shape)}", tensor=key
        )
    if isinstance(old, (bool, int, float, complex)):
        return value.item()
    if data_type is not new_type:
        raise InvalidArgumentError(
            f"is {data_type_name(new_type)}, the object to restore {data_type_name(data_type)}",
            tensor=key,
        )
    if isinstance(old, (str, bytes)):
        return _as_text(value.item()) if isinstance(old, str) else value.item()
    return value[()] if isinstance(old, np.generic) else new


def _as_text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("utf-8", "surrogateescape")


def assign(tree: Any, places: Iterable[Names], old: Any, new: Any) -> Any:
    """Put `new` in the place of `old`; return what is there now.

    A writable array keeps its identity and gets new elements: the program may hold it elsewhere.
    """
    if _takes_elements(old) and isinstance(new, np.ndarray):
        old[...] = new
        return old
    for place in places:
        _put(tree, place, new)
    return new


def _takes_elements(old: Any) -> bool:
    """Whether an array can be overwritten; numpy's own strings would cut the new ones off."""
    return isinstance(old, np.ndarray) and old.flags.writeable and old.dtype.kind not in "SUT"


def _put(container: Any, place: Names, value: Any) -> Any:
    """Set what is at `place`; return the container, a new one where it is a tuple."""
    name, *rest = place
    if rest:
        child = child_at(container, name)
        value = _put(child, tuple(rest), value)
        if value is child:
            return container
    return with_child(container, name, value)
