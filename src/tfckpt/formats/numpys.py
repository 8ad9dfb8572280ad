"""Numpy's files: ``.npy``, one array, and ``.npz``, a zip archive of them.

    \\x93NUMPY, major, minor, [size of the header: u16, from version 2 on u32] [header] [elements]

    {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }

The header is a Python literal (``numpy/lib/format.py``). An array of objects is a pickle behind
it: it is listed, and never read.
"""

from __future__ import annotations

import ast
import io
import zlib
from collections.abc import Callable, Iterator, Mapping
from itertools import chain, islice
from typing import Any, NamedTuple

import numpy as np

from tfckpt import limits
from tfckpt.bundle.part import c_strides
from tfckpt.coding import Buffer
from tfckpt.errors import DataLossError, UnimplementedError, located
from tfckpt.formats.raw import (
    ONLY_TENSOR,
    Checksummed,
    Elements,
    RawReader,
    chunks_of,
    info_of,
    size_of,
)
from tfckpt.formats.zipped import LONGEST_NAME, STORED, Archive, Member, ZipWriter
from tfckpt.names import is_text
from tfckpt.pause import no_collection
from tfckpt.reader import TensorInfo, Verify
from tfckpt.storage import MemorySource, NewFile, Source
from tfckpt.tensors.slices import Shape, volume
from tfckpt.tensors.stored import Array

MAGIC = b"\x93NUMPY"
SUFFIX = ".npy"
_PREFIX = len(MAGIC) + 2
# numpy's own limit: parsing a literal takes more memory than it has characters.
_LONGEST_HEADER = 10_000
_HEAD = _PREFIX + 4 + _LONGEST_HEADER
_OBJECTS = "Python objects (a pickle)"


class _Header(NamedTuple):
    dtype: np.dtype[Any]
    fortran: bool
    shape: Shape
    size: int  # of all that is before the elements


# Reading


def _decode_header(head: Buffer) -> _Header:
    """Read what a file that begins with `head` says of its array."""
    head = bytes(head)
    version = head[len(MAGIC) : _PREFIX]
    if head[: len(MAGIC)] != MAGIC or len(version) < 2:
        raise DataLossError("no array of numpy's")
    if version not in (b"\1\0", b"\2\0", b"\3\0"):
        raise UnimplementedError(f"an array in version {version[0]}.{version[1]} of the format")
    width = 2 if version[0] == 1 else 4
    size = int.from_bytes(head[_PREFIX : _PREFIX + width], "little")
    begin = _PREFIX + width
    if size > _LONGEST_HEADER or len(head) < begin + size:
        raise DataLossError(
            f"an array with a header of {size} bytes, {_LONGEST_HEADER} are the limit and "
            f"{len(head) - begin} are there"
        )
    try:
        text = head[begin : begin + size].decode("utf-8" if version[0] == 3 else "latin-1")
        said = ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError) as error:
        raise DataLossError(f"the header of an array is no literal: {error!r:.100}") from None
    return _checked_header(said, begin + size)


def _checked_header(said: Any, size: int) -> _Header:
    if not isinstance(said, dict) or set(said) != {"descr", "fortran_order", "shape"}:
        raise DataLossError("the header of an array does not say what there is")
    shape = said["shape"]
    if not isinstance(shape, tuple) or not all(type(n) is int and n >= 0 for n in shape):
        raise DataLossError("the header of an array has a shape that is none")
    if type(said["fortran_order"]) is not bool:
        raise DataLossError("the header of an array has an order that is none")
    try:
        dtype = np.lib.format.descr_to_dtype(said["descr"])
    except Exception as error:  # a parser of numpy's that makes no promises
        raise DataLossError(f"the dtype of an array is none: {error!r:.100}") from None
    if dtype.subdtype is not None:
        raise DataLossError("the dtype of an array is that of arrays")
    return _Header(dtype, said["fortran_order"], shape, size)


def _stored(head: Buffer, size: int, offset: int, checked: Checksummed | None = None) -> Elements:
    """Say where the elements of an array lie: it has `size` bytes and begins at `offset`."""
    header = _decode_header(head)
    dtype, shape = header.dtype, header.shape
    begin, needed = offset + header.size, volume(shape) * dtype.itemsize
    if dtype.hasobject:
        return Elements(
            TensorInfo(0, shape, stored_size=size - header.size, foreign=_OBJECTS), begin
        )
    if header.size + needed != size:
        raise DataLossError(
            f"an array {dtype} {list(shape)} takes {needed} bytes, it has {size - header.size}"
        )
    info = info_of(dtype, shape, needed)
    strides = None
    if header.fortran and len(shape) > 1:
        strides = tuple(reversed(c_strides(shape[::-1], dtype.itemsize)))
    if dtype.kind in "SU" or (info.foreign is not None and dtype != info.dtype):
        return Elements(info, begin, strides, checked=checked, element=dtype)
    return Elements(info, begin, strides=strides, big_endian=not dtype.isnative, checked=checked)


class NpyReader(RawReader):
    """Reads a ``.npy`` file, as a mapping of one tensor, ``tensor``.

    Raises DataLossError for what is no such file, or a damaged one.
    """

    def __init__(self, source: Source, *, verify: Verify = True) -> None:
        with located(source.path):
            head = source.read(0, min(source.size, _HEAD))
            stored = _stored(head, source.size, 0)
        super().__init__(source, {ONLY_TENSOR: stored}, {}, verify=verify)


class NpzReader(RawReader):
    """Reads a ``.npz`` file, in the order of the archive.

    Opening reads the header of each array alone. A stored one is mapped, a deflated one unpacked
    when it is asked for, also for a part of it. Arrays of objects are listed, not read.

    Raises DataLossError for what is no such file, or a damaged one.
    """

    def __init__(self, source: Source, *, verify: Verify = True) -> None:
        tensors: dict[str, Elements] = {}
        self._members: dict[str, Member] = {}
        with located(source.path), no_collection():
            self._archive = Archive(source)
            for member in self._archive.members.values():
                name = member.name.removesuffix(SUFFIX)
                if name in tensors:
                    raise DataLossError(f"the archive has {name!r} twice")
                with located(tensor=name):
                    tensors[name] = self._listed(source, member)
                self._members[name] = member
        super().__init__(source, tensors, {}, verify=verify)

    def _listed(self, source: Source, member: Member) -> Elements:
        if member.method == STORED:
            at = self._archive.offset(member)
            checked = Checksummed(at, member.size, member.crc32)
            return _stored(source.read(at, min(member.size, _HEAD)), member.size, at, checked)
        head = b"".join(map(bytes, islice(self._archive.chunks(member, verify=False), 1)))
        return _stored(head[:_HEAD], member.size, 0)._replace(packed=True)

    def _unpacked(self, name: str) -> Source:
        member = self._members[name]
        limits.current().check_memory(member.size, self._source.size, "a deflated array")
        data = bytearray(member.size)
        at = 0
        for chunk in self._archive.chunks(member, verify=bool(self._verify)):
            data[at : at + len(chunk)] = chunk
            at += len(chunk)
        return MemorySource(data, self.path)


# Writing


def holds(info: TensorInfo) -> bool:
    """Whether the format holds a type: numpy's own, and no strings, which it has as objects."""
    return info.dtype.kind in "biufcmM" and info.dtype.type.__module__ == "numpy"


def why_no_name(infos: Mapping[str, TensorInfo]) -> dict[str, str]:
    """Say why arrays cannot have the names that they have."""
    return {
        name: "too long" if is_text(name) else "not UTF-8"
        for name in infos
        if not is_text(name) or len((name + SUFFIX).encode()) > LONGEST_NAME
    }


def write_npz(
    file: NewFile,
    infos: Mapping[str, TensorInfo],
    value: Callable[[str], Array],
    *,
    compressed: bool,
) -> None:
    """Write an archive of arrays, as ``numpy.savez`` or ``numpy.savez_compressed`` does."""
    archive = ZipWriter(file)
    for name, info in infos.items():
        array, head = value(name), _encode_header(info)
        if compressed:
            archive.add_deflated(name + SUFFIX, _contents(head, array))
            continue
        crc32 = 0
        for chunk in _contents(head, array):
            crc32 = zlib.crc32(chunk, crc32)
        size = len(head) + size_of(info)
        archive.add(name + SUFFIX, _contents(head, array), size=size, crc32=crc32, align=_ALIGNMENT)
    archive.finish()


_ALIGNMENT = 64


def _contents(head: bytes, array: Array) -> Iterator[Buffer]:
    return chain((head,), chunks_of(array))


def _encode_header(info: TensorInfo) -> bytes:
    text = io.BytesIO()
    said: Any = {"descr": np.lib.format.dtype_to_descr(info.dtype.newbyteorder("<"))}
    said |= {"fortran_order": False, "shape": tuple(info.shape)}
    np.lib.format.write_array_header_1_0(text, said)
    return text.getvalue()
