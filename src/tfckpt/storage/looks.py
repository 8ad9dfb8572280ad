"""What there is at a path or URL: files, folders, what they are called, when they came to be.

Asked anew each time, of the file system or of the store.
"""

from __future__ import annotations

import os

from tfckpt.errors import FileMissingError
from tfckpt.storage.places import is_remote, join
from tfckpt.storage.refused import refused
from tfckpt.storage.source import version_of
from tfckpt.storage.store import Info, Remote


def is_file(path: str) -> bool:
    """Whether there is a file, on this machine or behind a URL."""
    if not is_remote(path):
        return os.path.isfile(path)
    return _info(path) is not None


def is_folder(path: str) -> bool:
    """Whether there is a folder; in a store without folders, whether anything has that name."""
    return Remote(path).is_folder() if is_remote(path) else os.path.isdir(path or os.curdir)


def list_folder(folder: str) -> list[str]:
    """Return the names in a folder, sorted. Raises FailedPreconditionError."""
    if is_remote(folder):
        return Remote(folder).names()
    with refused(folder, "list the folder"):
        return sorted(os.listdir(folder or os.curdir))


def list_beginning(folder: str, base: str) -> list[str]:
    """Return the paths of the files of a folder whose names begin with `base`, sorted.

    Of a folder that is not there none.
    """
    if is_remote(folder):
        found = Remote(folder).beginning(base)
        names = Remote(folder).names() if found is None else sorted(found)
    else:
        names = list_folder(folder) if is_folder(folder) else []
    return [join(folder, name) for name in names if name.startswith(base)]


def version_at(path: str) -> object:
    """Return the version of the file that has this path now, None if there is none."""
    if is_remote(path):
        info = _info(path)
        return None if info is None else info.version or info.size
    try:
        return version_of(os.stat(path))
    except (OSError, ValueError):
        return None


def modified_at(path: str) -> float | None:
    """Return when a file was written, in seconds since 1970; None if there is none."""
    if is_remote(path):
        info = _info(path)
        return None if info is None else info.modified
    try:
        return os.stat(path).st_mtime
    except (OSError, ValueError):
        return None


def size_of(path: str) -> int | None:
    """Return how many bytes a file has, None if there is none."""
    if is_remote(path):
        info = _info(path)
        return None if info is None else info.size
    try:
        return os.path.getsize(path)
    except (OSError, ValueError):
        return None


def _info(url: str) -> Info | None:
    try:
        return Remote(url).info()
    except FileMissingError:
        return None
