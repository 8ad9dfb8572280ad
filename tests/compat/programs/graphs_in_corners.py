"""TensorFlow 1: asks graphs what they hold, by collections and scopes, and exports a part."""

import tensorflow as tf

graph = tf.Graph()
with graph.as_default():
    with tf.variable_scope("net"):
        w = tf.get_variable("w", [2], initializer=tf.zeros_initializer())
        with tf.control_dependencies([]):
            v = tf.get_variable("v", [2], initializer=tf.ones_initializer())
    local = tf.Variable([1.0], name="local", collections=[tf.GraphKeys.LOCAL_VARIABLES])
    kept = tf.Variable([1.0], name="kept", collections=[tf.GraphKeys.MODEL_VARIABLES, "global"])
    mean = tf.Variable([1.0], name="mean", collections=[tf.GraphKeys.MOVING_AVERAGE_VARIABLES])
    tf.add_to_collection("mine", w)
    tf.add_to_collections(["mine", "other"], v)
    tf.get_collection_ref("mine").append("text")
    print([getattr(item, "name", item) for item in tf.get_collection("mine")])
    print([item.name for item in tf.get_collection("mine", "net/v")])
    print([v.name for v in tf.local_variables()], [v.name for v in tf.local_variables("none")])
    print([v.name for v in tf.model_variables()], [v.name for v in tf.moving_average_variables()])
    print([v.name for v in tf.trainable_variables("net")], tf.global_variables("net/v")[0] is v)
    print(sorted(key for key in graph.get_all_collection_keys() if isinstance(key, str))[:3])
    print(graph.get_collection("none"), graph.finalized)
    saver = tf.train.Saver([w, v])
    meta = tf.train.export_meta_graph(saver_def=saver.saver_def)
    print(sorted(meta.collection_def), meta.saver_def.restore_op_name)
    part = tf.train.export_meta_graph(graph=graph, export_scope="net")
    part = part[0] if isinstance(part, tuple) else part
    print(sorted(part.collection_def))
    graph.finalize()
    print(graph.finalized)
print(graph is tf.get_default_graph(), w.graph is graph)
