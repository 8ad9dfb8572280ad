"""V2 bundles: the same bytes as TensorFlow's SaveV2, and each reads what the other wrote."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import tfckpt
from tfckpt.dtypes import OPAQUE, DataType, numpy_dtype

NUMERIC = [kind for kind in DataType if kind not in {DataType.DT_STRING, *OPAQUE, 0}]
# TensorFlow 2.21 has the number of float4_e2m1fn but cannot make a tensor of it.
BY_TENSORFLOW = [kind for kind in NUMERIC if kind is not DataType.DT_FLOAT4_E2M1FN]

LETTERS = "abz/_.-:09 AZ~éß漢字🙂\x01\x7f\u0301"


def random_name(rng: np.random.Generator) -> str:
    return "".join(rng.choice(list(LETTERS), rng.integers(1, 40)))


def random_names(rng: np.random.Generator, count: int) -> list[str]:
    names: set[str] = set()
    while len(names) < count:
        names.add(random_name(rng))
    return sorted(names, key=lambda _: rng.random())


def random_array(rng: np.random.Generator, kind: DataType, shape: tuple[int, ...]) -> np.ndarray:
    if kind is DataType.DT_STRING:
        lengths = rng.choice([0, 1, 3, 127, 128, 300, 20_000], int(np.prod(shape)))
        array = np.empty(len(lengths), object)
        array[:] = [rng.bytes(n) for n in lengths]
        return array.reshape(shape)
    dtype = numpy_dtype(kind)
    assert dtype is not None
    if kind is DataType.DT_BOOL:
        return rng.integers(0, 2, shape).astype(bool)
    if dtype.name in {"int4", "uint4", "int2", "uint2"}:
        return rng.integers(0, 2, shape).astype(dtype)
    raw = np.frombuffer(rng.bytes(int(np.prod(shape)) * dtype.itemsize), dtype)
    return raw.reshape(shape)


def random_layout(rng: np.random.Generator, array: np.ndarray) -> np.ndarray:
    """The same values, laid out otherwise in memory."""
    match rng.integers(4):
        case 0 if array.ndim:
            return np.asfortranarray(array)
        case 1 if array.ndim:
            wide = np.empty((*array.shape[:-1], array.shape[-1] * 3), array.dtype)
            wide[..., ::3] = array
            return wide[..., ::3]
        case 2 if array.ndim:
            return np.ascontiguousarray(array[::-1])[::-1]
    return array


def random_shape(rng: np.random.Generator) -> tuple[int, ...]:
    return tuple(rng.integers(0 if rng.random() < 0.1 else 1, 9, rng.integers(0, 5)).tolist())


def tf_save(prefix: Path, tensors: dict[str, np.ndarray]) -> None:
    tf.raw_ops.SaveV2(
        prefix=str(prefix),
        tensor_names=list(tensors),
        shape_and_slices=[""] * len(tensors),
        tensors=[as_tensor(array) for array in tensors.values()],
    )


def as_tensor(array: np.ndarray) -> tf.Tensor:
    if array.dtype.names:  # quantized: there is no constant of these, but a cast of the bits
        name = array.dtype.names[0]
        plain = array.copy().view(array.dtype[0])
        return tf.bitcast(tf.constant(plain), tf.dtypes.as_dtype(name))
    return tf.constant(array, tf.string) if array.dtype == object else tf.constant(array)


def assert_same_files(ours: Path, theirs: Path) -> None:
    for suffix in (".index", ".data-00000-of-00001"):
        mine = ours.with_name(ours.name + suffix).read_bytes()
        assert mine == theirs.with_name(theirs.name + suffix).read_bytes(), suffix


def assert_equal(ours: Any, theirs: Any) -> None:
    ours, theirs = (
        np.array(one, object) if type(one) is bytes else np.asarray(one) for one in (ours, theirs)
    )
    assert ours.dtype == theirs.dtype
    assert ours.shape == theirs.shape
    assert (
        ours.tolist() == theirs.tolist()
        if ours.dtype == object
        else (ours.tobytes() == theirs.tobytes())
    )


@pytest.mark.parametrize("seed", range(40))
def test_random_tensors_make_the_same_bytes_and_read_back(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    kinds = [DataType.DT_STRING, *BY_TENSORFLOW]
    tensors = {
        name: random_array(rng, kinds[rng.integers(len(kinds))], random_shape(rng))
        for name in random_names(rng, int(rng.integers(1, 60)))
    }
    laid_out = {name: random_layout(rng, array) for name, array in tensors.items()}

    tf_save(tmp_path / "theirs", tensors)
    tfckpt.save(tmp_path / "ours", laid_out)

    assert_same_files(tmp_path / "ours", tmp_path / "theirs")
    reader = tf.train.load_checkpoint(str(tmp_path / "ours"))
    loaded = tfckpt.load(tmp_path / "theirs")
    assert loaded.keys() == tensors.keys()
    for name, array in tensors.items():
        assert_equal(loaded[name], array)
        if numpy_dtype(DataType.DT_INT4) != array.dtype and not array.dtype.names:
            assert_equal(loaded[name], reader.get_tensor(name))


@pytest.mark.parametrize("kind", BY_TENSORFLOW, ids=lambda kind: kind.name)
def test_every_dtype_makes_the_same_bytes(kind: DataType, tmp_path: Path) -> None:
    rng = np.random.default_rng(int(kind))
    tensors = {
        "scalar": random_array(rng, kind, ()),
        "empty": random_array(rng, kind, (0, 3)),
        "matrix": random_array(rng, kind, (7, 5)),
    }

    tf_save(tmp_path / "theirs", tensors)
    tfckpt.save(tmp_path / "ours", tensors)

    assert_same_files(tmp_path / "ours", tmp_path / "theirs")
    assert tfckpt.load_checkpoint(tmp_path / "ours").info("matrix").data_type == kind


@pytest.mark.parametrize(
    ("count", "pattern"),
    [(30_000, "model/layer_{:05d}/kernel"), (12_000, "{:x}" * 8), (3_000, "{:0>400}")],
)
def test_many_names_make_the_same_index(count: int, pattern: str, tmp_path: Path) -> None:
    places = pattern.count("{")
    tensors = {pattern.format(*[n * 7919] * places): np.int32(n) for n in range(count)}

    tf_save(tmp_path / "theirs", {name: np.asarray(n) for name, n in tensors.items()})
    tfckpt.save(tmp_path / "ours", tensors)

    assert_same_files(tmp_path / "ours", tmp_path / "theirs")
    assert tfckpt.list_variables(tmp_path / "theirs") == tf.train.list_variables(
        str(tmp_path / "ours")
    )


def test_big_tensors_make_the_same_bytes(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    tensors = {
        "odd": rng.integers(0, 9, 3, np.uint8),
        "big": rng.standard_normal((3_000_001,)),
        "strings": np.array([rng.bytes(9_000_000), b"", rng.bytes(300)], object),
        "fortran": np.asfortranarray(rng.standard_normal((1500, 1200)).astype(np.float32)),
        "last": np.float64(1),
    }

    tf_save(tmp_path / "theirs", {name: np.asarray(array) for name, array in tensors.items()})
    tfckpt.save(tmp_path / "ours", tensors)

    assert_same_files(tmp_path / "ours", tmp_path / "theirs")
    loaded = tfckpt.load(tmp_path / "theirs")
    for name, array in tensors.items():
        assert_equal(loaded[name], array)


@pytest.mark.parametrize("seed", range(20))
def test_partitioned_tensors(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    rows, columns = (int(n) for n in rng.integers(2, 12, 2))
    table = rng.standard_normal((rows, columns)).astype(np.float32)
    cuts = sorted({0, rows, *rng.integers(1, rows, 3).tolist()})
    middle = int(rng.integers(1, columns))
    boxes = [
        [(a, b - a), (c, d - c)]
        for a, b in pairwise(cuts)
        for c, d in ([(0, columns)] if seed % 2 else [(0, middle), (middle, columns)])
    ]
    boxes = [
        [(s, -1 if n == full else n) for (s, n), full in zip(box, table.shape, strict=True)]
        for box in boxes
    ]
    parts = [tfckpt_slice(table, box) for box in boxes]

    tf.raw_ops.SaveV2(
        prefix=str(tmp_path / "theirs"),
        tensor_names=["w\x00\xff/é"] * len(boxes),
        shape_and_slices=[f"{rows} {columns} {spec(box)}" for box in boxes],
        tensors=[tf.constant(part) for part in parts],
    )
    with tfckpt.BundleWriter(tmp_path / "ours") as bundle:
        for box, part in zip(boxes, parts, strict=True):
            bundle.add_slice("w\x00\xff/é", table.shape, box, part)

    assert_same_files(tmp_path / "ours", tmp_path / "theirs")
    reader = tfckpt.load_checkpoint(tmp_path / "theirs")
    assert list(reader) == ["w\x00\xff/é"]
    assert_equal(reader["w\x00\xff/é"], table)
    index = np.s_[rows // 2 :, ::-2]
    assert_equal(reader.get_tensor("w\x00\xff/é", index), table[index])
    restored = tf.raw_ops.RestoreV2(
        prefix=str(tmp_path / "ours"),
        tensor_names=["w\x00\xff/é"],
        shape_and_slices=[f"{rows} {columns} 0,1:-"],
        dtypes=[tf.float32],
    )
    assert_equal(restored[0].numpy(), table[:1])


def tfckpt_slice(table: np.ndarray, box: list[tuple[int, int]]) -> np.ndarray:
    index = tuple(slice(s, None if n < 0 else s + n) for s, n in box)
    return np.ascontiguousarray(table[index])


def spec(box: list[tuple[int, int]]) -> str:
    return ":".join("-" if n < 0 else f"{s},{n}" for s, n in box)


@pytest.mark.parametrize("seed", range(5))
def test_merged_bundles_are_the_same(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    names = random_names(rng, 20)
    groups = [names[:7], names[7:9], names[9:]]
    for side in ("ours", "theirs"):
        for number, group in enumerate(groups):
            tensors = {name: np.arange(number + len(name), dtype=np.int64) for name in group}
            tf_save(tmp_path / side / f"part-{number}", tensors)

    prefixes = [
        [str(tmp_path / side / f"part-{n}") for n in range(3)] for side in ("ours", "theirs")
    ]
    tfckpt.merge_bundles(prefixes[0], tmp_path / "ours" / "m")
    tf.raw_ops.MergeV2Checkpoints(
        checkpoint_prefixes=prefixes[1], destination_prefix=str(tmp_path / "theirs" / "m")
    )

    ours = {path.name: path.read_bytes() for path in (tmp_path / "ours").iterdir()}
    theirs = {path.name: path.read_bytes() for path in (tmp_path / "theirs").iterdir()}
    assert ours == theirs


@pytest.mark.parametrize("seed", range(5))
def test_shards_are_those_of_merged_saves(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    kinds = [DataType.DT_STRING, DataType.DT_FLOAT, DataType.DT_INT64]
    tensors = {
        name: random_array(rng, kinds[rng.integers(len(kinds))], random_shape(rng))
        for name in random_names(rng, 30)
    }
    (tmp_path / "ours").mkdir()
    ours = tfckpt.save(tmp_path / "ours" / "m", tensors, num_shards=3)

    reader = tf.train.load_checkpoint(ours)
    for name, array in tensors.items():
        assert_equal(tfckpt.load(ours)[name], reader.get_tensor(name))
        assert_equal(tfckpt.load(ours)[name], array if array.shape else array[()])

    shards: list[dict[str, np.ndarray]] = [{}, {}, {}]
    bundle = tfckpt.BundleReader(ours)
    for name, array in tensors.items():
        shards[bundle.entry(name).shard_id][name] = array
    parts = [str(tmp_path / "theirs" / f"part-{n}") for n in range(3)]
    for part, shard in zip(parts, shards, strict=True):
        tf_save(Path(part), shard)
    tf.raw_ops.MergeV2Checkpoints(
        checkpoint_prefixes=parts, destination_prefix=str(tmp_path / "theirs" / "m")
    )
    mine = {path.name: path.read_bytes() for path in (tmp_path / "ours").iterdir()}
    assert mine == {path.name: path.read_bytes() for path in (tmp_path / "theirs").iterdir()}
