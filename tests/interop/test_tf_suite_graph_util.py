"""What TensorFlow's own tests say of cutting, comparing, placing, writing and freezing graphs
(graph_util_test.py, convert_to_constants_test.py, freeze_graph_test.py, WriteGraphTest), on both
libraries by the same assertions.

A frozen graph is run by TensorFlow, whichever library froze it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.example import example_pb2
from tensorflow.core.protobuf import (
    config_pb2,
    meta_graph_pb2,
    trackable_object_graph_pb2,
)
from tensorflow.python.framework import convert_to_constants, function
from tensorflow.python.grappler import tf_optimizer
from tensorflow.python.saved_model import loader_impl
from tensorflow.python.tools import freeze_graph

import tfckpt
from interop.tf_suite import (
    BOTH,
    Library,
    Model,
    Theirs,
    control_flow,
    node,
    run,
    serve,
    under_devices,
    value_tensor,
)

v1 = tf.compat.v1


@pytest.fixture(params=BOTH, ids=str)
def lib(request: pytest.FixtureRequest) -> Library:
    return request.param


# --- devices


VARIABLE = {"dtype": "type: DT_FLOAT", "shape": "shape { dim { size: 1 } }"}


def pin_variables(op: Any) -> str:
    if op.device:
        return op.device
    return "/cpu:0" if op.node_def.op in ("Variable", "VariableV2") else op.device


def canonical(device: str) -> str:
    """TensorFlow's tests do not distinguish /cpu:0 and /device:CPU:0."""
    return tf.DeviceSpec.from_string(device).to_string()


def test_device_functions(lib: Library) -> None:
    graph = lib.Graph()

    def variable(name: str) -> str:
        return canonical(lib.add(graph, "Variable", name=name, **VARIABLE).device)

    found = [variable("var_0")]
    with under_devices(graph, pin_variables):
        found.append(variable("var_1"))
    found += [variable("var_2"), variable("var_3")]
    with under_devices(graph, pin_variables):
        found.append(variable("var_4"))
        with under_devices(graph, "/device:GPU:0"):
            found.append(variable("var_5"))
        found.append(variable("var_6"))
    cpu, gpu = "/device:CPU:0", "/device:GPU:0"
    assert found == ["", cpu, "", "", cpu, gpu, cpu]


def test_device_functions_in_each_other(lib: Library) -> None:
    graph = lib.Graph()

    def variable() -> str:
        return canonical(lib.add(graph, "VariableV2", **VARIABLE).device)

    found = [variable()]
    with under_devices(graph, pin_variables):
        found.append(variable())
        with under_devices(graph, lambda op: "/device:GPU:0"):
            found.append(variable())
        with under_devices(graph, "/device:GPU:0"):
            found.append(variable())
    assert found == ["", "/device:CPU:0", "/device:GPU:0", "/device:GPU:0"]


DEVICES = ["/device:GPU:0", "/device:GPU:1", "/device:CPU:0", "/device:CPU:1", "/job:ps"]


@pytest.mark.parametrize("within", [(), (pin_variables,)], ids=["alone", "in a function"])
def test_devices_that_are_named(lib: Library, within: tuple[Any, ...]) -> None:
    graph = lib.Graph()
    with under_devices(graph, *within):
        assert lib.constant(graph, 5.0).op.device == ""
        for device in (*DEVICES, "/replica:0"):
            with under_devices(graph, device):
                assert lib.constant(graph, 5.0).op.device == device


# --- parts of graphs


def test_the_part_that_a_node_needs(lib: Library) -> None:
    graph_def = lib.graph_def("""
    node { name: 'n1' input: 'n5' }
    node { name: 'n2' input: 'n1:0' }
    node { name: 'n3' input: '^n2' }
    node { name: 'n4' }
    node { name: 'n5' input: 'n1' }
    """)
    found = lib.extract_sub_graph(graph_def, ["n3"])
    assert [one.name for one in found.node] == ["n1", "n2", "n3", "n5"]


def test_of_nodes_of_one_name_the_last_counts(lib: Library) -> None:
    graph_def = lib.graph_def("""
    node { name: 'n1' op: 'A' input: 'n2' }
    node { name: 'n2' op: 'B' }
    node { name: 'n3' op: 'C' }
    node { name: 'n1' op: 'D' input: 'n3' }
    """)
    found = lib.extract_sub_graph(graph_def, ["n1"])
    assert [one.op for one in found.node] == ["C", "D"]


def test_a_name_is_no_list_of_nodes(lib: Library) -> None:
    with pytest.raises(TypeError, match="must be "):
        lib.extract_sub_graph(lib.graph_def("node { name: 'n1' }"), "n1")


def const(name: str, value: object = 1, *inputs: str) -> str:
    taken = "".join(f"input: '{one}' " for one in inputs)
    tensor = f"tensor {{ dtype: DT_FLOAT tensor_shape {{ }} float_val: {value} }}"
    return f"""
    node {{ name: '{name}' op: 'Const' {taken}
           attr {{ key: 'dtype' value {{ type: DT_FLOAT }} }}
           attr {{ key: 'value' value {{ {tensor} }} }} }}
    """


def plain(name: str, op: str, *inputs: str, attrs: str = "") -> str:
    taken = "".join(f"input: '{one}' " for one in inputs)
    return f"node {{ name: '{name}' op: '{op}' {taken} {attrs} }}"


FLOAT_T = "attr { key: 'T' value { type: DT_FLOAT } }"
COLOCATED = "attr { key: '_class' value { list { s: 'c_identity' } } }"
BASE = plain("I", "Identity", "Base") + plain("Base", "BaseOp")

TRAINING = {
    "checks and identities": (
        const("a_constant")
        + plain("a_check", "CheckNumerics", "a_constant")
        + plain("a_identity", "Identity", "a_constant", "^a_check")
        + const("b_constant")
        + plain("b_check", "CheckNumerics", "b_constant")
        + plain("b_identity", "Identity", "b_constant", "^b_check")
        + plain("add", "Add", "a_identity", "b_identity", attrs=FLOAT_T)
        + const("c_constant")
        + plain("c_identity", "Identity", "c_constant")
        + plain("sub", "Sub", "c_constant", "c_identity", attrs=COLOCATED),
        const("a_constant")
        + const("b_constant")
        + plain("add", "Add", "a_constant", "b_constant", attrs=FLOAT_T)
        + const("c_constant")
        + plain("c_identity", "Identity", "c_constant")
        + plain("sub", "Sub", "c_constant", "c_identity", attrs=COLOCATED),
    ),
    "chain of identities": (
        plain("A", "Aop", "B")
        + plain("B", "Identity", "C")
        + plain("C", "Identity", "D")
        + plain("D", "Dop"),
        plain("A", "Aop", "D") + plain("D", "Dop"),
    ),
    "identity that a constant waits for": (const("C", 1, "^I") + BASE, const("C", 1, "^I") + BASE),
}


@pytest.mark.parametrize("case", TRAINING)
def test_nodes_for_training_are_removed(lib: Library, case: str) -> None:
    before, after = (lib.graph_def(text) for text in TRAINING[case])
    before.library.function.add().signature.name = "f"
    found = lib.remove_training_nodes(before)
    assert list(found.node) == list(after.node)
    if lib.name == "tensorflow":  # the nodes alone, without the functions that they may call
        assert (found.library, found.versions) == (type(found.library)(), type(found.versions)())
    else:
        assert (found.library, found.versions) == (before.library, before.versions)


def test_nodes_for_training_that_are_protected_stay(lib: Library) -> None:
    before = lib.graph_def(TRAINING["chain of identities"][0])
    found = lib.remove_training_nodes(before, protected_nodes=["B"])
    assert [(one.name, list(one.input)) for one in found.node] == [
        *(("A", ["B"]), ("B", ["D"]), ("D", []))
    ]


# --- graphs that are equal


def library_of(*order: int, reverse: bool = False) -> str:
    """A GraphDef with only functions in it, as text: exp(x) - exp(-x) and exp(x)."""

    def build() -> None:
        @function.Defun(tf.float32)
        def f1(x: Any) -> Any:
            return tf.exp(x) - tf.exp(-x)

        @function.Defun(tf.float32)
        def f2(x: Any) -> Any:
            return tf.exp(x)

        f1(tf.constant(1.0))
        f2(tf.constant(1.0))

    graph_def = Theirs().graph(build).as_graph_def()
    functions = sorted(graph_def.library.function, key=lambda one: -len(one.node_def))
    chosen = v1.GraphDef()
    for at in order:
        copy = chosen.library.function.add()
        copy.CopyFrom(functions[at])
        if reverse:
            del copy.node_def[:]
            copy.node_def.extend(reversed(functions[at].node_def))
    return str(chosen)


ONE = const("C", 1, "^I") + BASE
NAN = const("C", "nan", "^I") + BASE

EQUAL: dict[str, tuple[Callable[[], str], Callable[[], str], bool, bool]] = {
    "the same": (lambda: ONE, lambda: ONE, False, True),
    "nodes in another order": (lambda: BASE + const("C", 1, "^I"), lambda: ONE, False, True),
    "another value": (lambda: ONE, lambda: const("C", 2, "^I") + BASE, False, False),
    "NaN": (lambda: NAN, lambda: NAN, False, False),
    "NaN as equal": (lambda: NAN, lambda: NAN, True, True),
    "a function": (lambda: library_of(0), lambda: library_of(0), False, True),
    "functions in another order": (
        *(lambda: library_of(0, 1), lambda: library_of(1, 0), False, True),
    ),
    "a function's nodes in another order": (
        *(lambda: library_of(0), lambda: library_of(0, reverse=True), False, True),
    ),
    "another function": (lambda: library_of(0), lambda: library_of(1), False, False),
}


@pytest.mark.parametrize("case", EQUAL)
def test_whether_graphs_are_equal(lib: Library, case: str) -> None:
    first, second, nan, expected = EQUAL[case]
    one, other = lib.message("GraphDef", first()), lib.message("GraphDef", second())
    options = {"treat_nan_as_equal": True} if nan else {}
    assert lib.graph_defs_equal(one, other, **options) is expected
    assert lib.graph_defs_equal(other, one, **options) is expected


def test_what_is_no_graph_def_is_not_compared(lib: Library) -> None:
    graph_def = lib.message("GraphDef", ONE)
    for pair in ((graph_def, "x"), ("x", graph_def)):
        with pytest.raises(TypeError, match="GraphDef"):
            lib.graph_defs_equal(*pair)


# --- files


@pytest.mark.parametrize("folders", ["l1", "l1/l2/l3"])
@pytest.mark.parametrize("kind", ["graph", "message"])
def test_a_graph_is_written_into_new_folders(
    lib: Library, tmp_path: Path, folders: str, kind: str
) -> None:
    def build() -> None:
        v1.Variable([[1, 2, 3], [4, 5, 6]], dtype=tf.float32, name="v0")

    graph = lib.graph(build)
    given = graph if kind == "graph" else graph.as_graph_def()
    path = lib.write_graph(given, str(tmp_path / folders), "graph.pbtxt")
    assert path == str(tmp_path / folders / "graph.pbtxt")
    assert Path(path).exists()


# --- freezing: ConvertVariablesToConstantsSessionTest


def freeze(
    lib: Library,
    model: Model,
    outputs: Sequence[str],
    denylist: Sequence[str] | None = None,
    graph_def: Any = None,
) -> Any:
    if graph_def is None:
        graph_def = model.graph.as_graph_def()
    if lib.name == "tensorflow":
        with model.graph.as_default():
            return convert_to_constants.convert_variables_to_constants_from_session_graph(
                model.values, graph_def, list(outputs), variable_names_denylist=denylist
            )
    return tfckpt.convert_variables_to_constants(
        model.values, graph_def, outputs, variable_names_blacklist=denylist
    )


VARIABLE_OPS = ("Variable", "VariableV2", "VarHandleOp", "ReadVariableOp")


def all_nodes(graph_def: Any) -> Iterator[Any]:
    yield from graph_def.node
    for one in graph_def.library.function:
        yield from one.node_def


def assert_no_variables(graph_def: Any) -> None:
    assert not [one.name for one in all_nodes(graph_def) if one.op in VARIABLE_OPS]


def edges(graph_def: Any) -> dict[str, tuple[str, list[str]]]:
    """The op and inputs of each node."""
    return {
        one.name: (one.op, [text.removesuffix(":0") for text in one.input])
        for one in graph_def.node
    }


def value_of(graph_def: Any, name: str) -> Any:
    one = node(graph_def, name)
    assert one.op == "Const"
    value = tf.make_ndarray(v1.NodeDef.FromString(one.SerializeToString()).attr["value"].tensor)
    assert one.attr["dtype"].type == one.attr["value"].tensor.dtype
    return value


def variables(use_resource: bool, **values: float) -> list[Any]:
    with v1.variable_scope("", use_resource=use_resource):
        return [v1.get_variable(name, initializer=value) for name, value in values.items()]


KINDS = pytest.mark.parametrize("use_resource", [False, True], ids=["reference", "resource"])


@KINDS
def test_a_variable_becomes_a_constant(lib: Library, use_resource: bool) -> None:
    def build() -> None:
        first, _ = variables(use_resource, variable_node=1.0, unused_variable_node=1.0)
        tf.multiply(first, 2.0, name="output_node")

    frozen = freeze(lib, lib.model(build), ["output_node"])
    assert_no_variables(frozen)
    assert len(frozen.node) == 4
    assert run(frozen, "output_node:0") == 2.0


def test_a_variable_that_stays_can_be_written(lib: Library) -> None:
    made = []

    def build() -> None:
        first, second = variables(True, variable_node=1.0, unused_variable_node=2.0)
        with v1.control_dependencies([first.assign(second + first)]):
            tf.identity(first, name="output_node")
        made.append(first.initializer.name)

    model = lib.model(build)
    frozen = freeze(lib, model, ["output_node", made[0]], ["variable_node"])
    assert node(frozen, "variable_node").op == "VarHandleOp"
    assert value_of(frozen, "unused_variable_node") == 2.0
    theirs = v1.GraphDef.FromString(frozen.SerializeToString())
    with v1.Graph().as_default() as graph, v1.Session(graph=graph) as session:
        v1.import_graph_def(theirs, name="")
        session.run(made[0])
        assert [session.run("output_node:0") for _ in range(2)] == [3.0, 5.0]


def plus_one_model() -> None:
    @function.Defun(tf.float32)
    def plus_one(x: Any) -> Any:
        return x + 1.0

    first = v1.Variable(1.0, name="variable_node", use_resource=True)
    v1.Variable(1.0, name="unused_variable_node", use_resource=True)
    tf.multiply(plus_one(first), 2.0, name="output_node")


def inlined(graph_def: Any, *kept: str) -> Any:
    """A graph as TensorFlow's optimizer leaves it that inlines functions, and does nothing else."""
    theirs = v1.GraphDef.FromString(graph_def.SerializeToString())
    meta = v1.train.export_meta_graph(graph_def=theirs, graph=v1.Graph())
    fetch = meta_graph_pb2.CollectionDef()
    fetch.node_list.value.extend(kept)
    meta.collection_def["train_op"].CopyFrom(fetch)
    config = config_pb2.ConfigProto()
    config.graph_options.rewrite_options.optimizers.append("function")
    return tf_optimizer.OptimizeGraph(config, meta)


@pytest.mark.parametrize("inline", [False, True], ids=["called", "inlined"])
def test_a_graph_with_functions(lib: Library, inline: bool) -> None:
    model = lib.model(plus_one_model)
    graph_def = model.graph.as_graph_def()
    if inline:
        with v1.Graph().as_default():
            graph_def = inlined(graph_def, "variable_node", "output_node")
    frozen = freeze(lib, model, ["output_node"], graph_def=graph_def)
    assert_no_variables(frozen)
    assert run(frozen, "output_node:0") == 4.0


def test_a_switch_of_resources(lib: Library) -> None:
    """The variables of the branches are initialized by their own initializers."""
    made = []

    def build() -> None:
        x, y = variables(True, var_x=1.0, var_y=2.0)
        with v1.variable_scope("", use_resource=True), control_flow(v2=False):
            chosen = v1.case(
                [(tf.less(x, y), lambda: v1.get_variable("var_f1", initializer=17.0))],
                default=lambda: v1.get_variable("var_f2", initializer=23.0),
            )
        made.append(tf.multiply(chosen, 2.0, name="output_node").name)

    frozen = freeze(lib, lib.model(build), ["output_node"])
    assert_no_variables(frozen)
    assert run(frozen, "output_node:0") == 34.0


@KINDS
def test_a_single_variable(lib: Library, use_resource: bool) -> None:
    read = "x/Read/ReadVariableOp" if use_resource else "x/read"
    frozen = freeze(lib, lib.model(lambda: variables(use_resource, x=1.0)), [read])
    assert value_of(frozen, "x") == 1.0
    assert edges(frozen)[read] == ("Identity", ["x"])
    assert node(frozen, read).attr["T"].type == tf.float32.as_datatype_enum


@KINDS
def test_one_variable_of_two(lib: Library, use_resource: bool) -> None:
    def build() -> None:
        tf.multiply(*variables(use_resource, x=1.0, y=1.0), name="out")

    frozen = freeze(lib, lib.model(build), ["out"], ["y"])
    assert value_of(frozen, "x") == 1.0
    found = edges(frozen)
    if use_resource:
        first, second = "out/ReadVariableOp", "out/ReadVariableOp_1"
        assert found["y"][0] == "VarHandleOp"
        assert found[second] == ("ReadVariableOp", ["y"])
        assert node(frozen, second).attr["dtype"].type == tf.float32.as_datatype_enum
    else:
        first, second = "x/read", "y/read"
        assert found["y"][0] == "VariableV2"
        assert found[second] == ("Identity", ["y"])
    assert found[first] == ("Identity", ["x"])
    assert found["out"] == ("Mul", [first, second])
    assert node(frozen, "y").attr["dtype"].type == tf.float32.as_datatype_enum
    for name in (first, "out"):
        assert node(frozen, name).attr["T"].type == tf.float32.as_datatype_enum


def test_a_chain_of_identities(lib: Library) -> None:
    def build() -> None:
        (x,) = variables(True, x=1.0)
        tf.identity(tf.identity(x, name="y"), name="z")

    frozen = freeze(lib, lib.model(build), ["z"])
    assert value_of(frozen, "x") == 1.0
    found = edges(frozen)
    assert found["y/ReadVariableOp"] == ("Identity", ["x"])
    assert found["y"] == ("Identity", ["y/ReadVariableOp"])
    assert found["z"] == ("Identity", ["y"])
    for name in ("y/ReadVariableOp", "y", "z"):
        assert node(frozen, name).attr["T"].type == tf.float32.as_datatype_enum


def test_a_conditional_of_nodes(lib: Library) -> None:
    def build() -> None:
        x, y = variables(False, x=1.0, y=2.0)
        with control_flow(v2=False):
            v1.case([(tf.less(x, y), lambda: x)], default=lambda: y)

    frozen = freeze(lib, lib.model(build), ["case/cond/Merge"])
    assert (value_of(frozen, "x"), value_of(frozen, "y")) == (1.0, 2.0)
    found = edges(frozen)
    assert found["x/read"] == ("Identity", ["x"])
    assert found["y/read"] == ("Identity", ["y"])
    assert found["Less"] == ("Less", ["x/read", "y/read"])
    assert found["case/cond/pred_id"] == ("Identity", ["Less"])
    # A Switch takes its data first.
    assert found["case/cond/Switch_1"] == ("Switch", ["x/read", "case/cond/pred_id"])
    assert found["case/cond/Switch_2"] == ("Switch", ["y/read", "case/cond/pred_id"])
    assert found["case/cond/Merge"] == ("Merge", ["case/cond/Switch_2", "case/cond/Switch_1:1"])
    assert node(frozen, "case/cond/Merge").attr["T"].type == tf.float32.as_datatype_enum
    assert run(frozen, "case/cond/Merge:0") == 1.0


FLOAT, RESOURCE, BOOL = (
    one.as_datatype_enum for one in (tf.float32, tf.dtypes.resource, tf.dtypes.bool)
)


class Branch(NamedTuple):
    """A function that an If calls: its arguments by name, and its nodes."""

    inputs: dict[str, int]
    outputs: dict[str, int]
    nodes: dict[str, Any]


def branch(graph_def: Any, caller: Any, which: str) -> Branch:
    """Find the function; what comes after the first part of its name is TensorFlow's number."""
    name = caller.attr[f"{which}_branch"].func.name
    kind = {"then": "true", "else": "false"}[which]
    assert name.startswith(f"case_cond_{kind}_")
    (found,) = [one for one in graph_def.library.function if one.signature.name == name]
    return Branch(
        {one.name: one.type for one in found.signature.input_arg},
        {one.name: one.type for one in found.signature.output_arg},
        {one.name: one for one in found.node_def},
    )


def types(one: Any, key: str) -> list[int]:
    return list(one.attr[key].list.type)


def test_a_conditional_of_functions(lib: Library) -> None:
    def build() -> None:
        a, x, y = variables(False, a=2.0, x=1.0, y=2.0)
        with control_flow(v2=True):
            v1.case([(tf.less(x, y), lambda: a)], default=lambda: y)

    frozen = freeze(lib, lib.model(build), ["case/cond"])
    assert (value_of(frozen, "x"), value_of(frozen, "y")) == (1.0, 2.0)
    found = edges(frozen)
    assert found["x/read"] == ("Identity", ["x"])
    assert found["y/read"] == ("Identity", ["y"])
    assert found["Less"] == ("Less", ["x/read", "y/read"])
    assert found["case/cond"] == ("StatelessIf", ["Less", "a/read", "y/read"])
    caller = node(frozen, "case/cond")
    assert caller.attr["Tcond"].type == BOOL
    assert types(caller, "Tin") == [FLOAT, FLOAT]
    assert types(caller, "Tout") == [FLOAT]
    then, other = (branch(frozen, caller, which) for which in ("then", "else"))
    assert then.inputs == {"a_read_0": FLOAT, "placeholder": FLOAT}
    assert then.outputs == {"a_read": FLOAT}
    assert other.inputs == {"placeholder": FLOAT, "y_read_0": FLOAT}
    assert other.outputs == {"y_read": FLOAT}
    assert run(frozen, "case/cond:0") == 2.0


def test_a_conditional_of_functions_that_take_resources(lib: Library) -> None:
    def build() -> None:
        x, y = variables(True, x=1.0, y=2.0)
        with control_flow(v2=True):
            v1.case([(tf.less(x, y), lambda: x)], default=lambda: y)

    frozen = freeze(lib, lib.model(build), ["case/cond"])
    assert (value_of(frozen, "x"), value_of(frozen, "y")) == (1.0, 2.0)
    op, inputs = edges(frozen)["case/cond"]
    assert op == "If"
    assert inputs[0] == "Less"
    assert set(inputs[1:]) == {"x", "y"}
    caller = node(frozen, "case/cond")
    assert caller.attr["Tcond"].type == BOOL
    assert types(caller, "Tin") == [FLOAT, FLOAT]
    assert types(caller, "Tout") == [FLOAT]
    then, other = (branch(frozen, caller, which) for which in ("then", "else"))
    assert then.inputs == {"placeholder": FLOAT, "readvariableop_x": FLOAT}
    assert other.inputs == {"placeholder": FLOAT, "readvariableop_y": FLOAT}
    assert then.outputs == other.outputs == {"readvariableop": FLOAT}
    if lib.name == "tfckpt":  # TensorFlow's functions return an output that they no longer have
        assert run(frozen, "case/cond:0") == 1.0


def test_a_variable_that_stays_within_conditionals_in_each_other(lib: Library) -> None:
    def build() -> None:
        x, y, z = variables(True, x=1.0, y=2.0, z=3.0)
        with control_flow(v2=True):
            v1.case(
                [(tf.less(x, y), lambda: x)],
                default=lambda: v1.case([(tf.less(z, y), lambda: z)], default=lambda: y),
            )

    frozen = freeze(lib, lib.model(build), ["case/cond"], ["y"])
    assert (value_of(frozen, "x"), value_of(frozen, "z")) == (1.0, 3.0)
    found = edges(frozen)
    assert found["y"][0] == "VarHandleOp"
    assert found["Less/ReadVariableOp"] == ("Identity", ["x"])
    assert found["Less/ReadVariableOp_1"] == ("ReadVariableOp", ["y"])
    op, inputs = found["case/cond"]
    assert op == "If"
    assert set(inputs[1:]) == {"x", "y", "z"}

    def check(caller: Any, sources: Sequence[str], kept: Sequence[str]) -> None:
        expected = [RESOURCE if one in kept else FLOAT for one in sources]
        assert types(caller, "Tin") == expected

    caller = node(frozen, "case/cond")
    check(caller, inputs[1:], ["y"])
    assert list(caller.attr["_read_only_resource_inputs"].list.i) == [1, 2, 3]
    assert len(caller.attr["output_shapes"].list.shape) == 1
    assert not caller.attr["output_shapes"].list.shape[0].dim

    then, other = (branch(frozen, caller, which) for which in ("then", "else"))
    assert then.inputs == {
        "placeholder": FLOAT,
        "placeholder_1": RESOURCE,
        "readvariableop_x": FLOAT,
    }
    assert then.outputs == {"readvariableop": FLOAT}
    assert then.nodes["ReadVariableOp"].op == "Identity"
    assert list(then.nodes["ReadVariableOp"].input)[:1] == ["readvariableop_x"]

    assert other.inputs == {
        "placeholder": FLOAT,
        "less_readvariableop_1_y": RESOURCE,
        "less_readvariableop_z": FLOAT,
    }
    assert other.outputs == {"case_cond_identity": FLOAT}
    kept = other.nodes["Less/ReadVariableOp_1"]
    assert (kept.op, kept.input[0]) == ("ReadVariableOp", "less_readvariableop_1_y")
    read = other.nodes["Less/ReadVariableOp"]
    assert (read.op, read.input[0]) == ("Identity", "less_readvariableop_z")

    inner = other.nodes["case/cond"]
    assert inner.op == "If"
    taken = list(inner.input)[1:]
    assert set(taken) == {"less_readvariableop_z", "less_readvariableop_1_y"}
    check(inner, taken, ["less_readvariableop_1_y"])
    assert list(inner.attr["_read_only_resource_inputs"].list.i) == [1, 2]
    then, other = (branch(frozen, inner, which) for which in ("then", "else"))
    assert then.inputs == {"placeholder": RESOURCE, "readvariableop_z": FLOAT}
    assert other.inputs == {"placeholder": FLOAT, "readvariableop_y": RESOURCE}
    assert then.outputs == other.outputs == {"readvariableop": FLOAT}
    assert then.nodes["ReadVariableOp"].op == "Identity"
    assert then.nodes["ReadVariableOp"].input[0] == "readvariableop_z"
    assert other.nodes["ReadVariableOp"].op == "ReadVariableOp"
    assert other.nodes["ReadVariableOp"].input[0] == "readvariableop_y"


# --- freezing a SavedModel's signature: VariablesToConstantsTest


class Frozen(NamedTuple):
    """A frozen graph, the tensors of its signature by their keys, and how to save it again."""

    graph_def: Any
    inputs: dict[str, str]
    outputs: dict[str, str]
    save: Callable[[Path], Any]  # with the signature mykey

    def run(self, feed: Mapping[str, Any]) -> dict[str, Any]:
        tensors = {self.inputs[key]: value for key, value in feed.items()}
        return run(self.graph_def, self.outputs, tensors)


def freeze_signature(lib: Library, folder: Path, key: str = "serving_default") -> Frozen:
    if lib.name == "tensorflow":
        return freeze_theirs(tf.saved_model.load(str(folder)), key)
    meta = tfckpt.saved_model.parse_saved_model(folder).meta_graphs[0]
    signature = meta.signature_def[key]
    inputs = {name: signature.inputs[name].name for name in signature.inputs}
    outputs = {name: signature.outputs[name].name for name in signature.outputs}
    nodes = sorted({name.partition(":")[0] for name in outputs.values()})
    frozen = tfckpt.convert_variables_to_constants(values_of(folder), meta.graph_def, nodes)

    def save(to: Path) -> None:
        builder = tfckpt.saved_model.Builder(to)
        builder.add_meta_graph_and_variables({}, ["serve"], {"mykey": signature}, graph=frozen)
        builder.save()

    return Frozen(frozen, inputs, outputs, save)


def freeze_theirs(loaded: Any, key: str) -> Frozen:
    signature = loaded.signatures[key]
    concrete = convert_to_constants.convert_variables_to_constants_v2(
        signature, lower_control_flow=False
    )
    keys = sorted(signature.structured_outputs)

    def save(to: Path) -> None:
        root = tf.Module()
        root.f = concrete
        tf.saved_model.save(root, str(to), {"mykey": concrete})

    return Frozen(
        concrete.graph.as_graph_def(),
        {key: one.name for key, one in zip(signature._arg_keywords, concrete.inputs, strict=True)},
        {key: one.name for key, one in zip(keys, concrete.outputs, strict=True)},
        save,
    )


def values_of(folder: Path) -> dict[str, Any]:
    """The values of a SavedModel's variables by the names of their nodes, read by TensorFlow."""
    meta = loader_impl.parse_saved_model(str(folder)).meta_graphs[0]
    if meta.HasField("object_graph_def"):
        reader = tf.train.load_checkpoint(str(folder / "variables" / "variables"))
        objects = trackable_object_graph_pb2.TrackableObjectGraph.FromString(
            reader.get_tensor("_CHECKPOINTABLE_OBJECT_GRAPH")
        )
        found = [one for each in objects.nodes for one in each.attributes if one.full_name]
        return {one.full_name: reader.get_tensor(one.checkpoint_key) for one in found}
    served = serve(folder, meta.meta_info_def.tags)
    return {
        op.name: served.session.run(value_tensor(served.graph, op.name))
        for op in served.graph.get_operations()
        if op.type in ("VarHandleOp", "VariableV2")
    }


def reachable(graph_def: Any) -> Iterator[Any]:
    """The nodes, and those of the functions that they call."""
    library = {one.signature.name: one for one in graph_def.library.function}
    waiting, seen = list(graph_def.node), set()
    while waiting:
        one = waiting.pop()
        yield one
        called = [one.op]
        for key in one.attr:
            called += [one.attr[key].func.name, *(each.name for each in one.attr[key].list.func)]
        for name in called:
            if name in library and name not in seen:
                seen.add(name)
                waiting += library[name].node_def


def assert_frozen(
    lib: Library, frozen: Frozen, tmp_path: Path, feed: Mapping[str, Any], expected: Sequence[Any]
) -> None:
    """Nothing is a variable any more, shapes have stayed, and results are what they were."""
    found = [one.name for one in reachable(frozen.graph_def) if one.op in VARIABLE_OPS]
    assert not found
    for key, value in feed.items():
        shape = node(frozen.graph_def, frozen.inputs[key].partition(":")[0]).attr["shape"].shape
        assert [dim.size for dim in shape.dim] == list(np.shape(value))
        assert not shape.unknown_rank
    results = frozen.run(feed)
    for one, other in zip(expected, (results[key] for key in sorted(results)), strict=True):
        np.testing.assert_almost_equal(other, one)
    frozen.save(tmp_path / "frozen")
    served = tf.saved_model.load(str(tmp_path / "frozen")).signatures["mykey"]
    results = served(**{key: tf.constant(value) for key, value in feed.items()})
    for one, other in zip(expected, (results[key] for key in sorted(results)), strict=True):
        np.testing.assert_almost_equal(other.numpy(), one)


class Case(NamedTuple):
    """A module with a function `f`, what it takes, and how many variables it has."""

    module: Any
    feed: dict[str, Any]
    variables: int = 0


def spec(*shape: int, dtype: tf.DType = tf.float32) -> tf.TensorSpec:
    return tf.TensorSpec(shape, dtype)


def module(signature: Sequence[tf.TensorSpec], call: Callable[..., Any], **kept: Any) -> tf.Module:
    made = tf.Module()
    for name, value in kept.items():
        setattr(made, name, tf.Variable(value, name=name))
    made.f = tf.function(lambda *args: call(made, *args), input_signature=list(signature))
    return made


def named(one: str, shape: Sequence[int] = (), dtype: tf.DType = tf.float32) -> tf.TensorSpec:
    return tf.TensorSpec(shape, dtype, name=one)


WEIGHTS = np.array([[0.1, 0.2], [0.3, 0.4]], np.float32)
ROW = np.array([[1.0, 2.0]], np.float32)


def constant_model() -> Case:
    return Case(module([named("x", [1])], lambda m, x: 2.0 * x), {"x": np.ones(1, np.float32)})


def variable_model(shape: Sequence[int]) -> Case:
    made = module([named("x", shape)], lambda m, x: m.v1 * m.v2 * x, v1=3.0, v2=2.0)
    return Case(made, {"x": np.ones(shape, np.float32)}, 2)


def two_functions() -> Case:
    class Model(tf.Module):
        y = z = None

        @tf.function(input_signature=[named("x", [1])])
        def f(self, x: Any) -> Any:
            if self.y is None:
                self.y = tf.Variable(2.0, name="y")
            return x + self.y

        @tf.function(input_signature=[named("x", [1])])
        def sub(self, x: Any) -> Any:
            if self.z is None:
                self.z = tf.Variable(3.0, name="z")
            return x - self.z

    return Case(Model(), {"x": np.ones(1, np.float32)}, 2)


def if_model(chosen: bool) -> Case:
    made = module(
        [named("x", [1, 2]), named("b", [], tf.bool)],
        lambda m, x, b: tf.cond(b, lambda: tf.matmul(x, m.weights), lambda: tf.add(x, m.weights)),
        weights=WEIGHTS,
    )
    return Case(made, {"x": ROW, "b": np.bool_(chosen)}, 1)


def stateless_if_model(chosen: bool) -> Case:
    made = module(
        [named("b", [], tf.bool)],
        lambda m, b: tf.cond(b, lambda: tf.constant(ROW), lambda: tf.constant(ROW) + 2),
    )
    return Case(made, {"b": np.bool_(chosen)})


def while_model() -> Case:
    made = module(
        [named("x", [2, 2])],
        lambda m, x: tf.while_loop(
            lambda x: tf.reduce_sum(x) < 100, lambda x: [tf.add(x, m.weights)], [x]
        ),
        weights=WEIGHTS,
    )
    return Case(made, {"x": np.array([[1.0, 2.0], [3.0, 4.0]], np.float32)}, 1)


def stateless_while_model() -> Case:
    made = module(
        [named("x")], lambda m, x: tf.while_loop(lambda v: v < 4.0, lambda v: [v * v], [x])
    )
    return Case(made, {"x": np.float32(2)})


def cell_weights() -> dict[str, Any]:
    rng = np.random.default_rng(7)
    return {
        "kernel": rng.normal(size=(20, 40)).astype("f4") / 4,
        "bias": rng.normal(size=40).astype("f4"),
    }


def cell(made: Any, x: Any, c: Any, h: Any) -> tuple[Any, Any]:
    """A step of an LSTM of ten units."""
    i, j, f, o = tf.split(tf.concat([x, h], 1) @ made.kernel + made.bias, 4, axis=1)
    c = tf.sigmoid(f + 1.0) * c + tf.sigmoid(i) * tf.tanh(j)
    return c, tf.sigmoid(o) * tf.tanh(c)


def unrolled_rnn_model() -> Case:
    """Three steps, each in a conditional, as a sequence may be shorter."""

    def call(made: Any, x: Any) -> list[Any]:
        c = h = tf.zeros([1, 10])
        outputs = []
        for step, one in enumerate(tf.split(x, 3, 0)):
            c, h = tf.cond(
                tf.less(step, tf.cast(tf.reduce_sum(tf.ones([2])), tf.int32)),
                lambda one=one, c=c, h=h: cell(made, one, c, h),
                lambda c=c, h=h: (c, h),
            )
            outputs.append(h)
        return [*outputs, c]

    rows = np.random.default_rng(1).random((3, 10), np.float32)
    return Case(module([named("x", [3, 10])], call, **cell_weights()), {"x": rows}, 2)


def looped_rnn_model() -> Case:
    def call(made: Any, x: Any) -> Any:
        steps = tf.TensorArray(tf.float32, 10, element_shape=[3, 10])

        def body(t: Any, c: Any, h: Any, steps: Any) -> Any:
            c, h = cell(made, x[:, t], c, h)
            return t + 1, c, h, steps.write(t, h)

        start = [tf.constant(0), tf.zeros([3, 10]), tf.zeros([3, 10]), steps]
        _, c, h, steps = tf.while_loop(lambda t, *_: t < 10, body, start)
        return steps.stack(), c, h

    rows = np.random.default_rng(2).random((3, 10, 10), np.float32)
    return Case(module([named("x", [3, 10, 10])], call, **cell_weights()), {"x": rows}, 2)


def switch_case_model(chosen: int) -> Case:
    rng = np.random.default_rng(3)

    def call(made: Any, i: Any, x: Any) -> Any:
        return tf.switch_case(
            i,
            [
                lambda: tf.matmul(x, made.w0),
                lambda: tf.matmul(x, made.w1),
                lambda: tf.pad(x, [[0, 0], [0, 1]]) + made.w2,
            ],
        )

    made = module(
        [named("i", [], tf.int32), named("x", [10, 3])],
        call,
        w0=rng.random((3, 4), np.float32),
        w1=rng.random((3, 4), np.float32),
        w2=rng.random(4, np.float32),
    )
    return Case(made, {"i": np.int32(chosen), "x": rng.random((10, 3), np.float32)}, 3)


MODELS: dict[str, Callable[[], Case]] = {
    "constants": constant_model,
    "variables": lambda: variable_model([1]),
    "scalars": lambda: variable_model([]),
    "two functions": two_functions,
    "If, true": lambda: if_model(True),
    "If, false": lambda: if_model(False),
    "StatelessIf, true": lambda: stateless_if_model(True),
    "StatelessIf, false": lambda: stateless_if_model(False),
    "unrolled RNN": unrolled_rnn_model,
    "While": while_model,
    "StatelessWhile": stateless_while_model,
    "looped RNN": looped_rnn_model,
    "switch_case, 0": lambda: switch_case_model(0),
    "switch_case, 1": lambda: switch_case_model(1),
    "switch_case, 2": lambda: switch_case_model(2),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_tensorflow_2_model_is_frozen(lib: Library, tmp_path: Path, name: str) -> None:
    made, feed, count = MODELS[name]()
    arguments = [tf.constant(value) for value in feed.values()]
    expected = [one.numpy() for one in tf.nest.flatten(made.f(*arguments))]
    folder = tmp_path / "model"
    tf.saved_model.save(made, str(folder), signatures=made.f)
    graph_def = loader_impl.parse_saved_model(str(folder)).meta_graphs[0].graph_def
    assert sum(one.op == "VarHandleOp" for one in graph_def.node) == count
    assert_frozen(lib, freeze_signature(lib, folder), tmp_path, feed, expected)


def test_a_tensorflow_1_model_is_frozen(lib: Library, tmp_path: Path) -> None:
    """Of references, and a local variable that only the init op gives a value."""
    made = []

    def build() -> None:
        start = v1.placeholder(tf.float32, [1, 1], name="start")
        v1.Variable(-1.0, name="distractor", use_resource=False)
        v = v1.Variable(3.0, name="v", use_resource=False)
        local = v1.Variable(
            1.0, collections=["local_variables"], trainable=False, use_resource=True
        )
        tf.identity(start * v * local, name="output")
        made.append(local.initializer.name)

    folder = tmp_path / "model"
    theirs = Theirs()
    model = theirs.model(build)
    start, output = (model.graph.get_tensor_by_name(f"{name}:0") for name in ("start", "output"))
    theirs.simple_save(model, folder, {"start": start}, {"output": output}, legacy_init_op=made[0])
    frozen = freeze_signature(lib, folder)
    feed = {"start": np.ones((1, 1), np.float32)}
    assert_frozen(lib, frozen, tmp_path, feed, [np.full((1, 1), 3.0)])


def test_a_function_that_is_not_to_be_inlined(lib: Library, tmp_path: Path) -> None:
    class BasicModel(tf.Module):
        v1 = None

        @tf.function(input_signature=[spec(1)])
        def add_all(self, x: Any) -> Any:
            if self.v1 is None:
                self.v1 = tf.Variable(3.0, name="v1")
            return x + self.v1 + self.v2

    def build() -> None:
        model = BasicModel()
        model.v2 = tf.Variable(2.0, name="v2")
        made.append(model.add_all(v1.placeholder(tf.float32, [1], name="a")).name)

    made: list[str] = []
    folder = tmp_path / "model"
    theirs = Theirs()
    model = theirs.model(build)
    taken, given = (model.graph.get_tensor_by_name(name) for name in ("a:0", made[0]))
    theirs.simple_save(model, folder, {"myinput": taken}, {"myoutput": given})
    saved = loader_impl.parse_saved_model(str(folder))
    marked = 0
    for one in saved.meta_graphs[0].graph_def.library.function:
        if one.signature.name.removeprefix("__inference_").startswith("add_all"):
            one.attr["_noinline"].b = True
            marked += 1
    assert marked
    (folder / "saved_model.pb").write_bytes(saved.SerializeToString(deterministic=True))

    frozen = freeze_signature(lib, folder)
    assert not [one.name for one in reachable(frozen.graph_def) if one.op in VARIABLE_OPS]
    (result,) = frozen.run({"myinput": [1.0]}).values()
    assert result.tolist() == [6.0]


# --- freezing files: freeze_graph_test.py


def freeze_files(lib: Library, to: Path, outputs: str, **given: Any) -> Any:
    """Freeze what lies in files into a binary file, and return the message in it.

    Given are `graph` (text) or `meta` with `checkpoint`, or `model` with `tags`.
    """
    graph, meta, model = (given.get(key) for key in ("graph", "meta", "model"))
    if lib.name == "tensorflow":
        with v1.Graph().as_default():
            freeze_graph.freeze_graph(
                str(graph) if graph else "",
                "",
                meta is not None,
                given.get("checkpoint"),
                outputs,
                "save/restore_all",
                "save/Const:0",
                str(to),
                False,
                "",
                "",
                "",
                input_meta_graph=str(meta) if meta else None,
                input_saved_model_dir=str(model) if model else None,
                saved_model_tags=",".join(given.get("tags", ())),
            )
    else:
        if model:
            values: Any = {}
            graph_def = tfckpt.saved_model.load(values, given["tags"], model).graph_def
        else:
            values = tfckpt.load_checkpoint(given["checkpoint"])
            graph_def = tfckpt.read_graph_def(graph or meta)
        frozen = tfckpt.convert_variables_to_constants(values, graph_def, outputs.split(","))
        tfckpt.write_graph(frozen, to.parent, to.name, as_text=False)
    return v1.GraphDef.FromString(to.read_bytes())


def doubled(use_resource: bool) -> Callable[[], None]:
    def build() -> None:
        variable = v1.Variable(1.0, name="variable_node", use_resource=use_resource)
        tf.multiply(variable, 2.0, name="output_node")

    return build


@pytest.mark.parametrize(
    ("version", "use_resource"),
    # freeze_graph cannot restore resources without a MetaGraphDef.
    [("V1", False), ("V2", False), ("meta", False), ("meta", True)],
)
def test_a_graph_and_a_checkpoint_are_frozen(
    lib: Library, tmp_path: Path, version: str, use_resource: bool
) -> None:
    model = Theirs().model(doubled(use_resource))
    with model.graph.as_default():
        number = {"V1": v1.train.SaverDef.V1}.get(version, v1.train.SaverDef.V2)
        checkpoint = v1.train.Saver(write_version=number).save(
            model.values,
            str(tmp_path / "saved_checkpoint"),
            global_step=0,
            latest_filename="checkpoint_state",
        )
        tf.io.write_graph(model.graph, str(tmp_path), "input_graph.pb")
    given = (
        {"meta": Path(f"{checkpoint}.meta")}
        if version == "meta"
        else {"graph": tmp_path / "input_graph.pb"}
    )
    frozen = freeze_files(
        lib, tmp_path / "output_graph.pb", "output_node", checkpoint=checkpoint, **given
    )
    assert len(frozen.node) == 4
    assert_no_variables(frozen)
    assert run(frozen, "output_node:0") == 2.0


@KINDS
@pytest.mark.parametrize("tags", [[], ["serve"]], ids=["no tags", "serve"])
def test_a_saved_model_is_frozen(
    lib: Library, tmp_path: Path, tags: list[str], use_resource: bool
) -> None:
    def build() -> None:
        examples = v1.placeholder(tf.string, name="input_node")
        feature = v1.parse_example(examples, {"feature": v1.FixedLenFeature([], tf.float32)})[
            "feature"
        ]
        variable = v1.Variable(1.0, name="variable_node", use_resource=use_resource)
        scores = tf.multiply(variable, feature, name="output_node")
        classes = tf.transpose(tf.fill(tf.shape(feature), "class_feature"))
        made.append(v1.saved_model.classification_signature_def(examples, classes, scores))

    made: list[Any] = []
    theirs, folder = Theirs(), tmp_path / "saved_model_dir"
    model = theirs.model(build)
    builder = theirs.builder(folder, new=False)
    theirs.add_first(builder, model, tags, signature_def_map={"serving_default": made[0]})
    builder.save(as_text=True)

    frozen = freeze_files(lib, tmp_path / "output_graph.pb", "output_node", model=folder, tags=tags)
    with_v2 = any("ParseExampleV2" in one.name for one in frozen.node)
    assert len(frozen.node) == (10 if with_v2 else 8)
    assert_no_variables(frozen)
    example = example_pb2.Example()
    example.features.feature["feature"].float_list.value.append(2.0)
    feed = {"input_node:0": [example.SerializeToString()]}
    assert run(frozen, "output_node:0", feed) == 2.0


def test_partitioned_variables_are_refused(lib: Library, tmp_path: Path) -> None:
    """Their parts are not in the checkpoint by the names of their nodes."""

    def build() -> None:
        partitioner = v1.fixed_size_partitioner(1)
        with v1.variable_scope("part", partitioner=partitioner, use_resource=False):
            first, second = (tf.zeros([5, 8, 8, 3], name=f"input{i}") for i in (1, 2))
            weights = tf.reshape(v1.get_variable("filter", [3, 3]), [1, 1, 3, 3])
            result = tf.nn.conv2d(first, weights, strides=[1, 1, 1, 1], padding="SAME")
            tf.nn.relu6(tf.add(result, second, name="test/add"), name="test/relu6")

    model = Theirs().model(build)
    with model.graph.as_default():
        checkpoint = v1.train.Saver().save(
            model.values, str(tmp_path / "saved_checkpoint"), global_step=0
        )
    tf.io.write_graph(model.graph, str(tmp_path), "input_graph.pb")
    assert any(re.search(r"/part_\d+", op.name) for op in model.graph.get_operations())
    for output in ("save/restore_all", "part/test/relu6"):
        with pytest.raises(
            ValueError, match=r"partition(ed)? variables cannot be .* checkpoint file"
        ):
            freeze_files(
                lib,
                tmp_path / "output_graph.pb",
                output,
                graph=tmp_path / "input_graph.pb",
                checkpoint=checkpoint,
            )
