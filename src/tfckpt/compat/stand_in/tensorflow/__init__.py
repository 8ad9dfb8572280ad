"""What stands for TensorFlow where this folder is on PYTHONPATH: see `tfckpt.compat.path`."""

import sys
from importlib import import_module

from tfckpt.compat import install
from tfckpt.compat.finder import is_for_tensorboard

install(force=True)
sys.modules.pop("tensorflow")
if is_for_tensorboard():
    raise ImportError("tfckpt stands in for TensorFlow, and TensorBoard reads its files by itself")
import_module("tensorflow")  # the one that was installed
