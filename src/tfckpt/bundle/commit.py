"""Publishing a bundle: all of its files change at one moment, or none does.

A new prefix is easy: shards get their names first, the index last, and what has no index is no
checkpoint. Replacing a checkpoint takes several renames, and a kill between two of them must not
leave a new shard under an old index. So there is a moment of commit:

    1. every shard is renamed to ``<shard>.commit``
    2. the new index is renamed to ``<prefix>.index.commit``      <- from here on it is the new one
    3. every ``<shard>.commit`` is renamed to its shard
    4. ``<prefix>.index.commit`` is renamed to ``<prefix>.index``

A reader that finds an ``.index.commit`` takes it for the index, and each shard from its
``.commit`` file while that exists. The next writer to the prefix completes such a commit first.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Sequence

from tfckpt.bundle.naming import index_path, prefix_of, shard_path, shards_on_disk
from tfckpt.storage import (
    FileWriter,
    lock_folder,
    remove_file,
    remove_leftovers,
    rename_file,
    sync_folder,
)

COMMIT_SUFFIX = ".commit"

logger = logging.getLogger("tfckpt")


def committed_index(prefix: str) -> str:
    """Return the path of the index that counts."""
    waiting = index_path(prefix) + COMMIT_SUFFIX
    return waiting if "://" not in prefix and os.path.exists(waiting) else index_path(prefix)


def has_index(prefix: str) -> bool:
    """Whether there is a bundle of this prefix; one that is being replaced counts throughout."""
    return any(os.path.isfile(index_path(prefix) + suffix) for suffix in ("", COMMIT_SUFFIX))


def committed_shard(prefix: str, shard_id: int, num_shards: int, index: str) -> str:
    """Return the path of a shard that belongs to `index`."""
    path = shard_path(prefix, shard_id, num_shards)
    waiting = path + COMMIT_SUFFIX
    return waiting if index.endswith(COMMIT_SUFFIX) and os.path.exists(waiting) else path


def publish(prefix: str, index: FileWriter, shards: Sequence[FileWriter], *, fsync: bool) -> None:
    """Give flushed files their names, and remove what they replace.

    On an error nothing has changed, unless the moment of commit was over: then the new files
    count, and the next writer (or `complete`) finishes what is left to do.
    """
    with lock_folder(prefix):
        complete(prefix, fsync=fsync)
        suffix = COMMIT_SUFFIX if os.path.exists(index_path(prefix)) else ""
        try:
            _rename(prefix, shards, suffix, fsync)
            _rename(prefix, [index], suffix, fsync)
        except BaseException:
            with contextlib.suppress(OSError):
                if index.name == index.path + suffix:
                    complete(prefix, fsync=fsync)
                else:
                    _withdraw(shards)
            raise
        try:
            complete(prefix, fsync=fsync)
        except OSError:  # the new files count already, so this is worth a second try
            complete(prefix, fsync=fsync)
        _remove_stale(prefix, len(shards))


def _rename(prefix: str, files: Sequence[FileWriter], suffix: str, fsync: bool) -> None:
    for file in files:
        file.rename(file.path + suffix)
    if fsync:  # what comes next must not reach the disk before this
        sync_folder(prefix)


def _withdraw(shards: Sequence[FileWriter]) -> None:
    """Take back the shards that have their names already, of a bundle that got no index."""
    for shard in shards:
        with contextlib.suppress(OSError):
            shard.withdraw()


def _remove_stale(prefix: str, num_shards: int) -> None:
    """Remove shards of another count, and what killed writers left; a failure harms nobody."""
    folder, base = os.path.split(prefix)
    try:
        for path, count in list(shards_on_disk(prefix)):
            if count != num_shards:
                remove_file(path)
        remove_leftovers(folder, lambda name: prefix_of(name) == base)
    except OSError as error:
        logger.warning("%s: cannot remove what an earlier save left: %s", prefix, error)


def complete(prefix: str, *, fsync: bool = True) -> None:
    """Bring a commit that was interrupted to its end, and remove one that never got so far."""
    folder, base = os.path.split(prefix)
    index = index_path(prefix)
    names = (
        name.removesuffix(COMMIT_SUFFIX)
        for name in os.listdir(folder or ".")
        if name.endswith(COMMIT_SUFFIX)
    )
    found = [os.path.join(folder, name) for name in names if prefix_of(name) == base]
    waiting = [path for path in found if path != index]
    committed = os.path.exists(index + COMMIT_SUFFIX)
    for shard in waiting:
        if committed:
            rename_file(shard + COMMIT_SUFFIX, shard)
        else:
            remove_file(shard + COMMIT_SUFFIX)
    if committed:
        if fsync and waiting:  # the index must not lose its suffix before they do
            sync_folder(prefix)
        rename_file(index + COMMIT_SUFFIX, index)


def remove_bundle(prefix: str, *, fsync: bool = True) -> None:
    """Remove a bundle: its index first, so that what a kill leaves is no checkpoint."""
    folder = os.path.dirname(prefix) or "."
    if not os.path.isdir(folder):
        return
    with lock_folder(prefix):
        remove_file(index_path(prefix))
        remove_file(index_path(prefix) + COMMIT_SUFFIX)
        complete(prefix, fsync=fsync)
        for path, _ in list(shards_on_disk(prefix)):
            remove_file(path)
