"""Writes a scalar for TensorBoard with PyTorch, and reads it back with TensorBoard's own code."""

import sys

import tensorflow as tf
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat import tf as used
from torch.utils.tensorboard import SummaryWriter

with SummaryWriter(sys.argv[1]) as writer:
    writer.add_scalar("loss", 0.5, 7)
events = EventAccumulator(sys.argv[1]).Reload()
print([(one.step, one.value) for one in events.Scalars("loss")])
print("TensorBoard uses", used.__version__, "and not", tf.__version__)
