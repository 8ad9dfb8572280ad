"""Lists a checkpoint and loads each variable by name, as converters to PyTorch do."""

import os
import sys

import numpy as np
import tensorflow as tf

path = os.path.abspath(os.path.join(sys.argv[1], "trained"))
names, arrays = [], []
for name, shape in tf.train.list_variables(path):
    array = tf.train.load_variable(path, name)
    print("Loading TF weight", name, "with shape", shape, type(array).__name__, array.dtype)
    names.append(name)
    arrays.append(array)
for name, array in zip(names, arrays):
    parts = name.split("/")
    if parts[-1] == "kernel":
        array = np.transpose(array)
    print(parts, array.tolist())
