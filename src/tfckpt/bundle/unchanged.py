"""Incremental saves: tensors whose bytes lie in another checkpoint already are not written again.

The data files of that checkpoint, the base, get names of the new one (hard links), and its index
points into them: each checkpoint is whole by itself, and the base may be deleted.

A tensor is unchanged if dtype, shape, size, checksum and each byte are the same. Bytes are compared
with what lies in the file, so that damage there is not passed on.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from tfckpt.bundle.entry import Entry
from tfckpt.bundle.linking import NOTHING_LINKED, LinkPlan, links_of
from tfckpt.bundle.naming import index_path
from tfckpt.bundle.reader import BundleReader
from tfckpt.bundle.stored import stored_at
from tfckpt.checksum import combine, crc32c, mask
from tfckpt.dtypes import DataType, data_type_of
from tfckpt.storage import Source, can_link, held_lease
from tfckpt.tensors.stored import stored_bytes, stored_view

Array: TypeAlias = npt.NDArray[Any]
Compare: TypeAlias = Literal["bytes", "checksum"]

logger = logging.getLogger("tfckpt")

MAX_LINKS = 8
_MAX_DEAD = 0.5  # of all that a checkpoint holds
_PIECE = 8 << 20  # what a thread compares at a time
_CHUNK = 1 << 20  # what of it fits into a core's cache, beside what it is compared with


class Bounds(NamedTuple):
    """How tensors are compared, and when a checkpoint is written whole all the same."""

    compare: Compare = "bytes"
    max_links: int = MAX_LINKS

    def check(self) -> None:
        """Raise ValueError for what is no way to compare, or no number of files."""
        if self.compare not in ("bytes", "checksum"):
            raise ValueError(f"compare is 'bytes' or 'checksum', not {self.compare!r}")
        if self.max_links < 1:
            raise ValueError(f"max_links must be at least 1, not {self.max_links}")


@contextlib.contextmanager
def links_to(
    base: str,
    arrays: Mapping[str, Array],
    prefix: str,
    bounds: Bounds,
    threads: int | None = None,
) -> Iterator[LinkPlan]:
    """Give what of `arrays` can be linked into a checkpoint at `prefix`; the base stays meanwhile.

    Raises what opening the base raises.
    """
    folder, name = os.path.split(base)
    with held_lease(folder, name), BundleReader(base) as reader:
        yield _plan(reader, arrays, prefix, bounds, threads)


def _plan(
    reader: BundleReader,
    arrays: Mapping[str, Array],
    prefix: str,
    bounds: Bounds,
    threads: int | None,
) -> LinkPlan:
    if reader.header.big_endian or not _links_here(reader, prefix):
        return NOTHING_LINKED
    names = _unchanged(reader, arrays, bounds.compare, threads)
    stored = {name: found for name in names if (found := stored_at(reader, name)) is not None}
    links = links_of(stored)
    new = sum(array.nbytes for name, array in arrays.items() if name not in links.tensors)
    held = new + sum(file.size for file in links.files)
    if len(links.files) > bounds.max_links:
        why = f"it would have {len(links.files)} files of others"
    elif links.dead > _MAX_DEAD * held:
        why = f"{links.dead} of its {held} bytes would be dead"
    else:
        return links
    logger.info("%s is written whole: %s", prefix, why)
    return NOTHING_LINKED


_told: set[str] = set()


def _links_here(reader: BundleReader, prefix: str) -> bool:
    """Whether the base's files can be linked where the checkpoint will be; if not, say so once."""
    folder = os.path.dirname(prefix)
    if can_link(reader.shard_path(0), index_path(prefix)):
        return True
    if folder not in _told:
        _told.add(folder)
        logger.warning(
            "%s has no hard links of %s: what is saved there is written whole", folder, reader.path
        )
    return False


def _unchanged(
    reader: BundleReader, arrays: Mapping[str, Array], compare: Compare, threads: int | None
) -> list[str]:
    """Return the names of the tensors that lie in a bundle as they are."""
    found = {
        name: _Comparison(array, entry, reader.shard_of(name, entry).source, compare)
        for name, array in arrays.items()
        if (entry := reader.entries.get(name)) is not None and _fits(array, entry)
    }
    work = [
        (comparison, at)
        for comparison in found.values()
        for at in range(0, comparison.entry.size, _PIECE)
    ]
    count = min(threads or os.cpu_count() or 1, len(work))
    if count < 2:
        for comparison, at in work:
            comparison.compare(at)
    else:
        with ThreadPoolExecutor(count, thread_name_prefix="tfckpt-compare") as pool:
            for done in [pool.submit(comparison.compare, at) for comparison, at in work]:
                done.result()
    return [name for name, comparison in found.items() if comparison.is_same()]


def _fits(array: Array, entry: Entry) -> bool:
    data_type = data_type_of(array.dtype)
    return (
        data_type == entry.data_type != DataType.DT_STRING
        and array.shape == entry.shape
        and array.nbytes == entry.size
        and not entry.slices
    )


class _Comparison:
    """One tensor, compared with what is stored, piece by piece by any threads."""

    def __init__(self, array: Array, entry: Entry, source: Source, compare: Compare) -> None:
        self.entry = entry
        self._array = array
        self._source = source
        self._reads = compare == "bytes"
        self._differs = entry.offset + entry.size > source.size
        self._crcs: dict[int, tuple[int, int]] = {}
        self._octets = stored_view(array)

    def compare(self, start: int) -> None:
        if self._differs:
            return
        if self._octets is None:  # of another layout; few are
            self._octets = memoryview(stored_bytes(self._array))
        piece = self._octets[start : start + _PIECE]
        stored = self._stored(start, len(piece)) if self._reads else piece
        crc = 0
        for at in range(0, len(piece), _CHUNK):
            chunk = piece[at : at + _CHUNK]
            if self._reads and not _equal(chunk, stored[at : at + _CHUNK]):
                self._differs = True
                return
            crc = crc32c(chunk, crc)
        self._crcs[start] = crc, len(piece)

    def _stored(self, start: int, size: int) -> memoryview:
        """Return what lies in the file; mapped, as reading would copy it first."""
        offset = self.entry.offset + start
        mapped = self._source.map(offset, size) if size >= _CHUNK else None
        return memoryview(self._source.read(offset, size)) if mapped is None else mapped

    def is_same(self) -> bool:
        if self._differs:
            return False
        return mask(combine(self._crcs[at] for at in sorted(self._crcs))) == self.entry.crc32c


def _equal(one: memoryview, other: memoryview) -> bool:
    kind = np.uint64 if len(one) % 8 == 0 else np.uint8  # eight bytes at a time, mostly
    return np.array_equal(np.frombuffer(one, kind), np.frombuffer(other, kind))
