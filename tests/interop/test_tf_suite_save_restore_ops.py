"""TensorFlow's cases of save_restore_ops_test.py, save_op_test.cc and restore_op_test.cc."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import tfckpt
from interop.tf_suite_files import BOTH, Item, data_file, data_type, lib_name, part, plain, typed

SOME_DTYPES = ["float32", "int32", "int4", "uint4"]


@pytest.fixture(params=BOTH, ids=lib_name)
def lib(request: pytest.FixtureRequest) -> Any:
    return request.param


# --- save_restore_ops_test.py


@pytest.mark.parametrize("dtype", SOME_DTYPES)
def test_a_relative_path(
    dtype: str, lib: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lib.save("ckpt", [Item("x", typed(2, dtype))])
    assert plain(lib.restore("ckpt", "x", dtype)) == 2
    assert lib.data_type("ckpt", "x") == data_type(dtype)


@pytest.mark.parametrize("dtype", SOME_DTYPES)
def test_a_slice_is_restored_of_a_whole_tensor(
    dtype: str, lib: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lib.save("ckpt", [Item("x", typed([[1, 2, 3], [2, 3, 4]], dtype))])
    assert plain(lib.restore("ckpt", "x", dtype, "2 3 -:1,1")) == [[2], [3]]


@pytest.mark.parametrize(
    ("version", "dtype"),
    [*((2, dtype) for dtype in SOME_DTYPES), (1, "float32"), (1, "int32")],  # V1 has no int4
)
def test_the_shape_of_a_restored_slice(version: int, dtype: str, lib: Any, tmp_path: Path) -> None:
    """TensorFlow's case infers it in a graph; the shape is that of the values."""
    path = lib.save(tmp_path / "model", [Item("var", typed(np.zeros((3, 4)), dtype))], version)
    assert lib.restore(path, "var", dtype, "3 4 0,1:-").shape == (1, 4)


def test_the_names_of_shards(lib: Any, tmp_path: Path) -> None:
    path = lib.save_shards(
        tmp_path / "foo", [[Item(f"v{n}", typed(n, "int32"))] for n in range(100)], 1
    )
    assert path == f"{tmp_path}/foo-?????-of-00100"
    assert "foo-00004-of-00100" in os.listdir(tmp_path)
    assert len(os.listdir(tmp_path)) == 100


# --- save_op_test.cc, restore_op_test.cc


def ramp(shape: tuple[int, ...], dtype: str, function: Any = lambda x: x) -> np.ndarray:
    """An array whose elements are a function of their number."""
    values = [function(x) for x in range(int(np.prod(shape)))]
    return typed(np.array(values).reshape(shape), dtype)


SAVED = {
    "tensor_bool": ("bool", ramp((2,), "bool", lambda x: x != 0)),
    "tensor_int": ("int32", ramp((10,), "int32", lambda x: x + 1)),
    "tensor_float": ("float32", ramp((2, 4), "float32", lambda x: np.float32(x) / 10)),
    "tensor_double": ("float64", ramp((2, 4), "float64", lambda x: x / 20)),
    "tensor_qint8": ("qint8", ramp((3, 2), "qint8")),
    "tensor_qint32": ("qint32", ramp((2, 3), "qint32", lambda x: 2 * x)),
    "tensor_uint8": ("uint8", ramp((11,), "uint8", lambda x: x + 1)),
    "tensor_int8": ("int8", ramp((7,), "int8", lambda x: x - 7)),
    "tensor_int16": ("int16", ramp((7,), "int16", lambda x: x - 8)),
    "tensor_int64": ("int64", ramp((9,), "int64", lambda x: x - 9)),
    "tensor_string": ("string", typed([b"no", b"yes"], "string")),
    "tensor_complex64": (
        "complex64",
        ramp((2, 3), "complex64", lambda x: complex(100 + x, 200 + x)),
    ),
    "tensor_complex128": (
        "complex128",
        ramp((2, 3), "complex128", lambda x: complex(100 + x, 200 + x)),
    ),
    "tensor_half": ("float16", ramp((2, 4), "float16", lambda x: np.float16(x) / np.float16(2))),
    "tensor_half_fifths": (
        "float16",
        ramp((2, 4), "float16", lambda x: np.float16(x) / np.float16(5)),
    ),
    "tensor_float_empty": ("float32", np.empty((2, 0), np.float32)),
}


@pytest.mark.parametrize("name", SAVED)
@pytest.mark.parametrize("version", [1, 2])
def test_saved_tensors_are_restored(version: int, name: str, lib: Any, tmp_path: Path) -> None:
    items = [Item(key, array) for key, (_, array) in SAVED.items()]
    path = lib.save(tmp_path / "tensor_simple", items, version)
    dtype, array = SAVED[name]

    reader = lib.open(path)
    assert reader.has_tensor(name)
    assert reader.get_variable_to_shape_map()[name] == list(array.shape)
    assert lib.data_type(path, name) == data_type(dtype)
    restored = np.asarray(lib.restore(path, name, dtype))
    assert restored.shape == array.shape
    assert restored.dtype == array.dtype
    assert plain(restored) == plain(array)


# Which part of which tensor is saved, and whether that is all of it.
SLICED = {
    "tensor_int": ("int32", "10 -", (10,), True),
    "tensor_float": ("float32", "2 4 -:0,2", (2, 2), False),
    "tensor_double": ("float64", "2 4 0,1:2,2", (1, 2), False),
    "tensor_qint8": ("qint8", "3 2 -:-", (3, 2), True),
    "tensor_qint32": ("qint32", "2 3 1,1:2,1", (1, 1), False),
}


@pytest.mark.parametrize("name", SLICED)
@pytest.mark.parametrize("version", [1, 2])
def test_a_part_is_restored_where_all_of_it_was_saved(
    version: int, name: str, lib: Any, tmp_path: Path
) -> None:
    path = lib.save(
        tmp_path / "tensor_slices",
        [Item(key, ramp(shape, dtype), spec) for key, (dtype, spec, shape, _) in SLICED.items()],
        version,
    )
    dtype, spec, shape, is_whole = SLICED[name]
    *sizes, _ = spec.split()

    reader = lib.open(path)
    assert reader.has_tensor(name)
    assert reader.get_variable_to_shape_map()[name] == [int(size) for size in sizes]
    assert lib.data_type(path, name) == data_type(dtype)
    assert plain(lib.restore(path, name, dtype, spec)) == plain(ramp(shape, dtype))
    if is_whole:
        assert plain(lib.restore(path, name, dtype)) == plain(ramp(shape, dtype))
    else:
        with pytest.raises(lib.Error):
            lib.restore(path, name, dtype)


@pytest.mark.parametrize("version", [1, 2])
def test_two_slices_make_a_tensor(version: int, lib: Any, tmp_path: Path) -> None:
    upper = ramp((2, 16), "int32", lambda x: x + 1)
    lower = ramp((2, 16), "int32", lambda x: 10 * (x + 1))
    small = ramp((2, 4), "float32", lambda x: np.float32(x) / 10)
    path = lib.save(
        tmp_path / "three_slices",
        [
            Item("four_by_sixteen", upper, "4 16 0,2:-"),
            Item("four_by_sixteen", lower, "4 16 2,2:-"),
            Item("small", small),
        ],
        version,
    )

    shapes = lib.open(path).get_variable_to_shape_map()
    assert shapes == {"four_by_sixteen": [4, 16], "small": [2, 4]}
    assert lib.data_type(path, "four_by_sixteen") == data_type("int32")
    assert lib.data_type(path, "small") == data_type("float32")
    restored = lib.restore(path, "four_by_sixteen", "int32")
    assert restored.tolist() == [*upper.tolist(), *lower.tolist()]
    assert lib.restore(path, "small", "float32").tolist() == small.tolist()


@pytest.mark.parametrize("version", [1, 2])
def test_a_slice_of_an_int_tensor(version: int, lib: Any, tmp_path: Path) -> None:
    array = ramp((4, 16), "int32", lambda x: x + 1)
    path = lib.save(tmp_path / "tensor_int", [Item("tensor_int", array)], version)
    restored = lib.restore(path, "tensor_int", "int32", "4 16 0,2:-")
    assert restored.shape == (2, 16)
    assert restored.ravel().tolist() == list(range(1, 33))


def test_the_ops_of_v1_restore_what_either_wrote(lib: Any, tmp_path: Path) -> None:
    """Restore and RestoreSlice, the ops of restore_op_test.cc, which V1 files are for."""
    array = ramp((4, 16), "int32", lambda x: x + 1)
    path = lib.save(tmp_path / "tensor_int", [Item("tensor_int", array)], 1)
    whole = tf.raw_ops.Restore(file_pattern=path, tensor_name="tensor_int", dt=tf.int32)
    rows = tf.raw_ops.RestoreSlice(
        file_pattern=path, tensor_name="tensor_int", shape_and_slice="4 16 0,2:-", dt=tf.int32
    )
    assert whole.numpy().tolist() == array.tolist()
    assert rows.numpy().tolist() == array[:2].tolist()


# --- a part needs what it touches, and nothing else

ROWS = np.arange(20, dtype=np.float32).reshape(4, 5)


def shards_of_rows(lib: Any, path: Path, version: int) -> str:
    """Each row of ROWS in a shard of its own."""
    return lib.save_shards(path, [[part(ROWS, f"{row},1:-")] for row in range(4)], version)


def shard_file(path: str, shard: int, count: int, version: int) -> str:
    if version == 1:
        return path.replace("?????", f"{shard:05d}")
    return data_file(path, shard, count)


@pytest.mark.parametrize("version", [1, 2])
def test_a_part_needs_only_the_shards_that_it_touches(
    version: int, lib: Any, tmp_path: Path
) -> None:
    path = shards_of_rows(lib, tmp_path / "m", version)
    for shard in (2, 3):
        os.remove(shard_file(path, shard, 4, version))

    assert lib.restore(path, "test", "float32", "4 5 0,2:-").tolist() == ROWS[:2].tolist()
    assert lib.restore(path, "test", "float32", "4 5 1,1:2,2").tolist() == [[7, 8]]
    with pytest.raises(lib.Error):
        lib.restore(path, "test", "float32", "4 5 1,2:-")
    with pytest.raises(lib.Error):
        lib.restore(path, "test", "float32")


@pytest.mark.parametrize("version", [1, 2])
def test_a_part_needs_only_the_slices_that_it_touches(
    version: int, lib: Any, tmp_path: Path
) -> None:
    """A byte of the third of four slices is damaged; each is a block of its own in a V1 file."""
    whole = np.arange(4 * 100_000, dtype=np.float32).reshape(4, 100_000)
    path = lib.save(tmp_path / "m", [part(whole, f"{row},1:-") for row in range(4)], version)
    file = path if version == 1 else data_file(path)
    data = bytearray(Path(file).read_bytes())
    at = data.index(whole[2, 50_000:50_010].tobytes())
    data[at] ^= 0xFF
    Path(file).write_bytes(data)

    restored = lib.restore(path, "test", "float32", "4 100000 0,2:-")
    assert np.array_equal(restored, whole[:2])
    restored = lib.restore(path, "test", "float32", "4 100000 3,1:-")
    assert np.array_equal(restored, whole[3:])
    with pytest.raises(lib.Error):
        lib.restore(path, "test", "float32", "4 100000 1,2:-")


@pytest.mark.parametrize("version", [1, 2])
def test_a_part_is_there_though_other_slices_were_never_saved(
    version: int, lib: Any, tmp_path: Path
) -> None:
    path = lib.save(tmp_path / "m", [part(ROWS, "0,1:-"), part(ROWS, "1,1:-")], version)
    assert lib.restore(path, "test", "float32", "4 5 0,2:-").tolist() == ROWS[:2].tolist()
    with pytest.raises(lib.Error):
        lib.restore(path, "test", "float32", "4 5 1,2:-")


@pytest.mark.parametrize("version", [1, 2])
def test_numpys_own_form_of_a_part(version: int, tmp_path: Path) -> None:
    path = shards_of_rows(BOTH[1], tmp_path / "m", version)
    for shard in (2, 3):
        os.remove(shard_file(path, shard, 4, version))
    with tfckpt.load_checkpoint(path) as reader:
        assert reader.get_tensor("test", np.s_[0:2]).tolist() == ROWS[:2].tolist()
        assert reader.get_tensor("test", np.s_[1]).tolist() == ROWS[1].tolist()
        assert reader.get_tensor("test", np.s_[:2, ::2]).tolist() == ROWS[:2, ::2].tolist()
