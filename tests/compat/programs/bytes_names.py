"""Names and paths as bytes, and the names of tensors with their numbers."""

import pathlib
import sys

import tensorflow as tf

path = sys.argv[1] + "/trained/model.ckpt-60"
reader = tf.train.load_checkpoint(path)
print(reader.has_tensor(b"linear/bias"), reader.get_tensor(b"linear/bias"))
print(len(tf.train.list_variables(path.encode())), len(tf.train.list_variables(pathlib.Path(path))))
print(tf.train.load_variable(path, "linear/bias:0"))
