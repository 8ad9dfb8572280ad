"""`tfckpt graph`: the whole output, as a person reads it and as JSON."""

from __future__ import annotations

import json

import numpy as np
import pytest

import tfckpt
from tfckpt.protos import MetaGraphDef, SavedModel

testing = pytest.importorskip("click.testing")
pytest.importorskip("rich")

from tfckpt.cli.graph import graph_command


def a_model():
    graph = tfckpt.Graph()
    x = graph.create_op("Placeholder", name="x", attrs={"dtype": np.float32, "shape": (None, 2)})
    w = graph.create_op("VarHandleOp", name="w", attrs={"dtype": np.float32, "shape": (2, 2)})
    read = graph.create_op("ReadVariableOp", w.outputs, name="r", attrs={"dtype": np.float32})
    inputs = [x.outputs[0], read.outputs[0]]
    y = graph.create_op("MatMul", inputs, name="y", attrs={"T": np.float32})
    graph.add_to_collection("results", y)
    meta_graph = tfckpt.export_meta_graph(graph=graph)
    meta_graph.meta_info_def.tags.append("serve")
    signature = meta_graph.signature_def["serving_default"]
    signature.inputs["in"].name = "x:0"
    signature.inputs["in"].dtype = 1
    signature.outputs["out"].name = "y:0"
    return meta_graph


EXPECTED = """\
4 nodes, written by TensorFlow 2.21.0, producer version 2474, tagged serve

Ops
op           count
MatMul           1
Placeholder      1
(2 more)         2

Inputs
name  type     shape
x     float32  [?, 2]

Outputs
name  type     shape
y     float32  ?

Variables
name  type     shape   trainable  in checkpoint as
w     float32  [2, 2]             w

Collections
key      kind       items
results  node_list      1

Signatures
signature        way  key  tensor  type     shape
serving_default  in   in   x:0     float32  ?
serving_default  out  out  y:0              ?
"""


def run(*arguments):
    result = testing.CliRunner().invoke(graph_command, [*map(str, arguments)])
    assert result.exit_code == 0, result.output
    return "\n".join(line.rstrip() for line in result.output.splitlines()) + "\n"


def test_a_file_is_summed_up(tmp_path):
    path = tfckpt.write_graph(a_model(), tmp_path, "m.meta", as_text=False)
    assert run(path, "--ops", "2") == EXPECTED


def test_a_saved_models_folder_is_taken(tmp_path):
    model = SavedModel(saved_model_schema_version=1, meta_graphs=[a_model()])
    tfckpt.write_graph(model, tmp_path, "saved_model.pbtxt")
    assert run(tmp_path, "--ops", "2") == EXPECTED


def test_json_has_all_of_it(tmp_path):
    path = tfckpt.write_graph(a_model(), tmp_path, "m.meta", as_text=True)
    (found,) = json.loads(run(path, "--json"))["graphs"]
    assert found["ops"] == {"Placeholder": 1, "VarHandleOp": 1, "ReadVariableOp": 1, "MatMul": 1}
    assert found["variables"] == [
        {
            "name": "w",
            "shape": [2, 2],
            "dtype": "float32",
            "checkpoint_key": "w",
            "trainable": None,
        }
    ]


def test_an_empty_message_is_no_trouble(tmp_path):
    meta_graph = MetaGraphDef()
    meta_graph.graph_def.versions.producer = 5
    path = tfckpt.write_graph(meta_graph, tmp_path, "m.meta", as_text=False)
    assert run(path) == "0 nodes, producer version 5\n"
