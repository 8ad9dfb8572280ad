"""TensorFlow 1: averages checkpoints through placeholders and assignments."""

import os
import sys

import numpy as np
import tensorflow as tf

tf.logging.set_verbosity(tf.logging.ERROR)
checkpoints = [sys.argv[1] + "/trained/model.ckpt-%d" % step for step in (40, 60)]
var_values, var_dtypes = {}, {}
for name, shape in tf.train.list_variables(checkpoints[0]):
    if not name.startswith("global_step"):
        var_values[name] = np.zeros(shape)
for checkpoint in checkpoints:
    reader = tf.train.load_checkpoint(checkpoint)
    for name in var_values:
        tensor = reader.get_tensor(name)
        var_dtypes[name] = tensor.dtype
        var_values[name] += tensor
    tf.logging.info("Read from checkpoint %s", checkpoint)
for name in var_values:
    var_values[name] /= len(checkpoints)
tf_vars = [
    tf.get_variable(v, shape=var_values[v].shape, dtype=var_dtypes[v]) for v in sorted(var_values)
]
placeholders = [tf.placeholder(v.dtype, shape=v.shape) for v in tf_vars]
assign_ops = [tf.assign(v, p) for (v, p) in zip(tf_vars, placeholders)]
global_step = tf.get_variable(
    "global_step", initializer=tf.constant(0, dtype=tf.int64), trainable=False
)
saver = tf.train.Saver(tf.global_variables(), save_relative_paths=True)
print([v.name for v in tf.trainable_variables()])
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    for p, assign_op, name in zip(placeholders, assign_ops, sorted(var_values)):
        sess.run(assign_op, {p: var_values[name]})
    print(saver.save(sess, os.path.join("average.ckpt"), global_step=global_step))
