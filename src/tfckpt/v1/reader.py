"""Reading a V1 checkpoint.

Takes the path of a file, of one shard or of a pattern, and gives a `CheckpointReader`. Opening
reads the first record of every file, which lists its tensors. All files are of one save, or opening
begins anew.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from tfckpt import limits
from tfckpt.dtypes import data_type_name, numpy_dtype, why_unreadable
from tfckpt.errors import (
    CheckpointError,
    DataLossError,
    FileMissingError,
    UnimplementedError,
    located,
)
from tfckpt.names import AnyPath, as_path, shown
from tfckpt.reader import CheckpointReader, TensorInfo, Verify, listed, tensor_not_found
from tfckpt.storage import Members, is_remote, version_at
from tfckpt.table import Table
from tfckpt.tensors.selection import Index, Overlap, Selection
from tfckpt.tensors.slices import Shape, TensorSlice, volume
from tfckpt.tensors.stored import Array, new_array, reshaped
from tfckpt.tensors.values import listed_values
from tfckpt.v1.commit import shard_group
from tfckpt.v1.naming import all_shards, numbered, pattern_around, shard_path, split_pattern
from tfckpt.v1.records import META_KEY, Meta, Record, decode_meta

logger = logging.getLogger("tfckpt")

# A save that replaces the shards while they are being opened makes the opening begin anew.
_ATTEMPTS = 100


class _Saved(NamedTuple):
    """A tensor, and which shard has each of its slices."""

    name: bytes
    data_type: int
    shape: Shape
    places: dict[TensorSlice, int]

    @property
    def slices(self) -> tuple[TensorSlice, ...]:
        return tuple(self.places)

    @property
    def whole(self) -> TensorSlice | None:
        """Its only slice, where that is all of it."""
        first = next(iter(self.places))
        alone = len(self.places) == 1 and first.shape_in(self.shape) == self.shape
        return first if alone else None


class V1Reader(CheckpointReader):
    """Reads a V1 checkpoint: a file, or several as ``P-?????-of-00002``.

    The name of one shard stands for all of them if they are there, else for that shard alone;
    ``P-?????-of-?????`` stands for the one set with this prefix. Where shards
    are missing the others are read, as TensorFlow does. The missing ones are logged, and errors for
    what may be in them name them. Reading all tensors at once (`get_tensors`) needs all shards.

    Opening reads the list of tensors; values are read when they are asked for. The
    checksums of a V1 file belong to the format's blocks and are always checked, so `verify`
    changes nothing; `mmap=False` reads into memory of its own instead of mapping the file.

    `TensorInfo.stored_size` is the size of the values as an array, as the format does not say how
    many bytes they take on disk; it is 0 for strings.

    Raises FileMissingError if no file is there, DataLossError for a damaged one,
    InvalidArgumentError where ``P-?????-of-?????`` stands for several sets.
    """

    def __init__(
        self, path_or_pattern: AnyPath, *, verify: Verify = True, mmap: bool = True
    ) -> None:
        given = as_path(path_or_pattern)
        self.path = numbered(given) or pattern_around(given) or given
        self._mmap = mmap
        self._limits = limits.current()
        self._closed = False
        for _ in range(_ATTEMPTS):
            try:
                self._open()
            except CheckpointError:
                if self._is_whole():
                    raise
                continue
            if self._is_whole():
                if self._missing:
                    logger.warning("%s: %s", self.path, self.what_is_missing())
                return
            self._shards.close()
        raise DataLossError(
            f"it was replaced while being opened, {_ATTEMPTS} times in a row", path=self.path
        )

    def _open(self) -> None:
        """Open all files, and read from each what it has."""
        self._tensors: dict[str, _Saved] = {}
        self._paths = _paths(self.path)
        self._missing: list[str] = []
        self._shards = _members(self.path, mmap=self._mmap)
        try:
            for number, path in enumerate(self._paths):
                if not self._list_if_there(number, path):
                    self._missing.append(path)
            if len(self._missing) == len(self._paths):
                raise FileMissingError(self.what_is_missing(), path=self.path)
        except BaseException:
            self._shards.close()
            raise
        names = sorted(self._tensors, key=lambda name: self._tensors[name].name)
        self._tensors = {name: self._tensors[name] for name in names}

    def _is_whole(self) -> bool:
        """Whether the files that were opened are in place now, and the missing ones still missing.

        Then all of them belong to one save.
        """
        return not any(map(os.path.isfile, self._missing)) and all(
            version_at(self._shards.where(number)) == version
            for number, version in self._shards.versions.items()
            if version is not None  # that of a remote file
        )

    def __reduce__(self) -> tuple[object, ...]:
        return _reopened, (self.path, self._mmap)

    def info(self, name: str) -> TensorInfo:
        return _info(self._saved(name))

    def infos(self) -> Mapping[str, TensorInfo]:
        return {name: _info(saved) for name, saved in self._tensors.items()}

    def read(self, name: str, index: Index | None = None) -> Array:
        saved = self._saved(name)
        with located(self.path, name), self._limits:
            problem = why_unreadable(saved.data_type)
            if problem:
                raise UnimplementedError(problem)
            if index is None and saved.whole is not None:
                return self._decode(saved, saved.whole)
            selection = Selection.of(... if index is None else index, saved.shape)
            elements = self._assemble(saved, selection)
            return elements if index is None else selection.finished(elements)

    def get_tensors(self, names: Iterable[str] | None = None) -> dict[str, Array]:
        if names is None:
            self.check_complete()
        wanted = list(self) if names is None else list(listed(names))
        needed = sum(self.info(name).stored_size for name in wanted)
        stored = sum(self._shards.sizes.values())
        with located(self.path):
            self._limits.check_memory(needed, stored, f"{len(wanted)} tensors")
        return super().get_tensors(wanted)

    def what_is_missing(self) -> str:
        if not self._missing:
            return ""
        names = shown([os.path.basename(path) for path in self._missing], 5)
        return f"{len(self._missing)} of its {len(self._paths)} shards are missing: {names}"

    def debug_string(self) -> bytes:
        """Return a line for each tensor, ``name (DT_FLOAT) [2,3]``; ``, 2 slices`` if so stored."""
        lines = (
            b"%s (%s) [%s]%s\n"
            % (
                saved.name,
                data_type_name(saved.data_type).encode(),
                ",".join(map(str, saved.shape)).encode(),
                b", %d slices" % len(saved.places) if len(saved.places) > 1 else b"",
            )
            for saved in self._tensors.values()
        )
        return b"".join(lines)

    def close(self) -> None:
        self._closed = True
        self._shards.close()

    def __iter__(self) -> Iterator[str]:
        return iter(self._tensors)

    def __len__(self) -> int:
        return len(self._tensors)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name in self._tensors

    def _saved(self, name: str) -> _Saved:
        try:
            return self._tensors[name]
        except (KeyError, TypeError):
            why = self.what_is_missing()
            raise tensor_not_found(name, self._tensors, self.path, why and f"; {why}") from None

    def _list_if_there(self, number: int, path: str) -> bool:
        """Read the list of a shard's tensors; return whether the shard is there."""
        sharded = path != self.path
        if sharded and not is_remote(path) and not os.path.isfile(path):
            return False
        try:
            table = self._shards.open(number, lambda: True)
        except FileMissingError:
            if not sharded:
                raise
            return False
        self._list(table, number)
        return True

    def _list(self, table: Table, number: int) -> None:
        value = table.get(META_KEY)
        with located(table.path):
            if value is None:
                raise DataLossError("a table without a list of tensors: no V1 checkpoint")
            for meta in decode_meta(value):
                self._register(meta, number)

    def _register(self, meta: Meta, shard_id: int) -> None:
        name = meta.name.decode("utf-8", "surrogateescape")
        if not meta.slices:
            raise DataLossError("is listed without any slice", tensor=name)
        saved = self._tensors.setdefault(name, _Saved(meta.name, meta.data_type, meta.shape, {}))
        if (saved.data_type, saved.shape) != (meta.data_type, meta.shape):
            raise DataLossError(
                f"is {data_type_name(meta.data_type)} {list(meta.shape)} here, and "
                f"{data_type_name(saved.data_type)} {list(saved.shape)} in another place",
                tensor=name,
            )
        for tensor_slice in meta.slices:
            if tensor_slice in saved.places:
                raise DataLossError(
                    f"slice {str(tensor_slice) or '(all)'} is listed twice", tensor=name
                )
            with located(tensor=name):
                tensor_slice.index_in(meta.shape)
            saved.places[tensor_slice] = shard_id

    def _assemble(self, saved: _Saved, selection: Selection) -> Array:
        """Return the selected elements, from the slices that hold some of them."""
        dtype = numpy_dtype(saved.data_type)
        assert dtype is not None
        elements: Array | None = None
        for part in self._parts(saved, selection):
            values = self._decode(saved, part.stored)
            box = tuple(slice(axis.start, axis.stop, axis.step) for axis in part.axes)
            if elements is None:  # after a slice was read: a forged shape has none
                needed = volume(selection.shape) * dtype.itemsize
                stored = sum(self._shards.sizes.values())
                self._limits.check_memory(needed, stored, f"{len(saved.places)} slices")
                elements = new_array(selection.shape, dtype)
            elements[part.place] = values[box]
        return new_array(selection.shape, dtype) if elements is None else elements

    def _parts(self, saved: _Saved, selection: Selection) -> list[Overlap]:
        try:
            return selection.parts(saved.slices, saved.shape)
        except DataLossError as error:
            if self._missing:
                error.message += f"; {self.what_is_missing()}"
            raise

    def _decode(self, saved: _Saved, tensor_slice: TensorSlice) -> Array:
        """Read and decode one slice."""
        table = self._table(saved.places[tensor_slice])
        which = str(tensor_slice) or "(all)"
        with located(table.path):
            value = table.get(tensor_slice.key(saved.name))
            if value is None:
                raise DataLossError(f"the values of slice {which} are missing")
            record = Record.decode(value)
            if (record.name, record.slice) != (saved.name, tensor_slice):
                raise DataLossError(
                    f"under the key of slice {which} lies slice {record.slice} of "
                    f"{record.name.decode('utf-8', 'backslashreplace')!r}"
                )
            shape = tensor_slice.shape_in(saved.shape)
            count = volume(shape)
            values = listed_values(record.values, saved.data_type, count)
            if len(values) != count:  # no list is shortened here, unlike in other TensorProtos
                raise DataLossError(
                    f"slice {which} of shape {list(shape)} has {count} values, "
                    f"its record lists {len(values)}"
                )
            return reshaped(values, shape)

    def _table(self, number: int) -> Table:
        if self._closed:
            raise ValueError(f"the reader of {self.path} is closed")
        return self._shards.open(number, lambda: True)


def _reopened(path: str, mmap: bool) -> V1Reader:
    """Make the copy of a reader, also in another process: it opens the files for itself."""
    return V1Reader(path, mmap=mmap)


def _members(path: str, *, mmap: bool) -> Members[Table]:
    # A function, not a method: nothing here may refer to the reader, or one that is dropped would
    # keep its files open until the cycle collector runs.
    shards = split_pattern(path)
    return Members(
        None if shards is None else shard_group(*shards),
        lambda number: path if shards is None else shard_path(shards[0], number, shards[1]),
        Table,
        mmap=mmap,
    )


def _paths(path: str) -> list[str]:
    """Return the paths of all files that a checkpoint has where it is whole."""
    set_of_shards = split_pattern(path)
    return [path] if set_of_shards is None else all_shards(*set_of_shards)


def _info(saved: _Saved) -> TensorInfo:
    dtype = numpy_dtype(saved.data_type)
    size = 0 if dtype is None or dtype.kind == "O" else volume(saved.shape) * dtype.itemsize
    slices = () if saved.whole is not None else saved.slices
    return TensorInfo(saved.data_type, saved.shape, size, slices)
