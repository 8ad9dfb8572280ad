"""Whether a disk has room for what is about to be written.

Asked before the first byte, so that nobody waits for an hour of writing that cannot end well. A
save is refused only where it is certain to fail:

- the file system is one that stores what it is given (one that compresses, shares blocks or is
  somebody else's may take more than it says it can);
- all that is free there is too little, also what is kept back for the administrator;
- it is so once what was deleted before has been let go of, too.

What a quota leaves is known only once it is used up.
"""

from __future__ import annotations

import errno
import logging
import os
import sys
from collections.abc import Callable

from tfckpt.errors import FailedPreconditionError
from tfckpt.storage.places import is_remote

logger = logging.getLogger("tfckpt")

# Their free blocks are what can be written, and a block takes its own bytes.
_EXACT = frozenset({"ext2", "ext3", "ext4", "xfs", "tmpfs"})
_MOUNTS = "/proc/self/mountinfo"


def check_room(path: str, plenty: int, least: Callable[[], int]) -> None:
    """Raise FailedPreconditionError, as a full disk does, if a save at `path` cannot have room.

    `least` counts the fewest bytes that it takes; nobody counts where as many as `plenty` are free.
    The files that it replaces are there until its end.
    """
    if is_remote(path):
        return
    folder = _first_folder(path)
    free = _free(folder)
    if free is None or free >= plenty:
        return
    needed = least()
    if free >= needed:
        return
    if _kind(folder) not in _EXACT:
        message = "%s: a save of at least %d bytes begins, and its file system has %d free"
        logger.warning(message, path, needed, free)
        return
    os.sync()
    free = _free(folder)
    if free is not None and free < needed:
        error = FailedPreconditionError(
            f"No space left on device: the save needs at least {needed:,} bytes, {free:,} are "
            f"free there; nothing was written",
            path=path,
        )
        error.errno, error.strerror, error.filename = errno.ENOSPC, "No space left on device", path
        raise error


def _first_folder(path: str) -> str:
    """Return the folder of a path, or the first above it that is there."""
    folder = os.path.dirname(os.path.abspath(path))
    while not os.path.isdir(folder) and folder != os.path.dirname(folder):
        folder = os.path.dirname(folder)
    return folder


def _free(folder: str) -> int | None:
    """Return how many bytes are free, None if nothing says it."""
    if sys.platform == "win32":
        return None
    try:
        status = os.statvfs(folder)
    except OSError:
        return None
    return status.f_bfree * status.f_frsize if status.f_blocks else None  # one without an end


def _kind(folder: str) -> str | None:
    """Return the kind of the file system, as Linux calls it; None if it is not known.

    By the number of its device: those of file systems that span several are found under no number.
    """
    try:
        device = os.stat(folder).st_dev
        with open(_MOUNTS, encoding="utf-8", errors="surrogateescape") as mounts:
            lines = [line.split() for line in mounts]
    except OSError:
        return None
    number = f"{os.major(device)}:{os.minor(device)}"
    kinds = {line[line.index("-") + 1] for line in lines if line[2] == number and "-" in line}
    return kinds.pop() if len(kinds) == 1 else None
