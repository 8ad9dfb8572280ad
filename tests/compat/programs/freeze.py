"""TensorFlow 1: freezes a graph from its files."""

import sys

import tensorflow as tf
from tensorflow.python.framework import graph_util

path = tf.train.get_checkpoint_state(sys.argv[1] + "/trained").model_checkpoint_path
with tf.Graph().as_default(), tf.Session() as sess:
    saver = tf.train.import_meta_graph(path + ".meta", clear_devices=True)
    saver.restore(sess, path)
    graph_def = tf.get_default_graph().as_graph_def()
    frozen = graph_util.convert_variables_to_constants(sess, graph_def, ["add"])
    with tf.gfile.GFile("frozen.pb", "wb") as file:
        file.write(frozen.SerializeToString())
read = tf.GraphDef()
with tf.gfile.FastGFile("frozen.pb", "rb") as file:
    read.ParseFromString(file.read())
for node in read.node:
    print(node.name, node.op, list(node.input))
    if node.op == "Const":
        print("  ", tf.make_ndarray(node.attr["value"].tensor).tolist())
