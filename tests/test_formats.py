"""The smallest pieces of the formats: varints, checksums, slices, selections, string tensors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tfckpt
from tfckpt import protos
from tfckpt.bundle.bulk_entries import decode_entries, decode_shapes, encode_entries
from tfckpt.bundle.entry import Entry, Header, encode_head
from tfckpt.bundle.naming import data_path, prefix_of
from tfckpt.checksum import combine, crc32c, mask, mask_all, unmask
from tfckpt.coding import (
    decode_fixed32,
    decode_varint,
    decode_varints,
    encode_fixed32,
    encode_varint,
)
from tfckpt.dtypes import DataType, data_type_of, numpy_dtype, python_name
from tfckpt.errors import DataLossError, ResourceExhaustedError
from tfckpt.tensors.ordered_code import encode_int, encode_string, encode_uint
from tfckpt.tensors.selection import Selection
from tfckpt.tensors.slices import TensorSlice, check_disjoint
from tfckpt.tensors.stored import as_storable, stored_chunks
from tfckpt.tensors.strings import _length_integers, decode_strings, encode_strings

VARINTS = [
    (0, "00"),
    (1, "01"),
    (127, "7f"),
    (128, "80 01"),
    (300, "ac 02"),
    (16383, "ff 7f"),
    (16384, "80 80 01"),
    (2**21 - 1, "ff ff 7f"),
    (2**21, "80 80 80 01"),
    (2**32, "80 80 80 80 10"),
    (2**64 - 1, "ff ff ff ff ff ff ff ff ff 01"),
]


@pytest.mark.parametrize(("value", "stored"), VARINTS)
def test_varints(value: int, stored: str) -> None:
    data = bytes.fromhex(stored)

    assert data == encode_varint(value)
    assert (value, len(data)) == decode_varint(data, 0)
    assert ([value] * 3, 3 * len(data)) == (lambda found: (found[0].tolist(), found[1]))(
        decode_varints(data * 3 + b"rest", 3)
    )


@pytest.mark.parametrize("stored", ["", "80", "ff" * 9, "ff" * 10 + "01", "ff" * 9 + "02"])
def test_what_is_no_varint(stored: str) -> None:
    with pytest.raises(DataLossError):
        decode_varint(bytes.fromhex(stored), 0)
    with pytest.raises(DataLossError):
        decode_varints(bytes.fromhex(stored), 1)


def test_a_fixed32_has_its_low_byte_first() -> None:
    assert encode_fixed32(0x04030201) == b"\x01\x02\x03\x04"
    assert decode_fixed32(b"?\x01\x02\x03\x04?", 1) == (0x04030201, 5)
    for pos in (-1, 3, 7):
        with pytest.raises(DataLossError, match=f"a fixed32 at {pos} needs 4 bytes"):
            decode_fixed32(b"?\x01\x02\x03\x04?", pos)


@given(st.lists(st.integers(0, 2**64 - 1)))
def test_many_varints_at_once(values: list[int]) -> None:
    data = b"".join(map(encode_varint, values))

    found, size = decode_varints(data, len(values))
    assert (values, len(data)) == (found.tolist(), size)


def test_crc32c_of_the_standard_check_string() -> None:
    assert crc32c(b"123456789", 0) == 0xE3069283  # RFC 3720's polynomial


def bitwise_crc32c(data: bytes) -> int:
    """The definition: a shift register, bit by bit."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


@given(st.binary(max_size=40), st.binary(max_size=40))
def test_crc32c_goes_on_where_it_left_off(start: bytes, rest: bytes) -> None:
    assert crc32c(rest, crc32c(start, 0)) == bitwise_crc32c(start + rest)


MASKS = [
    # rotated right by 15, plus 0xa282ead8, by hand
    (0, 0xA282EAD8),
    (1, 0xA284EAD8),
    (1 << 15, 0xA282EAD9),
    (0xE3069283, 0xC78AB0E5),
    (0x80000000, 0xA283EAD8),
    (0xFFFFFFFF, 0xA282EAD7),
]


@pytest.mark.parametrize(("crc", "stored"), MASKS)
def test_masks(crc: int, stored: int) -> None:
    assert stored == mask(crc)
    assert [stored] * 2 == mask_all(np.array([crc] * 2, np.uint32)).tolist()
    assert crc == unmask(stored)


@given(st.lists(st.binary(max_size=100)))
def test_a_checksum_is_put_together_from_those_of_parts(parts: list[bytes]) -> None:
    whole = b"".join(parts)

    assert crc32c(whole, 0) == combine((crc32c(part, 0), len(part)) for part in parts)


def test_ordered_codes() -> None:
    assert encode_uint(0) == b"\x00"
    assert encode_uint(2) == b"\x01\x02"
    assert encode_uint(0x1234) == b"\x02\x12\x34"
    assert encode_string(b"a\x00b\xff") == b"a\x00\xffb\xff\x00\x00\x01"
    assert encode_int(0) == b"\x80"
    assert encode_int(-1) == b"\x7f"
    assert encode_int(63) == b"\xbf"
    assert encode_int(64) == b"\xc0\x40"
    assert encode_int(-64) == b"\x40"
    assert encode_int(-65) == b"\x3f\xbf"


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=2))
def test_encoded_integers_sort_as_they_do(values: list[int]) -> None:
    assert sorted(map(encode_int, values)) == [encode_int(value) for value in sorted(values)]


SLICES = [
    ("-", (4,), (4,), (slice(0, 4),)),
    ("1,2:-", (4, 3), (2, 3), (slice(1, 3), slice(0, 3))),
    ("0,0", (4,), (0,), (slice(0, 0),)),
    ("", (), (), ()),
]


@pytest.mark.parametrize(("text", "shape", "part", "index"), SLICES)
def test_slices(text: str, shape: tuple, part: tuple, index: tuple) -> None:
    one = TensorSlice.parse(text)

    assert text == str(one)
    assert part == one.shape_in(shape)
    assert index == one.index_in(shape)


@pytest.mark.parametrize(
    "text",
    ["a", "1", "1,2,3", "-1,2", "1,-2", ":", "1,-1", f"{2**63},1", f"0,{2**63}"],
)
def test_what_is_no_slice(text: str) -> None:
    with pytest.raises(ValueError, match="slice"):
        TensorSlice.parse(text)


@pytest.mark.parametrize(
    ("text", "shape"),
    [("3,2", (4,)), ("-", (4, 4)), ("5,0", (4,)), (f"{2**63 - 1},{2**63 - 1}", (2**63 - 1,))],
)
def test_a_slice_outside_its_shape(text: str, shape: tuple) -> None:
    with pytest.raises(DataLossError, match="slice"):
        TensorSlice.parse(text).index_in(shape)


def test_a_slice_of_whole_dimensions_has_a_form_without_their_sizes() -> None:
    one = TensorSlice.parse("0,4:1,3:0,3:3,1")
    assert one.canonical((4, 4, 4, 1)).extents == ((0, -1), (1, 3), (0, 3), (3, 1))


# Five that no cut parts: around a hole of 1 by 1 at [1, 1], filled by the last.
PINWHEEL = ["0,1:0,2", "0,2:2,1", "2,1:1,2", "1,2:0,1", "1,1:1,1"]


@pytest.mark.parametrize("most", [4, 5])
def test_slices_in_no_grid_are_compared_up_to_so_many(
    most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tfckpt.tensors.slices._MOST_IN_PAIRS", most)
    slices = [TensorSlice.parse(text) for text in PINWHEEL]
    if most == 5:
        check_disjoint(slices, (3, 3))
        return
    with pytest.raises(ResourceExhaustedError, match="5 slices of one tensor lie in no grid: no m"):
        check_disjoint(slices, (3, 3))


def test_a_grid_within_a_grid_is_no_matter_of_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two columns, cut into rows at different places: rows part them only once they are apart."""
    monkeypatch.setattr("tfckpt.tensors.slices._MOST_IN_PAIRS", 1)
    columns = ["0,2:0,1", "2,2:0,1", "0,1:1,1", "1,2:1,1", "3,1:1,1"]
    check_disjoint([TensorSlice.parse(text) for text in columns], (4, 2))


PARTITIONS = [
    (["0,2:-", "2,2:-"], None),
    (["-:0,1", "0,1:1,1", "1,3:1,1"], None),
    (["0,2:-"], r"element \[2, 0\] is missing"),
    (["0,1:-", "2,2:-"], r"element \[1, 0\] is missing"),
    (["0,3:-", "2,2:-"], "overlap"),
    (["0,2:-", "0,2:-"], "overlap"),
    ([], "is missing"),
]


@pytest.mark.parametrize(("texts", "problem"), PARTITIONS)
def test_partitions_cover_exactly(texts: list[str], problem: str | None) -> None:
    slices = [TensorSlice.parse(text) for text in texts]
    if problem is None:
        Selection.of(..., (4, 2)).parts(slices, (4, 2))
        return
    with pytest.raises(DataLossError, match=problem):
        Selection.of(..., (4, 2)).parts(slices, (4, 2))


INDEXES = [
    np.s_[...],
    np.s_[2],
    np.s_[-1, 1:],
    np.s_[::2, ::-1],
    np.s_[3:0:-2, ..., 1],
    np.s_[5:, 0],
    np.s_[1:1],
    np.s_[:, -2:, ::3],
    np.s_[..., np.int32(1)],
]


@pytest.mark.parametrize("index", INDEXES, ids=str)
def test_a_selection_is_what_numpy_selects(index: object) -> None:
    array = np.arange(5 * 4 * 3).reshape(5, 4, 3)
    selection = Selection.of(index, array.shape)

    box = array[
        tuple(slice(a.start, a.stop if a.length else a.start, a.step) for a in selection.axes)
    ]
    assert array[index].tolist() == selection.finished(box).tolist()
    assert array[index].shape == selection.finished(box).shape


@pytest.mark.parametrize("index", [np.s_[5], np.s_[-6], np.s_[0, 0, 0, 0], np.s_[..., ...]])
def test_indexes_that_do_not_fit(index: object) -> None:
    with pytest.raises(IndexError):
        Selection.of(index, (5, 4, 3))


@pytest.mark.parametrize("index", [None, True, [0, 1], "a", 1.0], ids=str)
def test_only_integers_and_slices_select(index: object) -> None:
    with pytest.raises(TypeError, match="integers, slices"):
        Selection.of(index, (5, 4, 3))


def test_the_axes_of_a_selection() -> None:
    assert Selection.of(np.s_[2, ::-2, 1:1], (5, 4, 3)).axes == ((2, 1, 1), (1, 2, 2), (0, 0, 1))


def test_so_many_slices_and_no_more() -> None:
    slices = [TensorSlice.parse(text) for text in ("0,1", "1,1")]
    with tfckpt.Limits(slices=2):
        check_disjoint(slices, (2,))
    with (
        tfckpt.Limits(slices=1),
        pytest.raises(ResourceExhaustedError, match="slices of one tensor"),
    ):
        check_disjoint(slices, (2,))


def test_a_length_of_4_gib_is_checksummed_as_64_bits() -> None:
    lengths = np.array([1, 2**32 - 1, 2**32], np.uint64)
    assert _length_integers(lengths, "<") == bytes.fromhex("01000000 ffffffff 0000000001000000")
    assert _length_integers(lengths, ">") == bytes.fromhex("00000001 ffffffff 0000000100000000")


def test_a_string_tensor_by_hand() -> None:
    stored, crc = encode_strings([b"ab", b"", b"c" * 200])

    assert stored[:4] == b"\x02\x00\xc8\x01"  # three lengths as varints
    # the masked checksum of 2, 0, 200 as 32 bits each; this and the next as TensorFlow wrote them
    assert stored[4:8] == b"\x5b\x78\x89\x72"
    assert mask(crc) == 0x945FC416
    assert stored[8:] == b"ab" + b"c" * 200
    lengths = b"\x02\0\0\0" + b"\0\0\0\0" + b"\xc8\0\0\0"
    assert crc == bitwise_crc32c(lengths + stored[4:])
    assert decode_strings(stored, 3, big_endian=False) == ([b"ab", b"", b"c" * 200], crc)


def test_half_a_character_is_no_string(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"cannot be stored as UTF-8: .* surrogates"):
        tfckpt.save(tmp_path / "m", {"s": np.array(["a", "\ud800"], object)})
    assert list(tmp_path.iterdir()) == []


class Refusing:
    """An array of another library that makes none of itself."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __array__(self, *_: object, **__: object) -> np.ndarray:
        raise self.error


@pytest.mark.parametrize(
    ("array", "stored"),
    [
        (np.array(5, ">i2"), "05 00"),
        (np.array([[1, 2], [3, 4]], np.uint8).T, "01 03 02 04"),
        (np.arange(4, dtype=np.uint8)[::-2], "03 01"),
        (np.array([1, 2], ">u4"), "01000000 02000000"),
        (np.zeros((2, 0), ">f8"), ""),
    ],
    ids=["one", "transposed", "backwards", "big-endian", "none"],
)
def test_elements_of_any_layout_are_stored_in_c_order(array: np.ndarray, stored: str) -> None:
    assert b"".join(stored_chunks(array)).hex() == stored.replace(" ", "")


NO_ARRAYS = [
    (Refusing(ValueError("why")), "numpy makes no array of a Refusing: why"),
    ([Refusing(TypeError("why"))], "numpy makes no array of a list: why"),
    ([[1, 2], [3]], "the items of the list have different shapes"),
    (([1, 2], 3), "the items of the tuple have different shapes"),
]


@pytest.mark.parametrize(("value", "problem"), NO_ARRAYS, ids=lambda one: str(one)[:20])
def test_what_numpy_makes_no_array_of(value: object, problem: str) -> None:
    with pytest.raises(TypeError, match=problem):
        as_storable(value)


@given(st.binary(max_size=60), st.integers(0, 70))
def test_any_bytes_are_strings_or_an_error(data: bytes, count: int) -> None:
    try:
        strings, _ = decode_strings(data, count, big_endian=False)
    except DataLossError:
        return
    assert count == len(strings)


# Messages of the same meaning in other forms than the one that is written.
OTHER_HEADERS = [
    (Header(5, True), "10 01 08 05 1a 02 08 01"),
    (Header(1), "08 01 1a 00"),
    (Header(1), "08 81 00 1a 02 08 01"),
    (Header(2), "08 01 1a 02 08 01 08 02"),
    (Header(16), "08 10 1a 02 08 01"),
    (Header(127, True), "08 7f 10 01 1a 02 08 01"),
    (Header(1), "08 01 10 00 1a 02 08 01"),
]
OTHER_HEADS = [
    (Entry(1, (2, 0)), "08 01 12 08 12 02 08 02 12 02 08 00"),
    (Entry(1, (2, 0)), "08 01 12 06 12 02 08 02 12 00"),
    (Entry(1, (3,)), "08 01 12 06 12 04 08 02 08 03"),
    (Entry(1, (3,)), "08 01 12 05 12 03 08 83 00"),
    (Entry(1, (2,)), "08 01 12 07 12 05 08 02 12 01 78"),
    (Entry(0, (2,)), "12 04 12 02 08 02"),
    (Entry(1, (1 << 40,)), "08 01 12 09 12 07 08 80 80 80 80 80 20"),
]
HEADERS = [(Header(1), "08 01 1a 02 08 01"), (Header(300, True), "08 ac 02 10 01 1a 02 08 01")]
ENTRIES = [
    (
        Entry(1, (2, 3), 0, 0, 24, 0x04030201),
        "08 01 12 08 12 02 08 02 12 02 08 03 28 18 35 01020304",
    ),
    (Entry(9, (), 1, 300, 8, 0xFF), "08 09 12 00 18 01 20 ac 02 28 08 35 ff000000"),
    (Entry(7, (0,), 0, 5, 4, 1), "08 07 12 02 12 00 20 05 28 04 35 01000000"),
    (  # a dtype of two bytes, the second of them the tag of a shape
        Entry(2304, (2, 3, 4), 0, 128, 5),
        "08 80 12 12 0c 12 02 08 02 12 02 08 03 12 02 08 04 20 80 01 28 05",
    ),
    (
        Entry(1, (300,), 2, 127, 129, 0x80FF7F01),
        "08 01 12 05 12 03 08 ac 02 18 02 20 7f 28 81 01 35 01 7f ff 80",
    ),
    (  # a shape of 128 bytes whose last, and a checksum whose first, is the tag of another field
        Entry(1, (1,) * 31 + (24,), crc32c=0x03828128),
        "08 01 12 80 01" + "12 02 08 01" * 31 + "12 02 08 18 35 28 81 82 03",
    ),
    (Entry(1, (1,) * 40, size=4), "08 01 12 a0 01" + "12 02 08 01" * 40 + "28 04"),
    (
        Entry(1, (0, 2), slices=(TensorSlice.parse("0,0:-"),)),
        "08 01 12 06 12 00 12 02 08 02 3a 06 0a 02 10 00 0a 00",
    ),
    (
        Entry(1, (4, 2), slices=(TensorSlice.parse("0,1:-"), TensorSlice.parse("1,3:-"))),
        "08 01 12 08 12 02 08 04 12 02 08 02 3a 06 0a 02 10 01 0a 00 3a 08 0a 04 08 01 10 03 0a 00",
    ),
]


@pytest.mark.parametrize(("header", "stored"), HEADERS)
def test_headers(header: Header, stored: str) -> None:
    assert bytes.fromhex(stored) == header.encode()
    assert header == Header.decode(bytes.fromhex(stored))


@pytest.mark.parametrize(("header", "stored"), OTHER_HEADERS)
def test_headers_in_any_form(header: Header, stored: str) -> None:
    assert header == Header.decode(bytes.fromhex(stored))


@pytest.mark.parametrize(("entry", "stored"), OTHER_HEADS)
def test_dtypes_and_shapes_in_any_form(entry: Entry, stored: str) -> None:
    assert entry == Entry.decode(bytes.fromhex(stored))
    assert [entry] == decode_entries([bytes.fromhex(stored)])


@pytest.mark.parametrize("stored", ["", "1a 02 08 01", "08 00 1a 02 08 01", "08", "08 01 1a"])
def test_what_is_no_header(stored: str) -> None:
    with pytest.raises(DataLossError, match="header of the index"):
        Header.decode(bytes.fromhex(stored))


@pytest.mark.parametrize(("entry", "stored"), ENTRIES)
def test_entries(entry: Entry, stored: str) -> None:
    assert bytes.fromhex(stored) == entry.encode()
    assert entry == Entry.decode(bytes.fromhex(stored))
    assert [entry] * 2 == decode_entries([bytes.fromhex(stored)] * 2)


@pytest.mark.parametrize("rank", [254, 255])
def test_a_tensor_has_at_most_254_dimensions(rank: int) -> None:
    stored = Entry(1, (1,) * rank, size=4).encode()
    if rank == 254:
        assert Entry.decode(stored).shape == (1,) * rank
        return
    with pytest.raises(DataLossError, match="no tensor has the shape"):
        Entry.decode(stored)


def test_the_usual_form_of_an_entry_needs_no_protobuf(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = [(entry, bytes.fromhex(stored)) for entry, stored in ENTRIES[:3]]
    for _, stored in usual:
        Entry.decode(stored)  # which makes its dtype and shape known
    monkeypatch.setattr("tfckpt.bundle.entry._decode_any", lambda value: pytest.fail("slow"))

    assert [entry for entry, _ in usual] == [Entry.decode(stored) for _, stored in usual]
    monkeypatch.setattr(Entry, "decode", lambda value: pytest.fail("one by one"))
    assert [entry for entry, _ in usual] == decode_entries([stored for _, stored in usual])


NUMBERS = st.one_of(st.just(0), st.integers(0, 200), st.integers(0, 2**63 - 1))


@given(
    st.lists(
        st.tuples(
            st.sampled_from([DataType.DT_FLOAT, DataType.DT_UINT64, DataType.DT_STRING]),
            st.lists(NUMBERS, max_size=4),
            st.one_of(st.just(0), st.integers(0, 2**31 - 1)),
            NUMBERS,
            NUMBERS,
            st.one_of(st.just(0), st.integers(0, 2**32 - 1)),
        ),
        max_size=5,
    )
)
def test_entries_are_encoded_as_protobuf_does(rows: list[tuple]) -> None:
    messages = [
        protos.BundleEntryProto(
            dtype=data_type,
            shape={"dim": [{"size": size} for size in shape]},
            shard_id=shard_id,
            offset=offset,
            size=size,
            crc32c=crc,
        )
        for data_type, shape, shard_id, offset, size, crc in rows
    ]
    expected = [message.SerializeToString() for message in messages]
    heads = [encode_head(data_type, tuple(shape)) for data_type, shape, *_ in rows]
    numbers = [[row[column] for row in rows] for column in (2, 3, 4, 5)]

    assert expected == encode_entries(heads, *numbers)
    assert expected == [Entry(d, tuple(shape), *rest).encode() for d, shape, *rest in rows]


@given(
    st.lists(
        st.one_of(
            st.binary(max_size=40),
            st.sampled_from([bytes.fromhex(stored) for _, stored in ENTRIES]),
        ),
        max_size=5,
    ),
    st.data(),
)
def test_entries_decode_alike_alone_and_together(values: list[bytes], data: st.DataObject) -> None:
    if values and data.draw(st.booleans()):
        at = data.draw(st.integers(0, len(values) - 1))
        value = bytearray(values[at] + data.draw(st.binary(max_size=3)))
        if value:
            value[data.draw(st.integers(0, len(value) - 1))] ^= data.draw(st.integers(0, 255))
        values[at] = bytes(value)
    alone, failed = [], False
    for value in values:
        try:
            alone.append(Entry.decode(value))
        except DataLossError:
            failed = True
    shapes = decode_shapes(values)
    try:
        together = decode_entries(values)
    except DataLossError:
        assert failed and shapes is None
        return
    assert alone == together
    assert shapes in (None, [entry.shape for entry in alone])


def test_shapes_of_entries_in_the_usual_form() -> None:
    usual = [Entry(1, (2, 3), offset=5, size=24, crc32c=1), Entry(7, ()), Entry(3, (1 << 40, 0))]
    assert decode_shapes([entry.encode() for entry in usual]) == [(2, 3), (), (1 << 40, 0)]
    assert decode_shapes([]) == []


@pytest.mark.parametrize(
    ("stored", "problem"),
    [
        ("08 01 12 0b 12 09 08 ff ff ff ff ff ff ff ff", "does not parse"),
        ("08 01 12 0d 12 0b 08 ff ff ff ff ff ff ff ff ff 01", r"shape \[-1\]"),
        ("08 01 12 02 18 01", "no tensor has the shape"),
        ("08 01 12 00 20 ff ff ff ff ff ff ff ff ff 01", "no tensor lies"),
        ("08 01 12 00 28 ff ff ff ff ff ff ff ff ff 01", "no tensor lies"),
        ("08 01 12 00 18 ff ff ff ff ff ff ff ff ff 01", "no tensor lies in shard -1"),
        ("0a", "does not parse"),
        ("08 01 12 00 35 01 02 03", "does not parse"),
        ("08 01 12 0f 12 02 08 02 12 09 08 ff ff ff ff ff ff ff ff", "does not parse"),
        ("08 01 12 11 12 02 08 02 12 0b 08 ff ff ff ff ff ff ff ff ff 01", r"shape \[2, -1\]"),
        ("08 01 12 00 28 85", "cut short"),  # the varint of a size, cut short
        ("08 01 12 04 12 02 08 04 3a 04 0a 02 08 01", "begins at 1 and has no length"),
    ],
)
def test_what_is_no_entry(stored: str, problem: str) -> None:
    with pytest.raises(DataLossError, match=problem):
        Entry.decode(bytes.fromhex(stored))
    with pytest.raises(DataLossError, match=problem):
        decode_entries([ENTRIES[0][0].encode(), bytes.fromhex(stored)])


MEMBERS = [
    ("m.index", "m"),
    ("a/b.ckpt-7.data-00001-of-00002", "a/b.ckpt-7"),
    ("m[1]*.data-00000-of-00001", "m[1]*"),
    ("m.data-00000-of-00001.index", "m.data-00000-of-00001"),
    ("m", None),
    ("m.meta", None),
    ("m.data-0-of-1", None),
    ("m.data-00000-of-00001.tempstate7", None),
]


@pytest.mark.parametrize(("member", "prefix"), MEMBERS)
def test_names_of_members(member: str, prefix: str | None) -> None:
    assert prefix == prefix_of(member)


def test_names_of_shards() -> None:
    assert data_path("m", 1, 23) == "m.data-00001-of-00023"
    assert data_path("m", 123_456, 200_000) == "m.data-123456-of-200000"


@pytest.mark.parametrize("kind", [k for k in DataType if k], ids=lambda kind: kind.name)
def test_every_element_type_has_one_numpy_dtype(kind: DataType) -> None:
    dtype = numpy_dtype(kind)
    if dtype is None:
        pytest.skip("this ml_dtypes is older than the type")
    assert python_name(kind) == python_name(int(kind))
    if dtype.kind != "O":
        assert kind is data_type_of(dtype)
        assert kind is data_type_of(dtype.newbyteorder(">"))


@pytest.mark.parametrize(
    "dtype", ["datetime64[s]", "V3", "timedelta64[s]", [("a", "i4"), ("b", "i4")]]
)
def test_dtypes_that_no_checkpoint_holds(dtype: object) -> None:
    with pytest.raises(TypeError, match="cannot hold"):
        data_type_of(np.dtype(dtype))


def test_data_types_have_the_numbers_of_the_wire() -> None:
    from tfckpt.protos import DataType as OnTheWire

    on_the_wire = {name: number for name, number in OnTheWire.items() if number < 100}
    assert on_the_wire == {kind.name: int(kind) for kind in DataType}
