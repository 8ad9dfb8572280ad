"""Publishing a bundle: all of its files change at one moment, or none does.

A new prefix is easy: shards get their names first, the index last, and what has no index is no
checkpoint. Where there is one already the index is the head of a commit
(`tfckpt.storage.commit`).
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence

from tfckpt.bundle.naming import data_path, index_path, prefix_of, shards_on_disk
from tfckpt.storage import (
    COMMIT_SUFFIX,
    FileWriter,
    Group,
    committed,
    complete,
    is_remote,
    lock_folder,
    publish_together,
    remove_file,
    remove_leftovers,
    remove_together,
    sync_folder,
)

logger = logging.getLogger("tfckpt")


def bundle_group(prefix: str) -> Group:
    index, base = index_path(prefix), os.path.basename(prefix)
    index_name = os.path.basename(index)
    return Group(index, lambda name: name != index_name and prefix_of(name) == base)


def committed_index(prefix: str) -> str:
    """Return the path of the index that counts."""
    if is_remote(prefix):
        return index_path(prefix)
    return committed(index_path(prefix), under_way=True)


def has_index(prefix: str) -> bool:
    """Whether there is a bundle of this prefix; one that is being replaced counts throughout."""
    return os.path.isfile(committed_index(prefix)) or os.path.isfile(index_path(prefix))


def committed_shard(prefix: str, shard_id: int, num_shards: int, index: str) -> str:
    """Return the path of a shard that belongs to `index`."""
    path = data_path(prefix, shard_id, num_shards)
    return committed(path, under_way=index != index_path(prefix))


def publish(prefix: str, index: FileWriter, shards: Sequence[FileWriter], *, fsync: bool) -> None:
    """Give flushed files their names, and remove what they replace.

    Raises as `publish_together`.
    """
    group = bundle_group(prefix)
    with lock_folder(prefix):
        complete(group, fsync=fsync)
        publish_together(group, shards, index, fsync=fsync)
        _remove_stale(prefix, len(shards))


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


def remove_bundle(
    prefix: str, *, fsync: bool = True, wanted: Callable[[], bool] = lambda: True
) -> bool:
    """Remove a bundle: its index first, so that what a kill leaves is no checkpoint.

    Nothing is removed, and False returned, if that is no longer `wanted` (`remove_together`).
    """

    def remove() -> None:
        group = bundle_group(prefix)
        removed = remove_file(group.head)
        removed |= remove_file(group.head + COMMIT_SUFFIX)
        if fsync and removed:  # no loss of power may bring back an index whose data is gone
            sync_folder(prefix)
        complete(group, fsync=fsync)
        for path, _ in list(shards_on_disk(prefix)):
            remove_file(path)

    return remove_together(prefix, remove, wanted)
