"""Handles of variables followed through a graph and the functions that it calls, and made values.

A function that is handed a variable is copied, once for each choice of arguments that are values
now: one caller may hand it a frozen variable where another hands it one that stays. TensorFlow's
``convert_to_constants.py`` changes the function itself, for all callers alike.
"""

from __future__ import annotations

import heapq
import zlib
from collections.abc import Iterable, MutableMapping
from typing import NamedTuple

from tfckpt.dtypes import DataType
from tfckpt.errors import InvalidArgumentError, UnimplementedError
from tfckpt.graphdef.attr_values import shape_proto
from tfckpt.graphdef.calls import (
    CALLS,
    DIRECT,
    LOOP_CONDITION,
    LOOPS,
    Call,
    called_names,
    functions_by_name,
    named_functions,
)
from tfckpt.graphdef.frozen_nodes import PASS_ON, Body, forget_outputs, take_value
from tfckpt.graphdef.messages import copied
from tfckpt.limits import current
from tfckpt.protos import AttrValue, FunctionDef, FunctionDefLibrary, NodeDef, OpDef

# The type of each argument or output that is a value now, AS_IT_WAS for the others.
Kinds = tuple[DataType, ...]
AS_IT_WAS = DataType.DT_INVALID

_DEEPEST = 100  # functions within functions; models have a dozen


def read_handles(
    body: Body, kinds: dict[str, DataType], library: FunctionDefLibrary
) -> FunctionDefLibrary:
    """Let a graph's operations take values where they took handles; return its new library.

    `kinds` has the type of each value, by the tensor that was its handle (``w:0``).

    Raises InvalidArgumentError (a ValueError) where a variable is written, or cannot be told from
    one that stays; UnimplementedError for what cannot be done with a constant.
    """
    functions = _Library(library)
    _read_within(body, kinds, functions)
    return functions.needed_by(body.nodes)


def _read_within(body: Body, kinds: dict[str, DataType], library: _Library) -> None:
    """Rewrite a body; add to `kinds` those of its tensors that have become values."""
    _follow(body, kinds, library)
    for node in list(body.nodes):
        taken = _taken(node, body, kinds)
        if any(taken):
            _rewrite(node, taken, body, library)


def _taken(node: NodeDef, body: Body, kinds: dict[str, DataType]) -> Kinds:
    return tuple(kinds.get(tensor, AS_IT_WAS) for tensor in body.inputs(node))


def _follow(body: Body, kinds: dict[str, DataType], library: _Library) -> None:
    """Find all tensors that are one of the handles that `kinds` begins with."""
    waiting = list(kinds)
    # A heap: calls come in the nodes' order, so that all a call takes is known when it is followed.
    calls: list[int] = []
    while waiting or calls:
        if waiting:
            nodes = body.takers.get(waiting.pop(), [])
            for at in nodes:
                if library.call_of(body.nodes[at]):
                    heapq.heappush(calls, at)
            passing = [body.nodes[at] for at in nodes if body.nodes[at].op in PASS_ON]
        else:
            at = heapq.heappop(calls)
            while calls and calls[0] == at:  # it was pushed once for each handle
                heapq.heappop(calls)
            passing = [body.nodes[at]]
        for node in passing:
            found = _given(node, _taken(node, body, kinds), body, library)
            waiting += found.keys() - kinds.keys()
            kinds.update(found)


def _given(node: NodeDef, taken: Kinds, body: Body, library: _Library) -> dict[str, DataType]:
    """Return the outputs of a node that are values now."""
    if library.call_of(node):
        given = library.call(node, taken, body).given
        outputs = body.outputs(node, library.outputs(node, len(given)))
    else:
        outputs = body.outputs(node, [(name, 0) for name in PASS_ON[node.op]])
        given = (next(filter(None, taken)),) * len(outputs)
    return {tensor: kind for tensor, kind in zip(outputs, given, strict=True) if kind}


def _rewrite(node: NodeDef, taken: Kinds, body: Body, library: _Library) -> None:
    """Let a node take what is a value now."""
    call = library.call_of(node)
    if call is not None:
        _rewrite_call(node, call, library.call(node, taken, body), body)
    elif node.op in PASS_ON:
        if not taken[0] or (node.op == "Merge" and len(set(taken)) > 1):
            raise _unclear(node, body)
        node.attr["T"].type = taken[0]
        forget_outputs(node)
    else:
        take_value(node, next(filter(None, taken)), body)


def _unclear(node: NodeDef, body: Body) -> Exception:
    return body.refuse(node, "it gives a variable that is to be a constant, or else one that stays")


class _Called(NamedTuple):
    """What a node calls now: its functions' names -> those of their copies, and the types."""

    copies: dict[str, str]
    taken: Kinds
    given: Kinds


def _rewrite_call(node: NodeDef, call: Call, called: _Called, body: Body) -> None:
    if call is DIRECT:
        node.op = called.copies[node.op]
        return
    for attribute in call.functions:
        for function in named_functions(node, attribute):
            function.name = called.copies[function.name]
    for name, kinds in ((call.taken, called.taken), (call.given, called.given)):
        types = node.attr[name].list.type
        if len(types) != len(kinds):
            raise body.refuse(node, f"attr {name!r} has {len(types)} types, not {len(kinds)}")
        types[:] = [new or old for new, old in zip(kinds, types, strict=True)]
    if any(called.given):
        forget_outputs(node)
        _forget_shapes(node.attr, "output_shapes", called.given)


def _forget_shapes(attrs: MutableMapping[str, AttrValue], name: str, kinds: Kinds) -> None:
    """Make shapes unknown that were a handle's, a scalar's, where there is a value now."""
    for shape, kind in zip(attrs[name].list.shape if name in attrs else (), kinds):
        if kind:
            shape.CopyFrom(shape_proto(None))


class _Copy(NamedTuple):
    name: str
    given: Kinds


class _Library:
    """The functions of a graph, and their copies for arguments that are values."""

    def __init__(self, library: FunctionDefLibrary) -> None:
        self._library = library
        self._originals = functions_by_name(library)
        self._copies: dict[tuple[str, Kinds], _Copy] = {}
        self._functions = dict(self._originals)  # originals and copies
        self._within: list[str] = []  # being copied, the innermost last
        self._size = 0

    def call_of(self, node: NodeDef) -> Call | None:
        """Return how a node calls functions, None if it does not."""
        return DIRECT if node.op in self._originals else CALLS.get(node.op)

    def outputs(self, node: NodeDef, count: int) -> list[tuple[str, int]]:
        """Return the names of a call's outputs, as its op has them."""
        if node.op in self._originals:
            return [(arg.name, 0) for arg in self._originals[node.op].signature.output_arg]
        return [("output", at) for at in range(count)]

    def call(self, node: NodeDef, taken: Kinds, body: Body) -> _Called:
        """Copy what a node calls for what it takes now.

        Raises InvalidArgumentError (a ValueError) where one branch, or one turn of a loop, gives a
        value and another gives a handle.
        """
        call = self.call_of(node) or DIRECT
        taken, before = taken[call.first :], taken[: call.first]
        if any(before):
            raise body.refuse(node, "it takes a variable itself as its condition")
        copies = {}
        given = {taken} if node.op in LOOPS else set()
        for attribute, name in _functions(node, call):
            if name not in self._originals:
                raise body.refuse(node, f"it calls {name!r}, which the graph does not have")
            copies[name], gives = self._copy(name, taken)
            if attribute != LOOP_CONDITION:
                given.add(gives)
        if len(given) != 1:
            raise _unclear(node, body)
        return _Called(copies, taken, given.pop())

    def _copy(self, name: str, kinds: Kinds) -> _Copy:
        if (name, kinds) in self._copies:
            return self._copies[name, kinds]
        original = self._originals[name]
        self._check(original, kinds)
        self._within.append(name)
        function = copied(original)
        given = _freeze(function, kinds, self)
        function.signature.name = self._new_name(function)
        self._within.pop()
        self._functions[function.signature.name] = function
        self._size += function.ByteSize()
        what = "functions copied for constants"
        current().check_memory(self._size, self._library.ByteSize(), what)
        self._copies[name, kinds] = _Copy(function.signature.name, given)
        return self._copies[name, kinds]

    def _check(self, function: FunctionDef, kinds: Kinds) -> None:
        name, args = function.signature.name, function.signature.input_arg
        both = (*args, *function.signature.output_arg)
        if len(kinds) != len(args):
            raise InvalidArgumentError(
                f"function {name!r} takes {len(args)} arguments, it is called with {len(kinds)}"
            )
        if any(arg.number_attr or arg.type_list_attr for arg in both):
            raise UnimplementedError(
                f"function {name!r} has an argument, or an output, of several tensors"
            )
        if name in self._within:
            raise UnimplementedError(f"function {name!r} hands a variable to itself")
        if len(self._within) >= _DEEPEST:
            raise UnimplementedError(
                f"function {name!r} is handed a variable through {_DEEPEST} others"
            )

    def _new_name(self, function: FunctionDef) -> str:
        """Return a name such as TensorFlow gives: ``f_frozen_7`` for ``f_12``.

        TensorFlow counts within a process. Here the number is made of what the function does: a
        process of TensorFlow that loads two graphs refuses different functions of one name.
        """
        base, _, number = function.signature.name.rpartition("_")
        base = base if base and number.isdecimal() else function.signature.name
        content = function.SerializeToString(deterministic=True)
        at = zlib.crc32(content)
        while f"{base}_frozen_{at}" in self._functions:
            at += 1
        return f"{base}_frozen_{at}"

    def needed_by(self, nodes: Iterable[NodeDef]) -> FunctionDefLibrary:
        """Return the functions that nodes call, or that those call."""
        gradients = {gradient.function_name: gradient for gradient in self._library.gradient}
        needed: set[str] = set()
        waiting = called_names(nodes)
        while waiting:
            name = waiting.pop()
            if name in self._functions and name not in needed:
                needed.add(name)
                waiting |= called_names(self._functions[name].node_def)
                waiting |= {gradients[name].gradient_func} if name in gradients else set()
        result = copied(self._library)
        del result.function[:], result.gradient[:]
        result.function.extend(copy for name, copy in self._functions.items() if name in needed)
        result.gradient.extend(found for name, found in gradients.items() if name in needed)
        return result


def _functions(node: NodeDef, call: Call) -> list[tuple[str, str]]:
    """Return the functions that a node calls, each with the attribute that names it."""
    if call is DIRECT:
        return [("", node.op)]
    return [
        (attribute, function.name)
        for attribute in call.functions
        for function in named_functions(node, attribute)
    ]


def _freeze(function: FunctionDef, kinds: Kinds, library: _Library) -> Kinds:
    """Make arguments of a function values; return which outputs have become values too."""
    signature = function.signature
    values = {}
    for at, (arg, kind) in enumerate(zip(signature.input_arg, kinds, strict=True)):
        if kind:
            values[arg.name] = kind
            _set_type(arg, kind)
            function.resource_arg_unique_id.pop(at, None)
            if at in function.arg_attr:
                function.arg_attr[at].attr.pop("_output_shapes", None)
    _forget_shapes(function.attr, "_input_shapes", kinds)
    # A device may choose among the functions of one such name: these take other arguments now.
    function.attr.pop("api_implements", None)
    body = Body(function.node_def, function)
    _read_within(body, values, library)
    given = tuple(
        values.get(body.tensor(function.ret[arg.name]), AS_IT_WAS)
        if arg.name in function.ret
        else AS_IT_WAS
        for arg in signature.output_arg
    )
    for arg, kind in zip(signature.output_arg, given, strict=True):
        if kind:
            _set_type(arg, kind)
    return given


def _set_type(arg: OpDef.ArgDef, kind: DataType) -> None:
    arg.type = kind
    for field in ("type_attr", "handle_data", "experimental_full_type"):
        arg.ClearField(field)
