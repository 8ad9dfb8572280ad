"""Which nodes call functions, and what they hand to them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from tfckpt.protos import NameAttrList, NodeDef


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
DIRECT = Call((), 0, "", "")  # the op is the function's own name; its signature has the types
LOOPS = ("While", "StatelessWhile")
LOOP_CONDITION = "cond"  # whose output is no output of the loop


def named_functions(node: NodeDef, attribute: str) -> list[NameAttrList]:
    """Return what an attribute says of functions: one, or a list of them."""
    if attribute not in node.attr:
        return []
    attr = node.attr[attribute]
    return [attr.func] if attr.HasField("func") else list(attr.list.func)


def called_names(nodes: Iterable[NodeDef]) -> set[str]:
    """Return the functions that nodes name, and their ops, for a function may be an op too."""
    found = set()
    for node in nodes:
        found.add(node.op)
        for attribute in node.attr:
            found.update(one.name for one in named_functions(node, attribute))
    return found
