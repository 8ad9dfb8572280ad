"""Replacing the shards of a V1 checkpoint: all of them change at one moment, or none does.

The format has no file that decides (a V2 checkpoint has its index). A mark that is there during
the commit alone takes its place: ``P-of-00002.commit`` (`tfckpt.storage.commit`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from tfckpt.storage import (
    Group,
    NewFile,
    check_unused,
    complete,
    create_file,
    folder_of,
    lock_folder,
    publish_together,
    remove_file,
    remove_leftovers,
    remove_together,
    sync_folder,
)
from tfckpt.v1.naming import files_at, shard_path, split_pattern


def shard_group(prefix: str, num_shards: int) -> Group:
    shards = (shard_path(prefix, shard_id, num_shards) for shard_id in range(num_shards))
    names = frozenset(map(os.path.basename, shards))
    return Group(f"{prefix}-of-{num_shards:05d}", names.__contains__, marks_only=True)


def publish_shards(prefix: str, shards: Sequence[NewFile], *, fsync: bool) -> None:
    """Give flushed files their names. Raises as `publish_together`."""
    group = shard_group(prefix, len(shards))
    check_unused(shards)
    with lock_folder(prefix):
        complete(group, fsync=fsync)
        if any(os.path.lexists(shard.path) for shard in shards):
            with create_file(group.head, fsync=fsync) as mark:
                mark.flush()
                publish_together(group, shards, mark, fsync=fsync)
        else:
            publish_together(group, shards, None, fsync=fsync)
        names = {os.path.basename(path) for path in (group.head, *(shard.path for shard in shards))}
        remove_leftovers(folder_of(prefix), names.__contains__)


def publish_file(file: NewFile, *, fsync: bool) -> None:
    """Give a flushed file its name, where the checkpoint is that one file."""
    with lock_folder(file.path):
        publish_together(Group(file.path, lambda name: False), [file], None, fsync=fsync)
        name = os.path.basename(file.path)
        remove_leftovers(folder_of(file.path), lambda other: other == name)


def remove_v1(
    path_or_pattern: str, *, fsync: bool = True, wanted: Callable[[], bool] = lambda: True
) -> bool:
    """Remove a V1 checkpoint, shard 0 first: what a kill leaves is then no checkpoint.

    Nothing is removed, and False returned, if that is no longer `wanted` (`remove_together`).
    """

    def remove() -> None:
        set_of_shards = split_pattern(path_or_pattern)
        if set_of_shards is not None:
            complete(shard_group(*set_of_shards), fsync=fsync)
        for number, path in enumerate(files_at(path_or_pattern)):
            if remove_file(path) and fsync and not number:
                sync_folder(path)

    return remove_together(path_or_pattern, remove, wanted)
