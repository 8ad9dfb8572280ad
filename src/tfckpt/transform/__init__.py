"""Checkpoints made of checkpoints: fewer tensors, other names, other types, averages.

Each function takes tensors (a reader, a mapping of arrays, what another of these functions
returned, or the path of a checkpoint or any other file that `tfckpt.open_tensors` takes) and
returns a lazy mapping with the face of a `tfckpt.CheckpointReader`: dtypes and shapes are known at
once, values are read when they are asked for, one tensor at a time. Every writer takes it.

>>> import numpy as np, tempfile, tfckpt
>>> from tfckpt import transform
>>> folder = tempfile.mkdtemp()
>>> kernel = np.ones((2, 2), np.float32)
>>> old = tfckpt.save(folder + "/old", {"dense/w": kernel, "dense/w/Adam": kernel})
>>> small = transform.rename(transform.without_slots(old), {"dense/": "encoder/"})
>>> tfckpt.list_variables(tfckpt.save(folder + "/new", small, link=True))
[('encoder/w', [2, 2])]
"""

from tfckpt.transform.averaging import average
from tfckpt.transform.casting import cast
from tfckpt.transform.merging import merge
from tfckpt.transform.partitions import repartition
from tfckpt.transform.planning import Change, Plan, plan
from tfckpt.transform.renaming import rename
from tfckpt.transform.rules import EditRules
from tfckpt.transform.selecting import select
from tfckpt.transform.shadows import with_averages
from tfckpt.transform.slots import slots, without_slots
from tfckpt.transform.suggesting import Suggestion, Suggestions, suggest
from tfckpt.transform.tensors import LazyTensors

__all__ = [
    "Change",
    "EditRules",
    "LazyTensors",
    "Plan",
    "Suggestion",
    "Suggestions",
    "average",
    "cast",
    "merge",
    "plan",
    "rename",
    "repartition",
    "select",
    "slots",
    "suggest",
    "with_averages",
    "without_slots",
]
