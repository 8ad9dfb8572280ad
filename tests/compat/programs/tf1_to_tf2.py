"""Reads a TensorFlow 1 checkpoint in a session, and writes the values as objects."""

import sys

import tensorflow as tf

path = sys.argv[1] + "/trained/model.ckpt-60"
with tf.Graph().as_default():
    reader = tf.compat.v1.train.NewCheckpointReader(path)
    new = {}
    for name in sorted(reader.get_variable_to_shape_map()):
        if name != "global_step":
            new[name.replace("linear", "dense")] = reader.get_tensor(name)
    with tf.compat.v1.Session() as sess:
        variables = {
            name: tf.compat.v1.get_variable(name, initializer=v) for name, v in new.items()
        }
        sess.run(tf.compat.v1.global_variables_initializer())
        print(tf.compat.v1.train.Saver(list(variables.values())).save(sess, "tf1.ckpt"))
objects = {name.rpartition("/")[2]: tf.Variable(value) for name, value in new.items()}
print(tf.train.Checkpoint(model=objects).write("tf2.ckpt"))
for prefix in ("tf1.ckpt", "tf2.ckpt"):
    print(tf.train.list_variables(prefix))
