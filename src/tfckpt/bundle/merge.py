"""Merging bundles into one, as TensorFlow's ``MergeBundles`` does: only indexes are rewritten."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import ExitStack

from tfckpt.bundle.bulk_entries import decode_named
from tfckpt.bundle.commit import (
    Standing,
    committed_index,
    committed_shard,
    publish,
    remove_bundle,
)
from tfckpt.bundle.entry import HEADER_KEY, Entry, Header
from tfckpt.bundle.naming import data_path
from tfckpt.coding import Buffer
from tfckpt.errors import DataLossError, FileMissingError, InvalidArgumentError, located
from tfckpt.names import AnyPath, check_prefix, decode_name
from tfckpt.storage import create_file, is_file, link_file, open_source
from tfckpt.table import Table, write_table


def merge_bundles(
    prefixes: Iterable[AnyPath],
    merged_prefix: AnyPath,
    *,
    fsync: bool = True,
) -> str:
    """Make one bundle out of several; return its prefix.

    The data files of `prefixes` become shards of the merged bundle without being copied (where the
    file system has links): afterwards only the merged bundle is there. Slices of one tensor may
    come from different bundles. `fsync=False` does not wait for the disk.

    Raises InvalidArgumentError where two bundles hold the same tensor, disagree about its dtype
    or shape, or differ in byte order; FileMissingError if a file is missing. Then nothing has
    changed.
    """
    merged = check_prefix(merged_prefix)
    sources = list(dict.fromkeys(check_prefix(prefix) for prefix in prefixes))
    merge = _Merge()
    for prefix in sources:
        merge.add(prefix)
    if merge.header is None:
        raise ValueError("merge_bundles needs at least one prefix")
    standing = Standing.at(merged)
    count = standing.unused_count(len(merge.shards))
    names = [data_path(merged, number, count) for number in range(count)]
    with ExitStack() as opened:
        # Linked, not renamed: until the merged bundle is there the others stay whole.
        shards = [
            opened.enter_context(link_file(path, name, fsync=fsync))
            for path, name in zip(merge.shards, names, strict=False)
        ]
        shards += [
            opened.enter_context(create_file(name, fsync=fsync)) for name in names[len(shards) :]
        ]
        index = opened.enter_context(standing.create_index(merged, fsync=fsync))
        write_table(index.write, merge.items(count))
        for file in (*shards, index):
            file.flush()
        publish(merged, index, shards, fsync=fsync)
    for prefix in sources:
        if prefix != merged:
            remove_bundle(prefix, fsync=fsync)
    return merged


class _Merge:
    """What has been gathered from the bundles so far."""

    def __init__(self) -> None:
        self.header: Header | None = None
        self.shards: dict[str, int] = {}  # data file -> its shard id in the merged bundle
        self.entries: dict[bytes, Entry] = {}

    def add(self, prefix: str) -> None:
        path = committed_index(prefix)
        source = open_source(path)
        try:
            with located(path):
                items = dict(Table(source).items())
                if HEADER_KEY not in items:
                    raise DataLossError("the index has no header")
                header = Header.decode(items.pop(HEADER_KEY))
        finally:
            source.close()
        if self.header is not None and self.header.big_endian != header.big_endian:
            raise InvalidArgumentError("bundles of different byte orders do not merge", path=path)
        self.header = header
        self._add_entries(prefix, path, header, items)

    def _add_entries(
        self, prefix: str, path: str, header: Header, items: Mapping[bytes, Buffer]
    ) -> None:
        names = [decode_name(key) for key in items]
        with located(path):
            entries = decode_named(names, [bytes(value) for value in items.values()])
        for key, name, entry in zip(items, names, entries, strict=True):
            with located(path, name):
                known = self.entries.get(key)
                if known is not None:
                    self.entries[key] = joined(known, entry)
                else:  # a partitioned tensor's entry names the shard of its first slice, too
                    shard_id = self._shard(prefix, entry.shard_id, header.num_shards, path)
                    self.entries[key] = entry._replace(shard_id=shard_id)

    def _shard(self, prefix: str, shard_id: int, num_shards: int, index: str) -> int:
        path = committed_shard(prefix, shard_id, num_shards, index)
        if path not in self.shards and not is_file(path):
            raise FileMissingError("the index needs this shard, which is missing", path=path)
        return self.shards.setdefault(path, len(self.shards))

    def items(self, num_shards: int) -> Iterable[tuple[bytes, bytes]]:
        assert self.header is not None
        yield HEADER_KEY, self.header._replace(num_shards=num_shards).encode()
        for key in sorted(self.entries):
            yield key, self.entries[key].encode()


def joined(known: Entry, entry: Entry) -> Entry:
    """Put the slices of two entries for one partitioned tensor together."""
    if not known.slices or not entry.slices:
        raise InvalidArgumentError("two of the bundles to merge hold this tensor")
    if (known.data_type, known.shape) != (entry.data_type, entry.shape):
        raise InvalidArgumentError("the bundles to merge disagree about its dtype or shape")
    return known._replace(slices=known.slices + entry.slices)
