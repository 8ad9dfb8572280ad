"""The graph beside a checkpoint, without TensorFlow: what it says of itself."""

from __future__ import annotations

import re

import numpy as np
import pytest

import tfckpt
from tfckpt.dtypes import DataType
from tfckpt.saver.variables_graph import NO_VARIABLE, valid_name

NAMES = {
    "w": "w",
    "scope/w": "scope/w",
    "with space": "with_space",
    "a:0": "a_0",
    "_x": "v_x",
    "/x": "v/x",
    "-x": "v-x",
    "x/": "x_",
    "a>b": "a_b",
    "漢": "v_",
    ".x": ".x",
}


@pytest.mark.parametrize(("name", "node"), NAMES.items())
def test_names_become_those_of_operations(name: str, node: str) -> None:
    assert valid_name(name) == node


@pytest.mark.parametrize("sharded", [False, True])
def test_every_input_is_a_node_and_every_name_is_there_once(sharded: bool) -> None:
    weights = {name: np.zeros(2, np.float32) for name in [*NAMES, "save/Const", "w/Assign"]}
    saver = tfckpt.Saver(sharded=sharded, shards=2)
    graph = saver.export_meta_graph(variables=weights)
    names = [node.name for node in graph.graph_def.node]
    assert len(set(names)) == len(names)
    inputs = {name.lstrip("^").split(":")[0] for n in graph.graph_def.node for name in n.input}
    assert inputs <= set(names)
    assert all(re.fullmatch(r"[A-Za-z0-9.][\w.\-/]*", name, re.ASCII) for name in names)
    stored = [
        one.decode()
        for node in graph.graph_def.node
        if re.search(r"SaveV2(_\d)?/tensor_names", node.name)
        for one in node.attr["value"].tensor.string_val
    ]
    assert sorted(stored) == sorted(weights)
    assert graph.saver_def.restore_op_name == "save_1/restore_all"
    assert graph.saver_def.restore_op_name in names


def test_it_says_who_made_it() -> None:
    info = tfckpt.Saver().export_meta_graph(variables={"w": 1.0}).meta_info_def
    assert info.tensorflow_version == ""
    assert info.tensorflow_git_version == f"tfckpt {tfckpt.__version__}"


def test_the_same_variables_make_the_same_bytes() -> None:
    weights = {"b": np.zeros(2), "a": np.array([b"x"], object)}
    graphs = [tfckpt.Saver().export_meta_graph(variables=weights) for _ in range(2)]
    first, second = (graph.SerializeToString(deterministic=True) for graph in graphs)
    assert first == second


def test_types_without_variables_are_left_out() -> None:
    assert DataType.DT_QINT16 in NO_VARIABLE
    weights = {"q": np.zeros(2, [("qint16", np.int16)]), "w": np.zeros(2, np.float32)}
    graph = tfckpt.Saver().export_meta_graph(variables=weights)
    assert len(graph.collection_def["variables"].bytes_list.value) == 1
