"""V1 files: ours against those of TensorFlow's Save and SaveSlices kernels, byte for byte."""

from __future__ import annotations

import itertools
import os

import numpy as np
import pytest
import tensorflow as tf

import tfckpt
from interop.tf_suite_files import read_table, replace_table

QUANTIZED = {"qint8": np.int8, "quint8": np.uint8, "qint32": np.int32}
DTYPES = [
    *("float32", "float64", "int32", "uint8", "int16", "int8", "int64", "bool", "uint16"),
    *("float16", "complex64", "complex128", "string", *QUANTIZED),
]
SHAPES = [(), (0,), (1,), (3, 4), (2, 0, 3), (7, 5, 3)]
REFUSED = [tf.uint32, tf.uint64, tf.bfloat16, tf.qint16, tf.quint16]


def random_array(rng, dtype, shape):
    if dtype == "string":
        sizes = rng.integers(0, 200, shape)
        array = np.empty(shape, object)
        for at in np.ndindex(*shape):
            array[at] = rng.bytes(int(sizes[at]))
        return array
    if dtype in QUANTIZED:
        plain = random_array(rng, np.dtype(QUANTIZED[dtype]).name, shape)
        return plain.view(getattr(tf, dtype).as_numpy_dtype)
    dtype = np.dtype(dtype)
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        values = rng.integers(info.min, info.max, shape, dtype, endpoint=True)
        return np.asarray(values >> rng.integers(0, dtype.itemsize * 8, shape, dtype))
    octets = rng.bytes(int(np.prod(shape)) * dtype.itemsize)
    if dtype == np.bool_:
        return np.asarray(rng.integers(0, 2, shape).astype(bool))
    return np.frombuffer(octets, dtype).reshape(shape)


def as_tensor(array):
    if array.dtype.names:
        plain = tf.constant(np.ascontiguousarray(array).view(array.dtype[0]).reshape(array.shape))
        return tf.bitcast(plain, getattr(tf, array.dtype.names[0]))
    return tf.constant(array, tf.string) if array.dtype == object else tf.constant(array)


def save_with_tensorflow(path, arrays):
    tf.raw_ops.Save(
        filename=path,
        tensor_names=list(arrays),
        data=[as_tensor(array) for array in arrays.values()],
    )


def save_with_us(path, arrays):
    with tfckpt.V1Writer(path, fsync=False) as writer:
        for name, array in arrays.items():
            writer.add(name, array)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def assert_same(expected, found):
    if isinstance(found, bytes):
        assert expected.item() == found
        return
    assert (expected.dtype, expected.shape) == (found.dtype, found.shape)
    if expected.dtype == object:
        assert expected.tolist() == found.tolist()
    else:
        assert expected.tobytes() == found.tobytes()
    assert found.flags.writeable


@pytest.mark.parametrize("dtype", DTYPES)
def test_each_dtype_is_written_and_read_as_tensorflow_does(tmp_path, dtype):
    rng = np.random.default_rng(1)
    arrays = {f"v{shape}": random_array(rng, dtype, shape) for shape in SHAPES}
    theirs, ours = str(tmp_path / "theirs"), str(tmp_path / "ours")
    save_with_tensorflow(theirs, arrays)

    save_with_us(ours, arrays)

    assert read(theirs) == read(ours)
    with tfckpt.load_checkpoint(theirs) as reader:
        assert sorted(arrays) == list(reader)
        for name, array in arrays.items():
            assert_same(array, reader[name])


@pytest.mark.parametrize("seed", range(25))
def test_random_checkpoints_are_written_and_read_as_tensorflow_does(tmp_path, seed):
    rng = np.random.default_rng(seed)
    arrays = {}
    for number in range(int(rng.integers(1, 60))):
        dtype = DTYPES[rng.integers(len(DTYPES))]
        shape = tuple(rng.integers(0, 40, rng.integers(0, 4)).tolist())
        name = "/".join("abc\u00e9"[i] * int(rng.integers(1, 9)) for i in rng.integers(0, 4, 3))
        arrays[f"{name}{number}"] = random_array(rng, dtype, shape)
    theirs, ours = str(tmp_path / "theirs"), str(tmp_path / "ours")
    save_with_tensorflow(theirs, arrays)

    save_with_us(ours, arrays)

    assert read(theirs) == read(ours)
    for name, array in tfckpt.load(theirs).items():
        assert_same(np.asarray(arrays[name], arrays[name].dtype), array)


def test_a_big_tensor_is_a_block_of_its_own(tmp_path):
    rng = np.random.default_rng(3)
    arrays = {
        "big": rng.normal(size=(3_000_000,)).astype(np.float32),
        "after": np.arange(5),
        "ints": rng.integers(-9, 1 << 30, 700_000, np.int32),
        "z": np.ones(70_000, bool),
    }
    theirs, ours = str(tmp_path / "theirs"), str(tmp_path / "ours")
    save_with_tensorflow(theirs, arrays)

    save_with_us(ours, arrays)

    assert read(theirs) == read(ours)
    for name, array in tfckpt.load(theirs).items():
        assert_same(arrays[name], array)


def test_tensorflow_restores_what_we_write(tmp_path):
    rng = np.random.default_rng(4)
    path = str(tmp_path / "model.ckpt")
    kinds = [kind for kind in DTYPES if kind not in QUANTIZED]
    arrays = {kind: random_array(rng, kind, (4, 3)) for kind in kinds}

    save_with_us(path, arrays)

    for name, array in arrays.items():
        kind = tf.string if array.dtype == object else tf.as_dtype(array.dtype)
        restored = tf.raw_ops.Restore(file_pattern=path, tensor_name=name, dt=kind).numpy()
        assert array.tobytes() == restored.tobytes() or array.tolist() == restored.tolist()
        restored = tf.raw_ops.RestoreV2(
            prefix=path, tensor_names=[name], shape_and_slices=[""], dtypes=[kind]
        )[0].numpy()
        assert array.tobytes() == restored.tobytes() or array.tolist() == restored.tolist()


@pytest.mark.parametrize("seed", range(10))
def test_slices_are_written_and_read_as_tensorflow_does(tmp_path, seed):
    rng = np.random.default_rng(seed)
    names, specs, parts, whole = [], [], [], {}
    # TensorFlow puts more than 16 slices, where a tensor has several, in an order of its own.
    for number in range(int(rng.integers(1, 5))):
        rows, columns = (int(size) for size in rng.integers(1, 300, 2))
        name = f"part{number}"
        whole[name] = rng.normal(size=(rows, columns)).astype([np.float32, np.float16][number % 2])
        cuts = sorted({0, rows, *rng.integers(0, rows, 3).tolist()})
        for start, stop in itertools.pairwise(cuts):
            names.append(name)
            middle = f"0,{columns}" if seed % 2 else "-"
            specs.append(f"{rows} {columns} {start},{stop - start}:{middle}")
            parts.append(whole[name][start:stop])
    theirs, ours = str(tmp_path / "theirs"), str(tmp_path / "ours")
    tf.raw_ops.SaveSlices(filename=theirs, tensor_names=names, shapes_and_slices=specs, data=parts)

    with tfckpt.V1Writer(ours, fsync=False) as writer:
        for name, spec, part in zip(names, specs, parts, strict=True):
            extents = [
                (0, -1) if extent == "-" else tuple(map(int, extent.split(",")))
                for extent in spec.split()[-1].split(":")
            ]
            writer.add_slice(name, whole[name].shape, extents, part)

    assert read(theirs) == read(ours)
    with tfckpt.load_checkpoint(theirs) as reader:
        for name, array in whole.items():
            assert_same(array, reader[name])
            assert_same(array[1::2, :-3].copy(), reader.get_tensor(name, np.s_[1::2, :-3]))
            restored = tf.raw_ops.Restore(
                file_pattern=ours, tensor_name=name, dt=tf.as_dtype(array.dtype)
            )
            assert_same(array, restored.numpy().copy())


def test_shards_have_tensorflows_names(tmp_path):
    arrays = {name: np.arange(number + 1.0) for number, name in enumerate("abcd")}
    session_graph = tf.Graph()
    with session_graph.as_default(), tf.compat.v1.Session() as session:
        variables = []
        for number, (name, array) in enumerate(arrays.items()):
            with tf.device(f"/job:localhost/task:0/device:CPU:{number % 1}"):
                variables.append(tf.compat.v1.Variable(array, name=name))
        session.run(tf.compat.v1.global_variables_initializer())
        saver = tf.compat.v1.train.Saver(sharded=True, write_version=tf.compat.v1.train.SaverDef.V1)
        theirs = saver.save(session, str(tmp_path / "theirs"))

    with tfckpt.V1Writer(tmp_path / "ours", num_shards=1) as writer:
        for name, array in arrays.items():
            writer.add(name, array)

    assert theirs.replace("theirs", "ours") == writer.path
    first = os.path.basename(theirs).replace("?????", "00000")
    assert read(tmp_path / first) == read(tmp_path / first.replace("theirs", "ours"))
    for path in (theirs, str(tmp_path / first), str(tmp_path)):
        assert {n: a.tolist() for n, a in arrays.items()} == {
            name: array.tolist() for name, array in tfckpt.load(path).items()
        }


def test_tensorflow_restores_from_our_shards(tmp_path):
    table = np.arange(12, dtype=np.float32).reshape(6, 2)
    with tfckpt.V1Writer(tmp_path / "model.ckpt", num_shards=3) as writer:
        for shard in range(3):
            start = 2 * shard
            writer.add_slice(
                "table", (6, 2), [(start, 2), (0, 2)], table[start : start + 2], shard=shard
            )
        writer.add("step", np.int64(3), shard=2)

    for name, array in {"table": table, "step": np.int64(3)}.items():
        restored = tf.raw_ops.RestoreV2(
            prefix=writer.path,
            tensor_names=[name],
            shape_and_slices=[""],
            dtypes=[tf.as_dtype(array.dtype)],
        )
        assert array.tolist() == restored[0].numpy().tolist()
    assert table.tolist() == tfckpt.load_variable(writer.path, "table").tolist()


@pytest.mark.parametrize("kind", REFUSED, ids=lambda kind: kind.name)
def test_what_tensorflow_cannot_save_as_v1_is_refused(tmp_path, kind):
    array = np.ones(2, kind.as_numpy_dtype)

    with (
        tfckpt.V1Writer(tmp_path / "x") as writer,
        pytest.raises(tfckpt.errors.UnimplementedError),
    ):
        writer.add("a", array)

    with pytest.raises((tf.errors.UnimplementedError, tf.errors.InvalidArgumentError)):
        data = as_tensor(array) if array.dtype.names else tf.zeros([2], kind)
        tf.raw_ops.Save(filename=str(tmp_path / "y"), tensor_names=["a"], data=[data])


def test_missing_shards_and_patterns_without_a_number(tmp_path):
    """Both restore what is there; tfckpt does not mix two saves."""
    for number in range(3):
        path = f"{tmp_path}/m-{number:05d}-of-00003"
        save_with_tensorflow(path, {f"v{number}": np.float32(number)})
    os.remove(path)
    for pattern in ("m-?????-of-00003", "m-?????-of-?????"):
        theirs = tf.train.load_checkpoint(f"{tmp_path}/{pattern}")
        with tfckpt.load_checkpoint(tmp_path / pattern) as ours:
            assert ours.get_variable_to_shape_map() == theirs.get_variable_to_shape_map()
            assert ours["v1"] == theirs.get_tensor("v1") == 1
            with pytest.raises(tfckpt.errors.TensorNotFoundError, match="m-00002-of-00003"):
                ours["v2"]
        assert tfckpt.checkpoint_exists(tmp_path / pattern)
        assert tf.compat.v1.train.checkpoint_exists(f"{tmp_path}/{pattern}")

    save_with_tensorflow(f"{tmp_path}/m-00000-of-00002", {"old": np.float32(5)})
    theirs = tf.train.load_checkpoint(f"{tmp_path}/{pattern}").get_variable_to_shape_map()
    assert theirs.keys() == {"old", "v0", "v1"}
    with pytest.raises(tfckpt.errors.InvalidArgumentError, match=r"m-.*-of-00002, m-.*-of-00003"):
        tfckpt.load_checkpoint(tmp_path / pattern)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("change", [-1, 1])
def test_a_record_of_too_few_or_too_many_values_is_refused_by_both(tmp_path, dtype, change):
    array = random_array(np.random.default_rng(1), dtype, (3,))
    other = random_array(np.random.default_rng(2), dtype, (3 + change,))
    path, wrong = (f"{tmp_path}/{name}" for name in ("m", "wrong"))
    for place, value in ((path, array), (wrong, other)):
        save_with_tensorflow(place, {"t": value})
    records, others = read_table(path), read_table(wrong)
    replace_table(path, {b"": records[b""], **{key: others[key] for key in others if key}})
    with pytest.raises(tf.errors.OpError):
        tf.raw_ops.RestoreV2(
            prefix=path,
            tensor_names=["t"],
            shape_and_slices=[""],
            dtypes=[as_tensor(array).dtype],
        )
    with pytest.raises(tfckpt.errors.DataLossError, match=f"has 3 values, .* {3 + change}$"):
        tfckpt.load_variable(path, "t")
