"""Freezing variables that a graph hands to functions.

Functions here are written down by hand, before and after.
"""

from __future__ import annotations

import re

import numpy as np
import pytest
from google.protobuf import text_format

import tfckpt
from tfckpt import errors
from tfckpt.dtypes import DataType
from tfckpt.graphdef.attr_values import python_to_attr
from tfckpt.protos import AttrValue, FunctionDef, GraphDef, NameAttrList, NodeDef

W = np.arange(6, dtype=np.float32).reshape(2, 3)
FLOAT, DOUBLE, INT, BOOL, HANDLE = (
    *(DataType.DT_FLOAT, DataType.DT_DOUBLE, DataType.DT_INT32),
    *(DataType.DT_BOOL, DataType.DT_RESOURCE),
)


def func(*names):
    """An attribute that names a function, or several."""
    if len(names) == 1:
        return AttrValue(func=NameAttrList(name=names[0]))
    return AttrValue(list=AttrValue.ListValue(func=[NameAttrList(name=name) for name in names]))


def node(name, op, *inputs, **attrs):
    made = NodeDef(name=name, op=op, input=inputs)
    for key, value in attrs.items():
        made.attr[key].CopyFrom(python_to_attr(value))
    return made


def variable(name, dtype=FLOAT):
    return node(name, "VarHandleOp", dtype=dtype, shape=(2, 3))


def function(name, args, returned, *nodes):
    """`returned` has the type and the tensor of each output."""
    made = FunctionDef(node_def=nodes)
    made.signature.name = name
    for arg, kind in args.items():
        made.signature.input_arg.add(name=arg, type=kind)
    for output, (kind, tensor) in returned.items():
        made.signature.output_arg.add(name=output, type=kind)
        made.ret[output] = tensor
    return made


def graph_def(*parts):
    made = GraphDef(node=[part for part in parts if isinstance(part, NodeDef)])
    made.library.function.extend(part for part in parts if isinstance(part, FunctionDef))
    return made


def freeze(graph, *outputs, values=None, **options):
    return tfckpt.convert_variables_to_constants(
        {"w": W, "v": W} if values is None else values, graph, outputs, **options
    )


def find(frozen, name):
    (found,) = [one for one in frozen.node if one.name == name]
    return found


def library(frozen):
    return {one.signature.name: one for one in frozen.library.function}


def called(frozen, name, attribute="f"):
    return library(frozen)[find(frozen, name).attr[attribute].func.name]


def types_of(args):
    return {arg.name: arg.type for arg in args}


X = node("x", "Placeholder", dtype=FLOAT, shape=())
CALL = {"Tin": [FLOAT, HANDLE], "Tout": [FLOAT, FLOAT], "f": func("times_12")}
TIMES = function(
    "times_12",
    {"x": FLOAT, "handle": HANDLE},
    {"y": (FLOAT, "Mul:z:0"), "read": (FLOAT, "Read:value:0")},
    node("Read", "ReadVariableOp", "handle", dtype=FLOAT),
    node("Mul", "Mul", "x", "Read:value:0", "^Read", T=FLOAT),
)


def test_a_function_reads_the_value_that_it_is_handed():
    before = text_format.Parse(
        """
        signature { name: "times_12" is_stateful: true
          input_arg { name: "x" type: DT_FLOAT }
          input_arg { name: "handle" type: DT_RESOURCE
                      handle_data { dtype: DT_FLOAT shape { dim { size: 2 } dim { size: 3 } } } }
          output_arg { name: "y" type: DT_FLOAT } output_arg { name: "read" type: DT_FLOAT } }
        node_def { name: "Read" op: "ReadVariableOp" input: "handle" input: "^Init"
          attr { key: "dtype" value { type: DT_FLOAT } }
          attr { key: "_output_shapes"
                 value { list { shape { dim { size: 2 } dim { size: 3 } } } } } }
        node_def { name: "Init" op: "NoOp" }
        node_def { name: "Mul" op: "Mul" input: "x" input: "Read:value:0" input: "^Read"
          attr { key: "T" value { type: DT_FLOAT } } }
        ret { key: "y" value: "Mul:z:0" } ret { key: "read" value: "Read:value:0" }
        control_ret { key: "Read" value: "Read" }
        attr { key: "_input_shapes" value { list { shape { } shape { } } } }
        attr { key: "api_implements" value { s: "times" } }
        arg_attr { key: 1 value { attr { key: "_output_shapes" value { list { shape { } } } }
                                  attr { key: "_user_specified_name" value { s: "w" } } } }
        resource_arg_unique_id { key: 1 value: 4 }
        """,
        FunctionDef(),
    )
    after = text_format.Parse(
        """
        signature { name: "times_frozen" is_stateful: true
          input_arg { name: "x" type: DT_FLOAT }
          input_arg { name: "handle" type: DT_FLOAT }
          output_arg { name: "y" type: DT_FLOAT } output_arg { name: "read" type: DT_FLOAT } }
        node_def { name: "Read" op: "Identity" input: "handle" input: "^Init"
          attr { key: "T" value { type: DT_FLOAT } }
          attr { key: "_output_shapes"
                 value { list { shape { dim { size: 2 } dim { size: 3 } } } } } }
        node_def { name: "Init" op: "NoOp" }
        node_def { name: "Mul" op: "Mul" input: "x" input: "Read:output:0" input: "^Read"
          attr { key: "T" value { type: DT_FLOAT } } }
        ret { key: "y" value: "Mul:z:0" } ret { key: "read" value: "Read:output:0" }
        control_ret { key: "Read" value: "Read" }
        attr { key: "_input_shapes" value { list { shape { } shape { unknown_rank: true } } } }
        arg_attr { key: 1 value { attr { key: "_user_specified_name" value { s: "w" } } } }
        """,
        FunctionDef(),
    )
    call = node("y", "StatefulPartitionedCall", "x", "w", **CALL)
    graph = graph_def(X, variable("w"), call, before)
    given = GraphDef.FromString(graph.SerializeToString())
    frozen = freeze(graph, "y")
    assert graph == given
    assert find(frozen, "w").op == "Const"
    (made,) = frozen.library.function
    assert re.fullmatch(r"times_frozen_\d+", made.signature.name)
    call.attr["f"].func.name = made.signature.name
    call.attr["Tin"].CopyFrom(python_to_attr([FLOAT, FLOAT]))
    assert find(frozen, "y") == call
    made.signature.name = after.signature.name
    assert made == after
    again = freeze(graph, "y")
    made.signature.name = call.attr["f"].func.name
    assert again == frozen  # names too


def test_callers_with_other_variables_have_a_function_of_their_own():
    calls = [
        node(f"y{at}", "PartitionedCall", "x", name, **CALL)
        for at, name in enumerate(["w", "v", "w", "stays"])
    ]
    graph = graph_def(X, variable("w"), variable("v"), variable("stays"), *calls, TIMES)
    names = ["y0", "y1", "y2", "y3"]
    frozen = freeze(graph, *names, variable_names_blacklist=["stays"])
    first, second, third, last = (find(frozen, name).attr["f"].func.name for name in names)
    assert first == second == third != last == "times_12"
    assert library(frozen).keys() == {first, "times_12"}
    assert library(frozen)["times_12"] == TIMES
    assert list(find(frozen, "y3").attr["Tin"].list.type) == [FLOAT, HANDLE]


def test_functions_of_one_name_and_other_contents_have_other_names():
    """As TensorFlow refuses a second function of a name within a process."""
    other = FunctionDef.FromString(TIMES.SerializeToString())
    other.node_def[1].op = "Add"
    made = {
        name
        for one in (TIMES, other)
        for name in library(
            freeze(
                graph_def(X, variable("w"), node("y", "PartitionedCall", "x", "w", **CALL), one),
                "y",
            )
        )
    }
    assert len(made) == 2


def test_only_functions_that_are_called_stay():
    unused = function("unused", {"x": FLOAT}, {"y": (FLOAT, "x")})
    inner = function("inner", {"x": FLOAT}, {"y": (FLOAT, "x")})
    gradient = function("gradient", {"x": FLOAT}, {"y": (FLOAT, "x")})
    graph = graph_def(X, node("y", "inner", "x"), unused, inner, gradient)
    graph.library.gradient.add(function_name="inner", gradient_func="gradient")
    graph.library.gradient.add(function_name="unused", gradient_func="gradient")
    frozen = freeze(graph, "y")
    assert list(library(frozen)) == ["inner", "gradient"]
    assert [one.function_name for one in frozen.library.gradient] == ["inner"]


def test_functions_within_functions():
    outer = function(
        "outer",
        {"handle": HANDLE, "x": FLOAT},
        {"y": (FLOAT, "direct:y:0")},
        node("direct", "times_12", "call:output:0", "handle"),
        node("call", "PartitionedCall", "x", "handle", **CALL),
    )
    call = node("y", "outer", "w", "x")  # before TensorFlow 2 a function is an op
    frozen = freeze(graph_def(X, variable("w"), call, outer, TIMES), "y")
    outer_name = find(frozen, "y").op
    assert library(frozen)[outer_name].signature.name.startswith("outer_frozen_")
    direct, through = library(frozen)[outer_name].node_def
    assert direct.op == through.attr["f"].func.name
    inner = library(frozen)[direct.op]
    assert types_of(inner.signature.input_arg) == {"x": FLOAT, "handle": FLOAT}
    assert list(through.attr["Tin"].list.type) == [FLOAT, FLOAT]
    assert len(library(frozen)) == 2


@pytest.mark.parametrize("op", ["If", "StatelessIf", "Case", "StatelessCase"])
def test_conditionals(op):
    reads = function(
        "reads",
        {"w": HANDLE},
        {"y": (FLOAT, "r:value:0")},
        node("r", "ReadVariableOp", "w", dtype=FLOAT),
    )
    zeros = function(
        "zeros",
        {"w": HANDLE},
        {"y": (FLOAT, "c:output:0")},
        node("c", "Const", dtype=FLOAT, value=W),
    )
    p = node("p", "Placeholder", dtype=BOOL if "If" in op else INT, shape=())
    branches = (
        {"then_branch": func("reads"), "else_branch": func("zeros"), "Tcond": BOOL}
        if "If" in op
        else {"branches": func("reads", "zeros")}
    )
    call = node("y", op, "p", "w", Tin=[HANDLE], Tout=[FLOAT], output_shapes=[(2, 3)], **branches)
    frozen = freeze(graph_def(p, variable("w"), call, reads, zeros), "y")
    found = find(frozen, "y")
    if "If" in op:
        names = [found.attr[key].func.name for key in ("then_branch", "else_branch")]
    else:
        names = [one.name for one in found.attr["branches"].list.func]
    assert list(library(frozen)) == names
    assert [name.partition("_frozen_")[0] for name in names] == ["reads", "zeros"]
    for name in names:
        assert types_of(library(frozen)[name].signature.input_arg) == {"w": FLOAT}
    assert list(found.attr["Tin"].list.type) == [FLOAT]
    assert found.attr["output_shapes"] == call.attr["output_shapes"]


def loop(*, swapped=False):
    """While i < 3: x = x * w."""
    args = {"i": INT, "x": FLOAT, "w": HANDLE, "v": HANDLE}
    cond = function("cond", args, {"go": (BOOL, "Less:z:0")}, node("Less", "Less", "i", "n", T=INT))
    handles = {"w": (HANDLE, "v" if swapped else "same:output:0"), "v": (HANDLE, "v")}
    body = function(
        "body",
        args,
        {"i": (INT, "i"), "x": (FLOAT, "Mul:z:0"), **handles},
        node("same", "Identity", "w", T=HANDLE, _output_shapes=[()]),
        node("Read", "ReadVariableOp", "same:output:0", dtype=FLOAT),
        node("Mul", "Mul", "x", "Read:value:0", T=FLOAT),
    )
    call = node(
        *("loop", "While", "i", "x", "w", "v"),
        T=[INT, FLOAT, HANDLE, HANDLE],
        output_shapes=[(), (2, 3), (), ()],
        cond=func("cond"),
        body=func("body"),
        _output_shapes=[(), (2, 3), (), ()],
    )
    i = node("i", "Placeholder", dtype=INT, shape=())
    after = node("after", "ReadVariableOp", "loop:2", dtype=FLOAT)
    return graph_def(X, i, variable("w"), variable("v", DOUBLE), call, after, cond, body)


def test_a_loop_and_what_it_hands_on():
    frozen = freeze(loop(), "after", values={"w": W, "v": W.astype("f8")})
    found = find(frozen, "loop")
    assert list(found.attr["T"].list.type) == [INT, FLOAT, FLOAT, DOUBLE]
    shapes = found.attr["output_shapes"].list.shape
    assert [one.unknown_rank for one in shapes] == [False, False, True, True]
    assert [dim.size for dim in shapes[1].dim] == [2, 3]
    assert "_output_shapes" not in found.attr
    assert find(frozen, "after").op == "Identity"
    assert find(frozen, "after").attr["T"].type == FLOAT
    expected = {"i": INT, "x": FLOAT, "w": FLOAT, "v": DOUBLE}
    for attribute in ("cond", "body"):
        made = called(frozen, "loop", attribute)
        assert types_of(made.signature.input_arg) == expected
    assert types_of(called(frozen, "loop", "body").signature.output_arg) == expected
    same = called(frozen, "loop", "body").node_def[0]
    assert (same.attr["T"].type, "_output_shapes" in same.attr) == (FLOAT, False)


def test_lookups_in_a_function():
    types = {"dtype": FLOAT, "Tindices": INT}
    look = function(
        "look",
        {"at": INT, "w": HANDLE, "rows/axis": INT},
        {"y": (FLOAT, "rows:output:0"), "z": (FLOAT, "nd:output:0"), "n": (INT, "n:output:0")},
        node("rows", "ResourceGather", "w", "at", batch_dims=1, **types),
        node("nd", "ResourceGatherNd", "w", "at", **types),
        node("n", "VariableShape", "w", out_type=INT),
    )
    at = node("at", "Placeholder", dtype=INT, shape=())
    call = node(
        *("y", "PartitionedCall", "at", "w", "at"),
        Tin=[INT, HANDLE, INT],
        Tout=[FLOAT, FLOAT, INT],
        f=func("look"),
    )
    frozen = freeze(graph_def(at, variable("w"), call, look), "y")
    rows, nd, n, axis = called(frozen, "y").node_def
    assert rows == node(
        *("rows", "GatherV2", "w", "at", "rows/axis_:output:0"),
        Tparams=FLOAT,
        Tindices=INT,
        Taxis=INT,
        batch_dims=1,
    )
    assert nd == node("nd", "GatherNd", "w", "at", Tparams=FLOAT, Tindices=INT)
    assert n == node("n", "Shape", "w", T=FLOAT, out_type=INT)
    assert axis == node("rows/axis_", "Const", dtype=INT, value=np.int32(1))


def in_function(*nodes, **returned):
    made = function("f", {"w": HANDLE, "v": HANDLE}, returned, *nodes)
    call = node("y", "PartitionedCall", "w", "v", Tin=[HANDLE] * 2, Tout=[], f=func("f"))
    return graph_def(variable("w"), variable("v"), call, made)


def conditional(**given):
    """An If whose branches give one of their handles."""
    branches = [
        function(name, {"w": HANDLE, "v": HANDLE}, {"y": (HANDLE, which)})
        for name, which in given.items()
    ]
    p = node("p", "Placeholder", dtype=BOOL, shape=())
    call = node(
        *("y", "If", "p", "w", "v"),
        Tin=[HANDLE] * 2,
        Tout=[HANDLE],
        then_branch=func("a"),
        else_branch=func("b"),
    )
    return graph_def(p, variable("w"), variable("v"), call, *branches)


ITSELF = {"f": func("f"), "Tin": [HANDLE] * 2, "Tout": []}
STAYS = "or else one that stays"
INVALID, UNKNOWN = errors.InvalidArgumentError, errors.UnimplementedError
REFUSED = {
    "writing": (
        in_function(node("up", "AssignAddVariableOp", "w", "one:output:0", dtype=FLOAT)),
        *(INVALID, r"'up' \(AssignAddVariableOp\) in function 'f': it writes a variable"),
    ),
    "a use that is not known": (
        in_function(node("is", "VarIsInitializedOp", "w")),
        *(UNKNOWN, "'is' .* in function 'f': it takes the variable itself"),
    ),
    "a lookup in more dimensions than there are": (
        in_function(
            node("r", "ResourceGather", "w", "i:0", dtype=FLOAT, Tindices=INT, batch_dims=2**40)
        ),
        *(INVALID, "'r' .*no tensor has 1099511627776 dimensions"),
    ),
    "functions that are called in another way": (
        in_function(node("d", "MapDataset", "s:handle:0", "w", Targuments=[HANDLE], f=func("g"))),
        *(UNKNOWN, "'d' .*hands a variable to a function"),
    ),
    "a function that is not there": (
        in_function(node("c", "PartitionedCall", "w", Tin=[HANDLE], Tout=[], f=func("gone"))),
        *(INVALID, "'c' .*calls 'gone'"),
    ),
    "a function of other arguments": (
        in_function(node("c", "PartitionedCall", "w", Tin=[HANDLE], Tout=[], f=func("g"))),
        *(INVALID, "function 'g' takes 0 arguments, it is called with 1"),
    ),
    "a function of other arguments, called by its name": (
        in_function(node("c", "g", "w")),
        *(INVALID, "function 'g' takes 0 arguments, it is called with 1"),
    ),
    "a variable that another takes the place of": (
        in_function(node("m", "Merge", "w", "v", T=HANDLE, N=2)),
        *(INVALID, "'m' .*gives a variable that is to be a constant, or else one that stays"),
    ),
    "a function that calls itself": (
        in_function(node("c", "PartitionedCall", "v", "w", **ITSELF)),
        *(UNKNOWN, "function 'f' hands a variable to itself"),
    ),
    "one of two variables, by the condition": (
        conditional(a="w", b="v"),
        *(INVALID, "'y' .*gives a variable that is to be a constant, or else one that stays"),
    ),
    "an argument of several tensors": (
        in_function(node("c", "PartitionedCall", "w", Tin=[HANDLE], Tout=[], f=func("several"))),
        *(UNKNOWN, "'several' has an argument, or an output, of several tensors"),
    ),
    "a variable as a condition": (
        graph_def(
            variable("w"),
            node("y", "If", "w", Tin=[], Tout=[], then_branch=func("a"), else_branch=func("a")),
        ),
        *(INVALID, "'y' .*takes a variable itself as its condition"),
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_frozen(case):
    graph, kind, message = REFUSED[case]
    several = function("several", {"a": FLOAT}, {})
    several.signature.input_arg[0].number_attr = "N"
    graph.library.function.extend([function("g", {}, {}), several])
    with pytest.raises(kind, match=message):
        freeze(graph, "y", variable_names_blacklist=["v"] if STAYS in message else None)


def test_a_call_whose_types_are_not_those_of_its_inputs_is_refused():
    call = node("y", "PartitionedCall", "x", "w", **{**CALL, "Tin": [FLOAT]})
    with pytest.raises(INVALID, match="attr 'Tin' has 1 types, not 2"):
        freeze(graph_def(X, variable("w"), call, TIMES), "y")


def test_a_loop_that_gives_one_variable_for_another_is_refused():
    graph = loop(swapped=True)
    with pytest.raises(INVALID, match=r"'loop' .*or else one that stays"):
        freeze(graph, "loop", variable_names_blacklist=["v"])


def test_a_handle_that_comes_out_of_a_conditional_is_a_value():
    graph = conditional(a="w", b="v")
    graph.node.append(node("read", "ReadVariableOp", "y", dtype=FLOAT))
    frozen = freeze(graph, "read")
    assert find(frozen, "read").op == "Identity"
    assert list(find(frozen, "y").attr["Tout"].list.type) == [FLOAT]


def nested(depth, calls):
    """Functions that each call the next one `calls` times, with their variables turned by one."""
    args = {f"a{at}": HANDLE for at in range(10)}
    inputs = list(args)
    types = {"Tin": [HANDLE] * 10, "Tout": []}
    functions = [
        function(
            *(f"f{level}", args, {}),
            *(
                node(
                    f"c{turn}",
                    "PartitionedCall",
                    *inputs[turn:],
                    *inputs[:turn],
                    **types,
                    f=func(f"f{level + 1}"),
                )
                for turn in range(calls)
            ),
        )
        for level in range(depth)
    ]
    call = node("y", "PartitionedCall", *["w"] * 3, *["v"] * 7, **types, f=func("f0"))
    last = function(f"f{depth}", args, {})
    return graph_def(variable("w"), variable("v"), call, *functions, last)


def test_functions_that_are_very_deep_are_refused():
    with pytest.raises(UNKNOWN, match="through 100 others"):
        freeze(nested(200, 1), "y")


def test_copies_are_limited():
    graph = nested(9, 2)
    options = {"variable_names_blacklist": ["v"]}
    assert len(freeze(graph, "y", **options).library.function) > 30
    limits = tfckpt.Limits(memory=1000, memory_ratio=2)
    with limits, pytest.raises(errors.ResourceExhaustedError, match="functions copied"):
        freeze(graph, "y", **options)


# --- values by the names of nodes


def test_a_tensorflow_2_model_is_frozen_with_the_values_of_its_checkpoint(golden):
    values = {}
    meta_graph = tfckpt.saved_model.load(values, ["serve"], golden / "saved_model")
    by_node = tfckpt.values_by_node(meta_graph, values)
    assert list(by_node) == ["factor"]
    output = meta_graph.signature_def["serving_default"].outputs["output_0"].name
    frozen = tfckpt.convert_variables_to_constants(
        by_node, meta_graph.graph_def, [output.partition(":")[0]]
    )
    assert {name: value.tolist() for name, value in tfckpt.graph_constants(frozen).items()} == {
        "factor": values["factor/.ATTRIBUTES/VARIABLE_VALUE"].tolist()
    }
    ops = {one.op for made in frozen.library.function for one in made.node_def}
    assert ops == {"Identity", "Mul", "NoOp", "StatefulPartitionedCall"}


def restoring(part):
    """A graph that restores a part of ``whole`` into w."""
    restore = node("restore", "RestoreV2", "file", "names", "parts", dtypes=[FLOAT])
    return tfckpt.MetaGraphDef(
        graph_def=graph_def(
            variable("w"),
            variable("v"),
            node("file", "Const", dtype=DataType.DT_STRING, value=np.array("f", object)),
            node("names", "Const", dtype=DataType.DT_STRING, value=np.array(["whole"], object)),
            node("parts", "Const", dtype=DataType.DT_STRING, value=np.array([part], object)),
            restore,
            node("assign", "AssignVariableOp", "w", "restore", dtype=FLOAT),
            node("all", "NoOp", "^assign"),
        ),
        saver_def=tfckpt.SaverDef(restore_op_name="all"),
    )


def test_values_of_a_partitioned_variable_are_taken_out_of_the_whole(tmp_path):
    whole = np.arange(12, dtype=np.float32).reshape(4, 3)
    prefix = tfckpt.save(str(tmp_path / "m"), {"whole": whole, "v": W})
    with tfckpt.load_checkpoint(prefix) as reader:
        values = tfckpt.values_by_node(restoring("4 3 2,2:-"), reader)
        assert sorted(values) == ["v", "w"]
        np.testing.assert_array_equal(values["w"], whole[2:])
        np.testing.assert_array_equal(values["v"], W)  # not restored: by its own name
        np.testing.assert_array_equal(tfckpt.values_by_node(restoring(""), reader)["w"], whole)
    assert list(tfckpt.values_by_node(restoring(""), {"v": W})) == ["v"]
    with pytest.raises(KeyError, match="no value for the variable 'w'"):
        tfckpt.values_by_node(restoring(""), {"v": W})["w"]
    for bad in ("4 3 3,2:-", "4 3 x", "4 y -:-"):
        with pytest.raises(errors.DataLossError, match="restores the part"):
            tfckpt.values_by_node(restoring(bad), {"whole": whole})["w"]
    with pytest.raises(ValueError, match=r"shape \(3, 3\) of 'whole', which has shape \(4, 3\)"):
        tfckpt.values_by_node(restoring("3 3 2,1:-"), {"whole": whole})["w"]


def test_partitioned_variables_are_not_frozen_from_the_checkpoint_alone():
    graph = graph_def(variable("w/part_0"), node("y", "ReadVariableOp", "w/part_0", dtype=FLOAT))
    with pytest.raises(ValueError, match=r"partitioned .*cannot be frozen from checkpoint files"):
        freeze(graph, "y")
    assert freeze(graph, "y", values={"w/part_0": W}).node[0].op == "Const"
