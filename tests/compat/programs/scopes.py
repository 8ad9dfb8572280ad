"""TensorFlow 1: what variables are called in scopes."""

import tensorflow as tf

with tf.variable_scope("a"):
    one = tf.get_variable("w", [1], initializer=tf.zeros_initializer())
    two = tf.Variable(1.0, name="v")
    with tf.variable_scope("b") as inner:
        three = tf.get_variable("w", [1], initializer=tf.zeros_initializer())
        print(inner.name, tf.get_variable_scope().name, inner.reuse)
with tf.variable_scope("a", reuse=True):
    four = tf.get_variable("w", [1])
    five = tf.Variable(1.0, name="v")
with tf.variable_scope(None, default_name="c"):
    six = tf.get_variable("w", [1])
with tf.variable_scope(None, default_name="c"):
    seven = tf.get_variable("w", [1])
with tf.name_scope("n"):
    eight = tf.Variable(2.0)
    nine = tf.Variable(2.0)
    ten = tf.get_variable("free", [1])
print([v.name for v in (one, two, three, four, five, six, seven, eight, nine, ten)], one is four)
try:
    with tf.variable_scope("a"):
        tf.get_variable("w", [1])
except ValueError as error:
    print(str(error).split(" Did")[0])
try:
    with tf.variable_scope("a", reuse=True):
        tf.get_variable("nope", [1])
except ValueError as error:
    print(str(error).split(" Did")[0])
print([v.name for v in tf.get_collection(tf.GraphKeys.GLOBAL_VARIABLES, scope="a/")])
tf.add_to_collection("mine", one)
print([v.name for v in tf.get_collection("mine")])
