"""TensorFlow 1: writes arrays of another library as a checkpoint of variables."""

import numpy as np
import tensorflow as tf

state = {
    "encoder.layer.0.weight": np.arange(6, dtype=np.float32).reshape(2, 3),
    "encoder.layer.0.bias": np.array([0.5, -0.5], np.float32),
}


def create_tf_var(tensor, name, session):
    tf_dtype = tf.dtypes.as_dtype(tensor.dtype)
    tf_var = tf.get_variable(
        dtype=tf_dtype, shape=tensor.shape, name=name, initializer=tf.zeros_initializer()
    )
    session.run(tf.variables_initializer([tf_var]))
    session.run(tf_var)
    return tf_var


tf.reset_default_graph()
with tf.Session() as session:
    for var_name in state:
        tf_name = "bert/" + var_name.replace(".", "/").replace("weight", "kernel")
        array = state[var_name].T if var_name.endswith("weight") else state[var_name]
        tf_var = create_tf_var(tensor=array, session=session, name=tf_name)
        tf_var.load(array, session)
        tf_weight = session.run(tf_var)
        print(f"Successfully created {tf_name}: {np.allclose(tf_weight, array)}")
    saver = tf.train.Saver(tf.trainable_variables())
    print(saver.save(session, "model.ckpt"))
