"""TensorFlow's cases of saver_test.py, saver_large_variable_test.py and its partitioned sister."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import any_pb2
from tensorflow.core.protobuf import queue_runner_pb2
from tensorflow.python.framework import function

import tfckpt
from interop import tf_suite_files
from interop.tf_suite_savers import (
    BOTH,
    V1,
    V2,
    control_flow,
    described,
    lib_name,
    v1,
)


@pytest.fixture(params=BOTH, ids=lib_name)
def lib(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """TensorFlow warns of its own old ways."""
    logger = logging.getLogger("tensorflow")
    was = logger.level
    logger.setLevel(logging.CRITICAL)
    yield
    logger.setLevel(was)


# --- SaverTest


@pytest.mark.parametrize("as_list", [False, True], ids=["dict", "list"])
@pytest.mark.parametrize("kind", ["reference", "resource", "eager"])
def test_save_and_restore(kind: str, as_list: bool, lib: Any, tmp_path: Path) -> None:
    names = ["v0", "v1", "v2"]
    var_list = names if as_list else {name: name for name in names}
    path = str(tmp_path / "basic_save_restore")
    first = lib.Variables({"v0": 10.0, "v1": 20.0}, {"v2": {"k1": 30.0}}, kind=kind)
    assert (first.value("v0"), first.value("v1")) == (10.0, 20.0)
    assert first.table("v2") == {b"k1": 30.0}

    saved = first.saver(var_list, restore_sequentially=True).save(path)

    assert isinstance(saved, str)
    assert saved == path

    second = lib.Variables({"v0": -1.0, "v1": -1.0}, {"v2": {}}, kind=kind, initialize=False)
    if kind != "eager":
        assert not second.is_initialized("v0")
        assert not second.is_initialized("v1")
        assert second.table("v2") == {}  # eager tables of one name are one table
    second.saver(var_list).restore(path)
    assert (second.value("v0"), second.value("v1")) == (10.0, 20.0)
    assert second.table("v2") == {b"k1": 30.0}

    third = lib.Variables({"v0": 1000.0, "v1": 2000.0}, {"v2": {"k1000": 3000.0}}, kind=kind)
    assert (third.value("v0"), third.value("v1")) == (1000.0, 2000.0)
    if kind != "eager":
        assert third.table("v2") == {b"k1000": 3000.0}
    third.saver(var_list).restore(path)
    assert (third.value("v0"), third.value("v1")) == (10.0, 20.0)
    assert third.table("v2") == {b"k1": 30.0}


def test_a_savers_graph_is_always_the_same(lib: Any) -> None:
    variables = lib.Variables({f"var{n}": n for n in range(20)})
    graphs = [
        lib.Variables({f"var{n}": n for n in range(20)}).saver().export_meta_graph().graph_def
        for _ in range(10)
    ]
    assert all(graph == graphs[0] for graph in graphs)
    assert variables.saver().export_meta_graph().graph_def == graphs[0]


def test_values_come_back_after_they_were_changed(lib: Any, tmp_path: Path) -> None:
    variables = lib.Variables({"v1": 3.14, "v2": [1, 2]}, kind="eager")
    saver = variables.saver(["v1", "v2"])
    saver.save(tmp_path / "ckpt")

    variables.set("v1", 0.0)
    variables.set("v2", [0, 0])
    assert variables.value("v1") == 0.0
    assert variables.value("v2") == [0, 0]

    saver.restore(tmp_path / "ckpt")
    assert variables.value("v1") == pytest.approx(3.14, abs=1e-5)
    assert variables.value("v2") == [1, 2]


@pytest.mark.parametrize(("before", "after"), [("resource", "eager"), ("eager", "resource")])
def test_variables_of_graphs_and_eager_ones_share_checkpoints(
    before: str, after: str, lib: Any, tmp_path: Path
) -> None:
    lib.Variables({"w1": 1.0, "w2": 2.0}, kind=before).saver(["w1", "w2"]).save(tmp_path / "m")
    variables = lib.Variables({"w1": 0.0, "w2": 0.0}, kind=after)
    variables.saver(["w1", "w2"]).restore(tmp_path / "m")
    assert (variables.value("w1"), variables.value("w2")) == (1.0, 2.0)


def test_no_operation_of_a_saver_is_out_of_its_scope(lib: Any) -> None:
    saver = lib.Variables({"v": 1.0}, initialize=lib.is_ours).saver(name="saver1/save")
    names = [node.name for node in saver.export_meta_graph().graph_def.node]
    outside = [name for name in names if name != "v" and not name.startswith("v/")]
    assert outside
    assert all(name.startswith("saver1/save/") for name in outside)


def test_a_folder_with_relative_paths_is_moved(lib: Any, tmp_path: Path) -> None:
    (tmp_path / "save_dir1").mkdir()
    path1 = str(tmp_path / "save_dir1/save_copy_restore")
    first = lib.Variables({"v0": 10.0, "v1": 20.0}, {"v2": {"k1": 30.0}})
    saver = first.saver(
        {name: name for name in ("v0", "v1", "v2")},
        restore_sequentially=True,
        save_relative_paths=True,
    )
    assert saver.save(path1) == path1
    assert lib.latest_checkpoint(str(tmp_path / "save_dir1")) == path1

    os.renames(tmp_path / "save_dir1", tmp_path / "save_dir2")

    path2 = str(tmp_path / "save_dir2/save_copy_restore")
    assert lib.latest_checkpoint(str(tmp_path / "save_dir2")) == path2
    second = lib.Variables({"v0": -1.0, "v1": -1.0}, {"v2": {}}, initialize=False)
    assert not second.is_initialized("v0")
    assert second.table("v2") == {}
    second.saver(["v0", "v1", "v2"]).restore(path2)
    assert (second.value("v0"), second.value("v1")) == (10.0, 20.0)
    assert second.table("v2") == {b"k1": 30.0}


@pytest.mark.parametrize("filename", [b"somerandomfilename", "somerandomfilename"])
def test_the_default_filename_is_in_the_graph(filename: str | bytes, lib: Any) -> None:
    saver = lib.Variables({"v0": 0}).saver({"v0": "v0"}, filename=filename)
    graph_def = saver.export_meta_graph().graph_def.SerializeToString()
    with tf.Graph().as_default(), v1.Session() as session:
        tf.import_graph_def(v1.GraphDef.FromString(graph_def), name="")
        found = session.run(saver.as_saver_def().filename_tensor_name)
    assert found == b"somerandomfilename"


@pytest.mark.parametrize("version", [V1, V2])
def test_a_path_without_a_checkpoint(version: int, lib: Any, tmp_path: Path) -> None:
    saver = lib.Variables({"v0": 0}).saver({"v0": "v0"}, write_version=version)
    with pytest.raises(ValueError, match=r"^The passed save_path is not a valid checkpoint:"):
        saver.restore(tmp_path / "invalid path")


def test_int64(lib: Any, tmp_path: Path) -> None:
    path = str(tmp_path / "int64")
    saver = lib.Variables({"v": np.int64(15)}).saver({"v": "v"}, restore_sequentially=True)
    saved = saver.save(path)
    assert isinstance(saved, str)
    assert saved == path

    variables = lib.Variables({"v": np.int64(-1)}, initialize=False)
    assert not variables.is_initialized("v")
    variables.saver({"v": "v"}).restore(path)
    assert variables.value("v") == 15


def test_a_name_twice(lib: Any, tmp_path: Path) -> None:
    """TensorFlow's second name comes from a slice of ``v1``; a mapping has no such variables."""
    if lib.is_ours:
        with pytest.raises(ValueError, match="same name: v1"):
            lib.Saver(["v0", "v1", "v1"])
        return
    with tf.Graph().as_default():
        variables = [v1.Variable([20.0], name=f"v{n}") for n in range(3)]
        variables[2]._set_save_slice_info(v1.Variable.SaveSliceInfo("v1", [1], [0], [1]))
        with pytest.raises(ValueError, match="same name: v1"):
            lib.Saver(variables)
        lib.Saver({"vee1": variables[1], "other": [variables[2]]})


def test_one_variable_under_two_names(lib: Any) -> None:
    variables = lib.Variables({"v0": [10.0]}, {"v2": {}})
    message = "The same saveable will be restored with two names: v"
    with pytest.raises(ValueError, match=f"{message}0"):
        variables.saver({"v0": "v0", "v0too": "v0"})
    with pytest.raises(ValueError, match=f"{message}2"):
        variables.saver({"v2": "v2", "v2too": "v2"})
    variables.saver({"v0": "v0", "v2": "v2"})


def save_and_load(lib: Any, path: Path, name: str, value: float, other: float, kind: str) -> None:
    saved = lib.Variables({name: value}, kind=kind).saver({name: name}).save(path)
    assert saved == str(path)
    variables = lib.Variables({name: other}, kind=kind)
    variables.saver({name: name}).restore(path)
    assert variables.value(name) == pytest.approx(value)


@pytest.mark.parametrize("kind", ["resource", "eager"])
def test_a_file_that_was_replaced_is_read_again(kind: str, lib: Any, tmp_path: Path) -> None:
    save_and_load(lib, tmp_path / "cache_rereads", "var0", 0.0, 1.0, kind)
    save_and_load(lib, tmp_path / "cache_rereads", "var1", 1.1, 2.2, kind)


def test_a_saver_of_nothing(lib: Any, tmp_path: Path) -> None:
    assert lib.Variables({}).saver(allow_empty=True).save(tmp_path / "allow_empty") is None
    lib.Variables({}).saver(allow_empty=True).restore(tmp_path / "allow_empty")


def test_a_saver_of_everything(lib: Any, tmp_path: Path) -> None:
    values = {"Variable": 1.0, "Variable_1": [2.0, 2.0, 2.0]}
    lib.Variables(values, {"v2": {"k1": 3.0}}).saver().save(tmp_path / "variables")
    zeros = {"Variable": 0.0, "Variable_1": [0.0, 0.0, 0.0]}
    variables = lib.Variables(zeros, {"v2": {}}, initialize=False)
    variables.saver().restore(tmp_path / "variables")
    assert {name: variables.value(name) for name in values} == values
    assert variables.table("v2") == {b"k1": 3.0}


def test_a_deferred_build_takes_no_variables(lib: Any) -> None:
    variables = lib.Variables({"v": 1.0})
    with pytest.raises(ValueError, match="defer_build"):
        variables.saver(["v"], defer_build=True)


def test_a_saver_is_built_before_it_saves(lib: Any, tmp_path: Path) -> None:
    saver = lib.Variables({"v": 1.0}).saver(defer_build=True)
    with pytest.raises(RuntimeError, match="build"):
        saver.save(tmp_path / "error_deferred_build")


def test_a_deferred_build_takes_what_was_made_since(lib: Any, tmp_path: Path) -> None:
    variables = lib.Variables({"one": 1.0})
    saver = variables.saver(defer_build=True)
    if lib.is_ours:
        variables.weights["twos"] = np.full(3, 2.0, np.float32)
    else:
        with variables.entered():
            twos = v1.Variable([2.0, 2.0, 2.0], name="twos")
            variables.session.run(twos.initializer)
    saver.build()
    saver.save(tmp_path / "deferred_build")

    restored = lib.Variables({"one": 0.0, "twos": [0.0, 0.0, 0.0]}, initialize=False)
    restored.saver().restore(tmp_path / "deferred_build")
    assert restored.value("one") == 1.0
    assert restored.value("twos") == [2.0, 2.0, 2.0]


def test_reshape(lib: Any, tmp_path: Path) -> None:
    values = {"var": [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]}
    lib.Variables(values, kind="reference").saver().save(tmp_path / "variables_reshape")
    variables = lib.Variables({"var": np.zeros((3, 2), np.float32)}, kind="reference")

    with pytest.raises(lib.InvalidArgumentError):
        variables.saver().restore(tmp_path / "variables_reshape")
    assert variables.value("var") == [[0.0, 0.0]] * 3

    variables.saver(reshape=True).restore(tmp_path / "variables_reshape")
    assert variables.value("var") == [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]


@pytest.mark.parametrize("pad", [False, True])
@pytest.mark.parametrize("kind", ["resource", "eager"])
def test_a_path_with_a_step(kind: str, pad: bool, lib: Any, tmp_path: Path) -> None:
    path = tmp_path / "ckpt_with_global_step"
    save_and_load(lib, path, "var0", 0.0, 1.0, kind)
    variables = lib.Variables({"var0": 1.0}, kind=kind)
    saver = variables.saver({"var0": "var0"}, pad_step_number=pad)
    expected = f"{path}-00000005" if pad else f"{path}-5"
    assert saver.save(path, global_step=5) == expected
    step = np.array(5)
    if not lib.is_ours:
        with variables.entered():
            step = tf.constant(5)
    assert saver.save(path, global_step=step) == expected


@pytest.mark.parametrize(
    "path", ["nonexisting_dir/path", "other_nonexisting_dir/path1/path2", "actually_a_file/path"]
)
def test_a_folder_that_is_not_there(path: str, lib: Any, tmp_path: Path) -> None:
    """It is made, where it can be. Anything else may also be refused, in these words."""
    (tmp_path / "actually_a_file").write_text("")
    variables = lib.Variables({"v0": 10.0, "v1": 20.0})
    saver = variables.saver({"v0": "v0", "v1": "v1"}, restore_sequentially=True)
    try:
        saver.save(tmp_path / path)
        saver.restore(tmp_path / path)
    except ValueError as error:
        assert path.startswith("actually") or not lib.is_ours  # theirs makes one folder at most
        expected = f"Parent directory of {tmp_path / path} doesn't exist, can't save"
        assert str(error).startswith(expected)
    else:
        assert not path.startswith("actually")
        assert (variables.value("v0"), variables.value("v1")) == (10.0, 20.0)


def test_a_path_that_is_a_url_of_a_file(lib: Any, tmp_path: Path) -> None:
    variables = lib.Variables({"v0": 10.0, "v1": 20.0})
    saver = variables.saver({"v0": "v0", "v1": "v1"}, restore_sequentially=True)
    saver.save(f"file://{tmp_path}/uri")
    assert (tmp_path / "uri.index").exists()
    variables.set("v0", 0.0)
    saver.restore(f"file://{tmp_path}/uri")
    assert variables.value("v0") == 10.0


@pytest.mark.parametrize("kind", ["reference", "resource"])
def test_a_variable_of_another_dtype(kind: str, lib: Any, tmp_path: Path) -> None:
    path = tmp_path / "basic_save_restore"
    lib.Variables({"v0": 10.0}, kind=kind).saver({"v0": "v0"}).save(path)
    saver = lib.Variables({"v0": 1}, kind=kind).saver({"v0": "v0"})
    with pytest.raises(lib.InvalidArgumentError, match="dtype"):
        saver.restore(path)


def test_large_tensors_and_a_prefix_that_is_a_folder(lib: Any, tmp_path: Path) -> None:
    """Of more than 16 Mi elements TensorFlow takes several threads; the path is a folder's."""
    rng = np.random.default_rng(1)
    values = {f"small{n}": rng.random((10, 2), np.float32) for n in range(5)}
    values |= {f"large{n}": rng.random((17_000, 1000), np.float32) for n in range(3)}
    variables = lib.Variables(values, kind="eager")
    variables.saver(max_to_keep=1).save(tmp_path)
    for name, array in values.items():
        variables.set(name, np.zeros_like(array))

    variables.saver(max_to_keep=1).restore(tmp_path)

    for name, array in values.items():
        assert np.array_equal(variables.array(name), array)
    for file in tmp_path.parent.glob(f"{tmp_path.name}.*"):
        file.unlink()


# --- SaveRestoreShardedTest, of both versions


@pytest.mark.parametrize("version", [V1, V2])
def test_sharded(version: int, lib: Any, tmp_path: Path) -> None:
    devices = {"v0": 0, "t0": 0, "v1": 1, "t1": 1}
    options = {"write_version": version, "sharded": True}
    path = str(tmp_path / "sharded_basics")
    first = lib.Variables(
        {"v0": 10, "v1": 20}, {"t0": {"k1": 30.0}, "t1": {"k2": 40.0}}, devices=devices
    )
    saved = first.saver({name: name for name in devices}, **options).save(path)
    assert saved == (f"{path}-?????-of-00002" if version == V1 else path)
    assert os.path.exists(f"{path}.meta")

    if version == V1:  # a shard is a checkpoint too
        shard = lib.Variables({"v0": 111}, {"t0": {"k11": 33.0}})
        assert shard.value("v0") == 111
        assert shard.table("t0") == {b"k11": 33.0}
        shard.saver({"v0": "v0", "t0": "t0"}, **options).restore(f"{path}-00000-of-00002")
        assert shard.value("v0") == 10
        assert shard.table("t0") == {b"k1": 30.0}

        shard = lib.Variables({"v1": 222}, {"t1": {"k22": 44.0}})
        assert shard.value("v1") == 222
        assert shard.table("t1") == {b"k22": 44.0}
        shard.saver({"v1": "v1", "t1": "t1"}, **options).restore(f"{path}-00001-of-00002")
        assert shard.value("v1") == 20
        assert shard.table("t1") == {b"k2": 40.0}

    assert lib.latest_checkpoint(str(tmp_path)) == saved
    second = lib.Variables(
        {"v0": 111, "v1": 222}, {"t0": {"k11": 33.0}, "t1": {"k22": 44.0}}, devices=devices
    )
    second.saver({name: name for name in devices}, **options).restore(saved)
    assert (second.value("v0"), second.value("v1")) == (10, 20)
    assert second.table("t0") == {b"k1": 30.0}
    assert second.table("t1") == {b"k2": 40.0}


def test_shards_without_their_number(lib: Any, tmp_path: Path) -> None:
    """TensorFlow's case restores with question marks for the number of shards too."""
    devices = {"v0": 0, "v1": 1}
    variables = lib.Variables({"v0": 10, "v1": 20}, devices=devices)
    saver = variables.saver(["v0", "v1"], sharded=True, write_version=V1)
    saver.save(tmp_path / "sharded_basics")
    variables.set("v0", 111)
    variables.set("v1", 222)
    saver.restore(f"{tmp_path}/sharded_basics-?????-of-?????")
    assert (variables.value("v0"), variables.value("v1")) == (10, 20)


def test_the_saver_def_of_a_sharded_saver(lib: Any) -> None:
    saver = lib.Variables({"v0": 123}).saver({"v0": "v0"}, sharded=True)
    assert saver.as_saver_def().sharded


def their_partitioned(
    array: np.ndarray | None, parts: int | None, *, resource: bool, as_dict: bool
) -> tuple[Any, Any, Any]:
    """A variable of 10 x 3, in parts or whole, its session and its Saver."""
    partitioner = v1.fixed_size_partitioner(parts) if parts else None
    initial = np.zeros((10, 3), np.float32) if array is None else array
    variable = v1.get_variable(
        "my_var",
        shape=(10, 3) if parts else None,
        initializer=initial,
        partitioner=partitioner,
        use_resource=resource,
    )
    session = v1.Session()
    session.run(v1.global_variables_initializer())
    return variable, session, v1.train.Saver({"my_var": variable} if as_dict else [variable])


@pytest.mark.parametrize("as_dict", [False, True], ids=["list", "dict"])
@pytest.mark.parametrize("resource", [False, True], ids=["reference", "resource"])
@pytest.mark.parametrize(("saved_in", "restored_in"), [(2, None), (2, 2), (2, 3), (None, 3)])
def test_partitioned_variables(
    saved_in: int | None,
    restored_in: int | None,
    resource: bool,
    as_dict: bool,
    lib: Any,
    tmp_path: Path,
) -> None:
    """Here a part is written with `add_slice`, and read by its index."""
    whole = np.random.default_rng(1).random((10, 3), np.float32)
    path = str(tmp_path / "ckpt")
    if lib.is_ours:
        assert save_parts(path, whole, saved_in) == path
        restored = restore_parts(path, restored_in)
    else:
        with tf.Graph().as_default():
            _, session, saver = their_partitioned(
                whole, saved_in, resource=resource, as_dict=as_dict
            )
            assert saver.save(session, path) == path
        with tf.Graph().as_default():
            variable, session, saver = their_partitioned(
                None, restored_in, resource=False, as_dict=as_dict
            )
            saver.restore(session, path)
            restored = session.run(variable.as_tensor() if restored_in else variable)
    assert np.array_equal(restored, whole)


def cuts(parts: int) -> list[tuple[int, int]]:
    """Start and length of the rows of each part, the first ones longer."""
    lengths = [len(rows) for rows in np.array_split(range(10), parts)]
    return [(sum(lengths[:n]), lengths[n]) for n in range(parts)]


def save_parts(path: str, whole: np.ndarray, parts: int | None) -> str:
    if parts is None:
        saved = tfckpt.Saver(fsync=False).save({"my_var": whole}, path)
        assert saved is not None
        return saved
    with tfckpt.BundleWriter(path, fsync=False) as writer:
        for start, length in cuts(parts):
            rows = whole[start : start + length]
            writer.add_slice("my_var", (10, 3), [(start, length), (0, -1)], rows)
    return writer.path


def restore_parts(path: str, parts: int | None) -> np.ndarray:
    if parts is None:
        weights = {"my_var": np.zeros((10, 3), np.float32)}
        tfckpt.Saver().restore(weights, path)
        return weights["my_var"]
    with tfckpt.load_checkpoint(path) as reader:
        return np.concatenate(
            [
                reader.get_tensor("my_var", np.s_[start : start + length])
                for start, length in cuts(parts)
            ]
        )


# --- MaxToKeepTest


def kept(lib: Any, folder: Path) -> list[str]:
    """What the state file lists; its last one is the latest."""
    state = lib.get_checkpoint_state(str(folder))
    paths = list(state.all_model_checkpoint_paths)
    assert state.model_checkpoint_path == paths[-1]
    return paths


def exist(lib: Any, *paths: str) -> list[bool]:
    return [lib.checkpoint_exists(path) for path in paths]


def test_max_to_keep_of_eager_variables(lib: Any, tmp_path: Path) -> None:
    variables = lib.Variables({"v": 10.0}, kind="eager")
    saver = variables.saver({"v": "v"}, max_to_keep=2)
    s1 = saver.save(tmp_path / "s1")
    assert saver.last_checkpoints == [s1] == kept(lib, tmp_path)
    assert exist(lib, s1) == [True]
    s2 = saver.save(tmp_path / "s2")
    assert saver.last_checkpoints == [s1, s2] == kept(lib, tmp_path)
    assert exist(lib, s1, s2) == [True, True]
    s3 = saver.save(tmp_path / "s3")
    assert saver.last_checkpoints == [s2, s3] == kept(lib, tmp_path)
    assert exist(lib, s1, s2, s3) == [False, True, True]

    second = variables.saver({"v": "v"}, max_to_keep=2)
    second.set_last_checkpoints(saver.last_checkpoints)

    # s2 again goes to the end, then s1 pushes s3 out.
    saver.save(tmp_path / "s2")
    assert saver.last_checkpoints == [s3, s2] == kept(lib, tmp_path)
    assert exist(lib, s1, s2, s3) == [False, True, True]
    saver.save(tmp_path / "s1")
    assert saver.last_checkpoints == [s2, s1] == kept(lib, tmp_path)
    assert exist(lib, s2, s3) == [True, False]

    second.save(tmp_path / "s2")
    assert second.last_checkpoints == [s3, s2]
    assert exist(lib, s1, s3) == [True, False]


def test_max_to_keep(lib: Any, tmp_path: Path) -> None:
    variables = lib.Variables({"v": 10.0})
    first = variables.saver({"v": "v"}, max_to_keep=2)
    assert first.last_checkpoints == []
    s1, s2, s3 = (str(tmp_path / name) for name in ("s1", "s2", "s3"))

    def check(saver: Any, last: list[str], there: dict[str, bool], metas: bool = True) -> None:
        assert saver.last_checkpoints == last
        assert kept(lib, tmp_path) == last
        for path, expected in there.items():
            assert lib.checkpoint_exists(path) is expected
            if metas:
                assert os.path.exists(f"{path}.meta") is expected

    assert first.save(s1) == s1
    check(first, [s1], {s1: True})
    assert first.save(s2) == s2
    check(first, [s1, s2], {s1: True, s2: True})
    assert first.save(s3) == s3
    check(first, [s2, s3], {s1: False, s2: True, s3: True})

    # One that knows what there is, and one with the same settings that does not.
    second = first.again()
    second.set_last_checkpoints(first.last_checkpoints)
    third = first.again()

    first.save(s2)  # goes to the end
    check(first, [s3, s2], {s1: False, s3: True, s2: True})
    first.save(s1)  # pushes s3 out
    check(first, [s2, s1], {s3: False, s2: True, s1: True})

    second.save(s2)
    check(second, [s3, s2], {s1: True, s3: False, s2: True})
    second.save(s1)
    check(second, [s2, s1], {s3: False, s2: True, s1: True})

    third.save(s2)  # knows of nothing else, so that the state file lists nothing else
    check(third, [s2], {s1: True, s3: False, s2: True})
    third.save(s1)
    check(third, [s2, s1], {s3: False, s2: True, s1: True})


@pytest.mark.parametrize("version", [V1, V2])
def test_max_to_keep_of_a_sharded_saver(version: int, lib: Any, tmp_path: Path) -> None:
    variables = lib.Variables({"v0": 111, "v1": 222}, devices={"v0": 0, "v1": 1})
    saver = variables.saver(
        {"v0": "v0", "v1": "v1"}, sharded=True, max_to_keep=2, write_version=version
    )
    assert saver.last_checkpoints == []

    def files(name: str) -> int:
        return len([one for one in os.listdir(tmp_path) if one.startswith(name)])

    count = 3 if version == V1 else 4  # the shards, the graph, and the index
    s1 = saver.save(tmp_path / "s1")
    assert saver.last_checkpoints == [s1]
    assert files("s1") == count
    s2 = saver.save(tmp_path / "s2")
    assert saver.last_checkpoints == [s1, s2]
    assert (files("s1"), files("s2")) == (count, count)
    s3 = saver.save(tmp_path / "s3")
    assert saver.last_checkpoints == [s2, s3]
    assert (files("s1"), files("s2"), files("s3")) == (0, count, count)
    assert os.path.exists(tmp_path / "s2.meta")
    assert os.path.exists(tmp_path / "s3.meta")


@pytest.mark.parametrize("max_to_keep", [None, 0])
def test_everything_is_kept(max_to_keep: int | None, lib: Any, tmp_path: Path) -> None:
    saver = lib.Variables({"v": 10.0}).saver({"v": "v"}, max_to_keep=max_to_keep)
    assert saver.last_checkpoints == []
    for name in ("s1", "s2"):
        assert lib.checkpoint_exists(saver.save(tmp_path / name))
        assert saver.last_checkpoints == []
    assert exist(lib, str(tmp_path / "s1"), str(tmp_path / "s2")) == [True, True]


def test_no_graph_is_written(lib: Any, tmp_path: Path) -> None:
    saver = lib.Variables({"v": 10.0}).saver({"v": "v"})
    s1 = saver.save(tmp_path / "s1", write_meta_graph=False)
    assert lib.checkpoint_exists(s1)
    assert not os.path.exists(f"{s1}.meta")


# --- RecoverLastCheckpointsTest, KeepCheckpointEveryNHoursTest


def test_the_last_checkpoints_are_recovered(lib: Any, tmp_path: Path) -> None:
    variables = lib.Variables({"v": 10.0}, kind="eager")
    first = variables.saver({"v": "v"}, max_to_keep=10)
    assert first.last_checkpoints == []
    paths = [first.save(tmp_path / f"ckpt-{n}") for n in (1, 2, 3)]
    assert first.last_checkpoints == paths == kept(lib, tmp_path)
    assert exist(lib, *paths) == [True, True, True]

    second = variables.saver({"v": "v"}, max_to_keep=10)
    assert second.last_checkpoints == []
    second.recover_last_checkpoints(paths)
    assert second.last_checkpoints == paths

    for file in tmp_path.glob("ckpt-1*"):
        file.unlink()
    assert exist(lib, paths[0]) == [False]

    third = variables.saver({"v": "v"}, max_to_keep=10)
    assert third.last_checkpoints == []
    third.recover_last_checkpoints(paths)
    assert third.last_checkpoints == paths[1:]
    s4 = third.save(tmp_path / "ckpt-4")
    assert kept(lib, tmp_path) == [*paths[1:], s4]


@pytest.mark.parametrize("kind", ["resource", "eager"])
def test_one_in_so_many_hours_is_kept(
    kind: str, lib: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    variables = lib.Variables({"v": [10.0]}, kind=kind)
    start = time.time()
    monkeypatch.setattr(time, "time", lambda: start)
    saver = variables.saver({"v": "v"}, max_to_keep=2, keep_checkpoint_every_n_hours=0.7 / 3600)
    assert saver.last_checkpoints == []

    # A second later s1 is old enough to stay.
    monkeypatch.setattr(time, "time", lambda: start + 1.0)
    paths = []
    for name in ("s1", "s2", "s3", "s4"):
        paths.append(saver.save(tmp_path / name))
        assert saver.last_checkpoints == paths[-2:]
    # s2 went: it was saved when s1 was, which stays in its place.
    assert exist(lib, *paths) == [True, False, True, True]


# --- SaveRestoreWithVariableNameMap


@pytest.mark.parametrize("kind", ["reference", "resource", "eager"])
def test_names_in_a_checkpoint_are_chosen(kind: str, lib: Any, tmp_path: Path) -> None:
    path = tmp_path / "non_reshape"
    variables = lib.Variables({"v0": 10.0, "v1": 20.0}, kind=kind)
    names = {"save_prefix/v0": "v0", "save_prefix/v1": "v1"}
    saved = variables.saver(names).save(path)
    assert isinstance(saved, str)
    assert saved == str(path)
    with pytest.raises(lib.NotFoundError) as caught:
        variables.saver({"v0": "v0", "v1": "v1"}).restore(path)
    if not lib.is_ours:  # here all that is missing is listed, in other words
        assert "not found in checkpoint" in str(caught.value)

    variables = lib.Variables({"v0": -1.0, "v1": -1.0}, kind=kind, initialize=False)
    if kind != "eager":
        assert not variables.is_initialized("v0")
        assert not variables.is_initialized("v1")
    variables.saver(names).restore(path)
    assert (variables.value("v0"), variables.value("v1")) == (10.0, 20.0)

    new = [f"restore_prefix/v{n}" for n in (0, 1)]
    variables = lib.Variables(dict.fromkeys(new, -1.0), kind=kind, initialize=False)
    if kind != "eager":
        assert not variables.is_initialized(new[0])
        assert not variables.is_initialized(new[1])
    variables.saver(dict(zip(names, new, strict=True))).restore(path)
    assert [variables.value(name) for name in new] == [10.0, 20.0]


# --- MetaGraphTest


def with_control_flow_and_a_queue() -> Any:
    v0 = v1.Variable(1.0, name="v0", use_resource=False)
    v1.cond(tf.less(v0, 10), lambda: tf.add(v0, 1), lambda: tf.subtract(v0, 1))
    v1.while_loop(lambda i: tf.less(i, 10), lambda i: tf.add(i, 1), [v0])
    var = v1.Variable(tf.constant(0, dtype=tf.int64), use_resource=False)
    count_up_to = var.count_up_to(3)
    queue = v1.FIFOQueue(30, tf.float32, shared_name="collection_queue")
    runner = v1.train.QueueRunner(queue, [count_up_to])
    v1.global_variables_initializer()
    saver = v1.train.Saver({"v0": v0})
    v1.train.add_queue_runner(runner)
    return saver


def test_collections_go_through_a_file(lib: Any, tmp_path: Path) -> None:
    filename = str(tmp_path / "metafile")
    with control_flow(v2=False):
        program = lib.Program(with_control_flow_and_a_queue)
    runner = queue_runner_pb2.QueueRunnerDef(queue_name="test_queue")
    packed = any_pb2.Any()
    packed.Pack(runner)
    for key, value in {
        "int_collection": 3,
        "float_collection": 3.5,
        "string_collection": "hello",
        "variable_collection": program.variable("v0"),
        "user_defined_string_collection": str(runner),
        "user_defined_bytes_collection": runner.SerializeToString(),
        "user_defined_any_collection": packed,
    }.items():
        program.add_to_collection(key, value)

    message = program.built_saver.export_meta_graph(filename)

    assert message.HasField("saver_def")
    assert message.HasField("graph_def")
    assert message.HasField("meta_info_def")
    assert message.meta_info_def.tensorflow_version
    assert message.meta_info_def.tensorflow_git_version
    assert len(message.collection_def) == 12
    collections = message.collection_def
    assert list(collections["int_collection"].int64_list.value) == [3]
    assert list(collections["float_collection"].float_list.value) == [3.5]
    assert list(collections["string_collection"].bytes_list.value) == [b"hello"]
    assert list(collections["variable_collection"].node_list.value) == ["v0:0"]
    assert list(collections["user_defined_any_collection"].any_list.value)

    new = lib.Program()
    again = new.import_meta_graph(filename).export_meta_graph()
    assert described(again) == described(message)


def test_collections_that_cannot_be_exported(lib: Any) -> None:
    program = lib.Program(lambda: v1.Variable(10.0, name="v0"))
    saver = program.saver(["v0"])
    program.add_to_collection(saver.saver, 3)  # a key that is no text
    program.add_to_collection("int_collection", 3)
    program.add_to_collection("int_collection", 3.5)  # a value that is no int
    message = saver.export_meta_graph()
    assert set(message.collection_def) == {"variables", "trainable_variables"}


def two_savers() -> None:
    matrix = [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]
    first = v1.Variable(matrix, name="v0", use_resource=False)
    second = v1.Variable(11.0, name="v1", use_resource=False)
    v1.add_to_collection("savers", v1.train.Saver({"v0": first}, name="saver0"))
    v1.add_to_collection("savers", v1.train.Saver({"v1": second}, name="saver1"))
    v1.global_variables_initializer()


def test_a_collection_of_savers(lib: Any, tmp_path: Path) -> None:
    program = lib.Program(two_savers).initialize()
    saver0, saver1 = program.savers()
    saver0.save(tmp_path / "saver0.ckpt")
    saver1.save(tmp_path / "saver1.ckpt")
    message = program.export_meta_graph(str(tmp_path / "metafile"))
    message0, message1 = saver0.export_meta_graph(), saver1.export_meta_graph()

    assert not message.HasField("saver_def")
    assert message0.HasField("saver_def")
    assert message1.HasField("saver_def")
    for one in (message, message0):
        assert one.collection_def["savers"].WhichOneof("kind") == "bytes_list"
        assert len(one.collection_def["savers"].bytes_list.value) == 2
    names = [
        [name for name, _ in tf.train.list_variables(str(tmp_path / f"saver{n}.ckpt"))]
        for n in (0, 1)
    ]
    assert names == [["v0"], ["v1"]]

    new = lib.Program()
    new.import_meta_graph(str(tmp_path / "metafile"))
    savers = new.savers()
    assert len(savers) == 2
    savers[0].restore(tmp_path / "saver0.ckpt")
    assert new.values()["v0"].tolist() == [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]
    assert "v1" not in new.values()
    savers[1].restore(tmp_path / "saver1.ckpt")
    assert new.values()["v1"].tolist() == 11.0


def test_other_savers_are_left_out(lib: Any, tmp_path: Path) -> None:
    program = lib.Program(two_savers).initialize()
    saver0, saver1 = program.savers()
    saver0.save(tmp_path / "saver0.ckpt")
    saver1.save(tmp_path / "saver1.ckpt")
    message = program.export_meta_graph(str(tmp_path / "metafile"))
    message0 = saver0.export_meta_graph()
    message1 = saver1.export_meta_graph(clear_extraneous_savers=True)

    assert not message.HasField("saver_def")
    assert message0.HasField("saver_def")
    assert message1.HasField("saver_def")
    for one, count in ((message, 2), (message1, 1)):
        assert one.collection_def["savers"].WhichOneof("kind") == "bytes_list"
        assert len(one.collection_def["savers"].bytes_list.value) == count
    assert len(message0.graph_def.node) == 33
    assert len(message1.graph_def.node) == 21


def test_binary_and_text(lib: Any, tmp_path: Path) -> None:
    filename = str(tmp_path / "metafile")
    lib.Program(lambda: v1.Variable(10.0, name="v0")).export_meta_graph(filename, as_text=False)
    saver = lib.Program().import_meta_graph(filename)
    assert saver is not None
    saver.export_meta_graph(filename, as_text=True)
    assert "graph_def {" in Path(filename).read_text()
    assert lib.Program().import_meta_graph(filename) is not None

    Path(filename).write_text(str(saver.as_saver_def()))
    with pytest.raises(OSError) as caught:
        lib.Program().import_meta_graph(filename)
    if not lib.is_ours:
        assert "Cannot parse file" in str(caught.value)
    os.remove(filename)
    with pytest.raises(OSError) as caught:
        lib.Program().import_meta_graph(filename)
    if not lib.is_ours:
        assert "does not exist" in str(caught.value)


def test_a_slice_of_a_variable_goes_through_a_file(lib: Any, tmp_path: Path) -> None:
    def build() -> Any:
        first = v1.Variable([20.0], name="v1", use_resource=False)
        second = v1.Variable([20.0], name="v2", use_resource=False)
        second._set_save_slice_info(v1.Variable.SaveSliceInfo("v1", [1], [0], [1]))
        return v1.train.Saver({"first": first, "second": second})

    program = lib.Program(build).initialize()
    filename = str(tmp_path / "metafile")
    message = program.built_saver.export_meta_graph(filename)
    new_saver = lib.Program().import_meta_graph(filename)
    assert new_saver is not None
    assert described(new_saver.export_meta_graph()) == described(message)


def layer(inputs: Any, sizes: tuple[int, int], scope: str, biases: Any) -> Any:
    with v1.name_scope(scope):
        stddev = 1.0 / np.sqrt(float(sizes[0]))
        weights = v1.Variable(
            tf.random.truncated_normal(sizes, stddev=stddev), name="weights", use_resource=False
        )
        return tf.nn.relu(tf.matmul(inputs, weights) + biases())


def network() -> Any:
    """Two layers and a linear one, with a conditional and a loop for biases."""

    def by_cond() -> Any:
        value = v1.cond(tf.less(0.2, 0.5), lambda: tf.ones([128]), lambda: tf.zeros([128]))
        return v1.Variable(value, name="biases", use_resource=False)

    def by_loop() -> Any:
        start = v1.Variable(tf.zeros([32]), use_resource=False)
        return v1.while_loop(
            lambda it, _: it < 2,
            lambda it, biases: (it + 1, biases + tf.constant(0.1, shape=[32])),
            [tf.constant(0), start],
        )[1]

    images = tf.constant(1.2, tf.float32, shape=[100, 28], name="images")
    hidden1 = layer(images, (28, 128), "hidden1", by_cond)
    hidden2 = layer(hidden1, (128, 32), "hidden2", by_loop)
    with v1.name_scope("softmax_linear"):
        weights = v1.Variable(
            tf.random.truncated_normal([32, 10], stddev=1.0 / np.sqrt(32.0)),
            name="weights",
            use_resource=False,
        )
        biases = v1.Variable(tf.zeros([10]), name="biases", use_resource=False)
        v1.add_to_collection("logits", tf.matmul(hidden2, weights) + biases)
    return v1.train.Saver()


@pytest.mark.parametrize("v2", [False, True], ids=["nodes", "functions"])
def test_a_graph_is_extended_and_trained(v2: bool, lib: Any, tmp_path: Path) -> None:
    """The library moves graphs and values about; TensorFlow builds the rest, and runs it."""
    filename, trained, ckpt = (
        str(tmp_path / name) for name in ("metafile", "train_metafile", "saver0.ckpt")
    )
    with control_flow(v2=v2):
        program = lib.Program(network).initialize()
        program.run(program.get_collection("logits")[0].name)
        program.built_saver.save(ckpt)
        program.built_saver.export_meta_graph(filename)

        with tf.Graph().as_default(), v1.Session() as session:
            saver = v1.train.import_meta_graph(filename)
            saver.export_meta_graph()
            saver.restore(session, ckpt)
            labels = tf.one_hot(tf.zeros([100], tf.int32), 10)
            logits = v1.get_collection("logits")[0]
            losses = tf.nn.softmax_cross_entropy_with_logits(labels=labels, logits=logits)
            loss = tf.reduce_mean(losses, name="xentropy_mean")
            v1.summary.scalar("loss", loss)
            train = v1.train.GradientDescentOptimizer(0.01).minimize(loss)
            v1.add_to_collection("train_op", train)
            session.run(train)
            extended = v1.train.export_meta_graph()

    # Through the library once more, and restored by it.
    new = lib.Program()
    new_saver = new.import_meta_graph(extended)
    new.export_meta_graph(trained)
    new_saver.restore(ckpt)
    program_values = program.values()
    assert {name: value.tolist() for name, value in new.values().items()} == {
        name: value.tolist() for name, value in program_values.items()
    }

    with tf.Graph().as_default(), v1.Session() as session:
        saver = v1.train.import_meta_graph(trained)
        saver.restore(session, ckpt)
        before = session.run("softmax_linear/biases:0")
        session.run(v1.get_collection("train_op")[0])
        assert session.run("softmax_linear/biases:0").tolist() != before.tolist()


def nested_loops(x: Any) -> Any:
    def body(i: Any, x: Any) -> Any:
        _, r = v1.while_loop(lambda j, y: j < 3, lambda j, y: (j + 1, y + x), [0, 0.0])
        return i + 1, x + r

    return v1.while_loop(lambda i, y: i < 5, body, [0, x])[1]


def a_loop_in_a_cond_in_a_loop(x: Any) -> Any:
    def body(i: Any, x: Any) -> Any:
        found = v1.cond(
            i > 0,
            lambda: v1.while_loop(lambda j, y: j < 3, lambda j, y: (j + 1, y + x), [0, 0.0])[1],
            lambda: x,
        )
        return i + 1, found

    return v1.while_loop(lambda i, y: i < 5, body, [0, x])[1]


def nested_conds(x: Any) -> Any:
    return v1.cond(
        x > 0,
        lambda: v1.cond(x > 3, lambda: tf.identity(x), lambda: tf.multiply(x, 2.0)),
        lambda: v1.cond(x < -3, lambda: tf.constant(1.0), lambda: tf.multiply(x, -1.0)),
    )


@pytest.mark.parametrize("make", [nested_loops, a_loop_in_a_cond_in_a_loop, nested_conds])
@pytest.mark.parametrize("v2", [False, True], ids=["nodes", "functions"])
def test_gradients_of_an_imported_graph(
    v2: bool, make: Callable[[Any], Any], lib: Any, tmp_path: Path
) -> None:
    """After an export and an import by the library TensorFlow still derives the same gradient."""
    names = {}

    def build() -> Any:
        variable = v1.Variable(0.0)
        output = make(variable)
        names.update(variable=variable.name, output=output.name)
        return v1.train.Saver()

    def gradient(session: Any) -> Any:
        graph = session.graph
        (variable,) = v1.global_variables()
        found = tf.gradients([graph.get_tensor_by_name(names["output"])], [variable])
        session.run(v1.global_variables_initializer())
        return session.run(found)

    # As TensorFlow's case: without it a fetch may be folded away.
    config = v1.ConfigProto()
    config.graph_options.rewrite_options.constant_folding = 2  # off
    filename, ckpt = str(tmp_path / "metafile"), str(tmp_path / "saver.ckpt")
    with control_flow(v2=v2):
        with tf.Graph().as_default(), v1.Session(config=config) as session:
            build()
            expected = gradient(session)

        program = lib.Program(build).initialize()
        program.run(names["output"])
        program.built_saver.save(ckpt)
        program.built_saver.export_meta_graph(filename)
        new = lib.Program()
        saver = new.import_meta_graph(filename)
        saver.restore(ckpt)
        saver.export_meta_graph(filename)

        with tf.Graph().as_default(), v1.Session(config=config) as session:
            v1.train.import_meta_graph(filename).restore(session, ckpt)
            assert gradient(session) == expected


def test_the_ops_of_a_graph_are_listed(lib: Any) -> None:
    def build() -> Any:
        v0 = v1.Variable(0.0, use_resource=False)
        tf.add(v0, v1.Variable(10.0, use_resource=False))

        @function.Defun(tf.float32)
        def minus_one(x: Any) -> Any:
            return x - 1

        minus_one(tf.identity(v0))
        saver = v1.train.Saver({"v0": v0})
        v1.global_variables_initializer()
        return saver

    message = lib.Program(build).built_saver.export_meta_graph()
    ops = message.meta_info_def.stripped_op_list.op
    assert [one.name for one in ops] == [
        *("AddV2", "Assign", "Const", "Identity", "NoOp", "PlaceholderWithDefault"),
        *("RestoreV2", "SaveV2", "Sub", "VariableV2"),
    ]
    for one in ops:
        assert one.summary == ""
        assert one.description == ""


@pytest.mark.parametrize("strip", [False, True])
def test_attributes_that_are_the_default_are_stripped(strip: bool, lib: Any) -> None:
    """Of Complex these are T (float32) and Tout (complex64)."""

    def build() -> Any:
        parts = [
            v1.Variable(n, dtype=tf.float32, name=s) for n, s in ((1.0, "real"), (2.0, "imag"))
        ]
        tf.complex(*parts, name="complex")
        return v1.train.Saver({"real_num": parts[0], "imag_num": parts[1]})

    message = lib.Program(build).built_saver.export_meta_graph(strip_default_attrs=strip)
    (node,) = [one for one in message.graph_def.node if one.name == "complex"]
    assert ("T" in node.attr, "Tout" in node.attr) == (not strip, not strip)
    assert message.meta_info_def.stripped_default_attrs == strip


def classifier() -> Any:
    image = v1.placeholder(tf.float32, [None, 784], name="image")
    label = v1.placeholder(tf.float32, [None, 10], name="label")
    weights = v1.Variable(tf.random.uniform([784, 10]), name="weights")
    bias = v1.Variable(tf.zeros([10]), name="bias")
    logit = tf.nn.relu(tf.matmul(image, weights) + bias, name="logits")
    tf.nn.softmax(logit, name="prediction")
    cost = tf.nn.softmax_cross_entropy_with_logits(labels=label, logits=logit, name="cost")
    v1.train.AdamOptimizer().minimize(cost, name="optimize")
    return v1.train.Saver()


def one_image(scope: str) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(1)
    return {
        f"{scope}/image:0": rng.random((1, 784)),
        f"{scope}/label:0": rng.integers(0, 10, (1, 10)),
    }


@pytest.mark.parametrize("implicit", [False, True], ids=["import_scope", "name_scope"])
def test_an_import_into_a_scope(implicit: bool, lib: Any, tmp_path: Path) -> None:
    program = lib.Program(classifier).initialize()
    program.built_saver.save(tmp_path / "ckpt")

    new = lib.Program()
    scope = {"name_scope" if implicit else "import_scope": "new_model"}
    new_saver = new.import_meta_graph(str(tmp_path / "ckpt.meta"), **scope)
    new_saver.restore(tmp_path / "ckpt")

    assert new.values()["new_model/weights"].tolist() == program.values()["weights"].tolist()
    before = new.values()["new_model/bias"].tolist()
    new.run(["new_model/optimize"], one_image("new_model"))
    assert new.values()["new_model/bias"].tolist() != before


def test_an_import_without_variables(lib: Any, tmp_path: Path) -> None:
    def build() -> None:
        tf.constant([1, 2, 3], name="x")
        tf.constant([1, 2, 3], name="y")

    lib.Program(build).saver(allow_empty=True).save(tmp_path / "ckpt")
    filename = str(tmp_path / "ckpt.meta")

    new = lib.Program()
    assert new.import_meta_graph(filename, import_scope="subgraph_1") is None
    new.add(lambda: v1.Variable(tf.zeros([10]), name="my_scope/my_var"))
    assert new.import_meta_graph(filename, import_scope="subgraph_2") is None
    # A scope with a variable has a Saver, wherever the variable came from.
    saver = new.import_meta_graph(filename, import_scope="my_scope")
    assert isinstance(saver.saver, lib.Saver)


def classifier_on_a_gpu() -> Any:
    with tf.device("/job:ps/replica:0/task:0/device:GPU:0"):
        classifier()


def names_a_gpu(message: Any) -> bool:
    return any("GPU" in node.device for node in message.graph_def.node)


def test_devices_are_cleared_on_import(lib: Any) -> None:
    message = lib.Program(classifier_on_a_gpu).export_meta_graph()

    new = lib.Program()
    new.import_meta_graph(message, clear_devices=False, import_scope="new_model")
    assert names_a_gpu(new.export_meta_graph())
    with pytest.raises(tf.errors.InvalidArgumentError):  # there is no such device here
        run_new_model(new)

    new = lib.Program()
    new.import_meta_graph(message, clear_devices=True, import_scope="new_model")
    assert not names_a_gpu(new.export_meta_graph())
    run_new_model(new)


def run_new_model(program: Any) -> None:
    """Initialize and run what a library's graph has become, in TensorFlow."""
    message = program.export_meta_graph().SerializeToString()
    with tf.Graph().as_default(), v1.Session() as session:
        v1.train.import_meta_graph(v1.MetaGraphDef.FromString(message))
        session.run(v1.global_variables_initializer())
        session.run(["new_model/optimize"], one_image("new_model"))


def test_devices_are_cleared_on_export(lib: Any, tmp_path: Path) -> None:
    message = lib.Program(classifier_on_a_gpu).export_meta_graph(clear_devices=True)
    assert {node.device for node in message.graph_def.node} == {""}
    new = lib.Program()
    new.import_meta_graph(message, import_scope="new_model")
    run_new_model(new)


@pytest.mark.parametrize("how", ["simple", "devices_cleared", "from_graph_def"])
def test_datasets_and_functions_are_kept(how: str, lib: Any) -> None:
    def build() -> None:
        dataset = tf.data.Dataset.range(10).map(lambda x: x * x)
        element = v1.data.make_one_shot_iterator(dataset).get_next()
        tf.identity(element, name="output")

    program = lib.Program(build)
    options: dict[str, Any] = {} if how == "simple" else {"clear_devices": True}
    if how == "from_graph_def":
        options["graph_def"] = program.graph.as_graph_def()
    message = program.export_meta_graph(**options)

    new = lib.Program()
    new.import_meta_graph(message, import_scope="new_model")
    again = new.export_meta_graph().SerializeToString()
    with tf.Graph().as_default(), v1.Session() as session:
        v1.train.import_meta_graph(v1.MetaGraphDef.FromString(again))
        for n in range(10):
            assert session.run("new_model/output:0") == n * n
        with pytest.raises(tf.errors.OutOfRangeError):
            session.run("new_model/output:0")


# --- CheckpointReaderTest, of both versions


@pytest.mark.parametrize("version", [V1, V2])
def test_a_reader(version: int, lib: Any, tmp_path: Path) -> None:
    values = {
        "v0": np.array([[1, 2, 3], [4, 5, 6]], np.float32),
        "v1": np.array([[[1], [2]], [[3], [4]], [[5], [6]]], np.float32),
    }
    saver = lib.Variables(values).saver({"v0": "v0", "v1": "v1"}, write_version=version)
    saver.save(tmp_path / "ckpt")
    reader = lib.load_checkpoint(str(tmp_path / "ckpt"))
    assert reader.has_tensor("v0")
    assert reader.has_tensor("v1")
    debug_string = reader.debug_string()
    assert b"v0 (DT_FLOAT) [2,3]" in debug_string
    assert b"v1 (DT_FLOAT) [3,2,1]" in debug_string
    assert reader.get_variable_to_shape_map() == {"v0": [2, 3], "v1": [3, 2, 1]}
    for name, value in values.items():
        assert reader.get_tensor(name).tolist() == value.tolist()
    with pytest.raises(lib.NotFoundError, match="not found") as caught:
        reader.get_tensor("v3")
    assert "v3" in str(caught.value)


def test_a_reader_of_nothing(lib: Any, tmp_path: Path) -> None:
    with pytest.raises(lib.NotFoundError) as caught:
        lib.load_checkpoint(str(tmp_path / "non-existent"))
    assert "non-existent" in str(caught.value)


# --- WriteGraphTest


@pytest.mark.parametrize("folders", ["l1", "l1/l2/l3"])
def test_a_graph_is_written_into_new_folders(folders: str, lib: Any, tmp_path: Path) -> None:
    program = lib.Program(lambda: v1.Variable([[1, 2, 3], [4, 5, 6]], dtype=tf.float32, name="v0"))
    graph = program.graph if folders == "l1" else program.graph.as_graph_def()
    path = lib.write_graph(graph, str(tmp_path / folders), "graph.pbtxt")
    assert path == str(tmp_path / folders / "graph.pbtxt")
    assert os.path.exists(path)


# --- ScopedGraphTest


def network_with_protos() -> None:
    network()
    runner = queue_runner_pb2.QueueRunnerDef(queue_name="test_queue")
    packed = any_pb2.Any()
    packed.Pack(runner)
    v1.add_to_collection("user_defined_string_collection", str(runner))
    v1.add_to_collection("user_defined_bytes_collection", runner.SerializeToString())
    v1.add_to_collection("user_defined_any_collection", packed)


@pytest.mark.parametrize("v2", [False, True], ids=["nodes", "functions"])
def test_a_scope_is_saved_and_restored_into_another(v2: bool, lib: Any, tmp_path: Path) -> None:
    filename = str(tmp_path / "exported_hidden1.pbtxt")
    with control_flow(v2=v2):
        program = lib.Program(network_with_protos).initialize()
        variables = program.export_scoped(filename, export_scope="hidden1")
        assert sorted(variables) == ["biases:0", "weights:0"]
        saver = program.saver(variables, max_to_keep=1)
        saver.save(tmp_path / "ckpt", write_state=False)
        assert not (tmp_path / "checkpoint").exists()

        new = lib.Program(lambda: tf.constant(1.2, tf.float32, shape=[100, 28], name="images"))
        variables = new.import_scoped(
            filename, input_map={"$unbound_inputs_images": "images:0"}, import_scope="new_hidden1"
        )
        assert sorted(variables) == ["biases:0", "weights:0"]
        assert new.element("new_hidden1/Relu:0") is not None
        new.saver(variables, max_to_keep=1).restore(tmp_path / "ckpt")

    for name in ("weights", "biases"):
        expected = program.values()[f"hidden1/{name}"]
        assert new.values()[f"new_hidden1/{name}"].tolist() == expected.tolist()
    relu = program.run("hidden1/Relu:0")
    assert np.allclose(new.run("new_hidden1/Relu:0"), relu)


def small_scope() -> None:
    with v1.name_scope("hidden1"):
        images = tf.constant(1.0, tf.float32, shape=[3, 2], name="images")
        weights = v1.Variable(
            [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], name="weights", use_resource=False
        )
        biases = v1.Variable([0.1] * 3, name="biases", use_resource=False)
        tf.nn.relu(tf.matmul(images, weights) + biases, name="relu")


EXPECTED = np.reshape([[5.0999999, 7.0999999, 9.10000038] * 3], (3, 3))


def test_a_scope_is_copied(lib: Any, tmp_path: Path) -> None:
    program = lib.Program(small_scope).initialize()
    first = program.export_scoped(export_scope="hidden1")
    program.saver(first, max_to_keep=1).save(tmp_path / "ckpt", write_state=False)

    with pytest.raises(ValueError, match="need to be different"):
        program.copy_scope("hidden1", "hidden1")

    second = program.copy_scope("hidden1", "hidden2")
    for variables in (first, second):
        program.saver(variables, max_to_keep=1).restore(tmp_path / "ckpt")
    assert np.allclose(program.run("hidden1/relu:0"), EXPECTED)
    assert np.allclose(program.run("hidden2/relu:0"), EXPECTED)

    other = lib.Program()
    third = program.copy_scope("hidden1", "new_hidden1", into=other)
    other.saver(third, max_to_keep=1).restore(tmp_path / "ckpt")
    assert np.allclose(other.run("new_hidden1/relu:0"), EXPECTED)


def test_a_scope_is_exported_from_a_graph_def(lib: Any, tmp_path: Path) -> None:
    program = lib.Program(small_scope).initialize()
    variables = program.export_scoped(
        graph_def=program.graph.as_graph_def(), export_scope="hidden1"
    )
    program.saver(variables, max_to_keep=1).save(tmp_path / "ckpt", write_state=False)

    new = lib.Program()
    copied = program.copy_scope("hidden1", "new_hidden1", into=new)
    new.saver(copied, max_to_keep=1).restore(tmp_path / "ckpt")
    assert np.allclose(new.run("new_hidden1/relu:0"), EXPECTED)


def test_savers_are_copied_with_their_scope(lib: Any, tmp_path: Path) -> None:
    def build() -> None:
        with v1.name_scope("hidden1"):
            first = v1.Variable([1.0], name="variable1", use_resource=False)
            v1.add_to_collection("savers", v1.train.Saver([first]))
        with v1.name_scope("hidden2"):
            second = v1.Variable([2.0], name="variable2", use_resource=False)
        v1.add_to_collection("savers", v1.train.Saver([second], name="hidden2/"))

    program = lib.Program(build).initialize()
    for number, saver in enumerate(program.savers(), 1):
        saver.save(tmp_path / f"saver{number}.ckpt", write_state=False)

    for number in (1, 2):
        new = lib.Program()
        copied = program.copy_scope(f"hidden{number}", f"new_hidden{number}", into=new)
        assert list(copied) == [f"variable{number}:0"]
        (saver,) = new.savers()
        saver.restore(tmp_path / f"saver{number}.ckpt")
        place = copied[f"variable{number}:0"]
        assert new.values()[place].tolist() == [float(number)]


# --- TrackableCompatibilityTests


def test_a_value_is_asked_for_once(lib: Any, tmp_path: Path) -> None:
    """TensorFlow's is a function in a SaveableObject; here it is a mapping that makes values."""
    asked = []
    if lib.is_ours:

        class Weights(dict):
            def __getitem__(self, name: str) -> Any:
                asked.append(name)
                return np.array([1.0], np.float32)

        weights = Weights(foo=None)
        saver = lib.Saver(fsync=False)
        saver.save(weights, tmp_path / "ckpt")
        assert asked == ["foo"]
        return

    from tensorflow.python.training import saver as saver_module

    class Saveable(saver_module.BaseSaverBuilder.SaveableObject):
        def __init__(self, name: str) -> None:
            def tensor() -> Any:
                asked.append(name)
                return tf.constant([1.0])

            spec = saver_module.BaseSaverBuilder.SaveSpec(
                tensor, "", name, dtype=tf.float32, device="/cpu:0"
            )
            super().__init__(tf.constant([2.0]), [spec], name)

        def restore(self, restored_tensors: Any, restored_shapes: Any) -> None:
            pass

    saver = lib.Saver([Saveable("foo")])
    path = saver.save(None, str(tmp_path / "ckpt"))
    assert asked == ["foo"]
    saver.restore(None, path)
    assert asked == ["foo"]


@pytest.mark.parametrize("kind", ["resource", "eager"])
def test_a_variable_that_a_checkpoint_lacks(kind: str, lib: Any, tmp_path: Path) -> None:
    variables = lib.Variables({"a": 1.0, "b": 1.0}, kind=kind)
    path = variables.saver(["a"]).save(tmp_path / "ckpt")
    with pytest.raises(lib.NotFoundError) as caught:
        variables.saver(["b"]).restore(path)
    message = str(caught.value)
    if lib.is_ours:  # all that is missing is listed
        assert "  b" in message.splitlines()
    else:
        assert "Key b not found in checkpoint" in message
    # Nor is there a trace of looking whether it is an object-based checkpoint.
    assert "NewCheckpointReader" not in message
    assert caught.value.__cause__ is None


def test_a_graph_that_changed(lib: Any, tmp_path: Path) -> None:
    path = lib.Variables({"a": 1.0}, kind="reference").saver(["a"]).save(tmp_path / "ckpt")
    saver = lib.Variables({"a": [1.0]}, kind="reference").saver(["a"])
    with pytest.raises(lib.InvalidArgumentError) as caught:
        saver.restore(path)
    if not lib.is_ours:
        assert "a mismatch between the current graph and the graph" in str(caught.value)


# --- saver_large_variable_test.py, saver_large_partitioned_variable_test.py


def test_a_variable_of_two_gib_is_too_big_for_v1(lib: Any, tmp_path: Path) -> None:
    variables = lib.Variables({"var": np.zeros((2, 1024, 1024, 1024), bool)}, kind="eager")
    saver = variables.saver({"var": "var"}, write_version=V1)
    with pytest.raises(lib.InvalidArgumentError, match="Tensor slice is too large to serialize"):
        saver.save(tmp_path / "large_variable")


@pytest.mark.parametrize("files", tf_suite_files.BOTH, ids=lib_name)
def test_a_partitioned_variable_of_two_gib(files: Any, tmp_path: Path) -> None:
    """In four parts of which each is smaller; its size does not fit an int32."""
    path, size, length = tmp_path / "large_variable", 1 << 31, 1 << 29
    ones = np.ones(length, bool)
    items = [
        tf_suite_files.Item("my_var", ones, f"{size} {start},{length}")
        for start in range(0, size, length)
    ]
    try:
        assert files.save(path, items) == str(path)
        assert files.open(str(path)).get_variable_to_shape_map() == {"my_var": [size]}
        end = files.restore(path, "my_var", "bool", f"{size} {size - 3},3")
        assert end.tolist() == [True] * 3
    finally:
        os.remove(tf_suite_files.data_file(path))
