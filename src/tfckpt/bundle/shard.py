"""Writing the bytes of tensors, one after another, to a shard file."""

from __future__ import annotations

from concurrent.futures import Executor
from typing import Any

import numpy.typing as npt

from tfckpt.checksum import crc32c
from tfckpt.dtypes import DataType
from tfckpt.storage import FileWriter
from tfckpt.tensors.stored import stored_bytes, stored_chunks, stored_view
from tfckpt.tensors.strings import encode_strings, to_bytes_list

# Below this a tensor is gathered with others into one write: a system call costs more than a copy.
_SMALL = 64 << 10
_GATHER = 1 << 20
# Above this the checksum runs in a thread beside the write.
_OVERLAP = 1 << 20


class ShardWriter:
    """One shard in the making."""

    def __init__(self, file: FileWriter, executor: Executor) -> None:
        self.file = file
        self.size = 0
        self._executor = executor
        self._gathered: list[bytes] = []
        self._gathered_size = 0

    def append(self, array: npt.NDArray[Any], data_type: DataType) -> tuple[int, int, int]:
        """Write a tensor; return its offset, size and (unmasked) checksum."""
        if data_type is DataType.DT_STRING:
            stored, crc = encode_strings(to_bytes_list(array))
            return self._append_bytes(stored, crc)
        if array.nbytes < _SMALL:
            stored = array.tobytes() if array.dtype.isnative else stored_bytes(array)
            return self._append_bytes(stored, crc32c(stored, 0))
        self._flush()
        view = stored_view(array)
        return self._append_view(view) if view is not None else self._append_chunks(array)

    def close(self) -> None:
        """Bring everything to the disk."""
        self._flush()
        self.file.flush()

    def _append_bytes(self, stored: bytes, crc: int) -> tuple[int, int, int]:
        self._gathered.append(stored)
        self._gathered_size += len(stored)
        offset = self._advance(len(stored))
        if self._gathered_size >= _GATHER:
            self._flush()
        return offset, len(stored), crc

    def _append_view(self, view: memoryview) -> tuple[int, int, int]:
        if len(view) < _OVERLAP:
            crc = crc32c(view, 0)
            self.file.write(view)
        else:
            # Both give up the interpreter lock; the write takes several times as long.
            checksum = self._executor.submit(crc32c, view, 0)
            self.file.write(view)
            crc = checksum.result()
        return self._advance(len(view)), len(view), crc

    def _append_chunks(self, array: npt.NDArray[Any]) -> tuple[int, int, int]:
        crc = 0
        for chunk in stored_chunks(array):
            crc = crc32c(chunk, crc)
            self.file.write(chunk)
        return self._advance(array.nbytes), array.nbytes, crc

    def _advance(self, size: int) -> int:
        offset = self.size
        self.size += size
        return offset

    def _flush(self) -> None:
        if self._gathered:
            self.file.write(b"".join(self._gathered))
            self._gathered.clear()
            self._gathered_size = 0
