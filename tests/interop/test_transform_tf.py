"""Transformed checkpoints, read and restored by real TensorFlow."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from click.testing import CliRunner

import tfckpt
from tfckpt import transform
from tfckpt.cli import cli

v1 = tf.compat.v1
LINKS = ["never", "always"]


def run(*arguments: Any) -> str:
    result = CliRunner().invoke(cli, [str(one) for one in arguments])
    assert result.exit_code == 0, result.output
    return result.output


def read_by_tf(path: Any) -> dict[str, Any]:
    reader = tf.train.load_checkpoint(str(path))
    return {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}


def save_by_tf(path: Any, tensors: Mapping[str, Any]) -> str:
    names = list(tensors)
    tf.raw_ops.SaveV2(
        prefix=str(path),
        tensor_names=names,
        shape_and_slices=[""] * len(names),
        tensors=[tf.constant(tensors[name]) for name in names],
    )
    return str(path)


def assert_same(found: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    assert sorted(found) == sorted(expected)
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value)


# Name-based checkpoints


OPTIMIZERS = {
    "Adam": lambda: v1.train.AdamOptimizer(0.1),
    "Momentum": lambda: v1.train.MomentumOptimizer(0.1, 0.9),
    "RMSProp": lambda: v1.train.RMSPropOptimizer(0.1, momentum=0.5),
    "centered RMSProp": lambda: v1.train.RMSPropOptimizer(0.1, centered=True),
    "Adagrad": lambda: v1.train.AdagradOptimizer(0.1),
    "Adadelta": lambda: v1.train.AdadeltaOptimizer(0.1),
    "Ftrl": lambda: v1.train.FtrlOptimizer(0.1),
    "AdagradDA": lambda: v1.train.AdagradDAOptimizer(0.1, v1.train.get_or_create_global_step()),
    "ProximalAdagrad": lambda: v1.train.ProximalAdagradOptimizer(0.1),
    "an Adam of another name": lambda: v1.train.AdamOptimizer(0.1, name="Mine"),
    "GradientDescent": lambda: v1.train.GradientDescentOptimizer(0.1),
}


def trained(path: Path, optimizer: str, scope: str = "", averages: bool = False) -> dict[str, Any]:
    """Train a little model a few steps; return the values that are none of the optimizer's."""
    with tf.Graph().as_default(), v1.Session() as session:
        w = v1.get_variable("dense/w", initializer=np.ones((3, 2), np.float32))
        b = v1.get_variable("dense/b", initializer=np.zeros(2, np.float32))
        v1.get_variable("adam/m", initializer=np.zeros(2, np.float32))
        step = v1.train.get_or_create_global_step()
        loss = tf.reduce_sum(tf.square(tf.matmul(np.ones((1, 3), np.float32), w) + b - 3.0))
        own = v1.global_variables()
        with v1.variable_scope(scope) if scope else v1.variable_scope(v1.get_variable_scope()):
            train = OPTIMIZERS[optimizer]().minimize(loss, global_step=step)
        if averages:
            ema = v1.train.ExponentialMovingAverage(0.5)
            with tf.control_dependencies([train]):
                train = ema.apply([w, b])
        session.run(v1.global_variables_initializer())
        for _ in range(3):
            session.run(train)
        v1.train.Saver().save(session, str(path))
        if averages:
            own = [w, b]
            return {
                one.op.name: session.run(average) for one in own for average in [ema.average(one)]
            }
        return {one.op.name: session.run(one) for one in own}


@pytest.mark.parametrize("scope", ["", "train"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_slots_are_what_the_optimizer_made(optimizer: str, scope: str, tmp_path: Path) -> None:
    own = trained(tmp_path / "m", optimizer, scope)
    run("edit", tmp_path / "m", tmp_path / "small", "--strip-slots", "--link", "never")
    assert_same(read_by_tf(tmp_path / "small"), own)


def test_averages_of_tensorflow_take_the_place_of_weights(tmp_path: Path) -> None:
    averages = trained(tmp_path / "m", "Adam", averages=True)
    run("edit", tmp_path / "m", tmp_path / "a", "--use-averages", "--strip-slots")
    found = read_by_tf(tmp_path / "a")
    assert {name: found[name].tolist() for name in averages} == {
        name: value.tolist() for name, value in averages.items()
    }
    assert not [name for name in found if "ExponentialMovingAverage" in name]


@pytest.mark.parametrize("link", LINKS)
def test_a_saver_restores_what_was_renamed(link: str, tmp_path: Path) -> None:
    own = trained(tmp_path / "m", "Adam")
    run("edit", tmp_path / "m", tmp_path / "r", "--strip-slots", "--rename", "dense/=encoder/",
        "--regex", "/w$=/kernel", "--link", link)  # fmt: skip
    with tf.Graph().as_default(), v1.Session() as session:
        kernel = v1.get_variable("encoder/kernel", [3, 2])
        bias = v1.get_variable("encoder/b", [2])
        v1.train.Saver().restore(session, str(tmp_path / "r"))
        np.testing.assert_array_equal(session.run(kernel), own["dense/w"])
        np.testing.assert_array_equal(session.run(bias), own["dense/b"])


@pytest.mark.parametrize("link", LINKS)
def test_in_place(link: str, tmp_path: Path) -> None:
    own = trained(tmp_path / "m", "Adam")
    run("edit", tmp_path / "m", "--in-place", "--strip-slots", "--link", link)
    run("edit", tmp_path / "m", "--in-place", "--rename", "dense/=d/", "--link", link)
    expected = {name.replace("dense/", "d/"): value for name, value in own.items()}
    assert_same(read_by_tf(tmp_path / "m"), expected)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64", "float8_e4m3fn"])
def test_a_cast_is_byte_for_byte_what_tensorflow_writes(dtype: str, tmp_path: Path) -> None:
    tensors = {
        "a/w": np.random.default_rng(1).standard_normal((30, 7)).astype(np.float32),
        "b": np.linspace(-3, 3, 9, dtype=np.float32),
    }
    source = tfckpt.save(tmp_path / "m", tensors)
    ours = tfckpt.save(tmp_path / "ours", transform.cast(source, dtype))
    cast = {name: tf.cast(value, dtype) for name, value in tensors.items()}
    theirs = save_by_tf(tmp_path / "theirs", cast)
    for end in (".index", ".data-00000-of-00001"):
        assert Path(ours + end).read_bytes() == Path(theirs + end).read_bytes()


def test_a_rename_is_byte_for_byte_what_tensorflow_writes(tmp_path: Path) -> None:
    tensors: dict[str, Any] = {
        "a/w": np.arange(100_000, dtype=np.int64),
        "a/x": np.ones(2, np.float16),
        "b": np.array([b"text", b""], object),
    }
    source = save_by_tf(tmp_path / "m", tensors)
    renamed = transform.rename(source, {"a/": "c/"})
    assert list(renamed) == ["c/w", "c/x", "b"]
    ours = tfckpt.save(tmp_path / "ours", renamed)
    theirs = save_by_tf(tmp_path / "theirs", {n.replace("a/", "c/"): v for n, v in tensors.items()})
    for end in (".index", ".data-00000-of-00001"):
        assert Path(ours + end).read_bytes() == Path(theirs + end).read_bytes()


def test_tensorflow_reads_several_linked_sources(tmp_path: Path) -> None:
    tensors = {name: np.full(5, number) for number, name in enumerate("abc")}
    paths = [save_by_tf(tmp_path / name, {name: value}) for name, value in tensors.items()]
    run("merge", *paths, tmp_path / "m", "--link", "always")
    assert os.stat(tmp_path / "a.data-00000-of-00001").st_nlink == 2
    assert_same(read_by_tf(tmp_path / "m"), tensors)
    made = transform.merge(tmp_path / "m", {"new": np.arange(3), "s": np.array([b"x"], object)})
    tfckpt.save(tmp_path / "n", made, link=True)
    expected = tensors | {"new": np.arange(3), "s": np.array([b"x"], object)}
    assert_same(read_by_tf(tmp_path / "n"), expected)


def test_the_average_is_tensorflows(tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    arrays = [random.standard_normal((50, 40)).astype(np.float32) for _ in range(4)]
    for number, array in enumerate(arrays):
        save_by_tf(tmp_path / f"m-{number}", {"w": array, "step": np.int64(number)})
        v1.train.update_checkpoint_state(
            str(tmp_path), str(tmp_path / f"m-{number}"),
            [str(tmp_path / f"m-{n}") for n in range(number + 1)],
        )  # fmt: skip
    run("average", tmp_path, tmp_path / "avg", "--last", 3)
    wide = tf.reduce_mean([tf.cast(one, tf.float64) for one in arrays[1:]], axis=0)
    found = read_by_tf(tmp_path / "avg")
    np.testing.assert_allclose(found["w"], tf.cast(wide, tf.float32), rtol=1e-7)
    assert found["step"] == 3


@pytest.mark.parametrize("count", [1, 3])
def test_partitions_are_restored_whatever_they_were(count: int, tmp_path: Path) -> None:
    table = np.arange(14, dtype=np.float32).reshape(7, 2)
    with tf.Graph().as_default(), v1.Session() as session:
        parts = list(v1.get_variable("t", [7, 2], partitioner=v1.fixed_size_partitioner(2)))
        session.run([parts[0].assign(table[:4]), parts[1].assign(table[4:])])
        v1.train.Saver().save(session, str(tmp_path / "m"))
    made = transform.repartition(tmp_path / "m", "t", count=count)
    tfckpt.save(tmp_path / "p", made)
    with tfckpt.load_checkpoint(tmp_path / "p") as reader:
        assert len(reader.info("t").slices) == (count if count > 1 else 0)
    for number in (1, 3, 4):
        with tf.Graph().as_default(), v1.Session() as session:
            cut = v1.fixed_size_partitioner(number) if number > 1 else None
            t = v1.get_variable("t", [7, 2], partitioner=cut)
            v1.train.Saver().restore(session, str(tmp_path / "p"))
            np.testing.assert_array_equal(session.run(tf.convert_to_tensor(t)), table)
    for link in (False, True):
        linked = transform.rename(tmp_path / "m", {"t": "u"})
        assert_same(read_by_tf(tfckpt.save(tmp_path / f"l{link}", linked, link=link)), {"u": table})


# Objects


class Net(tf.Module):
    def __init__(self, scale: float, kernel: str = "kernel") -> None:
        super().__init__()
        setattr(self, kernel, tf.Variable(tf.ones((3, 2)) * scale))
        self.bias = tf.Variable(tf.ones(2) * scale)


def with_optimizer(path: Path) -> tuple[Net, Any]:
    net, optimizer = Net(2.0), v1.train.AdamOptimizer(0.1)
    for _ in range(2):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(net.kernel**2) + tf.reduce_sum(net.bias)
        variables = [net.kernel, net.bias]
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
    tf.train.Checkpoint(net=net, optimizer=optimizer).write(str(path))
    return net, optimizer


@pytest.mark.parametrize("link", LINKS)
def test_objects_of_other_names_consume_a_renamed_checkpoint(link: str, tmp_path: Path) -> None:
    net, optimizer = with_optimizer(tmp_path / "m")
    run("edit", tmp_path / "m", tmp_path / "r", "--link", link, "--rename", "net/=model/encoder/",
        "--rename", "net/kernel=model/encoder/w", "--rename", "optimizer/=adam/")  # fmt: skip
    fresh, adam = Net(0.0, kernel="w"), v1.train.AdamOptimizer(0.1)
    model = tf.Module()
    model.encoder = fresh
    status = tf.train.Checkpoint(model=model, adam=adam).read(str(tmp_path / "r"))
    variables = [fresh.w, fresh.bias]
    np.testing.assert_array_equal(fresh.w, net.kernel)
    adam._create_slots(variables)
    status.assert_existing_objects_matched()
    for name in ("m", "v"):
        np.testing.assert_array_equal(
            adam.get_slot(fresh.w, name), optimizer.get_slot(net.kernel, name)
        )
        np.testing.assert_array_equal(
            adam.get_slot(fresh.bias, name), optimizer.get_slot(net.bias, name)
        )
    keys = sorted(read_by_tf(tmp_path / "r"))
    slot = "model/encoder/w/.OPTIMIZER_SLOT/adam/m/.ATTRIBUTES/VARIABLE_VALUE"
    assert slot in keys
    assert not [key for key in keys if "net/" in key or "optimizer/" in key]


@pytest.mark.parametrize("link", LINKS)
def test_without_slots_a_model_alone_consumes_the_checkpoint(link: str, tmp_path: Path) -> None:
    net, _ = with_optimizer(tmp_path / "m")
    with pytest.raises(AssertionError):
        tf.train.Checkpoint(net=Net(0.0)).read(str(tmp_path / "m")).assert_consumed()
    run("edit", tmp_path / "m", tmp_path / "s", "--strip-slots", "--link", link)
    fresh = Net(0.0)
    tf.train.Checkpoint(net=fresh).read(str(tmp_path / "s")).assert_consumed()
    np.testing.assert_array_equal(fresh.kernel, net.kernel)
    np.testing.assert_array_equal(fresh.bias, net.bias)


def test_what_is_left_out_is_missing_to_tensorflow_too(tmp_path: Path) -> None:
    with_optimizer(tmp_path / "m")
    made = transform.select(transform.without_slots(tmp_path / "m"), drop="net/bias/")
    tfckpt.save(tmp_path / "s", made)
    fresh = Net(0.0)
    status = tf.train.Checkpoint(net=fresh).read(str(tmp_path / "s"))
    status.expect_partial()
    np.testing.assert_array_equal(fresh.bias, np.zeros(2))
    assert float(fresh.kernel[0, 0]) != 0
    with pytest.raises(AssertionError, match="not bound to checkpointed values"):
        status.assert_existing_objects_matched()
    with pytest.raises(tfckpt.errors.InvalidArgumentError, match="without their variables"):
        transform.select(tmp_path / "m", drop="net/bias/.ATTRIBUTES/VARIABLE_VALUE")


def test_a_scope_more_and_a_scope_less(tmp_path: Path) -> None:
    net = Net(5.0)
    tf.train.Checkpoint(net).write(str(tmp_path / "root"))
    tfckpt.save(tmp_path / "below", transform.rename(tmp_path / "root", ("^", "model/")))
    fresh = Net(0.0)
    tf.train.Checkpoint(model=fresh).read(str(tmp_path / "below")).assert_consumed()
    np.testing.assert_array_equal(fresh.kernel, net.kernel)
    tfckpt.save(tmp_path / "again", transform.rename(tmp_path / "below", {"model/": ""}))
    again = Net(0.0)
    tf.train.Checkpoint(again).read(str(tmp_path / "again")).assert_consumed()
    np.testing.assert_array_equal(again.bias, net.bias)


def keras_model() -> Any:
    layers = tf.keras.layers
    return tf.keras.Sequential([layers.Input((3,)), layers.Dense(4), layers.Dense(2)])


def test_keras_objects(tmp_path: Path) -> None:
    model, optimizer = keras_model(), tf.keras.optimizers.Adam(0.1)
    model.compile(optimizer, "mse")
    model.fit(np.ones((4, 3)), np.ones((4, 2)), verbose=0)
    path = tf.train.Checkpoint(model=model, optimizer=optimizer).write(str(tmp_path / "m"))
    slots = transform.slots(path)
    assert any("_variables" in name or "_momentums" in name for name in slots)
    assert not any(name.startswith("model/layer") and "optimizer" not in name for name in slots)
    edited = transform.rename(transform.without_slots(path), {"model/": "net/"})
    tfckpt.save(tmp_path / "s", edited, link=True)
    fresh = keras_model()
    tf.train.Checkpoint(net=fresh).read(str(tmp_path / "s")).assert_existing_objects_matched()
    for ours, theirs in zip(fresh.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_an_average_of_objects_is_consumed(tmp_path: Path) -> None:
    paths = []
    for scale in (1.0, 3.0):
        net = tf.train.Checkpoint(net=Net(scale))
        paths.append(net.write(str(tmp_path / f"m{scale}")))
    run("average", *paths, tmp_path / "avg")
    fresh = Net(0.0)
    tf.train.Checkpoint(net=fresh).read(str(tmp_path / "avg")).assert_consumed()
    np.testing.assert_array_equal(fresh.bias, [2.0, 2.0])


# Real checkpoints


FOLDER = Path(os.environ.get("TFCKPT_REALCKPTS") or "/nonexistent")
SETS = sorted(path.parent.name for path in FOLDER.glob("*/expected.json")) or ["none here"]


@pytest.mark.parametrize("name", SETS)
def test_real_checkpoints(name: str, realckpts: Path, tmp_path: Path) -> None:
    """Stripped, renamed and linked, each is what TensorFlow reads of it under the other names."""
    for number, prefix in enumerate(json.loads((realckpts / name / "expected.json").read_text())):
        path = realckpts / name / prefix
        try:
            before = read_by_tf(path)
        except Exception:  # V1 beside V2, variants, shards that are missing
            continue
        tensors = transform.without_slots(path)
        object_based = "_CHECKPOINTABLE_OBJECT_GRAPH" in tensors
        made = transform.rename(tensors, ("^", "new/"))
        found = read_by_tf(tfckpt.save(tmp_path / str(number), made, link=True, fsync=False))
        kept = [one for one in before if one in tensors and one != "_CHECKPOINTABLE_OBJECT_GRAPH"]
        assert sorted(found) == sorted(
            [("new" if one.startswith("/") else "new/") + one for one in kept]
            + ["_CHECKPOINTABLE_OBJECT_GRAPH"] * object_based
        )
        for one in kept:
            new = ("new" if one.startswith("/") else "new/") + one
            np.testing.assert_array_equal(found[new], before[one])
