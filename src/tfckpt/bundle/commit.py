"""Publishing a bundle: all of its files change at one moment, or none does.

A new prefix is easy: shards get their names first, the index last, and what has no index is no
checkpoint. Where there is one already the index is the head of a commit
(`tfckpt.storage.commit`).
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from typing import NamedTuple

from tfckpt.bundle.naming import (
    data_path,
    index_path,
    prefix_of,
    shard_count,
    shards_on_disk,
)
from tfckpt.errors import FailedPreconditionError
from tfckpt.storage import (
    COMMIT_SUFFIX,
    Group,
    NewFile,
    committed,
    complete,
    create_file,
    is_file,
    is_remote,
    list_infos,
    lock_folder,
    publish_together,
    remove_file,
    remove_leftovers,
    remove_together,
    split,
    sync_folder,
    version_at,
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
    if is_remote(prefix):
        return is_file(index_path(prefix))
    return os.path.isfile(committed_index(prefix)) or os.path.isfile(index_path(prefix))


class Standing(NamedTuple):
    """What a store has at a prefix before a save; on this machine, nothing that matters."""

    version: object = None
    """That of the index; None if there is none."""
    counts: frozenset[int] = frozenset()
    """Of which numbers of shards there are some, be it only what a killed save has left."""

    @classmethod
    def at(cls, prefix: str) -> Standing:
        if not is_remote(prefix):
            return cls()
        index = index_path(prefix)
        infos = list_infos(f"{prefix}.")
        if infos is None:
            version = version_at(index)
            counts = frozenset(count for _, count in shards_on_disk(prefix))
        else:
            version = infos[index].version if index in infos else None
            counts = frozenset(filter(None, map(shard_count, infos)))
        return cls(version, counts)

    def unused_count(self, num_shards: int) -> int:
        """Return a number of shards, at least so many, of which there are none."""
        while num_shards in self.counts:
            num_shards += 1
        return num_shards

    def create_index(self, prefix: str, *, fsync: bool) -> NewFile:
        """Begin the index that is to take the place of the one that stood there."""
        return create_file(
            index_path(prefix),
            fsync=fsync,
            exclusive=self.version is None,
            instead_of=self.version,
        )


def committed_shard(prefix: str, shard_id: int, num_shards: int, index: str) -> str:
    """Return the path of a shard that belongs to `index`."""
    path = data_path(prefix, shard_id, num_shards)
    return committed(path, under_way=index != index_path(prefix))


def publish(
    prefix: str,
    index: NewFile,
    shards: Sequence[NewFile],
    *,
    fsync: bool,
    num_shards: int | None = None,
) -> None:
    """Give flushed files their names, and remove what they replace.

    `num_shards` is how many there are, where a store has some of them already.

    Raises as `publish_together`.
    """
    group = bundle_group(prefix)
    with lock_folder(prefix):
        complete(group, fsync=fsync)
        publish_together(group, shards, index, fsync=fsync)
        count = len(shards) if num_shards is None else num_shards
        there = _remove_stale(prefix, count)
    if there is not None and there < count:  # in a store, which has no locks
        raise FailedPreconditionError(
            f"of its {count} data files {there} are there: another writer has saved here at "
            f"the same time, and removed the others",
            path=prefix,
        )


def _remove_stale(prefix: str, num_shards: int) -> int | None:
    """Remove shards of another count, and what killed writers left; a failure harms nobody.

    Returns how many there are of this count, None if that cannot be said.
    """
    folder, base = split(prefix)
    try:
        found = list(shards_on_disk(prefix))
        for path, count in found:
            if count != num_shards:
                remove_file(path)
        remove_leftovers(folder, lambda name: prefix_of(name) == base)
    except OSError as error:
        logger.warning("%s: cannot remove what an earlier save left: %s", prefix, error)
        return None
    return sum(count == num_shards for _, count in found)


def remove_bundle(
    prefix: str, *, fsync: bool = True, wanted: Callable[[], bool] = lambda: True
) -> bool:
    """Remove a bundle: its index first, so that what a kill leaves is no checkpoint.

    Nothing is removed, and False returned, if that is no longer `wanted` (`remove_together`).
    """

    def remove() -> None:
        group = bundle_group(prefix)
        removed = remove_file(group.head)
        if not is_remote(prefix):
            removed |= remove_file(group.head + COMMIT_SUFFIX)
        if fsync and removed:  # no loss of power may bring back an index whose data is gone
            sync_folder(prefix)
        complete(group, fsync=fsync)
        for path, _ in list(shards_on_disk(prefix)):
            remove_file(path)

    return remove_together(prefix, remove, wanted)
