"""Number tensors as bytes: little-endian, C order, back to back. Arrays in, buffers out."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tfckpt.dtypes import DataType, data_type_of
from tfckpt.errors import UnimplementedError
from tfckpt.tensors.unfit import is_string, why_unfit

Array = npt.NDArray[Any]

_CHUNK_BYTES = 4 << 20


def as_storable(value: object) -> tuple[Array, DataType]:
    """Return `value` as an array and the DataType it is stored as.

    Python numbers follow numpy's rules: an int becomes int64, a float becomes float64. Arrays of
    other libraries are taken by ``__array__``, ``__dlpack__`` or the buffer protocol; PyTorch's of
    bfloat16 and float8 by their bits. One on another device is a TypeError.

    Raises TypeError for what no checkpoint can hold. The elements of an object array are looked at
    only when they are written.
    """
    array = value if type(value) is np.ndarray else as_array(value)
    if array.ndim == 0 and array.dtype.kind == "O" and not is_string(array.item()):
        raise TypeError(why_unfit(array))
    return array, data_type_of(array.dtype)


def as_array(value: object) -> Array:
    """Return `value` as an array of any dtype of numpy's; raises as `as_storable`."""
    if np.ma.is_masked(value):
        raise TypeError("a masked array has elements without a value: give array.filled(...)")
    try:
        array = _converted(value)
    except (TypeError, ValueError, RuntimeError, BufferError) as error:
        raise TypeError(_why_no_array(value, error)) from error
    if array.dtype.kind == "O" and isinstance(value, (list, tuple)) and _is_ragged(array):
        raise TypeError(_ragged(value))
    if array.dtype.kind in "SU" and not isinstance(value, (np.ndarray, np.generic)):
        return np.asarray(value, object)  # numpy's own string dtypes drop zeros at the end
    return array


def _converted(value: Any) -> Array:
    if getattr(value, "requires_grad", False) is True:
        value = value.detach()  # PyTorch hands no array out while it records gradients
    dtype = _dtype_numpy_lacks(value)
    if dtype is not None:
        bits = getattr(sys.modules["torch"], f"uint{8 * dtype.itemsize}")
        return np.asarray(value.view(bits)).view(dtype)
    if hasattr(value, "__dlpack__") and not hasattr(value, "__array__"):
        return np.from_dlpack(value)
    return np.asarray(value)


def _dtype_numpy_lacks(value: Any) -> np.dtype[Any] | None:
    """Return the dtype of a tensor of PyTorch that it hands to nobody, as numpy has none itself."""
    library, _, name = str(getattr(value, "dtype", "")).partition(".")
    if library != "torch" or not name.startswith(("bfloat16", "float8")):
        return None
    import ml_dtypes

    found: np.dtype[Any] = np.dtype(getattr(ml_dtypes, name))
    return found


def _why_no_array(value: object, error: Exception) -> str:
    if isinstance(value, (list, tuple)) and isinstance(error, ValueError):
        return _ragged(value)
    return f"numpy makes no array of a {type(value).__name__}: {error}"


def _is_ragged(array: Array) -> bool:
    """Whether items are arrays themselves: numpy before 1.24 makes object arrays of such lists."""
    return any(isinstance(item, (list, tuple, np.ndarray)) for item in array.flat)


def _ragged(value: object) -> str:
    return (
        f"the items of the {type(value).__name__} have different shapes, so they are no array: "
        f"give each a name of its own"
    )


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


def same_bits(a: Array, b: Array) -> bool:
    """Whether two arrays have the same dtype, shape and bits (NaN too), or the same strings."""
    if (a.dtype, a.shape) != (b.dtype, b.shape):
        return False
    if a.dtype.kind in "OS":
        return bool(a.tolist() == b.tolist())
    return np.array_equal(_octets(a), _octets(b))


def _octets(array: Array) -> Array:
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8)


def swap_bytes(array: Array) -> None:
    """Turn elements that a big-endian machine stored into native ones, in place."""
    parts = 2 if array.dtype.kind == "c" else 1
    if array.dtype.itemsize > parts:
        array.view(f"u{array.dtype.itemsize // parts}").byteswap(inplace=True)
