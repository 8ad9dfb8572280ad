"""Saves and restores objects with tf.train.Checkpoint."""

import sys

import numpy as np
import tensorflow as tf

kernel = tf.Variable(np.arange(6, dtype=np.float32).reshape(2, 3), name="kernel")
step = tf.Variable(0, dtype=tf.int64, trainable=False)
checkpoint = tf.train.Checkpoint(layer={"kernel": kernel}, parts=[step], step=step)
print(checkpoint.save("ck"))
step.assign_add(3)
kernel.assign(kernel.numpy() * 2)
print(checkpoint.save("ck"), int(checkpoint.save_counter.numpy()))
print(tf.train.list_variables(tf.train.latest_checkpoint(".")))
fresh = tf.Variable(tf.zeros([2, 3]))
count = tf.Variable(7, dtype=tf.int64)
status = tf.train.Checkpoint(layer={"kernel": fresh}, parts=[count], step=count).restore("ck-2")
status.assert_consumed()
print(fresh.numpy().tolist(), count.numpy(), type(count.numpy()).__name__, fresh.shape.as_list())
tf.train.Checkpoint(layer={"kernel": fresh}).read("ck-1").expect_partial()
print(fresh.numpy().tolist())
golden = tf.train.Checkpoint(v=tf.Variable(0.0))
print(type(golden.restore(tf.train.latest_checkpoint(sys.argv[1] + "/objects"))).__name__ != "")
