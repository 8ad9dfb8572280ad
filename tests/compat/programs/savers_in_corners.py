"""TensorFlow 1: builds Savers late, of odd variables, from protos, and hands lists on."""

import os

import tensorflow as tf


def tried(call):
    try:
        return call()
    except ValueError:  # or what is one
        return "ValueError"
    except (TypeError, RuntimeError, AttributeError) as error:
        return type(error).__name__


print(tried(tf.train.Saver))
a, b = tf.Variable([1.0, 2.0], name="a"), tf.Variable([3], name="b")
print(tried(lambda: tf.train.Saver([a], defer_build=True)))
print(tried(lambda: tf.train.Saver({"a": 3})), tried(lambda: tf.train.Saver([a, 3])) is None)
print(tried(lambda: tf.train.Saver({"same": a, "other": a})) is not None)
late = tf.train.Saver(defer_build=True, max_to_keep=2)
print(late.saver_def, tried(lambda: late.save(None, "./late")))
c = tf.Variable(5.0, name="c")
late.build()
late.build()
print(late.as_saver_def() is late.saver_def, late.saver_def.max_to_keep, late.to_proto().version)
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    for step in (1, 2, 3):
        print(late.save(sess, "./late", global_step=step, write_meta_graph=False))
    print(late.last_checkpoints)
    other = tf.train.Saver({"renamed": a}, max_to_keep=2)
    other.set_last_checkpoints(late.last_checkpoints)
    print(other.last_checkpoints)
    other.set_last_checkpoints_with_time([(path, 1.0) for path in late.last_checkpoints])
    print(other.save(sess, "./late", global_step=4, write_meta_graph=False))
    print(
        other.last_checkpoints, sorted(name for name in os.listdir(".") if name.endswith(".index"))
    )
    third = tf.train.Saver(max_to_keep=2)
    third.recover_last_checkpoints(["./late-3", "./late-4", "./none"])
    print(third.last_checkpoints)
    sess.run(tf.assign(a, [0.0, 0.0]))
    late.restore(sess, "./late-3")
    print([value.tolist() for value in sess.run([a, b, c])])
    print(tried(lambda: late.restore(sess, None)), tried(lambda: late.restore(sess, "./none")))
meta = late.export_meta_graph("late.meta")
print(meta.saver_def == late.saver_def, os.path.exists("late.meta"))
again = tf.train.Saver.from_proto(late.to_proto())
print(again.saver_def == late.saver_def)
