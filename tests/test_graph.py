"""Graphs: operations and tensors, import, what is refused."""

from __future__ import annotations

import pickle
import random
import re

import numpy as np
import pytest

import tfckpt
from tfckpt import errors
from tfckpt.dtypes import DataType
from tfckpt.graphdef.op_defs import get_op_def, interface_of, stripped_op_list
from tfckpt.protos import AttrValue, FunctionDef, GraphDef, OpDef, OpList

F = np.float32


def small():
    """x -> relu -> add <- x, add after init, in a group with x."""
    graph_def = GraphDef()
    graph_def.versions.producer = 24
    x = graph_def.node.add(name="x", op="Placeholder")
    x.attr["dtype"].type = 1
    relu = graph_def.node.add(name="s/relu", op="Relu", input=["x"])
    relu.attr["T"].type = 1
    graph_def.node.add(name="init", op="NoOp")
    add = graph_def.node.add(name="s/add", op="AddV2", input=["s/relu:0", "x", "^init"])
    add.attr["T"].type = 1
    add.attr["_class"].list.s.append(b"loc:@x")
    return graph_def


def imported(graph_def, **options):
    graph = tfckpt.Graph()
    with graph.as_default():
        tfckpt.import_graph_def(graph_def, **options)
    return graph


def test_operations_know_their_neighbours():
    graph = imported(small(), name="")
    add = graph.get_operation_by_name("s/add")
    assert [tensor.name for tensor in add.inputs] == ["s/relu:0", "x:0"]
    assert [op.name for op in add.control_inputs] == ["init"]
    assert add.outputs[0].data_type is DataType.DT_FLOAT
    assert add.outputs[0].dtype == np.float32
    x = graph.get_tensor_by_name("x:0")
    assert [op.name for op in x.consumers()] == ["s/relu", "s/add"]
    assert [op.name for op in graph.get_operation_by_name("init").consumers()] == ["s/add"]
    assert graph.get_operation_by_name("init").outputs == []
    assert x == graph.get_operation_by_name("s/relu").inputs[0]


def test_defaults_are_filled_in_and_the_message_is_left_alone():
    graph_def = small()
    before = graph_def.SerializeToString(deterministic=True)
    graph = imported(graph_def, name="")
    assert graph.get_operation_by_name("x").get_attr("shape") is None
    assert before == graph_def.SerializeToString(deterministic=True)


def test_attributes_are_python_and_numpy_values():
    values = {
        "s": b"bytes",
        "i": -5,
        "f": 0.5,
        "b": True,
        "type": DataType.DT_HALF,
        "shape": (1, None, 3),
        "list_i": [1, 2],
        "list_s": [b"a", b"b"],
        "list_type": [DataType.DT_FLOAT, DataType.DT_INT8],
        "list_shape": [(1,), None],
        "empty": [],
    }
    op = tfckpt.Graph().create_op("Custom", attrs=values)
    assert dict(op.attrs) == values
    with pytest.raises(ValueError, match="has no attr 'none'"):
        op.get_attr("none")


def test_a_prefix_is_made_unique_and_names_follow_it():
    graph = imported(small(), name="s")
    with graph.as_default():
        tfckpt.import_graph_def(small(), name="s")
    assert [op.name for op in graph.get_operations()][3:] == [
        "s/s/add",
        "s_1/x",
        "s_1/s/relu",
        "s_1/init",
        "s_1/s/add",
    ]
    node = graph.get_operation_by_name("s_1/s/add").node_def
    assert list(node.input) == ["s_1/s/relu", "s_1/x", "^s_1/init"]
    assert list(node.attr["_class"].list.s) == [b"loc:@s_1/x"]


def test_without_a_prefix_single_names_are_made_unique():
    graph = imported(small(), name="")
    with graph.as_default():
        tfckpt.import_graph_def(small(), name="")
    node = graph.get_operation_by_name("s/add_1").node_def
    assert list(node.input) == ["s/relu_1", "x_1", "^init_1"]
    assert list(node.attr["_class"].list.s) == [b"loc:@x_1"]


def test_inputs_are_mapped_and_elements_returned():
    graph = tfckpt.Graph()
    with graph.as_default():
        mine = graph.create_op("Placeholder", name="mine", attrs={"dtype": F}).outputs[0]
        found = tfckpt.import_graph_def(
            small(), {"x": mine, "^init": mine}, ["s/add", "s/relu:0", "x:0"], name="p"
        )
    assert [one.name for one in found] == ["p/s/add", "p/s/relu:0", "mine:0"]
    assert list(found[0].node_def.input) == ["p/s/relu", "mine", "^mine"]


def test_arrays_in_the_input_map_become_constants():
    graph = imported(small(), input_map={"x": np.ones(2, F)}, name="p")
    constant = graph.get_operation_by_name("p/_inputs/Const")
    np.testing.assert_array_equal(constant.get_attr("value"), np.ones(2, F))
    with pytest.raises(ValueError, match="non-empty name"):
        imported(small(), input_map={"x": np.ones(2, F)}, name="")


def test_nodes_enter_in_the_order_of_their_inputs():
    graph_def = small()
    nodes = list(graph_def.node)[::-1]
    del graph_def.node[:]
    graph_def.node.extend(nodes)
    # Of those that are ready, the first in the message comes first.
    names = [op.name for op in imported(graph_def, name="").get_operations()]
    assert names == ["init", "x", "s/relu", "s/add"]


def test_a_loop_is_no_cycle():
    graph_def = GraphDef()
    for name, op, inputs in [
        ("x", "Placeholder", []),
        ("enter", "Enter", ["x"]),
        ("merge", "Merge", ["enter", "next"]),
        ("next", "NextIteration", ["merge"]),
    ]:
        node = graph_def.node.add(name=name, op=op, input=inputs)
        node.attr["dtype" if op == "Placeholder" else "T"].type = 1
        if op == "Enter":
            node.attr["frame_name"].s = b"frame"
        if op == "Merge":
            node.attr["N"].i = 2
    graph = imported(graph_def, name="a")
    assert list(graph.get_operation_by_name("a/merge").node_def.input) == ["a/enter", "a/next"]


def changed(at=1, **fields):
    graph_def = small()
    node = graph_def.node[at]
    for field, value in fields.items():
        if field == "input":
            node.input[:] = value
        elif field == "attr":
            for name, one in value.items():
                node.attr[name].CopyFrom(one)
        else:
            setattr(node, field, value)
    return graph_def


BAD = {
    "duplicate": (changed(name="x"), "node 'x'.*nodes 0 and 1 have the same name"),
    "dangling": (changed(input=["no"]), "node 's/relu'.*'no' is no node"),
    "dangling control": (changed(input=["x", "^no"]), "node 's/relu'.*'\\^no' is no node"),
    "cycle": (changed(input=["s/add"]), "cycle.*'s/relu' <- 's/add' <- 's/relu'"),
    "output": (changed(input=["x:3"]), "node 's/relu'.*'x:3' is output 3 .* 1 outputs"),
    "too many inputs": (changed(input=["x", "x"]), "node 's/relu'.*has 2 inputs.*takes 1"),
    "control first": (changed(input=["^init", "x"]), "node 's/relu'.*after a control input"),
    "name": (changed(name="a b"), "node 'a b'.*characters"),
    "no op": (changed(op=""), "node 's/relu': it says no op"),
    "kind of attr": (changed(attr={"T": AttrValue(i=1)}), "'T' is a i, the op takes a type"),
    "type": (changed(attr={"T": AttrValue(type=7)}), "'T' is string, the op takes float"),
    "types": (changed(attr={"T": AttrValue(type=2)}), "'x' of type float, the op takes double"),
    "group": (
        changed(attr={"_class": AttrValue(list={"s": [b"loc:@no"]})}),
        "colocated with 'no'",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_malformed_graph_is_refused_by_node_and_changes_nothing(case):
    graph_def, message = BAD[case]
    graph = tfckpt.Graph()
    with graph.as_default(), pytest.raises(ValueError, match=message) as caught:
        tfckpt.import_graph_def(graph_def)
    assert isinstance(caught.value, errors.CheckpointError)
    assert graph.get_operations() == []


MISUSE = {
    "no message": ({"graph_def": "x"}, TypeError, "graph_def must be a GraphDef"),
    "no dict": ({"input_map": [1]}, TypeError, "must be a dictionary"),
    "keys": ({"input_map": {1: 2}}, TypeError, "must be strings"),
    "elements": ({"return_elements": [1]}, TypeError, "list of strings"),
    "one string": ({"return_elements": "x"}, TypeError, "list of strings"),
    "no element": ({"return_elements": ["no"]}, ValueError, "asks for 'no'"),
    "no tensor": ({"return_elements": ["x:1"]}, ValueError, "'x' has 1 outputs"),
    "scope": ({"name": "a b"}, ValueError, "valid scope"),
}


@pytest.mark.parametrize("case", MISUSE)
def test_misuse_of_import_is_what_it_is_in_tensorflow(case):
    options, kind, message = MISUSE[case]
    with tfckpt.Graph().as_default(), pytest.raises(kind, match=message):
        tfckpt.import_graph_def(**{"graph_def": small(), **options})


@pytest.mark.parametrize("name", ["no", "^no", "no:1"])
def test_mapping_what_is_not_there_is_refused(name):
    graph = tfckpt.Graph()
    tensor = graph.create_op("Placeholder", attrs={"dtype": F}).outputs[0]
    message = re.escape(f"not found in graph_def: [{name}]")
    with graph.as_default(), pytest.raises(ValueError, match=message):
        tfckpt.import_graph_def(small(), {name: tensor, "x": tensor})
    assert len(graph.get_operations()) == 1


def test_a_tensor_of_another_graph_is_refused():
    tensor = tfckpt.Graph().create_op("Placeholder", attrs={"dtype": F}).outputs[0]
    with pytest.raises(ValueError, match="another graph"):
        imported(small(), input_map={"x": tensor})


def test_an_op_that_nobody_knows_stays_usable():
    graph_def = GraphDef()
    graph_def.node.add(name="a", op="MyOp").attr["anything"].i = 5
    graph_def.node.add(name="b", op="MyOp", input=["a:2"])
    graph = imported(graph_def, name="")
    assert [tensor.name for tensor in graph.get_operation_by_name("a").outputs] == [
        "a:0",
        "a:1",
        "a:2",
    ]
    assert graph.get_tensor_by_name("a:7").data_type is DataType.DT_INVALID
    assert not stripped_op_list(graph_def).op


def test_functions_are_merged_and_calls_checked_against_them():
    graph_def = GraphDef()
    signature = OpDef(name="f", input_arg=[{"name": "a", "type": 1}])
    signature.output_arg.add(name="b", type=3)
    graph_def.library.function.append(FunctionDef(signature=signature))
    graph_def.node.add(name="x", op="Placeholder").attr["dtype"].type = 1
    graph_def.node.add(name="y", op="f", input=["x"])
    graph = imported(graph_def, name="")
    assert graph.get_tensor_by_name("y:0").data_type is DataType.DT_INT32
    assert list(graph.functions) == ["f"]
    graph_def.library.function[0].node_def.add(name="n", op="NoOp")
    with graph.as_default(), pytest.raises(ValueError, match="function 'f' has another def"):
        tfckpt.import_graph_def(graph_def)


def test_a_newer_producers_default_attr_is_dropped():
    graph_def = small()
    graph_def.node[1].attr["newer"].b = True
    producer = OpList()
    attr = producer.op.add(name="Relu").attr.add(name="newer", type="bool")
    attr.default_value.b = True
    graph = imported(graph_def, producer_op_list=producer, name="")
    assert "newer" not in graph.get_operation_by_name("s/relu").attrs


def test_the_oldest_producer_and_most_demanding_consumer_count():
    graph_def = small()
    graph_def.versions.min_consumer = 12
    graph_def.versions.bad_consumers.extend([5, 3])
    versions = imported(graph_def).graph_def_versions
    assert (versions.producer, versions.min_consumer) == (24, 12)
    assert list(versions.bad_consumers) == [3, 5]


def test_shapes_of_the_file_are_kept_and_given_back():
    graph_def = small()
    graph_def.node[1].attr["_output_shapes"].list.shape.add().dim.add(size=7)
    graph = imported(graph_def, name="")
    assert graph.get_tensor_by_name("s/relu:0").shape == (7,)
    assert "_output_shapes" not in graph.as_graph_def().node[1].attr
    assert graph.as_graph_def(add_shapes=True).node[1].attr["_output_shapes"].list.shape[0].dim
    graph_def.node[1].attr["_output_shapes"].list.ClearField("shape")
    with pytest.raises(ValueError, match=r"s/relu.*1 outputs.*_output_shapes are 0"):
        imported(graph_def)


def test_elements_are_found_by_name():
    graph = imported(small(), name="")
    assert graph.as_graph_element("x").name == "x"
    assert graph.as_graph_element("x:0").name == "x:0"
    with pytest.raises(KeyError, match="did you mean 's/relu'"):
        graph.get_operation_by_name("s/rel")
    with pytest.raises(KeyError, match="has 1 outputs"):
        graph.get_tensor_by_name("x:1")
    with pytest.raises(ValueError, match="names an operation"):
        graph.get_tensor_by_name("x")
    with pytest.raises(ValueError, match="names a tensor"):
        graph.as_graph_element("x:0", allow_tensor=False)
    with pytest.raises(TypeError, match="cannot convert"):
        graph.as_graph_element(5)


def test_create_op_checks_what_the_op_takes():
    graph = tfckpt.Graph()
    x = graph.create_op("Placeholder", name="x", attrs={"dtype": F})
    with pytest.raises(ValueError, match="lacks the attrs 'T'"):
        graph.create_op("Relu", x.outputs)
    with pytest.raises(ValueError, match="has 0 inputs"):
        graph.create_op("Relu", attrs={"T": F})


def test_the_default_graph_is_that_of_the_innermost_block():
    outer = tfckpt.get_default_graph()
    with tfckpt.Graph().as_default() as a:
        with tfckpt.Graph().as_default() as b:
            assert tfckpt.get_default_graph() is b
        assert tfckpt.get_default_graph() is a
        with pytest.raises(AssertionError):
            tfckpt.graph.reset_default_graph()
    assert tfckpt.get_default_graph() is outer
    tfckpt.graph.reset_default_graph()
    assert tfckpt.get_default_graph() is not outer


def test_every_op_of_the_table_has_an_interface():
    assert get_op_def("NoSuchOp") is None
    relu = interface_of("Relu")
    assert relu is not None
    assert list(relu.attrs) == ["T"]
    assert get_op_def("MatMul").attr[0].default_value.b is False


def test_many_nodes_import_and_export():
    rng = random.Random(0)
    graph_def = GraphDef()
    graph_def.node.add(name="n0", op="Placeholder").attr["dtype"].type = 1
    for at in range(1, 20_000):
        sources = [f"n{rng.randrange(at)}", f"n{at - 1}"]
        graph_def.node.add(name=f"n{at}", op="AddV2", input=sources).attr["T"].type = 1
    graph = imported(graph_def, name="")
    assert len(graph.as_graph_def().node) == 20_000


def test_devices_of_blocks_are_merged_into_what_is_made():
    graph = tfckpt.Graph()
    with graph.as_default(), graph.device("/job:ps"):
        a = graph.create_op("NoOp", name="a")
        with graph.device("/task:3/device:CPU:0"):
            b = graph.create_op("NoOp", name="b")
            with graph.device(None):
                c = graph.create_op("NoOp", name="c")
        with graph.device(lambda op: f"/job:{op.name}"):
            d = graph.create_op("NoOp", name="d")
    assert a.device == "/job:ps"
    assert b.device == "/job:ps/task:3/device:CPU:0"
    assert c.device == ""
    assert d.device == "/job:d"
    with pytest.raises(ValueError, match="no device"), graph.device("no device"):
        pass


def test_what_operations_and_tensors_say_of_themselves():
    graph = imported(small(), name="")
    x = graph.get_tensor_by_name("x:0")
    assert x.op.op_def.name == "Placeholder"
    assert x.device == "" and not x.is_ref
    assert x != "x:0" and len({x, graph.get_tensor_by_name("x:0")}) == 1
    assert repr(graph) == "<Graph of 4 operations>"
    assert repr(x.op) == "<Operation 'x' type=Placeholder>"
    assert graph.as_graph_element(x) is x and graph.as_graph_element(x.op) is x.op
    with pytest.raises(ValueError, match="element of another graph"):
        tfckpt.Graph().as_graph_element(x)
    with pytest.raises(TypeError, match="write the graph with write_graph"):
        pickle.dumps(x.op)
    attrs = graph.get_operation_by_name("s/add").attrs
    assert len(attrs) == len(dict(attrs)) and "_class" in attrs and "_class" in repr(attrs)
    with pytest.raises(KeyError):
        attrs["none"]


def test_a_variable_of_tensorflow_1_is_a_reference():
    graph_def = GraphDef()
    node = graph_def.node.add(name="v", op="VariableV2")
    node.attr["dtype"].type = 1
    node.attr["shape"].shape.dim.add(size=2)
    graph = imported(graph_def, name="")
    tensor = graph.get_tensor_by_name("v:0")
    assert tensor.is_ref and tensor.dtype == np.float32 and tensor.shape == (2,)


def test_the_shape_of_a_constant_and_of_a_handle():
    graph_def = GraphDef()
    constant = graph_def.node.add(name="c", op="Const")
    constant.attr["dtype"].type = 1
    constant.attr["value"].tensor.dtype = 1
    constant.attr["value"].tensor.tensor_shape.dim.add(size=3)
    handle = graph_def.node.add(name="h", op="VarHandleOp")
    handle.attr["dtype"].type = 1
    handle.attr["shape"].shape.dim.add(size=7)
    graph = imported(graph_def, name="")
    assert graph.get_tensor_by_name("c:0").shape == (3,)
    assert graph.get_tensor_by_name("h:0").shape == ()


def with_functions(*, gradient):
    graph_def = GraphDef()
    for name in ("f", "g"):
        graph_def.library.function.append(FunctionDef(signature=OpDef(name=name)))
    graph_def.library.gradient.add(function_name="f", gradient_func=gradient)
    return graph_def


def test_gradients_of_functions_go_along_and_do_not_change():
    graph = imported(with_functions(gradient="g"), name="")
    assert graph.op_def("f").name == "f"
    assert graph.op_def("Relu").name == "Relu" and graph.op_def("NoSuchOp") is None
    assert graph.as_graph_def().library.gradient[0].gradient_func == "g"
    with graph.as_default():
        tfckpt.import_graph_def(with_functions(gradient="g"))
        with pytest.raises(ValueError, match="function 'f' has another gradient"):
            tfckpt.import_graph_def(with_functions(gradient="f"))


def test_a_function_has_no_name_of_an_op():
    graph_def = GraphDef()
    graph_def.library.function.append(FunctionDef(signature=OpDef(name="Relu")))
    with pytest.raises(ValueError, match="has the name of an op"):
        imported(graph_def)


@pytest.mark.parametrize(
    ("op", "attr", "value", "problem"),
    [
        ("Relu", "T", AttrValue(type=7), "'T'"),
        ("Relu", "T", AttrValue(i=1), "is a i, the op takes a type"),
        ("AddN", "N", AttrValue(i=0), "is 0, the op takes at least 1"),
    ],
)
def test_attributes_that_the_op_does_not_take(op, attr, value, problem):
    graph_def = small()
    node = graph_def.node.add(name="n", op=op, input=["x"])
    node.attr["T"].type = 1
    node.attr[attr].CopyFrom(value)
    with pytest.raises(ValueError, match=problem):
        imported(graph_def)
