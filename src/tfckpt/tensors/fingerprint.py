"""What tells the values of a tensor from others, in a few bytes."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from tfckpt.checksum import combine, crc32c
from tfckpt.parallel import in_parallel
from tfckpt.tensors.slices import Shape
from tfckpt.tensors.stored import Array, stored_chunks, stored_view
from tfckpt.tensors.strings import encode_strings, to_bytes_list

_PIECE = 4 << 20


class Fingerprint(NamedTuple):
    """An array's dtype, shape, and the CRC-32C of its bytes as a bundle stores them."""

    dtype: np.dtype[Any]
    shape: Shape
    crc: int

    @classmethod
    def of(cls, array: Array) -> Fingerprint:
        """Strings are the same whether they are objects, bytes or texts of fixed length."""
        if array.dtype.kind in "SUOT":
            return cls(np.dtype(object), array.shape, encode_strings(to_bytes_list(array))[1])
        return cls(array.dtype.newbyteorder("="), array.shape, _crc_of(array))


def _crc_of(array: Array) -> int:
    view = stored_view(array)
    if view is None:
        crc = 0
        for chunk in stored_chunks(array):
            crc = crc32c(chunk, crc)
        return crc
    if len(view) <= _PIECE:
        return crc32c(view, 0)
    return combine(
        in_parallel(_checksum, [view[at : at + _PIECE] for at in range(0, len(view), _PIECE)])
    )


def _checksum(piece: memoryview) -> tuple[int, int]:
    return crc32c(piece, 0), len(piece)
