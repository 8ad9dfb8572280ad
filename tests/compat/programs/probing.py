"""Looks which TensorFlow there is, as libraries do."""

import importlib.util

try:
    import tensorflow as tf

    HAVE_TF = int(tf.__version__[0]) >= 2
except ImportError:
    HAVE_TF = False
print(HAVE_TF, importlib.util.find_spec("tensorflow") is not None, tf.__name__.split(".")[0])
print(tf.version.VERSION.split(".")[0], callable(tf.train.load_checkpoint), bool(tf.__file__))
tf.get_logger().setLevel("ERROR")
with tf.device("/CPU:0"):
    print(tf.constant([1.5, 2.5]).numpy().tolist(), tf.zeros([2]).dtype.name)
print(tf.config.list_physical_devices("TPU"), tf.executing_eagerly())
tf.random.set_seed(1)
