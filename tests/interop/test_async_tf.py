"""Saves in the background, beside TensorFlow's: the same rules, and where ours differ."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import tfckpt

LIBRARIES: list[Any] = [pytest.param(tf, id="TensorFlow"), pytest.param(tfckpt, id="tfckpt")]


def checkpoint_of(library: Any, value: float) -> tuple[Any, Any]:
    """Return a checkpoint of one variable, and what sets that."""
    if library is tf:
        variable = tf.Variable([value, value], dtype=tf.float64)
        return tf.train.Checkpoint(v=variable), lambda new: variable.assign([new, new])
    array = np.full(2, value)
    return tfckpt.Checkpoint(v=array), lambda new: array.__setitem__(..., new)


def train(library: Any) -> Any:
    return tf.train if library is tf else tfckpt


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_save_returns_its_path_and_is_written_later(library: Any, tmp_path: Path) -> None:
    go, threads = threading.Event(), []

    def callback(path: str) -> None:
        go.wait(60)
        threads.append(threading.current_thread())

    options = train(library).CheckpointOptions(
        enable_async=True, experimental_write_callbacks=[callback]
    )
    checkpoint, assign = checkpoint_of(library, 1.0)
    path = checkpoint.save(str(tmp_path / "ckpt"), options)
    assert path == str(tmp_path / "ckpt-1")
    assert train(library).latest_checkpoint(str(tmp_path)) is None
    assign(2.0)
    go.set()
    checkpoint.sync()
    assert threads != [threading.current_thread()]
    assert train(library).latest_checkpoint(str(tmp_path)) == path
    value = tf.train.load_variable(path, "v/.ATTRIBUTES/VARIABLE_VALUE")
    assert value.tolist() == [1.0, 1.0]  # that of the save, not of the write


@pytest.mark.parametrize("library", LIBRARIES)
def test_an_error_comes_up_at_the_next_save_which_saves_nothing(
    library: Any, tmp_path: Path
) -> None:
    options = train(library).CheckpointOptions(enable_async=True)
    checkpoint, _ = checkpoint_of(library, 1.0)
    (tmp_path / "file").write_text("x")
    checkpoint.save(str(tmp_path / "file" / "ckpt"), options)
    refused: Any = (tf.errors.FailedPreconditionError, tfckpt.errors.FailedPreconditionError)
    with pytest.raises(refused):
        checkpoint.save(str(tmp_path / "ckpt"), options)
    assert os.listdir(tmp_path) == ["file"]
    checkpoint.save(str(tmp_path / "ckpt"), options)
    checkpoint.sync()
    assert len(list(tmp_path.glob("ckpt-*.index"))) == 1


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_manager_tracks_and_rotates_once_the_data_is_there(library: Any, tmp_path: Path) -> None:
    options = train(library).CheckpointOptions(enable_async=True)
    checkpoint, assign = checkpoint_of(library, 0.0)
    manager = train(library).CheckpointManager(checkpoint, str(tmp_path), 2)
    for number in (1, 2, 3):
        assign(float(number))
        assert manager.save(options=options) == str(tmp_path / f"ckpt-{number}")
    manager.sync()
    assert manager.checkpoints == [str(tmp_path / "ckpt-2"), str(tmp_path / "ckpt-3")]
    for number in (2, 3):
        path = str(tmp_path / f"ckpt-{number}")
        value = tf.train.load_variable(path, "v/.ATTRIBUTES/VARIABLE_VALUE")
        assert value.tolist() == [number, number]


def test_tensorflow_restores_what_was_saved_in_the_background(tmp_path: Path) -> None:
    checkpoint, _ = checkpoint_of(tfckpt, 3.0)
    with tfckpt.BackgroundSaver(checkpoint) as saver:
        pending = saver.save(tmp_path / "ckpt")
    assert pending is not None
    theirs, _ = checkpoint_of(tf, 0.0)
    theirs.restore(pending.path).assert_consumed()
    assert theirs.v.numpy().tolist() == [3.0, 3.0]
    assert int(theirs.save_counter) == 1


@pytest.mark.parametrize(("library", "second"), [(tf, "ckpt-1"), (tfckpt, "ckpt-2")])
def test_a_save_after_one_in_the_background(library: Any, second: str, tmp_path: Path) -> None:
    """TensorFlow counts both kinds apart, so that the second replaces the first."""
    options = train(library).CheckpointOptions(enable_async=True)
    checkpoint, _ = checkpoint_of(library, 0.0)
    checkpoint.save(str(tmp_path / "ckpt"), options)
    checkpoint.sync()
    assert checkpoint.save(str(tmp_path / "ckpt")) == str(tmp_path / second)
