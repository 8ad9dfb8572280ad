"""Reading: the bytes of one file, at any offset."""

from __future__ import annotations

import mmap
import os
import threading
from typing import Protocol
from weakref import WeakSet

from tfckpt.coding import Buffer
from tfckpt.errors import DataLossError, FileMissingError

# Python's mmap keeps a duplicate of the file's descriptor, and a process has few (often 1024): a
# program that holds very many tensors gets the later ones as copies.
_MAX_MAPPINGS = 128
_live_mappings: WeakSet[mmap.mmap] = WeakSet()


class Source(Protocol):
    """The bytes of one file. Any number of threads may read."""

    path: str
    size: int
    version: object  # differs between files that had this path; None if that cannot be told

    def read(self, offset: int, size: int) -> Buffer:
        """Return exactly `size` bytes."""

    def read_into(self, offset: int, target: memoryview) -> None:
        """Fill `target` with the bytes at `offset`."""

    def map(self, offset: int, size: int) -> memoryview | None:
        """Return a writable private view of the bytes without reading them, None if it can't.

        Writing to the view never reaches the file, nor any other view.
        """

    def close(self) -> None:
        """Give up the file; views handed out stay valid."""


def open_source(path: str, *, mmap: bool = True) -> Source:
    """Open a file for reading. With `mmap` off nothing of it is ever mapped.

    Raises FileMissingError if there is none.
    """
    if "://" in path:
        from tfckpt.storage.remote import RemoteSource

        return RemoteSource(path)
    return LocalSource(path, use_mmap=mmap)


def is_file(path: str) -> bool:
    """Whether there is a file, on this machine or behind a URL."""
    if "://" not in path:
        return os.path.isfile(path)
    try:
        open_source(path).close()
    except FileMissingError:
        return False
    return True


def read_file(path: str) -> bytes:
    """Return all bytes of a file. Raises FileMissingError if there is none."""
    source = open_source(path, mmap=False)
    try:
        return bytes(source.read(0, source.size))
    finally:
        source.close()


def version_of(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_dev, status.st_ino, status.st_mtime_ns


class LocalSource:
    """A file of this machine."""

    def __init__(self, path: str, *, use_mmap: bool = True) -> None:
        self.path = path
        self._use_mmap = use_mmap
        try:
            self._fd = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        except FileNotFoundError:
            raise FileMissingError("no such file", path=path) from None
        status = os.fstat(self._fd)
        self.size = status.st_size
        self.version: object = version_of(status)

    def read(self, offset: int, size: int) -> Buffer:
        self._check(offset, size)
        data = os.pread(self._fd, size, offset)
        if len(data) == size:
            return data
        buffer = bytearray(size)
        self.read_into(offset, memoryview(buffer))
        return buffer

    def read_into(self, offset: int, target: memoryview) -> None:
        self._check(offset, len(target))
        done = 0
        while done < len(target):
            got = os.preadv(self._fd, [target[done:]], offset + done)
            if not got:
                raise DataLossError(
                    f"the file ended at {offset + done}, it had {self.size} bytes when opened",
                    path=self.path,
                    offset=offset,
                )
            done += got

    def map(self, offset: int, size: int) -> memoryview | None:
        self._check(offset, size)
        if not self._use_mmap or not size or len(_live_mappings) >= _MAX_MAPPINGS:
            return None
        slack = offset % mmap.ALLOCATIONGRANULARITY
        mapping = mmap.mmap(self._fd, size + slack, access=mmap.ACCESS_COPY, offset=offset - slack)
        _live_mappings.add(mapping)
        return memoryview(mapping)[slack:]

    def close(self) -> None:
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    def __del__(self) -> None:
        if getattr(self, "_fd", -1) >= 0:
            self.close()

    def _check(self, offset: int, size: int) -> None:
        if self._fd < 0:
            raise ValueError(f"{self.path} is closed")
        if not 0 <= offset <= offset + size <= self.size:
            raise DataLossError(
                f"{size} bytes expected, the file has {self.size} in all: it is cut short, "
                f"or its index is damaged",
                path=self.path,
                offset=offset,
            )


if not hasattr(os, "preadv"):  # Windows and macOS before 11: seek and read under a lock

    class _SeekingSource(LocalSource):
        def __init__(self, path: str, *, use_mmap: bool = True) -> None:
            super().__init__(path, use_mmap=use_mmap)
            self._lock = threading.Lock()

        def read(self, offset: int, size: int) -> Buffer:
            buffer = bytearray(size)
            self.read_into(offset, memoryview(buffer))
            return buffer

        def read_into(self, offset: int, target: memoryview) -> None:
            self._check(offset, len(target))
            with self._lock, os.fdopen(os.dup(self._fd), "rb", buffering=0) as file:
                file.seek(offset)
                done = 0
                while done < len(target):
                    got = file.readinto(target[done:])
                    if not got:
                        raise DataLossError("the file ended early", path=self.path, offset=offset)
                    done += got

    LocalSource = _SeekingSource  # type: ignore[misc]
