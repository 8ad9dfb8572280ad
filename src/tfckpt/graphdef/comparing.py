"""Whether two graphs are the same, whatever the order of their nodes and functions."""

from __future__ import annotations

import math
from typing import Any

from tfckpt.graphdef.messages import as_message, copied
from tfckpt.protos import GraphDef


def graph_defs_equal(
    graph_def_1: GraphDef, graph_def_2: GraphDef, treat_nan_as_equal: bool = False
) -> bool:
    """Whether two GraphDefs have the same nodes, functions and versions, in any order.

    A NaN equals no other NaN unless `treat_nan_as_equal`.

    Raises TypeError for what is no GraphDef.

    >>> import tfckpt
    >>> one, other = tfckpt.GraphDef(), tfckpt.GraphDef()
    >>> for graph_def, names in ((one, "ab"), (other, "ba")):
    ...     for name in names:
    ...         _ = graph_def.node.add(name=name, op="NoOp")
    >>> one == other, graph_defs_equal(one, other)
    (False, True)
    """
    one = _in_order(as_message(graph_def_1, GraphDef, "graph_def_1"))
    other = _in_order(as_message(graph_def_2, GraphDef, "graph_def_2"))
    return _equal(one, other, treat_nan_as_equal)


def _in_order(graph_def: GraphDef) -> GraphDef:
    graph_def = copied(graph_def)
    graph_def.node.sort(key=lambda node: node.name)
    graph_def.library.function.sort(key=lambda function: function.signature.name)
    for function in graph_def.library.function:
        function.node_def.sort(key=lambda node: node.name)
    return graph_def


def _equal(one: Any, other: Any, nan: bool) -> bool:
    """Compare values of a field, or messages; `nan` says whether a NaN equals another.

    Messages are compared field by field, because their own ``==`` differs where they hold a NaN: it
    depends on how protobuf was built.
    """
    if hasattr(one, "ListFields"):
        mine, theirs = (
            {field.name: value for field, value in message.ListFields()} for message in (one, other)
        )
        return mine.keys() == theirs.keys() and all(_equal(mine[k], theirs[k], nan) for k in mine)
    if isinstance(one, float):
        return one == other or (nan and math.isnan(one) and math.isnan(other))
    if isinstance(one, (int, str, bytes)):
        return bool(one == other)
    if hasattr(one, "keys"):
        return one.keys() == other.keys() and all(_equal(one[k], other[k], nan) for k in one)
    return len(one) == len(other) and all(
        _equal(a, b, nan) for a, b in zip(one, other, strict=True)
    )
