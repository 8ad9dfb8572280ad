"""Saving dask's arrays: each block is written as a slice, by the worker that has it.

An array is never in one place. A worker writes data files of its own; who called makes all of them
visible. A worker that fails, or dies, fails the save, and nothing of it stays.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tfckpt.bundle.parts import PartOfTensor, Parts, write_part
from tfckpt.dtypes import UNREAD_SLICES, data_type_of
from tfckpt.names import AnyPath


def is_lazy(value: object) -> bool:
    """Whether a value is an array of dask's, which is made of blocks that are somewhere else."""
    return hasattr(value, "__dask_graph__") and hasattr(value, "to_delayed")


def write_blocks(
    prefix: AnyPath,
    arrays: Mapping[str, Any],
    variables: Mapping[str, object],
    *,
    fsync: bool,
) -> str:
    """Write a bundle of dask's arrays, each block by the worker that has it, and of other values.

    Raises ValueError for an array whose shape is not known.
    """
    import dask

    blocks = [block for name, array in arrays.items() for block in _blocks(name, array)]
    parts = Parts.of(prefix, len(blocks) + bool(variables))
    write = dask.delayed(_write_block, pure=False)
    try:
        tasks = [
            write(parts, shard, name, shape=shape, spec=spec, block=block, fsync=fsync)
            for shard, (name, shape, spec, block) in enumerate(blocks)
        ]
        if variables:
            write_part(parts, len(blocks), variables, fsync=fsync)
        dask.compute(*tasks)
        return parts.commit(fsync=fsync)
    except BaseException:
        parts.remove()
        raise


def _blocks(
    name: str, array: Any
) -> Iterator[tuple[str, tuple[int, ...], list[tuple[int, int]], Any]]:
    """Yield each block of an array: the name, the whole shape, where it is in that, and the block.

    Empty ones are left out, but for one where there are no others.
    """
    if any(size != size for size in array.shape):  # not a number, where dask does not know it
        raise ValueError(f"tensor {name!r}: its shape is not known ({array.shape}): compute it")
    if data_type_of(array.dtype) in UNREAD_SLICES or 0 in array.shape:
        array = array.rechunk(-1)
    delayed = array.to_delayed()
    ends = [list(itertools.accumulate(sizes, initial=0)) for sizes in array.chunks]
    for place in itertools.product(*(range(len(sizes)) for sizes in array.chunks)):
        spec = [(ends[axis][at], array.chunks[axis][at]) for axis, at in enumerate(place)]
        if all(size for _, size in spec) or 0 in array.shape:
            yield name, tuple(map(int, array.shape)), spec, delayed[place]


def _write_block(
    parts: Parts,
    shard: int,
    name: str,
    *,
    shape: tuple[int, ...],
    spec: Sequence[tuple[int, int]],
    block: Any,
    fsync: bool,
) -> None:
    write_part(parts, shard, {name: PartOfTensor(shape, spec, block)}, fsync=fsync)
