"""Prints a checkpoint with TensorFlow's own tool."""

import sys

from tensorflow.python.tools.inspect_checkpoint import print_tensors_in_checkpoint_file

path = sys.argv[1] + "/trained/model.ckpt-60"
print_tensors_in_checkpoint_file(path, tensor_name="", all_tensors=True, all_tensor_names=True)
print_tensors_in_checkpoint_file(path, "linear/bias", False)
print_tensors_in_checkpoint_file(path, "nope", False)
print_tensors_in_checkpoint_file(path, "", False, True, "bias")
