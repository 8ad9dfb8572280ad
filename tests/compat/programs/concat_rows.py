"""TensorFlow 1: joins and arranges tensors of a checkpoint in a session."""

import sys

import tensorflow as tf

reader = tf.train.NewCheckpointReader(sys.argv[1] + "/trained/model.ckpt-60")
kernel = tf.Variable(reader.get_tensor("linear/kernel"))
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    longer = tf.concat([tf.zeros([2, 1]), kernel], 0)
    print(longer.shape if hasattr(longer, "shape") else None)
    print(sess.run(longer).tolist())
    print(sess.run(tf.transpose(kernel)).tolist(), sess.run(tf.reshape(kernel, [-1])).tolist())
    print(sess.run([kernel, {"a": tf.constant([1, 2]), "b": (tf.ones([2]), kernel)}]))
    print(kernel.eval().dtype, sess.run(tf.cast(kernel, tf.float64)).dtype)
