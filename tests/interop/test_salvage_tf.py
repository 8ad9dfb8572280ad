"""What TensorFlow saved comes back whole though the index is gone."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import tfckpt

v1 = tf.compat.v1


def check(report: tfckpt.SalvageReport, values: dict[str, Any], confirmed: set[str]) -> None:
    assert set(report.intact) == confirmed
    assert set(report.tensors) == set(values)
    for name, value in values.items():
        # numpy's own type for bytes would drop zeros at their end.
        right = np.array(value, object) if isinstance(value, bytes) else value
        np.testing.assert_array_equal(report.tensors[name], right, err_msg=name)


def theirs(prefix: str) -> dict[str, Any]:
    """Every value as TensorFlow reads it, strings as bytes."""
    reader = tf.train.load_checkpoint(prefix)
    return {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}


@pytest.fixture
def trained(tmp_path: Path) -> str:
    """A TensorFlow 1 run of two checkpoints; the index of the second is lost."""
    with tf.Graph().as_default(), v1.Session() as session:
        rng = np.random.default_rng(1)
        frozen = v1.get_variable("embedding", initializer=rng.standard_normal((20, 4)))
        kernel = v1.get_variable("b/kernel", initializer=rng.standard_normal((4, 3)))
        v1.get_variable("a/text", initializer=tf.constant([b"one", b"", b"three"]))
        moved = kernel.assign_add(tf.ones_like(kernel))
        session.run(v1.global_variables_initializer())
        saver = v1.train.Saver()
        saver.save(session, str(tmp_path / "m"), global_step=1)
        session.run(moved)
        assert frozen.shape == (20, 4)
        return saver.save(session, str(tmp_path / "m"), global_step=2)


def test_a_run_of_tensorflow_1(trained: str) -> None:
    values = theirs(trained)
    os.remove(f"{trained}.index")
    check(tfckpt.salvage(trained, unconfirmed=True), values, {"a/text", "embedding"})


def test_a_graph_of_tensorflow_1(trained: str) -> None:
    values = theirs(trained)
    for prefix in (trained, trained[:-1] + "1"):
        os.remove(f"{prefix}.index")
    check(tfckpt.salvage(trained, unconfirmed=True), values, set())


def partitioned() -> Any:
    return v1.get_variable(
        "table",
        shape=(8, 3),
        initializer=v1.random_normal_initializer(seed=1),
        partitioner=v1.fixed_size_partitioner(3),
    )


def lose_indexes(folder: Path) -> None:
    for index in folder.glob("*.index"):
        os.remove(index)


def test_partitioned_variables(tmp_path: Path) -> None:
    """Another checkpoint says where they lie, and so does the graph."""
    with tf.Graph().as_default(), v1.Session() as session:
        parts = partitioned()
        session.run(v1.global_variables_initializer())
        saver = v1.train.Saver()
        saver.save(session, str(tmp_path / "m"), global_step=1)
        session.run([part.assign_add(tf.ones_like(part)) for part in parts])
        prefix = saver.save(session, str(tmp_path / "m"), global_step=2)
    values = theirs(prefix)
    os.remove(f"{prefix}.index")
    check(tfckpt.salvage(prefix, unconfirmed=True), values, set())
    lose_indexes(tmp_path)
    check(tfckpt.salvage(prefix, unconfirmed=True), values, set())


def test_a_graph_of_several_devices(tmp_path: Path) -> None:
    """The data files are numbered by device, not by name."""
    devices = v1.ConfigProto(device_count={"CPU": 3})
    with tf.Graph().as_default(), v1.Session(config=devices) as session:
        with tf.device("/cpu:2"):
            v1.get_variable("a", initializer=np.arange(5.0))
        with tf.device("/cpu:0"):
            partitioned()
        with tf.device("/cpu:1"):
            v1.get_variable("z/text", initializer=tf.constant([b"one", b"", b"three"]))
        session.run(v1.global_variables_initializer())
        prefix = v1.train.Saver(sharded=True).save(session, str(tmp_path / "m"), global_step=1)
    values = theirs(prefix)
    assert len(list(tmp_path.glob("m-1.data-*-of-00003"))) == 3
    lose_indexes(tmp_path)
    check(tfckpt.salvage(prefix, unconfirmed=True), values, set())


@pytest.mark.parametrize("keys", ["words", "numbers"])
def test_a_graph_of_a_lookup_table(keys: str, tmp_path: Path) -> None:
    with tf.Graph().as_default(), v1.Session() as session:
        kind, items = {
            "words": (tf.string, [b"x", b"", b"yyyy"]),
            "numbers": (tf.int64, [7, 8, 9]),
        }[keys]
        table = tf.lookup.experimental.MutableHashTable(kind, tf.float32, -1.0, name="vocab")
        v1.get_variable("a", initializer=np.arange(4.0))
        v1.get_variable("w", initializer=np.arange(6.0).reshape(2, 3))
        session.run(v1.global_variables_initializer())
        session.run(table.insert(tf.constant(items, kind), tf.constant([1.0, 2.0, 3.0])))
        prefix = v1.train.Saver().save(session, str(tmp_path / "m"), global_step=1)
    values = theirs(prefix)
    lose_indexes(tmp_path)
    report = tfckpt.salvage(prefix, unconfirmed=True)
    had = values if keys == "words" else {name: values[name] for name in ("a", "w")}
    check(report, had, set())
    assert {one.tensor for one in report.lost} == set(values) - set(had)


def test_a_saved_model_of_a_lookup_table(tmp_path: Path) -> None:
    model = tf.Module()
    model.table = tf.lookup.experimental.MutableHashTable(tf.string, tf.int64, -1, name="vocab")
    model.table.insert(tf.constant([b"x", b"yy"]), tf.constant([1, 2], tf.int64))
    model.kernel = tf.Variable(np.arange(6.0).reshape(2, 3))
    tf.saved_model.save(model, str(tmp_path / "model"))
    values = theirs(str(tmp_path / "model/variables/variables"))
    lose_indexes(tmp_path / "model/variables")
    check(tfckpt.salvage(tmp_path / "model", unconfirmed=True), values, set())


def test_objects_of_tensorflow_2(tmp_path: Path) -> None:
    layer = tf.Variable(np.random.default_rng(0).standard_normal((5, 2)), name="layer")
    frozen = tf.Variable(np.arange(9.0))
    checkpoint = tf.train.Checkpoint(layer=layer, frozen=frozen)
    checkpoint.save(str(tmp_path / "ckpt"))
    layer.assign(layer * 2)
    prefix = checkpoint.save(str(tmp_path / "ckpt"))
    values = theirs(prefix)
    os.remove(f"{prefix}.index")
    frozen_key = "frozen/.ATTRIBUTES/VARIABLE_VALUE"
    report = tfckpt.salvage(prefix, tmp_path / "out", unconfirmed=True)
    check(report, values, {frozen_key, "_CHECKPOINTABLE_OBJECT_GRAPH"})
    layer.assign(layer * 0)
    tf.train.Checkpoint(layer=layer, frozen=frozen).read(str(tmp_path / "out")).expect_partial()
    np.testing.assert_array_equal(layer, values["layer/.ATTRIBUTES/VARIABLE_VALUE"])


def test_a_saved_model_of_tensorflow_2(tmp_path: Path) -> None:
    model = tf.Module()
    model.kernel = tf.Variable(np.arange(6.0).reshape(2, 3))
    model.inner = tf.Module()
    model.inner.step = tf.Variable(np.int64(7))
    tf.saved_model.save(model, str(tmp_path / "model"))
    values = theirs(str(tmp_path / "model/variables/variables"))
    os.remove(tmp_path / "model/variables/variables.index")
    check(tfckpt.salvage(tmp_path / "model", unconfirmed=True), values, set())


@pytest.mark.parametrize("seed", range(8))
def test_a_layout_that_is_another_never_gives_a_wrong_value(seed: int, tmp_path: Path) -> None:
    """The order of what is saved differs, and some values are equal: the size fits all the same."""
    rng = np.random.default_rng(seed)
    values = {f"v{n}": np.round(rng.standard_normal(8) * rng.integers(0, 2)) for n in range(6)}
    for prefix in ("m-1", "m-2"):
        names = list(rng.permutation(list(values)))
        tf.raw_ops.SaveV2(
            prefix=str(tmp_path / prefix),
            tensor_names=names,
            shape_and_slices=[""] * len(names),
            tensors=[tf.constant(values[name]) for name in names],
        )
    os.remove(tmp_path / "m-2.index")
    report = tfckpt.salvage(tmp_path / "m-2")
    for name in report.intact:
        np.testing.assert_array_equal(report.tensors[name], values[name])
