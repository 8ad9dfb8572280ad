"""What a sharding callback makes of the tensors of a checkpoint, checked before it is written.

TensorFlow has such checks (``validate_shards`` in ``checkpoint/sharding/sharding_util.py``) and
does not call them: a callback that loses a tensor makes a checkpoint without it. Here they run, and
say what TensorFlow's would say.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from tfckpt.bundle.spread import write_shards
from tfckpt.bundle.writer import BundleWriter
from tfckpt.dtypes import UNREAD_SLICES, data_type_name, data_type_of
from tfckpt.names import AnyPath
from tfckpt.objects.sharding import ShardableTensor, ShardingCallback
from tfckpt.progress import Progress, counting
from tfckpt.tensors.slices import (
    FULL,
    Shape,
    TensorSlice,
    find_overlap,
    first_gap,
    parse_shape_and_slice,
    volume,
)
from tfckpt.tensors.stored import Array, as_storable

logger = logging.getLogger("tfckpt")


class Piece(NamedTuple):
    """A tensor or a slice of one, on its way to a shard."""

    key: str
    full_shape: Shape
    part: TensorSlice
    array: Array

    @property
    def is_whole(self) -> bool:
        return self.array.shape == self.full_shape

    @property
    def told(self) -> str:
        """What progress says that is written."""
        return self.key if self.is_whole else f"{self.key} {self.part}"

    def box(self) -> list[tuple[int, int]]:
        return [(extent.start, extent.stop) for extent in self.part.index_in(self.full_shape)]


def write_sharded(
    prefix: AnyPath,
    tensors: Mapping[str, Any],
    trackables: Mapping[str, Any],
    callback: ShardingCallback,
    *,
    fsync: bool,
    check: bool = False,
    progress: Progress | None = None,
) -> str:
    """Write tensors to the shards that a callback makes of them; return the prefix.

    `trackables` has the objects that tensors are the values of; `progress` is told of each slice by
    itself. Raises RuntimeError, before anything is written, where the shards do not hold each
    element of each tensor once.
    """
    shardable = [_shardable(key, value, trackables.get(key)) for key, value in tensors.items()]
    shards = list(_Checks(shardable, callback.description).pieces(callback(shardable)))
    _warn_of_slices(shards)
    report = counting(
        {piece.told: piece.array.nbytes for pieces in shards for piece in pieces}, progress
    )

    def add(bundle: BundleWriter, piece: Piece, shard: int) -> None:
        if piece.is_whole:
            bundle.add(piece.key, piece.array, shard=shard)
        else:
            extents = piece.part.extents
            bundle.add_slice(piece.key, piece.full_shape, extents, piece.array, shard=shard)
        report(piece.told)

    return write_shards(prefix, shards, add, fsync=fsync, check=check)


def _shardable(key: str, value: object, trackable: object) -> ShardableTensor:
    array, _ = as_storable(value)
    return ShardableTensor(
        tensor=array,
        dtype=array.dtype,
        device="",
        name=key,
        shape=array.shape,
        slice_spec="",
        checkpoint_key=key,
        trackable=trackable,
    )


def _warn_of_slices(shards: Sequence[Sequence[Piece]]) -> None:
    """Say which tensors TensorFlow will not be able to restore."""
    cut = {
        piece.key: data_type_of(piece.array.dtype)
        for shard in shards
        for piece in shard
        if not piece.is_whole
    }
    for key, data_type in cut.items():
        if data_type in UNREAD_SLICES:
            logger.warning(
                "%s is cut into slices, and TensorFlow restores none of %s (tfckpt does)",
                key,
                data_type_name(data_type),
            )


@lru_cache(maxsize=4096)
def _read_spec(text: str) -> tuple[Shape, TensorSlice, Shape]:
    """Return the whole's shape, the slice, and its shape; raise ValueError for what is no spec."""
    shape, part = parse_shape_and_slice(text)
    return shape, part, part.shape_in(shape)


def _whole(shape: Shape) -> tuple[Shape, TensorSlice, Shape]:
    return shape, TensorSlice(((0, FULL),) * len(shape)), shape


class _Checks:
    """The tensors to save, and the pieces of each that were found so far."""

    def __init__(self, tensors: Sequence[ShardableTensor], description: str) -> None:
        self._tensors = {tensor.checkpoint_key: tensor for tensor in tensors}
        self._met: dict[str, list[Piece]] = {}
        self._description = description

    def pieces(self, shards: object) -> Iterator[list[Piece]]:
        """Yield what each shard holds; raise RuntimeError, or TypeError for what are no shards."""
        for shard in self._each(shards):
            pieces = [
                self._piece(key, spec, value)
                for key, slices in self._items(shard)
                for spec, value in self._items(slices)
            ]
            if pieces:
                yield pieces
        for key in self._tensors:
            self._check_whole(key)

    def _each(self, shards: object) -> Sequence[object]:
        if isinstance(shards, Sequence) and not isinstance(shards, (str, bytes)):
            return shards
        raise self._no_shards(shards)

    def _items(self, mapping: object) -> Iterator[tuple[str, Any]]:
        if not isinstance(mapping, Mapping):
            raise self._no_shards(mapping)
        for name, value in mapping.items():
            if not isinstance(name, str):
                raise self._no_shards(mapping)
            yield name, value

    def _no_shards(self, found: object) -> TypeError:
        return TypeError(
            f"the sharding callback ({self._description!r}) should return a list of shards, "
            f"[{{checkpoint key: {{slice spec: array}}}}]; this is none: {found!r:.80}"
        )

    def _piece(self, key: str, spec: str, value: object) -> Piece:
        if key not in self._tensors:
            raise self._failed("a tensor that is not in the object graph was found", key, spec)
        tensor = self._tensors[key]
        try:
            text = spec.strip()
            shape, part, expected = _read_spec(text) if text else _whole(tensor.shape)
        except ValueError as error:
            raise self._failed(f"a slice spec cannot be read ({error})", key, spec) from None
        try:
            array, data_type = as_storable(value)
        except TypeError as error:
            raise self._failed(
                f"something that is no tensor was found ({error})", key, spec
            ) from None
        self._check_same("shape", tensor.shape, shape, key=key, spec=spec)
        self._check_same("shape", expected, array.shape, key=key, spec=spec)
        if data_type is not data_type_of(tensor.dtype):
            names = data_type_name(data_type_of(tensor.dtype)), data_type_name(data_type)
            self._check_same("dtype", *names, key=key, spec=spec)
        piece = Piece(key, shape, part, array)
        self._met.setdefault(key, []).append(piece)
        return piece

    def _check_same(
        self, what: str, expected: object, found: object, *, key: str, spec: str
    ) -> None:
        if expected != found:
            message = f"a tensor with another {what} was found ({found}, expected {expected})"
            raise self._failed(message, key, spec)

    def _check_whole(self, key: str) -> None:
        """Check that the pieces of a tensor hold each of its elements once."""
        shape, pieces = self._tensors[key].shape, self._met.get(key)
        if pieces is None:
            raise self._failed("a tensor of the object graph was not found in the shards", key)
        if len(pieces) == 1 and pieces[0].is_whole:
            return
        boxes = np.array([piece.box() for piece in pieces]).reshape(len(pieces), len(shape), 2)
        if len(pieces) > 1 and not volume(shape):
            raise self._failed("a tensor without elements was found more than once", key)
        clash = find_overlap(boxes)
        if clash is not None:
            spec = " and ".join(str(pieces[number].part) for number in clash)
            raise self._failed("the same elements were found more than once", key, spec)
        if sum(piece.array.size for piece in pieces) != volume(shape):
            gap = first_gap(boxes, shape)
            at = "" if gap is None else f", such as that at {list(gap)},"
            raise self._failed(f"elements of a tensor{at} were not found in the shards", key)

    def _failed(self, what: str, key: str, spec: str | None = None) -> RuntimeError:
        place = "" if spec is None else f"\n  slice_spec: {spec!r}"
        return RuntimeError(
            f"After executing the checkpoint sharding callback, {what}:\n"
            f"  callback_description: {self._description}\n"
            f"  checkpoint_key: {key}{place}"
        )
