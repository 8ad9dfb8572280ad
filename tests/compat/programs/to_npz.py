"""Writes the latest checkpoint of a folder into one .npz file, without the optimizer's slots."""

import sys

import numpy as np
import tensorflow as tf

latest = tf.train.latest_checkpoint(sys.argv[1] + "/trained")
reader = tf.train.load_checkpoint(latest)
values = {
    name: reader.get_tensor(name)
    for name in reader.get_variable_to_shape_map()
    if "Adam" not in name and name != "global_step"
}
np.savez("weights.npz", **{name.replace("/", "."): values[name] for name in sorted(values)})
with np.load("weights.npz") as file:
    for name in sorted(file.files):
        print(name, file[name].dtype, file[name].tolist())
