"""TensorFlow 1: makes, shares, finds and changes variables, in the ways that few programs need."""

import numpy as np
import tensorflow as tf


def tried(call, *given):
    try:
        return call(*given)
    except (ValueError, TypeError, tf.errors.FailedPreconditionError) as error:
        return type(error).__name__


print(tried(lambda: tf.Variable()))
print(tried(lambda: tf.variable_scope(None).__enter__()))
made = tf.Variable(lambda: tf.zeros([2]), name="made")
print(
    made.name, made.get_shape().as_list(), made.device == "", made.graph is tf.get_default_graph()
)
print(made.to_proto("other"), made.to_proto().variable_name)

with tf.variable_scope("net", initializer=tf.ones_initializer) as scope:
    w = tf.get_variable("w", [2, 3])
    frozen = tf.get_variable("frozen", [1], trainable=False)
    print([v.op.name for v in scope.global_variables()])
    print([v.op.name for v in scope.trainable_variables()])
    print(tried(lambda: tf.get_variable("w", [2, 3])))
    print(tried(lambda: tf.get_variable("odd", [2], initializer=tf.constant([1.0, 2.0]))))
    scope.set_initializer(tf.constant_initializer(3.0))
    three = tf.get_variable("three", [2])
    scope.reuse_variables()
    print(tf.get_variable("w", [2, 3]) is w, tried(lambda: tf.get_variable("w", [3, 3])))
    print(tried(lambda: tf.get_variable("none")))
    with tf.variable_scope("inner"):
        print(tried(lambda: tf.get_variable("w", [2, 3])))
with tf.variable_scope("net", reuse=tf.AUTO_REUSE):
    print(tf.get_variable("w", [2, 3]) is w)
    print(
        tf.get_variable("w", [2, 3]).op.name,
        tf.get_variable("late", [], tf.int32).dtype.base_dtype.name,
    )
print(tried(lambda: tf.get_variable("text", [], tf.string).op.name))
print(tried(lambda: tf.get_variable("odd", [], tf.complex64)))
print(tried(lambda: tf.get_variable("shapeless")))
drawn = tf.get_variable("drawn", initializer=lambda: tf.fill([2], 4.0))
kept = tf.get_variable(
    "kept", [2], initializer=lambda shape, dtype, partition_info=None: np.ones(shape)
)
local = tf.get_variable(
    "local", [2], initializer=tf.zeros_initializer(), collections=[tf.GraphKeys.LOCAL_VARIABLES]
)
print([v.op.name for v in tf.global_variables()], [v.op.name for v in tf.local_variables()])
for make in (
    lambda: tf.random_normal_initializer(0.0, 1.0),
    lambda: tf.random_uniform_initializer(-1.0, 1.0),
    lambda: tf.truncated_normal_initializer(stddev=0.1),
    lambda: tf.glorot_uniform_initializer(),
):
    with tf.variable_scope(None, "random"):
        v = tf.get_variable("v", [2], initializer=make())
        print(v.op.name, v.shape, v.dtype.base_dtype.name)

step = tf.train.create_global_step()
print(tried(tf.train.create_global_step), tf.train.get_global_step() is step)
less, more = tf.assign_sub(three, [1.0, 1.0]), tf.assign_add(three, [5.0, 5.0])
both = tf.group(tf.assign(frozen, [7.0]), tf.no_op(), name="both")
named = [v for v in tf.global_variables() if not v.op.name.startswith("random")]
with tf.Session() as sess:
    print(tried(lambda: sess.run(w)))
    sess.run(
        [tf.variables_initializer(named), tf.local_variables_initializer(), tf.tables_initializer()]
    )
    print([value.tolist() for value in sess.run([made, w, three, drawn, kept, local, step])])
    print(sess.run(less), sess.run(more), sess.run(three[0]), sess.run(both), sess.run(frozen))
    print(sess.run(made.initializer), tried(lambda: made.load([1.0, 2.0, 3.0], sess)))
    for change in (tf.assign, tf.assign_add, tf.assign_sub):
        print(tried(change, made, [1.0, 2.0, 3.0]), tried(change, made, 1.0))
    made.load([8.0, 9.0], sess)
    print(made.eval(), w.value().eval().tolist(), tf.train.global_step(sess, step))
    random = [v for v in tf.global_variables() if v.op.name.startswith("random")]
    for v in random:
        v.load([0.5, 0.5], sess)
    tf.train.Saver().save(sess, "./model.ckpt", global_step=step, write_meta_graph=False)
