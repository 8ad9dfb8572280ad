"""Reads and writes state files."""

import os
import sys

import tensorflow as tf

folder = sys.argv[1] + "/trained"
state = tf.train.get_checkpoint_state(folder)
print(os.path.basename(state.model_checkpoint_path))
print([os.path.basename(path) for path in state.all_model_checkpoint_paths])
print(os.path.basename(tf.train.latest_checkpoint(folder)))
tf.compat.v1.train.update_checkpoint_state(".", "m-2", ["m-1", "m-2"])
print(open("checkpoint").read())
made = tf.compat.v1.train.generate_checkpoint_state_proto("run", "run/m-2", ["run/m-1"])
print(made)
print(tf.compat.v1.train.checkpoint_exists(folder + "/model.ckpt-60"))
print(tf.compat.v1.train.checkpoint_exists(folder + "/model.ckpt-61"))
