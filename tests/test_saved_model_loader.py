"""SavedModelLoader: the graph and the variables of a SavedModel, step by step."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tfckpt
from tfckpt import saved_model
from tfckpt.errors import FileMissingError, TensorNotFoundError
from tfckpt.names import OBJECT_GRAPH_KEY
from tfckpt.protos import AttrValue, GraphDef, TensorProto

FLOAT, STRING = 1, 7


def graph_def(*variables: str, asset: str = "") -> GraphDef:
    """Variables of two floats, an operation, and the path of a file."""
    graph = GraphDef()
    for name in variables:
        node = graph.node.add(name=name, op="VarHandleOp")
        node.attr["dtype"].CopyFrom(AttrValue(type=FLOAT))
        node.attr["shape"].shape.dim.add(size=2)
    graph.node.add(name="make_7", op="NoOp")
    path = graph.node.add(name="path", op="Const").attr
    path["dtype"].type = STRING
    path["value"].tensor.CopyFrom(TensorProto(dtype=STRING, string_val=[asset.encode()]))
    return graph


X, Y = np.float32([5, 6]), np.float32([11, 12])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model of x and y that names the operation make_7; a graph without variables; an asset."""
    (tmp_path / "words").write_text("a")
    builder = saved_model.Builder(tmp_path / "model", fsync=False)
    builder.add_meta_graph_and_variables(
        {"x": X, "y": Y},
        ["foo", "bar"],
        graph=graph_def("x", "y", asset=str(tmp_path / "words")),
        init_op="make_7",
        assets_list=["path:0"],
    )
    builder.add_meta_graph(["empty"], graph=graph_def())
    builder.save()
    return tmp_path / "model"


TAGS = ["bar", "foo"]


def test_each_step_does_its_own(folder: Path) -> None:
    loader = saved_model.SavedModelLoader(folder)
    graph, variables = tfckpt.Graph(), dict[str, Any]()
    saver, elements = loader.load_graph(graph, TAGS)
    assert {"x", "y", "make_7"} <= {op.name for op in graph.get_operations()}
    assert (variables, elements) == ({}, None)
    report = loader.restore_variables(variables, saver)
    assert report.restored == ["x", "y"]
    np.testing.assert_array_equal(variables["x"], X)
    np.testing.assert_array_equal(variables["y"], Y)
    assert loader.run_init_ops(variables, TAGS) == "make_7"
    assert sorted(variables) == ["x", "y"]


def test_in_a_scope_the_variables_are_called_as_in_the_graph(folder: Path) -> None:
    loader, graph = saved_model.SavedModelLoader(folder), tfckpt.Graph()
    saver, _ = loader.load_graph(graph, TAGS, import_scope="baz")
    assert "baz/make_7" in graph
    variables = {"baz/x": np.zeros(2, np.float32), "baz/y": np.zeros(2, np.float32)}
    with pytest.raises(TensorNotFoundError, match="baz/x"):
        loader.restore_variables(variables, tfckpt.Saver())
    assert not variables["baz/x"].any()
    loader.restore_variables(variables, saver)
    np.testing.assert_array_equal(variables["baz/x"], X)
    assert loader.run_init_ops(variables, TAGS, import_scope="baz") == "baz/make_7"


def test_loading_at_once_is_what_the_function_does(folder: Path) -> None:
    loader = saved_model.SavedModelLoader(folder)
    for scope in (None, "baz"):
        mine, its = saved_model.Variables(), saved_model.Variables()
        graphs = tfckpt.Graph(), tfckpt.Graph()
        meta_graph = loader.load(mine, TAGS, scope, graph=graphs[0])
        assert meta_graph == saved_model.load(its, TAGS, folder, scope, graph=graphs[1])
        assert sorted(mine) == sorted(its) == [f"{scope}/x", f"{scope}/y"] if scope else ["x", "y"]
        assert graphs[0].as_graph_def() == graphs[1].as_graph_def()
        assert (mine.export_dir, its.export_dir) == ((None, None) if scope else (str(folder),) * 2)
    with pytest.raises(TypeError, match="mapping"):
        loader.load(None, TAGS)  # type: ignore[arg-type]


def test_a_tensorflow_2_model_restores_its_objects(golden: Path) -> None:
    loader, variables = saved_model.SavedModelLoader(golden / "saved_model"), dict[str, Any]()
    saver, _ = loader.load_graph(tfckpt.Graph(), ["serve"])
    loader.restore_variables(variables, saver)
    assert sorted(variables) == [OBJECT_GRAPH_KEY, "factor/.ATTRIBUTES/VARIABLE_VALUE"]


def test_elements_of_the_graph_are_returned(folder: Path) -> None:
    loader, graph = saved_model.SavedModelLoader(folder), tfckpt.Graph()
    wanted = ["y:0", "make_7"]
    _, found = loader.load_graph(graph, TAGS, import_scope="s", return_elements=wanted)
    assert found == [graph.get_tensor_by_name("s/y:0"), graph.get_operation_by_name("s/make_7")]
    with pytest.raises(ValueError, match="z:0"):
        loader.load_graph(graph, TAGS, return_elements=["z:0"])


def test_a_saver_of_ones_own_chooses(folder: Path) -> None:
    variables: dict[str, Any] = {}
    loader = saved_model.SavedModelLoader(folder)
    loader.restore_variables(variables, tfckpt.Saver({"x": "mine"}))
    assert list(variables) == ["mine"]


def test_only_where_there_are_no_variables_is_no_saver_needed(folder: Path) -> None:
    loader = saved_model.SavedModelLoader(folder)
    saver, _ = loader.load_graph(tfckpt.Graph(), ["empty"])
    assert saver is None
    others = {"other/x": X}
    for variables, scope in (({}, None), (others, "s")):
        assert loader.restore_variables(variables, saver, scope).restored == []
    for wrong, scope in ((None, None), (None, "other"), ("x", "s")):
        with pytest.raises(ValueError, match="Saver"):
            loader.restore_variables(others, wrong, scope)  # type: ignore[arg-type]
    assert others == {"other/x": X}


@pytest.mark.parametrize("tags", [[], [""], ["foo"], ["foo", "bar", "baz"], "foo"])
def test_tags_of_no_graph_are_answered_with_those_there_are(folder: Path, tags: Any) -> None:
    loader = saved_model.SavedModelLoader(folder)
    assert set(loader.get_meta_graph_def_from_tags(["foo", "bar", "foo"]).meta_info_def.tags) == {
        "foo",
        "bar",
    }
    for look in (
        loader.get_meta_graph_def_from_tags,
        lambda tags: loader.load({}, tags),
        lambda tags: loader.load_graph(tfckpt.Graph(), tags),
        lambda tags: loader.run_init_ops({}, tags),
    ):
        with pytest.raises(RuntimeError, match=r"\[\['bar', 'foo'\], \['empty'\]\]"):
            look(tags)


def test_missing_assets_are_named_where_they_would_be_fed(folder: Path) -> None:
    loader = saved_model.SavedModelLoader(folder)
    (folder / "assets" / "words").unlink()
    assert loader.run_init_ops({}, ["empty"]) is None
    with pytest.raises(FileMissingError, match="words"):
        loader.run_init_ops({}, TAGS)


def test_where_the_loader_looks(folder: Path) -> None:
    loader = saved_model.loader.SavedModelLoader(folder)
    assert loader.export_dir == str(folder)
    assert loader.variables_path == os.path.join(str(folder), "variables", "variables")
    assert loader.saved_model == saved_model.parse_saved_model(folder)
    with pytest.raises(FileMissingError, match="SavedModel file does not exist"):
        saved_model.SavedModelLoader(folder / "nowhere")


def test_a_model_goes_from_graph_to_model_again(folder: Path, tmp_path: Path) -> None:
    loader, graph, variables = saved_model.SavedModelLoader(folder), tfckpt.Graph(), {}
    saver, _ = loader.load_graph(graph, TAGS)
    loader.restore_variables(variables, saver)
    builder = saved_model.Builder(tmp_path / "new", fsync=False)
    builder.add_meta_graph_and_variables(
        variables, TAGS, saver=saver, init_op=loader.run_init_ops(variables, TAGS)
    )
    builder.save()
    found: dict[str, Any] = {}
    meta_graph = saved_model.load(found, TAGS, tmp_path / "new")
    before = loader.get_meta_graph_def_from_tags(TAGS)
    assert {node.name for node in meta_graph.graph_def.node} == {
        node.name for node in before.graph_def.node
    }
    assert saved_model.loader.get_init_op(meta_graph) == "make_7"
    np.testing.assert_array_equal(found["y"], Y)
