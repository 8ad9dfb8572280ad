"""Writing the bytes of tensors, one after another, to a shard file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import Executor
from typing import Any

import numpy as np
import numpy.typing as npt

from tfckpt.bundle.bulk_entries import encode_entries
from tfckpt.bundle.entry import Entry, encode_head
from tfckpt.checksum import crc32c, mask_all
from tfckpt.dtypes import DataType
from tfckpt.storage import NewFile, Source
from tfckpt.tensors.slices import Shape
from tfckpt.tensors.stored import stored_bytes, stored_chunks, stored_view
from tfckpt.tensors.strings import encode_strings, to_bytes_list

# Below this a tensor is gathered with others into one write: a system call costs more than a copy.
_SMALL = 64 << 10
_GATHER = 1 << 20
# A big tensor's checksum runs in a thread beside its write, piece by piece, so that both find the
# piece in the cache (5 % faster than checksumming the whole tensor beside the whole write).
_BESIDE = 1 << 20
# Without such a thread it goes before the write, in pieces that a core's own cache holds: then
# the two together take as long as the write alone.
_BEFORE = 256 << 10
# So much of another bundle's file is mapped at a time while it is copied.
_COPIED = 16 << 20


class ShardWriter:
    """One shard in the making; `executor` has a thread to spare for checksums, if there is one.

    Of its tensors it keeps what the index has to say of them.
    """

    def __init__(self, file: NewFile, executor: Executor | None = None) -> None:
        self.file = file
        self._executor = executor
        self._keys: list[bytes] = []
        self._heads: list[bytes] = []
        self._sizes: list[int] = []
        self._crcs: list[int] = []
        self._gathered: list[bytes] = []
        self._gathered_size = 0

    def append(self, key: bytes, array: npt.NDArray[Any], data_type: DataType) -> None:
        """Write a tensor."""
        if data_type is DataType.DT_STRING:
            stored, crc = encode_strings(to_bytes_list(array))
            size = len(stored)
            self._gather(stored)
        elif (size := array.nbytes) < _SMALL:
            stored = stored_bytes(array)
            crc = crc32c(stored, 0)
            self._gather(stored)
        else:
            self._flush()
            view = stored_view(array)
            crc = self._write_chunks(array) if view is None else self._write_view(view)
        self._note(key, encode_head(data_type, array.shape), size, crc)

    def append_pieces(
        self, key: bytes, data_type: int, shape: Shape, pieces: Iterable[npt.NDArray[Any]]
    ) -> None:
        """Write a tensor of numbers whose elements come piece by piece."""
        self._flush()
        crc = size = 0
        for piece in pieces:
            view = stored_view(piece) or memoryview(stored_bytes(piece))
            crc = self._write_view(view, crc)
            size += len(view)
        self._note(key, encode_head(data_type, shape), size, crc)

    def copy(self, key: bytes, entry: Entry, source: Source) -> int:
        """Write bytes that lie in another bundle as they are; return their checksum, unmasked."""
        if entry.size < _SMALL:
            stored = bytes(source.read(entry.offset, entry.size))
            crc = crc32c(stored, 0)
            self._gather(stored)
        else:
            self._flush()
            crc = 0
            for at in range(0, entry.size, _COPIED):
                size = min(_COPIED, entry.size - at)
                view = source.map(entry.offset + at, size)
                if view is None:
                    view = memoryview(source.read(entry.offset + at, size))
                crc = self._write_view(view, crc)
        self._note(key, encode_head(entry.data_type, entry.shape), entry.size, crc)
        return crc

    def _note(self, key: bytes, head: bytes, size: int, crc: int) -> None:
        self._keys.append(key)
        self._heads.append(head)
        self._sizes.append(size)
        self._crcs.append(crc)

    def close(self) -> None:
        """Bring everything to the disk."""
        self._flush()
        self.file.flush()

    def entries(self, shard_id: int) -> Iterator[tuple[bytes, bytes]]:
        """Yield key and encoded entry of each tensor, once all are written."""
        ends = np.cumsum(self._sizes, dtype=np.uint64)  # they lie back to back
        sizes = np.array(self._sizes, np.uint64)
        crcs = mask_all(np.array(self._crcs, np.uint32))
        shard_ids = np.full(len(sizes), shard_id)
        values = encode_entries(
            self._heads, shard_ids, offsets=ends - sizes, sizes=sizes, crcs=crcs
        )
        return zip(self._keys, values, strict=True)

    def _gather(self, stored: bytes) -> None:
        self._gathered.append(stored)
        self._gathered_size += len(stored)
        if self._gathered_size >= _GATHER:
            self._flush()

    def _flush(self) -> None:
        """Write what was gathered."""
        if self._gathered:
            self.file.write(b"".join(self._gathered))
            self._gathered.clear()
            self._gathered_size = 0

    def _write_view(self, view: memoryview, crc: int = 0) -> int:
        """Write bytes; return the checksum `crc`, extended by them."""
        executor = self._executor if len(view) >= _BESIDE else None
        step = _BEFORE if executor is None else _BESIDE
        for at in range(0, len(view), step):
            piece = view[at : at + step]
            if executor is None:
                crc = crc32c(piece, crc)
                self.file.write(piece)
            else:
                checksum = executor.submit(crc32c, piece, crc)  # gives up the interpreter lock
                self.file.write(piece)
                crc = checksum.result()
        return crc

    def _write_chunks(self, array: npt.NDArray[Any]) -> int:
        crc = 0
        for chunk in stored_chunks(array):
            crc = crc32c(chunk, crc)
            self.file.write(chunk)
        return crc
