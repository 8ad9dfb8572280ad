"""Graphs in text form: what is read fast is what protobuf's own reader makes of the text."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from google.protobuf import text_format

import tfckpt
from tfckpt.graphdef.text import parse_graph_text
from tfckpt.parsing import TextError
from tfckpt.protos import GraphDef, MetaGraphDef


def a_meta_graph() -> MetaGraphDef:
    weights = {"a/w": np.ones((2, 3)), "b": np.zeros(2, np.int64), "c/d": np.array([b"\xff"], "O")}
    meta_graph = tfckpt.Saver(sharded=True).export_meta_graph(variables=weights)
    node = meta_graph.graph_def.node.add(name='quoted "name"', op="Op\\", device="/cpu:0")
    node.input.extend(["a/w", "", "^b", "é"])
    node.attr["shape"].shape.dim.add(size=-1)
    node.attr['key "'].list.s.extend([b"}\n", b"  }"])
    meta_graph.graph_def.node.add(name="y", device="/gpu:1", input=["x:1"]).attr["T"].type = 1
    function = meta_graph.graph_def.library.function.add()
    function.signature.name = "f"
    function.node_def.add(name="inside", op="NoOp")
    return meta_graph


def outcome(read: Any, text: str, kind: Any) -> Any:
    try:
        return read(text, kind)
    except (text_format.ParseError, TextError):
        return "refused"


def by_protobuf(text: str, kind: Any) -> Any:
    return text_format.Parse(text, kind(), descriptor_pool=kind.DESCRIPTOR.file.pool)


def assert_same(text: str, kind: Any) -> None:
    assert outcome(by_protobuf, text, kind) == outcome(parse_graph_text, text, kind)


@pytest.mark.parametrize("utf8", [False, True])
def test_graphs_as_protobuf_writes_them(utf8: bool) -> None:
    meta_graph = a_meta_graph()
    for message in (meta_graph, meta_graph.graph_def, GraphDef(), MetaGraphDef()):
        text = text_format.MessageToString(message, as_utf8=utf8)
        assert message == parse_graph_text(text, type(message))


NODE = 'node {\n  name: "a"\n  op: "NoOp"\n}\n'
ATTR = '  attr {\n    key: "T"\n    value {\n      type: DT_FLOAT\n    }\n  }\n'
IN_GRAPH = "graph_def {\n" + "".join(f"  {line}\n" for line in NODE.splitlines()) + "}\n"
IN_ANY = (
    'collection_def {\n  key: "k"\n  value {\n  any_list {\n  value {\n'
    "  [type.googleapis.com/tensorflow.MetaGraphDef] {\n%s  }\n  }\n  }\n  }\n}\n"
)

ODD: dict[str, tuple[Any, str]] = {
    "a name twice": (GraphDef, NODE.replace("  op", '  name: "b"\n  op')),
    "a name in two pieces": (GraphDef, NODE.replace('"a"', '"a" "b"')),
    "other quotes": (GraphDef, NODE.replace('"a"', "'a'")),
    "an escape": (GraphDef, NODE.replace('"a"', r'"\141\n"')),
    "a name that is no UTF-8": (GraphDef, NODE.replace('"a"', r'"\377"')),
    "a comment": (GraphDef, NODE.replace("  op", "  # what it does\n  op")),
    "fields in another order": (GraphDef, 'node {\n  op: "NoOp"\n  name: "a"\n}\n'),
    "no fields": (GraphDef, "node {\n}\n"),
    "no end": (GraphDef, NODE + NODE[:-2]),
    "one brace too many": (GraphDef, NODE + "}\n"),
    "on one line": (GraphDef, 'node { name: "a" op: "NoOp" }\n' + NODE),
    "angle brackets": (GraphDef, NODE + 'node < name: "b" >\n' + NODE),
    "nodes after other fields": (GraphDef, NODE + "versions {\n  producer: 9\n}\n" + NODE),
    "versions twice": (GraphDef, NODE + "versions {\n}\nversions {\n}\n"),
    "an unknown field": (GraphDef, NODE.replace("  op", "  colour: 3\n  op")),
    "an unknown field at the end": (GraphDef, NODE + "colour: 3\n"),
    "an attribute twice": (GraphDef, NODE[:-2] + ATTR + ATTR.replace("FLOAT", "INT32") + "}\n"),
    "an unknown type": (GraphDef, NODE[:-2] + ATTR.replace("FLOAT", "QUATERNION") + "}\n"),
    "a node that ends in its attribute": (
        GraphDef,
        'node {\n  name: "a"\n  op: "NoOp"\n  attr {\n    }\n    name: "b"\n    attr {\n  }\n}\n',
    ),
    "Windows' ends of lines": (GraphDef, NODE.replace("\n", "\r\n")),
    "no indentation": (GraphDef, NODE.replace("  ", "")),
    "a graph twice": (MetaGraphDef, IN_GRAPH + IN_GRAPH),
    "a graph in the wrong place": (MetaGraphDef, "meta_info_def {\n" + IN_GRAPH + "}\n"),
    "a graph in an Any": (MetaGraphDef, IN_ANY % IN_GRAPH),
    "a graph in a string": (MetaGraphDef, "meta_info_def {\n  tensorflow_version: \"" + IN_GRAPH),
    "an empty graph": (MetaGraphDef, "graph_def {\n}\n"),
    "a graph without its end": (MetaGraphDef, IN_GRAPH[:-2]),
    "no graph": (MetaGraphDef, "meta_info_def {\n}\n"),
}  # fmt: skip


@pytest.mark.parametrize("case", ODD)
def test_anything_unusual_is_what_protobuf_makes_of_it(case: str) -> None:
    kind, text = ODD[case]

    assert_same(text, kind)


def test_an_error_is_the_one_that_protobuf_has_for_the_whole() -> None:
    text = NODE * 3 + "node {\n  name: 3\n}\n" + NODE

    with pytest.raises(TextError) as ours:
        parse_graph_text(text, GraphDef)
    with pytest.raises(text_format.ParseError) as theirs:
        by_protobuf(text, GraphDef)

    assert str(ours.value) == str(theirs.value)
    assert ours.value.line == 14


@pytest.mark.parametrize("seed", range(8))
def test_texts_that_somebody_has_edited(seed: int) -> None:
    rng = random.Random(seed)
    meta_graph = a_meta_graph()
    for message in (meta_graph, meta_graph.graph_def):
        lines = text_format.MessageToString(message).splitlines(keepends=True)
        for _ in range(15):
            edited = list(lines)
            for _ in range(rng.choice([1, 1, 2, 5])):
                at, to = rng.randrange(len(edited)), rng.randrange(len(edited))
                match rng.randrange(4):
                    case 0:
                        del edited[at]
                    case 1:
                        edited.insert(to, edited[at])
                    case 2:
                        edited[at] = rng.choice(["", "  ", "    "]) + edited[at].lstrip(" ")
                    case _:
                        edited[at], edited[to] = edited[to], edited[at]
            assert_same("".join(edited), type(message))


def test_a_file_of_nodes_is_read_with_its_kind(tmp_path: Path) -> None:
    graph = a_meta_graph()
    path = tfckpt.write_graph(graph, tmp_path, "m.pbtxt")

    assert tfckpt.read_meta_graph(path) == graph
