"""Asks for what is not there, and catches what programs catch."""

import sys

import tensorflow as tf

folder = sys.argv[1]
reader = tf.train.load_checkpoint(folder + "/trained/model.ckpt-60")


def tried(what, action, *kinds):
    try:
        action()
    except kinds as error:
        caught = [kind.__name__ for kind in kinds if isinstance(error, kind)]
        print(what, caught)


tried("tensor", lambda: reader.get_tensor("nope"), tf.errors.NotFoundError)
tried("variable", lambda: tf.train.load_variable(folder + "/trained", "nope"), tf.errors.OpError)
tried("checkpoint", lambda: tf.train.load_checkpoint(folder + "/none"), tf.errors.NotFoundError)
tried("folder", lambda: tf.train.load_checkpoint(folder + "/v1/.."), ValueError)
tried("file", lambda: tf.io.gfile.GFile(folder + "/none").read(), tf.errors.NotFoundError)
tried("list", lambda: tf.io.gfile.listdir(folder + "/none"), tf.errors.NotFoundError)
print(tf.train.latest_checkpoint(folder), tf.train.get_checkpoint_state(folder))
try:
    raise tf.errors.InvalidArgumentError(None, None, "made here")
except tf.errors.OpError as error:
    print(error.message, error.error_code == tf.errors.INVALID_ARGUMENT, error.node_def, error)
