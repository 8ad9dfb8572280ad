"""From a prefix to the names of a bundle's files, and back (TensorFlow's ``naming.cc``)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tfckpt.storage import list_beginning, split

INDEX_SUFFIX = ".index"
_SHARD = re.compile(r"\.data-([0-9]{5,9})-of-([0-9]{5,9})$")


def index_path(prefix: str) -> str:
    return prefix + INDEX_SUFFIX


def data_path(prefix: str, shard_id: int, num_shards: int) -> str:
    return f"{prefix}.data-{shard_id:05d}-of-{num_shards:05d}"


def shard_count(member: str) -> int | None:
    """Return how many shards the name of one speaks of; None for other paths."""
    found = _SHARD.search(member)
    return None if found is None else int(found[2])


def prefix_of(member: str) -> str | None:
    """Return the prefix that an index's or a shard's path belongs to; None for other paths.

    >>> prefix_of("run/model.ckpt-7.data-00001-of-00002")
    'run/model.ckpt-7'
    """
    if member.endswith(INDEX_SUFFIX):
        return member[: -len(INDEX_SUFFIX)]
    found = _SHARD.search(member)
    return member[: found.start()] if found else None


def shards_without_index(members: Iterable[str]) -> list[str]:
    """Return the shards among a folder's files whose index is not there.

    >>> shards_without_index(["a.index", "a.data-00000-of-00001", "b.data-00000-of-00001"])
    ['b.data-00000-of-00001']
    """
    there = set(members)
    return [
        member
        for member in sorted(there)
        if (prefix := prefix_of(member)) is not None and index_path(prefix) not in there
    ]


def shards_on_disk(prefix: str) -> Iterator[tuple[str, int]]:
    """Yield every shard file of `prefix` there is, and how many shards its name speaks of.

    Names are compared, never globbed: a prefix may contain ``[ ] * ?``.
    """
    folder, base = split(prefix)
    for path in list_beginning(folder, f"{base}.data-"):
        found = _SHARD.search(path)
        if found and split(path[: found.start()])[1] == base:
            yield path, int(found[2])
