"""Writing a checkpoint in one call."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor
from functools import partial

from tfckpt.bundle.linking import MAX_DEAD, Link
from tfckpt.bundle.spread import write_bundle
from tfckpt.bundle.unchanged import MAX_LINKS, Bounds, Compare, links_to
from tfckpt.names import OBJECT_GRAPH_KEY, AnyPath, as_path, check_prefix
from tfckpt.progress import Progress
from tfckpt.reader import TensorReader
from tfckpt.tensors.stored import Array, as_storable
from tfckpt.writer import tensor_named


def save(
    prefix: AnyPath,
    variables: Mapping[str, object],
    *,
    num_shards: int = 1,
    max_shard_size: int | None = None,
    fsync: bool = True,
    link: Link = False,
    max_dead: float = MAX_DEAD,
    progress: Progress | None = None,
    base: AnyPath | None = None,
    compare: Compare = "bytes",
    max_links: int = MAX_LINKS,
    executor: Executor | None = None,
    check: bool = False,
) -> str:
    """Write a V2 checkpoint; return its prefix.

    `variables` maps names to arrays (or what numpy makes arrays of); a reader of another
    checkpoint is one too, and so is what `tfckpt.transform` makes of one. Data lies in the
    mapping's order. What was at `prefix` is replaced as a whole, or stays as it was; missing
    folders are made. `fsync=False` does not wait for the disk.

    Numbers that lie in a V2 checkpoint are copied as they lie there, checked against their
    checksums on the way; partitioned tensors keep their slices. With ``link=True`` they are not
    even read: the data files of that checkpoint become data files of the new one, by hard links
    where the file system has them, and only an index is written beside what is new. What no tensor
    needs of such a file stays in it, dead; ``link="auto"`` therefore copies out of files of which
    more than the share `max_dead` would be. A log message tells of dead bytes.

    `base` is a V2 checkpoint on this machine: arrays whose bytes lie there already are not written
    again, the new checkpoint has hard links of its data files. It is whole by itself, and `base`
    may be deleted. A tensor is the same if checksum, size and each byte are; with
    ``compare="checksum"`` the file is not read, which is no proof. Everything is written where more
    than `max_links` files would be linked, more than half of what they hold would be dead, or (a
    warning says so) the file system has no links.

    With `num_shards` above one the tensors are spread over that many data files by their sizes,
    and the files are written by several threads: on two cores, two take about half the time. With
    `max_shard_size` they are as many as keep each within so many bytes; a tensor stays whole.

    With an `executor` (threads, processes, dask's, mpi4py's: any `concurrent.futures.Executor`) its
    workers write the data files, `num_shards` of them or as many as there are gigabytes; a reader
    is opened by each, arrays are sent to them. The workers have to reach the files. A worker that
    fails, or dies, fails the save, and nothing of it stays.

    An array of dask's is written block by block, each by the worker that has it, as slices of a
    partitioned tensor: it is never in one place.

    With `check` the files are read back before they show, from the disk where the system allows it,
    and compared with what was to be written: a disk that lies costs a DataLossError, and not the
    checkpoint that was there. It is for what this process writes, to this machine.

    A save that certainly does not fit on its disk is refused before it begins, in words that say
    what it needs and what is free. What it replaces is there until it is whole.

    `progress` is called as ``progress(done, total, name)`` after each tensor that is written, with
    an executor after each data file; the numbers are bytes (`tfckpt.progress` has bars).

    Values of an object-based checkpoint may be changed on the way from `load`, its keys not: the
    object graph, which is one of the tensors, has them too.

    Raises ValueError for an empty prefix or name, TypeError for what no checkpoint can hold,
    InvalidArgumentError for an object graph whose values are not all there,
    FailedPreconditionError when the file system refuses, or has no room. Then the old checkpoint is
    there as it was; or the new one, whole, if only its last step to the disk failed.
    """
    if isinstance(variables, Mapping) and OBJECT_GRAPH_KEY in variables:
        from tfckpt.objects.values import check_holders

        check_holders(variables, variables[OBJECT_GRAPH_KEY], as_path(prefix))
    write = partial(
        write_bundle,
        prefix,
        variables,
        num_shards=num_shards,
        max_shard_size=max_shard_size,
        fsync=fsync,
        max_dead=max_dead,
        progress=progress,
        executor=executor,
        check=check,
    )
    if check and executor is not None:
        raise ValueError("`check` reads back what this process writes, not what workers do")
    ways = {"link": bool(link), "base": base is not None, "executor": executor is not None}
    given = [name for name, is_given in ways.items() if is_given]
    if len(given) > 1:
        raise ValueError(f"{' and '.join(given)} are ways to write that exclude each other")
    if base is None:
        return write(link=link)
    bounds = Bounds(compare, max_links)
    bounds.check()
    with links_to(check_prefix(base), _arrays(variables), check_prefix(prefix), bounds) as links:
        return write(links=links)


def _arrays(variables: Mapping[str, object]) -> dict[str, Array]:
    """Return what can be compared with another checkpoint; what readers have is copied as it is."""
    if isinstance(variables, TensorReader) or not isinstance(variables, Mapping):
        return {}
    found = {}
    for name, value in variables.items():
        with tensor_named(name):
            found[name] = as_storable(value)[0]
    return found
