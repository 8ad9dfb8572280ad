"""Prints the reader's own description."""

import sys

import tensorflow as tf

reader = tf.train.load_checkpoint(sys.argv[1] + "/dtypes/all")
print(*sorted(reader.debug_string().decode("utf-8").splitlines()), sep="\n")
