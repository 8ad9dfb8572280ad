"""TensorFlow 1: restores a graph with its variables, and reads them by name."""

import sys

import tensorflow as tf

path = sys.argv[1] + "/trained/model.ckpt-60"
with tf.Session() as sess:
    saver = tf.train.import_meta_graph(path + ".meta")
    saver.restore(sess, path)
    for variable in tf.global_variables():
        print(variable.name, sess.run(variable).tolist())
    print([v.op.name for v in tf.trainable_variables()])
    graph = tf.get_default_graph()
    print(sess.run(graph.get_tensor_by_name("linear/bias/Read/ReadVariableOp:0")).tolist())
    print(len(graph.get_operations()) == len(sess.graph_def.node))
    print(saver.save(sess, "again.ckpt", global_step=1))
