"""What stands for TensorFlow where this folder is on PYTHONPATH: see `tfckpt.compat.path`."""

import sys
from importlib import import_module

from tfckpt.compat import install

install(force=True)
sys.modules.pop("tensorflow")
import_module("tensorflow")  # the one that was installed
