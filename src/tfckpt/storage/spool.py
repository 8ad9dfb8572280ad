"""Bytes that wait on disk until what comes before them in a file is known."""

from __future__ import annotations

import contextlib
import mmap
import os
from types import TracebackType

from tfckpt.coding import Buffer
from tfckpt.storage.places import is_remote
from tfckpt.storage.refused import refused

_GATHER = 256 << 10  # less than this is gathered into one write


class Spool:
    """An unnamed temporary file in the folder of `path`; nothing of it is ever left.

    Where `path` is a URL it is in the system's folder for such files.
    """

    def __init__(self, path: str) -> None:
        import tempfile

        self._path = path
        self._size = 0
        self._gathered = bytearray()
        self._mapped: memoryview | None = None
        with refused(path, "create a temporary file"):
            # Unbuffered, so that a full disk shows when bytes are written, not at the close.
            self._file = tempfile.TemporaryFile(  # noqa: SIM115  closed by close()
                buffering=0, dir=None if is_remote(path) else os.path.dirname(path) or "."
            )

    def append(self, *pieces: Buffer) -> tuple[int, int]:
        """Put bytes behind those that are there; return their offset and size."""
        offset, size = self._size, sum(map(len, pieces))
        if size < _GATHER:
            self._gathered += b"".join(pieces)
        if len(self._gathered) >= _GATHER or size >= _GATHER:
            self._flush()
        for piece in pieces if size >= _GATHER else ():
            self._write(piece)
        self._size += size
        return offset, size

    def _flush(self) -> None:
        self._write(self._gathered)
        self._gathered = bytearray()

    def _write(self, data: Buffer) -> None:
        rest = memoryview(data).cast("B")
        with refused(self._path, "write to a temporary file"):
            while len(rest):
                rest = rest[self._file.write(rest) :]

    def view(self, offset: int, size: int) -> memoryview:
        """Return bytes appended before; no more can be, from now on."""
        if self._mapped is None:
            self._flush()
            with refused(self._path, "read a temporary file"):
                access = mmap.ACCESS_READ
                self._mapped = memoryview(mmap.mmap(self._file.fileno(), 0, access=access))
        return self._mapped[offset : offset + size]

    def close(self) -> None:
        self._mapped = None
        with contextlib.suppress(OSError):  # nothing of it is wanted any more
            self._file.close()

    def __enter__(self) -> Spool:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
