"""What long work tells of how far it has come, and the bars that show it."""

from __future__ import annotations

import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

import tfckpt
from tfckpt.progress import rich_bar, tqdm_bar

WEIGHTS = {"a": np.ones(4, np.float32), "b": np.zeros((3, 8), np.float32), "c": np.int64(7)}
SIZES = {"a": 16, "b": 96, "c": 8}

Told = list[tuple[int, int, str]]


def save(folder: Path, told: Any) -> None:
    tfckpt.save(folder / "new", WEIGHTS, progress=told)


def save_by_workers(folder: Path, told: Any) -> None:
    with ThreadPoolExecutor(2) as workers:
        tfckpt.save(folder / "new", WEIGHTS, executor=workers, num_shards=3, progress=told)


def saver_save(folder: Path, told: Any) -> None:
    tfckpt.Saver().save(WEIGHTS, folder / "new", progress=told)


def saver_save_v1(folder: Path, told: Any) -> None:
    tfckpt.Saver(write_version=1).save(WEIGHTS, folder / "new", progress=told)


def save_in_the_background(folder: Path, told: Any) -> None:
    with tfckpt.BackgroundSaver(tfckpt.Saver(sharded=True)) as saver:
        saver.save(WEIGHTS, folder / "new", progress=told)


def load(folder: Path, told: Any) -> None:
    loaded = tfckpt.load(folder / "old", progress=told)
    assert list(loaded) == sorted(WEIGHTS)


def restore(folder: Path, told: Any) -> None:
    tfckpt.Saver().restore({}, folder / "old", progress=told)


def restore_latest(folder: Path, told: Any) -> None:
    tfckpt.Saver(restore_sequentially=True).restore_latest({}, folder, progress=told)


def tree() -> tfckpt.Checkpoint:
    """Objects whose values have these names, too: that of a variable, and as an attribute's."""
    values = {name: tfckpt.Variable(value, name=name) for name, value in WEIGHTS.items()}
    return tfckpt.Checkpoint(**values)


def restore_objects(folder: Path, told: Any) -> None:
    tree().restore(folder / "old", progress=told).assert_existing_objects_matched()


def restore_by_manager(folder: Path, told: Any) -> None:
    manager = tfckpt.CheckpointManager(tree(), folder, max_to_keep=1)
    assert manager.restore_or_initialize(progress=told) == str(folder / "old")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tfckpt.Saver().save(WEIGHTS, tmp_path / "old")
    return tmp_path


@pytest.mark.parametrize(
    "work",
    [
        save,
        save_by_workers,
        saver_save,
        saver_save_v1,
        save_in_the_background,
        load,
        restore,
        restore_latest,
        restore_objects,
        restore_by_manager,
    ],
)
def test_each_tensor_is_told_once_and_all_bytes_in_the_end(
    work: Callable[[Path, Any], None], folder: Path
) -> None:
    told: Told = []
    work(folder, lambda *said: told.append(said))
    assert sorted(name for _, _, name in told) == ["a", "b", "c"]
    done = 0
    for so_far, total, name in told:
        done += SIZES[name]
        assert (so_far, total) == (done, 120)


def write_objects(folder: Path, told: Any) -> str:
    return tree().write(folder / "new", progress=told)


def save_objects(folder: Path, told: Any) -> str:
    return tree().save(folder / "new", progress=told)


def save_by_manager(folder: Path, told: Any) -> str:
    manager = tfckpt.CheckpointManager(tree(), folder, max_to_keep=1)
    return str(manager.save(progress=told))


def save_by_manager_with_options(folder: Path, told: Any) -> str:
    manager = tfckpt.CheckpointManager(tree(), folder, max_to_keep=1)
    return str(manager.save(options=tfckpt.CheckpointOptions(), progress=told))


def save_objects_in_the_background(folder: Path, told: Any) -> str:
    manager = tfckpt.CheckpointManager(tree(), folder, max_to_keep=1)
    with tfckpt.BackgroundSaver(manager) as saver:
        pending = saver.save(progress=told)
    assert pending is not None
    return pending.path


SAVES_OF_OBJECTS = [
    write_objects,
    save_objects,
    save_by_manager,
    save_by_manager_with_options,
    save_objects_in_the_background,
]


@pytest.mark.parametrize("save_of_objects", SAVES_OF_OBJECTS)
def test_a_save_of_objects_tells_of_each_tensor_that_it_writes(
    save_of_objects: Callable[[Path, Any], str], tmp_path: Path
) -> None:
    told: Told = []
    path = save_of_objects(tmp_path, lambda *said: told.append(said))
    assert sorted(name for _, _, name in told) == [name for name, _ in tfckpt.list_variables(path)]
    assert told[-1][0] == told[-1][1] >= 120


def test_what_was_saved_as_objects_is_told_of_when_it_is_restored(tmp_path: Path) -> None:
    path = tree().save(tmp_path / "m")
    told: Told = []
    tree().restore(path, progress=lambda *said: told.append(said)).assert_consumed()
    # The counter, of eight bytes, is one of them.
    assert len(told) == 4
    assert told[-1][:2] == (128, 128)


def test_what_is_added_after_a_restore_is_told_to_nobody(tmp_path: Path) -> None:
    path = tree().save(tmp_path / "m")
    told: Told = []
    later = tfckpt.Checkpoint()
    later.restore(path, progress=lambda *said: told.append(said))
    before = list(told)
    later.a = np.zeros(4, np.float32)
    assert later.a.sum() == 4
    assert told == before


def test_slices_of_a_tensor_are_told_of_one_by_one(tmp_path: Path) -> None:
    options = tfckpt.CheckpointOptions(experimental_sharding_callback=tfckpt.MaxShardSizePolicy(64))
    told: Told = []
    tfckpt.Checkpoint(b=WEIGHTS["b"]).write(
        tmp_path / "m", options, progress=lambda *said: told.append(said)
    )
    parts = [name for _, _, name in told if name.startswith("b/")]
    assert len(parts) == len(set(parts)) == 2
    assert told[-1][0] == told[-1][1]


def test_a_manager_of_what_tells_nothing_says_so_and_saves_nothing(tmp_path: Path) -> None:
    class Silent:
        save_counter = 0

        def write(self, file_prefix: str) -> str:
            return tfckpt.save(file_prefix, WEIGHTS)

        def restore(self, save_path: str) -> None:
            raise NotImplementedError

    manager = tfckpt.CheckpointManager(Silent(), tmp_path, max_to_keep=1)
    with pytest.raises(TypeError, match="progress"):
        manager.save(progress=print)
    assert list(tmp_path.iterdir()) == []
    assert manager.checkpoint.save_counter == 0


def test_a_conversion_tells_both_of_writing_and_of_comparing(folder: Path) -> None:
    told: Told = []
    tfckpt.convert_checkpoint(
        folder / "old", folder / "new.npz", progress=lambda *said: told.append(said)
    )
    assert [name for _, _, name in told] == ["a", "b", "c"] * 2
    assert told[-1][:2] == (240, 240)


def test_verify_tells_of_the_checkpoint_that_it_reads(folder: Path) -> None:
    told: Told = []
    tfckpt.verify(folder / "old", progress=lambda *said: told.append(said))
    done, total, path = told[-1]
    assert done == total
    assert total >= 120
    assert path == str(folder / "old")


def test_what_is_not_written_again_is_not_told_of(tmp_path: Path) -> None:
    saver = tfckpt.Saver(incremental=True)
    big = {"frozen": np.arange(100_000), "head": np.zeros(4)}
    saver.save(big, tmp_path / "m", 1)
    big["head"] = np.ones(4)
    told: Told = []
    saver.save(big, tmp_path / "m", 2, progress=lambda *said: told.append(said))
    assert told == [(32, 32, "head")]


def test_what_a_bar_raises_ends_the_save_and_changes_nothing(folder: Path) -> None:
    def stop(done: int, total: int, name: str) -> None:
        raise KeyboardInterrupt

    before = sorted(path.name for path in folder.iterdir())
    with pytest.raises(KeyboardInterrupt):
        tfckpt.Saver().save(WEIGHTS, folder / "new", progress=stop)
    assert sorted(path.name for path in folder.iterdir()) == before


def test_richs_bar_shows_what_is_done_on_a_terminal_alone() -> None:
    for is_terminal in (True, False):
        shown = io.StringIO()
        console = Console(file=shown, force_terminal=is_terminal, width=80)
        with rich_bar("saving", console=console) as bar:
            bar(512, 1024, "w")
        assert ("saving" in shown.getvalue()) is is_terminal
        assert ("0.5/1.0 kB" in shown.getvalue()) is is_terminal


def test_richs_bar_shows_nothing_for_little_and_obeys_no_name() -> None:
    shown = io.StringIO()
    console = Console(file=shown, force_terminal=True, width=80)
    with rich_bar(console=console, least=100) as bar:
        bar(10, 20, "small")
        bar(10, 200, "[red]\x1b[2Jbig")
    assert "small" not in shown.getvalue()
    assert "[red]\\x1b[2Jbig" in shown.getvalue()


def test_tqdms_bar_goes_from_one_work_to_the_next() -> None:
    shown = io.StringIO()
    with tqdm_bar(file=shown, ncols=80, mininterval=0) as bar:
        bar(500, 1000, "first")
        bar(1000, 1000, "first")
        bar(300, 600, "second\x1b")
    text = shown.getvalue()
    assert "first" in text
    assert "second\\x1b" in text
    assert "300/600" in text
    assert "\x1b" not in text.replace("\x1b[A", "")
