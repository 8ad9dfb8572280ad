"""SavedModels: building, loading and editing them, and what is refused."""

from __future__ import annotations

import gc
import os
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tfckpt
from tfckpt import saved_model
from tfckpt.errors import (
    CheckpointError,
    DataLossError,
    FailedPreconditionError,
    FileMissingError,
    InvalidArgumentError,
    NotFoundError,
    TensorNotFoundError,
    UnimplementedError,
)
from tfckpt.names import OBJECT_GRAPH_KEY
from tfckpt.protos import (
    AssetFileDef,
    AttrValue,
    GraphDef,
    MetaGraphDef,
    SavedModel,
    SignatureDef,
    TensorInfo,
    TensorProto,
    VariableDef,
)

FLOAT, INT, STRING, RESOURCE = 1, 3, 7, 20
FACTOR = "factor/.ATTRIBUTES/VARIABLE_VALUE"  # the variable of golden/saved_model


def info(name: str, dtype: int = FLOAT) -> TensorInfo:
    return TensorInfo(name=name, dtype=dtype)


def linear(asset: str = "") -> GraphDef:
    """The nodes of y = x + w, with an operation and, if given, the path of an asset."""
    graph = GraphDef()
    kind = AttrValue(type=FLOAT)
    add = graph.node.add
    add(name="x", op="Placeholder").attr["dtype"].CopyFrom(kind)
    w = add(name="w", op="VarHandleOp", device="/cpu:0")
    w.attr["dtype"].CopyFrom(kind)
    w.attr["shape"].shape.dim.add(size=2)
    w.attr["shared_name"].s = b"w"
    add(name="read", op="ReadVariableOp", input=["w"]).attr["dtype"].CopyFrom(kind)
    add(name="y", op="AddV2", input=["x", "read"]).attr["T"].CopyFrom(kind)
    add(name="setup", op="NoOp")
    path = add(name="path", op="Const").attr
    path["dtype"].type = STRING
    path["value"].tensor.CopyFrom(TensorProto(dtype=STRING, string_val=[asset.encode()]))
    return graph


SERVE = {
    "serving_default": saved_model.predict_signature_def({"x": info("x:0")}, {"y": info("y:0")})
}
WEIGHTS = {"w": np.array([1.5, -2.5], np.float32)}


def build(folder: Path, weights: Any = None, tags: Any = ("serve",), **options: Any) -> Path:
    builder = saved_model.Builder(folder, fsync=False)
    builder.add_meta_graph_and_variables(WEIGHTS if weights is None else weights, tags, **options)
    builder.save()
    return folder


def listing(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


# Names


NAMES = {
    "tag_constants": {
        "SERVING": "serve",
        "TRAINING": "train",
        "EVAL": "eval",
        "GPU": "gpu",
        "TPU": "tpu",
    },
    "signature_constants": {
        "DEFAULT_SERVING_SIGNATURE_DEF_KEY": "serving_default",
        "CLASSIFY_INPUTS": "inputs",
        "CLASSIFY_METHOD_NAME": "tensorflow/serving/classify",
        "CLASSIFY_OUTPUT_CLASSES": "classes",
        "CLASSIFY_OUTPUT_SCORES": "scores",
        "PREDICT_INPUTS": "inputs",
        "PREDICT_METHOD_NAME": "tensorflow/serving/predict",
        "PREDICT_OUTPUTS": "outputs",
        "REGRESS_INPUTS": "inputs",
        "REGRESS_METHOD_NAME": "tensorflow/serving/regress",
        "REGRESS_OUTPUTS": "outputs",
    },
    "constants": {
        "ASSETS_DIRECTORY": "assets",
        "ASSETS_KEY": "saved_model_assets",
        "LEGACY_INIT_OP_KEY": "legacy_init_op",
        "MAIN_OP_KEY": "saved_model_main_op",
        "SAVED_MODEL_FILENAME_PB": "saved_model.pb",
        "SAVED_MODEL_FILENAME_PBTXT": "saved_model.pbtxt",
        "SAVED_MODEL_SCHEMA_VERSION": 1,
        "VARIABLES_DIRECTORY": "variables",
        "VARIABLES_FILENAME": "variables",
    },
}  # fmt: skip


@pytest.mark.parametrize("module", NAMES)
def test_constants_have_tensorflows_values(module: str) -> None:
    found = getattr(saved_model, module)
    assert NAMES[module] == {name: getattr(found, name) for name in NAMES[module]}


def test_every_public_name_is_there() -> None:
    for name in saved_model.__all__:
        assert getattr(saved_model, name) is not None
    assert saved_model.builder.SavedModelBuilder is saved_model.Builder
    assert saved_model.loader.load is saved_model.load
    assert saved_model.loader.maybe_saved_model_directory is saved_model.contains_saved_model


# Building and loading


def test_weights_alone_make_a_model(tmp_path: Path) -> None:
    weights = {"layer/w": np.eye(2), "layer/b": np.int32(3), "name": b"x"}
    folder = build(tmp_path / "new" / "m", weights)
    assert listing(folder) == [
        "saved_model.pb",
        "variables",
        "variables/variables.data-00000-of-00001",
        "variables/variables.index",
    ]
    found: dict[str, Any] = {}
    graph = saved_model.load(found, ["serve"], folder)
    assert sorted(found) == sorted(weights)
    assert found["name"] == b"x"
    np.testing.assert_array_equal(np.eye(2), found["layer/w"])
    assert {"layer/w", "layer/b", "name"} <= {node.name for node in graph.graph_def.node}
    assert graph.saver_def.restore_op_name == "save/restore_all"
    np.testing.assert_array_equal(np.eye(2), tfckpt.load(folder)["layer/w"])


@settings(max_examples=25, deadline=None)
@given(
    st.dictionaries(
        st.text(min_size=1, max_size=8),
        st.sampled_from(["f4", "f8", "i1", "u8", "?", "c8"]),
        max_size=5,
    )
)
def test_any_names_and_types_come_back(tmp_path_factory: Any, kinds: dict[str, str]) -> None:
    weights = {name: np.ones((2, 1), kind) for name, kind in kinds.items()}
    folder = build(tmp_path_factory.mktemp("any") / "m", weights)
    found: dict[str, Any] = {}
    saved_model.load(found, ["serve"], folder)
    assert {name: np.dtype(kind) for name, kind in kinds.items()} == {
        name: value.dtype for name, value in found.items()
    }


def test_a_graph_gets_what_it_lacks_and_keeps_the_rest(tmp_path: Path) -> None:
    folder = build(
        tmp_path / "m", {**WEIGHTS, "more": np.zeros(1)}, ["a", "b"],
        signature_def_map=SERVE, graph=linear(), clear_devices=True,
    )  # fmt: skip
    graph = saved_model.load({}, ["b", "a"], folder)
    assert list(graph.meta_info_def.tags) == ["a", "b"]
    assert list(graph.signature_def) == ["serving_default"]
    names = [node.name for node in graph.graph_def.node]
    assert names[:6] == ["x", "w", "read", "y", "setup", "path"]
    assert "save/restore_all" in names
    assert not any(node.device for node in graph.graph_def.node)
    (names_node,) = [
        node for node in graph.graph_def.node if node.name == "save/RestoreV2/tensor_names"
    ]
    assert list(names_node.attr["value"].tensor.string_val) == [b"w"]


def test_a_graph_that_can_restore_is_left_as_it_is(tmp_path: Path) -> None:
    first = saved_model.load({}, ["serve"], build(tmp_path / "1", graph=linear()))
    second = saved_model.load({}, ["serve"], build(tmp_path / "2", graph=first))
    assert first == second


def test_an_open_checkpoint_becomes_a_model(tmp_path: Path) -> None:
    prefix = tfckpt.save(tmp_path / "ckpt", WEIGHTS)
    with tfckpt.load_checkpoint(prefix) as reader:
        folder = build(tmp_path / "m", reader)
    np.testing.assert_array_equal(WEIGHTS["w"], tfckpt.load(folder)["w"])


def test_the_saver_of_an_imported_graph_brings_that_graph(golden: Path, tmp_path: Path) -> None:
    with tfckpt.Graph().as_default():
        saver = tfckpt.import_meta_graph(golden / "trained" / "model.ckpt-60.meta")
    weights = tfckpt.load(golden / "trained")
    found = saved_model.load({}, ["serve"], build(tmp_path / "m", weights, saver=saver))
    assert "matmul" in {node.name for node in found.graph_def.node}
    assert found.saver_def.restore_op_name == "save/restore_all"


def test_several_graphs_share_the_variables(tmp_path: Path) -> None:
    builder = saved_model.Builder(tmp_path / "m")
    builder.add_meta_graph_and_variables(WEIGHTS, ["train"], graph=linear())
    builder.add_meta_graph(["serve"], SERVE, main_op="setup")
    builder.add_meta_graph(["serve", "gpu"])
    builder.save()
    for tags, signatures, init_op in [
        (["train"], [], None),
        (["serve"], ["serving_default"], "setup"),
        (["gpu", "serve"], [], None),
    ]:
        found: dict[str, Any] = {}
        graph = saved_model.load(found, tags, tmp_path / "m")
        assert list(found) == ["w"]
        assert list(graph.signature_def) == signatures
        assert saved_model.loader.get_init_op(graph) == init_op


def test_text_is_read_where_there_is_no_binary(tmp_path: Path) -> None:
    asset = tmp_path / "words"
    asset.write_text("a")
    graph = linear(str(asset))
    builder = saved_model.Builder(tmp_path / "m")
    builder.add_meta_graph_and_variables(
        WEIGHTS, ["text"], SERVE, assets_collection=["path:0"], graph=graph
    )
    assert builder.save(as_text=True) == str(tmp_path / "m" / "saved_model.pbtxt")
    assert (
        "[type.googleapis.com/tensorflow.AssetFileDef]"
        in (tmp_path / "m/saved_model.pbtxt").read_text()
    )
    text = saved_model.load({}, ["text"], tmp_path / "m")
    builder.add_meta_graph(["binary"])
    builder.save()
    binary = saved_model.load({}, ["text"], tmp_path / "m")
    # Not by ==: the pure-Python protobuf fails at an Any of a pool of our own.
    assert binary.SerializeToString(deterministic=True) == text.SerializeToString(
        deterministic=True
    )
    saved_model.load({}, ["binary"], tmp_path / "m")  # which only the binary file has
    (tmp_path / "m/saved_model.pb").unlink()
    with pytest.raises(RuntimeError):
        saved_model.load({}, ["binary"], tmp_path / "m")


def test_graphs_can_be_added_when_the_weights_are_gone(golden: Path, tmp_path: Path) -> None:
    graph = saved_model.load({}, ["serve"], golden / "saved_model")
    builder = saved_model.Builder(tmp_path / "m")
    with tfckpt.load_checkpoint(golden / "saved_model") as reader:
        builder.add_meta_graph_and_variables(reader, ["one"], graph=graph)
    builder.add_meta_graph(["two"])
    builder.save()
    assert len(saved_model.parse_saved_model(tmp_path / "m").meta_graphs) == 2


def test_main_op_is_recorded(tmp_path: Path) -> None:
    for name, options in {
        "main": {"main_op": "setup"},
        "legacy": {"legacy_init_op": "setup"},
        "both": {"main_op": "setup", "legacy_init_op": "x"},
    }.items():
        graph = saved_model.load({}, ["serve"], build(tmp_path / name, graph=linear(), **options))
        assert list(graph.collection_def["saved_model_main_op"].node_list.value) == ["setup"]


def test_operations_can_be_named_by_signatures(tmp_path: Path) -> None:
    loader = saved_model.loader
    for name, train_op in {"operation": "setup", "tensor": "y:0"}.items():
        folder = build(tmp_path / name, graph=linear(), init_op="setup", train_op=train_op)
        graph = saved_model.load({}, ["serve"], folder)
        assert graph.signature_def["__saved_model_init_op"] == named("init", "setup")
        assert graph.signature_def["__saved_model_train_op"] == named("train", train_op)
        assert not graph.collection_def
        assert (loader.get_init_op(graph), loader.get_train_op(graph)) == ("setup", train_op)
        assert loader.get_train_op(graph, "scope") == f"scope/{train_op}"


def named(what: str, name: str) -> SignatureDef:
    """The signature that says what an operation is for (builder_impl.py)."""
    signature = SignatureDef()
    signature.outputs[f"__saved_model_{what}_op"].name = name
    signature.outputs[f"__saved_model_{what}_op"].tensor_shape.unknown_rank = True
    return signature


def test_an_operation_may_be_named_twice_but_no_two(tmp_path: Path) -> None:
    both = build(tmp_path / "1", graph=linear(), main_op="setup", init_op="setup")
    graph = saved_model.load({}, ["serve"], both)
    assert list(graph.collection_def["saved_model_main_op"].node_list.value) == ["setup"]
    assert "__saved_model_init_op" in graph.signature_def
    for wrong in ({"init_op": "x"}, {"main_op": "setup"}):
        with pytest.raises(ValueError, match="Graph already contains"):
            build(tmp_path / "2", graph=graph, **wrong)
    trained = saved_model.load({}, ["serve"], build(tmp_path / "3", graph=linear(), train_op="x"))
    with pytest.raises(ValueError, match=r"train op 'x'.*'setup'"):
        build(tmp_path / "2", graph=trained, train_op="setup")


def restores(graph: MetaGraphDef) -> list[bytes]:
    """The names that the one RestoreV2 of a graph asks a checkpoint for."""
    (node,) = [n for n in graph.graph_def.node if n.name.endswith("RestoreV2/tensor_names")]
    return sorted(node.attr["value"].tensor.string_val)


def two_variables() -> GraphDef:
    graph = linear()
    graph.node.add(name="v", op="VarHandleOp").CopyFrom(graph.node[1])
    graph.node[-1].name = "v"
    return graph


@pytest.mark.parametrize("graph", [None, two_variables()], ids=["no graph", "a graph"])
def test_a_saver_names_its_operations(tmp_path: Path, graph: Any) -> None:
    weights = {"w": WEIGHTS["w"], "v": WEIGHTS["w"]}
    saver = tfckpt.Saver(name="mine")
    found = saved_model.load(
        {}, ["serve"], build(tmp_path / "m", weights, saver=saver, graph=graph)
    )
    assert found.saver_def.restore_op_name == "mine/restore_all"
    assert restores(found) == [b"v", b"w"]
    # The graph has these now: they are taken, and none are added.
    again = build(tmp_path / "2", weights, saver=tfckpt.Saver(name="mine"), graph=found)
    assert saved_model.load({}, ["serve"], again) == found


CHOICES: dict[str, tuple[Any, list[bytes], list[bytes]]] = {
    "some": (["w"], [b"w"], [b"w"]),
    "another name": ({"old": "w"}, [b"old"], [b"old"]),
    "changed names": ({"v": "w", "w": "v"}, [b"v", b"w"], [b"v", b"w"]),
    "names of the weights": ({"w": "fc.weight"}, [b"w"], [b"w"]),
    "an array of its own": ({"w": np.zeros(2, np.float32)}, [b"w"], [b"w"]),
    "more than the graph has": (["w", "fc.weight"], [b"w"], [b"fc.weight", b"w"]),
    "one name for two": ({"w": "fc.weight", "v": "w"}, [b"v"], [b"v", b"w"]),
}


@pytest.mark.parametrize("case", CHOICES)
def test_a_saver_chooses_what_the_graph_restores(tmp_path: Path, case: str) -> None:
    var_list, restored, stored = CHOICES[case]
    weights = dict.fromkeys(("w", "v", "fc.weight"), WEIGHTS["w"])
    saver = tfckpt.Saver(var_list)
    folder = build(tmp_path / "m", weights, saver=saver, graph=two_variables())
    assert restores(saved_model.load({}, ["serve"], folder)) == restored
    assert sorted(tfckpt.load(folder)) == [name.decode() for name in stored]


def test_a_saver_of_other_variables_stands_beside_the_one_in_the_graph(tmp_path: Path) -> None:
    weights = dict.fromkeys(("w", "v"), WEIGHTS["w"])
    graph = saved_model.load({}, ["serve"], build(tmp_path / "1", weights, graph=two_variables()))
    for number, (var_list, scope) in enumerate([(["v", "w"], "save"), ({"old": "w"}, "save_1")]):
        folder = build(tmp_path / f"m{number}", weights, saver=tfckpt.Saver(var_list), graph=graph)
        found = saved_model.load({}, ["serve"], folder)
        assert found.saver_def.restore_op_name == f"{scope}/restore_all"
        nodes = {node.name: node for node in found.graph_def.node}
        names = nodes[f"{scope}/RestoreV2/tensor_names"].attr["value"].tensor.string_val
        assert sorted(names) == sorted(name.encode() for name in var_list)
        assert "save/restore_all" in nodes


def test_a_saver_chooses_from_variables_that_no_collection_lists(tmp_path: Path) -> None:
    given = MetaGraphDef(graph_def=two_variables())
    given.collection_def["variables"].bytes_list.value.append(
        VariableDef(variable_name="v:0").SerializeToString()
    )
    weights = dict.fromkeys(("w", "v"), WEIGHTS["w"])
    folder = build(tmp_path / "1", weights, graph=given)
    assert restores(saved_model.load({}, ["serve"], folder)) == [b"v"]
    folder = build(tmp_path / "2", weights, graph=given, saver=tfckpt.Saver(["w"]))
    assert restores(saved_model.load({}, ["serve"], folder)) == [b"w"]


def test_a_later_graph_comes_with_its_saver_and_restores_fewer(
    golden: Path, tmp_path: Path
) -> None:
    with tfckpt.Graph().as_default():
        saver = tfckpt.import_meta_graph(golden / "trained" / "model.ckpt-60.meta")
    builder = saved_model.Builder(tmp_path / "m", fsync=False)
    weights = tfckpt.load(golden / "trained")
    builder.add_meta_graph_and_variables(weights, ["alone"])
    builder.add_meta_graph(["graph"], saver=saver)
    builder.add_meta_graph(["one"], saver=tfckpt.Saver(["linear/bias"]))
    with pytest.raises(TensorNotFoundError, match="'linear/biass'"):
        builder.add_meta_graph(["none"], saver=tfckpt.Saver(["linear/biass"]))
    builder.save()
    found = {
        one.meta_info_def.tags[0]: one
        for one in saved_model.parse_saved_model(tmp_path / "m").meta_graphs
    }
    assert [*found] == ["alone", "graph", "one"]
    assert "matmul" in {node.name for node in found["graph"].graph_def.node}
    assert restores(found["one"]) == [b"linear/bias"]


def test_simple_save_is_for_serving(tmp_path: Path) -> None:
    graph = tfckpt.Graph()
    with graph.as_default():
        tfckpt.import_graph_def(linear(), name="")
    x, y = graph.get_tensor_by_name("x:0"), graph.get_tensor_by_name("y:0")
    saved_model.simple_save(WEIGHTS, tmp_path / "m", {"x": x}, {"y": y}, graph=graph)
    found = saved_model.load({}, [saved_model.SERVING], tmp_path / "m")
    signature = found.signature_def["serving_default"]
    assert signature.method_name == "tensorflow/serving/predict"
    assert (signature.inputs["x"].name, signature.inputs["x"].dtype) == ("x:0", FLOAT)


# Loading into what is there


def test_arrays_that_are_there_are_filled(tmp_path: Path) -> None:
    folder = build(tmp_path / "m", {"w": np.ones(2), "b": np.float32(1)})
    w = np.zeros(2)
    variables = {"w": w, "other": np.arange(3)}
    saved_model.load(variables, ["serve"], folder)
    assert variables["w"] is w
    assert w.tolist() == [1, 1]
    assert sorted(variables) == ["b", "other", "w"]


def test_arrays_that_do_not_fit_stay_as_they_are(tmp_path: Path) -> None:
    folder = build(tmp_path / "m", {"a": np.ones(2), "w": np.ones(2)})
    variables = {"a": np.zeros(2), "w": np.zeros(3)}
    with pytest.raises(InvalidArgumentError, match=r"w: .*\[3\].*\[2\]"):
        saved_model.load(variables, ["serve"], folder)
    assert variables["a"].tolist() == [0, 0]


def test_import_scope_goes_before_every_name(tmp_path: Path) -> None:
    folder = build(tmp_path / "m", graph=linear())
    graph, variables = tfckpt.Graph(), dict[str, Any]()
    found = saved_model.load(variables, ["serve"], folder, import_scope="s", graph=graph)
    assert list(variables) == ["s/w"]
    assert "s/w" in graph
    assert found.graph_def.node[1].name == "w"
    with pytest.raises(TypeError):
        saved_model.load({}, ["serve"], folder, no_such_argument=1)


def test_var_list_chooses(tmp_path: Path) -> None:
    folder = build(tmp_path / "m", {"a": np.ones(2), "b": np.ones(2)})
    variables: dict[str, Any] = {}
    saved_model.load(variables, ["serve"], folder, var_list={"a": "mine"})
    assert list(variables) == ["mine"]


def test_models_elsewhere_are_read(tmp_path: Path) -> None:
    fsspec = pytest.importorskip("fsspec")
    folder = build(tmp_path / "m")
    memory = fsspec.filesystem("memory")
    for path in folder.rglob("*"):
        if path.is_file():
            memory.pipe_file(f"/m/{path.relative_to(folder)}", path.read_bytes())
    variables: dict[str, Any] = {}
    saved_model.load(variables, ["serve"], "memory://m")
    np.testing.assert_array_equal(WEIGHTS["w"], variables["w"])


# Editing


def test_a_tensorflow_2_model_is_built_again_with_other_weights(
    golden: Path, tmp_path: Path
) -> None:
    weights = saved_model.Variables()
    graph = saved_model.load(weights, ["serve"], golden / "saved_model")
    assert sorted(weights) == [OBJECT_GRAPH_KEY, FACTOR]
    weights[FACTOR] = np.float32(5)
    folder = build(tmp_path / "m", weights)
    assert sorted(os.listdir(folder)) == ["saved_model.pb", "variables"]  # no stale fingerprint
    again: dict[str, Any] = {}
    assert saved_model.load(again, ["serve"], folder) == graph
    assert again[OBJECT_GRAPH_KEY] == weights[OBJECT_GRAPH_KEY]
    assert float(again[FACTOR]) == 5


@pytest.mark.parametrize(
    ("stray", "hint"),
    [
        ("scale", f"  scale (its key is '{FACTOR}')"),  # the model's name for it
        ("by_checkpoint", f"  by_checkpoint (its key is '{FACTOR}')"),
        ("scal", f"  scal (there is '{FACTOR}')"),
        ("factor", f"  factor (its key is '{FACTOR}')"),  # the object's path
        ("nonsense", "  nonsense\n"),
    ],
)
def test_a_weight_that_no_object_takes_is_refused(
    stray: str, hint: str, golden: Path, tmp_path: Path
) -> None:
    weights = saved_model.Variables()
    graph = saved_model.load(weights, ["serve"], golden / "saved_model")
    for node in graph.object_graph_def.nodes:
        if node.HasField("variable"):
            node.variable.name = "scale"
    objects = tfckpt.object_graph(golden / "saved_model")
    for node in objects.nodes:
        for attribute in node.attributes:
            attribute.full_name = "by_checkpoint"
    weights[OBJECT_GRAPH_KEY] = objects.SerializeToString()
    weights[stray] = np.float32(5)
    with pytest.raises(InvalidArgumentError) as caught:
        build(tmp_path / "m", weights)
    assert "no objects for 1 of the weights" in str(caught.value)
    assert hint in str(caught.value)
    assert str(caught.value).endswith(f"its 1 keys are {FACTOR}")
    assert listing(tmp_path) == []


def test_functions_follow_their_signatures(golden: Path, tmp_path: Path) -> None:
    weights = saved_model.Variables()
    graph = saved_model.load(weights, ["serve"], golden / "saved_model")
    old = graph.signature_def["serving_default"]
    other = SignatureDef(method_name="another")
    folder = build(
        tmp_path / "m", weights, signature_def_map={"mine": old, "yours": old, "third": other}
    )
    found = saved_model.load({}, ["serve"], folder)
    assert sorted(found.signature_def) == ["__saved_model_init_op", "mine", "third", "yours"]
    nodes = found.object_graph_def.nodes
    (holder,) = [c.node_id for c in nodes[0].children if c.local_name == "signatures"]
    before = [c.node_id for c in graph.object_graph_def.nodes[holder].children]
    assert [(c.local_name, c.node_id) for c in nodes[holder].children] == [
        ("mine", before[0]),
        ("yours", before[0]),
    ]


def test_what_lies_beside_a_model_comes_along(golden: Path, tmp_path: Path) -> None:
    old = shutil.copytree(golden / "saved_model", tmp_path / "old")
    (old / "assets.extra" / "deep").mkdir(parents=True)
    (old / "assets.extra" / "deep" / "requests").write_text("1")
    (old / "keras_metadata.pb").write_text("2")
    weights = saved_model.Variables()
    saved_model.load(weights, ["serve"], old)
    folder = build(tmp_path / "m", weights)
    assert (folder / "assets.extra" / "deep" / "requests").read_text() == "1"
    assert (folder / "keras_metadata.pb").read_text() == "2"


def test_variables_of_a_tensorflow_2_model_need_its_graph(golden: Path, tmp_path: Path) -> None:
    weights = tfckpt.load(golden / "saved_model")
    with pytest.raises(ValueError, match="graph="):
        build(tmp_path / "m", weights)
    assert listing(tmp_path) == []


def test_method_names_are_changed_in_place(tmp_path: Path) -> None:
    folder = build(tmp_path / "m", graph=linear(), signature_def_map=SERVE)
    updater = saved_model.MethodNameUpdater(folder)
    updater.replace_method_name("serving_default", "tensorflow/serving/regress", tags="serve")
    updater.save()
    graph = saved_model.load({}, ["serve"], folder)
    assert graph.signature_def["serving_default"].method_name == "tensorflow/serving/regress"
    for wrong in (("", "m"), ("serving_default", ""), ("none", "m"), ("serving_default", "m", "x")):
        with pytest.raises(ValueError):
            updater.replace_method_name(*wrong)


# Assets


def test_assets_are_copied_and_listed_once_per_content(tmp_path: Path) -> None:
    graph = linear()
    for folder, text in {"a": "1", "b": "2", "c": "1"}.items():
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "words").write_text(text)
        node = graph.node.add(name=folder, op="Const")
        node.attr["value"].tensor.CopyFrom(
            TensorProto(dtype=STRING, string_val=[os.fsencode(tmp_path / folder / "words")])
        )
    folder = build(tmp_path / "m", graph=graph, assets_collection=[f"{name}:0" for name in "abc"])
    assert contents(folder) == {"words": "1", "words_1": "2"}
    found = saved_model.load({}, ["serve"], folder)
    assert saved_model.loader.get_asset_tensors(str(folder), found, "scope") == {
        "scope/a:0": str(folder / "assets" / "words"),
        "scope/b:0": str(folder / "assets" / "words_1"),
        "scope/c:0": str(folder / "assets" / "words"),
    }


def test_assets_can_be_listed_where_tensorflow_2_has_them(tmp_path: Path) -> None:
    (tmp_path / "words").write_text("1")
    graph = linear(str(tmp_path / "words"))
    weights = saved_model.Variables()
    folder = build(tmp_path / "m", graph=graph, assets_list=["path:0"])
    found = saved_model.load(weights, ["serve"], folder)
    assert [(one.filename, one.tensor_info.name) for one in found.asset_file_def] == [
        ("words", "path:0")
    ]
    assert "saved_model_assets" not in found.collection_def
    assert (build(tmp_path / "again", weights) / "assets" / "words").read_text() == "1"


def test_assets_that_a_loader_would_not_see_are_refused(tmp_path: Path) -> None:
    (tmp_path / "words").write_text("1")
    graph = linear(str(tmp_path / "words"))
    arguments = [{"assets_list": ["path:0"]}, {"assets_collection": ["path:0"]}]
    with pytest.raises(ValueError, match="assets in both"):
        build(tmp_path / "m", graph=graph, **arguments[0], **arguments[1])
    for number, (one, other) in enumerate([arguments, arguments[::-1]]):
        weights = saved_model.Variables()
        saved_model.load(weights, ["serve"], build(tmp_path / f"{number}", graph=graph, **one))
        with pytest.raises(ValueError, match="assets in both"):
            build(tmp_path / "m", weights, **other)
        build(tmp_path / f"none{number}", weights, **{key: [] for key in other})
        build(tmp_path / f"more{number}", weights, **one)
    assert not (tmp_path / "m").exists()


def contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in (folder / "assets").iterdir()}


@pytest.mark.parametrize("published", [False, True])
def test_an_asset_that_is_rewritten_between_two_graphs_is_another(
    tmp_path: Path, published: bool
) -> None:
    words = tmp_path / "words"
    builder = saved_model.Builder(tmp_path / "m", fsync=False)
    words.write_text("1")
    options: Any = {"assets_collection": ["path:0"], "graph": linear(str(words))}
    builder.add_meta_graph_and_variables(WEIGHTS, ["first"], **options)
    if published:
        builder.save()
    words.write_text("2")
    builder.add_meta_graph(["second"], **options)
    words.write_text("1")
    builder.add_meta_graph(["third"], **options)
    builder.save()
    assert contents(tmp_path / "m") == {"words": "1", "words_1": "2"}
    for tag, name in {"first": "words", "second": "words_1", "third": "words"}.items():
        found = saved_model.load({}, [tag], tmp_path / "m")
        paths = saved_model.loader.get_asset_tensors(str(tmp_path / "m"), found)
        assert paths == {"path:0": str(tmp_path / "m" / "assets" / name)}


def test_a_graph_whose_assets_are_not_all_there_leaves_none(tmp_path: Path) -> None:
    builder = saved_model.Builder(tmp_path / "m", fsync=False)
    (tmp_path / "words").write_text("1")
    builder.add_meta_graph_and_variables(WEIGHTS, ["serve"], graph=linear(str(tmp_path / "words")))
    (tmp_path / "also").write_text("1")
    missing = {"path:0": tmp_path / "words", "x:0": tmp_path / "also", "y:0": tmp_path / "zzz"}
    with pytest.raises(FileMissingError, match="zzz"):
        builder.add_meta_graph(["2"], assets_collection=missing)
    (tmp_path / "words").write_text("2")
    builder.add_meta_graph(["3"], assets_collection=["path:0"])
    builder.save()
    assert contents(tmp_path / "m") == {"words": "2"}
    assert len(saved_model.parse_saved_model(tmp_path / "m").meta_graphs) == 2


def test_assets_elsewhere_are_copied_and_compared(tmp_path: Path) -> None:
    fsspec = pytest.importorskip("fsspec")
    memory = fsspec.filesystem("memory")
    memory.pipe_file("/old/words", b"1")
    builder = saved_model.Builder(tmp_path / "m", fsync=False)
    assets = {"path:0": "memory://old/words"}
    builder.add_meta_graph_and_variables(WEIGHTS, ["1"], graph=linear(), assets_collection=assets)
    builder.add_meta_graph(["2"], assets_collection=assets)
    memory.pipe_file("/old/words", b"2")
    builder.add_meta_graph(["3"], assets_collection=assets)
    builder.save()
    assert contents(tmp_path / "m") == {"words": "1", "words_1": "2"}


def test_a_path_given_with_an_asset_takes_the_place_of_the_constants(tmp_path: Path) -> None:
    (tmp_path / "words").write_text("here")
    folder = build(
        tmp_path / "m",
        graph=linear("/gone/words"),
        assets_collection={"path:0": tmp_path / "words"},
    )
    assert (folder / "assets" / "words").read_text() == "here"


def with_asset(filename: str, *, in_collection: bool) -> SavedModel:
    model = SavedModel(saved_model_schema_version=1)
    graph = model.meta_graphs.add()
    graph.meta_info_def.tags.append("serve")
    graph.graph_def.node.add(name="path", op="Placeholder").attr["dtype"].type = STRING
    asset = AssetFileDef(filename=filename)
    asset.tensor_info.name = "path:0"
    if in_collection:
        graph.collection_def["saved_model_assets"].any_list.value.add().Pack(asset)
    else:
        graph.asset_file_def.append(asset)
    return model


@pytest.mark.parametrize("in_collection", [True, False])
@pytest.mark.parametrize(
    "filename", ["../x", "a/../../x", "/etc/passwd", "", "..", ".", "a//b", "..\\x", "C:\\x", "a\0"]
)
def test_an_asset_elsewhere_is_refused(tmp_path: Path, filename: str, in_collection: bool) -> None:
    (tmp_path / "old").mkdir()
    model = with_asset(filename, in_collection=in_collection)
    (tmp_path / "old" / "saved_model.pb").write_bytes(model.SerializeToString())
    with pytest.raises(DataLossError, match="outside of assets/"):
        saved_model.load({}, ["serve"], tmp_path / "old")
    before = listing(tmp_path)
    with pytest.raises(DataLossError, match="outside of assets/"):
        build(tmp_path / "m", {}, graph=model.meta_graphs[0], assets_dir=tmp_path)
    assert before == listing(tmp_path)


def test_missing_assets_are_all_named(tmp_path: Path) -> None:
    (tmp_path / "words").write_text("1")
    folder = build(
        tmp_path / "m", graph=linear(str(tmp_path / "words")), assets_collection=["path:0"]
    )
    (folder / "assets" / "words").unlink()
    with pytest.raises(FileMissingError, match=r"1 assets .*words"):
        saved_model.load({}, ["serve"], folder)
    assert list(tfckpt.load(folder)) == ["w"]


def test_the_assets_of_a_graph_have_to_be_found(tmp_path: Path) -> None:
    model = with_asset("words", in_collection=False)
    with pytest.raises(InvalidArgumentError, match="assets_dir="):
        build(tmp_path / "m", {}, graph=model.meta_graphs[0])
    with pytest.raises(FileMissingError):
        build(tmp_path / "m", {}, graph=model.meta_graphs[0], assets_dir=tmp_path)
    assert listing(tmp_path) == []


@pytest.mark.parametrize("key", ["assets_list", "assets_collection"])
def test_an_asset_of_a_tensor_that_went_into_a_scope_is_refused(tmp_path: Path, key: str) -> None:
    (tmp_path / "words").write_text("1")
    folder = build(tmp_path / "old", graph=linear(), **{key: {"path:0": tmp_path / "words"}})
    found, graph = saved_model.load({}, ["serve"], folder), tfckpt.Graph()
    with graph.as_default():
        tfckpt.import_meta_graph(found, import_scope="scope")
    given = tfckpt.export_meta_graph(graph=graph)
    given.asset_file_def.extend(found.asset_file_def)
    with pytest.raises(InvalidArgumentError, match=r"'words' .* 'path:0', .* a scope"):
        build(tmp_path / "m", {"scope/w": WEIGHTS["w"]}, graph=given, assets_dir=folder / "assets")


# All or nothing


def test_nothing_shows_before_save(tmp_path: Path) -> None:
    folder = tmp_path / "m"
    builder = saved_model.Builder(folder)
    builder.add_meta_graph_and_variables(WEIGHTS, ["serve"])
    assert not folder.exists()
    builder.save()
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    build(tmp_path / "m")
    assert (tmp_path / "m" / "saved_model.pb").exists()


def test_a_builder_that_is_dropped_leaves_nothing(tmp_path: Path) -> None:
    builder = saved_model.Builder(tmp_path / "new" / "deep" / "m")
    builder.add_meta_graph_and_variables(WEIGHTS, ["serve"])
    assert listing(tmp_path)
    del builder
    gc.collect()
    assert listing(tmp_path) == []


def test_what_a_killed_process_left_goes_and_the_living_stays(tmp_path: Path) -> None:
    pytest.importorskip("fcntl")
    abandoned = [
        tmp_path / "m.tempstate17",
        tmp_path / "m.tempstate18x",
        tmp_path / "mm.tempstate1",
    ]
    for path in abandoned:
        (path / "variables").mkdir(parents=True)
    living = saved_model.Builder(tmp_path / "m")
    living.add_meta_graph_and_variables(WEIGHTS, ["living"])
    build(tmp_path / "m")
    assert [path.exists() for path in abandoned] == [False, True, True]
    shutil.rmtree(tmp_path / "m")
    living.save()
    saved_model.load({}, ["living"], tmp_path / "m")


def test_a_refused_save_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    for name in ("write", "rename", "replace"):
        with monkeypatch.context() as patch, pytest.raises(FailedPreconditionError):
            patch.setattr(os, name, refuse)
            build(tmp_path / "m")
        gc.collect()
        assert listing(tmp_path) == []


def test_who_comes_second_to_a_folder_changes_nothing(tmp_path: Path) -> None:
    builder = saved_model.Builder(tmp_path / "m")
    builder.add_meta_graph_and_variables(WEIGHTS, ["late"])
    build(tmp_path / "m")
    before = listing(tmp_path / "m")
    with pytest.raises(AssertionError, match="isn't empty"):
        builder.save()
    assert before == listing(tmp_path / "m")


REFUSED: dict[str, tuple[type[Exception], dict[str, Any]]] = {
    "a reserved name": (
        KeyError,
        {"signature_def_map": {"__saved_model_train_op": SignatureDef()}},
    ),
    "no type": (
        AssertionError,
        {"signature_def_map": {"s": SignatureDef(inputs={"x": TensorInfo(name="x:0")})}},
    ),
    "no name": (
        AssertionError,
        {"signature_def_map": {"s": SignatureDef(outputs={"x": TensorInfo(dtype=1)})}},
    ),
    "another graph's tensor": (
        ValueError,
        {"signature_def_map": {"s": SignatureDef(outputs={"x": info("elsewhere:0")})}},
    ),
    "a signature that is none": (TypeError, {"signature_def_map": {"s": {"x": info("x:0")}}}),
    "a main op that is none": (TypeError, {"main_op": 5}),
    "a main op of another graph": (ValueError, {"main_op": "elsewhere"}),
    "an init op that is none": (TypeError, {"init_op": 5}),
    "an init op that is a tensor": (ValueError, {"init_op": "y:0"}),
    "an init op of another graph": (ValueError, {"init_op": "elsewhere"}),
    "two init ops": (ValueError, {"main_op": "setup", "init_op": "x"}),
    "a train op that is none": (TypeError, {"train_op": 5}),
    "a train op of another graph": (ValueError, {"train_op": "elsewhere:0"}),
    "an asset that is none": (TypeError, {"assets_collection": [5]}),
    "an asset without path": (TypeError, {"assets_collection": ["x:0"]}),
    "an asset of an empty path": (ValueError, {"assets_collection": ["path:0"]}),
    "an asset of another graph": (ValueError, {"assets_collection": ["elsewhere:0"]}),
    "an asset that is no file": (FileMissingError, {"assets_collection": {"path:0": "/gone"}}),
    "a tag that is none": (TypeError, {"tags": [1]}),
    "a graph that is none": (TypeError, {"graph": "x"}),
    "weights that lack one": (TensorNotFoundError, {"weights": {"v": WEIGHTS["w"]}}),
    "weights that cannot be stored": (TypeError, {"weights": {"w": object()}}),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_leaves_no_trace(tmp_path: Path, case: str) -> None:
    error, options = REFUSED[case]
    builder = saved_model.Builder(tmp_path / "m")
    options = {"graph": linear(), "tags": ["serve"], **options}
    weights = options.pop("weights", WEIGHTS)
    with pytest.raises(error):
        builder.add_meta_graph_and_variables(weights, **options)
    assert listing(tmp_path) == []
    builder.add_meta_graph_and_variables(WEIGHTS, ["serve"], SERVE, graph=linear())
    builder.save()
    assert list(saved_model.load({}, ["serve"], tmp_path / "m").signature_def) == [
        "serving_default"
    ]


def test_weights_must_fit_the_graph(tmp_path: Path) -> None:
    graph = saved_model.load({}, ["serve"], build(tmp_path / "1", graph=linear()))
    for wrong in (np.zeros(3, np.float32), np.zeros(2, np.float64)):
        with pytest.raises(InvalidArgumentError, match=r"w: the graph has DT_FLOAT \[2\]"):
            build(tmp_path / "2", {"w": wrong}, graph=graph)
    with pytest.raises(TensorNotFoundError, match=r"1 are missing:\n  w"):
        build(tmp_path / "2", {}, graph=graph)


def test_weights_must_fit_the_objects(golden: Path, tmp_path: Path) -> None:
    weights = saved_model.Variables()
    saved_model.load(weights, ["serve"], golden / "saved_model")
    weights[FACTOR] = np.zeros(3, np.float32)
    with pytest.raises(InvalidArgumentError, match=r"the graph has DT_FLOAT \[\], the weights"):
        build(tmp_path / "m", weights)
    del weights[FACTOR], weights[OBJECT_GRAPH_KEY]
    with pytest.raises(TensorNotFoundError, match="2 are missing"):
        build(tmp_path / "m", weights)


def test_a_second_call_for_variables_and_a_first_without_are_refused(tmp_path: Path) -> None:
    builder = saved_model.Builder(tmp_path / "m")
    with pytest.raises(AssertionError, match="add_meta_graph_and_variables"):
        builder.add_meta_graph(["serve"])
    builder.add_meta_graph_and_variables(WEIGHTS, ["serve"])
    with pytest.raises(AssertionError, match="add_meta_graph\\(\\)"):
        builder.add_meta_graph_and_variables(WEIGHTS, ["serve"])


def test_a_graph_has_one_main_op(tmp_path: Path) -> None:
    graph = MetaGraphDef(graph_def=linear())
    for key in ("saved_model_main_op", "legacy_init_op"):
        given = MetaGraphDef()
        given.CopyFrom(graph)
        given.collection_def[key].node_list.value.append("setup")
        with pytest.raises(ValueError, match=key):
            build(tmp_path / "m", graph=given, main_op="setup")
        given.collection_def[key].node_list.value.append("x")
        with pytest.raises(RuntimeError, match="Expected exactly one"):
            build(tmp_path / "m", graph=given)


# Bad input


def test_tags_match_as_a_set_and_a_miss_lists_what_is_there(tmp_path: Path) -> None:
    folder = build(tmp_path / "m", tags=["serve", "gpu"])
    saved_model.load({}, {"gpu", "serve"}, folder)
    with pytest.raises(RuntimeError, match=r"\['serve'\].*\[\['gpu', 'serve'\]\]"):
        saved_model.load({}, "serve", folder)


def test_a_folder_without_model(tmp_path: Path) -> None:
    assert not saved_model.contains_saved_model(tmp_path)
    for folder in (tmp_path, tmp_path / "none"):
        with pytest.raises(FileMissingError, match="does not exist"):
            saved_model.load({}, ["serve"], folder)


def test_missing_variables_are_named(tmp_path: Path) -> None:
    folder = build(tmp_path / "m")
    shutil.rmtree(folder / "variables")
    with pytest.raises(FileMissingError, match="variables/"):
        saved_model.load({}, ["serve"], folder)


CONTENTS: dict[str, tuple[str, bytes, type[CheckpointError], str]] = {
    "empty": ("saved_model.pb", b"", DataLossError, "empty"),
    "text as binary": ("saved_model.pb", b"meta_graphs {\n}\n", DataLossError, "text"),
    "html": ("saved_model.pb", b"<html></html>", DataLossError, "HTML"),
    "another message": ("saved_model.pb", b"\x1a\x02ab", DataLossError, "neither"),
    "another version": ("saved_model.pb", b"\x08\x02", UnimplementedError, "version 2"),
    "bad text": ("saved_model.pbtxt", b"meta_graphs { nonsense: 1 }", DataLossError, "nonsense"),
    "binary as text": ("saved_model.pbtxt", b"\x08\x01\xff", DataLossError, "text"),
    "chunks": ("saved_model.cpb", b"\x83\xaf\x70\xd1", UnimplementedError, r"\.cpb"),
}  # fmt: skip


@pytest.mark.parametrize("case", CONTENTS)
def test_what_is_no_model_is_named(tmp_path: Path, case: str) -> None:
    name, data, error, words = CONTENTS[case]
    (tmp_path / name).write_bytes(data)
    assert saved_model.maybe_saved_model_directory(tmp_path)
    with pytest.raises(error, match=words) as caught:
        saved_model.load({}, ["serve"], tmp_path)
    assert name in str(caught.value)


def test_every_damaged_byte_gives_a_model_or_an_error(golden: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(golden / "saved_model", tmp_path / "m")
    path = folder / "saved_model.pb"
    right = path.read_bytes()
    rng = np.random.default_rng(0)
    damaged = [right[:size] for size in range(0, len(right), 97)]
    for at in rng.integers(0, len(right), 150):
        one = bytearray(right)
        one[at] ^= 1 << int(rng.integers(8))
        damaged.append(bytes(one))
    for number, data in enumerate(damaged):
        path.write_bytes(data)
        variables = saved_model.Variables()
        try:
            saved_model.load(variables, ["serve"], folder)
            build(tmp_path / f"new{number}", variables)
        except CheckpointError:
            pass
        except RuntimeError as error:
            assert "MetaGraphDef associated with tags" in str(error)


def test_the_smallest_model_is_as_documented() -> None:
    page = Path(__file__).parent.parent / "docs" / "format" / "saved_model.md"
    (block,) = re.findall(r"^```hex\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)
    data = bytes.fromhex("".join(line.partition("|")[0] for line in block.splitlines()))
    model = SavedModel(saved_model_schema_version=1)
    model.meta_graphs.add().meta_info_def.tags.append("serve")
    assert model.SerializeToString() == data


# Signatures


def test_tensor_infos_are_made_and_found_again() -> None:
    graph = tfckpt.Graph()
    with graph.as_default():
        tfckpt.import_graph_def(linear(), name="scope")
    x = graph.get_tensor_by_name("scope/x:0")
    made = saved_model.build_tensor_info(x)
    assert (made.name, made.dtype, made.tensor_shape.unknown_rank) == ("scope/x:0", FLOAT, True)
    assert saved_model.get_tensor_from_tensor_info(made, graph) == x
    with graph.as_default():
        assert saved_model.get_tensor_from_tensor_info(info("x:0"), import_scope="scope") == x
    sparse = saved_model.SparseTensor(
        *(graph.get_tensor_by_name(f"scope/{n}:0") for n in ("y", "x", "read"))
    )
    made = saved_model.build_tensor_info(sparse)
    assert made.coo_sparse.values_tensor_name == "scope/x:0"
    assert saved_model.get_tensor_from_tensor_info(made, graph) == sparse
    with pytest.raises(KeyError):
        saved_model.get_tensor_from_tensor_info(info("x:0"), graph)
    with pytest.raises(ValueError):
        saved_model.get_tensor_from_tensor_info(TensorInfo(), graph)
    with pytest.raises(TypeError):
        saved_model.build_tensor_info(np.zeros(3))


def op(graph: tfckpt.Graph, kind: str, name: str, **attrs: Any) -> Any:
    return graph.create_op(kind, name=name, attrs=attrs)


def sizes(made: TensorInfo) -> list[int] | None:
    shape = made.tensor_shape
    return None if shape.unknown_rank else [dim.size for dim in shape.dim]


SHAPES: dict[str, tuple[str, dict[str, Any], list[int] | None]] = {
    "a constant": ("Const", {"value": np.int64([42, 69])}, [42, 69]),
    "a constant with a free dimension": ("Const", {"value": np.int64([-1, 69])}, [-1, 69]),
    "of so many dimensions": ("Placeholder", {"shape": (2,)}, [-1, -1]),
    "of any dimensions": ("Placeholder", {"shape": (None,)}, None),
    "unknown": ("Placeholder", {"shape": None}, None),
    "no vector": ("Placeholder", {"shape": ()}, None),
    "of more than a tensor has": ("Placeholder", {"shape": (1 << 40,)}, None),
}


@pytest.mark.parametrize("case", SHAPES)
def test_a_sparse_tensor_has_the_shape_that_is_known(case: str) -> None:
    kind, attrs, expected = SHAPES[case]
    graph = tfckpt.Graph()
    shape = op(graph, kind, "shape", dtype=np.int64, **attrs).outputs[0]
    value = op(graph, "Placeholder", "value", dtype=np.float32).outputs[0]
    made = saved_model.build_tensor_info(saved_model.SparseTensor(value, value, shape))
    assert sizes(made) == expected
    assert (made.dtype, made.coo_sparse.dense_shape_tensor_name) == (FLOAT, "shape:0")


@pytest.mark.parametrize("kind", ["VarHandleOp", "VariableV2"])
def test_a_variable_has_the_type_and_shape_of_its_value(kind: str) -> None:
    graph = tfckpt.Graph()
    op(graph, kind, "v", dtype=np.float32, shape=(2, 3))
    variable = tfckpt.graph.Variable(VariableDef(variable_name="v:0"), graph)
    for made in (
        saved_model.build_tensor_info(variable),
        saved_model.predict_signature_def({"v": variable}, {"v": variable}).outputs["v"],
    ):
        assert (made.name, made.dtype, sizes(made)) == ("v:0", FLOAT, [2, 3])


def test_a_signature_can_name_an_operation() -> None:
    graph = tfckpt.Graph()
    init, x = op(graph, "NoOp", "init"), op(graph, "Placeholder", "x", dtype=np.float32)
    utils = saved_model.signature_def_utils
    for element in (init, x.outputs[0]):
        made = utils.op_signature_def(element, "run me")
        assert (made.outputs["run me"].name, made.outputs["run me"].dtype) == (element.name, 0)
        assert sizes(made.outputs["run me"]) is None
        with graph.as_default():
            assert utils.load_op_from_signature_def(made, "run me") == element
            with pytest.raises(NotFoundError, match=r"'run me' is not there.*'scope/"):
                utils.load_op_from_signature_def(made, "run me", import_scope="scope")
            with pytest.raises(NotFoundError, match="no output 'else'"):
                utils.load_op_from_signature_def(made, "else")


@pytest.mark.parametrize("what", ["train", "eval"])
def test_signatures_of_supervised_training(what: str) -> None:
    make = getattr(saved_model.signature_def_utils, f"supervised_{what}_signature_def")
    made = make({"x": NUMBER}, {"loss": NUMBER}, {"classes": TEXT}, {"metric": NUMBER})
    method = {"train": "tensorflow/supervised/training", "eval": "tensorflow/supervised/eval"}
    assert made.method_name == method[what]
    assert sorted(made.inputs) == ["x"]
    assert {key: made.outputs[key].name for key in made.outputs} == {
        "loss": "n:0",
        "classes": "t:0",
        "metric": "n:0",
    }
    assert not make({"x": NUMBER}, None).outputs
    with pytest.raises(ValueError, match=f"{method[what]} `inputs`"):
        make({}, {"loss": NUMBER})


TEXT, NUMBER = info("t:0", STRING), info("n:0", FLOAT)
CLASSIFY = saved_model.CLASSIFY_METHOD_NAME
REGRESS = saved_model.REGRESS_METHOD_NAME
VALIDITY = [
    (True, "tensorflow/serving/predict", {"any": NUMBER}, {"thing": TEXT}),
    (False, "tensorflow/serving/predict", {}, {"thing": TEXT}),
    (False, "tensorflow/serving/predict", {"any": NUMBER}, {}),
    (False, "mine", {"any": NUMBER}, {"thing": TEXT}),
    (True, REGRESS, {"inputs": TEXT}, {"outputs": NUMBER}),
    (False, REGRESS, {"inputs": NUMBER}, {"outputs": NUMBER}),
    (False, REGRESS, {"inputs": TEXT}, {"outputs": TEXT}),
    (False, REGRESS, {"inputs": TEXT, "more": TEXT}, {"outputs": NUMBER}),
    (True, CLASSIFY, {"inputs": TEXT}, {"classes": TEXT, "scores": NUMBER}),
    (True, CLASSIFY, {"inputs": TEXT}, {"scores": NUMBER}),
    (False, CLASSIFY, {"inputs": TEXT}, {"scores": TEXT}),
    (False, CLASSIFY, {"inputs": TEXT}, {"classes": NUMBER}),
    (False, CLASSIFY, {"inputs": TEXT}, {}),
    (False, CLASSIFY, {"inputs": TEXT}, {"others": NUMBER}),
]


@pytest.mark.parametrize(("valid", "method", "inputs", "outputs"), VALIDITY)
def test_signatures_that_can_be_served(
    valid: bool, method: str, inputs: dict[str, TensorInfo], outputs: dict[str, TensorInfo]
) -> None:
    signature = saved_model.build_signature_def(inputs, outputs, method)
    assert valid == saved_model.is_valid_signature(signature)
    assert not saved_model.is_valid_signature(None)


def test_makers_of_signatures_refuse_what_cannot_be_served() -> None:
    for wrong in (
        lambda: saved_model.predict_signature_def({}, {"y": NUMBER}),
        lambda: saved_model.predict_signature_def({"x": NUMBER}, {}),
        lambda: saved_model.regression_signature_def(None, NUMBER),
        lambda: saved_model.regression_signature_def(NUMBER, NUMBER),
        lambda: saved_model.regression_signature_def(TEXT, TEXT),
        lambda: saved_model.regression_signature_def("x", NUMBER),
        lambda: saved_model.classification_signature_def(TEXT, None, None),
        lambda: saved_model.classification_signature_def(TEXT, NUMBER, None),
        lambda: saved_model.classification_signature_def(TEXT, None, TEXT),
        lambda: saved_model.build_signature_def(defaults={"x": 5}),
    ):
        with pytest.raises(ValueError):
            wrong()
