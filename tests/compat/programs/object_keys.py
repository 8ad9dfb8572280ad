"""Reads a TensorFlow 2 checkpoint by its objects' keys."""

import sys

import tensorflow as tf

path = tf.train.latest_checkpoint(sys.argv[1] + "/objects")
for name, shape in tf.train.list_variables(path):
    print(name, shape)
    if name.endswith(".ATTRIBUTES/VARIABLE_VALUE"):
        print("  ", tf.train.load_variable(path, name))
graph = tf.train.load_variable(path, "_CHECKPOINTABLE_OBJECT_GRAPH")
print(type(graph).__name__, len(graph))
