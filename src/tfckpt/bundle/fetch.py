"""From entries to arrays: mapping or reading, checking, decoding.

A big tensor is a view on its own private mapping of the file, where its offset is aligned for
it; its checksum is computed in pieces by several threads. Small ones that lie together are read
together and copied out.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from tfckpt.bundle.entry import Entry
from tfckpt.checksum import combine, crc32c, mask
from tfckpt.coding import Buffer
from tfckpt.dtypes import DataType, data_type_name, numpy_dtype
from tfckpt.errors import DataLossError, UnimplementedError, located
from tfckpt.storage import Source
from tfckpt.tensors.selection import Axis
from tfckpt.tensors.slices import Shape, volume
from tfckpt.tensors.stored import Array, swap_bytes
from tfckpt.tensors.strings import decode_strings, to_array

# From here on a mapping of its own costs less than a copy.
_BIG = 64 << 10
# Small tensors no further apart than a page are read in one go, up to this many bytes.
_RUN = 4 << 20
_RUN_GAP = 4 << 10
# What a thread checks at a time: small enough to stay in a cache after it was read.
_PIECE = 4 << 20
# Below this all the work is done before a thread would have started.
_WORTH_THREADS = 4 << 20
_THREADS = min(4, os.cpu_count() or 1)


class Stored(NamedTuple):
    """A tensor's entry, and the shard it lies in."""

    name: str
    entry: Entry
    source: Source
    big_endian: bool

    @property
    def is_string(self) -> bool:
        return self.entry.data_type == DataType.DT_STRING


class _Piece(NamedTuple):
    """A stretch of a big tensor: its memory, and where to read it from if it is not mapped."""

    target: memoryview
    source: Source | None
    offset: int


def fetch(tensors: Mapping[str, Stored], *, verify: bool = True) -> dict[str, Array]:
    """Return the arrays of `tensors`, whole.

    Raises DataLossError for the first one whose bytes do not hold what its entry says.
    """
    arrays: dict[str, Array] = {}
    big: list[Stored] = []
    small: list[Stored] = []
    for stored in tensors.values():
        check(stored)
        (big if stored.entry.size >= _BIG and not stored.is_string else small).append(stored)
    for run in _runs(small):
        _fetch_run(run, arrays, verify)
    if big:
        _fetch_big(big, arrays, verify)
    return arrays


def check(stored: Stored) -> None:
    """Compare size, shape and place of a tensor with each other and with the file."""
    entry, source = stored.entry, stored.source
    count = volume(entry.shape)
    if stored.is_string:
        if count > entry.size:
            raise _lost(stored, f"{count} strings cannot be stored in {entry.size} bytes")
    else:
        dtype = numpy_dtype(entry.data_type)
        assert dtype is not None
        if count * dtype.itemsize != entry.size:
            raise _lost(
                stored,
                f"{data_type_name(entry.data_type)} {list(entry.shape)} takes "
                f"{count * dtype.itemsize} bytes, its entry says {entry.size}",
            )
    if entry.offset + entry.size > source.size:
        raise _lost(
            stored,
            f"{entry.size} bytes at {entry.offset} expected, the file has {source.size} in all: "
            f"it is cut short (an unfinished copy or download?), or its index is damaged",
        )


def _runs(small: list[Stored]) -> Iterator[list[Stored]]:
    """Group tensors that lie close together, each group to be read in one go."""
    small.sort(key=lambda stored: (stored.source.path, stored.entry.offset))
    run: list[Stored] = []
    start = end = 0
    for stored in small:
        offset, size = stored.entry.offset, stored.entry.size
        if run and not (
            stored.source is run[0].source
            and offset <= end + _RUN_GAP
            and offset + size - start <= _RUN
        ):
            yield run
            run = []
        if not run:
            start = end = offset
        run.append(stored)
        end = max(end, offset + size)
    if run:
        yield run


def _fetch_run(run: list[Stored], arrays: dict[str, Array], verify: bool) -> None:
    start = run[0].entry.offset
    end = max(stored.entry.offset + stored.entry.size for stored in run)
    data = memoryview(run[0].source.read(start, end - start))
    for stored in run:
        entry = stored.entry
        at = entry.offset - start
        part = data[at : at + entry.size]
        if stored.is_string:
            arrays[stored.name] = _decode_strings(stored, part, verify)
            continue
        if verify:
            _compare(stored, crc32c(part, 0))
        dtype = numpy_dtype(entry.data_type)
        arrays[stored.name] = _shaped(np.frombuffer(part, dtype).copy(), stored)


def _decode_strings(stored: Stored, part: memoryview, verify: bool) -> Array:
    with located(stored.source.path, stored.name, stored.entry.offset):
        strings, crc = decode_strings(
            part, volume(stored.entry.shape), big_endian=stored.big_endian
        )
    if verify:
        _compare(stored, crc)
    if not stored.entry.shape:
        return strings[0]  # type: ignore[return-value]  # TensorFlow hands out a scalar's bytes
    return _reshaped(to_array(strings, (len(strings),)), stored)


def _fetch_big(big: Sequence[Stored], arrays: dict[str, Array], verify: bool) -> None:
    pieces: list[_Piece] = []
    counts: list[int] = []
    flat: list[Array] = []
    for stored in big:
        array, mapped = _memory(stored)
        flat.append(array)
        mine = _pieces(stored, array, mapped) if verify or not mapped else []
        pieces += mine
        counts.append(len(mine))
    crcs = iter(_run_pieces(pieces))
    for stored, array, count in zip(big, flat, counts, strict=True):
        parts = [next(crcs) for _ in range(count)]
        if verify:
            _compare(stored, parts[0][0] if len(parts) == 1 else combine(parts))
        arrays[stored.name] = _shaped(array, stored)


def _memory(stored: Stored) -> tuple[Array, bool]:
    """Return memory for a tensor, flat, and whether the file is mapped there."""
    entry = stored.entry
    dtype = numpy_dtype(entry.data_type)
    assert dtype is not None
    if entry.offset % dtype.alignment == 0:
        view = stored.source.map(entry.offset, entry.size)
        if view is not None:
            return np.frombuffer(view, dtype), True
    return np.empty(entry.size // dtype.itemsize, dtype), False


def _pieces(stored: Stored, array: Array, mapped: bool) -> list[_Piece]:
    memory = array.view(np.uint8).data
    source = None if mapped else stored.source
    return [
        _Piece(memory[at : at + _PIECE], source, stored.entry.offset + at)
        for at in range(0, len(memory), _PIECE)
    ]


def _run_pieces(pieces: Sequence[_Piece]) -> Iterable[tuple[int, int]]:
    """Read (where it is not mapped) and checksum each piece; (crc, size) in order."""
    if _THREADS == 1 or sum(len(piece.target) for piece in pieces) < _WORTH_THREADS:
        return map(_run_piece, pieces)
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="tfckpt-read") as executor:
        return list(executor.map(_run_piece, pieces))


def _run_piece(piece: _Piece) -> tuple[int, int]:
    if piece.source is not None:
        piece.source.read_into(piece.offset, piece.target)
    return crc32c(piece.target, 0), len(piece.target)


def fetch_part(stored: Stored, axes: Sequence[Axis]) -> Array:
    """Return chosen elements of a tensor, reading no more than the stretch that holds them.

    The result has one dimension for each axis. Of a string tensor all is read: where a string
    begins is known only from the lengths of those before it.
    """
    check(stored)
    entry = stored.entry
    if stored.is_string:
        whole = np.array(fetch({stored.name: stored})[stored.name], object)
        return whole[tuple(slice(a.start, a.stop if a.length else a.start, a.step) for a in axes)]
    dtype = numpy_dtype(entry.data_type)
    assert dtype is not None
    shape = tuple(axis.length for axis in axes)
    if not volume(shape):
        return np.empty(shape, dtype)
    strides = _strides(entry.shape, dtype.itemsize)
    array = _fetch_box(stored, axes, strides, dtype.itemsize, entry.offset).view(dtype)
    array = array.reshape(shape)
    if stored.big_endian:
        swap_bytes(array)
    return array


def _fetch_box(
    stored: Stored, axes: Sequence[Axis], strides: Sequence[int], itemsize: int, offset: int
) -> Array:
    """Read a box of elements as flat bytes, by one stretch where that wastes little."""
    first = offset + sum(axis.start * stride for axis, stride in zip(axes, strides, strict=True))
    span = itemsize + sum(
        (axis.length - 1) * axis.step * stride for axis, stride in zip(axes, strides, strict=True)
    )
    shape = tuple(axis.length for axis in axes)
    view = stored.source.map(first, span) if span >= _BIG else None
    if (
        view is None
        and len(axes) > 1
        and axes[0].length > 1
        and span > 4 * volume(shape) * itemsize
    ):
        start, count, step = axes[0]
        rows = [
            _fetch_box(stored, axes[1:], strides[1:], itemsize, offset + at * strides[0])
            for at in range(start, start + count * step, step)
        ]
        return np.concatenate(rows)
    data: Buffer = stored.source.read(first, span) if view is None else view
    steps = [axis.step * stride for axis, stride in zip(axes, strides, strict=True)]
    box = np.ndarray((*shape, itemsize), np.uint8, data, 0, (*steps, 1))
    return box.reshape(-1).copy() if view is None else np.array(box).reshape(-1)


def _strides(shape: Shape, itemsize: int) -> list[int]:
    strides = []
    for size in reversed(shape):
        strides.append(itemsize)
        itemsize *= size
    return strides[::-1]


def _shaped(flat: Array, stored: Stored) -> Array:
    if stored.big_endian:
        swap_bytes(flat)
    return _reshaped(flat, stored)


def _reshaped(flat: Array, stored: Stored) -> Array:
    try:
        return flat.reshape(stored.entry.shape)
    except ValueError as error:  # more dimensions than numpy has, or sizes around a zero
        raise UnimplementedError(
            f"numpy has no array of shape {list(stored.entry.shape)}: {error}",
            path=stored.source.path,
            tensor=stored.name,
        ) from None


def _compare(stored: Stored, crc: int) -> None:
    if mask(crc) != stored.entry.crc32c:
        raise _lost(
            stored,
            f"checksum of the {stored.entry.size} bytes is {mask(crc):#010x}, "
            f"the index says {stored.entry.crc32c:#010x}: they are damaged, "
            f"or belong to another save",
        )


def _lost(stored: Stored, message: str) -> DataLossError:
    return DataLossError(
        message, path=stored.source.path, tensor=stored.name, offset=stored.entry.offset
    )
