"""Writing a checkpoint in one call."""

from __future__ import annotations

from collections.abc import Mapping

from tfckpt.bundle.spread import write_bundle
from tfckpt.names import OBJECT_GRAPH_KEY, AnyPath, as_path


def save(
    prefix: AnyPath, variables: Mapping[str, object], *, num_shards: int = 1, fsync: bool = True
) -> str:
    """Write a V2 checkpoint; return its prefix.

    `variables` maps names to arrays (or what numpy makes arrays of); a reader of another
    checkpoint is one too. Data lies in the mapping's order. What was at `prefix` is replaced as a
    whole, or stays as it was; missing folders are made. `fsync=False` does not wait for the disk.

    With `num_shards` above one the tensors are spread over that many data files by their sizes,
    and the files are written by several threads: on two cores, two take about half the time.

    Values of an object-based checkpoint may be changed on the way from `load`, its keys not: the
    object graph, which is one of the tensors, has them too.

    Raises ValueError for an empty prefix or name, TypeError for what no checkpoint can hold,
    InvalidArgumentError for an object graph whose values are not all there,
    FailedPreconditionError when the file system refuses. Then the old checkpoint is there as it
    was; or the new one, whole, if only its last step to the disk failed.
    """
    if isinstance(variables, Mapping) and OBJECT_GRAPH_KEY in variables:
        from tfckpt.objects.values import check_holders

        check_holders(variables, variables[OBJECT_GRAPH_KEY], as_path(prefix))
    return write_bundle(prefix, variables, num_shards=num_shards, fsync=fsync)
