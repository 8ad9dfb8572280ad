"""A frozen graph's constants: weights that were made part of a model's graph."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tfckpt.errors import DataLossError, located
from tfckpt.formats.raw import ForeignReader
from tfckpt.graphdef.listing import constant_protos
from tfckpt.pause import no_collection
from tfckpt.protos import TensorProto
from tfckpt.reader import TensorInfo
from tfckpt.tensors.selection import Index, Selection
from tfckpt.tensors.slices import Shape
from tfckpt.tensors.stored import Array
from tfckpt.tensors.tensor_proto import make_ndarray


class FrozenReader(ForeignReader):
    """Reads the Const nodes of a graph (GraphDef, MetaGraphDef, SavedModel; binary or text).

    The file is read as a whole on opening: what protobuf writes has no directory. A value is
    decoded when it is asked for. `TensorInfo.stored_size` is that of its message.

    Raises FileMissingError if there is no such file, UnparsableFileError for what is no graph,
    ValueError for a SavedModel of several graphs.
    """

    def __init__(self, path: str) -> None:
        super().__init__(path)
        with located(path), no_collection():
            self._protos: dict[str, TensorProto] = {}
            for name, tensor in constant_protos(path):
                if name in self._protos:
                    raise DataLossError("the graph has two constants of this name", tensor=name)
                self._protos[name] = tensor

    def _find(self, name: str) -> TensorInfo | None:
        proto = self._protos.get(name)
        if proto is None:
            return None
        return TensorInfo(proto.dtype, _shape(proto), proto.ByteSize())

    def read(self, name: str, index: Index | None = None) -> Array:
        info = self.readable(name)
        with located(self.path, name), self._limits:
            array = make_ndarray(self._protos[name])
            if index is not None:
                Selection.of(index, info.shape)  # takes the same as of a tensor in a file
                part = array[index]
                return part if isinstance(part, bytes) else np.array(part, array.dtype)
        return array

    def close(self) -> None:
        """Nothing is held open."""

    def __iter__(self) -> Iterator[str]:
        return iter(self._protos)

    def __len__(self) -> int:
        return len(self._protos)


def _shape(proto: TensorProto) -> Shape:
    return tuple(max(0, dim.size) for dim in proto.tensor_shape.dim)
