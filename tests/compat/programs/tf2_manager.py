"""Keeps the newest checkpoints of objects."""

import os

import tensorflow as tf

weight = tf.Variable([1.0, 2.0])
manager = tf.train.CheckpointManager(tf.train.Checkpoint(w=weight), "run", max_to_keep=2)
for _ in range(3):
    weight.assign_add([1.0, 1.0])
    print(manager.save())
print(manager.checkpoints, manager.latest_checkpoint, weight.numpy())
print(sorted(name for name in os.listdir("run") if name.endswith(".index")))
weight.assign([0.0, 0.0])
print(manager.restore_or_initialize(), weight.numpy())
