"""Names of nodes, tensors and inputs, and the scopes in them.

node      layer/kernel
tensor    layer/kernel:0      output 0 of the node
input     layer/kernel        output 0     ``:1`` another output     ``^layer/init`` control
group     loc:@layer/kernel   in the attribute _class: placed together with that node
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

CONTROL = -1  # the output index of a control edge

# Node names by graph_constructor.cc: pieces divided by ">".
_PIECE = r"[A-Za-z0-9.][A-Za-z0-9_./-]*"
_NODE_NAME = re.compile(rf"{_PIECE}(>{_PIECE})*")
_ROOT_SCOPE_NAME = re.compile(r"[A-Za-z0-9.][A-Za-z0-9_.\\/>-]*")
_SCOPE_NAME = re.compile(r"[A-Za-z0-9_.\\/>-]*")  # a scope inside another may begin with "_"
_MARKS = ("^", "loc:@")
_MOST_DIGITS = 10  # of an output's number, which is an int32


class TensorId(NamedTuple):
    node: str
    slot: int

    def __str__(self) -> str:
        """Write it as an input of a node; output 0 is the bare name."""
        if self.slot == CONTROL:
            return f"^{self.node}"
        return f"{self.node}:{self.slot}" if self.slot else self.node


def parse_input(text: str) -> TensorId:
    """Read an input of a NodeDef."""
    if text.startswith("^"):
        return TensorId(text[1:], CONTROL)
    node, colon, index = text.rpartition(":")
    if colon and index.isascii() and index.isdigit() and len(index) <= _MOST_DIGITS:
        return TensorId(node, int(index))
    return TensorId(text, 0)


def parse_tensor_name(text: str) -> TensorId:
    """Read a tensor's name as a user gives it: ``op`` is ``op:0``, ``^op`` a control edge."""
    if text.startswith("^"):
        return TensorId(text[1:], CONTROL)
    parts = text.split(":")
    if len(parts) == 1:
        return TensorId(text, 0)
    if len(parts) > 2:
        raise ValueError(f"{text!r} names no tensor: it has more than one ':'")
    try:
        return TensorId(parts[0], int(parts[1]))
    except ValueError:
        raise ValueError(f"{text!r} names no tensor: {parts[1]!r} is no output number") from None


def is_node_name(name: str) -> bool:
    return _NODE_NAME.fullmatch(name) is not None


def is_scope_name(name: str, *, inner: bool = True) -> bool:
    """Whether a scope may have a name: one inside of another, or else one of its own."""
    return (_SCOPE_NAME if inner else _ROOT_SCOPE_NAME).fullmatch(name) is not None


def op_name(name: str) -> str:
    """Return the node's name in that of a tensor, an input, or the node itself."""
    return parse_input(name).node


def split_mark(name: str) -> tuple[str, str]:
    """Split off a leading ``^`` or ``loc:@``."""
    for mark in _MARKS:
        if name.startswith(mark):
            return mark, name[len(mark) :]
    return "", name


def prepend_scope(name: str, scope: str | None) -> str:
    """Put a name into a scope: ``^a`` in ``s`` is ``^s/a``."""
    if not scope:
        return name
    mark, rest = split_mark(name)
    return f"{mark}{scope.removesuffix('/')}/{rest}"


def strip_scope(name: str, scope: str | None) -> str:
    """Take a name out of a scope; a name outside of it stays as it is."""
    if not scope:
        return name
    mark, rest = split_mark(name)
    scope = scope.removesuffix("/")
    if rest.startswith(f"{scope}/"):
        return mark + rest[len(scope) :].lstrip("/")
    return name


class TakenNames:
    """Names of nodes, and the scopes that these lie in: ``a`` and ``a/b`` for ``a/b/c``.

    Kept as a tree, so that a name of very many scopes takes no more than its length.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._root: dict[str, Any] = {}
        for name in names:
            self.add(name)

    def add(self, name: str) -> None:
        within = self._root
        for part in name.split("/"):
            within = within.setdefault(part, {})

    def __contains__(self, name: str) -> bool:
        within = self._root
        for part in name.split("/"):
            if part not in within:
                return False
            within = within[part]
        return True
