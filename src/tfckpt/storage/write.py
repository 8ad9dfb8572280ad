"""Writing: temporary file first, flushed to the disk, renamed when it is whole.

A file under its final name is therefore always complete. What a killed process leaves behind
bears a temporary name, which `LEFTOVER` recognises; TensorFlow's leftovers have the same form.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
import sys
import time
import warnings
from collections.abc import Callable
from types import TracebackType

from tfckpt.coding import Buffer
from tfckpt.errors import UnimplementedError
from tfckpt.storage.lock import lock
from tfckpt.storage.refused import failed, refused

# TensorFlow ends the names of files in the making in ".tempstate" and a random number.
LEFTOVER = re.compile(r"\.tempstate\d+$")

_ABANDONED_SECONDS = 24 * 3600

# A file that is flushed at its end gives its disk what is there after each so many bytes: the disk
# works while the rest is written (1 GB on ext4: 0.36 s instead of 0.6 s).
_HAND_OVER = 8 << 20


def temporary_path(path: str) -> str:
    """Return an unused name in the folder of `path`."""
    return f"{path}.tempstate{int.from_bytes(os.urandom(8), 'little')}"


def check_local(path: str) -> None:
    """Raise UnimplementedError for a URL."""
    if "://" in path:
        raise UnimplementedError("only local files are written: save here, then copy", path=path)


class FileWriter:
    """A file in the making: written under a temporary name, renamed by `publish`.

    Leaving its ``with`` block unpublished removes it, and so does dropping it, with a
    ResourceWarning. While the writer lives it holds a lock on the file, by which
    `remove_leftovers` tells it from one whose process was killed.
    """

    def __init__(self, path: str, *, fsync: bool = True) -> None:
        check_local(path)
        self.path = path
        self.size = 0
        self._fd = -1
        self._process = os.getpid()
        self._fsync = fsync
        self._handed_over = 0
        self.name = temporary_path(path)  # where the file is now
        with refused(path, "create the file"):
            os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
            self._fd = _create(self.name)

    @classmethod
    def link(cls, existing: str, path: str, *, fsync: bool = True) -> FileWriter:
        """Make a file of finished bytes that are there already, without copying if possible."""
        file = cls(path, fsync=fsync)
        try:
            with refused(path, f"link it to {existing}"):
                linked = temporary_path(path)
                try:
                    os.link(existing, linked)
                except OSError:  # the file system has no links
                    shutil.copyfile(existing, linked)
                os.replace(linked, file.name)
                os.close(file._fd)
                file._fd = os.open(file.name, os.O_RDONLY | getattr(os, "O_BINARY", 0))
                lock(file._fd)
        except BaseException:
            file.discard()
            raise
        file.size = os.path.getsize(existing)
        return file

    def write(self, data: Buffer) -> None:
        rest = memoryview(data).cast("B")
        try:
            while len(rest):
                written = os.write(self._fd, rest)
                self.size += written
                rest = rest[written:]
        except OSError as error:
            raise failed(error, self.path, f"write {len(rest)} bytes at {self.size}") from error
        if self._fsync and self.size - self._handed_over >= _HAND_OVER:
            self._hand_over()

    def _hand_over(self) -> None:
        """Have the system start bringing the bytes to the disk, and wait for nothing.

        Linux does so when told that they are not needed, and keeps them in memory all the same
        while they are on their way (mm/fadvise.c).
        """
        size, self._handed_over = self.size - self._handed_over, self.size
        if sys.platform == "linux":
            with contextlib.suppress(OSError):  # some file systems take no advice
                os.posix_fadvise(self._fd, self.size - size, size, os.POSIX_FADV_DONTNEED)

    def flush(self) -> None:
        """Bring the bytes to the disk; the file keeps its temporary name."""
        with refused(self.path, "flush the file to its disk"):
            if self._fsync:
                _sync(self._fd)
            if os.name == "nt":  # renames no open file
                self._close()

    def rename(self, path: str) -> None:
        """Give the flushed file the name `path`, replacing what is there."""
        with refused(path, "rename the finished file to its name"):
            os.replace(self.name, path)
        self.name = path
        self._close()

    def withdraw(self) -> None:
        """Undo a `rename` to a name that nothing had."""
        if LEFTOVER.search(self.name):
            return
        with refused(self.name, "take back the file"):
            os.remove(self.name)

    def publish(self) -> None:
        self.flush()
        self.rename(self.path)

    def discard(self) -> None:
        """Remove the file if it still has its temporary name."""
        if os.name == "nt":
            self._close()
        try:
            if LEFTOVER.search(self.name):
                with contextlib.suppress(OSError):
                    os.remove(self.name)
        finally:
            self._close()

    def _close(self) -> None:
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    def __del__(self) -> None:
        # A forked process has a copy of the writer, and the file is not its own.
        if getattr(self, "_fd", -1) >= 0 and os.getpid() == self._process:
            self.discard()
            message = f"{self.path}: dropped before it was finished"
            warnings.warn(message, ResourceWarning, stacklevel=2, source=self)

    def __enter__(self) -> FileWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.discard()


def _create(path: str) -> int:
    """Make a file and hold it, before anybody can take it for a leftover."""
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    while True:
        fd = os.open(path, flags, 0o666)
        lock(fd, wait=True)
        if os.name == "nt" or os.fstat(fd).st_nlink:
            return fd
        os.close(fd)  # it was removed between being made and being locked


def write_file(path: str, data: Buffer, *, fsync: bool = True) -> None:
    """Write a whole file; a reader sees the old one or the new one.

    What killed writers of the same file have left is removed.
    """
    with FileWriter(path, fsync=fsync) as file:
        file.write(data)
        file.publish()
    if fsync:
        sync_folder(path)
    folder, base = os.path.split(path)
    with contextlib.suppress(OSError):
        remove_leftovers(folder, lambda name: name == base)


def _sync(fd: int) -> None:
    """Bring a file to its disk; on macOS out of the disk's own cache too, where fsync leaves it."""
    if sys.platform == "darwin":
        import fcntl

        with contextlib.suppress(OSError):  # a file system that cannot
            fcntl.fcntl(fd, fcntl.F_FULLFSYNC)
            return
    os.fsync(fd)


def sync_folder(path: str) -> None:
    """Make the names in the folder of `path` survive a loss of power."""
    if sys.platform == "win32":  # has no way to open a folder for this
        return
    folder = os.path.dirname(path) or "."
    with refused(folder, "flush the folder to its disk"):
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            _sync(fd)
        except OSError as error:
            if error.errno != errno.EINVAL:  # a file system that flushes no folders
                raise
        finally:
            os.close(fd)


def remove_file(path: str) -> bool:
    """Remove a file; False if there was none."""
    with refused(path, "remove the file"):
        try:
            os.remove(path)
        except FileNotFoundError:
            return False
    return True


def rename_file(path: str, new_path: str) -> None:
    """Give a file another name, replacing what has it."""
    with refused(new_path, f"rename {path} to it"):
        os.replace(path, new_path)


def remove_leftovers(folder: str, is_ours: Callable[[str], bool]) -> list[str]:
    """Remove what killed writers left in `folder` of the files whose names `is_ours` accepts.

    Returns the paths. A file that a living writer of this library still holds stays.
    """
    removed = []
    for name in os.listdir(folder or "."):
        found = LEFTOVER.search(name)
        if found and is_ours(name[: found.start()]):
            path = os.path.join(folder, name)
            with contextlib.suppress(OSError):
                if _remove_unheld(path):
                    removed.append(path)
    return removed


def _remove_unheld(path: str) -> bool:
    fd = os.open(path, os.O_RDWR)
    try:
        locked = lock(fd)
        if locked is None:  # without locks only age tells the dead from the living
            locked = time.time() - os.fstat(fd).st_mtime > _ABANDONED_SECONDS
        if locked:
            os.remove(path)
        return locked
    finally:
        os.close(fd)
