"""TensorFlow 1: logs what it does."""

import logging
import sys

import tensorflow as tf

logger = tf.get_logger() if hasattr(tf, "get_logger") else logging.getLogger("tensorflow")
logger.handlers[:] = [logging.StreamHandler(sys.stdout)]
tf.logging.set_verbosity(tf.logging.INFO)
tf.logging.info("info %d of %s", 1, "two")
tf.logging.debug("not shown")
tf.logging.warning("a warning")
tf.logging.warn("another")
tf.logging.error("an error")
tf.logging.log(tf.logging.WARN, "at level")
for at in range(4):
    tf.logging.log_first_n(tf.logging.INFO, "first %d", 2, at)
    tf.logging.log_if(tf.logging.INFO, "if %d", at == 1, at)
print(tf.logging.get_verbosity(), logger.name, tf.logging.INFO, tf.logging.FATAL)
