"""Writing: temporary file first, flushed to the disk, renamed when it is whole.

A file under its final name is therefore always complete. What a killed process leaves behind
bears a temporary name (`tfckpt.storage.leftovers`).

Whether a file has its name is asked of the disk and never remembered: an exception (Ctrl-C) can
come between a rename and the next line, and a rename that succeeded can be reported as failed.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import TypeVar

from tfckpt.coding import Buffer
from tfckpt.errors import DataLossError
from tfckpt.storage.descriptor import Descriptor, is_at
from tfckpt.storage.leftovers import remove_leftovers, temporary_path
from tfckpt.storage.lock import lock
from tfckpt.storage.looks import version_at
from tfckpt.storage.new_file import NewFile
from tfckpt.storage.places import is_remote
from tfckpt.storage.refused import failed, refused
from tfckpt.storage.store import Remote
from tfckpt.storage.sync import make_folder, sync_file, sync_folder

R = TypeVar("R")

# A file that is flushed at its end gives its disk what is there after each so many bytes: the disk
# works while the rest is written (1 GB on ext4: 0.36 s instead of 0.6 s).
_HAND_OVER = 8 << 20
_GATHER = 256 << 10  # less than this is gathered into one write
_INTERRUPTIONS = 100
_COPIED = 1 << 30


def check_path(path: str) -> None:
    """Raise ValueError for what no file can be called."""
    if "\0" in path:
        raise ValueError(f"no file can be called {path!r}: it has a zero byte")


class FileWriter(NewFile):
    """A file in the making: written under a temporary name, renamed by `publish`.

    Leaving its ``with`` block unpublished removes it, and so does dropping it, with a
    ResourceWarning. While the writer lives it holds a lock on the file, by which
    `remove_leftovers` tells it from one whose process was killed.
    """

    _temporary = ""
    _descriptor: Descriptor | None = None
    _status: os.stat_result | None = None
    _linked = False
    _discarded = False

    def __init__(self, path: str, *, fsync: bool = True) -> None:
        check_path(path)
        self.path = path
        self.size = 0
        self._process = os.getpid()
        self._fsync = fsync
        self._handed_over = 0
        make_folder(os.path.dirname(path), fsync=fsync)
        with refused(path, "create the file"):
            self._create()

    def _create(self) -> None:
        """Make a file and hold it, before anybody can take it for a leftover."""
        while True:
            self._temporary = temporary_path(self.path)
            self._descriptor = Descriptor(self._temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL)
            self._status = os.fstat(self._descriptor.number)
            if lock(self._descriptor) is not False and _has_name(self._descriptor):
                return

    @classmethod
    def link(
        cls, existing: str, path: str, *, version: object = None, fsync: bool = True
    ) -> FileWriter:
        """Make a file of finished bytes that are there already, without copying if possible.

        Raises DataLossError if `existing` is by now another file than that of this `version`.
        """
        file = cls(path, fsync=fsync)
        try:
            with refused(path, f"link it to {existing}"):
                file._take(existing)
            if version is not None and version_at(existing) != version:
                raise DataLossError("it was replaced since it was opened", path=existing)
        except BaseException:
            file.discard()
            raise
        return file

    def _take(self, existing: str) -> None:
        """Become another name of a file that is there, or its copy."""
        linked = temporary_path(self.path)
        try:
            try:
                os.link(existing, linked)
            except OSError:  # no links there, or not from another file system
                _copy(existing, linked)
            rename_file(linked, self._temporary)
        finally:
            with contextlib.suppress(OSError):
                os.remove(linked)
        self._close()
        self._descriptor = Descriptor(self._temporary, os.O_RDONLY)
        lock(self._descriptor)
        self._status = os.fstat(self._descriptor.number)
        self.size, self._linked = self._status.st_size, True

    @property
    def temporary_path(self) -> str:
        """Where the file is now, for a library that writes it by itself."""
        return self._temporary

    def write(self, data: Buffer) -> None:
        rest = memoryview(data).cast("B")
        number = -1 if self._descriptor is None else self._descriptor.number
        try:
            while len(rest):
                written = os.write(number, rest)
                self.size += written
                rest = rest[written:]
        except OSError as error:
            raise failed(error, self.path, f"write {len(rest)} bytes at {self.size}") from error
        if self._fsync and self.size - self._handed_over >= _HAND_OVER:
            self._hand_over(number)

    def _hand_over(self, number: int) -> None:
        """Have the system start bringing the bytes to the disk, and wait for nothing.

        Linux does so when told that they are not needed, and keeps them in memory all the same
        while they are on their way (mm/fadvise.c).
        """
        size, self._handed_over = self.size - self._handed_over, self.size
        if sys.platform == "linux":
            with contextlib.suppress(OSError):  # some file systems take no advice
                os.posix_fadvise(number, self.size - size, size, os.POSIX_FADV_DONTNEED)

    def flush(self) -> None:
        """Bring the bytes to the disk; the file keeps its temporary name."""
        assert self._descriptor is not None
        if self._fsync:
            sync_file(self._descriptor, self.path)
        else:
            with refused(self.path, "write the file"):
                # Network file systems write, and say what went wrong, when any copy is closed.
                os.close(os.dup(self._descriptor.number))
        if os.name == "nt":  # renames no open file
            self._close()

    def rename(self, path: str) -> None:
        """Give the flushed file the name `path`, replacing what is there."""
        with refused(path, "rename the finished file to its name"):
            try:
                _again(lambda: os.replace(self._temporary, path))
            except OSError:
                if not self.is_at(path):
                    raise
            if self._linked:  # to a name of the same file a rename does nothing, and says it did
                with contextlib.suppress(FileNotFoundError):
                    _again(lambda: os.remove(self._temporary))
            self._temporary = ""
            self._close()

    def is_at(self, path: str) -> bool:
        """Whether this very file has the name `path`."""
        return self._status is not None and is_at(path, self._status)

    def withdraw(self, path: str) -> None:
        """Undo a `rename` to a name that nothing had, if it took place."""
        if self.is_at(path):
            remove_file(path)

    def publish(self) -> None:
        self.flush()
        self.rename(self.path)

    def discard(self) -> None:
        """Remove the file if it still has its temporary name."""
        self._discarded = True
        try:
            if os.name == "nt":
                self._close()
            if self._temporary:
                with contextlib.suppress(OSError):
                    os.remove(self._temporary)
        finally:
            self._close()

    def _close(self) -> None:
        if self._descriptor is not None:
            self._descriptor.close()

    def __del__(self) -> None:
        # A forked process has a copy of the writer, and the file is not its own.
        if self._temporary and not self._discarded and os.getpid() == self._process:
            unfinished = self._descriptor is not None and self._descriptor.number >= 0
            self.discard()
            if unfinished:
                message = f"{self.path}: dropped before it was finished"
                warnings.warn(message, ResourceWarning, stacklevel=2, source=self)


def create_file(
    path: str, *, fsync: bool = True, exclusive: bool = False, instead_of: object = None
) -> NewFile:
    """Begin a file, on this machine or behind a URL.

    What is `exclusive`, or comes `instead_of` a certain version, matters in a store alone: on this
    machine there are locks.
    """
    if is_remote(path):
        from tfckpt.storage.upload import Upload

        return Upload(path, exclusive=exclusive, instead_of=instead_of)
    return FileWriter(path, fsync=fsync)


def link_file(existing: str, path: str, *, version: object = None, fsync: bool = True) -> NewFile:
    """Begin a file of finished bytes of this machine, as `FileWriter.link` does.

    A store is sent a copy, or told to make one of what it has itself.
    """
    if is_remote(path):
        from tfckpt.storage.upload import Upload

        return Upload.of_file(existing, path)
    return FileWriter.link(existing, path, version=version, fsync=fsync)


class Gathered:
    """Writes to a file, with many small ones made into few."""

    def __init__(self, file: NewFile) -> None:
        self._file = file
        self._waiting = bytearray()

    @property
    def size(self) -> int:
        """Bytes of the file, with those that wait."""
        return self._file.size + len(self._waiting)

    def write(self, data: Buffer) -> None:
        octets = memoryview(data).cast("B")
        if len(octets) < _GATHER:
            self._waiting += octets
        if len(self._waiting) >= _GATHER or len(octets) >= _GATHER:
            self.flush()
        if len(octets) >= _GATHER:
            self._file.write(octets)

    def flush(self) -> None:
        """Write what waits."""
        waiting, self._waiting = self._waiting, bytearray()
        self._file.write(waiting)


@contextlib.contextmanager
def writing(path: str, *, fsync: bool = True) -> Iterator[NewFile]:
    """Hand out a file to be filled, which gets its name at the end of the block.

    A reader sees the old one or the new one. What killed writers of the same file have left is
    removed.
    """
    with create_file(path, fsync=fsync) as file:
        yield file
        file.publish()
    if is_remote(path):
        return
    if fsync:
        sync_folder(path)
    folder, base = os.path.split(path)
    with contextlib.suppress(OSError):
        remove_leftovers(folder, lambda name: name == base)


def write_file(path: str, data: Buffer, *, fsync: bool = True) -> None:
    """Write a whole file, as `writing` does."""
    with writing(path, fsync=fsync) as file:
        file.write(data)


def remove_file(path: str) -> bool:
    """Remove a file; False if there was none, which not every store says."""
    if is_remote(path):
        return Remote(path).remove()
    with refused(path, "remove the file"):
        try:
            _again(lambda: os.remove(path))
        except (FileNotFoundError, NotADirectoryError):
            return False
    return True


def _copy(path: str, new_path: str) -> None:
    """Copy a file within the kernel, which on some file systems shares its blocks."""
    with contextlib.ExitStack() as held:
        source, target = (
            held.enter_context(contextlib.closing(Descriptor(name, flags))).number
            for name, flags in ((path, os.O_RDONLY), (new_path, os.O_WRONLY | os.O_CREAT))
        )
        try:
            while os.copy_file_range(source, target, _COPIED):
                pass
            if os.fstat(source).st_size == os.fstat(target).st_size:
                return
        except (AttributeError, OSError):  # the system lacks it, or these file systems do
            pass
    shutil.copyfile(path, new_path)


def rename_file(path: str, new_path: str) -> None:
    """Give a file another name, replacing what has it."""
    with refused(new_path, f"rename {path} to it"):
        moved = os.stat(path)
        if is_at(new_path, moved):  # two names of one file: a rename would leave both
            _again(lambda: os.remove(path))
            return
        try:
            _again(lambda: os.replace(path, new_path))
        except OSError:
            if not is_at(new_path, moved):
                raise


def _has_name(descriptor: Descriptor) -> bool:
    return os.name == "nt" or os.fstat(descriptor.number).st_nlink > 0


def _again(call: Callable[[], R]) -> R:
    """Make a system call anew while signals interrupt it: Python does that for few of them."""
    for _ in range(_INTERRUPTIONS):
        try:
            return call()
        except InterruptedError:
            continue
    return call()
