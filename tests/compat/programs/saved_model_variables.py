"""Loads a SavedModel for its variables."""

import sys

import tensorflow as tf

folder = sys.argv[1] + "/saved_model"
print(tf.saved_model.contains_saved_model(folder), tf.saved_model.contains_saved_model(sys.argv[1]))
loaded = tf.saved_model.load(folder)
path = folder + "/variables/variables"
for name, shape in tf.train.list_variables(path):
    key = name.replace("/.ATTRIBUTES/VARIABLE_VALUE", "")
    if "/" not in key and hasattr(loaded, key):
        variable = getattr(loaded, key)
        print(key, variable.shape.as_list(), variable.dtype.name, variable.numpy())
