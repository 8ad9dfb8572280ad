"""TensorFlow 1: the same with variable scopes that are reused."""

import sys

import tensorflow as tf

path = sys.argv[1] + "/trained/model.ckpt-60"
reader = tf.train.load_checkpoint(path)
with tf.variable_scope(tf.get_variable_scope(), reuse=tf.AUTO_REUSE):
    tf_vars = [
        tf.get_variable(name, shape=shape, dtype=reader.get_tensor(name).dtype)
        for name, shape in tf.train.list_variables(path)
    ]
    again = [
        tf.get_variable(name, shape=shape, dtype=reader.get_tensor(name).dtype)
        for name, shape in tf.train.list_variables(path)
    ]
print([a is b for a, b in zip(tf_vars, again)])
placeholders = [tf.placeholder(v.dtype, shape=v.shape) for v in tf_vars]
assign_ops = [tf.assign(v, p) for (v, p) in zip(tf_vars, placeholders)]
saver = tf.train.Saver(tf.all_variables())
with tf.Session() as sess:
    sess.run(tf.initialize_all_variables())
    for var, p, assign_op in zip(tf_vars, placeholders, assign_ops):
        sess.run(assign_op, feed_dict={p: reader.get_tensor(var.op.name)})
    print(saver.save(sess, "out.ckpt", global_step=7), saver.last_checkpoints)
    print([sess.run(v).tolist() for v in tf_vars])
