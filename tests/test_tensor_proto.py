"""TensorProto: which field holds what, in all forms that writers chose."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import tfckpt
from tfckpt.coding import encode_varint
from tfckpt.dtypes import DataType, numpy_dtype
from tfckpt.errors import DataLossError, UnimplementedError
from tfckpt.protos import TensorProto
from tfckpt.tensors.values import decode_values, encode_values
from tfckpt.wire import decode_packed, encode_varints, fields

D = DataType

# dtype, values, the message after dtype and shape
TYPED = [
    (D.DT_FLOAT, [1.5], "2a 04 0000c03f"),
    (D.DT_DOUBLE, [-2.0], "32 08 00000000000000c0"),
    (D.DT_INT32, [-1], "3a 0a ff ff ff ff ff ff ff ff ff 01"),
    (D.DT_INT16, [300], "3a 02 ac 02"),
    (D.DT_INT8, [-128], "3a 0a 80 ff ff ff ff ff ff ff ff 01"),
    (D.DT_UINT16, [65535, 1], "3a 04 ff ff 03 01"),
    (D.DT_UINT8, [255], "3a 02 ff 01"),
    (D.DT_STRING, [b"a\0", b""], "42 02 6100 42 00"),
    (D.DT_COMPLEX64, [1 - 2j], "4a 08 0000803f 000000c0"),
    (D.DT_INT64, [1 << 62], "52 09 80 80 80 80 80 80 80 80 40"),
    (D.DT_BOOL, [True, False], "5a 02 01 00"),
    (D.DT_COMPLEX128, [1j], "62 10 0000000000000000 000000000000f03f"),
    (D.DT_HALF, [1.0], "6a 02 80 78"),
    (D.DT_BFLOAT16, [1.0], "6a 02 80 7f"),
    (D.DT_UINT32, [(1 << 32) - 1], "82 01 05 ff ff ff ff 0f"),
    (D.DT_UINT64, [(1 << 64) - 1], "8a 01 0a ff ff ff ff ff ff ff ff ff 01"),
    (D.DT_FLOAT8_E5M2, [1.0], "92 01 01 3c"),
    (D.DT_INT4, [-8, 7], "3a 0b f8 ff ff ff ff ff ff ff ff 01 07"),
    (D.DT_UINT4, [15, 0], "3a 02 0f 00"),
    (D.DT_QINT32, [(7,)], "3a 01 07"),
    (D.DT_QUINT8, [(200,)], "3a 02 c8 01"),
    (D.DT_QINT8, [(-1,)], "3a 0a ff ff ff ff ff ff ff ff ff 01"),
    (D.DT_QINT16, [(300,)], "3a 02 ac 02"),
    (D.DT_QUINT16, [(65535,)], "3a 03 ff ff 03"),
    (D.DT_INT2, [-2, 1], "3a 0b fe ff ff ff ff ff ff ff ff 01 01"),
    (D.DT_UINT2, [3, 0], "3a 02 03 00"),
    (D.DT_FLOAT8_E4M3FN, [1.0], "92 01 01 38"),
    (D.DT_FLOAT8_E4M3FNUZ, [1.0], "92 01 01 40"),
    (D.DT_FLOAT8_E4M3B11FNUZ, [1.0], "92 01 01 58"),
    (D.DT_FLOAT8_E5M2FNUZ, [1.0], "92 01 01 40"),
]


def array_of(kind: DataType, values: list[Any]) -> Any:
    return np.array(values, numpy_dtype(kind))


@pytest.mark.parametrize(("kind", "values", "stored"), TYPED, ids=lambda one: str(one)[:20])
def test_typed_fields(kind: DataType, values: list[Any], stored: str) -> None:
    array = array_of(kind, values)
    head, body = encode_values(array, kind)

    assert bytes.fromhex(stored) == head + bytes(body)
    found = decode_values(bytes.fromhex(stored), kind, len(values))
    assert (array.dtype, array.tolist()) == (found.dtype, found.tolist())


@pytest.mark.parametrize(("kind", "values", "stored"), TYPED, ids=lambda one: str(one)[:20])
def test_the_last_value_stands_for_the_rest(kind: DataType, values: list[Any], stored: str) -> None:
    found = decode_values(bytes.fromhex(stored), kind, len(values) + 2)

    assert array_of(kind, values + 2 * values[-1:]).tolist() == found.tolist()


@pytest.mark.parametrize("kind", sorted({kind for kind, _, _ in TYPED}))
def test_no_values_stand_for_zeros(kind: DataType) -> None:
    zero = b"" if kind == D.DT_STRING else np.zeros((), numpy_dtype(kind)).item()

    assert [zero] * 3 == decode_values(b"", kind, 3).tolist()
    assert decode_values(b"", kind, 0).tolist() == []
    assert encode_values(array_of(kind, []), kind) == (b"", b"")


UNPACKED = [
    (D.DT_FLOAT, "2d 0000803f 2d 00000040", [1.0, 2.0]),
    (D.DT_DOUBLE, "31 000000000000f03f", [1.0]),
    (D.DT_INT32, "38 05 38 ff ff ff ff ff ff ff ff ff 01", [5, -1]),
    (D.DT_BOOL, "58 01 5a 02 00 01", [True, False, True]),
    (D.DT_HALF, "68 80 78", [1.0]),
    (D.DT_COMPLEX64, "4d 0000803f 4d 00000040", [1 + 2j]),
    (D.DT_INT64, "50 07 28 00", [7]),
]


@pytest.mark.parametrize(("kind", "stored", "values"), UNPACKED)
def test_lists_that_are_not_packed(kind: DataType, stored: str, values: list[Any]) -> None:
    assert values == decode_values(bytes.fromhex(stored), kind, len(values)).tolist()


DAMAGES = [
    (D.DT_FLOAT, "2a 03 000000", 1, "no list of 4-byte values"),
    (D.DT_FLOAT, "2a 08 00000000 00000000", 1, "2 values for a tensor of 1"),
    (D.DT_FLOAT, "28 01", 1, "wire type 0"),
    (D.DT_FLOAT, "2a 08 0000", 1, "takes 8 bytes, 2 are left"),
    (D.DT_COMPLEX64, "4a 04 00000000", 1, "no list of 8-byte values"),
    (D.DT_INT8, "3a 02 80 01", 1, "goes from -128 to 127"),
    (D.DT_UINT8, "3a 0a ff ff ff ff ff ff ff ff ff 01", 1, "goes from 0 to 255"),
    (D.DT_HALF, "6a 03 80 80 04", 1, "goes from 0 to 65535"),
    (D.DT_INT4, "3a 01 08", 1, "goes from -8 to 7"),
    (D.DT_INT4, "3a 0a f7 ff ff ff ff ff ff ff ff 01", 1, "-9 where DT_INT4 goes from -8 to 7"),
    (D.DT_UINT4, "3a 01 10", 1, "goes from 0 to 15"),
    (D.DT_UINT4, "3a 0a ff ff ff ff ff ff ff ff ff 01", 1, "goes from 0 to 15"),
    (D.DT_INT2, "3a 01 02", 1, "goes from -2 to 1"),
    (D.DT_INT2, "3a 0a fd ff ff ff ff ff ff ff ff 01", 1, "goes from -2 to 1"),
    (D.DT_UINT2, "3a 01 04", 1, "goes from 0 to 3"),
    (D.DT_UINT2, "3a 0a ff ff ff ff ff ff ff ff ff 01", 1, "goes from 0 to 3"),
    (D.DT_INT32, "3a 01 80", 1, "cut short"),
    (D.DT_INT32, "3a 0b ff ff ff ff ff ff ff ff ff ff 01", 1, "overflows"),
    (D.DT_INT32, "3a 0a ff ff ff ff ff ff ff ff ff 02", 1, "overflows"),
    (D.DT_INT32, "08 01", 1, "its values are DT_FLOAT"),
    (D.DT_INT32, "22 03 000000", 1, "tensor_content has 3"),
    (D.DT_STRING, "42 05 61", 1, "do not parse"),
    (D.DT_STRING, "42 00 42 00", 1, "2 values"),
    (D.DT_STRING, "22 03 05 61 62", 1, "by their lengths"),
    (D.DT_INT32, "02 00", 1, "field number 0"),
    (D.DT_INT32, "80 80 80 80 10 00", 1, "field number 536870912"),
    (D.DT_INT32, "09 00000000 000000", 1, "takes 8 bytes, 7 are left"),
    (D.DT_INT32, "0d 000000", 1, "takes 4 bytes, 3 are left"),
    (D.DT_INT32, "3b", 1, "wire type 3"),
]


@pytest.mark.parametrize(("kind", "stored", "count", "problem"), DAMAGES)
def test_what_does_not_fit(kind: DataType, stored: str, count: int, problem: str) -> None:
    with pytest.raises(DataLossError, match=problem):
        decode_values(bytes.fromhex(stored), kind, count)


def test_fields_of_every_wire_type() -> None:
    message = bytes.fromhex(
        "08 96 01  11 0102030405060708  1a 02 6869  25 01020304  f8 ff ff ff 0f 07"
    )

    assert [
        (number, kind, value if kind == 0 else bytes(value))
        for number, kind, value in fields(message)
    ] == [
        (1, 0, 150),
        (2, 1, bytes(range(1, 9))),
        (3, 2, b"hi"),
        (4, 5, bytes(range(1, 5))),
        ((1 << 29) - 1, 0, 7),  # the highest number that a field can have
    ]


@given(st.binary(max_size=60), st.sampled_from(sorted({kind for kind, _, _ in TYPED})))
def test_any_bytes_are_values_or_damage(data: bytes, kind: DataType) -> None:
    try:
        found = decode_values(data, kind, 5)
    except DataLossError:
        return
    assert (numpy_dtype(kind), 5) == (found.dtype, len(found))


@given(st.lists(st.integers(-(2**63), 2**63 - 1)), st.integers(1, 40))
def test_many_varints(values: list[int], repeats: int) -> None:
    data = b"".join(encode_varint(value % (1 << 64)) for value in values) * repeats

    assert data == encode_varints(np.array(values * repeats, np.int64))
    assert values * repeats == unpacked(data).view(np.int64).tolist()


def unpacked(data: bytes) -> np.ndarray:
    parts = decode_packed(data, lambda numbers: numbers)
    return np.concatenate([np.empty(0, np.uint64), *parts])


# The bits that values have at most: they decide how wide the integers are that do the work.
@pytest.mark.parametrize("bits", [6, 7, 8, 14, 15, 21, 28, 29, 35, 56, 57, 63, 64])
@pytest.mark.parametrize("signed", [False, True])
def test_varints_across_chunks(bits: int, signed: bool) -> None:
    """They are encoded and decoded some 100,000 at a time, by several threads."""
    rng = np.random.default_rng(bits)
    values = rng.integers(0, 1 << bits, 600_000, np.uint64) >> rng.integers(
        0, bits, 600_000, np.uint64
    )
    if signed:
        values[::7] = -values[::7].view(np.int64).view(np.uint64)  # type: ignore[misc]

    data = b"".join(map(encode_varint, values.tolist()))

    assert data == encode_varints(values)
    assert np.array_equal(values, unpacked(data))


@pytest.mark.parametrize("at", [0, 131_071, 131_072, 262_140, 599_989])
def test_a_varint_too_long_anywhere(at: int) -> None:
    data = bytearray(600_000)
    data[at : at + 10] = b"\xff" * 10
    with pytest.raises(DataLossError, match="overflows 64 bits"):
        unpacked(bytes(data))
    with pytest.raises(DataLossError, match=r"overflows 64 bits|cut short"):
        unpacked(bytes(data[: at + 10]))


@pytest.mark.parametrize("size", range(1, 11))
def test_varints_of_each_size_beside_one_of_a_byte(size: int) -> None:
    """Many are decoded at once, by the size of the longest."""
    value = (1 << 7 * (size - 1)) + (size < 10)
    data = b"\x05" + encode_varint(value) + b"\x06"

    assert len(data) == size + 2
    assert unpacked(data).tolist() == [5, value, 6]
    assert data == encode_varints(np.array([5, value, 6], np.uint64))


def test_zeros_before_a_larger_number_take_a_byte_each() -> None:
    assert encode_varints(np.array([0] * 40_000 + [300])) == bytes(40_000) + b"\xac\x02"


@pytest.mark.parametrize("end", ["02", "80 00", "81 00", "ff 00"])
def test_varints_of_more_than_64_bits_among_others(end: str) -> None:
    data = b"\x05" + b"\xff" * 9 + bytes.fromhex(end) + b"\x06"
    with pytest.raises(DataLossError, match="overflows 64 bits"):
        unpacked(data)


def test_fields_are_views_of_the_message() -> None:
    message = bytes.fromhex("08 ac02 12 02 6162 1d 01020304 21 0102030405060708")

    assert [
        (number, kind, value if isinstance(value, int) else bytes(value))
        for number, kind, value in fields(message)
    ] == [(1, 0, 300), (2, 2, b"ab"), (3, 5, b"\1\2\3\4"), (4, 1, b"\1\2\3\4\5\6\7\x08")]


MESSAGES = [
    (np.float32(1.5), "08 01 12 00 2a 04 0000c03f"),
    (np.array([1], np.int8), "08 06 12 04 12 02 08 01 3a 01 01"),
    (np.array([1, 2], np.int8), "08 06 12 04 12 02 08 02 22 02 0102"),
    (np.array([1, 2], np.uint16), "08 11 12 04 12 02 08 02 3a 02 0102"),
    (np.array([1, 2], ">i2"), "08 05 12 04 12 02 08 02 22 04 0100 0200"),
    (np.array([True, False]), "08 0a 12 04 12 02 08 02 5a 02 0100"),
    (np.array(["é"]), "08 07 12 04 12 02 08 01 42 02 c3a9"),
    (np.zeros((0, 2), np.float64), "08 02 12 06 12 00 12 02 08 02"),
    (np.array([1, 2], ml_dtypes.int4), "08 1d 12 04 12 02 08 02 3a 02 0102"),
    (1.0, "08 01 12 00 2a 04 0000803f"),
    (7, "08 03 12 00 3a 01 07"),
    (1 << 31, "08 09 12 00 52 05 8080808008"),
    ("a\0", "08 07 12 00 42 02 6100"),
]


@pytest.mark.parametrize(("value", "stored"), MESSAGES, ids=lambda one: str(one)[:30])
def test_messages(value: Any, stored: str) -> None:
    """As TensorFlow's make_tensor_proto makes them; the interop tests compare many more."""
    proto = tfckpt.make_tensor_proto(value)

    assert bytes.fromhex(stored).hex(" ") == proto.SerializeToString().hex(" ")
    if isinstance(value, np.ndarray) and value.dtype.isnative and value.dtype.kind != "U":
        back = tfckpt.make_ndarray(proto)
        assert (value.dtype, value.shape) == (back.dtype, back.shape)
        assert value.tolist() == back.tolist()


NUMBERS = st.sampled_from(["f4", "f8", "i4", "u1", "i2", "i1", "i8", "?", "u2", "u4", "u8", "f2"])


@given(hnp.arrays(NUMBERS, hnp.array_shapes(min_dims=0, min_side=0, max_dims=3)))
def test_arrays_come_back(array: Any) -> None:
    back = tfckpt.make_ndarray(tfckpt.make_tensor_proto(array))

    assert (array.dtype, array.shape, array.tobytes()) == (back.dtype, back.shape, back.tobytes())
    assert back.flags.writeable


def test_a_larger_shape_repeats_the_last_value() -> None:
    proto = tfckpt.make_tensor_proto([1, 2], np.int64, shape=[2, 2])

    assert list(proto.int64_val) == [1, 2]
    assert tfckpt.make_ndarray(proto).tolist() == [[1, 2], [2, 2]]


@pytest.mark.parametrize("dtype", [D.DT_INT64, 9, np.int64, np.dtype("i8"), "int64"])
def test_a_type_is_given_by_number_by_name_or_as_numpy_has_it(dtype: Any) -> None:
    assert tfckpt.make_tensor_proto(7, dtype) == TensorProto(
        dtype=9, tensor_shape={}, int64_val=[7]
    )


MISUSES = [
    ({"values": None}, ValueError),
    ({"values": [1, 2, 3], "shape": [2]}, ValueError),
    ({"values": [1, 2], "shape": [2, 1], "verify_shape": True}, TypeError),
    ({"values": [1, 2], "shape": [4], "allow_broadcast": True}, TypeError),
    ({"values": 1, "verify_shape": True, "allow_broadcast": True}, ValueError),
    ({"values": "a", "dtype": np.float32}, TypeError),
    ({"values": 1.5, "dtype": np.int32}, TypeError),
    ({"values": 1, "dtype": D.DT_STRING}, TypeError),
    ({"values": 1, "dtype": D.DT_VARIANT}, TypeError),
    ({"values": object()}, TypeError),
    ({"values": np.datetime64(1, "s")}, TypeError),
]


@pytest.mark.parametrize(("arguments", "error"), MISUSES, ids=lambda one: str(one)[:20])
def test_misuse(arguments: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        tfckpt.make_tensor_proto(**arguments)


def test_a_message_is_its_own_message() -> None:
    proto = tfckpt.make_tensor_proto(1)

    assert proto is tfckpt.make_tensor_proto(proto)


def test_messages_without_an_array() -> None:
    shapeless = TensorProto(dtype=D.DT_FLOAT)
    shapeless.tensor_shape.unknown_rank = True
    with pytest.raises(DataLossError, match="known shape"):
        tfckpt.make_ndarray(shapeless)
    for kind in (D.DT_RESOURCE, D.DT_VARIANT, D.DT_INVALID):
        with pytest.raises(UnimplementedError):
            tfckpt.make_ndarray(TensorProto(dtype=kind))


def test_any_byte_but_zero_is_true() -> None:
    """numpy would take a byte for a bool as it stands: one that is true, and equals no True."""
    proto = TensorProto(dtype=D.DT_BOOL, tensor_content=b"\x00\x01\x02\xff")
    proto.tensor_shape.dim.add(size=4)

    assert tfckpt.make_ndarray(proto).tobytes() == b"\x00\x01\x01\x01"


@pytest.mark.parametrize("size", [2**31 - 1, 2**31])
def test_a_content_of_2_gib_is_refused(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Zeros that take no memory, and that nobody copies here."""
    zeros = np.broadcast_to(np.int8(0), size)
    monkeypatch.setattr("tfckpt.tensors.tensor_proto.little_endian", lambda _: np.zeros(1, "i1"))
    if size < 2**31:
        assert tfckpt.make_tensor_proto(zeros).tensor_content == b"\0"
        return
    with pytest.raises(ValueError, match="cannot hold 2147483648 bytes"):
        tfckpt.make_tensor_proto(zeros)


def test_strings_in_tensor_content() -> None:
    proto = TensorProto(dtype=D.DT_STRING, tensor_content=b"\x01\x00\x02abc")
    proto.tensor_shape.dim.add(size=3)

    assert tfckpt.make_ndarray(proto).tolist() == [b"a", b"", b"bc"]
