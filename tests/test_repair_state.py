"""repair_state: what the state file says afterwards, and what it says about that before."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

import tfckpt
from tfckpt.errors import FileMissingError, UnimplementedError


def saved(folder: Path, *steps: int) -> None:
    saver = tfckpt.Saver(max_to_keep=None, save_relative_paths=True)
    paths = [
        saver.save({"w": np.ones(3)}, folder / "m", step, write_meta_graph=False) for step in steps
    ]
    tfckpt.update_checkpoint_state(folder, str(paths[-1]), paths, save_relative_paths=True)


def listed(folder: Path) -> list[str]:
    state = tfckpt.get_checkpoint_state(folder)
    assert state is not None
    assert state.all_model_checkpoint_paths[-1] == state.model_checkpoint_path
    return [os.path.relpath(one, folder) for one in state.all_model_checkpoint_paths]


def test_a_right_file_stays_byte_for_byte(tmp_path: Path) -> None:
    saved(tmp_path, 1, 2, 3)
    before = (tmp_path / "checkpoint").stat()
    repair = tfckpt.repair_state(tmp_path)
    assert (repair.changes, repair.written) == ((), False)
    assert (tmp_path / "checkpoint").stat() == before
    assert str(repair).endswith("right as it is")


@pytest.mark.parametrize("text", [None, "", "model_check", 'model_checkpoint_path: ""\n'])
def test_a_file_that_says_nothing_is_made_of_what_is_there(
    text: str | None, tmp_path: Path
) -> None:
    saved(tmp_path, 9, 10, 100)
    os.remove(tmp_path / "checkpoint")
    if text is not None:
        (tmp_path / "checkpoint").write_text(text)
    shown = tfckpt.repair_state(tmp_path, dry_run=True)
    assert (tmp_path / "checkpoint").exists() == (text is not None)
    repair = tfckpt.repair_state(tmp_path)
    assert repair.changes == shown.changes
    assert repair.written > shown.written
    assert listed(tmp_path) == ["m-9", "m-10", "m-100"]
    assert tfckpt.repair_state(tmp_path).changes == ()


def test_what_is_gone_or_incomplete_is_taken_off(tmp_path: Path) -> None:
    saved(tmp_path, 1, 2, 3, 4)
    os.remove(tmp_path / "m-1.index")
    os.truncate(tmp_path / "m-4.data-00000-of-00001", 3)
    assert tfckpt.repair_state(tmp_path).changes == (
        "no longer listed: m-1 (gone or incomplete)",
        "no longer listed: m-4 (gone or incomplete)",
        "the latest is m-3, not m-4",
    )
    assert listed(tmp_path) == ["m-2", "m-3"]


def test_a_save_that_was_not_recorded_is_put_on(tmp_path: Path) -> None:
    saved(tmp_path, 1, 2)
    tfckpt.save(tmp_path / "m-3", {"w": np.ones(3)})
    tfckpt.save(tmp_path / "best-9", {"w": np.ones(3)})  # another Saver's
    assert tfckpt.repair_state(tmp_path).changes == ("listed: m-3", "the latest is m-3, not m-2")
    assert listed(tmp_path) == ["m-1", "m-2", "m-3"]


def test_what_was_kept_for_good_is_not_listed_again(tmp_path: Path) -> None:
    """Whoever goes on from the list deletes its oldest."""
    saved(tmp_path, 1, 2, 3)
    tfckpt.update_checkpoint_state(tmp_path, str(tmp_path / "m-3"), [str(tmp_path / "m-2")])
    tfckpt.repair_state(tmp_path)
    assert listed(tmp_path) == ["m-2", "m-3"]


def test_absolute_paths_of_another_place_become_relative(tmp_path: Path) -> None:
    saver = tfckpt.Saver()
    for step in (1, 2):
        saver.save({"w": np.ones(3)}, tmp_path / "old/m", step)
    shutil.move(tmp_path / "old", tmp_path / "new")
    assert tfckpt.repair_state(tmp_path / "new").changes == (
        f"{tmp_path}/old/m-1 becomes m-1",
        f"{tmp_path}/old/m-2 becomes m-2",
    )
    assert listed(tmp_path / "new") == ["m-1", "m-2"]


def test_a_managers_times_stay(tmp_path: Path) -> None:
    manager = tfckpt.CheckpointManager(tfckpt.Checkpoint(w=np.ones(2)), tmp_path, max_to_keep=9)
    for _ in range(3):
        manager.save()
    before = tfckpt.get_checkpoint_state(tmp_path)
    assert before is not None
    os.remove(tmp_path / "ckpt-1.index")
    tfckpt.repair_state(tmp_path)
    after = tfckpt.get_checkpoint_state(tmp_path)
    assert after is not None
    assert list(after.all_model_checkpoint_timestamps) == list(
        before.all_model_checkpoint_timestamps[1:]
    )
    assert after.last_preserved_timestamp == before.last_preserved_timestamp


def test_where_there_is_nothing_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(FileMissingError, match="no complete checkpoint"):
        tfckpt.repair_state(tmp_path)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(UnimplementedError):
        tfckpt.repair_state("gs://bucket/run")
