"""Tensors that are read when they are asked for, and mappings of them.

A transform makes a new mapping of the same tensors; only a tensor that it changes is wrapped in one
that does the change when it is read. So mappings never nest, however many transforms there are, and
a tensor that nothing changed still knows in which checkpoint it lies.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from tfckpt.dtypes import DataType, data_type_of
from tfckpt.formats import open_tensors
from tfckpt.names import AnyPath, encode_name
from tfckpt.reader import (
    CheckpointReader,
    TensorInfo,
    TensorReader,
    listed,
    tensor_not_found,
)
from tfckpt.tensors.selection import Index, Selection
from tfckpt.tensors.slices import volume
from tfckpt.tensors.stored import Array, as_storable
from tfckpt.tensors.strings import encode_strings, to_array, to_bytes_list
from tfckpt.writer import tensor_named

# What a transform takes: a reader, a mapping of arrays, another transform, or the path of a
# checkpoint or another library's file.
Tensors: TypeAlias = Mapping[str, Any] | AnyPath


class LazyTensor(ABC):
    """A tensor of which dtype and shape are known, and the values are not read yet."""

    info: TensorInfo

    @abstractmethod
    def read(self, index: Index | None = None) -> Array:
        """Return its values, or the part of them that ``array[index]`` would be."""

    def pieces(self) -> Iterator[Array] | None:
        """Return its values as `TensorReader.pieces` does; None where `read` makes all at once."""
        return None

    @property
    def origin(self) -> tuple[TensorReader, str] | None:
        """The reader that has it as it is, and its name there; None where it is worked out."""
        return None

    @property
    def made_of(self) -> Sequence[LazyTensor]:
        """The tensors that it is worked out from."""
        return ()


class Read(LazyTensor):
    """A tensor of a checkpoint."""

    def __init__(self, reader: TensorReader, name: str, info: TensorInfo) -> None:
        self.reader = reader
        self.name = name
        self.info = info

    def read(self, index: Index | None = None) -> Array:
        return self.reader.read(self.name, index)

    @property
    def origin(self) -> tuple[TensorReader, str] | None:
        return self.reader.origin(self.name)


class Held(LazyTensor):
    """A value that somebody has: an array, or what numpy makes one of."""

    def __init__(self, value: object, name: str = "") -> None:
        self.name = name
        dtype, shape = getattr(value, "dtype", None), getattr(value, "shape", None)
        self._value = value
        if not isinstance(dtype, np.dtype) or dtype.kind in "OSUT":
            array, data_type = as_storable(value)
            if data_type is DataType.DT_STRING:
                strings = to_bytes_list(array)
                self._value = to_array(strings, array.shape)
                self.info = TensorInfo(data_type, array.shape, len(encode_strings(strings)[0]))
                return
            self._value, dtype, shape = array, array.dtype, array.shape
        assert isinstance(shape, tuple)
        self.info = TensorInfo(data_type_of(dtype), shape, volume(shape) * dtype.itemsize)

    def read(self, index: Index | None = None) -> Array:
        array, _ = as_storable(self._value)
        return array if index is None else part_of(array, index)


def part_of(array: Array, index: Index) -> Array:
    """Return a copy of a part of an array, chosen as in every checkpoint."""
    selection = Selection.of(index, array.shape)
    boxes = tuple(slice(axis.start, axis.stop, axis.step) for axis in selection.axes)
    return selection.finished(array[boxes].copy())


class LazyTensors(CheckpointReader):
    """What a transform returns: it is asked as a checkpoint is, and every writer takes it.

    Closing it closes the readers that it reads from.
    """

    def __init__(
        self, tensors: Mapping[str, LazyTensor], readers: Iterable[TensorReader] = ()
    ) -> None:
        for name in tensors:
            encode_name(name)
        self.tensors = dict(tensors)
        self.readers: Sequence[TensorReader] = list(dict.fromkeys(readers))
        self.path = self.readers[0].path if self.readers else "tensors in memory"

    def with_tensors(self, tensors: Mapping[str, LazyTensor]) -> LazyTensors:
        """Return others of the same readers."""
        return LazyTensors(tensors, self.readers)

    def tensor(self, name: str) -> LazyTensor:
        """Return a tensor, not read. Raises TensorNotFoundError."""
        if name not in self:
            raise tensor_not_found(name, self.tensors, self.path)
        return self.tensors[name]

    def info(self, name: str) -> TensorInfo:
        return self.tensor(name).info

    def infos(self) -> Mapping[str, TensorInfo]:
        return {name: tensor.info for name, tensor in self.tensors.items()}

    def read(self, name: str, index: Index | None = None) -> Array:
        return self.tensor(name).read(index)

    def get_tensors(self, names: Iterable[str] | None = None) -> dict[str, Array]:
        wanted = list(self if names is None else listed(names))
        read: dict[TensorReader, dict[str, str]] = {}
        for name in wanted:
            tensor = self.tensor(name)
            if isinstance(tensor, Read):
                read.setdefault(tensor.reader, {})[name] = tensor.name
        arrays: dict[str, Array] = {}
        for reader, own in read.items():
            values = reader.get_tensors(own.values())
            arrays |= {name: values[own_name] for name, own_name in own.items()}
        return {name: arrays[name] if name in arrays else self[name] for name in wanted}

    def origin(self, name: str) -> tuple[TensorReader, str] | None:
        return self.tensor(name).origin

    def pieces(self, name: str) -> Iterator[Array] | None:
        return self.tensor(name).pieces()

    def what_is_missing(self) -> str:
        return "\n".join(filter(None, (reader.what_is_missing() for reader in self.readers)))

    def close(self) -> None:
        for reader in self.readers:
            reader.close()

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name in self.tensors

    def __iter__(self) -> Iterator[str]:
        return iter(self.tensors)

    def __len__(self) -> int:
        return len(self.tensors)


def as_lazy(tensors: Tensors) -> LazyTensors:
    """Return the tensors of a reader, a mapping of arrays, or the file at a path."""
    if isinstance(tensors, LazyTensors):
        return tensors
    if isinstance(tensors, (str, bytes, os.PathLike)):
        tensors = open_tensors(tensors)
    if isinstance(tensors, TensorReader):
        reader = tensors
        return LazyTensors(
            {name: Read(reader, name, info) for name, info in reader.infos().items()}, [reader]
        )
    if not isinstance(tensors, Mapping):
        raise TypeError(f"tensors are a mapping from name to array, or a path, not {tensors!r:.80}")
    held: dict[str, LazyTensor] = {}
    for name, value in tensors.items():
        encode_name(name)
        with tensor_named(name):
            held[name] = Held(value, name)
    return LazyTensors(held)
