"""Saves that write only what has changed: what is linked, when, and that each is whole."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest

import tfckpt
from tfckpt import keep
from tfckpt.protos import SaverDef


def weights(step: int) -> dict[str, Any]:
    """Make a model of which a tenth changes."""
    return {
        "frozen": np.arange(9000, dtype=np.float32),
        "head": np.full(1000, step, np.float32),
        "step": np.int64(step),
        "name": np.array([b"a", b"b"], object),
    }


def shards(folder: Path, name: str) -> list[Path]:
    return sorted(folder.glob(f"{name}.data-*"))


def written(folder: Path, name: str) -> int:
    """Return the bytes of a checkpoint's data files that no other checkpoint has."""
    return sum(path.stat().st_size for path in shards(folder, name) if path.stat().st_nlink == 1)


def same(loaded: dict[str, Any], expected: dict[str, Any]) -> bool:
    return loaded.keys() == expected.keys() and all(
        np.array_equal(loaded[name], expected[name]) for name in expected
    )


def test_only_what_has_changed_is_written(tmp_path: Path) -> None:
    saver = tfckpt.Saver(incremental=True)
    for step in (1, 2, 3):
        saver.save(weights(step), tmp_path / "m", step)
    for step in (1, 2, 3):
        assert same(tfckpt.load(tmp_path / f"m-{step}"), weights(step))
        assert tfckpt.verify(tmp_path / f"m-{step}").ok
    new = 4000 + 8 + len("ab") + 2 + 4  # head, step, and the strings with lengths and checksum
    assert [written(tmp_path, f"m-{step}") for step in (2, 3)] == [new, new]
    assert len(shards(tmp_path, "m-3")) == 2  # the frozen ones stay in the first's file
    assert (tmp_path / "m-3.meta").exists()


def test_each_checkpoint_is_whole_by_itself(tmp_path: Path) -> None:
    saver = tfckpt.Saver(max_to_keep=1, incremental=True)
    for step in range(1, 6):
        saver.save(weights(step), tmp_path / "m", step)
    assert {path.stem for path in tmp_path.glob("*.index")} == {"m-5"}
    assert same(tfckpt.load(tmp_path / "m-5"), weights(5))
    assert shards(tmp_path, "m-5")[1].stat().st_nlink == 1


def test_a_saver_goes_on_with_the_latest_of_the_folder(tmp_path: Path) -> None:
    tfckpt.Saver().save(weights(1), tmp_path / "m", 1)
    tfckpt.Saver(incremental=True).save(weights(2), tmp_path / "m", 2)
    assert written(tmp_path, "m-2") < 5000


def test_a_checkpoint_is_replaced_by_what_links_into_it(tmp_path: Path) -> None:
    saver = tfckpt.Saver(incremental=True)
    for step in (1, 2, 3):
        saver.save(weights(step), tmp_path / "m")
        assert same(tfckpt.load(tmp_path / "m"), weights(step))
    assert len(shards(tmp_path, "m")) == 2


def test_nothing_has_changed(tmp_path: Path) -> None:
    arrays = {"a": np.arange(5.0), "b": np.zeros((0, 3))}
    tfckpt.save(tmp_path / "a", arrays)
    tfckpt.save(tmp_path / "b", arrays, base=tmp_path / "a")
    assert [path.name for path in shards(tmp_path, "b")] == ["b.data-00000-of-00001"]
    assert written(tmp_path, "b") == 0
    assert same(tfckpt.load(tmp_path / "b"), arrays)


CHANGES: dict[str, tuple[Any, Any]] = {
    "a bit": (np.zeros(1000), np.concatenate([np.zeros(999), [5e-324]])),
    "minus zero": (np.zeros(3), -np.zeros(3)),
    "the shape": (np.zeros((2, 3)), np.zeros((3, 2))),
    "the dtype": (np.zeros(3, np.int32), np.zeros(3, np.float32)),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("compare", ["bytes", "checksum"])
def test_what_has_changed_is_written(change: str, compare: Any, tmp_path: Path) -> None:
    before, after = CHANGES[change]
    other = np.arange(9999.0)
    tfckpt.save(tmp_path / "a", {"x": before, "other": other})
    new = {"x": after, "other": other}
    tfckpt.save(tmp_path / "b", new, base=tmp_path / "a", compare=compare)
    assert written(tmp_path, "b") == after.nbytes
    loaded = tfckpt.load(tmp_path / "b")["x"]
    assert (loaded.dtype, loaded.shape, loaded.tobytes()) == (
        after.dtype,
        after.shape,
        after.tobytes(),
    )


SAME = {
    "NaN": np.array([np.nan, -np.nan]),
    "Fortran": np.asfortranarray(np.arange(12.0).reshape(3, 4)),
    "strided": np.arange(24.0)[::2],
    "big-endian": np.arange(5, dtype=">f4"),
    "bfloat16": np.arange(7).astype(ml_dtypes.bfloat16),
    "big": np.arange(5 << 20, dtype=np.int32),
}


@pytest.mark.parametrize("name", SAME)
def test_arrays_of_any_layout_are_compared(name: str, tmp_path: Path) -> None:
    tfckpt.save(tmp_path / "a", {"x": SAME[name]})
    tfckpt.save(tmp_path / "b", {"x": SAME[name].copy(order="K")}, base=tmp_path / "a")
    assert written(tmp_path, "b") == 0
    np.testing.assert_array_equal(tfckpt.load(tmp_path / "b")["x"], SAME[name])


def test_a_checksum_alone_is_no_proof(tmp_path: Path) -> None:
    """Two arrays of one checksum, made by undoing in the last bytes what the first ones change."""
    collision = b"\x00" * 8, crc_zeros()
    one, two = (np.frombuffer(octets, np.uint8) for octets in collision)
    tfckpt.save(tmp_path / "a", {"x": one, "y": np.zeros(99)})
    values = {"x": two, "y": np.zeros(99)}
    tfckpt.save(tmp_path / "b", values, base=tmp_path / "a")
    assert same(tfckpt.load(tmp_path / "b"), values)
    tfckpt.save(tmp_path / "c", values, base=tmp_path / "a", compare="checksum")
    assert tfckpt.load(tmp_path / "c")["x"].tolist() == [0] * 8


def crc_zeros() -> bytes:
    """Return eight bytes that are not zero and have the checksum of eight zeros.

    CRC-32C is linear: the generator's own polynomial, reflected, added anywhere changes nothing.
    """
    polynomial = (0x82F63B78 << 1) | 1
    found = polynomial.to_bytes(8, "little")
    import crc32c

    assert crc32c.crc32c(found) == crc32c.crc32c(bytes(8))
    return found


def test_damage_of_the_base_is_not_passed_on(tmp_path: Path) -> None:
    tfckpt.save(tmp_path / "a", weights(1))
    with open(tmp_path / "a.data-00000-of-00001", "r+b") as file:
        file.seek(100)
        file.write(b"!")
    tfckpt.save(tmp_path / "b", weights(1), base=tmp_path / "a")
    assert same(tfckpt.load(tmp_path / "b"), weights(1))
    assert tfckpt.verify(tmp_path / "b").ok


@pytest.mark.parametrize("damage", [b"", b"\xff" * 100])
def test_a_base_that_cannot_be_read_is_none(damage: bytes, tmp_path: Path) -> None:
    tfckpt.Saver().save(weights(1), tmp_path / "m", 1)
    (tmp_path / "m-1.index").write_bytes(damage)
    saver = tfckpt.Saver(incremental=True)
    saver.save(weights(2), tmp_path / "m", 2)
    assert same(tfckpt.load(tmp_path / "m-2"), weights(2))
    with pytest.raises(tfckpt.errors.CheckpointError):
        tfckpt.save(tmp_path / "b", weights(2), base=tmp_path / "m-1")
    with pytest.raises(tfckpt.errors.NotFoundError):
        tfckpt.save(tmp_path / "b", weights(2), base=tmp_path / "none")
    assert not (tmp_path / "b.index").exists()


def test_too_much_that_is_dead_is_not_linked(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tfckpt.save(tmp_path / "a", {"x": np.zeros(300), "y": np.zeros(100)})
    changed = {"x": np.ones(300), "y": np.zeros(100)}
    with caplog.at_level(logging.INFO, "tfckpt"):
        tfckpt.save(tmp_path / "b", changed, base=tmp_path / "a")  # 2400 of 5600 bytes are dead
        assert len(shards(tmp_path, "b")) == 2
        only = {"y": np.zeros(100)}
        tfckpt.save(tmp_path / "c", only, base=tmp_path / "a")  # 2400 of 3200
    assert len(shards(tmp_path, "c")) == 1
    assert written(tmp_path, "c") == 800
    assert "2400 of its 3200 bytes would be dead" in caplog.text


def test_not_too_many_files_are_linked(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    saver = tfckpt.Saver(incremental=True, max_to_keep=None, max_links=2)
    arrays = {str(n): np.full(1000, n, np.float32) for n in range(20)}
    counts = []
    with caplog.at_level(logging.INFO, "tfckpt"):
        for step in range(6):
            arrays[str(step)][:] = -step - 1
            saver.save(arrays, tmp_path / "m", step)
            counts.append(len(shards(tmp_path, f"m-{step}")))
            assert same(tfckpt.load(tmp_path / f"m-{step}"), arrays)
    assert counts == [1, 2, 3, 1, 2, 3]
    assert "would have 3 files of others" in caplog.text


def test_where_there_are_no_links_all_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "no links")

    saver = tfckpt.Saver(incremental=True)
    saver.save(weights(1), tmp_path / "m", 1)
    monkeypatch.setattr("tfckpt.storage.links.os.link", refuse)
    for step in (2, 3):
        saver.save(weights(step), tmp_path / "m", step)
        assert len(shards(tmp_path, f"m-{step}")) == 1
    assert caplog.text.count("has no hard links of") == 1


def test_sharded_savers_save_incrementally(tmp_path: Path) -> None:
    saver = tfckpt.Saver(incremental=True, sharded=True, shards=3)
    for step in (1, 2, 3):
        saver.save(weights(step), tmp_path / "m", step)
        assert same(tfckpt.load(tmp_path / f"m-{step}"), weights(step))
    assert written(tmp_path, "m-3") < 5000


def test_background_savers_and_policies_save_incrementally(tmp_path: Path) -> None:
    saver = tfckpt.Saver(incremental=True, keep=keep.last(2) | keep.best("loss"))
    values = weights(0)
    with tfckpt.BackgroundSaver(saver) as background:
        for step in range(1, 7):
            values["head"][:] = step
            background.save(values, tmp_path / "m", step, metrics={"loss": abs(step - 2)})
    assert {path.stem for path in tmp_path.glob("*.index")} == {"m-2", "m-5", "m-6"}
    for step in (2, 5, 6):
        assert set(tfckpt.load(tmp_path / f"m-{step}")["head"]) == {step}
        assert tfckpt.verify(tmp_path / f"m-{step}").ok
    assert not [name for name in os.listdir(tmp_path) if name.startswith(".")]


@pytest.mark.parametrize(
    "options",
    [{"compare": "names"}, {"max_links": 0}, {"link": True}],
)
def test_wrong_arguments(options: Any, tmp_path: Path) -> None:
    tfckpt.save(tmp_path / "a", {"x": [1.0]})
    with pytest.raises(ValueError, match=r"compare|max_links|link"):
        tfckpt.save(tmp_path / "b", {"x": [1.0]}, base=tmp_path / "a", **options)
    with pytest.raises(ValueError, match="V2"):
        tfckpt.Saver(incremental=True, write_version=SaverDef.V1)
