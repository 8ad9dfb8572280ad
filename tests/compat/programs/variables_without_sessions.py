"""Makes and changes variables without a session, and saves what it has."""

import numpy as np
import tensorflow as tf


def tried(call, *given):
    try:
        return call(*given)
    except (ValueError, TypeError, tf.errors.InvalidArgumentError) as error:
        return type(error).__name__


v = tf.Variable([1.0, 2.0], name="v")
print(v.numpy(), v[1].numpy(), np.asarray(v, "float64"), np.array(v).dtype)
print(v.assign_sub([0.5, 0.5]).numpy(), v.assign_add([1.0, 1.0]).numpy(), v.assign([7, 8]).numpy())
print(tried(lambda: tf.Variable()))
for change in (v.assign, v.assign_add, v.assign_sub):
    print(tried(change, [1.0, 2.0, 3.0]), tried(change, 1.0))
print(v.name, v.shape, v.dtype.name, v.trainable, v.ref() == v.ref(), len({v.ref(), v.ref()}))
counter = tf.Variable(lambda: np.int64(3), trainable=False, name="counter")
print(counter.numpy() + 1, counter.read_value().numpy())
module = tf.Module()
module.layers = [tf.Module(), {"bias": tf.Variable([0.0])}]
module.layers[0].kernel = v
module.counter = counter
checkpoint = tf.train.Checkpoint(module=module)
print(checkpoint.save("./ckpt"), checkpoint.save_counter.numpy())
v.assign([0.0, 0.0])
checkpoint.restore("./ckpt-1").assert_consumed()
print(v.numpy())
for name, shape in tf.train.list_variables("./ckpt-1"):
    print(name, shape)
manager = tf.train.CheckpointManager(checkpoint, "./managed", 2)
print(manager.directory, manager.latest_checkpoint)
print(manager.save(), manager.checkpoints)
