"""Saves that are read back before they count, and those that are refused for want of room."""

from __future__ import annotations

import errno
import logging
import os
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest

import tfckpt
from tfckpt.errors import DataLossError, FailedPreconditionError, UnimplementedError
from tfckpt.storage import room, write

VALUES = {
    "a": np.arange(1000.0),
    "half": np.arange(5).astype(ml_dtypes.bfloat16),
    "nothing": np.zeros((0, 2), np.float32),
    "text": np.array([b"one", b"", "drei"], object),
    "z": np.arange(6, dtype=np.int64).reshape(2, 3),
}


def same(prefix: Any, values: dict[str, Any]) -> bool:
    found = tfckpt.load(prefix)
    return found.keys() == values.keys() and all(
        found[name].tobytes() == np.asarray(value).tobytes()
        for name, value in values.items()
        if name != "text"
    )


# Reading back


@pytest.mark.parametrize("num_shards", [1, 3])
def test_a_checked_save_is_like_any_other(num_shards: int, tmp_path: Path) -> None:
    plain = tfckpt.save(tmp_path / "plain", VALUES, num_shards=num_shards)
    checked = tfckpt.save(tmp_path / "checked", VALUES, num_shards=num_shards, check=True)
    for path in tmp_path.glob("plain.*"):
        other = tmp_path / path.name.replace("plain", "checked")
        assert path.read_bytes() == other.read_bytes()
    assert same(plain, VALUES)
    assert same(checked, VALUES)


class Lying(write.FileWriter):
    """A disk that has another byte than it was given, `at` bytes before the end of a file."""

    at = 1
    suffix = ".data-00000-of-00001"

    def flush(self) -> None:
        super().flush()
        if self.path.endswith(self.suffix):
            with open(self.temporary_path, "r+b") as file:
                file.seek(-self.at, os.SEEK_END)
                byte = file.read(1)[0]
                file.seek(-self.at, os.SEEK_END)
                file.write(bytes([byte ^ 1]))


@pytest.mark.parametrize(
    ("suffix", "at"), [(".data-00000-of-00001", at) for at in (1, 48, 60, 5000)] + [
        (".index", at) for at in (1, 20, 60, 200)
    ],
)  # fmt: skip
def test_what_reads_back_as_something_else_replaces_nothing(
    suffix: str, at: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = {"w": np.ones(3)}
    prefix = tfckpt.save(tmp_path / "m", old)
    monkeypatch.setattr(write, "FileWriter", Lying)
    monkeypatch.setattr(Lying, "suffix", suffix)
    monkeypatch.setattr(Lying, "at", at)
    with pytest.raises(DataLossError, match=r"does not read back.*nothing was replaced"):
        tfckpt.save(prefix, VALUES, check=True)
    monkeypatch.undo()
    assert same(prefix, old)
    assert sorted(os.listdir(tmp_path)) == ["m.data-00000-of-00001", "m.index"]


def test_a_saver_that_checks_deletes_nothing_for_a_save_that_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saver = tfckpt.Saver(max_to_keep=1, check=True)
    first = saver.save(VALUES, tmp_path / "m", 1)
    monkeypatch.setattr(write, "FileWriter", Lying)
    with pytest.raises(DataLossError, match="does not read back"):
        saver.save(VALUES, tmp_path / "m", 2)
    monkeypatch.undo()
    assert same(first, VALUES)
    assert saver.last_checkpoints == [first]
    assert tfckpt.latest_checkpoint(tmp_path) == first
    second = saver.save(VALUES, tmp_path / "m", 3)
    assert saver.last_checkpoints == [second]


SHARDED = tfckpt.CheckpointOptions(
    experimental_sharding_callback=tfckpt.MaxShardSizePolicy(max_shard_size=512)
)


def counted(folder: Path, **arguments: Any) -> tuple[tfckpt.CheckpointManager, Any]:
    """A manager of a hundred weights, which keeps one checkpoint and has saved one."""
    weights = np.zeros(100)
    tree = tfckpt.Checkpoint(w=weights)
    return tfckpt.CheckpointManager(tree, folder, max_to_keep=1, **arguments), weights


@pytest.mark.parametrize("options", [None, SHARDED], ids=["one file", "several"])
def test_a_checkpoint_of_objects_that_does_not_read_back_replaces_nothing(
    options: tfckpt.CheckpointOptions | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = tfckpt.Checkpoint(w=np.zeros(100))
    tree.write(tmp_path / "m", options, check=True)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    tree.w += 1
    monkeypatch.setattr(write, "FileWriter", Lying)
    monkeypatch.setattr(Lying, "suffix", ".index")
    with pytest.raises(DataLossError, match=r"does not read back.*nothing was replaced"):
        tree.write(tmp_path / "m", options, check=True)
    with pytest.raises(DataLossError, match="does not read back"):
        tree.save(tmp_path / "n", options, check=True)
    assert tree.save_counter == 0
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_manager_that_checks_deletes_nothing_for_a_save_that_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manager, weights = counted(tmp_path, check=True)
    first = manager.save()
    weights += 1
    monkeypatch.setattr(write, "FileWriter", Lying)
    for failing in (manager.save, lambda: manager.save(options=tfckpt.CheckpointOptions())):
        with pytest.raises(DataLossError, match="does not read back"):
            failing()
    prepared = manager.prepare_save()
    assert prepared is not None
    with pytest.raises(DataLossError, match="does not read back"):
        prepared.run()
    monkeypatch.undo()
    assert manager.checkpoints == [first]
    assert tfckpt.latest_checkpoint(tmp_path) == first
    assert manager.save() != first
    assert len(list(tmp_path.glob("*.index"))) == 1


def test_a_manager_whose_checkpoint_reads_nothing_back_is_refused(tmp_path: Path) -> None:
    class Weights:
        save_counter = 0

        def write(self, file_prefix: str) -> str:
            return tfckpt.save(file_prefix, VALUES)

        def restore(self, save_path: str) -> None: ...

    with pytest.raises(TypeError, match=r"tfckpt\.Checkpoint: Weights reads nothing"):
        tfckpt.CheckpointManager(Weights(), tmp_path, max_to_keep=1, check=True)


def test_an_incremental_save_reads_back_what_it_links(tmp_path: Path) -> None:
    saver = tfckpt.Saver(incremental=True, check=True)
    weights = {"frozen": np.random.default_rng(0).random(50_000), "w": np.zeros(3)}
    saver.save(weights, tmp_path / "m", 1)
    path = saver.save({**weights, "w": np.ones(3)}, tmp_path / "m", 2)
    assert same(path, {**weights, "w": np.ones(3)})


def test_what_cannot_be_read_back_is_refused(tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as executor, pytest.raises(ValueError, match="what workers do"):
        tfckpt.save(tmp_path / "m", VALUES, check=True, executor=executor)
    with pytest.raises(UnimplementedError, match="verify the checkpoint once it is saved"):
        tfckpt.save("memory://bucket/m", VALUES, check=True)
    with pytest.raises(ValueError, match="not for V1"):
        tfckpt.Saver(check=True, write_version=tfckpt.SaverDef.V1)
    assert os.listdir(tmp_path) == []


# Room


class Disk:
    """What the system says of a disk of a certain kind, with so much free."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, kind: str | None, free: int) -> None:
        self.synced = 0
        self.free = [free]
        monkeypatch.setattr(room, "_kind", lambda folder: kind)
        monkeypatch.setattr(room, "_free", lambda folder: self.free[min(self.synced, 1) :][0])
        monkeypatch.setattr(os, "sync", self.sync)

    def sync(self) -> None:
        self.synced += 1
        self.free.append(self.free[0])


def refused(call: Any) -> FailedPreconditionError:
    with pytest.raises(FailedPreconditionError, match="No space left on device") as caught:
        call()
    return caught.value


def test_a_save_that_does_not_fit_is_refused_before_it_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Disk(monkeypatch, "ext4", 8000)
    error = refused(lambda: tfckpt.save(tmp_path / "new" / "m", VALUES))
    # 1000 float64, 5 bfloat16, 6 int64: 8058 bytes. Of strings no size is certain.
    assert "needs at least 8,058 bytes, 8,000 are free" in str(error)
    assert (error.errno, error.filename) == (errno.ENOSPC, str(tmp_path / "new" / "m"))
    error = refused(lambda: tfckpt.Saver().save(VALUES, tmp_path / "new" / "m", 1))
    assert "needs at least 8,058 bytes" in str(error)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("kind", "free"), [("ext4", 8058), ("btrfs", 10), ("zfs", 0), ("overlay", 0), (None, 0)]
)
def test_what_may_fit_is_not_refused(
    kind: str | None,
    free: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    Disk(monkeypatch, kind, free)
    with caplog.at_level(logging.WARNING, "tfckpt"):
        assert same(tfckpt.save(tmp_path / "m", VALUES), VALUES)
    assert ("a save of at least 8058 bytes begins" in caplog.text) == (kind != "ext4")


def test_room_that_deleted_files_give_back_late_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(monkeypatch, "xfs", 0)
    monkeypatch.setattr(room, "_free", lambda folder: 9000 if disk.synced else 0)
    assert same(tfckpt.save(tmp_path / "m", VALUES), VALUES)
    assert disk.synced == 1


def test_what_is_linked_needs_no_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weights = {"frozen": np.random.default_rng(0).random(50_000)}
    base = tfckpt.save(tmp_path / "m", weights)
    Disk(monkeypatch, "tmpfs", 100)
    assert same(tfckpt.save(tmp_path / "n", {**weights, "w": np.ones(3)}, base=base),
                {**weights, "w": np.ones(3)})  # fmt: skip


def test_a_mapping_that_makes_its_values_is_asked_for_each_once(tmp_path: Path) -> None:
    asked = []

    class Lazy(dict[str, Any]):
        def __getitem__(self, name: str) -> Any:
            asked.append(name)
            return super().__getitem__(name)

    tfckpt.save(tmp_path / "m", Lazy(VALUES))
    assert sorted(asked) == sorted(VALUES)


def test_a_file_system_that_says_nothing_refuses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsaid(path: str) -> Any:
        raise OSError(errno.ENOSYS, "not here")

    monkeypatch.setattr(os, "statvfs", unsaid, raising=False)
    assert same(tfckpt.save(tmp_path / "m", VALUES), VALUES)


def test_a_real_disk_that_is_too_small(small_disk: Path) -> None:
    weights = {"w": np.ones(150_000)}
    prefix = tfckpt.save(small_disk / "m", weights)
    # It would take the place of the old one, and is there beside it before.
    error = refused(lambda: tfckpt.save(prefix, weights))
    assert "needs at least 1,200,000 bytes" in str(error)
    assert same(prefix, weights)
    weights["w"] = np.ones(100_000)
    assert same(tfckpt.save(prefix, weights, check=True), weights)
    assert sorted(os.listdir(small_disk)) == ["m.data-00000-of-00001", "m.index"]
