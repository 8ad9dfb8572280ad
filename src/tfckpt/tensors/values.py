"""The values of a TensorProto: which field holds those of each dtype, and in what form.

    field             holds                                        on the wire
    float_val 5       float                                        4 bytes each
    double_val 6      double                                       8 bytes each
    int_val 7         int32 and all smaller integers, also quantized and below a byte    varints
    string_val 8      strings                                      one field each
    scomplex_val 9    complex64                                    real, imaginary: 4 bytes each
    int64_val 10      int64                                        varints
    bool_val 11       bool                                         varints
    dcomplex_val 12   complex128                                   real, imaginary: 8 bytes each
    half_val 13       the bits of half and bfloat16                varints
    uint32_val 16, uint64_val 17                                   varints
    float8_val 18     the bits of all types of 8 bits and less with a fraction    bytes

or, for any of them, tensor_content 4: the elements as they lie in memory, little-endian.

A list may be shorter than the tensor: its last value then stands for all the rest, and a list
without values for zeros (TensorFlow's ``core/framework/tensor.cc``).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from tfckpt import limits
from tfckpt.coding import Buffer, decode_varints
from tfckpt.dtypes import DataType, data_type_name, numpy_dtype
from tfckpt.errors import DataLossError, UnimplementedError
from tfckpt.tensors.stored import Array, swap_bytes
from tfckpt.tensors.strings import to_array, to_bytes_list
from tfckpt.wire import (
    BYTES,
    FIXED32,
    FIXED64,
    VARINT,
    bytes_field,
    decode_packed,
    encode_varints,
    fields,
)

D = DataType

_DTYPE = 1
TENSOR_CONTENT = 4
STRING_VAL = 8


class _Form(NamedTuple):
    """A field's number, and the numpy dtype whose elements are its values.

    `wire_type` is that of a single value outside a packed list.
    """

    number: int
    element: str
    wire_type: int


_FORMS: dict[int, _Form] = {
    D.DT_FLOAT: _Form(5, "<f4", FIXED32),
    D.DT_DOUBLE: _Form(6, "<f8", FIXED64),
    D.DT_COMPLEX64: _Form(9, "<f4", FIXED32),
    D.DT_COMPLEX128: _Form(12, "<f8", FIXED64),
    D.DT_INT32: _Form(7, "i4", VARINT),
    D.DT_INT16: _Form(7, "i2", VARINT),
    D.DT_INT8: _Form(7, "i1", VARINT),
    D.DT_UINT16: _Form(7, "u2", VARINT),
    D.DT_UINT8: _Form(7, "u1", VARINT),
    D.DT_QINT32: _Form(7, "i4", VARINT),
    D.DT_QINT16: _Form(7, "i2", VARINT),
    D.DT_QINT8: _Form(7, "i1", VARINT),
    D.DT_QUINT16: _Form(7, "u2", VARINT),
    D.DT_QUINT8: _Form(7, "u1", VARINT),
    D.DT_INT4: _Form(7, "i1", VARINT),
    D.DT_UINT4: _Form(7, "u1", VARINT),
    D.DT_INT2: _Form(7, "i1", VARINT),
    D.DT_UINT2: _Form(7, "u1", VARINT),
    D.DT_INT64: _Form(10, "i8", VARINT),
    D.DT_BOOL: _Form(11, "?", VARINT),
    D.DT_HALF: _Form(13, "u2", VARINT),
    D.DT_BFLOAT16: _Form(13, "u2", VARINT),
    D.DT_UINT32: _Form(16, "u4", VARINT),
    D.DT_UINT64: _Form(17, "u8", VARINT),
    D.DT_FLOAT8_E5M2: _Form(18, "u1", BYTES),
    D.DT_FLOAT8_E4M3FN: _Form(18, "u1", BYTES),
    D.DT_FLOAT8_E4M3FNUZ: _Form(18, "u1", BYTES),
    D.DT_FLOAT8_E4M3B11FNUZ: _Form(18, "u1", BYTES),
    D.DT_FLOAT8_E5M2FNUZ: _Form(18, "u1", BYTES),
    D.DT_FLOAT4_E2M1FN: _Form(18, "u1", BYTES),
}
# Their byte in memory may hold more bits than the value has, so they go by value.
BELOW_A_BYTE = frozenset({D.DT_INT4, D.DT_UINT4, D.DT_INT2, D.DT_UINT2})


def encode_values(array: Array, data_type: DataType) -> tuple[bytes, Buffer]:
    """Return the field that holds an array's values, in C order: its head, and the rest.

    Both are empty for an array without elements.
    """
    if data_type is D.DT_STRING:
        return b"", b"".join(
            bytes_field(STRING_VAL, len(string)) + string for string in to_bytes_list(array)
        )
    if not array.size:
        return b"", b""
    form = _FORMS[data_type]
    elements = _elements(array, data_type, form)
    body: Buffer
    if form.wire_type == VARINT:
        body = encode_varints(elements)
    else:
        body = elements.astype(form.element, copy=False).view(np.uint8).data
    return bytes_field(form.number, len(body)), body


def _elements(array: Array, data_type: DataType, form: _Form) -> Array:
    """See an array as the flat list of its field's values."""
    flat = np.ascontiguousarray(array).reshape(-1)
    if data_type in BELOW_A_BYTE:
        return flat.astype(form.element)
    dtype = numpy_dtype(data_type)
    assert dtype is not None
    return flat.astype(dtype, copy=False).view(form.element.lstrip("<"))


def decode_values(message: Buffer, data_type: int, count: int) -> Array:
    """Return `count` values of a serialized TensorProto as a flat array, the caller's own.

    Raises DataLossError if there are more, if the message names another dtype, or if the bytes
    are no such message.
    """
    return expanded(listed_values(message, data_type, count), count, len(message))


def listed_values(message: Buffer, data_type: int, count: int) -> Array:
    """Return the values that a serialized TensorProto has, as many as there are.

    Its tensor_content must hold `count` of them.

    Raises as `decode_values`.
    """
    if data_type == D.DT_STRING:
        return _listed_strings(message, count)
    form = _form(data_type)
    content: list[memoryview] = []
    values: list[memoryview | int] = []
    kinds: set[int] = set()
    for number, kind, value in fields(message):
        if number == _DTYPE and kind == VARINT:
            _check_stated(value, data_type)  # type: ignore[arg-type]
        elif number == TENSOR_CONTENT and kind == BYTES:
            content = [value]  # type: ignore[list-item]
        elif number == form.number:
            kinds.add(kind)
            values.append(value)
    if content and len(content[0]):
        return decode_content(content[0], data_type, count)
    if not kinds <= {form.wire_type, BYTES}:
        raise DataLossError(f"field {form.number} of a tensor has wire type {max(kinds)}")
    dtype = numpy_dtype(data_type)
    assert dtype is not None
    if form.wire_type == BYTES:
        values = values[-1:]  # one field of bytes, not a list: the last one counts
    return (
        _decode_integers(values, form, data_type)
        if form.wire_type == VARINT
        else _decode_fixed(values, form, dtype)
    )


def decode_content(content: Buffer, data_type: int, count: int) -> Array:
    """Return `count` values laid out as in memory, as a flat array, the caller's own."""
    if data_type == D.DT_STRING:
        return _content_strings(content, count)
    _form(data_type)
    dtype = numpy_dtype(data_type)
    assert dtype is not None
    if len(content) != count * dtype.itemsize:
        raise DataLossError(
            f"{count} values of {data_type_name(data_type)} take {count * dtype.itemsize} bytes, "
            f"tensor_content has {len(content)}"
        )
    if dtype == np.bool_:
        return np.frombuffer(content, np.uint8).astype(np.bool_)
    flat = np.frombuffer(content, dtype).copy()
    if sys.byteorder == "big":
        swap_bytes(flat)
    return flat


def expanded(flat: Array, count: int, stored: int) -> Array:
    """Let the last value of a list of `stored` bytes stand for what is missing up to `count`."""
    if len(flat) == count:
        return flat
    if len(flat) > count:
        raise DataLossError(f"{len(flat)} values for a tensor of {count} elements")
    limits.current().check_memory(
        count * flat.dtype.itemsize, stored, f"a tensor of {count} elements made of {len(flat)}"
    )
    try:
        whole = np.zeros(count, flat.dtype)
    except MemoryError:
        raise DataLossError(f"no memory for {count} elements made of {len(flat)}") from None
    if len(flat):
        whole[: len(flat)] = flat
        whole[len(flat) :] = flat[-1]
    elif flat.dtype.kind == "O":
        whole.fill(b"")
    return whole


def _form(data_type: int) -> _Form:
    form = _FORMS.get(data_type)
    if form is None or numpy_dtype(data_type) is None:
        raise UnimplementedError(f"a {data_type_name(data_type)} has no value outside TensorFlow")
    return form


def _decode_integers(values: list[memoryview | int], form: _Form, data_type: int) -> Array:
    """Decode varints, from packed lists and from single fields."""

    def narrow(numbers: npt.NDArray[Any]) -> Array:
        return _INTEGERS[form.number](numbers, form, data_type)

    parts: list[Array] = []
    for value in values:
        if isinstance(value, int):
            parts.append(narrow(np.array([value], np.uint64)))
        else:
            parts += decode_packed(value, narrow)
    return _joined(parts) if parts else narrow(np.empty(0, np.uint64))


def _decode_fixed(values: list[memoryview | int], form: _Form, dtype: np.dtype[Any]) -> Array:
    """Decode values of fixed size; packed lists and single fields look the same."""
    octets = _joined([np.frombuffer(value, np.uint8) for value in values])  # type: ignore[arg-type]
    if len(octets) % dtype.itemsize:
        raise DataLossError(f"{len(octets)} bytes are no list of {dtype.itemsize}-byte values")
    stored = octets.view(form.element)
    native = form.element.lstrip("<")
    return stored.astype(native).view(dtype)  # a copy: the caller's own, and aligned


def _joined(parts: list[Array]) -> Array:
    if len(parts) == 1:
        return parts[0]
    return np.concatenate(parts) if parts else np.empty(0, np.uint8)


def _small_integers(numbers: npt.NDArray[np.uint64], form: _Form, data_type: int) -> Array:
    # An int32 keeps the low 32 bits of its varint, as in every protobuf parser.
    wide = numbers.astype(np.uint32).view(np.int32)
    low, high = _RANGES.get(data_type, _limits(form.element))
    if len(wide) and not low <= int(wide.min()) <= int(wide.max()) <= high:
        raise DataLossError(
            f"values from {wide.min()} to {wide.max()} where {data_type_name(data_type)} goes "
            f"from {low} to {high}"
        )
    dtype = numpy_dtype(data_type)
    assert dtype is not None
    narrow = wide.astype(form.element)
    return narrow.astype(dtype) if data_type in BELOW_A_BYTE else narrow.view(dtype)


def _limits(element: str) -> tuple[int, int]:
    info = np.iinfo(element)
    return int(info.min), int(info.max)


_RANGES: dict[int, tuple[int, int]] = {
    D.DT_INT4: (-8, 7),
    D.DT_UINT4: (0, 15),
    D.DT_INT2: (-2, 1),
    D.DT_UINT2: (0, 3),
}

_Decoder = Callable[[npt.NDArray[np.uint64], _Form, int], Array]
_INTEGERS: dict[int, _Decoder] = {
    7: _small_integers,
    10: lambda numbers, form, data_type: numbers.view(np.int64),
    11: lambda numbers, form, data_type: numbers.astype(np.bool_),
    13: _small_integers,
    16: lambda numbers, form, data_type: numbers.astype(np.uint32),
    17: lambda numbers, form, data_type: numbers,
}


def _listed_strings(message: Buffer, count: int) -> Array:
    """Read the many little fields of a string tensor with protobuf itself, which is in C."""
    from tfckpt.parsing import parse_binary
    from tfckpt.protos import TensorProto

    try:
        proto = parse_binary(bytes(message), TensorProto)
    except DataLossError as error:
        raise DataLossError(f"the values of a tensor do not parse: {error}") from None
    _check_stated(proto.dtype, D.DT_STRING)
    if proto.tensor_content:
        return _content_strings(proto.tensor_content, count)
    strings = list(proto.string_val)
    return to_array(strings, (len(strings),))


def _check_stated(stated: int, data_type: int) -> None:
    if stated not in (D.DT_INVALID, data_type):
        raise DataLossError(
            f"its values are {data_type_name(stated)}, it is listed as {data_type_name(data_type)}"
        )


def _content_strings(content: Buffer, count: int) -> Array:
    """Read the lengths, then the characters (TensorFlow's ``port::EncodeStringList``)."""
    view = memoryview(content)
    lengths, pos = decode_varints(view, count)
    total = sum(lengths.tolist())
    if pos + total != len(view):
        raise DataLossError(
            f"{count} strings take {pos + total} bytes by their lengths, "
            f"tensor_content has {len(view)}"
        )
    strings = []
    for length in lengths.tolist():
        strings.append(bytes(view[pos : pos + length]))
        pos += length
    return to_array(strings, (count,))
