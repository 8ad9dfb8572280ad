"""What each op takes and gives, by TensorFlow 2.21's registry.

The table beside this module (``op_defs.binpb.z``: a deflated OpList) is made by
``tools/make_op_defs.py``. It is read when the first op is asked for.
"""

from __future__ import annotations

import zlib
from bisect import bisect_right
from collections.abc import Container, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from tfckpt.dtypes import data_type_name
from tfckpt.errors import InvalidArgumentError
from tfckpt.graphdef.calls import functions_by_name
from tfckpt.protos import AttrValue, GraphDef, NodeDef, OpDef, OpList

_TABLE = Path(__file__).with_name("op_defs.binpb.z")
TENSORFLOW_VERSION = "2.21.0"  # whose ops and defaults these are

_MOST = 1 << 20  # tensors of one argument; no graph has room for so many edges
REF = 100  # types.proto: DT_FLOAT_REF is DT_FLOAT + 100, and so on

# Which field of an AttrValue holds a value of an OpDef's attr type.
FIELDS = {
    "string": "s",
    "int": "i",
    "float": "f",
    "bool": "b",
    "type": "type",
    "shape": "shape",
    "tensor": "tensor",
    "func": "func",
}
VARIABLE_OPS = ("VariableV2", "Variable", "VarHandleOp", "AutoReloadVariable")
# Whose functions' ops count as used. TensorFlow follows no other calls either (``meta_graph.py``,
# ``ops_used_by_graph_def``), and what a MetaGraphDef lists is to be what it lists.
_FOLLOWED_CALLS = ("PartitionedCall", "StatefulPartitionedCall")


@cache
def _registry() -> dict[str, OpDef]:
    return {op.name: op for op in OpList.FromString(zlib.decompress(_TABLE.read_bytes())).op}


def get_op_def(name: str) -> OpDef | None:
    """Return the interface of a TensorFlow op, None for one that TensorFlow 2.21 lacks.

    >>> [arg.name for arg in get_op_def("MatMul").input_arg]
    ['a', 'b']
    """
    return _registry().get(name)


class Interface:
    """An OpDef, laid out for checking many nodes."""

    __slots__ = ("attrs", "defaults", "inputs", "name", "outputs")

    def __init__(self, op_def: OpDef) -> None:
        self.name = op_def.name
        self.attrs = {attr.name: attr for attr in op_def.attr}
        self.defaults = {
            attr.name: attr.default_value for attr in op_def.attr if attr.HasField("default_value")
        }
        self.inputs = tuple(op_def.input_arg)
        self.outputs = tuple(op_def.output_arg)

    def fill_defaults(self, node: NodeDef) -> None:
        """Add the attributes that the node does not have, with the op's defaults."""
        present = node.attr
        for name, value in self.defaults.items():
            if name not in present or present[name].WhichOneof("value") is None:
                present[name].CopyFrom(value)

    def input_types(self, attr: Mapping[str, AttrValue]) -> Sequence[int]:
        return _types(self.inputs, attr)

    def output_types(self, attr: Mapping[str, AttrValue]) -> Sequence[int]:
        return _types(self.outputs, attr)


@cache
def interface_of(name: str) -> Interface | None:
    op_def = get_op_def(name)
    return None if op_def is None else Interface(op_def)


# Up to so many types of one argument are listed. More are kept as one type and their number: an
# attribute of a few bytes may ask for a million.
_LISTED = 64


class Types(Sequence[int]):
    """Types of tensors; a run of very many is one type and their number."""

    __slots__ = ("_ends", "_runs")

    def __init__(self) -> None:
        self._runs: list[list[int]] = []  # each is repeated until its end
        self._ends: list[int] = []

    def add(self, types: list[int], times: int = 1) -> None:
        """Put types behind those there are, or one type several `times`."""
        if types and times:
            self._runs.append(types)
            self._ends.append(len(self) + len(types) * times)

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(len(self)))]
        at = index + len(self) if index < 0 else index
        if not 0 <= at < len(self):
            raise IndexError(f"there is no type {index} among {len(self)}")
        run = bisect_right(self._ends, at)
        start = self._ends[run - 1] if run else 0
        return self._runs[run][(at - start) % len(self._runs[run])]


def _types(args: Iterable[OpDef.ArgDef], attr: Mapping[str, AttrValue]) -> Sequence[int]:
    """Return the DataType number of each tensor of some arguments; references are 100 higher."""
    short: list[int] = []
    long: Types | None = None
    for arg in args:
        if arg.type_list_attr:
            of_arg = list(attr[arg.type_list_attr].list.type)
            if arg.number_attr:
                raise InvalidArgumentError(f"{arg.name!r} is a list of types and a number of one")
        else:
            of_arg = [arg.type or attr[arg.type_attr].type]
        if arg.is_ref:
            of_arg = [kind + REF for kind in of_arg]
        times = _count(attr[arg.number_attr].i, arg.name) if arg.number_attr else 1
        if times > _LISTED and long is None:
            long = Types()
            long.add(short)
        if long is None:
            short += of_arg * times
        else:
            long.add(of_arg, times)
    return short if long is None else long


def _count(number: int, arg: str) -> int:
    if number > _MOST:
        raise InvalidArgumentError(f"{number} tensors for {arg!r}: no node has so many")
    return max(0, number)


def compatible(expected: int, actual: int) -> bool:
    """Whether an output of one type may feed an input of another: references may be read."""
    return expected == actual or (actual > REF and actual - REF == expected)


def type_name(kind: int) -> str:
    """Return ``float``, ``int32``, ``float_ref``..., as TensorFlow's messages have them."""
    base = data_type_name(kind % REF).removeprefix("DT_").lower()
    return f"{base}_ref" if kind > REF else base


def attr_problem(name: str, value: AttrValue, attr: OpDef.AttrDef) -> str | None:
    """Say what makes a value unfit for an op's attribute."""
    if _element(attr.type) not in FIELDS:
        return f"attr {name!r} has the type {attr.type!r}, which no attr can have"
    kind = value.WhichOneof("value")
    if kind == "placeholder":  # stands in a function's body for the caller's value
        return None
    of_list = attr.type.startswith("list(")
    expected = "list" if of_list else FIELDS[attr.type]
    if kind != expected and not (of_list and kind is None):
        return f"attr {name!r} is a {kind or 'nothing'}, the op takes a {attr.type}"
    if attr.has_minimum and _size(value, attr.type) < attr.minimum:
        return f"attr {name!r} is {_size(value, attr.type)}, the op takes at least {attr.minimum}"
    if attr.HasField("allowed_values"):
        return _not_allowed(name, value, attr)
    return None


def _element(kind: str) -> str:
    """Return ``int`` for ``int`` and ``list(int)``."""
    return kind[5:-1] if kind.startswith("list(") else kind


def _size(value: AttrValue, kind: str) -> int:
    if not kind.startswith("list("):
        return int(value.i)
    return len(getattr(value.list, FIELDS[_element(kind)]))


def _not_allowed(name: str, value: AttrValue, attr: OpDef.AttrDef) -> str | None:
    field = "s" if "string" in attr.type else "type"
    of_list = attr.type.startswith("list(")
    given = getattr(value.list, field) if of_list else [getattr(value, field)]
    allowed = getattr(attr.allowed_values.list, field)
    for item in given:
        if item not in allowed:
            return (
                f"attr {name!r} is {_shown(item)}, the op takes {', '.join(map(_shown, allowed))}"
            )
    return None


def _shown(value: bytes | int) -> str:
    return repr(value) if isinstance(value, bytes) else type_name(value)


def used_ops(graph_def: GraphDef) -> set[str]:
    """Return the ops of a graph's nodes and of the functions that these call."""
    functions = functions_by_name(graph_def.library)
    used: set[str] = set()
    todo = [graph_def.node]
    while todo:
        for node in todo.pop():
            called = (
                [node.op, node.attr["f"].func.name] if node.op in _FOLLOWED_CALLS else [node.op]
            )
            for name in called:
                if name not in used and name in functions:
                    todo.append(functions[name].node_def)
                used.add(name)
    return used - functions.keys()


def stripped_op_list(graph_def: GraphDef) -> OpList:
    """Return the interfaces of the ops that a graph uses, sorted by name.

    A MetaGraphDef carries them, so that an older TensorFlow can tell whether an attribute that it
    does not know has its default.
    Ops unknown to TensorFlow 2.21 are left out, as TensorFlow does.
    """
    found = map(get_op_def, sorted(used_ops(graph_def)))
    return OpList(op=[op_def for op_def in found if op_def is not None])


def strip_defaults(graph_def: GraphDef) -> None:
    """Remove attributes that say what the op says already, in nodes and in functions."""
    functions = functions_by_name(graph_def.library)
    _strip(graph_def.node, functions)
    for function in graph_def.library.function:
        _strip(function.node_def, functions)


def _strip(nodes: Iterable[NodeDef], functions: Container[str]) -> None:
    for node in nodes:
        interface = None if node.op in functions else interface_of(node.op)
        if interface is None:
            continue
        for name, default in interface.defaults.items():
            if name in node.attr and _equal(node.attr[name], default):
                del node.attr[name]


def _equal(value: AttrValue, default: AttrValue) -> bool:
    # An empty list in the node and an unset one in the op are the same value.
    if value == default:
        return True
    return value.SerializeToString(deterministic=True) == default.SerializeToString(
        deterministic=True
    )
