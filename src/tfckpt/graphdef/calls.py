"""Which nodes call functions, and what they hand to them.

Takes nodes, gives names and functions. An op that is not listed here calls no function that this
library could follow.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from tfckpt.protos import FunctionDef, FunctionDefLibrary, NameAttrList, NodeDef


class Call(NamedTuple):
    """How an op calls functions (``functional_ops.cc``); its outputs are those of the functions."""

    functions: tuple[str, ...]  # its attributes that name them
    first: int  # its input that is the functions' first argument
    taken: str  # its attribute of the types of the arguments
    given: str  # its attribute of the types of the outputs


_CALL = Call(("f",), 0, "Tin", "Tout")
_IF = Call(("then_branch", "else_branch"), 1, "Tin", "Tout")
_CASE = Call(("branches",), 1, "Tin", "Tout")
_WHILE = Call(("cond", "body"), 0, "T", "T")
CALLS = {
    "PartitionedCall": _CALL,
    "StatefulPartitionedCall": _CALL,
    "If": _IF,
    "StatelessIf": _IF,
    "Case": _CASE,
    "StatelessCase": _CASE,
    "While": _WHILE,
    "StatelessWhile": _WHILE,
}
# Of a node whose op is the function's own name. The types are in the function's signature.
DIRECT = Call((), 0, "", "")
LOOPS = ("While", "StatelessWhile")
LOOP_CONDITION = "cond"  # what this function gives is no output of the loop


def functions_by_name(library: FunctionDefLibrary) -> dict[str, FunctionDef]:
    return {function.signature.name: function for function in library.function}


def named_functions(node: NodeDef, attribute: str) -> list[NameAttrList]:
    """Return the functions that an attribute of a node names; there may be none."""
    if attribute not in node.attr:
        return []
    attr = node.attr[attribute]
    return [attr.func] if attr.HasField("func") else list(attr.list.func)


def called_names(nodes: Iterable[NodeDef]) -> set[str]:
    """Return all names that may be of functions: those in attributes, and the nodes' ops."""
    found = set()
    for node in nodes:
        found.add(node.op)
        for attribute in node.attr:
            found.update(function.name for function in named_functions(node, attribute))
    return found
