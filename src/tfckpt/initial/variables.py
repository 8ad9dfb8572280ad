"""Variables of a mapping of weights: some lie there in parts, ``w/part_0``, ``w/part_1`` ...

TensorFlow names the parts of a partitioned variable so (``ops/variable_scope.py``), and their
slots ``w/part_0/Adam``. A checkpoint has the variable under its own name, ``w`` or ``w/Adam``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from tfckpt.saver.var_list import Weights
from tfckpt.tensors.slices import Shape

_PART = re.compile(r"(.+)/part_(0|[1-9][0-9]*)(/.+)?", re.DOTALL)


class PartedVariable(NamedTuple):
    """A variable: its name, and the names that its parts have in the mapping, in order.

    `parts` is empty for one that is there as a whole, under its name.
    """

    name: str
    parts: tuple[str, ...] = ()


def variables_in(weights: Weights) -> dict[str, PartedVariable]:
    """Return the variables of a mapping by name.

    Parts are those numbered from 0 on without a gap, where nothing else has the whole's name.

    >>> for variable in variables_in({"w/part_1": 0, "w/part_0": 0, "x/part_7": 0}).values():
    ...     print(variable)
    PartedVariable(name='x/part_7', parts=())
    PartedVariable(name='w', parts=('w/part_0', 'w/part_1'))
    """
    sets: dict[str, dict[int, str]] = {}
    for name in weights:
        found = _PART.fullmatch(name)
        if found is not None:
            sets.setdefault(found[1] + (found[3] or ""), {})[int(found[2])] = name
    whole = {
        full: PartedVariable(full, tuple(parts[number] for number in range(len(parts))))
        for full, parts in sets.items()
        if full not in weights and parts.keys() == set(range(len(parts)))
    }
    parts = {part for variable in whole.values() for part in variable.parts}
    return {**{name: PartedVariable(name) for name in weights if name not in parts}, **whole}


def by_name(variables: Mapping[str, PartedVariable]) -> dict[str, PartedVariable]:
    """Return which variable each name in the mapping of weights belongs to."""
    return {
        name: variable
        for variable in variables.values()
        for name in variable.parts or (variable.name,)
    }


def names_by_id(weights: Weights) -> dict[int, str]:
    """Return the names of a mapping's arrays by the identity of the array."""
    return {id(value): name for name, value in weights.items() if isinstance(value, np.ndarray)}


def places_of_parts(shapes: Iterable[Shape], whole: Shape) -> list[tuple[slice, ...]] | None:
    """Return where parts lie in a tensor that they make up along one axis; None if they do not.

    >>> places_of_parts([(2, 3), (1, 3)], (3, 3))
    [(slice(0, 2, None),), (slice(2, 3, None),)]
    """
    shapes = list(shapes)
    for axis, size in enumerate(whole):
        rest = whole[:axis] + whole[axis + 1 :]
        if any(
            len(shape) != len(whole) or shape[:axis] + shape[axis + 1 :] != rest for shape in shapes
        ):
            continue
        stops = np.cumsum([shape[axis] for shape in shapes]).tolist()
        if stops[-1] == size:
            before = (slice(None),) * axis
            starts = [0, *stops[:-1]]
            return [(*before, slice(a, b)) for a, b in zip(starts, stops, strict=True)]
    return None
