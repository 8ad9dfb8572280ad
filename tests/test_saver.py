"""Saver, without TensorFlow: what it writes, keeps, restores and refuses."""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tfckpt
from tfckpt.errors import (
    FailedPreconditionError,
    InvalidArgumentError,
    TensorNotFoundError,
    UnimplementedError,
)
from tfckpt.saver.matching import prefix_hint
from tfckpt.saver.path import as_step
from tfckpt.saver.retention import Folder, Retention
from tfckpt.storage.lock import LOCK_FILE

W = {"w": np.arange(3, dtype=np.float32)}
ODD_NAMES = ["m[1]", "k*", "a?b", "**", "[a-z]", "m{1}", "é 漢字", ".m", "-m"]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def save_steps(saver: tfckpt.Saver, prefix: Path, steps: range | list[int]) -> None:
    for step in steps:
        saver.save({"w": np.full(2, step)}, prefix, global_step=step)


# What is written


def test_a_save_writes_data_index_graph_and_state(tmp_path: Path) -> None:
    path = tfckpt.Saver().save(W, tmp_path / "m", global_step=7)

    assert path == str(tmp_path / "m-7")
    assert names(tmp_path) == ["checkpoint", "m-7.data-00000-of-00001", "m-7.index", "m-7.meta"]
    assert tfckpt.latest_checkpoint(tmp_path) == path


def test_the_order_is_data_index_graph_state_deletion(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    def recorded(call: Any) -> Any:
        def recording(*paths: str) -> None:
            if not paths[-1].endswith(LOCK_FILE):
                done.append(f"{call.__name__} {os.path.basename(paths[-1])}")
            call(*paths)

        return recording

    saver = tfckpt.Saver(max_to_keep=1)
    save_steps(saver, tmp_path / "m", [1])
    monkeypatch.setattr(os, "replace", recorded(os.replace))
    monkeypatch.setattr(os, "remove", recorded(os.remove))
    save_steps(saver, tmp_path / "m", [2])

    assert done == [
        "replace m-2.data-00000-of-00001",
        "replace m-2.index",
        "replace m-2.meta",
        "replace checkpoint",
        "remove m-1.index",
        "remove m-1.index.commit",
        "remove m-1.data-00000-of-00001",
        "remove m-1.meta",
    ]


def test_tensors_lie_in_the_order_of_their_names(tmp_path: Path) -> None:
    tfckpt.Saver().save(
        {"b": np.uint8([2]), "a": np.uint8([1]), "A": np.uint8([0])}, tmp_path / "m"
    )
    assert (tmp_path / "m.data-00000-of-00001").read_bytes() == bytes([0, 1, 2])


@pytest.mark.parametrize(
    ("step", "padded", "name"),
    [
        (7, False, "m-7"),
        (7, True, "m-00000007"),
        (-3, True, "m--0000003"),
        (123456789, True, "m-123456789"),
        (True, False, "m-1"),
        (np.int32(5), False, "m-5"),
        (np.array(6), False, "m-6"),
        ("step", False, "m-8"),
        ("step:0", True, "m-00000008"),
    ],
)
def test_the_step_ends_the_name(step: object, padded: bool, name: str, tmp_path: Path) -> None:
    saver = tfckpt.Saver(pad_step_number=padded)
    path = saver.save({**W, "step": np.int64(8)}, tmp_path / "m", global_step=step)
    assert path == str(tmp_path / name)


@pytest.mark.parametrize("as_path", [str, Path, lambda path: str(path).encode()])
def test_paths_may_be_str_bytes_or_pathlike(as_path: Any, tmp_path: Path) -> None:
    path = tfckpt.Saver().save(W, as_path(tmp_path / "m"))
    assert path == str(tmp_path / "m")
    assert tfckpt.Saver().restore({}, as_path(tmp_path / "m")).restored == ["w"]


def test_missing_folders_are_made(tmp_path: Path) -> None:
    tfckpt.Saver().save(W, tmp_path / "a" / "b" / "m")
    assert tfckpt.latest_checkpoint(tmp_path / "a" / "b") is not None


@pytest.mark.parametrize(
    ("var_list", "stored"),
    [
        (["a"], {"a": 1}),
        (("b", "a"), {"a": 1, "b": 2}),
        ({"a"}, {"a": 1}),
        ({"x": "a", "y": "b"}, {"x": 1, "y": 2}),
        ({"x": np.array(9), "a": "b"}, {"a": 2, "x": 9}),
    ],
)
def test_var_list_chooses_and_renames(var_list: Any, stored: Any, tmp_path: Path) -> None:
    path = tfckpt.Saver(var_list).save({"a": np.array(1), "b": np.array(2)}, tmp_path / "m")
    assert {name: int(value) for name, value in tfckpt.load(path or "").items()} == stored


def test_listed_arrays_need_no_mapping(tmp_path: Path) -> None:
    array = np.zeros(2)
    saver = tfckpt.Saver({"x": array})
    path = saver.save(None, tmp_path / "m")
    array += 5
    saver.restore(None, path)
    assert array.tolist() == [0, 0]


def test_a_reader_can_be_saved(tmp_path: Path) -> None:
    first = tfckpt.save(tmp_path / "first", {**W, "s": np.array([b"x"], object)})
    with tfckpt.load_checkpoint(first) as reader:
        second = tfckpt.Saver().save(reader, tmp_path / "second")
    assert tfckpt.load(second)["w"].tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("shards", "files"),
    [
        (None, 2),
        (3, 3),
        (99, 4),
        ({"a": 0, "b": 1, "c": 0, "d": 1}, 2),
        (lambda name, array: int(array.size > 2), 2),
    ],
)
def test_sharded_saves(shards: Any, files: int, tmp_path: Path) -> None:
    weights = {name: np.full(n, n, np.float32) for n, name in enumerate("abcd", 1)}
    path = tfckpt.Saver(sharded=True, shards=shards).save(weights, tmp_path / "m")
    wanted = [f"m.data-{n:05d}-of-{files:05d}" for n in range(files)]
    assert [name for name in names(tmp_path) if ".data" in name] == wanted
    loaded = tfckpt.load(path or "")
    assert {name: value.tolist() for name, value in loaded.items()} == {
        name: value.tolist() for name, value in weights.items()
    }


def test_shards_are_of_like_size(tmp_path: Path) -> None:
    weights = {f"w{n:02d}": np.zeros(2**n, np.uint8) for n in range(12)}
    tfckpt.Saver(sharded=True, shards=2).save(weights, tmp_path / "m")
    sizes = [path.stat().st_size for path in sorted(tmp_path.glob("m.data*"))]
    assert sorted(sizes) == [2047, 2048]


def test_another_shard_count_leaves_no_stale_shard(tmp_path: Path) -> None:
    weights = {name: np.zeros(4) for name in "abcd"}
    for shards in (1, 3, 2, 4, 1):
        saver = tfckpt.Saver(sharded=shards > 1, shards=shards)
        saver.save(weights, tmp_path / "m", write_state=False, write_meta_graph=False)
        assert len(names(tmp_path)) == shards + 1


@pytest.mark.parametrize(
    ("step", "variables"),
    [
        (7, None),
        (np.array([7], np.uint8), None),
        ("n", {"n": 7}),
        ("n:0", {"n": 7}),
        ("n:0", {"n": 8, "n:0": 7}),  # the very name comes first
    ],
)
def test_steps(step: Any, variables: dict[str, Any] | None) -> None:
    assert as_step(step, variables) == 7


@pytest.mark.parametrize("step", ["n", 7.0, np.array([7.0]), np.array([7, 7]), None])
def test_what_is_no_step(step: Any) -> None:
    for variables in (None, {"m": 7}):
        with pytest.raises(TypeError, match="'global_step'"):
            as_step(step, variables)


# What is kept


def test_the_newest_are_kept(tmp_path: Path) -> None:
    saver = tfckpt.Saver(max_to_keep=2, save_relative_paths=True)
    save_steps(saver, tmp_path / "m", range(4))
    assert [Path(path).name for path in saver.last_checkpoints] == ["m-2", "m-3"]
    assert {name.split(".")[0] for name in names(tmp_path)} == {"checkpoint", "m-2", "m-3"}
    assert (tmp_path / "checkpoint").read_text() == (
        'model_checkpoint_path: "m-3"\n'
        'all_model_checkpoint_paths: "m-2"\n'
        'all_model_checkpoint_paths: "m-3"\n'
    )


@pytest.mark.parametrize("keep", [0, None])
def test_all_are_kept_and_none_is_listed(keep: int | None, tmp_path: Path) -> None:
    saver = tfckpt.Saver(max_to_keep=keep)
    save_steps(saver, tmp_path / "m", range(7))
    assert len(list(tmp_path.glob("*.index"))) == 7
    assert saver.last_checkpoints == []


@pytest.mark.parametrize("name", ODD_NAMES)
def test_no_name_is_a_pattern(name: str, tmp_path: Path) -> None:
    others = {"m1": 1, "keepme": 2, "axb": 3, "z": 4, "m": 5}
    for other, value in others.items():
        tfckpt.save(tmp_path / other, {"w": value})
    before = names(tmp_path)
    saver = tfckpt.Saver(max_to_keep=1)
    save_steps(saver, tmp_path / name, range(3))
    latest = tfckpt.latest_checkpoint(tmp_path)
    assert latest == str(tmp_path / f"{name}-2")
    weights: dict[str, Any] = {}
    saver.restore(weights, latest)
    assert weights["w"].tolist() == [2, 2]
    assert set(before) < set(names(tmp_path))
    assert len(list(tmp_path.iterdir())) == len(before) + 4
    tfckpt.remove_checkpoint(latest)
    assert names(tmp_path) == sorted([*before, "checkpoint"])


def test_one_file_under_two_paths_is_not_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    saver = tfckpt.Saver(max_to_keep=1)
    saver.save(W, "m")
    saver.save(W, "./m")
    assert tfckpt.latest_checkpoint(".") == "./m"


def test_what_another_saver_wrote_over_is_not_deleted(tmp_path: Path) -> None:
    one, other = tfckpt.Saver(max_to_keep=1), tfckpt.Saver(max_to_keep=1)
    save_steps(one, tmp_path / "m", [1])
    save_steps(other, tmp_path / "m", [1])
    save_steps(one, tmp_path / "m", [2])
    assert tfckpt.checkpoint_exists(tmp_path / "m-1")


def test_a_restarted_saver_recovers_the_list(tmp_path: Path) -> None:
    save_steps(tfckpt.Saver(max_to_keep=3), tmp_path / "m", range(3))
    saver = tfckpt.Saver(max_to_keep=3)
    state = tfckpt.get_checkpoint_state(tmp_path)
    assert state is not None
    tfckpt.remove_checkpoint(tmp_path / "m-1")
    saver.recover_last_checkpoints(state.all_model_checkpoint_paths)
    assert saver.last_checkpoints == [str(tmp_path / "m-0"), str(tmp_path / "m-2")]
    save_steps(saver, tmp_path / "m", [3, 4])
    assert len(list(tmp_path.glob("*.index"))) == 3


def test_one_a_period_stays_for_good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([0.0, 3600.0, 3601.0, 3700.0, 7201.0, 7202.0])
    monkeypatch.setattr(time, "time", lambda: 0.0)
    saver = tfckpt.Saver(max_to_keep=1, keep_checkpoint_every_n_hours=1)
    for step, now in enumerate(times):
        monkeypatch.setattr(time, "time", lambda now=now: now)
        saver.save(W, tmp_path / "m", global_step=step, write_meta_graph=False)
    # m-2 is the first after 3600 seconds, m-4 the first after 7200, m-5 the latest
    assert [path.stem for path in sorted(tmp_path.glob("*.index"))] == ["m-2", "m-4", "m-5"]


@pytest.mark.parametrize("latest", [True, False])
def test_what_the_state_file_names_as_the_latest_is_not_deleted(
    latest: bool, tmp_path: Path
) -> None:
    retention = Retention(max_to_keep=1, keep_every_n_hours=1.0, now=time.time())
    folder = Folder(str(tmp_path), "checkpoint", tfckpt.SaverDef.V2, "meta", fsync=False)
    for name in ("m-1", "m-2"):
        retention.record(tfckpt.save(tmp_path / name, W), folder, {}, lambda stay: None)
    if latest:  # another process has gone back to it
        tfckpt.update_checkpoint_state(tmp_path, "m-1")
    retention.sweep(folder)
    assert tfckpt.checkpoint_exists(tmp_path / "m-1") == latest
    assert tfckpt.checkpoint_exists(tmp_path / "m-2")


@pytest.mark.parametrize("method", ["set_last_checkpoints", "set_last_checkpoints_with_time"])
def test_a_list_of_checkpoints_is_a_list(method: str) -> None:
    with pytest.raises(AssertionError):
        getattr(tfckpt.Saver(), method)(("m-1",))


HINTS = [
    (["model/w", "model/b"], ["w", "b", "step"], "without the prefix 'model/'"),
    (["a/b/w"], ["w"], "without the prefix 'a/b/'"),
    (["w", "b"], ["model/w", "model/b", "step"], "with the prefix 'model/'"),
    (["model/w", "model/b"], ["w"], None),
    (["model/w", "other/b"], ["w", "b"], None),
    (["w", "b"], ["model/w"], None),
]


@pytest.mark.parametrize(("missing", "keys", "hint"), HINTS)
def test_a_prefix_too_many_or_too_few_is_noticed(
    missing: list[str], keys: list[str], hint: str | None
) -> None:
    found = prefix_hint(missing, keys)
    assert found == (f"all of them are there {hint}" if hint else "")


# What is restored


def test_arrays_are_filled_in_place_and_missing_names_added(tmp_path: Path) -> None:
    path = tfckpt.save(tmp_path / "m", {"w": [[1.0, 2.0]], "s": [b"x", "é"], "n": 5, "t": "text"})
    w, s = np.zeros((1, 2)), np.array([b"", b""], object)
    alias = w[0]
    weights: dict[str, Any] = {"w": w, "s": s}

    report = tfckpt.Saver().restore(weights, path)

    assert weights["w"] is w
    assert alias.tolist() == [1.0, 2.0]
    assert s.tolist() == [b"x", "é".encode()]
    assert weights["n"] == 5
    assert weights["t"] == b"text"
    assert report[:4] == (["n", "s", "t", "w"], [], ["n", "t"], [])


@pytest.mark.parametrize("sequentially", [False, True])
def test_other_layouts_and_byte_orders_are_filled(sequentially: bool, tmp_path: Path) -> None:
    stored = {name: np.arange(12.0).reshape(3, 4) for name in "fbsr"}
    path = tfckpt.save(tmp_path / "m", stored)
    read_only = np.zeros((3, 4))
    read_only.flags.writeable = False
    weights = {
        "f": np.zeros((3, 4), order="F"),
        "b": np.zeros((3, 4), ">f8"),
        "s": np.zeros((3, 8))[:, ::2],
        "r": read_only,
    }
    tfckpt.Saver(restore_sequentially=sequentially).restore(weights, path)
    for name, value in weights.items():
        assert value.tolist() == stored[name].tolist()
    assert not read_only.any()


def test_names_in_the_checkpoint_differ_from_those_in_the_mapping(tmp_path: Path) -> None:
    path = tfckpt.save(tmp_path / "m", {"old/w": [1.0], "other": 2})
    weights: dict[str, Any] = {"w": np.zeros(1)}
    report = tfckpt.Saver({"old/w": "w"}).restore(weights, path)
    assert weights["w"].tolist() == [1.0]
    assert report[:4] == (["old/w"], [], ["other"], [])
    assert list(weights) == ["w"]


def test_reshape(tmp_path: Path) -> None:
    path = tfckpt.save(tmp_path / "m", {"w": np.arange(6.0)})
    weights = {"w": np.zeros((2, 3))}
    with pytest.raises(InvalidArgumentError, match=r"DT_DOUBLE \[2, 3\].*DT_DOUBLE \[6\]"):
        tfckpt.Saver().restore(weights, path)
    tfckpt.Saver(reshape=True).restore(weights, path)
    assert weights["w"].tolist() == [[0, 1, 2], [3, 4, 5]]
    with pytest.raises(InvalidArgumentError, match="w: the variable is"):
        tfckpt.Saver(reshape=True).restore({"w": np.zeros(5)}, path)


def test_one_error_names_all_that_does_not_fit_and_nothing_changes(tmp_path: Path) -> None:
    path = tfckpt.save(
        tmp_path / "m", {"kernel": np.ones((2, 3), "f4"), "bias": np.ones(3), "good": np.ones(1)}
    )
    weights = {
        "kernal": np.zeros((2, 3), "f4"),
        "lost": np.zeros(1),
        "kernel": np.zeros((3, 2), "f4"),
        "bias": np.zeros(3, "f4"),
        "good": np.zeros(1),
    }
    with pytest.raises(TensorNotFoundError) as caught:
        tfckpt.Saver().restore(weights, path)
    for line in (
        "kernal (did you mean kernel?)",
        "lost",
        "kernel: the variable is DT_FLOAT [3, 2], the checkpoint has DT_FLOAT [2, 3]",
        "bias: the variable is DT_FLOAT [3], the checkpoint has DT_DOUBLE [3]",
    ):
        assert line in str(caught.value)
    assert len(weights) == 5
    assert not any(value.any() for value in weights.values())

    report = tfckpt.Saver().restore(weights, path, strict=False)

    assert report.restored == ["good"]
    assert report.missing == ["kernal", "lost"]
    assert [one.name for one in report.mismatched] == ["bias", "kernel"]
    assert weights["good"].tolist() == [1]


@pytest.mark.parametrize(
    ("wanted", "stored", "hint"),
    [
        (["model/w", "model/b"], ["w", "b"], "without the prefix 'model/'"),
        (["a/b/w"], ["w", "x"], "without the prefix 'a/b/'"),
        (["w", "b"], ["ema/w", "ema/b", "w2"], "with the prefix 'ema/'"),
    ],
)
def test_common_prefixes_are_noticed(
    wanted: list[str], stored: list[str], hint: str, tmp_path: Path
) -> None:
    path = tfckpt.save(tmp_path / "m", dict.fromkeys(stored, 1.0))
    with pytest.raises(KeyError, match=hint):
        tfckpt.Saver(wanted).restore({}, path)


def test_damage_is_noticed_before_anything_changes(tmp_path: Path) -> None:
    path = tfckpt.save(tmp_path / "m", {"a": np.ones(3), "b": np.ones(3)})
    data = tmp_path / "m.data-00000-of-00001"
    data.write_bytes(data.read_bytes()[:-1] + b"\x17")
    weights = {"a": np.zeros(3), "b": np.zeros(3)}
    with pytest.raises(tfckpt.errors.DataLossError):
        tfckpt.Saver().restore(weights, path)
    assert not weights["a"].any()


def test_an_object_based_checkpoint_is_matched_by_full_name(tmp_path: Path) -> None:
    graph = tfckpt.protos.TrackableObjectGraph()
    node = graph.nodes.add()
    node.attributes.add(
        name="VARIABLE_VALUE",
        full_name="dense/kernel",
        checkpoint_key="layer/kernel/.ATTRIBUTES/VARIABLE_VALUE",
    )
    path = tfckpt.save(
        tmp_path / "m",
        {
            "layer/kernel/.ATTRIBUTES/VARIABLE_VALUE": np.ones(2),
            "_CHECKPOINTABLE_OBJECT_GRAPH": graph.SerializeToString(),
        },
    )
    weights = {"dense/kernel": np.zeros(2)}
    report = tfckpt.Saver().restore(weights, path)
    assert report.restored == ["dense/kernel"]
    assert weights["dense/kernel"].tolist() == [1, 1]
    assert list(weights) == ["dense/kernel"]
    with pytest.raises(TensorNotFoundError, match="dense/bias"):
        tfckpt.Saver().restore({"dense/bias": np.zeros(2)}, path)


# What is refused, changing nothing


class Unreadable:
    dtype = np.dtype("M8[s]")


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ({"save_path": ""}, ValueError, "''"),
        ({"save_path": "{}/"}, ValueError, "base name"),
        ({"save_path": 3}, TypeError, "Path"),
        ({"save_path": None}, TypeError, "NoneType"),
        ({"latest_filename": ""}, ValueError, "latest_filename"),
        ({"latest_filename": ".."}, ValueError, "latest_filename"),
        ({"latest_filename": "a/b"}, ValueError, "'latest_filename' must not contain path comp"),
        ({"latest_filename": "m"}, ValueError, "'latest_filename' collides with 'save_path'"),
        ({"latest_filename": "m-1", "global_step": 1}, RuntimeError, "conflicts with path used"),
        ({"latest_filename": "m.index"}, ValueError, "collides"),
        ({"latest_filename": "m.data-00000-of-00001"}, ValueError, "collides"),
        ({"latest_filename": "m.meta"}, ValueError, "collides"),
        ({"meta_graph_suffix": ""}, ValueError, "meta_graph_suffix"),
        ({"meta_graph_suffix": "index"}, ValueError, "collides"),
        ({"meta_graph_suffix": "x/y"}, ValueError, "meta_graph_suffix"),
        ({"global_step": 1.0}, TypeError, "1.0"),
        ({"global_step": "lost"}, TypeError, "lost"),
        ({"variables": {}}, ValueError, "No variables to save"),
        ({"variables": {"": 1}}, ValueError, "empty"),
        ({"variables": {3: 1}}, TypeError, "3"),
        ({"variables": [1]}, TypeError, "mapping"),
        ({"variables": None}, TypeError, "mapping"),
        ({"variables": {"w": np.zeros(1, "M8[s]")}}, TypeError, "'w'"),
        ({"variables": {"w": [object()]}}, TypeError, "'w'"),
        ({"variables": {"w": [[1], [2, 3]]}}, TypeError, "'w'"),
    ],
)
def test_bad_arguments_of_save(
    arguments: dict[str, Any], error: type[Exception], text: str, tmp_path: Path
) -> None:
    saver = tfckpt.Saver()
    path = str(tmp_path / "new" / "m")
    arguments = {"variables": W, "save_path": path, **arguments}
    if arguments["save_path"] == "{}/":
        arguments["save_path"] = f"{tmp_path}/"
    with pytest.raises(error, match=text.replace("(", "")):
        saver.save(**arguments)
    assert list(tmp_path.iterdir()) == []
    assert saver.last_checkpoints == []


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ({"max_to_keep": -1}, ValueError, "-1"),
        ({"max_to_keep": 1.5}, TypeError, "1.5|float"),
        ({"write_version": 7}, ValueError, "7"),
        ({"var_list": []}, ValueError, "No variables to save"),
        ({"var_list": {}}, ValueError, "No variables to save"),
        ({"var_list": 3}, TypeError, "3"),
        ({"var_list": "w"}, TypeError, "'w'"),
        ({"var_list": [3]}, TypeError, "3"),
        ({"var_list": {3: "w"}}, TypeError, "3"),
        ({"var_list": ["w", "w"]}, ValueError, "At least two variables have the same name: w"),
        ({"var_list": {"a": "w", "b": "w"}}, ValueError, "restored with two names: a and b"),
        ({"var_list": [""]}, ValueError, "empty"),
        ({"var_list": ["w"], "defer_build": True}, ValueError, "defer_build=False"),
        ({"saver_def": 3}, ValueError, "must be a"),
        ({"saver_def": tfckpt.SaverDef()}, ValueError, "save_tensor_name"),
        ({"saver_def": tfckpt.SaverDef(save_tensor_name="a:0")}, ValueError, "restore_op_name"),
        (
            {
                "saver_def": tfckpt.SaverDef(
                    save_tensor_name="a:0", restore_op_name="r", max_to_keep=-1
                )
            },
            ValueError,
            "must not be negative, as -1 is",
        ),
    ],
)
def test_bad_arguments_of_a_saver(
    arguments: dict[str, Any], error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=text):
        tfckpt.Saver(**arguments)


def test_names_that_the_mapping_lacks(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="did you mean 'kernel'") as caught:
        tfckpt.Saver(["kernal", "lost"]).save({"kernel": 1}, tmp_path / "m")
    assert "lost" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("count", "end"), [(20, "'v19'"), (21, "'v19' and 1 more")])
def test_twenty_names_that_are_lacking_are_shown(count: int, end: str, tmp_path: Path) -> None:
    with pytest.raises(KeyError, match=f"names {count} variables") as caught:
        tfckpt.Saver([f"v{n:02d}" for n in range(count)]).save({"?": 1}, tmp_path / "m")
    assert str(caught.value).endswith(end)


BAD_SHARDS = [
    ({"a": 0}, ValueError, "does not say where 'b' goes"),
    ({"a": 0, "b": -1}, ValueError, "'b' cannot go to shard -1"),
    ({"a": 0, "b": 2}, ValueError, "no tensor goes to"),
    ({"a": 0, "b": 1.5}, TypeError, "'float' object cannot be interpreted as an integer"),
]


@pytest.mark.parametrize(("bad", "error", "text"), BAD_SHARDS)
def test_bad_shards(bad: Any, error: type[Exception], text: str, tmp_path: Path) -> None:
    saver = tfckpt.Saver(sharded=True, shards=bad)
    with pytest.raises(error, match=text):
        saver.save({"a": 1, "b": 2}, tmp_path / "m")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("path", "error", "text"),
    [
        (None, ValueError, "Can't load save_path when it is None"),
        ("lost", ValueError, "The passed save_path is not a valid checkpoint"),
        ("file", ValueError, "no checkpoint"),
    ],
)
def test_bad_paths_to_restore(path: str | None, error: Any, text: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("text")
    with pytest.raises(error, match=text):
        tfckpt.Saver().restore({}, None if path is None else tmp_path / path)  # type: ignore[arg-type]


def test_bad_targets_to_restore_into(tmp_path: Path) -> None:
    path = tfckpt.save(tmp_path / "m", {"w": 1.0})
    fixed = np.zeros(())
    fixed.flags.writeable = False
    for var_list in ({"w": 1.0}, {"w": fixed}):
        with pytest.raises(TypeError, match="'w' cannot be restored into"):
            tfckpt.Saver(var_list).restore({}, path)
    with pytest.raises(TypeError, match="mappingproxy"):
        tfckpt.Saver().restore(type("x", (), {}).__dict__, path)  # type: ignore[arg-type]


def test_a_file_in_the_way_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match=r"Parent directory of .* doesn't exist, can't save"):
        tfckpt.Saver().save(W, tmp_path / "file" / "m")


@pytest.mark.parametrize("version", [tfckpt.SaverDef.V1, tfckpt.SaverDef.V2])
def test_a_new_checkpoint_goes_where_its_state_file_cannot_be_written(
    version: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saver = tfckpt.Saver(max_to_keep=1, write_version=version)
    first = saver.save(W, tmp_path / "m", global_step=1)
    before = names(tmp_path)

    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("tfckpt.saver.saver.write_state", fail)
    for step in (2, 1):  # a new one, and one that was there
        with pytest.raises(OSError, match="No space left"):
            saver.save(W, tmp_path / "m", global_step=step)
        assert names(tmp_path) == before
        assert saver.last_checkpoints == [first]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    with pytest.raises(FailedPreconditionError, match="Permission denied"):
        tfckpt.Saver().save(W, tmp_path / "m")


# Building, and the empty Saver


def test_a_deferred_build() -> None:
    saver = tfckpt.Saver(defer_build=True)
    assert saver.as_saver_def() is None
    with pytest.raises(RuntimeError, match="should be called before save"):
        saver.save(W, "m")
    saver.build()
    saver.build()
    assert saver.as_saver_def().max_to_keep == 5  # type: ignore[union-attr]


def test_an_empty_saver_does_nothing_but_write_its_graph(tmp_path: Path) -> None:
    saver = tfckpt.Saver([], allow_empty=True)
    assert saver.save(W, tmp_path / "m") is None
    assert names(tmp_path) == ["m.meta"]
    assert saver.restore({}, tmp_path / "m").restored == []


def test_a_saver_def_takes_the_settings_along() -> None:
    settings = tfckpt.Saver(max_to_keep=3, sharded=True, name="n").as_saver_def()
    saver = tfckpt.Saver.from_proto(settings, import_scope="s/")
    assert saver.to_proto("s") == settings
    assert saver.to_proto("s/n/Const:0x") is None
    assert saver.as_saver_def().restore_op_name == "s/n/restore_all"  # type: ignore[union-attr]
    assert settings.max_to_keep == 3
    settings.max_to_keep = 0  # keeps all
    assert tfckpt.Saver(saver_def=settings).as_saver_def() == settings


def test_export_meta_graph(tmp_path: Path) -> None:
    saver = tfckpt.Saver()
    graph = saver.export_meta_graph(tmp_path / "g.meta", variables=W)
    assert tfckpt.MetaGraphDef.FromString((tmp_path / "g.meta").read_bytes()) == graph
    text = saver.export_meta_graph(tmp_path / "g.txt", ["variables"], as_text=True, variables=W)
    assert list(text.collection_def) == ["variables"]
    assert (tmp_path / "g.txt").read_text().startswith("meta_info_def {")
    with pytest.raises(UnimplementedError):
        saver.export_meta_graph(export_scope="a", variables=W)
    with pytest.raises(ValueError, match="No variables"):
        saver.export_meta_graph()


# The format of before 2016


@pytest.mark.parametrize("sharded", [False, True])
def test_v1_checkpoints_rotate_too(sharded: bool, tmp_path: Path) -> None:
    saver = tfckpt.Saver(sharded=sharded, shards=2, max_to_keep=1, write_version=tfckpt.SaverDef.V1)
    for step in (1, 2):
        path = saver.save({"a": np.ones(2), "b": np.zeros(3)}, tmp_path / "m", global_step=step)
    end = "-?????-of-00002" if sharded else ""
    assert path == str(tmp_path / f"m-2{end}")
    files = ["m-2-00000-of-00002", "m-2-00001-of-00002"] if sharded else ["m-2"]
    assert names(tmp_path) == ["checkpoint", *files, "m-2.meta"]
    assert tfckpt.latest_checkpoint(tmp_path) == path
    assert tfckpt.Saver().restore({}, path).restored == ["a", "b"]


@pytest.mark.parametrize("version", [tfckpt.SaverDef.V1, tfckpt.SaverDef.V2])
def test_a_sharded_save_may_be_named_as_the_state_file(
    version: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    saver = tfckpt.Saver(sharded=True, write_version=version)
    path = saver.save(W, "train/checkpoint")
    assert tfckpt.latest_checkpoint("train") == path
    assert sorted(tfckpt.load(path)) == sorted(W)
    if (
        version == tfckpt.SaverDef.V2
    ):  # what a state file cannot say: the checkpoint would be the file
        for same in (f"{tmp_path}/checkpoint", "checkpoint"):
            with pytest.raises(RuntimeError, match="conflicts with path used for"):
                saver.save(W, same)
        assert os.listdir(tmp_path) == ["train"]
        assert tfckpt.load(saver.save(W, f"{tmp_path}/checkpoint", write_state=False))


def test_an_empty_saver_restores_nothing_from_nowhere(tmp_path: Path) -> None:
    saver = tfckpt.Saver(allow_empty=True)
    assert saver.restore({}, tmp_path / "m").restored == []
    with pytest.raises(ValueError, match="not a valid checkpoint"):
        saver.restore({"w": np.zeros(1)}, tmp_path / "m")
    tfckpt.save(tmp_path / "m", {"w": [1.0]})
    weights: dict[str, Any] = {}
    assert saver.restore(weights, tmp_path / "m").restored == ["w"]


@pytest.mark.parametrize("filename", ["dir/m", b"dir/m", Path("dir/m"), None])
def test_the_default_file_name_of_a_graph(filename: Any) -> None:
    graph = tfckpt.Saver(filename=filename).export_meta_graph(variables=W).graph_def
    (node,) = [node for node in graph.node if node.name == "save/filename/input"]
    assert node.attr["value"].tensor.string_val == [b"model" if filename is None else b"dir/m"]


def test_the_default_file_name_goes_into_a_given_graph_too() -> None:
    graph = tfckpt.MetaGraphDef()
    graph.graph_def.node.add(name="w", op="VarHandleOp").attr["dtype"].type = 1
    graph = tfckpt.Saver(meta_graph=graph, filename="dir/m").export_meta_graph()
    (node,) = [one for one in graph.graph_def.node if one.name == "save/filename/input"]
    assert node.attr["value"].tensor.string_val == [b"dir/m"]


def test_what_a_saver_wrote_over_itself_is_still_its_own(tmp_path: Path) -> None:
    saver = tfckpt.Saver(max_to_keep=1)
    saver.save(W, tmp_path / "m", global_step=1)
    saver.save(W, tmp_path / "m", global_step=1, write_state=False)
    saver.save(W, tmp_path / "m", global_step=2)
    assert not tfckpt.checkpoint_exists(tmp_path / "m-1")


def test_without_fsync_nothing_waits_for_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(_: int) -> None:
        raise AssertionError("a flush to the disk")

    for name in ("fsync", "fdatasync"):
        monkeypatch.setattr(os, name, never)
    saver = tfckpt.Saver(fsync=False, allow_empty=True)
    saver.save({"w": 1.0}, tmp_path / "m")
    saver.export_meta_graph(tmp_path / "exported.meta", variables={"w": 1.0})
    saver.save({}, tmp_path / "empty")
    assert sorted(os.listdir(tmp_path)) == [
        *("checkpoint", "empty.meta", "exported.meta", "m.data-00000-of-00001", "m.index"),
        "m.meta",
    ]


def test_twenty_names_that_are_missing_are_listed(tmp_path: Path) -> None:
    path = tfckpt.save(tmp_path / "m", {"there": 1.0})
    for count, end in ((20, "x19"), (21, "  ... and 1 more")):
        weights = {f"x{number:02d}": 0.0 for number in range(count)}
        with pytest.raises(KeyError) as caught:
            tfckpt.Saver().restore(weights, path)
        assert str(caught.value).splitlines()[-1].endswith(end)


def test_what_is_no_array_is_named_with_what_it_is(tmp_path: Path) -> None:
    path = tfckpt.save(tmp_path / "m", {"w": 1.0})
    with pytest.raises(ValueError, match=r"\n  w: the variable is object \(.*\), the checkpoint"):
        tfckpt.Saver().restore({"w": object()}, path)


def test_restore_latest_takes_what_another_process_saved_when_it_deleted_what_was_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saver = tfckpt.Saver(max_to_keep=1)
    saver.save({"w": np.float32(1)}, tmp_path / "m", 1)
    restore, turns = tfckpt.Saver.restore, []

    def late(self: tfckpt.Saver, variables: Any, path: str, **options: Any) -> Any:
        if not turns:
            turns.append(path)
            saver.save({"w": np.float32(2)}, tmp_path / "m", 2)
        return restore(self, variables, path, **options)

    monkeypatch.setattr(tfckpt.Saver, "restore", late)
    weights: dict[str, Any] = {}
    report = tfckpt.Saver().restore_latest(weights, tmp_path)
    assert turns == [str(tmp_path / "m-1")]
    assert report is not None
    assert report.path == str(tmp_path / "m-2")
    assert weights["w"] == 2
