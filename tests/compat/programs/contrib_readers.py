"""TensorFlow 1: rewrites a checkpoint with what tf.contrib.framework reads."""

import sys

import tensorflow as tf

path = sys.argv[1] + "/trained"
state = tf.train.get_checkpoint_state(path)
with tf.Session() as sess:
    for name, shape in tf.contrib.framework.list_variables(path):
        value = tf.contrib.framework.load_variable(path, name)
        print(name, shape, value)
        tf.Variable(value, name=name.replace("linear", "dense"))
    saver = tf.train.Saver()
    sess.run(tf.global_variables_initializer())
    print(saver.save(sess, "renamed.ckpt"))
