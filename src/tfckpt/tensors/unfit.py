"""Why a value cannot be a tensor, and what to give instead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from numbers import Number
from typing import Any

import numpy as np
import numpy.typing as npt

_WIDEST = 64  # bits of a checkpoint's widest integers

# The first kind that a value is of decides.
_INSTEAD: tuple[tuple[type, str], ...] = (
    (
        Mapping,
        'tfckpt.flatten(tree) gives names joined by "/"; tfckpt.Checkpoint(**tree) writes objects',
    ),
    (Set, "a set has no order: give a list of its elements"),
    (Iterator, "it can be gone through only once: give a list of what it yields"),
    (type(None), "leave the name out, or give nan among floats"),
)


def why_unfit(array: npt.NDArray[Any]) -> str:
    """Say why an object array, which holds more than strings, is no tensor.

    >>> print(why_unfit(np.array({"w": 1}, object)))
    a dict is no array: tfckpt.flatten(tree) gives names joined by "/"; tfckpt.Checkpoint(**tree) \
writes objects
    >>> print(why_unfit(np.array(["a", 1], object)))
    element [1] is an int, other elements are strings: a tensor holds numbers or strings, not both
    """
    elements = array.ravel().tolist()
    strange = [number for number, element in enumerate(elements) if not is_string(element)]
    wide = [number for number in strange if _is_wide(elements[number])]
    unlike = [number for number in strange if not isinstance(elements[number], Number)]
    number = (wide or unlike or strange)[0]
    value = elements[number]
    if not array.shape:
        return _too_wide(value) if wide else f"{_kind(value)} is no array{_instead(value)}"
    at = f"element {list(map(int, np.unravel_index(number, array.shape)))}"
    if wide:
        return f"{at} is {_too_wide(value)}"
    if unlike:
        return f"{at} is {_kind(value)}, neither a number nor a string{_instead(value)}"
    if len(strange) < len(elements):
        return (
            f"{at} is {_kind(value)}, other elements are strings: "
            f"a tensor holds numbers or strings, not both"
        )
    return (
        f"an array of dtype object holds strings, and {at} is {_kind(value)}: "
        f"give it a dtype of numbers, as with array.astype(float)"
    )


def is_string(value: object) -> bool:
    """Whether a value can be an element of a string tensor."""
    return isinstance(value, (str, bytes, bytearray, memoryview))


def _is_wide(value: object) -> bool:
    return isinstance(value, int) and not -(1 << _WIDEST - 1) <= value < 1 << _WIDEST


def _too_wide(value: int) -> str:
    bits = value.bit_length() if value >= 0 else (~value).bit_length() + 1
    return f"an integer of {bits} bits: those of a checkpoint have at most {_WIDEST}"


def _kind(value: object) -> str:
    if value is None:
        return "None"
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"


def _instead(value: object) -> str:
    advice = next((text for kind, text in _INSTEAD if isinstance(value, kind)), None)
    return "" if advice is None else f": {advice}"
