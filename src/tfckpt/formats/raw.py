"""Tensors that lie in a file as plain elements: read, mapped or cut out of it.

A format says by an `Elements` where a tensor lies. All the rest (mapping, reading parts, checking)
is the same for every format, and done by the code that does it for the shards of a bundle.
"""

from __future__ import annotations

import sys
import zlib
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from tfckpt import limits
from tfckpt.bundle.ahead import ReadAhead
from tfckpt.bundle.entry import Entry
from tfckpt.bundle.fetch import Shard
from tfckpt.bundle.part import c_strides, fetch_part, read_box
from tfckpt.dtypes import data_type_of
from tfckpt.errors import DataLossError, UnimplementedError, located
from tfckpt.pause import no_collection
from tfckpt.reader import TensorInfo, TensorReader, Verify, listed, tensor_not_found
from tfckpt.storage import Source
from tfckpt.tensors.selection import Axis, Index, Selection
from tfckpt.tensors.slices import Shape, volume
from tfckpt.tensors.stored import Array, new_array, reshaped, stored_chunks, stored_view
from tfckpt.tensors.strings import to_array, to_bytes_list

_PIECE = 4 << 20
# Before a part is read, all that its checksum covers is checked, if that is no more than so many
# bytes, or no more than so many times the part.
_SMALL = 4 << 20
_SHARE = 4


ONLY_TENSOR = "tensor"
"""The name of a tensor that a file holds alone, without a name."""


class Checksummed(NamedTuple):
    """A stretch of the file that has a checksum, as zip archives have them."""

    offset: int
    size: int
    crc32: int

    def check(self, source: Source) -> None:
        """Raise DataLossError unless the bytes have their checksum."""
        crc = 0
        for at in range(0, self.size, _PIECE):
            data = source.read(self.offset + at, min(_PIECE, self.size - at))
            crc = zlib.crc32(data, crc)
        if crc != self.crc32:
            raise DataLossError(
                f"checksum of the {self.size} bytes is {crc:#010x}, the archive says "
                f"{self.crc32:#010x}: they are damaged",
                path=source.path,
                offset=self.offset,
            )


class Elements(NamedTuple):
    """Where the elements of a tensor lie: from `offset` on, in C order or by `strides` (bytes)."""

    info: TensorInfo
    offset: int
    strides: tuple[int, ...] | None = None
    big_endian: bool = False
    checked: Checksummed | None = None
    element: np.dtype[Any] | None = None  # what lies there, where another dtype is handed out
    held: Array | None = None  # the value, where it lies within something else that was read
    packed: bool = False  # `offset` is within what has to be unpacked first

    @property
    def entry(self) -> Entry | None:
        """The same as a bundle's index says it, if it can: C order, and a type of TensorFlow."""
        data_type, shape, size, _, foreign = self.info
        if self.strides is not None or foreign is not None or self.element is not None:
            return None
        return Entry(data_type, shape, shard_id=0, offset=self.offset, size=size)


def info_of(dtype: np.dtype[Any], shape: Shape, stored_size: int) -> TensorInfo:
    """Return the `TensorInfo` of a tensor of any numpy dtype."""
    try:
        return TensorInfo(data_type_of(dtype), shape, stored_size)
    except TypeError:
        return TensorInfo(0, shape, stored_size=stored_size, foreign=dtype.newbyteorder("="))


def held(array: Array) -> Elements:
    """Return a tensor that was read already; strings become bytes."""
    return Elements(info_of(array.dtype, array.shape, array.nbytes), 0, held=_as_bytes(array))


def _as_bytes(array: Array) -> Array:
    """Return an array of texts as one of bytes; any other as it is."""
    if array.dtype.kind not in "SU":
        return array
    if array.dtype.kind == "U" and array.size and array.dtype.itemsize:
        codes = np.ascontiguousarray(array).reshape(-1).view(f"{array.dtype.byteorder}u4")
        if codes.max() > sys.maxunicode:
            raise DataLossError(f"has texts that are none: a character {codes.max():#x}")
    try:
        return to_array(to_bytes_list(array), array.shape)
    except ValueError as error:
        raise DataLossError(f"has texts that are none: {error}") from None


@cache
def dtype_named(name: str) -> np.dtype[Any]:
    """Return a dtype of numpy or ml_dtypes. Raises UnimplementedError if this one lacks it."""
    import ml_dtypes

    try:
        return np.dtype(getattr(ml_dtypes, name, name))
    except TypeError:
        raise UnimplementedError(f"the ml_dtypes here has no {name}: install a newer one") from None


def size_of(info: TensorInfo) -> int:
    return info.size * info.dtype.itemsize


def chunks_of(array: Array) -> Iterator[memoryview]:
    """Yield the stored bytes of an array, its own memory where that is what is stored."""
    view = stored_view(array)
    if view is None:
        yield from stored_chunks(array)
    else:
        yield view


class ForeignReader(TensorReader):
    """A file of another library, by the list of its tensors; names come in the file's order."""

    def __init__(self, path: str, *, verify: Verify = True) -> None:
        self.path = path
        self._verify = verify
        self._limits = limits.current()
        self._metadata: dict[str, Any] = {}

    @abstractmethod
    def _find(self, name: str) -> TensorInfo | None:
        """Return what there is of this name."""

    def info(self, name: str) -> TensorInfo:
        found = self._find(name) if isinstance(name, str) else None
        if found is None:
            raise tensor_not_found(name, self, self.path)
        return found

    def infos(self) -> Mapping[str, TensorInfo]:
        return {name: self.info(name) for name in self}

    def readable(self, name: str) -> TensorInfo:
        """Return what there is of this name. Raises UnimplementedError if it cannot be read."""
        info = self.info(name)
        if info.why_unreadable:
            raise UnimplementedError(info.why_unreadable, path=self.path, tensor=name)
        return info

    @property
    def metadata(self) -> Mapping[str, Any]:
        return self._metadata

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._find(name) is not None


class RawReader(ForeignReader):
    """A file whose tensors all lie in it as plain elements."""

    def __init__(
        self,
        source: Source,
        tensors: Mapping[str, Elements],
        metadata: Mapping[str, Any],
        *,
        verify: Verify = True,
    ) -> None:
        super().__init__(source.path, verify=verify)
        self._source = source
        self._tensors = dict(tensors)
        self._metadata = dict(metadata)
        self._verified: set[Checksummed] = set()
        self._ahead = ReadAhead(self._tensors, self._entry_of, maps=False)

    def _find(self, name: str) -> TensorInfo | None:
        stored = self._tensors.get(name)
        return None if stored is None else stored.info

    def _entry_of(self, name: str) -> Entry | None:
        stored = self._tensors[name]
        return None if stored.held is not None or stored.packed else stored.entry

    def read(self, name: str, index: Index | None = None) -> Array:
        if index is None and type(name) is str:
            array = self._ahead.take(name, self.get_tensors)
            if array is not None:
                return array
        info = self.readable(name)
        stored = self._tensors[name]
        if stored.held is not None:
            return _copied(stored.held, index)
        with located(self.path, name, stored.offset), self._limits:
            selection = Selection.of(... if index is None else index, info.shape)
            self._check([stored], volume(selection.shape) * info.dtype.itemsize)
            source = self._unpacked(name) if stored.packed else self._source
            if index is None:
                return fetch_all(source, {name: stored})[name]
            return selection.finished(fetch_axes(source, name, stored, selection.axes))

    def _unpacked(self, name: str) -> Source:
        """Return what a packed tensor's `offset` is within. For formats that pack."""
        raise NotImplementedError

    @no_collection()
    def get_tensors(self, names: Iterable[str] | None = None) -> dict[str, Array]:
        wanted = list(self) if names is None else list(listed(names))
        plain: dict[str, Elements] = {}
        for name in wanted:
            stored = self._tensors.get(name)
            if stored is None or stored.info.why_unreadable is not None:
                self.readable(name)  # raises
            elif stored.held is None and not stored.packed:
                plain[name] = stored
        with located(self.path), self._limits:
            self._check(plain.values(), None)
            arrays = fetch_all(self._source, plain)
        if len(arrays) == len(wanted):
            return arrays
        return {name: arrays[name] if name in arrays else self[name] for name in wanted}

    def _check(self, tensors: Iterable[Elements], wanted: int | None) -> None:
        """Check the stretches that tensors lie in, of which `wanted` bytes are asked for."""
        for checksummed in (
            dict.fromkeys([stored.checked for stored in tensors]) if self._verify else ()
        ):
            if checksummed is None or checksummed in self._verified:
                continue
            costs_little = wanted is None or checksummed.size <= max(_SMALL, _SHARE * wanted)
            if costs_little or self._verify == "whole":
                checksummed.check(self._source)
                if wanted is not None:
                    self._verified.add(checksummed)

    def close(self) -> None:
        self._source.close()
        self._ahead.clear()

    def __iter__(self) -> Iterator[str]:
        return iter(self._tensors)

    def __len__(self) -> int:
        return len(self._tensors)


def _copied(array: Array, index: Index | None) -> Array:
    """Return a part of an array, or all of it, as the caller's own; one string as bytes."""
    if index is None:
        return array.copy()
    Selection.of(index, array.shape)  # takes the same as of a tensor in a file
    part: Any = array[index]
    if array.dtype.kind == "O":
        return part.copy() if isinstance(part, np.ndarray) else part
    return np.array(part)


def fetch_all(source: Source, tensors: Mapping[str, Elements]) -> dict[str, Array]:
    """Return whole arrays: views of private mappings where that is possible, else copies.

    Raises DataLossError where a tensor reaches out of the file, ResourceExhaustedError where all
    together are out of proportion to it.
    """
    needed = 0
    plain: dict[bool, list[tuple[str, Entry]]] = {False: [], True: []}
    others: dict[str, Elements] = {}
    for name, stored in tensors.items():
        entry = stored.entry
        if entry is None:
            others[name] = stored
            needed += size_of(stored.info)
        else:
            plain[stored.big_endian].append((name, entry))
            needed += entry.size
    limits.current().check_memory(needed, source.size, f"{len(tensors)} tensors")
    arrays: dict[str, Array] = {}
    for name, stored in others.items():
        axes = [Axis(0, size, 1) for size in stored.info.shape]
        with located(source.path, name, stored.offset):
            arrays[name] = fetch_axes(source, name, stored, axes)
    for big_endian, entries in plain.items():
        entries.sort(key=lambda named: named[1].offset)
        arrays.update(Shard(source, big_endian).fetch(entries, verify=False))
    return {name: arrays[name] for name in tensors}


def fetch_axes(source: Source, name: str, stored: Elements, axes: Sequence[Axis]) -> Array:
    """Return chosen elements of a tensor, one dimension for each axis."""
    entry = stored.entry
    if entry is not None:
        return fetch_part(Shard(source, stored.big_endian), name, entry, axes)
    shape = tuple(axis.length for axis in axes)
    count = volume(shape)
    limits.current().check_memory(count * stored.info.dtype.itemsize, source.size, "a tensor")
    if not count:
        return new_array(shape, stored.info.dtype)
    dtype = stored.element or stored.info.dtype
    if not dtype.itemsize:  # numpy itself makes one byte of none
        nothing = new_array(shape, stored.info.dtype)
        if nothing.dtype.kind == "O":
            nothing.fill(b"")
        return nothing
    strides = stored.strides
    if strides is None:
        strides = tuple(c_strides(stored.info.shape, dtype.itemsize))
    flat = read_box(
        source, axes=axes, strides=strides, itemsize=dtype.itemsize, offset=stored.offset
    ).view(dtype)
    if stored.big_endian:
        flat = flat.view(dtype.newbyteorder(">")).astype(dtype)
    flat = _as_bytes(flat)
    return reshaped(
        flat if flat.dtype.kind == "O" else flat.astype(stored.info.dtype, copy=False), shape
    )
