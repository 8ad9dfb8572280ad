"""What TensorFlow's own tests say of the SavedModelLoader (loader_test.py), on both libraries by
the same assertions.

Where TensorFlow's loader takes a session, tfckpt's takes a mapping: `lib.state` makes either.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

import tfckpt
from interop.tf_suite import BOTH, Library, serve

v1 = tf.compat.v1


@pytest.fixture(params=BOTH, ids=str)
def lib(request: pytest.FixtureRequest) -> Library:
    return request.param


@pytest.fixture(params=[False, True], ids=["v1 builder", "new builder"])
def new(request: pytest.FixtureRequest) -> bool:
    return request.param


@pytest.fixture(autouse=True)
def graph_mode() -> Iterator[None]:
    with v1.Graph().as_default():
        yield


def build(use_resource: bool = True) -> dict[str, Any]:
    """x = 5, y = 11, and their sum; an operation that makes y 7; two signatures."""
    x = v1.Variable(5, name="x", use_resource=use_resource)
    y = v1.Variable(11, name="y", use_resource=use_resource)
    z = tf.add(x, y, name="sum")
    tf.group(v1.assign(y, 7), name="make_7")
    info = v1.saved_model.build_tensor_info
    make = v1.saved_model.build_signature_def
    return {
        "foo": make({"foo_input": info(x)}, {"foo_output": info(z)}),
        "bar": make({"bar_x": info(x), "bar_y": info(y)}, {"bar_z": info(z)}),
    }


def export(
    lib: Library, folder: Path, new: bool, *, init: bool = False, use_resource: bool = True
) -> str:
    """Write the model; with `init`, make_7 is what a loader runs."""
    signatures: dict[str, Any] = {}
    model = lib.model(lambda: signatures.update(build(use_resource)))
    builder = lib.builder(folder, new=new)
    options = {"init_op" if new else "main_op": "make_7"} if init else {}
    lib.add_first(builder, model, ["foo_graph"], signature_def_map=signatures, **options)
    builder.save()
    return str(folder)


KINDS = pytest.mark.parametrize("use_resource", [False, True], ids=["reference", "resource"])


def values(lib: Library, state: Any, scope: str = "") -> tuple[int, int]:
    return lib.value(state, f"{scope}x"), lib.value(state, f"{scope}y")


@KINDS
def test_load(lib: Library, tmp_path: Path, new: bool, use_resource: bool) -> None:
    folder = export(lib, tmp_path / "model", new, use_resource=use_resource)
    state = lib.state(lib.Graph())
    meta = lib.SavedModelLoader(folder).load(state, ["foo_graph"])
    assert values(lib, state) == (5, 11)
    assert sorted(meta.signature_def) == ["bar", "foo"]


@KINDS
def test_load_a_model_with_an_init_op(
    lib: Library, tmp_path: Path, new: bool, use_resource: bool
) -> None:
    folder = export(lib, tmp_path / "model", new, init=True, use_resource=use_resource)
    state = lib.state(lib.Graph())
    lib.SavedModelLoader(folder).load(state, ["foo_graph"])
    # docs/saved-model.md: nothing is run
    assert values(lib, state) == ((5, 7) if lib.name == "tensorflow" else (5, 11))
    served = serve(folder, ["foo_graph"])
    assert (served.value("x"), served.value("y")) == (5, 7)


def test_load_graph_restores_nothing(lib: Library, tmp_path: Path, new: bool) -> None:
    loader = lib.SavedModelLoader(export(lib, tmp_path / "model", new))
    graph = lib.Graph()
    loader.load_graph(graph, ["foo_graph"])
    for name in ("x", "y"):
        tensor = f"{name}/Read/ReadVariableOp:0"
        assert graph.get_tensor_by_name(tensor).name == tensor
    with pytest.raises(KeyError):
        graph.get_tensor_by_name("z:0")
    state = lib.state(graph)
    assert not lib.has_value(state, "x")
    assert not lib.has_value(state, "y")


def test_load_graph_into_a_scope(lib: Library, tmp_path: Path, new: bool) -> None:
    loader = lib.SavedModelLoader(export(lib, tmp_path / "model", new, init=True))
    graph = lib.Graph()
    saver, _ = loader.load_graph(graph, ["foo_graph"], import_scope="baz")
    state = lib.state(graph, zeros=["baz/x", "baz/y"])
    # A Saver of all variables asks the checkpoint for names in the scope.
    with pytest.raises(lib.NotFound):
        loader.restore_variables(state, lib.default_saver(state))
    loader.restore_variables(state, saver)
    assert values(lib, state, "baz/") == (5, 11)
    if lib.name == "tensorflow":
        if new:
            with pytest.raises(lib.NotFound):
                loader.run_init_ops(state, ["foo_graph"])
            loader.run_init_ops(state, ["foo_graph"], import_scope="baz")
        else:
            loader.run_init_ops(state, ["foo_graph"])
        assert values(lib, state, "baz/") == (5, 7)
    else:  # docs/saved-model.md: nothing is run; the operation is named
        assert loader.run_init_ops(state, ["foo_graph"], import_scope="baz") == "baz/make_7"
        assert "baz/make_7" in lib.names(graph)
        assert values(lib, state, "baz/") == (5, 11)


def test_load_into_a_scope(lib: Library, tmp_path: Path, new: bool) -> None:
    loader = lib.SavedModelLoader(export(lib, tmp_path / "model", new, init=True))
    state = lib.state(lib.Graph())
    loader.load(state, ["foo_graph"], import_scope="baa")
    # docs/saved-model.md: nothing is run
    assert values(lib, state, "baa/") == ((5, 7) if lib.name == "tensorflow" else (5, 11))


def test_restore_variables_needs_a_saver(lib: Library, tmp_path: Path, new: bool) -> None:
    loader = lib.SavedModelLoader(export(lib, tmp_path / "model", new, init=True))

    def zeros() -> None:
        for name in ("x", "y"):
            v1.Variable(0, name=name, use_resource=True)

    model = lib.model(zeros)
    state = model.values
    assert values(lib, state) == (0, 0)
    with pytest.raises(ValueError):
        loader.restore_variables(state, None)
    loader.restore_variables(state, lib.default_saver(state))
    x, y = values(lib, state)
    assert x * y == 55


def test_run_init_ops(lib: Library, tmp_path: Path, new: bool) -> None:
    loader = lib.SavedModelLoader(export(lib, tmp_path / "model", new, init=True))
    graph = lib.Graph()
    saver, _ = loader.load_graph(graph, ["foo_graph"])
    state = lib.state(graph)
    loader.restore_variables(state, saver)
    assert values(lib, state) == (5, 11)
    name = loader.run_init_ops(state, ["foo_graph"])
    if lib.name == "tensorflow":
        assert values(lib, state) == (5, 7)
    else:  # docs/saved-model.md: nothing is run; the operation is named
        assert name == "make_7"
        assert values(lib, state) == (5, 11)


def test_the_graph_of_some_tags(lib: Library, tmp_path: Path, new: bool) -> None:
    loader = lib.SavedModelLoader(export(lib, tmp_path / "model", new))
    meta = loader.get_meta_graph_def_from_tags(["foo_graph"])
    assert meta is not None
    assert "foo" in meta.signature_def
    assert "bar" in meta.signature_def


@pytest.mark.parametrize("tags", [[], [""], ["not_a_graph"]])
def test_tags_of_no_graph(lib: Library, tmp_path: Path, new: bool, tags: list[str]) -> None:
    loader = lib.SavedModelLoader(export(lib, tmp_path / "model", new))
    with pytest.raises(RuntimeError):
        loader.get_meta_graph_def_from_tags(tags)


@KINDS
def test_variables_that_are_in_no_collection_of_variables(
    lib: Library, tmp_path: Path, use_resource: bool
) -> None:
    """A graph may restore what its collections do not list: it has a Saver."""
    made: list[Any] = []

    def variables() -> None:
        x, y = (
            v1.Variable(
                value, name=name, collections=["not_global_variable"], use_resource=use_resource
            )
            for name, value in (("x", 5), ("y", 11))
        )
        info = v1.saved_model.build_tensor_info
        made[:] = [
            v1.saved_model.build_signature_def({"foo_input": info(x)}, {"foo_output": info(x + y)})
        ]

    model = lib.model(variables, init=["x/Assign", "y/Assign"])
    assert model.graph.get_collection("variables") == []
    builder = lib.builder(tmp_path / "model", new=False)
    saver = lib.saver(model, ["x", "y"])
    lib.add_first(builder, model, ["foo_graph"], signature_def_map={"foo": made[0]}, saver=saver)
    builder.save()

    loader = lib.SavedModelLoader(str(tmp_path / "model"))
    graph = lib.Graph()
    saver, _ = loader.load_graph(graph, ["foo_graph"])
    assert graph.get_collection("variables") == []
    assert saver is not None
    state = lib.state(graph)
    loader.restore_variables(state, saver)
    assert values(lib, state) == (5, 11)

    state = lib.state(lib.Graph())
    loader.load(state, ["foo_graph"])
    assert values(lib, state) == (5, 11)


def test_load_graph_returns_elements(lib: Library, tmp_path: Path, new: bool) -> None:
    loader = lib.SavedModelLoader(export(lib, tmp_path / "model", new))
    graph = lib.Graph()
    _, found = loader.load_graph(graph, ["foo_graph"], return_elements=["y:0", "x:0"])
    assert [one.name for one in found] == ["y:0", "x:0"]
    assert all(one.graph is graph for one in found)
    with pytest.raises(ValueError, match="z:0"):
        loader.load_graph(graph, ["foo_graph"], return_elements=["z:0"])


def test_where_the_loader_looks(lib: Library, tmp_path: Path, new: bool) -> None:
    folder = export(lib, tmp_path / "model", new)
    loader = lib.SavedModelLoader(folder)
    assert loader.export_dir == folder
    assert loader.variables_path == os.path.join(folder, "variables", "variables")
    (meta,) = loader.saved_model.meta_graphs
    assert list(meta.meta_info_def.tags) == ["foo_graph"]
    assert tfckpt.load(loader.variables_path)["x"] == 5


def test_a_folder_that_is_not_there(lib: Library, tmp_path: Path) -> None:
    """The message lists both names, in the system's way of writing paths."""
    for look in (lib.parse_saved_model, lib.SavedModelLoader):
        with pytest.raises(OSError) as error:
            look(str(tmp_path / "not_existing_dir"))
        assert f"not_existing_dir{os.path.sep}{{" in str(error.value)
