"""Reading a bundle.

Takes a prefix, local or behind a URL, and gives a `CheckpointReader`. Opening reads the footer and
the header of the index; entries are decoded when they are asked for. Index and shards are of one
save, even if another one replaces them meanwhile (`tfckpt.bundle.files`). No array is handed out
before its checksum was checked, unless the caller asks for that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from tfckpt import limits
from tfckpt.bundle.ahead import ReadAhead
from tfckpt.bundle.bulk_entries import decode_named, decode_shapes
from tfckpt.bundle.entry import Entry, Header
from tfckpt.bundle.fetch import Shard, by_shard, itemtype
from tfckpt.bundle.files import BundleFiles
from tfckpt.bundle.part import fetch_part
from tfckpt.coding import Buffer
from tfckpt.dtypes import data_type_name, why_unreadable
from tfckpt.errors import DataLossError, UnimplementedError, located
from tfckpt.lazy import lazy
from tfckpt.names import (
    OBJECT_GRAPH_KEY,
    AnyPath,
    check_prefix,
    decode_name,
    decode_names,
    encode_name,
    key_of,
)
from tfckpt.pause import no_collection
from tfckpt.reader import CheckpointReader, TensorInfo, Verify, listed, tensor_not_found
from tfckpt.storage import is_remote
from tfckpt.tensors.selection import Axis, Index, Overlap, Selection
from tfckpt.tensors.slices import TensorSlice, volume
from tfckpt.tensors.stored import Array, new_array

if TYPE_CHECKING:
    from tfckpt.objectgraph.resolving import Resolver

# A part is checked with the whole tensor where that is of no more bytes than this, or no more
# than so many times the part.
_SMALL = 4 << 20
_SHARE = 4


class BundleReader(CheckpointReader):
    """Reads a V2 checkpoint, `prefix` + ``.index`` and its shards.

    `verify=False` skips the checksums of tensors (those of the index are always checked),
    ``"whole"`` checks them even where a small part of a big tensor is asked for; `mmap=False` reads
    into memory of its own instead of mapping the files.

    Raises FileMissingError if there is no index, DataLossError if it is no table or its header
    is damaged.
    """

    def __init__(self, prefix: AnyPath, *, verify: Verify = True, mmap: bool = True) -> None:
        self.path = check_prefix(prefix)
        self._verify = _checked_verify(verify)
        self._verified: set[Entry] = set()  # checked whole for the sake of a part
        self._mmap = mmap
        self._ahead: ReadAhead | None = None  # once the names are known
        self._limits = limits.current()
        self._files = BundleFiles(self.path, mmap=mmap)
        self._table = self._files.table

    def __reduce__(self) -> tuple[object, ...]:
        return _reopened, (self.path, self._verify, self._mmap)

    @property
    def header(self) -> Header:
        return self._files.header

    # What there is

    def entry(self, name: str) -> Entry:
        """Return what the index says of one tensor, by its own name alone.

        Raises TensorNotFoundError, which suggests close names.
        """
        entry = self._entry(name)
        if entry is None:
            raise tensor_not_found(name, self, self.path)
        return entry

    def _entry(self, name: str) -> Entry | None:
        entries = vars(self).get("entries")
        if entries is not None and type(name) is str and name in entries:
            self._files.check_open()
            entry: Entry = entries[name]
            return entry
        value = self._find(name)
        if value is None:
            return None
        with located(self._files.index, name):
            return Entry.decode(value)

    def _named(self, name: str) -> tuple[str, Entry]:
        """Return the tensor that a name means, its own or its object's, and its entry."""
        entry = self._entry(name)
        if entry is not None:
            return name, entry
        if not isinstance(name, str) or OBJECT_GRAPH_KEY not in self:
            raise tensor_not_found(name, self, self.path)
        key = self._resolver.key(name, self)
        return key, self.entry(key)

    @lazy
    def _resolver(self) -> Resolver:
        from tfckpt.objectgraph.nodes import read_object_graph  # load protobuf
        from tfckpt.objectgraph.resolving import Resolver

        return Resolver(read_object_graph(self), self.path)

    def _find(self, name: object) -> Buffer | None:
        """Return the entry of a tensor, as it is stored; None where there is none."""
        self._files.check_open()
        key = key_of(name)
        if key is None or key in self._slice_keys(key):
            return None
        return self._table.get(key)

    def __contains__(self, name: object) -> bool:
        return self._find(name) is not None

    @lazy
    @no_collection()
    def entries(self) -> dict[str, Entry]:
        """What the index says of every tensor, by name."""
        names, values = self._stored_entries()
        with located(self._files.index):
            entries = dict(zip(names, decode_named(names, values), strict=True))
        for key in self._slice_keys_of(entries):
            entries.pop(decode_name(key), None)
        maps = self._mmap and not is_remote(self.path)
        self._ahead = ReadAhead(entries, entries.__getitem__, maps=maps)
        return entries

    def _stored_entries(self) -> tuple[list[str], list[bytes]]:
        """Return the names of all entries, those of slices too, and what is stored of each."""
        items = list(self._table.items())[1:]  # the first is the header
        names = decode_names([key for key, _ in items])
        return names, list(map(bytes, [value for _, value in items]))

    def _slice_keys(self, key: bytes) -> set[bytes]:
        """Return the keys that hold slices, where `key` could be one of them."""
        return self._slice_keys_of(self.entries) if key.startswith(b"\0") else set()

    @staticmethod
    def _slice_keys_of(entries: Mapping[str, Entry]) -> set[bytes]:
        return {
            tensor_slice.key(encode_name(name))
            for name, entry in entries.items()
            if entry.slices
            for tensor_slice in entry.slices
        }

    def info(self, name: str) -> TensorInfo:
        return self._info(*self._named(name))

    @no_collection()
    def infos(self) -> Mapping[str, TensorInfo]:
        return {
            name: self._info(name, entry)
            if entry.slices
            else TensorInfo(entry.data_type, entry.shape, entry.size)
            for name, entry in self.entries.items()
        }

    @no_collection()
    def get_variable_to_shape_map(self) -> dict[str, list[int]]:
        names, values = self._stored_entries()
        shapes = decode_shapes(values)
        if shapes is not None:
            return dict(zip(names, map(list, shapes), strict=True))
        return super().get_variable_to_shape_map()

    def _info(self, name: str, entry: Entry) -> TensorInfo:
        size = entry.size
        for tensor_slice in entry.slices:
            size += self.slice_entry(name, tensor_slice).size
        return TensorInfo(entry.data_type, entry.shape, size, entry.slices)

    @property
    def verifies(self) -> bool:
        """Whether checksums of tensors are checked."""
        return bool(self._verify)

    def stored_pieces(self, name: str, entry: Entry) -> list[tuple[TensorSlice | None, Entry]]:
        """Return what the index says of each slice of a tensor; of one in one piece, its entry.

        Raises DataLossError for a slice that does not fit its tensor.
        """
        if not entry.slices:
            return [(None, entry)]
        with located(self._files.index, name):
            return [(part, self._slice(name, entry, part)) for part in entry.slices]

    def shard_of(self, name: str, entry: Entry) -> Shard:
        """Return the data file in which a tensor, or a slice of it, lies."""
        return self._files.shard(entry.shard_id, name)

    def shard_path(self, shard_id: int) -> str:
        """Return the path that a data file has at this moment."""
        return self._files.where(shard_id)

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    # Values

    def read(self, name: str, index: Index | None = None) -> Array:
        if index is None and self._ahead is not None and type(name) is str:
            array = self._ahead.take(name, self.get_tensors)
            if array is not None:
                return array
        name, entry = self._named(name)
        self._check_readable(name, entry)
        with located(self._files.index, name), self._limits:
            if index is None:
                return self._whole(name, entry)
            return self._part(name, entry, Selection.of(index, entry.shape))

    @no_collection()
    def get_tensors(self, names: Iterable[str] | None = None) -> dict[str, Array]:
        self._files.check_open()
        wanted = self.entries if names is None else {n: self._named(n)[1] for n in listed(names)}
        arrays: dict[str, Array] = {}
        whole = [named for named in wanted.items() if not named[1].slices]
        for shard_id, tensors in by_shard(whole):
            for name, entry in tensors:
                self._check_readable(name, entry)
            shard = self._files.shard(shard_id, tensors[0][0])
            with self._limits:
                arrays.update(shard.fetch(tensors, verify=bool(self._verify)))
        return {name: arrays[name] if name in arrays else self[name] for name in wanted}

    def close(self) -> None:
        self._files.close()
        if self._ahead is not None:
            self._ahead.clear()

    def _whole(self, name: str, entry: Entry) -> Array:
        if entry.slices:
            return self._part(name, entry, Selection.of(..., entry.shape))
        return self.shard_of(name, entry).fetch_one(name, entry, verify=bool(self._verify))

    def _part(self, name: str, entry: Entry, selection: Selection) -> Array:
        if not entry.slices:
            shard = self.shard_of(name, entry)
            return selection.finished(self._box(shard, name, entry, selection.axes))
        pieces = self._pieces(name, entry, selection)
        dtype = itemtype(entry)
        needed = volume(selection.shape) * dtype.itemsize
        self._limits.check_memory(needed, self._files.stored, f"{len(pieces)} slices")
        elements = new_array(selection.shape, dtype)
        for part, stored in pieces:
            if part.shape == stored.shape:
                elements[part.place] = self._whole(name, stored)
            else:
                shard = self.shard_of(name, stored)
                elements[part.place] = self._box(shard, name, stored, part.axes)
        return selection.finished(elements)

    def _box(self, shard: Shard, name: str, entry: Entry, axes: Sequence[Axis]) -> Array:
        """Return chosen elements of a tensor; check all of it first if `verify` wants that."""
        if self._verify and entry not in self._verified:
            part = volume(axis.length for axis in axes) * itemtype(entry).itemsize
            if self._verify == "whole" or entry.size <= max(_SMALL, _SHARE * part):
                shard.verify(name, entry)
                self._verified.add(entry)
        found = fetch_part(shard, name, entry, axes)
        if entry not in self._verified:  # no checksum shows that another save is there now
            shard.source.check_unchanged()
        return found

    def _pieces(self, name: str, entry: Entry, selection: Selection) -> list[tuple[Overlap, Entry]]:
        """Find the slices of a partitioned tensor that hold what is selected."""
        pieces = []
        for part in selection.parts(entry.slices, entry.shape):
            stored = self._slice(name, entry, part.stored)
            self.shard_of(name, stored).check(name, stored)
            pieces.append((part, stored))
        return pieces

    def _slice(self, name: str, entry: Entry, tensor_slice: TensorSlice) -> Entry:
        """Return what the index says of a slice. Raises DataLossError if it is none of `entry`."""
        stored = self.slice_entry(name, tensor_slice)
        expected = tensor_slice.shape_in(entry.shape)
        if (stored.data_type, stored.shape) != (entry.data_type, expected):
            raise DataLossError(
                f"slice {tensor_slice} should be {data_type_name(entry.data_type)} "
                f"{list(expected)}, its entry says {data_type_name(stored.data_type)} "
                f"{list(stored.shape)}"
            )
        return stored

    def slice_entry(self, name: str, tensor_slice: TensorSlice) -> Entry:
        """Return what the index says of one slice of a tensor."""
        value = self._table.get(tensor_slice.key(encode_name(name)))
        if value is None:
            raise DataLossError(
                f"the index lists slice {tensor_slice} and has no entry for it",
                path=self._files.index,
                tensor=name,
            )
        with located(self._files.index, name):
            entry = Entry.decode(value)
            if entry.slices:
                raise DataLossError(f"slice {tensor_slice} is said to be sliced itself")
            return entry

    def _check_readable(self, name: str, entry: Entry) -> None:
        problem = why_unreadable(entry.data_type)
        if problem:
            raise UnimplementedError(problem, path=self.path, tensor=name)


def _reopened(path: str, verify: Verify, mmap: bool) -> BundleReader:
    """Make the copy of a reader, also in another process: it opens the files for itself."""
    return BundleReader(path, verify=verify, mmap=mmap)


def _checked_verify(verify: Verify) -> Verify:
    if isinstance(verify, str) and verify != "whole":
        raise ValueError(f"verify is True, False or 'whole', not {verify!r}")
    return verify
