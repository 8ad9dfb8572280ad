"""Weights that begin with the values of an earlier model's checkpoint.

    variables.py    which of a mapping's arrays are parts of one variable
    assignment.py   init_from_checkpoint: other names, other scopes
    vocabulary.py   VocabInfo, and which row was whose in an older vocabulary
    matrix.py       load_and_remap_matrix: rows and columns in another order
    warm.py         warm_start, which brings all of these together

TensorFlow has them in ``training/checkpoint_utils.py``, ``warm_starting_util.py`` and
``checkpoint_ops.py``.
"""

from tfckpt.initial.assignment import init_from_checkpoint
from tfckpt.initial.matrix import load_and_remap_matrix
from tfckpt.initial.vocabulary import VocabInfo, generate_vocab_remapping
from tfckpt.initial.warm import warm_start

__all__ = [
    "VocabInfo",
    "generate_vocab_remapping",
    "init_from_checkpoint",
    "load_and_remap_matrix",
    "warm_start",
]
