"""Bytes put aside until what must come before them in a file is known."""

from __future__ import annotations

import mmap
import os
from types import TracebackType
from typing import IO

from tfckpt.coding import Buffer
from tfckpt.storage.refused import refused


class Spool:
    """An unnamed temporary file in the folder of `path`; nothing of it is ever left."""

    def __init__(self, path: str) -> None:
        import tempfile

        self._path = path
        self._size = 0
        self._mapped: memoryview | None = None
        with refused(path, "create a temporary file"):
            self._file: IO[bytes] = tempfile.TemporaryFile(  # noqa: SIM115  closed by close()
                dir=os.path.dirname(path) or "."
            )

    def append(self, *pieces: Buffer) -> tuple[int, int]:
        """Put bytes behind those that are there; return their offset and size."""
        offset = self._size
        with refused(self._path, "write to a temporary file"):
            for piece in pieces:
                self._file.write(piece)
                self._size += len(piece)
        return offset, self._size - offset

    def view(self, offset: int, size: int) -> memoryview:
        """Return bytes appended before; no more can be, from now on."""
        if self._mapped is None:
            with refused(self._path, "read a temporary file"):
                self._file.flush()
                access = mmap.ACCESS_READ
                self._mapped = memoryview(mmap.mmap(self._file.fileno(), 0, access=access))
        return self._mapped[offset : offset + size]

    def close(self) -> None:
        self._mapped = None
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
