"""State files that name what is not theirs: nothing else is deleted, asked for or waited for."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tfckpt
from attacks.saves import Tracked, managed, newest, weights
from tfckpt.saver.retention import Folder, Retention


def state_file(folder: Path, latest: str, *others: str, times: bool = True) -> None:
    lines = [f'model_checkpoint_path: "{latest}"']
    lines += [f'all_model_checkpoint_paths: "{one}"' for one in (*others, latest)]
    if times:
        lines += ["all_model_checkpoint_timestamps: 2000000000.0"] * (len(others) + 1)
        lines += ["last_preserved_timestamp: 1.0"]
    folder.mkdir(exist_ok=True)
    (folder / "checkpoint").write_text("\n".join(lines) + "\n")


@pytest.fixture
def precious(tmp_path: Path) -> Path:
    (tmp_path / "elsewhere").mkdir()
    return Path(tfckpt.save(tmp_path / "elsewhere" / "precious", weights(1)))


@pytest.mark.parametrize(
    "written", ["../elsewhere/precious", "sub/../../elsewhere/precious", "abs"]
)
def test_a_manager_deletes_nothing_outside_its_folder(
    written: str, precious: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    named = str(precious) if written == "absolute" else written
    state_file(folder, "ckpt-2", named)
    tfckpt.save(folder / "ckpt-2", weights(2))
    manager = tfckpt.CheckpointManager(Tracked(3), folder, max_to_keep=1)
    for step in (3, 4):
        manager.save(checkpoint_number=step)
    assert tfckpt.checkpoint_exists(precious)
    assert sorted(name for name in os.listdir(folder) if name.endswith(".index")) == [
        "ckpt-4.index"
    ]


def test_a_link_in_the_folder_leads_out_of_it(precious: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    state_file(folder, "ckpt-2", "link/precious")
    (folder / "link").symlink_to(precious.parent)
    manager = tfckpt.CheckpointManager(Tracked(3), folder, max_to_keep=1)
    manager.save(checkpoint_number=3)
    assert tfckpt.checkpoint_exists(precious)


@pytest.mark.parametrize("version", [tfckpt.SaverDef.V2, tfckpt.SaverDef.V1])
def test_a_savers_rotation_deletes_nothing_outside_its_folder(
    version: int, precious: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    tfckpt.save(folder / "m-1", weights(1))
    saver = tfckpt.Saver(max_to_keep=1, write_version=version)
    saver.recover_last_checkpoints([str(precious)])
    for step in (2, 3):
        saver.save(weights(step), folder / "m", global_step=step)
    assert tfckpt.checkpoint_exists(precious)


def test_what_was_saved_by_the_same_object_is_deleted_wherever_it_lies(tmp_path: Path) -> None:
    saver = tfckpt.Saver(max_to_keep=1)
    first = saver.save(weights(1), tmp_path / "a" / "m", global_step=1)
    saver.save(weights(2), tmp_path / "b" / "m", global_step=2)
    assert not tfckpt.checkpoint_exists(first)
    manager = tfckpt.CheckpointManager(Tracked(1), tmp_path / "c", 1, checkpoint_name="../d/ckpt")
    (tmp_path / "c").mkdir()
    for step in (1, 2):
        manager.save(checkpoint_number=step)
    assert not tfckpt.checkpoint_exists(str(tmp_path / "d" / "ckpt-1"))


def test_a_copied_run_leaves_the_original_alone(tmp_path: Path) -> None:
    original, copy = tmp_path / "original", tmp_path / "copy"
    saver = tfckpt.Saver(max_to_keep=3)
    for step in (1, 2, 3):
        saver.save(weights(step), original / "m", global_step=step)
    shutil.copytree(original, copy)  # its state file has the original's absolute paths
    state = tfckpt.get_checkpoint_state(copy)
    assert state is not None
    assert state.model_checkpoint_path == str(original / "m-3")

    other = tfckpt.Saver(max_to_keep=1)
    other.recover_last_checkpoints(list(state.all_model_checkpoint_paths))
    for step in (4, 5):
        other.save(weights(step), copy / "m", global_step=step)
    assert [tfckpt.checkpoint_exists(original / f"m-{step}") for step in (1, 2, 3)] == [True] * 3

    state_file(copy, str(original / "m-3"), str(original / "m-2"))
    for name in ("m-2", "m-3"):
        tfckpt.save(copy / name, weights(3))
    manager = tfckpt.CheckpointManager(Tracked(6), copy, max_to_keep=1)
    assert manager.latest_checkpoint == str(copy / "m-3")  # TensorFlow: the original's
    manager.save(checkpoint_number=6)
    assert tfckpt.checkpoint_exists(original / "m-2")
    assert tfckpt.checkpoint_exists(original / "m-3")
    assert not tfckpt.checkpoint_exists(copy / "m-2")
    assert newest(copy) == 6


def test_what_the_state_file_calls_the_latest_is_not_deleted(tmp_path: Path) -> None:
    """Another Saver of the folder has made it so, since this one has dropped it."""
    for step in (1, 2):
        tfckpt.save(tmp_path / f"m-{step}", weights(step))
    tfckpt.update_checkpoint_state(tmp_path, str(tmp_path / "m-1"))
    folder = Folder(str(tmp_path), "checkpoint", tfckpt.SaverDef.V2, "meta", True)
    retention = Retention(max_to_keep=1, keep_every_n_hours=1.0, now=time.time())
    for step in (1, 2, 3):
        retention.record(str(tmp_path / f"m-{step}"), folder, {}, lambda stay: None)
        retention.sweep(folder)
    assert [tfckpt.checkpoint_exists(tmp_path / f"m-{step}") for step in (1, 2)] == [True, False]


STRANGE = {
    "a URL": "memory://bucket/m-1",
    "a URL of an unknown protocol": "nonsense://b/m-1",
    "a short scheme": "a://b",
    "a zero byte": "m\\0001",
    "a zero byte in a folder": "a\\000/m",
    "chained": "simplecache::memory://bucket/m-1",
}


@pytest.mark.parametrize("what", STRANGE)
def test_strange_paths_lead_nowhere(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("a request")

    monkeypatch.setattr("tfckpt.storage.store.Remote.__init__", refuse)
    monkeypatch.chdir(tmp_path)
    state_file(tmp_path, STRANGE[what])
    for folder in (tmp_path, "", "."):
        assert tfckpt.latest_checkpoint(folder) is None
    with pytest.raises((ValueError, OSError)):
        tfckpt.load_checkpoint(tmp_path)
    manager = tfckpt.CheckpointManager(Tracked(5), tmp_path, max_to_keep=1)
    assert manager.save(checkpoint_number=5) == str(tmp_path / "ckpt-5")
    assert newest(tmp_path) == 5
    saver = tfckpt.Saver()
    state = tfckpt.get_checkpoint_state(tmp_path)
    assert state is not None
    saver.recover_last_checkpoints(list(state.all_model_checkpoint_paths))


@pytest.mark.parametrize("path", ["a\0b", "\0", "x/\0/m"])
def test_a_zero_byte_is_in_no_files_name(path: str) -> None:
    with pytest.raises(FileNotFoundError):
        tfckpt.load_checkpoint(path)
    assert not tfckpt.checkpoint_exists(path)
    assert tfckpt.latest_checkpoint(path) is None
    with pytest.raises((ValueError, OSError)):
        tfckpt.save(path, {"w": np.ones(1)})


def test_the_state_file_of_a_bucket_leads_to_no_file_of_this_machine(tmp_path: Path) -> None:
    fsspec = pytest.importorskip("fsspec")
    tfckpt.save(tmp_path / "m", weights(1))
    state = f'model_checkpoint_path: "{tmp_path}/m"\n'
    fsspec.filesystem("memory").pipe("/bucket/run/checkpoint", state.encode())
    assert tfckpt.latest_checkpoint("memory://bucket/run") is None


def test_managers_take_turns_as_before(tmp_path: Path) -> None:
    for step in range(1, 6):
        managed(tmp_path, step)
    assert newest(tmp_path) == 5
    assert len(list(tmp_path.glob("*.index"))) == 2
