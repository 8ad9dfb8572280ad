"""The graph beside a checkpoint: TensorFlow imports it, restores, and saves again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
import tensorflow as tf

import tfckpt
from tfckpt.dtypes import OPAQUE, DataType, numpy_dtype
from tfckpt.saver.variables_graph import NO_VARIABLE

v1 = tf.compat.v1

ODD_NAMES = [
    "plain",
    "scope/w",
    "scope/w/Assign",
    "scope/w/Read/ReadVariableOp",
    "save/Const",
    "save",
    "with space",
    "with_space",
    "colon:0",
    "_CHECKPOINTABLE",
    "/leading",
    "trailing/",
    "-dash",
    "é漢字",
    "a>b",
    "back\\slash",
    "layer/.ATTRIBUTES/VARIABLE_VALUE",
    "x" * 300,
]


def value_of(kind: DataType, shape: tuple[int, ...]) -> np.ndarray:
    if kind is DataType.DT_STRING:
        array = np.empty(int(np.prod(shape)), object)
        array[:] = [b"s%d\x00\xff" % n for n in range(array.size)]
        return array.reshape(shape)
    dtype = numpy_dtype(kind)
    assert dtype is not None
    plain = np.arange(int(np.prod(shape))) % 2
    return plain.astype(dtype[0] if dtype.names else dtype).view(dtype).reshape(shape)


def imported(path: str, again: str | None = None) -> dict[str, Any]:
    """Return the variables that TensorFlow has after importing and restoring, by their names."""
    with tf.Graph().as_default(), v1.Session() as session:
        saver = v1.train.import_meta_graph(path + ".meta")
        variables = v1.global_variables()
        session.run(v1.global_variables_initializer())
        saver.restore(session, path)
        if again is not None:
            assert saver.save(session, again) == again
        return {variable.op.name: session.run(variable) for variable in variables}


def assert_same_tensors(ours: str, theirs: str) -> None:
    a, b = tfckpt.load(ours), tfckpt.load(theirs)
    assert a.keys() == b.keys()
    for name, array in a.items():
        assert np.asarray(array).dtype == np.asarray(b[name]).dtype
        assert np.asarray(array).tolist() == np.asarray(b[name]).tolist(), name


@pytest.mark.parametrize(
    "kind", [k for k in DataType if k not in {0, *OPAQUE, *NO_VARIABLE}], ids=lambda k: k.name
)
def test_variables_of_every_dtype(kind: DataType, tmp_path: Path) -> None:
    weights = {
        "scalar": value_of(kind, ()),
        "matrix": value_of(kind, (2, 3)),
        "empty": value_of(kind, (0, 2)),
    }
    path = tfckpt.Saver().save(weights, tmp_path / "m", global_step=1)

    found = imported(path, again=str(tmp_path / "again"))

    assert found.keys() == weights.keys()
    assert_same_tensors(path, str(tmp_path / "again"))


@pytest.mark.parametrize("kind", NO_VARIABLE, ids=lambda kind: kind.name)
@pytest.mark.parametrize("sharded", [False, True])
def test_types_that_tensorflow_has_no_variables_of_are_left_out(
    kind: DataType, sharded: bool, tmp_path: Path
) -> None:
    weights = {"w": np.ones(2, np.float32), "q": value_of(kind, (2,))}
    path = tfckpt.Saver(sharded=sharded).save(weights, tmp_path / "m")

    assert imported(path).keys() == {"w"}


@pytest.mark.parametrize("sharded", [False, True])
def test_names_that_no_operation_may_have(sharded: bool, tmp_path: Path) -> None:
    weights = {name: np.full((2,), n, np.float32) for n, name in enumerate(ODD_NAMES)}
    path = tfckpt.Saver(sharded=sharded, shards=3).save(weights, tmp_path / "m")

    found = imported(path, again=str(tmp_path / "again"))

    assert sorted(value[0] for value in found.values()) == list(range(len(ODD_NAMES)))
    assert found["plain"].tolist() == weights["plain"].tolist()
    assert found["with_space"].tolist() == weights["with_space"].tolist()
    assert_same_tensors(path, str(tmp_path / "again"))
    for name in weights:
        shards = {True: "00003", False: "00001"}[sharded]
        assert (tmp_path / f"again.data-00000-of-{shards}").exists(), name


def test_saved_again_it_is_the_same_file(tmp_path: Path) -> None:
    weights = {f"layer/{n}/w": np.arange(n, dtype=np.float32) for n in range(20)}
    path = tfckpt.Saver().save(weights, tmp_path / "m")

    imported(path, again=str(tmp_path / "again"))

    for suffix in (".index", ".data-00000-of-00001"):
        ours, theirs = tmp_path / f"m{suffix}", tmp_path / f"again{suffix}"
        assert ours.read_bytes() == theirs.read_bytes()


def test_many_variables_that_are_alike(tmp_path: Path) -> None:
    weights: dict[str, Any] = {f"layer_{n}/w": np.full(2, n, np.float32) for n in range(300)}
    weights |= {f"layer_{n}/step": np.full((), n, np.int64) for n in range(300)}
    path = tfckpt.Saver(sharded=True, shards=2).save(weights, tmp_path / "m")

    found = imported(path, again=str(tmp_path / "again"))

    assert {name: value.tolist() for name, value in found.items()} == {
        name: value.tolist() for name, value in weights.items()
    }
    assert_same_tensors(path, str(tmp_path / "again"))


def test_trainable_are_the_floats(tmp_path: Path) -> None:
    weights = {
        "w": np.ones(2, np.float32),
        "h": np.ones(2, ml_dtypes.bfloat16),
        "step": np.int64(1),
        "label": np.array(b"x", object),
    }
    path = tfckpt.Saver().save(weights, tmp_path / "m")
    with tf.Graph().as_default():
        v1.train.import_meta_graph(path + ".meta")
        assert sorted(v.op.name for v in v1.global_variables()) == sorted(weights)
        assert sorted(v.op.name for v in v1.trainable_variables()) == ["h", "w"]


def test_import_under_a_scope_and_two_at_once(tmp_path: Path) -> None:
    path = tfckpt.Saver(name="keeper").save({"w": np.ones(3, np.float32)}, tmp_path / "m")
    with tf.Graph().as_default(), v1.Session() as session:
        savers = [v1.train.import_meta_graph(path + ".meta", import_scope=s) for s in "ab"]
        for saver in savers:
            saver.restore(session, path)
        for variable in v1.global_variables():
            assert session.run(variable).tolist() == [1, 1, 1]
        assert savers[0].saver_def.restore_op_name == "a/keeper/restore_all"


def test_reshape_is_in_the_graph(tmp_path: Path) -> None:
    flat = tfckpt.Saver().save({"w": np.arange(6, dtype=np.float32)}, tmp_path / "flat")
    square = np.zeros((2, 3), np.float32)
    path = tfckpt.Saver(reshape=True).save({"w": square}, tmp_path / "m")
    with tf.Graph().as_default(), v1.Session() as session:
        saver = v1.train.import_meta_graph(path + ".meta")
        saver.restore(session, flat)
        assert session.run("w/Read/ReadVariableOp:0").shape == (2, 3)


def test_tensorflow_restores_into_a_graph_of_its_own(tmp_path: Path) -> None:
    weights = {"a": np.arange(3, dtype=np.float32), "b": np.int64(4)}
    for sharded in (False, True):
        path = tfckpt.Saver(sharded=sharded).save(weights, tmp_path / f"m{sharded}")
        with tf.Graph().as_default(), v1.Session() as session:
            a = v1.get_variable("a", [3])
            b = v1.get_variable("b", [], tf.int64, v1.zeros_initializer())
            v1.train.Saver().restore(session, path)
            assert session.run([a, b])[0].tolist() == [0, 1, 2]
            assert session.run(b) == 4


def test_a_graph_from_tensorflow_is_written_as_it_came(tmp_path: Path) -> None:
    with tf.Graph().as_default(), v1.Session() as session:
        w = v1.get_variable("w", [2], use_resource=True)
        tf.identity(w * 2, name="twice")
        theirs = v1.train.Saver()
        session.run(v1.global_variables_initializer())
        theirs.save(session, str(tmp_path / "theirs"))
    meta = tfckpt.MetaGraphDef.FromString((tmp_path / "theirs.meta").read_bytes())

    saver = tfckpt.Saver(saver_def=meta.saver_def, meta_graph=meta)
    path = saver.save({"w": np.array([3, 4], np.float32)}, tmp_path / "ours")

    with tf.Graph().as_default(), v1.Session() as session:
        v1.train.import_meta_graph(path + ".meta").restore(session, path)
        assert session.run("twice:0").tolist() == [6, 8]


def test_the_saver_def_is_tensorflows(tmp_path: Path) -> None:
    for settings in (
        {},
        {"max_to_keep": None, "name": "my"},
        {"sharded": True, "keep_checkpoint_every_n_hours": 0.1},
    ):
        with tf.Graph().as_default():
            v1.get_variable("w", [2])
            theirs = v1.train.Saver(**settings).as_saver_def()
        ours = tfckpt.Saver(**settings).as_saver_def()
        assert ours.SerializeToString() == theirs.SerializeToString()
        again = tfckpt.Saver.from_proto(theirs, import_scope="s")
        assert again.as_saver_def().restore_op_name == f"s/{theirs.restore_op_name}"
        assert again.to_proto("s").SerializeToString() == theirs.SerializeToString()
        assert again.to_proto("other") is None


# Savers of graphs that came from TensorFlow

# Attributes that TensorFlow infers when it imports a graph.
INFERRED = {"_output_shapes", "_has_manual_control_dependencies"}


def tensorflows_graph(tmp_path: Path, use_resource: bool, *, saver: Any = None) -> str:
    """Save w (partitioned in two) and v in a graph with another operation, "twice"."""
    with tf.Graph().as_default(), v1.Session() as session:
        with v1.variable_scope("", use_resource=use_resource):
            v = v1.get_variable("v", [2], initializer=v1.ones_initializer())
            v1.get_variable(
                "w",
                [5, 2],
                initializer=v1.ones_initializer(),
                partitioner=v1.fixed_size_partitioner(2),
            )
        tf.identity(v * 2, name="twice")
        session.run(v1.global_variables_initializer())
        v1.train.Saver().save(session, str(tmp_path / "theirs"))
        return v1.train.export_meta_graph().SerializeToString() if saver is None else saver(v)


def run_restored(path: str, *tensors: str) -> list[Any]:
    with tf.Graph().as_default(), v1.Session() as session:
        v1.train.import_meta_graph(path + ".meta").restore(session, path)
        return [value.tolist() for value in session.run(tensors)]


WEIGHTS = {"v": np.array([3, 4], np.float32), "w": np.full((5, 2), 7, np.float32)}


@pytest.mark.parametrize("use_resource", [False, True])
def test_a_graph_without_a_saver_gets_one(use_resource: bool, tmp_path: Path) -> None:
    data = tensorflows_graph(tmp_path, use_resource)
    meta = tfckpt.MetaGraphDef.FromString(data)
    assert not meta.HasField("saver_def")

    with tfckpt.Graph().as_default() as graph:
        saver = tfckpt.import_meta_graph(meta)
    with tf.Graph().as_default() as theirs:
        expected = v1.train.import_meta_graph(v1.MetaGraphDef.FromString(data))
        # The graph had a Saver's operations already: the new one's stand beside them.
        names = {op.name for op in theirs.get_operations() if op.type in ("SaveV2", "RestoreV2")}
    mine = {op.name for op in graph.get_operations() if op.type in ("SaveV2", "RestoreV2")}
    assert mine == names
    assert expected.saver_def.SerializeToString() == saver.saver_def.SerializeToString()

    restored: dict[str, Any] = {}
    saver.restore(restored, tmp_path / "theirs")
    assert sorted(restored) == ["v", "w"]
    assert restored["w"].tolist() == [[1, 1]] * 5
    path = saver.save(WEIGHTS, tmp_path / "ours")
    read = "w/part_1/Read/ReadVariableOp:0" if use_resource else "w/part_1:0"
    assert run_restored(path, "twice:0", read) == [[6, 8], [[7, 7], [7, 7]]]
    assert saver.export_meta_graph().graph_def.node


@pytest.mark.parametrize("use_resource", [False, True])
def test_a_saver_of_a_graph_knows_its_variables_and_names(
    use_resource: bool, tmp_path: Path
) -> None:
    def renaming(v: Any) -> bytes:
        theirs = v1.train.Saver({"v/EMA": v}, name="ema")
        return v1.train.export_meta_graph(saver_def=theirs.as_saver_def()).SerializeToString()

    meta = tfckpt.MetaGraphDef.FromString(tensorflows_graph(tmp_path, use_resource, saver=renaming))
    with tfckpt.Graph().as_default():
        saver = tfckpt.import_meta_graph(meta)
    path = saver.save(WEIGHTS, tmp_path / "ours")
    assert tfckpt.list_variables(path) == [("v/EMA", [2])]
    assert run_restored(path, "twice:0") == [[6, 8]]

    weights = {"v": np.zeros(2, np.float32), "w": np.zeros((5, 2), np.float32)}
    report = saver.restore(weights, path)
    assert report.restored == ["v/EMA"]
    assert (weights["v"].tolist(), weights["w"].any()) == ([3, 4], False)


@pytest.mark.parametrize("scope", [None, "moved"])
def test_a_saver_of_a_graph_in_a_scope(scope: str | None, tmp_path: Path) -> None:
    tensorflows_graph(tmp_path, True)
    with tfckpt.Graph().as_default():
        saver = tfckpt.import_meta_graph(tmp_path / "theirs.meta", import_scope=scope)
    weights: dict[str, Any] = {}
    saver.restore(weights, tmp_path / "theirs")
    # The names in a checkpoint are constants of the graph, and stay.
    assert sorted(weights) == (["moved/v", "w"] if scope else ["v", "w"])
    path = saver.save(weights, tmp_path / "ours")
    assert [name for name, _ in tfckpt.list_variables(path)] == ["v", "w"]
    assert run_restored(path, "moved/twice:0" if scope else "twice:0") == [[2, 2]]


def test_savers_of_the_collection_know_their_variables(tmp_path: Path) -> None:
    def collected(v: Any) -> bytes:
        v1.add_to_collection("savers", v1.train.Saver({"renamed": v}, name="one"))
        return v1.train.export_meta_graph().SerializeToString()

    meta = tfckpt.MetaGraphDef.FromString(tensorflows_graph(tmp_path, True, saver=collected))
    with tfckpt.Graph().as_default():
        tfckpt.import_meta_graph(meta)
        (saver,) = tfckpt.get_collection("savers")
    path = saver.save(WEIGHTS, tmp_path / "ours")
    assert tfckpt.list_variables(path) == [("renamed", [2])]
    assert run_restored(path, "twice:0") == [[6, 8]]


@pytest.mark.parametrize("strip", [False, True])
@pytest.mark.parametrize("clear", [False, True])
def test_what_a_saver_leaves_out_of_its_graph(strip: bool, clear: bool, tmp_path: Path) -> None:
    def two(v: Any) -> bytes:
        v1.add_to_collection("savers", v1.train.Saver([v], name="other"))
        mine = v1.train.Saver([v], name="mine")
        return v1.train.export_meta_graph(saver_def=mine.as_saver_def()).SerializeToString()

    data = tensorflows_graph(tmp_path, True, saver=two)
    arguments = {"strip_default_attrs": strip, "clear_extraneous_savers": clear}
    with tf.Graph().as_default():
        theirs = v1.train.import_meta_graph(v1.MetaGraphDef.FromString(data))
        expected = theirs.export_meta_graph(**arguments)
    with tfckpt.Graph().as_default():
        saver = tfckpt.import_meta_graph(tfckpt.MetaGraphDef.FromString(data))
    found = saver.export_meta_graph(**arguments)

    def shown(meta: Any) -> Any:
        nodes = {node.name: sorted({*node.attr} - INFERRED) for node in meta.graph_def.node}
        savers = meta.collection_def["savers"].bytes_list.value
        names = [v1.train.SaverDef.FromString(one).restore_op_name for one in savers]
        stripped = meta.meta_info_def.stripped_default_attrs
        return nodes, names, stripped, sorted(meta.collection_def)

    assert shown(found) == shown(expected)
    path = saver.save(WEIGHTS, tmp_path / "ours", strip_default_attrs=strip)
    written = tfckpt.read_meta_graph(f"{path}.meta")
    assert written.meta_info_def.stripped_default_attrs == strip
    full = saver.export_meta_graph(strip_default_attrs=strip)
    assert written.graph_def == full.graph_def
    assert run_restored(path, "twice:0") == [[6, 8]]


def test_a_saver_writes_what_was_added_to_its_graph_since(tmp_path: Path) -> None:
    tensorflows_graph(tmp_path, True)
    with tfckpt.Graph().as_default() as graph:
        saver = tfckpt.import_meta_graph(tmp_path / "theirs.meta")
        graph.create_op(
            "Neg", [graph.get_tensor_by_name("twice:0")], name="minus", attrs={"T": np.float32}
        )
    path = saver.save(WEIGHTS, tmp_path / "ours")
    assert run_restored(path, "minus:0") == [[-6, -8]]


def test_a_saver_of_some_variables_of_a_graph(tmp_path: Path) -> None:
    meta = tfckpt.MetaGraphDef.FromString(tensorflows_graph(tmp_path, True))
    saver = tfckpt.Saver({"renamed": "v", "whole": "w"}, meta_graph=meta)
    assert saver.saver_def.restore_op_name == "save_1/restore_all"
    path = saver.save(WEIGHTS, tmp_path / "ours")
    assert [name for name, _ in tfckpt.list_variables(path)] == ["renamed", "whole"]
    assert run_restored(path, "twice:0", "w/part_0/Read/ReadVariableOp:0") == [
        [6, 8],
        [[7, 7]] * 3,
    ]
    with pytest.raises(ValueError, match=r"1 of var_list are no variables of the graph: 'x'"):
        tfckpt.Saver(["v", "x"], meta_graph=meta).save({**WEIGHTS, "x": [1]}, tmp_path / "bad")
    assert not list(tmp_path.glob("bad*"))
