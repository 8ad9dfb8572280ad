"""TensorFlow 1: works out tensors in a session, and is refused where something is missing."""

import numpy as np
import tensorflow as tf

fed = tf.placeholder(tf.float32, [None, 2], name="fed")
print(fed.name, fed.dtype.name, fed.shape.as_list(), fed.op.name, fed.op.type)
text = tf.placeholder(tf.string)
turned = tf.transpose(fed)
w = tf.get_variable("w", initializer=tf.ones([2, 2]))
both = tf.concat([w, fed], 0)
with tf.Session() as session:
    session.run(tf.global_variables_initializer())
    print(session.run(turned, {fed: [[1, 2], [3, 4]]}).tolist())
    print(both.eval({fed: np.zeros([1, 2])}).tolist())
    print(session.run({"a": w, "b": [fed, text]}, {fed: [[5, 6]], text: "t"})["b"][0].tolist())
    w.initializer.run()
    print(tf.get_default_session() is session, session.graph is tf.get_default_graph())
    for action in (
        lambda: session.run(turned),
        lambda: session.run("fed:0"),
        lambda: session.run("none:0"),
        lambda: session.run(w, {"none:0": 1}),
        lambda: session.run(3),
    ):
        try:
            action()
        except (tf.errors.InvalidArgumentError, ValueError, KeyError, TypeError) as error:
            print(type(error).__name__)
for action in (lambda: w.eval(), lambda: bool(fed)):
    try:
        action()
    except (TypeError, ValueError):
        print("refused")
session = tf.InteractiveSession()
w.initializer.run()
print(w.eval().tolist())
session.close()
