"""Tensors of a file as lazy arrays of dask's."""

from __future__ import annotations

from typing import Any, Protocol
from uuid import uuid4

import numpy as np


class _Reader(Protocol):
    path: str

    def info(self, name: str) -> Any: ...

    def read(self, name: str, index: Any = None) -> Any: ...


class _Tensor:
    """What dask takes for an array: something with a shape that gives parts of itself."""

    def __init__(self, reader: _Reader, name: str) -> None:
        info = reader.info(name)
        self._reader, self._name = reader, name
        self.shape, self.dtype = tuple(info.shape), np.dtype(info.dtype)
        self.ndim = len(self.shape)

    def __getitem__(self, index: Any) -> Any:
        return self._reader.read(self._name, index) if self.ndim else self._reader.read(self._name)


def to_dask(reader: _Reader, name: str, chunks: Any) -> Any:
    """Return a tensor as an array of dask's. Raises ImportError without dask."""
    try:
        import dask.array
    except ImportError:
        raise ImportError("lazy arrays need dask: pip install 'tfckpt[dask]'") from None
    tensor = _Tensor(reader, name)
    return dask.array.from_array(
        tensor,
        chunks=chunks,
        name=f"tfckpt-{name}-{uuid4().hex}",
        lock=False,
        asarray=False,
        fancy=False,
        meta=np.empty((0,) * tensor.ndim, tensor.dtype),
    )
