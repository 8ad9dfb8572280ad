"""TensorFlow 1: keeps the newest checkpoints, and goes on after a restart."""

import os

import numpy as np
import tensorflow as tf

step = tf.train.get_or_create_global_step()
weight = tf.get_variable("w", initializer=np.zeros((2, 2), np.float32))
saver = tf.train.Saver(max_to_keep=2)
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    for _ in range(4):
        sess.run(tf.assign_add(step, 5))
        sess.run(weight.assign_add(np.ones((2, 2), np.float32)))
        print(saver.save(sess, "run.ckpt", global_step=step))
    print(saver.last_checkpoints, tf.train.global_step(sess, step))
print(sorted(name for name in os.listdir(".") if name.endswith(".index")))
with tf.Session() as sess:
    again = tf.train.Saver(max_to_keep=2)
    again.recover_last_checkpoints(saver.last_checkpoints)
    again.restore(sess, tf.train.latest_checkpoint("."))
    print([value.tolist() for value in sess.run([step, weight])])
    print(again.save(sess, "run.ckpt", global_step=99), again.last_checkpoints)
