"""Reading: the bytes of one file, at any offset.

Readers of formats take a `Source`, which `open_source` makes of a path or a URL. It gives exactly
the bytes that are asked for, from any thread, or raises DataLossError where the file has fewer.
"""

from __future__ import annotations

import mmap
import os
import re
import threading
from typing import NoReturn, Protocol
from weakref import WeakSet

from tfckpt.coding import Buffer
from tfckpt.errors import CheckpointError, DataLossError, FileMissingError
from tfckpt.storage.descriptor import fair_share, open_regular
from tfckpt.storage.refused import failed, refused

# Python's mmap keeps a duplicate of the file's descriptor, and a process has few (often 1024). So
# the mappings of all readers are counted together, and a program that holds very many tensors gets
# the later ones as copies.
_MAX_MAPPINGS = 128
_live_mappings: WeakSet[mmap.mmap] = WeakSet()

# scheme://..., also chained: simplecache::s3://... (run/s3://b is a path here, C:// a drive's)
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+(::[A-Za-z][A-Za-z0-9+.-]+)*://")


class Source(Protocol):
    """The bytes of one file. Any number of threads may read."""

    path: str
    size: int
    version: object
    """What differs between files that had this path one after another; None if nothing tells."""

    def read(self, offset: int, size: int) -> Buffer:
        """Return exactly `size` bytes. Raises DataLossError if the file has fewer there."""

    def read_into(self, offset: int, target: memoryview) -> None:
        """Fill `target` with the bytes at `offset`. Raises as `read`."""

    def map(self, offset: int, size: int) -> memoryview | None:
        """Return a writable private view of the bytes without reading them.

        Returns None where that cannot be, or takes what is scarce: whoever asks then reads them.
        Writing to the view never reaches the file, nor any other view.
        """

    def close(self) -> None:
        """Give up the file; views handed out stay valid."""


def is_remote(path: str) -> bool:
    """Whether a path is a URL, whose file is not on this machine."""
    return _URL.match(path) is not None


def open_source(path: str, *, mmap: bool = True) -> Source:
    """Open a file for reading. With `mmap` off nothing of it is ever mapped.

    Raises FileMissingError if there is none, FailedPreconditionError for what is no regular file
    and where the system refuses.
    """
    if is_remote(path):
        from tfckpt.storage.remote import RemoteSource

        return RemoteSource(path)
    return _OPEN_LOCAL(path, use_mmap=mmap)


def is_file(path: str) -> bool:
    """Whether there is a file, on this machine or behind a URL."""
    if not is_remote(path):
        return os.path.isfile(path)
    try:
        open_source(path).close()
    except FileMissingError:
        return False
    return True


def list_folder(folder: str) -> list[str]:
    """Return the names in a folder of this machine, sorted. Raises FailedPreconditionError."""
    with refused(folder, "list the folder"):
        return sorted(os.listdir(folder or os.curdir))


def read_file(path: str) -> bytes:
    """Return all bytes of a file. Raises as `open_source` does."""
    source = open_source(path, mmap=False)
    try:
        return bytes(source.read(0, source.size))
    finally:
        source.close()


def read_ends(path: str, head: int, tail: int) -> tuple[bytes, bytes, int]:
    """Return the first and last bytes of a file, fewer where it has fewer, and its size."""
    source = open_source(path, mmap=False)
    try:
        size = source.size
        first = bytes(source.read(0, min(head, size)))
        return first, bytes(source.read(size - min(tail, size), min(tail, size))), size
    finally:
        source.close()


def version_of(status: os.stat_result) -> tuple[int, int, int]:
    """Return what tells a file from others that had, or will have, its path."""
    return status.st_dev, status.st_ino, status.st_mtime_ns


def version_at(path: str) -> tuple[int, int, int] | None:
    """Return the version of the file that has this path now, None if there is none."""
    try:
        return version_of(os.stat(path))
    except (OSError, ValueError):
        return None


class LocalSource:
    """A file of this machine."""

    def __init__(self, path: str, *, use_mmap: bool = True) -> None:
        self.path = path
        self._use_mmap = use_mmap
        self._descriptor, status = open_regular(path)
        self.size = status.st_size
        self.version: object = version_of(status)

    def read(self, offset: int, size: int) -> Buffer:
        number = self._checked(offset, size)
        try:
            data = os.pread(number, size, offset)
        except OSError as error:
            raise failed(error, self.path, f"read {size} bytes at {offset}") from error
        if len(data) == size:
            return data
        buffer = bytearray(size)
        self.read_into(offset, memoryview(buffer))
        return buffer

    def read_into(self, offset: int, target: memoryview) -> None:
        number = self._checked(offset, len(target))
        done = 0
        while done < len(target):
            try:
                got = os.preadv(number, [target[done:]], offset + done)
            except OSError as error:
                raise failed(error, self.path, f"read at {offset + done}") from error
            if not got:
                raise self._ended(offset + done)
            done += got

    def map(self, offset: int, size: int) -> memoryview | None:
        number = self._checked(offset, size)
        if not self._use_mmap or not size or len(_live_mappings) >= fair_share(_MAX_MAPPINGS):
            return None
        slack = offset % mmap.ALLOCATIONGRANULARITY
        try:
            mapping = mmap.mmap(
                number, size + slack, access=mmap.ACCESS_COPY, offset=offset - slack
            )
        except ValueError:  # it has become shorter since it was opened
            raise self._ended(offset) from None
        except OSError:  # no descriptors or mappings are left: reading takes neither
            return None
        _live_mappings.add(mapping)
        return memoryview(mapping)[slack:]

    def close(self) -> None:
        self._descriptor.close()

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{self.path}: an open file cannot be copied or pickled: open it again")

    def _ended(self, at: int) -> CheckpointError:
        return DataLossError(
            f"the file ended at {at} or before, it had {self.size} bytes when opened",
            path=self.path,
            offset=at,
        )

    def _checked(self, offset: int, size: int) -> int:
        """Return the descriptor, if the file is open and has bytes there."""
        number = self._descriptor.number
        if number < 0:
            raise ValueError(f"{self.path} is closed")
        _check_within(self, offset, size)
        return number


class MemorySource:
    """Bytes in memory as a file."""

    version: object = None

    def __init__(self, data: Buffer, path: str) -> None:
        self.path = path
        self.size = len(data)
        self._data = memoryview(data).toreadonly()

    def read(self, offset: int, size: int) -> Buffer:
        _check_within(self, offset, size)
        return self._data[offset : offset + size]

    def read_into(self, offset: int, target: memoryview) -> None:
        target[:] = self.read(offset, len(target))

    def map(self, offset: int, size: int) -> memoryview | None:
        return None

    def close(self) -> None:
        """Nothing is held open."""


class Window:
    """A stretch of a file as a file of its own."""

    def __init__(self, source: Source, offset: int, size: int, path: str) -> None:
        _check_within(source, offset, size)
        self.path = path
        self.size = size
        self.version = source.version
        self._source = source
        self._offset = offset

    def read(self, offset: int, size: int) -> Buffer:
        _check_within(self, offset, size)
        return self._source.read(self._offset + offset, size)

    def read_into(self, offset: int, target: memoryview) -> None:
        _check_within(self, offset, len(target))
        self._source.read_into(self._offset + offset, target)

    def map(self, offset: int, size: int) -> memoryview | None:
        _check_within(self, offset, size)
        return self._source.map(self._offset + offset, size)

    def close(self) -> None:
        self._source.close()


def _check_within(source: Source, offset: int, size: int) -> None:
    """Raise DataLossError unless a file has bytes there."""
    if not 0 <= offset <= offset + size <= source.size:
        raise DataLossError(
            f"{size} bytes expected, the file has {source.size} in all: it is cut short, "
            f"or its index is damaged",
            path=source.path,
            offset=offset,
        )


class SeekingSource(LocalSource):
    """A file of a machine that has no `os.preadv`: one thread at a time seeks and reads."""

    def __init__(self, path: str, *, use_mmap: bool = True) -> None:
        super().__init__(path, use_mmap=use_mmap)
        self._lock = threading.Lock()

    def read(self, offset: int, size: int) -> Buffer:
        self._checked(offset, size)  # before memory is taken for what a forged index asks for
        buffer = bytearray(size)
        self.read_into(offset, memoryview(buffer))
        return buffer

    def read_into(self, offset: int, target: memoryview) -> None:
        number = self._checked(offset, len(target))
        with (
            refused(self.path, f"read {len(target)} bytes at {offset}"),
            self._lock,
            os.fdopen(os.dup(number), "rb", buffering=0) as file,
        ):
            file.seek(offset)
            done = 0
            while done < len(target):
                got = file.readinto(target[done:])
                if not got:
                    raise self._ended(offset + done)
                done += got


# Windows has no `os.preadv`, nor has macOS before 11.
_OPEN_LOCAL: type[LocalSource] = LocalSource if hasattr(os, "preadv") else SeekingSource
