"""Number tensors as bytes: little-endian, C order, back to back. Arrays in, buffers out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tfckpt.dtypes import DataType, data_type_of
from tfckpt.errors import UnimplementedError

Array = npt.NDArray[Any]

_CHUNK_BYTES = 4 << 20


def as_storable(value: object) -> tuple[Array, DataType]:
    """Return `value` as an array and the DataType it is stored as.

    Python numbers follow numpy's rules: an int becomes int64, a float becomes float64.

    Raises TypeError for what no checkpoint can hold.
    """
    array = value if type(value) is np.ndarray else _as_array(value)
    return array, data_type_of(array.dtype)


def _as_array(value: object) -> Array:
    try:
        array = np.asarray(value)
    except ValueError as error:  # ragged lists
        raise TypeError(f"cannot make an array of {type(value).__name__}: {error}") from None
    if np.ma.is_masked(value):
        raise TypeError("a checkpoint cannot hold a masked array: fill it first")
    if array.dtype.kind in "SU" and not isinstance(value, (np.ndarray, np.generic)):
        return np.asarray(value, object)  # numpy's own string dtypes drop zeros at the end
    return array


def new_array(shape: Sequence[int], dtype: np.dtype[Any]) -> Array:
    """Return an array to be filled.

    Raises UnimplementedError for a shape that numpy does not have: too many dimensions, or sizes
    beyond it around a zero.
    """
    try:
        return np.empty(shape, dtype)
    except ValueError as error:
        raise beyond_numpy(shape, error) from None


def reshaped(flat: Array, shape: Sequence[int]) -> Array:
    """Return a flat array in its shape. Raises UnimplementedError as `new_array`."""
    try:
        return flat.reshape(shape)
    except ValueError as error:
        raise beyond_numpy(shape, error) from None


def beyond_numpy(shape: Sequence[int], error: ValueError) -> UnimplementedError:
    return UnimplementedError(f"numpy has no array of shape {list(shape)}: {error}")


def stored_bytes(array: Array) -> bytes:
    """Return the bytes of a small tensor."""
    return array.tobytes() if array.dtype.isnative else little_endian(array).tobytes()


def stored_view(array: Array) -> memoryview | None:
    """Return the array's own memory where it is laid out as it is stored, else None."""
    if array.flags.c_contiguous and array.dtype.isnative:
        return array.reshape(-1).view(np.uint8).data
    return None


def stored_chunks(array: Array) -> Iterator[memoryview]:
    """Yield the stored bytes of an array of any layout, a few MB at a time."""
    bits = bit_view(array if array.ndim else array.reshape(1))  # nditer of numpy 1.23 needs it
    chunks = np.nditer(  # type: ignore[call-overload]  # numpy's stubs do not know "contig"
        bits,
        flags=["external_loop", "buffered", "zerosize_ok"],
        op_flags=[["readonly", "contig"]],
        op_dtypes=[bits.dtype.newbyteorder("<")],
        order="C",
        buffersize=max(1, _CHUNK_BYTES // bits.itemsize),
    )
    for chunk in chunks:
        yield np.ascontiguousarray(chunk).view(np.uint8).data


def bit_view(array: Array) -> Array:
    """See elements that numpy's iterators do not know as plain integers of their size."""
    dtype = array.dtype
    if dtype.type.__module__ == "numpy" and dtype.names is None:
        return array
    return array.view(f"{'<' if dtype.isnative else '>'}u{dtype.itemsize}")


def little_endian(array: Array) -> Array:
    return array.astype(array.dtype.newbyteorder("<"))


def swap_bytes(array: Array) -> None:
    """Turn elements that a big-endian machine stored into native ones, in place."""
    parts = 2 if array.dtype.kind == "c" else 1
    if array.dtype.itemsize > parts:
        array.view(f"u{array.dtype.itemsize // parts}").byteswap(inplace=True)
