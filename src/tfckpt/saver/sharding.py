"""Which shard a tensor goes to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import index as as_integer

from tfckpt.bundle.spread import spread_by_size
from tfckpt.saver.var_list import ToSave

# A number of shards; or which shard a tensor goes to, by its name, or by its name and value.
Shards = int | Mapping[str, int] | Callable[[str, object], int] | None

_SHARD_BYTES = 1 << 30


def choose_shards(tensors: Mapping[str, ToSave], shards: Shards) -> list[list[str]]:
    """Return the names of each shard, in the order in which they are written.

    Raises ValueError for a shard that is no number from 0 up, for a shard without tensors, for a
    tensor that the mapping does not name.
    """
    if shards is None:
        total = sum(tensor.spec.nbytes for tensor in tensors.values())
        shards = max(2, -(-total // _SHARD_BYTES))
    if isinstance(shards, int):
        return spread_by_size({name: t.spec.nbytes for name, t in tensors.items()}, shards)
    return _as_told(tensors, shards)


def _as_told(
    tensors: Mapping[str, ToSave], shards: Mapping[str, int] | Callable[[str, object], int]
) -> list[list[str]]:
    chosen = {name: _told(name, tensor, shards) for name, tensor in tensors.items()}
    count = max(chosen.values()) + 1
    empty = sorted(set(range(count)) - set(chosen.values()))
    if empty:
        raise ValueError(f"{count} shards are used, but no tensor goes to {empty}")
    return [[name for name in tensors if chosen[name] == shard] for shard in range(count)]


def _told(
    name: str, tensor: ToSave, shards: Mapping[str, int] | Callable[[str, object], int]
) -> int:
    if isinstance(shards, Mapping):
        if name not in shards:
            raise ValueError(f"`shards` does not say where {name!r} goes")
        shard = as_integer(shards[name])
    else:
        shard = as_integer(shards(name, tensor.value()))
    if shard < 0:
        raise ValueError(f"{name!r} cannot go to shard {shard}: shards count from 0")
    return shard


def write_v1_shards(
    prefix: str,
    tensors: Mapping[str, ToSave],
    shards: list[list[str]],
    *,
    sharded: bool,
    fsync: bool,
    report: Callable[[str], None],
) -> None:
    """Write a checkpoint of format V1: one file, or one a shard."""
    from tfckpt.v1.writer import V1Writer

    with V1Writer(prefix, num_shards=len(shards) if sharded else None, fsync=fsync) as writer:
        for shard_id, names in enumerate(shards):
            for name in names:
                writer.add(name, tensors[name].value(), shard=shard_id)
                report(name)
