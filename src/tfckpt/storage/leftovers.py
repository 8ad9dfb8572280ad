"""Names of files in the making, and getting rid of those whose writers were killed."""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Callable

from tfckpt.storage.descriptor import Descriptor
from tfckpt.storage.lock import lock
from tfckpt.storage.places import is_remote

# TensorFlow ends the names of files in the making in ".tempstate" and a random number.
LEFTOVER = re.compile(r"\.tempstate\d+$")

_ABANDONED_SECONDS = 24 * 3600


def temporary_path(path: str) -> str:
    """Return an unused name in the folder of `path`."""
    return f"{path}.tempstate{int.from_bytes(os.urandom(8), 'little')}"


def remove_leftovers(folder: str, is_ours: Callable[[str], bool]) -> list[str]:
    """Remove what killed writers left in `folder` of the files whose names `is_ours` accepts.

    Returns the paths. A file that a living writer of this library still holds stays. In a store
    files have no temporary names.
    """
    if is_remote(folder):
        return []
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
    if not os.path.isfile(path):
        return False
    descriptor = Descriptor(path, os.O_RDWR)
    try:
        locked = lock(descriptor)
        if locked is None:  # without locks only age tells the dead from the living
            locked = time.time() - os.fstat(descriptor.number).st_mtime > _ABANDONED_SECONDS
        if locked:
            os.remove(path)
        return locked
    finally:
        descriptor.close()
