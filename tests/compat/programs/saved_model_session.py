"""TensorFlow 1: loads the graph of a SavedModel into a session."""

import sys

import tensorflow as tf
from tensorflow.python.saved_model import signature_constants, tag_constants

with tf.Graph().as_default(), tf.Session() as sess:
    meta = tf.saved_model.loader.load(sess, [tag_constants.SERVING], sys.argv[1] + "/saved_model")
    signature = meta.signature_def[signature_constants.DEFAULT_SERVING_SIGNATURE_DEF_KEY]
    print(sorted(signature.inputs), sorted(signature.outputs), signature.method_name)
    print(
        signature.inputs["x"].name, sess.graph.get_tensor_by_name(signature.inputs["x"].name).name
    )
    for variable in tf.global_variables():
        print(variable.name, sess.run(variable))
