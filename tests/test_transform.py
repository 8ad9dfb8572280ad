"""Checkpoints made of checkpoints, compared with what numpy makes of the same arrays."""

from __future__ import annotations

import os
import pickle
import re
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import tfckpt
from tfckpt import transform
from tfckpt.errors import DataLossError, FileMissingError, InvalidArgumentError, TensorNotFoundError
from tfckpt.names import OBJECT_GRAPH_KEY
from tfckpt.objectgraph.nodes import NodePaths
from tfckpt.transform.averaging import Average
from tfckpt.transform.tensors import LazyTensor

FEW = settings(max_examples=25)
F4 = np.float32
NAMES = st.text("abc/", min_size=1, max_size=6)
ARRAYS = hnp.arrays(
    st.sampled_from([np.float32, np.float64, np.int32, np.uint8, np.complex64]),
    hnp.array_shapes(min_dims=0, max_dims=3, max_side=4),
)
TENSORS = st.dictionaries(NAMES, ARRAYS, min_size=1, max_size=6)


def ones(*shape: int) -> Any:
    return np.ones(shape, F4)


class Unread(LazyTensor):
    """A tensor that must not be read."""

    def __init__(self, dtype: Any = F4, shape: tuple[int, ...] = (2,)) -> None:
        value = np.zeros(shape, dtype)
        self.info = transform.tensors.Held(value).info

    def read(self, index: Any = None) -> Any:
        raise AssertionError("was read")


def unread(*names: str) -> transform.LazyTensors:
    return transform.LazyTensors({name: Unread() for name in names})


def test_nothing_is_read_before_it_is_asked_for() -> None:
    weights = unread("a/w", "a/w/Adam", "a/w/Adam_1", "b", "x/part_0", "x/part_1")
    made = transform.rename(transform.without_slots(weights), {"a/": "c/"})
    made = transform.cast(transform.select(made, drop="b"), "float16")
    made = transform.merge(made, transform.average([unread("m"), unread("m")]))
    made = transform.repartition(made, "x", count=4)
    shapes = {name: (info.dtype, info.shape) for name, info in made.infos().items()}
    assert shapes == {
        "c/w": (np.float16, (2,)),
        "x": (np.float16, (4,)),
        "m": (np.float32, (2,)),
    }
    assert [str(one) for one in made.info("x").slices] == ["0,1", "1,1", "2,1", "3,1"]
    with pytest.raises(AssertionError, match="was read"):
        made["c/w"]


@FEW
@given(TENSORS)
def test_a_mapping_has_the_face_of_a_reader(tensors: dict[str, Any]) -> None:
    made = transform.select(tensors)
    assert list(made) == list(tensors)
    assert len(made) == len(tensors)
    for name, array in tensors.items():
        info = made.info(name)
        assert (info.dtype, info.shape, info.stored_size) == (
            array.dtype,
            array.shape,
            array.nbytes,
        )
        np.testing.assert_array_equal(made[name], array)
        part = tuple(slice(None, None, -1) for _ in array.shape)
        np.testing.assert_array_equal(made.get_tensor(name, part), array[part])
    np.testing.assert_equal(made.get_tensors(), tensors)
    assert made.get_variable_to_shape_map() == {n: list(a.shape) for n, a in tensors.items()}
    assert 3 not in made
    with pytest.raises(TensorNotFoundError, match="not found"):
        made.info("zz")


def test_strings_and_python_values_are_tensors_too() -> None:
    made = transform.select({"s": "text", "n": [1, 2], "b": np.array([b"x", b"yy"], object)})
    assert made.get_tensor("s") == b"text"
    assert made.info("b").stored_size == 2 + 4 + 3
    assert made.info("n").dtype == np.int64
    with pytest.raises(TypeError, match="tensor 'bad'"):
        transform.select({"bad": object()})
    with pytest.raises(TypeError, match="mapping from name to array"):
        transform.select(3)  # type: ignore[arg-type]


# select


@pytest.mark.parametrize(
    ("pattern", "met"),
    [
        ("a/w", ["a/w"]),
        ("a/", ["a/w", "a/b/w"]),
        ("*w", ["a/w", "a/b/w", "w"]),
        ("[wx]", ["w"]),
        ("w[0]", ["w[0]"]),
        (re.compile("^a.*w$"), ["a/w", "a/b/w"]),
        (lambda name: len(name) == 1, ["w"]),
        (["w", "w[0]"], ["w", "w[0]"]),
    ],
)
def test_select(pattern: Any, met: list[str]) -> None:
    weights = unread("a/w", "a/b/w", "w", "w[0]")
    assert list(transform.select(weights, keep=pattern)) == met
    assert list(transform.select(weights, drop=pattern)) == [n for n in weights if n not in met]


def test_a_pattern_that_meets_nothing_is_said(caplog: pytest.LogCaptureFixture) -> None:
    weights = unread("dense/kernel")
    assert list(transform.select(weights, drop="kernel")) == ["dense/kernel"]
    assert "drop 'kernel' meets no tensor; did you mean 'dense/kernel'?" in caplog.text
    with pytest.raises(InvalidArgumentError, match="keep the regular expression 'x'"):
        transform.select(weights, keep=re.compile("x"), strict=True)


# rename


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ({"a/": "c/"}, ["c/w", "c/b/w", "w"]),
        ({"a/": "", "w": "v"}, ["w", "b/w", "v"]),
        ({"a/": "c/", "a/b/": "d/", "w": "x"}, ["c/w", "d/w", "x"]),
        ({"w": "a/w", "a/w": "w"}, ["w", "a/b/w", "a/w"]),
        ((r"(\w)/w$", r"\1/kernel"), ["a/kernel", "a/b/kernel", "w"]),
        ([("^a/", "z/"), {"z/b/": "y/"}], ["z/w", "y/w", "w"]),
        (lambda name: name.upper() if "/" in name else None, ["A/W", "A/B/W", "w"]),
    ],
)
def test_rename(rules: Any, expected: list[str]) -> None:
    weights = {"a/w": np.int64(1), "a/b/w": np.int64(2), "w": np.int64(3)}
    made = transform.rename(weights, rules, strict=True)
    assert list(made) == expected
    assert [int(made[name]) for name in expected] == [1, 2, 3]


def test_names_that_several_would_get_are_listed(caplog: pytest.LogCaptureFixture) -> None:
    weights = unread("a/w", "b/w", "c")
    with pytest.raises(InvalidArgumentError, match="'a/w', 'b/w'"):
        transform.rename(weights, (r"^\w/", ""))
    with pytest.raises(ValueError, match="cannot be empty"):
        transform.rename(weights, {"c": ""})
    transform.rename(weights, {"d/": "e/", "c": "x"})
    assert "rename 'd/' meets no tensor" in caplog.text
    with pytest.raises(InvalidArgumentError, match="meets no tensor"):
        transform.rename(weights, {"d/": "e/"}, strict=True)
    with pytest.raises(TypeError, match="a rule is"):
        transform.rename(weights, [3])  # type: ignore[list-item]


@FEW
@given(TENSORS)
def test_a_renamed_checkpoint_is_that_of_renamed_arrays(tensors: dict[str, Any]) -> None:
    made = transform.rename(tensors, lambda name: name + "!")
    np.testing.assert_equal(dict(made), {name + "!": array for name, array in tensors.items()})


# cast


@FEW
@given(
    hnp.arrays(np.float32, st.integers(0, 5)),
    st.sampled_from(["float16", "bfloat16", "float64", "float8_e4m3fn", "float8_e5m2"]),
)
def test_cast_of_fractions(array: Any, dtype: str) -> None:
    to = np.dtype(getattr(ml_dtypes, dtype, None) or dtype)
    with np.errstate(all="ignore"):
        expected = array.astype(to)
    lost = np.isfinite(array) & ~np.isfinite(expected)
    made = transform.cast({"w": array}, dtype)
    assert made.info("w").dtype == to
    if lost.any():
        with pytest.raises(InvalidArgumentError, match=f"'w': {lost.sum()} of {lost.size}"):
            made["w"]
    rounded = transform.cast({"w": array}, dtype, on_loss="round")["w"]
    assert rounded.tobytes() == expected.tobytes()


@FEW
@given(hnp.arrays(np.int64, st.integers(0, 5)), st.sampled_from([np.int8, np.uint16, np.float32]))
def test_cast_of_integers_counts_those_that_are_lost(array: Any, dtype: Any) -> None:
    lost = sum(int(dtype(n).item()) != n if dtype is np.float32 else not
               np.iinfo(dtype).min <= n <= np.iinfo(dtype).max for n in array.tolist())  # fmt: skip
    made = transform.cast({"w": array}, dtype, only="w")
    if lost:
        with pytest.raises(InvalidArgumentError, match=f"{lost} are integers that it does not"):
            made["w"]
    else:
        np.testing.assert_array_equal(made["w"], array.astype(dtype))


def test_what_is_cast(caplog: pytest.LogCaptureFixture) -> None:
    weights = {"w": np.array([1e6, 1], F4), "step": np.int64(7), "s": "x", "c": np.complex64(1j)}
    made = transform.cast(weights, np.float16, on_loss="warn")
    kinds = {name: info.dtype for name, info in made.infos().items()}
    assert kinds == {"w": np.float16, "step": np.int64, "s": object, "c": np.complex64}
    assert np.isinf(made["w"][0])
    assert "tensor 'w': 1 of 2 elements become infinite" in caplog.text
    assert transform.cast(weights, "int32").info("step").dtype == np.int32
    for only, dtype in (("s", "float32"), ("c", "float32")):
        with pytest.raises(TypeError, match=f"tensor '{only}'"):
            transform.cast(weights, dtype, only=only)
    with pytest.raises(TypeError, match="numbers cannot be cast"):
        transform.cast(weights, "U5")
    with pytest.raises(ValueError, match="on_loss is one of"):
        transform.cast(weights, "float16", on_loss="never")  # type: ignore[arg-type]
    with pytest.raises(InvalidArgumentError, match="1 are integers"):
        transform.cast({"f": np.float32(1.5)}, np.int32, only="f")["f"]


# merge


def test_merge() -> None:
    a, b = {"x": ones(1), "y": ones(2)}, {"y": ones(2) * 2, "z": ones(3)}
    with pytest.raises(InvalidArgumentError, match=r"1 tensors are in several .*: y"):
        transform.merge(a, b)
    assert list(transform.merge(a, b, on_conflict="first")) == ["x", "y", "z"]
    assert transform.merge(a, b, on_conflict="first")["y"][0] == 1
    assert transform.merge(a, b, on_conflict="last")["y"][0] == 2
    with pytest.raises(InvalidArgumentError, match="1 tensors differ: y"):
        transform.merge(a, b, on_conflict="equal")
    nan = {"y": np.array([np.nan], F4)}
    assert list(transform.merge(nan, dict(nan), on_conflict="equal")) == ["y"]
    with pytest.raises(InvalidArgumentError, match="differ: y"):
        transform.merge({"y": ones(2)}, {"y": ones(2).astype(np.float64)}, on_conflict="equal")
    with pytest.raises(ValueError, match="on_conflict is one of"):
        transform.merge(a, on_conflict="any")  # type: ignore[arg-type]


# average

FRACTIONS = st.sampled_from([np.float32, np.float64, np.float16, ml_dtypes.bfloat16, np.complex64])


def saved(folder: Path, number: int, tensors: dict[str, Any], **options: Any) -> str:
    return tfckpt.save(folder / f"m-{number}", tensors, fsync=False, **options)


def mean(arrays: list[Any], weights: list[float]) -> Any:
    wide = np.complex128 if arrays[0].dtype.kind == "c" else np.float64
    stack = np.stack([array.astype(wide) for array in arrays])
    sums = (stack * np.reshape(weights, (-1, *[1] * arrays[0].ndim))).sum(axis=0)
    return (sums / sum(weights)).astype(arrays[0].dtype)


@FEW
@given(st.data())
def test_the_average_is_numpys(tmp_path_factory: Any, data: st.DataObject) -> None:
    folder = tmp_path_factory.mktemp("average")
    count = data.draw(st.integers(1, 4))
    weights = data.draw(st.lists(st.floats(0.25, 4), min_size=count, max_size=count))
    dtype, rows = data.draw(FRACTIONS), data.draw(st.sampled_from([0, 1, 7, 150_000]))
    random = np.random.default_rng(0)
    arrays = [random.standard_normal((rows, 3)).astype(dtype) for _ in range(count)]
    paths = [saved(folder, n, {"w": array, "step": n}) for n, array in enumerate(arrays)]
    for given_weights in (None, weights):
        made = transform.average(paths, given_weights)
        expected = mean(arrays, given_weights or [1.0] * count)
        assert made["w"].dtype == expected.dtype
        assert made["w"].tobytes() == expected.tobytes()
        assert int(made["step"]) == count - 1
        memory = transform.average([{"w": array} for array in arrays], given_weights)
        assert memory["w"].tobytes() == expected.tobytes()
        np.testing.assert_array_equal(made.get_tensor("w", np.s_[:3, 1]), expected[:3, 1])


@pytest.mark.parametrize("pool", ["threads", "processes"])
def test_an_executor_shares_the_work(pool: str, tmp_path: Path) -> None:
    arrays = [np.arange(10_000_000, dtype=F4) * n for n in (1, 2, 6)]
    paths = [saved(tmp_path, n, {"w": array}) for n, array in enumerate(arrays)]
    with (
        ThreadPoolExecutor(2)
        if pool == "threads"
        else ProcessPoolExecutor(2, mp_context=get_context("spawn"))
    ) as executor:
        made = transform.average(paths, executor=executor)["w"]
    np.testing.assert_array_equal(made, arrays[0] * 3)


def test_an_average_is_written_in_pieces(tmp_path: Path) -> None:
    arrays = [np.arange(2_500_000, dtype=F4).reshape(-1, 5) * n for n in (1, 2, 6)]
    paths = [saved(tmp_path, n, {"w": array}) for n, array in enumerate(arrays)]
    made = transform.average(paths)

    pieces = made.pieces("w")

    assert pieces is not None
    assert [piece.size for piece in pieces] == [1 << 20, 1 << 20, 2_500_000 - (2 << 20)]
    whole = saved(tmp_path / "whole", 0, {"w": arrays[0] * 3})
    in_pieces = tfckpt.save(tmp_path / "pieces" / "m-0", made, fsync=False)
    for end in (".index", ".data-00000-of-00001"):
        assert Path(in_pieces + end).read_bytes() == Path(whole + end).read_bytes()


@pytest.mark.parametrize("count", [2, 8])
def test_an_average_takes_the_memory_of_a_tensor_however_many_it_is_of(
    count: int, tmp_path: Path
) -> None:
    size = 4 << 20  # bytes of a tensor
    paths = [
        tfckpt.save(
            tmp_path / f"m-{n}", {f"w{i}": np.full(size // 8, float(n + i)) for i in range(4)}
        )
        for n in range(count)
    ]
    tracemalloc.start()
    try:
        tfckpt.save(tmp_path / "average", transform.average(paths))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 3 * size
    assert tfckpt.load(tmp_path / "average")["w1"][0] == 1 + (count - 1) / 2


@pytest.mark.parametrize("size", [100_000, 3_000_000])
def test_the_average_of_damaged_bytes_is_no_average(size: int, tmp_path: Path) -> None:
    paths = [saved(tmp_path, n, {"w": np.arange(size, dtype=F4)}) for n in (1, 2)]
    data = tmp_path / "m-1.data-00000-of-00001"
    damaged = bytearray(data.read_bytes())
    damaged[70_000] ^= 1
    data.write_bytes(damaged)
    with pytest.raises(DataLossError, match=r"m-1\.data.*checksum"):
        transform.average(paths)["w"]
    (tmp_path / "new").mkdir()
    with pytest.raises(DataLossError, match="checksum"):
        tfckpt.save(tmp_path / "new" / "m", transform.average(paths))
    assert not list((tmp_path / "new").iterdir())
    unverified = [tfckpt.load_checkpoint(path, verify=False) for path in paths]
    assert transform.average(unverified)["w"].shape == (size,)


def test_what_checkpoints_disagree_about(caplog: pytest.LogCaptureFixture) -> None:
    a = {"w": ones(2), "step": 1, "w/Adam": ones(2), "only": ones(1)}
    b = {"w": ones(2) * 3, "step": 2, "w/Adam": ones(2)}
    with pytest.raises(InvalidArgumentError, match=r"1 tensors are not in all .*'only'"):
        transform.average([a, b])
    made = transform.average([a, b], missing="drop")
    assert "left out: 'only'" in caplog.text
    assert list(made) == ["w", "step"]
    assert "w/Adam" in transform.average([b, b], drop_slots=False)
    with pytest.raises(InvalidArgumentError, match="'step' has several values"):
        transform.average([a, b], missing="drop", others="equal")
    with pytest.raises(InvalidArgumentError, match="'w' differs in dtype or shape"):
        transform.average([{"w": ones(2)}, {"w": ones(3)}])
    exponential = transform.average([{"w": ones(1) * n} for n in (1, 2, 4)], decay=0.5)
    assert exponential["w"][0] == F4((0.25 * 1 + 0.5 * 2 + 4) / 1.75)


@pytest.mark.parametrize(
    "wrong",
    [
        {"weights": [1]},
        {"weights": [1, -1]},
        {"weights": [1, 1], "decay": 0.5},
        {"decay": 0},
        {"others": "all"},
        {"missing": "zero"},
    ],
)
def test_averages_that_make_no_sense(wrong: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        transform.average([{"w": ones(1)}] * 2, **wrong)
    with pytest.raises(ValueError, match="several checkpoints"):
        transform.average("m-1")  # type: ignore[arg-type]


# slots


def test_slots_are_found_by_what_they_are_beside() -> None:
    w, b = ones(3, 2), ones(2)
    weights: dict[str, Any] = {
        "dense/w": w, "dense/w/Adam": w, "dense/w/Adam_1": w,
        "dense/b": b, "train/dense/b/Momentum": b,
        "train/beta1_power": F4(0.9), "train/beta2_power_1": F4(0.9),
        "adam/m": w, "dense/w/mask": w, "dense/b/RMSProp": w,
        "dense/w/ExponentialMovingAverage": w, "dense/w/Ftrl": np.int64(3),
        "table": ones(5, 4), "table/Adafactor": ones(5), "table/Adafactor_1": ones(4),
        "emb": b, "emb/Mine": b, "emb/Mine_1": b, "global_step": np.int64(3),
    }  # fmt: skip
    found = transform.slots(weights)
    assert list(found) == [
        "dense/w/Adam", "dense/w/Adam_1", "train/dense/b/Momentum", "train/beta1_power",
        "train/beta2_power_1", "table/Adafactor", "table/Adafactor_1", "emb/Mine", "emb/Mine_1",
    ]  # fmt: skip
    assert found["train/dense/b/Momentum"] == "slot Momentum of dense/b in train"
    left = transform.without_slots(weights)
    assert list(left) == [name for name in weights if name not in found]


def test_slots_of_keras_optimizers_by_name() -> None:
    w = ones(3, 2)
    weights = {
        "dense/kernel": w, "training/Adam/dense/kernel/m": w, "training/Adam/dense/kernel/v": w,
        "training/Adam/iter": np.int64(1), "training/Adam/learning_rate": F4(1),
        "block/dense/kernel/m": w, "block/iter_per_epoch": np.int64(1), "SGD/decay": F4(1),
    }  # fmt: skip
    assert list(transform.without_slots(weights)) == [
        "dense/kernel", "block/dense/kernel/m", "block/iter_per_epoch", "SGD/decay",
    ]  # fmt: skip
    alone = {"beta1_power": F4(1), "w": w}
    assert transform.slots(alone) == {}


def test_averages_take_the_place_of_weights() -> None:
    weights = {
        "w": ones(2), "w/ExponentialMovingAverage": ones(2) * 2,
        "scope/v/ExponentialMovingAverage": ones(2) * 3, "v": ones(2), "u": ones(1),
        "gone/ExponentialMovingAverage": ones(3), "loss/avg": F4(1),
    }  # fmt: skip
    made = transform.with_averages(weights)
    values = {name: float(np.ravel(made[name])[0]) for name in made}
    assert values == {"w": 2, "v": 3, "u": 1, "loss/avg": 1, "gone": 1}
    with pytest.raises(InvalidArgumentError, match="no averages of weights"):
        transform.with_averages({"w": ones(1)})
    assert list(transform.with_averages({"w": ones(1), "w/avg": ones(1)}, "avg")) == ["w"]


# repartition


@FEW
@given(
    st.integers(1, 7), st.integers(1, 4), st.integers(-2, 1), st.sampled_from(["slices", "names"])
)
def test_a_tensor_in_parts_and_whole_again(rows: int, count: int, axis: int, form: Any) -> None:
    array = np.arange(rows * rows).reshape(rows, rows)
    tensors = {"a": np.int64(1), "x": array}
    if count > rows:
        with pytest.raises(InvalidArgumentError, match="cannot be cut"):
            transform.repartition(tensors, "x", axis, count)
        return
    made = transform.repartition(tensors, "x", axis, count, form=form)
    expected = np.array_split(array, count, axis)
    if form == "names" and count > 1:
        for number, part in enumerate(expected):
            np.testing.assert_array_equal(made[f"x/part_{number}"], part)
            assert made.info(f"x/part_{number}").shape == part.shape
            np.testing.assert_array_equal(made.get_tensor(f"x/part_{number}", 0), part[0])
    elif count > 1:
        shapes = [one.shape_in(array.shape) for one in made.info("x").slices]
        assert shapes == [part.shape for part in expected]
    whole = transform.repartition(made, "x", axis)
    assert list(whole) == ["a", "x"]
    np.testing.assert_array_equal(whole["x"], array)
    np.testing.assert_array_equal(whole.get_tensor("x", np.s_[::2, -1]), array[::2, -1])
    assert whole.info("x").slices == ()


def test_slices_are_written_as_slices(prefix: Path) -> None:
    array = np.arange(10, dtype=F4).reshape(5, 2)
    made = transform.repartition({"x": array, "y": ones(1)}, "x", count=3)
    with tfckpt.load_checkpoint(tfckpt.save(prefix, made)) as reader:
        assert [str(one) for one in reader.info("x").slices] == ["0,2:-", "2,2:-", "4,1:-"]
        np.testing.assert_array_equal(reader["x"], array)
        again = tfckpt.save(f"{prefix}-2", transform.rename(reader, {"x": "z"}))
        linked = tfckpt.save(f"{prefix}-3", transform.rename(reader, {"x": "z"}), link=True)
        whole = tfckpt.save(f"{prefix}-4", transform.repartition(reader, "x"))
    for path in (again, linked):
        with tfckpt.load_checkpoint(path) as reader:
            assert len(reader.info("z").slices) == 3
            np.testing.assert_array_equal(reader["z"], array)
    with tfckpt.load_checkpoint(whole) as reader:
        assert reader.info("x").slices == ()
        np.testing.assert_array_equal(reader["x"], array)


def test_parts_that_make_no_whole() -> None:
    with pytest.raises(TensorNotFoundError, match="not found"):
        transform.repartition({"y": ones(2)}, "x")
    with pytest.raises(InvalidArgumentError, match="several dimensions"):
        transform.repartition({"x/part_0": ones(2, 3), "x/part_1": ones(1, 2)}, "x")
    with pytest.raises(InvalidArgumentError, match="dtypes or ranks"):
        transform.repartition({"x/part_0": ones(2), "x/part_1": ones(1, 2)}, "x")
    with pytest.raises(InvalidArgumentError, match="no axis 1"):
        transform.repartition({"x": ones(2)}, "x", 1, 2)
    columns = {"x/part_0": ones(2, 3), "x/part_1": ones(2, 1)}
    assert transform.repartition(columns, "x")["x"].shape == (2, 4)


# Writing: copies and links


def files(prefix: str) -> list[str]:
    folder, base = os.path.split(prefix)
    return sorted(name for name in os.listdir(folder) if name.startswith(base + "."))


@FEW
@given(TENSORS, st.sampled_from([False, True, "auto"]), st.integers(1, 3))
def test_what_is_written_is_what_was_read(
    tmp_path_factory: Any, tensors: dict[str, Any], link: Any, shards: int
) -> None:
    folder = tmp_path_factory.mktemp("link")
    tensors = {**tensors, "text": np.array([b"a", b"", b"ccc"], object)}
    source = tfckpt.save(folder / "a", tensors, num_shards=shards, fsync=False)
    edited = transform.rename(transform.select(source, drop="a*"), lambda name: name + "!")
    made = tfckpt.save(folder / "b", edited, link=link, num_shards=shards, fsync=False)
    kept = {name + "!": array for name, array in tensors.items() if not name.startswith("a")}
    np.testing.assert_equal(tfckpt.load(made), dict(sorted(kept.items())))
    os.remove(source + ".index")
    for name in files(source):
        os.remove(folder / name)
    np.testing.assert_equal(tfckpt.load(made), dict(sorted(kept.items())))


def test_copies_are_byte_for_byte_what_a_save_writes(tmp_path: Path) -> None:
    tensors = {"b": np.arange(100_000, dtype=F4), "a": np.int8(3), "s": np.array(b"x", object)}
    source = tfckpt.save(tmp_path / "a", tensors)
    order = transform.LazyTensors(
        {name: transform.tensors.as_lazy(source).tensors[name] for name in tensors}
    )
    copy = tfckpt.save(tmp_path / "b", order)
    for end in (".index", ".data-00000-of-00001"):
        assert Path(source + end).read_bytes() == Path(copy + end).read_bytes()


def test_linked_files_are_not_read_and_are_the_same_files(tmp_path: Path) -> None:
    source = tfckpt.save(tmp_path / "a", {"w": ones(1000), "v": ones(10)}, num_shards=2)
    other = tfckpt.save(tmp_path / "o", {"u": ones(5)})
    paths = [tmp_path / name for name in [*files(source), *files(other)] if "data" in name]
    for path in paths:  # damaged, and nobody notices: nothing is read
        path.write_bytes(bytes(len(path.read_bytes())))
    edited = transform.merge(transform.rename(source, {"w": "x"}), other, {"new": ones(3)})
    made = tfckpt.save(tmp_path / "b", edited, link=True)
    data = [tmp_path / name for name in files(made) if "data" in name]
    assert [path.name[-14:] for path in data] == [f"{n:05d}-of-00004" for n in range(4)]
    numbers = [path.stat().st_ino for path in data]
    assert sorted(numbers[1:]) == sorted(path.stat().st_ino for path in paths)
    with tfckpt.load_checkpoint(made, verify=False) as reader:
        assert sorted(reader) == ["new", "u", "v", "x"]
        np.testing.assert_array_equal(reader["new"], ones(3))


def test_dead_bytes_are_said_and_too_many_are_left_behind(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "tfckpt")
    source = tfckpt.save(tmp_path / "a", {"w": ones(10), "big": ones(990)})
    edited = transform.select(source, drop="big")
    linked = tfckpt.save(tmp_path / "b", edited, link=True)
    assert "3960 of 4000 bytes" in caplog.text
    assert Path(linked + ".data-00000-of-00001").stat().st_size == 4000
    copied = tfckpt.save(tmp_path / "c", edited, link="auto")
    assert Path(copied + ".data-00000-of-00001").stat().st_size == 40
    allowed = tfckpt.save(tmp_path / "d", edited, link="auto", max_dead=0.99)
    assert Path(allowed + ".data-00000-of-00001").stat().st_size == 4000
    kept = tfckpt.save(tmp_path / "e", transform.select(source, keep="big"), link="auto")
    assert Path(kept + ".data-00000-of-00001").stat().st_size == 4000
    plan = transform.plan(source, edited, link=True)
    assert (plan.linked, plan.dead, plan.written) == (4000, 3960, 0)
    with pytest.raises(ValueError, match="link is True"):
        tfckpt.save(tmp_path / "f", edited, link="no")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="max_dead is a share"):
        tfckpt.save(tmp_path / "f", edited, link=True, max_dead=2)


def test_without_links_the_kernel_copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tfckpt.save(tmp_path / "a", {"w": np.arange(70_000)})

    def no(*args: Any) -> None:
        raise OSError(18, "another file system")

    monkeypatch.setattr(os, "link", no)
    for kernel in (True, False):
        if not kernel:
            monkeypatch.setattr(os, "copy_file_range", no, raising=False)
        made = tfckpt.save(tmp_path / "b", transform.rename(source, {"w": "x"}), link=True)
        data = Path(made + ".data-00000-of-00001")
        assert data.stat().st_ino != Path(source + ".data-00000-of-00001").stat().st_ino
        np.testing.assert_array_equal(tfckpt.load(made)["x"], np.arange(70_000))


def test_a_source_that_was_replaced_is_not_linked(tmp_path: Path) -> None:
    source = tfckpt.save(tmp_path / "a", {"w": ones(3)})
    with tfckpt.load_checkpoint(source) as reader:
        tfckpt.save(source, {"w": ones(3) * 2})
        with pytest.raises(DataLossError, match="replaced since it was opened"):
            tfckpt.save(tmp_path / "b", reader, link=True)
    assert files(str(tmp_path / "b")) == []


def test_damaged_bytes_are_not_copied(tmp_path: Path) -> None:
    for size in (10, 100_000):
        source = tfckpt.save(tmp_path / "a", {"v": ones(2), "w": np.arange(size, dtype=F4)})
        data = Path(source + ".data-00000-of-00001")
        damaged = bytearray(data.read_bytes())
        damaged[-1] ^= 1
        data.write_bytes(damaged)
        with pytest.raises(DataLossError, match=r"'w'.*checksum"):
            tfckpt.save(tmp_path / "b", transform.rename(source, {"v": "u"}))
        assert files(str(tmp_path / "b")) == []
        with tfckpt.load_checkpoint(source, verify=False) as reader:
            assert tfckpt.load(tfckpt.save(tmp_path / "c", reader))["w"].size == size
        damaged = damaged[:-1]
        data.write_bytes(damaged)
        for link in (False, True):
            with pytest.raises(DataLossError, match="cut short"):
                tfckpt.save(tmp_path / "b", transform.select(source), link=link)
        assert files(str(tmp_path / "b")) == []


@pytest.mark.parametrize("link", [False, True])
def test_a_checkpoint_is_replaced_by_its_edited_self(link: bool, tmp_path: Path) -> None:
    tensors = {"w": np.arange(1000), "v": ones(3)}
    path = tfckpt.save(tmp_path / "m", tensors, num_shards=2)
    for count in range(3):
        with tfckpt.load_checkpoint(path) as reader:
            tfckpt.save(path, transform.rename(reader, lambda name: name + "'"), link=link)
        expected = {name + "'" * (count + 1): value for name, value in tensors.items()}
        np.testing.assert_equal(tfckpt.load(path), dict(sorted(expected.items())))
    assert len(files(path)) == (3 if link else 2)


def test_progress_is_told(tmp_path: Path) -> None:
    told: list[tuple[int, int, str]] = []
    tensors = {"a": ones(2), "b": ones(3)}
    tfckpt.save(tmp_path / "m", tensors, progress=lambda *one: told.append(one))
    assert told == [(8, 20, "a"), (20, 20, "b")]


def test_a_source_without_its_data_is_said(tmp_path: Path) -> None:
    source = tfckpt.save(tmp_path / "a", {"w": ones(3)})
    os.remove(source + ".data-00000-of-00001")
    for link in (False, True):
        with pytest.raises(FileMissingError, match="needs this shard"):
            tfckpt.save(tmp_path / "b", transform.rename(source, {"w": "x"}), link=link)


# Rules


RULES = """
keep = ["a/", "step"]
drop = "*/b"
strip_slots = true
regex = [["w$", "kernel"]]
[cast]
dtype = "float16"
only = ["a/w"]
[rename]
"a/" = "c/"
"""


def test_rules_from_a_file(tmp_path: Path) -> None:
    pytest.importorskip("tomllib")
    path = tmp_path / "rules.toml"
    path.write_text(RULES)
    weights = {"a/w": ones(2), "a/w/Adam": ones(2), "a/b": ones(1), "step": 3, "x": ones(1)}
    made = transform.EditRules.read(path).apply(weights)
    assert {name: info.dtype for name, info in made.infos().items()} == {
        "c/kernel": np.float16,
        "step": np.int64,
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("keep = 3", "keep: a text is expected"),
        ("kepp = []", "kepp is none of keep, drop"),
        ("strip_slots = 1", "strip_slots: true or false"),
        ("cast = 3", "cast is a table"),
        ("[cast]\ndtpye = 'x'", "cast.dtpye is none of dtype"),
        ("rename = ['a']", "rename: rename is a table"),
        ("regex = ['a']", "regex: a list of a pattern"),
        ("regex = [['(', 'a']]", "regex: missing"),
        ("keep = [", "no rules"),
    ],
)
def test_files_that_are_no_rules(text: str, said: str, tmp_path: Path) -> None:
    pytest.importorskip("tomllib")
    path = tmp_path / "rules.toml"
    path.write_text(text)
    with pytest.raises(InvalidArgumentError, match=re.escape(said)) as raised:
        transform.EditRules.read(path)
    assert raised.value.path == str(path)


# Suggestions


def suggested(have: Any, want: Any) -> dict[str, str]:
    return {one.target: one.name for one in transform.suggest(have, want)}


@pytest.mark.parametrize(
    ("have", "want"),
    [
        ("w", "w"),
        ("RNN/BasicLSTMCell/Linear/Matrix", "rnn/basic_lstm_cell/kernel"),
        ("rnn/gru_cell/gates/weights", "rnn/gru_cell/gates/kernel"),
        ("dense_1/dense_1/kernel:0", "dense_1/kernel"),
        ("layer/kernel/.ATTRIBUTES/VARIABLE_VALUE", "layer/kernel"),
        ("bert/encoder/layer_0/w", "model/bert/encoder/layer_0/w"),
        ("encoder_layer_norm/gamma", "encoder/layer_norm/gamma"),
    ],
)
def test_names_that_are_known_to_mean_the_same(have: str, want: str) -> None:
    other = {"other/thing": ones(3, 2), "other/thing/Adam": ones(3, 2)}
    found = transform.suggest({have: ones(3, 2), **other}, {want: (3, 2), "other/thing": (3, 2)})
    assert {one.target: one.name for one in found} == {want: have, "other/thing": "other/thing"}
    rules = {have: want} if have != want else {}
    assert found.rules() == rules
    assert list(transform.rename({have: ones(1)}, rules or {have: have})) == [want]


def test_shapes_decide_and_what_is_unclear_stays_open() -> None:
    have = {"q": ones(3), "Variable_1": ones(5), "Variable": ones(5), "t/w": ones(2, 9)}
    want = {"x/alpha": (3,), "y1": (5,), "y2": (5,), "n": (7,), "t/w": (9, 2)}
    found = {one.target: one for one in transform.suggest(have, want)}
    assert found["x/alpha"].name == "q"
    assert "only ones of this shape" in found["x/alpha"].reason
    assert (found["y1"].name, found["y2"].name) == ("Variable", "Variable_1")
    assert "by order" in found["y1"].reason
    assert (found["n"].name, found["n"].candidates) == ("", ())
    assert found["t/w"].transposed
    suggestions = transform.suggest(have, want)
    assert suggestions.rules() == {"q": "x/alpha"}
    assert suggestions.rules(0.1) == {"q": "x/alpha", "Variable": "y1", "Variable_1": "y2"}
    several = {
        one.target: one for one in transform.suggest({"a": ones(2), "b": ones(2)}, {"zz": (2,)})
    }
    assert (several["zz"].name, set(several["zz"].candidates)) == ("", {"a", "b"})


def test_slots_go_where_their_variables_go() -> None:
    have = {"a/w": ones(3, 2), "a/w/Adam": ones(3, 2), "t/a/w/Momentum": ones(3, 2), "b": ones(9)}
    want = {"n/a/w": (3, 2), "n/a/w/Adam": (3, 2), "t/n/a/w/Momentum": (3, 2), "n/b": (9,)}
    found = {one.target: (one.name, one.reason) for one in transform.suggest(have, want)}
    assert found["n/a/w/Adam"] == ("a/w/Adam", "slot Adam of a/w")
    assert found["t/n/a/w/Momentum"] == ("t/a/w/Momentum", "slot Momentum of a/w")
    assert transform.rename(have, transform.suggest(have, want).rules()).keys() == want.keys()


def test_suggestions_are_an_editable_file(tmp_path: Path) -> None:
    pytest.importorskip("tomllib")
    have = {"q\n": ones(3), "b": ones(5), "a": ones(5)}
    text = transform.suggest(have, {'x"': (3,), "y": (5,), "z": (5,), "n": (9,)}).to_toml()
    assert '# "a" = "y"' in text
    assert '#   "n"' in text
    path = tmp_path / "rules.toml"
    path.write_text(text)
    assert transform.EditRules.read(path).rename == {"q\n": 'x"'}


# Objects


def objects(path: Path) -> str:
    tree = {"enc": {"w": ones(2), "b": ones(1)}, "dec": [ones(3), ones(4)]}
    return tfckpt.Checkpoint(model=tree, step=np.int64(3)).write(path)


def paths_in(graph: Any) -> set[str]:
    return {path for node, path in NodePaths(graph).items() if graph.nodes[node].attributes}


VALUE = "/.ATTRIBUTES/VARIABLE_VALUE"


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ({"model/": "net/"}, {"net/enc/w", "net/enc/b", "net/dec/0", "net/dec/1", "step"}),
        ({"model/enc/": "enc/"}, {"enc/w", "enc/b", "model/dec/0", "model/dec/1", "step"}),
        ({"model/": ""}, {"enc/w", "enc/b", "dec/0", "dec/1", "step"}),
        (("^", "all/"), {f"all/{p}" for p in ("model/enc/w", "model/enc/b", "model/dec/0",
                                              "model/dec/1", "step")}),
        ({"model/enc/w": "model/dec/2"}, {"model/enc/b", "model/dec/0", "model/dec/1",
                                          "model/dec/2", "step"}),
        ({"model/enc/w": "step", "step": "model/enc/w"}, {"model/enc/w", "model/enc/b",
                                                          "model/dec/0", "model/dec/1", "step"}),
        (("/w$", "/kernel"), {"model/enc/kernel", "model/enc/b", "model/dec/0", "model/dec/1",
                              "step"}),
    ],
)  # fmt: skip
def test_objects_move_with_their_names(rules: Any, expected: set[str], tmp_path: Path) -> None:
    source = objects(tmp_path / "a")
    made = transform.rename(source, rules, strict=True)
    path = tfckpt.save(tmp_path / "b", made)
    expected = expected | {"save_counter"} & paths_in(tfckpt.object_graph(path))
    assert paths_in(tfckpt.object_graph(path)) == expected
    assert set(tfckpt.load(path)) == {p + VALUE for p in expected} | {OBJECT_GRAPH_KEY}
    with tfckpt.load_checkpoint(source) as reader:
        assert sorted(reader[n].size for n in reader) == sorted(v.size for v in made.values())


def test_objects_that_cannot_move_are_refused(tmp_path: Path) -> None:
    source = objects(tmp_path / "a")
    with pytest.raises(InvalidArgumentError, match="both have values"):
        transform.rename(source, {"model/enc/w": "model/enc/b"})
    with pytest.raises(InvalidArgumentError, match="name-based checkpoint"):
        transform.rename(source, (VALUE.replace(".", r"\.") + "$", ""))
    plain = transform.select(source, drop=OBJECT_GRAPH_KEY)
    assert "model/enc/w" in transform.rename(plain, (VALUE.replace(".", r"\.") + "$", ""))


def test_objects_that_are_left_out_leave_no_trace(tmp_path: Path) -> None:
    source = objects(tmp_path / "a")
    made = transform.select(source, drop="model/enc/")
    path = tfckpt.save(tmp_path / "b", made, link=True)
    assert {"model/dec/0", "model/dec/1", "step"} <= paths_in(tfckpt.object_graph(path))
    (model,) = (
        child.node_id
        for child in tfckpt.object_graph(path).nodes[0].children
        if child.local_name == "model"
    )
    names = [child.local_name for child in tfckpt.object_graph(path).nodes[model].children]
    assert names == ["dec"]
    with pytest.raises(InvalidArgumentError, match="object graphs of their own"):
        transform.merge(source, made, on_conflict="first")
    with pytest.raises(InvalidArgumentError, match="cannot be several tensors"):
        transform.repartition(source, "model/dec/0" + VALUE, count=2, form="names")


def with_optimizer(path: Path) -> str:
    """Write net/w, and an optimizer with a slot for it and a counter."""
    graph = tfckpt.protos.TrackableObjectGraph()
    for _ in range(6):
        graph.nodes.add()
    for parent, name, child in ((0, "net", 1), (0, "opt", 2), (1, "w", 3), (2, "iter", 5)):
        graph.nodes[parent].children.add(local_name=name, node_id=child)
    graph.nodes[2].slot_variables.add(
        original_variable_node_id=3, slot_name="m", slot_variable_node_id=4
    )
    keys = {3: "net/w", 4: "net/w/.OPTIMIZER_SLOT/opt/m", 5: "opt/iter"}
    for node, key in keys.items():
        graph.nodes[node].attributes.add(name="VARIABLE_VALUE", checkpoint_key=key + VALUE)
    tensors: dict[str, Any] = {key + VALUE: ones(node) for node, key in keys.items()}
    return tfckpt.save(path, tensors | {OBJECT_GRAPH_KEY: graph.SerializeToString()})


def test_slots_follow_and_go_with_their_variables(tmp_path: Path) -> None:
    source = with_optimizer(tmp_path / "a")
    assert list(transform.slots(source).values()) == [
        "slot m of net/w",
        "nothing but an optimizer has opt/iter",
    ]
    moved = transform.rename(source, {"net/": "model/", "opt/": "adam/"})
    path = tfckpt.save(tmp_path / "b", moved)
    keys = {"model/w", "model/w/.OPTIMIZER_SLOT/adam/m", "adam/iter"}
    assert paths_in(tfckpt.object_graph(path)) == keys
    assert set(moved) == {key + VALUE for key in keys} | {OBJECT_GRAPH_KEY}
    assert moved["model/w/.OPTIMIZER_SLOT/adam/m" + VALUE].size == 4
    alone = transform.without_slots(moved)
    assert set(alone) == {"model/w" + VALUE, OBJECT_GRAPH_KEY}
    graph = tfckpt.object_graph(tfckpt.save(tmp_path / "c", alone))
    assert [child.local_name for child in graph.nodes[0].children] == ["model"]
    assert len(graph.nodes) == 3
    with pytest.raises(InvalidArgumentError, match="left without their variables"):
        transform.select(source, drop="net/w" + VALUE)
    for drop in ("net/", "*OPTIMIZER_SLOT*"):
        tfckpt.save(tmp_path / "d", transform.select(source, drop=drop))


def test_a_variable_that_becomes_one_with_another_object_keeps_its_slots(tmp_path: Path) -> None:
    source = with_optimizer(tmp_path / "a")
    reader = tfckpt.load_checkpoint(source)
    graph = tfckpt.object_graph(source)
    graph.nodes.add()  # an object without values, where the variable is to go
    graph.nodes[0].children.add(local_name="place", node_id=6)
    tensors = dict(reader) | {OBJECT_GRAPH_KEY: graph.SerializeToString()}
    moved = transform.rename(tensors, {"net/w": "place"})
    path = tfckpt.save(tmp_path / "b", moved)
    assert paths_in(tfckpt.object_graph(path)) == {
        "place",
        "place/.OPTIMIZER_SLOT/opt/m",
        "opt/iter",
    }


def test_a_transform_of_a_file_can_be_sent_to_another_process(tmp_path: Path) -> None:
    path = tfckpt.save(tmp_path / "m", {"w": ones(2)})
    made = transform.rename(path, {"w": "x"})
    again: Callable[[str], Any] = pickle.loads(pickle.dumps(made)).__getitem__
    np.testing.assert_array_equal(again("x"), ones(2))
    made.close()
    with pytest.raises(ValueError, match="closed"):
        made["x"]


def test_an_average_has_no_origin() -> None:
    one = transform.tensors.Held(ones(2))
    assert Average([one, one], [1, 1]).origin is None
