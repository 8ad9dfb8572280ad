"""From a path or a URL to the bytes of its file."""

from __future__ import annotations

import os
from collections.abc import Mapping

from tfckpt.storage.places import is_remote
from tfckpt.storage.source import LocalSource, SeekingSource, Source
from tfckpt.storage.store import Info, Remote

# Windows has no `os.preadv`, nor has macOS before 11.
_OPEN_LOCAL: type[LocalSource] = LocalSource if hasattr(os, "preadv") else SeekingSource


def open_source(path: str, *, mmap: bool = True, info: Info | None = None) -> Source:
    """Open a file for reading. With `mmap` off nothing of it is ever mapped.

    `info` is what is known of one behind a URL, which is then not asked for.

    Raises FileMissingError if there is none, FailedPreconditionError for what is no regular file
    and where the system refuses.
    """
    if is_remote(path):
        from tfckpt.storage.remote import RemoteSource

        return RemoteSource(path, info)
    return _OPEN_LOCAL(path, use_mmap=mmap)


def list_infos(prefix: str) -> Mapping[str, Info] | None:
    """Return what there is by the names `prefix` and more, by path, with what is said of it.

    None for a path of this machine, and where a store cannot say that in one request.
    """
    if not is_remote(prefix):
        return None
    from tfckpt.storage.remote import list_infos

    return list_infos(prefix)


def read_file(path: str) -> bytes:
    """Return all bytes of a file. Raises as `open_source` does."""
    if is_remote(path):
        return Remote(path).read_all()
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
