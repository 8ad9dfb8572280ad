"""Whether two graphs are the same, and what is left of one without what only training needs."""

from __future__ import annotations

import numpy as np
import pytest

from tfckpt.graph import graph_defs_equal, remove_training_nodes
from tfckpt.graphdef.attr_values import python_to_attr
from tfckpt.protos import FunctionDef, GraphDef, NodeDef


def graph_def(*nodes, functions=(), producer=27):
    made = GraphDef(node=nodes)
    made.versions.producer = producer
    made.library.function.extend(functions)
    return made


def constant(name, value):
    made = NodeDef(name=name, op="Const")
    made.attr["value"].tensor.float_val.append(value)
    return made


def function(name, *nodes):
    made = FunctionDef(node_def=[NodeDef(name=one, op="NoOp") for one in nodes])
    made.signature.name = name
    return made


A, B = constant("a", 1), constant("b", 2)
F, G = function("f", "x", "y"), function("g")
SAME = {
    "nodes in another order": (graph_def(A, B), graph_def(B, A)),
    "functions in another order": (graph_def(functions=[F, G]), graph_def(functions=[G, F])),
    "nodes of functions in another order": (
        graph_def(functions=[F]),
        graph_def(functions=[function("f", "y", "x")]),
    ),
}
OTHER = {
    "another value": (graph_def(A), graph_def(constant("a", 2))),
    "another node": (graph_def(A), graph_def(A, B)),
    "another attribute": (graph_def(NodeDef(name="a", op="Const")), graph_def(A)),
    "another function": (graph_def(functions=[F]), graph_def(functions=[G])),
    "another version": (graph_def(A), graph_def(A, producer=26)),
}


@pytest.mark.parametrize("nan", [False, True])
def test_whether_graphs_are_equal(nan):
    for expected, cases in ((True, SAME), (False, OTHER)):
        for case, (one, other) in cases.items():
            assert graph_defs_equal(one, other, nan) is expected, case
            assert graph_defs_equal(other, one, nan) is expected, case


def test_a_nan_equals_another_if_it_is_told_to():
    one, other = (graph_def(constant("a", np.nan), B) for _ in range(2))
    assert not graph_defs_equal(one, other)
    assert not graph_defs_equal(one, one)
    assert graph_defs_equal(one, other, treat_nan_as_equal=True)
    assert not graph_defs_equal(one, graph_def(A, B), treat_nan_as_equal=True)


def node(name, op, *inputs):
    return NodeDef(name=name, op=op, input=inputs)


def test_nodes_for_training_are_removed():
    """A check, and identities, but those that something waits for or stands beside."""
    beside = node("beside", "Neg", "kept_by_place")
    beside.attr["_class"].CopyFrom(python_to_attr([b"loc:@kept_by_place"]))
    graph = graph_def(
        *(node("x", "Placeholder"), node("check", "CheckNumerics", "x")),
        *(node("one", "Identity", "x", "^check"), node("two", "Identity", "one")),
        *(node("waits", "Identity", "two", "^x"), node("kept_by_place", "Identity", "x")),
        *(beside, node("y", "Add", "two", "waits"), node("f", "f", "one")),
        functions=[F],
    )
    before = GraphDef.FromString(graph.SerializeToString())
    found = remove_training_nodes(graph)
    assert [(one.name, list(one.input)) for one in found.node] == [
        *(("x", []), ("waits", ["x", "^x"]), ("kept_by_place", ["x"])),
        *(("beside", ["kept_by_place"]), ("y", ["x", "waits"]), ("f", ["x"])),
    ]
    assert (found.library, found.versions, graph) == (graph.library, graph.versions, before)
    kept = remove_training_nodes(graph, protected_nodes=["two", "check"])
    assert {"two", "check"} < {one.name for one in kept.node}
