"""TensorFlow 1: leaves out what only training needs, variables and step."""

import sys

import tensorflow as tf

source = tf.train.latest_checkpoint(sys.argv[1] + "/trained")
graph = tf.Graph()
with graph.as_default(), tf.Session(graph=graph) as sess:
    kept = {}
    for name, _ in tf.train.list_variables(source):
        if name == "global_step" or "/Adam" in name:
            continue
        kept[name] = tf.Variable(tf.train.load_variable(source, name), name=name)
    sess.run(tf.variables_initializer(list(kept.values())))
    tf.train.Saver(kept).save(sess, "stripped.ckpt", write_state=False)
print(tf.train.list_variables("stripped.ckpt"))
print(tf.io.gfile.exists("checkpoint"), len(graph.get_collection(tf.GraphKeys.GLOBAL_VARIABLES)))
