"""TensorFlow 1: reads a variable before it has a value, and a placeholder that is not fed."""

import tensorflow as tf

x = tf.placeholder(tf.float32, [None, 2], name="x")
w = tf.get_variable("w", initializer=tf.ones([2]))
print(x.name, w.name, w.op.name, x.shape.as_list(), w.shape.as_list())
with tf.Session() as sess:
    try:
        sess.run(w)
    except tf.errors.FailedPreconditionError:
        print("no value yet")
    sess.run(w.initializer)
    print(sess.run(w), sess.run("w:0"))
    try:
        sess.run(tf.identity(x))
    except tf.errors.InvalidArgumentError:
        print("not fed")
    print(sess.run(x, {x: [[1, 2]]}), sess.run("x:0", {"x:0": [[3, 4]]}))
try:
    sess.run(w)
except RuntimeError as error:
    print(error)
