"""Saves and restores with flax, whose files go through tf.io.gfile where there is TensorFlow."""

import sys

import flax
import flax.io
import numpy as np
from flax.training import checkpoints

flax.config.update("flax_use_orbax_checkpointing", False)
folder = sys.argv[1] + "/flax"
print(flax.io.io_mode)
for step in (1, 2, 3):
    checkpoints.save_checkpoint(folder, {"w": np.arange(3.0) * step}, step=step, keep=2)
print(sorted(flax.io.listdir(folder)))
print(checkpoints.restore_checkpoint(folder, None)["w"].tolist())
try:
    flax.io.remove(folder + "/nothing")
except flax.io.NotFoundError as error:
    print("not found, also for Python:", isinstance(error, FileNotFoundError))
