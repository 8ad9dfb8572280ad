"""What Keras 3 saves without TensorFlow, TensorFlow restores; what TensorFlow saved, Keras 3 loads.

The other backend works in a process of its own, which refuses to import TensorFlow.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfckpt
from interop import keras_models
from interop.keras_models import MODELS, made, outputs, train

tf_keras = pytest.importorskip("tf_keras")

pytestmark = pytest.mark.filterwarnings("ignore")


def elsewhere(*arguments: object, backend: str = "torch") -> None:
    done = subprocess.run(
        [sys.executable, keras_models.__file__, *map(str, arguments)],
        env=os.environ | {"KERAS_BACKEND": backend},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of each model, trained elsewhere."""
    folder = tmp_path_factory.mktemp("trained")
    elsewhere(folder)
    return folder


def latest(folder: Path) -> str:
    found = tf.train.latest_checkpoint(str(folder))
    assert found is not None
    return found


def left(folder: Path) -> Mapping[str, Any]:
    with tfckpt.open_tensors(folder / "weights.npz") as tensors:
        return dict(tensors)


@pytest.mark.parametrize("name", MODELS)
def test_tensorflow_restores_model_and_optimizer(name: str, trained: Path) -> None:
    folder = trained / name
    model = made(name, keras, 2)
    train(name, model, [])
    checkpoint = tf.train.Checkpoint(model=model, optimizer=model.optimizer)
    checkpoint.restore(latest(folder / "both")).assert_consumed()
    expected = left(folder)
    assert np.allclose(expected["outputs"], outputs(name, model), atol=1e-5)
    assert int(model.optimizer.iterations) == 6


@pytest.mark.parametrize("name", MODELS)
def test_tensorflow_restores_the_weights_alone(name: str, trained: Path) -> None:
    folder = trained / name
    keras.backend.clear_session()
    model = MODELS[name](keras)
    status = tf.train.Checkpoint(model=model).restore(latest(folder / "alone"))
    status.assert_existing_objects_matched()
    if name == "subclassed":  # what Keras keeps in a list, TensorFlow does not see
        assert np.allclose(left(folder)["000"], model.get_weights()[0])
        return
    status.assert_consumed()
    assert np.allclose(left(folder)["outputs"], outputs(name, model), atol=1e-5)


@pytest.mark.parametrize("name", MODELS)
def test_keras_2_restores_the_weights(name: str, trained: Path) -> None:
    folder = trained / name
    tf_keras.backend.clear_session()
    model = MODELS[name](tf_keras)
    status = tf.train.Checkpoint(model=model).restore(latest(folder / "alone"))
    status.assert_consumed()
    assert np.allclose(left(folder)["outputs"], outputs(name, model), atol=1e-5)


SAVED = {
    "Keras 2, save_weights": (tf_keras, lambda model, path: model.save_weights(path)),
    "Keras 2, Checkpoint": (tf_keras, lambda m, path: tf.train.Checkpoint(net=m).write(path)),
    "Keras 3, Checkpoint": (keras, lambda m, path: tf.train.Checkpoint(model=m).write(path)),
    "Keras 3, with optimizer": (
        keras,
        lambda m, path: tf.train.Checkpoint(model=m, optimizer=m.optimizer).write(path),
    ),
}


@pytest.mark.parametrize("how", SAVED)
@pytest.mark.parametrize("name", MODELS)
def test_what_tensorflow_saved_is_loaded(name: str, how: str, tmp_path: Path) -> None:
    library, save = SAVED[how]
    model = made(name, library, 1)
    optimizer = "optimizer" in how
    if optimizer:
        train(name, model, [])
    expected = outputs(name, model)
    path = str(tmp_path / "saved")
    save(model, path)
    other = made(name, keras, 2)
    if (name, how) == ("subclassed", "Keras 3, Checkpoint"):  # which lacks what is in the list
        before = other.get_weights()
        with pytest.raises(tfckpt.errors.InvalidArgumentError, match="other layers"):
            tfckpt.keras.load_weights(other, path)
        for one, now in zip(before, other.get_weights(), strict=True):
            np.testing.assert_array_equal(one, now)
        return
    tfckpt.keras.load_weights(other, path, optimizer=optimizer)
    assert np.allclose(expected, outputs(name, other), atol=1e-5)


def test_another_backend_loads_what_tensorflow_saved(tmp_path: Path) -> None:
    model = made("functional", tf_keras, 1)
    model.save_weights(str(tmp_path / "saved"))
    elsewhere("functional", tmp_path / "saved", tmp_path / "there.npz")
    expected = outputs("functional", model)
    assert np.allclose(expected, np.load(tmp_path / "there.npz")["outputs"], atol=1e-5)


def test_a_name_based_checkpoint_is_loaded_by_paths(tmp_path: Path) -> None:
    model = made("sequential", keras, 1)
    path = tfckpt.save(tmp_path / "named", {one.path: one.numpy() for one in model.weights})
    expected = outputs("sequential", model)
    model.set_weights([np.zeros_like(one) for one in model.get_weights()])
    report = tfckpt.keras.load_weights(model, path)
    assert report.loaded.keys() == {one.path for one in model.weights}
    assert np.allclose(expected, outputs("sequential", model))


def test_what_does_not_fit_changes_nothing_and_is_named(tmp_path: Path) -> None:
    keras.backend.clear_session()
    wide = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, name="fc")])
    path = tf.train.Checkpoint(model=wide).write(str(tmp_path / "wide"))
    narrow = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, name="fc")])
    before = narrow.get_weights()
    wrong = r"does not fit 2 variables(.|\n)*kernel is float32 \[3, 2\](.|\n)*\[3, 4\]"
    with pytest.raises(tfckpt.errors.InvalidArgumentError, match=wrong):
        tfckpt.keras.load_weights(narrow, path)
    deep = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(4, name="fc"), keras.layers.Dense(1, name="top")]
    )
    with pytest.raises(tfckpt.errors.InvalidArgumentError, match=r"top \(2\)"):
        tfckpt.keras.load_weights(deep, path)
    np.testing.assert_array_equal(before[0], narrow.get_weights()[0])
    with pytest.raises(ValueError, match="no weights yet"):
        tfckpt.keras.load_weights(keras.Sequential([keras.layers.Dense(1)]), path)


def test_policies_judge_by_the_logs(tmp_path: Path) -> None:
    model = made("sequential", keras, 1)
    saved, deleted = list[str](), list[str]()
    callback = tfckpt.keras.CheckpointCallback(
        tmp_path,
        keep=tfckpt.keep.last(1) | tfckpt.keep.best("loss", mode="max"),
        on_saved=saved.append,
        on_deleted=lambda path, reason: deleted.append(path),
    )
    train("sequential", model, [callback], epochs=4)
    losses = model.history.history["loss"]
    best = 1 + int(np.argmax(losses))
    assert callback.manager.checkpoints == [
        str(tmp_path / f"ckpt-{number}") for number in sorted({best, 4})
    ]
    assert saved == [str(tmp_path / f"ckpt-{number}") for number in (1, 2, 3, 4)]
    assert sorted(deleted) == sorted({*saved} - {*callback.manager.checkpoints})


@pytest.mark.parametrize("save_freq", ["batch", 0, 1.5])
def test_a_frequency_is_epochs_or_a_number_of_batches(save_freq: Any, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="save_freq"):
        tfckpt.keras.CheckpointCallback(tmp_path, save_freq=save_freq)
