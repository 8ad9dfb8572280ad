"""TensorFlow 1: freezes a graph with TensorFlow's own tool, then strips it."""

import sys

import tensorflow as tf
from tensorflow.python.tools import freeze_graph, strip_unused_lib

path = sys.argv[1] + "/trained/model.ckpt-60"
freeze_graph.freeze_graph(
    input_graph=None,
    input_saver="",
    input_binary=True,
    input_checkpoint=path,
    output_node_names="add",
    restore_op_name="save/restore_all",
    filename_tensor_name="save/Const:0",
    output_graph="frozen.pb",
    clear_devices=True,
    initializer_nodes="",
    input_meta_graph=path + ".meta",
)
graph = tf.GraphDef()
with open("frozen.pb", "rb") as file:
    graph.ParseFromString(file.read())
print(sorted(node.op for node in graph.node))
stripped = strip_unused_lib.strip_unused(graph, ["matmul"], ["add"], tf.float32.as_datatype_enum)
print([(node.name, node.op) for node in stripped.node])
without = tf.graph_util.remove_training_nodes(graph, ["add"])
print([node.name for node in tf.graph_util.extract_sub_graph(without, ["add"]).node])
