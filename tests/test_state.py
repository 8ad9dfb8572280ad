"""The state file, and finding checkpoints."""

from __future__ import annotations

import logging
import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest

import tfckpt

# Text of a state file -> the latest, and all, as TensorFlow reads them; None where it does not.
FORMS: list[tuple[bytes, Any]] = [
    (b'model_checkpoint_path: "m-1"\n', ("m-1", [])),
    (b'model_checkpoint_path: "m-1" all_model_checkpoint_paths: "m-1"', ("m-1", ["m-1"])),
    (b"model_checkpoint_path: 'm-1'", ("m-1", [])),
    (b'# comment\n\nmodel_checkpoint_path:"a" "b"\n', ("ab", [])),
    (b'model_checkpoint_path: "\\303\\251"', ("é", [])),
    ('model_checkpoint_path: "é"'.encode(), ("é", [])),
    (b'model_checkpoint_path: "a\\\\b\\"c"', ('a\\b"c', [])),
    (b'model_checkpoint_path: "m"\r\nall_model_checkpoint_paths: "m"\r\n', ("m", ["m"])),
    (b'all_model_checkpoint_paths: ["a", "b"] model_checkpoint_path: "b"', ("b", ["a", "b"])),
    (b'model_checkpoint_path: "m" last_preserved_timestamp: 1.5', ("m", [])),
    (b'model_checkpoint_path: "m" model_checkpoint_path: "n"', ("n", [])),
    (b'model_checkpoint_path: "m" unknown_field: 3', None),
    (b'model_checkpoint_path: "m', None),
    (b'{"model_checkpoint_path": "m"}', None),
    (b'model_checkpoint_path: "\\377"', None),
    (b'model_checkpoint_path: "m\\000"', None),
    (b'model_checkpoint_path: "m" all_model_checkpoint_paths: "m\\000"', None),
    (b"\xff\xfe", None),
]


@pytest.mark.parametrize(("text", "expected"), FORMS)
def test_forms_of_a_state_file(text: bytes, expected: Any, tmp_path: Path) -> None:
    (tmp_path / "checkpoint").write_bytes(text)
    state = tfckpt.get_checkpoint_state(tmp_path)
    if expected is None:
        assert state is None
        return
    assert state is not None
    assert state.model_checkpoint_path == f"{tmp_path}/{expected[0]}"
    assert state.all_model_checkpoint_paths == [f"{tmp_path}/{path}" for path in expected[1]]


def test_no_state_file(tmp_path: Path) -> None:
    assert tfckpt.get_checkpoint_state(tmp_path) is None
    assert tfckpt.latest_checkpoint(tmp_path) is None
    assert tfckpt.latest_checkpoint(tmp_path / "nowhere") is None


@pytest.mark.parametrize("text", ["", 'all_model_checkpoint_paths: "m"', "# nothing"])
def test_a_state_file_that_names_no_checkpoint(text: str, tmp_path: Path) -> None:
    (tmp_path / "checkpoint").write_text(text)
    with pytest.raises(ValueError, match="Invalid checkpoint state loaded from"):
        tfckpt.get_checkpoint_state(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("/run", "/run/m-2"), ("/run/m-2", ["/run/m-2"])),
        (("/run", "m-2", ["m-1"]), ("m-2", ["m-1", "m-2"])),
        (("run", "run/m-2", ["run/m-1", "run/m-2"]), ("m-2", ["m-1", "m-2"])),
        (("run", "/run/m-2", ["m-1"]), ("/run/m-2", ["../m-1", "/run/m-2"])),
        (("", "m-2", ()), ("m-2", ["m-2"])),
    ],
)
def test_paths_become_relative_to_a_relative_folder(arguments: Any, expected: Any) -> None:
    state = tfckpt.generate_checkpoint_state_proto(*arguments)
    assert (state.model_checkpoint_path, state.all_model_checkpoint_paths) == expected


def test_the_callers_list_is_left_alone() -> None:
    paths = ["m-1"]
    tfckpt.generate_checkpoint_state_proto("run", "m-2", paths)
    assert paths == ["m-1"]


def test_timestamps_go_with_paths() -> None:
    with pytest.raises(ValueError, match="must match checkpoint paths"):
        tfckpt.generate_checkpoint_state_proto("/r", "m", ["m"], [1.0, 2.0])


def test_update_checkpoint_state(tmp_path: Path) -> None:
    tfckpt.update_checkpoint_state(tmp_path, "m-2", ["m-1"], "other", [1.0, 2.5], 0.5)
    assert (tmp_path / "other").read_text() == (
        'model_checkpoint_path: "m-2"\n'
        'all_model_checkpoint_paths: "m-1"\n'
        'all_model_checkpoint_paths: "m-2"\n'
        "all_model_checkpoint_timestamps: 1.0\n"
        "all_model_checkpoint_timestamps: 2.5\n"
        "last_preserved_timestamp: 0.5\n"
    )
    with pytest.raises(RuntimeError, match="conflicts with path used for checkpoint state"):
        tfckpt.update_checkpoint_state(tmp_path, str(tmp_path / "checkpoint"))
    assert [path.name for path in tmp_path.iterdir()] == ["other"]


@pytest.mark.parametrize("kept", ["m-2", "/run/m-2"])
def test_absolute_paths_become_relative_if_that_is_asked_for(kept: str, tmp_path: Path) -> None:
    kept = kept.replace("/run", str(tmp_path))
    paths = [f"{tmp_path}/m-1", kept]
    tfckpt.update_checkpoint_state(tmp_path, f"{tmp_path}/m-2", paths, save_relative_paths=True)
    assert (tmp_path / "checkpoint").read_text() == (
        'model_checkpoint_path: "m-2"\n'
        'all_model_checkpoint_paths: "m-1"\n'
        'all_model_checkpoint_paths: "m-2"\n'
    )


@pytest.mark.parametrize(("options", "flushed"), [({}, True), ({"fsync": False}, False)])
def test_a_state_file_is_flushed_unless_told_not_to(
    options: dict[str, bool], flushed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []
    for name in ("fsync", "fdatasync"):
        if hasattr(os, name):
            monkeypatch.setattr(os, name, calls.append)
    tfckpt.update_checkpoint_state(tmp_path, "m-1", **options)
    assert bool(calls) == flushed


@pytest.mark.parametrize("stale", ["/gone/run/m-1", "C:\\gone\\run\\m-1", "../gone/m-1"])
def test_a_moved_folder_still_finds_its_latest(
    stale: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tfckpt.save(tmp_path / "m-1", {"w": 1})
    tfckpt.update_checkpoint_state(tmp_path, stale)
    with caplog.at_level(logging.WARNING):
        assert tfckpt.latest_checkpoint(tmp_path) == str(tmp_path / "m-1")
    assert "beside the state file" in caplog.text


def test_a_checkpoint_that_is_gone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    tfckpt.update_checkpoint_state(tmp_path, "m-1")
    assert tfckpt.latest_checkpoint(tmp_path) is None
    assert "Couldn't match files for checkpoint" in caplog.text


def test_checkpoints_of_both_formats_exist(tmp_path: Path) -> None:
    tfckpt.save(tmp_path / "v2", {"w": 1})
    (tmp_path / "v1").write_bytes(b"")
    for shard in range(2):
        (tmp_path / f"s-{shard:05d}-of-00002").write_bytes(b"")
    pattern = str(tmp_path / "s-?????-of-00002")
    paths = [str(tmp_path / "v2"), str(tmp_path / "v1"), pattern, str(tmp_path / "s")]
    assert [tfckpt.checkpoint_exists(path) for path in paths] == [True, True, True, False]
    for name in os.listdir(tmp_path):
        os.utime(tmp_path / name, (1.5, 1.5))
    os.utime(tmp_path / "s-00001-of-00002", (2.5, 2.5))  # the first shard's time counts
    assert tfckpt.get_checkpoint_mtimes(paths) == [1.0, 1.0, 1.0]
    tfckpt.remove_checkpoint(pattern, tfckpt.SaverDef.V1)
    assert sorted(os.listdir(tmp_path)) == ["v1", "v2.data-00000-of-00001", "v2.index"]


def test_a_graph_is_shared_by_the_shards_of_a_v1_checkpoint(tmp_path: Path) -> None:
    (tmp_path / "s.meta").write_bytes(b"")
    tfckpt.remove_checkpoint(tmp_path / "s-?????-of-00002", tfckpt.SaverDef.V1)
    assert list(tmp_path.iterdir()) == []


def test_waiting_for_a_checkpoint(tmp_path: Path) -> None:
    assert tfckpt.wait_for_new_checkpoint(tmp_path, timeout=0.01, seconds_to_sleep=0.1) is None
    saving = threading.Timer(0.05, tfckpt.Saver().save, ({"w": 1}, tmp_path / "m"))
    saving.start()
    found = tfckpt.wait_for_new_checkpoint(tmp_path, timeout=10, seconds_to_sleep=0.01)
    assert found == str(tmp_path / "m")
    saving.join()
    assert tfckpt.wait_for_new_checkpoint(tmp_path, found, timeout=0) is None


def test_iterating_over_checkpoints(tmp_path: Path) -> None:
    saver, found, asked = tfckpt.Saver(), [], []

    def no_more() -> bool:
        asked.append(len(found))
        return len(asked) > 4

    saver.save({"w": 1}, tmp_path / "m", global_step=0)
    for path in tfckpt.checkpoints_iterator(tmp_path, timeout=0, timeout_fn=no_more):
        found.append(Path(path).name)
        if len(found) < 3:
            saver.save({"w": 1}, tmp_path / "m", global_step=len(found))
    assert found == ["m-0", "m-1", "m-2"]
    assert asked == [1, 2, 3, 3, 3]


def test_checkpoints_come_at_an_interval(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    monkeypatch.setattr(time, "time", lambda: 100.0)
    tfckpt.Saver().save({"w": 1}, tmp_path / "m")
    assert len(list(tfckpt.checkpoints_iterator(tmp_path, 60, timeout=0))) == 1
    assert slept == [60]
