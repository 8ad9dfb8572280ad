"""What `compare`, `statistics` and reports look at: anything that holds tensors by name."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from tfckpt.bundle.entry import Entry
from tfckpt.bundle.reader import BundleReader
from tfckpt.checkpoint import load_checkpoint
from tfckpt.dtypes import python_name
from tfckpt.errors import CheckpointError
from tfckpt.names import OBJECT_GRAPH_KEY, AnyPath, as_path
from tfckpt.reader import CheckpointReader, TensorReader, Verify
from tfckpt.storage import is_remote
from tfckpt.tensors.slices import Shape
from tfckpt.tensors.stored import Array, as_storable

Looked: TypeAlias = AnyPath | Mapping[str, Any]


class TypeAndShape(NamedTuple):
    """Element type and shape of a tensor, as people read them."""

    dtype: str
    shape: Shape

    def __str__(self) -> str:
        return f"{self.dtype} [{', '.join(map(str, self.shape))}]"


class Subject:
    """A reader, or any mapping of arrays, under the names that are to be looked at."""

    def __init__(
        self, mapping: Mapping[str, Any], path: str, keys: Mapping[str, str] | None = None
    ) -> None:
        """`keys` are the mapping's own names of those to be looked at, where not all are."""
        self.mapping = mapping
        self.path = path
        self._keys = keys
        infos = getattr(mapping, "infos", None)
        self._infos = None if infos is None else infos()

    def __reduce__(self) -> tuple[object, ...]:
        return Subject, (self.mapping, self.path, self._keys)

    def part(self, names: list[str]) -> Subject:
        """Return some of the tensors, for a worker; a reader is but a place to it."""
        if isinstance(self.mapping, TensorReader):
            return Subject(self.mapping, self.path, {name: self.key(name) for name in names})
        return Subject({name: self.mapping[name] for name in names}, self.path)

    def size(self, name: str) -> int:
        """Return how many bytes a tensor has."""
        if self._infos is not None:
            return int(self._infos[self.key(name)].stored_size)
        return as_storable(self.mapping[name])[0].nbytes

    @property
    def names(self) -> list[str]:
        if self._keys is not None:
            return list(self._keys)
        return list(self.mapping if self._infos is None else self._infos)

    def by_name(self) -> None:
        """Take the variables of objects by their full names, where they have one."""
        if not isinstance(self.mapping, CheckpointReader) or OBJECT_GRAPH_KEY not in self.mapping:
            return
        from tfckpt.renaming import renaming

        chosen = renaming(self.mapping, repeated="key", nameless="key", unreadable="skip")
        self._keys = chosen.keys

    def key(self, name: str) -> str:
        return name if self._keys is None else self._keys[name]

    def kind(self, name: str) -> TypeAndShape:
        if self._infos is not None:
            info = self._infos[self.key(name)]
            return TypeAndShape(info.type_name, tuple(info.shape))
        array, data_type = as_storable(self.mapping[name])
        return TypeAndShape(python_name(data_type), array.shape)

    def value(self, name: str) -> Array:
        """Read a tensor. Raises CheckpointError."""
        if isinstance(self.mapping, TensorReader):
            return self.mapping[self.key(name)]
        return as_storable(self.mapping[name])[0]

    def stored_checksum(self, name: str) -> tuple[object, ...] | None:
        """Return what equals that of another tensor of equal bytes; None if nothing says it."""
        reader = self.mapping
        if not isinstance(reader, BundleReader) or reader.header.big_endian:
            return None
        try:
            entry = reader.entry(self.key(name))
            if not entry.slices:
                return _checksum_of(entry)
            pieces = (
                reader.slice_entry(self.key(name), tensor_slice) for tensor_slice in entry.slices
            )
            return (entry.slices, *map(_checksum_of, pieces))
        except CheckpointError:
            return None


def _checksum_of(entry: Entry) -> tuple[object, ...]:
    return entry.data_type, entry.shape, entry.size, entry.crc32c


def open_any(path: AnyPath, *, verify: Verify = True) -> TensorReader:
    """Open what `open_tensors` does.

    For a prefix, or a folder with a state file, the readers of other formats are not loaded.
    """
    given = as_path(path)
    if given and not is_remote(given) and (not os.path.exists(given) or _has_state(given)):
        return load_checkpoint(given, verify=verify)
    from tfckpt.formats import open_tensors

    return open_tensors(given, verify=verify)


def _has_state(path: str) -> bool:
    if not os.path.isdir(path):
        return False
    from tfckpt.state import STATE_FILE  # loads protobuf

    return os.path.exists(os.path.join(path, STATE_FILE))


@contextmanager
def opened(what: Looked) -> Iterator[Subject]:
    """Open a path; a reader, or another mapping, is taken as it is and not closed."""
    if isinstance(what, Mapping):
        yield Subject(what, getattr(what, "path", f"<{type(what).__name__}>"))
        return
    with open_any(what) as reader:
        yield Subject(reader, reader.path)


def resolved(reader: TensorReader, name: str) -> str:
    """Return the tensor that a name means: its own, the path of an object, or a full name.

    Raises as `tfckpt.resolve`; TensorNotFoundError from readers of files without objects.
    """
    if isinstance(reader, CheckpointReader) and name not in reader:
        from tfckpt.objectgraph.resolving import resolve  # loads protobuf

        name = resolve(reader, name)
    reader.info(name)  # raises if it is not there: a damaged object graph names what never was
    return name


def numbers(array: Array) -> Array | None:
    """Return the numbers of an array: of a quantized one its integers; None for strings."""
    if array.dtype.names:
        array = array[array.dtype.names[0]]
    return None if array.dtype.kind == "O" else np.asarray(array)
