"""TensorFlow 1: strips and optimizes a graph from file to file, and reads a SavedModel."""

import sys

import tensorflow as tf
from tensorflow.python.tools import (
    freeze_graph,
    optimize_for_inference_lib,
    saved_model_utils,
    strip_unused_lib,
)

golden = sys.argv[1]
path = golden + "/trained/model.ckpt-60"
meta = tf.train.import_meta_graph(path + ".meta") and tf.get_default_graph().as_graph_def()
tf.io.write_graph(meta, ".", "graph.pb", as_text=False)
given = dict(
    input_graph="graph.pb",
    input_saver="",
    input_binary=True,
    input_checkpoint=path,
    output_node_names="add",
    restore_op_name="",
    filename_tensor_name="",
    output_graph="",
    clear_devices=False,
    initializer_nodes="",
)
frozen = freeze_graph.freeze_graph(**given, input_meta_graph=path + ".meta")
print(sorted(node.op for node in frozen.node))
for changed in (
    {"input_checkpoint": "nowhere"},
    {"output_node_names": ""},
    {"input_graph": "nowhere.pb"},
):
    try:
        result = freeze_graph.freeze_graph(**(given | changed))
        print(result)
    except (OSError, ValueError) as error:
        print(isinstance(error, OSError), error)
tf.io.write_graph(frozen, ".", "frozen.pb", as_text=False)
float32 = tf.float32.as_datatype_enum
strip = strip_unused_lib.strip_unused_from_files
for binary, output in ((True, "stripped.pb"), (False, "stripped.pbtxt")):
    print(strip("frozen.pb", True, output, binary, "matmul", "add", float32))
print(strip("nowhere.pb", True, "x.pb", True, "matmul", "add", float32))
print(strip("frozen.pb", True, "x.pb", True, "matmul", "", float32))
with open("stripped.pbtxt") as file:
    print(file.readline().strip())
for names in (["matmul:0"], ["nothing"]):
    try:
        strip_unused_lib.strip_unused(frozen, names, ["add"], float32)
    except (KeyError, ValueError) as error:
        print(type(error).__name__)
optimized = optimize_for_inference_lib.optimize_for_inference(frozen, ["matmul"], ["add"], float32)
print([(node.name, node.op) for node in optimized.node])
folder = golden + "/saved_model"
print(saved_model_utils.get_saved_model_tag_sets(folder))
print(sorted(saved_model_utils.get_meta_graph_def(folder, "serve").signature_def))
try:
    saved_model_utils.get_meta_graph_def(folder, "train")
except RuntimeError as error:
    print(error)
try:
    tf.graph_util.extract_sub_graph(frozen, "add")
except TypeError as error:
    print(type(error).__name__)
