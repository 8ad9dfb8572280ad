"""TensorFlow 1: takes its arguments as flags, and runs as an app."""

import sys

import tensorflow as tf

flags = tf.flags
FLAGS = flags.FLAGS
flags.DEFINE_string("checkpoint", None, "The checkpoint.")
flags.DEFINE_integer("count", 3, "How many.")
flags.DEFINE_float("scale", 0.5, "A factor.")
flags.DEFINE_bool("verbose", False, "Whether to say more.")
flags.DEFINE_boolean("quiet", True, "Whether to say less.")
flags.DEFINE_list("names", ["a"], "Some names.")
tf.app.flags.DEFINE_enum("kind", "x", ["x", "y"], "One of two.")


def main(argv):
    print(len(argv), argv[1:], FLAGS.count, FLAGS.scale, FLAGS.verbose, FLAGS.quiet)
    print(FLAGS.names, FLAGS.kind)
    print(tf.train.list_variables(FLAGS.checkpoint))


if __name__ == "__main__":
    path = sys.argv[1] + "/trained"
    sys.argv[1:] = [
        "--checkpoint",
        path,
        "--count=7",
        "--verbose",
        "--noquiet",
        "--names=b,c",
        "rest",
    ]
    tf.app.run()
