"""What makes a node, or a graph, one that TensorFlow refuses.

The rules are those of ``graph_constructor.cc`` and ``node_def_util.cc``. Each check takes a node
and raises InvalidArgumentError, which names the node.
"""

from __future__ import annotations

from collections.abc import Sequence

from tfckpt.errors import InvalidArgumentError
from tfckpt.graphdef.names import is_node_name
from tfckpt.graphdef.op_defs import Interface, attr_problem, type_name
from tfckpt.names import shown
from tfckpt.protos import NodeDef


def bad_node(node: NodeDef, problem: str) -> InvalidArgumentError:
    kind = f" ({node.op})" if node.op else ""
    return InvalidArgumentError(f"node {node.name!r}{kind}: {problem}")


def check_form(node: NodeDef) -> None:
    """Check name, op and inputs by what holds for every op."""
    if not is_node_name(node.name):
        raise bad_node(node, "its name has characters that no node's name may have")
    if not node.op:
        raise bad_node(node, "it says no op")
    after_control = False
    for text in node.input:
        if text.startswith("^"):
            after_control = True
        elif after_control:
            raise bad_node(node, f"its input {text!r} comes after a control input")


def check_attrs(node: NodeDef, interface: Interface) -> None:
    """Check a node's attributes against those of its op; defaults must be filled in before."""
    present = node.attr
    missing = [name for name in interface.attrs if name not in present]
    if missing:
        raise bad_node(node, f"it lacks the attrs {', '.join(map(repr, sorted(missing)))}")
    for name in present:
        # TensorFlow keeps an attr that the op does not have: a newer version may have written it.
        attr = interface.attrs.get(name)
        problem = attr and attr_problem(name, present[name], attr)
        if problem:
            raise bad_node(node, problem)


def check_input_count(node: NodeDef, interface: Interface) -> Sequence[int]:
    """Return the types that the op takes, one per data input of the node."""
    expected = interface.input_types(node.attr)
    given = sum(not text.startswith("^") for text in node.input)
    if given != len(expected):
        takes = shown(expected, 20, type_name) or "none"
        raise bad_node(node, f"it has {given} inputs, the op takes {len(expected)} ({takes})")
    return expected
