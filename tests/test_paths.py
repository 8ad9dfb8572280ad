"""One path, one meaning: the same for every function that takes a path of its kind."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tfckpt
from tfckpt import saved_model
from tfckpt.names import as_path


@pytest.fixture
def ambiguous(tmp_path: Path) -> str:
    """Return a path that is a folder with a checkpoint (of 1) and a prefix (of 2)."""
    path = str(tmp_path / "run")
    tfckpt.Saver().save({"w": np.ones(2)}, f"{path}/m", global_step=1)
    tfckpt.Saver().save({"w": np.full(2, 2.0)}, path)
    return path


def _restored(path: str) -> float:
    weights: dict[str, Any] = {}
    tfckpt.Saver().restore(weights, path)
    return float(weights["w"][0])


def _v1_restored(path: str) -> float:
    tfckpt.remove_checkpoint(path)
    tfckpt.Saver(write_version=tfckpt.SaverDef.V1).save({"w": np.full(2, 2.0)}, f"{path}x")
    os.rename(f"{path}x", f"{path}-00000-of-00001")
    return _restored(path)


WAYS: dict[str, tuple[Callable[[str], float], float]] = {
    "restore": (_restored, 2),
    "restore a V1 shard": (_v1_restored, 2),
    "load_checkpoint": (lambda path: tfckpt.load_checkpoint(path)["w"][0], 1),
    "load": (lambda path: tfckpt.load(path)["w"][0], 1),
    "load_variable": (lambda path: tfckpt.load_variable(path, "w")[0], 1),
    "BundleReader": (lambda path: tfckpt.BundleReader(path)["w"][0], 2),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_prefix_is_restored_and_a_folder_loaded_where_a_path_is_both(
    way: str, ambiguous: str
) -> None:
    read, expected = WAYS[way]
    assert read(ambiguous) == expected


@pytest.mark.parametrize("method", ["read", "restore"])
def test_checkpoints_of_objects_take_the_prefix(method: str, tmp_path: Path) -> None:
    path = str(tmp_path / "run")
    tfckpt.Checkpoint(w=np.ones(2)).save(f"{path}/ckpt")
    tfckpt.Checkpoint(w=np.full(2, 2.0)).write(path)
    checkpoint = tfckpt.Checkpoint(w=np.zeros(2))
    getattr(checkpoint, method)(path)
    assert checkpoint.w.tolist() == [2, 2]


def test_a_prefix_is_restored_beside_a_folder_without_checkpoints(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    tfckpt.save(tmp_path / "run", {"w": [3.0]})
    assert _restored(str(tmp_path / "run")) == 3


def test_a_folder_is_still_restored_from_its_latest(tmp_path: Path) -> None:
    tfckpt.Saver().save({"w": [4.0]}, tmp_path / "run" / "m", global_step=1)
    assert _restored(str(tmp_path / "run")) == 4


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ("file:///run/m-1", "/run/m-1"),
        ("file://host/run/m", "/run/m"),
        ("file://localhost/run/a%20b?c#d", "/run/a%20b?c#d"),
        (b"file:///run/m", "/run/m"),
        ("file:/run/m", "file:/run/m"),
        ("FILE:///run/m", "FILE:///run/m"),
        ("run/file:///m", "run/file:///m"),
        (Path("run/m"), "run/m"),
        (b"run/\xff", "run/\udcff"),
    ],
)
def test_a_path_as_a_str(given: Any, path: str) -> None:
    assert as_path(given) == path


SPELLINGS: dict[str, Callable[[str], Any]] = {
    "str": str,
    "bytes": os.fsencode,
    "Path": Path,
    "file://": lambda path: f"file://{path}",
    "file://host": lambda path: f"file://localhost{path}",
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_folder_of_this_machine_has_many_spellings(spelling: str, tmp_path: Path) -> None:
    def spelled(name: str) -> Any:
        return SPELLINGS[spelling](f"{tmp_path}/{name}")

    def plain(name: str) -> str:
        return f"{tmp_path}/{name}"

    weights = {"w": np.ones(2)}
    saver = tfckpt.Saver()
    assert saver.save(weights, spelled("saver/m"), global_step=1) == plain("saver/m-1")
    assert tfckpt.latest_checkpoint(spelled("saver")) == plain("saver/m-1")
    assert tfckpt.checkpoint_exists(spelled("saver/m-1"))
    assert len(tfckpt.get_checkpoint_mtimes([spelled("saver/m-1")])) == 1
    saver.restore(weights, spelled("saver/m-1"))
    assert tfckpt.list_variables(spelled("saver")) == [("w", [2])]
    assert tfckpt.read_meta_graph(spelled("saver/m-1.meta")).graph_def.node
    tfckpt.update_checkpoint_state(spelled("saver"), spelled("saver/m-1"))

    with tfckpt.BundleWriter(spelled("bundle")) as writer:
        writer.add("w", np.ones(2))
    with tfckpt.V1Writer(spelled("v1")) as old:
        old.add("w", np.ones(2))
    assert [*tfckpt.V1Reader(spelled("v1"))] == [*tfckpt.BundleReader(spelled("bundle"))]
    tfckpt.merge_bundles([spelled("bundle")], spelled("merged"))
    tfckpt.convert_checkpoint(spelled("merged"), spelled("converted"))
    tfckpt.remove_checkpoint(spelled("converted"))
    assert not tfckpt.checkpoint_exists(plain("converted"))

    manager = tfckpt.CheckpointManager(tfckpt.Checkpoint(w=np.ones(2)), spelled("managed"), 2)
    assert manager.save() == plain("managed/ckpt-1")
    assert tfckpt.Checkpoint(w=np.zeros(2)).restore(spelled("managed/ckpt-1")).restored
    assert tfckpt.load_object_tree(spelled("managed"))["w"].tolist() == [1, 1]

    builder = saved_model.Builder(spelled("model"))
    builder.add_meta_graph_and_variables(weights, [saved_model.SERVING])
    builder.save()
    assert saved_model.contains_saved_model(spelled("model"))
    saved_model.load({}, [saved_model.SERVING], spelled("model"))
    graph = tfckpt.write_graph(tfckpt.Graph(), spelled("graphs"), "g.pb", as_text=False)
    assert graph == plain("graphs/g.pb")
    merged = {"merged.data-00000-of-00001", "merged.index"}
    assert {*os.listdir(tmp_path)} == {"graphs", "managed", "model", "saver", "v1", *merged}
