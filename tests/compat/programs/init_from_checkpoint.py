"""TensorFlow 1: begins with the values of another model's checkpoint."""

import sys

import tensorflow as tf

with tf.variable_scope("new"):
    kernel = tf.get_variable("kernel", shape=[3, 1], initializer=tf.zeros_initializer())
    bias = tf.get_variable("bias", shape=[1], initializer=tf.zeros_initializer())
head = tf.get_variable("head", shape=[2], initializer=tf.ones_initializer())
tf.train.init_from_checkpoint(sys.argv[1] + "/trained", {"linear/": "new/"})
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    print(sess.run([kernel, bias, head]))
