"""The latest checkpoint that is whole: order, what is passed over, and what is said of it."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import tfckpt
from tfckpt.errors import DataLossError, InvalidArgumentError
from tfckpt.latest import newest_first

DATA = ".data-00000-of-00001"


def saved(folder: Path, *steps: int, name: str = "m") -> list[str]:
    saver = tfckpt.Saver(max_to_keep=None)
    weights = {"w": np.arange(4.0)}
    for step in steps:
        weights["w"] += 1
        saver.save(weights, folder / name, global_step=step, write_meta_graph=False)
    return [f"{folder / name}-{step}" for step in steps]


def set_time(prefix: str, when: float) -> None:
    for path in Path(prefix).parent.glob(Path(prefix).name + ".*"):
        os.utime(path, (when, when))


def flip(path: str, at: int) -> None:
    data = bytearray(Path(path).read_bytes())
    data[at] ^= 1
    Path(path).write_bytes(data)


def state(folder: Path, text: str) -> None:
    (folder / "checkpoint").write_text(text)


# Each damages the checkpoint of that prefix.
DAMAGES: dict[str, Callable[[str], object]] = {
    "a bit of its values": lambda prefix: flip(prefix + DATA, 3),
    "a bit of its index": lambda prefix: flip(prefix + ".index", 3),
    "its data cut short": lambda prefix: os.truncate(prefix + DATA, 7),
    "its index cut short": lambda prefix: os.truncate(prefix + ".index", 60),
    "its index empty": lambda prefix: os.truncate(prefix + ".index", 0),
    "its index gone": lambda prefix: os.remove(prefix + ".index"),
    "its data gone": lambda prefix: os.remove(prefix + DATA),
    "a page in place of its index": lambda prefix: Path(prefix + ".index").write_text("<html>"),
    "all of it gone": lambda prefix: (os.remove(prefix + DATA), os.remove(prefix + ".index")),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=list(DAMAGES))
def test_a_damaged_checkpoint_is_passed_over_and_said_to_be(
    damage: Callable[[str], object], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    _, before, last = saved(tmp_path, 1, 2, 3)
    assert tfckpt.latest_checkpoint(tmp_path, valid=True) == last
    assert caplog.messages == []
    damage(last)
    with caplog.at_level(logging.WARNING, "tfckpt"):
        assert tfckpt.latest_checkpoint(tmp_path, valid=True) == before
    (message,) = caplog.messages
    assert message.startswith(f"{last} is passed over: ")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "model_checkpoint_path",
        'all_model_checkpoint_paths: "m-9"\n',
        'model_checkpoint_path: ""',
    ],
)
def test_without_a_usable_state_file_the_folder_is_gone_by(text: str, tmp_path: Path) -> None:
    saved(tmp_path, 9, 10, 100)
    state(tmp_path, text)
    assert tfckpt.latest_checkpoint(tmp_path, valid=True) == str(tmp_path / "m-100")
    os.remove(tmp_path / "checkpoint")
    assert tfckpt.latest_checkpoint(tmp_path) is None
    assert tfckpt.latest_checkpoint(tmp_path, valid=True) == str(tmp_path / "m-100")


def test_a_state_file_that_is_right_has_the_last_word(tmp_path: Path) -> None:
    saved(tmp_path, 1, 2, 3)
    tfckpt.update_checkpoint_state(tmp_path, str(tmp_path / "m-2"))
    assert tfckpt.latest_checkpoint(tmp_path, valid=True) == str(tmp_path / "m-2")


def test_steps_come_before_times_and_names_go_by_time(tmp_path: Path) -> None:
    saved(tmp_path, 5, 20, name="a")
    saved(tmp_path, 300, name="b")
    tfckpt.save(tmp_path / "a", {"w": 1.0})
    for name, when in {"a-20": 1000, "a-5": 3000, "a": 2000, "b-300": 2500}.items():
        set_time(str(tmp_path / name), when)
    os.remove(tmp_path / "checkpoint")
    order = [path.rpartition("/")[2] for path in newest_first(str(tmp_path))]
    assert order == ["a-20", "a-5", "a", "b-300"]


def test_what_the_state_file_lists_elsewhere_counts_too(tmp_path: Path) -> None:
    elsewhere, here = tmp_path / "elsewhere", tmp_path / "here"
    (old,) = saved(elsewhere, 1)
    (new,) = saved(here, 2)
    tfckpt.update_checkpoint_state(str(here), new, [old, new])
    os.remove(new + ".index")
    assert tfckpt.latest_checkpoint(here, valid=True) == old


def test_a_moved_folder_and_another_state_file(tmp_path: Path) -> None:
    saved(tmp_path / "old", 1, 2)
    shutil.move(tmp_path / "old", tmp_path / "new")
    assert tfckpt.latest_checkpoint(tmp_path / "new", valid=True) == str(tmp_path / "new/m-2")
    (tmp_path / "new/checkpoint").rename(tmp_path / "new/best")
    tfckpt.update_checkpoint_state(str(tmp_path / "new"), str(tmp_path / "new/m-1"))
    assert tfckpt.latest_checkpoint(tmp_path / "new", "best", valid=True) == str(
        tmp_path / "new/m-2"
    )


def test_v1_checkpoints_count_too(tmp_path: Path) -> None:
    saver = tfckpt.Saver(write_version=tfckpt.SaverDef.V1, sharded=True, shards=2)
    for step in (1, 2):
        last = saver.save({"a": np.ones(3), "b": np.ones(4)}, tmp_path / "m", global_step=step)
    assert last == str(tmp_path / "m-2-?????-of-00002")
    assert tfckpt.latest_checkpoint(tmp_path, valid=True) == last
    flip(str(tmp_path / "m-2-00001-of-00002"), 20)
    assert tfckpt.latest_checkpoint(tmp_path, valid=True) == str(tmp_path / "m-1-?????-of-00002")
    os.remove(tmp_path / "checkpoint")
    assert tfckpt.latest_checkpoint(tmp_path, valid=True) == str(tmp_path / "m-1-?????-of-00002")


def test_an_object_graph_without_its_values_is_not_whole(tmp_path: Path) -> None:
    root = tfckpt.Checkpoint(w=np.ones(2))
    first, second = root.save(tmp_path / "ckpt"), root.save(tmp_path / "ckpt")
    tensors = tfckpt.load(second)
    with tfckpt.BundleWriter(second) as bundle:
        for name, value in tensors.items():
            if not name.startswith("w/"):
                bundle.add(name, value)
    assert tfckpt.latest_checkpoint(tmp_path, valid=True) == first


def test_an_empty_folder_has_none(tmp_path: Path) -> None:
    assert tfckpt.latest_checkpoint(tmp_path, valid=True) is None
    assert tfckpt.latest_checkpoint(tmp_path / "nowhere", valid=True) is None


# Restoring


def test_restore_latest_is_the_first_line_of_a_training_program(tmp_path: Path) -> None:
    saver, weights = tfckpt.Saver(), {"w": np.zeros(4)}
    assert saver.restore_latest(weights, tmp_path) is None
    _, before, last = saved(tmp_path, 1, 2, 3)
    report = saver.restore_latest(weights, tmp_path)
    assert report is not None
    assert (report.path, report.restored, weights["w"].tolist()) == (last, ["w"], [3, 4, 5, 6])
    flip(last + DATA, 0)
    report = saver.restore_latest(weights, tmp_path)
    assert report is not None
    assert (report.path, weights["w"].tolist()) == (before, [2, 3, 4, 5])
    with pytest.raises(DataLossError, match="checksum"):
        saver.restore_latest(weights, tmp_path, valid=False)


def test_where_none_is_whole_nothing_begins_anew_in_silence(tmp_path: Path) -> None:
    for path in saved(tmp_path, 1, 2):
        flip(path + DATA, 0)
    assert tfckpt.latest_checkpoint(tmp_path, valid=True) is None
    with pytest.raises(DataLossError, match="none of the 2 checkpoints here is whole") as caught:
        tfckpt.Saver().restore_latest({}, tmp_path)
    assert "m-1.data-00000-of-00001" in str(caught.value)

    def init() -> None:
        raise AssertionError("nothing is initialized over what may be saved")

    manager = tfckpt.CheckpointManager(
        tfckpt.Checkpoint(w=np.zeros(4)), tmp_path, max_to_keep=3, init_fn=init
    )
    with pytest.raises(DataLossError, match="none of the 2"):
        manager.restore_or_initialize(valid=True)


def test_a_state_file_of_what_is_gone_altogether_is_a_new_start(tmp_path: Path) -> None:
    state(tmp_path, 'model_checkpoint_path: "m-1"\n')
    assert tfckpt.Saver().restore_latest({}, tmp_path) is None


def test_a_manager_goes_back_to_what_is_whole(tmp_path: Path) -> None:
    values = np.zeros(2)
    root = tfckpt.Checkpoint(w=values)
    manager = tfckpt.CheckpointManager(root, tmp_path, max_to_keep=3)
    for number in (1, 2):
        values[:] = number
        last = manager.save()
    assert last is not None
    flip(last + DATA, 0)
    assert manager.restore_or_initialize(valid=True) == str(tmp_path / "ckpt-1")
    assert values.tolist() == [1, 1]


# Waiting


def test_the_iterator_yields_what_is_whole_once(tmp_path: Path) -> None:
    first, second = saved(tmp_path, 1, 2)
    whole = Path(second + DATA).read_bytes()
    flip(second + DATA, 0)
    seen = []
    for path in tfckpt.checkpoints_iterator(tmp_path, timeout=0, valid=True):
        seen.append(path)
        if path == first:
            assert tfckpt.wait_for_new_checkpoint(tmp_path, path, timeout=0, valid=True) is None
            Path(second + DATA).write_bytes(whole)
    assert seen == [first, second]


def test_without_valid_nothing_changes(tmp_path: Path) -> None:
    _, last = saved(tmp_path, 1, 2)
    flip(last + DATA, 0)
    assert tfckpt.latest_checkpoint(tmp_path) == last
    state(tmp_path, "")
    with pytest.raises(InvalidArgumentError):
        tfckpt.latest_checkpoint(tmp_path)
