"""What a sharding callback is, what it is given, and what it answers."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfckpt.tensors.slices import Shape
from tfckpt.tensors.stored import Array

ShardValues = Mapping[str, Mapping[str, Any]]
"""One data file: checkpoint key -> slice spec -> array. The spec of a whole tensor is ``""``."""


@dataclass(frozen=True, eq=False)
class ShardableTensor:
    """A tensor that is about to be saved, as a `ShardingCallback` sees it.

    Stands in for ``tf.train.experimental.ShardableTensor``.
    """

    tensor: Array
    """The values. Slices of it are written without being copied."""
    dtype: np.dtype[Any]
    device: str
    """Where the tensor is: ``""``, for all arrays are in one process."""
    name: str
    shape: Shape
    slice_spec: str
    """Which part of a bigger tensor this is, like ``"4 16 0,2:0,16"``; ``""`` for a whole one."""
    checkpoint_key: str
    """The name that the tensor has in the checkpoint."""
    trackable: Any
    """The object whose value it is; None for the graph of the objects."""


class ShardingCallback(ABC):
    """Decides which tensors, or slices of them, go to which data file.

    Stands in for ``tf.train.experimental.ShardingCallback``. Given to a save by
    ``CheckpointOptions(experimental_sharding_callback=...)``. The shards that it returns have to
    hold each element of each tensor once, unchanged: else the save raises RuntimeError, with the
    `description`, before it writes anything. Shards without tensors are left out.

    >>> import numpy as np, tempfile, tfckpt
    >>> class Halves(tfckpt.ShardingCallback):
    ...     description = "The first half of each matrix apart from the rest."
    ...     def __call__(self, shardable_tensors):
    ...         first, rest = {}, {}
    ...         for given in shardable_tensors:
    ...             if len(given.shape) == 2:
    ...                 (rows, columns), middle = given.shape, given.shape[0] // 2
    ...                 upper = f"{rows} {columns} 0,{middle}:-"
    ...                 lower = f"{rows} {columns} {middle},{rows - middle}:-"
    ...                 first[given.checkpoint_key] = {upper: given.tensor[:middle]}
    ...                 rest[given.checkpoint_key] = {lower: given.tensor[middle:]}
    ...             else:
    ...                 rest[given.checkpoint_key] = {given.slice_spec: given.tensor}
    ...         return [first, rest]
    >>> options = tfckpt.CheckpointOptions(experimental_sharding_callback=Halves())
    >>> tree = {"kernel": np.ones((4, 2)), "bias": np.zeros(2)}
    >>> path = tfckpt.Checkpoint(**tree).write(tempfile.mkdtemp() + "/ckpt", options)
    >>> with tfckpt.load_checkpoint(path) as reader:
    ...     reader.header.num_shards, reader.get_tensor("kernel/.ATTRIBUTES/VARIABLE_VALUE").shape
    (2, (4, 2))
    """

    @property
    @abstractmethod
    def description(self) -> str:
        """What the callback does, for messages."""

    @abstractmethod
    def __call__(self, shardable_tensors: Sequence[ShardableTensor]) -> Sequence[ShardValues]:
        """Return the shards of the given tensors, in the order of the data files."""

    def __hash__(self) -> int:
        """Return the same for callbacks of the same description and attributes."""
        settings = frozenset(
            (name, value if isinstance(value, Hashable) else None)
            for name, value in vars(self).items()
            if not inspect.ismethod(value) and not inspect.isfunction(value)
        )
        return hash((self.description, settings))


class ShardByTaskPolicy(ShardingCallback):
    """One shard for each task: one in all, as everything is in one process.

    Stands in for ``tf.train.experimental.ShardByTaskPolicy``; a save without a policy does the
    same.
    """

    @property
    def description(self) -> str:
        return "Split tensors into shards based on their device spec task."

    def __call__(self, shardable_tensors: Sequence[ShardableTensor]) -> Sequence[ShardValues]:
        shard: dict[str, dict[str, Any]] = {}
        for tensor in shardable_tensors:
            shard.setdefault(tensor.checkpoint_key, {})[tensor.slice_spec] = tensor.tensor
        return [shard]
