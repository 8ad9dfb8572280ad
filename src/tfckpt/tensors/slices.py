"""Slices: the parts that a partitioned tensor is stored in.

A slice is one (start, length) pair a dimension; a length of -1 takes the whole dimension.
As text it is ``0,10:-``: a part a dimension, ``-`` for all of it (TensorFlow's
``tensor_slice.cc``). On disk a slice has an entry of its own, under a key that begins with a zero
byte and sorts by name, rank and extents (``saved_tensor_slice_util.cc``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from tfckpt import limits
from tfckpt.errors import DataLossError, ResourceExhaustedError
from tfckpt.tensors.ordered_code import encode_int, encode_string, encode_uint

FULL = -1
_MAX_INT64 = (1 << 63) - 1

Shape = tuple[int, ...]


class TensorSlice(NamedTuple):
    """Which part of a tensor, dimension by dimension.

    >>> part = TensorSlice.parse("3,2:-")
    >>> part.extents
    ((3, 2), (0, -1))
    >>> str(part), part.shape_in((5, 4))
    ('3,2:-', (2, 4))
    """

    extents: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, extents: Iterable[Sequence[int]]) -> TensorSlice:
        """Make one from (start, length) pairs; a length of -1 takes the whole dimension."""
        pairs = tuple((int(start), int(length)) for start, length in extents)
        for start, length in pairs:
            # Whether it reaches outside a tensor is asked of the tensor's shape, by `index_in`.
            beyond = max(start, length) > _MAX_INT64
            if beyond or start < 0 or length < FULL or (length == FULL and start != 0):
                raise ValueError(f"no slice has start {start} with length {length}")
        return cls(pairs)

    @classmethod
    def parse(cls, text: str) -> TensorSlice:
        """Read the text form.

        Raises ValueError for anything else.
        """
        parts = text.split(":") if text else []
        try:
            return cls.of((0, FULL) if part == "-" else _pair(part) for part in parts)
        except (TypeError, ValueError) as error:
            raise ValueError(f"no slice reads {text!r} (as 0,10:- does): {error}") from None

    def __str__(self) -> str:
        return ":".join(
            "-" if length == FULL else f"{start},{length}" for start, length in self.extents
        )

    def canonical(self, shape: Shape) -> TensorSlice:
        """Return the form with -1 wherever a whole dimension is taken."""
        return TensorSlice(
            tuple(
                (0, FULL) if (start, length) == (0, size) else (start, length)
                for (start, length), size in zip(self.extents, shape, strict=True)
            )
        )

    def index_in(self, shape: Shape) -> tuple[slice, ...]:
        """Return the numpy index of this part of a tensor of `shape`.

        Raises DataLossError if it lies outside.
        """
        if len(self.extents) != len(shape):
            raise DataLossError(f"slice {self} does not fit the rank of shape {list(shape)}")
        index = []
        for (start, length), size in zip(self.extents, shape, strict=True):
            stop = size if length == FULL else start + length
            if start < 0 or length < FULL or stop > size:
                raise DataLossError(f"slice {self} reaches outside shape {list(shape)}")
            index.append(slice(start, stop))
        return tuple(index)

    def shape_in(self, shape: Shape) -> Shape:
        return tuple(part.stop - part.start for part in self.index_in(shape))

    def key(self, name: bytes) -> bytes:
        """Return the key under which this slice of tensor `name` is stored."""
        return b"".join(
            (
                encode_uint(0),
                encode_string(name),
                encode_uint(len(self.extents)),
                *(encode_int(start) + encode_int(length) for start, length in self.extents),
            )
        )


def _pair(text: str) -> tuple[int, int]:
    start, length = text.split(",")
    return int(start), int(length)


def parse_shape_and_slice(text: str) -> tuple[Shape, TensorSlice]:
    """Parse the text of a tensor's shape and of a slice of it.

    >>> shape, part = parse_shape_and_slice("4 16 0,2:-")
    >>> shape, str(part)
    ((4, 16), '0,2:-')

    The form is that of TensorFlow's SaveV2 (``ParseShapeAndSlice`` in
    ``saved_tensor_slice_util.cc``).

    Raises ValueError for another text, and for a slice that reaches outside the shape.
    """
    *sizes, last = text.split(" ")
    part = TensorSlice.parse(last)
    if not all(size.isdecimal() for size in sizes):
        raise ValueError(f"no shape and slice reads {text!r} (as '4 16 0,2:-' does)")
    shape = tuple(map(int, sizes))
    try:
        part.index_in(shape)
    except DataLossError as error:
        raise ValueError(error.message) from None
    return shape, part


def format_shape_and_slice(shape: Shape, extents: Iterable[tuple[int, int]]) -> str:
    """Return the text for a slice, each extent in numbers, as ``SaveSliceInfo.spec`` has it.

    >>> format_shape_and_slice((4, 16), [(0, 2), (0, 16)])
    '4 16 0,2:0,16'
    """
    slices = ":".join(f"{start},{length}" for start, length in extents)
    return f"{' '.join(map(str, shape))} {slices}"


def check_disjoint(slices: Sequence[TensorSlice], shape: Shape) -> None:
    """Raise DataLossError for slices that share an element, or reach outside `shape`."""
    limits.current().check("slices", len(slices), "slices of one tensor")
    boxes = np.array(
        [
            [(part.start, part.stop) for part in tensor_slice.index_in(shape)]
            for tensor_slice in slices
        ],
        dtype=object if max(shape, default=0) >= 1 << 62 else np.int64,
    ).reshape(len(slices), len(shape), 2)
    clash = find_overlap(boxes)
    if clash is not None:
        raise DataLossError(f"slices {slices[clash[0]]} and {slices[clash[1]]} overlap")


# Boxes that no cut parts are compared pair by pair; so many take a second.
_MOST_IN_PAIRS = 8192


def find_overlap(boxes: npt.NDArray[Any]) -> tuple[int, int] | None:
    """Return the numbers of two boxes that share an element, None if no two do.

    `boxes` has the shape [boxes, dimensions, 2]: start and stop. Partitions are grids, or grids
    within grids. So boxes are parted into groups along one axis after the other, which takes little
    more time than sorting; each axis has two turns, for the grids within. Only boxes that no cut
    parts are compared pair by pair.

    Raises ResourceExhaustedError for very many boxes that are no grid.
    """
    filled = np.flatnonzero((boxes[..., 1] > boxes[..., 0]).all(axis=1))
    rank = boxes.shape[1]
    groups = [(filled, 0)]
    while groups:
        group, axis = groups.pop()
        if len(group) < 2:
            continue
        if axis < 2 * rank:
            groups.extend((part, axis + 1) for part in _parted(boxes, group, axis % rank))
            continue
        if len(group) > _MOST_IN_PAIRS:
            raise ResourceExhaustedError(
                f"{len(group)} slices of one tensor lie in no grid: no more than {_MOST_IN_PAIRS} "
                f"such are compared with each other"
            )
        clash = _overlap_in_pairs(boxes[group])
        if clash is not None:
            return int(group[clash[0]]), int(group[clash[1]])
    return None


def _parted(
    boxes: npt.NDArray[Any], group: npt.NDArray[np.intp], axis: int
) -> list[npt.NDArray[np.intp]]:
    """Cut a group of boxes wherever no box of it is cut along with it."""
    ordered = group[np.argsort(boxes[group, axis, 0], kind="stable")]
    ends = np.maximum.accumulate(boxes[ordered, axis, 1])
    cuts = np.flatnonzero(boxes[ordered[1:], axis, 0] >= ends[:-1]) + 1
    return np.split(ordered, cuts)


def _overlap_in_pairs(boxes: npt.NDArray[Any]) -> tuple[int, int] | None:
    for at, box in enumerate(boxes):
        others = boxes[:at]
        common = np.minimum(others[..., 1], box[:, 1]) > np.maximum(others[..., 0], box[:, 0])
        clash = np.flatnonzero(common.all(axis=1))
        if len(clash):
            return int(clash[0]), at
    return None


# At how many points an uncovered element is searched for.
_PLACES = 512


def first_gap(boxes: npt.NDArray[Any], shape: Shape) -> Shape | None:
    """Return the place of an element that no box holds, the first that is found."""
    for corner in sorted(set(islice(_corners(boxes, shape), _PLACES))):
        held = (boxes[..., 0] <= corner) & (np.array(corner) < boxes[..., 1])
        if not held.all(axis=1).any():
            return corner
    return None


def _corners(boxes: npt.NDArray[Any], shape: Shape) -> Iterator[Shape]:
    """Where a gap can begin: at the origin, or where a slice ends in one dimension."""
    yield (0,) * len(shape)
    for box in boxes.tolist():
        origin = [start for start, _ in box]
        for axis, (_, stop) in enumerate(box):
            if stop < shape[axis]:
                yield (*origin[:axis], stop, *origin[axis + 1 :])


def volume(shape: Iterable[int]) -> int:
    """Return the number of elements, exact whatever the size."""
    count = 1
    for size in shape:
        count *= size
    return count
