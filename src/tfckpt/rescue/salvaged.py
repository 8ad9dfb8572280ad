"""What was salvaged, as a file of tensors like any other, so that every writer takes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from tfckpt import limits
from tfckpt.dtypes import numpy_dtype
from tfckpt.errors import located
from tfckpt.reader import TensorInfo, TensorReader, tensor_not_found
from tfckpt.rescue.survey import Files, Survivor
from tfckpt.tensors.selection import Index
from tfckpt.tensors.slices import volume
from tfckpt.tensors.stored import Array, new_array


class SalvagedReader(TensorReader):
    """The whole tensors of a damaged checkpoint, by name, read and checked when asked for.

    Where a part was lost and is to be filled, it holds that value.
    """

    def __init__(
        self, path: str, tensors: Mapping[str, Survivor], files: Files, fill: object = None
    ) -> None:
        self.path = path
        self._tensors = dict(sorted(tensors.items(), key=lambda named: _key(named[0])))
        self._files = files
        self._fill = fill
        self._limits = limits.current()

    def info(self, name: str) -> TensorInfo:
        if name not in self._tensors:
            raise tensor_not_found(name, self._tensors, self.path)
        return _info(self._tensors[name])

    def infos(self) -> Mapping[str, TensorInfo]:
        return {name: _info(tensor) for name, tensor in self._tensors.items()}

    def read(self, name: str, index: Index | None = None) -> Array:
        if name not in self._tensors:
            raise tensor_not_found(name, self._tensors, self.path)
        with located(self.path, name), self._limits:
            whole = self._whole(self._tensors[name])
        part: Array = whole if index is None else whole[index]
        return part

    def _whole(self, tensor: Survivor) -> Array:
        first = tensor.pieces[0]
        if len(tensor.pieces) == 1 and first.slice.shape_in(tensor.shape) == tensor.shape:
            return first.read()
        dtype = numpy_dtype(tensor.data_type)
        assert dtype is not None, "what cannot be read was not salvaged"
        needed = volume(tensor.shape) * dtype.itemsize
        self._limits.check_memory(needed, sum(piece.size for piece in tensor.pieces), "its pieces")
        whole = new_array(tensor.shape, dtype)
        if tensor.lost is not None:
            whole[...] = np.array(self._fill).astype(dtype)
        for piece in tensor.pieces:
            whole[piece.slice.index_in(tensor.shape)] = piece.read()
        return whole

    def close(self) -> None:
        self._files.close()

    def __iter__(self) -> Iterator[str]:
        return iter(self._tensors)

    def __len__(self) -> int:
        return len(self._tensors)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name in self._tensors


def _key(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")


def _info(tensor: Survivor) -> TensorInfo:
    return TensorInfo(tensor.data_type, tensor.shape, sum(piece.size for piece in tensor.pieces))
