"""Locks on files and folders: they tell a living writer from a dead one, and end with its process.

Windows, and some network file systems, have none.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from tfckpt.storage.refused import refused

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


def lock(fd: int, *, wait: bool = False) -> bool | None:
    """Lock an open file against its other openers.

    Returns False if another has it, None where there are no locks.
    """
    if fcntl is None:
        return None
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    except OSError:  # some network file systems
        return None
    return True


@contextlib.contextmanager
def lock_folder(path: str) -> Iterator[None]:
    """Hold the folder of `path` against other writers of this library, threads included.

    The lock is on the folder itself: it leaves no file. Where the system has no such lock nothing
    is held.
    """
    if fcntl is None:
        yield
        return
    folder = os.path.dirname(path) or "."
    with refused(folder, "lock the folder"):
        fd = os.open(folder, os.O_RDONLY)
    try:
        lock(fd, wait=True)
        yield
    finally:
        os.close(fd)
