"""TensorFlow 1: imports, writes and reads graph files."""

import sys

import tensorflow as tf
from google.protobuf import text_format
from tensorflow.core.framework import graph_pb2
from tensorflow.core.protobuf import meta_graph_pb2

meta = meta_graph_pb2.MetaGraphDef()
with open(sys.argv[1] + "/trained/model.ckpt-60.meta", "rb") as file:
    meta.ParseFromString(file.read())
print(sorted(meta.collection_def), meta.saver_def.restore_op_name)
part = tf.graph_util.extract_sub_graph(meta.graph_def, ["add"])
with tf.Graph().as_default() as graph:
    (out,) = tf.import_graph_def(part, return_elements=["add:0"], name="in")
    print(out.name, [op.name for op in graph.get_operations()])
    print(tf.train.write_graph(graph, ".", "graph.pbtxt"))
read = graph_pb2.GraphDef()
with open("graph.pbtxt") as file:
    text_format.Merge(file.read(), read)
print(len(read.node), [node.name for node in read.node if node.op == "Placeholder"])
