"""TensorFlow's cases about slices of tensors: how they are told, stored, found and cut.

Of tensor_slice_test.cc, saved_tensor_slice_util_test.cc, tensor_slice_set_test.cc,
tensor_slice_reader_test.cc and tensor_slice_writer_test.cc. What those check of classes in C++ is
checked here of files and of what is restored of them, which Python reaches in TensorFlow.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.util import saved_tensor_slice_pb2

import tfckpt
from interop.tf_suite_files import (
    BOTH,
    Item,
    data_file,
    data_type,
    extents_of,
    index_of,
    lib_name,
    part,
    plain,
    read_table,
    replace_table,
    typed,
)
from tfckpt.tensors.slices import TensorSlice

SavedTensorSlices = saved_tensor_slice_pb2.SavedTensorSlices
NUMBERS = np.arange(20).reshape(4, 5)


@pytest.fixture(params=BOTH, ids=lib_name)
def lib(request: pytest.FixtureRequest) -> Any:
    return request.param


def spec_of(shape: tuple[int, ...], extents: str) -> str:
    return f"{' '.join(map(str, shape))} {extents}"


def text(slice_proto: Any) -> str:
    """A slice of TensorFlow's protos, as TensorFlow writes it."""
    return ":".join(
        f"{one.start},{one.length}" if one.HasField("length") else "-" for one in slice_proto.extent
    )


def mutate(path: str, change: Callable[[Any], None]) -> None:
    """Change the messages of a V1 file."""
    records = {}
    for key, value in read_table(path).items():
        message = SavedTensorSlices.FromString(value)
        change(message)
        records[key] = message.SerializeToString()
    replace_table(path, records)


# --- tensor_slice_test.cc


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(
    ("shape", "extents"),
    [((2, 12, 15, 2), "-:0,10:14,1:-"), ((2, 3, 4, 9), "-:-:1,3:4,5"), ((3, 4), "0,3:1,2")],
)
def test_a_slice_is_stored_as_it_was_told(
    shape: tuple[int, ...], extents: str, version: int, lib: Any, tmp_path: Path
) -> None:
    item = part(np.arange(np.prod(shape), dtype=np.int32).reshape(shape), extents)
    path = lib.save(tmp_path / "m", [item], version)
    if version == 2:
        assert lib.slices(path, "test") == [extents]
    else:
        meta = SavedTensorSlices.FromString(read_table(path)[b""]).meta
        assert [text(one) for one in meta.tensor[0].slice] == [extents]
    restored = lib.restore(path, "test", "int32", item.spec)
    assert plain(restored) == plain(item.array)


@pytest.mark.parametrize("rank", [1, 3, 4])
@pytest.mark.parametrize("version", [1, 2])
def test_a_full_slice_is_the_tensor(version: int, rank: int, lib: Any, tmp_path: Path) -> None:
    shape = (2, 3, 2, 4)[:rank]
    whole = np.arange(np.prod(shape), dtype=np.int32).reshape(shape)
    item = part(whole, ":".join("-" * rank))
    path = lib.save(tmp_path / "m", [item], version)
    assert plain(lib.restore(path, "test", "int32")) == whole.tolist()
    assert plain(lib.restore(path, "test", "int32", item.spec)) == whole.tolist()
    if version == 1:
        meta = SavedTensorSlices.FromString(read_table(path)[b""]).meta
        assert [text(one) for one in meta.tensor[0].slice] == [":".join("-" * rank)]


def parse(lib: Any, shape: str, extents: str, path: Path) -> None:
    """Make a library read the text of a slice."""
    if lib.is_ours:
        TensorSlice.parse(extents)
    else:
        lib.save(path, [Item("test", np.zeros(1, np.float32), f"{shape} {extents}")])


@pytest.mark.parametrize(
    ("shape", "extents", "theirs"),
    [
        (
            "5 5 5 5 5",
            "-:-:1,3:4:5",
            "Expected a pair of numbers or '-' but got '4': string = -:-:1,3:4:5",
        ),
        (
            "5 5",
            "-:-1,3",
            "Expected non-negative start and positive length but got start = -1, length = 3: "
            "string = -:-1,3",
        ),
        (
            "5",
            "19223372036854775808,19223372036854775808",
            "Expected a pair of numbers or '-' but got '19223372036854775808,19223372036854775808'",
        ),
    ],
    ids=["a_number_alone", "a_negative_start", "beyond_64_bits"],
)
def test_what_is_no_slice(shape: str, extents: str, theirs: str, lib: Any, tmp_path: Path) -> None:
    with pytest.raises(ValueError if lib.is_ours else lib.InvalidArgument) as caught:
        parse(lib, shape, extents, tmp_path / "m")
    assert (extents if lib.is_ours else theirs) in str(caught.value)


def test_the_longest_slice_is_one() -> None:
    """Nothing in TensorFlow's Python takes a slice without a tensor: tfckpt alone."""
    longest = TensorSlice.parse("9223372036854775807,9223372036854775807")
    assert longest.extents == ((2**63 - 1, 2**63 - 1),)


def test_slices_are_compared() -> None:
    """Slices are values: tfckpt alone."""
    full = TensorSlice.of([(0, -1)] * 3)
    assert full == TensorSlice.parse("-:-:-")
    assert full != TensorSlice.of([(0, -1)] * 2)
    assert full != TensorSlice.parse("-:0,1:-")
    assert str(full) == "-:-:-"
    assert full.shape_in((2, 3, 4)) == (2, 3, 4)  # it is full
    assert TensorSlice.parse("-:-:14,1").shape_in((2, 3, 15)) == (2, 3, 1)


def negative_start(tensor: Any) -> None:
    tensor.slice[0].extent[0].start = -1
    tensor.slice[0].extent[0].length = 1


def negative_length(tensor: Any) -> None:
    tensor.slice[0].extent[2].length = -1


def no_length(tensor: Any) -> None:
    tensor.slice[0].extent[2].ClearField("length")


def endless(tensor: Any) -> None:
    tensor.slice[0].extent[2].length = 2**63 - 1


@pytest.mark.parametrize(
    "damage",
    [None, negative_start, negative_length, no_length, endless],
    ids=["none", "negative_start", "negative_length", "no_length", "endless"],
)
def test_slices_in_files_are_checked(
    damage: Callable[[Any], None] | None, lib: Any, tmp_path: Path
) -> None:
    whole = np.arange(2 * 12 * 15, dtype=np.int32).reshape(2, 12, 15)
    path = lib.save(tmp_path / "m", [part(whole, "-:0,10:14,1")], 1)
    if damage is None:
        assert lib.open(path).has_tensor("test")
        return

    def change(message: Any) -> None:
        for tensor in message.meta.tensor:
            damage(tensor)

    mutate(path, change)
    with pytest.raises(lib.Error):
        lib.open(path)


def around(box: tuple[slice, ...], shape: tuple[int, ...]) -> list[tuple[slice, ...]]:
    """Boxes that tile what a box leaves of a tensor."""
    boxes = []
    left = [slice(0, size) for size in shape]
    for axis, extent in enumerate(box):
        for start, stop in ((0, extent.start), (extent.stop, shape[axis])):
            if stop > start:
                boxes.append((*left[:axis], slice(start, stop), *left[axis + 1 :]))
        left[axis] = extent
    return boxes


@pytest.mark.parametrize(
    ("shape", "stored", "asked", "common"),
    [
        ((5, 9), "1,2:3,4", "-:-", "1,2:3,4"),
        ((6, 8, 20, 15), "1,2:3,4:9,10:12,1", "1,5:2,6:3,7:5,10", "1,2:3,4:9,1:12,1"),
        ((3, 2), "-:0,2", "-:1,1", "-:1,1"),
        ((4, 9, 11), "1,3:4,5:1,6", "1,2:3,1:5,6", None),
    ],
    ids=["all", "every_dimension", "some_dimensions", "nothing"],
)
@pytest.mark.parametrize("version", [1, 2])
def test_what_two_slices_have_in_common(
    version: int,
    shape: tuple[int, ...],
    stored: str,
    asked: str,
    common: str | None,
    lib: Any,
    tmp_path: Path,
) -> None:
    """One stored slice holds ones, all others zeros: where the ones are is what is common."""
    box = tuple(
        slice(0, size) if length < 0 else slice(start, start + length)
        for (start, length), size in zip(extents_of(spec_of(shape, stored)), shape, strict=True)
    )
    whole = np.zeros(shape, np.int32)
    whole[box] = 1
    others = [
        ":".join(f"{extent.start},{extent.stop - extent.start}" for extent in other)
        for other in around(box, shape)
    ]
    items = [part(whole, extents) for extents in [stored, *others]]
    path = lib.save(tmp_path / "m", items, version)

    restored = lib.restore(path, "test", "int32", spec_of(shape, asked))

    expected = np.zeros(shape, np.int32)
    if common is not None:
        expected[index_of(spec_of(shape, common))] = 1
    assert restored.tolist() == expected[index_of(spec_of(shape, asked))].tolist()


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(
    ("shape", "extents"),
    [((5, 5), "1,2:3,1:-"), ((5, 5, 5), "-:-"), ((2, 4, 5, 8), "1,1:1,4:-:-")],
    ids=["of_a_higher_rank", "of_a_lower_rank", "out_of_bounds"],
)
def test_a_slice_that_does_not_fit_its_tensor(
    shape: tuple[int, ...], extents: str, version: int, lib: Any, tmp_path: Path
) -> None:
    array = np.zeros([2] * extents.count(":"), np.float32)
    with pytest.raises(lib.Error):
        lib.save(tmp_path / "m", [Item("test", array, spec_of(shape, extents))], version)


@pytest.mark.parametrize("version", [1, 2])
def test_the_shape_of_a_slice(version: int, lib: Any, tmp_path: Path) -> None:
    whole = np.arange(2 * 4 * 5 * 8, dtype=np.float32).reshape(2, 4, 5, 8)
    path = lib.save(tmp_path / "m", [Item("test", whole)], version)
    restored = lib.restore(path, "test", "float32", "2 4 5 8 1,1:-:4,1:2,6")
    assert restored.shape == (1, 4, 1, 6)
    assert restored.tolist() == whole[1:2, :, 4:5, 2:8].tolist()


@pytest.mark.parametrize(
    ("shape", "base", "sub", "relative"),
    [
        ((2, 3, 2, 7), "-:-:-:-", "-:1,2:-:3,4", "-:1,2:-:3,4"),
        ((3, 7, 7, 6), "1,2:3,4:-:5,1", "1,1:4,2:3,3:5,1", "0,1:1,2:3,3:0,1"),
    ],
)
@pytest.mark.parametrize("version", [1, 2])
def test_a_slice_of_a_slice(
    version: int,
    shape: tuple[int, ...],
    base: str,
    sub: str,
    relative: str,
    lib: Any,
    tmp_path: Path,
) -> None:
    whole = np.arange(np.prod(shape), dtype=np.int32).reshape(shape)
    item = part(whole, base)
    path = lib.save(tmp_path / "m", [item], version)
    restored = lib.restore(path, "test", "int32", spec_of(shape, sub))
    assert restored.tolist() == item.array[index_of(f"_ {relative}")].tolist()


def replace_extents(path: str, stored: bytes, other: bytes) -> None:
    """Put another encoding of the same slice into both records of a V1 file with one tensor."""
    records = read_table(path)
    meta = SavedTensorSlices.FromString(records[b""])
    tensor = meta.meta.tensor[0]
    assert tensor.slice[0].SerializeToString() == stored
    del tensor.slice[:]
    described = tensor.SerializeToString() + b"\x22" + bytes([len(other)]) + other
    versions = b"\x12" + bytes([2]) + meta.meta.versions.SerializeToString()
    inner = b"\x0a" + bytes([len(described)]) + described + versions
    records[b""] = b"\x0a" + bytes([len(inner)]) + inner
    replace_table(path, records)


@pytest.mark.parametrize(
    "encoded",
    [
        # start: 0 is written by proto2, left out by proto3
        b"\x0a\x02\x10\x05\x0a\x04\x08\x00\x10\x0a\x0a\x04\x08\x0e\x10\x01\x0a\x00",
        b"\x0a\x02\x10\x05\x0a\x02\x10\x0a\x0a\x04\x08\x0e\x10\x01\x0a\x00",
    ],
    ids=["proto2", "proto3"],
)
def test_both_encodings_of_a_slice_are_read(encoded: bytes, lib: Any, tmp_path: Path) -> None:
    whole = np.arange(6 * 12 * 15 * 2, dtype=np.int32).reshape(6, 12, 15, 2)
    item = part(whole, "0,5:0,10:14,1:-")
    path = lib.save(tmp_path / "m", [item], 1)
    proto3 = b"\x0a\x02\x10\x05\x0a\x02\x10\x0a\x0a\x04\x08\x0e\x10\x01\x0a\x00"
    replace_extents(path, proto3, encoded)
    assert plain(lib.restore(path, "test", "int32", item.spec)) == item.array.tolist()


# --- saved_tensor_slice_util_test.cc


@pytest.mark.parametrize("version", [1, 2])
def test_the_key_of_a_slice(version: int, lib: Any, tmp_path: Path) -> None:
    """Its place among other keys: 0, the name, the rank, and each start and length, in order."""
    whole = np.arange(2 * 3 * 5 * 9, dtype=np.int32).reshape(2, 3, 5, 9)
    item = part(whole, "-:-:1,3:4,5")._replace(name="foo")
    path = lib.save(tmp_path / "m", [item], version)
    keys = list(read_table(path if version == 1 else f"{path}.index"))
    assert b"\x00foo\x00\x01\x01\x04\x80\x7f\x80\x7f\x81\x83\x84\x85" in keys
    assert list(lib.open(path).get_variable_to_shape_map()) == ["foo"]
    if lib.is_ours:
        assert str(tfckpt.load_checkpoint(path).info("foo").slices[0]) == "-:-:1,3:4,5"


# --- tensor_slice_set_test.cc

STORED = ["0,2:-", "2,2:0,3", "3,1:3,2"]  # and nothing holds the last two of the third row


@pytest.mark.parametrize(
    ("asked", "needed"),
    [("0,2:-", {0}), ("1,1:-", {0}), ("1,2:0,3", {0, 1}), ("3,1:1,4", {1, 2})],
    ids=["a_stored_slice", "a_part_of_one", "parts_of_two", "of_the_last_row"],
)
@pytest.mark.parametrize("version", [1, 2])
def test_which_slices_a_part_needs(
    version: int, asked: str, needed: set[int], lib: Any, tmp_path: Path
) -> None:
    """Each slice is in a shard of its own, and only those that are needed are there."""
    whole = NUMBERS.astype(np.int32)
    shards = [[part(whole, extents)] for extents in STORED]
    path = lib.save_shards(tmp_path / "m", shards, version)
    for shard in {0, 1, 2} - needed:
        os.remove(shard_file(path, shard, version))

    restored = lib.restore(path, "test", "int32", f"4 5 {asked}")
    assert restored.tolist() == whole[index_of(f"4 5 {asked}")].tolist()

    os.remove(shard_file(path, max(needed), version))
    with pytest.raises(lib.Error):
        lib.restore(path, "test", "int32", f"4 5 {asked}")


def shard_file(path: str, shard: int, version: int) -> str:
    return path.replace("?????", f"{shard:05d}") if version == 1 else data_file(path, shard, 3)


@pytest.mark.parametrize("version", [1, 2])
def test_a_part_with_a_hole(version: int, lib: Any, tmp_path: Path) -> None:
    shards = [[part(NUMBERS.astype(np.int32), extents)] for extents in STORED]
    path = lib.save_shards(tmp_path / "m", shards, version)
    with pytest.raises(lib.Error):
        lib.restore(path, "test", "int32", "4 5 1,2:2,3")


# --- tensor_slice_reader_test.cc


@pytest.mark.parametrize("dtype", ["float32", "int32", "int64", "int16", "int8", "uint8"])
@pytest.mark.parametrize("version", [1, 2])
def test_slices_of_two_files(version: int, dtype: str, lib: Any, tmp_path: Path) -> None:
    whole = typed(NUMBERS, dtype)
    path = lib.save_shards(
        tmp_path / f"{dtype}_checkpoint",
        [[part(whole, "0,2:-")], [part(whole, "2,2:0,3"), part(whole, "3,1:3,2")]],
        version,
    )

    reader = lib.open(path)
    assert reader.has_tensor("test")
    assert reader.get_variable_to_shape_map() == {"test": [4, 5]}
    assert lib.data_type(path, "test") == data_type(dtype)
    assert not reader.has_tensor("don't exist")
    restored = lib.restore(path, "test", dtype, "4 5 0,2:-")
    assert restored.dtype == whole.dtype
    assert restored.tolist() == [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]]
    assert lib.restore(path, "test", dtype, "4 5 1,1:-").tolist() == [[5, 6, 7, 8, 9]]
    with pytest.raises(lib.Error):  # there is a hole
        lib.restore(path, "test", dtype, "4 5 1,2:2,3")


def saved_ints(lib: Any, path: Path, extents: str = "-:-") -> str:
    return lib.save(path, [part(NUMBERS.astype(np.int32), extents)], 1)


def no_type(message: Any) -> None:
    for tensor in message.meta.tensor:
        tensor.ClearField("type")


def type_of_a_reference(message: Any) -> None:
    for tensor in message.meta.tensor:
        tensor.type = tf.int32.as_datatype_enum + 100


def too_few_values(message: Any) -> None:
    if message.HasField("data"):
        del message.data.data.int_val[4:]


@pytest.mark.parametrize(
    "damage", [no_type, type_of_a_reference, too_few_values], ids=lambda one: one.__name__
)
def test_a_tensor_is_listed_that_cannot_be_read(
    damage: Callable[[Any], None], lib: Any, tmp_path: Path
) -> None:
    path = saved_ints(lib, tmp_path / "checkpoint")
    mutate(path, damage)
    reader = lib.open(path)
    assert reader.has_tensor("test")
    with pytest.raises(lib.Error):
        reader.get_tensor("test")
    with pytest.raises(lib.Error):
        lib.restore(path, "test", "int32")


def negative_sizes(message: Any) -> None:
    for tensor in message.meta.tensor:
        for dim in tensor.shape.dim:
            dim.size = -dim.size


def negative_extent(message: Any) -> None:
    for tensor in message.meta.tensor:
        tensor.slice[0].extent[0].length = -10


@pytest.mark.parametrize("damage", [negative_sizes, negative_extent], ids=lambda one: one.__name__)
def test_a_file_that_is_not_opened(damage: Callable[[Any], None], lib: Any, tmp_path: Path) -> None:
    path = saved_ints(lib, tmp_path / "checkpoint", "0,2:-")
    mutate(path, damage)
    with pytest.raises(lib.Error):
        lib.open(path)


# Producer, least consumer and bad consumers; and what TensorFlow says.
VERSIONS = {
    "min_consumer": (2, 2, [], "Checkpoint min consumer version 2 above current version 1"),
    "min_producer": (-1, 0, [], "Checkpoint producer version -1 below min producer 0"),
    "bad_consumer": (2, 0, [1], "Checkpoint disallows consumer version 1."),
}


@pytest.mark.parametrize("name", VERSIONS)
def test_versions_that_are_refused(name: str, lib: Any, tmp_path: Path) -> None:
    producer, min_consumer, bad_consumers, theirs = VERSIONS[name]
    message = SavedTensorSlices()
    message.meta.versions.producer = producer
    message.meta.versions.min_consumer = min_consumer
    message.meta.versions.bad_consumers.extend(bad_consumers)
    path = tmp_path / "checkpoint"
    replace_table(path, {b"": message.SerializeToString()})
    with pytest.raises(lib.Error) as caught:
        lib.open(str(path))
    if lib.is_ours:
        assert isinstance(caught.value, lib.InvalidArgument)
    else:  # Python is not told the code of an error on opening, only its text
        assert theirs in str(caught.value)


# --- tensor_slice_writer_test.cc


def test_the_records_of_a_v1_file(lib: Any, tmp_path: Path) -> None:
    floats = [[1.2, 1.3], [1.4, 2.1], [2.2, 2.3]]
    column = np.array([[10], [11], [12], [13], [14]])
    first = np.array([[0], [1], [2], [3], [4]], np.int32)
    path = lib.save(
        tmp_path / "checkpoint",
        [
            Item("test", first, "5 10 -:0,1"),
            Item("test", column.astype(np.int32), "5 10 -:3,1"),
            Item("AA", np.array(floats, np.float32), "3 2 -:-"),
            Item("int64", column.astype(np.int64), "5 10 -:3,1"),
            Item("int16", column.astype(np.int16), "5 10 -:3,1"),
        ],
        1,
    )
    records = [
        (key, SavedTensorSlices.FromString(value)) for key, value in read_table(path).items()
    ]
    assert len(records) == 6

    key, first_record = records[0]
    assert key == b""
    assert not first_record.HasField("data")
    assert first_record.meta.versions.producer == 1
    assert first_record.meta.versions.min_consumer == 0
    described = {
        one.name: ([dim.size for dim in one.shape.dim], one.type, [*map(text, one.slice)])
        for one in first_record.meta.tensor
    }
    assert described == {
        "test": ([5, 10], data_type("int32"), ["-:0,1", "-:3,1"]),
        "AA": ([3, 2], data_type("float32"), ["-:-"]),
        "int64": ([5, 10], data_type("int64"), ["-:3,1"]),
        "int16": ([5, 10], data_type("int16"), ["-:3,1"]),
    }

    found = []
    for _, message in records[1:]:
        assert not message.HasField("meta")
        values = {
            field.name: list(value)
            for field, value in message.data.data.ListFields()
            if field.name.endswith("_val")
        }
        found.append((message.data.name, text(message.data.slice), values))
    numbers = [10, 11, 12, 13, 14]
    flat = [value for row in floats for value in row]
    assert found == [
        ("AA", "-:-", {"float_val": [pytest.approx(value) for value in flat]}),
        ("int16", "-:3,1", {"int_val": numbers}),
        ("int64", "-:3,1", {"int64_val": numbers}),
        ("test", "-:0,1", {"int_val": [0, 1, 2, 3, 4]}),
        ("test", "-:3,1", {"int_val": numbers}),
    ]


@pytest.mark.parametrize(
    ("dtype", "value", "size"),
    [
        ("bool", False, 1),
        ("bool", True, 1),
        ("float32", -1.0, 4),
        ("float64", -1.0, 8),
        ("complex64", -1.0, 8),
        ("complex128", -1.0, 16),
        ("int32", -1, 10),
        ("int64", -1, 10),
        ("uint16", 2**16 - 1, 3),
        ("uint8", 2**8 - 1, 2),
        ("int8", -1, 10),
        ("int16", -1, 10),
        ("qint8", -1, 10),
        ("quint8", 2**8 - 1, 2),
        ("qint32", -1, 10),
        ("float16", -1.0, 3),
    ],
)
def test_how_many_bytes_an_element_takes(
    dtype: str, value: Any, size: int, lib: Any, tmp_path: Path
) -> None:
    sizes = {}
    for count in (1, 1001):
        path = lib.save(tmp_path / f"m{count}", [Item("test", typed([value] * count, dtype))], 1)
        sizes[count] = os.path.getsize(path)
    assert (sizes[1001] - sizes[1]) // 1000 == size


@pytest.mark.parametrize("kind", ["int8", "string"])
def test_a_slice_that_is_too_big_for_v1(kind: str, lib: Any, tmp_path: Path) -> None:
    """300 MB of int8, ten bytes each in a file; or 2 GiB of text."""
    if kind == "int8":
        item = Item("test1", np.full((300, 1_000_000), -1, np.int8), "300 1000000 -:-")
    else:  # TensorFlow's case has 8 kB in each: fewer and longer ones come to as much
        array = np.full((64, 1024), b"f" * 32768, object)
        item = Item("test2", array, "64 1024 -:-")
    with pytest.raises(lib.InvalidArgument, match="Tensor slice is too large to serialize"):
        lib.save(tmp_path / "checkpoint", [item], 1)
    assert os.listdir(tmp_path) == []


def test_a_type_that_v1_does_not_have(lib: Any, tmp_path: Path) -> None:
    item = Item("test", np.array([1234], np.uint32))
    with pytest.raises(lib.Error):
        lib.save(tmp_path / "checkpoint", [item], 1)
