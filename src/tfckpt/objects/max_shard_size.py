"""Shards of a limited size: tensors that do not fit are cut, by TensorFlow's rules.

A tensor fills up the shard in which the one before it ended, and goes on in the next. It is cut
across the axis that makes the fewest parts of it, into parts of one size
(``checkpoint/sharding/sharding_policies.py``).
"""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from tfckpt.names import OBJECT_GRAPH_KEY
from tfckpt.objects.sharding import ShardableTensor, ShardingCallback, ShardValues
from tfckpt.tensors.slices import Shape, format_shape_and_slice, parse_shape_and_slice, volume
from tfckpt.tensors.stored import Array
from tfckpt.tensors.strings import to_bytes_list

logger = logging.getLogger("tfckpt")


class MaxShardSizePolicy(ShardingCallback):
    """As few shards as there can be with at most `max_shard_size` bytes of values in each.

    Stands in for ``tf.train.experimental.MaxShardSizePolicy``: the same shards, with the same
    slices in them. A single element that is bigger (a string) has a shard of its own, after the
    others. The graph of the objects, and the lengths that are stored with strings, do not count.

    Where no slice across any axis is small enough, the tensor is halved along its longest axis
    until one is.

    >>> import glob, numpy as np, os, tempfile, tfckpt
    >>> prefix = tempfile.mkdtemp() + "/ckpt"
    >>> policy = tfckpt.MaxShardSizePolicy(max_shard_size=3000)
    >>> options = tfckpt.CheckpointOptions(experimental_sharding_callback=policy)
    >>> path = tfckpt.Checkpoint(w=np.zeros((100, 10))).write(prefix, options)
    >>> [os.path.getsize(name) for name in sorted(glob.glob(prefix + ".data-*"))][:2]
    [2960, 2960]

    Raises ValueError for a size that is not above zero.
    """

    def __init__(self, max_shard_size: int) -> None:
        if not max_shard_size > 0:
            raise ValueError(f"max_shard_size must be above zero, not {max_shard_size}")
        self.max_shard_size = max_shard_size

    @property
    def description(self) -> str:
        return "Split tensors into shards with a max shard size."

    def __call__(self, shardable_tensors: Sequence[ShardableTensor]) -> Sequence[ShardValues]:
        shards = _Shards(self.max_shard_size)
        for tensor in shardable_tensors:
            shards.place(_Block.of(tensor))
        return [*shards.filled, *shards.beyond]


class _Block(NamedTuple):
    """Some or all of a tensor: where it lies in the whole, its values, how much room it takes."""

    key: str
    full_shape: Shape
    start: Shape
    array: Array
    lengths: npt.NDArray[np.int64] | None = None
    """Of strings, how many bytes each has; None where elements are all of one size."""
    item_size: int = 0
    nbytes: int = 0

    @classmethod
    def of(cls, tensor: ShardableTensor) -> _Block:
        full_shape, start = tensor.shape, (0,) * len(tensor.shape)
        if tensor.slice_spec:
            full_shape, part = parse_shape_and_slice(tensor.slice_spec)
            start = tuple(first for first, _ in part.extents)
        array = tensor.tensor
        unmeasured = cls(tensor.checkpoint_key, full_shape, start, array)
        if tensor.checkpoint_key == OBJECT_GRAPH_KEY:  # TensorFlow's sharding does not count it
            return unmeasured
        if array.dtype.kind not in "OSUT":
            return unmeasured.measured()
        lengths = np.array([len(text) for text in to_bytes_list(array)], np.int64)
        return unmeasured._replace(lengths=lengths.reshape(array.shape)).measured()

    def measured(self) -> _Block:
        """Return the block with the room that its values take; strings as long as they are."""
        if self.lengths is None:
            return self._replace(item_size=self.array.itemsize, nbytes=self.array.nbytes)
        longest, total = int(self.lengths.max(initial=0)), int(self.lengths.sum())
        return self._replace(item_size=longest, nbytes=total)

    def split(self, axis: int, length: int) -> tuple[_Block, _Block]:
        """Cut off the first `length` slices across an axis; return them and the rest.

        Strings count as if all were as long as the longest, as in TensorFlow.
        """
        return self._part(axis, 0, length), self._part(axis, length, self.array.shape[axis])

    def _part(self, axis: int, begin: int, end: int) -> _Block:
        index = (slice(None),) * axis + (slice(begin, end),)
        array = self.array[index]
        start = (*self.start[:axis], self.start[axis] + begin, *self.start[axis + 1 :])
        lengths = None if self.lengths is None else self.lengths[index]
        nbytes = array.size * self.item_size
        return self._replace(array=array, start=start, lengths=lengths, nbytes=nbytes)

    def halves(self) -> tuple[_Block, _Block]:
        shape = self.array.shape
        axis = shape.index(max(shape))
        first, second = self.split(axis, (shape[axis] + 1) // 2)
        return first.measured(), second.measured()

    def cut(self, room: float) -> tuple[int, int]:
        """Return across which axis to cut, and how many slices to cut off: 0 if none fits."""
        best: tuple[float, int, int] = (math.inf, 0, 0)
        for axis, size in enumerate(self.array.shape):
            fitting = int(room // (self.array.size // size * self.item_size))
            if fitting:
                parts = -(-size // fitting)
                best = min(best, (parts, axis, -(-size // parts)))
        return best[1:]

    @property
    def spec(self) -> str:
        if not self.array.ndim or not self.array.size:
            return ""
        return format_shape_and_slice(
            self.full_shape, zip(self.start, self.array.shape, strict=True)
        )


class _Shards:
    """The shards so far; the last of those that were `filled` has some `room` left."""

    def __init__(self, limit: float) -> None:
        self._limit = self._room = limit
        self.filled: list[dict[str, dict[str, Any]]] = [{}]
        self.beyond: list[dict[str, dict[str, Any]]] = []

    def place(self, block: _Block) -> None:
        if block.nbytes > self._limit and not block.cut(self._limit)[1]:
            self._place_bigger(block)
            return
        while block.nbytes > self._room:
            axis, length = block.cut(self._room)
            if length:
                piece, block = block.split(axis, length)
                self._put(piece)
            else:
                self.filled.append({})
                self._room = self._limit
        self._put(block)

    def _place_bigger(self, block: _Block) -> None:
        if volume(block.array.shape) > 1:
            for half in block.halves():
                self.place(half)
            return
        logger.warning(
            "an element of %s has %d bytes, and a shard of its own: more than the limit of %s",
            block.key,
            block.nbytes,
            self._limit,
        )
        self.beyond.append({block.key: {block.spec: block.array}})

    def _put(self, block: _Block) -> None:
        self.filled[-1].setdefault(block.key, {})[block.spec] = block.array
        self._room -= block.nbytes
