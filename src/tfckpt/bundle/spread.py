"""Writing all of a mapping: spreading tensors over shards, and filling these side by side."""

from __future__ import annotations

import heapq
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from operator import index as as_integer
from typing import SupportsIndex, TypeVar

from tfckpt.bundle.writer import BundleWriter
from tfckpt.names import AnyPath
from tfckpt.reader import TensorReader
from tfckpt.tensors.stored import as_storable

Item = TypeVar("Item")


def spread_by_size(sizes: Mapping[str, int], count: int) -> list[list[str]]:
    """Return the names of each of `count` shards, fewer where there are fewer tensors.

    Each tensor, the biggest first, goes to the shard that has the least; in a shard they keep
    their order.
    """
    count = max(1, min(count, len(sizes)))
    loads = [(0, shard) for shard in range(count)]
    chosen: dict[str, int] = {}
    for name in sorted(sizes, key=lambda name: -sizes[name]):
        load, shard = heapq.heappop(loads)
        chosen[name] = shard
        # At least one, so that empty tensors spread too.
        heapq.heappush(loads, (load + max(1, sizes[name]), shard))
    shards: list[list[str]] = [[] for _ in range(count)]
    for name in sizes:
        shards[chosen[name]].append(name)
    return shards


def write_shards(
    prefix: AnyPath,
    shards: Sequence[Sequence[Item]],
    add: Callable[[BundleWriter, Item, int], None],
    *,
    fsync: bool = True,
) -> str:
    """Write a bundle, to each shard what `add` makes of its items; return the prefix.

    A file system lets one writer into a file at a time, so that several threads write faster
    only into several files.
    """
    with BundleWriter(prefix, num_shards=len(shards), fsync=fsync) as bundle:
        if len(shards) == 1:
            for item in shards[0]:
                add(bundle, item, 0)
        else:
            _fill_side_by_side(bundle, shards, add)
    return bundle.prefix


def _fill_side_by_side(
    bundle: BundleWriter,
    shards: Sequence[Sequence[Item]],
    add: Callable[[BundleWriter, Item, int], None],
) -> None:
    failures: list[BaseException] = []

    def fill(shard: int) -> None:
        try:
            for item in shards[shard]:
                if failures:
                    return
                add(bundle, item, shard)
        except BaseException as error:
            failures.append(error)

    with ThreadPoolExecutor(min(len(shards), os.cpu_count() or 1)) as threads:
        try:
            wait([threads.submit(fill, shard) for shard in range(len(shards))])
        except BaseException as error:  # such as Ctrl-C: the threads stop soon, too
            failures.append(error)
    if failures:
        try:  # first of all the one for which the others found the writer closed
            raise next((one for one in failures if type(one) is not RuntimeError), failures[0])
        finally:
            failures.clear()  # or error, frame and list would hold each other, and the arrays


def write_bundle(
    prefix: AnyPath,
    variables: Mapping[str, object],
    *,
    num_shards: int = 1,
    fsync: bool = True,
) -> str:
    """Write a mapping, each shard in the mapping's order; return the prefix."""
    if not isinstance(variables, Mapping):
        raise TypeError(f"variables are a mapping from name to array, not {variables!r:.80}")
    if num_shards < 1:
        raise ValueError(f"num_shards must be at least 1, not {num_shards}")
    if isinstance(variables, TensorReader):
        variables.check_complete()
    shards = [list(variables)]
    if num_shards > 1:
        shards = spread_by_size(_sizes(variables), num_shards)

    def add(bundle: BundleWriter, name: str, shard: int) -> None:
        bundle.add(name, variables[name], shard=shard)

    return write_shards(prefix, shards, add, fsync=fsync)


def _sizes(variables: Mapping[str, object]) -> dict[str, int]:
    if isinstance(variables, TensorReader):
        return {name: info.stored_size for name, info in variables.infos().items()}
    return {name: _size(value) for name, value in variables.items()}


def _size(value: object) -> int:
    size = getattr(value, "nbytes", None)  # which a lazy array has too
    if isinstance(size, SupportsIndex):
        return as_integer(size)
    try:
        return as_storable(value)[0].nbytes
    except TypeError:
        return 0  # writing it will say what is wrong, and with which tensor
