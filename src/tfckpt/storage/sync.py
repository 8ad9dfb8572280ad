"""Bringing files and folders to the disk, so that they survive a loss of power.

Flushing a file brings its bytes to the disk. Flushing its folder brings its name, or its removal.
A new folder's own name takes a flush of the folder that it is in.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import sys

from tfckpt.storage.descriptor import Descriptor
from tfckpt.storage.places import is_remote
from tfckpt.storage.refused import refused

logger = logging.getLogger("tfckpt")

# What a file system says that flushes nothing, or no folders; anything else is a failure.
_CANNOT = frozenset(
    getattr(errno, name)
    for name in ("EINVAL", "ENOSYS", "ENOTSUP", "EOPNOTSUPP", "ENOTTY")
    if hasattr(errno, name)
)
_said: set[int] = set()  # of which file systems it was said already


def sync_file(descriptor: Descriptor, path: str) -> None:
    """Bring a file's bytes to its disk. Where that cannot be done a warning says so once."""
    with refused(path, "flush the file to its disk"):
        _sync(descriptor.number, path)


def sync_folder(path: str) -> None:
    """Make the names in the folder of `path` survive a loss of power."""
    if sys.platform == "win32" or is_remote(path):  # no way to open a folder for this, or none
        return
    folder = os.path.dirname(path) or "."
    with refused(folder, "flush the folder to its disk"):
        descriptor = Descriptor(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            _sync(descriptor.number, folder)
        finally:
            descriptor.close()


def uncached(path: str) -> None:
    """Have the next read of a flushed file come from its disk, where the system takes advice."""
    if sys.platform != "linux":
        return
    with contextlib.suppress(OSError):  # some file systems take no advice
        descriptor = Descriptor(path, os.O_RDONLY)
        try:
            os.posix_fadvise(descriptor.number, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            descriptor.close()


def make_folder(folder: str, *, fsync: bool = True) -> None:
    """Make a folder, and those that it is to be in, where they are missing."""
    missing = []
    while folder and not os.path.isdir(folder):
        missing.append(folder)
        folder = os.path.dirname(folder)
    for folder in reversed(missing):
        with refused(folder, "make the folder"):
            os.makedirs(folder, exist_ok=True)  # another may be faster
        if fsync:
            sync_folder(folder)


def _sync(number: int, path: str) -> None:
    try:
        _flush(number)
    except OSError as error:
        if error.errno not in _CANNOT:
            raise
        device = os.fstat(number).st_dev
        if device not in _said:
            _said.add(device)
            logger.warning(
                "%s: this file system cannot flush (%s): what is saved there may not survive a "
                "loss of power",
                path,
                error.strerror,
            )


def _flush(number: int) -> None:
    """Flush; on macOS out of the disk's own cache too, where fsync leaves it."""
    if sys.platform == "darwin":
        import fcntl

        with contextlib.suppress(OSError):  # a file system that cannot
            fcntl.fcntl(number, fcntl.F_FULLFSYNC)
            return
    os.fsync(number)
