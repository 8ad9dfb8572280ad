"""TensorFlow's cases of tensor_bundle_test.cc: V2 checkpoints, file by file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf import tensor_bundle_pb2

import tfckpt
from interop.tf_suite_files import (
    BOTH,
    TENSOR_BUNDLE_DTYPES,
    Item,
    data_file,
    data_type,
    entries,
    header,
    index_of,
    lib_name,
    part,
    plain,
    read_table,
    replace_table,
    shape_of,
    typed,
)
from tfckpt.checksum import crc32c, mask

BundleHeaderProto = tensor_bundle_pb2.BundleHeaderProto
LITTLE, BIG = BundleHeaderProto.LITTLE, BundleHeaderProto.BIG


@pytest.fixture(params=BOTH, ids=lib_name)
def lib(request: pytest.FixtureRequest) -> Any:
    return request.param


def filled(value: Any, dtype: str, shape: tuple[int, ...] = (2, 3)) -> np.ndarray:
    return typed(np.full(shape, value), dtype)


def numbered(prefix: str, dtype: str) -> dict[str, np.ndarray]:
    """Four tensors, not in the order of their names."""
    return {f"{prefix}_00{number}": filled(number, dtype) for number in (3, 0, 2, 1)}


def items(tensors: Mapping[str, np.ndarray]) -> list[Item]:
    return [Item(name, array) for name, array in tensors.items()]


def check(lib: Any, prefix: Any, tensors: Mapping[str, np.ndarray], dtype: str) -> None:
    """Compare names, in their order, shapes, dtype and values."""
    names = sorted(tensors)
    assert lib.list_variables(str(prefix)) == [(n, list(tensors[n].shape)) for n in names]
    reader = lib.open(str(prefix))
    for name in names:
        assert reader.has_tensor(name)
        assert lib.data_type(prefix, name) == data_type(dtype)
        found = np.asarray(lib.restore(prefix, name, dtype))
        assert found.dtype == tensors[name].dtype
        assert found.shape == tensors[name].shape
        assert plain(found) == plain(tensors[name])
    if lib.is_ours:  # one after another, as the C++ test goes through a bundle
        assert [plain(value) for value in reader.values()] == [plain(tensors[n]) for n in names]


@pytest.mark.parametrize("dtype", TENSOR_BUNDLE_DTYPES)
def test_tensors_come_back_and_merge(dtype: str, lib: Any, tmp_path: Path) -> None:
    foo, bar = numbered("foo", dtype), numbered("bar", dtype)
    lib.save(tmp_path / "foo", items(foo))
    check(lib, tmp_path / "foo", foo, dtype)
    lib.save(tmp_path / "bar", items(bar))
    check(lib, tmp_path / "bar", bar, dtype)

    lib.merge([tmp_path / "foo", tmp_path / "bar"], tmp_path / "merged")

    check(lib, tmp_path / "merged", {**foo, **bar}, dtype)


# --- byte order


def swapped(array: np.ndarray) -> np.ndarray:
    """The same numbers with their bytes the other way round; each part of a complex one."""
    if array.dtype.kind == "V":  # quantized and bfloat16: as the integer of that size
        bits = array.view(f"u{array.dtype.itemsize}")
        return bits.byteswap().view(array.dtype)
    return array.byteswap()


def flip_byte_order(prefix: Path) -> None:
    """Say in the header that numbers are big-endian."""
    records = read_table(f"{prefix}.index")
    found = BundleHeaderProto.FromString(records[b""])
    assert found.endianness == LITTLE
    found.endianness = BIG
    records[b""] = found.SerializeToString()
    replace_table(f"{prefix}.index", records)


def save_big_endian(lib: Any, prefix: Path, tensors: Mapping[str, np.ndarray]) -> None:
    lib.save(prefix, items({name: swapped(array) for name, array in tensors.items()}))
    flip_byte_order(prefix)


@pytest.mark.parametrize("dtype", TENSOR_BUNDLE_DTYPES)
def test_big_endian_bundles_are_read_and_merge(dtype: str, lib: Any, tmp_path: Path) -> None:
    foo, bar = numbered("foo", dtype), numbered("bar", dtype)
    save_big_endian(lib, tmp_path / "foo", foo)
    check(lib, tmp_path / "foo", foo, dtype)
    save_big_endian(lib, tmp_path / "bar", bar)
    check(lib, tmp_path / "bar", bar, dtype)

    lib.merge([tmp_path / "foo", tmp_path / "bar"], tmp_path / "merged")

    check(lib, tmp_path / "merged", {**foo, **bar}, dtype)
    assert header(tmp_path / "merged").endianness == BIG


# Bits, and the same bits with the bytes the other way round.
BITS = {
    2: ([0x1DE5, 0xD017, 0xF1EA, 0xC0A1], [0xE51D, 0x17D0, 0xEAF1, 0xA1C0]),
    4: ([0x0DDBA115, 0xF01DAB1E], [0x15A1DB0D, 0x1EAB1DF0]),
    8: (
        [0xF005BA11CABA1000, 0x5CA1AB1ECAB005E5],
        [0x0010BACA11BA05F0, 0xE505B0CA1EABA15C],
    ),
}


@pytest.mark.parametrize(
    ("dtype", "size"),
    [
        *((dtype, 2) for dtype in ("uint16", "int16", "bfloat16")),
        *((dtype, 4) for dtype in ("uint32", "int32", "float32", "complex64")),
        *((dtype, 8) for dtype in ("uint64", "int64", "float64", "complex128")),
    ],
)
def test_bytes_are_swapped(dtype: str, size: int, lib: Any, tmp_path: Path) -> None:
    kind = tf.as_dtype(dtype).as_numpy_dtype
    forward, backward = (np.array(bits, f"u{size}").view(kind) for bits in BITS[size])
    lib.save(tmp_path / "m", [Item("x", backward)])
    flip_byte_order(tmp_path / "m")
    found = np.asarray(lib.restore(tmp_path / "m", "x", dtype))
    assert found.dtype == forward.dtype
    assert found.tobytes() == forward.tobytes()


# --- parts


@pytest.fixture
def columns(lib: Any, tmp_path: Path) -> str:
    """A tensor in two slices: its first column, zeros, and the others, ones."""
    whole = np.ones((5, 10), np.float32)
    whole[:, 0] = 0
    parts = [part(whole, "-:0,1"), part(whole, "-:1,9")]
    return lib.save(tmp_path / "foo", [one._replace(name="foo") for one in parts])


def test_a_partitioned_tensor_is_read_as_a_whole(columns: str, lib: Any) -> None:
    assert lib.restore(columns, "foo", "float32").tolist() == [[0] + [1] * 9] * 5
    assert lib.open(columns).get_tensor("foo").tolist() == [[0] + [1] * 9] * 5


def test_the_slices_of_a_partitioned_tensor(columns: str, lib: Any) -> None:
    assert lib.slices(columns, "foo") == ["-:0,1", "-:1,9"]


def test_a_part_cuts_both_slices(columns: str, lib: Any) -> None:
    assert lib.restore(columns, "foo", "float32", "5 10 -:0,2").tolist() == [[0, 1]] * 5


def test_a_part_cuts_one_slice(columns: str, lib: Any) -> None:
    assert lib.restore(columns, "foo", "float32", "5 10 -:2,2").tolist() == [[1, 1]] * 5


@pytest.mark.parametrize("asked", ["5 10 -:-", "5 10 0,5:0,10"])
@pytest.mark.parametrize("stored", ["5 10 -:-", "5 10 0,5:0,10"])
def test_slices_that_are_equivalent(stored: str, asked: str, lib: Any, tmp_path: Path) -> None:
    ones = np.ones((5, 10), np.float32)
    assert ones[index_of(stored)].shape == shape_of(asked)
    path = lib.save(tmp_path / "foo", [Item("foo", ones, stored)])
    assert lib.restore(path, "foo", "float32", asked).tolist() == ones.tolist()


# --- shapes and types


@pytest.mark.parametrize("dtype", TENSOR_BUNDLE_DTYPES)
def test_scalars_and_tensors_without_elements(dtype: str, lib: Any, tmp_path: Path) -> None:
    tensors = {
        "scalar": filled(0, dtype, ()),
        "non_standard0": filled(0, dtype, (0, 1618)),
        "non_standard1": filled(0, dtype, (16, 0, 18)),
    }
    lib.save(tmp_path / "nonstandard", items(tensors))
    check(lib, tmp_path / "nonstandard", tensors, dtype)


def test_strings_of_the_old_format_are_read(lib: Any, tmp_path: Path) -> None:
    """A bundle of 2018, when lengths were varint32s; the numbers are those of TensorFlow's file."""
    lengths = bytes.fromhex("05 00 03 80 08")  # hello, nothing, x01, 1024 times c
    data = (
        bytes.fromhex("00 a6 7b 11 3a")
        + bytes.fromhex("05 d9 c6 9c 43")
        + b"hello"
        + lengths
        + bytes.fromhex("9c 52 9b d3")
        + b"hellox01"
        + b"c" * 1024
        + np.full(6, 16.18, np.float32).tobytes()
    )
    # shape, dtype, offset, size, checksum
    described = {
        "floats": ([2, 3], tf.float32, 1056, 24, 0x59889A44),
        "scalar": ([1], tf.string, 5, 10, 0x29C0E0EC),
        "string_tensor": ([1], tf.string, 0, 5, 0xBE0767BD),
        "strs": ([4], tf.string, 15, 1041, 0xFC06F652),
    }
    records = {b"": b"\x08\x01\x1a\x02\x08\x01"}
    for name, (shape, dtype, offset, size, checksum) in described.items():
        entry = tensor_bundle_pb2.BundleEntryProto(
            dtype=dtype.as_datatype_enum, offset=offset, size=size, crc32c=checksum
        )
        for dim in shape:
            entry.shape.dim.add(size=dim)
        records[name.encode()] = entry.SerializeToString()
    Path(data_file(tmp_path / "foo")).write_bytes(data)
    replace_table(tmp_path / "foo.index", records)
    path = str(tmp_path / "foo")

    assert [name for name, _ in lib.list_variables(path)] == list(described)
    assert lib.restore(path, "string_tensor", "string").tolist() == [b""]
    assert lib.restore(path, "scalar", "string").tolist() == [b"hello"]
    strings = lib.restore(path, "strs", "string").tolist()
    assert strings == [b"hello", b"", b"x01", b"c" * 1024]
    assert lib.restore(path, "floats", "float32").tolist() == [[np.float32(16.18)] * 3] * 2


def test_strings_come_back(lib: Any, tmp_path: Path) -> None:
    """TensorFlow's case has one of 4 GiB too."""
    tensors = {
        "string_tensor": typed([b""], "string"),
        "scalar": typed([b"hello"], "string"),
        "strs": typed([b"hello", b"", b"x01", b"c" * (1 << 25)], "string"),
        "floats": filled(16.18, "float32"),
    }
    path = lib.save(tmp_path / "foo", items(tensors))
    names = [name for name, _ in lib.list_variables(path)]
    assert names == ["floats", "scalar", "string_tensor", "strs"]
    for name, array in tensors.items():
        dtype = "float32" if name == "floats" else "string"
        found = lib.restore(path, name, dtype)
        assert lib.data_type(path, name) == data_type(dtype)
        assert found.shape == array.shape
        assert found.tolist() == array.tolist()


def test_variants(lib: Any, tmp_path: Path) -> None:
    """Those are listed here and not read, as the README says."""
    values = [[10.0, 20.0], [30.0, 40.0]]
    variant = tf.raw_ops.TensorListFromTensor(
        tensor=tf.constant(values), element_shape=tf.constant([2])
    )
    path = str(tmp_path / "foo")
    tf.raw_ops.SaveV2(
        prefix=path, tensor_names=["variant_tensor"], shape_and_slices=[""], tensors=[variant]
    )
    assert lib.list_variables(path) == [("variant_tensor", [])]
    assert lib.open(path).has_tensor("variant_tensor")
    assert lib.data_type(path, "variant_tensor") == tf.variant.as_datatype_enum
    if lib.is_ours:
        with pytest.raises(tfckpt.errors.UnimplementedError):
            lib.restore(path, "variant_tensor", "variant")
    else:
        restored = lib.restore_tensor(path, "variant_tensor", tf.variant)
        stacked = tf.raw_ops.TensorListStack(
            input_handle=restored, element_shape=tf.constant([2]), element_dtype=tf.float32
        )
        assert stacked.numpy().tolist() == values


def test_tensors_of_many_elements(lib: Any, tmp_path: Path) -> None:
    tensors = {f"foo_00{n}": filled(n, "float32", (100, 100)) for n in (3, 0, 2, 1)}
    lib.save(tmp_path / "foo", items(tensors))
    check(lib, tmp_path / "foo", tensors, "float32")


# --- files


def test_the_files_of_bundles(lib: Any, tmp_path: Path) -> None:
    for number in (0, 1):
        array = filled(0.0, "float32")
        lib.save(tmp_path / f"worker{number}", [Item(f"tensor{number}", array)])
    workers = [{f"worker{n}.index", f"worker{n}.data-00000-of-00001"} for n in (0, 1)]
    assert set(os.listdir(tmp_path)) == workers[0] | workers[1]

    # A single one is given another name.
    lib.merge([tmp_path / "worker0"], tmp_path / "another")
    another = {"another.index", "another.data-00000-of-00001"}
    assert set(os.listdir(tmp_path)) == another | workers[1]

    lib.merge([tmp_path / "another", tmp_path / "worker1"], tmp_path / "merged")
    assert set(os.listdir(tmp_path)) == {
        "merged.index",
        "merged.data-00000-of-00002",
        "merged.data-00001-of-00002",
    }


def test_where_the_tensors_of_a_merged_bundle_lie(lib: Any, tmp_path: Path) -> None:
    """File by file, and in each in the order in which they were saved."""
    array = filled(0.0, "float32")
    lib.save(tmp_path / "worker0", [Item(f"tensor-0-{n}", array) for n in (0, 1, 2)])
    lib.save(tmp_path / "worker1", [Item(f"tensor-1-{n}", array) for n in (2, 1, 0)])
    lib.merge([tmp_path / "worker0", tmp_path / "worker1"], tmp_path / "merged")
    found = entries(tmp_path / "merged")
    assert sorted(found, key=lambda name: (found[name].shard_id, found[name].offset)) == [
        *("tensor-0-0", "tensor-0-1", "tensor-0-2"),
        *("tensor-1-2", "tensor-1-1", "tensor-1-0"),
    ]


def test_data_may_be_aligned(lib: Any, tmp_path: Path) -> None:
    """Neither library's Python aligns: a bundle whose tensors begin at multiples of 42, by hand."""
    alignment = 42
    tensors = {f"foo_00{number}": filled(number, "float32") for number in (3, 0, 2, 1)}
    data = bytearray()
    records = {b"": b"\x08\x01\x1a\x02\x08\x01"}
    for name, array in tensors.items():
        data += bytes(-len(data) % alignment)
        entry = tensor_bundle_pb2.BundleEntryProto(
            dtype=data_type("float32"),
            offset=len(data),
            size=array.nbytes,
            crc32c=mask(crc32c(array.tobytes(), 0)),
        )
        for size in array.shape:
            entry.shape.dim.add(size=size)
        records[name.encode()] = entry.SerializeToString()
        data += array.tobytes()
    Path(data_file(tmp_path / "foo")).write_bytes(data)
    replace_table(tmp_path / "foo.index", records)

    check(lib, tmp_path / "foo", tensors, "float32")
    assert [one.offset for one in entries(tmp_path / "foo").values()] == [42, 126, 84, 0]


def test_the_header(lib: Any, tmp_path: Path) -> None:
    lib.save(tmp_path / "b", [Item("key", filled(1.0, "float32"))])
    found = header(tmp_path / "b")
    assert found.num_shards == 1
    assert found.endianness == LITTLE
    assert found.version.producer == 1
    assert found.version.min_consumer == 0


# Producer, least consumer and bad consumers; and what TensorFlow says.
VERSIONS = {
    "min_consumer": (2, 2, [], "Checkpoint min consumer version 2 above current version 1"),
    "min_producer": (-1, 0, [], "Checkpoint producer version -1 below min producer 0"),
    "bad_consumer": (2, 0, [1], "Checkpoint disallows consumer version 1."),
}


@pytest.mark.parametrize("name", VERSIONS)
def test_versions_that_are_refused(name: str, lib: Any, tmp_path: Path) -> None:
    producer, min_consumer, bad_consumers, theirs = VERSIONS[name]
    found = BundleHeaderProto()
    found.version.producer = producer
    found.version.min_consumer = min_consumer
    found.version.bad_consumers.extend(bad_consumers)
    replace_table(tmp_path / "version_test.index", {b"": found.SerializeToString()})
    with pytest.raises(lib.Error) as caught:
        lib.open(str(tmp_path / "version_test"))
    if lib.is_ours:
        assert isinstance(caught.value, lib.InvalidArgument)
    else:  # Python is not told the code of an error on opening, only its text
        assert theirs in str(caught.value)


# --- errors


def test_a_name_twice(lib: Any, tmp_path: Path) -> None:
    twice = [Item("foo", filled(1.0, "float32")), Item("foo", filled(2.0, "float32"))]
    with pytest.raises(lib.Error) as caught:
        lib.save(tmp_path / "dup", twice)
    assert ("already" if lib.is_ours else "duplicate key") in str(caught.value)
    assert not (tmp_path / "dup.index").exists()


def test_finishing_twice(tmp_path: Path) -> None:
    """Python does not reach TensorFlow's writer: tfckpt alone."""
    writer = tfckpt.BundleWriter(tmp_path / "bad", fsync=False)
    writer.finish()
    with pytest.raises(RuntimeError):
        writer.finish()


def test_a_bundle_that_is_not_there(lib: Any, tmp_path: Path) -> None:
    with pytest.raises(lib.NotFound):
        lib.restore(tmp_path / "nonexist", "foo", "float32")
    with pytest.raises(lib.Error):
        lib.open(str(tmp_path / "nonexist"))


def flip(path: str, at: int) -> None:
    data = bytearray(Path(path).read_bytes())
    data[at] ^= 0xFF
    Path(path).write_bytes(data)


def fails(lib: Any, path: str, dtype: str, theirs: str) -> None:
    with pytest.raises(lib.DataLoss) as caught:
        lib.restore(path, "foo", dtype)
    if lib.is_ours:
        assert caught.value.tensor == "foo"
    else:
        assert theirs in str(caught.value)


def test_every_byte_of_a_tensor_is_checked(lib: Any, tmp_path: Path) -> None:
    for at in range(24):
        path = lib.save(tmp_path / f"singleton{at}", [Item("foo", filled(1.0, "float32"))])
        flip(data_file(path), at)
        fails(lib, path, "float32", "Checksum does not match")


@pytest.mark.parametrize("at", range(16))
def test_every_byte_of_strings_is_checked(at: int, lib: Any, tmp_path: Path) -> None:
    """The first two bytes are the lengths, the next four their checksum."""
    path = lib.save(tmp_path / "strings", [Item("foo", typed([b"hello", b"world"], "string"))])
    assert os.path.getsize(data_file(path)) == 16
    flip(data_file(path), at)
    lengths = at < 6
    fails(
        lib,
        path,
        "string",
        "length checksum does not match" if lengths else "Checksum does not match",
    )


def test_data_that_is_cut_short(lib: Any, tmp_path: Path) -> None:
    path = lib.save(tmp_path / "end", [Item("key", filled(1.0, "float32"))])
    os.truncate(data_file(path), os.path.getsize(data_file(path)) - 1)
    assert lib.open(path).has_tensor("key")
    # Damage is OutOfRange there, and DataLoss here, as docs/compatibility.md says.
    with pytest.raises(lib.DataLoss if lib.is_ours else tf.errors.OutOfRangeError):
        lib.restore(path, "key", "float32")
