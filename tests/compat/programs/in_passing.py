"""TensorFlow 1: calls in passing what has nothing to do with checkpoints."""

import pathlib

import tensorflow as tf
from tensorflow.python.util import deprecation

tf.set_random_seed(3)
with deprecation.silence():
    print(tf.compat.as_bytes("é"), tf.compat.as_bytes(bytearray(b"x")), tf.compat.as_bytes(b"y"))
print(tf.compat.as_text(b"\xc3\xa9"), tf.compat.as_text("z"), tf.compat.as_str(b"s"))
print(tf.compat.as_str_any(b"b"), tf.compat.as_str_any(3), tf.compat.path_to_str("p"))
print(tf.compat.path_to_str(pathlib.PurePosixPath("a/b")))
for function in (tf.compat.as_bytes, tf.compat.as_text):
    try:
        function(3)
    except TypeError as error:
        print(error)
print(tf.get_logger().name)
