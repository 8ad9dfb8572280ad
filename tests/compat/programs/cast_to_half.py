"""TensorFlow 1: writes a checkpoint's floats as float16."""

import sys

import tensorflow as tf

path = sys.argv[1] + "/trained/model.ckpt-60"
new = []
for name, shape in tf.train.list_variables(path):
    value = tf.train.load_variable(path, name)
    if value.dtype == tf.float32.as_numpy_dtype:
        new.append(tf.Variable(tf.cast(value, tf.float16), name=name, dtype=tf.float16))
    else:
        new.append(tf.Variable(value, name=name))
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    for var in new:
        print(var.name, var.dtype.base_dtype.name, var.shape.as_list(), sess.run(var).dtype)
    print(tf.train.Saver(new).save(sess, "half.ckpt", write_meta_graph=False))
