"""Reading: the bytes of one file, at any offset.

Readers of formats take a `Source`, which `tfckpt.storage.opening` makes of a path or a URL. It
gives exactly the bytes that are asked for, from any thread, or raises DataLossError where the file
has fewer.
"""

from __future__ import annotations

import mmap
import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import NoReturn, TypeVar
from weakref import WeakSet

from tfckpt.coding import Buffer
from tfckpt.errors import CheckpointError, DataLossError
from tfckpt.storage.descriptor import fair_share, open_regular
from tfckpt.storage.refused import failed, refused

T = TypeVar("T")

# Python's mmap keeps a duplicate of the file's descriptor, and a process has few (often 1024). So
# the mappings of all readers are counted together, and a program that holds very many tensors gets
# the later ones as copies.
_MAX_MAPPINGS = 128
_live_mappings: WeakSet[mmap.mmap] = WeakSet()


class Source(ABC):
    """The bytes of one file. Any number of threads may read."""

    path: str
    size: int
    version: object
    """What differs between files that had this path one after another; None if nothing tells."""
    distant: bool = False
    """Whether each read is a request to somewhere else."""
    beside: Source | None = None
    """A file that is replaced along with it, and before it where there is an order."""

    @abstractmethod
    def read(self, offset: int, size: int) -> Buffer:
        """Return exactly `size` bytes. Raises DataLossError if the file has fewer there."""

    @abstractmethod
    def read_into(self, offset: int, target: memoryview) -> None:
        """Fill `target` with the bytes at `offset`. Raises as `read`."""

    def fill(self, targets: Sequence[tuple[int, memoryview]]) -> None:
        """Fill several targets, each with the bytes at its offset; behind a URL in few requests.

        Raises as `read`.
        """
        for offset, target in targets:
            self.read_into(offset, target)

    @abstractmethod
    def map(self, offset: int, size: int) -> memoryview | None:
        """Return a writable private view of the bytes without reading them.

        Returns None where the file cannot be mapped, or mappings have run out: then it is read.
        Writing to the view never reaches the file, nor any other view.
        """

    def hold(self, offset: int, size: int) -> None:  # noqa: B027  most have nothing to do
        """Read a stretch and keep it, if the file is behind a URL: reads within it cost no request.

        It replaces the stretch that was held before. What lies outside the file is left out.
        """

    def forget(self) -> None:  # noqa: B027
        """Give up what is held in memory: the next read asks anew."""

    def check_unchanged(self) -> None:  # noqa: B027  an open file of a machine stays what it is
        """Raise DataLossError if another file has taken the place of a distant one."""

    @abstractmethod
    def close(self) -> None:
        """Give up the file; views handed out stay valid."""


def checked(source: Source, read: Callable[[], T]) -> T:
    """Call `read`, which reads and checks; behind a URL try once more if the check fails.

    If another file has taken the place of this one, the error says that instead.
    """
    try:
        return read()
    except DataLossError:
        if not source.distant:
            raise
        source.check_unchanged()
        source.forget()
    return read()


def version_of(status: os.stat_result) -> tuple[int, int, int]:
    """Return what tells a file from others that had, or will have, its path."""
    return status.st_dev, status.st_ino, status.st_mtime_ns


class LocalSource(Source):
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


class MemorySource(Source):
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


class Window(Source):
    """A stretch of a file as a file of its own."""

    def __init__(self, source: Source, offset: int, size: int, path: str) -> None:
        _check_within(source, offset, size)
        self.path = path
        self.size = size
        self.version = source.version
        self.distant = source.distant
        self._source = source
        self._offset = offset

    def read(self, offset: int, size: int) -> Buffer:
        _check_within(self, offset, size)
        return self._source.read(self._offset + offset, size)

    def read_into(self, offset: int, target: memoryview) -> None:
        _check_within(self, offset, len(target))
        self._source.read_into(self._offset + offset, target)

    def fill(self, targets: Sequence[tuple[int, memoryview]]) -> None:
        for offset, target in targets:
            _check_within(self, offset, len(target))
        self._source.fill([(self._offset + offset, target) for offset, target in targets])

    def map(self, offset: int, size: int) -> memoryview | None:
        _check_within(self, offset, size)
        return self._source.map(self._offset + offset, size)

    def hold(self, offset: int, size: int) -> None:
        self._source.hold(self._offset + offset, min(size, self.size - offset))

    def forget(self) -> None:
        self._source.forget()

    def check_unchanged(self) -> None:
        self._source.check_unchanged()

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
