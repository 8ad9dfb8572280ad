"""The element types of TensorFlow, and what they are in numpy.

`DataType` has the numbers of TensorFlow's ``types.proto``. One table says which numpy dtype a
stored tensor has; the other way round it says how an array is stored.

Quantized types have the structured dtypes that TensorFlow's own ``as_numpy_dtype`` has (one
field, named like the type), so that they stay apart from plain integers on a round trip.
Types below a byte (int4 and the like) take one byte an element, in arrays as on disk.
"""

from __future__ import annotations

from enum import IntEnum
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    DTypeLike = npt.DTypeLike


class DataType(IntEnum):
    """TensorFlow's DataType numbers (``tensorflow/core/framework/types.proto``)."""

    DT_INVALID = 0
    DT_FLOAT = 1
    DT_DOUBLE = 2
    DT_INT32 = 3
    DT_UINT8 = 4
    DT_INT16 = 5
    DT_INT8 = 6
    DT_STRING = 7
    DT_COMPLEX64 = 8
    DT_INT64 = 9
    DT_BOOL = 10
    DT_QINT8 = 11
    DT_QUINT8 = 12
    DT_QINT32 = 13
    DT_BFLOAT16 = 14
    DT_QINT16 = 15
    DT_QUINT16 = 16
    DT_UINT16 = 17
    DT_COMPLEX128 = 18
    DT_HALF = 19
    DT_RESOURCE = 20
    DT_VARIANT = 21
    DT_UINT32 = 22
    DT_UINT64 = 23
    DT_FLOAT8_E5M2 = 24
    DT_FLOAT8_E4M3FN = 25
    DT_FLOAT8_E4M3FNUZ = 26
    DT_FLOAT8_E4M3B11FNUZ = 27
    DT_FLOAT8_E5M2FNUZ = 28
    DT_INT4 = 29
    DT_UINT4 = 30
    DT_INT2 = 31
    DT_UINT2 = 32
    DT_FLOAT4_E2M1FN = 33


D = DataType

_NUMPY: dict[DataType, DTypeLike] = {
    D.DT_FLOAT: np.float32,
    D.DT_DOUBLE: np.float64,
    D.DT_INT32: np.int32,
    D.DT_UINT8: np.uint8,
    D.DT_INT16: np.int16,
    D.DT_INT8: np.int8,
    D.DT_COMPLEX64: np.complex64,
    D.DT_INT64: np.int64,
    D.DT_BOOL: np.bool_,
    D.DT_QINT8: [("qint8", np.int8)],
    D.DT_QUINT8: [("quint8", np.uint8)],
    D.DT_QINT32: [("qint32", np.int32)],
    D.DT_QINT16: [("qint16", np.int16)],
    D.DT_QUINT16: [("quint16", np.uint16)],
    D.DT_UINT16: np.uint16,
    D.DT_COMPLEX128: np.complex128,
    D.DT_HALF: np.float16,
    D.DT_UINT32: np.uint32,
    D.DT_UINT64: np.uint64,
}

# The rest are dtypes that ml_dtypes adds to numpy. It is imported only when one of them is met.
_ML_DTYPES: dict[DataType, str] = {
    D.DT_BFLOAT16: "bfloat16",
    D.DT_FLOAT8_E5M2: "float8_e5m2",
    D.DT_FLOAT8_E4M3FN: "float8_e4m3fn",
    D.DT_FLOAT8_E4M3FNUZ: "float8_e4m3fnuz",
    D.DT_FLOAT8_E4M3B11FNUZ: "float8_e4m3b11fnuz",
    D.DT_FLOAT8_E5M2FNUZ: "float8_e5m2fnuz",
    D.DT_INT4: "int4",
    D.DT_UINT4: "uint4",
    D.DT_INT2: "int2",
    D.DT_UINT2: "uint2",
    D.DT_FLOAT4_E2M1FN: "float4_e2m1fn",
}

# TensorFlow writes slices of all types, and reads none of these (``tensor_bundle.cc``).
UNREAD_SLICES = frozenset(
    {
        D.DT_STRING,
        D.DT_HALF,
        D.DT_UINT16,
        D.DT_UINT32,
        D.DT_UINT64,
        D.DT_QINT16,
        D.DT_QUINT16,
        D.DT_INT2,
        D.DT_UINT2,
        D.DT_FLOAT4_E2M1FN,
        D.DT_FLOAT8_E5M2,
        D.DT_FLOAT8_E4M3FN,
        D.DT_FLOAT8_E4M3FNUZ,
        D.DT_FLOAT8_E4M3B11FNUZ,
        D.DT_FLOAT8_E5M2FNUZ,
    }
)

# Listed by readers, but their values mean something only inside a TensorFlow process.
OPAQUE = frozenset({D.DT_RESOURCE, D.DT_VARIANT})


@cache
def _numpy_dtypes() -> dict[int, np.dtype[Any]]:
    import ml_dtypes

    dtypes = {int(kind): np.dtype(spec) for kind, spec in _NUMPY.items()}
    for kind, name in _ML_DTYPES.items():
        # An older ml_dtypes lacks the newest types: those alone are then not available.
        if hasattr(ml_dtypes, name):
            dtypes[int(kind)] = np.dtype(getattr(ml_dtypes, name))
    for kind in (D.DT_STRING, *OPAQUE):
        dtypes[int(kind)] = np.dtype(object)
    return dtypes


@cache
def _data_types() -> dict[np.dtype[Any], DataType]:
    return {dtype: DataType(kind) for kind, dtype in _numpy_dtypes().items() if dtype.kind != "O"}


@cache
def numpy_dtype(data_type: int) -> np.dtype[Any] | None:
    """Return the numpy dtype of a DataType, None for a number that names no known type.

    Strings, resources and variants are ``object``.
    """
    plain = _NUMPY.get(data_type)  # type: ignore[call-overload]
    return np.dtype(plain) if plain is not None else _numpy_dtypes().get(data_type)


def data_type_of(dtype: np.dtype[Any]) -> DataType:
    """Return how an array of `dtype` is stored, in whatever byte order it is.

    Every kind of string is DT_STRING; so is ``object``, whose elements must then be bytes or str.

    Raises TypeError for a dtype that no checkpoint can hold.
    """
    known = _data_types()
    found = known.get(dtype)
    if found is not None:
        return found
    if dtype.kind in "SUOT":
        return DataType.DT_STRING
    found = known.get(dtype.newbyteorder("="))
    if found is not None:
        return found
    raise TypeError(
        f"a checkpoint cannot hold numpy's {dtype} (it holds bool, integers, floats, complex, "
        f"strings, and the types of ml_dtypes){_instead(dtype)}"
    )


def _instead(dtype: np.dtype[Any]) -> str:
    """Say what an array that no checkpoint can hold could be saved as."""
    if dtype.names:
        return f": save each field by itself, such as array[{dtype.names[0]!r}]"
    advice = {
        "M": "as array.astype('int64'), and keep the unit",
        "m": "as array.astype('int64'), and keep the unit",
        "f": "as array.astype('float64')",
        "c": "as array.astype('complex128')",
        "V": "as array.view('uint8')",
    }.get(dtype.kind)
    return "" if advice is None else f": save it {advice}"


_KINDS = {"f": "fraction", "i": "integer", "u": "integer", "c": "complex", "b": "bool"}


def number_kind(dtype: np.dtype[Any]) -> str:
    """Return "fraction", "integer", "complex" or "bool"; "" for strings and quantized types.

    The types of ml_dtypes are what they are, not the void that some are to numpy.
    """
    if dtype.names:
        return ""
    if dtype.type.__module__ != "numpy":
        return "integer" if "int" in dtype.name else "fraction"
    return _KINDS.get(dtype.kind, "")


def why_unreadable(data_type: int) -> str | None:
    """Say why tensors of a type can be listed but not read; None for a type that can be read."""
    if data_type in OPAQUE:
        return f"a {data_type_name(data_type)} has a value only inside TensorFlow"
    if numpy_dtype(data_type) is None:
        return (
            f"its element type, {data_type_name(data_type)}, is none that is known here (one of a "
            f"TensorFlow, or an ml_dtypes, newer than those here?)"
        )
    return None


def data_type_name(data_type: int) -> str:
    """Return TensorFlow's name, such as ``DT_FLOAT``; the number where it has none."""
    return DataType(data_type).name if data_type in _NAMED else f"DT_{data_type}"


@lru_cache(maxsize=256)
def python_name(data_type: int) -> str:
    """Return the name that TensorFlow's Python has for it: ``float32``, ``string``, ``qint8``."""
    dtype = numpy_dtype(data_type)
    if dtype is None or dtype.kind == "O" or dtype.names:
        return data_type_name(data_type).removeprefix("DT_").lower()
    return dtype.name


_NAMED = frozenset(int(kind) for kind in DataType)
