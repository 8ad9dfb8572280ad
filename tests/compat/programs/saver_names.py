"""TensorFlow 1: restores under other names, and some variables only."""

import sys

import tensorflow as tf

path = sys.argv[1] + "/trained/model.ckpt-60"
with tf.variable_scope("mine"):
    kernel = tf.get_variable("k", shape=[3, 1])
    bias = tf.get_variable("b", shape=[1], initializer=tf.constant_initializer(9.0))
saver = tf.train.Saver({"linear/kernel": kernel, "linear/bias": bias})
other = tf.train.Saver([bias])
with tf.Session() as sess:
    sess.run(bias.initializer)
    print(sess.run(bias))
    saver.restore(sess, path)
    print(sess.run(kernel).tolist(), sess.run("mine/b:0").tolist())
    print(other.save(sess, "bias.ckpt"))
    try:
        other.restore(sess, path)
    except tf.errors.NotFoundError:
        print("not found")
    try:
        saver.restore(sess, "nothing")
    except ValueError:
        print("no checkpoint")
print(tf.train.list_variables("bias.ckpt"))
