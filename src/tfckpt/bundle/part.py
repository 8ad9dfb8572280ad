"""Reading part of a tensor: only the stretch of the file that holds it."""

from __future__ import annotations

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

    Of a string tensor all is read: where a string begins is known only from the lengths of those
    before it.
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
    array = read_box(shard.source, axes, strides, dtype.itemsize, entry.offset).view(dtype)
    if shard.big_endian:
        swap_bytes(array)
    return reshaped(array, shape)


def read_box(
    source: Source, axes: Sequence[Axis], strides: Sequence[int], itemsize: int, offset: int
) -> Array:
    """Return a box of elements, flat, each as that many bytes of no type.

    `strides` are in bytes, and not negative.
    """
    pairs = list(zip(axes, strides, strict=True))
    first = offset + sum(axis.start * stride for axis, stride in pairs)
    span = itemsize + sum((axis.length - 1) * axis.step * stride for axis, stride in pairs)
    shape = tuple(axis.length for axis in axes)
    data: Buffer | None = source.map(first, span) if span >= _MAP else None
    if data is None and len(axes) > 1 and span > _WASTE * volume(shape) * itemsize:
        start, length, step = axes[0]
        rows = range(start, start + length * step, step)
        return np.concatenate(
            [
                read_box(source, axes[1:], strides[1:], itemsize, offset + row * strides[0])
                for row in rows
            ]
        )
    if data is None:
        data = source.read(first, span)
    steps = [axis.step * stride for axis, stride in pairs]
    try:
        box: Array = np.ndarray(shape, f"V{itemsize}", data, 0, steps)
    except ValueError as error:
        raise beyond_numpy(shape, error) from None
    return box.copy().reshape(-1)


def c_strides(shape: Shape, itemsize: int) -> list[int]:
    strides = []
    for size in reversed(shape):
        strides.append(itemsize)
        itemsize *= size
    return strides[::-1]
