"""A bundle whose data files are written by several processes, none of which knows the others.

1. Each writes its data file, and then its part: a table of what lies there, as an index is.
2. One of them, when all have, makes the index of all parts, and with it the bundle visible.

Until then nothing counts. In a folder the data files have temporary names; a store renames nothing,
so there they have those of a set of shards that is not in use. What killed processes leave is
removed by the next save to the prefix.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from typing import Any, NamedTuple

from tfckpt.bundle.bulk_entries import decode_named
from tfckpt.bundle.commit import Standing, publish
from tfckpt.bundle.entry import HEADER_KEY, Entry, Header
from tfckpt.bundle.merge import joined
from tfckpt.bundle.naming import data_path, index_path
from tfckpt.bundle.shard import ShardWriter
from tfckpt.bundle.writer import BundleWriter, LinkedFile
from tfckpt.errors import DataLossError, FileMissingError, located
from tfckpt.names import AnyPath, check_prefix, decode_name
from tfckpt.storage import (
    LEFTOVER,
    create_file,
    is_remote,
    link_file,
    list_beginning,
    open_source,
    remove_file,
    size_of,
    split,
)
from tfckpt.table import Table, write_table

_AT_ONCE = 8


class PartOfTensor(NamedTuple):
    """A value that is only a part of a tensor: the others have the rest.

    >>> import numpy as np, tfckpt
    >>> tfckpt.PartOfTensor((4, 2), [(0, 1), (0, 2)], np.zeros((1, 2))).full_shape
    (4, 2)
    """

    full_shape: tuple[int, ...]
    slice_spec: Sequence[Sequence[int]]
    """The start and length in each dimension; a length of -1 takes all of it."""
    value: Any


class _Read(NamedTuple):
    """What the table of a part says."""

    header: Header
    keys: list[bytes]
    entries: list[Entry]


class Parts(NamedTuple):
    """All parts of one save; it can be pickled."""

    prefix: str
    number: int
    """How many processes write."""
    num_shards: int
    """Of how many shards the bundle will be: more than that where a store has such a set."""
    exclusive: bool = False
    """Whether a store has none of these shards, be it of a killed save."""

    @classmethod
    def of(cls, prefix: AnyPath, number: int) -> Parts:
        """Plan a save of which one process knows."""
        path = check_prefix(prefix)
        return cls(path, number, Standing.at(path).unused_count(number), exclusive=True)

    @classmethod
    def agreed(cls, prefix: AnyPath, number: int) -> Parts:
        """Plan a save as any process does that knows only the prefix and the number."""
        path = check_prefix(prefix)
        if number < 1:
            raise ValueError(f"num_shards must be at least 1, not {number}")
        taken = is_remote(path) and _shards_in_place(path) == number
        return cls(path, number, number + taken)

    def _mark(self, shard: int) -> str:
        return f".tempstate{self.number:05d}{shard:05d}"

    def data(self, shard: int) -> str:
        path = data_path(self.prefix, shard, self.num_shards)
        return path if is_remote(path) else path + self._mark(shard)

    def table(self, shard: int) -> str:
        return index_path(self.prefix) + self._mark(shard)

    def remove(self, *, tables_only: bool = False) -> None:
        """Remove what there is of them, and of those that a worker was about to make."""
        shards = range(self.number)
        mine = {*map(self.table, shards), *(() if tables_only else map(self.data, shards))}
        for path in list_beginning(*split(self.prefix)):
            if path in mine or LEFTOVER.sub("", path) in mine:
                with suppress(OSError):
                    remove_file(path)

    def commit(self, *, fsync: bool = True) -> str:
        """Make one bundle of all parts; return its prefix.

        Raises FileMissingError, which names the parts that are not there; InvalidArgumentError
        where two have the same tensor; FailedPreconditionError. Then nothing has changed.
        """
        entries: dict[bytes, Entry] = {}
        big_endian = False
        with ThreadPoolExecutor(_AT_ONCE) as threads:  # behind a URL each is a few requests
            for shard, read in enumerate(threads.map(self._read, range(self.number))):
                big_endian = read.header.big_endian
                self._add(shard, read, entries)
        standing = Standing.at(self.prefix)
        header = Header(self.num_shards, big_endian)
        with ExitStack() as opened:
            files = []
            for shard in range(self.num_shards):
                final = data_path(self.prefix, shard, self.num_shards)
                if shard >= self.number:
                    files.append(opened.enter_context(create_file(final, fsync=fsync)))
                elif not is_remote(final):
                    linked = link_file(self.data(shard), final, fsync=fsync)
                    files.append(opened.enter_context(linked))
            index = opened.enter_context(standing.create_index(self.prefix, fsync=fsync))
            items = ((key, entries[key].encode()) for key in sorted(entries))
            write_table(index.write, [(HEADER_KEY, header.encode()), *items])
            for file in (*files, index):
                file.flush()
            publish(self.prefix, index, files, fsync=fsync, num_shards=self.num_shards)
        self.remove(tables_only=is_remote(self.prefix))
        return self.prefix

    def _read(self, shard: int) -> _Read:
        path = self.table(shard)
        try:
            source = open_source(path)
        except FileMissingError:
            raise FileMissingError(
                f"part {shard} of {self.number} is missing: has its process saved it, and has it "
                f"waited for all others before this?",
                path=path,
            ) from None
        try:
            with located(path):
                items = dict(Table(source).items())
                header = Header.decode(items.pop(HEADER_KEY))
                names = [decode_name(key) for key in items]
                found = decode_named(names, [bytes(value) for value in items.values()])
        finally:
            source.close()
        ends = [entry.offset + entry.size for entry in found if not entry.slices]
        size = size_of(self.data(shard))
        if size != max(ends, default=0):
            raise DataLossError(
                f"{max(ends, default=0)} bytes expected by its part, it has {size}: it was "
                f"replaced or removed",
                path=self.data(shard),
            )
        return _Read(header, list(items), found)

    def _add(self, shard: int, read: _Read, entries: dict[bytes, Entry]) -> None:
        for key, entry in zip(read.keys, read.entries, strict=True):
            with located(self.table(shard), decode_name(key)):
                known = entries.get(key)
                entries[key] = entry if known is None else joined(known, entry)


def _shards_in_place(prefix: str) -> int | None:
    """Return of how many shards the bundle is that a store has there, None if it has none."""
    try:
        source = open_source(index_path(prefix))
    except FileMissingError:
        return None
    try:
        header = Table(source).get(HEADER_KEY)
        return None if header is None else Header.decode(header).num_shards
    finally:
        source.close()


class PartWriter(BundleWriter):
    """Writes one part: a data file, and the table of what lies there."""

    def __init__(self, parts: Parts, shard: int, *, fsync: bool = True) -> None:
        if not 0 <= shard < parts.number:
            raise ValueError(f"there is no shard {shard} of {parts.number}")
        self._parts, self._first = parts, shard
        super().__init__(parts.prefix, fsync=fsync)

    def _open(self, num_shards: int, linked: Sequence[LinkedFile]) -> None:
        path = self._parts.data(self._first)
        file = create_file(path, fsync=self._fsync, exclusive=self._parts.exclusive)
        self._shards.append(ShardWriter(file, self._executor))

    def _make_visible(self) -> None:
        self._shards[0].file.publish()
        with create_file(self._parts.table(self._first), fsync=self._fsync) as table:
            write_table(table.write, self._items())
            table.publish()


def add_value(bundle: BundleWriter, name: str, value: object) -> None:
    """Write a value: a whole tensor, a part of one, or several of its parts."""
    several = isinstance(value, list) and value and all(isinstance(v, PartOfTensor) for v in value)
    for part in value if several and isinstance(value, list) else [value]:
        if isinstance(part, PartOfTensor):
            bundle.add_slice(name, part.full_shape, part.slice_spec, part.value)
        else:
            bundle.add(name, part)


def write_part(
    parts: Parts, shard: int, variables: Mapping[str, object], *, fsync: bool = True
) -> None:
    """Write one part, whole or not at all."""
    with PartWriter(parts, shard, fsync=fsync) as bundle:
        for name in variables:
            add_value(bundle, name, variables[name])


def save_shard(
    prefix: AnyPath,
    shard: int,
    num_shards: int,
    variables: Mapping[str, object],
    *,
    fsync: bool = True,
) -> str:
    """Write one process' part of a checkpoint that several write; return the prefix.

    Each process writes what it has, under the same `prefix` and `num_shards`, and a `shard` of its
    own, 0 to `num_shards` - 1. Nothing of it counts before one of them has called
    `commit_shards`, which it may once all have returned from here: that is for a barrier of yours
    to say. A process that was killed and begins anew writes its part again.

    `variables` maps names to arrays, or to parts of tensors that are spread over processes:
    a `PartOfTensor`, or a list of them.

    Raises as `save`.

    >>> import numpy as np, tempfile, tfckpt
    >>> prefix = tempfile.mkdtemp() + "/model.ckpt"
    >>> for shard in range(2):  # each in a process of its own
    ...     rows = np.full((2, 3), shard)
    ...     part = tfckpt.PartOfTensor((4, 3), [(2 * shard, 2), (0, 3)], rows)
    ...     _ = tfckpt.save_shard(prefix, shard, 2, {"table": part})
    >>> tfckpt.load(tfckpt.commit_shards(prefix, 2))["table"][:, 0].tolist()
    [0, 0, 1, 1]
    """
    parts = Parts.agreed(prefix, num_shards)
    write_part(parts, shard, variables, fsync=fsync)
    return parts.prefix


def commit_shards(prefix: AnyPath, num_shards: int, *, fsync: bool = True) -> str:
    """Make one checkpoint of what all processes have written with `save_shard`; return the prefix.

    What was at `prefix` is replaced as a whole, or stays as it was.

    Raises FileMissingError, which says whose part is not there; InvalidArgumentError where two
    processes have written the same tensor, or disagree about one; FailedPreconditionError.
    """
    return Parts.agreed(prefix, num_shards).commit(fsync=fsync)
