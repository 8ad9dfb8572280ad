"""Graphs in protobuf's text form, read faster than protobuf reads them.

Its reader in Python takes 0.1 ms a node, most of that for attributes, which are the same text in
thousands of nodes. So nodes in the form that protobuf writes are taken apart here, and an attribute
goes through protobuf only where its text is new. All else does too, and so does the whole of a text
in which something is wrong: protobuf says what.

    node {
      name: "w/read"
      op: "Identity"
      input: "w"
      attr {
        key: "T"
        value {
          type: DT_FLOAT
        }
      }
    }
"""

from __future__ import annotations

import re
from typing import TypeVar

from google.protobuf.message import Message

from tfckpt.errors import DataLossError
from tfckpt.parsing import TextError, parse_binary, parse_text
from tfckpt.protos import GraphDef, MetaGraphDef, NodeDef
from tfckpt.wire import message_field

M = TypeVar("M", bound=Message)

_PLAIN = r'"([ !#-\[\]-~]*)"'  # a string without escapes
_ATTRS = r"  attr \{\n(?:    .*\n)*  \}\n"
_NODE = re.compile(r"node \{\n((?:  .*\n)*)\}\n")
_INSIDE = re.compile(
    rf"  name: {_PLAIN}\n  op: {_PLAIN}\n((?:  input: {_PLAIN}\n)*)(?:  device: {_PLAIN}\n)?"
    rf"((?:{_ATTRS})*)"
)
_INPUT = re.compile(rf"  input: {_PLAIN}\n")
_ATTR = re.compile(_ATTRS)
_GRAPH_DEF = re.compile(r"^graph_def \{\n((?:  .*\n)*)\}\n", re.MULTILINE)
_MARGIN = re.compile(r"^  ", re.MULTILINE)


def parse_graph_text(text: str, kind: type[M]) -> M:
    """Return the message that a text spells out. Raises TextError, as `parse_text` does."""
    try:
        if kind is GraphDef:
            return parse_binary(_graph(text), kind)
        graph_def = _GRAPH_DEF.search(text) if kind is MetaGraphDef else None
        if graph_def is not None:
            return _around(text, graph_def, kind)
    except DataLossError:
        pass
    return parse_text(text, kind)


def _around(text: str, graph_def: re.Match[str], kind: type[M]) -> M:
    """Parse a message around its `graph_def`, and that by itself."""
    graph = _graph(_MARGIN.sub("", graph_def[1]))
    empty = f"{text[: graph_def.start()]}graph_def {{\n}}\n{text[graph_def.end() :]}"
    message = parse_text(empty, kind)
    if not message.HasField("graph_def"):
        raise TextError("this graph_def lies somewhere else")
    field = message_field(MetaGraphDef.GRAPH_DEF_FIELD_NUMBER, graph)
    return parse_binary(message.SerializePartialToString() + field, kind)


def _graph(text: str) -> bytes:
    """Return a GraphDef's bytes: of the nodes that it begins with, then of the rest."""
    known: dict[str, bytes] = {}
    parts, pos = [], 0
    node = _NODE.match(text)
    while node is not None:
        parts.append(message_field(GraphDef.NODE_FIELD_NUMBER, _node(node[1], known)))
        pos = node.end()
        node = _NODE.match(text, pos)
    return b"".join([*parts, parse_text(text[pos:], GraphDef).SerializePartialToString()])


def _node(text: str, known: dict[str, bytes]) -> bytes:
    inside = _INSIDE.fullmatch(text)
    if inside is None:
        return parse_text(text, NodeDef).SerializePartialToString()
    name, op, inputs, _, device, attrs = inside.groups()
    # By the numbers of its fields. An attribute's bytes are those of a node that has it alone.
    strings = [
        (1, name),
        (2, op),
        *((3, text) for text in _INPUT.findall(inputs)),
        (4, device or ""),
    ]
    parts = [message_field(number, string.encode()) for number, string in strings]
    for attr in _ATTR.findall(attrs):
        if attr not in known:
            known[attr] = _attr(attr)
        parts.append(known[attr])
    return b"".join(parts)


def _attr(text: str) -> bytes:
    node = parse_text(text, NodeDef)
    if [field.name for field, _ in node.ListFields()] != ["attr"]:
        raise TextError("an attribute ends before its text does")
    return node.SerializePartialToString()
