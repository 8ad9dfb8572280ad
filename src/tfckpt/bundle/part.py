"""Reading part of a tensor: only the stretch of the file that holds it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from tfckpt.bundle.entry import Entry
from tfckpt.bundle.fetch import Shard, itemtype
from tfckpt.coding import Buffer
from tfckpt.dtypes import DataType
from tfckpt.storage import Source
from tfckpt.tensors.selection import Axis
from tfckpt.tensors.slices import Shape, volume
from tfckpt.tensors.stored import Array, beyond_numpy, new_array, reshaped, swap_bytes

# A mapping brings in only the pages that are touched; below this reading is cheaper.
_MAP = 64 << 10
# Unmapped, a stretch this many times as large as what is wanted of it is read row by row.
_WASTE = 4


def fetch_part(shard: Shard, name: str, entry: Entry, axes: Sequence[Axis]) -> Array:
    """Return chosen elements of a tensor, one dimension for each axis.

    A string tensor is read as a whole: the lengths of all strings before a string say where it
    begins.
    """
    shard.check(name, entry)
    if entry.data_type == DataType.DT_STRING:
        whole = new_array(entry.shape, np.dtype(object))
        whole[...] = shard.fetch([(name, entry)], verify=False)[name]
        slices = (slice(a.start, a.stop if a.length else a.start, a.step) for a in axes)
        chosen: Array = whole[(..., *slices)]  # type: ignore[arg-type]  # keeps a scalar an array
        return chosen
    dtype = itemtype(entry)
    shape = tuple(axis.length for axis in axes)
    if not volume(shape):
        return new_array(shape, dtype)
    strides = c_strides(entry.shape, dtype.itemsize)
    array = read_box(
        shard.source, axes=axes, strides=strides, itemsize=dtype.itemsize, offset=entry.offset
    ).view(dtype)
    if shard.big_endian:
        swap_bytes(array)
    return reshaped(array, shape)


def read_box(
    source: Source, axes: Sequence[Axis], strides: Sequence[int], itemsize: int, offset: int
) -> Array:
    """Return a box of elements, flat, each as that many bytes of no type.

    `strides` are in bytes, and not negative.
    """
    first = offset + sum(a.start * stride for a, stride in zip(axes, strides, strict=True))
    span = _span(axes, strides, itemsize)
    data: Buffer | None = source.map(first, span) if span >= _MAP else None
    if data is not None:
        return _picked(data, axes, strides, itemsize)
    apart = 0
    while apart + 1 < len(axes) and _is_sparse(axes[apart:], strides[apart:], itemsize):
        apart += 1
    if apart:
        return _read_apart(
            source, first, axes=axes, strides=strides, itemsize=itemsize, apart=apart
        )
    return _picked(source.read(first, span), axes, strides, itemsize)


def _span(axes: Sequence[Axis], strides: Sequence[int], itemsize: int) -> int:
    """Bytes from a box's first element to its last."""
    pairs = zip(axes, strides, strict=True)
    return itemsize + sum((axis.length - 1) * axis.step * stride for axis, stride in pairs)


def _is_sparse(axes: Sequence[Axis], strides: Sequence[int], itemsize: int) -> bool:
    """Whether most of what lies between a box's ends does not belong to it."""
    wanted = volume(axis.length for axis in axes) * itemsize
    return _span(axes, strides, itemsize) > _WASTE * wanted


def _read_apart(
    source: Source,
    first: int,
    axes: Sequence[Axis],
    strides: Sequence[int],
    itemsize: int,
    apart: int,
) -> Array:
    """Read a box, each element of the first `apart` axes by itself."""
    pairs = list(zip(axes, strides, strict=True))
    steps = (range(0, a.length * a.step * stride, a.step * stride) for a, stride in pairs[:apart])
    places = [first + sum(offsets) for offsets in itertools.product(*steps)]
    span = _span(axes[apart:], strides[apart:], itemsize)
    data = memoryview(bytearray(span * len(places)))
    source.fill([(place, data[at * span :][:span]) for at, place in enumerate(places)])
    rows = Axis(0, len(places), 1)
    return _picked(data, [rows, *axes[apart:]], [span, *strides[apart:]], itemsize)


def _picked(data: Buffer, axes: Sequence[Axis], strides: Sequence[int], itemsize: int) -> Array:
    """Return the elements of a box, flat, that begins where `data` does."""
    shape = tuple(axis.length for axis in axes)
    steps = [axis.step * stride for axis, stride in zip(axes, strides, strict=True)]
    try:
        box: Array = np.ndarray(shape, f"V{itemsize}", data, strides=steps)
    except ValueError as error:
        raise beyond_numpy(shape, error) from None
    return box.copy().reshape(-1)


def c_strides(shape: Shape, itemsize: int) -> list[int]:
    strides = []
    for size in reversed(shape):
        strides.append(itemsize)
        itemsize *= size
    return strides[::-1]
