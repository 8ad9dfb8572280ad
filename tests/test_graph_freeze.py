"""Freezing, thawing, listing: what a graph's weights are."""

from __future__ import annotations

import numpy as np
import pytest

import tfckpt
from tfckpt import errors
from tfckpt.dtypes import DataType
from tfckpt.protos import GraphDef, MetaGraphDef, VariableDef

F = np.float32
W = np.arange(6, dtype=F).reshape(2, 3)


def variable_graph(kind):
    """y = read(w), with an assignment that y does not need."""
    graph = tfckpt.Graph()
    if kind == "ref":
        w = graph.create_op("VariableV2", name="w", attrs={"dtype": F, "shape": (2, 3)})
        value = graph.create_op("Placeholder", name="v", attrs={"dtype": F})
        graph.create_op("Assign", [w.outputs[0], value.outputs[0]], name="assign", attrs={"T": F})
        read = graph.create_op("Identity", w.outputs, name="w/read", attrs={"T": F})
    else:
        w = graph.create_op("VarHandleOp", name="w", attrs={"dtype": F, "shape": (2, 3)})
        value = graph.create_op("Placeholder", name="v", attrs={"dtype": F})
        inputs = [w.outputs[0], value.outputs[0]]
        graph.create_op("AssignVariableOp", inputs, name="assign", attrs={"dtype": F})
        read = graph.create_op("ReadVariableOp", w.outputs, name="w/read", attrs={"dtype": F})
    graph.create_op("Relu", read.outputs, name="y", attrs={"T": F})
    return graph.as_graph_def()


KINDS = ["ref", "resource"]


@pytest.mark.parametrize("kind", KINDS)
def test_freezing_makes_the_needed_variables_constants(kind, tmp_path):
    frozen = tfckpt.convert_variables_to_constants(
        {"w": W, "other": W}, variable_graph(kind), ["y"]
    )
    assert [(n.name, n.op) for n in frozen.node] == [
        ("w", "Const"),
        ("w/read", "Identity"),
        ("y", "Relu"),
    ]
    np.testing.assert_array_equal(tfckpt.graph_constants(frozen)["w"], W)
    with tfckpt.Graph().as_default():  # a graph like any other
        tfckpt.import_graph_def(frozen)


def test_a_reader_gives_only_what_is_needed(tmp_path):
    prefix = tfckpt.save(str(tmp_path / "m"), {"w": W, "unused": W})
    with tfckpt.load_checkpoint(prefix) as reader:
        frozen = tfckpt.convert_variables_to_constants(reader, variable_graph("ref"), ["y"])
    assert frozen.node[0].op == "Const"


BAD_VALUES = {
    "missing": ({}, KeyError, "no values for the variables w"),
    "shape": ({"w": W.T}, ValueError, r"shape \(3, 2\), the variable \(2, 3\)"),
    "type": ({"w": W.astype("f8")}, ValueError, "DT_DOUBLE, the variable DT_FLOAT"),
}


@pytest.mark.parametrize("case", BAD_VALUES)
@pytest.mark.parametrize("kind", KINDS)
def test_values_must_be_there_and_fit(case, kind):
    values, error, message = BAD_VALUES[case]
    with pytest.raises(error, match=message) as caught:
        tfckpt.convert_variables_to_constants(values, variable_graph(kind), ["y"])
    assert isinstance(caught.value, errors.CheckpointError)


def test_variables_can_be_left_variables():
    graph_def = variable_graph("ref")
    for options in (
        {"variable_names_blacklist": ["w"]},
        {"variable_names_whitelist": ["other"]},
    ):
        kept = tfckpt.convert_variables_to_constants({}, graph_def, ["y"], **options)
        assert kept.node[0].op == "VariableV2"


@pytest.mark.parametrize("kind", KINDS)
def test_an_assignment_cannot_be_frozen(kind):
    with pytest.raises(ValueError, match=r"'assign'.*writes a variable"):
        tfckpt.convert_variables_to_constants({"w": W}, variable_graph(kind), ["assign"])


def test_references_that_pass_through_a_conditional_become_values():
    """Of control flow v1: switched, merged, read."""
    graph = tfckpt.Graph()
    (w,) = graph.create_op("VariableV2", name="w", attrs={"dtype": F, "shape": (2, 3)}).outputs
    (p,) = graph.create_op("Placeholder", name="p", attrs={"dtype": np.bool_}).outputs
    types = {"T": F}
    switch = graph.create_op("RefSwitch", [w, p], name="switch", attrs=types)
    merge = graph.create_op("RefMerge", switch.outputs, name="merge", attrs={**types, "N": 2})
    out, _ = merge.outputs
    graph.create_op("Identity", [out], name="y", attrs=types)
    graph.create_op("AssignAdd", [out, out], name="written", attrs=types)
    frozen = tfckpt.convert_variables_to_constants({"w": W}, graph.as_graph_def(), ["y"])
    assert [(node.name, node.op) for node in frozen.node] == [
        *(("w", "Const"), ("p", "Placeholder"), ("switch", "Switch"), ("merge", "Merge")),
        ("y", "Identity"),
    ]
    with pytest.raises(ValueError, match=r"'written' \(AssignAdd\): it writes a variable"):
        tfckpt.convert_variables_to_constants({"w": W}, graph.as_graph_def(), ["written"])


def test_a_constant_may_be_assigned_to_a_variable_that_stays():
    graph = tfckpt.Graph()
    w, v = (
        graph.create_op("VariableV2", name=name, attrs={"dtype": F, "shape": (2, 3)}).outputs[0]
        for name in "wv"
    )
    graph.create_op("Assign", [v, w], name="copy", attrs={"T": F})
    frozen = tfckpt.convert_variables_to_constants(
        {"w": W}, graph.as_graph_def(), ["copy"], variable_names_blacklist=["v"]
    )
    assert [node.op for node in frozen.node] == ["Const", "VariableV2", "Assign"]


def test_a_lookup_in_a_resource_becomes_one_in_a_constant():
    graph = tfckpt.Graph()
    w = graph.create_op("VarHandleOp", name="w", attrs={"dtype": F, "shape": (2, 3)})
    at = graph.create_op("Placeholder", name="at", attrs={"dtype": np.int32})
    inputs = [w.outputs[0], at.outputs[0]]
    types = {"dtype": F, "Tindices": np.int32}
    graph.create_op("ResourceGather", inputs, name="look", attrs=types)
    frozen = tfckpt.convert_variables_to_constants({"w": W}, graph.as_graph_def(), ["look"])
    with tfckpt.Graph().as_default() as graph:
        tfckpt.import_graph_def(frozen, name="")
    look = graph.get_operation_by_name("look")
    assert (look.type, [one.name for one in look.inputs]) == (
        "GatherV2",
        ["w:0", "at:0", "look/axis:0"],
    )


def test_a_part_of_a_graph():
    part = tfckpt.graph.extract_sub_graph(variable_graph("ref"), ["w/read"])
    assert [node.name for node in part.node] == ["w", "w/read"]
    with pytest.raises(KeyError, match="no node 'zz'"):
        tfckpt.graph.extract_sub_graph(part, ["zz"])
    with pytest.raises(TypeError, match="list of names"):
        tfckpt.graph.extract_sub_graph(part, "w")


def test_of_nodes_of_one_name_the_last_counts() -> None:
    graph_def = variable_graph("ref")
    graph_def.node.add().CopyFrom(graph_def.node[0])
    name = graph_def.node[0].name
    part = tfckpt.graph.extract_sub_graph(graph_def, [name])
    assert [node.name for node in part.node] == [name]
    frozen = tfckpt.convert_variables_to_constants({name: W}, graph_def, [name])
    assert [(node.name, node.op) for node in frozen.node] == [(name, "Const")]


def test_thawing_is_the_reverse():
    frozen = tfckpt.convert_variables_to_constants({"w": W}, variable_graph("ref"), ["y"])
    thawed, values = tfckpt.convert_constants_to_variables(frozen)
    assert [(n.name, n.op) for n in thawed.node] == [
        ("w", "VariableV2"),
        ("w/read", "Identity"),
        ("y", "Relu"),
    ]
    np.testing.assert_array_equal(values["w"], W)
    assert frozen.node[0].op == "Const"
    assert tfckpt.convert_variables_to_constants(values, thawed, ["y"]) == frozen
    with pytest.raises(KeyError, match="no constants y"):
        tfckpt.convert_constants_to_variables(frozen, ["w", "y"])


def test_constants_name_the_node_that_is_damaged():
    graph_def = GraphDef()
    node = graph_def.node.add(name="broken", op="Const")
    node.attr["value"].tensor.dtype = 1
    node.attr["value"].tensor.tensor_shape.dim.add(size=3)
    node.attr["value"].tensor.tensor_content = b"12345"
    with pytest.raises(errors.DataLossError, match="broken"):
        tfckpt.graph_constants(graph_def)


def test_variables_are_listed_with_what_nodes_and_collections_say(tmp_path):
    meta_graph = MetaGraphDef(graph_def=variable_graph("ref"))
    sliced = VariableDef(variable_name="w:0")
    sliced.save_slice_info_def.full_name = "whole"
    values = meta_graph.collection_def["trainable_variables"].bytes_list.value
    values.append(sliced.SerializeToString())
    expected = [("w", (2, 3), DataType.DT_FLOAT, "whole", True)]
    assert [tuple(one) for one in tfckpt.list_graph_variables(meta_graph)] == expected
    path = tfckpt.write_graph(meta_graph, tmp_path, "m.meta", as_text=False)
    assert [tuple(one) for one in tfckpt.list_graph_variables(path)] == expected
    (bare,) = tfckpt.list_graph_variables(meta_graph.graph_def)
    assert (bare.trainable, bare.checkpoint_key, bare.dtype) == (None, "w", "float32")
