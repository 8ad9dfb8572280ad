"""Which elements a numpy index asks for, worked out before any byte is read."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from types import EllipsisType
from typing import NamedTuple, SupportsIndex

import numpy as np

from tfckpt.errors import DataLossError
from tfckpt.names import shown
from tfckpt.tensors.slices import Shape, TensorSlice, check_disjoint, first_gap, volume
from tfckpt.tensors.stored import Array

Index = SupportsIndex | slice | EllipsisType | tuple[SupportsIndex | slice | EllipsisType, ...]


class Axis(NamedTuple):
    """Elements start, start + step, ... of one dimension; `step` is positive."""

    start: int
    length: int
    step: int

    @property
    def stop(self) -> int:
        """One past the last element, where there is one."""
        return self.start + (self.length - 1) * self.step + 1

    def within(self, low: int, high: int) -> tuple[Axis, slice]:
        """Return the part in [low, high), counted from `low`, and which of our elements it is."""
        first = -((self.start - low) // self.step) if self.start < low else 0
        last = min(self.length, max(0, -((self.start - high) // self.step)))
        count = max(0, last - first)
        start = self.start + first * self.step - low
        return Axis(start if count else 0, count, self.step), slice(first, first + count)


class Overlap(NamedTuple):
    """The selected elements that a stored slice holds: where they are there, and in the result."""

    stored: TensorSlice
    axes: tuple[Axis, ...]
    place: tuple[slice, ...]

    @property
    def shape(self) -> Shape:
        return tuple(axis.length for axis in self.axes)


class Selection(NamedTuple):
    """The elements of an index, and how to bring them into the form that numpy gives them."""

    axes: tuple[Axis, ...]
    finish: tuple[int | slice, ...]

    @classmethod
    def of(cls, index: Index, shape: Shape) -> Selection:
        """Work out `index` on an array of `shape`.

        Raises IndexError as numpy does, TypeError for an index of arrays or None.
        """
        parts = _expand(index if isinstance(index, tuple) else (index,), len(shape))
        axes: list[Axis] = []
        finish: list[int | slice] = []
        for number, (part, size) in enumerate(zip(parts, shape, strict=True)):
            if isinstance(part, slice):
                start, stop, step = part.indices(size)
                count = len(range(start, stop, step))
                if step < 0:
                    start, step = start + (count - 1) * step, -step
                    finish.append(slice(None, None, -1))
                else:
                    finish.append(slice(None))
                axes.append(Axis(start if count else 0, count, step))
            else:
                at = part + size if part < 0 else part
                if not 0 <= at < size:
                    raise IndexError(
                        f"index {part} is out of bounds for axis {number} with size {size}"
                    )
                axes.append(Axis(at, 1, 1))
                finish.append(0)
        return cls(tuple(axes), tuple(finish))

    @property
    def shape(self) -> Shape:
        return tuple(axis.length for axis in self.axes)

    def finished(self, elements: Array) -> Array:
        """Turn the selected elements, in storage order, into what the index asked for."""
        part = elements[self.finish]
        if not isinstance(part, np.ndarray | np.generic):
            return part  # one string, as bytes
        return np.ascontiguousarray(part).reshape(part.shape)

    def parts(self, slices: Sequence[TensorSlice], shape: Shape) -> list[Overlap]:
        """Return, for each stored slice that holds selected elements, which of them it holds.

        Raises DataLossError where slices overlap, or lack selected elements.
        """
        check_disjoint(slices, shape)
        parts = [
            part
            for tensor_slice in slices
            if volume((part := self._within(tensor_slice, shape)).shape)
        ]
        held = sum(volume(part.shape) for part in parts)
        if held != volume(self.shape):
            raise DataLossError(
                f"the {len(slices)} slices ({shown(slices)}) of shape {list(shape)} hold {held} "
                f"of the {volume(self.shape)} elements asked for: {self._first_gap(parts)} "
                f"is missing"
            )
        return parts

    def _within(self, part: TensorSlice, shape: Shape) -> Overlap:
        pairs = [
            axis.within(box.start, box.stop)
            for axis, box in zip(self.axes, part.index_in(shape), strict=True)
        ]
        return Overlap(part, tuple(axis for axis, _ in pairs), tuple(place for _, place in pairs))

    def _first_gap(self, parts: Sequence[Overlap]) -> str:
        boxes = [[(axis.start, axis.stop) for axis in part.place] for part in parts]
        shape = self.shape
        gap = first_gap(np.array(boxes, object).reshape(len(parts), len(shape), 2), shape)
        if gap is None:
            return "a part"
        element = [a.start + at * a.step for a, at in zip(self.axes, gap, strict=True)]
        return f"element {element}"


def _expand(parts: Sequence[object], rank: int) -> list[int | slice]:
    """Replace ``...`` by what it stands for, and add what was left out."""
    dots = [at for at, part in enumerate(parts) if part is Ellipsis]
    if len(dots) > 1:
        raise IndexError("an index can only have a single ellipsis ('...')")
    given = len(parts) - len(dots)
    if given > rank:
        raise IndexError(f"too many indices: the tensor has {rank} dimensions, {given} were given")
    at = dots[0] if dots else len(parts)
    fill = [slice(None)] * (rank - given)
    return [*map(_part, parts[:at]), *fill, *map(_part, parts[at + len(dots) :])]


def _part(part: object) -> int | slice:
    if isinstance(part, slice):
        return part
    if isinstance(part, bool | np.bool_) or part is None:
        raise TypeError(f"a part of a tensor is chosen by integers, slices and '...', not {part!r}")
    try:
        return operator.index(part)  # type: ignore[arg-type]
    except TypeError:
        raise TypeError(
            f"a part of a tensor is chosen by integers, slices and '...', not {part!r}"
        ) from None
