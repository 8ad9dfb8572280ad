"""Opens a reader from each module that TensorFlow has it in."""

import sys

import tensorflow as tf
from tensorflow.python import pywrap_tensorflow
from tensorflow.python.training import py_checkpoint_reader
from tensorflow.python.training.checkpoint_utils import list_variables, load_checkpoint

path = sys.argv[1] + "/sharded/model.ckpt"
for make in (
    tf.train.load_checkpoint,
    tf.compat.v1.train.NewCheckpointReader,
    tf.compat.v1.train.load_checkpoint,
    pywrap_tensorflow.NewCheckpointReader,
    getattr(tf, "pywrap_tensorflow", pywrap_tensorflow).NewCheckpointReader,  # until 1.15
    py_checkpoint_reader.NewCheckpointReader,
    load_checkpoint,
):
    reader = make(path)
    print(sorted(reader.get_variable_to_shape_map().items()))
print(list_variables(path) == tf.train.list_variables(path))
