"""Reading a bundle."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from os import PathLike
from threading import Lock

import numpy as np

from tfckpt.bundle.commit import committed_index, committed_shard
from tfckpt.bundle.entry import HEADER_KEY, Entry, Header
from tfckpt.bundle.fetch import Stored, fetch, fetch_part
from tfckpt.bundle.naming import index_path
from tfckpt.bundle.writer import check_prefix, decode_name, encode_name
from tfckpt.dtypes import OPAQUE, data_type_name, numpy_dtype
from tfckpt.errors import (
    DataLossError,
    FileMissingError,
    UnimplementedError,
    located,
)
from tfckpt.reader import CheckpointReader, TensorInfo, tensor_not_found
from tfckpt.storage import Source, open_source
from tfckpt.table import Table
from tfckpt.tensors.selection import Index, Selection
from tfckpt.tensors.slices import TensorSlice, check_partition, volume
from tfckpt.tensors.stored import Array


class BundleReader(CheckpointReader):
    """Reads a V2 checkpoint, `prefix` + ``.index`` and its shards.

    `verify=False` skips the checksums of tensors (those of the index are always checked);
    `mmap=False` reads into memory of its own instead of mapping the files.

    Raises FileMissingError if there is no index, DataLossError if it is no table or its header
    is damaged.
    """

    def __init__(
        self, prefix: str | PathLike[str], *, verify: bool = True, mmap: bool = True
    ) -> None:
        self.path = check_prefix(prefix)
        self._verify = verify
        self._mmap = mmap
        self._index = committed_index(self.path)
        self._sources: dict[int, Source] = {}
        self._lock = Lock()
        source = open_source(self._index, mmap=mmap)
        try:
            self._table = Table(source)
            header = self._table.get(HEADER_KEY)
            with located(self._index):
                if header is None:
                    raise DataLossError("the index has no header")
                self.header = Header.decode(header)
        except BaseException:
            source.close()
            raise
        self._index_source = source

    # What there is

    def entry(self, name: str) -> Entry:
        """Return what the index says of one tensor.

        Raises TensorNotFoundError, which suggests close names.
        """
        if isinstance(name, str) and name:
            key = encode_name(name)
            value = self._table.get(key)
            if value is not None and key not in self._slice_keys(key):
                with located(self._index, name):
                    return Entry.decode(value)
        raise tensor_not_found(name, self, self.path)

    @cached_property
    def entries(self) -> dict[str, Entry]:
        """What the index says of every tensor, by name."""
        entries: dict[str, Entry] = {}
        decode = Entry.decode
        items = self._table.items()
        next(items, None)  # the header
        name = None
        try:
            for key, value in items:
                name = key.decode("utf-8", "surrogateescape")
                entries[name] = decode(value)
        except DataLossError as error:
            error.path, error.tensor = self._index, name
            raise
        for key in self._slice_keys_of(entries):
            entries.pop(decode_name(key), None)
        return entries

    def _slice_keys(self, key: bytes) -> set[bytes]:
        """Return the keys that hold slices, where `key` could be one of them."""
        return self._slice_keys_of(self.entries) if key.startswith(b"\0") else set()

    @staticmethod
    def _slice_keys_of(entries: Mapping[str, Entry]) -> set[bytes]:
        return {
            one.key(encode_name(name))
            for name, entry in entries.items()
            if entry.slices
            for one in entry.slices
        }

    def info(self, name: str) -> TensorInfo:
        return self._info(name, self.entry(name))

    def infos(self) -> Mapping[str, TensorInfo]:
        return {name: self._info(name, entry) for name, entry in self.entries.items()}

    def _info(self, name: str, entry: Entry) -> TensorInfo:
        size = entry.size
        for one in entry.slices:
            size += self._slice_entry(name, one).size
        return TensorInfo(entry.data_type, entry.shape, size, entry.slices)

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    # Values

    def get_tensor(self, name: str, index: Index | None = None) -> Array:
        entry = self.entry(name)
        with located(self._index, name):
            if index is None:
                return self._whole(name, entry)
            return self._part(name, entry, Selection.of(index, entry.shape))

    def get_tensors(self, names: Iterable[str] | None = None) -> dict[str, Array]:
        wanted = self.entries if names is None else {name: self.entry(name) for name in names}
        plain = {
            name: self._stored(name, entry) for name, entry in wanted.items() if not entry.slices
        }
        tensors = fetch(plain, verify=self._verify)
        return {
            name: tensors[name] if name in tensors else self.get_tensor(name) for name in wanted
        }

    def close(self) -> None:
        self._index_source.close()
        with self._lock:
            for source in self._sources.values():
                source.close()

    def _whole(self, name: str, entry: Entry) -> Array:
        if not entry.slices:
            return fetch({name: self._stored(name, entry)}, verify=self._verify)[name]
        return self._part(name, entry, Selection.of(..., entry.shape))

    def _part(self, name: str, entry: Entry, selection: Selection) -> Array:
        if not entry.slices:
            return selection.finished(fetch_part(self._stored(name, entry), selection.axes))
        pieces = self._pieces(name, entry)
        elements = np.empty(selection.shape, numpy_dtype(entry.data_type))
        for one, stored in pieces:
            axes, place = selection.within(one, entry.shape)
            if not volume(axis.length for axis in axes):
                continue
            if tuple(axis.length for axis in axes) == stored.entry.shape:
                elements[place] = fetch({name: stored}, verify=self._verify)[name]
            else:
                elements[place] = fetch_part(stored, axes)
        return selection.finished(elements)

    def _pieces(self, name: str, entry: Entry) -> list[tuple[TensorSlice, Stored]]:
        """Find the slices of a partitioned tensor; they must make it up exactly."""
        check_partition(entry.slices, entry.shape)
        pieces = []
        for one in entry.slices:
            part = self._slice_entry(name, one)
            expected = one.shape_in(entry.shape)
            if (part.data_type, part.shape) != (entry.data_type, expected):
                raise DataLossError(
                    f"slice {one} should be {data_type_name(entry.data_type)} {list(expected)}, "
                    f"its entry says {data_type_name(part.data_type)} {list(part.shape)}"
                )
            pieces.append((one, self._stored(name, part)))
        return pieces

    def _slice_entry(self, name: str, one: TensorSlice) -> Entry:
        value = self._table.get(one.key(encode_name(name)))
        if value is None:
            raise DataLossError(
                f"the index lists slice {one} and has no entry for it",
                path=self._index,
                tensor=name,
            )
        with located(self._index, name):
            return Entry.decode(value)

    def _stored(self, name: str, entry: Entry) -> Stored:
        """Check an entry against its shard, before anything is allocated for it."""
        if entry.data_type in OPAQUE:
            raise UnimplementedError(
                f"a {data_type_name(entry.data_type)} has a value only inside TensorFlow",
                path=self.path,
                tensor=name,
            )
        source = self._sources.get(entry.shard_id) or self._open_shard(entry.shard_id, name)
        return Stored(name, entry, source, self.header.big_endian)

    def _open_shard(self, shard_id: int, name: str) -> Source:
        if shard_id >= self.header.num_shards:
            raise DataLossError(
                f"lies in shard {shard_id}, the checkpoint has {self.header.num_shards}",
                path=self._index,
                tensor=name,
            )
        with self._lock:
            if shard_id not in self._sources:
                path = committed_shard(self.path, shard_id, self.header.num_shards, self._index)
                try:
                    self._sources[shard_id] = open_source(path, mmap=self._mmap)
                except FileMissingError as error:
                    raise FileMissingError(
                        f"the index {index_path(self.path)} needs this shard, which is missing: "
                        f"was it copied or downloaded along?",
                        path=error.path,
                        tensor=name,
                    ) from None
            return self._sources[shard_id]
