"""Arranges values anew without a session."""

import numpy as np
import tensorflow as tf

x = tf.constant([[1, 2, 3], [4, 5, 6]], tf.int16)
parts = tf.split(x, 3, axis=1) + tf.split(x, [1, 1])
for made in (
    x,
    tf.constant(7, shape=[2, 2]),
    tf.constant("text"),
    tf.constant(["a", b"b"]),
    tf.constant(np.array(["c", "d"])),
    tf.constant(np.float64([1.5]), tf.float32),
    tf.zeros([2]),
    tf.ones((1, 2), tf.int32),
    tf.zeros([2], tf.string),
    tf.zeros_like(x),
    tf.ones_like(x, tf.float32),
    tf.fill([2, 2], 3),
    tf.concat([x, x], 0),
    tf.stack([x, x], axis=1),
    *parts,
    tf.transpose(x),
    tf.transpose(x, [0, 1]),
    tf.transpose(tf.constant([[1 + 2j]]), conjugate=True),
    tf.reshape(x, [-1]),
    tf.reshape(x, tf.TensorShape([3, 2])),
    tf.cast(x, tf.float32),
    tf.identity(x),
    tf.squeeze(tf.ones([1, 2, 1])),
    tf.squeeze(tf.ones([1, 2, 1]), axis=[0]),
    tf.expand_dims(x, 1),
    x[0],
    x[:, 1:],
    tf.convert_to_tensor([1.0, 2.0]),
    tf.convert_to_tensor(x, tf.int16),
):
    print(np.asarray(made.numpy()).tolist(), made.dtype.name, made.shape, made.ndim)
print(len(x), [row.numpy().tolist() for row in x], np.asarray(x, np.float32).tolist())
print(bool(tf.constant(True)), int(tf.constant(3)), float(tf.constant(1.5)), [9, 8][tf.constant(1)])
print(tf.is_tensor(x), tf.is_tensor(3), x.get_shape(), x.device == "" or "CPU" in x.device)
x.set_shape([2, None])
for action in (
    lambda: x.set_shape([3, 3]),
    lambda: tf.constant([1, 2, 3], shape=[2]),
    lambda: tf.convert_to_tensor(x, tf.float32),
    lambda: tf.reshape(x, [4]),
):
    try:
        action()
    except (TypeError, ValueError, tf.errors.InvalidArgumentError):
        print("refused")
