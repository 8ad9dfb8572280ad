"""Reading back a bundle that is written and not yet visible."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from tfckpt.bundle.entry import HEADER_KEY, Entry
from tfckpt.bundle.fetch import Named, Shard, by_shard
from tfckpt.dtypes import why_unreadable
from tfckpt.errors import DataLossError
from tfckpt.names import decode_name
from tfckpt.storage import NewFile, Source, open_source, uncached
from tfckpt.table import write_table

_TOGETHER = 16 << 20


def read_back(
    index: NewFile, shards: Sequence[NewFile], items: Sequence[tuple[bytes, bytes]]
) -> None:
    """Compare flushed files with what was to be written: the index, and each tensor's checksum.

    The checksums were made of the arrays. Where the system lets go of its copies the bytes come
    from the disk.

    Raises DataLossError for the first difference.
    """
    table = bytearray()
    write_table(table.extend, items)
    source = _opened(index)
    try:
        if source.size != len(table) or source.read(0, source.size) != table:
            raise _differs(index, DataLossError(f"not all of its {len(table)} bytes are the same"))
    finally:
        source.close()
    named = [(decode_name(key), Entry.decode(value)) for key, value in items if key != HEADER_KEY]
    stored = [
        (name, entry)
        for name, entry in named
        if not entry.slices and not why_unreadable(entry.data_type)
    ]
    for shard_id, tensors in by_shard(stored):
        _check(shards[shard_id], tensors)


def _check(file: NewFile, tensors: Iterable[Named]) -> None:
    source = _opened(file)
    try:
        shard = Shard(source)
        for group in _groups(tensors):
            if len(group) == 1:
                shard.verify(*group[0])
            else:
                shard.fetch(group)
    except DataLossError as error:
        raise _differs(file, error) from error
    finally:
        source.close()


def _groups(tensors: Iterable[Named]) -> Iterator[list[Named]]:
    """Yield tensors that are read together, a big one alone."""
    group: list[Named] = []
    size = 0
    for named in tensors:
        if group and size + named[1].size > _TOGETHER:
            yield group
            group, size = [], 0
        group.append(named)
        size += named[1].size
    if group:
        yield group


def _opened(file: NewFile) -> Source:
    uncached(file.temporary_path)
    return open_source(file.temporary_path, mmap=False)


def _differs(file: NewFile, error: DataLossError) -> DataLossError:
    return DataLossError(
        f"what was written does not read back: {error.message}. The disk, or the memory, is "
        f"failing; nothing was replaced",
        path=file.path,
        tensor=error.tensor,
        offset=error.offset,
    )
