"""From entries to arrays: mapping or reading, checking, decoding.

A big tensor is a view on a private mapping of the file, where its offset is aligned for it; its
checksum is computed in pieces by several threads. Small ones that lie together are read
together and copied out.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from tfckpt import limits
from tfckpt.bundle.entry import Entry
from tfckpt.checksum import combine, crc32c, first_unlike, mask
from tfckpt.dtypes import DataType, data_type_name, numpy_dtype
from tfckpt.errors import DataLossError, located
from tfckpt.storage import Source, checked
from tfckpt.tensors.slices import Shape, volume
from tfckpt.tensors.stored import Array, reshaped, swap_bytes
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

_STRING = int(DataType.DT_STRING)

Named = tuple[str, Entry]


class Shard(NamedTuple):
    """The bytes that entries speak of."""

    source: Source
    big_endian: bool = False

    def fetch(self, tensors: Sequence[Named], *, verify: bool = True) -> dict[str, Array]:
        """Return the whole arrays of tensors of this shard.

        Raises DataLossError for one whose bytes do not hold what its entry says.
        """
        big: list[Named] = []
        small: list[Named] = []
        limit, total = self.source.size, 0
        for named in tensors:
            entry = named[1]
            total += entry.size
            if entry.offset + entry.size > limit or not fits(entry):
                raise self._misfit(*named)
            (big if is_big(entry) else small).append(named)
        with located(self.source.path):  # entries may share bytes, and each gets its own
            limits.current().check_memory(total, limit, f"{len(tensors)} tensors")
        arrays: dict[str, Array] = {}
        if self.source.distant:
            self._fetch_far(tensors, arrays, verify)
            return arrays
        for run in _runs(small):
            self._fetch_run(run, arrays, verify)
        if big:
            self._fetch_big(big, arrays, verify)
        return arrays

    def fetch_one(self, name: str, entry: Entry, *, verify: bool = True) -> Array:
        """Return the whole array of one tensor, as `fetch` would: a small one in half the time."""
        if self.source.distant or entry.size >= _BIG or entry.data_type == _STRING:
            return self.fetch([(name, entry)], verify=verify)[name]
        self.check(name, entry)
        limits.current().check_memory(entry.size, self.source.size, "a tensor")
        data = memoryview(self.source.read(entry.offset, entry.size))
        return self._numbers([(name, entry)], data, entry.offset, verify)[name]

    def check(self, name: str, entry: Entry) -> None:
        """Raise DataLossError unless an entry fits its own shape and this file."""
        self.check_place(name, entry)
        if not fits(entry):
            raise self._misfit(name, entry)

    def check_place(self, name: str, entry: Entry) -> None:
        """Raise DataLossError unless the file has bytes where an entry says so."""
        if entry.offset + entry.size > self.source.size:
            raise self._misfit(name, entry)

    def verify(self, name: str, entry: Entry) -> None:
        """Raise DataLossError for a tensor whose bytes do not have the checksum of its entry.

        None of them stays in memory.
        """
        self.check(name, entry)
        if entry.data_type == _STRING:
            self.fetch([(name, entry)])
            return

        def check() -> None:
            crc = combine([self._checksum(entry, at) for at in range(0, entry.size, _PIECE)])
            if mask(crc) != entry.crc32c:
                raise self.mismatch(name, entry, crc)

        checked(self.source, check)

    def _checksum(self, entry: Entry, at: int) -> tuple[int, int]:
        size = min(_PIECE, entry.size - at)
        return crc32c(self.source.read(entry.offset + at, size), 0), size

    def _misfit(self, name: str, entry: Entry) -> DataLossError:
        """Say how size, shape and place of a tensor contradict each other or the file."""
        if entry.offset + entry.size > self.source.size:
            message = (
                f"{entry.size} bytes at {entry.offset} expected, the file has "
                f"{self.source.size} in all: it is cut short (an unfinished copy or download?), "
                f"or its index is damaged"
            )
        else:
            needs = "at least " if entry.data_type == DataType.DT_STRING else ""
            message = (
                f"{data_type_name(entry.data_type)} {list(entry.shape)} takes "
                f"{needs}{_least_size(entry.data_type, entry.shape)} bytes, "
                f"its entry says {entry.size}"
            )
        return self._lost(name, entry, message)

    def _lost(self, name: str, entry: Entry, message: str) -> DataLossError:
        return DataLossError(message, path=self.source.path, tensor=name, offset=entry.offset)

    # Small tensors

    def _fetch_run(self, run: Sequence[Named], arrays: dict[str, Array], verify: bool) -> None:
        start = run[0][1].offset
        end = max(entry.offset + entry.size for _, entry in run)
        data = memoryview(self.source.read(start, end - start))
        numbers: list[Named] = []
        for named in run:
            name, entry = named
            if entry.data_type == _STRING:
                part = data[entry.offset - start : entry.offset - start + entry.size]
                arrays[name] = self._strings(name, entry, part, verify)
            else:
                numbers.append(named)
        if numbers:
            arrays.update(self._numbers(numbers, data, start, verify))

    def _numbers(
        self, tensors: Sequence[Named], data: memoryview, start: int, verify: bool
    ) -> dict[str, Array]:
        """Copy tensors out of `data`, the bytes of the file from `start` on.

        Column by column: tensor by tensor, tens of thousands of them take a quarter longer.
        """
        names, entries = zip(*tensors, strict=True)
        data_types, shapes, _, offsets, sizes, expected, _ = zip(*entries, strict=True)
        places = [offset - start for offset in offsets]
        if verify:
            crcs = [crc32c(data[at : at + size], 0) for at, size in zip(places, sizes, strict=True)]
            at = first_unlike(crcs, expected)
            if at is not None:
                raise self.mismatch(*tensors[at], crcs[at])
        dtypes = list(map(numpy_dtype, data_types))
        try:
            arrays = [
                np.ndarray(shape, dtype, data, at).copy()
                for shape, dtype, at in zip(shapes, dtypes, places, strict=True)
            ]
        except ValueError:
            for named, dtype, at in zip(tensors, dtypes, places, strict=True):
                self._reshaped(*named, np.frombuffer(data, dtype, volume(named[1].shape), at))
            raise
        if self.big_endian:
            for array in arrays:
                swap_bytes(array.reshape(-1))
        return dict(zip(names, arrays, strict=True))

    def _strings(self, name: str, entry: Entry, part: memoryview, verify: bool) -> Array:
        with located(self.source.path, name, entry.offset):
            strings, crc = decode_strings(part, volume(entry.shape), big_endian=self.big_endian)
        if verify and mask(crc) != entry.crc32c:
            raise self.mismatch(name, entry, crc)
        return self._reshaped(name, entry, to_array(strings, (len(strings),)))

    # Big tensors

    def _fetch_big(self, big: Sequence[Named], arrays: dict[str, Array], verify: bool) -> None:
        memories = list(self._memories([entry for _, entry in big]))
        pieces = [
            self._pieces(entry, array, mapped) if verify or not mapped else []
            for (_, entry), (array, mapped) in zip(big, memories, strict=True)
        ]
        crcs = iter(_run_pieces([piece for mine in pieces for piece in mine]))
        for (name, entry), (array, _), mine in zip(big, memories, pieces, strict=True):
            parts = [next(crcs) for _ in mine]
            if verify:
                crc = parts[0][0] if len(parts) == 1 else combine(parts)
                if mask(crc) != entry.crc32c:
                    raise self.mismatch(name, entry, crc)
            arrays[name] = self._shaped(name, entry, array)

    def _memories(self, entries: Sequence[Entry]) -> Iterator[tuple[Array, bool]]:
        """Yield memory for each tensor, flat, and whether the file is mapped there.

        Tensors that fill most of a stretch share one mapping of it; none shares bytes.
        """
        start, end = entries[0].offset, max(entry.offset + entry.size for entry in entries)
        dense = 2 * sum(entry.size for entry in entries) >= end - start
        shared = self.source.map(start, end - start) if dense else None
        free = start  # up to here the mapping is given away
        for entry in entries:
            dtype, view, at = itemtype(entry), shared, entry.offset - start
            if entry.offset % dtype.alignment or entry.offset < free:
                view = None
            elif view is None:
                view, at = self.source.map(entry.offset, entry.size), 0
            count = entry.size // dtype.itemsize
            if view is None:
                yield np.empty(count, dtype), False
            else:
                free = entry.offset + entry.size
                yield np.frombuffer(view, dtype, count, at), True

    def _pieces(self, entry: Entry, array: Array, mapped: bool) -> list[_Piece]:
        memory = array.view(np.uint8).data
        source = None if mapped else self.source
        return [
            _Piece(memory[at : at + _PIECE], source, entry.offset + at)
            for at in range(0, len(memory), _PIECE)
        ]

    # Distant ones

    def _fetch_far(self, tensors: Sequence[Named], arrays: dict[str, Array], verify: bool) -> None:
        """Read tensors straight into their arrays, all together: the source knows how.

        One whose checksum is wrong is asked for once more.
        """
        stored = [np.empty(entry.size, np.uint8) for _, entry in tensors]
        self.source.fill(
            [
                (entry.offset, octets.data)
                for (_, entry), octets in zip(tensors, stored, strict=True)
            ]
        )
        pieces = [
            _Piece(octets.data[at : at + _PIECE], None, 0)
            for octets in stored
            for at in range(0, len(octets), _PIECE)
        ]
        crcs = iter(_run_pieces(pieces) if verify else [])
        for named, octets in zip(tensors, stored, strict=True):
            if verify:
                parts = [next(crcs) for _ in range(0, len(octets), _PIECE)]
                self._check_far(named, octets, combine(parts) if parts else 0)
            arrays[named[0]] = self._decoded_far(named, octets, verify)

    def _check_far(self, named: Named, octets: Array, crc: int) -> None:
        name, entry = named
        if entry.data_type == _STRING or mask(crc) == entry.crc32c:
            return  # a string's checksum is not that of its bytes
        self.source.check_unchanged()
        self.source.forget()
        self.source.read_into(entry.offset, octets.data)
        crc = crc32c(octets.data, 0)
        if mask(crc) != entry.crc32c:
            raise self.mismatch(name, entry, crc)

    def _decoded_far(self, named: Named, octets: Array, verify: bool) -> Array:
        name, entry = named
        if entry.data_type != _STRING:
            return self._shaped(name, entry, octets.view(itemtype(entry)))

        def read() -> Array:
            return self._strings(name, entry, memoryview(bytes(octets)), verify)

        try:
            return read()
        except DataLossError:
            self.source.check_unchanged()
            self.source.forget()
            self.source.read_into(entry.offset, octets.data)
        return read()

    # All of them

    def _shaped(self, name: str, entry: Entry, flat: Array) -> Array:
        if self.big_endian:
            swap_bytes(flat)
        return self._reshaped(name, entry, flat)

    def _reshaped(self, name: str, entry: Entry, flat: Array) -> Array:
        with located(self.source.path, name):
            return reshaped(flat, entry.shape)

    def mismatch(self, name: str, entry: Entry, crc: int) -> DataLossError:
        """Make the error for a tensor whose bytes have this checksum, which is not its own."""
        return self._lost(
            name,
            entry,
            f"checksum of the {entry.size} bytes is {mask(crc):#010x}, the index says "
            f"{entry.crc32c:#010x}: they are damaged, or belong to another save",
        )


def is_big(entry: Entry) -> bool:
    """Whether the file is mapped for a tensor, where files are mapped, and not copied."""
    return entry.size >= _BIG and entry.data_type != _STRING


def fits(entry: Entry) -> bool:
    """Whether an entry's size is what its dtype and shape take."""
    least = _least_size(entry.data_type, entry.shape)
    return entry.size >= least if entry.data_type == DataType.DT_STRING else entry.size == least


@lru_cache(maxsize=4096)
def _least_size(data_type: int, shape: Shape) -> int:
    """Return the fewest bytes that a tensor can take; of strings, their lengths and a checksum."""
    if data_type == DataType.DT_STRING:
        return volume(shape) + 4
    dtype = numpy_dtype(data_type)
    assert dtype is not None
    return volume(shape) * dtype.itemsize


def itemtype(entry: Entry) -> np.dtype[Any]:
    dtype = numpy_dtype(entry.data_type)
    assert dtype is not None, "unknown types are not read"
    return dtype


def by_shard(tensors: Iterable[Named]) -> Iterator[tuple[int, list[Named]]]:
    """Group tensors by shard, in the order in which they lie there."""
    shards: dict[int, list[Named]] = {}
    for named in tensors:
        shards.setdefault(named[1].shard_id, []).append(named)
    for shard_id, group in sorted(shards.items()):
        group.sort(key=lambda named: named[1].offset)
        yield shard_id, group


def _runs(small: Sequence[Named]) -> Iterator[list[Named]]:
    """Group tensors that lie close together, each group to be read in one go."""
    run: list[Named] = []
    start = end = 0
    for named in small:
        offset, size = named[1].offset, named[1].size
        if run and not (start <= offset <= end + _RUN_GAP and offset + size - start <= _RUN):
            yield run
            run = []
        if not run:
            start = end = offset
        run.append(named)
        end = max(end, offset + size)
    if run:
        yield run


class _Piece(NamedTuple):
    """A stretch of a big tensor: its memory, and where to read it from if it is not mapped."""

    target: memoryview
    source: Source | None
    offset: int


def _run_pieces(pieces: Sequence[_Piece]) -> Iterable[tuple[int, int]]:
    """Read (where it is not mapped) and checksum each piece; (crc, size) in order."""
    if _THREADS == 1 or sum(len(piece.target) for piece in pieces) < _WORTH_THREADS:
        return map(_run_piece, pieces)
    done: list[tuple[int, int]] = [(0, 0)] * len(pieces)
    todo = deque(range(len(pieces)))

    # Whoever is free takes the next: a future for each piece would cost as much as 200 KB of it.
    def work() -> None:
        while todo:
            try:
                at = todo.popleft()
            except IndexError:  # another was faster
                return
            done[at] = _run_piece(pieces[at])

    with ThreadPoolExecutor(_THREADS - 1, thread_name_prefix="tfckpt-read") as executor:
        others = [executor.submit(work) for _ in range(_THREADS - 1)]
        work()
        for other in others:
            other.result()
    return done


def _run_piece(piece: _Piece) -> tuple[int, int]:
    if piece.source is not None:
        piece.source.read_into(piece.offset, piece.target)
    return crc32c(piece.target, 0), len(piece.target)
