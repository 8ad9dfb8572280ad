"""CheckpointManager, without TensorFlow."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tfckpt


class Weights:
    """The least that a manager needs of a checkpoint."""

    def __init__(self, counter: Any = 0) -> None:
        self.save_counter = counter
        self.w = np.zeros(2)
        self.written: list[object] = []

    def write(self, file_prefix: str, options: object = None) -> str:
        self.written.append(options)
        return tfckpt.save(file_prefix, {"w": self.w, "counter": self.save_counter}, fsync=False)

    def restore(self, save_path: str) -> None:
        self.w = tfckpt.load_variable(save_path, "w")


def indexes(folder: Path) -> list[str]:
    return sorted(path.stem for path in folder.glob("*.index"))


@pytest.mark.parametrize("counter", [0, np.zeros((), np.int64)], ids=["int", "array"])
def test_the_newest_are_kept_and_numbered_by_the_counter(counter: Any, tmp_path: Path) -> None:
    checkpoint = Weights(counter)
    manager = tfckpt.CheckpointManager(checkpoint, tmp_path / "run", max_to_keep=2)
    paths = [manager.save() for _ in range(4)]
    assert paths == [str(tmp_path / "run" / f"ckpt-{n}") for n in (1, 2, 3, 4)]
    assert manager.checkpoints == paths[2:]
    assert manager.latest_checkpoint == paths[3]
    assert indexes(tmp_path / "run") == ["ckpt-3", "ckpt-4"]
    assert tfckpt.load_variable(paths[3] or "", "counter") == 4


def test_a_later_manager_goes_on(tmp_path: Path) -> None:
    tfckpt.CheckpointManager(Weights(), tmp_path, max_to_keep=2).save()
    checkpoint = Weights(1)
    manager = tfckpt.CheckpointManager(checkpoint, tmp_path, max_to_keep=1)
    assert manager.restore_or_initialize() == str(tmp_path / "ckpt-1")
    manager.save()
    assert indexes(tmp_path) == ["ckpt-2"]


def test_a_moved_folder_goes_on(tmp_path: Path) -> None:
    tfckpt.Saver().save({"w": np.ones(2)}, tmp_path / "old" / "m")
    os.rename(tmp_path / "old", tmp_path / "new")
    checkpoint = Weights()
    manager = tfckpt.CheckpointManager(checkpoint, tmp_path / "new", max_to_keep=1)
    assert manager.restore_or_initialize() == str(tmp_path / "new" / "m")
    assert checkpoint.w.tolist() == [1, 1]


def test_one_is_kept_every_n_hours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr("time.time", lambda: now[0])
    manager = tfckpt.CheckpointManager(Weights(), tmp_path, 1, keep_checkpoint_every_n_hours=1)
    for _ in range(9):
        now[0] += 1200
        manager.save()
    assert indexes(tmp_path) == ["ckpt-3", "ckpt-6", "ckpt-9"]


def test_an_interval_of_steps(tmp_path: Path) -> None:
    step = np.zeros((), np.int64)
    manager = tfckpt.CheckpointManager(
        Weights(), tmp_path, None, step_counter=step, checkpoint_interval=3
    )
    saved = []
    for _ in range(8):
        saved.append(manager.save() is not None)
        step += 1
    assert saved == [True, False, False, True, False, False, True, False]
    assert manager.save(check_interval=False) is not None
    assert manager.save(check_interval=False) is None
    assert manager.checkpoint_interval == 3


def test_number_options_and_init(tmp_path: Path) -> None:
    checkpoint, called = Weights(), []
    manager = tfckpt.CheckpointManager(
        checkpoint, tmp_path, 5, checkpoint_name="n", init_fn=lambda: called.append(1)
    )
    assert manager.restore_or_initialize() is None
    assert called == [1]
    assert manager.save(checkpoint_number=np.int64(9), options="o") == str(tmp_path / "n-9")
    assert (checkpoint.save_counter, checkpoint.written) == (1, ["o"])
    manager.sync()
    assert manager.directory == str(tmp_path)
    assert manager.checkpoint is checkpoint


def test_a_failed_save_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint = Weights()
    manager = tfckpt.CheckpointManager(checkpoint, tmp_path, 1)
    manager.save()

    def fail(*_: object, **__: object) -> None:
        raise OSError("no")

    for where in ("tfckpt.bundle.writer.publish", "tfckpt.manager.update_checkpoint_state"):
        with monkeypatch.context() as patch:
            patch.setattr(where, fail)
            with pytest.raises(OSError, match="no"):
                manager.save()
        assert checkpoint.save_counter == 1
        assert manager.checkpoints == [str(tmp_path / "ckpt-1")]
        assert tfckpt.latest_checkpoint(tmp_path) == str(tmp_path / "ckpt-1")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"max_to_keep": 0}, "`max_to_keep`, got 0"),
        ({"max_to_keep": -2}, "`max_to_keep`, got -2"),
        ({"max_to_keep": 1, "checkpoint_interval": 2}, "`step_counter` should be passed"),
    ],
)
def test_bad_arguments(arguments: dict[str, Any], text: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=text):
        tfckpt.CheckpointManager(Weights(), tmp_path, **arguments)
