"""TensorFlow 1: renames variables, and adds a prefix, with a Session and a Saver."""

import sys

import tensorflow as tf


def rename(folder, replace_from, replace_to, add_prefix):
    checkpoint = tf.train.get_checkpoint_state(folder)
    with tf.Session() as sess:
        for var_name, _ in tf.train.list_variables(checkpoint.model_checkpoint_path):
            var = tf.train.load_variable(checkpoint.model_checkpoint_path, var_name)
            new_name = var_name.replace(replace_from, replace_to)
            if add_prefix:
                new_name = add_prefix + new_name
            print("Renaming %s to %s." % (var_name, new_name))
            var = tf.Variable(var, name=new_name)
        saver = tf.train.Saver()
        sess.run(tf.global_variables_initializer())
        print(saver.save(sess, "./model.ckpt"))


rename(sys.argv[1] + "/trained", "linear", "dense", "net/")
