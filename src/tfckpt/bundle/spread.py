"""Writing a whole mapping as one bundle.

Takes a mapping of name to array, or a lazy one, and gives the finished prefix. It decides which
shard each tensor goes to and fills the shards side by side, a thread each. A tensor that lies
unchanged in another bundle is linked or copied, not decoded. On an error nothing is left behind.
"""

from __future__ import annotations

import heapq
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor, wait
from functools import partial
from operator import index as as_integer
from typing import SupportsIndex, TypeVar

from numpy import ndarray

from tfckpt.bundle.dask_blocks import is_lazy, write_blocks
from tfckpt.bundle.entry import Entry
from tfckpt.bundle.linking import MAX_DEAD, NOTHING_LINKED, Link, LinkPlan, plan_links
from tfckpt.bundle.stored import stored_in_bundle
from tfckpt.bundle.together import write_by
from tfckpt.bundle.writer import BundleWriter
from tfckpt.dtypes import UNREAD_SLICES, DataType, numpy_dtype
from tfckpt.names import AnyPath, as_path
from tfckpt.progress import Progress, counting
from tfckpt.reader import TensorInfo, TensorReader
from tfckpt.storage import check_room
from tfckpt.tensors.slices import volume
from tfckpt.tensors.stored import as_storable

Item = TypeVar("Item")
_Spread = Callable[[Mapping[str, int]], list[list[str]]]

_SHARD_BYTES = 1 << 30
_NUMBERS = frozenset("biufcV")  # kinds of dtypes that are stored in as many bytes as an array has

logger = logging.getLogger("tfckpt")


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


def split_by_size(sizes: Mapping[str, int], most: int) -> list[list[str]]:
    """Return the names of each file: as few files as their order allows, of at most `most` bytes.

    A tensor that alone is bigger has a file of its own.
    """
    files: list[list[str]] = [[]]
    filled = 0
    for name, size in sizes.items():
        if files[-1] and filled + size > most:
            files.append([])
            filled = 0
        files[-1].append(name)
        filled += size
    return files


def write_shards(
    prefix: AnyPath,
    shards: Sequence[Sequence[Item]],
    add: Callable[[BundleWriter, Item, int], None],
    *,
    fsync: bool = True,
    links: LinkPlan = NOTHING_LINKED,
    threads: int | None = None,
    check: bool = False,
) -> str:
    """Write a bundle, to each shard what `add` makes of its items; return the prefix.

    What is in `links` comes after the shards. Each thread fills one shard at a time, because a file
    system lets one writer into a file at a time. `threads` is their number, None one a core.
    """
    linked = [data.file for data in links.files]
    with BundleWriter(
        prefix, num_shards=len(shards), fsync=fsync, linked=linked, threads=threads, check=check
    ) as bundle:
        links.add_to(bundle)
        if len(shards) == 1:
            for item in shards[0]:
                add(bundle, item, 0)
        elif shards:
            _fill_side_by_side(bundle, shards, add, threads or os.cpu_count() or 1)
    return bundle.prefix


def _fill_side_by_side(
    bundle: BundleWriter,
    shards: Sequence[Sequence[Item]],
    add: Callable[[BundleWriter, Item, int], None],
    most: int,
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

    with ThreadPoolExecutor(min(len(shards), most)) as threads:
        try:
            wait([threads.submit(fill, shard) for shard in range(len(shards))])
        except BaseException as error:  # such as Ctrl-C: the threads stop soon, too
            failures.append(error)
    if failures:
        # A shard that fails closes the writer, for which the other threads then fail with a
        # RuntimeError: any other error is the cause, and is raised before those.
        try:
            raise next(
                (failure for failure in failures if type(failure) is not RuntimeError), failures[0]
            )
        finally:
            failures.clear()  # or error, frame and list would hold each other, and the arrays


def write_bundle(
    prefix: AnyPath,
    variables: Mapping[str, object],
    *,
    num_shards: int = 1,
    max_shard_size: int | None = None,
    fsync: bool = True,
    link: Link = False,
    max_dead: float = MAX_DEAD,
    progress: Progress | None = None,
    threads: int | None = None,
    links: LinkPlan | None = None,
    executor: Executor | None = None,
    check: bool = False,
) -> str:
    """Write a mapping, each shard in the mapping's order; return the prefix.

    `links` are those that `link` would decide upon, decided already.
    """
    if not isinstance(variables, Mapping):
        raise TypeError(f"variables are a mapping from name to array, not {variables!r:.80}")
    spread = _spread(num_shards, max_shard_size)
    if isinstance(variables, TensorReader):
        variables.check_complete()
    elif links is None:  # what is of dask goes the same way with an executor: it has its own
        lazy = {name: value for name, value in variables.items() if is_lazy(value)}
        if lazy and check:
            raise ValueError("`check` reads back what this process writes, not what dask does")
        if lazy:
            rest = {name: value for name, value in variables.items() if name not in lazy}
            return write_blocks(prefix, lazy, rest, fsync=fsync)
    if executor is not None:
        return _write_by(executor, prefix, variables, spread, fsync=fsync, progress=progress)
    links = plan_links(variables, link, max_dead) if links is None else links
    for data in links.files:
        if data.dead:
            logger.info(
                "%s: %d of %d bytes of %s, which is linked, belong to no tensor",
                prefix, data.dead, data.size, data.file.path,
            )  # fmt: skip
    names = [name for name in variables if name not in links.tensors]
    _check_room(as_path(prefix), variables, names)
    shards = [names] if names or not links.files else []
    if spread is not None and shards:
        shards = spread(_sizes(variables, names))

    report = counting(_sizes(variables, names) if progress else {}, progress)

    def add(bundle: BundleWriter, name: str, shard: int) -> None:
        _add(bundle, variables, name, shard)
        report(name)

    return write_shards(prefix, shards, add, fsync=fsync, links=links, threads=threads, check=check)


def _spread(num_shards: int, max_shard_size: int | None) -> _Spread | None:
    """Return what spreads tensors by their sizes, None where one data file has them all."""
    if num_shards < 1:
        raise ValueError(f"num_shards must be at least 1, not {num_shards}")
    if max_shard_size is None:
        return partial(spread_by_size, count=num_shards) if num_shards > 1 else None
    if max_shard_size < 1:
        raise ValueError(f"max_shard_size is a number of bytes above zero, not {max_shard_size}")
    if num_shards > 1:
        raise ValueError("num_shards and max_shard_size exclude each other")
    return partial(split_by_size, most=max_shard_size)


def _write_by(
    executor: Executor,
    prefix: AnyPath,
    variables: Mapping[str, object],
    spread: _Spread | None,
    *,
    fsync: bool,
    progress: Progress | None,
) -> str:
    names = list(variables)
    sizes = _sizes(variables, names)
    if spread is None:  # one worker alone would be no faster
        spread = partial(spread_by_size, count=max(2, -(-sum(sizes.values()) // _SHARD_BYTES)))
    report = counting(sizes, progress)
    return write_by(
        executor,
        prefix,
        variables,
        spread(sizes),
        _add_part,
        is_place=isinstance(variables, TensorReader),
        fsync=fsync,
        report=lambda done: [report(name) for name in done],
    )


def _add_part(bundle: BundleWriter, variables: Mapping[str, object], name: str) -> None:
    _add(bundle, variables, name, 0)


def _add(bundle: BundleWriter, variables: Mapping[str, object], name: str, shard: int) -> None:
    """Write a tensor: as it is stored where it can be, in the slices that it has."""
    stored = stored_in_bundle(variables, name)
    if stored is not None and stored.can_be_copied and not _unread_slices(stored.entry):
        bundle.add_stored(name, stored, shard=shard)
        return
    if isinstance(variables, TensorReader):
        info = variables.info(name)
        if info.slices and not _unread_slices(info):
            for tensor_slice in info.slices:
                part = variables.read(name, tensor_slice.index_in(info.shape))
                bundle.add_slice(name, info.shape, tensor_slice.extents, part, shard=shard)
            return
        pieces = variables.pieces(name)
        if pieces is not None:
            bundle.add_pieces(name, info.data_type, info.shape, pieces, shard=shard)
            return
    bundle.add(name, variables[name], shard=shard)


def _unread_slices(tensor: Entry | TensorInfo) -> bool:
    """Whether TensorFlow would not read the slices of a tensor, so that it is written whole."""
    return bool(tensor.slices) and tensor.data_type in UNREAD_SLICES


def _sizes(variables: Mapping[str, object], names: Sequence[str]) -> dict[str, int]:
    if isinstance(variables, TensorReader):
        infos = variables.infos()
        return {name: infos[name].stored_size for name in names}
    return {name: _size(variables[name]) for name in names}


def _check_room(prefix: str, variables: Mapping[str, object], names: Sequence[str]) -> None:
    """Refuse what the disk cannot have room for, as far as that can be said without reading."""
    if isinstance(variables, TensorReader):
        infos = variables.infos()  # its own size may be another: V1 has numbers as varints
        least = sum(map(_size_of_numbers, map(infos.__getitem__, names)))
        check_room(prefix, least, lambda: least)
    elif type(variables) is dict:  # others may make their values when they are asked for
        arrays = [array for name in names if type(array := variables[name]) is ndarray]
        check_room(
            prefix,
            sum(array.nbytes for array in arrays),
            lambda: sum(array.nbytes for array in arrays if array.dtype.kind in _NUMBERS),
        )


def _size_of_numbers(info: TensorInfo) -> int:
    dtype = None if info.data_type == DataType.DT_STRING else numpy_dtype(info.data_type)
    return 0 if dtype is None else volume(info.shape) * dtype.itemsize


def _size(value: object) -> int:
    size = getattr(value, "nbytes", None)  # which a lazy array has too
    if isinstance(size, SupportsIndex):
        return as_integer(size)
    try:
        return as_storable(value)[0].nbytes
    except TypeError:
        return 0  # writing it will say what is wrong, and with which tensor
